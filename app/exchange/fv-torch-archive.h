/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/exchange/fv-exchange-error.h"

G_BEGIN_DECLS

/*
 * The zip container of a PyTorch file: NAME/data.pkl beside NAME/data/0, NAME/data/1, ...
 * @name stands for the file in messages. Errors: FV_EXCHANGE_ERROR_FORMAT.
 */

/* Whether the file starts as a zip file does. */
gboolean    fv_torch_archive_is_zip      (GBytes *bytes);

/* (transfer full) */
GBytes     *fv_torch_archive_read_pickle (GBytes *bytes, const char *name, GError **error);

/* (transfer full): key to GBytes. @sizes: key to gsize *, the bytes that each storage must have; others are not read. */
GHashTable *fv_torch_archive_read        (GBytes *bytes, GHashTable *sizes, const char *name, GError **error);

G_END_DECLS

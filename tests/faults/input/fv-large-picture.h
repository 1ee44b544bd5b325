/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* (transfer none): a grey picture of any size, written row by row as @name into @folder; both compress to next to nothing. */
const char *fv_large_png  (const char *folder, const char *name, guint width, guint height, guint bits);
const char *fv_large_jpeg (const char *folder, const char *name, guint width, guint height, gboolean progressive);

G_END_DECLS

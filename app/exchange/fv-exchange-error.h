/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What can be wrong with a weight file. Reading and writing the disk itself fails with G_FILE_ERROR. */
typedef enum {
  FV_EXCHANGE_ERROR_FORMAT,       /* not a file of that kind, or a damaged one */
  FV_EXCHANGE_ERROR_REFUSED,      /* it asks for something that a weight file doesn't need */
  FV_EXCHANGE_ERROR_ARCHITECTURE, /* whole, but of another network */
} FvExchangeError;

#define FV_EXCHANGE_ERROR (fv_exchange_error_quark ())
GQuark fv_exchange_error_quark (void);

G_END_DECLS

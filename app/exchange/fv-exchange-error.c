/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/exchange/fv-exchange-error.h"

G_DEFINE_QUARK (fv-exchange-error-quark, fv_exchange_error)

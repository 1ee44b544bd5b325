/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/exchange/fv-exchange-error.h"

G_DEFINE_QUARK (fv_exchange_error, fv_exchange_error)

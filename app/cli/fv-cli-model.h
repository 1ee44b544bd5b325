/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/exchange/fv-weights.h"
#include "compute/nets/fv-predictor.h"

G_BEGIN_DECLS

/* (transfer full): a predictor with the network and the numbers of a weight file on @device. Errors: FV_DEVICE_ERROR, FV_EXCHANGE_ERROR. */
FvPredictor *fv_cli_make_predictor (FvDevice *device, const FvWeights *weights, GError **error);

G_END_DECLS

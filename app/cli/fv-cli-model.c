/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/fv-cli-model.h"

#include "compute/nets/fv-model.h"

FvPredictor *
fv_cli_make_predictor (FvDevice *device, const FvWeights *weights, GError **error)
{
  g_autoptr (FvModel) model = fv_model_new (device, &weights->config, error);
  if (!model)
    return NULL;
  g_autofree float *parameters = g_new0 (float, fv_model_get_size (model, FV_BUFFER_WEIGHTS));
  g_autofree float *statistics = g_new0 (float, fv_model_get_size (model, FV_BUFFER_STATISTICS));
  if (!fv_weights_apply (weights, &weights->config, fv_model_get_layout (model), 0, parameters, statistics, NULL, NULL,
                         error)
      || !fv_model_upload (model, FV_BUFFER_WEIGHTS, parameters, error)
      || !fv_model_upload (model, FV_BUFFER_STATISTICS, statistics, error))
    return NULL;
  return fv_predictor_new (model, &(FvPredictorParams){ 0 }, error);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/nets/fv-model-private.h"
#include "compute/nets/fv-optimizer.h"

static const char *const buffer_names[FV_N_BUFFERS] = {
  [FV_BUFFER_WEIGHTS] = "weights",
  [FV_BUFFER_STATISTICS] = "statistics",
  [FV_BUFFER_EMA] = "ema",
  [FV_BUFFER_EMA_STATISTICS] = "ema-statistics",
  [FV_BUFFER_GRADIENTS] = "gradients",
  [FV_BUFFER_MOMENTUM] = "momentum",
  [FV_BUFFER_SECOND_MOMENT] = "second-moment",
  [FV_BUFFER_LOSS_SCALE] = "loss-scale",
};

const char *
fv_model_buffer_name (FvModelBuffer buffer)
{
  return buffer_names[buffer];
}

gsize
fv_model_buffer_floats (FvModel *self, FvModelBuffer buffer)
{
  if (buffer == FV_BUFFER_STATISTICS || buffer == FV_BUFFER_EMA_STATISTICS)
    return fv_layout_get_statistics_floats (self->layout);
  if (buffer == FV_BUFFER_LOSS_SCALE)
    return sizeof (FvLossScale) / sizeof (float);
  return fv_layout_get_parameter_floats (self->layout);
}

gboolean
fv_model_ensure (FvModel *self, FvModelBuffer buffer, GError **error)
{
  if (self->buffers[buffer] == NULL)
    self->buffers[buffer]
        = fv_buffer_new (self->device, FV_MEMORY_DEVICE, fv_model_buffer_floats (self, buffer) * sizeof (float),
                         buffer_names[buffer], error);
  return self->buffers[buffer] != NULL;
}

FvModel *
fv_model_new (FvDevice *device, const FvYolov5Config *config, GError **error)
{
  g_autoptr (FvModel) self = g_new0 (FvModel, 1);

  g_atomic_ref_count_init (&self->refs);
  self->changes = 1;
  self->device = fv_device_ref (device);
  self->config = *config;
  self->layout = fv_yolov5_layout_new (config);
  for (FvModelBuffer buffer = FV_BUFFER_WEIGHTS; buffer <= FV_BUFFER_EMA_STATISTICS; buffer++)
    if (!fv_model_ensure (self, buffer, error))
      return NULL;
  return g_steal_pointer (&self);
}

FvModel *
fv_model_ref (FvModel *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
fv_model_unref (FvModel *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;
  for (guint i = 0; i < FV_N_BUFFERS; i++)
    fv_buffer_free (self->buffers[i]);
  fv_layout_free (self->layout);
  fv_device_unref (self->device);
  g_free (self);
}

FvDevice *
fv_model_get_device (FvModel *self)
{
  return self->device;
}

const FvYolov5Config *
fv_model_get_config (FvModel *self)
{
  return &self->config;
}

const FvLayout *
fv_model_get_layout (FvModel *self)
{
  return self->layout;
}

gsize
fv_model_get_size (FvModel *self, FvModelBuffer buffer)
{
  return self->buffers[buffer] == NULL ? 0 : fv_model_buffer_floats (self, buffer);
}

gboolean
fv_model_download (FvModel *self, FvModelBuffer buffer, float *out, GError **error)
{
  g_return_val_if_fail (self->buffers[buffer] != NULL, FALSE);
  return fv_buffer_download (self->buffers[buffer], 0, out, fv_model_buffer_floats (self, buffer) * sizeof (float),
                             error);
}

gboolean
fv_model_upload (FvModel *self, FvModelBuffer buffer, const float *in, GError **error)
{
  g_return_val_if_fail (self->buffers[buffer] != NULL, FALSE);
  self->changes++;
  return fv_buffer_upload (self->buffers[buffer], 0, in, fv_model_buffer_floats (self, buffer) * sizeof (float), error);
}

FvYolov5Buffers
fv_model_get_training_buffers (FvModel *self)
{
  return (FvYolov5Buffers){
    .weights = self->buffers[FV_BUFFER_WEIGHTS]->address,
    .statistics = self->buffers[FV_BUFFER_STATISTICS]->address,
    .gradients = self->buffers[FV_BUFFER_GRADIENTS]->address,
    .loss_scale = self->buffers[FV_BUFFER_LOSS_SCALE] != NULL ? self->buffers[FV_BUFFER_LOSS_SCALE]->address : 0,
  };
}

FvYolov5Buffers
fv_model_get_inference_buffers (FvModel *self, gboolean ema)
{
  return (FvYolov5Buffers){
    .weights = self->buffers[ema ? FV_BUFFER_EMA : FV_BUFFER_WEIGHTS]->address,
    .statistics = self->buffers[ema ? FV_BUFFER_EMA_STATISTICS : FV_BUFFER_STATISTICS]->address,
  };
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/nets/fv-model.h"

G_BEGIN_DECLS

struct _FvModel
{
  gatomicrefcount refs;
  FvDevice *device;
  FvYolov5Config config;
  FvLayout *layout;
  FvBuffer *buffers[FV_N_BUFFERS];
  guint64 changes; /* from 1; grows whenever weights or statistics, or their EMA, are written */
};

/* Floats that a buffer has or would have. */
gsize           fv_model_buffer_floats    (FvModel *self, FvModelBuffer buffer);
/* Makes a buffer that isn't there yet, zeroed. */
gboolean        fv_model_ensure           (FvModel *self, FvModelBuffer buffer, GError **error);
FvYolov5Buffers fv_model_get_training_buffers  (FvModel *self);
FvYolov5Buffers fv_model_get_inference_buffers (FvModel *self, gboolean ema);

G_END_DECLS

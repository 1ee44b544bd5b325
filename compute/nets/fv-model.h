/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/device/fv-device.h"
#include "compute/nets/fv-yolov5.h"

G_BEGIN_DECLS

/*
 * A network's numbers on a device: flat buffers in the order of its FvLayout.
 * Trainers and predictors are made on top of one model and share it.
 */

typedef enum {
  FV_BUFFER_WEIGHTS,
  FV_BUFFER_STATISTICS,
  FV_BUFFER_EMA,
  FV_BUFFER_EMA_STATISTICS,
  /* The rest only where a trainer was made (fv_trainer_new()). */
  FV_BUFFER_GRADIENTS,
  FV_BUFFER_MOMENTUM,
  FV_BUFFER_SECOND_MOMENT, /* AdamW only */
  FV_BUFFER_LOSS_SCALE,    /* FvLossScale; mixed precision only */
  FV_N_BUFFERS,
} FvModelBuffer;

typedef struct _FvModel FvModel;

/* All weights zero. Errors: FV_DEVICE_ERROR. */
FvModel              *fv_model_new         (FvDevice *device, const FvYolov5Config *config, GError **error);
FvModel              *fv_model_ref         (FvModel *self);
void                  fv_model_unref       (FvModel *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvModel, fv_model_unref)

FvDevice             *fv_model_get_device  (FvModel *self);
const FvYolov5Config *fv_model_get_config  (FvModel *self);
const FvLayout       *fv_model_get_layout  (FvModel *self);

/* Stable lower-case name for files: "weights", "statistics", "ema", ... */
const char           *fv_model_buffer_name (FvModelBuffer buffer);
/* Floats of a buffer, 0 when the model doesn't have it. */
gsize                 fv_model_get_size    (FvModel *self, FvModelBuffer buffer);
/* Whole buffers in device order. Both wait for the work in flight; call between steps only. */
gboolean              fv_model_download    (FvModel *self, FvModelBuffer buffer, float *out, GError **error);
gboolean              fv_model_upload      (FvModel *self, FvModelBuffer buffer, const float *in, GError **error);

G_END_DECLS

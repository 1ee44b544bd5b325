/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/nets/fv-trainer.h"

G_BEGIN_DECLS

/*
 * Inference and validation: forward with running BatchNorm statistics, boxes decoded on the device.
 */
typedef struct {
  gboolean ema;                  /* use the EMA weights and statistics instead of the trained ones */
  const FvLossParams *loss;      /* (nullable): also compute the losses of each batch */
} FvPredictorParams;

typedef struct {
  /* [n][rows][5 + n_classes]: cx, cy, w, h in pixels of the network's input, then sigmoid of objectness and classes (not multiplied).
   * Rows in the order head, anchor, y, x. Owned by the predictor, valid until its next call. */
  const float *rows;
  guint n_rows;                  /* rows of one picture */
  guint row_length;              /* 5 + n_classes */
  float box, obj, cls;           /* losses of the batch, 0 without FvPredictorParams.loss */
} FvPrediction;

typedef struct _FvPredictor FvPredictor;

FvPredictor *fv_predictor_new  (FvModel *model, const FvPredictorParams *params, GError **error);
void         fv_predictor_free (FvPredictor *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvPredictor, fv_predictor_free)

/* Builds and records the plan of a batch size ahead of its first use; a run does so where it was not. Errors: FV_DEVICE_ERROR. */
gboolean     fv_predictor_prepare (FvPredictor *self, guint n, guint height, guint width, GError **error);
/* (transfer none) */
FvDevice    *fv_predictor_get_device (FvPredictor *self);

/* Runs one batch and waits for it. Height and width are multiples of 32. The targets are read only for the losses. */
gboolean     fv_predictor_run  (FvPredictor *self, const FvBatch *batch, FvPrediction *prediction, GError **error);

/* Device bytes that a predictor takes beside its model for batches of one size: arithmetic only. @largest (nullable): of its largest buffer. */
guint64      fv_predictor_count_bytes (FvDevice *device, const FvYolov5Config *config, const FvPredictorParams *params,
                                       guint n, guint height, guint width, guint64 *largest);

void         fv_predictor_set_timing (FvPredictor *self, gboolean on);
GArray      *fv_predictor_get_phases (FvPredictor *self);

G_END_DECLS

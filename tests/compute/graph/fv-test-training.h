/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/nets/fv-trainer.h"

G_BEGIN_DECLS

/* YOLOv5n with three classes on two pictures of noise, 64 x 96 pixels: every kernel of the engine, in seconds. Always the same numbers. */

typedef struct {
  FvOptimizer optimizer;
  guint frozen_layers;
  gboolean recompute;
  gboolean half;
  guint n_steps;        /* updates, each after two batches but for the first */
} FvTestTraining;

/* (transfer full) (nullable): the bits of all losses, then of weights, EMA and both statistics after the last step. */
GByteArray *fv_test_train   (FvDevice *device, const FvTestTraining *training, GError **error);
/* (transfer full) (nullable): the bits of decoded boxes and losses of one batch of validation. */
GByteArray *fv_test_predict (FvDevice *device, GError **error);
/* The augmenter alone. */
gboolean    fv_test_augment (FvDevice *device, GError **error);

G_END_DECLS

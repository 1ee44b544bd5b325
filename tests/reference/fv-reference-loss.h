/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/nets/fv-loss.h"

G_BEGIN_DECLS

/*
 * YOLOv5's loss in double precision, match by match as build_targets of v7.0 lists them. Gradients are central differences of each
 * term, so nothing here knows a derivative.
 */
typedef struct {
  guint n, height, width;      /* pictures, size of the network's input in pixels */
  const FvYolov5Config *config;
  const FvLossParams *params;
  const float *heads[FV_YOLOV5_N_HEADS]; /* [n][ny][nx][3 * (5 + classes)], no padding */
  const float *targets;        /* [n_targets][6]: image, class, cx, cy, w, h */
  guint n_targets;
} FvReferenceLossArgs;

typedef struct {
  double box, obj, cls;
  guint n_matches[FV_YOLOV5_N_HEADS];
  double *gradients[FV_YOLOV5_N_HEADS]; /* of (box + obj + cls) * n; the shapes of the heads */
} FvReferenceLoss;

void fv_reference_loss       (const FvReferenceLossArgs *args, FvReferenceLoss *loss);
void fv_reference_loss_clear (FvReferenceLoss *loss);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/nets/fv-loss.h"

G_BEGIN_DECLS

/*
 * YOLOv5's loss in double precision, match by match as build_targets of v7.0 lists them. Gradients are central differences of each
 * term, so nothing here knows a derivative.
 */
typedef struct {
  double box, obj, cls;
  guint n_matches[FV_YOLOV5_N_HEADS];
  double *gradients[FV_YOLOV5_N_HEADS];   /* of (box + obj + cls) * n; the shapes of the heads */
  /* What no gradient flows through: each box's target of objectness, and each match's alpha of CIoU (element-type double). */
  double *objectness[FV_YOLOV5_N_HEADS];
  GArray *alphas[FV_YOLOV5_N_HEADS];
} FvReferenceLoss;

typedef struct {
  guint n, height, width;      /* pictures, size of the network's input in pixels */
  const FvYolov5Config *config;
  const FvLossParams *params;
  const double *heads[FV_YOLOV5_N_HEADS]; /* [n][ny][nx][3 * (5 + classes)], no padding */
  const float *targets;        /* [n_targets][6]: image, class, cx, cy, w, h */
  guint n_targets;
  const FvReferenceLoss *held; /* (nullable): what no gradient flows through is taken from there, and only losses are computed */
} FvReferenceLossArgs;

void   fv_reference_loss       (const FvReferenceLossArgs *args, FvReferenceLoss *loss);
void   fv_reference_loss_clear (FvReferenceLoss *loss);

/* One value of a decoded row: @k of cx, cy, w, h in pixels, objectness, classes; @x and @y of the cell. */
double fv_reference_decode     (const FvYolov5Config *config, guint head, guint anchor, guint x, guint y, guint k, double logit);

G_END_DECLS

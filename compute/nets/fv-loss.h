/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/graph/fv-graph.h"
#include "compute/nets/fv-yolov5.h"

G_BEGIN_DECLS

/* YOLOv5's loss (utils/loss.py, v7.0). Gains already scaled by classes and picture size. */
typedef struct {
  float box, obj, cls;     /* gains */
  float cls_pw, obj_pw;    /* positive weights of the two BCE terms; 1 = none */
  float anchor_t;          /* 4: largest ratio of target to anchor side */
  float fl_gamma;          /* 0: plain BCE; else focal loss */
  float label_smoothing;   /* 0..1 */
} FvLossParams;

/* What the loss writes; read back by the host. */
typedef struct {
  float box, obj, cls;     /* gains included, before the batch factor: what v7.0 prints */
  guint32 n_matches[FV_YOLOV5_N_HEADS];
} FvLossResult;

/*
 * Appends the loss: target assignment, CIoU, BCE or focal loss, and, when @with_gradient, d total / d head into the heads'
 * gradients, total being (box + obj + cls) * batch. The targets are found through @block (external, an FvStepBlock);
 * @result is an external tensor of sizeof (FvLossResult) bytes.
 *
 * Assignment gathers: each cell and anchor scans its picture's targets in order. The objectness target is the greatest CIoU of
 * its matches, the lower index on a tie; every match counts in the means of the box and class terms. All sums run in a fixed order.
 */
void fv_yolo_loss   (FvGraph              *g,
                     const FvYolov5Config *config,
                     const FvLossParams   *params,
                     FvTensor *const       heads[FV_YOLOV5_N_HEADS],
                     FvTensor             *block,
                     FvTensor             *result,
                     gboolean              with_gradient);

/* Appends the decoder: @rows is an external tensor of n * n_rows * (5 + n_classes) floats; see FvPrediction.rows. */
void fv_yolo_decode (FvGraph              *g,
                     const FvYolov5Config *config,
                     FvTensor *const       heads[FV_YOLOV5_N_HEADS],
                     FvTensor             *rows);

/* Rows of one picture of that size: the sum over heads of anchors * cells. */
guint fv_yolo_count_rows (guint height, guint width);

G_END_DECLS

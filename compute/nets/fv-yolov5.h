/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/graph/fv-graph.h"
#include "compute/nets/fv-layout.h"

G_BEGIN_DECLS

/* YOLOv5 v6.0/v7.0 (ultralytics/yolov5, models/yolov5{n,s,m,l,x}.yaml): backbone, PANet neck, three heads. */

#define FV_YOLOV5_N_HEADS   3
#define FV_YOLOV5_N_ANCHORS 3
#define FV_YOLOV5_N_LAYERS  25 /* model.0 ... model.24, the last being Detect */

typedef struct {
  char variant;       /* 'n', 's', 'm', 'l' or 'x' */
  guint n_classes;    /* >= 1 */
  /* Anchor widths and heights in pixels of the network's input, [head][anchor][w, h]. */
  float anchors[FV_YOLOV5_N_HEADS][FV_YOLOV5_N_ANCHORS][2];
} FvYolov5Config;

/* 8, 16, 32 */
extern const guint fv_yolov5_strides[FV_YOLOV5_N_HEADS];

/* COCO's anchors. @variant must be one of n, s, m, l, x. */
void      fv_yolov5_config_init (FvYolov5Config *config, char variant, guint n_classes);

/* (transfer full): every tensor of the state_dict but model.24.anchors and num_batches_tracked, in v7.0's order of modules. */
FvLayout *fv_yolov5_layout_new  (const FvYolov5Config *config);

/* Device addresses of the flat buffers of a layout. */
typedef struct {
  VkDeviceAddress weights, statistics;
  VkDeviceAddress gradients;   /* 0: inference */
  VkDeviceAddress folded;      /* inference, what fv_yolov5_fold() made; 0: BatchNorm is an operator of its own */
  VkDeviceAddress loss_scale;  /* mixed precision: a float that the heads' gradients are multiplied by; 0: 1 */
} FvYolov5Buffers;

/*
 * Appends the network to @graph. @input is [N, H + 4, W + 4, 4] with a zero halo of two pixels and RGB in 0..1;
 * @heads receives the raw logits, fp32 in any case, [N, H / stride, W / stride, 3 * (5 + n_classes)].
 * @frozen_layers: the first so many layers take no gradient and keep their BatchNorm statistics.
 * @layers (nullable): receives the output of each of the 24 blocks before Detect, whose memory is then kept.
 */
void      fv_yolov5_build       (FvGraph              *graph,
                                 const FvYolov5Config *config,
                                 const FvLayout       *layout,
                                 const FvYolov5Buffers *buffers,
                                 guint                 frozen_layers,
                                 FvTensor             *input,
                                 FvTensor             *heads[FV_YOLOV5_N_HEADS],
                                 FvTensor             *layers[FV_YOLOV5_N_LAYERS - 1]);

/*
 * Records what writes @buffers->folded, as large as the weights: BatchNorm by its running statistics folded into the convolutions before it, so
 * that inference has no other work than theirs. To be run again after each change of weights or statistics.
 */
void      fv_yolov5_fold        (FvRecorder           *recorder,
                                 const FvYolov5Config *config,
                                 const FvLayout       *layout,
                                 const FvYolov5Buffers *buffers);

/*
 * Fills @parameters and @statistics (flat, sizes from @layout) as v7.0 does for a new network: PyTorch's default
 * (Kaiming-uniform) convolutions, BatchNorm 1/0, the Detect biases from object frequency.
 * Only layers >= @first_layer are touched. Random numbers are counter-based, keyed by @seed and the parameter.
 * @head_fp16: round the Detect convolutions to fp16 once, as v7.0's train.py does.
 */
void      fv_yolov5_init        (const FvYolov5Config *config,
                                 const FvLayout       *layout,
                                 guint64               seed,
                                 guint                 first_layer,
                                 gboolean              head_fp16,
                                 float                *parameters,
                                 float                *statistics);

G_END_DECLS

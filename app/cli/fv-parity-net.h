/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/exchange/fv-tensor-file.h"
#include "compute/nets/fv-loss.h"
#include "compute/nets/fv-optimizer.h"

G_BEGIN_DECLS

/*
 * A network, or its loss alone, on a device, with every number in it open to be set and read: what `parity` compares with
 * reference values. It runs the same operators as training and prediction; only its input and targets come from tensors.
 */

typedef enum {
  FV_PARITY_FORWARD,   /* running statistics; heads decoded */
  FV_PARITY_LOSS,      /* heads are given; loss and its gradient */
  FV_PARITY_TRAIN,     /* batch statistics, loss, backward, update */
} FvParityMode;

typedef enum {
  FV_PARITY_WEIGHTS,
  FV_PARITY_GRADIENTS,
  FV_PARITY_MOMENTUM,
  FV_PARITY_SECOND_MOMENT,
  FV_PARITY_EMA,
  FV_PARITY_STATISTICS,
  FV_PARITY_EMA_STATISTICS,
  FV_PARITY_N_BUFFERS,
} FvParityBuffer;

typedef struct {
  FvDevice *device;
  FvYolov5Config config;
  FvLayout *layout;
  guint n, height, width;          /* pictures and input size in pixels */
  FvGraph *graph;
  FvRecording *recording;
  FvRecording *updates[2];         /* by FvOptimizer, made when first used */
  FvTensor *heads[FV_YOLOV5_N_HEADS];
  FvTensor *layers[FV_YOLOV5_N_LAYERS - 1]; /* FV_PARITY_FORWARD only */
  FvBuffer *buffers[FV_PARITY_N_BUFFERS];
  FvBuffer *input, *block, *offsets, *targets, *result, *rows;
  FvBuffer *scratch, *update_block, *update_result;
  FvBuffer *loss_scale;            /* FvLossScale; NULL: not of mixed precision */
  GHashTable *exposed;             /* FvTensor without parent -> FvBuffer that holds it */
} FvParityNet;

/* @loss is not read in FV_PARITY_FORWARD; @recompute: all that can be is made again for backward. @half: mixed precision, see
 * FvGraphParams; a loss alone has none. Errors: FV_DEVICE_ERROR. */
FvParityNet *fv_parity_net_new         (FvDevice *device, FvParityMode mode, gboolean recompute, gboolean half,
                                        const FvYolov5Config *config, const FvLossParams *loss, guint n, guint height, guint width, GError **error);
void         fv_parity_net_free        (FvParityNet *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvParityNet, fv_parity_net_free)

/* Flat buffers of the layout. The EMA starts as a copy, gradients and momenta as zero. */
gboolean     fv_parity_net_set_weights (FvParityNet *self, const float *weights, const float *statistics, GError **error);
/* [N, 3, H, W] or [3, H, W]; bytes are divided by 255. */
gboolean     fv_parity_net_set_input   (FvParityNet *self, const FvTensorView *pictures, GError **error);
/* @rows: [n][6] of image, class, cx, cy, w, h in 0..1, in any order of images. */
gboolean     fv_parity_net_set_targets (FvParityNet *self, const float *rows, guint n, GError **error);
/* @values: [N, ny, nx, 3 * (5 + classes)] */
gboolean     fv_parity_net_set_head    (FvParityNet *self, guint i, const float *values, GError **error);
/* Waits for the end. */
gboolean     fv_parity_net_run         (FvParityNet *self, GError **error);
FvLossResult fv_parity_net_get_losses  (FvParityNet *self);
gboolean     fv_parity_net_update      (FvParityNet *self, FvOptimizer optimizer, const FvUpdateBlock *block,
                                        FvUpdateBlockResult *result, GError **error);

/* (transfer full): a tensor's values [N, H, W, C] without padding. Heads, their gradients and layers only. */
float       *fv_parity_net_read        (FvParityNet *self, FvTensor *tensor, GError **error);
/* (transfer full): the decoded rows of all pictures. */
float       *fv_parity_net_read_rows   (FvParityNet *self, GError **error);
/* (transfer full): a whole flat buffer; gradients without the scale of the loss. */
float       *fv_parity_net_read_buffer (FvParityNet *self, FvParityBuffer buffer, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/graph/fv-recorder.h"
#include "compute/nets/fv-layout.h"

G_BEGIN_DECLS

typedef enum {
  FV_OPTIMIZER_SGD,   /* Nesterov momentum, as torch.optim.SGD (nesterov=True) */
  FV_OPTIMIZER_ADAMW, /* decoupled decay, as torch.optim.AdamW; eps 1e-8 */
} FvOptimizer;

/* Hyper-parameters of one update, in memory that the host writes. */
typedef struct {
  float lr[FV_N_GROUPS];   /* learning rate of each group */
  float momentum;          /* SGD's momentum or Adam's beta1 */
  float beta2;             /* AdamW only */
  float weight_decay;      /* of FV_GROUP_WEIGHTS only */
  float ema_decay;         /* d of e += (1 - d) (w - e) */
  float clip_norm;         /* 0 = no clipping */
  float bias_correction1;  /* 1 - beta1^step; AdamW only */
  float bias_correction2;  /* 1 - beta2^step; AdamW only */
  guint32 first_step;      /* SGD: the momentum buffer starts as the gradient itself */
} FvUpdateBlock;

/* Mixed precision: what the loss is multiplied by, so that its gradients by activations are numbers that fp16 has. */
typedef struct {
  float scale;             /* FV_LOSS_SCALE_LEAST .. FV_LOSS_SCALE_MOST, a power of two */
  float good;              /* updates since it changed or one was skipped */
} FvLossScale;

#define FV_LOSS_SCALE_START  65536.0f
#define FV_LOSS_SCALE_LEAST  1.0f
#define FV_LOSS_SCALE_MOST   16777216.0f
#define FV_LOSS_SCALE_PERIOD 2000         /* good updates until it is doubled */

/* What an update writes; read back by the host. */
typedef struct {
  float gradient_norm;     /* L2, before clipping */
  guint32 skipped;         /* the norm was not finite, as some gradient wasn't or was above 1e19: nothing was changed but the gradients, which
                            * are zero again */
  float loss_scale;        /* that the gradients had; 1 without mixed precision */
} FvUpdateBlockResult;

typedef struct {
  FvOptimizer optimizer;
  const FvLayout *layout;
  guint frozen_layers;                       /* layers below keep their weights; the EMA covers everything */
  FvBuffer *weights, *gradients, *momentum;  /* flat, sizes from the layout */
  FvBuffer *second_moment;                   /* AdamW only */
  FvBuffer *ema, *statistics, *ema_statistics;
  FvBuffer *scratch;                         /* fv_optimizer_scratch_bytes() */
  FvRange loss_scale;                        /* FvLossScale, what the gradients are multiplied by; it moves with the updates. Size 0: they aren't */
  FvRange block, result;                     /* FvUpdateBlock, FvUpdateBlockResult */
} FvOptimizerArgs;

gsize fv_optimizer_scratch_bytes (const FvLayout *layout);

/*
 * Records one update: the gradients' norm in a fixed order of sums, clipping as torch.nn.utils.clip_grad_norm_ (max_norm /
 * (norm + 1e-6), at most 1), the optimizer, the EMA of weights and statistics, gradients back to zero.
 */
void  fv_optimizer_record        (FvRecorder *recorder, const FvOptimizerArgs *args);

G_END_DECLS

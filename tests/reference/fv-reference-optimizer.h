/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/nets/fv-optimizer.h"

G_BEGIN_DECLS

/* One value of torch.optim.SGD (nesterov=True) or AdamW in double precision, and v7.0's EMA of it. @decay: weight decay or 0. */
typedef struct {
  double weight, momentum, second_moment, ema;
} FvReferenceValue;

void   fv_reference_update     (FvOptimizer optimizer, const FvUpdateBlock *block, double lr, double decay, double gradient,
                                FvReferenceValue *value);
double fv_reference_ema        (double ema, double value, double decay);
/* Factor of torch.nn.utils.clip_grad_norm_ for @n gradients; @norm receives their L2 norm. */
double fv_reference_clip       (const float *gradients, gsize n, double max_norm, double *norm);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/reference/fv-reference-optimizer.h"

#include <math.h>

double
fv_reference_ema (double ema, double value, double decay)
{
  return decay * ema + (1 - decay) * value;
}

void
fv_reference_update (FvOptimizer optimizer, const FvUpdateBlock *block, double lr, double decay, double gradient,
                     FvReferenceValue *value)
{
  if (optimizer == FV_OPTIMIZER_SGD)
    {
      const double d = gradient + decay * value->weight;

      value->momentum = block->first_step ? d : block->momentum * value->momentum + d;
      value->weight -= lr * (d + block->momentum * value->momentum);
    }
  else
    {
      const double beta1 = block->momentum, beta2 = block->beta2;

      value->weight *= 1 - lr * decay;
      value->momentum = beta1 * value->momentum + (1 - beta1) * gradient;
      value->second_moment = beta2 * value->second_moment + (1 - beta2) * gradient * gradient;
      value->weight -= lr / block->bias_correction1 * value->momentum
                       / (sqrt (value->second_moment) / sqrt (block->bias_correction2) + 1e-8);
    }
  value->ema = fv_reference_ema (value->ema, value->weight, block->ema_decay);
}

double
fv_reference_clip (const float *gradients, gsize n, double max_norm, double *norm)
{
  double sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += (double)gradients[i] * gradients[i];
  *norm = sqrt (sum);
  return max_norm > 0 ? fmin (max_norm / (*norm + 1e-6), 1) : 1;
}

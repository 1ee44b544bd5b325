/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-schedule.h"

#include <math.h>

double
fv_schedule_factor (const FvRecipe *recipe, guint epoch)
{
  double x = (double)epoch / (double)recipe->epochs;

  if (recipe->cos_lr)
    return (1.0 - cos (x * G_PI)) / 2.0 * (recipe->lrf - 1.0) + 1.0;
  return (1.0 - x) * (1.0 - recipe->lrf) + recipe->lrf;
}

guint
fv_schedule_warmup (const FvRecipe *recipe, guint n_batches)
{
  return (guint)MAX (rint (recipe->warmup_epochs * n_batches), 100.0);
}

static double
interpolate (guint64 at, guint end, double from, double to)
{
  return at >= end ? to : from + (to - from) * ((double)at / end);
}

void
fv_schedule_at (const FvRecipe *recipe, guint n_batches, guint epoch, guint step, FvScheduleStep *out)
{
  guint64 iteration = (guint64)epoch * n_batches + step;
  guint warmup = fv_schedule_warmup (recipe, n_batches);
  gboolean warm_epoch = (guint64)epoch * n_batches <= warmup;
  double rate = recipe->lr0 * fv_schedule_factor (recipe, warm_epoch ? epoch : epoch - 1);
  double nominal = (double)recipe->nbs / (double)recipe->batch;

  *out = (FvScheduleStep){
    .lr = {
      [FV_GROUP_WEIGHTS] = interpolate (iteration, warmup, 0.0, rate),
      [FV_GROUP_BN_WEIGHTS] = interpolate (iteration, warmup, 0.0, rate),
      [FV_GROUP_BIASES] = interpolate (iteration, warmup, recipe->warmup_bias_lr, rate),
    },
    .accumulate = (guint) MAX (rint (interpolate (iteration, warmup, 1.0, nominal)), 1.0),
    .momentum = recipe->momentum,
  };
  /* Adam's groups have no "momentum", so v7.0's warm-up leaves its beta1 alone. */
  if (recipe->optimizer == FV_OPTIMIZER_SGD)
    out->momentum = interpolate (iteration, warmup, recipe->warmup_momentum, recipe->momentum);
}

double
fv_schedule_ema_decay (const FvRecipe *recipe, guint64 updates)
{
  return recipe->ema_decay * (1.0 - exp (-(double)updates / recipe->ema_tau));
}

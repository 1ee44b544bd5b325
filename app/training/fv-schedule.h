/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/fv-recipe.h"

G_BEGIN_DECLS

/*
 * Learning rates, momentum, accumulation and EMA decay at each batch, as v7.0's train.py has them.
 * Pure arithmetic on (recipe, epoch, step), so a resumed run needs no state for it.
 */

typedef struct
{
  double lr[FV_N_GROUPS];
  double momentum;
  guint accumulate; /* batches that an update waits for */
} FvScheduleStep;

/* (1 - x/E)(1 - lrf) + lrf, or its cosine form. @epoch counts from 0. */
double fv_schedule_factor (const FvRecipe *recipe, guint epoch);

/* Batches of warm-up: max (round (warmup_epochs * batches), 100). */
guint fv_schedule_warmup (const FvRecipe *recipe, guint n_batches);

/*
 * What batch @step of @epoch trains with; @n_batches is an epoch's number of batches. During warm-up the rates go to lf (epoch); afterwards
 * an epoch trains with lf (epoch - 1), because v7.0's scheduler lags by one, and the epoch in which warm-up ends keeps lf (epoch) to its end.
 */
void fv_schedule_at (const FvRecipe *recipe, guint n_batches, guint epoch, guint step, FvScheduleStep *out);

/* decay * (1 - exp (-updates / tau)); @updates counts from 1. */
double fv_schedule_ema_decay (const FvRecipe *recipe, guint64 updates);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-sampler.h"

#include "app/augment/fv-random.h"

void
fv_sampler_permute (guint64 seed, guint epoch, guint *order, guint n)
{
  FvRandom random;

  for (guint i = 0; i < n; i++)
    order[i] = i;
  /* A stream of its own: samples are counted from 0, and there are never so many. */
  fv_random_init (&random, seed, epoch, G_MAXUINT64);
  fv_random_shuffle (&random, order, n);
}

void
fv_sampler_order (guint64 seed, guint epoch, const guint *items, guint *order, guint n)
{
  fv_sampler_permute (seed, epoch, order, n);
  for (guint i = 0; i < n; i++)
    order[i] = items[order[i]];
}

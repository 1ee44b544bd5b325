/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Counter-based random numbers: the k-th number of a stream is a function of (seed, epoch, sample, k), so that nothing
 * need be stored to continue a run and no thread's speed matters. SplitMix64's finaliser over the counter.
 */
typedef struct {
  guint64 key;
  guint64 counter;
} FvRandom;

void    fv_random_init    (FvRandom *self, guint64 seed, guint64 epoch, guint64 sample);
guint64 fv_random_next    (FvRandom *self);
double  fv_random_unit    (FvRandom *self);                                   /* [0, 1) */
double  fv_random_uniform (FvRandom *self, double low, double high);          /* [low, high) */
guint   fv_random_below   (FvRandom *self, guint n);                          /* 0 .. n - 1, without bias; n > 0 */
double  fv_random_normal  (FvRandom *self);                                   /* mean 0, variance 1 */
double  fv_random_beta    (FvRandom *self, double a, double b);               /* a, b >= 1 */
void    fv_random_shuffle (FvRandom *self, guint *values, guint n);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/augment/fv-random.h"

#include <math.h>

#define GOLDEN 0x9e3779b97f4a7c15u

/* SplitMix64's finaliser: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014. */
static guint64
mix (guint64 z)
{
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

void
fv_random_init (FvRandom *self, guint64 seed, guint64 epoch, guint64 sample)
{
  guint64 key = mix (seed + GOLDEN);
  key = mix (key ^ mix (epoch + 2 * GOLDEN));
  self->key = mix (key ^ mix (sample + 3 * GOLDEN));
  self->counter = 0;
}

guint64
fv_random_next (FvRandom *self)
{
  return mix (self->key + ++self->counter * GOLDEN);
}

double
fv_random_unit (FvRandom *self)
{
  return (fv_random_next (self) >> 11) * 0x1p-53;
}

double
fv_random_uniform (FvRandom *self, double low, double high)
{
  return low + (high - low) * fv_random_unit (self);
}

guint
fv_random_below (FvRandom *self, guint n)
{
  guint32 limit = -n % n; /* 2^32 mod n: draws below it would favour small numbers */
  guint64 product;
  do
    product = (fv_random_next (self) >> 32) * n;
  while ((guint32)product < limit);
  return product >> 32;
}

double
fv_random_normal (FvRandom *self)
{
  double u = 1 - fv_random_unit (self), v = fv_random_unit (self);
  return sqrt (-2 * log (u)) * cos (2 * G_PI * v);
}

/* Marsaglia and Tsang, "A simple method for generating gamma variables", 2000; shape >= 1. */
static double
draw_gamma (FvRandom *self, double shape)
{
  double d = shape - 1.0 / 3, c = 1 / sqrt (9 * d);
  for (;;)
    {
      double x = fv_random_normal (self), v = 1 + c * x;
      double u = 1 - fv_random_unit (self);
      v = v * v * v;
      if (v > 0 && log (u) < 0.5 * x * x + d - d * v + d * log (v))
        return d * v;
    }
}

double
fv_random_beta (FvRandom *self, double a, double b)
{
  double x = draw_gamma (self, a), y = draw_gamma (self, b);
  return x / (x + y);
}

void
fv_random_shuffle (FvRandom *self, guint *values, guint n)
{
  for (guint i = n; i > 1; i--)
    {
      guint j = fv_random_below (self, i), swap = values[i - 1];
      values[i - 1] = values[j];
      values[j] = swap;
    }
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-spread.h"

#include <math.h>
#include <stdlib.h>

static int
compare (const void *a, const void *b)
{
  const double first = *(const double *)a, second = *(const double *)b;
  return (first > second) - (first < second);
}

double
fv_spread_quantile (const double *values, gsize n, double part)
{
  const double place = part * (double)(n - 1);
  const gsize below = (gsize)place, above = MIN (below + 1, n - 1);
  return values[below] + (place - (double)below) * (values[above] - values[below]);
}

void
fv_spread_take (FvSpread *self, double *values, gsize n)
{
  *self = (FvSpread){ NAN, NAN, NAN, NAN, NAN, NAN };
  if (n == 0)
    return;
  double sum = 0;
  for (gsize i = 0; i < n; i++)
    sum += values[i];
  qsort (values, n, sizeof *values, compare);
  self->min = values[0];
  self->p10 = fv_spread_quantile (values, n, 0.1);
  self->median = fv_spread_quantile (values, n, 0.5);
  self->p90 = fv_spread_quantile (values, n, 0.9);
  self->max = values[n - 1];
  self->mean = sum / (double)n;
}

void
fv_spread_take_array (FvSpread *self, GArray *values)
{
  fv_spread_take (self, (double *)(void *)values->data, values->len);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/reference/fv-reference-pixels.h"

#include <math.h>
#include <string.h>

#define EPSILON 1e-3
#define MOMENTUM 0.03

static gsize
count_pixels (const FvReferenceShape *s)
{
  return (gsize)s->n * s->h * s->w;
}

static void
moments (const FvReferenceShape *s, const double *x, guint c, double *mean, double *var)
{
  const gsize pixels = count_pixels (s);

  *mean = *var = 0;
  for (gsize p = 0; p < pixels; p++)
    *mean += x[p * s->c + c] / pixels;
  for (gsize p = 0; p < pixels; p++)
    *var += (x[p * s->c + c] - *mean) * (x[p * s->c + c] - *mean) / pixels;
}

static double
sigmoid (double z)
{
  return 1 / (1 + exp (-z));
}

void
fv_reference_batch_norm (const FvReferenceShape *s, gboolean batch, gboolean silu, const double *x,
                         const double *weight, const double *bias, double *running_mean, double *running_var, double *y)
{
  const gsize pixels = count_pixels (s);

  for (guint c = 0; c < s->c; c++)
    {
      double mean = running_mean[c], var = running_var[c];

      if (batch)
        {
          moments (s, x, c, &mean, &var);
          running_mean[c] += MOMENTUM * (mean - running_mean[c]);
          running_var[c] += MOMENTUM * (var * pixels / (pixels - 1.0) - running_var[c]);
        }
      for (gsize p = 0; p < pixels; p++)
        {
          const double z = weight[c] * (x[p * s->c + c] - mean) / sqrt (var + EPSILON) + bias[c];
          y[p * s->c + c] = silu ? z * sigmoid (z) : z;
        }
    }
}

void
fv_reference_batch_norm_backward (const FvReferenceShape *s, gboolean batch, gboolean silu, const double *x,
                                  const double *weight, const double *bias, const double *running_mean,
                                  const double *running_var, const double *dy, double *dx, double *d_weight,
                                  double *d_bias)
{
  const gsize pixels = count_pixels (s);

  for (guint c = 0; c < s->c; c++)
    {
      double mean = running_mean[c], var = running_var[c], inverse;
      g_autofree double *dz = g_new (double, pixels);

      if (batch)
        moments (s, x, c, &mean, &var);
      inverse = 1 / sqrt (var + EPSILON);
      d_weight[c] = d_bias[c] = 0;
      for (gsize p = 0; p < pixels; p++)
        {
          const double normal = (x[p * s->c + c] - mean) * inverse;
          const double z = weight[c] * normal + bias[c];

          dz[p] = dy[p * s->c + c];
          if (silu)
            dz[p] *= sigmoid (z) * (1 + z * (1 - sigmoid (z)));
          d_weight[c] += dz[p] * normal;
          d_bias[c] += dz[p];
        }
      for (gsize p = 0; p < pixels; p++)
        {
          const double normal = (x[p * s->c + c] - mean) * inverse;

          dx[p * s->c + c] = weight[c] * inverse * dz[p];
          if (batch)
            dx[p * s->c + c] -= weight[c] * inverse * (d_bias[c] + normal * d_weight[c]) / pixels;
        }
    }
}

void
fv_reference_upsample (const FvReferenceShape *s, const double *x, double *y)
{
  for (guint n = 0; n < s->n; n++)
    for (guint row = 0; row < 2 * s->h; row++)
      for (guint column = 0; column < 2 * s->w; column++)
        memcpy (y + (((gsize)n * 2 * s->h + row) * 2 * s->w + column) * s->c,
                x + (((gsize)n * s->h + row / 2) * s->w + column / 2) * s->c, s->c * sizeof *y);
}

void
fv_reference_upsample_backward (const FvReferenceShape *s, const double *dy, double *dx)
{
  memset (dx, 0, count_pixels (s) * s->c * sizeof *dx);
  for (guint n = 0; n < s->n; n++)
    for (guint row = 0; row < 2 * s->h; row++)
      for (guint column = 0; column < 2 * s->w; column++)
        for (guint c = 0; c < s->c; c++)
          dx[(((gsize)n * s->h + row / 2) * s->w + column / 2) * s->c + c]
              += dy[(((gsize)n * 2 * s->h + row) * 2 * s->w + column) * s->c + c];
}

/* The index of the greatest value of a window, the first in row order. */
static gsize
winner (const FvReferenceShape *s, guint k, const double *x, guint n, int row, int column, guint c)
{
  const int radius = k / 2;
  gsize best = G_MAXSIZE;

  for (int y = row - radius; y <= row + radius; y++)
    for (int z = column - radius; z <= column + radius; z++)
      {
        gsize index;

        if (y < 0 || z < 0 || y >= (int)s->h || z >= (int)s->w)
          continue;
        index = (((gsize)n * s->h + y) * s->w + z) * s->c + c;
        if (best == G_MAXSIZE || x[index] > x[best])
          best = index;
      }
  return best;
}

void
fv_reference_max_pool (const FvReferenceShape *s, guint k, const double *x, double *y)
{
  for (guint n = 0; n < s->n; n++)
    for (guint row = 0; row < s->h; row++)
      for (guint column = 0; column < s->w; column++)
        for (guint c = 0; c < s->c; c++)
          y[(((gsize)n * s->h + row) * s->w + column) * s->c + c] = x[winner (s, k, x, n, row, column, c)];
}

void
fv_reference_max_pool_backward (const FvReferenceShape *s, guint k, const double *x, const double *dy, double *dx)
{
  memset (dx, 0, count_pixels (s) * s->c * sizeof *dx);
  for (guint n = 0; n < s->n; n++)
    for (guint row = 0; row < s->h; row++)
      for (guint column = 0; column < s->w; column++)
        for (guint c = 0; c < s->c; c++)
          dx[winner (s, k, x, n, row, column, c)] += dy[(((gsize)n * s->h + row) * s->w + column) * s->c + c];
}

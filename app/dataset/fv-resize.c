/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-picture-private.h"

#include <math.h>

/*
 * OpenCV's resize() of 8-bit pictures, number for number, because networks trained with it see its pixels: INTER_LINEAR in fixed
 * point with 11-bit weights, INTER_AREA in fp32.
 */

#define CHANNELS 3
#define WEIGHT_ONE 2048

/* Two taps of one output column or row. */
typedef struct
{
  int from; /* the first of the two; may be -1 or the last one for rows, which are clamped when read */
  int weight[2];
} Taps;

static Taps *
linear_taps (guint n_from, guint n_to, gboolean clamp)
{
  double scale = 1.0 / ((double)n_to / n_from);
  Taps *taps = g_new (Taps, n_to);
  for (guint i = 0; i < n_to; i++)
    {
      float position = (float)((i + 0.5) * scale - 0.5);
      int from = (int)floorf (position);
      float fraction = position - from;
      if (clamp && from < 0)
        from = 0, fraction = 0;
      if (clamp && from >= (int)n_from - 1)
        from = n_from - 1, fraction = 0;
      taps[i] = (Taps){ from, { (int)rintf ((1 - fraction) * WEIGHT_ONE), (int)rintf (fraction * WEIGHT_ONE) } };
    }
  return taps;
}

static void
linear_row (const guint8 *from, const Taps *columns, guint width, int last, int *to)
{
  for (guint x = 0; x < width; x++, to += CHANNELS)
    {
      const guint8 *a = from + columns[x].from * CHANNELS;
      const guint8 *b = columns[x].from < last ? a + CHANNELS : a;
      for (guint c = 0; c < CHANNELS; c++)
        to[c] = a[c] * columns[x].weight[0] + b[c] * columns[x].weight[1];
    }
}

void
fv_resize_linear (const FvPicture *from, FvPicture *to)
{
  if (from->width == 2 * to->width && from->height == 2 * to->height)
    {
      fv_resize_area (from, to); /* OpenCV does the same */
      return;
    }
  g_autofree Taps *columns = linear_taps (from->width, to->width, TRUE);
  g_autofree Taps *rows = linear_taps (from->height, to->height, FALSE);
  gsize n = (gsize)to->width * CHANNELS;
  g_autofree int *memory = g_new (int, 2 * n);
  int *line[2] = { memory, memory + n };
  int held[2] = { -1, -1 };
  for (guint y = 0; y < to->height; y++)
    {
      int wanted[2];
      for (int k = 0; k < 2; k++)
        wanted[k] = CLAMP (rows[y].from + k, 0, (int)from->height - 1);
      if (held[1] == wanted[0] && held[0] != wanted[0])
        {
          int *swap = line[0];
          line[0] = line[1], line[1] = swap;
          held[0] = held[1], held[1] = -1;
        }
      for (int k = 0; k < 2; k++)
        if (held[k] != wanted[k])
          {
            linear_row (from->rgb + wanted[k] * from->stride, columns, to->width, from->width - 1, line[k]);
            held[k] = wanted[k];
          }
      guint8 *out = to->rgb + y * to->stride;
      const int *a = line[0], *b = line[1], wa = rows[y].weight[0], wb = rows[y].weight[1];
      for (gsize i = 0; i < n; i++)
        out[i] = (((wa * (a[i] >> 4)) >> 16) + ((wb * (b[i] >> 4)) >> 16) + 2) >> 2;
    }
}

/* One input column or row's part in an output one. */
typedef struct
{
  guint from, to;
  float weight;
} Share;

static GArray *
area_shares (guint n_from, guint n_to)
{
  double scale = 1.0 / ((double)n_to / n_from);
  GArray *shares = g_array_new (FALSE, FALSE, sizeof (Share));
  for (guint i = 0; i < n_to; i++)
    {
      double begin = i * scale, end = begin + scale;
      double size = MIN (scale, n_from - begin);
      int first = (int)ceil (begin), last = MIN ((int)floor (end), (int)n_from - 1);
      first = MIN (first, last);
      if (first - begin > 1e-3)
        g_array_append_val (shares, ((Share){ first - 1, i, (float)((first - begin) / size) }));
      for (int k = first; k < last; k++)
        g_array_append_val (shares, ((Share){ k, i, (float)(1.0 / size) }));
      if (end - last > 1e-3)
        g_array_append_val (shares, ((Share){ last, i, (float)(MIN (MIN (end - last, 1.0), size) / size) }));
    }
  return shares;
}

static void
area_flush (const float *sums, guint8 *to, gsize n)
{
  for (gsize i = 0; i < n; i++)
    to[i] = (guint8)CLAMP (rintf (sums[i]), 0.f, 255.f);
}

static void
area_weighted (const FvPicture *from, FvPicture *to)
{
  g_autoptr (GArray) columns = area_shares (from->width, to->width);
  g_autoptr (GArray) rows = area_shares (from->height, to->height);
  gsize n = (gsize)to->width * CHANNELS;
  g_autofree float *line = g_new (float, n);
  g_autofree float *sums = g_new0 (float, n);
  guint y = 0;
  for (guint r = 0; r < rows->len; r++)
    {
      Share row = g_array_index (rows, Share, r);
      const guint8 *in = from->rgb + row.from * from->stride;
      for (gsize i = 0; i < n; i++)
        line[i] = 0;
      for (guint k = 0; k < columns->len; k++)
        {
          Share column = g_array_index (columns, Share, k);
          for (guint c = 0; c < CHANNELS; c++)
            line[column.to * CHANNELS + c] += in[column.from * CHANNELS + c] * column.weight;
        }
      if (row.to != y)
        {
          area_flush (sums, to->rgb + y * to->stride, n);
          y = row.to;
          for (gsize i = 0; i < n; i++)
            sums[i] = row.weight * line[i];
        }
      else
        for (gsize i = 0; i < n; i++)
          sums[i] += row.weight * line[i];
    }
  area_flush (sums, to->rgb + y * to->stride, n);
}

/* Halves both sides: the usual case of a camera's sizes. Pairs of rows first, which the compiler makes vectors of. */
static void
area_halves (const FvPicture *from, FvPicture *to)
{
  gsize n = 2 * (gsize)to->width * CHANNELS;
  g_autofree guint16 *sums = g_new (guint16, n);
  for (guint y = 0; y < to->height; y++)
    {
      const guint8 *upper = from->rgb + 2 * y * from->stride, *lower = upper + from->stride;
      guint8 *out = to->rgb + y * to->stride;
      for (gsize i = 0; i < n; i++)
        sums[i] = upper[i] + lower[i];
      for (guint x = 0; x < to->width; x++)
        for (guint c = 0; c < CHANNELS; c++)
          out[x * CHANNELS + c] = (sums[2 * x * CHANNELS + c] + sums[(2 * x + 1) * CHANNELS + c] + 2) >> 2;
    }
}

/* Whole blocks of @sx x @sy pixels. */
static void
area_blocks (const FvPicture *from, FvPicture *to, guint sx, guint sy)
{
  float scale = 1.f / (sx * sy);
  for (guint y = 0; y < to->height; y++)
    {
      guint8 *out = to->rgb + y * to->stride;
      for (guint x = 0; x < to->width; x++, out += CHANNELS)
        {
          guint sums[CHANNELS] = { 0 };
          for (guint j = 0; j < sy; j++)
            {
              const guint8 *in = from->rgb + (y * sy + j) * from->stride + x * sx * CHANNELS;
              for (guint i = 0; i < sx; i++, in += CHANNELS)
                for (guint c = 0; c < CHANNELS; c++)
                  sums[c] += in[c];
            }
          for (guint c = 0; c < CHANNELS; c++)
            out[c] = (guint)rintf (sums[c] * scale);
        }
    }
}

void
fv_resize_area (const FvPicture *from, FvPicture *to)
{
  if (from->width == 2 * to->width && from->height == 2 * to->height)
    area_halves (from, to);
  else if (from->width % to->width == 0 && from->height % to->height == 0)
    area_blocks (from, to, from->width / to->width, from->height / to->height);
  else
    area_weighted (from, to);
}

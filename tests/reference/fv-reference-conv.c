/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/reference/fv-reference-conv.h"

#include <string.h>

guint
fv_reference_conv_out_h (const FvReferenceConv *conv)
{
  return (conv->h + 2 * conv->padding - conv->kernel) / conv->stride + 1;
}

guint
fv_reference_conv_out_w (const FvReferenceConv *conv)
{
  return (conv->w + 2 * conv->padding - conv->kernel) / conv->stride + 1;
}

/* One meeting of a tap, an input pixel and an output pixel. */
typedef struct
{
  gsize x, y; /* indices of their first channels */
  guint tap;
} Meeting;

typedef void (*MeetingFunc) (const FvReferenceConv *conv, const Meeting *meeting, gpointer data);

static void
foreach_meeting (const FvReferenceConv *conv, MeetingFunc func, gpointer data)
{
  const guint out_h = fv_reference_conv_out_h (conv), out_w = fv_reference_conv_out_w (conv);

  for (guint n = 0; n < conv->n; n++)
    for (guint oy = 0; oy < out_h; oy++)
      for (guint ox = 0; ox < out_w; ox++)
        for (guint ky = 0; ky < conv->kernel; ky++)
          for (guint kx = 0; kx < conv->kernel; kx++)
            {
              const gint iy = (gint)(oy * conv->stride + ky) - (gint)conv->padding;
              const gint ix = (gint)(ox * conv->stride + kx) - (gint)conv->padding;
              Meeting meeting;

              if (iy < 0 || ix < 0 || iy >= (gint)conv->h || ix >= (gint)conv->w)
                continue;
              meeting.x = (((gsize)n * conv->h + iy) * conv->w + ix) * conv->in;
              meeting.y = (((gsize)n * out_h + oy) * out_w + ox) * conv->out;
              meeting.tap = ky * conv->kernel + kx;
              func (conv, &meeting, data);
            }
}

typedef struct
{
  const double *x, *dy, *weight;
  double *out;
} Arrays;

static gsize
weight_index (const FvReferenceConv *conv, guint o, guint i, guint tap)
{
  return ((gsize)o * conv->in + i) * conv->kernel * conv->kernel + tap;
}

static void
forward_meeting (const FvReferenceConv *conv, const Meeting *m, gpointer data)
{
  const Arrays *a = data;

  for (guint o = 0; o < conv->out; o++)
    for (guint i = 0; i < conv->in; i++)
      a->out[m->y + o] += a->x[m->x + i] * a->weight[weight_index (conv, o, i, m->tap)];
}

void
fv_reference_conv_forward (const FvReferenceConv *conv, const double *x, const double *weight, const double *bias,
                           double *y)
{
  const gsize n_pixels = (gsize)conv->n * fv_reference_conv_out_h (conv) * fv_reference_conv_out_w (conv);

  for (gsize p = 0; p < n_pixels; p++)
    for (guint o = 0; o < conv->out; o++)
      y[p * conv->out + o] = bias != NULL ? bias[o] : 0;
  foreach_meeting (conv, forward_meeting, &(Arrays){ .x = x, .weight = weight, .out = y });
}

static void
data_meeting (const FvReferenceConv *conv, const Meeting *m, gpointer data)
{
  const Arrays *a = data;

  for (guint o = 0; o < conv->out; o++)
    for (guint i = 0; i < conv->in; i++)
      a->out[m->x + i] += a->dy[m->y + o] * a->weight[weight_index (conv, o, i, m->tap)];
}

void
fv_reference_conv_data (const FvReferenceConv *conv, const double *dy, const double *weight, double *dx)
{
  memset (dx, 0, (gsize)conv->n * conv->h * conv->w * conv->in * sizeof *dx);
  foreach_meeting (conv, data_meeting, &(Arrays){ .dy = dy, .weight = weight, .out = dx });
}

static void
weights_meeting (const FvReferenceConv *conv, const Meeting *m, gpointer data)
{
  const Arrays *a = data;

  for (guint o = 0; o < conv->out; o++)
    for (guint i = 0; i < conv->in; i++)
      a->out[weight_index (conv, o, i, m->tap)] += a->dy[m->y + o] * a->x[m->x + i];
}

void
fv_reference_conv_weights (const FvReferenceConv *conv, const double *x, const double *dy, double *dweight, double *dbias)
{
  const gsize n_pixels = (gsize)conv->n * fv_reference_conv_out_h (conv) * fv_reference_conv_out_w (conv);

  memset (dweight, 0, (gsize)conv->out * conv->in * conv->kernel * conv->kernel * sizeof *dweight);
  memset (dbias, 0, conv->out * sizeof *dbias);
  foreach_meeting (conv, weights_meeting, &(Arrays){ .x = x, .dy = dy, .out = dweight });
  for (gsize p = 0; p < n_pixels; p++)
    for (guint o = 0; o < conv->out; o++)
      dbias[o] += dy[p * conv->out + o];
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/ops/fv-ops.h"

G_BEGIN_DECLS

/* How the kernels of shaders/include/pixels.glsl are launched: threads of a pair of channels and a share of the pixels. */

/* Threads of a workgroup: of a kernel that goes by channels, and rows of 16 of one that goes by pixels. */
#define FV_PIXELS_WORKGROUP 64
#define FV_PIXELS_ROWS      (FV_PIXELS_WORKGROUP / 16)

/* Channels in steps of 16, as they lie in memory. */
static inline guint
fv_pixels_padded (const FvTensor *tensor)
{
  return (tensor->c + 15) / 16 * 16;
}

static inline guint
fv_pixels_pairs (const FvTensor *tensor)
{
  return fv_pixels_padded (tensor) / 2;
}

typedef struct {
  guint32 per;        /* pixels of a share */
  guint parts;        /* results of their own, see shaders/include/pixels.glsl */
  guint32 groups[3];
} FvPixelsShares;

/*
 * Shares that keep a processor's cores, or a graphics card, busy. On a processor they are long, so that few of them begin and few sums of theirs must
 * be added up, but so short that what all of a pixel's threads touch is still in its cache.
 */
static inline FvPixelsShares
fv_pixels_share (FvDevice *device, guint pixels, guint pairs)
{
  const gboolean cpu = g_str_equal (fv_device_get_info (device)->type, "cpu");
  const guint step = pairs % 16 != 0 ? 2 : 1, columns = pairs * step;
  const guint busy = cpu ? MIN (CLAMP (16384 / columns, 64, 512), pixels / 64) : (gsize)pixels * columns / 131072;
  const guint most = 65535 * FV_PIXELS_ROWS;
  const guint per = MAX (MAX (busy, 4) * step, (pixels + most - 1) / most), shares = (pixels + per - 1) / per;

  return (FvPixelsShares){
    .per = per,
    .parts = shares * step,
    .groups = { columns / 16, (shares + FV_PIXELS_ROWS - 1) / FV_PIXELS_ROWS, 1 },
  };
}

static inline FvPixelsShares
fv_pixels_share_tensor (const FvTensor *tensor)
{
  return fv_pixels_share (fv_graph_get_device (tensor->graph), fv_tensor_get_pixels (tensor), fv_pixels_pairs (tensor));
}

/* y = a + b, or y = a where b is NULL. Records at once; for operators that need it within their own work. */
void fv_add_record (FvRecorder *recorder, FvTensor *a, FvTensor *b, FvTensor *y, const char *phase);

/* Appends a node that adds @from to @to, or copies it where @to was not written yet. */
void fv_accumulate_gradient (FvGraph *g, FvTensor *from, FvTensor *of);
/*
 * Adds the gradient of @y to that of @x, whose shape is the same, without any work where nothing was added to that of @x before: the two then are
 * one, so that nobody may read the gradient of @y once others add to that of @x. Called when the nodes are there that read it.
 */
void fv_pass_gradient (FvGraph *g, FvTensor *y, FvTensor *x);

G_END_DECLS

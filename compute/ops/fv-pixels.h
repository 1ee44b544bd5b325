/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/ops/fv-ops.h"

G_BEGIN_DECLS

/* How the kernels of shaders/include/pixels.glsl are launched: threads of a pair of channels and a share of the pixels. */

#define FV_PIXELS_WORKGROUP 64

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

/* Shares that keep a processor's cores, or a graphics card, busy. */
static inline guint
fv_pixels_slices (const FvTensor *tensor)
{
  const gboolean cpu = g_str_equal (fv_device_get_info (fv_graph_get_device (tensor->graph))->type, "cpu");
  const guint threads = cpu ? 2048 : 131072;
  const guint pixels = fv_tensor_get_pixels (tensor);

  return CLAMP (threads / fv_pixels_pairs (tensor), 1, MAX (pixels / 4, 1));
}

static inline guint
fv_pixels_groups (const FvTensor *tensor, guint slices)
{
  return (fv_pixels_pairs (tensor) * slices + FV_PIXELS_WORKGROUP - 1) / FV_PIXELS_WORKGROUP;
}

/* y = a + b, or y = a where b is NULL. Records at once; for operators that need it within their own work. */
void fv_add_record (FvRecorder *recorder, FvTensor *a, FvTensor *b, FvTensor *y, const char *phase);

/* Appends a node that adds @from to @to, or copies it where @to was not written yet. */
void fv_accumulate_gradient (FvGraph *g, FvTensor *from, FvTensor *of);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/ops/fv-conv-variants.h"
#include "compute/ops/fv-ops.h"

G_BEGIN_DECLS

/* What a family of convolution kernels is; one file each. For compute/ops/fv-conv*.c only. */

/* One convolution to be recorded. */
typedef struct {
  FvConvDirection direction;
  const FvConvVariant *variant;
  FvConvShape shape;
  FvConvWeights weights;
  FvTensor *x;           /* the input; backward by data: its gradient, which is written */
  FvTensor *y;           /* the output; backward: its gradient, which is read */
  FvTensor *scratch;     /* of the size that count_scratch gave, or NULL */
  gboolean add;          /* backward by data: @x is added to */
  double flops;
} FvConvCall;

/* Push constants of kernels that gather, forward and backward by data: shaders/include/conv.glsl. */
typedef struct {
  VkDeviceAddress x, w, y, bias, zero, dump;
  guint32 n, in_h, in_w, out_h, out_w;
  guint32 in_pitch, out_pitch;
  guint32 in_channels, out_channels;
  guint32 kernel, padding, step, phases;
  gint32 direction;
  guint32 add, silu, columns;
  guint32 unused;
} FvConvGatherPush;

/* Of those backward by weights: shaders/include/conv-weights.glsl. */
typedef struct {
  VkDeviceAddress x, dy, partial, zero;
  guint32 n, in_h, in_w, out_h, out_w;
  guint32 in_pitch, out_pitch;
  guint32 in_channels, out_channels;
  guint32 kernel, padding, stride, slice;
} FvConvWeightsPush;

struct _FvConvFamily {
  const char *name;
  gboolean gpu;             /* of no use on the processor */
  gboolean half;            /* computes fp16 activations too: of a shape that has such, @x and @y are fp16, weights and scratch memory fp32 */
  gboolean (*fits)          (const FvConvVariant *variant, const FvDeviceLimits *limits, FvConvDirection direction, const FvConvShape *shape);
  /* Floats of memory that it needs meanwhile. */
  gsize    (*count_scratch) (const FvConvVariant *variant, FvConvDirection direction, const FvConvShape *shape);
  /* Backward by weights adds to the weights' gradient. */
  void     (*record)        (const FvConvCall *call, FvRecorder *recorder);
};

extern const FvConvFamily fv_conv_plain;      /* any device */
extern const FvConvFamily fv_conv_subgroup;   /* CPU drivers */
extern const FvConvFamily fv_conv_winograd;   /* CPU drivers; 3 x 3 with stride 1 */
extern const FvConvFamily fv_conv_tiled;      /* GPUs */
extern const FvConvFamily fv_conv_matrix;     /* GPUs with cooperative matrices; fp16 activations */

/* The phase that its dispatches count as. */
const char *fv_conv_get_phase     (FvConvDirection direction);
/* Weights with their padding. */
gsize       fv_conv_count_weights (const FvConvShape *shape);
/* The range of the weights, or of their gradient, by its address. */
FvRange     fv_conv_weight_range  (const FvConvCall *call, VkDeviceAddress address);
/* Floats of a kernel row of a picture, whose pixels are neighbours when there is no padding; else 0. */
guint       fv_conv_picture_row   (const FvConvShape *shape);
/* Spreads @tiles over two dimensions of workgroups. */
void        fv_conv_set_tiles     (FvDispatch *dispatch, gsize tiles);
/* To time it: appends one direction of a convolution, by variant @index. Backward, @x and @y are the gradients of its input and output. */
void        fv_conv_append_alone  (FvGraph *g, FvConvDirection direction, const FvConvShape *shape, const FvConvWeights *weights, guint index,
                                   FvTensor *x, FvTensor *y);
/* to[tap][o][i] = w[tap][i][o] */
void        fv_conv_record_transpose (const FvConvCall *call, FvRecorder *recorder, FvRange to);
/*
 * Fills @push and, but for the kernel, its specialization and its workgroups, @dispatch, which keeps the address of @push; records the transposition
 * that backward by data needs. Returns the pixels of a phase, all pictures together, of which there are push.phases squared.
 */
gsize       fv_conv_prepare_gather   (const FvConvCall *call, FvRecorder *recorder, FvDispatch *dispatch, FvConvGatherPush *push);
/* The same with workgroups [1, @splits, 1]; @splits partial gradients go to the call's scratch memory. */
void        fv_conv_prepare_weights  (const FvConvCall *call, FvRecorder *recorder, guint splits, FvDispatch *dispatch, FvConvWeightsPush *push);
/* gradient[floats] += partial[0] + ... + partial[splits - 1] */
void        fv_conv_record_sum    (FvRecorder *recorder, FvRange partial, VkDeviceAddress gradient, gsize floats, guint splits);

static inline guint
fv_conv_divide_up (gsize a, gsize b)
{
  return (a + b - 1) / b;
}

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/device/fv-kernel.h"
#include "compute/ops/fv-conv-families.h"

#include <string.h>

/*
 * Convolution of fp16 activations on a GPU's cooperative matrices (shaders/conv-matrix.comp, conv-weights-matrix.comp), where the compiler of the
 * shaders knew of such. A tile of SUBGROUPS subgroups, `width` of them across the channels, is as that of fv-conv-tiled.c.
 *
 * Such a unit multiplies some ten times as fast as the rest of a GPU, so that memory is the bound: a tile of 128 x 64 reads 1 byte for 21
 * multiplications.
 */

#define SUBGROUPS 4
#define MAX_SHARED_BYTES 32768
#define WEIGHTS_PIXELS 32
/* Pairs of fp16 between rows of shared memory: shaders/include/matrix.glsl. */
#define PAD 4
/* As fv-conv-tiled.c. */
#define WEIGHTS_MIN_GROUPS 512
#define WEIGHTS_MAX_SLICE 8192
#define WEIGHTS_MIN_SLICE 128

/* @depth: backward by weights, the inputs of a tile. */
typedef struct
{
  guint32 threads, pixels, channels, columns, depth, buffers, lanes, m, n, k;
} Spec;

static guint
count_shared_bytes (const FvConvVariant *variant, const FvDeviceLimits *limits, guint buffers)
{
  const guint results = SUBGROUPS * limits->matrix_m * limits->matrix_n * 4;

  if (variant->pixels == 0)
    return results + buffers * WEIGHTS_PIXELS * ((variant->depth + variant->channels) / 2 + 2 * PAD) * 4;
  return results + 16 * variant->pixels
         + buffers * (variant->pixels * (variant->depth / 2 + PAD) + variant->depth * (variant->channels / 2 + PAD))
               * 4;
}

static Spec
make_spec (const FvConvVariant *variant, const FvDeviceLimits *limits)
{
  const guint most = MIN (limits->shared_bytes, MAX_SHARED_BYTES);

  return (Spec){ .threads = SUBGROUPS * limits->subgroup_size,
                 .pixels = variant->pixels != 0 ? variant->pixels : WEIGHTS_PIXELS,
                 .channels = variant->channels,
                 .columns = variant->width,
                 .depth = variant->depth,
                 .buffers = count_shared_bytes (variant, limits, 2) <= most ? 2 : 1,
                 .lanes = limits->subgroup_size,
                 .m = limits->matrix_m,
                 .n = limits->matrix_n,
                 .k = limits->matrix_k };
}

static guint
count_inputs (const FvConvShape *shape)
{
  return shape->kernel * shape->kernel * shape->in_channels;
}

/* Whether a device's matrices and subgroups divide a tile. */
static gboolean
tile_fits (const FvConvVariant *variant, const FvDeviceLimits *limits)
{
  const guint tall = variant->pixels != 0 ? variant->pixels : variant->depth;
  const guint steps = variant->pixels != 0 ? variant->depth : WEIGHTS_PIXELS;
  const guint quads = variant->depth / 4, threads = SUBGROUPS * limits->subgroup_size;

  return limits->matrix_m != 0 && tall % (SUBGROUPS / variant->width * limits->matrix_m) == 0
         && variant->channels % (variant->width * limits->matrix_n) == 0 && steps % limits->matrix_k == 0
         && threads <= limits->threads && threads % quads == 0
         && (variant->pixels != 0 ? variant->pixels : WEIGHTS_PIXELS) * quads % threads == 0
         && count_shared_bytes (variant, limits, 1) <= limits->shared_bytes;
}

static gboolean
fits (const FvConvVariant *variant, const FvDeviceLimits *limits, FvConvDirection direction, const FvConvShape *shape)
{
  if (!shape->half || !tile_fits (variant, limits) || fv_kernel_lookup ("conv-matrix") == NULL)
    return FALSE;
  if (direction == FV_CONV_BACKWARD_DATA)
    return shape->in_channels % variant->channels == 0 && shape->out_channels % variant->depth == 0;
  /* At least half of a tile is of use. */
  return shape->out_channels % variant->channels == 0 && 2 * count_inputs (shape) >= variant->depth;
}

static guint
count_weight_groups (const FvConvVariant *variant, const FvConvShape *shape)
{
  return fv_conv_divide_up (count_inputs (shape), variant->depth) * (shape->out_channels / variant->channels);
}

static guint
count_splits (const FvConvVariant *variant, const FvConvShape *shape)
{
  const gsize pixels = (gsize)shape->n * shape->out_h * shape->out_w;
  const guint splits = MIN (fv_conv_divide_up (WEIGHTS_MIN_GROUPS, count_weight_groups (variant, shape)),
                            fv_conv_divide_up (pixels, WEIGHTS_MIN_SLICE));

  return MAX (splits, fv_conv_divide_up (pixels, WEIGHTS_MAX_SLICE));
}

/* Backward by data: the transposed weights. By weights: partial sums of each split. */
static gsize
count_scratch (const FvConvVariant *variant, FvConvDirection direction, const FvConvShape *shape)
{
  if (direction == FV_CONV_FORWARD)
    return 0;
  return fv_conv_count_weights (shape) * (direction == FV_CONV_BACKWARD_WEIGHTS ? count_splits (variant, shape) : 1);
}

static void
record_gather (const FvConvCall *call, FvRecorder *recorder)
{
  const FvConvVariant *variant = call->variant;
  const FvDeviceLimits *limits = fv_device_get_limits (fv_recorder_get_device (recorder));
  const Spec spec = make_spec (variant, limits);
  FvDispatch dispatch;
  FvConvGatherPush push;
  const gsize pixels = fv_conv_prepare_gather (call, recorder, &dispatch, &push);

  dispatch.kernel = "conv-matrix";
  dispatch.subgroup_size = limits->subgroup_size;
  FV_DISPATCH_SPEC (&dispatch, &spec);
  fv_conv_set_tiles (&dispatch,
                     (gsize)fv_conv_divide_up (pixels, variant->pixels) * (push.out_channels / variant->channels));
  dispatch.groups[2] = push.phases * push.phases;
  push.columns = dispatch.groups[0];
  fv_recorder_dispatch (recorder, &dispatch);
}

static void
record_weights (const FvConvCall *call, FvRecorder *recorder)
{
  const FvConvVariant *variant = call->variant;
  const FvDeviceLimits *limits = fv_device_get_limits (fv_recorder_get_device (recorder));
  const Spec spec = make_spec (variant, limits);
  const guint splits = count_splits (variant, &call->shape);
  FvDispatch dispatch;
  FvConvWeightsPush push;

  fv_conv_prepare_weights (call, recorder, splits, &dispatch, &push);
  dispatch.kernel = "conv-weights-matrix";
  dispatch.subgroup_size = limits->subgroup_size;
  FV_DISPATCH_SPEC (&dispatch, &spec);
  dispatch.groups[0] = count_weight_groups (variant, &call->shape);
  fv_recorder_dispatch (recorder, &dispatch);
  fv_conv_record_sum (recorder, dispatch.writes[0], call->weights.weight_gradient, fv_conv_count_weights (&call->shape),
                      splits);
}

static void
record (const FvConvCall *call, FvRecorder *recorder)
{
  if (call->direction == FV_CONV_BACKWARD_WEIGHTS)
    record_weights (call, recorder);
  else
    record_gather (call, recorder);
}

const FvConvFamily fv_conv_matrix
    = { .name = "matrix", .half = TRUE, .gpu = TRUE, .fits = fits, .count_scratch = count_scratch, .record = record };

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/ops/fv-conv-families.h"

#include <string.h>

/*
 * Convolution as a matrix product through shared memory, for GPUs (shaders/conv-tiled.comp, conv-weights-tiled.comp). A workgroup makes a tile of
 * `pixels` by `channels`, summing over `depth` of [tap][input channel] in a step; backward by weights, of `depth` of [tap][input channel] by
 * `channels`, summing over WEIGHTS_PIXELS pixels in a step. A thread makes `width` by `width` of it.
 *
 * Of memory, a tile of 128 x 64 reads 1 byte for 10.7 multiplications (a GPU needs 5 to 10 of them to be busy), one of 32 x 32 for 4: the latter is
 * for maps with so few pixels that larger ones leave processors idle. 8 x 8 sums in registers, with what is on its way to shared memory, make some
 * 130 registers, hence 4 subgroups for each scheduler of today's GPUs, which 8 x 8 independent sums need no more of.
 */

/* Beyond this shared memory is what limits the workgroups on a processor. */
#define MAX_SHARED_BYTES 32768
#define WEIGHTS_PIXELS 16
/* Backward by weights splits the pixels until there are so many workgroups, but never sums more pixels in one go (which would cost digits). */
#define WEIGHTS_MIN_GROUPS 512
#define WEIGHTS_MAX_SLICE 8192
#define WEIGHTS_MIN_SLICE 128

typedef struct
{
  guint32 threads, pixels, channels, side, depth, buffers;
} GatherSpec;

typedef struct
{
  guint32 threads, pixels, channels, side, inputs, buffers;
} WeightsSpec;

static guint
count_threads (const FvConvVariant *variant)
{
  return (variant->pixels != 0 ? variant->pixels : variant->depth) * variant->channels
         / (variant->width * variant->width);
}

/* Bytes of shared memory: quads of channels, and of each pixel where it comes from. */
static guint
count_shared_bytes (const FvConvVariant *variant, guint buffers)
{
  if (variant->pixels == 0)
    return buffers * WEIGHTS_PIXELS * (variant->depth + variant->channels) * 4;
  return 16 * variant->pixels
         + buffers * (variant->pixels * (variant->depth + 4) + variant->depth * variant->channels) * 4;
}

static guint
get_buffers (const FvConvVariant *variant, const FvDeviceLimits *limits)
{
  return count_shared_bytes (variant, 2) <= MIN (limits->shared_bytes, MAX_SHARED_BYTES) ? 2 : 1;
}

static guint
count_inputs (const FvConvShape *shape)
{
  return shape->kernel * shape->kernel * shape->in_channels;
}

static gboolean
fits (const FvConvVariant *variant, const FvDeviceLimits *limits, FvConvDirection direction, const FvConvShape *shape)
{
  if (count_threads (variant) > limits->threads || count_shared_bytes (variant, 1) > limits->shared_bytes)
    return FALSE;
  if (direction == FV_CONV_BACKWARD_DATA)
    return shape->in_channels % variant->channels == 0 && shape->out_channels % variant->depth == 0;
  if (shape->out_channels % variant->channels != 0)
    return FALSE;
  /* At least half of a tile is of use. */
  return 2 * count_inputs (shape) >= variant->depth;
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
  FvDispatch dispatch;
  FvConvGatherPush push;
  const gsize pixels = fv_conv_prepare_gather (call, recorder, &dispatch, &push);
  const GatherSpec spec
      = { .threads = count_threads (variant),
          .pixels = variant->pixels,
          .channels = variant->channels,
          .side = variant->width,
          .depth = variant->depth,
          .buffers = get_buffers (variant, fv_device_get_limits (fv_recorder_get_device (recorder))) };

  dispatch.kernel = FV_KERNEL_FOR ("conv-tiled", call->x);
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
  const guint splits = count_splits (variant, &call->shape);
  const WeightsSpec spec
      = { .threads = count_threads (variant),
          .pixels = WEIGHTS_PIXELS,
          .channels = variant->channels,
          .side = variant->width,
          .inputs = variant->depth,
          .buffers = get_buffers (variant, fv_device_get_limits (fv_recorder_get_device (recorder))) };
  FvDispatch dispatch;
  FvConvWeightsPush push;

  fv_conv_prepare_weights (call, recorder, splits, &dispatch, &push);
  dispatch.kernel = FV_KERNEL_FOR ("conv-weights-tiled", call->x);
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

const FvConvFamily fv_conv_tiled
    = { .name = "tiled", .half = TRUE, .gpu = TRUE, .fits = fits, .count_scratch = count_scratch, .record = record };

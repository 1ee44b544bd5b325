/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/ops/fv-conv-families.h"

#include <string.h>

/*
 * Direct convolution. The plain family is a thread of 4 pixels by 4 channels and runs on any device. The subgroup family is for CPU drivers,
 * whose lanes are elements of a vector register: a subgroup makes a tile of `pixels` by `channels`, its channels across the lanes, `width`
 * neighbours each, `depth` of the other channels in a step. By weights the tile is of `depth` rows by `channels`, `pixels` in a step.
 */

/* Backward by weights splits the pixels until there are so many subgroups, but never sums more pixels in one go (which would cost digits). */
#define WEIGHTS_MIN_SUBGROUPS 128
#define WEIGHTS_MAX_SLICE 8192
/* A plain variant is for devices with thousands of threads. */
#define WEIGHTS_MIN_GROUPS_PLAIN 1024
#define WEIGHTS_MIN_SLICE 64

typedef struct
{
  guint32 lanes, pixels, width, vectors, depth, in, out, row, add, silu, flat;
} GatherSpec;

typedef struct
{
  guint32 lanes, rows, width, vectors, pixels, row, flat;
} WeightsSpec;

/* With 8 lanes a shuffle is the fast way to spread a value on every version of the driver, with 16 a broadcast. */
static const char *
pick_kernel (guint lanes, const char *shuffling, const char *broadcasting)
{
  return lanes == 8 ? shuffling : broadcasting;
}

/* Channels across a tile, and those summed over; a picture's: all of the kernel. */
static guint
get_across (FvConvDirection direction, const FvConvShape *shape)
{
  return direction == FV_CONV_BACKWARD_DATA ? shape->in_channels : shape->out_channels;
}

static guint
get_spread (FvConvDirection direction, const FvConvShape *shape)
{
  const guint row = fv_conv_picture_row (shape);

  if (direction == FV_CONV_BACKWARD_DATA)
    return shape->out_channels;
  return row != 0 ? row * shape->kernel : shape->in_channels;
}

/* Whether input and output pixels correspond one to one, so that nobody need know where they are. */
static gboolean
is_flat (const FvConvShape *shape)
{
  return shape->kernel == 1 && shape->stride == 1 && shape->padding == 0;
}

static gboolean
plain_fits (const FvConvVariant *variant, const FvDeviceLimits *limits, FvConvDirection direction,
            const FvConvShape *shape)
{
  return TRUE;
}

static gboolean
subgroup_fits (const FvConvVariant *variant, const FvDeviceLimits *limits, FvConvDirection direction,
               const FvConvShape *shape)
{
  const gsize rows = (gsize)shape->kernel * shape->kernel * shape->in_channels;

  if (get_across (direction, shape) % variant->channels != 0)
    return FALSE;
  if (direction != FV_CONV_BACKWARD_WEIGHTS)
    return get_spread (direction, shape) % variant->depth == 0;
  /* The last tile may be partly empty; of the lowest tile, largely. */
  return variant->depth == 2 * variant->lanes
         || 4 * fv_conv_divide_up (rows, variant->depth) * variant->depth <= 5 * rows;
}

/* Subgroups, or workgroups of the plain kernel, that go over all of the pixels. */
static guint
count_weight_groups (const FvConvVariant *variant, const FvConvShape *shape)
{
  if (variant->family == &fv_conv_plain)
    return fv_conv_divide_up (fv_conv_count_weights (shape), 64 * 16);
  return shape->out_channels / variant->channels
         * fv_conv_divide_up ((gsize)shape->kernel * shape->kernel * shape->in_channels, variant->depth);
}

static guint
count_splits (const FvConvVariant *variant, const FvConvShape *shape)
{
  const gsize pixels = (gsize)shape->n * shape->out_h * shape->out_w;
  const guint wanted = variant->family == &fv_conv_plain ? WEIGHTS_MIN_GROUPS_PLAIN : WEIGHTS_MIN_SUBGROUPS;
  const guint splits = MIN (fv_conv_divide_up (wanted, count_weight_groups (variant, shape)),
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
  const guint row = call->direction == FV_CONV_FORWARD ? fv_conv_picture_row (&call->shape) : 0;
  FvDispatch dispatch;
  FvConvGatherPush push;
  const gsize pixels = fv_conv_prepare_gather (call, recorder, &dispatch, &push);
  GatherSpec spec;

  if (variant->family == &fv_conv_plain)
    {
      dispatch.kernel = FV_KERNEL_FOR ("conv-plain", call->x);
      fv_conv_set_tiles (&dispatch,
                         fv_conv_divide_up ((gsize)fv_conv_divide_up (pixels, 4) * (push.out_channels / 4), 64));
      dispatch.groups[2] = push.phases * push.phases;
    }
  else
    {
      /* A picture's kernel is one tap that gathers rows. */
      if (row != 0)
        {
          push.in_channels *= push.kernel * push.kernel;
          push.kernel = 1;
        }
      spec = (GatherSpec){ .lanes = variant->lanes,
                           .pixels = variant->pixels,
                           .width = variant->width,
                           .vectors = variant->channels / (variant->width * variant->lanes),
                           .depth = variant->depth,
                           .in = push.in_channels,
                           .out = push.out_channels,
                           .row = row,
                           .add = push.add,
                           .silu = push.silu,
                           .flat = is_flat (&call->shape) };
      FV_DISPATCH_SPEC (&dispatch, &spec);
      dispatch.kernel = pick_kernel (variant->lanes, "conv-subgroup-shuffle", "conv-subgroup");
      dispatch.subgroup_size = variant->lanes;
      fv_conv_set_tiles (&dispatch, fv_conv_divide_up (pixels, variant->pixels));
      dispatch.groups[2] = push.phases * push.phases * (push.out_channels / variant->channels);
    }
  push.columns = dispatch.groups[0];
  fv_recorder_dispatch (recorder, &dispatch);
}

static void
record_weights (const FvConvCall *call, FvRecorder *recorder)
{
  const FvConvShape *shape = &call->shape;
  const FvConvVariant *variant = call->variant;
  const gboolean plain = variant->family == &fv_conv_plain;
  const guint row = plain ? 0 : fv_conv_picture_row (shape);
  const guint splits = count_splits (variant, shape);
  FvDispatch dispatch;
  FvConvWeightsPush push;
  WeightsSpec spec;

  fv_conv_prepare_weights (call, recorder, splits, &dispatch, &push);
  dispatch.kernel = FV_KERNEL_FOR ("conv-weights-plain", call->x);
  dispatch.groups[0] = count_weight_groups (variant, shape);
  if (!plain)
    {
      /* A row of a picture's kernel is one tap. */
      if (row != 0)
        push.in_channels = row;
      spec = (WeightsSpec){ .lanes = variant->lanes,
                            .rows = variant->depth,
                            .width = variant->width,
                            .vectors = variant->channels / (variant->width * variant->lanes),
                            .pixels = variant->pixels,
                            .row = row,
                            .flat = is_flat (shape) };
      FV_DISPATCH_SPEC (&dispatch, &spec);
      dispatch.kernel = pick_kernel (variant->lanes, "conv-weights-subgroup-shuffle", "conv-weights-subgroup");
      dispatch.subgroup_size = variant->lanes;
    }
  fv_recorder_dispatch (recorder, &dispatch);
  fv_conv_record_sum (recorder, dispatch.writes[0], call->weights.weight_gradient, fv_conv_count_weights (shape),
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

const FvConvFamily fv_conv_plain
    = { .name = "plain", .half = TRUE, .fits = plain_fits, .count_scratch = count_scratch, .record = record };

const FvConvFamily fv_conv_subgroup
    = { .name = "subgroup", .fits = subgroup_fits, .count_scratch = count_scratch, .record = record };

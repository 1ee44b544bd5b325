/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/ops/fv-conv-families.h"

#include <string.h>

/*
 * Direct convolution. The plain family is a thread of 4 pixels by 4 channels and runs on any device. The subgroup family is for CPU drivers,
 * whose lanes are elements of a vector register: a subgroup makes a tile of pixels by channels, its channels across the lanes, `width`
 * neighbours each, `depth` of the other channels, one or two for each lane, in a step.
 */

/* Backward by weights splits the pixels until there are so many subgroups, but never sums more pixels in one go (which would cost digits). */
#define WEIGHTS_MIN_SUBGROUPS 128
#define WEIGHTS_MAX_SLICE 8192
/* A plain variant is for devices with thousands of threads. */
#define WEIGHTS_MIN_GROUPS_PLAIN 1024
#define WEIGHTS_MIN_SLICE 64

/* Both directions of the gather; shaders/include/conv.glsl. */
typedef struct
{
  VkDeviceAddress x, w, y, bias, zero, dump;
  guint32 n, in_h, in_w, out_h, out_w;
  guint32 in_pitch, out_pitch;
  guint32 in_channels, out_channels;
  guint32 kernel, padding, step, phases;
  gint32 direction;
  guint32 add, silu, columns;
  guint32 unused;
} GatherPush;

typedef struct
{
  guint32 lanes, pixels, width, vectors, depth, in, out, row, add, silu;
} GatherSpec;

/* shaders/include/conv-weights.glsl */
typedef struct
{
  VkDeviceAddress x, dy, partial, zero;
  guint32 n, in_h, in_w, out_h, out_w;
  guint32 in_pitch, out_pitch;
  guint32 in_channels, out_channels;
  guint32 kernel, padding, stride, slice;
} WeightsPush;

typedef struct
{
  guint32 lanes, rows, width, vectors, row;
} WeightsSpec;

/* With 8 lanes a shuffle is the fast way to spread a value on every version of the driver, with 16 a broadcast. */
static const char *
pick_kernel (guint lanes, const char *shuffling, const char *broadcasting)
{
  return lanes == 8 ? shuffling : broadcasting;
}

static gsize
count_weights (const FvConvShape *shape)
{
  return (gsize)shape->kernel * shape->kernel * shape->in_channels * shape->out_channels;
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

static gboolean
plain_fits (const FvConvVariant *variant, guint lanes, FvConvDirection direction, const FvConvShape *shape)
{
  return TRUE;
}

static gboolean
subgroup_fits (const FvConvVariant *variant, guint lanes, FvConvDirection direction, const FvConvShape *shape)
{
  return get_across (direction, shape) % variant->channels == 0 && get_spread (direction, shape) % variant->depth == 0;
}

/* Subgroups, or workgroups of the plain kernel, that go over all of the pixels. */
static guint
count_weight_groups (const FvConvVariant *variant, const FvConvShape *shape)
{
  const guint of_group = variant->family == &fv_conv_plain ? 64 * 16 : variant->channels * variant->depth;

  return fv_conv_divide_up (count_weights (shape), of_group);
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
  return count_weights (shape) * (direction == FV_CONV_BACKWARD_WEIGHTS ? count_splits (variant, shape) : 1);
}

/* Forward and backward by data: @push says what. */
static void
record_gather (const FvConvCall *call, FvRecorder *recorder, FvDispatch *dispatch, GatherPush *push)
{
  const FvConvVariant *variant = call->variant;
  FvDevice *device = fv_recorder_get_device (recorder);
  const guint rows = fv_conv_divide_up (push->out_h, push->phases);
  const guint columns = fv_conv_divide_up (push->out_w, push->phases);
  const gsize pixels = (gsize)push->n * rows * columns;
  const guint row = call->direction == FV_CONV_FORWARD ? fv_conv_picture_row (&call->shape) : 0;
  GatherSpec spec;

  push->zero = fv_device_get_zero_page (device);
  push->dump = fv_device_get_dump_page (device);
  if (push->bias == 0)
    push->bias = push->zero;
  if (variant->family == &fv_conv_plain)
    {
      dispatch->kernel = FV_KERNEL_FOR ("conv-plain", call->x);
      fv_conv_set_tiles (dispatch,
                         fv_conv_divide_up ((gsize)fv_conv_divide_up (pixels, 4) * (push->out_channels / 4), 64));
      dispatch->groups[2] = push->phases * push->phases;
    }
  else
    {
      /* A picture's kernel is one tap that gathers rows. */
      if (row != 0)
        {
          push->in_channels *= push->kernel * push->kernel;
          push->kernel = 1;
        }
      spec = (GatherSpec){ .lanes = variant->lanes,
                           .pixels = variant->pixels,
                           .width = variant->width,
                           .vectors = variant->channels / (variant->width * variant->lanes),
                           .depth = variant->depth,
                           .in = push->in_channels,
                           .out = push->out_channels,
                           .row = row,
                           .add = push->add,
                           .silu = push->silu };
      FV_DISPATCH_SPEC (dispatch, &spec);
      dispatch->kernel = pick_kernel (variant->lanes, "conv-subgroup-shuffle", "conv-subgroup");
      dispatch->subgroup_size = variant->lanes;
      fv_conv_set_tiles (dispatch, fv_conv_divide_up (pixels, variant->pixels));
      dispatch->groups[2] = push->phases * push->phases * (push->out_channels / variant->channels);
    }
  push->columns = dispatch->groups[0];
  dispatch->push = push;
  dispatch->push_size = sizeof *push;
  fv_recorder_dispatch (recorder, dispatch);
}

static void
record_forward (const FvConvCall *call, FvRecorder *recorder)
{
  const FvConvShape *shape = &call->shape;
  FvDispatch dispatch
      = { .phase = fv_conv_get_phase (call->direction),
          .reads = { fv_tensor_get_range (call->x), fv_conv_weight_range (call, call->weights.weight_address) },
          .writes = { fv_tensor_get_range (call->y) },
          .flops = call->flops };
  GatherPush push = { .x = fv_tensor_get_address (call->x),
                      .w = call->weights.weight_address,
                      .y = fv_tensor_get_address (call->y),
                      .bias = call->weights.bias_address,
                      .n = shape->n,
                      .in_h = shape->in_h,
                      .in_w = shape->in_w,
                      .out_h = shape->out_h,
                      .out_w = shape->out_w,
                      .in_pitch = call->x->pitch,
                      .out_pitch = call->y->pitch,
                      .in_channels = shape->in_channels,
                      .out_channels = shape->out_channels,
                      .kernel = shape->kernel,
                      .padding = shape->padding,
                      .step = shape->stride,
                      .phases = 1,
                      .direction = 1,
                      .silu = call->weights.activation == FV_ACTIVATION_SILU };

  if (call->weights.bias != NULL)
    dispatch.reads[2] = (FvRange){ call->weights.bias_address, call->weights.bias->length * sizeof (float) };
  record_gather (call, recorder, &dispatch, &push);
}

static void
record_data (const FvConvCall *call, FvRecorder *recorder)
{
  const FvConvShape *shape = &call->shape;
  const FvRange dx = fv_tensor_get_range (call->x), transposed = fv_tensor_get_range (call->scratch);
  FvDispatch dispatch = { .phase = fv_conv_get_phase (call->direction),
                          .reads = { fv_tensor_get_range (call->y), transposed },
                          .writes = { dx },
                          .flops = call->flops };
  GatherPush push = { .x = fv_tensor_get_address (call->y),
                      .w = transposed.address,
                      .y = dx.address,
                      .n = shape->n,
                      .in_h = shape->out_h,
                      .in_w = shape->out_w,
                      .out_h = shape->in_h,
                      .out_w = shape->in_w,
                      .in_pitch = call->y->pitch,
                      .out_pitch = call->x->pitch,
                      .in_channels = shape->out_channels,
                      .out_channels = shape->in_channels,
                      .kernel = shape->kernel,
                      .padding = shape->padding,
                      .step = 1,
                      .phases = shape->stride,
                      .direction = -1,
                      .add = call->add };

  if (call->add)
    dispatch.reads[2] = dx;
  fv_conv_record_transpose (call, recorder, transposed);
  record_gather (call, recorder, &dispatch, &push);
}

static void
record_weights (const FvConvCall *call, FvRecorder *recorder)
{
  const FvConvShape *shape = &call->shape;
  const FvConvVariant *variant = call->variant;
  const gboolean plain = variant->family == &fv_conv_plain;
  const FvRange partial = fv_tensor_get_range (call->scratch);
  const guint row = plain ? 0 : fv_conv_picture_row (shape);
  const guint splits = count_splits (variant, shape);
  WeightsSpec spec;
  const WeightsPush push = { .x = fv_tensor_get_address (call->x),
                             .dy = fv_tensor_get_address (call->y),
                             .partial = partial.address,
                             .zero = fv_device_get_zero_page (fv_recorder_get_device (recorder)),
                             .n = shape->n,
                             .in_h = shape->in_h,
                             .in_w = shape->in_w,
                             .out_h = shape->out_h,
                             .out_w = shape->out_w,
                             .in_pitch = call->x->pitch,
                             .out_pitch = call->y->pitch,
                             .in_channels = row != 0 ? row * shape->kernel : shape->in_channels,
                             .out_channels = shape->out_channels,
                             .kernel = row != 0 ? 1 : shape->kernel,
                             .padding = shape->padding,
                             .stride = shape->stride,
                             .slice = fv_conv_divide_up (fv_tensor_get_pixels (call->y), splits) };
  FvDispatch dispatch = { .kernel = FV_KERNEL_FOR ("conv-weights-plain", call->x),
                          .phase = fv_conv_get_phase (call->direction),
                          .groups = { count_weight_groups (variant, shape), splits, 1 },
                          .push = &push,
                          .push_size = sizeof push,
                          .reads = { fv_tensor_get_range (call->x), fv_tensor_get_range (call->y) },
                          .writes = { partial },
                          .flops = call->flops };

  if (!plain)
    {
      spec = (WeightsSpec){ .lanes = variant->lanes,
                            .rows = variant->depth,
                            .width = variant->width,
                            .vectors = variant->channels / (variant->width * variant->lanes),
                            .row = row };
      FV_DISPATCH_SPEC (&dispatch, &spec);
      dispatch.kernel = pick_kernel (variant->lanes, "conv-weights-subgroup-shuffle", "conv-weights-subgroup");
      dispatch.subgroup_size = variant->lanes;
    }
  fv_recorder_dispatch (recorder, &dispatch);
  fv_conv_record_sum (recorder, partial, call->weights.weight_gradient, count_weights (shape), splits);
}

static void
record (const FvConvCall *call, FvRecorder *recorder)
{
  if (call->direction == FV_CONV_FORWARD)
    record_forward (call, recorder);
  else if (call->direction == FV_CONV_BACKWARD_DATA)
    record_data (call, recorder);
  else
    record_weights (call, recorder);
}

const FvConvFamily fv_conv_plain
    = { .name = "plain", .half = TRUE, .fits = plain_fits, .count_scratch = count_scratch, .record = record };

const FvConvFamily fv_conv_subgroup
    = { .name = "subgroup", .fits = subgroup_fits, .count_scratch = count_scratch, .record = record };

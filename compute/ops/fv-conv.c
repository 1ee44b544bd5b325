/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/ops/fv-conv-variants.h"
#include "compute/ops/fv-ops.h"

#include <string.h>

/* The largest number of workgroups along x that every device takes. */
#define MAX_GROUPS 65535

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
  guint32 add, columns;
} GatherPush;

typedef struct
{
  guint32 lanes, pixels, width, vectors, depth, in, out, row, add;
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

typedef struct
{
  VkDeviceAddress from, to;
  guint32 taps, rows, columns;
} TransposePush;

typedef struct
{
  VkDeviceAddress partial, gradient;
  guint32 pairs, splits;
} SumPush;

typedef struct
{
  VkDeviceAddress dy, partial;
  guint32 pixels, pitch, channels, slice;
} BiasPush;

/* A node's params, of all three directions and of the bias. */
typedef struct
{
  FvConvWeights weights;
  guint stride, padding;
  guint variant;
  gboolean add; /* backward by data */
  guint splits; /* backward by weights, and of the bias */
  double flops;
} Conv;

static guint
divide_up (gsize a, gsize b)
{
  return (a + b - 1) / b;
}

/* Floats of a kernel row of a picture, whose pixels are neighbours when there is no padding; else 0. */
static guint
picture_row (const Conv *conv, const FvTensor *x)
{
  return x->pitch == 4 && conv->padding == 0 ? 4 * conv->weights.weight->dims[3] : 0;
}

static guint
get_kernel (const Conv *conv)
{
  return conv->weights.weight->dims[3];
}

/* Of forward and of backward by weights. */
static FvConvShape
get_shape (const Conv *conv, const FvTensor *x)
{
  const FvParam *weight = conv->weights.weight;
  const guint k = get_kernel (conv), row = picture_row (conv, x);

  return (FvConvShape){ weight->pitch_out, row != 0 ? row * k : weight->pitch_in };
}

static FvRange
weight_range (const Conv *conv, VkDeviceAddress address)
{
  return (FvRange){ address, conv->weights.weight->length * sizeof (float) };
}

/* Spreads @tiles over two dimensions of workgroups. */
static void
set_tiles (FvDispatch *dispatch, gsize tiles)
{
  dispatch->groups[1] = divide_up (tiles, MAX_GROUPS);
  dispatch->groups[0] = divide_up (tiles, dispatch->groups[1]);
}

/* With 8 lanes a shuffle is the fast way to spread a value on every version of the driver, with 16 a broadcast. */
static const char *
pick_kernel (guint lanes, const char *shuffling, const char *broadcasting)
{
  return lanes == 8 ? shuffling : broadcasting;
}

/* Forward and backward by data: @push says what, @variant how. */
static void
record_gather (FvRecorder *recorder, FvDispatch *dispatch, const FvConvVariant *variant, GatherPush *push, guint row)
{
  FvDevice *device = fv_recorder_get_device (recorder);
  const guint rows = divide_up (push->out_h, push->phases), columns = divide_up (push->out_w, push->phases);
  const gsize pixels = (gsize)push->n * rows * columns;
  GatherSpec spec;

  push->zero = fv_device_get_zero_page (device);
  push->dump = fv_device_get_dump_page (device);
  if (push->bias == 0)
    push->bias = push->zero;
  if (variant->lanes == 0)
    {
      dispatch->kernel = "conv-plain";
      set_tiles (dispatch, divide_up ((gsize)divide_up (pixels, 4) * (push->out_channels / 4), 64));
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
                           .depth = variant->depth * variant->lanes,
                           .in = push->in_channels,
                           .out = push->out_channels,
                           .row = row,
                           .add = push->add };
      FV_DISPATCH_SPEC (dispatch, &spec);
      dispatch->kernel = pick_kernel (variant->lanes, "conv-subgroup-shuffle", "conv-subgroup");
      dispatch->subgroup_size = variant->lanes;
      set_tiles (dispatch, divide_up (pixels, variant->pixels));
      dispatch->groups[2] = push->phases * push->phases * (push->out_channels / variant->channels);
    }
  push->columns = dispatch->groups[0];
  dispatch->push = push;
  dispatch->push_size = sizeof *push;
  fv_recorder_dispatch (recorder, dispatch);
}

static const FvConvVariant *
get_variant (FvConvDirection direction, guint index)
{
  guint n_variants;

  return &fv_conv_get_variants (direction, &n_variants)[index];
}

static void
forward_record (FvNode *node, FvRecorder *recorder)
{
  const Conv *conv = node->params;
  const FvParam *weight = conv->weights.weight;
  const FvTensor *x = node->inputs[0], *y = node->outputs[0];
  FvDispatch dispatch = { .phase = "conv forward",
                          .reads = { fv_tensor_get_range (x), weight_range (conv, conv->weights.weight_address) },
                          .writes = { fv_tensor_get_range (y) },
                          .flops = conv->flops };
  GatherPush push = { .x = fv_tensor_get_address (x),
                      .w = conv->weights.weight_address,
                      .y = fv_tensor_get_address (y),
                      .bias = conv->weights.bias_address,
                      .n = x->n,
                      .in_h = x->h,
                      .in_w = x->w,
                      .out_h = y->h,
                      .out_w = y->w,
                      .in_pitch = x->pitch,
                      .out_pitch = y->pitch,
                      .in_channels = weight->pitch_in,
                      .out_channels = weight->pitch_out,
                      .kernel = get_kernel (conv),
                      .padding = conv->padding,
                      .step = conv->stride,
                      .phases = 1,
                      .direction = 1 };

  if (conv->weights.bias != NULL)
    dispatch.reads[2] = (FvRange){ conv->weights.bias_address, conv->weights.bias->length * sizeof (float) };
  record_gather (recorder, &dispatch, get_variant (FV_CONV_FORWARD, conv->variant), &push, picture_row (conv, x));
}

/* inputs: dy; outputs: dx, transposed weights */
static void
data_record (FvNode *node, FvRecorder *recorder)
{
  const Conv *conv = node->params;
  const FvParam *weight = conv->weights.weight;
  const FvTensor *dy = node->inputs[0], *dx = node->outputs[0], *transposed = node->outputs[1];
  const TransposePush transpose_push = { .from = conv->weights.weight_address,
                                         .to = fv_tensor_get_address (transposed),
                                         .taps = get_kernel (conv) * get_kernel (conv),
                                         .rows = weight->pitch_in,
                                         .columns = weight->pitch_out };
  const FvDispatch transpose = { .kernel = "conv-transpose",
                                 .phase = "conv backward data",
                                 .groups = { divide_up (weight->length, 64), 1, 1 },
                                 .push = &transpose_push,
                                 .push_size = sizeof transpose_push,
                                 .reads = { weight_range (conv, conv->weights.weight_address) },
                                 .writes = { fv_tensor_get_range (transposed) } };
  FvDispatch dispatch = { .phase = "conv backward data",
                          .reads = { fv_tensor_get_range (dy), fv_tensor_get_range (transposed) },
                          .writes = { fv_tensor_get_range (dx) },
                          .flops = conv->flops };
  GatherPush push = { .x = fv_tensor_get_address (dy),
                      .w = fv_tensor_get_address (transposed),
                      .y = fv_tensor_get_address (dx),
                      .n = dy->n,
                      .in_h = dy->h,
                      .in_w = dy->w,
                      .out_h = dx->h,
                      .out_w = dx->w,
                      .in_pitch = dy->pitch,
                      .out_pitch = dx->pitch,
                      .in_channels = weight->pitch_out,
                      .out_channels = weight->pitch_in,
                      .kernel = get_kernel (conv),
                      .padding = conv->padding,
                      .step = 1,
                      .phases = conv->stride,
                      .direction = -1,
                      .add = conv->add };

  if (conv->add)
    dispatch.reads[2] = fv_tensor_get_range (dx);
  fv_recorder_dispatch (recorder, &transpose);
  record_gather (recorder, &dispatch, get_variant (FV_CONV_BACKWARD_DATA, conv->variant), &push, 0);
}

static const FvOpClass data_class = { .name = "conv backward data", .record = data_record };

/* gradient[floats] += the sum of @splits partials */
static void
record_sum (FvRecorder *recorder, const FvTensor *partial, VkDeviceAddress gradient, gsize floats, guint splits)
{
  const SumPush push = { fv_tensor_get_address (partial), gradient, floats / 2, splits };
  const FvRange range = { gradient, floats * sizeof (float) };
  const FvDispatch dispatch = { .kernel = "conv-sum",
                                .phase = "conv backward weights",
                                .groups = { divide_up (floats / 2, 64), 1, 1 },
                                .push = &push,
                                .push_size = sizeof push,
                                .reads = { fv_tensor_get_range (partial), range },
                                .writes = { range } };

  fv_recorder_dispatch (recorder, &dispatch);
}

/* Subgroups, or workgroups of the plain kernel, that go over all of the pixels. */
static guint
count_weight_groups (const FvConvVariant *variant, gsize floats)
{
  const guint of_group = variant->lanes == 0 ? 64 * 16 : variant->channels * variant->depth * variant->lanes;

  return divide_up (floats, of_group);
}

/* inputs: x, dy; outputs: partial sums */
static void
weights_record (FvNode *node, FvRecorder *recorder)
{
  const Conv *conv = node->params;
  const FvParam *weight = conv->weights.weight;
  const FvConvVariant *variant = get_variant (FV_CONV_BACKWARD_WEIGHTS, conv->variant);
  const FvTensor *x = node->inputs[0], *dy = node->inputs[1], *partial = node->outputs[0];
  const guint row = variant->lanes != 0 ? picture_row (conv, x) : 0;
  WeightsSpec spec;
  WeightsPush push = { .x = fv_tensor_get_address (x),
                       .dy = fv_tensor_get_address (dy),
                       .partial = fv_tensor_get_address (partial),
                       .zero = fv_device_get_zero_page (fv_recorder_get_device (recorder)),
                       .n = x->n,
                       .in_h = x->h,
                       .in_w = x->w,
                       .out_h = dy->h,
                       .out_w = dy->w,
                       .in_pitch = x->pitch,
                       .out_pitch = dy->pitch,
                       .in_channels = row != 0 ? row * get_kernel (conv) : weight->pitch_in,
                       .out_channels = weight->pitch_out,
                       .kernel = row != 0 ? 1 : get_kernel (conv),
                       .padding = conv->padding,
                       .stride = conv->stride,
                       .slice = divide_up (fv_tensor_get_pixels (dy), conv->splits) };
  FvDispatch dispatch = { .kernel = "conv-weights-plain",
                          .phase = "conv backward weights",
                          .groups = { count_weight_groups (variant, weight->length), conv->splits, 1 },
                          .push = &push,
                          .push_size = sizeof push,
                          .reads = { fv_tensor_get_range (x), fv_tensor_get_range (dy) },
                          .writes = { fv_tensor_get_range (partial) },
                          .flops = conv->flops };

  if (variant->lanes != 0)
    {
      spec = (WeightsSpec){ .lanes = variant->lanes,
                            .rows = variant->depth * variant->lanes,
                            .width = variant->width,
                            .vectors = variant->channels / (variant->width * variant->lanes),
                            .row = row };
      FV_DISPATCH_SPEC (&dispatch, &spec);
      dispatch.kernel = pick_kernel (variant->lanes, "conv-weights-subgroup-shuffle", "conv-weights-subgroup");
      dispatch.subgroup_size = variant->lanes;
    }
  fv_recorder_dispatch (recorder, &dispatch);
  record_sum (recorder, partial, conv->weights.weight_gradient, weight->length, conv->splits);
}

static const FvOpClass weights_class = { .name = "conv backward weights", .record = weights_record };

/* inputs: dy; outputs: partial sums */
static void
bias_record (FvNode *node, FvRecorder *recorder)
{
  const Conv *conv = node->params;
  const FvTensor *dy = node->inputs[0], *partial = node->outputs[0];
  const guint channels = conv->weights.bias->length;
  const BiasPush push = { .dy = fv_tensor_get_address (dy),
                          .partial = fv_tensor_get_address (partial),
                          .pixels = fv_tensor_get_pixels (dy),
                          .pitch = dy->pitch,
                          .channels = channels,
                          .slice = divide_up (fv_tensor_get_pixels (dy), conv->splits) };
  const FvDispatch dispatch = { .kernel = "conv-bias",
                                .phase = "conv backward weights",
                                .groups = { divide_up (channels, 16), conv->splits, 1 },
                                .push = &push,
                                .push_size = sizeof push,
                                .reads = { fv_tensor_get_range (dy) },
                                .writes = { fv_tensor_get_range (partial) } };

  fv_recorder_dispatch (recorder, &dispatch);
  record_sum (recorder, partial, conv->weights.bias_gradient, channels, conv->splits);
}

static const FvOpClass bias_class = { .name = "conv backward bias", .record = bias_record };

static void
append_data (FvGraph *g, const Conv *forward, FvTensor *x, FvTensor *dy)
{
  const FvParam *weight = forward->weights.weight;
  const FvConvShape shape = { weight->pitch_in, weight->pitch_out };
  Conv *conv = g_memdup2 (forward, sizeof *conv);
  FvTensor *dx = fv_tensor_get_gradient (x), *transposed = fv_graph_scratch (g, weight->length, "transposed weights");

  conv->variant = fv_conv_choose_variant (fv_graph_get_device (g), FV_CONV_BACKWARD_DATA, &shape);
  conv->add = fv_tensor_claim_gradient (x);
  fv_graph_node (g, &data_class, (FvTensor *[]){ dy, NULL }, (FvTensor *[]){ dx, transposed, NULL }, conv);
}

static void
append_weights (FvGraph *g, const Conv *forward, FvTensor *x, FvTensor *dy)
{
  const FvParam *weight = forward->weights.weight;
  const guint pixels = fv_tensor_get_pixels (dy);
  const FvConvShape shape = get_shape (forward, x);
  Conv *conv = g_memdup2 (forward, sizeof *conv);
  const FvConvVariant *variant;
  guint groups, wanted;

  conv->variant = fv_conv_choose_variant (fv_graph_get_device (g), FV_CONV_BACKWARD_WEIGHTS, &shape);
  variant = get_variant (FV_CONV_BACKWARD_WEIGHTS, conv->variant);
  groups = count_weight_groups (variant, weight->length);
  wanted = variant->lanes == 0 ? WEIGHTS_MIN_GROUPS_PLAIN : WEIGHTS_MIN_SUBGROUPS;
  conv->splits = MIN (divide_up (wanted, groups), divide_up (pixels, WEIGHTS_MIN_SLICE));
  conv->splits = MAX (conv->splits, divide_up (pixels, WEIGHTS_MAX_SLICE));
  fv_graph_node (
      g, &weights_class, (FvTensor *[]){ x, dy, NULL },
      (FvTensor *[]){ fv_graph_scratch (g, weight->length * conv->splits, "partial weight gradients"), NULL }, conv);
}

static void
append_bias (FvGraph *g, const Conv *forward, FvTensor *dy)
{
  Conv *conv = g_memdup2 (forward, sizeof *conv);

  conv->splits = divide_up (fv_tensor_get_pixels (dy), 1024);
  fv_graph_node (
      g, &bias_class, (FvTensor *[]){ dy, NULL },
      (FvTensor *[]){ fv_graph_scratch (g, conv->weights.bias->length * conv->splits, "partial bias gradients"), NULL },
      conv);
}

static void
forward_backward (FvGraph *g, FvNode *node)
{
  const Conv *conv = node->params;
  FvTensor *x = node->inputs[0], *y = node->outputs[0], *dy;

  if (!y->requires_gradient)
    return;
  dy = fv_tensor_get_gradient (y);
  if (conv->weights.weight_gradient != 0)
    append_weights (g, conv, x, dy);
  if (conv->weights.bias != NULL && conv->weights.bias_gradient != 0)
    append_bias (g, conv, dy);
  if (x->requires_gradient)
    append_data (g, conv, x, dy);
}

static const FvOpClass forward_class = { .name = "conv", .backward = forward_backward, .record = forward_record };

FvTensor *
fv_conv2d (FvGraph *g, FvTensor *x, const FvConvWeights *weights, guint stride, guint padding, const char *name)
{
  const FvParam *weight = weights->weight;
  const guint k = weight->dims[3];
  Conv *conv = g_new0 (Conv, 1);
  FvConvShape shape;
  FvTensor *y;

  g_assert (weight->dims[1] <= x->c && weight->pitch_in <= x->pitch && weight->dims[2] == k);
  /* Backward would leave the rest of a wider gradient's pixels unwritten. */
  g_assert ((weight->pitch_in == 4) == (x->pitch == 4));
  conv->weights = *weights;
  conv->stride = stride;
  conv->padding = padding;
  y = fv_graph_tensor (g, x->n, (x->h + 2 * padding - k) / stride + 1, (x->w + 2 * padding - k) / stride + 1,
                       weight->dims[0], 0, name);
  y->requires_gradient = x->requires_gradient || weights->weight_gradient != 0 || weights->bias_gradient != 0;
  conv->flops = 2.0 * fv_tensor_get_pixels (y) * weight->dims[0] * weight->dims[1] * k * k;
  shape = get_shape (conv, x);
  conv->variant = fv_conv_choose_variant (fv_graph_get_device (g), FV_CONV_FORWARD, &shape);
  fv_graph_node (g, &forward_class, (FvTensor *[]){ x, NULL }, (FvTensor *[]){ y, NULL }, conv);
  return y;
}

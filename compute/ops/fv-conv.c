/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/ops/fv-conv-families.h"

#include <string.h>

/* The largest number of workgroups along x that every device takes. */
#define MAX_GROUPS 65535

/* A node's params, of all three directions. */
typedef struct
{
  FvConvDirection direction;
  FvConvShape shape;
  FvConvWeights weights;
  const FvConvVariant *variant;
  gboolean add; /* backward by data */
  double flops;
} Conv;

typedef struct
{
  FvConvWeights weights;
  guint splits;
} Bias;

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

const char *
fv_conv_get_phase (FvConvDirection direction)
{
  static const char *const phases[] = { "conv forward", "conv backward data", "conv backward weights" };

  return phases[direction];
}

FvRange
fv_conv_weight_range (const FvConvCall *call, VkDeviceAddress address)
{
  return (FvRange){ address, call->weights.weight->length * sizeof (float) };
}

guint
fv_conv_picture_row (const FvConvShape *shape)
{
  return shape->in_channels == 4 && shape->padding == 0 ? 4 * shape->kernel : 0;
}

void
fv_conv_set_tiles (FvDispatch *dispatch, gsize tiles)
{
  dispatch->groups[1] = fv_conv_divide_up (tiles, MAX_GROUPS);
  dispatch->groups[0] = fv_conv_divide_up (tiles, dispatch->groups[1]);
}

void
fv_conv_record_transpose (const FvConvCall *call, FvRecorder *recorder, FvRange to)
{
  const FvParam *weight = call->weights.weight;
  const TransposePush push = { .from = call->weights.weight_address,
                               .to = to.address,
                               .taps = call->shape.kernel * call->shape.kernel,
                               .rows = weight->pitch_in,
                               .columns = weight->pitch_out };
  const FvDispatch dispatch = { .kernel = "conv-transpose",
                                .phase = fv_conv_get_phase (call->direction),
                                .groups = { fv_conv_divide_up (weight->length, 64), 1, 1 },
                                .push = &push,
                                .push_size = sizeof push,
                                .reads = { fv_conv_weight_range (call, call->weights.weight_address) },
                                .writes = { to } };

  fv_recorder_dispatch (recorder, &dispatch);
}

void
fv_conv_record_sum (FvRecorder *recorder, FvRange partial, VkDeviceAddress gradient, gsize floats, guint splits)
{
  const SumPush push = { partial.address, gradient, floats / 2, splits };
  const FvRange range = { gradient, floats * sizeof (float) };
  const FvDispatch dispatch = { .kernel = "conv-sum",
                                .phase = fv_conv_get_phase (FV_CONV_BACKWARD_WEIGHTS),
                                .groups = { fv_conv_divide_up (floats / 2, 64), 1, 1 },
                                .push = &push,
                                .push_size = sizeof push,
                                .reads = { partial, range },
                                .writes = { range } };

  fv_recorder_dispatch (recorder, &dispatch);
}

/* Forward: inputs x; outputs y. By data: inputs dy; outputs dx. By weights: inputs x, dy. Outputs end with scratch memory where there is any. */
static void
conv_record (FvNode *node, FvRecorder *recorder)
{
  const Conv *conv = node->params;
  const guint n_results = conv->direction == FV_CONV_BACKWARD_WEIGHTS ? 0 : 1;
  FvConvCall call = { .direction = conv->direction,
                      .variant = conv->variant,
                      .shape = conv->shape,
                      .weights = conv->weights,
                      .x = node->inputs[0],
                      .y = node->n_inputs > 1 ? node->inputs[1] : node->outputs[0],
                      .scratch = node->n_outputs > n_results ? node->outputs[n_results] : NULL,
                      .add = conv->add,
                      .flops = conv->flops };

  if (conv->direction == FV_CONV_BACKWARD_DATA)
    {
      call.x = node->outputs[0];
      call.y = node->inputs[0];
    }
  conv->variant->family->record (&call, recorder);
}

/* inputs: dy; outputs: partial sums */
static void
bias_record (FvNode *node, FvRecorder *recorder)
{
  const Bias *bias = node->params;
  const FvTensor *dy = node->inputs[0], *partial = node->outputs[0];
  const guint channels = bias->weights.bias->length;
  const BiasPush push = { .dy = fv_tensor_get_address (dy),
                          .partial = fv_tensor_get_address (partial),
                          .pixels = fv_tensor_get_pixels (dy),
                          .pitch = dy->pitch,
                          .channels = channels,
                          .slice = fv_conv_divide_up (fv_tensor_get_pixels (dy), bias->splits) };
  const FvDispatch dispatch = { .kernel = FV_KERNEL_FOR ("conv-bias", dy),
                                .phase = fv_conv_get_phase (FV_CONV_BACKWARD_WEIGHTS),
                                .groups = { fv_conv_divide_up (channels, 16), bias->splits, 1 },
                                .push = &push,
                                .push_size = sizeof push,
                                .reads = { fv_tensor_get_range (dy) },
                                .writes = { fv_tensor_get_range (partial) } };

  fv_recorder_dispatch (recorder, &dispatch);
  fv_conv_record_sum (recorder, fv_tensor_get_range (partial), bias->weights.bias_gradient, channels, bias->splits);
}

static const FvOpClass data_class = { .name = "conv backward data", .record = conv_record };
static const FvOpClass weights_class = { .name = "conv backward weights", .record = conv_record };
static const FvOpClass bias_class = { .name = "conv backward bias", .record = bias_record };

/* (transfer full): a node's params, its variant chosen, and the scratch memory that this needs, or NULL. */
static Conv *
new_conv (FvGraph *g, const Conv *like, FvConvDirection direction, FvTensor **scratch)
{
  Conv *conv = g_memdup2 (like, sizeof *like);
  guint n_variants;
  gsize floats;

  conv->direction = direction;
  conv->variant = &fv_conv_get_variants (
      direction, &n_variants)[fv_conv_choose_variant (fv_graph_get_device (g), direction, &conv->shape)];
  floats = conv->variant->family->count_scratch (conv->variant, direction, &conv->shape);
  *scratch = floats > 0 ? fv_graph_scratch (g, floats, "convolution") : NULL;
  return conv;
}

static void
append_data (FvGraph *g, const Conv *forward, FvTensor *x, FvTensor *dy)
{
  FvTensor *dx = fv_tensor_get_gradient (x), *scratch;
  Conv *conv = new_conv (g, forward, FV_CONV_BACKWARD_DATA, &scratch);

  conv->add = fv_tensor_claim_gradient (x);
  fv_graph_node (g, &data_class, (FvTensor *[]){ dy, NULL }, (FvTensor *[]){ dx, scratch, NULL }, conv);
}

static void
append_weights (FvGraph *g, const Conv *forward, FvTensor *x, FvTensor *dy)
{
  FvTensor *scratch;
  Conv *conv = new_conv (g, forward, FV_CONV_BACKWARD_WEIGHTS, &scratch);

  fv_graph_node (g, &weights_class, (FvTensor *[]){ x, dy, NULL }, (FvTensor *[]){ scratch, NULL }, conv);
}

static void
append_bias (FvGraph *g, const Conv *forward, FvTensor *dy)
{
  const Bias bias = { forward->weights, fv_conv_divide_up (fv_tensor_get_pixels (dy), 1024) };
  FvTensor *partial = fv_graph_scratch (g, bias.weights.bias->length * bias.splits, "partial bias gradients");

  fv_graph_node (g, &bias_class, (FvTensor *[]){ dy, NULL }, (FvTensor *[]){ partial, NULL },
                 g_memdup2 (&bias, sizeof bias));
}

static void
forward_backward (FvGraph *g, FvNode *node)
{
  const Conv *conv = node->params;
  FvTensor *x = node->inputs[0], *y = node->outputs[0], *dy;

  if (!y->requires_gradient)
    return;
  g_assert (conv->weights.activation == FV_ACTIVATION_NONE);
  dy = fv_tensor_get_gradient (y);
  if (conv->weights.weight_gradient != 0)
    append_weights (g, conv, x, dy);
  if (conv->weights.bias != NULL && conv->weights.bias_gradient != 0)
    append_bias (g, conv, dy);
  if (x->requires_gradient)
    append_data (g, conv, x, dy);
}

static const FvOpClass forward_class = { .name = "conv", .backward = forward_backward, .record = conv_record };

FvTensor *
fv_conv2d (FvGraph *g, FvTensor *x, const FvConvWeights *weights, guint stride, guint padding, const char *name)
{
  const FvParam *weight = weights->weight;
  const guint k = weight->dims[3];
  Conv like = { .weights = *weights }, *conv;
  FvTensor *y, *scratch;

  g_assert (weight->dims[1] <= x->c && weight->pitch_in <= x->pitch && weight->dims[2] == k);
  /* Backward would leave the rest of a wider gradient's pixels unwritten. */
  g_assert ((weight->pitch_in == 4) == (x->pitch == 4));
  y = fv_graph_tensor (g, x->n, (x->h + 2 * padding - k) / stride + 1, (x->w + 2 * padding - k) / stride + 1,
                       weight->dims[0], 0, name);
  y->requires_gradient = x->requires_gradient || weights->weight_gradient != 0 || weights->bias_gradient != 0;
  like.shape = (FvConvShape){ .n = x->n,
                              .in_h = x->h,
                              .in_w = x->w,
                              .out_h = y->h,
                              .out_w = y->w,
                              .in_channels = weight->pitch_in,
                              .out_channels = weight->pitch_out,
                              .kernel = k,
                              .stride = stride,
                              .padding = padding,
                              .half = x->element == FV_ELEMENT_HALF };
  like.flops = 2.0 * fv_tensor_get_pixels (y) * weight->dims[0] * weight->dims[1] * k * k;
  conv = new_conv (g, &like, FV_CONV_FORWARD, &scratch);
  fv_graph_node (g, &forward_class, (FvTensor *[]){ x, NULL }, (FvTensor *[]){ y, scratch, NULL }, conv);
  return y;
}

void
fv_conv_append_alone (FvGraph *g, FvConvDirection direction, const FvConvShape *shape, const FvConvWeights *weights,
                      guint index, FvTensor *x, FvTensor *y)
{
  static const FvOpClass *const classes[] = { &forward_class, &data_class, &weights_class };
  const Conv like = { .direction = direction, .shape = *shape, .weights = *weights };
  Conv *conv = g_memdup2 (&like, sizeof like);
  guint n_variants;
  gsize floats;
  FvTensor *scratch;

  conv->variant = &fv_conv_get_variants (direction, &n_variants)[index];
  floats = conv->variant->family->count_scratch (conv->variant, direction, shape);
  scratch = floats > 0 ? fv_graph_scratch (g, floats, "convolution") : NULL;
  if (direction == FV_CONV_FORWARD)
    fv_graph_node (g, classes[direction], (FvTensor *[]){ x, NULL }, (FvTensor *[]){ y, scratch, NULL }, conv);
  else if (direction == FV_CONV_BACKWARD_DATA)
    fv_graph_node (g, classes[direction], (FvTensor *[]){ y, NULL }, (FvTensor *[]){ x, scratch, NULL }, conv);
  else
    fv_graph_node (g, classes[direction], (FvTensor *[]){ x, y, NULL }, (FvTensor *[]){ scratch, NULL }, conv);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/ops/fv-pixels.h"

#include <string.h>

/* PyTorch's BatchNorm2d as YOLOv5 sets it (models/yolo.py, initialize_weights). */
#define EPSILON 1e-3f
#define MOMENTUM 0.03f

typedef struct
{
  FvBatchNormWeights weights;
  FvActivation activation;
  gboolean batch_statistics;
} BatchNormParams;

typedef struct
{
  guint32 workgroup; /* or rows */
} PlainSpec;

/* Of kernels that go pixel by pixel; rows: FV_PIXELS_ROWS. */
typedef struct
{
  guint32 rows, silu, residual;
} ApplySpec;

typedef struct
{
  guint32 rows, silu, batch_statistics, add;
} BackwardSpec;

static FvRange
channel_range (VkDeviceAddress address, const FvTensor *tensor)
{
  return (FvRange){ address, fv_pixels_padded (tensor) * sizeof (float) };
}

/* A thread for each channel, for which dispatch->groups is zero, or as it says. */
static void
launch (FvRecorder *recorder, FvDispatch *dispatch, const char *kernel, const char *phase, const FvTensor *tensor,
        const void *push, guint push_size)
{
  dispatch->kernel = kernel;
  dispatch->phase = phase;
  if (dispatch->groups[0] == 0)
    dispatch->groups[0] = (fv_pixels_padded (tensor) + FV_PIXELS_WORKGROUP - 1) / FV_PIXELS_WORKGROUP;
  dispatch->groups[1] = MAX (dispatch->groups[1], 1);
  dispatch->groups[2] = 1;
  dispatch->push = push;
  dispatch->push_size = push_size;
  fv_recorder_dispatch (recorder, dispatch);
}

/* Forward: statistics (two stages) or the fold of the running ones, then y = act (a x + b). */

static void
record_statistics (FvRecorder *recorder, const BatchNormParams *params, FvTensor *x, FvTensor *coefficients,
                   FvTensor *partial)
{
  const FvBatchNormWeights *w = &params->weights;
  const FvPixelsShares shares = fv_pixels_share_tensor (x);
  const struct
  {
    guint64 x, shift, partial;
    guint32 pixels, pairs, per, pitch;
  } stats = {
    fv_tensor_get_address (x),
    w->running_mean,
    fv_tensor_get_address (partial),
    fv_tensor_get_pixels (x),
    fv_pixels_pairs (x),
    shares.per,
    x->pitch,
  };
  const struct
  {
    guint64 partial, weight, bias, running_mean, running_var, coefficients;
    guint32 channels, parts;
    float count, epsilon, momentum;
    guint32 padding;
  } finish = {
    .partial = fv_tensor_get_address (partial),
    .weight = w->weight,
    .bias = w->bias,
    .running_mean = w->running_mean,
    .running_var = w->running_var,
    .coefficients = fv_tensor_get_address (coefficients),
    .channels = fv_pixels_padded (x),
    .parts = shares.parts,
    .count = fv_tensor_get_pixels (x),
    .epsilon = EPSILON,
    .momentum = MOMENTUM,
  };
  const PlainSpec rows = { FV_PIXELS_ROWS }, workgroup = { FV_PIXELS_WORKGROUP };
  FvDispatch first = {
    .groups = { shares.groups[0], shares.groups[1] },
    .reads = { fv_tensor_get_range (x), channel_range (w->running_mean, x) },
    .writes = { fv_tensor_get_range (partial) },
  };
  FvDispatch second = {
    .reads = { fv_tensor_get_range (partial), channel_range (w->weight, x), channel_range (w->bias, x),
               channel_range (w->running_mean, x), channel_range (w->running_var, x) },
    .writes
    = { fv_tensor_get_range (coefficients), channel_range (w->running_mean, x), channel_range (w->running_var, x) },
  };

  FV_DISPATCH_SPEC (&first, &rows);
  FV_DISPATCH_SPEC (&second, &workgroup);
  launch (recorder, &first, FV_KERNEL_FOR ("bn-stats", x), "batch norm statistics", x, &stats, sizeof stats);
  launch (recorder, &second, "bn-finish", "batch norm statistics", x, &finish, sizeof finish);
}

static void
record_fold (FvRecorder *recorder, const BatchNormParams *params, FvTensor *x, FvTensor *coefficients)
{
  const FvBatchNormWeights *w = &params->weights;
  const struct
  {
    guint64 weight, bias, running_mean, running_var, coefficients;
    guint32 channels;
    float epsilon;
  } push = {
    w->weight, w->bias, w->running_mean, w->running_var, fv_tensor_get_address (coefficients), fv_pixels_padded (x),
    EPSILON,
  };
  const PlainSpec spec = { FV_PIXELS_WORKGROUP };
  FvDispatch dispatch = {
    .reads = { channel_range (w->weight, x), channel_range (w->bias, x), channel_range (w->running_mean, x),
               channel_range (w->running_var, x) },
    .writes = { fv_tensor_get_range (coefficients) },
  };

  FV_DISPATCH_SPEC (&dispatch, &spec);
  launch (recorder, &dispatch, "bn-fold", "batch norm", x, &push, sizeof push);
}

/* @residual (nullable): added to what comes out. */
static void
record_apply (FvRecorder *recorder, const BatchNormParams *params, FvTensor *x, FvTensor *coefficients,
              FvTensor *residual, FvTensor *y)
{
  const FvPixelsShares shares = fv_pixels_share_tensor (x);
  const ApplySpec spec = { FV_PIXELS_ROWS, params->activation == FV_ACTIVATION_SILU, residual != NULL };
  const struct
  {
    guint64 x, y, coefficients, residual;
    guint32 pixels, pairs, per, x_pitch, y_pitch, residual_pitch;
  } push = {
    fv_tensor_get_address (x),
    fv_tensor_get_address (y),
    fv_tensor_get_address (coefficients),
    residual != NULL ? fv_tensor_get_address (residual) : 0,
    fv_tensor_get_pixels (x),
    fv_pixels_pairs (x),
    shares.per,
    x->pitch,
    y->pitch,
    residual != NULL ? residual->pitch : 0,
  };
  FvDispatch dispatch = {
    .groups = { shares.groups[0], shares.groups[1] },
    .reads = { fv_tensor_get_range (x), fv_tensor_get_range (coefficients),
               residual != NULL ? fv_tensor_get_range (residual) : (FvRange){ 0, 0 } },
    .writes = { fv_tensor_get_range (y) },
  };

  FV_DISPATCH_SPEC (&dispatch, &spec);
  launch (recorder, &dispatch, FV_KERNEL_FOR ("bn-apply", x), "batch norm", x, &push, sizeof push);
}

/* inputs: x [, residual]; outputs: y, coefficients, and with batch statistics partial sums */

static void
batch_norm_record (FvNode *node, FvRecorder *recorder)
{
  const BatchNormParams *params = node->params;
  FvTensor *x = node->inputs[0], *y = node->outputs[0], *coefficients = node->outputs[1];

  if (params->batch_statistics)
    record_statistics (recorder, params, x, coefficients, node->outputs[2]);
  else
    record_fold (recorder, params, x, coefficients);
  record_apply (recorder, params, x, coefficients, node->n_inputs > 1 ? node->inputs[1] : NULL, y);
}

/* Once more, with the coefficients of the first time. inputs: x, coefficients [, residual]; outputs: y */

static void
batch_norm_again_record (FvNode *node, FvRecorder *recorder)
{
  record_apply (recorder, node->params, node->inputs[0], node->inputs[1], node->n_inputs > 2 ? node->inputs[2] : NULL,
                node->outputs[0]);
}

static const FvOpClass batch_norm_again_op = { .name = "batch norm again", .record = batch_norm_again_record };

static FvNode *
batch_norm_again (FvGraph *g, const FvNode *node, FvTensor *output)
{
  FvTensor *residual = node->n_inputs > 1 ? node->inputs[1] : NULL;

  return fv_graph_node (g, &batch_norm_again_op, (FvTensor *[]){ node->inputs[0], node->outputs[1], residual, NULL },
                        (FvTensor *[]){ output, NULL }, g_memdup2 (node->params, sizeof (BatchNormParams)));
}

/* Backward. inputs: x, coefficients, dy [, dx when it adds]; outputs: dx, and with batch statistics means and partial sums. */

static void
record_reduction (FvNode *node, FvRecorder *recorder)
{
  const BatchNormParams *params = node->params;
  const FvBatchNormWeights *w = &params->weights;
  FvTensor *x = node->inputs[0], *coefficients = node->inputs[1], *dy = node->inputs[2];
  FvTensor *means = node->outputs[1], *partial = node->outputs[2];
  const FvPixelsShares shares = fv_pixels_share_tensor (x);
  const ApplySpec activation = { FV_PIXELS_ROWS, params->activation == FV_ACTIVATION_SILU, 0 };
  const PlainSpec plain = { FV_PIXELS_WORKGROUP };
  const struct
  {
    guint64 x, dy, coefficients, partial;
    guint32 pixels, pairs, per, x_pitch, y_pitch, padding;
  } reduce = {
    fv_tensor_get_address (x),
    fv_tensor_get_address (dy),
    fv_tensor_get_address (coefficients),
    fv_tensor_get_address (partial),
    fv_tensor_get_pixels (x),
    fv_pixels_pairs (x),
    shares.per,
    x->pitch,
    dy->pitch,
    0,
  };
  const struct
  {
    guint64 partial, coefficients, weight_gradient, bias_gradient, means;
    guint32 channels, parts;
    float count;
    guint32 padding;
  } finish = {
    fv_tensor_get_address (partial),
    fv_tensor_get_address (coefficients),
    w->weight_gradient,
    w->bias_gradient,
    fv_tensor_get_address (means),
    fv_pixels_padded (x),
    shares.parts,
    fv_tensor_get_pixels (x),
    0,
  };
  FvDispatch first = {
    .groups = { shares.groups[0], shares.groups[1] },
    .reads = { fv_tensor_get_range (x), fv_tensor_get_range (dy), fv_tensor_get_range (coefficients) },
    .writes = { fv_tensor_get_range (partial) },
  };
  FvDispatch second = {
    .reads = { fv_tensor_get_range (partial), fv_tensor_get_range (coefficients), channel_range (w->weight_gradient, x),
               channel_range (w->bias_gradient, x) },
    .writes
    = { channel_range (w->weight_gradient, x), channel_range (w->bias_gradient, x), fv_tensor_get_range (means) },
  };

  FV_DISPATCH_SPEC (&first, &activation);
  FV_DISPATCH_SPEC (&second, &plain);
  launch (recorder, &first, FV_KERNEL_FOR ("bn-backward-reduce", x), "batch norm sums", x, &reduce, sizeof reduce);
  launch (recorder, &second, "bn-backward-finish", "batch norm sums", x, &finish, sizeof finish);
}

static void
batch_norm_backward_record (FvNode *node, FvRecorder *recorder)
{
  const BatchNormParams *params = node->params;
  FvTensor *x = node->inputs[0], *coefficients = node->inputs[1], *dy = node->inputs[2], *dx = node->outputs[0];
  FvTensor *means = params->batch_statistics ? node->outputs[1] : NULL;
  const FvPixelsShares shares = fv_pixels_share_tensor (x);
  const BackwardSpec spec
      = { FV_PIXELS_ROWS, params->activation == FV_ACTIVATION_SILU, params->batch_statistics, node->n_inputs > 3 };
  const struct
  {
    guint64 x, dy, dx, coefficients, means;
    guint32 pixels, pairs, per, x_pitch, y_pitch, dx_pitch;
  } push = {
    fv_tensor_get_address (x),
    fv_tensor_get_address (dy),
    fv_tensor_get_address (dx),
    fv_tensor_get_address (coefficients),
    means != NULL ? fv_tensor_get_address (means) : 0,
    fv_tensor_get_pixels (x),
    fv_pixels_pairs (x),
    shares.per,
    x->pitch,
    dy->pitch,
    dx->pitch,
  };
  FvDispatch dispatch = {
    .groups = { shares.groups[0], shares.groups[1] },
    .reads = { fv_tensor_get_range (x), fv_tensor_get_range (dy), fv_tensor_get_range (coefficients),
               means != NULL ? fv_tensor_get_range (means) : (FvRange){ 0, 0 },
               spec.add ? fv_tensor_get_range (dx) : (FvRange){ 0, 0 } },
    .writes = { fv_tensor_get_range (dx) },
  };

  if (params->batch_statistics)
    record_reduction (node, recorder);
  FV_DISPATCH_SPEC (&dispatch, &spec);
  launch (recorder, &dispatch, FV_KERNEL_FOR ("bn-backward-apply", x), "batch norm backward", x, &push, sizeof push);
}

static const FvOpClass batch_norm_backward_op = { .name = "batch norm backward", .record = batch_norm_backward_record };

static FvTensor *
sums_tensor (FvGraph *g, const FvTensor *x)
{
  return fv_graph_scratch (g, (gsize)2 * fv_pixels_padded (x) * fv_pixels_share_tensor (x).parts, "batch norm sums");
}

static void
batch_norm_backward (FvGraph *g, FvNode *node)
{
  const BatchNormParams *params = node->params;
  FvTensor *x = node->inputs[0], *y = node->outputs[0], *coefficients = node->outputs[1];
  FvTensor *means = NULL, *partial = NULL, *dy, *dx;
  gboolean add;

  if (!y->requires_gradient)
    return;
  dy = fv_tensor_get_gradient (y);
  add = fv_tensor_claim_gradient (x);
  dx = fv_tensor_get_gradient (x);
  if (params->batch_statistics)
    {
      means = fv_graph_scratch (g, 2 * fv_pixels_padded (x), "batch norm means");
      partial = sums_tensor (g, x);
    }
  fv_graph_node (g, &batch_norm_backward_op, (FvTensor *[]){ x, coefficients, dy, add ? dx : NULL, NULL },
                 (FvTensor *[]){ dx, means, partial, NULL }, g_memdup2 (params, sizeof *params));
  if (node->n_inputs > 1 && node->inputs[1]->requires_gradient)
    fv_pass_gradient (g, y, node->inputs[1]);
}

static const FvOpClass batch_norm_op
    = { .name = "batch norm", .backward = batch_norm_backward, .record = batch_norm_record, .again = batch_norm_again };

FvTensor *
fv_batch_norm_add (FvGraph *g, FvTensor *x, const FvBatchNormWeights *weights, FvActivation activation,
                   FvTensor *residual, const char *name)
{
  const BatchNormParams params = {
    .weights = *weights,
    .activation = activation,
    .batch_statistics = fv_graph_is_training (g) && !weights->frozen,
  };
  FvTensor *y = fv_graph_tensor (g, x->n, x->h, x->w, x->c, 0, name);
  FvTensor *coefficients = fv_graph_scratch (g, 4 * fv_pixels_padded (x), "batch norm coefficients");
  FvTensor *partial = NULL;

  if (params.batch_statistics)
    partial = sums_tensor (g, x);
  y->requires_gradient
      = x->requires_gradient || weights->weight_gradient != 0 || (residual != NULL && residual->requires_gradient);
  fv_graph_node (g, &batch_norm_op, (FvTensor *[]){ x, residual, NULL },
                 (FvTensor *[]){ y, coefficients, partial, NULL }, g_memdup2 (&params, sizeof params));
  return y;
}

FvTensor *
fv_batch_norm (FvGraph *g, FvTensor *x, const FvBatchNormWeights *weights, FvActivation activation, const char *name)
{
  return fv_batch_norm_add (g, x, weights, activation, NULL, name);
}

/* For inference: the convolution before does it all. */

void
fv_batch_norm_fold (FvRecorder *recorder, const FvConvWeights *weights, const FvBatchNormWeights *norm,
                    VkDeviceAddress folded_weight, VkDeviceAddress folded_bias)
{
  const gsize bytes = weights->weight->length * sizeof (float), channels = weights->weight->pitch_out;
  const gsize channel_bytes = channels * sizeof (float);
  const guint rows = weights->weight->length / channels, pairs = channels / 2;
  const FvPixelsShares shares = fv_pixels_share (fv_recorder_get_device (recorder), rows, pairs);
  const struct
  {
    guint64 from, to, to_bias;
    guint64 weight, bias, running_mean, running_var;
    guint32 rows, pairs, per;
    float epsilon;
  } push = {
    weights->weight_address, folded_weight, folded_bias, norm->weight, norm->bias, norm->running_mean,
    norm->running_var,       rows,          pairs,       shares.per,   EPSILON,
  };
  const PlainSpec spec = { FV_PIXELS_ROWS };
  FvDispatch dispatch = {
    .groups = { shares.groups[0], shares.groups[1] },
    .reads = { { weights->weight_address, bytes },
               { norm->weight, channel_bytes },
               { norm->bias, channel_bytes },
               { norm->running_mean, channel_bytes },
               { norm->running_var, channel_bytes } },
    .writes = { { folded_weight, bytes }, { folded_bias, channel_bytes } },
  };

  FV_DISPATCH_SPEC (&dispatch, &spec);
  launch (recorder, &dispatch, "bn-fold-conv", "batch norm fold", NULL, &push, sizeof push);
}

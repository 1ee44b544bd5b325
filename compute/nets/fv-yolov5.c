/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/nets/fv-yolov5.h"
#include "compute/ops/fv-ops.h"

#include <string.h>

/*
 * The network as one table and one walk over it. The walk makes the layout of the parameters when it is given an FvLayout to fill,
 * the graph when it is given an FvGraph, and folded weights when it is given an FvRecorder, so that they can't differ.
 */

const guint fv_yolov5_strides[FV_YOLOV5_N_HEADS] = { 8, 16, 32 };

typedef enum
{
  MODULE_CONV, /* convolution, BatchNorm, SiLU */
  MODULE_C3,   /* CSP bottleneck with three convolutions */
  MODULE_SPPF, /* spatial pyramid pooling, fast */
  MODULE_UPSAMPLE,
  MODULE_CONCAT, /* of the layer before and `from` */
} Module;

typedef struct
{
  Module module;
  guint channels; /* before the width multiple */
  guint kernel, stride;
  guint repeats;     /* of a C3's bottlenecks, before the depth multiple */
  gboolean shortcut; /* whether they have residual connections */
  guint from;        /* of a concatenation */
} Layer;

/* models/yolov5*.yaml of v7.0; layer 24 is Detect. */
static const Layer layers_table[FV_YOLOV5_N_LAYERS - 1] = {
  { MODULE_CONV, .channels = 64, .kernel = 6, .stride = 2 },       /* 0, P1/2 */
  { MODULE_CONV, .channels = 128, .kernel = 3, .stride = 2 },      /* 1, P2/4 */
  { MODULE_C3, .channels = 128, .repeats = 3, .shortcut = TRUE },  /* 2 */
  { MODULE_CONV, .channels = 256, .kernel = 3, .stride = 2 },      /* 3, P3/8 */
  { MODULE_C3, .channels = 256, .repeats = 6, .shortcut = TRUE },  /* 4 */
  { MODULE_CONV, .channels = 512, .kernel = 3, .stride = 2 },      /* 5, P4/16 */
  { MODULE_C3, .channels = 512, .repeats = 9, .shortcut = TRUE },  /* 6 */
  { MODULE_CONV, .channels = 1024, .kernel = 3, .stride = 2 },     /* 7, P5/32 */
  { MODULE_C3, .channels = 1024, .repeats = 3, .shortcut = TRUE }, /* 8 */
  { MODULE_SPPF, .channels = 1024, .kernel = 5 },                  /* 9 */
  { MODULE_CONV, .channels = 512, .kernel = 1, .stride = 1 },      /* 10 */
  { MODULE_UPSAMPLE },                                             /* 11 */
  { MODULE_CONCAT, .from = 6 },                                    /* 12 */
  { MODULE_C3, .channels = 512, .repeats = 3 },                    /* 13 */
  { MODULE_CONV, .channels = 256, .kernel = 1, .stride = 1 },      /* 14 */
  { MODULE_UPSAMPLE },                                             /* 15 */
  { MODULE_CONCAT, .from = 4 },                                    /* 16 */
  { MODULE_C3, .channels = 256, .repeats = 3 },                    /* 17, P3 */
  { MODULE_CONV, .channels = 256, .kernel = 3, .stride = 2 },      /* 18 */
  { MODULE_CONCAT, .from = 14 },                                   /* 19 */
  { MODULE_C3, .channels = 512, .repeats = 3 },                    /* 20, P4 */
  { MODULE_CONV, .channels = 512, .kernel = 3, .stride = 2 },      /* 21 */
  { MODULE_CONCAT, .from = 10 },                                   /* 22 */
  { MODULE_C3, .channels = 1024, .repeats = 3 },                   /* 23, P5 */
};

static const guint head_layers[FV_YOLOV5_N_HEADS] = { 17, 20, 23 };

static const struct
{
  char variant;
  float depth, width;
} variants[] = {
  { 'n', 0.33f, 0.25f }, { 's', 0.33f, 0.50f }, { 'm', 0.67f, 0.75f }, { 'l', 1.0f, 1.0f }, { 'x', 1.33f, 1.25f },
};

void
fv_yolov5_config_init (FvYolov5Config *config, char variant, guint n_classes)
{
  static const float anchors[FV_YOLOV5_N_HEADS][FV_YOLOV5_N_ANCHORS][2] = {
    { { 10, 13 }, { 16, 30 }, { 33, 23 } },
    { { 30, 61 }, { 62, 45 }, { 59, 119 } },
    { { 116, 90 }, { 156, 198 }, { 373, 326 } },
  };

  config->variant = variant;
  config->n_classes = n_classes;
  memcpy (config->anchors, anchors, sizeof anchors);
}

/* The walk */

typedef struct
{
  const FvYolov5Config *config;
  float depth, width;
  FvLayout *layout;       /* being filled, or NULL */
  FvGraph *graph;         /* being built, or NULL */
  FvRecorder *recorder;   /* of the folding, or NULL */
  const FvLayout *sealed; /* with the graph or the recorder */
  const FvYolov5Buffers *buffers;
  guint frozen_layers;
  guint layer; /* where the walk is */
} Walk;

/* What flows between modules: channels always, a tensor when a graph is built. */
typedef struct
{
  guint channels;
  FvTensor *tensor;
} Flow;

static guint
scale_channels (const Walk *walk, guint channels)
{
  const float scaled = channels * walk->width;

  return (guint)((scaled + 7) / 8) * 8;
}

static guint
scale_repeats (const Walk *walk, guint repeats)
{
  return MAX ((guint)(repeats * walk->depth + 0.5f), 1);
}

static const FvParam *
parameter (Walk *walk, const char *module, const char *suffix, FvParamKind kind, guint n_dims, const guint dims[4])
{
  g_autofree char *name = g_strconcat (module, suffix, NULL);

  if (walk->layout != NULL)
    {
      fv_layout_add (walk->layout, name, kind, walk->layer, n_dims, dims);
      return NULL;
    }
  return fv_layout_lookup (walk->sealed, name);
}

static VkDeviceAddress
parameter_address (const Walk *walk, VkDeviceAddress base, const FvParam *param)
{
  return base == 0 ? 0 : base + param->offset * sizeof (float);
}

/* d loss / d parameter, or 0 when nothing is to be learnt. */
static VkDeviceAddress
gradient_address (const Walk *walk, const FvParam *param)
{
  return walk->layer < walk->frozen_layers ? 0 : parameter_address (walk, walk->buffers->gradients, param);
}

/* The picture comes with its halo. */
static FvTensor *
append_conv2d (Walk *walk, Flow x, const FvConvWeights *weights, guint kernel, guint stride)
{
  return fv_conv2d (walk->graph, x.tensor, weights, stride, x.channels == 3 ? 0 : kernel / 2, weights->weight->name);
}

static Flow
walk_conv2d (Walk *walk, const char *module, Flow x, guint channels, guint kernel, guint stride, gboolean has_bias)
{
  const guint dims[4] = { channels, x.channels, kernel, kernel };
  const FvParam *weight = parameter (walk, module, ".weight", FV_PARAM_CONV_WEIGHT, 4, dims);
  const FvParam *bias = has_bias ? parameter (walk, module, ".bias", FV_PARAM_BIAS, 1, dims) : NULL;
  Flow y = { .channels = channels };

  if (walk->graph != NULL)
    {
      FvConvWeights weights = {
        .weight = weight,
        .weight_address = parameter_address (walk, walk->buffers->weights, weight),
        .weight_gradient = gradient_address (walk, weight),
      };

      if (bias != NULL)
        {
          weights.bias = bias;
          weights.bias_address = parameter_address (walk, walk->buffers->weights, bias);
          weights.bias_gradient = gradient_address (walk, bias);
        }
      y.tensor = append_conv2d (walk, x, &weights, kernel, stride);
    }
  return y;
}

static FvBatchNormWeights
get_batch_norm (Walk *walk, const char *module, guint channels)
{
  const guint dims[4] = { channels };
  const FvParam *weight = parameter (walk, module, ".weight", FV_PARAM_BN_WEIGHT, 1, dims);
  const FvParam *bias = parameter (walk, module, ".bias", FV_PARAM_BIAS, 1, dims);
  const FvParam *mean = parameter (walk, module, ".running_mean", FV_PARAM_RUNNING_MEAN, 1, dims);
  const FvParam *var = parameter (walk, module, ".running_var", FV_PARAM_RUNNING_VAR, 1, dims);

  if (walk->layout != NULL)
    return (FvBatchNormWeights){ 0 };
  return (FvBatchNormWeights){
    .weight = parameter_address (walk, walk->buffers->weights, weight),
    .bias = parameter_address (walk, walk->buffers->weights, bias),
    .weight_gradient = gradient_address (walk, weight),
    .bias_gradient = gradient_address (walk, bias),
    .running_mean = parameter_address (walk, walk->buffers->statistics, mean),
    .running_var = parameter_address (walk, walk->buffers->statistics, var),
    .frozen = walk->layer < walk->frozen_layers,
  };
}

static Flow
walk_batch_norm (Walk *walk, const char *module, Flow x, FvTensor *shortcut)
{
  const FvBatchNormWeights weights = get_batch_norm (walk, module, x.channels);
  Flow y = x;

  if (walk->graph != NULL)
    {
      const FvParam *weight = parameter (walk, module, ".weight", FV_PARAM_BN_WEIGHT, 1, NULL);

      y.tensor = fv_batch_norm_add (walk->graph, x.tensor, &weights, FV_ACTIVATION_SILU, shortcut, weight->name);
    }
  return y;
}

/* A convolution that does BatchNorm's work too: the node of one, or what makes its weights. */
static Flow
walk_folded (Walk *walk, const char *conv, const char *bn, Flow x, guint channels, guint kernel, guint stride,
             FvTensor *shortcut)
{
  const FvParam *weight = parameter (walk, conv, ".weight", FV_PARAM_CONV_WEIGHT, 4, NULL);
  const FvParam *bias = parameter (walk, bn, ".bias", FV_PARAM_BIAS, 1, NULL);
  const FvConvWeights folded = {
    .weight = weight,
    .weight_address = parameter_address (walk, walk->buffers->folded, weight),
    .bias = bias,
    .bias_address = parameter_address (walk, walk->buffers->folded, bias),
    .activation = FV_ACTIVATION_SILU,
  };
  const FvConvWeights weights = {
    .weight = weight,
    .weight_address = parameter_address (walk, walk->buffers->weights, weight),
  };
  Flow y = { .channels = channels };

  if (walk->graph != NULL)
    y.tensor = append_conv2d (walk, x, &folded, kernel, stride);
  if (shortcut != NULL)
    y.tensor = fv_add (walk->graph, shortcut, y.tensor, "bottleneck");
  if (walk->recorder != NULL)
    {
      const FvBatchNormWeights norm = get_batch_norm (walk, bn, channels);

      fv_batch_norm_fold (walk->recorder, &weights, &norm, folded.weight_address, folded.bias_address);
    }
  return y;
}

/* models/common.py, Conv. @shortcut (nullable): added to what comes out. */
static Flow
walk_conv (Walk *walk, const char *module, Flow x, guint channels, guint kernel, guint stride, FvTensor *shortcut)
{
  g_autofree char *conv = g_strconcat (module, ".conv", NULL);
  g_autofree char *bn = g_strconcat (module, ".bn", NULL);

  if (walk->layout == NULL && walk->buffers->folded != 0)
    return walk_folded (walk, conv, bn, x, channels, kernel, stride, shortcut);
  return walk_batch_norm (walk, bn, walk_conv2d (walk, conv, x, channels, kernel, stride, FALSE), shortcut);
}

static Flow
walk_child_conv (Walk *walk, const char *module, const char *child, Flow x, guint channels, guint kernel)
{
  g_autofree char *name = g_strconcat (module, child, NULL);

  return walk_conv (walk, name, x, channels, kernel, 1, NULL);
}

static Flow
walk_concat (Walk *walk, const char *name, const Flow *flows, guint n)
{
  Flow y = { 0 };
  FvTensor *tensors[4];

  for (guint i = 0; i < n; i++)
    {
      y.channels += flows[i].channels;
      tensors[i] = flows[i].tensor;
    }
  if (walk->graph != NULL)
    y.tensor = fv_concat (walk->graph, tensors, n, name);
  return y;
}

/*
 * models/common.py, C3. v7.0 registers cv1, cv2, cv3, m, which decides the order of the state_dict; cv3 is computed last, so
 * when a layout is filled its parameters are named before the bottlenecks'.
 */
static Flow
walk_c3 (Walk *walk, const char *module, Flow x, guint channels, guint repeats, gboolean shortcut)
{
  const guint hidden = channels / 2;
  Flow branches[2], joined = { .channels = 2 * hidden };
  Flow y = walk_child_conv (walk, module, ".cv1", x, hidden, 1);

  branches[1] = walk_child_conv (walk, module, ".cv2", x, hidden, 1);
  if (walk->layout != NULL)
    walk_child_conv (walk, module, ".cv3", joined, channels, 1);
  for (guint i = 0; i < repeats; i++)
    {
      g_autofree char *bottleneck = g_strdup_printf ("%s.m.%u", module, i);
      g_autofree char *last = g_strconcat (bottleneck, ".cv2", NULL);
      Flow inner = walk_child_conv (walk, bottleneck, ".cv1", y, hidden, 1);

      y = walk_conv (walk, last, inner, hidden, 3, 1, shortcut ? y.tensor : NULL);
    }
  branches[0] = y;
  joined = walk_concat (walk, "C3", branches, 2);
  if (walk->layout != NULL)
    return (Flow){ .channels = channels };
  return walk_child_conv (walk, module, ".cv3", joined, channels, 1);
}

/* models/common.py, SPPF */
static Flow
walk_sppf (Walk *walk, const char *module, Flow x, guint channels, guint kernel)
{
  Flow pyramid[4];

  pyramid[0] = walk_child_conv (walk, module, ".cv1", x, x.channels / 2, 1);
  for (guint i = 1; i < 4; i++)
    {
      pyramid[i] = pyramid[i - 1];
      if (walk->graph != NULL)
        pyramid[i].tensor = fv_max_pool (walk->graph, pyramid[i - 1].tensor, kernel, "SPPF");
    }
  return walk_child_conv (walk, module, ".cv2", walk_concat (walk, "SPPF", pyramid, 4), channels, 1);
}

static Flow
walk_layer (Walk *walk, const Layer *layer, const char *module, Flow x, const Flow *outputs)
{
  const guint channels = scale_channels (walk, layer->channels);

  switch (layer->module)
    {
    case MODULE_CONV:
      return walk_conv (walk, module, x, channels, layer->kernel, layer->stride, NULL);
    case MODULE_C3:
      return walk_c3 (walk, module, x, channels, scale_repeats (walk, layer->repeats), layer->shortcut);
    case MODULE_SPPF:
      return walk_sppf (walk, module, x, channels, layer->kernel);
    case MODULE_UPSAMPLE:
      if (walk->graph != NULL)
        x.tensor = fv_upsample2x (walk->graph, x.tensor, "upsample");
      return x;
    case MODULE_CONCAT:
      return walk_concat (walk, "PANet", (Flow[]){ x, outputs[layer->from] }, 2);
    }
  g_assert_not_reached ();
}

static void
walk_network (Walk *walk, Flow x, FvTensor **heads, FvTensor **layers)
{
  Flow outputs[FV_YOLOV5_N_LAYERS - 1];

  for (guint i = 0; i < G_N_ELEMENTS (variants); i++)
    if (variants[i].variant == walk->config->variant)
      {
        walk->depth = variants[i].depth;
        walk->width = variants[i].width;
      }
  g_assert (walk->width > 0);
  for (walk->layer = 0; walk->layer < FV_YOLOV5_N_LAYERS - 1; walk->layer++)
    {
      g_autofree char *module = g_strdup_printf ("model.%u", walk->layer);

      x = walk_layer (walk, &layers_table[walk->layer], module, x, outputs);
      outputs[walk->layer] = x;
      if (layers != NULL)
        {
          layers[walk->layer] = x.tensor;
          x.tensor->keep = TRUE;
        }
    }
  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    {
      g_autofree char *module = g_strdup_printf ("model.%u.m.%u", FV_YOLOV5_N_LAYERS - 1, i);
      Flow head = walk_conv2d (walk, module, outputs[head_layers[i]],
                               FV_YOLOV5_N_ANCHORS * (5 + walk->config->n_classes), 1, 1, TRUE);

      if (heads != NULL)
        heads[i] = fv_cast (walk->graph, head.tensor, FV_ELEMENT_FLOAT, walk->buffers->loss_scale);
    }
}

FvLayout *
fv_yolov5_layout_new (const FvYolov5Config *config)
{
  FvLayout *layout = fv_layout_new ();
  Walk walk = { .config = config, .layout = layout };

  walk_network (&walk, (Flow){ .channels = 3 }, NULL, NULL);
  fv_layout_seal (layout);
  return layout;
}

void
fv_yolov5_build (FvGraph *graph, const FvYolov5Config *config, const FvLayout *layout, const FvYolov5Buffers *buffers,
                 guint frozen_layers, FvTensor *input, FvTensor *heads[FV_YOLOV5_N_HEADS],
                 FvTensor *layers[FV_YOLOV5_N_LAYERS - 1])
{
  Walk walk = {
    .config = config,
    .graph = graph,
    .sealed = layout,
    .buffers = buffers,
    .frozen_layers = frozen_layers,
  };

  walk_network (&walk, (Flow){ .channels = 3, .tensor = input }, heads, layers);
}

void
fv_yolov5_fold (FvRecorder *recorder, const FvYolov5Config *config, const FvLayout *layout,
                const FvYolov5Buffers *buffers)
{
  Walk walk = {
    .config = config,
    .recorder = recorder,
    .sealed = layout,
    .buffers = buffers,
  };

  walk_network (&walk, (Flow){ .channels = 3 }, NULL, NULL);
}

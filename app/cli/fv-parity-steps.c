/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "app/cli/fv-parity.h"

/*
 * Training at a high learning rate is chaotic: rounding grows about tenfold a step. The reference lists how far single and double
 * precision were apart at each step; variants that stayed together are compared to the end, others only where that means something.
 */
#define CONDITIONED 1e-4 /* largest difference of losses by precision of a variant that stayed together */
#define FIRST_LOSS 1e-5  /* relative */
#define CONDITIONED_LOSS 3e-4
#define LOSS 1e-4
#define LOSS_NOISE 30 /* times the difference by precision */
#define LOSS_BAND 0.1
#define FIRST_NORM 1e-3 /* relative */
#define LENGTH 1e-4     /* of a tensor's L2 norm */
#define CHANGE 0.05     /* of the L2 norm of a tensor's change */
/* ||w - reference|| / ||reference - start|| of whole tensors. */
#define FIRST_SGD_KERNELS 1e-3
#define FIRST_SGD_VECTORS 2e-2 /* at a rate of 0.01; the change is near the last bit, so a smaller rate reads worse */
#define FIRST_ADAMW 2e-3
#define CONDITIONED_TENSOR 2e-2
/* Mixed precision, whose noise a chaotic variant makes into another course at once: only those that stay together, and no single tensors. */
#define HALF_LOSS 2e-2
#define HALF_NORM 3e-2

typedef struct
{
  const char *name;
  JsonObject *facts;
  JsonArray *steps;
  FvOptimizer optimizer;
  gboolean conditioned;
  double noise[64]; /* the largest difference by precision up to each step */
} Variant;

/* What all variants start from. */
typedef struct
{
  FvParity *parity;
  const FvTensorFile *file;
  FvParityNet *net;
  float *weights, *statistics;
} Start;

static JsonArray *
get_array (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static JsonObject *
get_object (JsonObject *object, const char *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

/* Whether all elements are of @type: an object or a value. */
static gboolean
holds_only (JsonArray *array, JsonNodeType type)
{
  for (guint i = 0; i < json_array_get_length (array); i++)
    if (JSON_NODE_TYPE (json_array_get_element (array, i)) != type)
      return FALSE;
  return TRUE;
}

static gboolean
variant_init (Variant *variant, const char *name, JsonObject *facts, GError **error)
{
  JsonArray *noise = get_array (facts, "fp32_vs_fp64_loss_rel_err_per_step");
  const char *optimizer = json_object_get_string_member_with_default (facts, "optimizer", "");
  double largest = 0;
  guint n_steps;

  *variant = (Variant){ .name = name, .facts = facts, .steps = get_array (facts, "steps") };
  n_steps = variant->steps != NULL ? json_array_get_length (variant->steps) : 0;
  variant->optimizer = g_strcmp0 (optimizer, "AdamW") == 0 ? FV_OPTIMIZER_ADAMW : FV_OPTIMIZER_SGD;
  if (n_steps == 0 || n_steps > G_N_ELEMENTS (variant->noise) || noise == NULL
      || json_array_get_length (noise) < n_steps || !holds_only (variant->steps, JSON_NODE_OBJECT)
      || !holds_only (noise, JSON_NODE_VALUE)
      || (variant->optimizer == FV_OPTIMIZER_SGD && g_strcmp0 (optimizer, "SGD") != 0))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                   "variant %s needs an optimizer (SGD or AdamW), 1 to %u steps and the noise of each", name,
                   (guint)G_N_ELEMENTS (variant->noise));
      return FALSE;
    }
  for (guint i = 0; i < n_steps; i++)
    {
      largest = fmax (largest, json_array_get_double_element (noise, i));
      variant->noise[i] = largest;
    }
  variant->conditioned = largest <= CONDITIONED;
  return TRUE;
}

static double
loss_tolerance (const Variant *variant, guint step)
{
  if (step == 0)
    return FIRST_LOSS;
  if (variant->conditioned)
    return CONDITIONED_LOSS;
  return fmin (fmax (LOSS, LOSS_NOISE * variant->noise[step]), LOSS_BAND);
}

static gboolean
set_batch (const Start *start, const Variant *variant, guint step, GError **error)
{
  const char *prefix = json_object_get_string_member_with_default (variant->facts, "targets", "targets");
  g_autofree char *input_name = g_strdup_printf ("input_u8.%u", step);
  g_autofree char *targets_name = g_strdup_printf ("%s.%u", prefix, step);
  const FvTensorView *input = fv_tensor_file_lookup (start->file, input_name);
  const FvTensorView *view;
  g_autofree float *targets = fv_parity_values (start->file, targets_name, &view, error);
  FvParityNet *net = start->net;

  if (targets == NULL)
    return FALSE;
  if (input == NULL || view->n_dims != 2 || view->dims[1] != 6
      || fv_tensor_view_n_values (input) != (guint64)net->n * 3 * net->height * net->width)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s or %s has another shape than those of step 0",
                   input_name, targets_name);
      return FALSE;
    }
  return fv_parity_net_set_input (net, input, error) && fv_parity_net_set_targets (net, targets, view->dims[0], error);
}

static void
compare_losses (const Start *start, const Variant *variant, guint step)
{
  JsonObject *facts = json_array_get_object_element (variant->steps, step);
  const FvLossResult losses = fv_parity_net_get_losses (start->net);
  double worst = 0;

  fv_parity_keep_worst (&worst, fv_parity_relative (losses.box, fv_parity_number (facts, "lbox")));
  fv_parity_keep_worst (&worst, fv_parity_relative (losses.obj, fv_parity_number (facts, "lobj")));
  fv_parity_keep_worst (&worst, fv_parity_relative (losses.cls, fv_parity_number (facts, "lcls")));
  fv_parity_add (start->parity, worst, start->parity->half ? HALF_LOSS : loss_tolerance (variant, step),
                 "%s: losses of step %u", variant->name, step + 1);
}

static gboolean
update (const Start *start, const Variant *variant, guint step, GError **error)
{
  JsonObject *facts = variant->facts;
  const double momentum = fv_parity_number (facts, "momentum_or_beta1"), lr = fv_parity_number (facts, "lr");
  const double beta2 = variant->optimizer == FV_OPTIMIZER_ADAMW ? fv_parity_number (facts, "beta2") : 0;
  const FvUpdateBlock block = {
    .lr = { lr, lr, lr },
    .momentum = momentum,
    .beta2 = beta2,
    .weight_decay = fv_parity_number (facts, "weight_decay"),
    .ema_decay = 0.9999 * (1 - exp (-(step + 1.0) / 2000)),
    .clip_norm = fv_parity_number (facts, "clip_max_norm"),
    .bias_correction1 = 1 - pow (momentum, step + 1),
    .bias_correction2 = 1 - pow (beta2, step + 1),
    .first_step = step == 0,
  };
  FvUpdateBlockResult result;

  if (!fv_parity_net_update (start->net, variant->optimizer, &block, &result, error))
    return FALSE;
  if (step == 0)
    fv_parity_add (
        start->parity,
        fv_parity_relative (result.gradient_norm, fv_parity_number (json_array_get_object_element (variant->steps, 0),
                                                                    "grad_norm_before_clip")),
        start->parity->half ? HALF_NORM : FIRST_NORM, "%s: gradient norm of step 1", variant->name);
  return TRUE;
}

/* Norms of every tensor that the JSON lists, and of its change since the start. */
static gboolean
compare_norms (const Start *start, const Variant *variant, JsonObject *tensors, FvParityBuffer weights_buffer,
               FvParityBuffer statistics_buffer, const char *what, GError **error)
{
  g_autofree float *weights = fv_parity_net_read_buffer (start->net, weights_buffer, error);
  g_autofree float *statistics
      = weights != NULL ? fv_parity_net_read_buffer (start->net, statistics_buffer, error) : NULL;
  double length = 0, change = 0;
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  if (statistics == NULL)
    return FALSE;
  json_object_iter_init (&iter, tensors);
  while (json_object_iter_next (&iter, &name, &node))
    {
      JsonObject *expected = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
      g_autofree float *now = NULL, *then = NULL;
      double square = 0, change_square = 0;
      gsize n;

      /* Counters have no norm; anchors are not learned. */
      if (expected == NULL || !json_object_has_member (expected, "l2") || g_str_equal (name, "model.24.anchors"))
        continue;
      now = fv_parity_unpack (start->net->layout, name, weights, statistics, &n, error);
      if (now == NULL)
        return FALSE;
      then = fv_parity_unpack (start->net->layout, name, start->weights, start->statistics, &n, error);
      for (gsize i = 0; i < n; i++)
        {
          square += (double)now[i] * now[i];
          change_square += ((double)now[i] - then[i]) * ((double)now[i] - then[i]);
        }
      fv_parity_keep_worst (&length, fv_parity_relative (sqrt (square), fv_parity_number (expected, "l2")));
      fv_parity_keep_worst (&change,
                            fv_parity_relative (sqrt (change_square), fv_parity_number (expected, "l2_delta")));
    }
  fv_parity_add (start->parity, length, LENGTH, "%s: l2 of %s", variant->name, what);
  fv_parity_add (start->parity, change, CHANGE, "%s: l2_delta of %s", variant->name, what);
  return TRUE;
}

static double
tensor_tolerance (const Variant *variant, guint step, const FvTensorView *view)
{
  if (step > 0)
    return CONDITIONED_TENSOR;
  if (variant->optimizer == FV_OPTIMIZER_ADAMW)
    return FIRST_ADAMW;
  return view->n_dims > 1 ? FIRST_SGD_KERNELS
                          : FIRST_SGD_VECTORS * fmax (1, 0.01 / fv_parity_number (variant->facts, "lr"));
}

/* Tensors <variant>.after_step_<k>.<name>. */
static gboolean
compare_tensors (const Start *start, const Variant *variant, guint step, GError **error)
{
  g_autofree char *prefix = g_strdup_printf ("%s.after_step_%u.", variant->name, step + 1);
  g_autofree float *weights = fv_parity_net_read_buffer (start->net, FV_PARITY_WEIGHTS, error);
  g_autofree float *statistics
      = weights != NULL ? fv_parity_net_read_buffer (start->net, FV_PARITY_STATISTICS, error) : NULL;

  if (statistics == NULL)
    return FALSE;
  for (guint i = 0; i < fv_tensor_file_get_n (start->file); i++)
    {
      const FvTensorView *view = fv_tensor_file_get (start->file, i);
      const char *name = view->name + strlen (prefix);
      g_autofree float *now = NULL, *then = NULL, *expected = NULL;
      double square = 0, change_square = 0;
      gsize n;

      if (!g_str_has_prefix (view->name, prefix))
        continue;
      expected = fv_parity_values (start->file, view->name, NULL, error);
      now = expected != NULL ? fv_parity_unpack (start->net->layout, name, weights, statistics, &n, error) : NULL;
      if (now == NULL)
        return FALSE;
      if (fv_tensor_view_n_values (view) != n)
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s doesn't fit the network", view->name);
          return FALSE;
        }
      then = fv_parity_unpack (start->net->layout, name, start->weights, start->statistics, &n, error);
      for (gsize k = 0; k < n; k++)
        {
          square += ((double)now[k] - expected[k]) * ((double)now[k] - expected[k]);
          change_square += ((double)expected[k] - then[k]) * ((double)expected[k] - then[k]);
        }
      fv_parity_add (start->parity, sqrt (square / change_square), tensor_tolerance (variant, step, view), "%s",
                     view->name);
    }
  return TRUE;
}

static gboolean
run_variant (const Start *start, const Variant *variant, GError **error)
{
  const guint n_steps = json_array_get_length (variant->steps);
  JsonObject *norms = get_object (variant->facts, "weights");
  JsonObject *ema = get_object (variant->facts, "ema_after_last_step");

  if (start->parity->half && !variant->conditioned)
    {
      fv_parity_leave_out (start->parity, "%s is chaotic at its learning rate: it is not compared in mixed precision.",
                           variant->name);
      return TRUE;
    }
  if (!fv_parity_net_set_weights (start->net, start->weights, start->statistics, error))
    return FALSE;
  for (guint step = 0; step < n_steps; step++)
    {
      g_autofree char *name = g_strdup_printf ("after_step_%u", step + 1);
      JsonObject *own_norms = get_object (norms, name);

      if (!set_batch (start, variant, step, error) || !fv_parity_net_run (start->net, error))
        return FALSE;
      compare_losses (start, variant, step);
      if (!update (start, variant, step, error))
        return FALSE;
      if (start->parity->half)
        continue;
      if ((step == 0 || variant->conditioned) && !compare_tensors (start, variant, step, error))
        return FALSE;
      if (variant->conditioned && own_norms != NULL
          && !compare_norms (start, variant, own_norms, FV_PARITY_WEIGHTS, FV_PARITY_STATISTICS, name, error))
        return FALSE;
    }
  if (!variant->conditioned)
    fv_parity_leave_out (start->parity,
                         "%s is chaotic at its learning rate: its weights are compared after step 1 only.",
                         variant->name);
  return start->parity->half || !variant->conditioned || ema == NULL
         || compare_norms (start, variant, ema, FV_PARITY_EMA, FV_PARITY_EMA_STATISTICS, "the EMA", error);
}

/* Number of classes of the network that the file starts from. */
static guint
count_classes (const FvTensorFile *file, const FvWeights *weights)
{
  const FvTensorView *bias = fv_tensor_file_lookup (file, "init.model.24.m.0.bias");

  return bias != NULL ? fv_tensor_view_n_values (bias) / FV_YOLOV5_N_ANCHORS - 5 : weights->config.n_classes;
}

gboolean
fv_parity_steps (FvParity *self, const FvTensorFile *file, JsonObject *facts, GError **error)
{
  const FvTensorView *input = fv_tensor_file_lookup (file, "input_u8.0");
  JsonObject *variants = get_object (facts, "variants");
  FvYolov5Config config = self->weights->config;
  g_autoptr (FvParityNet) net = NULL;
  g_autofree float *weights = NULL, *statistics = NULL;
  FvLossParams params;
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  if (!fv_parity_read_loss (facts, &params, error))
    return FALSE;
  config.n_classes = count_classes (file, self->weights);
  if (variants == NULL || input == NULL || input->n_dims != 4 || input->dims[1] != 3 || input->dims[2] % 32 != 0
      || input->dims[3] % 32 != 0 || config.n_classes == 0 || config.n_classes > 10000)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                   "it needs variants, and input_u8.0 of [N, 3, H, W] with sides that 32 divides");
      return FALSE;
    }
  net = fv_parity_net_new (self->device, FV_PARITY_TRAIN, self->recompute, self->half, &config, &params, input->dims[0],
                           input->dims[2], input->dims[3], error);
  if (net == NULL || !fv_parity_start (self, file, &config, net->layout, &weights, &statistics, error))
    return FALSE;
  json_object_iter_init_ordered (&iter, variants);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    {
      const Start start = { self, file, net, weights, statistics };
      Variant variant;

      if (!g_str_has_suffix (name, "nocoll"))
        {
          fv_parity_leave_out (self, "%s is left out: its targets meet on cells, where v7.0 lets the last one win.",
                               name);
          continue;
        }
      if (!JSON_NODE_HOLDS_OBJECT (node) || !variant_init (&variant, name, json_node_get_object (node), error)
          || !run_variant (&start, &variant, error))
        return FALSE;
    }
  return TRUE;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "app/cli/fv-parity.h"

/* Largest errors allowed; an order above the noise that single precision has in PyTorch itself. */
#define LOGITS 5e-4
#define LOGITS_IN_TRAINING 1e-3
#define LAYER 1e-4 /* of its maximum */
#define BOX_PIXELS 0.02
#define PROBABILITY 1e-4
#define LOSS 1e-5          /* relative */
#define LOSS_GRADIENT 1e-5 /* of the head's maximum */
#define STATISTICS 1e-5    /* of the tensor's maximum */
#define GRADIENT 1e-3      /* relative L2 */

/*
 * The same of mixed precision. Batch statistics of few pixels make much of any rounding: of backward_b2_128, that of the input alone puts the heads
 * off by 1.3 % and the gradients by 13 %, computed in double precision. So the bound of gradients is at least what the reference says of the
 * difference between single and double precision, times the ratio of the roundings, 2^13, and a half more.
 */
#define HALF_LOGITS 5e-3 /* of the head's maximum */
#define HALF_LOGITS_IN_TRAINING 2e-2
#define HALF_LAYER 5e-3
#define HALF_BOX_PIXELS 4
#define HALF_PROBABILITY 1e-2
#define HALF_LOSS 2e-2
#define HALF_STATISTICS 5e-3
#define HALF_GRADIENT 3e-2
#define HALF_NOISE (1.5 * 8192)

/* Heads as the file has them. */
typedef struct
{
  float *values[FV_YOLOV5_N_HEADS];
  guint n, height, width, n_classes;
} Heads;

static void
heads_clear (Heads *heads)
{
  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    g_clear_pointer (&heads->values[i], g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Heads, heads_clear)

/* Reads @prefix.0, .1 and .2, [N, 3, ny, nx, 5 + classes], and checks that they are of one network input. */
static gboolean
read_heads (const FvTensorFile *file, const char *prefix, Heads *heads, GError **error)
{
  *heads = (Heads){ 0 };
  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    {
      g_autofree char *name = g_strdup_printf ("%s.%u", prefix, i);
      const guint stride = fv_yolov5_strides[i];
      const FvTensorView *view;

      heads->values[i] = fv_parity_values (file, name, &view, error);
      if (heads->values[i] == NULL)
        return FALSE;
      if (i == 0 && view->n_dims == 5)
        {
          heads->n = view->dims[0];
          heads->height = view->dims[2] * stride;
          heads->width = view->dims[3] * stride;
          heads->n_classes = view->dims[4] - 5;
        }
      if (view->n_dims != 5 || view->dims[0] != heads->n || view->dims[1] != FV_YOLOV5_N_ANCHORS
          || view->dims[2] * stride != heads->height || view->dims[3] * stride != heads->width || view->dims[4] < 6
          || view->dims[4] != 5 + heads->n_classes || heads->n == 0)
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s has a shape that doesn't fit", name);
          return FALSE;
        }
    }
  return TRUE;
}

/* (nullable): the pictures of a file, whose number and size must be those of the heads. */
static const FvTensorView *
find_input (const FvTensorFile *file, const Heads *heads, GError **error)
{
  const FvTensorView *input = fv_tensor_file_lookup (file, "input_u8");

  if (input == NULL)
    input = fv_tensor_file_lookup (file, "input");
  if (input != NULL && input->n_dims >= 3 && input->dims[input->n_dims - 2] == heads->height
      && input->dims[input->n_dims - 1] == heads->width
      && fv_tensor_view_n_values (input) == (guint64)heads->n * 3 * heads->height * heads->width)
    return input;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "it has no input_u8 or input that fits its heads");
  return NULL;
}

static gboolean
compare_heads (FvParity *self, FvParityNet *net, const Heads *heads, double tolerance, double half_tolerance,
               GError **error)
{
  double worst, largest;

  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    {
      g_autofree float *values = fv_parity_net_read (net, net->heads[i], error);

      if (values == NULL)
        return FALSE;
      worst = fv_parity_head_error (net, i, values, heads->values[i], &largest);
      if (self->half)
        fv_parity_add (self, worst / largest, half_tolerance, "head.%u", i);
      else
        fv_parity_add (self, worst, tolerance, "head.%u", i);
    }
  return TRUE;
}

/* Forward */

/* A layer [N, H, W, C] against [N, C, H, W], relative to the reference's maximum. */
static double
layer_error (const FvTensor *layer, const float *values, const float *expected)
{
  const guint cells = layer->h * layer->w;
  double worst = 0, largest = 0;

  for (guint n = 0; n < layer->n; n++)
    for (guint c = 0; c < layer->c; c++)
      for (guint cell = 0; cell < cells; cell++, expected++)
        {
          fv_parity_keep_worst (&worst, fabs ((double)values[((gsize)n * cells + cell) * layer->c + c] - *expected));
          largest = MAX (largest, fabs (*expected));
        }
  return worst / largest;
}

static gboolean
compare_layers (FvParity *self, FvParityNet *net, const FvTensorFile *file, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (net->layers); i++)
    {
      FvTensor *layer = net->layers[i];
      g_autofree char *name = g_strdup_printf ("layer.%u", i);
      g_autofree float *expected = NULL, *values = NULL;
      const FvTensorView *view;

      if (fv_tensor_file_lookup (file, name) == NULL)
        continue;
      expected = fv_parity_values (file, name, &view, error);
      if (expected == NULL)
        return FALSE;
      if (view->n_dims != 4 || view->dims[0] != layer->n || view->dims[1] != layer->c || view->dims[2] != layer->h
          || view->dims[3] != layer->w)
        {
          g_autofree char *shape = fv_tensor_view_shape (view);

          g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s is %s, and the network's is %ux%ux%ux%u", name,
                       shape, layer->n, layer->c, layer->h, layer->w);
          return FALSE;
        }
      values = fv_parity_net_read (net, layer, error);
      if (values == NULL)
        return FALSE;
      fv_parity_add (self, layer_error (layer, values, expected), self->half ? HALF_LAYER : LAYER, "%s", name);
    }
  return TRUE;
}

static gboolean
compare_rows (FvParity *self, FvParityNet *net, const FvTensorFile *file, GError **error)
{
  const guint length = 5 + net->config.n_classes;
  const gsize n_values = (gsize)net->n * fv_yolo_count_rows (net->height, net->width) * length;
  const FvTensorView *view;
  g_autofree float *expected = fv_parity_values (file, "decoded", &view, error);
  g_autofree float *values = NULL;
  double box = 0, probability = 0;

  if (expected == NULL)
    return FALSE;
  if (fv_tensor_view_n_values (view) != n_values)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "decoded has a shape that doesn't fit its heads");
      return FALSE;
    }
  values = fv_parity_net_read_rows (net, error);
  if (values == NULL)
    return FALSE;
  for (gsize i = 0; i < n_values; i++)
    {
      double *worst = i % length < 4 ? &box : &probability;

      fv_parity_keep_worst (worst, fabs ((double)values[i] - expected[i]));
    }
  fv_parity_add (self, box, self->half ? HALF_BOX_PIXELS : BOX_PIXELS, "decoded boxes");
  fv_parity_add (self, probability, self->half ? HALF_PROBABILITY : PROBABILITY, "decoded probabilities");
  return TRUE;
}

gboolean
fv_parity_forward (FvParity *self, const FvTensorFile *file, GError **error)
{
  g_auto (Heads) heads = { 0 };
  g_autoptr (FvParityNet) net = NULL;
  g_autofree float *weights = NULL, *statistics = NULL;
  FvYolov5Config config = self->weights->config;
  const FvTensorView *input;

  if (!read_heads (file, "head", &heads, error))
    return FALSE;
  input = find_input (file, &heads, error);
  if (input == NULL)
    return FALSE;
  config.n_classes = heads.n_classes;
  net = fv_parity_net_new (self->device, FV_PARITY_FORWARD, FALSE, self->half, &config, NULL, heads.n, heads.height,
                           heads.width, error);
  return net != NULL && fv_parity_start (self, file, &config, net->layout, &weights, &statistics, error)
         && fv_parity_net_set_weights (net, weights, statistics, error) && fv_parity_net_set_input (net, input, error)
         && fv_parity_net_run (net, error) && compare_heads (self, net, &heads, LOGITS, HALF_LOGITS, error)
         && compare_layers (self, net, file, error) && compare_rows (self, net, file, error);
}

/* Loss */

static gboolean
set_targets (FvParityNet *net, const FvTensorFile *file, GError **error)
{
  const FvTensorView *view;
  g_autofree float *targets = fv_parity_values (file, "targets", &view, error);

  if (targets == NULL)
    return FALSE;
  if (view->n_dims != 2 || view->dims[1] != 6)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "targets are no rows of 6");
      return FALSE;
    }
  return fv_parity_net_set_targets (net, targets, view->dims[0], error);
}

static void
compare_losses (FvParity *self, FvParityNet *net, JsonObject *facts)
{
  const FvLossResult losses = fv_parity_net_get_losses (net);
  const double tolerance = net->loss_scale != NULL ? HALF_LOSS : LOSS;
  const double total = ((double)losses.box + losses.obj + losses.cls) * net->n;

  fv_parity_add (self, fv_parity_relative (losses.box, fv_parity_number (facts, "lbox")), tolerance, "lbox");
  fv_parity_add (self, fv_parity_relative (losses.obj, fv_parity_number (facts, "lobj")), tolerance, "lobj");
  fv_parity_add (self, fv_parity_relative (losses.cls, fv_parity_number (facts, "lcls")), tolerance, "lcls");
  fv_parity_add (self, fv_parity_relative (total, fv_parity_number (facts, "total")), tolerance, "total");
}

/* Rows (layer, image, anchor, gy, gx): how many of each layer. */
static gboolean
compare_matches (FvParity *self, FvParityNet *net, const FvTensorFile *file, GError **error)
{
  const FvLossResult losses = fv_parity_net_get_losses (net);
  const FvTensorView *view;
  g_autofree float *matches = NULL;
  int difference[FV_YOLOV5_N_HEADS];
  gsize n_rows;

  if (fv_tensor_file_lookup (file, "matches") == NULL)
    return TRUE;
  matches = fv_parity_values (file, "matches", &view, error);
  if (matches == NULL)
    return FALSE;
  n_rows = fv_tensor_view_n_values (view) / 5;
  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    {
      difference[i] = losses.n_matches[i];
      for (gsize row = 0; row < n_rows; row++)
        difference[i] -= matches[row * 5] == i;
      fv_parity_add (self, abs (difference[i]), 0, "matches.%u", i);
    }
  return TRUE;
}

static gboolean
compare_head_gradients (FvParity *self, FvParityNet *net, const Heads *gradients, GError **error)
{
  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    {
      g_autofree float *values = fv_parity_net_read (net, net->heads[i]->gradient, error);
      double worst, largest;

      if (values == NULL)
        return FALSE;
      worst = fv_parity_head_error (net, i, values, gradients->values[i], &largest);
      fv_parity_add (self, worst / largest, LOSS_GRADIENT, "grad.%u", i);
    }
  return TRUE;
}

/* (transfer full): [N, 3, ny, nx, K] as [N, ny, nx, 3 K]. */
static float *
channels_last (const FvTensor *head, const float *values)
{
  const guint cells = head->h * head->w, length = head->c / FV_YOLOV5_N_ANCHORS;
  float *out = g_new (float, (gsize)head->n *cells * head->c);

  for (guint n = 0; n < head->n; n++)
    for (guint a = 0; a < FV_YOLOV5_N_ANCHORS; a++)
      for (guint cell = 0; cell < cells; cell++, values += length)
        memcpy (out + ((gsize)n * cells + cell) * head->c + a * length, values, length * sizeof (float));
  return out;
}

gboolean
fv_parity_loss (FvParity *self, const FvTensorFile *file, JsonObject *facts, GError **error)
{
  g_auto (Heads) heads = { 0 }, gradients = { 0 };
  g_autoptr (FvParityNet) net = NULL;
  FvYolov5Config config = self->weights->config;
  FvLossParams params;

  if (!fv_parity_read_loss (facts, &params, error) || !read_heads (file, "head", &heads, error)
      || !read_heads (file, "grad", &gradients, error))
    return FALSE;
  config.n_classes = heads.n_classes;
  net = fv_parity_net_new (self->device, FV_PARITY_LOSS, FALSE, FALSE, &config, &params, heads.n, heads.height,
                           heads.width, error);
  if (net == NULL)
    return FALSE;
  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    {
      g_autofree float *values = channels_last (net->heads[i], heads.values[i]);

      if (!fv_parity_net_set_head (net, i, values, error))
        return FALSE;
    }
  if (!set_targets (net, file, error) || !fv_parity_net_run (net, error))
    return FALSE;
  compare_losses (self, net, facts);
  return compare_matches (self, net, file, error) && compare_head_gradients (self, net, &gradients, error);
}

/* Backward */

/* One parameter's gradient, or one running statistic. */
static gboolean
compare_tensor (FvParity *self, FvParityNet *net, const FvTensorFile *file, const FvTensorView *view,
                const float *gradients, const float *statistics, double gradient_tolerance, GError **error)
{
  const gboolean gradient = g_str_has_prefix (view->name, "grad.");
  gsize n;
  g_autofree float *values = fv_parity_unpack (net->layout, view->name + (gradient ? strlen ("grad.") : 0), gradients,
                                               statistics, &n, error);
  g_autofree float *expected = values != NULL ? fv_parity_values (file, view->name, NULL, error) : NULL;
  double square = 0, expected_square = 0, worst = 0, largest = 0;

  if (expected == NULL)
    return FALSE;
  if (fv_tensor_view_n_values (view) != n)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s doesn't fit the network", view->name);
      return FALSE;
    }
  for (gsize i = 0; i < n; i++)
    {
      const double difference = fabs ((double)values[i] - expected[i]);

      square += difference * difference;
      expected_square += (double)expected[i] * expected[i];
      fv_parity_keep_worst (&worst, difference);
      largest = MAX (largest, fabs (expected[i]));
    }
  if (gradient)
    fv_parity_add (self, sqrt (square / expected_square), gradient_tolerance, "%s", view->name);
  else
    fv_parity_add (self, worst / largest, self->half ? HALF_STATISTICS : STATISTICS, "%s", view->name);
  return TRUE;
}

static gboolean
compare_gradients (FvParity *self, FvParityNet *net, const FvTensorFile *file, JsonObject *facts, GError **error)
{
  g_autofree float *gradients = fv_parity_net_read_buffer (net, FV_PARITY_GRADIENTS, error);
  g_autofree float *statistics
      = gradients != NULL ? fv_parity_net_read_buffer (net, FV_PARITY_STATISTICS, error) : NULL;
  const double tolerance
      = self->half ? fmax (HALF_GRADIENT, HALF_NOISE * fv_parity_number (facts, "rel_l2_error_median")) : GRADIENT;
  double square = 0;

  if (statistics == NULL)
    return FALSE;
  for (gsize i = 0; i < fv_layout_get_parameter_floats (net->layout); i++)
    square += (double)gradients[i] * gradients[i];
  if (json_object_has_member (facts, "grad_norm_all_parameters"))
    fv_parity_add (self, fv_parity_relative (sqrt (square), fv_parity_number (facts, "grad_norm_all_parameters")),
                   self->half ? HALF_GRADIENT : GRADIENT, "norm of all gradients");
  for (guint i = 0; i < fv_tensor_file_get_n (file); i++)
    {
      const FvTensorView *view = fv_tensor_file_get (file, i);

      if ((g_str_has_prefix (view->name, "grad.") || g_str_has_suffix (view->name, ".running_mean")
           || g_str_has_suffix (view->name, ".running_var"))
          && !g_str_has_prefix (view->name, "init.")
          && !compare_tensor (self, net, file, view, gradients, statistics, tolerance, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
fv_parity_backward (FvParity *self, const FvTensorFile *file, JsonObject *facts, GError **error)
{
  g_auto (Heads) heads = { 0 };
  g_autoptr (FvParityNet) net = NULL;
  g_autofree float *weights = NULL, *statistics = NULL;
  FvYolov5Config config = self->weights->config;
  const FvTensorView *input;
  FvLossParams params;

  if (!fv_parity_read_loss (facts, &params, error) || !read_heads (file, "head", &heads, error))
    return FALSE;
  input = find_input (file, &heads, error);
  if (input == NULL)
    return FALSE;
  config.n_classes = heads.n_classes;
  net = fv_parity_net_new (self->device, FV_PARITY_TRAIN, self->recompute, self->half, &config, &params, heads.n,
                           heads.height, heads.width, error);
  if (net == NULL || !fv_parity_start (self, file, &config, net->layout, &weights, &statistics, error)
      || !fv_parity_net_set_weights (net, weights, statistics, error) || !fv_parity_net_set_input (net, input, error)
      || !set_targets (net, file, error) || !fv_parity_net_run (net, error))
    return FALSE;
  compare_losses (self, net, facts);
  return compare_heads (self, net, &heads, LOGITS_IN_TRAINING, HALF_LOGITS_IN_TRAINING, error)
         && compare_gradients (self, net, file, facts, error);
}

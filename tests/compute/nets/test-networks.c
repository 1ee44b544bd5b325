/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whole networks with generated weights, trained and evaluated through FvTrainer and FvPredictor, against PyTorch in double
 * precision: tests/reference/pytorch/ says how the numbers were made.
 */
#include "compute/nets/fv-predictor.h"
#include "tests/compute/fv-test-engine.h"
#include "tests/compute/nets/fv-test-network.h"
#include "tests/fv-test-data.h"
#include "tests/reference/fv-reference-optimizer.h"

#include <math.h>
#include <string.h>

/*
 * Largest errors allowed. Beside each: the worst that PyTorch itself has in single precision in these cases, in which the kernels
 * sum in another order. See compare_tensor() for what they are relative to.
 */
#define LOSS 1e-5        /* 1.8e-6; relative */
#define GRADIENT 1e-3    /* 1.9e-4 */
#define STATISTICS 1e-5  /* 2.4e-6 */
#define BOXES 2e-5       /* 2.5e-6 */
#define PROBABILITY 1e-5 /* 1.3e-6 */

#define N_SUMS 2
#define N_FIGURES 6 /* of a tensor: L2 norm, N_SUMS sums with random signs, values */

static JsonParser *parser;
static double worst_errors[4]; /* of the running case, by Kind */

typedef enum
{
  KIND_GRADIENT,
  KIND_STATISTICS,
  KIND_BOXES,
  KIND_PROBABILITY,
} Kind;

static const double tolerances[] = { GRADIENT, STATISTICS, BOXES, PROBABILITY };

/* Comparison */

/* The figures that networks.json has of a tensor. */
static void
get_figures (const FvTestNetwork *c, const char *name, const float *values, gsize n, double figures[N_FIGURES])
{
  g_autofree char *samples = g_strdup_printf ("samples %s", name);
  const guint64 start = fv_test_stream_start (c->seed, samples);

  memset (figures, 0, N_FIGURES * sizeof (double));
  for (gsize i = 0; i < n; i++)
    figures[0] += (double)values[i] * values[i];
  figures[0] = sqrt (figures[0]);
  for (guint k = 0; k < N_SUMS; k++)
    {
      g_autofree char *signs = g_strdup_printf ("signs %u %s", k, name);
      const guint64 signs_start = fv_test_stream_start (c->seed, signs);

      for (gsize i = 0; i < n; i++)
        figures[1 + k] += fv_test_stream_bits (signs_start, i) >> 63 ? values[i] : -values[i];
    }
  for (guint k = 1 + N_SUMS; k < N_FIGURES; k++)
    figures[k] = values[fv_test_stream_bits (start, k - 1 - N_SUMS) % n];
}

/*
 * Norm and sums relative to the norm: an error that is spread over the tensor moves a sum with random signs by about its own L2
 * norm. Values relative to five times the root mean square.
 */
static void
compare_tensor (FvTestNetwork *c, Kind kind, const char *name, const float *values, gsize n)
{
  JsonArray *expected = json_object_get_array_member (json_object_get_object_member (c->facts, "tensors"), name);
  double figures[N_FIGURES], norm;

  g_assert_cmpuint (json_array_get_length (expected), ==, N_FIGURES);
  norm = json_array_get_double_element (expected, 0);
  get_figures (c, name, values, n, figures);
  for (guint i = 0; i < N_FIGURES; i++)
    {
      const double e = json_array_get_double_element (expected, i);
      const double error = fabs (figures[i] - e) / (i <= N_SUMS ? norm : 5 * norm / sqrt (n));

      if (!(error <= tolerances[kind]))
        {
          g_test_message ("%s, figure %u: %.9g, not %.9g: an error of %.1e", name, i, figures[i], e, error);
          g_test_fail ();
        }
      worst_errors[kind] = MAX (worst_errors[kind], error);
    }
}

static void
compare_losses (FvTestNetwork *c, const char *array, const double losses[3])
{
  for (guint i = 0; i < 3; i++)
    {
      const double e = fv_test_network_get_number (c->facts, array, i);

      g_test_message ("%s %u: %.9g, off by %.1e", array, i, losses[i], e == 0 ? 0 : losses[i] / e - 1);
      g_assert_cmpfloat_with_epsilon (losses[i], e, LOSS * fabs (e) + DBL_MIN);
    }
}

/* One step: losses, the gradients of all parameters, running statistics afterwards. */
static void
check_training (FvTestNetwork *c)
{
  g_autoptr (GError) error = NULL;
  const FvTrainerParams params = { .optimizer = FV_OPTIMIZER_SGD, .loss = c->loss, .frozen_layers = c->frozen_layers };
  const FvLayout *layout = fv_model_get_layout (c->model);
  g_autoptr (FvTrainer) trainer = fv_trainer_new (c->model, &params, &error);
  g_autofree float *gradients = NULL, *statistics = NULL;
  FvStepLosses losses;

  g_assert_no_error (error);
  fv_test_network_set_weights (c, c->shift);
  fv_trainer_accumulate (trainer, &c->batch, &error);
  g_assert_no_error (error);
  fv_trainer_wait (trainer, &error);
  g_assert_no_error (error);
  g_assert_true (fv_trainer_poll (trainer, &losses));
  compare_losses (c, "losses", (double[]){ losses.box, losses.obj, losses.cls });
  gradients = fv_test_network_download (c, FV_BUFFER_GRADIENTS);
  statistics = fv_test_network_download (c, FV_BUFFER_STATISTICS);
  for (guint i = 0; i < fv_layout_get_n_params (layout); i++)
    {
      const FvParam *param = fv_layout_get_param (layout, i);
      const gboolean statistic = fv_param_is_statistic (param);
      const gsize n = fv_param_get_n_values (param);
      g_autofree char *name = g_strconcat (statistic ? "" : "gradient ", param->name, NULL);
      g_autofree float *values = g_new (float, n);

      fv_param_unpack (param, (statistic ? statistics : gradients) + param->offset, values);
      if (statistic || param->layer >= c->frozen_layers)
        compare_tensor (c, statistic ? KIND_STATISTICS : KIND_GRADIENT, name, values, n);
      for (gsize k = 0; !statistic && param->layer < c->frozen_layers && k < n; k++)
        g_assert_cmpfloat (values[k], ==, 0);
    }
}

/* Columns first .. last - 1 of the rows. */
static void
compare_columns (FvTestNetwork *c, Kind kind, const char *name, const FvPrediction *prediction, guint first, guint last)
{
  const gsize n_rows = (gsize)c->batch.n * prediction->n_rows;
  const guint n_columns = last - first;
  g_autofree float *values = g_new (float, n_rows *n_columns);

  for (gsize row = 0; row < n_rows; row++)
    memcpy (values + row * n_columns, prediction->rows + row * prediction->row_length + first,
            n_columns * sizeof (float));
  compare_tensor (c, kind, name, values, n_rows * n_columns);
}

/* Running statistics; losses and decoded heads. */
static void
check_evaluation (FvTestNetwork *c)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvPredictor) predictor = fv_predictor_new (c->model, &(FvPredictorParams){ .loss = &c->loss }, &error);
  FvPrediction prediction;

  g_assert_no_error (error);
  /* Other weights before: what is kept of them, with BatchNorm folded in, must go. */
  fv_predictor_run (predictor, &c->batch, &prediction, &error);
  g_assert_no_error (error);
  fv_test_network_set_weights (c, 0);
  fv_predictor_run (predictor, &c->batch, &prediction, &error);
  g_assert_no_error (error);
  compare_losses (c, "losses in evaluation", (double[]){ prediction.box, prediction.obj, prediction.cls });
  compare_columns (c, KIND_BOXES, "rows.boxes", &prediction, 0, 4);
  compare_columns (c, KIND_PROBABILITY, "rows.probabilities", &prediction, 4, prediction.row_length);
}

static void
test_network (gconstpointer data)
{
  g_autoptr (FvTestNetwork) c = fv_test_network_new ((JsonObject *)data);

  memset (worst_errors, 0, sizeof worst_errors);
  check_evaluation (c);
  check_training (c);
  g_test_message ("worst: gradients %.1e, statistics %.1e, boxes %.1e, probabilities %.1e", worst_errors[KIND_GRADIENT],
                  worst_errors[KIND_STATISTICS], worst_errors[KIND_BOXES], worst_errors[KIND_PROBABILITY]);
}

/* Accumulation */

/* (transfer full): the gradients that the batches leave, one after the other, in buffers that were zero. */
static float *
accumulate (FvTestNetwork *c, FvTrainer *trainer, const FvBatch *const *batches)
{
  const gsize n = fv_model_get_size (c->model, FV_BUFFER_GRADIENTS);
  g_autofree float *zero = g_new0 (float, n);
  g_autoptr (GError) error = NULL;

  fv_model_upload (c->model, FV_BUFFER_GRADIENTS, zero, &error);
  g_assert_no_error (error);
  for (; *batches != NULL; batches++)
    {
      fv_trainer_accumulate (trainer, *batches, &error);
      g_assert_no_error (error);
    }
  fv_trainer_wait (trainer, &error);
  g_assert_no_error (error);
  return fv_test_network_download (c, FV_BUFFER_GRADIENTS);
}

/* An update of freshly accumulated gradients: weights, and gradients that are zero again. */
static void
check_update (FvTestNetwork *c, FvTrainer *trainer, const float *gradients, double clip_norm)
{
  const FvUpdate update
      = { .lr = { 0.01f, 0.02f, 0.05f }, .momentum = 0.9f, .weight_decay = 5e-4f, .ema_decay = 0.9f, .step = 1 };
  const FvUpdateBlock block = { .momentum = update.momentum, .first_step = TRUE };
  const FvLayout *layout = fv_model_get_layout (c->model);
  g_autofree float *before = fv_test_network_download (c, FV_BUFFER_WEIGHTS), *after = NULL, *left = NULL;
  g_autoptr (GError) error = NULL;
  FvUpdateResult result;
  double norm, scale;

  fv_trainer_update (trainer, &update, &error);
  g_assert_no_error (error);
  fv_trainer_wait (trainer, &error);
  g_assert_no_error (error);
  g_assert_true (fv_trainer_poll_update (trainer, &result));
  after = fv_test_network_download (c, FV_BUFFER_WEIGHTS);
  left = fv_test_network_download (c, FV_BUFFER_GRADIENTS);
  scale = fv_reference_clip (gradients, fv_layout_get_parameter_floats (layout), clip_norm, &norm);
  g_assert_cmpfloat (scale, <, 0.9); /* else clipping isn't seen */
  g_assert_cmpfloat (fabs (result.gradient_norm - norm), <=, 1e-6 * norm);
  for (FvGroup group = 0; group < FV_N_GROUPS; group++)
    {
      gsize offset, length;

      fv_layout_get_group (layout, group, 0, &offset, &length);
      for (gsize i = offset; i < offset + length; i++)
        {
          FvReferenceValue value = { .weight = before[i] };

          fv_reference_update (FV_OPTIMIZER_SGD, &block, update.lr[group],
                               group == FV_GROUP_WEIGHTS ? update.weight_decay : 0, scale * gradients[i], &value);
          g_assert_cmpfloat (fabs (after[i] - value.weight), <=,
                             1.2e-7 * fabs (value.weight) + 1e-5 * fabs (value.weight - before[i]));
          g_assert_cmpfloat (left[i], ==, 0);
        }
    }
}

/*
 * Batches of two sizes, one of them twice, more than are in flight: their gradients add up, and one update uses the sum. Running
 * statistics move from batch to batch and shift the sums that batch statistics are made of, so the batches that run alone run in
 * the same order.
 */
static void
test_accumulation (gconstpointer data)
{
  g_autoptr (FvTestNetwork) c = fv_test_network_new ((JsonObject *)data);
  const FvTrainerParams params = { .optimizer = FV_OPTIMIZER_SGD, .loss = c->loss, .clip_norm = 0.5 };
  const FvLayout *layout = fv_model_get_layout (c->model);
  FvBatch one = c->batch;
  const FvBatch *const batches[] = { &one, &c->batch, &one, NULL };
  float *alone[3];
  g_autoptr (GError) error = NULL;
  g_autoptr (FvTrainer) trainer = fv_trainer_new (c->model, &params, &error);
  g_autofree float *sum = NULL;
  double worst = 0;

  g_assert_no_error (error);
  one.n = one.n_pictures = 1; /* to which all targets belong */
  fv_test_network_set_weights (c, c->shift);
  for (guint i = 0; i < G_N_ELEMENTS (alone); i++)
    alone[i] = accumulate (c, trainer, (const FvBatch *[]){ batches[i], NULL });
  fv_test_network_set_weights (c, c->shift);
  sum = accumulate (c, trainer, batches);
  for (guint i = 0; i < fv_layout_get_n_params (layout); i++)
    {
      const FvParam *param = fv_layout_get_param (layout, i);
      const gsize n = fv_param_is_statistic (param) ? 0 : param->length;
      g_autofree double *values = g_new0 (double, n + 1), *expected = g_new0 (double, n + 1);

      for (gsize k = 0; k < n; k++)
        {
          values[k] = sum[param->offset + k];
          for (guint batch = 0; batch < G_N_ELEMENTS (alone); batch++)
            expected[k] += alone[batch][param->offset + k];
        }
      worst = MAX (worst, sqrt (fv_test_nmse (values, expected, n)));
    }
  g_test_message ("worst: %.1e of a tensor's L2 norm", worst);
  g_assert_cmpfloat (worst, <=, 5e-7);
  check_update (c, trainer, sum, params.clip_norm);
  for (guint i = 0; i < G_N_ELEMENTS (alone); i++)
    g_free (alone[i]);
}

static void
add_test (JsonArray *cases, guint i, JsonNode *node, gpointer user_data)
{
  JsonObject *facts = json_node_get_object (node);
  g_autofree char *path = g_strdup_printf (
      "/nets/networks/%s/%d of %dx%d, %d classes, %u targets, %d layers frozen",
      json_object_get_string_member (facts, "variant"), (int)json_object_get_int_member (facts, "n"),
      (int)json_object_get_int_member (facts, "height"), (int)json_object_get_int_member (facts, "width"),
      (int)json_object_get_int_member (facts, "classes"),
      json_array_get_length (json_object_get_array_member (facts, "targets")),
      (int)json_object_get_int_member (facts, "frozen"));

  g_test_add_data_func (path, facts, test_network);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  JsonArray *cases;
  int status;

  fv_test_engine_init (&argc, &argv, NULL);
  parser = json_parser_new ();
  json_parser_load_from_file (parser, fv_test_source ("tests/reference/pytorch/networks.json"), &error);
  g_assert_no_error (error);
  cases = json_object_get_array_member (json_node_get_object (json_parser_get_root (parser)), "cases");
  json_array_foreach_element (cases, add_test, NULL);
  g_test_add_data_func ("/nets/networks/n/accumulation", json_array_get_object_element (cases, 1), test_accumulation);
  status = fv_test_engine_run ();
  g_object_unref (parser);
  return status;
}

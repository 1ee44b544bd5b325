/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whole networks with generated weights, trained and evaluated through FvTrainer and FvPredictor, against PyTorch in double
 * precision: tests/reference/pytorch/ says how the numbers were made.
 */
#include "compute/nets/fv-model.h"
#include "compute/nets/fv-predictor.h"
#include "tests/compute/fv-test-engine.h"
#include "tests/fv-test-data.h"
#include "tests/reference/fv-reference-optimizer.h"

#include <json-glib/json-glib.h>
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
#define TRAINING_SHIFT 0.5

static JsonParser *parser;

typedef struct
{
  JsonObject *facts;
  guint64 seed;
  FvYolov5Config config;
  FvLossParams loss;
  FvModel *model;
  FvBatch batch;
  FvAugmentSample *samples;
  FvPixels *pictures;
  guint8 *rgb;
  float *targets;
  double worst[4]; /* by Kind */
} Case;

typedef enum
{
  KIND_GRADIENT,
  KIND_STATISTICS,
  KIND_BOXES,
  KIND_PROBABILITY,
} Kind;

static const double tolerances[] = { GRADIENT, STATISTICS, BOXES, PROBABILITY };

/* What generator.py makes, bit for bit. */

#define GOLDEN 0x9e3779b97f4a7c15ull

static guint64
mix (guint64 z)
{
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

static guint64
stream_start (guint64 seed, const char *name)
{
  guint64 key = 0xcbf29ce484222325ull;

  for (; *name != '\0'; name++)
    key = (key ^ (guint8)*name) * 0x100000001b3ull;
  return mix (seed * GOLDEN + key);
}

static guint64
stream_bits (guint64 start, gsize i)
{
  return mix (start + (i + 1) * GOLDEN);
}

/* In [-1, 1) */
static double
stream_uniform (guint64 start, gsize i)
{
  return (double)(stream_bits (start, i) >> 40) / (1 << 23) - 1;
}

/* @module: the name without its last part. */
static int
get_exponent (const Case *c, const FvParam *param)
{
  g_autofree char *module = g_strndup (param->name, strrchr (param->name, '.') - param->name);

  return json_object_get_int_member (json_object_get_object_member (c->facts, "exponents"), module);
}

/* (transfer full): in PyTorch's order. */
static float *
make_parameter (const Case *c, const FvParam *param, double shift)
{
  const gsize n = fv_param_get_n_values (param);
  const guint64 start = stream_start (c->seed, param->name);
  double middle = 0, spread = 0.25;
  float *values = g_new (float, n);

  if (param->kind == FV_PARAM_CONV_WEIGHT)
    spread = (float)sqrt (8.0 / (param->dims[1] * param->dims[2] * param->dims[3]));
  else if (param->kind == FV_PARAM_BN_WEIGHT)
    middle = 1;
  else if (g_str_has_suffix (param->name, ".bn.bias"))
    middle = shift;
  else if (param->kind == FV_PARAM_RUNNING_VAR)
    {
      middle = ldexp (1, get_exponent (c, param));
      spread = middle / 2;
    }
  for (gsize i = 0; i < n; i++)
    values[i] = middle + spread * stream_uniform (start, i);
  return values;
}

/* Noise on blocks of 8 x 8 pixels, each of one colour. */
static guint8 *
make_pictures (const Case *c)
{
  const guint n = c->batch.n, height = c->batch.height, width = c->batch.width;
  const guint64 pixels = stream_start (c->seed, "pixels"), blocks = stream_start (c->seed, "blocks");
  guint8 *rgb = g_malloc ((gsize)n * height * width * 3);
  gsize i = 0;

  for (guint picture = 0; picture < n; picture++)
    for (guint y = 0; y < height; y++)
      for (guint x = 0; x < width; x++)
        for (guint channel = 0; channel < 3; channel++, i++)
          {
            const gsize block = ((gsize)picture * height / 8 + y / 8) * (width / 8) + x / 8;
            const guint fine = stream_bits (pixels, i) >> 56;
            const guint coarse = stream_bits (blocks, block * 3 + channel) >> 56;

            rgb[i] = (fine + coarse) / 2;
          }
  return rgb;
}

/* Cases */

static double
get_number (JsonObject *object, const char *array, guint i)
{
  return json_array_get_double_element (json_object_get_array_member (object, array), i);
}

static void
read_targets (Case *c)
{
  JsonArray *rows = json_object_get_array_member (c->facts, "targets");

  c->batch.n_targets = json_array_get_length (rows);
  c->targets = g_new0 (float, c->batch.n_targets * 6 + 1);
  for (guint i = 0; i < c->batch.n_targets * 6; i++)
    c->targets[i] = json_array_get_double_element (json_array_get_array_element (rows, i / 6), i % 6);
  c->batch.targets = c->targets;
}

/* Every picture lies in its input as it is. */
static void
make_batch (Case *c)
{
  const guint n = c->batch.n, height = c->batch.height, width = c->batch.width;

  c->rgb = make_pictures (c);
  c->samples = g_new0 (FvAugmentSample, n);
  c->pictures = g_new0 (FvPixels, n);
  for (guint i = 0; i < n; i++)
    {
      c->pictures[i] = (FvPixels){ c->rgb + (gsize)i * height * width * 3, width, height, width * 3 };
      c->samples[i] = (FvAugmentSample){
        .n_layers = 1,
        .mix = 1,
        .hsv = { 1, 1, 1 },
        .layers = { {
            .n_tiles = 1,
            .canvas_width = width,
            .canvas_height = height,
            .inverse = { 1, 0, 0, 0, 1, 0, 0, 0, 1 },
            .tiles = { { .picture = i, .x2 = width, .y2 = height } },
        } },
      };
    }
  c->batch.samples = c->samples;
  c->batch.pictures = c->pictures;
  c->batch.n_pictures = n;
  read_targets (c);
}

static Case *
case_new (JsonObject *facts)
{
  g_autoptr (GError) error = NULL;
  Case *c = g_new0 (Case, 1);

  c->facts = facts;
  c->seed = json_object_get_int_member (facts, "seed");
  c->batch.n = json_object_get_int_member (facts, "n");
  c->batch.height = json_object_get_int_member (facts, "height");
  c->batch.width = json_object_get_int_member (facts, "width");
  fv_yolov5_config_init (&c->config, json_object_get_string_member (facts, "variant")[0],
                         json_object_get_int_member (facts, "classes"));
  c->loss = (FvLossParams){
    .box = get_number (facts, "gains", 0),
    .obj = get_number (facts, "gains", 1),
    .cls = get_number (facts, "gains", 2),
    .cls_pw = 1,
    .obj_pw = 1,
    .anchor_t = 4,
  };
  make_batch (c);
  c->model = fv_model_new (fv_test_engine_get_device (), &c->config, &error);
  g_assert_no_error (error);
  return c;
}

static void
case_free (Case *c)
{
  fv_model_unref (c->model);
  g_free (c->samples);
  g_free (c->pictures);
  g_free (c->rgb);
  g_free (c->targets);
  g_free (c);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Case, case_free)

static void
set_weights (Case *c, double shift)
{
  const FvLayout *layout = fv_model_get_layout (c->model);
  g_autofree float *weights = g_new0 (float, fv_layout_get_parameter_floats (layout));
  g_autofree float *statistics = g_new0 (float, fv_layout_get_statistics_floats (layout));
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < fv_layout_get_n_params (layout); i++)
    {
      const FvParam *param = fv_layout_get_param (layout, i);
      g_autofree float *values = make_parameter (c, param, shift);

      fv_param_pack (param, values, (fv_param_is_statistic (param) ? statistics : weights) + param->offset);
    }
  fv_model_upload (c->model, FV_BUFFER_WEIGHTS, weights, &error);
  g_assert_no_error (error);
  fv_model_upload (c->model, FV_BUFFER_STATISTICS, statistics, &error);
  g_assert_no_error (error);
}

static float *
download (Case *c, FvModelBuffer buffer)
{
  g_autoptr (GError) error = NULL;
  float *values = g_new (float, fv_model_get_size (c->model, buffer));

  fv_model_download (c->model, buffer, values, &error);
  g_assert_no_error (error);
  return values;
}

/* Comparison */

/* The figures that networks.json has of a tensor. */
static void
get_figures (const Case *c, const char *name, const float *values, gsize n, double figures[N_FIGURES])
{
  g_autofree char *samples = g_strdup_printf ("samples %s", name);
  const guint64 start = stream_start (c->seed, samples);

  memset (figures, 0, N_FIGURES * sizeof (double));
  for (gsize i = 0; i < n; i++)
    figures[0] += (double)values[i] * values[i];
  figures[0] = sqrt (figures[0]);
  for (guint k = 0; k < N_SUMS; k++)
    {
      g_autofree char *signs = g_strdup_printf ("signs %u %s", k, name);
      const guint64 signs_start = stream_start (c->seed, signs);

      for (gsize i = 0; i < n; i++)
        figures[1 + k] += stream_bits (signs_start, i) >> 63 ? values[i] : -values[i];
    }
  for (guint k = 1 + N_SUMS; k < N_FIGURES; k++)
    figures[k] = values[stream_bits (start, k - 1 - N_SUMS) % n];
}

/*
 * Norm and sums relative to the norm: an error that is spread over the tensor moves a sum with random signs by about its own L2
 * norm. Values relative to five times the root mean square.
 */
static void
compare_tensor (Case *c, Kind kind, const char *name, const float *values, gsize n)
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
      c->worst[kind] = MAX (c->worst[kind], error);
    }
}

static void
compare_losses (Case *c, const char *array, const double losses[3])
{
  for (guint i = 0; i < 3; i++)
    {
      const double e = get_number (c->facts, array, i);

      g_test_message ("%s %u: %.9g, off by %.1e", array, i, losses[i], e == 0 ? 0 : losses[i] / e - 1);
      g_assert_cmpfloat_with_epsilon (losses[i], e, LOSS * fabs (e) + DBL_MIN);
    }
}

/* One step: losses, the gradients of all parameters, running statistics afterwards. */
static void
check_training (Case *c)
{
  g_autoptr (GError) error = NULL;
  const FvTrainerParams params = { .optimizer = FV_OPTIMIZER_SGD, .loss = c->loss };
  const FvLayout *layout = fv_model_get_layout (c->model);
  g_autoptr (FvTrainer) trainer = fv_trainer_new (c->model, &params, &error);
  g_autofree float *gradients = NULL, *statistics = NULL;
  FvStepLosses losses;

  g_assert_no_error (error);
  set_weights (c, TRAINING_SHIFT);
  fv_trainer_accumulate (trainer, &c->batch, &error);
  g_assert_no_error (error);
  fv_trainer_wait (trainer, &error);
  g_assert_no_error (error);
  g_assert_true (fv_trainer_poll (trainer, &losses));
  compare_losses (c, "losses", (double[]){ losses.box, losses.obj, losses.cls });
  gradients = download (c, FV_BUFFER_GRADIENTS);
  statistics = download (c, FV_BUFFER_STATISTICS);
  for (guint i = 0; i < fv_layout_get_n_params (layout); i++)
    {
      const FvParam *param = fv_layout_get_param (layout, i);
      const gboolean statistic = fv_param_is_statistic (param);
      const gsize n = fv_param_get_n_values (param);
      g_autofree char *name = g_strconcat (statistic ? "" : "gradient ", param->name, NULL);
      g_autofree float *values = g_new (float, n);

      fv_param_unpack (param, (statistic ? statistics : gradients) + param->offset, values);
      compare_tensor (c, statistic ? KIND_STATISTICS : KIND_GRADIENT, name, values, n);
    }
}

/* Columns first .. last - 1 of the rows. */
static void
compare_columns (Case *c, Kind kind, const char *name, const FvPrediction *prediction, guint first, guint last)
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
check_evaluation (Case *c)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvPredictor) predictor = fv_predictor_new (c->model, &(FvPredictorParams){ .loss = &c->loss }, &error);
  FvPrediction prediction;

  g_assert_no_error (error);
  set_weights (c, 0);
  fv_predictor_run (predictor, &c->batch, &prediction, &error);
  g_assert_no_error (error);
  compare_losses (c, "losses in evaluation", (double[]){ prediction.box, prediction.obj, prediction.cls });
  compare_columns (c, KIND_BOXES, "rows.boxes", &prediction, 0, 4);
  compare_columns (c, KIND_PROBABILITY, "rows.probabilities", &prediction, 4, prediction.row_length);
}

static void
test_network (gconstpointer data)
{
  g_autoptr (Case) c = case_new ((JsonObject *)data);

  check_evaluation (c);
  check_training (c);
  g_test_message ("worst: gradients %.1e, statistics %.1e, boxes %.1e, probabilities %.1e", c->worst[KIND_GRADIENT],
                  c->worst[KIND_STATISTICS], c->worst[KIND_BOXES], c->worst[KIND_PROBABILITY]);
}

/* Accumulation */

/* (transfer full): the gradients that the batches leave, one after the other, in buffers that were zero. */
static float *
accumulate (Case *c, FvTrainer *trainer, const FvBatch *const *batches)
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
  return download (c, FV_BUFFER_GRADIENTS);
}

/* An update of freshly accumulated gradients: weights, and gradients that are zero again. */
static void
check_update (Case *c, FvTrainer *trainer, const float *gradients, double clip_norm)
{
  const FvUpdate update
      = { .lr = { 0.01f, 0.02f, 0.05f }, .momentum = 0.9f, .weight_decay = 5e-4f, .ema_decay = 0.9f, .step = 1 };
  const FvUpdateBlock block = { .momentum = update.momentum, .first_step = TRUE };
  const FvLayout *layout = fv_model_get_layout (c->model);
  g_autofree float *before = download (c, FV_BUFFER_WEIGHTS), *after = NULL, *left = NULL;
  g_autoptr (GError) error = NULL;
  FvUpdateResult result;
  double norm, scale;

  fv_trainer_update (trainer, &update, &error);
  g_assert_no_error (error);
  fv_trainer_wait (trainer, &error);
  g_assert_no_error (error);
  g_assert_true (fv_trainer_poll_update (trainer, &result));
  after = download (c, FV_BUFFER_WEIGHTS);
  left = download (c, FV_BUFFER_GRADIENTS);
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
  g_autoptr (Case) c = case_new ((JsonObject *)data);
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
  set_weights (c, TRAINING_SHIFT);
  for (guint i = 0; i < G_N_ELEMENTS (alone); i++)
    alone[i] = accumulate (c, trainer, (const FvBatch *[]){ batches[i], NULL });
  set_weights (c, TRAINING_SHIFT);
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
      "/nets/networks/%s/%d of %dx%d, %d classes, %u targets", json_object_get_string_member (facts, "variant"),
      (int)json_object_get_int_member (facts, "n"), (int)json_object_get_int_member (facts, "height"),
      (int)json_object_get_int_member (facts, "width"), (int)json_object_get_int_member (facts, "classes"),
      json_array_get_length (json_object_get_array_member (facts, "targets")));

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

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/nets/fv-step-input.h"
#include "tests/compute/ops/fovea-ops.h"
#include "tests/reference/fv-reference-loss.h"

#include <math.h>
#include <string.h>

#define STEP 1e-5
#define MAX_DIFFERENCES 24 /* a head */
#define DIFFERENCES_TOLERANCE 1e-10
#define PERF_RUNS 20

typedef struct
{
  FvOpsRow base;
  guint n, height, width, n_classes;
  guint n_targets; /* a picture */
  FvLossParams params;
  gboolean edges;        /* targets on grid lines, borders and corners, and many on one cell */
  gboolean not_a_number; /* one logit of objectness is none */
  gboolean other_anchors;
  float spread; /* of the logits */
} LossRow;

#define GAINS .box = 0.05f, .obj = 0.04f, .cls = 0.3f
#define PLAIN GAINS, .anchor_t = 4, .cls_pw = 1, .obj_pw = 1
#define FULL .base = { .full = TRUE }

/* Few numbers of classes: each is a pipeline of its own, and those of the loss take long to make. */
static const LossRow rows[] = {
  { .n = 2, 96, 160, 80, 7, { PLAIN }, .spread = 2 },
  { .n = 3, 160, 96, 3, 12, { PLAIN }, .spread = 2 },
  { .n = 2, 128, 128, 1, 9, { PLAIN }, .spread = 2 },
  { .n = 1, 224, 96, 3, 9, { PLAIN }, .spread = 2 },
  { .n = 1, 32, 32, 3, 3, { PLAIN }, .spread = 1 },
  { .n = 3, 32, 96, 7, 5, { PLAIN }, .spread = 2, .other_anchors = TRUE },
  { .n = 2, 64, 96, 3, 0, { PLAIN }, .spread = 3 },
  { .n = 1, 64, 64, 1, 0, { PLAIN }, .spread = 3 },
  { .n = 2, 64, 64, 80, 0, { PLAIN, .fl_gamma = 1.5f }, .spread = 3 },
  { .n = 2, 128, 128, 3, 40, { PLAIN }, .edges = TRUE, .spread = 2 },
  { .n = 3, 96, 64, 1, 40, { PLAIN }, .edges = TRUE, .spread = 2 },
  { .n = 2, 128, 96, 3, 12, { PLAIN, .fl_gamma = 1.5f }, .spread = 2 },
  { .n = 1, 64, 64, 3, 12, { PLAIN, .fl_gamma = 0.5f }, .spread = 4 },
  { .n = 2, 96, 96, 3, 12, { PLAIN, .label_smoothing = 0.1f }, .spread = 2 },
  { .n = 1, 64, 96, 80, 6, { PLAIN, .label_smoothing = 0.1f, .fl_gamma = 1 }, .spread = 2 },
  { .n = 2, 96, 96, 3, 12, { GAINS, .anchor_t = 4, .cls_pw = 0.6f, .obj_pw = 1.7f }, .spread = 2 },
  { .n = 2,
    96,
    96,
    3,
    30,
    { GAINS, .anchor_t = 4, .cls_pw = 0.6f, .obj_pw = 1.7f, .label_smoothing = 0.2f, .fl_gamma = 2 },
    .edges = TRUE,
    .spread = 2 },
  { .n = 2, 96, 96, 3, 20, { GAINS, .cls_pw = 1, .obj_pw = 1, .anchor_t = 2.5f }, .spread = 2 },
  { .n = 1, 64, 96, 3, 1300, { PLAIN }, .spread = 1, .base = { "more targets than one chunk" } },
  { .n = 2, 64, 64, 3, 12, { PLAIN }, .spread = 15, .base = { "sure of everything" } },
  { .n = 1, 64, 64, 3, 5, { PLAIN }, .spread = 1, .not_a_number = TRUE },
  { .n = 16, 160, 96, 3, 9, { PLAIN }, .spread = 2, FULL },
  { .n = 4, 640, 640, 8, 60, { PLAIN }, .spread = 2, FULL },
};

/* One row on the device. */
typedef struct
{
  const LossRow *row;
  FvYolov5Config config;
  double *heads[FV_YOLOV5_N_HEADS];
  float *targets; /* [n_targets][6] */
  guint n_targets;
  FvTestGraph *graph;
  FvTensor *tensors[FV_YOLOV5_N_HEADS];
  FvStepInput input;
  FvTestBuffer *result;
} Problem;

static gsize
count_values (const LossRow *row, guint head)
{
  const guint stride = fv_yolov5_strides[head];

  return (gsize)row->n * (row->height / stride) * (row->width / stride) * FV_YOLOV5_N_ANCHORS * (5 + row->n_classes);
}

/* @i-th of a target's numbers, in 0..1. */
static double
draw (guint target, guint i)
{
  return 0.5 + 0.5 * fv_test_random (fv_ops_get_seed () ^ fv_test_seed ("targets"), target * 6 + i);
}

static void
make_targets (Problem *p)
{
  const LossRow *row = p->row;

  p->n_targets = row->n * row->n_targets;
  p->targets = g_new0 (float, p->n_targets * 6 + 1);
  for (guint i = 0; i < p->n_targets; i++)
    {
      float *t = p->targets + i * 6;

      t[0] = i / row->n_targets;
      t[1] = MIN ((guint)(draw (i, 1) * row->n_classes), row->n_classes - 1);
      t[2] = draw (i, 2);
      t[3] = draw (i, 3);
      t[4] = exp (draw (i, 4) * log (4.0 / row->width));
      t[5] = exp (draw (i, 5) * log (4.0 / row->height));
      if (row->edges && i % 4 != 0)
        {
          /* Grid lines and half cells of the coarsest head; 0 and 1 are among them. */
          t[2] = rint (draw (i, 2) * row->width / 16) * 16 / row->width;
          t[3] = rint (draw (i, 3) * row->height / 16) * 16 / row->height;
        }
      if (row->edges && i % 7 == 0)
        t[4] = 0;
    }
}

static void
make_heads (Problem *p)
{
  const LossRow *row = p->row;

  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    {
      const gsize n = count_values (row, i);

      p->heads[i] = fv_test_random_values (fv_ops_get_seed () + i, n, -2 * row->spread, 2 * row->spread);
      for (gsize k = 4; k < n; k += 5 + row->n_classes)
        p->heads[i][k] = (float)(p->heads[i][k] - row->spread);
    }
  if (row->not_a_number)
    p->heads[1][(5 + row->n_classes) + 4] = NAN;
}

static Problem *
problem_new (const LossRow *row)
{
  Problem *p = g_new0 (Problem, 1);

  p->row = row;
  fv_yolov5_config_init (&p->config, 'n', row->n_classes);
  for (guint i = 0; row->other_anchors && i < FV_YOLOV5_N_HEADS * FV_YOLOV5_N_ANCHORS * 2; i++)
    p->config.anchors[i / 6][i / 2 % 3][i % 2] *= 0.7f + 0.1f * i;
  make_targets (p);
  make_heads (p);
  return p;
}

static void
problem_free (Problem *p)
{
  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    g_free (p->heads[i]);
  g_free (p->targets);
  fv_test_graph_free (p->graph);
  fv_step_input_clear (&p->input);
  fv_test_buffer_free (p->result);
  g_free (p);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Problem, problem_free)

static FvTensor *
external (FvGraph *g, VkDeviceAddress address, gsize bytes, const char *name)
{
  FvTensor *tensor = fv_graph_scratch (g, bytes / sizeof (float), name);

  fv_tensor_set_address (tensor, address);
  return tensor;
}

static void
write_step (Problem *p)
{
  const LossRow *row = p->row;
  g_autofree FvAugmentSample *samples = g_new0 (FvAugmentSample, row->n);
  const FvBatch batch = {
    .n = row->n,
    .height = row->height,
    .width = row->width,
    .samples = samples,
    .targets = p->targets,
    .n_targets = p->n_targets,
  };
  g_autoptr (GError) error = NULL;

  fv_step_input_clear (&p->input);
  fv_step_input_init (&p->input, fv_test_engine_get_device (), &error);
  g_assert_no_error (error);
  fv_step_input_write (&p->input, &batch, &error);
  g_assert_no_error (error);
}

static void
build (Problem *p, gboolean with_gradient, gboolean timing)
{
  const LossRow *row = p->row;
  FvTensor *block, *result;

  g_clear_pointer (&p->graph, fv_test_graph_free);
  g_clear_pointer (&p->result, fv_test_buffer_free);
  write_step (p);
  p->result = fv_test_buffer_new (FV_MEMORY_READBACK, sizeof (FvLossResult), "result");
  p->graph = fv_test_graph_new (TRUE);
  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    p->tensors[i]
        = fv_graph_tensor (p->graph->graph, row->n, row->height / fv_yolov5_strides[i],
                           row->width / fv_yolov5_strides[i], FV_YOLOV5_N_ANCHORS * (5 + row->n_classes), 0, "head");
  block = external (p->graph->graph, p->input.block->address, sizeof (FvStepBlock), "block");
  result = external (p->graph->graph, p->result->address, sizeof (FvLossResult), "result");
  fv_yolo_loss (p->graph->graph, &p->config, &row->params, p->tensors, block, result, with_gradient);
  fv_test_graph_place (p->graph, timing);
  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    fv_test_graph_write (p->graph, p->tensors[i], p->heads[i]);
}

static FvLossResult
run (Problem *p)
{
  FvLossResult result;

  fv_test_graph_run (p->graph);
  fv_test_buffer_read (p->result, &result, sizeof result);
  return result;
}

static void
get_reference (Problem *p, const FvReferenceLoss *held, FvReferenceLoss *loss)
{
  const LossRow *row = p->row;
  const FvReferenceLossArgs args = {
    .n = row->n,
    .height = row->height,
    .width = row->width,
    .config = &p->config,
    .params = &row->params,
    .heads = { p->heads[0], p->heads[1], p->heads[2] },
    .targets = p->targets,
    .n_targets = p->n_targets,
    .held = held,
  };

  fv_reference_loss (&args, loss);
}

/* Comparing */

static void
compare_one (const char *what, double value, double expected)
{
  if (!isnan (expected))
    fv_ops_compare (what, &value, &expected, 1, 1e-11);
  else if (!isnan (value))
    fv_ops_fail ("%s is %g where a logit is no number", what, value);
}

static void
compare_losses (const FvLossResult *result, const FvReferenceLoss *expected)
{
  compare_one ("box", result->box, expected->box);
  compare_one ("objectness", result->obj, expected->obj);
  compare_one ("classes", result->cls, expected->cls);
  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    if (result->n_matches[i] != expected->n_matches[i])
      fv_ops_fail ("head %u has %u matches, not %u", i, result->n_matches[i], expected->n_matches[i]);
}

static void
compare_gradients (Problem *p, const FvReferenceLoss *expected)
{
  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    {
      FvTensor *gradient = fv_tensor_get_gradient (p->tensors[i]);
      const gsize n = count_values (p->row, i);
      g_autofree double *values = g_new (double, n);
      double largest = 0;

      fv_test_graph_read (p->graph, gradient, values);
      fv_ops_compare ("gradient", values, expected->gradients[i], n, 1e-11);
      for (gsize k = 0; k < n; k++)
        largest = MAX (largest, fabs (expected->gradients[i][k]));
      for (gsize k = 0; k < n; k++)
        if (!(fabs (values[k] - expected->gradients[i][k]) <= 1e-5 * largest))
          {
            fv_ops_fail ("gradient %" G_GSIZE_FORMAT " of head %u is %.9g, not %.9g", k, i, values[k],
                         expected->gradients[i][k]);
            break;
          }
      fv_ops_take_damage (fv_test_tensor_find_damage (p->graph, gradient));
    }
}

/* Heads hold what they held, and nothing was written outside. */
static void
compare_untouched (Problem *p)
{
  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    {
      const gsize n = count_values (p->row, i);
      g_autofree double *values = g_new (double, n);

      fv_test_graph_read (p->graph, p->tensors[i], values);
      if (!p->row->not_a_number)
        fv_ops_compare ("head", values, p->heads[i], n, 0);
      fv_ops_take_damage (fv_test_tensor_find_damage (p->graph, p->tensors[i]));
    }
  fv_ops_take_damage (fv_test_graph_find_damage (p->graph));
  fv_ops_take_damage (fv_test_buffer_find_damage (p->result));
}

/* With gradients and without the losses have the same bits. */
static void
test (const FvOpsOperator *op, const void *data)
{
  g_autoptr (Problem) p = problem_new (data);
  FvReferenceLoss expected;
  FvLossResult results[2];

  get_reference (p, NULL, &expected);
  for (gboolean with_gradient = FALSE; with_gradient <= TRUE; with_gradient++)
    {
      fv_ops_begin_case (with_gradient ? "with gradients" : "losses alone");
      build (p, with_gradient, FALSE);
      results[with_gradient] = run (p);
      compare_losses (&results[with_gradient], &expected);
      compare_untouched (p);
    }
  if (memcmp (&results[0], &results[1], sizeof results[0]) != 0 && !p->row->not_a_number)
    fv_ops_fail ("the losses differ from those alone");
  fv_reference_loss_clear (&expected);
}

/* The total loss when one logit is moved, alphas and targets of objectness being held. */
static double
get_total (Problem *p, const FvReferenceLoss *held)
{
  FvReferenceLoss loss;

  get_reference (p, held, &loss);
  fv_reference_loss_clear (&loss);
  return (loss.box + loss.obj + loss.cls) * p->row->n;
}

/* The reference's gradients against differences of its total, at some logits that matter and at some others. */
static void
check_reference (Problem *p, const FvReferenceLoss *loss)
{
  fv_ops_begin_case ("the reference");
  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    {
      const gsize n = count_values (p->row, i);
      double differences[MAX_DIFFERENCES], expected[MAX_DIFFERENCES];

      for (guint s = 0; s < MAX_DIFFERENCES; s++)
        {
          const double at = 0.5 + 0.5 * fv_test_random (fv_ops_get_seed () ^ fv_test_seed ("differences"), s);
          gsize k = MIN ((gsize)(at * n), n - 1);
          double value, high;

          /* From there to one that a target has a say in; objectness has a gradient everywhere. */
          for (gsize steps = 0; s % 2 == 0 && steps < n; steps++, k = (k + 1) % n)
            if (loss->gradients[i][k] != 0 && k % (5 + p->row->n_classes) != 4)
              break;
          value = p->heads[i][k];
          p->heads[i][k] = value + STEP;
          high = get_total (p, loss);
          p->heads[i][k] = value - STEP;
          differences[s] = (high - get_total (p, loss)) / (2 * STEP);
          p->heads[i][k] = value;
          expected[s] = loss->gradients[i][k];
        }
      fv_ops_compare ("differences", differences, expected, MAX_DIFFERENCES, DIFFERENCES_TOLERANCE);
    }
}

/* Run again, everything has the same bits. */
static void
check_repeats (Problem *p, const FvLossResult *first)
{
  const gsize bytes = p->graph->arena->size;
  g_autofree guint8 *arena = g_memdup2 (p->graph->bytes, bytes);
  const FvLossResult second = run (p);

  if (memcmp (first, &second, sizeof second) != 0 || memcmp (arena, p->graph->bytes, bytes) != 0)
    fv_ops_fail ("a second run gives other bits");
}

static void
grad (const FvOpsOperator *op, const void *data)
{
  const LossRow *row = data;
  g_autoptr (Problem) p = NULL;
  FvReferenceLoss expected;
  FvLossResult result;

  if (row->not_a_number)
    return;
  p = problem_new (row);
  get_reference (p, NULL, &expected);
  if (!row->base.full)
    check_reference (p, &expected);
  fv_ops_begin_case (NULL);
  build (p, TRUE, FALSE);
  result = run (p);
  compare_gradients (p, &expected);
  compare_untouched (p);
  check_repeats (p, &result);
  fv_reference_loss_clear (&expected);
}

static void
perf (const FvOpsOperator *op, const void *data)
{
  g_autoptr (Problem) p = problem_new (data);
  double seconds, flops, floats = 0;

  build (p, TRUE, TRUE);
  seconds = fv_test_graph_time (p->graph, PERF_RUNS, &flops);
  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    floats += 2.0 * count_values (p->row, i);
  fv_ops_report_time ("losses and gradients", seconds, flops, floats * sizeof (float));
}

static char *
describe (const void *data)
{
  const LossRow *row = data;
  const FvLossParams *params = &row->params;
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "%u of %ux%u, %u classes, %u targets each, logits of %g", row->n, row->height,
                          row->width, row->n_classes, row->n_targets, row->spread);
  if (params->fl_gamma > 0)
    g_string_append_printf (text, ", focal %g", params->fl_gamma);
  if (params->label_smoothing > 0)
    g_string_append_printf (text, ", smoothed %g", params->label_smoothing);
  if (params->cls_pw != 1 || params->obj_pw != 1)
    g_string_append_printf (text, ", positive weights %g and %g", params->cls_pw, params->obj_pw);
  if (params->anchor_t != 4)
    g_string_append_printf (text, ", anchor ratio %g", params->anchor_t);
  g_string_append_printf (text, "%s%s%s", row->edges ? ", on edges" : "", row->other_anchors ? ", other anchors" : "",
                          row->not_a_number ? ", one no number" : "");
  return g_string_free (text, FALSE);
}

const FvOpsOperator fv_ops_loss = {
  FV_OPS_ROWS (rows), .name = "loss", .describe = describe, .test = test, .grad = grad, .perf = perf,
};

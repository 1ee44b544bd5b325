/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/compute/ops/fv-ops-problem.h"

#include <math.h>
#include <string.h>

/* Central differences: the step, at how many values of each array, up to how much work of the reference's forward, and their tolerance. */
#define STEP 1e-5
#define MAX_DIFFERENCES 12
#define MAX_WORK 2e6
#define DIFFERENCES_TOLERANCE 1e-12

/* Of a tensor of fp16: each operator rounds by up to 2^-11 of a value, 4e-8 in mean squares; parameters stay as exact as they are. */
#define HALF_TOLERANCE 1e-6

#define PERF_RUNS 5

const char *
fv_ops_layout_name (FvOpsLayout layout)
{
  static const char *const names[] = { "", ", wide", ", slice", ", picture" };

  return names[layout];
}

gsize
fv_ops_shape_count (const FvReferenceShape *shape)
{
  return (gsize)shape->n * shape->h * shape->w * shape->c;
}

/* Declaring */

static double *
random_values (const char *name, gsize n)
{
  return fv_test_random_values (fv_ops_get_seed () ^ fv_test_seed (name), n, -1, 1);
}

void
fv_ops_problem_randomize (double *values, const char *name, gsize n, double low, double high)
{
  g_autofree double *others = fv_test_random_values (fv_ops_get_seed () ^ fv_test_seed (name), n, low, high);

  memcpy (values, others, n * sizeof *values);
}

FvOpsInput *
fv_ops_problem_add_input (FvOpsProblem *self, const char *name, FvReferenceShape shape, FvOpsLayout layout)
{
  const gsize n = fv_ops_shape_count (&shape);
  FvOpsInput *input = &self->inputs[self->n_inputs++];

  g_assert_cmpuint (self->n_inputs, <=, FV_OPS_MAX_INPUTS);
  *input = (FvOpsInput){ .name = name, .shape = shape, .layout = layout };
  input->values = random_values (name, n);
  input->gradient = g_new0 (double, n);
  return input;
}

FvOpsParam *
fv_ops_problem_add_param (FvOpsProblem *self, const char *name, FvParamKind kind, const guint dims[4])
{
  FvOpsParam *param = &self->params[self->n_params++];
  gsize n;

  g_assert_cmpuint (self->n_params, <=, FV_OPS_MAX_PARAMS);
  param->name = name;
  param->layout = fv_layout_new ();
  fv_layout_add (param->layout, name, kind, 0, kind == FV_PARAM_CONV_WEIGHT ? 4 : 1, dims);
  fv_layout_seal (param->layout);
  param->param = fv_layout_lookup (param->layout, name);
  param->no_gradient = fv_param_is_statistic (param->param);
  n = fv_param_get_n_values (param->param);
  param->values = random_values (name, n);
  param->before = fv_test_random_values (fv_ops_get_seed () ^ ~fv_test_seed (name), n, -1, 1);
  param->gradient = g_new0 (double, n);
  if (fv_param_is_statistic (param->param))
    param->after = g_memdup2 (param->values, n * sizeof *param->values);
  return param;
}

static FvOpsProblem *
problem_new (const FvOpsOperator *op, const void *row)
{
  FvOpsProblem *self = g_new0 (FvOpsProblem, 1);

  self->klass = op->problem;
  self->row = row;
  self->klass->declare (self);
  self->y = g_new0 (double, fv_ops_shape_count (&self->shape));
  self->dy = random_values ("dy", fv_ops_shape_count (&self->shape));
  for (guint i = 0; i < self->n_inputs; i++)
    if (self->inputs[i].adds)
      self->inputs[i].before = fv_test_random_values (fv_ops_get_seed () ^ ~fv_test_seed (self->inputs[i].name),
                                                      fv_ops_shape_count (&self->inputs[i].shape), -1, 1);
  return self;
}

static void
clear_buffers (FvOpsProblem *self)
{
  for (guint i = 0; i < self->n_params; i++)
    {
      g_clear_pointer (&self->params[i].buffer, fv_test_buffer_free);
      g_clear_pointer (&self->params[i].gradient_buffer, fv_test_buffer_free);
    }
}

static void
problem_free (FvOpsProblem *self)
{
  clear_buffers (self);
  for (guint i = 0; i < self->n_inputs; i++)
    {
      g_free (self->inputs[i].values);
      g_free (self->inputs[i].before);
      g_free (self->inputs[i].gradient);
    }
  for (guint i = 0; i < self->n_params; i++)
    {
      g_free (self->params[i].values);
      g_free (self->params[i].before);
      g_free (self->params[i].gradient);
      g_free (self->params[i].after);
      fv_layout_free (self->params[i].layout);
    }
  g_free (self->y);
  g_free (self->dy);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvOpsProblem, problem_free)

/* Building: a graph, where its output is, and buffers for the parameters. */

static FvTestBuffer *
new_param_buffer (const FvParam *param, const double *values)
{
  const gsize n = fv_param_get_n_values (param);
  FvTestBuffer *buffer = fv_test_buffer_new (FV_MEMORY_DEVICE, param->length * sizeof (float), param->name);
  g_autofree float *narrow = g_new (float, n);
  g_autofree float *flat = g_new (float, param->length);

  for (gsize i = 0; i < n; i++)
    narrow[i] = values[i];
  fv_param_pack (param, narrow, flat);
  fv_test_buffer_write (buffer, flat, param->length * sizeof *flat);
  return buffer;
}

static void
fill_buffers (FvOpsProblem *self)
{
  clear_buffers (self);
  for (guint i = 0; i < self->n_params; i++)
    {
      FvOpsParam *param = &self->params[i];

      param->buffer = new_param_buffer (param->param, param->values);
      if (!param->no_gradient)
        param->gradient_buffer = new_param_buffer (param->param, param->before);
    }
}

static guint
pad16 (guint n)
{
  return (n + 15) / 16 * 16;
}

static FvTensor *
new_parent (FvGraph *g, const FvReferenceShape *s)
{
  const guint pitch = pad16 (s->c) + 48;

  return fv_graph_tensor (g, s->n, s->h, s->w, pitch, pitch, "parent");
}

static FvTensor *
new_input (FvGraph *g, const FvOpsInput *input)
{
  const FvReferenceShape *s = &input->shape;
  const guint pitch[] = { [FV_OPS_WIDE] = pad16 (s->c) + 32, [FV_OPS_PICTURE] = 4 };

  if (input->layout == FV_OPS_SLICE)
    return fv_graph_view (g, new_parent (g, s), 16, s->c, input->name);
  return fv_graph_tensor (g, s->n, s->h, s->w, s->c, pitch[input->layout], input->name);
}

static gboolean
is_placed (const FvTensor *tensor)
{
  while (tensor->parent != NULL)
    tensor = tensor->parent;
  return tensor->first_use >= 0;
}

static void
write_values (FvOpsProblem *self, FvTestGraph *graph, FvTensor *y, gboolean backward)
{
  for (guint i = 0; i < self->n_inputs; i++)
    {
      const FvOpsInput *input = &self->inputs[i];

      if (is_placed (input->tensor))
        fv_test_graph_write (graph, input->tensor, input->values);
      if (backward && input->adds)
        fv_test_graph_write (graph, fv_tensor_get_gradient (input->tensor), input->before);
    }
  if (backward)
    fv_test_graph_write (graph, fv_tensor_get_gradient (y), self->dy);
}

static FvTestGraph *
build (FvOpsProblem *self, gboolean backward, gboolean timing, FvTensor **y)
{
  FvTestGraph *graph = self->half ? fv_test_graph_new_half (!self->inference) : fv_test_graph_new (!self->inference);

  fill_buffers (self);
  for (guint i = 0; i < self->n_inputs; i++)
    {
      FvOpsInput *input = &self->inputs[i];

      input->tensor = new_input (graph->graph, input);
      input->tensor->requires_gradient = !input->no_gradient;
      if (input->adds)
        fv_tensor_claim_gradient (input->tensor);
    }
  *y = self->klass->build (self, graph->graph);
  g_assert_cmpuint ((*y)->n, ==, self->shape.n);
  g_assert_cmpuint ((*y)->h, ==, self->shape.h);
  g_assert_cmpuint ((*y)->w, ==, self->shape.w);
  g_assert_cmpuint ((*y)->c, ==, self->shape.c);
  if (self->layout == FV_OPS_SLICE)
    g_assert_true (fv_tensor_move_into (*y, new_parent (graph->graph, &self->shape), 16));
  if (backward)
    {
      fv_tensor_claim_gradient (*y);
      fv_graph_backward (graph->graph);
    }
  fv_test_graph_place (graph, timing);
  write_values (self, graph, *y, backward);
  return graph;
}

/* Comparing */

static void
compare_tensor (const FvTestGraph *graph, const FvTensor *tensor, const char *what, const double *expected,
                double tolerance)
{
  const gsize n = (gsize)fv_tensor_get_pixels (tensor) * tensor->c;
  g_autofree double *values = g_new (double, n);

  fv_test_graph_read (graph, tensor, values);
  if (tensor->element == FV_ELEMENT_HALF && tolerance > 0)
    tolerance = MAX (tolerance, HALF_TOLERANCE);
  fv_ops_compare (what, values, expected, n, tolerance);
  fv_ops_take_damage (fv_test_tensor_find_damage (graph, tensor));
}

static void
compare_param (FvTestBuffer *buffer, const FvParam *param, const char *what, const double *expected, double tolerance)
{
  const gsize n = fv_param_get_n_values (param);
  g_autofree float *flat = g_new (float, param->length);
  g_autofree float *again = g_new (float, param->length);
  g_autofree float *narrow = g_new (float, n);
  g_autofree double *values = g_new (double, n);

  fv_test_buffer_read (buffer, flat, param->length * sizeof *flat);
  fv_param_unpack (param, flat, narrow);
  for (gsize i = 0; i < n; i++)
    values[i] = narrow[i];
  fv_ops_compare (what, values, expected, n, tolerance);
  fv_param_pack (param, narrow, again);
  for (gsize i = 0; i < param->length; i++)
    if (memcmp (&again[i], &flat[i], sizeof (float)) != 0 && flat[i] != 0)
      {
        fv_ops_fail ("%s has no zero in its padding, at float %" G_GSIZE_FORMAT, what, i);
        break;
      }
  fv_ops_take_damage (fv_test_buffer_find_damage (buffer));
}

/* What is only read holds what it held. */
static void
compare_untouched (FvOpsProblem *self, const FvTestGraph *graph)
{
  for (guint i = 0; i < self->n_inputs; i++)
    if (is_placed (self->inputs[i].tensor))
      compare_tensor (graph, self->inputs[i].tensor, self->inputs[i].name, self->inputs[i].values, 0);
  for (guint i = 0; i < self->n_params; i++)
    if (self->params[i].after == NULL)
      compare_param (self->params[i].buffer, self->params[i].param, self->params[i].name, self->params[i].values, 0);
  fv_ops_take_damage (fv_test_graph_find_damage (graph));
}

static double
get_tolerance (const FvOpsProblem *self, gboolean backward)
{
  if (self->tolerance != 0)
    return self->tolerance;
  return backward ? self->klass->gradient_tolerance : self->klass->tolerance;
}

static void
compare_forward (FvOpsProblem *self, const FvTestGraph *graph, const FvTensor *y)
{
  const double tolerance = get_tolerance (self, FALSE);

  compare_tensor (graph, y, "y", self->y, tolerance);
  for (guint i = 0; i < self->n_params; i++)
    if (self->params[i].after != NULL)
      compare_param (self->params[i].buffer, self->params[i].param, self->params[i].name, self->params[i].after,
                     tolerance);
}

/* (transfer full): what is there after @gradient was added. */
static double *
add_values (const double *before, const double *gradient, gsize n)
{
  double *sum = g_new (double, n);

  for (gsize i = 0; i < n; i++)
    sum[i] = gradient[i] + (before != NULL ? before[i] : 0);
  return sum;
}

static void
compare_gradients (FvOpsProblem *self, const FvTestGraph *graph)
{
  const double tolerance = get_tolerance (self, TRUE);

  for (guint i = 0; i < self->n_inputs; i++)
    {
      const FvOpsInput *input = &self->inputs[i];
      g_autofree char *what = g_strconcat ("gradient of ", input->name, NULL);
      g_autofree double *sum = NULL;

      if (input->no_gradient)
        continue;
      sum = add_values (input->before, input->gradient, fv_ops_shape_count (&input->shape));
      compare_tensor (graph, fv_tensor_get_gradient (input->tensor), what, sum, tolerance);
    }
  for (guint i = 0; i < self->n_params; i++)
    {
      const FvOpsParam *param = &self->params[i];
      g_autofree char *what = g_strconcat ("gradient of ", param->name, NULL);
      g_autofree double *sum = NULL;

      if (param->no_gradient)
        continue;
      sum = add_values (param->before, param->gradient, fv_param_get_n_values (param->param));
      compare_param (param->gradient_buffer, param->param, what, sum, tolerance);
    }
}

static char *
use_way (FvOpsProblem *self, gboolean backward, guint index)
{
  if (self->klass->use_way != NULL)
    return self->klass->use_way (self, backward, index);
  return index == 0 ? g_strdup ("") : NULL;
}

static void
run_all_ways (FvOpsProblem *self, gboolean backward)
{
  for (guint i = 0;; i++)
    {
      g_autofree char *way = use_way (self, backward, i);
      g_autoptr (FvTestGraph) graph = NULL;
      FvTensor *y;

      if (way == NULL)
        break;
      fv_ops_begin_case ("%s%s", way, self->half ? ", fp16" : "");
      graph = build (self, backward, FALSE, &y);
      fv_test_graph_run (graph);
      if (backward)
        {
          compare_gradients (self, graph);
          compare_tensor (graph, fv_tensor_get_gradient (y), "dy", self->dy, 0);
        }
      else
        compare_forward (self, graph, y);
      compare_untouched (self, graph);
    }
}

static void
round_values (double *values, const FvReferenceShape *shape)
{
  for (gsize i = 0; values != NULL && i < fv_ops_shape_count (shape); i++)
    values[i] = fv_test_round_to_half (values[i]);
}

/* From now on the same problem with fp16. */
static void
use_half (FvOpsProblem *self)
{
  self->half = TRUE;
  for (guint i = 0; i < self->n_inputs; i++)
    {
      round_values (self->inputs[i].values, &self->inputs[i].shape);
      round_values (self->inputs[i].before, &self->inputs[i].shape);
      memset (self->inputs[i].gradient, 0, fv_ops_shape_count (&self->inputs[i].shape) * sizeof (double));
    }
  for (guint i = 0; i < self->n_params; i++)
    memset (self->params[i].gradient, 0, fv_param_get_n_values (self->params[i].param) * sizeof (double));
  round_values (self->dy, &self->shape);
}

void
fv_ops_problem_test (const FvOpsOperator *op, const void *row)
{
  g_autoptr (FvOpsProblem) self = problem_new (op, row);

  self->klass->forward (self);
  run_all_ways (self, FALSE);
  use_half (self);
  self->klass->forward (self);
  run_all_ways (self, FALSE);
}

/* The place of the greatest gradient first, so that not all of them are zero, then anywhere. */
static gsize
choose_place (const double *gradient, gsize n, guint index)
{
  gsize best = 0;

  if (index > 0)
    return (0.5 * fv_test_random (fv_ops_get_seed (), index) + 0.5) * (n - 1);
  for (gsize i = 0; i < n; i++)
    if (fabs (gradient[i]) > fabs (gradient[best]))
      best = i;
  return best;
}

/* The reference's gradient of the sum of y * dy by @values, at some of them, against central differences. */
static void
compare_differences (FvOpsProblem *self, const char *name, double *values, const double *gradient, gsize n)
{
  const guint n_samples = MIN (n, MAX_DIFFERENCES);
  const gsize n_y = fv_ops_shape_count (&self->shape);
  g_autofree char *what = g_strconcat ("differences by ", name, NULL);
  g_autofree double *below = g_new (double, n_y);
  double expected[MAX_DIFFERENCES], differences[MAX_DIFFERENCES];

  for (guint i = 0; i < n_samples; i++)
    {
      const gsize k = choose_place (gradient, n, i);
      const double value = values[k];

      values[k] = value - STEP;
      self->klass->forward (self);
      memcpy (below, self->y, n_y * sizeof *below);
      values[k] = value + STEP;
      self->klass->forward (self);
      values[k] = value;
      differences[i] = 0;
      for (gsize j = 0; j < n_y; j++)
        differences[i] += (self->y[j] - below[j]) * self->dy[j] / (2 * STEP);
      expected[i] = gradient[k];
    }
  fv_ops_compare (what, differences, expected, n_samples, DIFFERENCES_TOLERANCE);
}

static void
check_reference (FvOpsProblem *self)
{
  fv_ops_begin_case ("the reference");
  for (guint i = 0; i < self->n_inputs; i++)
    if (!self->inputs[i].no_gradient)
      compare_differences (self, self->inputs[i].name, self->inputs[i].values, self->inputs[i].gradient,
                           fv_ops_shape_count (&self->inputs[i].shape));
  for (guint i = 0; i < self->n_params; i++)
    if (!self->params[i].no_gradient)
      compare_differences (self, self->params[i].name, self->params[i].values, self->params[i].gradient,
                           fv_param_get_n_values (self->params[i].param));
}

void
fv_ops_problem_grad (const FvOpsOperator *op, const void *row)
{
  g_autoptr (FvOpsProblem) self = problem_new (op, row);

  if (self->inference)
    return;
  self->klass->forward (self);
  self->klass->backward (self);
  if (self->work <= MAX_WORK)
    check_reference (self);
  run_all_ways (self, TRUE);
  use_half (self);
  self->klass->forward (self);
  self->klass->backward (self);
  run_all_ways (self, TRUE);
}

/* Bytes that the forward pass must move at least; all of it moves twice as much again. */
static double
count_bytes (const FvOpsProblem *self)
{
  double floats = fv_ops_shape_count (&self->shape);

  for (guint i = 0; i < self->n_inputs; i++)
    floats += fv_ops_shape_count (&self->inputs[i].shape);
  for (guint i = 0; i < self->n_params; i++)
    floats += fv_param_get_n_values (self->params[i].param);
  return floats * sizeof (float);
}

static void
time_all_ways (FvOpsProblem *self, gboolean backward)
{
  for (guint i = 0;; i++)
    {
      g_autofree char *way = use_way (self, backward, i);
      g_autofree char *what = NULL;
      g_autoptr (FvTestGraph) graph = NULL;
      double seconds, flops;
      FvTensor *y;

      if (way == NULL)
        break;
      graph = build (self, backward, TRUE, &y);
      seconds = fv_test_graph_time (graph, PERF_RUNS, &flops);
      what = g_strconcat (backward ? "both ways" : "forward", *way != '\0' ? ", " : "", way, NULL);
      fv_ops_report_time (what, seconds, flops, count_bytes (self) * (backward ? 3 : 1));
    }
}

void
fv_ops_problem_perf (const FvOpsOperator *op, const void *row)
{
  g_autoptr (FvOpsProblem) self = problem_new (op, row);

  time_all_ways (self, FALSE);
  if (!self->inference)
    time_all_ways (self, TRUE);
}

void
fv_ops_problem_support (const FvOpsOperator *op, const void *row)
{
  if (row != NULL)
    fv_ops_report_support ("on any device");
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/compute/ops/fv-ops-problem.h"

#include <string.h>

typedef enum
{
  TRAINING,
  FROZEN, /* in training, but normalised by the running statistics */
  INFERENCE,
} Mode;

typedef struct
{
  FvOpsRow base;
  FvReferenceShape shape;
  Mode mode;
  gboolean silu;
  gboolean residual; /* another input is added */
  FvOpsLayout x, y;
  gboolean adds;
  double offset; /* of the data's mean: cancellation must not hurt */
  double tolerance;
} NormRow;

#define FULL .base = { .full = TRUE }

static const NormRow rows[] = {
  { .shape = { 3, 5, 7, 16 }, .silu = TRUE },
  { .shape = { 3, 5, 7, 16 } },
  { .shape = { 3, 5, 7, 16 }, FROZEN, .silu = TRUE },
  { .shape = { 3, 5, 7, 16 }, FROZEN },
  { .shape = { 3, 5, 7, 16 }, INFERENCE, .silu = TRUE },
  { .shape = { 3, 5, 7, 16 }, INFERENCE },
  { .shape = { 2, 9, 4, 48 }, .silu = TRUE, .offset = 30, .tolerance = 1e-10 },
  { .shape = { 1, 1, 2, 32 }, .tolerance = 1e-9 },                /* the gradient is what little doesn't cancel */
  { .shape = { 16, 1, 1, 1 }, .silu = TRUE, .tolerance = 1e-11 }, /* few terms, of either sign */
  { .shape = { 3, 5, 7, 3 }, .silu = TRUE, .x = FV_OPS_SLICE, .y = FV_OPS_SLICE, .adds = TRUE },
  { .shape = { 1, 5, 7, 7 }, .x = FV_OPS_WIDE, .adds = TRUE },
  { .shape = { 1, 5, 7, 13 }, FROZEN, .silu = TRUE, .x = FV_OPS_SLICE, .y = FV_OPS_SLICE, .adds = TRUE },
  { .shape = { 1, 5, 7, 13 }, FROZEN, .y = FV_OPS_SLICE, .adds = TRUE },
  { .shape = { 1, 1, 1, 13 }, INFERENCE, .silu = TRUE, .x = FV_OPS_SLICE, .y = FV_OPS_SLICE },
  { .shape = { 1, 1, 1, 3 }, FROZEN, .silu = TRUE },
  { .shape = { 3, 5, 7, 255 }, .silu = TRUE, .x = FV_OPS_SLICE },
  { .shape = { 3, 5, 7, 16 }, .silu = TRUE, .residual = TRUE },
  { .shape = { 3, 9, 7, 40 }, .silu = TRUE, .residual = TRUE, .x = FV_OPS_SLICE, .y = FV_OPS_SLICE, .adds = TRUE },
  { .shape = { 1, 9, 7, 32 }, FROZEN, .silu = TRUE, .residual = TRUE, .y = FV_OPS_SLICE },
  { .shape = { 1, 5, 7, 48 }, INFERENCE, .silu = TRUE, .residual = TRUE },
  { .shape = { 2, 33, 17, 80 }, .silu = TRUE },
  { .shape = { 1, 96, 160, 16 }, .silu = TRUE, FULL },
  { .shape = { 3, 96, 160, 32 }, .silu = TRUE, .x = FV_OPS_SLICE, .y = FV_OPS_SLICE, .adds = TRUE, FULL },
  { .shape = { 16, 96, 160, 16 }, FULL },
  { .shape = { 16, 5, 7, 255 }, INFERENCE, .silu = TRUE, FULL },
  { .shape = { 16, 20, 20, 512 }, .silu = TRUE, FULL },
  { .shape = { 1, 5, 5, 1024 }, FROZEN, .silu = TRUE, FULL },
  { .shape = { 3, 160, 96, 1 }, .silu = TRUE, .tolerance = 1e-11, FULL }, /* 46,080 terms of either sign in one sum */
  { .shape = { 1, 33, 41, 96 }, .silu = TRUE, .offset = -100, .tolerance = 1e-9, FULL },
};

enum
{
  WEIGHT,
  BIAS,
  MEAN,
  VAR,
};

static void
declare (FvOpsProblem *problem)
{
  const NormRow *row = problem->row;
  const guint dims[4] = { row->shape.c };
  FvOpsInput *x = fv_ops_problem_add_input (problem, "x", row->shape, row->x);
  const gsize n = fv_ops_shape_count (&row->shape);

  x->adds = row->adds;
  if (row->residual)
    fv_ops_problem_add_input (problem, "residual", row->shape, row->x)->adds = row->adds;
  fv_ops_problem_randomize (x->values, "x", n, row->offset - 1, row->offset + 1);
  fv_ops_problem_add_param (problem, "weight", FV_PARAM_BN_WEIGHT, dims);
  fv_ops_problem_add_param (problem, "bias", FV_PARAM_BIAS, dims);
  fv_ops_problem_add_param (problem, "running mean", FV_PARAM_RUNNING_MEAN, dims);
  fv_ops_problem_add_param (problem, "running variance", FV_PARAM_RUNNING_VAR, dims);
  fv_ops_problem_randomize (problem->params[WEIGHT].values, "weight", row->shape.c, 0.5, 1.5);
  fv_ops_problem_randomize (problem->params[MEAN].values, "mean", row->shape.c, row->offset - 0.1, row->offset + 0.1);
  fv_ops_problem_randomize (problem->params[VAR].values, "variance", row->shape.c, 0.5, 1.5);
  problem->params[WEIGHT].no_gradient = problem->params[BIAS].no_gradient = row->mode != TRAINING;
  problem->shape = row->shape;
  problem->layout = row->y;
  problem->inference = row->mode == INFERENCE;
  problem->work = 20.0 * n;
  problem->tolerance = row->tolerance;
}

static FvTensor *
build (FvOpsProblem *problem, FvGraph *g)
{
  const NormRow *row = problem->row;
  FvBatchNormWeights weights = {
    .weight = problem->params[WEIGHT].buffer->address,
    .bias = problem->params[BIAS].buffer->address,
    .running_mean = problem->params[MEAN].buffer->address,
    .running_var = problem->params[VAR].buffer->address,
    .frozen = row->mode == FROZEN,
  };

  if (row->mode == TRAINING)
    {
      weights.weight_gradient = problem->params[WEIGHT].gradient_buffer->address;
      weights.bias_gradient = problem->params[BIAS].gradient_buffer->address;
    }
  return fv_batch_norm_add (g, problem->inputs[0].tensor, &weights, row->silu ? FV_ACTIVATION_SILU : FV_ACTIVATION_NONE,
                            row->residual ? problem->inputs[1].tensor : NULL, "y");
}

static void
forward (FvOpsProblem *problem)
{
  const NormRow *row = problem->row;
  FvOpsParam *params = problem->params;

  memcpy (params[MEAN].after, params[MEAN].values, row->shape.c * sizeof (double));
  memcpy (params[VAR].after, params[VAR].values, row->shape.c * sizeof (double));
  fv_reference_batch_norm (&row->shape, row->mode == TRAINING, row->silu, problem->inputs[0].values,
                           params[WEIGHT].values, params[BIAS].values, params[MEAN].after, params[VAR].after,
                           problem->y);
  for (gsize i = 0; row->residual && i < fv_ops_shape_count (&row->shape); i++)
    problem->y[i] += problem->inputs[1].values[i];
}

static void
backward (FvOpsProblem *problem)
{
  const NormRow *row = problem->row;
  FvOpsParam *params = problem->params;

  fv_reference_batch_norm_backward (&row->shape, row->mode == TRAINING, row->silu, problem->inputs[0].values,
                                    params[WEIGHT].values, params[BIAS].values, params[MEAN].values, params[VAR].values,
                                    problem->dy, problem->inputs[0].gradient, params[WEIGHT].gradient,
                                    params[BIAS].gradient);
  for (gsize i = 0; row->residual && i < fv_ops_shape_count (&row->shape); i++)
    problem->inputs[1].gradient[i] = problem->dy[i];
}

static char *
describe (const void *data)
{
  static const char *const modes[] = { "training", "frozen", "inference" };
  const NormRow *row = data;
  const FvReferenceShape *s = &row->shape;
  g_autofree char *offset = row->offset != 0 ? g_strdup_printf (", about %g", row->offset) : g_strdup ("");

  return g_strdup_printf ("%s%s%s, %u of %ux%ux%u%s%s%s%s", modes[row->mode], row->silu ? ", SiLU" : "",
                          row->residual ? " and another" : "", s->n, s->h, s->w, s->c, fv_ops_layout_name (row->x),
                          row->y != FV_OPS_OWN ? ", into a slice" : "", row->adds ? ", adds" : "", offset);
}

static const FvOpsProblemClass klass = {
  .declare = declare,
  .build = build,
  .forward = forward,
  .backward = backward,
  .tolerance = 1e-12,
  .gradient_tolerance = 1e-12,
};

const FvOpsOperator fv_ops_batch_norm = {
  FV_OPS_ROWS (rows),   FV_OPS_PROBLEM (&klass),           .name = "batch-norm",
  .describe = describe, .support = fv_ops_problem_support,
};

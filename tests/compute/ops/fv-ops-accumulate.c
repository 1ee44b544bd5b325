/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One tensor with several consumers of every kind, whose gradients add up. */
#include "tests/compute/ops/fv-ops-problem.h"
#include "tests/reference/fv-reference-conv.h"

#include <string.h>

/* y is the sum of these branches of x, which all have its shape. */
typedef enum
{
  BRANCH_SELF,
  BRANCH_CONV,     /* 3x3 */
  BRANCH_NORM,     /* with SiLU */
  BRANCH_POOL,     /* 5x5 */
  BRANCH_UPSAMPLE, /* then 3x3 with stride 2 */
  BRANCH_CONCAT,   /* x doubled and the pool of that, slices of a whole that has consumers itself: 1x1 */
  N_BRANCHES,
} Branch;

static const char *const branch_names[N_BRANCHES] = { "itself", "conv", "norm", "pool", "upsample", "concat" };

typedef struct
{
  FvOpsRow base;
  FvReferenceShape shape;
  Branch first; /* they are built in order from this one on; backward, the last one built writes and the others add */
  FvOpsLayout x, y;
  gboolean adds;
} AccumulateRow;

static const AccumulateRow rows[] = {
  { .shape = { 2, 5, 7, 16 }, BRANCH_SELF },
  { .shape = { 2, 5, 7, 16 }, BRANCH_CONV, .x = FV_OPS_SLICE },
  { .shape = { 2, 5, 7, 16 }, BRANCH_NORM, .y = FV_OPS_SLICE },
  { .shape = { 2, 5, 7, 16 }, BRANCH_POOL, .x = FV_OPS_WIDE },
  { .shape = { 2, 5, 7, 16 }, BRANCH_UPSAMPLE, .x = FV_OPS_SLICE, .adds = TRUE },
  { .shape = { 2, 5, 7, 16 }, BRANCH_CONCAT },
  { .shape = { 16, 1, 1, 32 }, BRANCH_CONV, .adds = TRUE },
  { .shape = { 3, 40, 24, 32 }, BRANCH_NORM, .x = FV_OPS_SLICE, .base = { .full = TRUE } },
  { .shape = { 1, 96, 160, 16 }, BRANCH_UPSAMPLE, .base = { .full = TRUE } },
};

enum
{
  CONV_WEIGHT,
  SMALLER_WEIGHT,
  JOIN_WEIGHT,
  NORM_WEIGHT,
  NORM_BIAS,
  NORM_MEAN,
  NORM_VAR,
};

static void
declare (FvOpsProblem *problem)
{
  const AccumulateRow *row = problem->row;
  const guint c = row->shape.c;

  fv_ops_problem_add_input (problem, "x", row->shape, row->x)->adds = row->adds;
  fv_ops_problem_add_param (problem, "weight", FV_PARAM_CONV_WEIGHT, (guint[]){ c, c, 3, 3 });
  fv_ops_problem_add_param (problem, "weight after upsampling", FV_PARAM_CONV_WEIGHT, (guint[]){ c, c, 3, 3 });
  fv_ops_problem_add_param (problem, "weight after concatenation", FV_PARAM_CONV_WEIGHT, (guint[]){ c, 2 * c, 1, 1 });
  fv_ops_problem_add_param (problem, "norm's weight", FV_PARAM_BN_WEIGHT, (guint[4]){ c });
  fv_ops_problem_add_param (problem, "norm's bias", FV_PARAM_BIAS, (guint[4]){ c });
  fv_ops_problem_add_param (problem, "running mean", FV_PARAM_RUNNING_MEAN, (guint[4]){ c });
  fv_ops_problem_add_param (problem, "running variance", FV_PARAM_RUNNING_VAR, (guint[4]){ c });
  fv_ops_problem_randomize (problem->params[NORM_VAR].values, "variance", c, 0.5, 1.5);
  problem->shape = row->shape;
  problem->layout = row->y;
  problem->work = (double)fv_ops_shape_count (&row->shape) * 20 * c;
}

/* The device's side */

static FvTensor *
build_conv (FvOpsProblem *problem, FvGraph *g, guint weight, FvTensor *x, guint stride)
{
  const FvOpsParam *param = &problem->params[weight];
  const FvConvWeights weights = {
    .weight = param->param,
    .weight_address = param->buffer->address,
    .weight_gradient = param->gradient_buffer->address,
  };

  return fv_conv2d (g, x, &weights, stride, param->param->dims[3] / 2, "conv");
}

static FvTensor *
build_norm (FvOpsProblem *problem, FvGraph *g, FvTensor *x)
{
  const FvOpsParam *params = problem->params;
  const FvBatchNormWeights weights = {
    .weight = params[NORM_WEIGHT].buffer->address,
    .bias = params[NORM_BIAS].buffer->address,
    .weight_gradient = params[NORM_WEIGHT].gradient_buffer->address,
    .bias_gradient = params[NORM_BIAS].gradient_buffer->address,
    .running_mean = params[NORM_MEAN].buffer->address,
    .running_var = params[NORM_VAR].buffer->address,
  };

  return fv_batch_norm (g, x, &weights, FV_ACTIVATION_SILU, "norm");
}

static FvTensor *
build_concat (FvOpsProblem *problem, FvGraph *g, FvTensor *x)
{
  FvTensor *doubled = fv_add (g, x, x, "doubled"), *pooled = fv_max_pool (g, doubled, 5, "pooled");

  return build_conv (problem, g, JOIN_WEIGHT, fv_concat (g, (FvTensor *[]){ doubled, pooled }, 2, "joined"), 1);
}

static FvTensor *
build_branch (FvOpsProblem *problem, FvGraph *g, Branch branch, FvTensor *x)
{
  switch (branch)
    {
    case BRANCH_CONV:
      return build_conv (problem, g, CONV_WEIGHT, x, 1);
    case BRANCH_NORM:
      return build_norm (problem, g, x);
    case BRANCH_POOL:
      return fv_max_pool (g, x, 5, "pool");
    case BRANCH_UPSAMPLE:
      return build_conv (problem, g, SMALLER_WEIGHT, fv_upsample2x (g, x, "upsampled"), 2);
    case BRANCH_CONCAT:
      return build_concat (problem, g, x);
    default:
      return x;
    }
}

static FvTensor *
build (FvOpsProblem *problem, FvGraph *g)
{
  const AccumulateRow *row = problem->row;
  FvTensor *x = problem->inputs[0].tensor, *y = NULL;

  for (guint i = 0; i < N_BRANCHES; i++)
    {
      FvTensor *branch = build_branch (problem, g, (row->first + i) % N_BRANCHES, x);

      y = y != NULL ? fv_add (g, y, branch, "sum") : branch;
    }
  return y;
}

/* The reference's */

static FvReferenceConv
conv_of (const FvReferenceShape *s, guint weight)
{
  switch (weight)
    {
    case CONV_WEIGHT:
      return (FvReferenceConv){ s->n, s->h, s->w, s->c, s->c, 3, 1, 1 };
    case SMALLER_WEIGHT:
      return (FvReferenceConv){ s->n, 2 * s->h, 2 * s->w, s->c, s->c, 3, 2, 1 };
    default:
      return (FvReferenceConv){ s->n, s->h, s->w, 2 * s->c, s->c, 1, 1, 0 };
    }
}

/* [2 x, the pool of 2 x] */
static void
join (const FvReferenceShape *s, const double *x, double *joined)
{
  const gsize n = fv_ops_shape_count (s);
  g_autofree double *pooled = g_new (double, n);

  fv_reference_max_pool (s, 5, x, pooled);
  for (gsize i = 0; i < n; i++)
    {
      double *pixel = joined + i / s->c * 2 * s->c;

      pixel[i % s->c] = 2 * x[i];
      pixel[s->c + i % s->c] = 2 * pooled[i];
    }
}

/* @part receives the gradient of x. */
static void
join_backward (const FvReferenceShape *s, const double *x, const double *djoined, double *part)
{
  const gsize n = fv_ops_shape_count (s);
  g_autofree double *dpooled = g_new (double, n);

  for (gsize i = 0; i < n; i++)
    dpooled[i] = 2 * djoined[i / s->c * 2 * s->c + s->c + i % s->c];
  fv_reference_max_pool_backward (s, 5, x, dpooled, part);
  for (gsize i = 0; i < n; i++)
    part[i] += 2 * djoined[i / s->c * 2 * s->c + i % s->c];
}

/* (transfer full): what the convolution of that weight sees. */
static double *
input_of (FvOpsProblem *problem, guint weight)
{
  const FvReferenceShape *s = &problem->shape;
  const double *x = problem->inputs[0].values;
  const gsize n = fv_ops_shape_count (s);
  double *input = g_new (double, 4 * n);

  if (weight == SMALLER_WEIGHT)
    fv_reference_upsample (s, x, input);
  else if (weight == JOIN_WEIGHT)
    join (s, x, input);
  else
    memcpy (input, x, n * sizeof *x);
  return input;
}

static void
add_to (double *sum, const double *values, gsize n)
{
  for (gsize i = 0; i < n; i++)
    sum[i] += values[i];
}

static void
forward (FvOpsProblem *problem)
{
  const FvReferenceShape *s = &problem->shape;
  const gsize n = fv_ops_shape_count (s);
  FvOpsParam *params = problem->params;
  const double *x = problem->inputs[0].values;
  g_autofree double *part = g_new (double, n);

  memcpy (problem->y, x, n * sizeof *x);
  for (guint weight = CONV_WEIGHT; weight <= JOIN_WEIGHT; weight++)
    {
      const FvReferenceConv conv = conv_of (s, weight);
      g_autofree double *input = input_of (problem, weight);

      fv_reference_conv_forward (&conv, input, params[weight].values, NULL, part);
      add_to (problem->y, part, n);
    }
  memcpy (params[NORM_MEAN].after, params[NORM_MEAN].values, s->c * sizeof (double));
  memcpy (params[NORM_VAR].after, params[NORM_VAR].values, s->c * sizeof (double));
  fv_reference_batch_norm (s, TRUE, TRUE, x, params[NORM_WEIGHT].values, params[NORM_BIAS].values,
                           params[NORM_MEAN].after, params[NORM_VAR].after, part);
  add_to (problem->y, part, n);
  fv_reference_max_pool (s, 5, x, part);
  add_to (problem->y, part, n);
}

/* Adds to dx what comes back from the input of the convolution of that weight. */
static void
backward_input (FvOpsProblem *problem, guint weight, const double *dinput)
{
  const FvReferenceShape *s = &problem->shape;
  const gsize n = fv_ops_shape_count (s);
  double *dx = problem->inputs[0].gradient;
  g_autofree double *part = g_new (double, n);

  if (weight == SMALLER_WEIGHT)
    fv_reference_upsample_backward (s, dinput, part);
  else if (weight == JOIN_WEIGHT)
    join_backward (s, problem->inputs[0].values, dinput, part);
  else
    memcpy (part, dinput, n * sizeof *part);
  add_to (dx, part, n);
}

static void
backward (FvOpsProblem *problem)
{
  const FvReferenceShape *s = &problem->shape;
  const gsize n = fv_ops_shape_count (s);
  FvOpsParam *params = problem->params;
  const double *x = problem->inputs[0].values, *dy = problem->dy;
  double *dx = problem->inputs[0].gradient;
  g_autofree double *part = g_new (double, 4 * n);
  g_autofree double *no_bias = g_new (double, s->c);

  memcpy (dx, dy, n * sizeof *dx);
  for (guint weight = CONV_WEIGHT; weight <= JOIN_WEIGHT; weight++)
    {
      const FvReferenceConv conv = conv_of (s, weight);
      g_autofree double *input = input_of (problem, weight);

      fv_reference_conv_weights (&conv, input, dy, params[weight].gradient, no_bias);
      fv_reference_conv_data (&conv, dy, params[weight].values, part);
      backward_input (problem, weight, part);
    }
  fv_reference_batch_norm_backward (s, TRUE, TRUE, x, params[NORM_WEIGHT].values, params[NORM_BIAS].values,
                                    params[NORM_MEAN].values, params[NORM_VAR].values, dy, part,
                                    params[NORM_WEIGHT].gradient, params[NORM_BIAS].gradient);
  add_to (dx, part, n);
  fv_reference_max_pool_backward (s, 5, x, dy, part);
  add_to (dx, part, n);
}

static char *
describe (const void *data)
{
  const AccumulateRow *row = data;
  const FvReferenceShape *s = &row->shape;

  return g_strdup_printf ("from %s on, %u of %ux%ux%u%s%s%s", branch_names[row->first], s->n, s->h, s->w, s->c,
                          fv_ops_layout_name (row->x), row->y != FV_OPS_OWN ? ", into a slice" : "",
                          row->adds ? ", adds" : "");
}

static const FvOpsProblemClass klass = {
  .declare = declare,
  .build = build,
  .forward = forward,
  .backward = backward,
  .tolerance = 1e-12,
  .gradient_tolerance = 1e-12,
};

const FvOpsOperator fv_ops_accumulate = {
  FV_OPS_ROWS (rows),
  FV_OPS_PROBLEM (&klass),
  .name = "accumulate",
  .describe = describe,
  .support = fv_ops_problem_support,
};

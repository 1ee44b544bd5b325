/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addition, upsampling and max pooling. */
#include "tests/compute/ops/fv-ops-problem.h"

#include <math.h>
#include <string.h>

#define FULL .base = { .full = TRUE }

typedef struct
{
  FvOpsRow base;
  FvReferenceShape shape;
  FvOpsLayout x, b, y; /* b: of the second addend */
  gboolean adds;
  gboolean inference;
  gboolean same; /* addition of a tensor to itself */
  guint k;       /* of a pool */
  gboolean ties; /* many equal values */
} PixelsRow;

static void
declare_x (FvOpsProblem *problem)
{
  const PixelsRow *row = problem->row;

  fv_ops_problem_add_input (problem, "x", row->shape, row->x)->adds = row->adds;
  problem->shape = row->shape;
  problem->layout = row->y;
  problem->inference = row->inference;
  problem->work = fv_ops_shape_count (&row->shape);
}

static char *
describe (const void *data)
{
  const PixelsRow *row = data;
  const FvReferenceShape *s = &row->shape;
  g_autofree char *kernel = row->k > 0 ? g_strdup_printf ("%ux%u, ", row->k, row->k) : g_strdup ("");

  return g_strdup_printf ("%s%u of %ux%ux%u%s%s%s%s%s%s%s", kernel, s->n, s->h, s->w, s->c, fv_ops_layout_name (row->x),
                          row->same              ? ", to itself"
                          : row->b != FV_OPS_OWN ? ", to"
                                                 : "",
                          fv_ops_layout_name (row->b), row->y != FV_OPS_OWN ? ", into a slice" : "",
                          row->adds ? ", adds" : "", row->ties ? ", ties" : "", row->inference ? ", inference" : "");
}

/* y = x + b */

static const PixelsRow add_rows[] = {
  { .shape = { 1, 1, 1, 1 } },
  { .shape = { 3, 5, 7, 16 } },
  { .shape = { 3, 5, 7, 13 }, .x = FV_OPS_SLICE, .b = FV_OPS_WIDE, .y = FV_OPS_SLICE },
  { .shape = { 1, 5, 7, 7 }, .x = FV_OPS_WIDE, .b = FV_OPS_SLICE, .adds = TRUE },
  { .shape = { 16, 1, 1, 3 }, .same = TRUE },
  { .shape = { 2, 5, 7, 32 }, .x = FV_OPS_SLICE, .same = TRUE, .adds = TRUE },
  { .shape = { 3, 5, 7, 255 }, .y = FV_OPS_SLICE, .inference = TRUE },
  { .shape = { 3, 160, 96, 7 }, .adds = TRUE, FULL },
  { .shape = { 16, 96, 160, 16 }, .x = FV_OPS_SLICE, .b = FV_OPS_SLICE, .y = FV_OPS_SLICE, FULL },
  { .shape = { 16, 5, 7, 1024 }, .b = FV_OPS_SLICE, FULL },
};

static void
add_declare (FvOpsProblem *problem)
{
  const PixelsRow *row = problem->row;

  declare_x (problem);
  if (!row->same)
    fv_ops_problem_add_input (problem, "b", row->shape, row->b);
}

static FvTensor *
add_build (FvOpsProblem *problem, FvGraph *g)
{
  return fv_add (g, problem->inputs[0].tensor, problem->inputs[problem->n_inputs - 1].tensor, "y");
}

static void
add_forward (FvOpsProblem *problem)
{
  for (gsize i = 0; i < fv_ops_shape_count (&problem->shape); i++)
    problem->y[i] = problem->inputs[0].values[i] + problem->inputs[problem->n_inputs - 1].values[i];
}

static void
add_backward (FvOpsProblem *problem)
{
  for (guint k = 0; k < problem->n_inputs; k++)
    for (gsize i = 0; i < fv_ops_shape_count (&problem->shape); i++)
      problem->inputs[k].gradient[i] = problem->dy[i] * (problem->n_inputs == 1 ? 2 : 1);
}

static const FvOpsProblemClass add_class = {
  .declare = add_declare,
  .build = add_build,
  .forward = add_forward,
  .backward = add_backward,
  .tolerance = 1e-14,
  .gradient_tolerance = 1e-14,
};

const FvOpsOperator fv_ops_add = {
  FV_OPS_ROWS (add_rows), FV_OPS_PROBLEM (&add_class),       .name = "add",
  .describe = describe,   .support = fv_ops_problem_support,
};

/* Upsampling */

static const PixelsRow upsample_rows[] = {
  { .shape = { 1, 1, 1, 1 } },
  { .shape = { 3, 5, 7, 16 } },
  { .shape = { 2, 5, 7, 13 }, .x = FV_OPS_SLICE, .y = FV_OPS_SLICE, .adds = TRUE },
  { .shape = { 16, 1, 1, 7 }, .x = FV_OPS_WIDE, .adds = TRUE },
  { .shape = { 1, 7, 5, 3 }, .y = FV_OPS_SLICE },
  { .shape = { 3, 5, 7, 255 }, .x = FV_OPS_SLICE, .inference = TRUE },
  { .shape = { 3, 80, 48, 16 }, .adds = TRUE, FULL },
  { .shape = { 1, 160, 96, 13 }, .x = FV_OPS_SLICE, .y = FV_OPS_SLICE, FULL },
  { .shape = { 16, 20, 20, 128 }, .y = FV_OPS_SLICE, FULL },
};

static void
upsample_declare (FvOpsProblem *problem)
{
  declare_x (problem);
  problem->shape.h *= 2;
  problem->shape.w *= 2;
}

static FvTensor *
upsample_build (FvOpsProblem *problem, FvGraph *g)
{
  return fv_upsample2x (g, problem->inputs[0].tensor, "y");
}

static void
upsample_forward (FvOpsProblem *problem)
{
  fv_reference_upsample (&problem->inputs[0].shape, problem->inputs[0].values, problem->y);
}

static void
upsample_backward (FvOpsProblem *problem)
{
  fv_reference_upsample_backward (&problem->inputs[0].shape, problem->dy, problem->inputs[0].gradient);
}

static const FvOpsProblemClass upsample_class = {
  .declare = upsample_declare,
  .build = upsample_build,
  .forward = upsample_forward,
  .backward = upsample_backward,
  .tolerance = 0,
  .gradient_tolerance = 1e-13,
};

const FvOpsOperator fv_ops_upsample = {
  FV_OPS_ROWS (upsample_rows), FV_OPS_PROBLEM (&upsample_class),  .name = "upsample2x",
  .describe = describe,        .support = fv_ops_problem_support,
};

/* Max pooling */

static const PixelsRow pool_rows[] = {
  { .shape = { 1, 1, 1, 1 }, .k = 5 },
  { .shape = { 3, 5, 7, 16 }, .k = 5 },
  { .shape = { 3, 5, 7, 16 }, .k = 5, .ties = TRUE },
  { .shape = { 3, 5, 7, 16 }, .k = 5, .ties = TRUE, .inference = TRUE },
  { .shape = { 2, 9, 6, 13 }, .k = 5, .x = FV_OPS_SLICE, .y = FV_OPS_SLICE, .adds = TRUE },
  { .shape = { 1, 7, 5, 7 }, .k = 3, .x = FV_OPS_WIDE, .ties = TRUE, .adds = TRUE },
  { .shape = { 16, 1, 1, 3 }, .k = 3 },
  { .shape = { 1, 7, 5, 16 }, .k = 1, .adds = TRUE },
  { .shape = { 1, 11, 13, 16 }, .k = 9, .ties = TRUE, .x = FV_OPS_SLICE },
  { .shape = { 2, 14, 13, 16 }, .k = 13 },
  { .shape = { 3, 5, 7, 255 }, .k = 5, .y = FV_OPS_SLICE },
  { .shape = { 1, 160, 96, 16 }, .k = 5, .x = FV_OPS_SLICE, .y = FV_OPS_SLICE, FULL },
  { .shape = { 16, 20, 20, 128 }, .k = 5, .ties = TRUE, .adds = TRUE, FULL },
  /* Mesa 22.3 counted wrong in inner loops that stay rolled, from about 41,000 turns of a thread on. */
  { .shape = { 1, 101, 84, 2064 }, .k = 5, .base = { "42,000 turns a thread on a processor", TRUE } },
};

static void
pool_declare (FvOpsProblem *problem)
{
  const PixelsRow *row = problem->row;
  double *values;

  declare_x (problem);
  values = problem->inputs[0].values;
  problem->work *= row->k * row->k;
  if (!row->ties)
    return;
  for (gsize i = 0; i < fv_ops_shape_count (&row->shape); i++)
    values[i] = round (values[i] * 4) / 4;
  problem->work = G_MAXDOUBLE; /* no derivative there */
}

static FvTensor *
pool_build (FvOpsProblem *problem, FvGraph *g)
{
  const PixelsRow *row = problem->row;

  return fv_max_pool (g, problem->inputs[0].tensor, row->k, "y");
}

static void
pool_forward (FvOpsProblem *problem)
{
  const PixelsRow *row = problem->row;

  fv_reference_max_pool (&row->shape, row->k, problem->inputs[0].values, problem->y);
}

static void
pool_backward (FvOpsProblem *problem)
{
  const PixelsRow *row = problem->row;

  fv_reference_max_pool_backward (&row->shape, row->k, problem->inputs[0].values, problem->dy,
                                  problem->inputs[0].gradient);
}

static const FvOpsProblemClass pool_class = {
  .declare = pool_declare,
  .build = pool_build,
  .forward = pool_forward,
  .backward = pool_backward,
  .tolerance = 0,
  .gradient_tolerance = 1e-13,
};

const FvOpsOperator fv_ops_max_pool = {
  FV_OPS_ROWS (pool_rows), FV_OPS_PROBLEM (&pool_class),      .name = "max-pool",
  .describe = describe,    .support = fv_ops_problem_support,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/compute/ops/fv-ops-problem.h"

#include <string.h>

#define MAX_PARTS 4

typedef struct
{
  guint c;
  FvOpsLayout layout;
  gboolean moved; /* made by an operator, so that it becomes a slice of the result; else it is copied */
  gboolean adds;
} Part;

typedef struct
{
  FvOpsRow base;
  guint n, h, w;
  Part parts[MAX_PARTS];
  gboolean twice; /* they and their concatenation enter a second one, so that slices of the first have to be copied */
} ConcatRow;

static const ConcatRow rows[] = {
  { .n = 3, .h = 5, .w = 7, .parts = { { 16 }, { 32 } } },
  { .n = 3, .h = 5, .w = 7, .parts = { { 16, .moved = TRUE }, { 32, .moved = TRUE } } },
  { .n = 2, .h = 5, .w = 7, .parts = { { 16, FV_OPS_SLICE, TRUE, TRUE }, { 48, FV_OPS_SLICE, .adds = TRUE }, { 16 } } },
  { .n = 1, .h = 1, .w = 1, .parts = { { 32, FV_OPS_SLICE }, { 16, FV_OPS_WIDE, TRUE } } },
  { .n = 16, .h = 1, .w = 1, .parts = { { 16 }, { 16, .moved = TRUE }, { 16, .adds = TRUE }, { 16, .moved = TRUE } } },
  { .n = 2,
    .h = 5,
    .w = 7,
    .parts = { { 16, .moved = TRUE }, { 32 }, { 16, FV_OPS_SLICE, TRUE, TRUE } },
    .twice = TRUE },
  { .n = 3, .h = 96, .w = 160, .parts = { { 16, .moved = TRUE }, { 16 } }, .base = { .full = TRUE } },
  { .n = 16,
    .h = 5,
    .w = 7,
    .parts = { { 256, .moved = TRUE }, { 256 }, { 512, .moved = TRUE } },
    .base = { .full = TRUE } },
};

static guint
count_parts (const ConcatRow *row)
{
  guint n = 0;

  while (n < MAX_PARTS && row->parts[n].c > 0)
    n++;
  return n;
}

static void
declare (FvOpsProblem *problem)
{
  static const char *const names[MAX_PARTS] = { "a", "b", "c", "d" };
  const ConcatRow *row = problem->row;

  problem->shape = (FvReferenceShape){ row->n, row->h, row->w, 0 };
  for (guint i = 0; i < count_parts (row); i++)
    {
      const Part *part = &row->parts[i];

      fv_ops_problem_add_input (problem, names[i], (FvReferenceShape){ row->n, row->h, row->w, part->c }, part->layout)
          ->adds
          = part->adds;
      problem->shape.c += (row->twice ? 2 : 1) * part->c;
    }
  problem->work = fv_ops_shape_count (&problem->shape);
}

/* What is moved was doubled before. */
static FvTensor *
build (FvOpsProblem *problem, FvGraph *g)
{
  const ConcatRow *row = problem->row;
  FvTensor *inputs[MAX_PARTS + 1];

  for (guint i = 0; i < problem->n_inputs; i++)
    {
      FvTensor *tensor = problem->inputs[i].tensor;

      inputs[i] = row->parts[i].moved ? fv_add (g, tensor, tensor, "doubled") : tensor;
    }
  if (!row->twice)
    return fv_concat (g, inputs, problem->n_inputs, "y");
  inputs[problem->n_inputs] = fv_concat (g, inputs, problem->n_inputs, "first");
  return fv_concat (g, inputs, problem->n_inputs + 1, "y");
}

/* Between the parts, placed from channel @channel of the whole on, and the whole. Returns the channel behind them. */
static guint
copy_parts (FvOpsProblem *problem, gboolean backward, guint channel)
{
  const ConcatRow *row = problem->row;

  for (guint i = 0; i < problem->n_inputs; i++)
    {
      const FvOpsInput *input = &problem->inputs[i];
      const double factor = row->parts[i].moved ? 2 : 1;
      const guint c = input->shape.c;

      for (gsize k = 0; k < fv_ops_shape_count (&input->shape); k++)
        {
          const gsize at = k / c * problem->shape.c + channel + k % c;

          if (backward)
            input->gradient[k] += factor * problem->dy[at];
          else
            problem->y[at] = factor * input->values[k];
        }
      channel += c;
    }
  return channel;
}

static void
forward (FvOpsProblem *problem)
{
  for (guint channel = 0; channel < problem->shape.c;)
    channel = copy_parts (problem, FALSE, channel);
}

static void
backward (FvOpsProblem *problem)
{
  for (guint channel = 0; channel < problem->shape.c;)
    channel = copy_parts (problem, TRUE, channel);
}

static char *
describe (const void *data)
{
  const ConcatRow *row = data;
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "%u of %ux%u:", row->n, row->h, row->w);
  for (guint i = 0; i < count_parts (row); i++)
    g_string_append_printf (text, "%s %u%s%s%s", i > 0 ? " +" : "", row->parts[i].c,
                            row->parts[i].moved ? ", moved" : ", copied", fv_ops_layout_name (row->parts[i].layout),
                            row->parts[i].adds ? ", adds" : "");
  if (row->twice)
    g_string_append (text, ", twice");
  return g_string_free (text, FALSE);
}

static const FvOpsProblemClass klass = {
  .declare = declare,
  .build = build,
  .forward = forward,
  .backward = backward,
  .tolerance = 0,
  .gradient_tolerance = 1e-14,
};

const FvOpsOperator fv_ops_concat = {
  FV_OPS_ROWS (rows),   FV_OPS_PROBLEM (&klass),           .name = "concat",
  .describe = describe, .support = fv_ops_problem_support,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every variant of every direction of the convolution. */
#include "compute/device/fv-kernel.h"
#include "compute/ops/fv-conv-variants.h"
#include "tests/compute/ops/fv-ops-problem.h"
#include "tests/reference/fv-reference-conv.h"

#include <string.h>

typedef struct
{
  FvOpsRow base;
  FvReferenceConv conv;
  FvOpsLayout x, y;
  gboolean bias;
  gboolean adds;   /* another consumer of x has written its gradient already */
  gboolean frozen; /* weights take no gradient */
  gboolean fixed;  /* x takes no gradient */
  double tolerance;
} ConvRow;

#define SLICES .x = FV_OPS_SLICE, .y = FV_OPS_SLICE
#define PICTURE .x = FV_OPS_PICTURE, .fixed = TRUE
/* Minimal filtering cancels larger numbers than a sum of products: errors some ten times as large, whose squares are compared. */
#define WINOGRAD_TOLERANCE 1e-10
#define FULL .base = { .full = TRUE }

/*
 * n, h, w, in, out, kernel, stride, padding. Each pair of channels, in steps of 16, has pipelines of its own, which cost more time than their
 * work: the quick rows have few pairs.
 */
static const ConvRow rows[] = {
  { .conv = { 3, 5, 7, 16, 16, 1, 1, 0 } },
  { .conv = { 1, 1, 1, 7, 13, 1, 1, 0 } },
  { .conv = { 16, 1, 1, 13, 7, 1, 1, 0 }, .bias = TRUE },
  { .conv = { 2, 5, 4, 16, 16, 1, 2, 0 } },
  { .conv = { 2, 9, 4, 64, 64, 1, 1, 0 }, SLICES, .adds = TRUE },
  { .conv = { 3, 5, 7, 255, 13, 1, 1, 0 }, .x = FV_OPS_WIDE },
  { .conv = { 2, 3, 5, 32, 255, 1, 1, 0 }, .bias = TRUE },
  { .conv = { 1, 5, 7, 48, 80, 1, 1, 0 }, .x = FV_OPS_SLICE, .adds = TRUE },
  { .conv = { 3, 5, 7, 16, 16, 3, 1, 1 } },
  { .conv = { 1, 5, 7, 13, 7, 3, 1, 1 }, SLICES, .bias = TRUE },
  { .conv = { 1, 5, 7, 7, 1, 3, 1, 1 }, .x = FV_OPS_WIDE },
  { .conv = { 2, 6, 11, 64, 64, 3, 1, 1 }, SLICES, .adds = TRUE },
  { .conv = { 1, 1, 1, 64, 64, 3, 1, 1 } },
  { .conv = { 1, 4, 5, 48, 80, 3, 1, 1 }, .adds = TRUE },
  { .conv = { 3, 10, 6, 64, 64, 3, 2, 1 } },
  { .conv = { 2, 7, 5, 16, 16, 3, 2, 1 }, SLICES, .adds = TRUE },
  { .conv = { 16, 5, 7, 16, 16, 3, 2, 1 }, .y = FV_OPS_SLICE },
  { .conv = { 1, 7, 7, 13, 7, 3, 2, 1 }, .bias = TRUE, .adds = TRUE },
  { .conv = { 3, 1, 1, 16, 16, 3, 2, 1 }, .adds = TRUE },
  { .conv = { 1, 6, 5, 16, 16, 5, 1, 2 } },
  { .conv = { 2, 7, 9, 64, 64, 5, 2, 2 }, SLICES, .adds = TRUE },
  { .conv = { 1, 5, 7, 16, 16, 6, 1, 2 }, .x = FV_OPS_WIDE },
  { .conv = { 2, 12, 10, 64, 64, 6, 2, 2 }, .adds = TRUE },
  { .conv = { 3, 20, 16, 3, 16, 6, 2, 0 }, PICTURE },
  { .conv = { 1, 12, 16, 3, 64, 6, 2, 0 }, PICTURE, .y = FV_OPS_SLICE, .bias = TRUE },
  { .conv = { 3, 9, 7, 1, 7, 5, 1, 0 }, PICTURE },
  { .conv = { 1, 5, 7, 1, 16, 1, 1, 0 }, PICTURE, .bias = TRUE },
  { .conv = { 1, 9, 6, 3, 32, 3, 2, 1 }, PICTURE },
  { .conv = { 2, 7, 5, 3, 32, 3, 2, 1 }, .x = FV_OPS_PICTURE },
  { .conv = { 2, 8, 10, 3, 16, 6, 2, 0 }, .x = FV_OPS_PICTURE, .adds = TRUE },
  { .conv = { 1, 3, 2, 1024, 32, 3, 1, 1 }, .fixed = TRUE },
  { .conv = { 1, 130, 150, 16, 16, 1, 1, 0 }, .bias = TRUE, .base = { "long sums" } },
  { .conv = { 1, 5, 7, 64, 64, 3, 1, 1 }, .frozen = TRUE },
  { .conv = { 1, 5, 7, 64, 64, 3, 1, 1 }, .frozen = TRUE, .fixed = TRUE, .bias = TRUE },
  { .conv = { 2, 9, 4, 32, 64, 1, 1, 0 }, FULL, SLICES, .adds = TRUE },
  { .conv = { 1, 5, 7, 64, 80, 1, 1, 0 }, FULL, .x = FV_OPS_SLICE, .adds = TRUE },
  { .conv = { 2, 5, 5, 64, 24, 1, 1, 0 }, FULL, .bias = TRUE },
  { .conv = { 2, 6, 11, 64, 32, 3, 1, 1 }, FULL, SLICES, .adds = TRUE },
  { .conv = { 1, 5, 5, 24, 24, 3, 1, 1 }, FULL },
  { .conv = { 1, 4, 5, 80, 48, 3, 1, 1 }, FULL, .adds = TRUE },
  { .conv = { 1, 1, 1, 32, 32, 3, 1, 1 }, FULL },
  { .conv = { 3, 10, 6, 32, 64, 3, 2, 1 }, FULL },
  { .conv = { 2, 7, 5, 16, 32, 3, 2, 1 }, FULL, SLICES, .adds = TRUE },
  { .conv = { 1, 7, 7, 13, 24, 3, 2, 1 }, FULL, .bias = TRUE, .adds = TRUE },
  { .conv = { 3, 1, 1, 16, 64, 3, 2, 1 }, FULL, .adds = TRUE },
  { .conv = { 2, 7, 9, 32, 64, 5, 2, 2 }, FULL, SLICES, .adds = TRUE },
  { .conv = { 2, 12, 10, 32, 32, 6, 2, 2 }, FULL, .adds = TRUE },
  { .conv = { 1, 14, 18, 3, 48, 6, 2, 0 }, FULL, PICTURE, .y = FV_OPS_SLICE },
  { .conv = { 1, 12, 16, 3, 80, 6, 2, 0 }, FULL, PICTURE },
  { .conv = { 1, 3, 2, 32, 512, 3, 1, 1 }, FULL, .adds = TRUE },
  { .conv = { 1, 96, 160, 16, 32, 1, 1, 0 }, FULL },
  { .conv = { 1, 96, 160, 16, 16, 3, 1, 1 }, FULL, SLICES, .adds = TRUE },
  { .conv = { 1, 96, 160, 7, 13, 3, 1, 1 }, FULL, .bias = TRUE },
  { .conv = { 3, 96, 160, 32, 64, 3, 2, 1 }, FULL },
  { .conv = { 1, 96, 160, 64, 64, 1, 1, 0 }, FULL, SLICES, .adds = TRUE },
  { .conv = { 3, 96, 160, 3, 16, 6, 2, 0 }, FULL, PICTURE },
  { .conv = { 16, 96, 160, 3, 32, 6, 2, 0 }, FULL, PICTURE, .y = FV_OPS_SLICE },
  { .conv = { 1, 96, 160, 1, 1, 3, 1, 1 }, FULL, .x = FV_OPS_PICTURE, .bias = TRUE },
  { .conv = { 1, 48, 80, 32, 16, 5, 2, 2 }, FULL, .adds = TRUE },
  { .conv = { 1, 48, 80, 16, 16, 6, 2, 2 }, FULL, SLICES },
  { .conv = { 16, 5, 7, 255, 255, 3, 1, 1 }, FULL },
  { .conv = { 16, 5, 7, 128, 128, 3, 1, 1 }, FULL, SLICES, .adds = TRUE },
  { .conv = { 16, 10, 14, 64, 128, 3, 2, 1 }, FULL, .y = FV_OPS_SLICE },
  { .conv = { 3, 20, 20, 256, 256, 1, 1, 0 }, FULL, .x = FV_OPS_SLICE },
  { .conv = { 3, 20, 20, 128, 255, 1, 1, 0 }, FULL, .bias = TRUE },
  { .conv = { 1, 10, 10, 512, 512, 3, 1, 1 }, FULL },
  { .conv = { 1, 5, 5, 1024, 1024, 1, 1, 0 }, FULL, .adds = TRUE },
  { .conv = { 16, 40, 40, 32, 32, 3, 1, 1 }, FULL },
  { .conv = { 3, 33, 41, 48, 96, 3, 2, 1 }, FULL, SLICES, .adds = TRUE },
  { .conv = { 3, 33, 41, 96, 80, 1, 1, 0 }, FULL, SLICES },
  /* The one weight's gradient is a sum of 4 million terms of either sign. */
  { .conv = { 1, 2048, 2080, 1, 1, 1, 1, 0 },
    PICTURE,
    .tolerance = 1e-9,
    .base = { "more workgroups than a row of them holds", TRUE } },
};

static guint
pad16 (guint n)
{
  return (n + 15) / 16 * 16;
}

static FvConvShape
get_shape (const ConvRow *row, gboolean half)
{
  const FvReferenceConv *conv = &row->conv;

  return (FvConvShape){ .n = conv->n,
                        .in_h = conv->h,
                        .in_w = conv->w,
                        .out_h = fv_reference_conv_out_h (conv),
                        .out_w = fv_reference_conv_out_w (conv),
                        .in_channels = row->x == FV_OPS_PICTURE ? 4 : pad16 (conv->in),
                        .out_channels = pad16 (conv->out),
                        .kernel = conv->kernel,
                        .stride = conv->stride,
                        .padding = conv->padding,
                        .half = half };
}

static gboolean
is_computed (const ConvRow *row, FvConvDirection direction)
{
  return direction == FV_CONV_BACKWARD_DATA ? !row->fixed : direction == FV_CONV_BACKWARD_WEIGHTS ? !row->frozen : TRUE;
}

/* The indices of the variants that fit; with @lanes 0 on some device. */
static GArray *
list_variants (const ConvRow *row, FvConvDirection direction, guint lanes, gboolean half)
{
  const FvConvShape shape = get_shape (row, half);
  GArray *indices = g_array_new (FALSE, FALSE, sizeof (guint));
  guint n_variants;
  const FvConvVariant *variants = fv_conv_get_variants (direction, &n_variants);

  for (guint i = 0; i < (is_computed (row, direction) ? n_variants : 1); i++)
    {
      FvDeviceLimits limits = *fv_device_get_limits (fv_test_engine_get_device ());

      if (lanes == 0)
        limits = (FvDeviceLimits){ variants[i].lanes, G_MAXUINT, G_MAXUINT };
      if (fv_conv_variant_fits (&variants[i], &limits, direction, &shape))
        g_array_append_val (indices, i);
    }
  return indices;
}

static guint
get_lanes (void)
{
  return fv_device_get_subgroup_size (fv_test_engine_get_device ());
}

static void
force_from (GArray *indices, FvConvDirection direction, guint position)
{
  fv_conv_force_variant (direction, g_array_index (indices, guint, MIN (position, indices->len - 1)));
}

/* Whether it would be computed by minimal filtering now. */
static gboolean
is_winograd (const ConvRow *row, FvConvDirection direction, gboolean half)
{
  const FvConvShape shape = get_shape (row, half);
  guint n_variants;
  const FvConvVariant *variants = fv_conv_get_variants (direction, &n_variants);
  const guint index = fv_conv_choose_variant (fv_test_engine_get_device (), direction, &shape);

  return g_str_equal (fv_conv_variant_get_family_name (&variants[index]), "winograd");
}

/* Way 0 is what is chosen; then each variant of forward, or those of data and of weights side by side. */
static char *
use_way (FvOpsProblem *problem, gboolean backward, guint index)
{
  const ConvRow *row = problem->row;
  const FvConvDirection first = backward ? FV_CONV_BACKWARD_DATA : FV_CONV_FORWARD;
  const FvConvDirection second = backward ? FV_CONV_BACKWARD_WEIGHTS : FV_CONV_FORWARD;
  g_autoptr (GArray) a = list_variants (row, first, get_lanes (), problem->half);
  g_autoptr (GArray) b = list_variants (row, second, get_lanes (), problem->half);
  const guint ways = 1 + MAX (a->len, b->len);

  for (FvConvDirection d = 0; d < FV_N_CONV_DIRECTIONS; d++)
    fv_conv_force_variant (d, -1);
  if (index >= ways)
    return NULL;
  if (index > 0)
    {
      force_from (a, first, index - 1);
      force_from (b, second, index - 1);
    }
  problem->tolerance = row->tolerance;
  if (is_winograd (row, first, problem->half) || is_winograd (row, second, problem->half))
    problem->tolerance = MAX (problem->tolerance, WINOGRAD_TOLERANCE);
  if (index == 0)
    return g_strdup ("chosen");
  if (backward)
    return g_strdup_printf ("data %u, weights %u", g_array_index (a, guint, MIN (index, a->len) - 1),
                            g_array_index (b, guint, MIN (index, b->len) - 1));
  return g_strdup_printf ("variant %u", g_array_index (a, guint, index - 1));
}

static void
declare (FvOpsProblem *problem)
{
  const ConvRow *row = problem->row;
  const FvReferenceConv *conv = &row->conv;
  FvOpsInput *x
      = fv_ops_problem_add_input (problem, "x", (FvReferenceShape){ conv->n, conv->h, conv->w, conv->in }, row->x);
  FvOpsParam *weight;

  x->no_gradient = row->fixed;
  x->adds = row->adds;
  weight = fv_ops_problem_add_param (problem, "weight", FV_PARAM_CONV_WEIGHT,
                                     (guint[]){ conv->out, conv->in, conv->kernel, conv->kernel });
  weight->no_gradient = row->frozen;
  if (row->bias)
    fv_ops_problem_add_param (problem, "bias", FV_PARAM_BIAS, (guint[4]){ conv->out });
  problem->shape
      = (FvReferenceShape){ conv->n, fv_reference_conv_out_h (conv), fv_reference_conv_out_w (conv), conv->out };
  problem->layout = row->y;
  problem->work = (double)fv_ops_shape_count (&problem->shape) * conv->in * conv->kernel * conv->kernel;
}

static FvTensor *
build (FvOpsProblem *problem, FvGraph *g)
{
  const ConvRow *row = problem->row;
  const FvOpsParam *weight = &problem->params[0], *bias = row->bias ? &problem->params[1] : NULL;
  FvConvWeights weights = {
    .weight = weight->param,
    .weight_address = weight->buffer->address,
    .weight_gradient = weight->no_gradient ? 0 : weight->gradient_buffer->address,
  };

  if (bias != NULL)
    {
      weights.bias = bias->param;
      weights.bias_address = bias->buffer->address;
      weights.bias_gradient = bias->gradient_buffer->address;
    }
  return fv_conv2d (g, problem->inputs[0].tensor, &weights, row->conv.stride, row->conv.padding, "y");
}

static void
forward (FvOpsProblem *problem)
{
  const ConvRow *row = problem->row;

  fv_reference_conv_forward (&row->conv, problem->inputs[0].values, problem->params[0].values,
                             row->bias ? problem->params[1].values : NULL, problem->y);
}

static void
backward (FvOpsProblem *problem)
{
  const ConvRow *row = problem->row;
  g_autofree double *no_bias = g_new (double, row->conv.out);

  if (!row->fixed)
    fv_reference_conv_data (&row->conv, problem->dy, problem->params[0].values, problem->inputs[0].gradient);
  fv_reference_conv_weights (&row->conv, problem->inputs[0].values, problem->dy, problem->params[0].gradient,
                             row->bias ? problem->params[1].gradient : no_bias);
}

static char *
describe (const void *data)
{
  const ConvRow *row = data;
  const FvReferenceConv *c = &row->conv;

  return g_strdup_printf ("%ux%u s%u p%u, %u to %u, %u of %ux%u%s%s%s%s%s%s", c->kernel, c->kernel, c->stride,
                          c->padding, c->in, c->out, c->n, c->h, c->w,
                          row->x != FV_OPS_OWN ? fv_ops_layout_name (row->x) : "",
                          row->y != FV_OPS_OWN ? ", into a slice" : "", row->bias ? ", bias" : "",
                          row->adds ? ", adds" : "", row->frozen ? ", frozen" : "", row->fixed ? ", fixed" : "");
}

static const char *const direction_names[FV_N_CONV_DIRECTIONS] = { "forward", "data", "weights" };

static void
append_variants (GString *text, const ConvRow *row, FvConvDirection direction)
{
  g_autoptr (GArray) here = list_variants (row, direction, get_lanes (), FALSE);
  g_autoptr (GArray) anywhere = list_variants (row, direction, 0, FALSE);
  const FvConvShape shape = get_shape (row, FALSE);

  g_string_append_printf (text, "%s%s", text->len > 0 ? "; " : "", direction_names[direction]);
  for (guint i = 0; i < here->len; i++)
    g_string_append_printf (text, " %u", g_array_index (here, guint, i));
  g_string_append_printf (text, " of %u, chosen %u", anywhere->len,
                          fv_conv_choose_variant (fv_test_engine_get_device (), direction, &shape));
}

/* Why no test on this device sees a variant, or NULL. */
static const char *
find_obstacle (const FvConvVariant *variant)
{
  if (variant->lanes != 0 && variant->lanes != get_lanes ())
    return "subgroups of another size";
  if (!g_str_equal (fv_conv_variant_get_family_name (variant), "matrix"))
    return NULL;
  if (fv_device_get_limits (fv_test_engine_get_device ())->matrix_m == 0)
    return "cooperative matrices";
  return fv_kernel_lookup ("conv-matrix") == NULL ? "a newer glslang" : NULL;
}

/* Which variants those are. */
static void
report_others (FvConvDirection direction)
{
  guint n_variants;
  const FvConvVariant *variants = fv_conv_get_variants (direction, &n_variants);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < n_variants; i++)
    if (find_obstacle (&variants[i]) != NULL)
      g_string_append_printf (text, " %u (%s)", i, find_obstacle (&variants[i]));
  fv_ops_report_support ("%s, not testable on this device:%s", direction_names[direction],
                         text->len > 0 ? text->str : " none");
}

static void
support (const FvOpsOperator *op, const void *data)
{
  const ConvRow *row = data;
  g_autoptr (GString) text = g_string_new (NULL);

  for (FvConvDirection d = 0; d < FV_N_CONV_DIRECTIONS; d++)
    if (row == NULL)
      report_others (d);
    else if (is_computed (row, d))
      append_variants (text, row, d);
  if (row != NULL)
    fv_ops_report_support ("%s", text->str);
}

/* No variant that may be chosen on this device is left out. */
static void
check (const FvOpsOperator *op, gboolean all)
{
  for (FvConvDirection d = 0; d < FV_N_CONV_DIRECTIONS; d++)
    {
      guint n_variants;
      const FvConvVariant *variants = fv_conv_get_variants (d, &n_variants);
      g_autofree guint *used = g_new0 (guint, n_variants);

      for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
        {
          g_autoptr (GArray) indices = list_variants (&rows[i], d, get_lanes (), FALSE);
          g_autoptr (GArray) half = list_variants (&rows[i], d, get_lanes (), TRUE);

          if (rows[i].base.full && !all)
            continue;
          g_array_append_vals (indices, half->data, half->len);
          for (guint k = 0; k < indices->len; k++)
            used[g_array_index (indices, guint, k)]++;
        }
      for (guint i = 0; i < n_variants; i++)
        if (used[i] == 0 && find_obstacle (&variants[i]) == NULL)
          fv_ops_fail ("no row tries variant %u of direction %u", i, d);
    }
}

static const FvOpsProblemClass klass = {
  .declare = declare,
  .build = build,
  .forward = forward,
  .backward = backward,
  .use_way = use_way,
  .tolerance = 1e-11,
  .gradient_tolerance = 1e-11,
};

const FvOpsOperator fv_ops_conv = {
  FV_OPS_ROWS (rows),   FV_OPS_PROBLEM (&klass), .name = "conv2d",
  .describe = describe, .support = support,      .check = check,
};

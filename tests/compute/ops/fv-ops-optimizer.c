/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Updates as a whole; tests/compute/nets/test-optimizer.c sees each rule on its own. */
#include "tests/compute/fv-test-updates.h"
#include "tests/compute/ops/fovea-ops.h"

#include <math.h>
#include <string.h>

#define PERF_RUNS 20

typedef enum
{
  LAYOUT_SMALL,
  LAYOUT_ODD,   /* nothing but vectors, one of them of a single value */
  LAYOUT_LARGE, /* as many floats as yolov5n has, near enough */
} Layout;

typedef struct
{
  FvOpsRow base;
  FvOptimizer optimizer;
  Layout layout;
  guint frozen_layers;
  float clip_norm;
  double gradients; /* their scale */
  guint step;
} UpdateRow;

#define SGD .optimizer = FV_OPTIMIZER_SGD
#define ADAMW .optimizer = FV_OPTIMIZER_ADAMW

static const UpdateRow rows[] = {
  { SGD, .gradients = 0.1, .step = 2 },
  { SGD, .gradients = 0.1, .step = 1 },
  { SGD, .gradients = 0.5, .step = 9, .clip_norm = 1 },
  { SGD, .gradients = 1e-4, .step = 9, .clip_norm = 1 },
  { SGD, .gradients = 0.1, .step = 3, .clip_norm = 2, .frozen_layers = 2 },
  { SGD, .gradients = 0.1, .step = 3, .frozen_layers = 4 },
  { SGD, LAYOUT_ODD, .gradients = 0.1, .step = 2 },
  { ADAMW, .gradients = 0.1, .step = 2 },
  { ADAMW, .gradients = 0.1, .step = 1 },
  { ADAMW, .gradients = 0.1, .step = 5000 },
  { ADAMW, .gradients = 0.5, .step = 9, .clip_norm = 1 },
  { ADAMW, .gradients = 0.1, .step = 3, .clip_norm = 2, .frozen_layers = 2 },
  { ADAMW, .gradients = 0.1, .step = 3, .frozen_layers = 4 },
  { ADAMW, LAYOUT_ODD, .gradients = 0.1, .step = 2 },
  { SGD, LAYOUT_LARGE, .gradients = 0.01, .step = 2, .clip_norm = 10, .base = { .full = TRUE } },
  { ADAMW, LAYOUT_LARGE, .gradients = 0.01, .step = 2, .clip_norm = 10, .base = { .full = TRUE } },
};

static FvLayout *
make_layout (Layout which)
{
  FvLayout *layout;

  if (which == LAYOUT_SMALL)
    return fv_test_updates_make_layout ();
  layout = fv_layout_new ();
  if (which == LAYOUT_LARGE)
    fv_layout_add (layout, "conv.weight", FV_PARAM_CONV_WEIGHT, 0, 4, (const guint[4]){ 448, 464, 3, 3 });
  fv_layout_add (layout, "bn.weight", FV_PARAM_BN_WEIGHT, 0, 1, (const guint[4]){ 1 });
  fv_layout_add (layout, "bn.bias", FV_PARAM_BIAS, 1, 1, (const guint[4]){ 4095 });
  fv_layout_add (layout, "bn.running_mean", FV_PARAM_RUNNING_MEAN, 0, 1, (const guint[4]){ 4097 });
  fv_layout_seal (layout);
  return layout;
}

static FvUpdateBlock
make_block (const UpdateRow *row)
{
  FvUpdateBlock block = {
    .lr = { 0.01f, 0.02f, 0.05f },
    .momentum = 0.937f,
    .beta2 = 0.999f,
    .weight_decay = row->optimizer == FV_OPTIMIZER_ADAMW ? 0.05f : 5e-3f,
    .ema_decay = 0.9f,
    .clip_norm = row->clip_norm,
    .first_step = row->step == 1,
  };

  block.bias_correction1 = 1 - pow (block.momentum, row->step);
  block.bias_correction2 = 1 - pow (block.beta2, row->step);
  return block;
}

static FvTestUpdates *
make_updates (const UpdateRow *row)
{
  FvTestUpdates *u = fv_test_updates_new (row->optimizer, row->frozen_layers, make_layout (row->layout));

  for (guint i = 0; i < FV_TEST_N_VALUES; i++)
    fv_test_updates_fill (u, i, i == FV_TEST_GRADIENTS ? row->gradients : 0.5);
  return u;
}

/* Of how far values go. The last bit of a value of 0.5 is 3e-8; weights go about 1e-3, second moments 1e-4. */
static const double tolerances[FV_TEST_N_VALUES] = {
  [FV_TEST_WEIGHTS] = 1e-9, [FV_TEST_MOMENTUM] = 1e-11,       [FV_TEST_SECOND_MOMENT] = 1e-8,
  [FV_TEST_EMA] = 1e-11,    [FV_TEST_EMA_STATISTICS] = 1e-11,
};

/* What doesn't move keeps its bits. */
static void
compare_changes (FvTestUpdates *u, FvTestValues which, const double *expected)
{
  const gsize n = u->sizes[which];
  g_autofree double *changes = g_new (double, n);
  g_autofree double *expected_changes = g_new (double, n);

  for (gsize i = 0; i < n; i++)
    {
      changes[i] = (double)u->after[which][i] - u->before[which][i];
      expected_changes[i] = expected[i] - u->before[which][i];
    }
  fv_ops_compare (fv_test_values_names[which], changes, expected_changes, n, tolerances[which]);
  for (gsize i = 0; i < n; i++)
    if (expected[i] == u->before[which][i] && changes[i] != 0)
      {
        fv_ops_fail ("float %" G_GSIZE_FORMAT " of the %s has changed", i, fv_test_values_names[which]);
        break;
      }
}

static void
test (const FvOpsOperator *op, const void *data)
{
  const UpdateRow *row = data;
  g_autoptr (FvTestUpdates) u = make_updates (row);
  const FvUpdateBlock block = make_block (row);
  double *expected[FV_TEST_N_VALUES], norm, found;
  FvUpdateBlockResult result;

  fv_ops_begin_case (NULL);
  fv_test_updates_expect (u, &block, expected, &norm);
  result = fv_test_updates_run (u, &block);
  found = result.gradient_norm;
  fv_ops_compare ("norm", &found, &norm, 1, 1e-12);
  if (result.skipped)
    fv_ops_fail ("the update was skipped");
  for (guint i = 0; i < FV_TEST_N_VALUES; i++)
    {
      if (i != FV_TEST_SECOND_MOMENT || row->optimizer == FV_OPTIMIZER_ADAMW)
        compare_changes (u, i, expected[i]);
      g_free (expected[i]);
    }
  fv_ops_take_damage (fv_test_updates_find_damage (u));
}

static void
perf (const FvOpsOperator *op, const void *data)
{
  const UpdateRow *row = data;
  g_autoptr (FvTestUpdates) u = make_updates (row);
  const FvUpdateBlock block = make_block (row);
  /* Reads and writes of weights, gradients, momentum, EMA; the norm reads gradients once more. */
  const double floats = u->sizes[FV_TEST_WEIGHTS] * (row->optimizer == FV_OPTIMIZER_ADAMW ? 11.0 : 9.0);
  double best = G_MAXDOUBLE;

  for (guint i = 0; i < PERF_RUNS; i++)
    {
      g_autoptr (GArray) phases = g_array_new (FALSE, TRUE, sizeof (FvPhase));

      fv_test_updates_run (u, &block);
      fv_recording_add_times (u->recording, phases);
      best = MIN (best, phases->len > 0 ? g_array_index (phases, FvPhase, 0).seconds : 0);
    }
  fv_ops_report_time ("update", best, 0, floats * sizeof (float));
}

static char *
describe (const void *data)
{
  static const char *const layouts[] = { "small", "odd", "large" };
  const UpdateRow *row = data;
  g_autofree char *clip
      = row->clip_norm > 0 ? g_strdup_printf (", clipped at %g", row->clip_norm) : g_strdup (", not clipped");

  return g_strdup_printf ("%s, %s, step %u, gradients of %g%s, %u layers frozen",
                          row->optimizer == FV_OPTIMIZER_SGD ? "SGD" : "AdamW", layouts[row->layout], row->step,
                          row->gradients, clip, row->frozen_layers);
}

const FvOpsOperator fv_ops_optimizer = {
  FV_OPS_ROWS (rows), .name = "optimizer", .describe = describe, .test = test, .perf = perf,
};

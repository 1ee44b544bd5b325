/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rules of an update, each seen on its own with made-up gradients: decay, Nesterov, clipping, what is skipped, EMA, what is
 * frozen. That all of them together give the right numbers is tested by fovea-ops.
 */
#include "tests/compute/fv-test-updates.h"

#include <math.h>
#include <string.h>

static const FvUpdateBlock sgd = {
  .lr = { 0.01f, 0.02f, 0.05f },
  .momentum = 0.937f,
  .weight_decay = 5e-4f,
  .ema_decay = 0.9f,
};
static const FvUpdateBlock adamw = {
  .lr = { 0.001f, 0.002f, 0.003f },
  .momentum = 0.937f,
  .beta2 = 0.999f,
  .weight_decay = 0.05f,
  .ema_decay = 0.75f,
  .bias_correction1 = 1 - 0.937f * 0.937f,
  .bias_correction2 = 0.001999f,
};

static const FvUpdateBlock *
get_block (FvOptimizer optimizer)
{
  return optimizer == FV_OPTIMIZER_SGD ? &sgd : &adamw;
}

static FvTestUpdates *
new_updates (FvOptimizer optimizer, guint frozen_layers)
{
  return fv_test_updates_new (optimizer, frozen_layers, fv_test_updates_make_layout ());
}

static void
fill_all (FvTestUpdates *u)
{
  for (guint i = 0; i < FV_TEST_N_VALUES; i++)
    fv_test_updates_fill (u, i, 0.5);
}

/* @scale: of what was added, whose last bits may be lost. */
static void
assert_near (const char *what, gsize i, double value, double expected, double scale)
{
  if (!(fabs (value - expected) <= 2e-7 * fabs (scale) + 1e-5 * fabs (expected)))
    g_error ("%s of float %" G_GSIZE_FORMAT ": %.9g, not %.9g", what, i, value, expected);
}

static void
assert_same (FvTestUpdates *u, FvTestValues which, const float *expected)
{
  if (memcmp (u->after[which], expected, u->sizes[which] * sizeof (float)) != 0)
    g_error ("%s have changed", fv_test_values_names[which]);
}

static void
assert_zero (FvTestUpdates *u, FvTestValues which)
{
  for (gsize i = 0; i < u->sizes[which]; i++)
    g_assert_cmpfloat (u->after[which][i], ==, 0);
}

/* Decay */

typedef struct
{
  float *weights, *momentum, *second_moment;
} Without;

/* The same update with and without decay: u->after is with it. */
static Without
run_without_and_with (FvTestUpdates *u, double decay)
{
  FvUpdateBlock block = *get_block (u->optimizer);
  Without without;

  block.weight_decay = 0;
  fill_all (u);
  fv_test_updates_run (u, &block);
  without.weights = g_memdup2 (u->after[FV_TEST_WEIGHTS], u->sizes[FV_TEST_WEIGHTS] * sizeof (float));
  without.momentum = g_memdup2 (u->after[FV_TEST_MOMENTUM], u->sizes[FV_TEST_MOMENTUM] * sizeof (float));
  without.second_moment = g_memdup2 (u->after[FV_TEST_SECOND_MOMENT], u->sizes[FV_TEST_SECOND_MOMENT] * sizeof (float));
  block.weight_decay = decay;
  fv_test_updates_run (u, &block);
  return without;
}

static void
without_clear (Without *without)
{
  g_free (without->weights);
  g_free (without->momentum);
  g_free (without->second_moment);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Without, without_clear)

/* Decoupled: a weight shrinks by lr * decay of itself and the moments know nothing of it. Only convolutions' weights decay. */
static void
test_adamw_decay (void)
{
  const double decay = 0.25;
  g_autoptr (FvTestUpdates) u = new_updates (FV_OPTIMIZER_ADAMW, 0);
  g_auto (Without) without = run_without_and_with (u, decay);
  gsize offset, n_decayed;

  fv_layout_get_group (u->layout, FV_GROUP_WEIGHTS, 0, &offset, &n_decayed);
  assert_same (u, FV_TEST_MOMENTUM, without.momentum);
  assert_same (u, FV_TEST_SECOND_MOMENT, without.second_moment);
  for (gsize i = 0; i < u->sizes[FV_TEST_WEIGHTS]; i++)
    {
      const double before = u->before[FV_TEST_WEIGHTS][i];
      const double change = (double)u->after[FV_TEST_WEIGHTS][i] - without.weights[i];

      assert_near ("decay", i, change, i < n_decayed ? -(double)adamw.lr[0] * decay * before : 0,
                   i < n_decayed ? before : 0);
    }
}

/* The decay is part of the gradient and so of the momentum, which then counts 1 + momentum times. Only convolutions' weights decay. */
static void
test_sgd_decay (void)
{
  const double decay = 0.25;
  g_autoptr (FvTestUpdates) u = new_updates (FV_OPTIMIZER_SGD, 0);
  g_auto (Without) without = run_without_and_with (u, decay);
  gsize offset, n_decayed;

  fv_layout_get_group (u->layout, FV_GROUP_WEIGHTS, 0, &offset, &n_decayed);
  for (gsize i = 0; i < u->sizes[FV_TEST_WEIGHTS]; i++)
    {
      const double added = i < n_decayed ? decay * u->before[FV_TEST_WEIGHTS][i] : 0;
      const double scale = i < n_decayed ? 1 : 0;

      assert_near ("momentum", i, (double)u->after[FV_TEST_MOMENTUM][i] - without.momentum[i], added, scale);
      assert_near ("decay", i, (double)u->after[FV_TEST_WEIGHTS][i] - without.weights[i],
                   -(double)sgd.lr[0] * (1 + (double)sgd.momentum) * added, scale);
    }
}

/* Momentum */

/* Without a gradient a weight goes on by lr * momentum * (momentum * what it went by): Nesterov looks one step ahead. */
static void
test_nesterov (void)
{
  g_autoptr (FvTestUpdates) u = new_updates (FV_OPTIMIZER_SGD, 0);
  const double momentum = sgd.momentum;
  FvUpdateBlock block = sgd;

  block.weight_decay = 0;
  fv_test_updates_fill (u, FV_TEST_MOMENTUM, 0.5);
  fv_test_updates_run (u, &block);
  for (gsize i = 0; i < u->sizes[FV_TEST_WEIGHTS]; i++)
    {
      gboolean frozen;
      const FvGroup group = fv_test_updates_get_group (u, i, &frozen);
      const double before = u->before[FV_TEST_MOMENTUM][i];

      assert_near ("momentum", i, u->after[FV_TEST_MOMENTUM][i], momentum * before, before);
      assert_near ("weight", i, u->after[FV_TEST_WEIGHTS][i], -(double)block.lr[group] * momentum * momentum * before,
                   0);
    }
}

/* What the momentum buffer held before the first step doesn't matter, be it no number: it starts as the gradient. */
static void
test_first_step (void)
{
  g_autoptr (FvTestUpdates) u = new_updates (FV_OPTIMIZER_SGD, 0);
  FvUpdateBlock block = sgd;

  block.first_step = TRUE;
  block.weight_decay = 0;
  fill_all (u);
  fv_test_updates_run (u, &block);
  assert_same (u, FV_TEST_MOMENTUM, u->before[FV_TEST_GRADIENTS]);
}

/* Clipping */

static double
get_norm (const float *values, gsize n)
{
  double sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += (double)values[i] * values[i];
  return sqrt (sum);
}

/* Gradients of that norm, all over or of one value; how far the weights go is how long they are then. */
static void
check_clip (FvTestUpdates *u, double limit, double norm, gboolean one_value)
{
  const gsize n = u->sizes[FV_TEST_GRADIENTS];
  const FvUpdateBlock block = { .lr = { 1, 1, 1 }, .ema_decay = 0.5, .clip_norm = limit };
  const double scale = limit > 0 ? fmin (limit / (norm + 1e-6), 1) : 1;
  float *gradients = u->before[FV_TEST_GRADIENTS];
  FvUpdateBlockResult result;
  double length, found;

  if (one_value)
    {
      fv_test_updates_clear (u, FV_TEST_GRADIENTS);
      gradients[n / 3] = norm;
    }
  else
    {
      fv_test_updates_fill (u, FV_TEST_GRADIENTS, 1);
      length = get_norm (gradients, n);
      for (gsize i = 0; i < n; i++)
        gradients[i] *= norm / length;
    }
  result = fv_test_updates_run (u, &block);
  found = get_norm (u->after[FV_TEST_WEIGHTS], n);
  g_test_message ("limit %g, norm %g: %.9g, weights go %.9g", limit, norm, result.gradient_norm, found);
  g_assert_cmpuint (result.skipped, ==, FALSE);
  g_assert_cmpfloat (fabs (result.gradient_norm - norm), <=, 1e-6 * norm);
  g_assert_cmpfloat (fabs (found - norm * scale), <=, 2e-6 * norm * scale);
  for (gsize i = 0; i < n; i++)
    assert_near ("weight", i, u->after[FV_TEST_WEIGHTS][i], -scale * gradients[i], 0);
  assert_zero (u, FV_TEST_GRADIENTS);
}

static void
test_clip (void)
{
  g_autoptr (FvTestUpdates) u = new_updates (FV_OPTIMIZER_SGD, 0);

  for (gboolean one_value = FALSE; one_value <= TRUE; one_value++)
    {
      check_clip (u, 10, 9.99, one_value);
      check_clip (u, 10, 10, one_value);
      check_clip (u, 10, 10.01, one_value);
      check_clip (u, 10, 1e4, one_value);
      check_clip (u, 10, 1e18, one_value);
      check_clip (u, 10, 1e-5, one_value);
      check_clip (u, 10, 0, one_value);
      check_clip (u, 0.01, 1, one_value);
      check_clip (u, 0, 1e4, one_value);
      check_clip (u, 0, 1e18, one_value);
    }
}

/* Skipping */

static void
check_skip (FvTestUpdates *u, const FvUpdateBlock *block, gsize i, float bad)
{
  FvUpdateBlockResult result;

  fill_all (u);
  u->before[FV_TEST_GRADIENTS][i] = bad;
  result = fv_test_updates_run (u, block);
  g_assert_cmpuint (result.skipped, ==, TRUE);
  g_assert_false (isfinite (result.gradient_norm));
  for (guint which = 0; which < FV_TEST_N_VALUES; which++)
    if (which != FV_TEST_GRADIENTS)
      assert_same (u, which, u->before[which]);
  assert_zero (u, FV_TEST_GRADIENTS);
}

/* One bad gradient anywhere, or one whose square is none that a float holds: nothing changes, and the gradients are gone. */
static void
test_skip (gconstpointer data)
{
  static const float bad[] = { NAN, INFINITY, -INFINITY, 1e20f };
  const FvOptimizer optimizer = GPOINTER_TO_UINT (data);
  g_autoptr (FvTestUpdates) u = new_updates (optimizer, 0);
  const gsize places[] = { 0, fv_layout_lookup (u->layout, "model.2.bn.weight")->offset,
                           fv_layout_lookup (u->layout, "model.3.bn.bias")->offset + 20 };
  FvUpdateBlock block = *get_block (optimizer);

  for (guint clip = 0; clip < 2; clip++)
    for (guint k = 0; k < G_N_ELEMENTS (bad); k++)
      {
        block.clip_norm = clip * 10;
        check_skip (u, &block, places[k % G_N_ELEMENTS (places)], bad[k]);
      }
  fill_all (u);
  g_assert_cmpuint (fv_test_updates_run (u, &block).skipped, ==, FALSE);
  assert_zero (u, FV_TEST_GRADIENTS);
}

/* EMA */

/* Of all weights after the step, and of running statistics, which nothing else touches. */
static void
test_ema (gconstpointer data)
{
  const FvOptimizer optimizer = GPOINTER_TO_UINT (data);
  g_autoptr (FvTestUpdates) u = new_updates (optimizer, 2);
  const FvUpdateBlock *block = get_block (optimizer);
  const double decay = block->ema_decay;

  fill_all (u);
  fv_test_updates_run (u, block);
  for (gsize i = 0; i < u->sizes[FV_TEST_EMA]; i++)
    assert_near ("EMA", i, u->after[FV_TEST_EMA][i],
                 decay * u->before[FV_TEST_EMA][i] + (1 - decay) * u->after[FV_TEST_WEIGHTS][i], 0.5);
  for (gsize i = 0; i < u->sizes[FV_TEST_STATISTICS]; i++)
    assert_near ("EMA of statistics", i, u->after[FV_TEST_EMA_STATISTICS][i],
                 decay * u->before[FV_TEST_EMA_STATISTICS][i] + (1 - decay) * u->before[FV_TEST_STATISTICS][i], 0.5);
  assert_same (u, FV_TEST_STATISTICS, u->before[FV_TEST_STATISTICS]);
}

/* An average that has reached its value keeps its bits. */
static void
test_ema_rests (void)
{
  g_autoptr (FvTestUpdates) u = new_updates (FV_OPTIMIZER_SGD, 4);
  FvUpdateBlock block = sgd;

  fill_all (u);
  memcpy (u->before[FV_TEST_EMA], u->before[FV_TEST_WEIGHTS], u->sizes[FV_TEST_EMA] * sizeof (float));
  block.ema_decay = 0.4997f;
  fv_test_updates_run (u, &block);
  assert_same (u, FV_TEST_EMA, u->before[FV_TEST_EMA]);
}

/* Freezing */

/* Layers below keep weights and moments to the bit, and their gradients, which nobody makes, don't count in the norm. */
static void
test_frozen (gconstpointer data)
{
  const FvOptimizer optimizer = GPOINTER_TO_UINT (data);

  for (guint layers = 0; layers <= 4; layers++)
    {
      g_autoptr (FvTestUpdates) u = new_updates (optimizer, layers);
      FvUpdateBlockResult result;
      double sum = 0;
      guint n_moved = 0;

      fill_all (u);
      result = fv_test_updates_run (u, get_block (optimizer));
      for (gsize i = 0; i < u->sizes[FV_TEST_WEIGHTS]; i++)
        {
          gboolean frozen;

          fv_test_updates_get_group (u, i, &frozen);
          if (!frozen)
            {
              sum += pow (u->before[FV_TEST_GRADIENTS][i], 2);
              n_moved += u->after[FV_TEST_WEIGHTS][i] != u->before[FV_TEST_WEIGHTS][i];
              continue;
            }
          for (FvTestValues which = FV_TEST_WEIGHTS; which <= FV_TEST_SECOND_MOMENT; which++)
            g_assert_cmpfloat (u->after[which][i], ==, u->before[which][i]);
        }
      g_assert_cmpfloat (fabs (result.gradient_norm - sqrt (sum)), <=, 1e-6 * sqrt (sum));
      g_assert_true ((n_moved > 0) == (layers < 4));
    }
}

/* Mixed precision */

/* Gradients with a scale give the bits that they give without, clipping included. */
static void
test_scaled (gconstpointer data)
{
  const FvOptimizer optimizer = GPOINTER_TO_UINT (data);
  g_autoptr (FvTestUpdates) plain = new_updates (optimizer, 0);
  g_autoptr (FvTestUpdates) scaled = new_updates (optimizer, 0);
  FvUpdateBlock block = *get_block (optimizer);
  FvUpdateBlockResult expected, result;

  block.clip_norm = 0.25f;
  fill_all (plain);
  expected = fv_test_updates_run (plain, &block);
  g_assert_cmpfloat (expected.loss_scale, ==, 1);
  fill_all (scaled);
  for (gsize i = 0; i < scaled->sizes[FV_TEST_GRADIENTS]; i++)
    scaled->before[FV_TEST_GRADIENTS][i] *= 512;
  fv_test_updates_set_loss_scale (scaled, (FvLossScale){ .scale = 512 });
  result = fv_test_updates_run (scaled, &block);
  g_assert_cmpfloat (result.loss_scale, ==, 512);
  g_assert_cmpfloat (result.gradient_norm, ==, expected.gradient_norm);
  g_assert_false (result.skipped);
  for (guint i = 0; i < FV_TEST_N_VALUES; i++)
    assert_same (scaled, i, plain->after[i]);
}

/* What an update makes of the scale; @overflow: a gradient is infinite. */
static FvLossScale
move_loss_scale (FvTestUpdates *u, FvLossScale scale, gboolean overflow)
{
  FvUpdateBlockResult result;

  fill_all (u);
  if (overflow)
    u->before[FV_TEST_GRADIENTS][u->sizes[FV_TEST_GRADIENTS] / 2] = INFINITY;
  fv_test_updates_set_loss_scale (u, scale);
  result = fv_test_updates_run (u, &sgd);
  g_assert_cmpint (result.skipped, ==, overflow);
  g_assert_cmpfloat (result.loss_scale, ==, scale.scale);
  for (FvTestValues which = FV_TEST_WEIGHTS; overflow && which < FV_TEST_N_VALUES; which++)
    if (which != FV_TEST_GRADIENTS)
      assert_same (u, which, u->before[which]);
  assert_zero (u, FV_TEST_GRADIENTS);
  return fv_test_updates_get_loss_scale (u);
}

/* Halved when an update is skipped, down to 1; doubled after a number of good ones, up to a bound. */
static void
test_loss_scale (void)
{
  const struct
  {
    FvLossScale before;
    gboolean overflow;
    FvLossScale after;
  } rows[] = {
    { { 1024, 0 }, FALSE, { 1024, 1 } },
    { { 1024, 7 }, TRUE, { 512, 0 } },
    { { 1024, FV_LOSS_SCALE_PERIOD - 2 }, FALSE, { 1024, FV_LOSS_SCALE_PERIOD - 1 } },
    { { 1024, FV_LOSS_SCALE_PERIOD - 1 }, FALSE, { 2048, 0 } },
    { { 1024, FV_LOSS_SCALE_PERIOD - 1 }, TRUE, { 512, 0 } },
    { { FV_LOSS_SCALE_MOST, FV_LOSS_SCALE_PERIOD - 1 }, FALSE, { FV_LOSS_SCALE_MOST, 0 } },
    { { FV_LOSS_SCALE_LEAST, 3 }, TRUE, { FV_LOSS_SCALE_LEAST, 0 } },
  };
  g_autoptr (FvTestUpdates) u = new_updates (FV_OPTIMIZER_SGD, 0);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const FvLossScale after = move_loss_scale (u, rows[i].before, rows[i].overflow);

      g_assert_cmpfloat (after.scale, ==, rows[i].after.scale);
      g_assert_cmpfloat (after.good, ==, rows[i].after.good);
    }
}

static void
add_both (const char *name, GTestDataFunc func)
{
  g_autofree char *sgd_path = g_strconcat ("/nets/optimizer/sgd/", name, NULL);
  g_autofree char *adamw_path = g_strconcat ("/nets/optimizer/adamw/", name, NULL);

  g_test_add_data_func (sgd_path, GUINT_TO_POINTER (FV_OPTIMIZER_SGD), func);
  g_test_add_data_func (adamw_path, GUINT_TO_POINTER (FV_OPTIMIZER_ADAMW), func);
}

int
main (int argc, char **argv)
{
  fv_test_engine_init (&argc, &argv, NULL);
  g_test_add_func ("/nets/optimizer/sgd/decay", test_sgd_decay);
  g_test_add_func ("/nets/optimizer/sgd/nesterov", test_nesterov);
  g_test_add_func ("/nets/optimizer/sgd/first step", test_first_step);
  g_test_add_func ("/nets/optimizer/adamw/decay", test_adamw_decay);
  g_test_add_func ("/nets/optimizer/clip", test_clip);
  add_both ("skip", test_skip);
  add_both ("ema", test_ema);
  g_test_add_func ("/nets/optimizer/ema rests", test_ema_rests);
  add_both ("frozen", test_frozen);
  add_both ("scaled", test_scaled);
  g_test_add_func ("/nets/optimizer/loss scale", test_loss_scale);
  return fv_test_engine_run ();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Updates of flat buffers with made-up gradients against double precision: every rule seen on its own. */
#include "compute/nets/fv-optimizer.h"
#include "tests/reference/fv-reference-optimizer.h"

#include <math.h>
#include <string.h>

static FvDevice *device;

typedef enum
{
  WEIGHTS,
  GRADIENTS,
  MOMENTUM,
  SECOND_MOMENT,
  EMA,
  STATISTICS,
  EMA_STATISTICS,
  N_BUFFERS,
} Which;

typedef struct
{
  FvLayout *layout;
  FvOptimizer optimizer;
  guint frozen_layers;
  gsize sizes[N_BUFFERS]; /* floats */
  FvBuffer *buffers[N_BUFFERS];
  FvBuffer *scratch, *block, *result;
  FvRecording *recording;
} Setup;

/* Four layers; the second has more floats than one workgroup takes. */
static FvLayout *
make_layout (void)
{
  static const guint kernels[4][4] = { { 24, 3, 3, 3 }, { 40, 24, 3, 3 }, { 16, 40, 1, 1 }, { 21, 16, 1, 1 } };
  FvLayout *layout = fv_layout_new ();

  for (guint layer = 0; layer < 4; layer++)
    {
      static const char *const names[] = { "conv.weight", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var" };

      for (FvParamKind kind = FV_PARAM_CONV_WEIGHT; kind <= FV_PARAM_RUNNING_VAR; kind++)
        {
          g_autofree char *name = g_strdup_printf ("model.%u.%s", layer, names[kind]);

          fv_layout_add (layout, name, kind, layer, kind == FV_PARAM_CONV_WEIGHT ? 4 : 1, kernels[layer]);
        }
    }
  fv_layout_seal (layout);
  return layout;
}

/* As many floats as yolov5n has, near enough. */
static FvLayout *
make_large_layout (void)
{
  FvLayout *layout = fv_layout_new ();

  fv_layout_add (layout, "conv.weight", FV_PARAM_CONV_WEIGHT, 0, 4, (const guint[4]){ 448, 464, 3, 3 });
  fv_layout_add (layout, "bn.running_mean", FV_PARAM_RUNNING_MEAN, 0, 1, (const guint[4]){ 448 });
  fv_layout_seal (layout);
  return layout;
}

static FvBuffer *
new_buffer (FvMemory memory, gsize bytes, const char *name)
{
  g_autoptr (GError) error = NULL;
  FvBuffer *buffer = fv_buffer_new (device, memory, bytes, name, &error);

  g_assert_no_error (error);
  return buffer;
}

static void
upload (FvBuffer *buffer, const void *data, gsize bytes)
{
  g_autoptr (GError) error = NULL;

  fv_buffer_upload (buffer, 0, data, bytes, &error);
  g_assert_no_error (error);
}

static Setup *
setup_new_with_layout (FvOptimizer optimizer, guint frozen_layers, FvLayout *layout)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvRecorder) recorder = fv_recorder_new (device);
  Setup *s = g_new0 (Setup, 1);
  FvOptimizerArgs args = { 0 };

  s->layout = layout;
  s->optimizer = optimizer;
  s->frozen_layers = frozen_layers;
  for (guint i = 0; i < N_BUFFERS; i++)
    {
      s->sizes[i]
          = i >= STATISTICS ? fv_layout_get_statistics_floats (s->layout) : fv_layout_get_parameter_floats (s->layout);
      s->buffers[i] = new_buffer (FV_MEMORY_DEVICE, s->sizes[i] * sizeof (float), "values");
    }
  s->scratch = new_buffer (FV_MEMORY_DEVICE, fv_optimizer_scratch_bytes (s->layout), "scratch");
  s->block = new_buffer (FV_MEMORY_UPLOAD, sizeof (FvUpdateBlock), "block");
  s->result = new_buffer (FV_MEMORY_READBACK, sizeof (FvUpdateBlockResult), "result");
  args = (FvOptimizerArgs){
    .optimizer = optimizer,
    .layout = s->layout,
    .frozen_layers = frozen_layers,
    .weights = s->buffers[WEIGHTS],
    .gradients = s->buffers[GRADIENTS],
    .momentum = s->buffers[MOMENTUM],
    .second_moment = optimizer == FV_OPTIMIZER_ADAMW ? s->buffers[SECOND_MOMENT] : NULL,
    .ema = s->buffers[EMA],
    .statistics = s->buffers[STATISTICS],
    .ema_statistics = s->buffers[EMA_STATISTICS],
    .scratch = s->scratch,
    .block = fv_buffer_range (s->block, 0, sizeof (FvUpdateBlock)),
    .result = fv_buffer_range (s->result, 0, sizeof (FvUpdateBlockResult)),
  };
  fv_optimizer_record (recorder, &args);
  s->recording = fv_recorder_finish (&recorder, FALSE, &error);
  g_assert_no_error (error);
  return s;
}

static Setup *
setup_new (FvOptimizer optimizer, guint frozen_layers)
{
  return setup_new_with_layout (optimizer, frozen_layers, make_layout ());
}

static void
setup_free (Setup *s)
{
  fv_recording_free (s->recording);
  for (guint i = 0; i < N_BUFFERS; i++)
    fv_buffer_free (s->buffers[i]);
  fv_buffer_free (s->scratch);
  fv_buffer_free (s->block);
  fv_buffer_free (s->result);
  fv_layout_free (s->layout);
  g_free (s);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Setup, setup_free)

/* (transfer full): random values where parameters or statistics have them, zero in the padding. */
static float *
fill (Setup *s, Which which, double scale, guint32 seed)
{
  GRand *rand = g_rand_new_with_seed (seed + which);
  float *flat = g_new0 (float, s->sizes[which]);

  for (guint i = 0; i < fv_layout_get_n_params (s->layout); i++)
    {
      const FvParam *param = fv_layout_get_param (s->layout, i);
      const gsize n = fv_param_get_n_values (param);
      g_autofree float *values = g_new (float, n);

      if (fv_param_is_statistic (param) != (which >= STATISTICS))
        continue;
      for (gsize k = 0; k < n; k++)
        values[k] = g_rand_double_range (rand, -scale, scale);
      fv_param_pack (param, values, flat + param->offset);
    }
  g_rand_free (rand);
  upload (s->buffers[which], flat, s->sizes[which] * sizeof (float));
  return flat;
}

static float *
download (Setup *s, Which which)
{
  g_autoptr (GError) error = NULL;
  float *values = g_new (float, s->sizes[which]);

  fv_buffer_download (s->buffers[which], 0, values, s->sizes[which] * sizeof (float), &error);
  g_assert_no_error (error);
  return values;
}

static FvUpdateBlockResult
update (Setup *s, const FvUpdateBlock *block)
{
  g_autoptr (GError) error = NULL;
  FvUpdateBlockResult result;
  guint64 ticket;

  upload (s->block, block, sizeof *block);
  fv_recording_submit (s->recording, &ticket, &error);
  g_assert_no_error (error);
  fv_device_wait (device, ticket, &error);
  g_assert_no_error (error);
  fv_buffer_download (s->result, 0, &result, sizeof result, &error);
  g_assert_no_error (error);
  return result;
}

static void
assert_near (const char *what, gsize i, double value, double expected, double change)
{
  /* An ulp of the value itself, and 1e-5 of how far it went. */
  if (!(fabs (value - expected) <= 1.2e-7 * fabs (expected) + 1e-5 * fabs (change) + 1e-30))
    g_error ("%s of float %" G_GSIZE_FORMAT ": %.9g, not %.9g", what, i, value, expected);
}

static FvGroup
group_of (Setup *s, gsize i, gboolean *frozen)
{
  for (FvGroup group = 0; group < FV_N_GROUPS; group++)
    {
      gsize offset, length, live, live_length;

      fv_layout_get_group (s->layout, group, 0, &offset, &length);
      fv_layout_get_group (s->layout, group, s->frozen_layers, &live, &live_length);
      *frozen = i < live;
      if (i < offset + length)
        return group;
    }
  g_assert_not_reached ();
}

/* Runs one update from random buffers and compares everything that it may and may not change. */
static FvUpdateBlockResult
check_update (Setup *s, const FvUpdateBlock *block, double gradient_scale)
{
  g_autofree float *before[N_BUFFERS] = { NULL };
  g_autofree float *after[N_BUFFERS] = { NULL };
  g_autofree float *live = NULL;
  FvUpdateBlockResult result;
  double scale, norm;

  for (guint i = 0; i < N_BUFFERS; i++)
    before[i] = fill (s, i, i == GRADIENTS ? gradient_scale : 0.5, 42);
  for (gsize i = 0; i < s->sizes[SECOND_MOMENT]; i++)
    before[SECOND_MOMENT][i] = fabsf (before[SECOND_MOMENT][i]);
  upload (s->buffers[SECOND_MOMENT], before[SECOND_MOMENT], s->sizes[SECOND_MOMENT] * sizeof (float));
  result = update (s, block);
  for (guint i = 0; i < N_BUFFERS; i++)
    after[i] = download (s, i);

  live = g_memdup2 (before[GRADIENTS], s->sizes[GRADIENTS] * sizeof (float));
  for (gsize i = 0; i < s->sizes[GRADIENTS]; i++)
    {
      gboolean frozen;

      group_of (s, i, &frozen);
      if (frozen)
        live[i] = 0;
    }
  scale = fv_reference_clip (live, s->sizes[GRADIENTS], block->clip_norm, &norm);
  g_assert_cmpuint (result.skipped, ==, FALSE);
  assert_near ("norm", 0, result.gradient_norm, norm, norm);
  for (gsize i = 0; i < s->sizes[WEIGHTS]; i++)
    {
      gboolean frozen;
      const FvGroup group = group_of (s, i, &frozen);
      FvReferenceValue value = { before[WEIGHTS][i], before[MOMENTUM][i], before[SECOND_MOMENT][i], before[EMA][i] };

      if (frozen)
        value.ema = fv_reference_ema (value.ema, value.weight, block->ema_decay);
      else
        {
          fv_reference_update (s->optimizer, block, block->lr[group],
                               group == FV_GROUP_WEIGHTS ? block->weight_decay : 0, scale * live[i], &value);
          g_assert_cmpfloat (after[GRADIENTS][i], ==, 0);
        }
      if (frozen)
        {
          g_assert_cmpfloat (after[WEIGHTS][i], ==, before[WEIGHTS][i]);
          g_assert_cmpfloat (after[MOMENTUM][i], ==, before[MOMENTUM][i]);
        }
      assert_near ("weight", i, after[WEIGHTS][i], value.weight, value.weight - before[WEIGHTS][i]);
      assert_near ("momentum", i, after[MOMENTUM][i], value.momentum, 0.5);
      assert_near ("EMA", i, after[EMA][i], value.ema, value.ema - before[EMA][i]);
      if (s->optimizer == FV_OPTIMIZER_ADAMW)
        assert_near ("second moment", i, after[SECOND_MOMENT][i], value.second_moment, 0.5);
      if (before[WEIGHTS][i] == 0)
        g_assert_cmpfloat (after[WEIGHTS][i], ==, 0); /* padding stays zero */
    }
  for (gsize i = 0; i < s->sizes[STATISTICS]; i++)
    {
      const double ema = fv_reference_ema (before[EMA_STATISTICS][i], before[STATISTICS][i], block->ema_decay);

      g_assert_cmpfloat (after[STATISTICS][i], ==, before[STATISTICS][i]);
      assert_near ("EMA of statistics", i, after[EMA_STATISTICS][i], ema, ema - before[EMA_STATISTICS][i]);
    }
  for (guint i = 0; i < N_BUFFERS; i++)
    {
      g_free (g_steal_pointer (&before[i]));
      g_free (g_steal_pointer (&after[i]));
    }
  return result;
}

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

static void
test_sgd (void)
{
  g_autoptr (Setup) s = setup_new (FV_OPTIMIZER_SGD, 0);

  check_update (s, &sgd, 0.1);
}

/* What the momentum buffer held before the first step doesn't matter: it starts as the gradient, which then counts 1 + momentum times. */
static void
test_first_step (void)
{
  g_autoptr (Setup) s = setup_new (FV_OPTIMIZER_SGD, 0);
  FvUpdateBlock block = sgd;

  block.first_step = TRUE;
  check_update (s, &block, 0.1);
}

static void
test_adamw (void)
{
  g_autoptr (Setup) s = setup_new (FV_OPTIMIZER_ADAMW, 0);

  check_update (s, &adamw, 0.1);
}

/* With no gradient and no momentum only the decay moves a weight, and only a weight of a convolution. */
static void
test_decay (gconstpointer data)
{
  const FvOptimizer optimizer = GPOINTER_TO_UINT (data);
  g_autoptr (Setup) s = setup_new (optimizer, 0);
  FvUpdateBlock block = optimizer == FV_OPTIMIZER_SGD ? sgd : adamw;
  g_autofree float *before = fill (s, WEIGHTS, 1, 3);
  g_autofree float *after = NULL;
  gsize offset, length;

  block.weight_decay = 0.25f;
  update (s, &block);
  after = download (s, WEIGHTS);
  fv_layout_get_group (s->layout, FV_GROUP_WEIGHTS, 0, &offset, &length);
  for (gsize i = 0; i < s->sizes[WEIGHTS]; i++)
    {
      /* SGD: the decay goes through Nesterov's momentum like any gradient; AdamW: it doesn't. */
      const double rate = optimizer == FV_OPTIMIZER_SGD ? block.lr[0] * 0.25 * (1 + 0.937) : block.lr[0] * 0.25;

      if (i < offset + length)
        assert_near ("weight", i, after[i], before[i] * (1 - rate), before[i] * rate);
      else
        g_assert_cmpfloat (after[i], ==, before[i]);
    }
}

/* The same gradients, ten times larger, move the weights as far where the norm is clipped, and not where it isn't. */
static void
test_clip (void)
{
  g_autoptr (Setup) s = setup_new (FV_OPTIMIZER_SGD, 0);
  FvUpdateBlock block = sgd;
  FvUpdateBlockResult result;

  block.clip_norm = 1;
  result = check_update (s, &block, 0.5);
  g_assert_cmpfloat (result.gradient_norm, >, 10);
  result = check_update (s, &block, 5);
  g_assert_cmpfloat (result.gradient_norm, >, 100);
  result = check_update (s, &block, 1e-4);
  g_assert_cmpfloat (result.gradient_norm, <, 1);
}

static void
test_frozen (gconstpointer data)
{
  g_autoptr (Setup) s = setup_new (GPOINTER_TO_UINT (data), 2);
  FvUpdateBlock block = GPOINTER_TO_UINT (data) == FV_OPTIMIZER_SGD ? sgd : adamw;

  block.clip_norm = 2;
  check_update (s, &block, 0.1);
}

static void
test_all_frozen (void)
{
  g_autoptr (Setup) s = setup_new (FV_OPTIMIZER_SGD, 4);

  check_update (s, &sgd, 0.1);
}

/* One bad gradient anywhere: nothing changes, and the gradients are gone. */
static void
test_skip (gconstpointer data)
{
  static const float bad[] = { NAN, INFINITY, -INFINITY };
  const FvOptimizer optimizer = GPOINTER_TO_UINT (data);
  g_autoptr (Setup) s = setup_new (optimizer, 0);
  FvUpdateBlock block = optimizer == FV_OPTIMIZER_SGD ? sgd : adamw;
  const gsize last = fv_layout_lookup (s->layout, "model.3.bn.bias")->offset + 20;

  for (guint clip = 0; clip < 2; clip++)
    for (guint k = 0; k < G_N_ELEMENTS (bad); k++)
      {
        g_autofree float *before[N_BUFFERS] = { NULL };
        FvUpdateBlockResult result;

        for (guint i = 0; i < N_BUFFERS; i++)
          before[i] = fill (s, i, 0.5, 99);
        before[GRADIENTS][k == 0 ? 0 : last] = bad[k];
        upload (s->buffers[GRADIENTS], before[GRADIENTS], s->sizes[GRADIENTS] * sizeof (float));
        block.clip_norm = clip * 10;
        result = update (s, &block);
        g_assert_cmpuint (result.skipped, ==, TRUE);
        g_assert_false (isfinite (result.gradient_norm));
        for (guint i = 0; i < N_BUFFERS; i++)
          {
            g_autofree float *after = download (s, i);

            if (i == GRADIENTS)
              memset (before[i], 0, s->sizes[i] * sizeof (float));
            g_assert_cmpmem (after, s->sizes[i] * sizeof (float), before[i], s->sizes[i] * sizeof (float));
            g_free (g_steal_pointer (&before[i]));
          }
      }
  g_free (fill (s, GRADIENTS, 0.5, 1));
  g_assert_cmpuint (update (s, &block).skipped, ==, FALSE);
}

/* An average that has reached its value keeps its bits. */
static void
test_ema_rests (void)
{
  g_autoptr (Setup) s = setup_new (FV_OPTIMIZER_SGD, 4);
  g_autofree float *weights = fill (s, WEIGHTS, 1, 3);
  g_autofree float *ema = NULL;
  FvUpdateBlock block = sgd;

  upload (s->buffers[EMA], weights, s->sizes[EMA] * sizeof (float));
  block.ema_decay = 0.4997f;
  update (s, &block);
  ema = download (s, EMA);
  g_assert_cmpmem (ema, s->sizes[EMA] * sizeof (float), weights, s->sizes[EMA] * sizeof (float));
}

static void
test_speed (gconstpointer data)
{
  const FvOptimizer optimizer = GPOINTER_TO_UINT (data);
  g_autoptr (Setup) s = setup_new_with_layout (optimizer, 0, make_large_layout ());
  const FvUpdateBlock block = optimizer == FV_OPTIMIZER_SGD ? sgd : adamw;
  double best = G_MAXDOUBLE;

  for (guint i = 0; i < 20; i++)
    {
      const gint64 start = g_get_monotonic_time ();

      update (s, &block);
      best = MIN (best, (g_get_monotonic_time () - start) * 1e-3);
    }
  g_test_minimized_result (best, "update: %.2f ms for %" G_GSIZE_FORMAT " parameters", best, s->sizes[WEIGHTS]);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  fv_device_prepare_environment ();
  device = fv_device_open (&(FvDeviceParams){ 0 }, &error);
  g_assert_no_error (error);
  g_test_add_func ("/nets/optimizer/sgd", test_sgd);
  g_test_add_func ("/nets/optimizer/sgd/first step", test_first_step);
  g_test_add_data_func ("/nets/optimizer/sgd/decay", GUINT_TO_POINTER (FV_OPTIMIZER_SGD), test_decay);
  g_test_add_data_func ("/nets/optimizer/sgd/frozen", GUINT_TO_POINTER (FV_OPTIMIZER_SGD), test_frozen);
  g_test_add_data_func ("/nets/optimizer/sgd/skip", GUINT_TO_POINTER (FV_OPTIMIZER_SGD), test_skip);
  g_test_add_func ("/nets/optimizer/adamw", test_adamw);
  g_test_add_data_func ("/nets/optimizer/adamw/decay", GUINT_TO_POINTER (FV_OPTIMIZER_ADAMW), test_decay);
  g_test_add_data_func ("/nets/optimizer/adamw/frozen", GUINT_TO_POINTER (FV_OPTIMIZER_ADAMW), test_frozen);
  g_test_add_data_func ("/nets/optimizer/adamw/skip", GUINT_TO_POINTER (FV_OPTIMIZER_ADAMW), test_skip);
  g_test_add_func ("/nets/optimizer/clip", test_clip);
  g_test_add_func ("/nets/optimizer/all frozen", test_all_frozen);
  g_test_add_func ("/nets/optimizer/ema rests", test_ema_rests);
  if (g_test_perf ())
    {
      g_test_add_data_func ("/nets/optimizer/sgd/speed", GUINT_TO_POINTER (FV_OPTIMIZER_SGD), test_speed);
      g_test_add_data_func ("/nets/optimizer/adamw/speed", GUINT_TO_POINTER (FV_OPTIMIZER_ADAMW), test_speed);
    }
  status = g_test_run ();
  fv_device_unref (device);
  return status;
}

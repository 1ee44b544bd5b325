/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/compute/fv-test-updates.h"

#include <math.h>
#include <string.h>

#include "tests/reference/fv-reference-optimizer.h"

const char *const fv_test_values_names[FV_TEST_N_VALUES]
    = { "weights", "gradients", "momentum", "second moment", "EMA", "statistics", "EMA of statistics" };

FvLayout *
fv_test_updates_make_layout (void)
{
  static const guint kernels[4][4] = { { 24, 3, 3, 3 }, { 40, 24, 3, 3 }, { 16, 40, 1, 1 }, { 21, 16, 1, 1 } };
  static const char *const names[] = { "conv.weight", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var" };
  FvLayout *layout = fv_layout_new ();

  for (guint layer = 0; layer < G_N_ELEMENTS (kernels); layer++)
    for (FvParamKind kind = FV_PARAM_CONV_WEIGHT; kind <= FV_PARAM_RUNNING_VAR; kind++)
      {
        g_autofree char *name = g_strdup_printf ("model.%u.%s", layer, names[kind]);

        fv_layout_add (layout, name, kind, layer, kind == FV_PARAM_CONV_WEIGHT ? 4 : 1, kernels[layer]);
      }
  fv_layout_seal (layout);
  return layout;
}

static void
record (FvTestUpdates *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvRecorder) recorder = fv_recorder_new (fv_test_engine_get_device ());
  const FvOptimizerArgs args = {
    .optimizer = self->optimizer,
    .layout = self->layout,
    .frozen_layers = self->frozen_layers,
    .weights = &self->buffers[FV_TEST_WEIGHTS]->inner,
    .gradients = &self->buffers[FV_TEST_GRADIENTS]->inner,
    .momentum = &self->buffers[FV_TEST_MOMENTUM]->inner,
    .second_moment = self->optimizer == FV_OPTIMIZER_ADAMW ? &self->buffers[FV_TEST_SECOND_MOMENT]->inner : NULL,
    .ema = &self->buffers[FV_TEST_EMA]->inner,
    .statistics = &self->buffers[FV_TEST_STATISTICS]->inner,
    .ema_statistics = &self->buffers[FV_TEST_EMA_STATISTICS]->inner,
    .scratch = &self->scratch->inner,
    .loss_scale
    = self->loss_scale != NULL ? (FvRange){ self->loss_scale->address, self->loss_scale->size } : (FvRange){ 0 },
    .block = { self->block->address, self->block->size },
    .result = { self->result->address, self->result->size },
  };

  fv_optimizer_record (recorder, &args);
  self->recording = fv_recorder_finish (&recorder, TRUE, &error);
  g_assert_no_error (error);
}

FvTestUpdates *
fv_test_updates_new (FvOptimizer optimizer, guint frozen_layers, FvLayout *layout)
{
  FvTestUpdates *self = g_new0 (FvTestUpdates, 1);

  self->layout = layout;
  self->optimizer = optimizer;
  self->frozen_layers = frozen_layers;
  for (guint i = 0; i < FV_TEST_N_VALUES; i++)
    {
      self->sizes[i] = i >= FV_TEST_STATISTICS ? fv_layout_get_statistics_floats (layout)
                                               : fv_layout_get_parameter_floats (layout);
      self->buffers[i]
          = fv_test_buffer_new (FV_MEMORY_DEVICE, self->sizes[i] * sizeof (float), fv_test_values_names[i]);
      self->before[i] = g_new0 (float, self->sizes[i]);
      self->after[i] = g_new0 (float, self->sizes[i]);
    }
  self->scratch = fv_test_buffer_new (FV_MEMORY_DEVICE, fv_optimizer_scratch_bytes (layout), "scratch");
  self->block = fv_test_buffer_new (FV_MEMORY_UPLOAD, sizeof (FvUpdateBlock), "block");
  self->result = fv_test_buffer_new (FV_MEMORY_READBACK, sizeof (FvUpdateBlockResult), "result");
  record (self);
  return self;
}

void
fv_test_updates_free (FvTestUpdates *self)
{
  if (self == NULL)
    return;
  fv_recording_free (self->recording);
  for (guint i = 0; i < FV_TEST_N_VALUES; i++)
    {
      fv_test_buffer_free (self->buffers[i]);
      g_free (self->before[i]);
      g_free (self->after[i]);
    }
  fv_test_buffer_free (self->scratch);
  fv_test_buffer_free (self->loss_scale);
  fv_test_buffer_free (self->block);
  fv_test_buffer_free (self->result);
  fv_layout_free (self->layout);
  g_free (self);
}

void
fv_test_updates_set_loss_scale (FvTestUpdates *self, FvLossScale scale)
{
  if (self->loss_scale == NULL)
    {
      self->loss_scale = fv_test_buffer_new (FV_MEMORY_DEVICE, sizeof scale, "loss scale");
      fv_recording_free (self->recording);
      record (self);
    }
  fv_test_buffer_write (self->loss_scale, &scale, sizeof scale);
}

FvLossScale
fv_test_updates_get_loss_scale (FvTestUpdates *self)
{
  FvLossScale scale;

  fv_test_buffer_read (self->loss_scale, &scale, sizeof scale);
  return scale;
}

void
fv_test_updates_fill (FvTestUpdates *self, FvTestValues which, double scale)
{
  fv_test_updates_clear (self, which);
  for (guint i = 0; i < fv_layout_get_n_params (self->layout); i++)
    {
      const FvParam *param = fv_layout_get_param (self->layout, i);
      const gsize n = fv_param_get_n_values (param);
      const guint64 seed = fv_test_seed (param->name) ^ fv_test_seed (fv_test_values_names[which]);
      g_autofree float *values = g_new (float, n);

      if (fv_param_is_statistic (param) != (which >= FV_TEST_STATISTICS))
        continue;
      for (gsize k = 0; k < n; k++)
        {
          values[k] = scale * fv_test_random (seed, k);
          if (which == FV_TEST_SECOND_MOMENT)
            values[k] = fabsf (values[k]);
        }
      fv_param_pack (param, values, self->before[which] + param->offset);
    }
}

void
fv_test_updates_clear (FvTestUpdates *self, FvTestValues which)
{
  memset (self->before[which], 0, self->sizes[which] * sizeof (float));
}

FvUpdateBlockResult
fv_test_updates_run (FvTestUpdates *self, const FvUpdateBlock *block)
{
  g_autoptr (GError) error = NULL;
  FvUpdateBlockResult result;
  guint64 ticket;

  for (guint i = 0; i < FV_TEST_N_VALUES; i++)
    fv_test_buffer_write (self->buffers[i], self->before[i], self->sizes[i] * sizeof (float));
  fv_test_buffer_write (self->block, block, sizeof *block);
  fv_recording_submit (self->recording, &ticket, &error);
  g_assert_no_error (error);
  fv_device_wait (fv_test_engine_get_device (), ticket, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < FV_TEST_N_VALUES; i++)
    fv_test_buffer_read (self->buffers[i], self->after[i], self->sizes[i] * sizeof (float));
  fv_test_buffer_read (self->result, &result, sizeof result);
  return result;
}

char *
fv_test_updates_find_damage (FvTestUpdates *self)
{
  FvTestBuffer *const others[] = { self->scratch, self->block, self->result };
  char *damage = NULL;

  for (guint i = 0; i < FV_TEST_N_VALUES && damage == NULL; i++)
    damage = fv_test_buffer_find_damage (self->buffers[i]);
  for (guint i = 0; i < G_N_ELEMENTS (others) && damage == NULL; i++)
    damage = fv_test_buffer_find_damage (others[i]);
  return damage;
}

FvGroup
fv_test_updates_get_group (FvTestUpdates *self, gsize i, gboolean *frozen)
{
  for (FvGroup group = 0; group < FV_N_GROUPS; group++)
    {
      gsize offset, length, live, live_length;

      fv_layout_get_group (self->layout, group, 0, &offset, &length);
      fv_layout_get_group (self->layout, group, self->frozen_layers, &live, &live_length);
      *frozen = i < live;
      if (i < offset + length)
        return group;
    }
  g_assert_not_reached ();
}

/* @scale: of the gradients, by clipping. */
static void
expect_value (FvTestUpdates *self, const FvUpdateBlock *block, gsize i, double scale,
              double *expected[FV_TEST_N_VALUES])
{
  gboolean frozen;
  const FvGroup group = fv_test_updates_get_group (self, i, &frozen);
  FvReferenceValue value = {
    .weight = self->before[FV_TEST_WEIGHTS][i],
    .momentum = self->before[FV_TEST_MOMENTUM][i],
    .second_moment = self->before[FV_TEST_SECOND_MOMENT][i],
    .ema = self->before[FV_TEST_EMA][i],
  };

  if (frozen)
    value.ema = fv_reference_ema (value.ema, value.weight, block->ema_decay);
  else
    fv_reference_update (self->optimizer, block, block->lr[group], group == FV_GROUP_WEIGHTS ? block->weight_decay : 0,
                         scale * self->before[FV_TEST_GRADIENTS][i], &value);
  expected[FV_TEST_WEIGHTS][i] = value.weight;
  expected[FV_TEST_GRADIENTS][i] = frozen ? self->before[FV_TEST_GRADIENTS][i] : 0;
  expected[FV_TEST_MOMENTUM][i] = value.momentum;
  expected[FV_TEST_SECOND_MOMENT][i] = value.second_moment;
  expected[FV_TEST_EMA][i] = value.ema;
}

void
fv_test_updates_expect (FvTestUpdates *self, const FvUpdateBlock *block, double *expected[FV_TEST_N_VALUES],
                        double *norm)
{
  const gsize n = self->sizes[FV_TEST_GRADIENTS];
  g_autofree float *live = g_memdup2 (self->before[FV_TEST_GRADIENTS], n * sizeof (float));
  double scale;

  for (guint i = 0; i < FV_TEST_N_VALUES; i++)
    expected[i] = g_new0 (double, self->sizes[i]);
  for (gsize i = 0; i < n; i++)
    {
      gboolean frozen;

      fv_test_updates_get_group (self, i, &frozen);
      if (frozen)
        live[i] = 0;
    }
  scale = fv_reference_clip (live, n, block->clip_norm, norm);
  for (gsize i = 0; i < n; i++)
    expect_value (self, block, i, scale, expected);
  for (gsize i = 0; i < self->sizes[FV_TEST_STATISTICS]; i++)
    {
      const double value = self->before[FV_TEST_STATISTICS][i], ema = self->before[FV_TEST_EMA_STATISTICS][i];

      expected[FV_TEST_STATISTICS][i] = value;
      expected[FV_TEST_EMA_STATISTICS][i] = fv_reference_ema (ema, value, block->ema_decay);
    }
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/compute/nets/fv-test-network.h"

#include <math.h>
#include <string.h>

#include "tests/compute/fv-test-engine.h"

/* What generator.py makes, bit for bit. */

#define GOLDEN 0x9e3779b97f4a7c15ull

static guint64
mix (guint64 z)
{
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

guint64
fv_test_stream_start (guint64 seed, const char *name)
{
  return mix (seed * GOLDEN + fv_test_seed (name));
}

guint64
fv_test_stream_bits (guint64 start, gsize i)
{
  return mix (start + (i + 1) * GOLDEN);
}

/* In [-1, 1) */
static double
stream_uniform (guint64 start, gsize i)
{
  return (double)(fv_test_stream_bits (start, i) >> 40) / (1 << 23) - 1;
}

/* @module: the name without its last part. */
static int
get_exponent (const FvTestNetwork *self, const FvParam *param)
{
  g_autofree char *module = g_strndup (param->name, strrchr (param->name, '.') - param->name);

  return json_object_get_int_member (json_object_get_object_member (self->facts, "exponents"), module);
}

/* (transfer full): in PyTorch's order. */
static float *
make_parameter (const FvTestNetwork *self, const FvParam *param, double shift)
{
  const gsize n = fv_param_get_n_values (param);
  const guint64 start = fv_test_stream_start (self->seed, param->name);
  double middle = 0, spread = 0.25;
  float *values = g_new (float, n);

  if (param->kind == FV_PARAM_CONV_WEIGHT)
    spread = (float)sqrt (8.0 / (param->dims[1] * param->dims[2] * param->dims[3]));
  else if (param->kind == FV_PARAM_BN_WEIGHT)
    middle = 1;
  else if (g_str_has_suffix (param->name, ".bn.bias"))
    middle = shift;
  else if (param->kind == FV_PARAM_RUNNING_VAR)
    {
      middle = ldexp (1, get_exponent (self, param));
      spread = middle / 2;
    }
  for (gsize i = 0; i < n; i++)
    values[i] = middle + spread * stream_uniform (start, i);
  return values;
}

/* Noise on blocks of 8 x 8 pixels, each of one colour. */
static guint8 *
make_pictures (const FvTestNetwork *self)
{
  const guint n = self->batch.n, height = self->batch.height, width = self->batch.width;
  const guint64 pixels = fv_test_stream_start (self->seed, "pixels"),
                blocks = fv_test_stream_start (self->seed, "blocks");
  guint8 *rgb = g_malloc ((gsize)n * height * width * 3);
  gsize i = 0;

  for (guint picture = 0; picture < n; picture++)
    for (guint y = 0; y < height; y++)
      for (guint x = 0; x < width; x++)
        for (guint channel = 0; channel < 3; channel++, i++)
          {
            const gsize block = ((gsize)picture * height / 8 + y / 8) * (width / 8) + x / 8;
            const guint fine = fv_test_stream_bits (pixels, i) >> 56;
            const guint coarse = fv_test_stream_bits (blocks, block * 3 + channel) >> 56;

            rgb[i] = (fine + coarse) / 2;
          }
  return rgb;
}

/* Cases */

double
fv_test_network_get_number (JsonObject *object, const char *array, guint i)
{
  return json_array_get_double_element (json_object_get_array_member (object, array), i);
}

static void
read_targets (FvTestNetwork *self)
{
  JsonArray *rows = json_object_get_array_member (self->facts, "targets");

  self->batch.n_targets = json_array_get_length (rows);
  self->targets = g_new0 (float, self->batch.n_targets * 6 + 1);
  for (guint i = 0; i < self->batch.n_targets * 6; i++)
    self->targets[i] = json_array_get_double_element (json_array_get_array_element (rows, i / 6), i % 6);
  self->batch.targets = self->targets;
}

/* Every picture lies in its input as it is. */
static void
make_batch (FvTestNetwork *self)
{
  const guint n = self->batch.n, height = self->batch.height, width = self->batch.width;

  self->rgb = make_pictures (self);
  self->samples = g_new0 (FvAugmentSample, n);
  self->pictures = g_new0 (FvPixels, n);
  for (guint i = 0; i < n; i++)
    {
      self->pictures[i] = (FvPixels){ self->rgb + (gsize)i * height * width * 3, width, height, width * 3 };
      self->samples[i] = (FvAugmentSample){
        .n_layers = 1,
        .mix = 1,
        .hsv = { 1, 1, 1 },
        .layers = { {
            .n_tiles = 1,
            .canvas_width = width,
            .canvas_height = height,
            .inverse = { 1, 0, 0, 0, 1, 0, 0, 0, 1 },
            .tiles = { { .picture = i, .x2 = width, .y2 = height } },
        } },
      };
    }
  self->batch.samples = self->samples;
  self->batch.pictures = self->pictures;
  self->batch.n_pictures = n;
  read_targets (self);
}

FvTestNetwork *
fv_test_network_new (JsonObject *facts)
{
  g_autoptr (GError) error = NULL;
  FvTestNetwork *self = g_new0 (FvTestNetwork, 1);

  self->facts = facts;
  self->seed = json_object_get_int_member (facts, "seed");
  self->frozen_layers = json_object_get_int_member (facts, "frozen");
  self->shift = json_object_get_double_member (facts, "shift");
  self->batch.n = json_object_get_int_member (facts, "n");
  self->batch.height = json_object_get_int_member (facts, "height");
  self->batch.width = json_object_get_int_member (facts, "width");
  fv_yolov5_config_init (&self->config, json_object_get_string_member (facts, "variant")[0],
                         json_object_get_int_member (facts, "classes"));
  self->loss = (FvLossParams){
    .box = fv_test_network_get_number (facts, "gains", 0),
    .obj = fv_test_network_get_number (facts, "gains", 1),
    .cls = fv_test_network_get_number (facts, "gains", 2),
    .cls_pw = 1,
    .obj_pw = 1,
    .anchor_t = 4,
  };
  make_batch (self);
  self->model = fv_model_new (fv_test_engine_get_device (), &self->config, &error);
  g_assert_no_error (error);
  return self;
}

void
fv_test_network_free (FvTestNetwork *self)
{
  fv_model_unref (self->model);
  g_free (self->samples);
  g_free (self->pictures);
  g_free (self->rgb);
  g_free (self->targets);
  g_free (self);
}
void
fv_test_network_set_weights (FvTestNetwork *self, double shift)
{
  const FvLayout *layout = fv_model_get_layout (self->model);
  g_autofree float *weights = g_new0 (float, fv_layout_get_parameter_floats (layout));
  g_autofree float *statistics = g_new0 (float, fv_layout_get_statistics_floats (layout));
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < fv_layout_get_n_params (layout); i++)
    {
      const FvParam *param = fv_layout_get_param (layout, i);
      g_autofree float *values = make_parameter (self, param, shift);

      fv_param_pack (param, values, (fv_param_is_statistic (param) ? statistics : weights) + param->offset);
    }
  fv_model_upload (self->model, FV_BUFFER_WEIGHTS, weights, &error);
  g_assert_no_error (error);
  fv_model_upload (self->model, FV_BUFFER_STATISTICS, statistics, &error);
  g_assert_no_error (error);
}

float *
fv_test_network_download (FvTestNetwork *self, FvModelBuffer buffer)
{
  g_autoptr (GError) error = NULL;
  float *values = g_new (float, fv_model_get_size (self->model, buffer));

  fv_model_download (self->model, buffer, values, &error);
  g_assert_no_error (error);
  return values;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/nets/fv-yolov5.h"

#include <math.h>
#include <string.h>

/* Counter-based: SplitMix64's finalizer (Steele, Lea, Flood 2014) over seed, parameter and value. In [-1, 1). */
static float
uniform (guint64 seed, guint64 parameter, guint64 value)
{
  guint64 z = seed * 0x9e3779b97f4a7c15ull + parameter * 0xd1b54a32d192ed03ull + value * 0x8cb92ba72f3d8dd7ull;

  for (int round = 0; round < 2; round++)
    {
      z += 0x9e3779b97f4a7c15ull;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
      z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
      z ^= z >> 31;
    }
  return (float)(z >> 40) / (float)(1 << 23) - 1.0f;
}

/* To the nearest half-precision value, ties to even; for magnitudes of half's normal and subnormal range. */
static float
round_to_half (float value)
{
  int exponent;
  float unit;

  if (value == 0)
    return value;
  frexpf (value, &exponent);
  unit = ldexpf (1.0f, MAX (exponent - 11, -24));
  return nearbyintf (value / unit) * unit;
}

/* models/yolo.py, Detect's bias: 8 objects a 640 px picture, and classes at 0.6 / (nc - 1). */
static float
detect_bias (const FvYolov5Config *config, guint head, guint channel)
{
  const guint k = channel % (5 + config->n_classes);
  const double cells = 640.0 / fv_yolov5_strides[head];

  if (k < 4)
    return 0;
  if (k == 4)
    return log (8.0 / (cells * cells));
  return log (0.6 / (config->n_classes - 0.99999));
}

static void
init_param (const FvYolov5Config *config, const FvParam *param, guint64 seed, guint index, double fan_in,
            gboolean head_fp16, float *values)
{
  const gsize n = fv_param_get_n_values (param);
  const gboolean detect = param->layer == FV_YOLOV5_N_LAYERS - 1;
  const float bound = 1.0 / sqrt (fan_in);

  for (gsize i = 0; i < n; i++)
    {
      switch (param->kind)
        {
        case FV_PARAM_CONV_WEIGHT:
          values[i] = bound * uniform (seed, index, i);
          break;
        case FV_PARAM_BIAS:
          values[i] = 0;
          if (detect)
            values[i]
                = bound * uniform (seed, index, i) + detect_bias (config, param->name[strlen ("model.24.m.")] - '0', i);
          break;
        case FV_PARAM_BN_WEIGHT:
        case FV_PARAM_RUNNING_VAR:
          values[i] = 1;
          break;
        case FV_PARAM_RUNNING_MEAN:
          values[i] = 0;
          break;
        }
      if (detect && head_fp16)
        values[i] = round_to_half (values[i]);
    }
}

void
fv_yolov5_init (const FvYolov5Config *config, const FvLayout *layout, guint64 seed, guint first_layer,
                gboolean head_fp16, float *parameters, float *statistics)
{
  double fan_in = 1;

  for (guint i = 0; i < fv_layout_get_n_params (layout); i++)
    {
      const FvParam *param = fv_layout_get_param (layout, i);
      g_autofree float *values = NULL;

      /* A bias follows its convolution's weight and has the same bound. */
      if (param->kind == FV_PARAM_CONV_WEIGHT)
        fan_in = (double)param->dims[1] * param->dims[2] * param->dims[3];
      if (param->layer < first_layer)
        continue;
      values = g_new (float, fv_param_get_n_values (param));
      init_param (config, param, seed, i, fan_in, head_fp16, values);
      fv_param_pack (param, values, (fv_param_is_statistic (param) ? statistics : parameters) + param->offset);
    }
}

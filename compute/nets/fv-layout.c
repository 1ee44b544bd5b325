/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/nets/fv-layout.h"

#include <string.h>

struct _FvLayout
{
  GArray *params;      /* FvParam */
  GHashTable *by_name; /* name -> index + 1 */
  gsize group_start[FV_N_GROUPS + 1];
  gsize statistics_floats;
  gboolean sealed;
};

static void
param_clear (FvParam *param)
{
  g_free (param->name);
}

FvLayout *
fv_layout_new (void)
{
  FvLayout *self = g_new0 (FvLayout, 1);

  self->params = g_array_new (FALSE, TRUE, sizeof (FvParam));
  g_array_set_clear_func (self->params, (GDestroyNotify)param_clear);
  self->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  return self;
}

void
fv_layout_free (FvLayout *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->by_name);
  g_array_unref (self->params);
  g_free (self);
}

static guint
pad16 (guint n)
{
  return (n + 15) / 16 * 16;
}

void
fv_layout_add (FvLayout *self, const char *name, FvParamKind kind, guint layer, guint n_dims, const guint dims[4])
{
  FvParam param = { .name = g_strdup (name), .kind = kind, .layer = layer, .n_dims = n_dims };

  g_assert (!self->sealed);
  memcpy (param.dims, dims, n_dims * sizeof dims[0]);
  param.pitch_out = pad16 (dims[0]);
  param.length = param.pitch_out;
  if (kind == FV_PARAM_CONV_WEIGHT)
    {
      /* The picture's pitch is 4, so that a kernel row of the stem is one run of floats. */
      param.pitch_in = dims[1] <= 4 ? 4 : pad16 (dims[1]);
      param.length = (gsize)dims[2] * dims[3] * param.pitch_in * param.pitch_out;
    }
  g_array_append_val (self->params, param);
}

static int
param_group (const FvParam *param)
{
  switch (param->kind)
    {
    case FV_PARAM_CONV_WEIGHT:
      return FV_GROUP_WEIGHTS;
    case FV_PARAM_BN_WEIGHT:
      return FV_GROUP_BN_WEIGHTS;
    case FV_PARAM_BIAS:
      return FV_GROUP_BIASES;
    default:
      return FV_N_GROUPS; /* a statistic */
    }
}

void
fv_layout_seal (FvLayout *self)
{
  gsize offset = 0;

  for (int group = 0; group <= FV_N_GROUPS; group++)
    {
      self->group_start[group] = offset;
      if (group == FV_N_GROUPS)
        offset = 0;
      for (guint i = 0; i < self->params->len; i++)
        {
          FvParam *param = &g_array_index (self->params, FvParam, i);

          if (param_group (param) != group)
            continue;
          param->offset = offset;
          offset += param->length;
        }
    }
  self->statistics_floats = offset;
  for (guint i = 0; i < self->params->len; i++)
    g_hash_table_insert (self->by_name, g_array_index (self->params, FvParam, i).name, GUINT_TO_POINTER (i + 1));
  self->sealed = TRUE;
}

guint
fv_layout_get_n_params (const FvLayout *self)
{
  return self->params->len;
}

const FvParam *
fv_layout_get_param (const FvLayout *self, guint index)
{
  g_return_val_if_fail (index < self->params->len, NULL);
  return &g_array_index (self->params, FvParam, index);
}

const FvParam *
fv_layout_lookup (const FvLayout *self, const char *name)
{
  guint index = GPOINTER_TO_UINT (g_hash_table_lookup (self->by_name, name));

  return index == 0 ? NULL : fv_layout_get_param (self, index - 1);
}

gsize
fv_layout_get_parameter_floats (const FvLayout *self)
{
  return self->group_start[FV_N_GROUPS];
}

gsize
fv_layout_get_statistics_floats (const FvLayout *self)
{
  return self->statistics_floats;
}

void
fv_layout_get_group (const FvLayout *self, FvGroup group, guint first_layer, gsize *offset, gsize *length)
{
  gsize start = self->group_start[group + 1];

  for (guint i = 0; i < self->params->len; i++)
    {
      const FvParam *param = &g_array_index (self->params, FvParam, i);

      if (param_group (param) == (int)group && param->layer >= first_layer)
        start = MIN (start, param->offset);
    }
  *offset = start;
  *length = self->group_start[group + 1] - start;
}

gboolean
fv_param_is_statistic (const FvParam *param)
{
  return param->kind == FV_PARAM_RUNNING_MEAN || param->kind == FV_PARAM_RUNNING_VAR;
}

gsize
fv_param_get_n_values (const FvParam *param)
{
  gsize n = 1;

  for (guint i = 0; i < param->n_dims; i++)
    n *= param->dims[i];
  return n;
}

/* Calls for each value: its index in PyTorch's order and in the device's. */
#define FOR_EACH_VALUE(param, torch, device, BODY)                                                                     \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    guint o_ = (param)->dims[0];                                                                                       \
    guint i_ = (param)->n_dims == 4 ? (param)->dims[1] : 1;                                                            \
    guint taps_ = (param)->n_dims == 4 ? (param)->dims[2] * (param)->dims[3] : 1;                                      \
    for (guint o = 0; o < o_; o++)                                                                                     \
      for (guint i = 0; i < i_; i++)                                                                                   \
        for (guint tap = 0; tap < taps_; tap++)                                                                        \
          {                                                                                                            \
            gsize torch = ((gsize)o * i_ + i) * taps_ + tap;                                                           \
            gsize device = ((gsize)tap * (param)->pitch_in + i) * (param)->pitch_out + o;                              \
            BODY;                                                                                                      \
          }                                                                                                            \
  }                                                                                                                    \
  G_STMT_END

void
fv_param_pack (const FvParam *param, const float *values, float *flat)
{
  memset (flat, 0, param->length * sizeof (float));
  FOR_EACH_VALUE (param, torch, device, flat[device] = values[torch]);
}

void
fv_param_unpack (const FvParam *param, const float *flat, float *values)
{
  FOR_EACH_VALUE (param, torch, device, values[torch] = flat[device]);
}

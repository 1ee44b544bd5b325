/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/ops/fv-conv-variants.h"

/* Forward and backward by data are one kernel. */
static const FvConvVariant gather[] = {
  { 0 },
  { 8, 16, 64, 2, 2 },
  { 8, 32, 32, 2, 2 },
  { 8, 64, 16, 2, 1 },
  { 16, 32, 64, 2, 1 },
  { 16, 32, 32, 2, 1 },
  { 16, 64, 16, 1, 1 },
};

static const FvConvVariant weights[] = {
  { 0 },
  { 8, 0, 64, 2, 2 },
  { 8, 0, 32, 2, 2 },
  { 8, 0, 16, 2, 2 },
  { 16, 0, 64, 2, 2 },
  { 16, 0, 32, 2, 2 },
  { 16, 0, 16, 1, 2 },
  { 16, 0, 32, 2, 1 },
  { 16, 0, 16, 1, 1 },
};

static gint forced[FV_N_CONV_DIRECTIONS] = { -1, -1, -1 };

const FvConvVariant *
fv_conv_get_variants (FvConvDirection direction, guint *n_variants)
{
  if (direction == FV_CONV_BACKWARD_WEIGHTS)
    {
      *n_variants = G_N_ELEMENTS (weights);
      return weights;
    }
  *n_variants = G_N_ELEMENTS (gather);
  return gather;
}

gboolean
fv_conv_variant_fits (const FvConvVariant *variant, guint lanes, const FvConvShape *shape)
{
  if (variant->lanes == 0)
    return TRUE;
  return variant->lanes == lanes && shape->across % variant->channels == 0
         && shape->spread % (variant->depth * lanes) == 0;
}

guint
fv_conv_choose_variant (FvDevice *device, FvConvDirection direction, const FvConvShape *shape)
{
  const guint lanes = fv_device_get_subgroup_size (device);
  guint n_variants;
  const FvConvVariant *variants = fv_conv_get_variants (direction, &n_variants);

  if (forced[direction] >= 0)
    return fv_conv_variant_fits (&variants[forced[direction]], lanes, shape) ? forced[direction] : 0;
  if (!g_str_equal (fv_device_get_info (device)->type, "cpu"))
    return 0;
  for (guint i = 1; i < n_variants; i++)
    if (fv_conv_variant_fits (&variants[i], lanes, shape))
      return i;
  return 0;
}

void
fv_conv_force_variant (FvConvDirection direction, gint index)
{
  guint n_variants;

  fv_conv_get_variants (direction, &n_variants);
  g_return_if_fail (index < (gint)n_variants);
  forced[direction] = index;
}

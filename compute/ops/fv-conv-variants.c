/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/ops/fv-conv-variants.h"

#include <string.h>

/* Forward and backward by data are one kernel. */
static const FvConvVariant gather[] = {
  { 0 },
  { 8, 32, 32, 2, 2 },
  { 8, 16, 32, 2, 2 },
  { 8, 8, 32, 2, 2 },
  { 8, 4, 32, 2, 2 },
  { 8, 32, 16, 2, 2 },
  { 8, 16, 16, 2, 2 },
  { 8, 8, 16, 2, 2 },
  { 8, 4, 16, 2, 2 },
  { 16, 16, 64, 2, 1 },
  { 16, 32, 32, 2, 1 },
  { 16, 32, 48, 1, 1 },
  { 16, 32, 16, 1, 1 },
};

static const FvConvVariant weights[] = {
  { 0 },
  { 8, 0, 32, 2, 2 },
  { 8, 0, 16, 2, 2 },
  { 16, 0, 32, 2, 2 },
  { 16, 0, 32, 2, 1 },
  { 16, 0, 48, 1, 1 },
  { 16, 0, 16, 1, 2 },
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

/*
 * With lavapipe of Mesa 22.3.6 the values that come back from subgroupShuffle() and subgroupBroadcast() are wrong after some 41,000 calls in one
 * invocation (found by measuring, tests/compute/ops/test-conv.c shows it; no report of it is known). Mesa 25.0 has no such limit.
 */
guint
fv_conv_get_max_spreads (FvDevice *device)
{
  const char *version = strstr (fv_device_get_info (device)->driver, "Mesa ");

  return version != NULL && g_ascii_strtoull (version + strlen ("Mesa "), NULL, 10) < 25 ? 38000 : G_MAXUINT;
}

gboolean
fv_conv_variant_fits (FvDevice *device, const FvConvVariant *variant, const FvConvShape *shape)
{
  if (variant->lanes == 0)
    return TRUE;
  return variant->lanes == fv_device_get_subgroup_size (device) && shape->across % variant->channels == 0
         && shape->spread % (variant->pack * variant->lanes) == 0
         && (guint64)variant->pixels * shape->spread * shape->taps <= fv_conv_get_max_spreads (device);
}

guint
fv_conv_choose_variant (FvDevice *device, FvConvDirection direction, const FvConvShape *shape)
{
  guint n_variants;
  const FvConvVariant *variants = fv_conv_get_variants (direction, &n_variants);

  if (forced[direction] >= 0)
    return fv_conv_variant_fits (device, &variants[forced[direction]], shape) ? forced[direction] : 0;
  if (!g_str_equal (fv_device_get_info (device)->type, "cpu"))
    return 0;
  for (guint i = 1; i < n_variants; i++)
    if (fv_conv_variant_fits (device, &variants[i], shape))
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

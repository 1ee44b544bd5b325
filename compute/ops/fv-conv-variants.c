/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/ops/fv-conv-choices.h"
#include "compute/ops/fv-conv-families.h"

/* Forward and backward by data are one kernel. In order of preference where nothing was measured. */
static const FvConvVariant gather[] = {
  { &fv_conv_plain },
  { &fv_conv_subgroup, 8, 16, 64, 2, 16 },
  { &fv_conv_subgroup, 8, 32, 32, 2, 16 },
  { &fv_conv_subgroup, 8, 64, 16, 2, 8 },
  { &fv_conv_subgroup, 16, 32, 64, 2, 16 },
  { &fv_conv_subgroup, 16, 32, 32, 2, 16 },
  { &fv_conv_subgroup, 16, 64, 16, 1, 16 },
};

static const FvConvVariant weights[] = {
  { &fv_conv_plain },
  { &fv_conv_subgroup, 8, 0, 64, 2, 16 },
  { &fv_conv_subgroup, 8, 0, 32, 2, 16 },
  { &fv_conv_subgroup, 8, 0, 16, 2, 16 },
  { &fv_conv_subgroup, 16, 0, 64, 2, 32 },
  { &fv_conv_subgroup, 16, 0, 32, 2, 32 },
  { &fv_conv_subgroup, 16, 0, 16, 1, 32 },
  { &fv_conv_subgroup, 16, 0, 32, 2, 16 },
  { &fv_conv_subgroup, 16, 0, 16, 1, 16 },
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

const char *
fv_conv_variant_get_family_name (const FvConvVariant *variant)
{
  return variant->family->name;
}

char *
fv_conv_variant_get_name (const FvConvVariant *variant)
{
  return g_strdup_printf ("%s-%u-%ux%u-%u-%u", variant->family->name, variant->lanes, variant->pixels,
                          variant->channels, variant->width, variant->depth);
}

gboolean
fv_conv_variant_fits (const FvConvVariant *variant, guint lanes, FvConvDirection direction, const FvConvShape *shape)
{
  return (variant->lanes == 0 || variant->lanes == lanes) && (variant->family->half || !shape->half)
         && variant->family->fits (variant, lanes, direction, shape);
}

/* Where nothing was measured. */
static guint
prefer_variant (FvDevice *device, FvConvDirection direction, const FvConvShape *shape)
{
  const guint lanes = fv_device_get_subgroup_size (device);
  guint n_variants;
  const FvConvVariant *variants = fv_conv_get_variants (direction, &n_variants);

  if (!g_str_equal (fv_device_get_info (device)->type, "cpu"))
    return 0;
  for (guint i = 1; i < n_variants; i++)
    if (fv_conv_variant_fits (&variants[i], lanes, direction, shape))
      return i;
  return 0;
}

guint
fv_conv_choose_variant (FvDevice *device, FvConvDirection direction, const FvConvShape *shape)
{
  const guint lanes = fv_device_get_subgroup_size (device);
  FvConvChoices *choices = fv_conv_choices_of (device);
  const FvConvChoice *choice = choices != NULL ? fv_conv_choices_find (choices, lanes, direction, shape) : NULL;
  guint n_variants, index;
  const FvConvVariant *variants = fv_conv_get_variants (direction, &n_variants);

  if (forced[direction] >= 0)
    index = fv_conv_variant_fits (&variants[forced[direction]], lanes, direction, shape) ? forced[direction] : 0;
  else
    index = choice != NULL ? choice->variant : prefer_variant (device, direction, shape);
  if (choices != NULL)
    fv_conv_choices_note (choices, direction, shape, index);
  return index;
}

void
fv_conv_force_variant (FvConvDirection direction, gint index)
{
  guint n_variants;

  fv_conv_get_variants (direction, &n_variants);
  g_return_if_fail (index < (gint)n_variants);
  forced[direction] = index;
}

double
fv_conv_shape_get_flops (const FvConvShape *shape)
{
  return 2.0 * shape->n * shape->out_h * shape->out_w * shape->in_channels * shape->out_channels * shape->kernel
         * shape->kernel;
}

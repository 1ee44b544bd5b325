/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/ops/fv-conv-choices.h"
#include "compute/ops/fv-conv-families.h"

#include <math.h>

/* Of a GPU's processors, several for each. */
#define ENOUGH_TILES 128

/* Forward and backward by data are one kernel. In order of preference where nothing was measured. */
static const FvConvVariant gather[] = {
  { &fv_conv_plain },
  { &fv_conv_winograd, 8, 32, 32, 4, 8 },
  { &fv_conv_winograd, 8, 32, 16, 4, 16 },
  { &fv_conv_winograd, 16, 32, 32, 4, 16 },
  { &fv_conv_winograd, 16, 32, 64, 4, 16 },
  { &fv_conv_winograd, 16, 64, 16, 4, 16 },
  { &fv_conv_winograd, 16, 32, 32, 2, 16 },
  { &fv_conv_subgroup, 8, 64, 64, 2, 2 },
  { &fv_conv_subgroup, 8, 64, 32, 2, 4 },
  { &fv_conv_subgroup, 8, 64, 16, 2, 8 },
  { &fv_conv_subgroup, 16, 64, 64, 2, 4 },
  { &fv_conv_subgroup, 16, 32, 64, 2, 8 },
  { &fv_conv_subgroup, 16, 64, 32, 2, 4 },
  { &fv_conv_subgroup, 16, 32, 32, 2, 8 },
  { &fv_conv_subgroup, 16, 64, 16, 1, 8 },
  { &fv_conv_matrix, 0, 128, 64, 2, 32 },
  { &fv_conv_matrix, 0, 64, 64, 2, 32 },
  { &fv_conv_matrix, 0, 128, 32, 1, 32 },
  { &fv_conv_matrix, 0, 128, 16, 1, 16 },
  { &fv_conv_tiled, 0, 128, 128, 8, 16 },
  { &fv_conv_tiled, 0, 128, 64, 8, 16 },
  { &fv_conv_tiled, 0, 64, 64, 8, 16 },
  { &fv_conv_tiled, 0, 128, 32, 8, 16 },
  { &fv_conv_tiled, 0, 32, 32, 4, 32 },
  { &fv_conv_tiled, 0, 128, 16, 4, 16 },
};

static const FvConvVariant weights[] = {
  { &fv_conv_plain },
  { &fv_conv_winograd, 8, 0, 32, 4, 16 },
  { &fv_conv_winograd, 8, 0, 16, 4, 16 },
  { &fv_conv_winograd, 16, 0, 32, 4, 32 },
  { &fv_conv_winograd, 16, 0, 64, 4, 16 },
  { &fv_conv_winograd, 16, 0, 32, 4, 16 },
  { &fv_conv_winograd, 16, 0, 16, 4, 32 },
  { &fv_conv_winograd, 16, 0, 16, 4, 16 },
  { &fv_conv_winograd, 16, 0, 32, 2, 32 },
  { &fv_conv_subgroup, 8, 2, 64, 2, 64 },
  { &fv_conv_subgroup, 8, 4, 32, 2, 64 },
  { &fv_conv_subgroup, 8, 8, 32, 2, 16 },
  { &fv_conv_subgroup, 8, 8, 16, 2, 64 },
  { &fv_conv_subgroup, 8, 8, 16, 2, 16 },
  { &fv_conv_subgroup, 16, 4, 64, 2, 64 },
  { &fv_conv_subgroup, 16, 8, 64, 2, 32 },
  { &fv_conv_subgroup, 16, 16, 32, 2, 32 },
  { &fv_conv_subgroup, 16, 8, 32, 2, 64 },
  { &fv_conv_subgroup, 16, 8, 16, 1, 160 },
  { &fv_conv_subgroup, 16, 16, 16, 1, 64 },
  { &fv_conv_subgroup, 16, 16, 16, 1, 32 },
  { &fv_conv_matrix, 0, 0, 64, 2, 128 },
  { &fv_conv_matrix, 0, 0, 64, 2, 64 },
  { &fv_conv_matrix, 0, 0, 32, 1, 64 },
  { &fv_conv_matrix, 0, 0, 16, 1, 64 },
  { &fv_conv_tiled, 0, 0, 64, 8, 128 },
  { &fv_conv_tiled, 0, 0, 64, 8, 64 },
  { &fv_conv_tiled, 0, 0, 32, 4, 64 },
  { &fv_conv_tiled, 0, 0, 16, 4, 64 },
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
fv_conv_variant_fits (const FvConvVariant *variant, const FvDeviceLimits *limits, FvConvDirection direction,
                      const FvConvShape *shape)
{
  return (variant->lanes == 0 || variant->lanes == limits->subgroup_size) && (variant->family->half || !shape->half)
         && variant->family->fits (variant, limits, direction, shape);
}

gboolean
fv_conv_variant_is_for (const FvConvVariant *variant, FvDevice *device)
{
  return g_str_equal (fv_device_get_info (device)->type, "cpu") ? !variant->family->gpu : variant->lanes == 0;
}

/* Tiles that a variant makes of the pixels of a map, or of all its phases; backward by weights, as many as are wanted. */
static double
count_tiles (const FvConvVariant *variant, FvConvDirection direction, const FvConvShape *shape)
{
  const gboolean data = direction == FV_CONV_BACKWARD_DATA;
  const double pixels = (double)shape->n * (data ? shape->in_h * shape->in_w : shape->out_h * shape->out_w);

  if (direction == FV_CONV_BACKWARD_WEIGHTS || !variant->family->gpu)
    return ENOUGH_TILES;
  return ceil (pixels / variant->pixels) * (data ? shape->in_channels : shape->out_channels) / variant->channels;
}

/* Where nothing was measured: the first of the table that fits; of those for GPUs, the first that gives each of many processors something to do. */
static guint
prefer_variant (FvDevice *device, FvConvDirection direction, const FvConvShape *shape)
{
  guint n_variants, best = 0;
  double most = 0;
  const FvConvVariant *variants = fv_conv_get_variants (direction, &n_variants);

  for (guint i = 1; i < n_variants && most < ENOUGH_TILES; i++)
    if (fv_conv_variant_is_for (&variants[i], device)
        && fv_conv_variant_fits (&variants[i], fv_device_get_limits (device), direction, shape)
        && count_tiles (&variants[i], direction, shape) > most)
      {
        best = i;
        most = count_tiles (&variants[i], direction, shape);
      }
  return best;
}

guint
fv_conv_choose_variant (FvDevice *device, FvConvDirection direction, const FvConvShape *shape)
{
  const FvDeviceLimits *limits = fv_device_get_limits (device);
  FvConvChoices *choices = fv_conv_choices_of (device);
  const FvConvChoice *choice = choices != NULL ? fv_conv_choices_find (choices, limits, direction, shape) : NULL;
  guint n_variants, index;
  const FvConvVariant *variants = fv_conv_get_variants (direction, &n_variants);

  if (forced[direction] >= 0)
    index = fv_conv_variant_fits (&variants[forced[direction]], limits, direction, shape) ? forced[direction] : 0;
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

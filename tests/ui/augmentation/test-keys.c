/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/augmentation/fv-augmentation-keys.h"
#include "ui/augmentation/fv-augmentation-presets.h"

#include "app/training/fv-recipe.h"

#include <string.h>

/* Every key of the policy has one slider, with a title of its own and a text. */
static void
test_table (void)
{
  guint n_keys = 0;
  for (const FvAugmentKey *key = fv_augment_policy_keys (); key->name != NULL; key++, n_keys++)
    {
      guint n = 0;
      for (guint i = 0; i < FV_AUGMENTATION_N_KEYS; i++)
        n += g_str_equal (fv_augmentation_keys[i].name, key->name);
      g_assert_cmpuint (n, ==, 1);
    }
  g_assert_cmpuint (n_keys, ==, FV_AUGMENTATION_N_KEYS);
  for (guint i = 0; i < FV_AUGMENTATION_N_KEYS; i++)
    {
      const FvAugmentationKey *key = &fv_augmentation_keys[i];
      g_assert_nonnull (fv_recipe_lookup_key (key->name));
      g_assert_true (g_str_has_suffix (key->text, "."));
      /* Groups follow each other. */
      g_assert_true (i == 0 || key->group >= fv_augmentation_keys[i - 1].group);
      for (guint k = 0; k < i; k++)
        g_assert_cmpstr (key->title, !=, fv_augmentation_keys[k].title);
    }
  for (FvAugmentationGroup group = 0; group < FV_AUGMENTATION_N_GROUPS; group++)
    g_assert_cmpstr (fv_augmentation_group_title (group), !=, fv_augmentation_group_text (group));
}

static void
test_units (void)
{
  for (guint i = 0; i < FV_AUGMENTATION_N_KEYS; i++)
    {
      const FvAugmentationKey *key = &fv_augmentation_keys[i];
      const FvRecipeKey *limits = fv_recipe_lookup_key (key->name);
      const double maximum = fv_augmentation_get_maximum (key), step = fv_augmentation_get_step (key);
      /* The whole range, and nothing that a recipe may not have. */
      g_assert_cmpfloat_with_epsilon (fv_augmentation_from_shown (key, maximum), limits->max, 1e-12);
      g_assert_cmpfloat (fv_augmentation_from_shown (key, maximum), <=, limits->max);
      g_assert_cmpfloat (fv_augmentation_from_shown (key, 0), ==, 0);
      g_assert_cmpfloat (fv_augmentation_from_shown (key, fv_augmentation_get_default (key)), ==, limits->initial);
      for (double shown = 0; shown <= maximum; shown += step)
        g_assert_cmpfloat (fv_augmentation_to_shown (key, fv_augmentation_from_shown (key, shown)), ==, shown);
    }
}

static const FvAugmentationKey *
find (const char *name)
{
  for (guint i = 0; i < FV_AUGMENTATION_N_KEYS; i++)
    if (g_str_equal (fv_augmentation_keys[i].name, name))
      return &fv_augmentation_keys[i];
  g_assert_not_reached ();
}

static void
test_format (void)
{
  static const struct
  {
    const char *key;
    double shown;
    const char *text;
  } rows[] = {
    { "degrees", 0, "Off" },     { "degrees", 10, "±10°" }, { "shear", 2.5, "±2.5°" }, { "translate", 10, "±10 %" },
    { "hsv_h", 1.5, "±1.5 %" },  { "hsv_h", 2, "±2 %" },    { "fliplr", 50, "50 %" },  { "mosaic", 100, "100 %" },
    { "perspective", 1, "1 %" }, { "mosaic", 0, "Off" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = fv_augmentation_format (find (rows[i].key), rows[i].shown);
      g_assert_cmpstr (text, ==, rows[i].text);
    }
  /* What a person sees as 15 % is 0.15 in the file. */
  g_assert_cmpfloat (fv_augmentation_from_shown (find ("translate"), 15), ==, 0.15);
  g_assert_cmpfloat (fv_augmentation_from_shown (find ("perspective"), 50), ==, 0.0005);
  g_assert_cmpfloat (fv_augmentation_from_shown (find ("hsv_h"), 1.5), ==, 0.015);
}

static void
test_access (void)
{
  FvAugmentPolicy policy = { 0 };
  for (guint i = 0; i < FV_AUGMENTATION_N_KEYS; i++)
    fv_augmentation_set (&fv_augmentation_keys[i], &policy, i + 1);
  for (guint i = 0; i < FV_AUGMENTATION_N_KEYS; i++)
    {
      g_assert_cmpfloat (fv_augmentation_get (&fv_augmentation_keys[i], &policy), ==, i + 1);
      g_assert_cmpfloat (*fv_augment_policy_value (&policy, fv_augmentation_keys[i].name), ==, i + 1);
    }
}

static void
test_presets (void)
{
  static const char *const recipes[]
      = { [FV_AUGMENTATION_LIGHT] = "scratch-low", [FV_AUGMENTATION_STRONG] = "scratch-high" };
  const FvAugmentPolicy none = { 0 };
  FvAugmentPolicy policy;

  fv_augmentation_preset_get (FV_AUGMENTATION_NONE, &policy);
  g_assert_cmpmem (&policy, sizeof policy, &none, sizeof none);
  for (FvAugmentationPreset preset = FV_AUGMENTATION_LIGHT; preset < FV_AUGMENTATION_N_PRESETS; preset++)
    {
      g_autoptr (GError) error = NULL;
      FvRecipe recipe;
      fv_recipe_init (&recipe);
      g_assert_true (fv_recipe_apply_named (&recipe, recipes[preset], &error));
      fv_augmentation_preset_get (preset, &policy);
      g_assert_cmpmem (&policy, sizeof policy, &recipe.augment, sizeof recipe.augment);
    }
  for (FvAugmentationPreset preset = 0; preset < FV_AUGMENTATION_N_PRESETS; preset++)
    {
      fv_augmentation_preset_get (preset, &policy);
      g_assert_cmpint (fv_augmentation_preset_find (&policy), ==, preset);
      /* Any other value makes it the person's own. */
      for (guint i = 0; i < FV_AUGMENTATION_N_KEYS; i++)
        {
          FvAugmentPolicy own = policy;
          const double value = fv_augmentation_get (&fv_augmentation_keys[i], &own);
          fv_augmentation_set (&fv_augmentation_keys[i], &own, value + 0.001);
          g_assert_cmpint (fv_augmentation_preset_find (&own), ==, FV_AUGMENTATION_CUSTOM);
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ui/augmentation/keys/table", test_table);
  g_test_add_func ("/ui/augmentation/keys/units", test_units);
  g_test_add_func ("/ui/augmentation/keys/format", test_format);
  g_test_add_func ("/ui/augmentation/keys/access", test_access);
  g_test_add_func ("/ui/augmentation/keys/presets", test_presets);
  return g_test_run ();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/augmentation/fv-augmentation-presets.h"

#include "app/training/fv-recipe.h"
#include "ui/fv-i18n.h"

#include <math.h>

static const struct
{
  const char *title, *text;
  const char *recipe; /* NULL: nothing happens */
} presets[] = {
  [FV_AUGMENTATION_NONE]
  = { NC_ ("augmentation", "None"),
      N_ ("Pictures stay as they are. A detector learns them by heart, and sees little in others."), NULL },
  [FV_AUGMENTATION_LIGHT] = { NC_ ("augmentation", "Light"), N_ ("A good start for most pictures."), "scratch-low" },
  [FV_AUGMENTATION_STRONG]
  = { NC_ ("augmentation", "Strong"),
      N_ ("For large networks and long trainings that would learn the pictures by heart."), "scratch-high" },
  [FV_AUGMENTATION_CUSTOM] = { NC_ ("augmentation", "Custom"), N_ ("Custom: your own mixture."), NULL },
};

const char *
fv_augmentation_preset_title (FvAugmentationPreset preset)
{
  return g_dpgettext2 (GETTEXT_PACKAGE, "augmentation", presets[preset].title);
}

const char *
fv_augmentation_preset_text (FvAugmentationPreset preset)
{
  return _ (presets[preset].text);
}

void
fv_augmentation_preset_get (FvAugmentationPreset preset, FvAugmentPolicy *policy)
{
  FvRecipe recipe;
  *policy = (FvAugmentPolicy){ 0 };
  if (presets[preset].recipe == NULL)
    return;
  fv_recipe_init (&recipe);
  if (fv_recipe_apply_named (&recipe, presets[preset].recipe, NULL))
    *policy = recipe.augment;
}

FvAugmentationPreset
fv_augmentation_preset_find (const FvAugmentPolicy *policy)
{
  for (FvAugmentationPreset preset = 0; preset < FV_AUGMENTATION_N_PRESETS; preset++)
    {
      FvAugmentPolicy other;
      gboolean same = TRUE;
      fv_augmentation_preset_get (preset, &other);
      for (const FvAugmentKey *key = fv_augment_policy_keys (); key->name != NULL; key++)
        same = same
               && fabs (*fv_augment_policy_value ((FvAugmentPolicy *)policy, key->name)
                        - *fv_augment_policy_value (&other, key->name))
                      < 1e-9;
      if (same)
        return preset;
    }
  return FV_AUGMENTATION_CUSTOM;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/augmentation/fv-augmentation-keys.h"

#include "ui/fv-i18n.h"

#include <math.h>

const FvAugmentationKey fv_augmentation_keys[FV_AUGMENTATION_N_KEYS] = {
  { "fliplr", FV_AUGMENTATION_POSITION, FV_AUGMENTATION_SHARE, 0, N_ ("Mirror"),
    N_ ("Swaps left and right in some pictures. It hurts where the two differ, as in writing.") },
  { "flipud", FV_AUGMENTATION_POSITION, FV_AUGMENTATION_SHARE, 0, N_ ("Upside Down"),
    N_ ("Swaps top and bottom in some pictures. Good for pictures from above; it hurts where there is an up and a "
        "down.") },
  { "degrees", FV_AUGMENTATION_POSITION, FV_AUGMENTATION_DEGREES, 0, N_ ("Rotation"),
    N_ ("Turns the picture to either side. Boxes stay upright, so they become looser the more it turns.") },
  { "translate", FV_AUGMENTATION_POSITION, FV_AUGMENTATION_CHANGE, 0, N_ ("Shift"),
    N_ ("Moves the picture in any direction. Too much cuts objects off at the edges.") },
  { "scale", FV_AUGMENTATION_POSITION, FV_AUGMENTATION_CHANGE, 0, N_ ("Size"),
    N_ ("Makes the picture larger or smaller. Too much loses objects that are small already.") },
  { "shear", FV_AUGMENTATION_POSITION, FV_AUGMENTATION_DEGREES, 1, N_ ("Shear"),
    N_ ("Slants the picture. Boxes become looser; a few degrees are plenty.") },
  { "perspective", FV_AUGMENTATION_POSITION, FV_AUGMENTATION_STRENGTH, 0, N_ ("Perspective"),
    N_ ("Tilts the picture as if seen from an angle. Leave it off where the camera always looks straight on.") },
  { "hsv_h", FV_AUGMENTATION_COLOUR, FV_AUGMENTATION_CHANGE, 1, N_ ("Hue"),
    N_ ("Shifts all colours a little. It hurts where colour tells one class from another.") },
  { "hsv_s", FV_AUGMENTATION_COLOUR, FV_AUGMENTATION_CHANGE, 0, N_ ("Saturation"),
    N_ ("Makes colours paler or stronger, as other cameras and other weather do.") },
  { "hsv_v", FV_AUGMENTATION_COLOUR, FV_AUGMENTATION_CHANGE, 0, N_ ("Brightness"),
    N_ ("Makes pictures darker or brighter, as light does through the day. Too much hides what is dark.") },
  { "mosaic", FV_AUGMENTATION_MIXING, FV_AUGMENTATION_SHARE, 0, N_ ("Mosaic"),
    N_ ("Composes one picture of four, for new surroundings and sizes. It hurts where the whole scene matters.") },
  { "mixup", FV_AUGMENTATION_MIXING, FV_AUGMENTATION_SHARE, 0, N_ ("Blend"),
    N_ ("Lays another mosaic over some of the mosaics. It helps in long trainings; in short ones it slows learning "
        "down.") },
};

static const struct
{
  const char *title, *text;
} groups[FV_AUGMENTATION_N_GROUPS] = {
  [FV_AUGMENTATION_POSITION] = { N_ ("Position"), N_ ("Boxes move with their objects.") },
  [FV_AUGMENTATION_COLOUR] = { N_ ("Colour"), N_ ("Boxes stay where they are.") },
  [FV_AUGMENTATION_MIXING] = { N_ ("Mixing"), N_ ("Several pictures become one.") },
};

const char *
fv_augmentation_group_title (FvAugmentationGroup group)
{
  return _ (groups[group].title);
}

const char *
fv_augmentation_group_text (FvAugmentationGroup group)
{
  return _ (groups[group].text);
}

static const FvAugmentKey *
lookup (const FvAugmentationKey *key)
{
  for (const FvAugmentKey *other = fv_augment_policy_keys (); other->name != NULL; other++)
    if (g_str_equal (other->name, key->name))
      return other;
  g_return_val_if_reached (fv_augment_policy_keys ());
}

/* What is shown of a value of 1. */
static double
get_factor (const FvAugmentationKey *key)
{
  switch (key->unit)
    {
    case FV_AUGMENTATION_DEGREES:
      return 1;
    case FV_AUGMENTATION_STRENGTH:
      return 100 / lookup (key)->maximum;
    default:
      return 100;
    }
}

static double
round_to (double value, double places)
{
  return rint (value * places) / places;
}

double
fv_augmentation_to_shown (const FvAugmentationKey *key, double value)
{
  return round_to (value * get_factor (key), pow (10, key->digits));
}

/* By one division of whole numbers, so that 15 % is the 0.15 that a recipe has. */
double
fv_augmentation_from_shown (const FvAugmentationKey *key, double shown)
{
  const double places = pow (10, key->digits);
  return rint (shown * places) / rint (places * get_factor (key));
}

double
fv_augmentation_get_maximum (const FvAugmentationKey *key)
{
  return fv_augmentation_to_shown (key, lookup (key)->maximum);
}

double
fv_augmentation_get_step (const FvAugmentationKey *key)
{
  return key->digits > 0 ? 0.5 : 1;
}

double
fv_augmentation_get_default (const FvAugmentationKey *key)
{
  return fv_augmentation_to_shown (key, lookup (key)->scratch_low);
}

char *
fv_augmentation_format (const FvAugmentationKey *key, double shown)
{
  const int digits = shown == rint (shown) ? 0 : (int)key->digits;
  if (shown == 0)
    /* Translators: a kind of augmentation that does not happen. */
    return g_strdup (C_ ("augmentation", "Off"));
  switch (key->unit)
    {
    case FV_AUGMENTATION_DEGREES:
      /* Translators: an angle to either side, in degrees. */
      return g_strdup_printf (_ ("±%.*f°"), digits, shown);
    case FV_AUGMENTATION_CHANGE:
      /* Translators: a change to either side, in percent. */
      return g_strdup_printf (_ ("±%.*f %%"), digits, shown);
    default:
      /* Translators: a share, in percent. */
      return g_strdup_printf (_ ("%.*f %%"), digits, shown);
    }
}

double
fv_augmentation_get (const FvAugmentationKey *key, const FvAugmentPolicy *policy)
{
  return *(const double *)((const char *)policy + lookup (key)->offset);
}

void
fv_augmentation_set (const FvAugmentationKey *key, FvAugmentPolicy *policy, double value)
{
  *(double *)((char *)policy + lookup (key)->offset) = value;
}

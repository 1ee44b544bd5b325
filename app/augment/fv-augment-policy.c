/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/augment/fv-augment-policy.h"

#define KEY(name, minimum, maximum, scratch_low)                                                                       \
  {                                                                                                                    \
#name, G_STRUCT_OFFSET(FvAugmentPolicy, name), minimum, maximum, scratch_low                                       \
  }

static const FvAugmentKey keys[] = {
  KEY (hsv_h, 0, 1, 0.015),
  KEY (hsv_s, 0, 1, 0.7),
  KEY (hsv_v, 0, 1, 0.4),
  KEY (degrees, 0, 180, 0),
  KEY (translate, 0, 0.9, 0.1),
  KEY (scale, 0, 0.9, 0.5),
  KEY (shear, 0, 45, 0),
  KEY (perspective, 0, 0.001, 0),
  KEY (flipud, 0, 1, 0),
  KEY (fliplr, 0, 1, 0.5),
  KEY (mosaic, 0, 1, 1),
  KEY (mixup, 0, 1, 0),
  { NULL },
};

const FvAugmentKey *
fv_augment_policy_keys (void)
{
  return keys;
}

double *
fv_augment_policy_value (FvAugmentPolicy *self, const char *name)
{
  for (const FvAugmentKey *key = keys; key->name != NULL; key++)
    if (g_str_equal (key->name, name))
      return (double *)((char *)self + key->offset);
  return NULL;
}

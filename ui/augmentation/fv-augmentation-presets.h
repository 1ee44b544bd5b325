/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/augment/fv-augment-policy.h"

G_BEGIN_DECLS

/*
 * Augmentation by one choice. YOLOv5's scratch-med and scratch-high differ in copy-paste alone, which needs outlines: here they are one.
 */
typedef enum
{
  FV_AUGMENTATION_NONE,   /* pictures as they are, letterboxed */
  FV_AUGMENTATION_LIGHT,  /* scratch-low, the default */
  FV_AUGMENTATION_STRONG, /* scratch-high */
  FV_AUGMENTATION_CUSTOM, /* anything else */
} FvAugmentationPreset;
#define FV_AUGMENTATION_N_PRESETS 3

/* (transfer none): translated; of FV_AUGMENTATION_CUSTOM, too. */
const char *fv_augmentation_preset_title (FvAugmentationPreset preset);
/* A sentence on whom it is for. */
const char *fv_augmentation_preset_text (FvAugmentationPreset preset);

/* Any but FV_AUGMENTATION_CUSTOM. */
void fv_augmentation_preset_get (FvAugmentationPreset preset, FvAugmentPolicy *policy);
FvAugmentationPreset fv_augmentation_preset_find (const FvAugmentPolicy *policy);

G_END_DECLS

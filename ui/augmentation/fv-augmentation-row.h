/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/augmentation/fv-augmentation-keys.h"

#include <adwaita.h>

G_BEGIN_DECLS

/*
 * One key of the policy: its name, its value with the unit, a slider, what it does. A button that goes back to the default shows where the value is
 * another one. The signal `changed` comes when the person has moved the slider.
 */
#define FV_TYPE_AUGMENTATION_ROW (fv_augmentation_row_get_type ())
G_DECLARE_FINAL_TYPE (FvAugmentationRow, fv_augmentation_row, FV, AUGMENTATION_ROW, AdwPreferencesRow)

/* @key: static. */
GtkWidget *fv_augmentation_row_new (const FvAugmentationKey *key);

const FvAugmentationKey *fv_augmentation_row_get_key (FvAugmentationRow *self);
/* In the policy's unit; setting it emits nothing. */
double fv_augmentation_row_get_value (FvAugmentationRow *self);
void fv_augmentation_row_set_value (FvAugmentationRow *self, double value);

G_END_DECLS

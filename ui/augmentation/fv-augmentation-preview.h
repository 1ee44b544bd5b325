/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/document/fv-document.h"

#include <adwaita.h>

G_BEGIN_DECLS

/*
 * Some training samples with their boxes, as the network would be given them with the settings at hand. It asks for them only while it is on the
 * screen; the last pictures stay until others come.
 */
#define FV_TYPE_AUGMENTATION_PREVIEW (fv_augmentation_preview_get_type ())
G_DECLARE_FINAL_TYPE (FvAugmentationPreview, fv_augmentation_preview, FV, AUGMENTATION_PREVIEW, AdwBin)

/* Samples shown at once, where there are as many training pictures. */
#define FV_AUGMENTATION_PREVIEW_TILES 4

/* (nullable). The document's dataset is followed; its recipe is not. */
void fv_augmentation_preview_set_document (FvAugmentationPreview *self, FvDocument *document);
/* Shows the samples made with these settings; the original pictures no longer where the augmentation is another one. */
void fv_augmentation_preview_set_recipe (FvAugmentationPreview *self, const FvRecipe *recipe);

/* Other pictures: the next of the epoch, then those of the next epoch. */
void fv_augmentation_preview_next (FvAugmentationPreview *self);
/* Shows the pictures without augmentation, or with it again. */
void fv_augmentation_preview_toggle_original (FvAugmentationPreview *self);
void fv_augmentation_preview_toggle_boxes (FvAugmentationPreview *self);

G_END_DECLS

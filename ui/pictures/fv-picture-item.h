/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/dataset/fv-picture.h"
#include "app/drawing/fv-draw.h"
#include "app/project/fv-dataset.h"

G_BEGIN_DECLS

/* One picture of a dataset as lists hold it: a number into the dataset, which it keeps alive; nothing is copied. Main thread. */
#define FV_TYPE_PICTURE_ITEM (fv_picture_item_get_type ())
G_DECLARE_FINAL_TYPE (FvPictureItem, fv_picture_item, FV, PICTURE_ITEM, GObject)

/* index: of the dataset's items. */
FvPictureItem *fv_picture_item_new (FvDataset *dataset, guint index);

/* All (transfer none), valid as long as the item is. */
const FvItem *fv_picture_item_get (FvPictureItem *self);
FvDataset *fv_picture_item_get_dataset (FvPictureItem *self);
guint fv_picture_item_get_index (FvPictureItem *self);
/* The file's name without its folders. */
const char *fv_picture_item_get_title (FvPictureItem *self);

/* For a person who doesn't see the thumbnail: "12 boxes, Training". (transfer full) */
char *fv_picture_item_describe (FvPictureItem *self);
/*
 * The boxes in the pixels of a picture of width × height that shows the item, which may be smaller than the file: as many as the
 * item has, NULL for none. (transfer full)
 */
FvDrawBox *fv_picture_item_get_boxes (FvPictureItem *self, guint width, guint height);

/* "Training", …: (transfer none). */
const char *fv_subset_get_title (FvSubset subset);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/pictures/fv-picture-item.h"

G_BEGIN_DECLS

/*
 * The pictures of a dataset that a filter lets through, in the dataset's order: a GListModel of FvPictureItem. Items are made when they
 * are first asked for and stay the same as long as the dataset does, whatever the filter. Main thread.
 */
#define FV_TYPE_PICTURE_LIST (fv_picture_list_get_type ())
G_DECLARE_FINAL_TYPE (FvPictureList, fv_picture_list, FV, PICTURE_LIST, GObject)

/* Instead of an FvSubset, and instead of a class. */
#define FV_PICTURES_ANY (-1)
/* Instead of a class: pictures that have no box at all. */
#define FV_PICTURES_WITHOUT_BOXES (-2)

FvPictureList *fv_picture_list_new (void);

/* (nullable). The filter stays, but for a class that is not there any more. */
void fv_picture_list_set_dataset (FvPictureList *self, FvDataset *dataset);
/* (transfer none) (nullable) */
FvDataset *fv_picture_list_get_dataset (FvPictureList *self);

/* subset: an FvSubset; class_id: pictures that have at least one box of it; or what stands above instead. */
void fv_picture_list_set_filter (FvPictureList *self, int subset, int class_id);
int fv_picture_list_get_subset (FvPictureList *self);
int fv_picture_list_get_class (FvPictureList *self);

/* How many pictures, and boxes on them, that filter would let through; n_boxes counts those of the class only. n_boxes: (nullable) */
guint fv_picture_list_count (FvPictureList *self, int subset, int class_id, guint64 *n_boxes);
/* Where the dataset's picture is in the list; FALSE where the filter leaves it out. */
gboolean fv_picture_list_find (FvPictureList *self, guint index, guint *position);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/pictures/fv-picture-item.h"

G_BEGIN_DECLS

/* A box of a picture as lists hold it. Main thread. */
#define FV_TYPE_BOX_ITEM (fv_box_item_get_type ())
G_DECLARE_FINAL_TYPE (FvBoxItem, fv_box_item, FV, BOX_ITEM, GObject)

const FvBox *fv_box_item_get (FvBoxItem *self);
/* The class's name, or its number where it has none, and "120 × 64" pixels: both (transfer full). */
char *fv_box_item_get_title (FvBoxItem *self);
char *fv_box_item_get_size (FvBoxItem *self);

/* All boxes of a picture, in their order: (transfer full), of FvBoxItem. */
GListModel *fv_box_list_new (FvPictureItem *picture);

G_END_DECLS

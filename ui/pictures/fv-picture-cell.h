/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/pictures/fv-picture-item.h"
#include "ui/pictures/fv-picture-loader.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A thumbnail with its boxes, the subset and the name of the file. */
#define FV_TYPE_PICTURE_CELL (fv_picture_cell_get_type ())
G_DECLARE_FINAL_TYPE (FvPictureCell, fv_picture_cell, FV, PICTURE_CELL, GtkWidget)

/* The longer side of thumbnails, in pixels. */
#define FV_PICTURE_CELL_THUMBNAIL 256

GtkWidget *fv_picture_cell_new (FvPictureLoader *loader);
/* (nullable): none; its thumbnail is no longer asked for. */
void fv_picture_cell_set_item (FvPictureCell *self, FvPictureItem *item);
/* (transfer none) (nullable) */
FvPictureItem *fv_picture_cell_get_item (FvPictureCell *self);
/* How far away from what is seen of its scrolled window, in pixels: an FvPictureLoaderRank. */
double fv_picture_cell_rank (gpointer cell);

G_END_DECLS

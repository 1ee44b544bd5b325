/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/pictures/fv-picture-list.h"

#include <adwaita.h>

G_BEGIN_DECLS

/*
 * The thumbnails of a dataset, with the filters above and what is shown below. Signal "open-picture" (guint position in the list): the
 * person wants to see it large. Its buttons are actions of the page around it.
 */
#define FV_TYPE_PICTURE_GRID (fv_picture_grid_get_type ())
G_DECLARE_FINAL_TYPE (FvPictureGrid, fv_picture_grid, FV, PICTURE_GRID, AdwBin)

/* (nullable) */
void fv_picture_grid_set_dataset (FvPictureGrid *self, FvDataset *dataset);
/* What the filters let through: (transfer none), the same for as long as the grid lives. */
FvPictureList *fv_picture_grid_get_list (FvPictureGrid *self);
/* Labels and files that imports left out or changed; a button for their report shows where there are any. */
void fv_picture_grid_set_n_problems (FvPictureGrid *self, guint n_rejected, guint n_repaired);
/* Scrolls to that picture and gives it the focus. */
void fv_picture_grid_go_to (FvPictureGrid *self, guint position);

G_END_DECLS

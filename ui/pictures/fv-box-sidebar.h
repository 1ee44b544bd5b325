/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/pictures/fv-picture-item.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* The boxes of a picture in a list. Property "highlighted" (int): the selected one, -1 for none, as FvBoxCanvas has it. */
#define FV_TYPE_BOX_SIDEBAR (fv_box_sidebar_get_type ())
G_DECLARE_FINAL_TYPE (FvBoxSidebar, fv_box_sidebar, FV, BOX_SIDEBAR, AdwBin)

/* (nullable) */
void fv_box_sidebar_set_picture (FvBoxSidebar *self, FvPictureItem *picture);
int fv_box_sidebar_get_highlighted (FvBoxSidebar *self);
void fv_box_sidebar_set_highlighted (FvBoxSidebar *self, int highlighted);

G_END_DECLS

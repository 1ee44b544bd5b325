/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/pictures/fv-picture-list.h"

#include <adwaita.h>

G_BEGIN_DECLS

/*
 * One picture of a list, large, with its boxes and a list of them; the way to its neighbours. Signal "close": the person wants to see all
 * pictures again.
 */
#define FV_TYPE_PICTURE_VIEW (fv_picture_view_get_type ())
G_DECLARE_FINAL_TYPE (FvPictureView, fv_picture_view, FV, PICTURE_VIEW, AdwBin)

void fv_picture_view_set_list (FvPictureView *self, FvPictureList *list);
/* Shows the list's picture at position, or none where there is none, and forgets the pictures decoded ahead. */
void fv_picture_view_show_position (FvPictureView *self, guint position);
/* GTK_INVALID_LIST_POSITION: none. */
guint fv_picture_view_get_position (FvPictureView *self);
/* So that the keys of the picture work at once. */
void fv_picture_view_focus_picture (FvPictureView *self);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Two children: what is looked at, and a side with controls. Side by side where there is room, else one above the other in equal parts. */
#define FV_TYPE_PANES_LAYOUT (fv_panes_layout_get_type ())
G_DECLARE_FINAL_TYPE (FvPanesLayout, fv_panes_layout, FV, PANES_LAYOUT, GtkLayoutManager)

/* Below that many pixels they are one above the other. */
#define FV_PANES_LEAST_WIDTH 680

/* Of the side with controls; 0: it is below. */
int fv_panes_layout_get_side_width (int width);

G_END_DECLS

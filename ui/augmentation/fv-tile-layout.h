/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Lays its children out as equal squares, as large as the place allows: in two rows of two, or all in a row where it is wide. */
#define FV_TYPE_TILE_LAYOUT (fv_tile_layout_get_type ())
G_DECLARE_FINAL_TYPE (FvTileLayout, fv_tile_layout, FV, TILE_LAYOUT, GtkLayoutManager)

#define FV_TILE_SPACING 6

/* How many columns make the squares largest, and how large: @side in pixels. */
guint fv_tile_layout_fit (guint n, int width, int height, int *side);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Two children: a form, and what goes with it. Side by side where there is room, else one below the other; neither wider than is read well. */
#define FV_TYPE_COLUMNS_LAYOUT (fv_columns_layout_get_type ())
G_DECLARE_FINAL_TYPE (FvColumnsLayout, fv_columns_layout, FV, COLUMNS_LAYOUT, GtkLayoutManager)

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/*
 * Three children: a sidebar, a bar that does the same in little room, and what they choose. The sidebar is beside it where there is room, else
 * the bar above it. A window that becomes narrow is never held up by what is not shown then.
 */
#define FV_TYPE_SIDEBAR_LAYOUT (fv_sidebar_layout_get_type ())
G_DECLARE_FINAL_TYPE (FvSidebarLayout, fv_sidebar_layout, FV, SIDEBAR_LAYOUT, GtkLayoutManager)

/* Pixels from which the sidebar is shown. */
#define FV_SIDEBAR_LEAST_WIDTH 740

G_END_DECLS

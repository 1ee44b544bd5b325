/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* What hands do to a FvBoxCanvas: its keys, wheel, drags, clicks and pinches. For fv-box-canvas.c. */

void fv_box_canvas_input_add_bindings (GtkWidgetClass *widget_class);
void fv_box_canvas_input_attach (GtkWidget *canvas);
/* After the picture was moved or zoomed: a hand where there is something to drag, and the box that is under the pointer now. */
void fv_box_canvas_input_update_cursor (GtkWidget *canvas);

G_END_DECLS

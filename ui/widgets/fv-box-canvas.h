/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "app/drawing/fv-draw.h"

G_BEGIN_DECLS

/*
 * A picture with its boxes: large to look into, or as a thumbnail.
 *
 *   FvBoxCanvas *canvas = FV_BOX_CANVAS (fv_box_canvas_new ());
 *   fv_box_canvas_set_picture (canvas, picture);
 *   fv_box_canvas_set_boxes (canvas, boxes, n_boxes, class_names);
 *
 * An interactive canvas zooms to the pointer by wheel and pinch, pans by drag and, where there is something to pan, by the arrow keys
 * (else they are left to the page), and knows + - 0 (fit) 1 (100 %) with and without Ctrl; a double click goes between fit and 100 %.
 * A canvas that is not interactive takes no events at all, so that clicks reach its parent; it can't be focused.
 *
 * The same by actions, for menus and header bars: canvas.zoom-in, canvas.zoom-out, canvas.zoom-fit, canvas.zoom-one.
 * Main thread.
 */

/* class_id, x1, y1, x2, y2 in pixels of the picture, confidence (< 0: none), alpha (0 means 1). */
typedef FvDrawBox FvCanvasBox;

#define FV_TYPE_BOX_CANVAS (fv_box_canvas_get_type ())
G_DECLARE_FINAL_TYPE (FvBoxCanvas, fv_box_canvas, FV, BOX_CANVAS, GtkWidget)

GtkWidget *fv_box_canvas_new (void);

/* Property "picture-name" (nullable): the accessible name, e.g. the file's. */
void fv_box_canvas_set_picture_name (FvBoxCanvas *self, const char *name);

/*
 * (nullable). The boxes go with the old picture. The zoom goes back to fit unless the new picture is as large as the old one. A large picture
 * (beyond a million pixels) is prepared in a thread and seen some ten milliseconds later; until then the old one stays.
 */
void fv_box_canvas_set_picture (FvBoxCanvas *self, FvPicture *picture);
FvPicture *fv_box_canvas_get_picture (FvBoxCanvas *self); /* (transfer none) (nullable) */

/* Copies both; @class_names (nullable) is NULL-terminated. The first box lies on top. */
void fv_box_canvas_set_boxes (FvBoxCanvas *self, const FvCanvasBox *boxes, guint n_boxes,
                              const char *const *class_names);
guint fv_box_canvas_get_n_boxes (FvBoxCanvas *self);

/* Property "zoom": 1 shows a pixel of the picture as one of the screen; 0 (default): as large as fits. */
double fv_box_canvas_get_zoom (FvBoxCanvas *self);
void fv_box_canvas_set_zoom (FvBoxCanvas *self, double zoom);
/* Property "shown-zoom", read-only: the zoom in effect, where "zoom" is 0, too; 0 without a picture. */
double fv_box_canvas_get_shown_zoom (FvBoxCanvas *self);
/* Zooms by @factor; the point of the picture that is at (x, y), in widget pixels, stays there. */
void fv_box_canvas_zoom_at (FvBoxCanvas *self, double factor, double x, double y);
/* From fit to 100 %, at the same point, and back. */
void fv_box_canvas_toggle_fit (FvBoxCanvas *self, double x, double y);
/* Moves the picture, in widget pixels, no further than its edges. Returns whether it moved. */
gboolean fv_box_canvas_pan (FvBoxCanvas *self, double dx, double dy);
gboolean fv_box_canvas_can_pan (FvBoxCanvas *self);

/* Property "show-labels" (default TRUE): class and confidence above each box. */
gboolean fv_box_canvas_get_show_labels (FvBoxCanvas *self);
void fv_box_canvas_set_show_labels (FvBoxCanvas *self, gboolean show_labels);
/* Property "show-boxes" (default TRUE). */
gboolean fv_box_canvas_get_show_boxes (FvBoxCanvas *self);
void fv_box_canvas_set_show_boxes (FvBoxCanvas *self, gboolean show_boxes);
/* Property "interactive" (default TRUE). */
gboolean fv_box_canvas_get_interactive (FvBoxCanvas *self);
void fv_box_canvas_set_interactive (FvBoxCanvas *self, gboolean interactive);
/* Property "highlighted": index of the box that stands out (the one under the pointer, or one that a list points at), -1: none. */
int fv_box_canvas_get_highlighted (FvBoxCanvas *self);
void fv_box_canvas_set_highlighted (FvBoxCanvas *self, int highlighted);

/* Index of the smallest box around (x, y), in widget pixels, or -1. */
int fv_box_canvas_pick (FvBoxCanvas *self, double x, double y);
/* Between pixels of the picture and of the widget; FALSE without a picture. */
gboolean fv_box_canvas_picture_to_widget (FvBoxCanvas *self, double picture_x, double picture_y, double *x, double *y);
gboolean fv_box_canvas_widget_to_picture (FvBoxCanvas *self, double x, double y, double *picture_x, double *picture_y);

G_END_DECLS

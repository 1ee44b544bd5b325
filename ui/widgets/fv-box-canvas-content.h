/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "app/drawing/fv-surface.h"
#include "app/drawing/fv-view.h"
#include "ui/widgets/fv-box-canvas.h"

G_BEGIN_DECLS

/* What a FvBoxCanvas shows: a picture and the boxes on it. For fv-box-canvas.c. All owned; zero is nothing. */
typedef struct
{
  FvPicture *picture;
  FvPyramid *pyramid; /* NULL while it is made */
  FvCanvasBox *boxes;
  guint n_boxes;
  GStrv class_names;
} FvCanvasContent;

void fv_canvas_content_clear (FvCanvasContent *self);
/* Copies. */
void fv_canvas_content_set_boxes (FvCanvasContent *self, const FvCanvasBox *boxes, guint n_boxes,
                                  const char *const *class_names);
/* The smallest box that has the point, in pixels of the picture, in it or at most @margin beside it; -1: none. */
int fv_canvas_content_pick (const FvCanvasContent *self, double x, double y, double margin);

/* (transfer full) each: what is seen of it in a view whose place and scale are known. */
GskRenderNode *fv_canvas_content_draw_picture (const FvCanvasContent *self, const FvView *view);
/* @highlighted: index of the box that stands out, -1: none. @fonts: the widget's. */
GskRenderNode *fv_canvas_content_draw_boxes (const FvCanvasContent *self, const FvView *view, gboolean show_labels,
                                             int highlighted, PangoContext *fonts);

G_END_DECLS

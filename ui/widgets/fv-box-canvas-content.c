/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/widgets/fv-box-canvas-content.h"

#include <math.h>

/* Pixels of the screen per pixel of the picture from which on these are shown as squares. */
#define SHARP_ZOOM 4
/* Labels beside the widget's font. */
#define LETTER_SCALE 0.9

void
fv_canvas_content_clear (FvCanvasContent *self)
{
  g_clear_pointer (&self->picture, fv_picture_unref);
  g_clear_pointer (&self->pyramid, fv_pyramid_free);
  g_clear_pointer (&self->boxes, g_free);
  g_clear_pointer (&self->class_names, g_strfreev);
  self->n_boxes = 0;
}

void
fv_canvas_content_set_boxes (FvCanvasContent *self, const FvCanvasBox *boxes, guint n_boxes,
                             const char *const *class_names)
{
  /* The new ones may be the old ones. */
  g_autofree FvCanvasBox *old_boxes = self->boxes;
  g_auto (GStrv) old_names = self->class_names;
  self->boxes = g_memdup2 (boxes, n_boxes * sizeof *boxes);
  self->n_boxes = n_boxes;
  self->class_names = g_strdupv ((char **)class_names);
}

int
fv_canvas_content_pick (const FvCanvasContent *self, double x, double y, double margin)
{
  double least = G_MAXDOUBLE;
  int found = -1;
  for (guint i = 0; i < self->n_boxes; i++)
    {
      const FvCanvasBox *box = &self->boxes[i];
      const double area = (box->x2 - box->x1) * (box->y2 - box->y1);
      if (x >= box->x1 - margin && x <= box->x2 + margin && y >= box->y1 - margin && y <= box->y2 + margin
          && area < least)
        {
          least = area;
          found = (int)i;
        }
    }
  return found;
}

/* Where a pixel is as large as a whole number of the screen's, it begins with one of them. */
static void
get_origin (const FvView *view, double *x, double *y)
{
  *x = view->x;
  *y = view->y;
  if (view->zoom > 0 && fabs (view->zoom - rint (view->zoom)) < 1e-6)
    {
      *x = rint (*x * view->device_scale) / view->device_scale;
      *y = rint (*y * view->device_scale) / view->device_scale;
    }
}

GskRenderNode *
fv_canvas_content_draw_picture (const FvCanvasContent *self, const FvView *view)
{
  double x, y;
  get_origin (view, &x, &y);
  GskRenderNode *node = gsk_cairo_node_new (&GRAPHENE_RECT_INIT (0, 0, view->width, view->height));
  cairo_t *cairo = gsk_cairo_node_get_draw_context (node);
  fv_pyramid_paint (self->pyramid, cairo, x, y, fv_view_get_scale (view), view->device_scale, view->zoom >= SHARP_ZOOM);
  cairo_destroy (cairo);
  return node;
}

/* (transfer full): in pixels of the widget, which is what boxes are drawn in. */
static PangoFontDescription *
make_font (PangoContext *fonts)
{
  PangoFontDescription *font = pango_font_description_copy (pango_context_get_font_description (fonts));
  double size = pango_font_description_get_size (font) * LETTER_SCALE;
  if (!pango_font_description_get_size_is_absolute (font))
    {
      const double resolution = pango_cairo_context_get_resolution (fonts);
      size *= (resolution > 0 ? resolution : 96) / 72;
    }
  pango_font_description_set_absolute_size (font, size);
  return font;
}

GskRenderNode *
fv_canvas_content_draw_boxes (const FvCanvasContent *self, const FvView *view, gboolean show_labels, int highlighted,
                              PangoContext *fonts)
{
  PangoFontDescription *font = make_font (fonts);
  FvDrawView drawing = { .scale = fv_view_get_scale (view), .highlighted = highlighted + 1, .font = font };
  get_origin (view, &drawing.x, &drawing.y);
  drawing.left = MAX (drawing.x, 0);
  drawing.top = MAX (drawing.y, 0);
  drawing.right = MIN (drawing.x + view->picture_width * drawing.scale, view->width);
  drawing.bottom = MIN (drawing.y + view->picture_height * drawing.scale, view->height);
  drawing.labels = show_labels ? FV_DRAW_LABELS_THAT_FIT : FV_DRAW_LABELS_NONE;
  GskRenderNode *node = gsk_cairo_node_new (&GRAPHENE_RECT_INIT (0, 0, view->width, view->height));
  cairo_t *cairo = gsk_cairo_node_get_draw_context (node);
  fv_draw_boxes (cairo, self->boxes, self->n_boxes, (const char *const *)self->class_names, &drawing);
  cairo_destroy (cairo);
  pango_font_description_free (font);
  return node;
}

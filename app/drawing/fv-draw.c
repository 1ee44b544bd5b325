/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/drawing/fv-draw.h"

#include "app/drawing/fv-palette.h"
#include "app/drawing/fv-surface.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <string.h>

#define DEFAULT_LINE 2
#define LETTERS_PER_LINE 6 /* default size of letters, in widths of the line */
#define OUTLINE_ALPHA 0.6
#define HIGHLIGHT_ALPHA 0.1 /* enough to see which one, little enough to see what is in it */

typedef struct
{
  double x, y, width, height;
} Rect;

typedef struct
{
  guint box; /* index */
  Rect rect;
} Label;

typedef struct
{
  cairo_t *cairo;
  const FvDrawBox *boxes;
  const char *const *class_names;
  guint n_classes;
  FvDrawView view;               /* with its defaults filled in */
  double outline;                /* width beside the coloured line */
  double padding, padding_above; /* around a label's text */
  PangoLayout *layout;
} Drawing;

static void
set_source (cairo_t *cairo, FvColour colour, double alpha)
{
  cairo_set_source_rgba (cairo, colour.red, colour.green, colour.blue, alpha);
}

/* Edges lie on whole pixels, so that lines are sharp. */
static double
snap (const Drawing *self, double position)
{
  return rint (position - self->view.line / 2) + self->view.line / 2;
}

static Rect
get_rect (const Drawing *self, const FvDrawBox *box)
{
  const double x1 = snap (self, self->view.x + box->x1 * self->view.scale);
  const double y1 = snap (self, self->view.y + box->y1 * self->view.scale);
  const double x2 = snap (self, self->view.x + box->x2 * self->view.scale);
  const double y2 = snap (self, self->view.y + box->y2 * self->view.scale);
  return (Rect){ x1, y1, x2 - x1, y2 - y1 };
}

static gboolean
overlaps (Rect a, Rect b)
{
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

static gboolean
is_bounded (const FvDrawView *view)
{
  return view->right > view->left && view->bottom > view->top;
}

static gboolean
is_seen (const Drawing *self, Rect rect)
{
  if (!isfinite (rect.x + rect.y + rect.width + rect.height) || rect.width < 0 || rect.height < 0)
    return FALSE;
  if (!is_bounded (&self->view))
    return TRUE;
  const double line = self->view.line + self->outline;
  const Rect grown = { rect.x - line, rect.y - line, rect.width + 2 * line, rect.height + 2 * line };
  return overlaps (grown, (Rect){ self->view.left, self->view.top, self->view.right - self->view.left,
                                  self->view.bottom - self->view.top });
}

static void
draw_box (const Drawing *self, const FvDrawBox *box, gboolean highlighted)
{
  const Rect rect = get_rect (self, box);
  if (!is_seen (self, rect))
    return;
  cairo_t *cairo = self->cairo;
  const FvColour colour = fv_palette_get_class (box->class_id);
  const double alpha = box->alpha > 0 ? MIN (box->alpha, 1) : 1;
  const double line = self->view.line * (highlighted ? 1.5 : 1);
  cairo_rectangle (cairo, rect.x, rect.y, rect.width, rect.height);
  if (highlighted)
    {
      set_source (cairo, colour, HIGHLIGHT_ALPHA * alpha);
      cairo_fill_preserve (cairo);
    }
  /* Seen on every ground: one of the two always differs from what is below. */
  set_source (cairo, fv_palette_get_text (colour), OUTLINE_ALPHA * alpha);
  cairo_set_line_width (cairo, line + 2 * self->outline);
  cairo_stroke_preserve (cairo);
  set_source (cairo, colour, alpha);
  cairo_set_line_width (cairo, line);
  cairo_stroke (cairo);
}

/* (transfer full): names come from files. */
static char *
make_text (const Drawing *self, const FvDrawBox *box)
{
  g_autofree char *name = box->class_id < self->n_classes ? g_utf8_make_valid (self->class_names[box->class_id], -1)
                                                          : g_strdup_printf ("%u", box->class_id);
  if (!(box->confidence >= 0))
    return g_steal_pointer (&name);
  /* Translators: the label of a found object, its class and how sure the detector is: bee 87% */
  return g_strdup_printf (_ ("%s %.0f%%"), name, box->confidence * 100);
}

/* Lays the text out and returns the label's size. */
static Rect
measure_label (const Drawing *self, const FvDrawBox *box)
{
  g_autofree char *text = make_text (self, box);
  PangoRectangle extents;
  pango_layout_set_text (self->layout, text, -1);
  pango_layout_get_extents (self->layout, NULL, &extents);
  return (Rect){ .width = ceil (extents.width / (double)PANGO_SCALE + 2 * self->padding),
                 .height = ceil (extents.height / (double)PANGO_SCALE + 2 * self->padding_above) };
}

/* Into the bounds, where it is not larger than they are. */
static void
push_inside (const FvDrawView *view, Rect *rect)
{
  if (!is_bounded (view))
    return;
  rect->x = MAX (MIN (rect->x, view->right - rect->width), view->left);
  rect->y = MAX (MIN (rect->y, view->bottom - rect->height), view->top);
}

static gboolean
is_free (const GArray *labels, Rect rect)
{
  for (guint i = 0; i < labels->len; i++)
    if (overlaps (g_array_index (labels, Label, i).rect, rect))
      return FALSE;
  return TRUE;
}

/* Above the box, below it, or inside, where nothing else is written; a box that is seen in part has its label in the part that is seen. */
static gboolean
place_label (const Drawing *self, Rect box, const GArray *labels, Rect *label)
{
  const FvDrawView *view = &self->view;
  const double line = view->line / 2;
  double x1 = box.x - line, y1 = box.y - line, x2 = box.x + box.width + line, y2 = box.y + box.height + line;
  if (is_bounded (view))
    {
      x1 = MAX (x1, view->left);
      y1 = MAX (y1, view->top);
      x2 = MIN (x2, view->right);
      y2 = MIN (y2, view->bottom);
    }
  const double right = x2 - label->width;
  const double places[][2] = {
    { x1, y1 - label->height }, { x1, y1 }, { x1, y2 }, { right, y1 - label->height }, { right, y2 - label->height }
  };
  Rect first = { 0 };
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      Rect place = { places[i][0], places[i][1], label->width, label->height };
      const double wanted = place.y;
      push_inside (view, &place);
      /* Pushed down from above the picture, it would hide the box's edge: there is a better place. */
      if (place.y != wanted && i + 1 < G_N_ELEMENTS (places))
        continue;
      if (first.width == 0)
        first = place;
      if (is_free (labels, place))
        {
          *label = place;
          return TRUE;
        }
    }
  *label = first;
  return FALSE;
}

static void
add_label (const Drawing *self, guint index, gboolean always, GArray *labels)
{
  const Rect box = get_rect (self, &self->boxes[index]);
  if (!is_seen (self, box))
    return;
  Label label = { index, measure_label (self, &self->boxes[index]) };
  if (place_label (self, box, labels, &label.rect) || always)
    g_array_append_val (labels, label);
}

static void
draw_label (const Drawing *self, const Label *label)
{
  const FvDrawBox *box = &self->boxes[label->box];
  const FvColour colour = fv_palette_get_class (box->class_id);
  const double alpha = box->alpha > 0 ? MIN (box->alpha, 1) : 1;
  const Rect rect = label->rect;
  const double radius = MIN (rect.height / 6, 4);
  cairo_t *cairo = self->cairo;
  measure_label (self, box);
  PangoRectangle extents;
  pango_layout_get_extents (self->layout, NULL, &extents);
  cairo_new_sub_path (cairo);
  cairo_arc (cairo, rect.x + rect.width - radius, rect.y + radius, radius, -G_PI_2, 0);
  cairo_arc (cairo, rect.x + rect.width - radius, rect.y + rect.height - radius, radius, 0, G_PI_2);
  cairo_arc (cairo, rect.x + radius, rect.y + rect.height - radius, radius, G_PI_2, G_PI);
  cairo_arc (cairo, rect.x + radius, rect.y + radius, radius, G_PI, 1.5 * G_PI);
  cairo_close_path (cairo);
  set_source (cairo, colour, alpha);
  cairo_fill (cairo);
  set_source (cairo, fv_palette_get_text (colour), alpha);
  /* Text from right to left stands at the right of the width that it may have. */
  cairo_move_to (cairo, rect.x + self->padding - extents.x / (double)PANGO_SCALE, rect.y + self->padding_above);
  pango_cairo_show_layout (cairo, self->layout);
}

static void
draw_labels (Drawing *self, guint n_boxes)
{
  const FvDrawView *view = &self->view;
  self->layout = pango_cairo_create_layout (self->cairo);
  pango_layout_set_single_paragraph_mode (self->layout, TRUE);
  pango_layout_set_font_description (self->layout, view->font);
  if (is_bounded (view))
    {
      /* Only a name wider than the whole picture is shortened. */
      pango_layout_set_ellipsize (self->layout, PANGO_ELLIPSIZE_MIDDLE);
      pango_layout_set_width (self->layout,
                              MAX (view->right - view->left - 2 * self->padding, 4 * self->padding) * PANGO_SCALE);
    }
  const gboolean all = view->labels == FV_DRAW_LABELS_ALL;
  g_autoptr (GArray) labels = g_array_new (FALSE, FALSE, sizeof (Label));
  if (view->highlighted > 0)
    add_label (self, view->highlighted - 1, TRUE, labels);
  for (guint i = 0; i < n_boxes && view->labels != FV_DRAW_LABELS_NONE; i++)
    if ((int)i != view->highlighted - 1)
      add_label (self, i, all, labels);
  /* The first one was placed first and lies on top. */
  for (guint i = labels->len; i-- > 0;)
    draw_label (self, &g_array_index (labels, Label, i));
  g_clear_object (&self->layout);
}

void
fv_draw_boxes (cairo_t *cairo, const FvDrawBox *boxes, guint n_boxes, const char *const *class_names,
               const FvDrawView *view)
{
  g_return_if_fail (view->highlighted <= (int)n_boxes);
  Drawing self = { .cairo = cairo, .boxes = boxes, .class_names = class_names, .view = *view };
  self.n_classes = class_names ? g_strv_length ((char **)class_names) : 0;
  if (self.view.scale <= 0)
    self.view.scale = 1;
  if (self.view.line <= 0)
    self.view.line = DEFAULT_LINE;
  self.outline = MAX (1, rint (self.view.line / 3));
  self.padding = 2.5 * self.view.line;
  self.padding_above = self.view.line / 2;
  PangoFontDescription *font = NULL;
  if (!self.view.font)
    {
      self.view.font = font = pango_font_description_from_string ("sans-serif");
      pango_font_description_set_absolute_size (font, LETTERS_PER_LINE * self.view.line * PANGO_SCALE);
    }

  cairo_save (cairo);
  cairo_set_line_join (cairo, CAIRO_LINE_JOIN_MITER);
  for (guint i = n_boxes; i-- > 0;)
    if ((int)i != view->highlighted - 1)
      draw_box (&self, &boxes[i], FALSE);
  if (view->highlighted > 0)
    draw_box (&self, &boxes[view->highlighted - 1], TRUE);
  if (n_boxes > 0 && (view->labels != FV_DRAW_LABELS_NONE || view->highlighted > 0))
    draw_labels (&self, n_boxes);
  cairo_restore (cairo);
  g_clear_pointer (&font, pango_font_description_free);
}

gboolean
fv_draw_save (FvPicture *picture, const FvDrawBox *boxes, guint n_boxes, const char *const *class_names,
              const char *path, GError **error)
{
  cairo_surface_t *surface = fv_surface_new (picture, error);
  if (!surface)
    return FALSE;
  cairo_t *cairo = cairo_create (surface);
  const FvDrawView view = { .right = picture->width,
                            .bottom = picture->height,
                            .labels = FV_DRAW_LABELS_ALL,
                            .line = MAX (2, rint ((picture->width + picture->height) * 0.0015)) };
  fv_draw_boxes (cairo, boxes, n_boxes, class_names, &view);
  const cairo_status_t status = cairo_status (cairo);
  cairo_destroy (cairo);

  gboolean done = FALSE;
  if (status == CAIRO_STATUS_SUCCESS)
    done = fv_surface_save (surface, path, error);
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s can't be drawn: %s", path, cairo_status_to_string (status));
  cairo_surface_destroy (surface);
  return done;
}

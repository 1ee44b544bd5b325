/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/drawing/fv-plot-private.h"

#include <math.h>
#include <pango/pangocairo.h>

#define LINE 2
#define DENSE_LINE 1.25 /* of a curve with more points than its area has columns: what is seen is noise */
#define DIM 0.6         /* opacity of axis labels */
#define GRID 0.1        /* opacity of the grid */
#define AXIS 0.25       /* of the lowest line */
/* Width of a column within which a curve is drawn by its extremes only. */
#define COLUMN 0.5
#define CARD_PADDING 8

static void
set_foreground (const FvPlot *self, cairo_t *cairo, double alpha)
{
  const FvColour colour = self->style.foreground;
  cairo_set_source_rgba (cairo, colour.red, colour.green, colour.blue, alpha);
}

static void
set_series_colour (cairo_t *cairo, guint index, gboolean dark, double alpha)
{
  const FvColour colour = fv_palette_get_series (index, dark);
  cairo_set_source_rgba (cairo, colour.red, colour.green, colour.blue, alpha);
}

/* @align: 0: @x is the text's left edge, 0.5 its middle, 1 its right edge; @y is its top. */
static void
draw_text (const FvPlot *self, cairo_t *cairo, const char *text, double scale, gboolean bold, double x, double y,
           double align)
{
  g_autoptr (PangoLayout) layout = fv_plot_make_text (self, text, scale, bold);
  int width, height;
  pango_layout_get_pixel_size (layout, &width, &height);
  cairo_move_to (cairo, rint (x - align * width), rint (y));
  pango_cairo_show_layout (cairo, layout);
}

static void
draw_title (const FvPlot *self, cairo_t *cairo)
{
  if (!self->title)
    return;
  g_autoptr (PangoLayout) title = fv_plot_make_title (self);
  set_foreground (self, cairo, 1);
  cairo_move_to (cairo, 0, 0);
  pango_cairo_show_layout (cairo, title);
}

static void
draw_swatch (cairo_t *cairo, const FvPlotSeries *series, gboolean dark, double x, double y)
{
  static const double dash[] = { 5, 3 };
  cairo_save (cairo);
  set_series_colour (cairo, series->colour, dark, 1);
  cairo_set_line_width (cairo, 3);
  cairo_set_line_cap (cairo, series->dashed ? CAIRO_LINE_CAP_BUTT : CAIRO_LINE_CAP_ROUND);
  if (series->dashed)
    cairo_set_dash (cairo, dash, 2, 0);
  const double inset = series->dashed ? 1 : 1.5;
  cairo_move_to (cairo, x + inset, rint (y) + 0.5);
  cairo_line_to (cairo, x + FV_PLOT_SWATCH - inset, rint (y) + 0.5);
  cairo_stroke (cairo);
  cairo_restore (cairo);
}

static void
draw_head (const FvPlot *self, cairo_t *cairo)
{
  double line_height;
  fv_plot_measure_text (self, "0", FV_PLOT_CAPTION, FALSE, NULL, &line_height);
  draw_title (self, cairo);
  for (guint i = 0; i < self->entries->len; i++)
    {
      const FvPlotEntry *entry = &g_array_index (self->entries, FvPlotEntry, i);
      draw_swatch (cairo, fv_plot_get_series (self, i), self->dark, entry->x, entry->y + line_height / 2);
      set_foreground (self, cairo, DIM + 0.1);
      draw_text (self, cairo, entry->name, FV_PLOT_CAPTION, FALSE, entry->x + FV_PLOT_SWATCH + FV_PLOT_GAP, entry->y,
                 0);
      set_foreground (self, cairo, 1);
      draw_text (self, cairo, entry->value, FV_PLOT_CAPTION, TRUE, entry->x + entry->value_x, entry->y, 0);
    }
}

static void
draw_axes (const FvPlot *self, cairo_t *cairo)
{
  double line_height;
  fv_plot_measure_text (self, "0", FV_PLOT_CAPTION, FALSE, NULL, &line_height);
  cairo_set_line_width (cairo, 1);
  for (guint i = 0; i < self->y_ticks->len; i++)
    {
      const double share = fv_axis_map (&self->y_axis, g_array_index (self->y_ticks, double, i));
      const double y = floor (self->bottom - share * (self->bottom - self->top)) + 0.5;
      g_autofree char *text = fv_axis_format_tick (&self->y_axis, self->y_ticks, i);
      set_foreground (self, cairo, share < 1e-6 ? AXIS : GRID);
      cairo_move_to (cairo, self->left, y);
      cairo_line_to (cairo, self->right, y);
      cairo_stroke (cairo);
      set_foreground (self, cairo, DIM);
      draw_text (self, cairo, text, FV_PLOT_CAPTION, FALSE, self->left - 8, y - line_height / 2, 1);
    }
  double end = -INFINITY;
  for (guint i = 0; i < self->x_ticks->len; i++)
    {
      const double share = fv_axis_map (&self->x_axis, g_array_index (self->x_ticks, double, i));
      g_autofree char *text = fv_axis_format_tick (&self->x_axis, self->x_ticks, i);
      double width;
      fv_plot_measure_text (self, text, FV_PLOT_CAPTION, FALSE, &width, NULL);
      /* The first and the last stay inside; none touches the one before. */
      double x = self->left + share * (self->right - self->left) - width / 2;
      x = MIN (x, self->width - width);
      if (x < end + FV_PLOT_GAP)
        continue;
      end = x + width;
      draw_text (self, cairo, text, FV_PLOT_CAPTION, FALSE, x, self->bottom + 4, 0);
    }
  if (self->x_title_y > 0)
    draw_text (self, cairo, self->x_title, FV_PLOT_CAPTION, FALSE, (self->left + self->right) / 2, self->x_title_y,
               0.5);
}

/* The points that fell into one column, of which the first, the last and the extremes matter. */
typedef struct
{
  guint n;
  double column;
  double x[4], y[4]; /* first, lowest, highest, last */
  guint index[4];
} Column;

static void
flush (cairo_t *cairo, Column *column)
{
  if (column->n == 0)
    return;
  const gboolean least_first = column->index[1] <= column->index[2];
  const guint order[] = { 0, least_first ? 1 : 2, least_first ? 2 : 1, 3 };
  guint last = G_MAXUINT;
  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    {
      if (column->index[order[i]] == last)
        continue;
      last = column->index[order[i]];
      /* Without a current point this begins the path. */
      cairo_line_to (cairo, column->x[order[i]], column->y[order[i]]);
    }
  column->n = 0;
}

static void
add_to_column (cairo_t *cairo, Column *column, guint index, double x, double y)
{
  const double number = floor (x / COLUMN);
  if (column->n > 0 && number != column->column)
    flush (cairo, column);
  const gboolean first = column->n++ == 0;
  column->column = number;
  for (guint k = 0; k < 4; k++)
    if (k == 3 || first || (k == 1 && y > column->y[1]) || (k == 2 && y < column->y[2]))
      {
        column->x[k] = x;
        column->y[k] = y;
        column->index[k] = index;
      }
}

/* Adds the curve to the path and dots for points that have no neighbour. Returns the number of points. */
static guint
add_curve (const FvPlot *self, cairo_t *cairo, guint s, double *last_x, double *last_y)
{
  const FvPlotSeries *series = fv_plot_get_series (self, s);
  Column column = { 0 };
  guint n = 0, run = 0;
  double x, y;
  for (guint i = 0; i <= series->n; i++)
    {
      if (i < series->n && fv_plot_map (self, s, i, &x, &y))
        {
          if (run++ == 0)
            cairo_new_sub_path (cairo);
          add_to_column (cairo, &column, i, x, y);
          *last_x = x;
          *last_y = y;
          n++;
          continue;
        }
      flush (cairo, &column);
      /* With round caps, a line of no length is a dot. */
      if (run == 1)
        cairo_line_to (cairo, *last_x, *last_y + 1e-3);
      run = 0;
    }
  return n;
}

static void
draw_dot (cairo_t *cairo, double x, double y, double radius)
{
  cairo_new_sub_path (cairo);
  cairo_arc (cairo, x, y, radius, 0, 2 * G_PI);
  cairo_fill (cairo);
}

static void
draw_curve (const FvPlot *self, cairo_t *cairo, guint s)
{
  static const double dash[] = { 6, 3 };
  const FvPlotSeries *series = fv_plot_get_series (self, s);
  double x = 0, y = 0;
  cairo_save (cairo);
  /* A little beyond, for the line's own width at the edges. */
  cairo_rectangle (cairo, self->left - 4, self->top - 4, self->right - self->left + 8, self->bottom - self->top + 8);
  cairo_clip (cairo);
  cairo_new_path (cairo);
  const guint n = add_curve (self, cairo, s, &x, &y);
  set_series_colour (cairo, series->colour, self->dark, 1);
  cairo_set_line_width (cairo, n > self->right - self->left ? DENSE_LINE : LINE);
  cairo_set_line_join (cairo, CAIRO_LINE_JOIN_ROUND);
  cairo_set_line_cap (cairo, series->dashed ? CAIRO_LINE_CAP_BUTT : CAIRO_LINE_CAP_ROUND);
  if (series->dashed)
    cairo_set_dash (cairo, dash, 2, 0);
  cairo_stroke (cairo);
  if (n > 0)
    draw_dot (cairo, x, y, 3);
  cairo_restore (cairo);
}

/* In the middle, on as many lines as it needs. */
static void
draw_empty_text (const FvPlot *self, cairo_t *cairo)
{
  const double margin = 12, width = MAX (self->width - 2 * margin, 1);
  g_autoptr (PangoLayout) layout = fv_plot_make_text (self, self->empty_text, 1, FALSE);
  int height;
  pango_layout_set_width (layout, width * PANGO_SCALE);
  pango_layout_set_wrap (layout, PANGO_WRAP_WORD_CHAR);
  pango_layout_set_alignment (layout, PANGO_ALIGN_CENTER);
  pango_layout_get_pixel_size (layout, NULL, &height);
  set_foreground (self, cairo, DIM);
  cairo_move_to (cairo, margin, rint ((self->height - height) / 2));
  pango_cairo_show_layout (cairo, layout);
}

void
fv_plot_draw (const FvPlot *self, cairo_t *cairo)
{
  g_return_if_fail (self->style.context);
  cairo_save (cairo);
  if (fv_plot_is_empty (self))
    {
      draw_title (self, cairo);
      if (self->empty_text)
        draw_empty_text (self, cairo);
    }
  else
    {
      draw_head (self, cairo);
      draw_axes (self, cairo);
      for (guint s = 0; s < self->series->len; s++)
        draw_curve (self, cairo, s);
    }
  cairo_restore (cairo);
}

static void
add_rounded (cairo_t *cairo, double x, double y, double width, double height, double radius)
{
  cairo_new_sub_path (cairo);
  cairo_arc (cairo, x + width - radius, y + radius, radius, -G_PI_2, 0);
  cairo_arc (cairo, x + width - radius, y + height - radius, radius, 0, G_PI_2);
  cairo_arc (cairo, x + radius, y + height - radius, radius, G_PI_2, G_PI);
  cairo_arc (cairo, x + radius, y + radius, radius, G_PI, 1.5 * G_PI);
  cairo_close_path (cairo);
}

/* Whole numbers are epochs or steps. */
static char *
format_x (double x)
{
  return fabs (x - rint (x)) < 1e-6 ? g_strdup_printf ("%.0f", x) : g_strdup_printf ("%.2f", x);
}

/* The values at the cursor, on a dark card as Adwaita's tooltips are, in light and dark. */
static void
draw_card (const FvPlot *self, cairo_t *cairo, double at, double cursor)
{
  const guint n = self->series->len;
  double line_height, width, name_width = 0, value_width = 0, rows = 0;
  g_autofree char *head = format_x (cursor);
  g_auto (GStrv) values = g_new0 (char *, n + 1);
  const char *head_name = self->x_title ? self->x_title : "";
  fv_plot_measure_text (self, "0", FV_PLOT_CAPTION, FALSE, NULL, &line_height);
  fv_plot_measure_text (self, head, FV_PLOT_CAPTION, TRUE, &value_width, NULL);
  fv_plot_measure_text (self, head_name, FV_PLOT_CAPTION, FALSE, &name_width, NULL);
  name_width = MAX (0, name_width - FV_PLOT_SWATCH - FV_PLOT_GAP);
  for (guint s = 0; s < n; s++)
    {
      const int i = fv_plot_find_point (self, s, cursor);
      const FvPlotSeries *series = fv_plot_get_series (self, s);
      values[s] = i < 0 ? g_strdup ("–") : fv_axis_format_value (series->y[i]);
      fv_plot_measure_text (self, series->name, FV_PLOT_CAPTION, FALSE, &width, NULL);
      name_width = MAX (name_width, width);
      fv_plot_measure_text (self, values[s], FV_PLOT_CAPTION, TRUE, &width, NULL);
      value_width = MAX (value_width, width);
      rows++;
    }
  const double row = line_height + 2;
  width = 2 * CARD_PADDING + FV_PLOT_SWATCH + FV_PLOT_GAP + name_width + 2 * FV_PLOT_GAP + value_width;
  const double height = 2 * CARD_PADDING + row * (rows + 1) - 2;
  double x = at + 12 + width <= self->width ? at + 12 : at - 12 - width;
  x = rint (CLAMP (x, 0, MAX (self->width - width, 0)));
  const double y = rint (CLAMP (self->top, 0, MAX (self->height - height, 0)));

  add_rounded (cairo, x + 0.5, y + 0.5, width - 1, height - 1, 8);
  cairo_set_source_rgba (cairo, 0.11, 0.11, 0.12, 0.94);
  cairo_fill_preserve (cairo);
  cairo_set_source_rgba (cairo, 1, 1, 1, 0.15);
  cairo_set_line_width (cairo, 1);
  cairo_stroke (cairo);
  double top = y + CARD_PADDING;
  cairo_set_source_rgba (cairo, 1, 1, 1, 0.75);
  draw_text (self, cairo, head_name, FV_PLOT_CAPTION, FALSE, x + CARD_PADDING, top, 0);
  cairo_set_source_rgb (cairo, 1, 1, 1);
  draw_text (self, cairo, head, FV_PLOT_CAPTION, TRUE, x + width - CARD_PADDING, top, 1);
  for (guint s = 0; s < n; s++)
    {
      const FvPlotSeries *series = fv_plot_get_series (self, s);
      top += row;
      draw_swatch (cairo, series, TRUE, x + CARD_PADDING, top + line_height / 2);
      cairo_set_source_rgba (cairo, 1, 1, 1, 0.85);
      draw_text (self, cairo, series->name, FV_PLOT_CAPTION, FALSE, x + CARD_PADDING + FV_PLOT_SWATCH + FV_PLOT_GAP,
                 top, 0);
      cairo_set_source_rgb (cairo, 1, 1, 1);
      draw_text (self, cairo, values[s], FV_PLOT_CAPTION, TRUE, x + width - CARD_PADDING, top, 1);
    }
}

void
fv_plot_draw_cursor (const FvPlot *self, cairo_t *cairo, double cursor)
{
  g_return_if_fail (self->style.context);
  if (isnan (cursor) || fv_plot_is_empty (self))
    return;
  const double at = self->left + fv_axis_map (&self->x_axis, cursor) * (self->right - self->left);
  cairo_save (cairo);
  set_foreground (self, cairo, 0.4);
  cairo_set_line_width (cairo, 1);
  cairo_move_to (cairo, floor (at) + 0.5, self->top);
  cairo_line_to (cairo, floor (at) + 0.5, self->bottom);
  cairo_stroke (cairo);
  for (guint s = 0; s < self->series->len; s++)
    {
      const int i = fv_plot_find_point (self, s, cursor);
      double x, y;
      if (i < 0 || !fv_plot_map (self, s, i, &x, &y) || y < self->top - 1 || y > self->bottom + 1)
        continue;
      set_series_colour (cairo, fv_plot_get_series (self, s)->colour, self->dark, 0.3);
      draw_dot (cairo, x, y, 7);
      set_series_colour (cairo, fv_plot_get_series (self, s)->colour, self->dark, 1);
      draw_dot (cairo, x, y, 4);
    }
  draw_card (self, cairo, at, cursor);
  cairo_restore (cairo);
}

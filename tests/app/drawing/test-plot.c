/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/drawing/fv-plot.h"

#include <locale.h>
#include <math.h>
#include <pango/pangocairo.h>

#define WIDTH 400
#define HEIGHT 240

typedef struct
{
  FvPlot *plot;
  PangoContext *context;
  FvColour foreground;
  cairo_surface_t *surface;
} Fixture;

static void
set_up (Fixture *self, gconstpointer dark)
{
  self->plot = fv_plot_new ();
  self->context = pango_font_map_create_context (pango_cairo_font_map_get_default ());
  if (dark)
    self->foreground = (FvColour){ 1, 1, 1 };
  self->surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, WIDTH, HEIGHT);
  fv_plot_set_title (self->plot, "Loss");
  fv_plot_set_x_title (self->plot, "Epoch");
  fv_plot_set_empty_text (self->plot, "Nothing");
}

static void
tear_down (Fixture *self, gconstpointer dark)
{
  fv_plot_free (self->plot);
  g_object_unref (self->context);
  cairo_surface_destroy (self->surface);
}

static void
draw (Fixture *self, double cursor)
{
  cairo_t *cairo = cairo_create (self->surface);
  cairo_set_operator (cairo, CAIRO_OPERATOR_CLEAR);
  cairo_paint (cairo);
  cairo_set_operator (cairo, CAIRO_OPERATOR_OVER);
  const FvPlotStyle style = { self->context, self->foreground };
  fv_plot_lay_out (self->plot, WIDTH, HEIGHT, &style);
  fv_plot_draw (self->plot, cairo);
  fv_plot_draw_cursor (self->plot, cairo, cursor);
  g_assert_cmpint (cairo_status (cairo), ==, CAIRO_STATUS_SUCCESS);
  cairo_destroy (cairo);
  cairo_surface_flush (self->surface);
}

static guint32
get_pixel (Fixture *self, double x, double y)
{
  const guint8 *row
      = cairo_image_surface_get_data (self->surface) + (gsize)y * cairo_image_surface_get_stride (self->surface);
  return ((const guint32 *)(const void *)row)[(int)x];
}

static gboolean
is_colour (guint32 pixel, FvColour colour)
{
  return pixel >> 24 == 255 && fabs ((pixel >> 16 & 255) - colour.red * 255) < 3
         && fabs ((pixel >> 8 & 255) - colour.green * 255) < 3 && fabs ((pixel & 255) - colour.blue * 255) < 3;
}

/* In the pixel there, or one beside it: a peak is sharp. */
static gboolean
has_colour (Fixture *self, double x, double y, FvColour colour)
{
  for (int dy = -1; dy <= 1; dy++)
    for (int dx = -1; dx <= 1; dx++)
      if (is_colour (get_pixel (self, x + dx, y + dy), colour))
        return TRUE;
  return FALSE;
}

/* Where the map says that a point is, its colour is. */
static void
test_map (Fixture *self, gconstpointer dark)
{
  const double x[] = { 1, 2, 3, 5, 8 }, y[] = { 0.9, 0.3, 0.7, 0.2, 0.4 }, y2[] = { 0.1, 0.15, 0.1, 0.8, 0.9 };
  const FvPlotSeries series[] = { { "Training", 0, x, y, 5 }, { "Other", 2, x, y2, 5 } };
  for (guint logarithmic = 0; logarithmic < 2; logarithmic++)
    {
      fv_plot_set_logarithmic (self->plot, logarithmic);
      fv_plot_set_series (self->plot, series, 2);
      draw (self, NAN);
      for (guint s = 0; s < 2; s++)
        for (guint i = 0; i < 5; i++)
          {
            double px, py;
            g_assert_true (fv_plot_map (self->plot, s, i, &px, &py));
            g_assert_true (has_colour (self, px, py, fv_palette_get_series (series[s].colour, dark != NULL)));
            g_assert_cmpfloat (fv_plot_find_x (self->plot, px), ==, x[i]);
          }
    }
  double px, py;
  g_assert_false (fv_plot_map (self->plot, 0, 5, &px, &py));
  g_assert_false (fv_plot_map (self->plot, 2, 0, &px, &py));
}

static void
test_gaps (Fixture *self, gconstpointer dark)
{
  const double x[] = { 0, 1, 2, 3, 4, 5 }, y[] = { 0.5, 0.5, NAN, 0.5, NAN, 0.5 };
  const FvPlotSeries series = { "Curve", 0, x, y, 6 };
  fv_plot_set_y_range (self->plot, 0, 1);
  fv_plot_set_series (self->plot, &series, 1);
  draw (self, NAN);
  const FvColour colour = fv_palette_get_series (0, FALSE);
  double x0, x1, x3, y0;
  g_assert_true (fv_plot_map (self->plot, 0, 0, &x0, &y0));
  g_assert_true (fv_plot_map (self->plot, 0, 1, &x1, &y0));
  g_assert_false (fv_plot_map (self->plot, 0, 2, &x3, &y0));
  g_assert_true (fv_plot_map (self->plot, 0, 3, &x3, &y0));
  g_assert_true (is_colour (get_pixel (self, (x0 + x1) / 2, y0), colour));
  g_assert_false (is_colour (get_pixel (self, (x1 + x3) / 2, y0), colour));
  /* A point alone is a dot. */
  g_assert_true (is_colour (get_pixel (self, x3, y0), colour));
  g_assert_cmpint (fv_plot_find_point (self->plot, 0, 2), >=, 0);
  g_assert_cmpint (fv_plot_find_point (self->plot, 0, 5.5), ==, -1);
}

/* However many points: each spike is seen, and it is quick. */
static void
test_decimation (Fixture *self, gconstpointer dark)
{
  const guint n = 200000;
  g_autofree double *x = g_new (double, n), *y = g_new (double, n);
  for (guint i = 0; i < n; i++)
    {
      x[i] = i;
      y[i] = 0.1;
    }
  const guint spikes[] = { 1234, 77777, 150001 };
  for (guint i = 0; i < G_N_ELEMENTS (spikes); i++)
    y[spikes[i]] = 0.9;
  const FvPlotSeries series = { "Curve", 0, x, y, n };
  fv_plot_set_y_range (self->plot, 0, 1);
  const gint64 start = g_get_monotonic_time ();
  fv_plot_set_series (self->plot, &series, 1);
  draw (self, NAN);
  g_test_message ("%u points: %.1f ms", n, (g_get_monotonic_time () - start) / 1e3);
  g_assert_cmpfloat ((g_get_monotonic_time () - start) / 1e6, <, 2);
  for (guint i = 0; i < G_N_ELEMENTS (spikes); i++)
    {
      double px, py;
      g_assert_true (fv_plot_map (self->plot, 0, spikes[i], &px, &py));
      guint seen = 0;
      for (int dx = -1; dx <= 1; dx++)
        for (int dy = 0; dy <= 3; dy++)
          {
            const guint32 pixel = get_pixel (self, px + dx, py + dy);
            /* Premultiplied, and blended at its edges. */
            seen += (pixel >> 24) > 100 && (pixel & 255) > (pixel >> 16 & 255);
          }
      g_assert_cmpuint (seen, >, 0);
    }
  double px, py;
  g_assert_true (fv_plot_map (self->plot, 0, 40000, &px, &py));
  /* Between the spikes, the line itself: thin where there are so many points. */
  g_assert_cmpuint (MAX (get_pixel (self, px, py) >> 24, get_pixel (self, px, py - 1) >> 24), >, 120);
}

/* Few points and many follow the same line: what is left out changes nothing that is seen. */
static void
test_decimation_is_faithful (Fixture *self, gconstpointer dark)
{
  const guint n = 5000;
  g_autofree double *x = g_new (double, n), *y = g_new (double, n);
  for (guint i = 0; i < n; i++)
    {
      x[i] = i;
      y[i] = 0.5 + 0.4 * sin (i * 0.004);
    }
  const FvPlotSeries series = { "Curve", 0, x, y, n };
  fv_plot_set_y_range (self->plot, 0, 1);
  fv_plot_set_series (self->plot, &series, 1);
  draw (self, NAN);
  for (guint i = 10; i < n; i += 137)
    {
      double px, py;
      guint best = 0;
      g_assert_true (fv_plot_map (self->plot, 0, i, &px, &py));
      for (int dy = -1; dy <= 1; dy++)
        best = MAX (best, get_pixel (self, px, py + dy) >> 24);
      g_assert_cmpuint (best, >, 150);
    }
}

static gboolean
is_blank (Fixture *self, int x1, int y1, int x2, int y2)
{
  for (int y = y1; y < y2; y++)
    for (int x = x1; x < x2; x++)
      if (get_pixel (self, x, y))
        return FALSE;
  return TRUE;
}

static void
test_empty (Fixture *self, gconstpointer dark)
{
  g_assert_true (fv_plot_is_empty (self->plot));
  draw (self, 3);
  g_assert_false (is_blank (self, 0, 0, WIDTH / 2, 20));
  g_assert_false (is_blank (self, WIDTH / 2 - 40, HEIGHT / 2 - 12, WIDTH / 2 + 40, HEIGHT / 2 + 12));
  /* No axes. */
  g_assert_true (is_blank (self, 0, HEIGHT - 40, WIDTH, HEIGHT));
  /* A whole sentence is wrapped, and stays inside. */
  fv_plot_set_empty_text (self->plot,
                          "The first values come when an epoch has ended, which takes a while on this computer.");
  draw (self, NAN);
  g_assert_false (is_blank (self, 0, HEIGHT / 2 - 12, WIDTH, HEIGHT / 2 + 12));
  g_assert_true (is_blank (self, 0, 40, 10, HEIGHT));
  g_assert_true (is_blank (self, WIDTH - 10, 40, WIDTH, HEIGHT));
  const double x[] = { 1, 2 }, y[] = { NAN, NAN };
  fv_plot_set_series (self->plot, &(FvPlotSeries){ "Curve", 0, x, y, 2 }, 1);
  g_assert_true (fv_plot_is_empty (self->plot));
  draw (self, NAN);
  g_assert_true (isnan (fv_plot_find_x (self->plot, 100)));
  g_assert_true (isnan (fv_plot_step_x (self->plot, NAN, 1)));
}

static void
test_cursor (Fixture *self, gconstpointer dark)
{
  const double x[] = { 1, 2, 3, 4 }, y[] = { 0.1, 0.2, 0.3, 0.4 }, vx[] = { 2, 4 }, vy[] = { 0.5, 0.6 };
  const FvPlotSeries series[] = { { "Training", 0, x, y, 4 }, { "Validation", 1, vx, vy, 2, TRUE } };
  fv_plot_set_series (self->plot, series, 2);
  draw (self, NAN);
  double px, py;
  g_assert_true (fv_plot_map (self->plot, 0, 2, &px, &py));
  g_assert_cmpuint (get_pixel (self, px, 150) >> 24, <, 60);
  draw (self, 3);
  g_assert_cmpuint (get_pixel (self, px, 150) >> 24, >, 60);
  /* The card, right of the line. */
  g_assert_cmpuint (get_pixel (self, px - 24, 50) >> 24, >, 200);

  g_assert_cmpint (fv_plot_find_point (self->plot, 0, 3), ==, 2);
  g_assert_cmpint (fv_plot_find_point (self->plot, 1, 1), ==, -1);
  g_assert_cmpint (fv_plot_find_point (self->plot, 1, 2), ==, 0);
  g_assert_cmpint (fv_plot_find_point (self->plot, 1, 3.5), ==, 1);
  g_assert_cmpfloat (fv_plot_find_x (self->plot, -100), ==, 1);
  g_assert_cmpfloat (fv_plot_find_x (self->plot, 1e4), ==, 4);
  g_assert_cmpfloat (fv_plot_step_x (self->plot, NAN, 1), ==, 1);
  g_assert_cmpfloat (fv_plot_step_x (self->plot, NAN, -1), ==, 4);
  g_assert_cmpfloat (fv_plot_step_x (self->plot, 1, 1), ==, 2);
  g_assert_cmpfloat (fv_plot_step_x (self->plot, 1, -1), ==, 1);
  g_assert_cmpfloat (fv_plot_step_x (self->plot, 4, 1), ==, 4);
}

static void
test_csv (Fixture *self, gconstpointer dark)
{
  const double x[] = { 0.5, 1, 2 }, y[] = { 0.125, NAN, -3 }, vx[] = { 1 }, vy[] = { 7 };
  const FvPlotSeries series[] = { { "Train, \"box\"", 0, x, y, 3 }, { "Validation", 1, vx, vy, 1 } };
  fv_plot_set_series (self->plot, series, 2);
  g_autofree char *csv = fv_plot_get_csv (self->plot);
  g_assert_cmpstr (csv, ==, "Epoch,\"Train, \"\"box\"\"\",Validation\n0.5,0.125,\n1,,7\n2,-3,\n");
}

/* A long title takes another line, and the curves make room for it. */
static void
test_long_title (Fixture *self, gconstpointer dark)
{
  const double x[] = { 1, 2 }, y[] = { 1, 1 };
  double px, one_line, two_lines;
  fv_plot_set_series (self->plot, &(FvPlotSeries){ "Curve", 0, x, y, 2 }, 1);
  fv_plot_set_y_range (self->plot, 0, 1);
  draw (self, NAN);
  g_assert_true (fv_plot_map (self->plot, 0, 0, &px, &one_line));
  fv_plot_set_title (self->plot,
                     "A title that is so long that it can't stand on one line of a chart that is so narrow");
  draw (self, NAN);
  g_assert_true (fv_plot_map (self->plot, 0, 0, &px, &two_lines));
  g_assert_cmpfloat (two_lines, >, one_line + 12);
  g_assert_true (is_blank (self, WIDTH - 1, 0, WIDTH, 40));
}

/* Everything stays inside, at every size and with any names; nothing breaks where there is no room at all. */
static void
test_sizes (Fixture *self, gconstpointer dark)
{
  const double x[] = { 1, 2, 1000000 }, y[] = { 1e-9, 5, 1e12 };
  const FvPlotSeries series[]
      = { { "A name that is rather long", 0, x, y, 3 }, { "\xff", 1, x, y, 3 }, { NULL, 2, x, y, 1, TRUE } };
  fv_plot_set_series (self->plot, series, 3);
  const FvPlotStyle style = { self->context, self->foreground };
  cairo_t *cairo = cairo_create (self->surface);
  for (double width = 0; width <= 900; width += 150)
    for (double height = 0; height <= 600; height += 150)
      for (guint logarithmic = 0; logarithmic < 2; logarithmic++)
        {
          fv_plot_set_logarithmic (self->plot, logarithmic);
          fv_plot_lay_out (self->plot, width, height, &style);
          fv_plot_draw (self->plot, cairo);
          fv_plot_draw_cursor (self->plot, cairo, 2);
          double px, py;
          if (width < 300 || height < 150)
            continue;
          for (guint i = 0; i < 3; i++)
            {
              g_assert_true (fv_plot_map (self->plot, 0, i, &px, &py));
              g_assert_cmpfloat (px, >=, 0);
              g_assert_cmpfloat (px, <=, width);
              g_assert_cmpfloat (py, >=, 0);
              g_assert_cmpfloat (py, <=, height);
            }
        }
  g_assert_cmpint (cairo_status (cairo), ==, CAIRO_STATUS_SUCCESS);
  cairo_destroy (cairo);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  setlocale (LC_NUMERIC, "C");
#define ADD(path, function) g_test_add ("/drawing/plot/" path, Fixture, NULL, set_up, function, tear_down)
  ADD ("map", test_map);
  g_test_add ("/drawing/plot/map-dark", Fixture, "dark", set_up, test_map, tear_down);
  ADD ("gaps", test_gaps);
  ADD ("decimation", test_decimation);
  ADD ("decimation-is-faithful", test_decimation_is_faithful);
  ADD ("empty", test_empty);
  ADD ("cursor", test_cursor);
  ADD ("csv", test_csv);
  ADD ("long-title", test_long_title);
  ADD ("sizes", test_sizes);
  return g_test_run ();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/ui/widgets/fv-test-widget.h"

#include "ui/widgets/fv-chart.h"

#include <locale.h>

#define WIDTH 360
#define HEIGHT 220

static const double x[] = { 1, 2, 3, 4, 5, 6 }, y[] = { 0.9, 0.6, 0.5, NAN, 0.35, 0.3 };
static const double vx[] = { 2, 4, 6 }, vy[] = { 0.8, 0.5, 0.42 };

typedef struct
{
  GtkWidget *window, *widget;
  FvChart *chart;
} Fixture;

static void
set_series (Fixture *self)
{
  const FvChartSeries series[] = { { "Training", 0, x, y, 6 }, { "Validation", 1, vx, vy, 3, TRUE } };
  fv_chart_set_series (self->chart, series, 2);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->widget = fv_chart_new ();
  self->chart = FV_CHART (self->widget);
  fv_chart_set_title (self->chart, "Box loss");
  fv_chart_set_x_title (self->chart, "Epoch");
  self->window = fv_test_show (self->widget, WIDTH, HEIGHT);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  gtk_window_destroy (GTK_WINDOW (self->window));
}

/* In the pixel there or one beside it; a line's end fills half of one. */
static gboolean
has_colour (cairo_surface_t *surface, double px, double py, FvColour colour)
{
  for (int dy = -1; dy <= 1; dy++)
    for (int dx = -1; dx <= 1; dx++)
      {
        const guint32 pixel = fv_test_get_pixel (surface, px + dx, py + dy);
        const double alpha = pixel >> 24;
        if (alpha > 120 && fabs ((pixel >> 16 & 255) / alpha - colour.red) < 0.04
            && fabs ((pixel >> 8 & 255) / alpha - colour.green) < 0.04
            && fabs ((pixel & 255) / alpha - colour.blue) < 0.04)
          return TRUE;
      }
  return FALSE;
}

static void
assert_drawn (Fixture *self, gboolean dark)
{
  cairo_surface_t *surface = fv_test_render (self->widget);
  for (guint s = 0; s < 2; s++)
    for (guint i = 0; i < (s ? 3 : 6); i++)
      {
        double px, py;
        const gboolean there = s || i != 3;
        g_assert_cmpint (fv_chart_map (self->chart, s, i, &px, &py), ==, there);
        /* A dash may leave out a point in the middle. */
        if (there && (s == 0 || i != 1))
          g_assert_true (has_colour (surface, px, py, fv_palette_get_series (s, dark)));
      }
  cairo_surface_destroy (surface);
}

static void
test_points (Fixture *self, gconstpointer data)
{
  set_series (self);
  g_assert_cmpuint (fv_chart_get_n_series (self->chart), ==, 2);
  g_assert_cmpuint (fv_chart_get_n_points (self->chart, 1), ==, 3);
  double px, py;
  g_assert_true (fv_chart_get_point (self->chart, 1, 2, &px, &py));
  g_assert_cmpfloat (px, ==, 6);
  g_assert_cmpfloat (py, ==, 0.42);
  g_assert_false (fv_chart_get_point (self->chart, 2, 0, &px, &py));
  assert_drawn (self, FALSE);
  fv_chart_set_y_range (self->chart, 0, 2);
  fv_chart_set_x_range (self->chart, 0, 20);
  assert_drawn (self, FALSE);
  fv_chart_set_logarithmic (self->chart, TRUE);
  fv_chart_set_y_range (self->chart, NAN, NAN);
  assert_drawn (self, FALSE);
  fv_test_resize (self->window, 300, 180);
  assert_drawn (self, FALSE);
}

/* The style's colour decides: light letters mean a dark ground, and other colours. */
static void
test_dark (Fixture *self, gconstpointer data)
{
  g_autoptr (GtkCssProvider) css = gtk_css_provider_new ();
  gtk_css_provider_load_from_data (css, "chart { color: white; }", -1);
  GdkDisplay *display = gdk_display_get_default ();
  set_series (self);
  assert_drawn (self, FALSE);
  gtk_style_context_add_provider_for_display (display, GTK_STYLE_PROVIDER (css), GTK_STYLE_PROVIDER_PRIORITY_USER);
  fv_test_wait (100);
  assert_drawn (self, TRUE);
  gtk_style_context_remove_provider_for_display (display, GTK_STYLE_PROVIDER (css));
  fv_test_wait (100);
  assert_drawn (self, FALSE);
}

/* What was given may be freed or changed. */
static void
test_copies (Fixture *self, gconstpointer data)
{
  double mine[] = { 1, 2 };
  fv_chart_set_series (self->chart, &(FvChartSeries){ "Curve", 0, mine, mine, 2 }, 1);
  mine[1] = 99;
  double px, py;
  g_assert_true (fv_chart_get_point (self->chart, 0, 1, &px, &py));
  g_assert_cmpfloat (py, ==, 2);
}

static guint
count_drawn (Fixture *self)
{
  cairo_surface_t *surface = fv_test_render (self->widget);
  guint n = 0;
  for (int py = 0; py < HEIGHT; py++)
    for (int px = 0; px < WIDTH; px++)
      n += fv_test_get_pixel (surface, px, py) != 0;
  cairo_surface_destroy (surface);
  return n;
}

static void
test_cursor (Fixture *self, gconstpointer data)
{
  gpointer motion = fv_test_get_controller (self->widget, GTK_TYPE_EVENT_CONTROLLER_MOTION);
  set_series (self);
  const guint without = count_drawn (self);
  double px, py;
  for (guint i = 0; i < 6; i++)
    {
      if (!fv_chart_map (self->chart, 0, i, &px, &py))
        continue;
      g_signal_emit_by_name (motion, "motion", px + 3, 100.);
      g_assert_cmpfloat (fv_chart_get_cursor (self->chart), ==, x[i]);
      /* The readout. */
      g_assert_cmpuint (count_drawn (self), >, without + 2000);
    }
  g_signal_emit_by_name (motion, "leave");
  g_assert_true (isnan (fv_chart_get_cursor (self->chart)));
  g_assert_cmpuint (count_drawn (self), ==, without);

  g_assert_true (fv_test_press_key (self->widget, GDK_KEY_Left, 0));
  g_assert_cmpfloat (fv_chart_get_cursor (self->chart), ==, 6);
  g_assert_true (fv_test_press_key (self->widget, GDK_KEY_Left, 0));
  g_assert_cmpfloat (fv_chart_get_cursor (self->chart), ==, 5);
  g_assert_true (fv_test_press_key (self->widget, GDK_KEY_Home, 0));
  g_assert_cmpfloat (fv_chart_get_cursor (self->chart), ==, 1);
  g_assert_true (fv_test_press_key (self->widget, GDK_KEY_Right, 0));
  g_assert_cmpfloat (fv_chart_get_cursor (self->chart), ==, 2);
  g_assert_true (fv_test_press_key (self->widget, GDK_KEY_End, 0));
  g_assert_cmpfloat (fv_chart_get_cursor (self->chart), ==, 6);
  g_assert_true (fv_test_press_key (self->widget, GDK_KEY_Escape, 0));
  g_assert_true (isnan (fv_chart_get_cursor (self->chart)));
  g_assert_false (fv_test_press_key (self->widget, GDK_KEY_Escape, 0));
}

static void
test_copy (Fixture *self, gconstpointer data)
{
  const char *wanted = "Epoch,Training,Validation\n1,0.9,\n2,0.6,0.8\n3,0.5,\n4,,0.5\n5,0.35,\n6,0.3,0.42\n";
  set_series (self);
  g_autofree char *csv = fv_chart_get_csv (self->chart);
  g_assert_cmpstr (csv, ==, wanted);
  g_assert_true (fv_test_press_key (self->widget, GDK_KEY_c, GDK_CONTROL_MASK));
  GdkContentProvider *content = gdk_clipboard_get_content (gtk_widget_get_clipboard (self->widget));
  g_assert_nonnull (content);
  g_auto (GValue) value = G_VALUE_INIT;
  g_value_init (&value, G_TYPE_STRING);
  g_assert_true (gdk_content_provider_get_value (content, &value, NULL));
  g_assert_cmpstr (g_value_get_string (&value), ==, wanted);

  g_assert_true (fv_test_press_key (self->widget, GDK_KEY_F10, GDK_SHIFT_MASK));
  GtkWidget *menu = gtk_widget_get_last_child (self->widget);
  g_assert_true (GTK_IS_POPOVER_MENU (menu));
  fv_test_wait_until (gtk_widget_get_mapped (menu));
  gtk_popover_popdown (GTK_POPOVER (menu));
  fv_test_wait (50);
}

static void
test_accessible (Fixture *self, gconstpointer data)
{
  gtk_test_accessible_assert_role (self->widget, GTK_ACCESSIBLE_ROLE_IMG);
  gtk_test_accessible_assert_property (self->widget, GTK_ACCESSIBLE_PROPERTY_LABEL, "Box loss");
  gtk_test_accessible_assert_property (self->widget, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, "No values yet");
  fv_chart_set_empty_text (self->chart, "Nothing");
  gtk_test_accessible_assert_property (self->widget, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, "Nothing");
  set_series (self);
  gtk_test_accessible_assert_property (self->widget, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                       "Training: 5 points, last value 0.300; Validation: 3 points, last value 0.420");
  fv_chart_set_series (self->chart, &(FvChartSeries){ "Training", 0, x, y, 1 }, 1);
  gtk_test_accessible_assert_property (self->widget, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                       "Training: 1 point, last value 0.900");
  fv_chart_set_title (self->chart, NULL);
  gtk_test_accessible_assert_property (self->widget, GTK_ACCESSIBLE_PROPERTY_LABEL, "Chart");
  g_assert_true (gtk_widget_get_focusable (self->widget));
}

static void
test_empty (Fixture *self, gconstpointer data)
{
  g_signal_emit_by_name (fv_test_get_controller (self->widget, GTK_TYPE_EVENT_CONTROLLER_MOTION), "motion", 99., 99.);
  g_assert_true (isnan (fv_chart_get_cursor (self->chart)));
  /* Where there is nothing to step through, arrows are the page's. */
  g_assert_false (fv_test_press_key (self->widget, GDK_KEY_Left, 0));
  const guint empty = count_drawn (self);
  g_assert_cmpuint (empty, >, 100);
  set_series (self);
  g_assert_cmpuint (count_drawn (self), >, empty + 1000);
  fv_chart_set_series (self->chart, NULL, 0);
  g_assert_cmpuint (count_drawn (self), ==, empty);
}

/* A run's step after step: thousands of points, set and drawn anew each time. */
static void
test_quick (Fixture *self, gconstpointer data)
{
  const guint n = 20000;
  g_autofree double *many_x = g_new (double, n), *many_y = g_new (double, n);
  for (guint i = 0; i < n; i++)
    {
      many_x[i] = i;
      many_y[i] = 1 / (1 + i * 0.01) + 0.05 * sin (i * 12.9898);
    }
  const double start = fv_test_get_work ();
  for (guint i = 0; i < 20; i++)
    {
      const FvChartSeries series[]
          = { { "Training", 0, many_x, many_y, n - 20 + i }, { "Validation", 1, many_x, many_y, n / 10, TRUE } };
      fv_chart_set_series (self->chart, series, 2);
      cairo_surface_destroy (fv_test_render (self->widget));
    }
  const double taken = (fv_test_get_work () - start) / 20;
  g_test_message ("%u points: %.1f ms to set and draw", n, taken);
  g_assert_cmpfloat (taken, <, 150);
}

static void
test_properties (Fixture *self, gconstpointer data)
{
  g_object_set (self->chart, "title", "A", "x-title", "B", "empty-text", "C", "logarithmic", TRUE, NULL);
  g_autofree char *title = NULL, *x_title = NULL, *empty_text = NULL;
  gboolean logarithmic;
  g_object_get (self->chart, "title", &title, "x-title", &x_title, "empty-text", &empty_text, "logarithmic",
                &logarithmic, NULL);
  g_assert_cmpstr (title, ==, "A");
  g_assert_cmpstr (x_title, ==, "B");
  g_assert_cmpstr (empty_text, ==, "C");
  g_assert_true (logarithmic);
}

int
main (int argc, char **argv)
{
  gtk_test_init (&argc, &argv, NULL);
  setlocale (LC_ALL, "C.UTF-8");
#define ADD(path, function) g_test_add ("/widgets/chart/" path, Fixture, NULL, set_up, function, tear_down)
  ADD ("points", test_points);
  ADD ("dark", test_dark);
  ADD ("copies", test_copies);
  ADD ("cursor", test_cursor);
  ADD ("copy", test_copy);
  ADD ("accessible", test_accessible);
  ADD ("empty", test_empty);
  ADD ("quick", test_quick);
  ADD ("properties", test_properties);
  return g_test_run ();
}

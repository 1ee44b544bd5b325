/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/ui/widgets/fv-test-widget.h"

#include "app/drawing/fv-palette.h"
#include "ui/widgets/fv-box-canvas.h"

#include <locale.h>

#define WIDTH 400
#define HEIGHT 300

static const char *const names[] = { "bee", "wasp", NULL };

/* Each pixel tells where it is. */
static FvPicture *
make_picture (guint width, guint height)
{
  FvPicture *picture = fv_picture_new (width, height, NULL);
  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x++)
      {
        guint8 *pixel = picture->rgb + y * picture->stride + 3 * x;
        pixel[0] = x * 255 / width;
        pixel[1] = y * 255 / height;
        pixel[2] = 90;
      }
  picture->original_width = width;
  picture->original_height = height;
  return picture;
}

typedef struct
{
  GtkWidget *window, *widget;
  FvBoxCanvas *canvas;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (FvPicture) picture = make_picture (800, 400);
  self->widget = fv_box_canvas_new ();
  self->canvas = FV_BOX_CANVAS (self->widget);
  self->window = fv_test_show (self->widget, WIDTH, HEIGHT);
  fv_box_canvas_set_picture (self->canvas, picture);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  gtk_window_destroy (GTK_WINDOW (self->window));
}

static void
assert_widget_point (FvBoxCanvas *canvas, double picture_x, double picture_y, double wanted_x, double wanted_y)
{
  double x, y, px, py;
  g_assert_true (fv_box_canvas_picture_to_widget (canvas, picture_x, picture_y, &x, &y));
  g_assert_cmpfloat_with_epsilon (x, wanted_x, 1e-6);
  g_assert_cmpfloat_with_epsilon (y, wanted_y, 1e-6);
  g_assert_true (fv_box_canvas_widget_to_picture (canvas, x, y, &px, &py));
  g_assert_cmpfloat_with_epsilon (px, picture_x, 1e-6);
  g_assert_cmpfloat_with_epsilon (py, picture_y, 1e-6);
}

static void
test_geometry (Fixture *self, gconstpointer data)
{
  g_assert_cmpfloat_with_epsilon (fv_box_canvas_get_shown_zoom (self->canvas), 0.5, 1e-9);
  assert_widget_point (self->canvas, 0, 0, 0, 50);
  assert_widget_point (self->canvas, 800, 400, 400, 250);
  fv_box_canvas_set_zoom (self->canvas, 1);
  assert_widget_point (self->canvas, 400, 200, 200, 150);
  g_assert_true (fv_box_canvas_pan (self->canvas, 30, -10));
  assert_widget_point (self->canvas, 400, 200, 230, 140);

  /* The middle stays in the middle as the widget becomes larger. */
  double x, y, px, py;
  fv_box_canvas_widget_to_picture (self->canvas, WIDTH / 2, HEIGHT / 2, &x, &y);
  fv_test_resize (self->window, 500, 360);
  fv_box_canvas_widget_to_picture (self->canvas, 250, 180, &px, &py);
  g_assert_cmpfloat_with_epsilon (px, x, 1e-6);
  g_assert_cmpfloat_with_epsilon (py, y, 1e-6);

  FvBoxCanvas *empty = FV_BOX_CANVAS (g_object_ref_sink (fv_box_canvas_new ()));
  g_assert_false (fv_box_canvas_widget_to_picture (empty, 1, 1, &px, &py));
  g_assert_cmpint (fv_box_canvas_pick (empty, 1, 1), ==, -1);
  g_object_unref (empty);
}

static gboolean
scroll (Fixture *self, double x, double y, double dy)
{
  gboolean taken = FALSE;
  g_signal_emit_by_name (fv_test_get_controller (self->widget, GTK_TYPE_EVENT_CONTROLLER_MOTION), "motion", x, y);
  g_signal_emit_by_name (fv_test_get_controller (self->widget, GTK_TYPE_EVENT_CONTROLLER_SCROLL), "scroll", 0.0, dy,
                         &taken);
  return taken;
}

/* A wheel that is turned anywhere over the picture leaves the picture's point under the pointer where it is. */
static void
test_wheel (Fixture *self, gconstpointer data)
{
  const double places[][2] = { { 1, 51 }, { 200, 150 }, { 399, 249 }, { 37, 222 }, { 320, 60 } };
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      const double x = places[i][0], y = places[i][1];
      double px, py, qx, qy;
      fv_box_canvas_set_zoom (self->canvas, 0);
      fv_box_canvas_widget_to_picture (self->canvas, x, y, &px, &py);
      for (guint k = 0; k < 12; k++)
        {
          const double before = fv_box_canvas_get_shown_zoom (self->canvas);
          g_assert_true (scroll (self, x, y, k % 2 ? -1 : -0.3));
          g_assert_cmpfloat (fv_box_canvas_get_shown_zoom (self->canvas), >, before);
          fv_box_canvas_widget_to_picture (self->canvas, x, y, &qx, &qy);
          g_assert_cmpfloat_with_epsilon (qx, px, 1e-6);
          g_assert_cmpfloat_with_epsilon (qy, py, 1e-6);
        }
      for (guint k = 0; k < 30; k++)
        scroll (self, x, y, 1);
      g_assert_cmpfloat (fv_box_canvas_get_zoom (self->canvas), ==, 0);
    }
}

static void
test_keys (Fixture *self, gconstpointer data)
{
  double zoom = fv_box_canvas_get_shown_zoom (self->canvas), x, y, px, py;
  /* Where everything is seen, arrows are the page's. */
  g_assert_false (fv_test_press_key (self->widget, GDK_KEY_Left, 0));
  g_assert_true (fv_test_press_key (self->widget, GDK_KEY_plus, 0));
  g_assert_cmpfloat (fv_box_canvas_get_shown_zoom (self->canvas), >, zoom);
  fv_box_canvas_widget_to_picture (self->canvas, WIDTH / 2, HEIGHT / 2, &px, &py);
  g_assert_cmpfloat_with_epsilon (px, 400, 1e-6);
  g_assert_true (fv_test_press_key (self->widget, GDK_KEY_plus, GDK_CONTROL_MASK));
  g_assert_true (fv_test_press_key (self->widget, GDK_KEY_minus, GDK_CONTROL_MASK));
  g_assert_true (fv_test_press_key (self->widget, GDK_KEY_1, GDK_CONTROL_MASK));
  g_assert_cmpfloat_with_epsilon (fv_box_canvas_get_shown_zoom (self->canvas), 1, 1e-9);

  fv_box_canvas_picture_to_widget (self->canvas, 400, 200, &x, &y);
  g_assert_true (fv_test_press_key (self->widget, GDK_KEY_Left, 0));
  fv_box_canvas_picture_to_widget (self->canvas, 400, 200, &px, &py);
  g_assert_cmpfloat (px, >, x);
  g_assert_true (fv_test_press_key (self->widget, GDK_KEY_Right, 0));
  fv_box_canvas_picture_to_widget (self->canvas, 400, 200, &px, &py);
  g_assert_cmpfloat_with_epsilon (px, x, 1e-6);
  g_assert_true (fv_test_press_key (self->widget, GDK_KEY_Down, 0));
  fv_box_canvas_picture_to_widget (self->canvas, 400, 200, &px, &py);
  g_assert_cmpfloat (py, <, y);
  /* At the edge it is still the canvas' key: holding it down must not go to another picture. */
  for (guint i = 0; i < 20; i++)
    g_assert_true (fv_test_press_key (self->widget, GDK_KEY_Up, 0));

  g_assert_true (fv_test_press_key (self->widget, GDK_KEY_0, 0));
  g_assert_cmpfloat (fv_box_canvas_get_zoom (self->canvas), ==, 0);
  /* Nothing smaller than fit. */
  fv_test_press_key (self->widget, GDK_KEY_minus, 0);
  g_assert_cmpfloat_with_epsilon (fv_box_canvas_get_shown_zoom (self->canvas), zoom, 1e-9);
}

static void
test_double_click (Fixture *self, gconstpointer data)
{
  gpointer click = fv_test_get_controller (self->widget, GTK_TYPE_GESTURE_CLICK);
  double px, py, qx, qy;
  fv_box_canvas_widget_to_picture (self->canvas, 100, 120, &px, &py);
  g_signal_emit_by_name (click, "pressed", 1, 100., 120.);
  g_assert_cmpfloat (fv_box_canvas_get_zoom (self->canvas), ==, 0);
  g_assert_true (gtk_widget_has_focus (self->widget));
  g_signal_emit_by_name (click, "pressed", 2, 100., 120.);
  g_assert_cmpfloat (fv_box_canvas_get_zoom (self->canvas), ==, 1);
  fv_box_canvas_widget_to_picture (self->canvas, 100, 120, &qx, &qy);
  g_assert_cmpfloat_with_epsilon (px, qx, 1e-6);
  g_assert_cmpfloat_with_epsilon (py, qy, 1e-6);
  g_signal_emit_by_name (click, "pressed", 2, 100., 120.);
  g_assert_cmpfloat (fv_box_canvas_get_zoom (self->canvas), ==, 0);
}

static void
test_drag (Fixture *self, gconstpointer data)
{
  gpointer drag = fv_test_get_controller (self->widget, GTK_TYPE_GESTURE_DRAG);
  double x, y, px, py;
  g_assert_null (gtk_widget_get_cursor (self->widget));
  fv_box_canvas_set_zoom (self->canvas, 2);
  g_assert_cmpstr (gdk_cursor_get_name (gtk_widget_get_cursor (self->widget)), ==, "grab");
  fv_box_canvas_picture_to_widget (self->canvas, 400, 200, &x, &y);
  g_signal_emit_by_name (drag, "drag-begin", 100., 100.);
  g_signal_emit_by_name (drag, "drag-update", 30., -20.);
  g_assert_cmpstr (gdk_cursor_get_name (gtk_widget_get_cursor (self->widget)), ==, "grabbing");
  g_signal_emit_by_name (drag, "drag-update", 50., -40.);
  fv_box_canvas_picture_to_widget (self->canvas, 400, 200, &px, &py);
  g_assert_cmpfloat_with_epsilon (px, x + 50, 1e-6);
  g_assert_cmpfloat_with_epsilon (py, y - 40, 1e-6);
  g_signal_emit_by_name (drag, "end", NULL);
  g_assert_cmpstr (gdk_cursor_get_name (gtk_widget_get_cursor (self->widget)), ==, "grab");
}

static void
test_pick (Fixture *self, gconstpointer data)
{
  const FvCanvasBox boxes[]
      = { { 0, 100, 100, 700, 300, 0.5 }, { 1, 200, 150, 300, 250, -1 }, { 0, 600, 280, 790, 390, -1 } };
  fv_box_canvas_set_boxes (self->canvas, boxes, 3, names);
  g_assert_cmpuint (fv_box_canvas_get_n_boxes (self->canvas), ==, 3);
  const struct
  {
    double x, y;
    int index;
  } points[] = { { 250, 200, 1 }, { 150, 200, 0 }, { 650, 290, 2 }, { 50, 50, -1 }, { 450, 110, 0 }, { 795, 350, 2 } };
  for (double zoom = 0; zoom <= 2; zoom++)
    for (guint i = 0; i < G_N_ELEMENTS (points) - (zoom > 0); i++)
      {
        double x, y;
        fv_box_canvas_set_zoom (self->canvas, zoom);
        fv_box_canvas_picture_to_widget (self->canvas, points[i].x, points[i].y, &x, &y);
        g_assert_cmpint (fv_box_canvas_pick (self->canvas, x, y), ==, points[i].index);
        g_signal_emit_by_name (fv_test_get_controller (self->widget, GTK_TYPE_EVENT_CONTROLLER_MOTION), "motion", x, y);
        g_assert_cmpint (fv_box_canvas_get_highlighted (self->canvas), ==, points[i].index);
      }
  g_signal_emit_by_name (fv_test_get_controller (self->widget, GTK_TYPE_EVENT_CONTROLLER_MOTION), "leave");
  g_assert_cmpint (fv_box_canvas_get_highlighted (self->canvas), ==, -1);
  fv_box_canvas_set_show_boxes (self->canvas, FALSE);
  g_assert_cmpint (fv_box_canvas_pick (self->canvas, 200, 150), ==, -1);
  fv_box_canvas_set_highlighted (self->canvas, 99);
  g_assert_cmpint (fv_box_canvas_get_highlighted (self->canvas), ==, -1);
}

/* The picture's points and the boxes' lines are where the mapping says, at every zoom and wherever it was moved. */
static void
test_pixels (Fixture *self, gconstpointer data)
{
  const FvCanvasBox boxes[] = { { 1, 300, 120, 500, 280, -1 } };
  const FvColour colour = fv_palette_get_class (1);
  const double zooms[] = { 0, 0.7, 1, 1.9, 6 };
  fv_box_canvas_set_boxes (self->canvas, boxes, 1, names);
  fv_box_canvas_set_show_labels (self->canvas, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (zooms); i++)
    {
      fv_box_canvas_set_zoom (self->canvas, 0);
      fv_box_canvas_set_zoom (self->canvas, zooms[i]);
      fv_box_canvas_pan (self->canvas, 100 * zooms[i], 10 * zooms[i]);
      cairo_surface_t *surface = fv_test_render (self->widget);
      guint n_points = 0, n_edges = 0;
      for (double px = 20; px < 800; px += 7)
        for (double py = 20; py < 400; py += 6)
          {
            double x, y;
            fv_box_canvas_picture_to_widget (self->canvas, px, py, &x, &y);
            const guint32 pixel = fv_test_get_pixel (surface, x, y);
            if (pixel == 0 || (px > 292 && px < 508 && py > 112 && py < 288))
              continue;
            g_assert_cmpfloat_with_epsilon (pixel >> 16 & 255, px * 255 / 800, 3);
            g_assert_cmpfloat_with_epsilon (pixel >> 8 & 255, py * 255 / 400, 3);
            n_points++;
          }
      const double edges[][2] = { { 300, 200 }, { 500, 170 }, { 400, 120 }, { 350, 280 } };
      for (guint k = 0; k < G_N_ELEMENTS (edges); k++)
        {
          double x, y;
          fv_box_canvas_picture_to_widget (self->canvas, edges[k][0], edges[k][1], &x, &y);
          if (x < 2 || y < 2 || x > WIDTH - 2 || y > HEIGHT - 2)
            continue;
          gboolean found = FALSE;
          for (int d = -1; d <= 1 && !found; d++)
            found = fv_test_is_colour (fv_test_get_pixel (surface, x + (k < 2 ? d : 0), y + (k < 2 ? 0 : d)),
                                       colour.red, colour.green, colour.blue);
          g_assert_true (found);
          n_edges++;
        }
      g_assert_cmpuint (n_points, >, 1);
      g_assert_cmpuint (n_edges, >, 0);
      cairo_surface_destroy (surface);
    }
}

static guint
count_pixels (GtkWidget *widget, FvColour colour)
{
  cairo_surface_t *surface = fv_test_render (widget);
  guint n = 0;
  for (int y = 0; y < cairo_image_surface_get_height (surface); y++)
    for (int x = 0; x < cairo_image_surface_get_width (surface); x++)
      n += fv_test_is_colour (fv_test_get_pixel (surface, x, y), colour.red, colour.green, colour.blue);
  cairo_surface_destroy (surface);
  return n;
}

static void
test_labels (Fixture *self, gconstpointer data)
{
  const FvCanvasBox boxes[] = { { 0, 300, 120, 500, 280, 0.75 } };
  const FvColour colour = fv_palette_get_class (0);
  g_assert_cmpuint (count_pixels (self->widget, colour), ==, 0);
  fv_box_canvas_set_boxes (self->canvas, boxes, 1, names);
  const guint with_label = count_pixels (self->widget, colour);
  fv_box_canvas_set_show_labels (self->canvas, FALSE);
  const guint without_label = count_pixels (self->widget, colour);
  g_assert_cmpuint (without_label, >, 100);
  g_assert_cmpuint (with_label, >, without_label + 200);
  /* The one that stands out says what it is. */
  fv_box_canvas_set_highlighted (self->canvas, 0);
  g_assert_cmpuint (count_pixels (self->widget, colour), >, without_label + 200);
  fv_box_canvas_set_show_boxes (self->canvas, FALSE);
  g_assert_cmpuint (count_pixels (self->widget, colour), ==, 0);
}

/* Not the macro: its message takes the per cent sign of what is wanted for a conversion. */
static void
assert_description (Fixture *self, const char *wanted)
{
  g_autofree char *other
      = gtk_test_accessible_check_property (GTK_ACCESSIBLE (self->widget), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, wanted);
  g_assert_cmpstr (other, ==, NULL);
}

static void
test_accessible (Fixture *self, gconstpointer data)
{
  const FvCanvasBox boxes[2] = { { 0, 1, 1, 9, 9, -1 }, { 1, 1, 1, 9, 9, -1 } };
  gtk_test_accessible_assert_role (self->widget, GTK_ACCESSIBLE_ROLE_IMG);
  gtk_test_accessible_assert_property (self->widget, GTK_ACCESSIBLE_PROPERTY_LABEL, "Picture");
  assert_description (self, "800 × 400 pixels, 0 boxes, zoom 50 %");
  fv_box_canvas_set_picture_name (self->canvas, "meadow.jpg");
  fv_box_canvas_set_boxes (self->canvas, boxes, 1, names);
  fv_box_canvas_set_zoom (self->canvas, 1.5);
  gtk_test_accessible_assert_property (self->widget, GTK_ACCESSIBLE_PROPERTY_LABEL, "meadow.jpg");
  assert_description (self, "800 × 400 pixels, 1 box, zoom 150 %");
  fv_box_canvas_set_boxes (self->canvas, boxes, 2, names);
  assert_description (self, "800 × 400 pixels, 2 boxes, zoom 150 %");
  g_assert_true (gtk_widget_get_focusable (self->widget));
  fv_box_canvas_set_picture (self->canvas, NULL);
  assert_description (self, "");
}

/* A thumbnail leaves every event to its parent. */
static void
test_thumbnail (Fixture *self, gconstpointer data)
{
  g_assert_true (gtk_widget_pick (self->window, 50, 100, GTK_PICK_DEFAULT) == self->widget);
  fv_box_canvas_set_interactive (self->canvas, FALSE);
  g_assert_false (gtk_widget_get_focusable (self->widget));
  g_assert_true (gtk_widget_pick (self->window, 50, 100, GTK_PICK_DEFAULT) != self->widget);
}

/* The zoom stays for pictures of the same size, which one compares, and only for these. */
static void
test_next_picture (Fixture *self, gconstpointer data)
{
  const FvCanvasBox boxes[1] = { { 0, 1, 1, 9, 9, -1 } };
  g_autoptr (FvPicture) same = make_picture (800, 400), other = make_picture (300, 300);
  fv_box_canvas_set_boxes (self->canvas, boxes, 1, names);
  fv_box_canvas_set_zoom (self->canvas, 2);
  fv_box_canvas_set_picture (self->canvas, same);
  g_assert_cmpfloat (fv_box_canvas_get_zoom (self->canvas), ==, 2);
  g_assert_cmpuint (fv_box_canvas_get_n_boxes (self->canvas), ==, 0);
  fv_box_canvas_set_picture (self->canvas, other);
  g_assert_cmpfloat (fv_box_canvas_get_zoom (self->canvas), ==, 0);
  assert_widget_point (self->canvas, 0, 0, 50, 0);
}

/* A large picture is made ready beside the main loop; picture and boxes come together, and the last one wins. */
static void
test_large_picture (Fixture *self, gconstpointer data)
{
  const FvCanvasBox boxes[2] = { { 0, 100, 100, 900, 900, -1 }, { 1, 1, 1, 9, 9, -1 } };
  g_autoptr (FvPicture) dropped = make_picture (2000, 1000), large = make_picture (1500, 1500);
  fv_box_canvas_set_boxes (self->canvas, boxes, 2, names);
  fv_box_canvas_set_picture (self->canvas, dropped);
  fv_box_canvas_set_picture (self->canvas, large);
  fv_box_canvas_set_boxes (self->canvas, boxes, 1, names);
  g_assert_true (fv_box_canvas_get_picture (self->canvas) == large);
  g_assert_cmpuint (fv_box_canvas_get_n_boxes (self->canvas), ==, 1);
  /* The old one is still seen. */
  g_assert_cmpfloat_with_epsilon (fv_box_canvas_get_shown_zoom (self->canvas), 0.5, 1e-9);
  fv_test_wait_until (fabs (fv_box_canvas_get_shown_zoom (self->canvas) - 0.2) < 1e-9);
  g_assert_cmpuint (fv_box_canvas_get_n_boxes (self->canvas), ==, 1);
  g_assert_true (fv_box_canvas_get_picture (self->canvas) == large);
  cairo_surface_t *surface = fv_test_render (self->widget);
  const guint32 pixel = fv_test_get_pixel (surface, 320, 150);
  g_assert_cmpfloat_with_epsilon (pixel >> 16 & 255, 270 / 300. * 255, 3);
  cairo_surface_destroy (surface);

  /* And one that nobody waits for any more. */
  fv_box_canvas_set_picture (self->canvas, dropped);
  fv_box_canvas_set_picture (self->canvas, NULL);
  g_assert_null (fv_box_canvas_get_picture (self->canvas));
  fv_box_canvas_set_picture (self->canvas, dropped);
}

static void
count (GObject *object, GParamSpec *spec, guint *n)
{
  ++*n;
}

static void
test_properties (Fixture *self, gconstpointer data)
{
  guint zooms = 0, shown = 0;
  g_signal_connect (self->canvas, "notify::zoom", G_CALLBACK (count), &zooms);
  g_signal_connect (self->canvas, "notify::shown-zoom", G_CALLBACK (count), &shown);
  g_object_set (self->canvas, "zoom", 2.0, "show-labels", FALSE, "picture-name", "a.png", "highlighted", -1,
                "show-boxes", FALSE, "interactive", FALSE, NULL);
  g_assert_cmpuint (zooms, ==, 1);
  g_assert_cmpuint (shown, ==, 1);
  g_object_set (self->canvas, "zoom", 2.0, NULL);
  g_assert_cmpuint (zooms, ==, 1);
  double zoom, shown_zoom;
  gboolean labels, boxes, interactive;
  int highlighted;
  g_autofree char *name = NULL;
  g_object_get (self->canvas, "zoom", &zoom, "shown-zoom", &shown_zoom, "show-labels", &labels, "show-boxes", &boxes,
                "interactive", &interactive, "highlighted", &highlighted, "picture-name", &name, NULL);
  g_assert_cmpfloat (zoom, ==, 2);
  g_assert_cmpfloat (shown_zoom, ==, 2);
  g_assert_false (labels || boxes || interactive);
  g_assert_cmpint (highlighted, ==, -1);
  g_assert_cmpstr (name, ==, "a.png");
}

/* Twelve million pixels with 200 boxes stay smooth: a frame is drawn well within a sixtieth of a second. */
static void
test_smooth (Fixture *self, gconstpointer data)
{
  g_autoptr (FvPicture) picture = make_picture (4000, 3000);
  FvCanvasBox boxes[200];
  for (guint i = 0; i < G_N_ELEMENTS (boxes); i++)
    boxes[i] = (FvCanvasBox){ i % 2, i * 17 % 3600, i * 37 % 2700, i * 17 % 3600 + 200, i * 37 % 2700 + 200, 0.5 };
  fv_test_resize (self->window, 1000, 700);
  const double start = fv_test_get_work ();
  fv_box_canvas_set_picture (self->canvas, picture);
  const double blocked = fv_test_get_work () - start;
  fv_box_canvas_set_boxes (self->canvas, boxes, G_N_ELEMENTS (boxes), names);
  fv_test_wait_until (fv_box_canvas_get_shown_zoom (self->canvas) < 0.3);
  double longest = 0, total = 0;
  for (guint i = 0; i < 40; i++)
    {
      fv_box_canvas_zoom_at (self->canvas, 1.1, 333, 444);
      const double began = fv_test_get_work ();
      cairo_surface_destroy (fv_test_render (self->widget));
      const double taken = fv_test_get_work () - began;
      longest = MAX (longest, taken);
      total += taken;
    }
  g_test_message ("set_picture %.1f ms; a frame %.1f ms, the longest %.1f ms", blocked, total / 40, longest);
  /* Some ten times what it takes without sanitizers. */
  g_assert_cmpfloat (blocked, <, 20);
  g_assert_cmpfloat (total / 40, <, 100);
}

int
main (int argc, char **argv)
{
  gtk_test_init (&argc, &argv, NULL);
  setlocale (LC_ALL, "C.UTF-8");
#define ADD(path, function) g_test_add ("/widgets/box-canvas/" path, Fixture, NULL, set_up, function, tear_down)
  ADD ("geometry", test_geometry);
  ADD ("wheel", test_wheel);
  ADD ("keys", test_keys);
  ADD ("double-click", test_double_click);
  ADD ("drag", test_drag);
  ADD ("pick", test_pick);
  ADD ("pixels", test_pixels);
  ADD ("labels", test_labels);
  ADD ("accessible", test_accessible);
  ADD ("thumbnail", test_thumbnail);
  ADD ("next-picture", test_next_picture);
  ADD ("large-picture", test_large_picture);
  ADD ("properties", test_properties);
  ADD ("smooth", test_smooth);
  return g_test_run ();
}

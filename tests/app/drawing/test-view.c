/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/drawing/fv-view.h"

#include <math.h>

static FvView
make_view (double picture_width, double picture_height, double width, double height)
{
  FvView view = { 0 };
  fv_view_set_picture (&view, picture_width, picture_height);
  fv_view_resize (&view, width, height, 1);
  return view;
}

static void
assert_near (double a, double b)
{
  g_assert_cmpfloat_with_epsilon (a, b, 1e-6);
}

static void
test_fit (void)
{
  FvView view = make_view (400, 200, 800, 600);
  assert_near (fv_view_get_scale (&view), 2);
  assert_near (view.x, 0);
  assert_near (view.y, 100);
  g_assert_false (fv_view_can_pan (&view));
  g_assert_false (fv_view_pan (&view, 10, 10));
  fv_view_resize (&view, 200, 600, 1);
  assert_near (fv_view_get_scale (&view), 0.5);
  assert_near (view.y, 250);

  FvView nothing = { 0 };
  g_assert_cmpfloat (fv_view_get_scale (&nothing), ==, 0);
  fv_view_zoom (&nothing, 2, 5, 5);
  g_assert_false (fv_view_pan (&nothing, 1, 1));
  g_assert_cmpfloat (fv_view_get_zoom (&nothing), ==, 0);
}

/* Whatever is under the pointer stays there while one zooms in, wherever that is on the picture. */
static void
test_zoom_in_keeps_point (void)
{
  const double shapes[][4]
      = { { 4000, 3000, 900, 700 }, { 300, 2000, 900, 700 }, { 64, 64, 640, 480 }, { 5000, 20, 640, 480 } };
  for (guint s = 0; s < G_N_ELEMENTS (shapes); s++)
    for (double fx = 0; fx <= 1; fx += 0.125)
      for (double fy = 0; fy <= 1; fy += 0.125)
        {
          FvView view = make_view (shapes[s][0], shapes[s][1], shapes[s][2], shapes[s][3]);
          const double fit = fv_view_get_scale (&view);
          const double x = view.x + fx * view.picture_width * fit, y = view.y + fy * view.picture_height * fit;
          for (guint step = 0; step < 40; step++)
            {
              fv_view_zoom (&view, 1.2, x, y);
              const double scale = fv_view_get_scale (&view);
              g_assert_cmpfloat_with_epsilon ((x - view.x) / scale, fx * view.picture_width, 1e-6 * view.picture_width);
              g_assert_cmpfloat_with_epsilon ((y - view.y) / scale, fy * view.picture_height,
                                              1e-6 * view.picture_height);
            }
          g_assert_cmpfloat (fv_view_get_zoom (&view), <=, fmax (32, fit) + 1e-9);
          /* And all the way back: it arrives at fit, where it began. */
          double jump = 0;
          for (guint step = 0; step < 60 && view.zoom > 0; step++)
            {
              const FvView before = view;
              fv_view_zoom (&view, 1 / 1.01, x, y);
              if (view.zoom == 0)
                jump = fmax (fabs (view.x - before.x), fabs (view.y - before.y));
            }
          g_assert_cmpfloat (jump, <, 0.02 * fmax (shapes[s][2], shapes[s][3]));
        }
}

static void
test_limits (void)
{
  FvView view = make_view (4000, 3000, 800, 600);
  fv_view_zoom (&view, 0.5, 400, 300);
  g_assert_cmpfloat (view.zoom, ==, 0);
  fv_view_set_zoom (&view, 1, 400, 300);
  assert_near (fv_view_get_scale (&view), 1);
  g_assert_true (fv_view_can_pan (&view));
  g_assert_true (fv_view_pan (&view, 1e6, 1e6));
  assert_near (view.x, 0);
  assert_near (view.y, 0);
  g_assert_false (fv_view_pan (&view, 1, 1));
  g_assert_true (fv_view_pan (&view, -1e6, -1e6));
  assert_near (view.x, 800 - 4000);
  assert_near (view.y, 600 - 3000);
  fv_view_set_zoom (&view, 1e9, 0, 0);
  assert_near (view.zoom, 32);

  /* A picture that is smaller than the view goes down to its own size, in the middle. */
  FvView small = make_view (64, 48, 640, 640);
  assert_near (fv_view_get_zoom (&small), 10);
  fv_view_zoom (&small, 1e-3, 0, 0);
  assert_near (fv_view_get_zoom (&small), 1);
  assert_near (small.x, (640 - 64) / 2.);
  assert_near (small.y, (640 - 48) / 2.);
}

/* Zooming to the edge may leave a gap beside it; panning closes it and never opens one. */
static void
test_gaps (void)
{
  FvView view = make_view (400, 200, 800, 600);
  fv_view_set_zoom (&view, 6, 0, 101);
  g_assert_cmpfloat (view.y, >, 90);
  const double gap = view.y;
  g_assert_false (fv_view_pan (&view, 0, 20));
  g_assert_true (fv_view_pan (&view, 0, -30));
  assert_near (view.y, gap - 30);
  g_assert_false (fv_view_pan (&view, 0, 10));
  g_assert_true (fv_view_pan (&view, 0, -200));
  g_assert_cmpfloat (view.y, <, 0);
  g_assert_true (fv_view_pan (&view, 0, 500));
  assert_near (view.y, 0);

  /* Beside the picture there is no point of it to keep. */
  view = make_view (400, 200, 800, 600);
  fv_view_set_zoom (&view, 6, 400, 20);
  assert_near (view.y, 0);

  /* A side of which all is seen only comes back to the middle. */
  view = make_view (400, 200, 800, 600);
  fv_view_set_zoom (&view, 2.5, 400, 101);
  g_assert_cmpfloat (view.y, <, 100);
  g_assert_cmpfloat (view.y, >, 50);
  g_assert_false (fv_view_pan (&view, 0, 10));
  fv_view_pan (&view, 0, -1e3);
  assert_near (view.y, 50);
  fv_view_pan (&view, 0, -1e3);
  assert_near (view.y, 50);
}

/* On a screen with two pixels a unit, 100 % is half a unit a pixel. */
static void
test_device_scale (void)
{
  FvView view = { 0 };
  fv_view_set_picture (&view, 1000, 1000);
  fv_view_resize (&view, 250, 250, 2);
  assert_near (fv_view_get_zoom (&view), 0.5);
  fv_view_set_zoom (&view, 1, 125, 125);
  assert_near (fv_view_get_scale (&view), 0.5);
}

static void
test_resize_keeps_middle (void)
{
  FvView view = make_view (4000, 3000, 800, 600);
  fv_view_set_zoom (&view, 2, 400, 300);
  fv_view_pan (&view, -123, 45);
  const double x = (400 - view.x) / 2, y = (300 - view.y) / 2;
  fv_view_resize (&view, 500, 700, 1);
  assert_near ((250 - view.x) / 2, x);
  assert_near ((350 - view.y) / 2, y);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/drawing/view/fit", test_fit);
  g_test_add_func ("/drawing/view/zoom-in-keeps-point", test_zoom_in_keeps_point);
  g_test_add_func ("/drawing/view/limits", test_limits);
  g_test_add_func ("/drawing/view/gaps", test_gaps);
  g_test_add_func ("/drawing/view/device-scale", test_device_scale);
  g_test_add_func ("/drawing/view/resize", test_resize_keeps_middle);
  return g_test_run ();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/drawing/fv-surface.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static FvPicture *
make_picture (guint width, guint height)
{
  g_autoptr (GError) error = NULL;
  FvPicture *picture = fv_picture_new (width, height, &error);
  g_assert_no_error (error);
  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x++)
      {
        guint8 *pixel = picture->rgb + y * picture->stride + 3 * x;
        pixel[0] = x * 255 / width;
        pixel[1] = y * 255 / height;
        pixel[2] = 40;
      }
  return picture;
}

static guint32
get_pixel (cairo_surface_t *surface, guint x, guint y)
{
  cairo_surface_flush (surface);
  const guint8 *row = cairo_image_surface_get_data (surface) + (gsize)y * cairo_image_surface_get_stride (surface);
  return ((const guint32 *)(const void *)row)[x] & 0xffffff;
}

static void
assert_channel (guint32 pixel, guint shift, double wanted, double tolerance)
{
  g_assert_cmpfloat_with_epsilon (pixel >> shift & 255, wanted, tolerance);
}

static void
test_pixels (void)
{
  g_autoptr (FvPicture) picture = make_picture (37, 23);
  cairo_surface_t *surface = fv_surface_new (picture, NULL);
  for (guint y = 0; y < 23; y++)
    for (guint x = 0; x < 37; x++)
      {
        const guint8 *rgb = picture->rgb + y * picture->stride + 3 * x;
        g_assert_cmphex (get_pixel (surface, x, y), ==, (guint32)rgb[0] << 16 | (guint32)rgb[1] << 8 | rgb[2]);
      }
  cairo_surface_destroy (surface);
}

static void
test_too_large (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvPicture) picture = make_picture (40000, 2);
  g_assert_null (fv_surface_new (picture, &error));
  g_assert_error (error, FV_PICTURE_ERROR, FV_PICTURE_ERROR_SIZE);
  /* For looking it is made smaller. */
  g_autoptr (FvPyramid) pyramid = fv_pyramid_new (picture, NULL);
  g_assert_nonnull (pyramid);
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, 1000, 20);
  cairo_t *cairo = cairo_create (surface);
  fv_pyramid_paint (pyramid, cairo, 0, 0, 1000 / 40000., 1, FALSE);
  fv_pyramid_paint (pyramid, cairo, -30000, 10, 1, 1, FALSE);
  cairo_destroy (cairo);
  assert_channel (get_pixel (surface, 500, 11), 16, 30500 * 255. / 40000, 2);
  cairo_surface_destroy (surface);
}

/* At every zoom, the colour at a point of the screen is that of the picture's point there. */
static void
test_pyramid_at_every_zoom (void)
{
  const guint sizes[][2] = { { 640, 480 }, { 1021, 767 }, { 65, 64 }, { 1, 1 }, { 3, 500 } };
  for (guint s = 0; s < G_N_ELEMENTS (sizes); s++)
    {
      const guint width = sizes[s][0], height = sizes[s][1];
      g_autoptr (FvPicture) picture = make_picture (width, height);
      g_autoptr (FvPyramid) pyramid = fv_pyramid_new (picture, NULL);
      for (double scale = 0.06; scale < 12; scale *= 1.7)
        for (guint sharp = 0; sharp < 2; sharp++)
          {
            const guint w = MIN (400, ceil (width * scale)), h = MIN (400, ceil (height * scale));
            cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, w + 20, h + 20);
            cairo_t *cairo = cairo_create (surface);
            fv_pyramid_paint (pyramid, cairo, 10, 10, scale, 1, sharp);
            cairo_destroy (cairo);
            for (guint y = 1; y + 1 < h; y += MAX (1, h / 7))
              for (guint x = 1; x + 1 < w; x += MAX (1, w / 7))
                {
                  /* One pixel is a step of 255 / side; half of one, and what a level averages, are allowed. */
                  const double px = (x + 0.5) / scale - 0.5, py = (y + 0.5) / scale - 0.5;
                  const double span = MAX (1, 1 / scale);
                  const guint32 pixel = get_pixel (surface, 10 + x, 10 + y);
                  assert_channel (pixel, 16, CLAMP (px, 0, width - 1) * 255 / width, 2 + span * 255. / width);
                  assert_channel (pixel, 8, CLAMP (py, 0, height - 1) * 255 / height, 2 + span * 255. / height);
                  assert_channel (pixel, 0, 40, 1);
                }
            /* Nothing is painted outside. */
            g_assert_cmphex (get_pixel (surface, 5, 5), ==, 0);
            g_assert_cmphex (get_pixel (surface, 8, 10 + h / 2), ==, 0);
            cairo_surface_destroy (surface);
          }
    }
}

/* A pattern finer than the screen becomes its mean, not stripes. */
static void
test_no_moire (void)
{
  g_autoptr (FvPicture) picture = make_picture (1024, 1024);
  for (guint y = 0; y < 1024; y++)
    for (guint x = 0; x < 1024; x++)
      memset (picture->rgb + y * picture->stride + 3 * x, (x + y) % 2 ? 255 : 0, 3);
  g_autoptr (FvPyramid) pyramid = fv_pyramid_new (picture, NULL);
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, 300, 300);
  cairo_t *cairo = cairo_create (surface);
  fv_pyramid_paint (pyramid, cairo, 0, 0, 300 / 1024., 1, FALSE);
  cairo_destroy (cairo);
  for (guint i = 1; i < 299; i++)
    assert_channel (get_pixel (surface, i, 7 * i % 299), 8, 127.5, 2);
  cairo_surface_destroy (surface);
}

static void
test_save (void)
{
  g_autofree char *folder = g_dir_make_tmp ("fovea-surface-XXXXXX", NULL);
  g_autoptr (FvPicture) picture = make_picture (120, 80);
  cairo_surface_t *surface = fv_surface_new (picture, NULL);
  const char *names[] = { "a.jpg", "b.png", "c.PNG", "no-suffix" };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *path = g_build_filename (folder, names[i], NULL);
      g_assert_true (fv_surface_save (surface, path, &error));
      g_assert_no_error (error);
      FvPictureInfo info;
      g_assert_true (fv_picture_probe (path, &info, &error));
      const gboolean png = i == 1 || i == 2;
      g_assert_cmpint (info.format, ==, png ? FV_PICTURE_PNG : FV_PICTURE_JPEG);
      g_autoptr (FvPicture) again = fv_picture_load (path, NULL, 0, FV_RESIZE_LINEAR, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (again->width, ==, 120);
      g_assert_cmpuint (again->height, ==, 80);
      for (guint y = 0; y < 80; y++)
        for (guint x = 0; x < 3 * 120; x++)
          g_assert_cmpint (ABS (again->rgb[y * again->stride + x] - picture->rgb[y * picture->stride + x]), <=,
                           png ? 0 : 12);
      g_unlink (path);
    }
  /* Where it can't be written, nothing is. */
  g_autoptr (GError) error = NULL;
  g_autofree char *nowhere = g_build_filename (folder, "missing", "a.png", NULL);
  g_assert_false (fv_surface_save (surface, nowhere, &error));
  g_assert_cmpint (error->domain, ==, G_FILE_ERROR);
  g_assert_nonnull (strstr (error->message, nowhere));
  cairo_surface_destroy (surface);
  /* No half-written file was left behind. */
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/drawing/surface/pixels", test_pixels);
  g_test_add_func ("/drawing/surface/too-large", test_too_large);
  g_test_add_func ("/drawing/surface/every-zoom", test_pyramid_at_every_zoom);
  g_test_add_func ("/drawing/surface/no-moire", test_no_moire);
  g_test_add_func ("/drawing/surface/save", test_save);
  return g_test_run ();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The augment shader against the same arithmetic on the host, pixel by pixel. */
#include "tests/reference/fv-device-augment.h"
#include "tests/reference/fv-reference-augment.h"

#include <math.h>
#include <string.h>

#define HEIGHT 96
#define WIDTH 64
#define N_PICTURES 5

static FvDevice *device;
static FvPixels pictures[N_PICTURES];

/* Smooth colours with some noise, as in photographs; widths of every remainder modulo 4. */
static void
make_pictures (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (5);
  for (guint p = 0; p < N_PICTURES; p++)
    {
      guint width = 61 + p, height = 50 + 7 * p;
      gsize stride = width * 3 + p;
      guint8 *rgb = g_malloc (stride * height);
      for (guint y = 0; y < height; y++)
        for (guint x = 0; x < width; x++)
          for (guint c = 0; c < 3; c++)
            {
              double level = 128 + 90 * sin (x * 0.11 * (c + 1) + p) * cos (y * 0.07 * (p + 1) + c);
              rgb[y * stride + x * 3 + c] = (guint8)CLAMP (level + g_rand_double_range (rand, -38, 38), 0, 255);
            }
      pictures[p] = (FvPixels){ rgb, width, height, stride };
    }
}

/* Four pictures around a point of a canvas of twice the input's size, turned, scaled and bent. */
static FvAugmentLayer
mosaic (GRand *rand, double perspective)
{
  FvAugmentLayer layer = { .n_tiles = 4, .canvas_width = 2 * WIDTH, .canvas_height = 2 * HEIGHT };
  int xc = g_rand_int_range (rand, WIDTH / 2, 3 * WIDTH / 2), yc = g_rand_int_range (rand, HEIGHT / 2, 3 * HEIGHT / 2);
  double angle = g_rand_double_range (rand, -0.6, 0.6), scale = g_rand_double_range (rand, 0.6, 1.6);
  for (guint t = 0; t < 4; t++)
    {
      guint p = g_rand_int_range (rand, 0, N_PICTURES);
      int w = pictures[p].width, h = pictures[p].height, dx = t % 2 ? xc : xc - w, dy = t / 2 ? yc : yc - h;
      layer.tiles[t]
          = (FvAugmentTile){ p, MAX (dx, 0), MAX (dy, 0), MIN (dx + w, 2 * WIDTH), MIN (dy + h, 2 * HEIGHT), dx, dy };
    }
  float inverse[9] = { cos (angle) * scale, -sin (angle) * scale, g_rand_double_range (rand, 0, WIDTH),
                       sin (angle) * scale, cos (angle) * scale,  g_rand_double_range (rand, 0, HEIGHT),
                       perspective,         -perspective / 2,     1 };
  memcpy (layer.inverse, inverse, sizeof inverse);
  return layer;
}

static FvAugmentSample
identity (guint picture, int left, int top)
{
  const FvPixels *pixels = &pictures[picture];
  return (FvAugmentSample){
    .n_layers = 1,
    .mix = 1,
    .hsv = { 1, 1, 1 },
    .layers = { {
        .n_tiles = 1,
        .canvas_width = WIDTH,
        .canvas_height = HEIGHT,
        .inverse = { 1, 0, 0, 0, 1, 0, 0, 0, 1 },
        .tiles
        = { { picture, left, top, MIN (left + pixels->width, WIDTH), MIN (top + pixels->height, HEIGHT), left, top } },
    } },
  };
}

/* Levels may differ by @tolerance where a coordinate rounds the other way, and in at most one value of a hundred at all. */
static void
compare (const FvAugmentSample *samples, guint n, int tolerance)
{
  FvBatch batch = {
    .n = n, .height = HEIGHT, .width = WIDTH, .samples = samples, .pictures = pictures, .n_pictures = N_PICTURES
  };
  g_autofree float *values = fv_device_augment (device, &batch);
  g_autofree guint8 *expected = g_malloc (HEIGHT * WIDTH * 3);
  gsize different = 0;
  for (guint i = 0; i < n; i++)
    {
      const float *picture = values + (gsize)i * (HEIGHT + 4) * (WIDTH + 4) * 4;
      fv_reference_augment (&samples[i], pictures, HEIGHT, WIDTH, expected);
      for (int y = -2; y < HEIGHT + 2; y++)
        for (int x = -2; x < WIDTH + 2; x++)
          {
            const float *pixel = picture + ((y + 2) * (WIDTH + 4) + x + 2) * 4;
            gboolean halo = x < 0 || y < 0 || x >= WIDTH || y >= HEIGHT;
            g_assert_cmpfloat (pixel[3], ==, 0);
            for (guint c = 0; c < 3; c++)
              {
                guint8 level = halo ? 0 : expected[(y * WIDTH + x) * 3 + c];
                if (halo || tolerance == 0)
                  g_assert_cmpfloat (pixel[c], ==, level / 255.0f);
                else
                  g_assert_cmpfloat (fabsf (pixel[c] * 255 - level), <=, tolerance + 1e-3f);
                different += fabsf (pixel[c] * 255 - level) > 1e-3f;
              }
          }
    }
  g_test_message ("%" G_GSIZE_FORMAT " of %u values differ", different, n * HEIGHT * WIDTH * 3);
  g_assert_cmpuint (different, <=, n * HEIGHT * WIDTH * 3 / 100);
}

static void
test_identity (void)
{
  FvAugmentSample samples[] = { identity (0, 0, 0), identity (1, 3, 11), identity (2, -20, -9), identity (3, 1, 40) };
  samples[3].flip_horizontal = samples[2].flip_vertical = 1;
  compare (samples, G_N_ELEMENTS (samples), 0);
}

static void
test_grey (void)
{
  FvAugmentSample sample = identity (0, 0, 0);
  sample.layers[0].n_tiles = 0;
  compare (&sample, 1, 0);
}

static void
test_warp (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  FvAugmentSample samples[6];
  for (guint i = 0; i < G_N_ELEMENTS (samples); i++)
    {
      samples[i] = identity (0, 0, 0);
      samples[i].layers[0] = mosaic (rand, i < 3 ? 0 : 0.002 * i);
      samples[i].flip_horizontal = i & 1;
      samples[i].flip_vertical = i / 2 & 1;
    }
  compare (samples, G_N_ELEMENTS (samples), 8); /* noise of 38 levels: 1/32 pixel is worth a few */
}

static void
test_mixup (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (2);
  FvAugmentSample samples[3];
  for (guint i = 0; i < G_N_ELEMENTS (samples); i++)
    {
      samples[i] = identity (i, 2, 2);
      samples[i].n_layers = 2;
      samples[i].mix = 0.31723f + 0.19337f * i;
      samples[i].layers[1] = identity (4 - i, 5, 9).layers[0];
    }
  samples[2].layers[0] = samples[2].layers[1]; /* a picture blended with itself stays */
  compare (samples, G_N_ELEMENTS (samples), 1);
}

/* All of the colour cube along its faces and through it. */
static void
test_colours (void)
{
  static guint8 cube[WIDTH * HEIGHT * 3];
  g_autoptr (GRand) rand = g_rand_new_with_seed (3);
  for (gsize i = 0; i < sizeof cube; i += 3)
    {
      guint kind = g_rand_int_range (rand, 0, 4);
      for (guint c = 0; c < 3; c++)
        cube[i + c] = kind == 0 ? cube[i] : kind == 1 && c == 0 ? 255 : (guint8)g_rand_int_range (rand, 0, 256);
    }
  FvPixels saved = pictures[0];
  pictures[0] = (FvPixels){ cube, WIDTH, HEIGHT, WIDTH * 3 };
  FvAugmentSample samples[8];
  for (guint i = 0; i < G_N_ELEMENTS (samples); i++)
    {
      samples[i] = identity (0, 0, 0);
      samples[i].hsv[0] = i == 0 ? 1 : g_rand_double_range (rand, 0.9, 1.9);
      samples[i].hsv[1] = i == 0 ? 1.5f : g_rand_double_range (rand, 0.3, 1.7);
      samples[i].hsv[2] = i == 0 ? 1 : g_rand_double_range (rand, 0.6, 1.4);
    }
  compare (samples, G_N_ELEMENTS (samples), 2);
  pictures[0] = saved;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  fv_device_prepare_environment ();
  g_test_init (&argc, &argv, NULL);
  device = fv_device_open (&(FvDeviceParams){ .validation = TRUE }, &error);
  g_assert_no_error (error);
  make_pictures ();
  g_test_add_func ("/augment/identity", test_identity);
  g_test_add_func ("/augment/grey", test_grey);
  g_test_add_func ("/augment/warp", test_warp);
  g_test_add_func ("/augment/mixup", test_mixup);
  g_test_add_func ("/augment/colours", test_colours);
  int status = g_test_run ();
  for (guint i = 0; i < N_PICTURES; i++)
    g_free ((gpointer)pictures[i].rgb);
  fv_device_unref (device);
  return status;
}

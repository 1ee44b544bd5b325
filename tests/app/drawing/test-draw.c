/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/drawing/fv-draw.h"
#include "app/drawing/fv-palette.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define GROUND 0x808080

typedef struct
{
  cairo_surface_t *surface;
  guint width, height;
} Canvas;

static Canvas
make_canvas (guint width, guint height, guint32 ground)
{
  Canvas canvas = { cairo_image_surface_create (CAIRO_FORMAT_RGB24, width, height), width, height };
  cairo_t *cairo = cairo_create (canvas.surface);
  cairo_set_source_rgb (cairo, (ground >> 16 & 255) / 255., (ground >> 8 & 255) / 255., (ground & 255) / 255.);
  cairo_paint (cairo);
  cairo_destroy (cairo);
  return canvas;
}

static void
draw (Canvas *canvas, const FvDrawBox *boxes, guint n, const char *const *names, const FvDrawView *view)
{
  cairo_t *cairo = cairo_create (canvas->surface);
  fv_draw_boxes (cairo, boxes, n, names, view);
  g_assert_cmpint (cairo_status (cairo), ==, CAIRO_STATUS_SUCCESS);
  cairo_destroy (cairo);
  cairo_surface_flush (canvas->surface);
}

static guint32
get_pixel (const Canvas *canvas, int x, int y)
{
  const guint8 *row
      = cairo_image_surface_get_data (canvas->surface) + (gsize)y * cairo_image_surface_get_stride (canvas->surface);
  return ((const guint32 *)(const void *)row)[x] & 0xffffff;
}

static guint32
get_class_pixel (guint class_id)
{
  const FvColour c = fv_palette_get_class (class_id);
  return (guint32)lrint (c.red * 255) << 16 | (guint32)lrint (c.green * 255) << 8 | (guint32)lrint (c.blue * 255);
}

/* The rectangle that holds everything that was drawn. */
static gboolean
find_drawn (const Canvas *canvas, guint32 ground, int *x1, int *y1, int *x2, int *y2)
{
  *x1 = *y1 = G_MAXINT;
  *x2 = *y2 = -1;
  for (guint y = 0; y < canvas->height; y++)
    for (guint x = 0; x < canvas->width; x++)
      if (get_pixel (canvas, x, y) != ground)
        {
          *x1 = MIN (*x1, (int)x);
          *y1 = MIN (*y1, (int)y);
          *x2 = MAX (*x2, (int)x + 1);
          *y2 = MAX (*y2, (int)y + 1);
        }
  return *x2 >= 0;
}

static guint
count_pixels (const Canvas *canvas, guint32 wanted)
{
  guint n = 0;
  for (guint y = 0; y < canvas->height; y++)
    for (guint x = 0; x < canvas->width; x++)
      n += get_pixel (canvas, x, y) == wanted;
  return n;
}

/* Lines are as wide at every scale, and where the box is. */
static void
test_lines (void)
{
  for (double scale = 0.25; scale <= 8; scale *= 2)
    {
      Canvas canvas = make_canvas (400, 300, GROUND);
      const FvDrawBox box = { 1, 80 / scale, 60 / scale, 240 / scale, 200 / scale, -1 };
      const FvDrawView view = { .scale = scale, .x = 20, .y = 10 };
      draw (&canvas, &box, 1, NULL, &view);
      const guint32 colour = get_class_pixel (1);
      const int lines[][2] = { { 100, 140 }, { 260, 140 }, { 180, 70 }, { 180, 210 } };
      for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
        {
          const int dx = i < 2, dy = !dx;
          for (int k = -1; k <= 0; k++)
            g_assert_cmphex (get_pixel (&canvas, lines[i][0] + k * dx, lines[i][1] + k * dy), ==, colour);
          /* The outline, and nothing further out. */
          for (int k = -2; k <= 1; k += 3)
            {
              const guint32 edge = get_pixel (&canvas, lines[i][0] + k * dx, lines[i][1] + k * dy);
              g_assert_cmphex (edge, !=, colour);
              g_assert_cmphex (edge, !=, GROUND);
            }
          for (int k = -3; k <= 2; k += 5)
            g_assert_cmphex (get_pixel (&canvas, lines[i][0] + k * dx, lines[i][1] + k * dy), ==, GROUND);
        }
      g_assert_cmphex (get_pixel (&canvas, 180, 140), ==, GROUND);
      cairo_surface_destroy (canvas.surface);
    }
}

/* Whatever is below: the line or its outline differs from it. */
static void
test_seen_on_every_ground (void)
{
  for (guint class_id = 0; class_id < FV_PALETTE_N_DISTINCT; class_id++)
    for (guint other = 0; other < FV_PALETTE_N_CLASSES; other++)
      {
        const guint32 ground = get_class_pixel (other);
        Canvas canvas = make_canvas (60, 60, ground);
        const FvDrawBox box = { class_id, 20, 20, 40, 40, -1 };
        draw (&canvas, &box, 1, NULL, &(FvDrawView){ 0 });
        double best = 0;
        for (int x = 16; x < 24; x++)
          {
            const guint32 p = get_pixel (&canvas, x, 30);
            const FvColour a = { (p >> 16 & 255) / 255., (p >> 8 & 255) / 255., (p & 255) / 255. };
            best = MAX (best, fv_palette_get_contrast (a, fv_palette_get_class (other)));
          }
        g_assert_cmpfloat (best, >=, 1.9);
        cairo_surface_destroy (canvas.surface);
      }
}

static void
test_label_stays_inside (void)
{
  const char *const names[] = { "a rather long name", NULL };
  const double places[][2]
      = { { 0, 0 }, { 180, 0 }, { 280, 0 }, { 0, 90 }, { 280, 180 }, { 0, 180 }, { 150, 4 }, { -30, -20 } };
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      Canvas canvas = make_canvas (340, 240, GROUND);
      const FvDrawBox box = { 0, places[i][0], places[i][1], places[i][0] + 20, places[i][1] + 20, 0.5 };
      /* The picture is 300 x 200 and lies at (20, 20). */
      const FvDrawView view
          = { .x = 20, .y = 20, .left = 20, .top = 20, .right = 320, .bottom = 220, .labels = FV_DRAW_LABELS_ALL };
      draw (&canvas, &box, 1, names, &view);
      int x1, y1, x2, y2;
      if (i + 1 == G_N_ELEMENTS (places))
        {
          /* Out of sight: no label either. */
          g_assert_false (find_drawn (&canvas, GROUND, &x1, &y1, &x2, &y2)
                          && count_pixels (&canvas, get_class_pixel (0)) > 20 * 4 * 2);
          cairo_surface_destroy (canvas.surface);
          continue;
        }
      g_assert_true (find_drawn (&canvas, GROUND, &x1, &y1, &x2, &y2));
      /* The lines of a box at the edge reach half their width and the outline beyond. */
      g_assert_cmpint (x1, >=, 18);
      g_assert_cmpint (y1, >=, 18);
      g_assert_cmpint (x2, <=, 322);
      g_assert_cmpint (y2, <=, 222);
      /* The label is there: much more colour than the lines have. */
      g_assert_cmpuint (count_pixels (&canvas, get_class_pixel (0)), >, 20 * 4 * 2 + 200);
      cairo_surface_destroy (canvas.surface);
    }
}

/* The size of letters is the same at every scale. */
static void
test_label_size (void)
{
  const char *const names[] = { "bee", NULL };
  guint first = 0;
  for (double scale = 0.5; scale <= 4; scale *= 2)
    {
      Canvas canvas = make_canvas (400, 300, GROUND);
      const FvDrawBox box = { 0, 100 / scale, 100 / scale, 300 / scale, 200 / scale, 0.87 };
      const FvDrawView view = { .scale = scale, .right = 400, .bottom = 300, .labels = FV_DRAW_LABELS_THAT_FIT };
      draw (&canvas, &box, 1, names, &view);
      const guint n = count_pixels (&canvas, get_class_pixel (0));
      if (first == 0)
        first = n;
      g_assert_cmpuint (n, ==, first);
      cairo_surface_destroy (canvas.surface);
    }
}

static guint
count_label_pixels (const FvDrawBox *box, const char *const *names)
{
  Canvas with = make_canvas (600, 100, GROUND), without = make_canvas (600, 100, GROUND);
  FvDrawView view = { .right = 600, .bottom = 100 };
  draw (&without, box, 1, names, &view);
  view.labels = FV_DRAW_LABELS_ALL;
  draw (&with, box, 1, names, &view);
  guint n = 0;
  for (guint y = 0; y < 100; y++)
    for (guint x = 0; x < 600; x++)
      n += get_pixel (&with, x, y) != get_pixel (&without, x, y);
  cairo_surface_destroy (with.surface);
  cairo_surface_destroy (without.surface);
  return n;
}

/* Names are a person's: of any script, broken, long, missing. */
static void
test_names (void)
{
  const FvDrawBox plain = { 0, 10, 50, 90, 90, -1 }, sure = { 0, 10, 50, 90, 90, 0.87 };
  const FvDrawBox unnamed = { 1000, 10, 50, 90, 90, -1 };
  const char *const names[] = { "bee", NULL };
  const guint n = count_label_pixels (&plain, names);
  g_assert_cmpuint (n, >, 100);
  g_assert_cmpuint (count_label_pixels (&sure, names), >, n);
  g_assert_cmpuint (count_label_pixels (&unnamed, names), >, 100);
  g_assert_cmpuint (count_label_pixels (&plain, NULL), >, 50);
  g_autofree char *endless = g_strnfill (5000, 'm');
  const char *const odd[] = { "蜜蜂", "пчела", "نحلة", "", "\xff\xfe broken", "two\nlines", endless };
  for (guint i = 0; i < G_N_ELEMENTS (odd); i++)
    {
      const char *const one[] = { odd[i], NULL };
      count_label_pixels (&sure, one);
    }
  /* A line break does not make a label higher. */
  const char *const broken[] = { "a\nb\nc", NULL }, *const joined[] = { "a b c", NULL };
  g_assert_cmpuint (count_label_pixels (&plain, broken), <, 2 * count_label_pixels (&plain, joined));
}

/* Text from right to left is inside its label: white on black, whose pixels are counted. */
static void
test_right_to_left (void)
{
  const FvDrawBox box = { 4, 10, 50, 90, 90, -1 };
  const char *const names[] = { "نحلة", NULL };
  Canvas canvas = make_canvas (600, 100, GROUND);
  const FvDrawView view = { .right = 600, .bottom = 100, .labels = FV_DRAW_LABELS_ALL };
  draw (&canvas, &box, 1, names, &view);
  int x1, y1, x2, y2;
  g_assert_true (find_drawn (&canvas, GROUND, &x1, &y1, &x2, &y2));
  g_assert_cmpint (x2, <=, 94);
  cairo_surface_destroy (canvas.surface);
}

/* Labels give way to each other where they may, and are all there where they must. */
static void
test_crowd (void)
{
  const char *const names[] = { "bee", NULL };
  FvDrawBox boxes[30];
  for (guint i = 0; i < G_N_ELEMENTS (boxes); i++)
    boxes[i] = (FvDrawBox){ 0, 50 + i, 50 + i, 60 + i, 60 + i, 0.5 };
  guint n[3];
  for (guint labels = FV_DRAW_LABELS_NONE; labels <= FV_DRAW_LABELS_ALL; labels++)
    {
      Canvas canvas = make_canvas (300, 300, GROUND);
      const FvDrawView view = { .right = 300, .bottom = 300, .labels = labels };
      draw (&canvas, boxes, G_N_ELEMENTS (boxes), names, &view);
      n[labels] = count_pixels (&canvas, GROUND);
      cairo_surface_destroy (canvas.surface);
    }
  g_assert_cmpuint (n[FV_DRAW_LABELS_NONE], >, n[FV_DRAW_LABELS_THAT_FIT]);
  g_assert_cmpuint (n[FV_DRAW_LABELS_THAT_FIT], >, n[FV_DRAW_LABELS_ALL]);
}

static void
test_highlight (void)
{
  const FvDrawBox boxes[] = { { 0, 20, 20, 60, 60, -1 }, { 1, 30, 30, 80, 80, -1 } };
  Canvas plain = make_canvas (100, 100, GROUND), lit = make_canvas (100, 100, GROUND);
  draw (&plain, boxes, 2, NULL, &(FvDrawView){ 0 });
  draw (&lit, boxes, 2, NULL, &(FvDrawView){ .highlighted = 2 });
  g_assert_cmphex (get_pixel (&plain, 70, 70), ==, GROUND);
  g_assert_cmphex (get_pixel (&lit, 70, 70), !=, GROUND);
  /* The first lies on top, else the one that stands out. */
  g_assert_cmphex (get_pixel (&plain, 60, 30), ==, get_class_pixel (0));
  g_assert_cmphex (get_pixel (&lit, 60, 30), ==, get_class_pixel (1));
  cairo_surface_destroy (plain.surface);
  cairo_surface_destroy (lit.surface);
}

static void
test_hostile_boxes (void)
{
  const FvDrawBox boxes[] = {
    { 0, NAN, 0, 10, 10, 0.5 }, { 1, 0, 0, INFINITY, 10, 0.5 },         { 2, 50, 50, 50, 50, NAN },
    { 3, 60, 60, 20, 20, 0.5 }, { G_MAXUINT, -1e9, -1e9, 1e9, 1e9, 2 }, { 4, 1e300, 1e300, 1e301, 1e301, 1 },
  };
  Canvas canvas = make_canvas (100, 100, GROUND);
  for (guint labels = 0; labels < 3; labels++)
    for (int highlighted = 0; highlighted <= (int)G_N_ELEMENTS (boxes); highlighted++)
      draw (&canvas, boxes, G_N_ELEMENTS (boxes), NULL,
            &(FvDrawView){ .right = 100, .bottom = 100, .labels = labels, .highlighted = highlighted });
  draw (&canvas, NULL, 0, NULL, &(FvDrawView){ .labels = FV_DRAW_LABELS_ALL });
  cairo_surface_destroy (canvas.surface);
}

static gpointer
save_in_thread (gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvPicture) picture = fv_picture_new (320, 200, &error);
  memset (picture->rgb, 128, 200 * picture->stride);
  const FvDrawBox boxes[] = { { 5, 100, 80, 200, 150, 0.9 } };
  const char *const names[] = { "0", "1", "2", "3", "4", "wasp", NULL };
  g_assert_true (fv_draw_save (picture, boxes, 1, names, data, &error));
  g_assert_no_error (error);
  g_autoptr (FvPicture) again = fv_picture_load (data, NULL, 0, FV_RESIZE_LINEAR, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (again->width, ==, 320);
  const FvColour colour = fv_palette_get_class (5);
  const guint8 *edge = again->rgb + 110 * again->stride + 3 * 100, *inside = again->rgb + 110 * again->stride + 3 * 150;
  g_assert_cmpfloat_with_epsilon (edge[0], colour.red * 255, 30);
  g_assert_cmpfloat_with_epsilon (edge[1], colour.green * 255, 30);
  g_assert_cmpint (ABS (inside[0] - 128), <, 6);
  return NULL;
}

/* Several at once: saving is the work of threads. An old file is replaced. */
static void
test_save (void)
{
  g_autofree char *folder = g_dir_make_tmp ("fovea-draw-XXXXXX", NULL);
  g_autofree char *first = g_build_filename (folder, "a.jpg", NULL), *second = g_build_filename (folder, "b.png", NULL);
  g_assert_true (g_file_set_contents (first, "old", -1, NULL));
  GThread *a = g_thread_new ("a", save_in_thread, first), *b = g_thread_new ("b", save_in_thread, second);
  g_thread_join (a);
  g_thread_join (b);
  g_unlink (first);
  g_unlink (second);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/drawing/draw/lines", test_lines);
  g_test_add_func ("/drawing/draw/every-ground", test_seen_on_every_ground);
  g_test_add_func ("/drawing/draw/label-inside", test_label_stays_inside);
  g_test_add_func ("/drawing/draw/label-size", test_label_size);
  g_test_add_func ("/drawing/draw/names", test_names);
  g_test_add_func ("/drawing/draw/right-to-left", test_right_to_left);
  g_test_add_func ("/drawing/draw/crowd", test_crowd);
  g_test_add_func ("/drawing/draw/highlight", test_highlight);
  g_test_add_func ("/drawing/draw/hostile-boxes", test_hostile_boxes);
  g_test_add_func ("/drawing/draw/save", test_save);
  return g_test_run ();
}

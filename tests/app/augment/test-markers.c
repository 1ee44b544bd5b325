/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Boxes follow pixels: pictures with a coloured mark go through geometry and shader, and the mark must lie where its box says. */
#include "app/augment/fv-augment-geometry.h"
#include "tests/reference/fv-device-augment.h"

#include <math.h>
#include <string.h>

#define IMGSZ 160
#define N_ITEMS 24
#define N_SAMPLES 60

static FvDevice *device;
static FvPixels pictures[N_ITEMS];
static FvBox boxes[N_ITEMS];
static guint8 marks[N_ITEMS][3];

/* Black pictures, landscape and portrait, each with one rectangle of a hue of its own. */
static void
make_pictures (void)
{
  for (guint i = 0; i < N_ITEMS; i++)
    {
      guint width = i % 2 ? IMGSZ : IMGSZ * 3 / 5, height = i % 2 ? IMGSZ * 2 / 3 : IMGSZ;
      guint8 *rgb = g_malloc0 (width * height * 3);
      for (guint c = 0; c < 3; c++)
        {
          double distance
              = fabs (fmod (i * 6.0 / N_ITEMS - 2.0 * c + 9, 6) - 3); /* hue circle: 3 at the channel's own hue */
          marks[i][c] = (guint8)(255 * CLAMP (distance - 1, 0, 1));
        }
      boxes[i] = (FvBox){ i, 20 + i, 15 + 2 * i, 60 + i, 50 + 2 * i };
      for (guint y = boxes[i].y1; y < boxes[i].y2; y++)
        for (guint x = boxes[i].x1; x < boxes[i].x2; x++)
          memcpy (rgb + (y * width + x) * 3, marks[i], 3);
      pictures[i] = (FvPixels){ rgb, width, height, width * 3 };
    }
}

static void
get_source (guint item, FvAugmentSource *source, gpointer user_data)
{
  *source = (FvAugmentSource){
    .original_width = pictures[item].width,
    .original_height = pictures[item].height,
    .width = pictures[item].width,
    .height = pictures[item].height,
    .boxes = &boxes[item],
    .n_boxes = 1,
  };
}

/* The rectangle around all pixels of a mark's colour; FALSE where there are none. */
static gboolean
find_mark (const float *input, const guint8 mark[3], int rect[4])
{
  rect[0] = rect[1] = G_MAXINT;
  rect[2] = rect[3] = -1;
  for (int y = 0; y < IMGSZ; y++)
    for (int x = 0; x < IMGSZ; x++)
      {
        const float *pixel = input + ((y + 2) * (IMGSZ + 4) + x + 2) * 4;
        if (fabsf (pixel[0] * 255 - mark[0]) > 10 || fabsf (pixel[1] * 255 - mark[1]) > 10
            || fabsf (pixel[2] * 255 - mark[2]) > 10)
          continue;
        rect[0] = MIN (rect[0], x);
        rect[1] = MIN (rect[1], y);
        rect[2] = MAX (rect[2], x + 1);
        rect[3] = MAX (rect[3], y + 1);
      }
  return rect[2] >= 0;
}

/* Marks whose picture is in the sample more than once can't be told apart. */
static gboolean
is_unique (const FvAugmented *sample, guint item)
{
  guint n = 0;
  for (guint i = 0; i < sample->n_items; i++)
    n += sample->items[i] == item;
  return n == 1;
}

static void
check (const FvAugmentPolicy *policy, double tolerance)
{
  static FvAugmented built[N_SAMPLES];
  static FvAugmentSample samples[N_SAMPLES];
  guint whole = 0;
  for (guint i = 0; i < N_SAMPLES; i++)
    {
      FvAugmentParams params = { .imgsz = IMGSZ, .seed = 11, .position = i, .item = i % N_ITEMS, .n_items = N_ITEMS };
      built[i].targets = g_array_new (FALSE, FALSE, sizeof (FvTarget));
      fv_augment_sample (policy, &params, get_source, NULL, &built[i]);
      samples[i] = built[i].sample;
      for (guint t = 0; t < samples[i].layers[0].n_tiles; t++)
        samples[i].layers[0].tiles[t].picture = built[i].items[samples[i].layers[0].tiles[t].picture];
    }
  FvBatch batch = {
    .n = N_SAMPLES, .height = IMGSZ, .width = IMGSZ, .samples = samples, .pictures = pictures, .n_pictures = N_ITEMS
  };
  g_autofree float *inputs = fv_device_augment (device, &batch);
  for (guint i = 0; i < N_SAMPLES; i++)
    {
      const float *input = inputs + (gsize)i * (IMGSZ + 4) * (IMGSZ + 4) * 4;
      for (guint k = 0; k < built[i].targets->len; k++)
        {
          FvTarget target = g_array_index (built[i].targets, FvTarget, k);
          guint item = (guint)target.class_id;
          double box[4] = { (target.cx - target.w / 2) * IMGSZ, (target.cy - target.h / 2) * IMGSZ,
                            (target.cx + target.w / 2) * IMGSZ, (target.cy + target.h / 2) * IMGSZ };
          int rect[4];
          gboolean inside = box[0] > 1 && box[1] > 1 && box[2] < IMGSZ - 1 && box[3] < IMGSZ - 1;
          if (!is_unique (&built[i], item))
            continue;
          gboolean found = find_mark (input, marks[item], rect);
          g_test_message ("sample %u, mark %u: box %.1f %.1f %.1f %.1f, pixels %d %d %d %d", i, item, box[0], box[1],
                          box[2], box[3], rect[0], rect[1], rect[2], rect[3]);
          if (!found) /* turned and nearly out of sight */
            {
              g_assert_false (inside);
              continue;
            }
          for (guint e = 0; e < 4; e++)
            {
              double outward = e < 2 ? box[e] - rect[e] : rect[e] - box[e]; /* how far pixels stick out of the box */
              g_assert_cmpfloat (outward, <=, 1.5);
              if (inside)
                g_assert_cmpfloat (outward, >=, -tolerance);
            }
          whole += inside;
        }
      g_array_unref (built[i].targets);
    }
  g_test_message ("%u whole marks", whole);
  g_assert_cmpuint (whole, >, N_SAMPLES / 3);
}

static void
test_single (void)
{
  FvAugmentPolicy policy = { .translate = 0.1, .scale = 0.3, .fliplr = 0.5, .flipud = 0.5 };
  check (&policy, 1.5);
}

static void
test_mosaic (void)
{
  FvAugmentPolicy policy = { .translate = 0.1, .scale = 0.5, .fliplr = 0.5, .flipud = 0.3, .mosaic = 1 };
  check (&policy, 1.5);
}

/* A turned mark's corners are thin: a pixel or two of them are blended away. */
static void
test_turned (void)
{
  FvAugmentPolicy policy = {
    .translate = 0.1, .scale = 0.3, .degrees = 40, .shear = 8, .perspective = 0.0006, .fliplr = 0.5, .mosaic = 0.8
  };
  check (&policy, 3.5);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  fv_device_prepare_environment ();
  g_test_init (&argc, &argv, NULL);
  device = fv_device_open (&(FvDeviceParams){ 0 }, &error);
  g_assert_no_error (error);
  make_pictures ();
  g_test_add_func ("/markers/single", test_single);
  g_test_add_func ("/markers/mosaic", test_mosaic);
  g_test_add_func ("/markers/turned", test_turned);
  int status = g_test_run ();
  for (guint i = 0; i < N_ITEMS; i++)
    g_free ((gpointer)pictures[i].rgb);
  fv_device_unref (device);
  return status;
}

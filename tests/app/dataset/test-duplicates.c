/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>
#include <turbojpeg.h>

#include "app/dataset/fv-duplicates.h"
#include "app/dataset/fv-picture.h"
#include "tests/fv-test-data.h"

/* Measures of pictures and which of them show the same, on generated pictures and, where they are, on real ones. */

#define N_SCENES 40

/* A scene: some soft blobs of its own on a ground of its own. */
static guint8 *
paint_scene (guint scene, guint width, guint height, double gain)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (scene + 1);
  guint8 *rgb = g_malloc ((gsize)width * height * 3);
  double blobs[12][6];
  for (guint b = 0; b < G_N_ELEMENTS (blobs); b++)
    for (guint k = 0; k < 6; k++)
      blobs[b][k] = g_rand_double (random);
  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x++)
      for (guint c = 0; c < 3; c++)
        {
          double value = 60;
          for (guint b = 0; b < G_N_ELEMENTS (blobs); b++)
            {
              const double u = (double)x / width - blobs[b][0], v = (double)y / height - blobs[b][1];
              const double size = 0.03 + 0.15 * blobs[b][2];
              value += 120 * (0.5 + 0.5 * blobs[b][3 + c]) * exp (-(u * u + v * v) / (size * size));
            }
          rgb[((gsize)y * width + x) * 3 + c] = (guint8)CLAMP (value * gain, 0, 255);
        }
  return rgb;
}

static const char *
write_jpeg (const char *name, const guint8 *rgb, guint width, guint height, int quality)
{
  tjhandle compressor = tjInitCompress ();
  unsigned char *bytes = NULL;
  unsigned long size = 0;
  g_assert_cmpint (
      tjCompress2 (compressor, rgb, (int)width, 0, (int)height, TJPF_RGB, &bytes, &size, TJSAMP_444, quality, 0), ==,
      0);
  const char *path = fv_test_write_data (fv_test_folder (), name, bytes, size);
  tjFree (bytes);
  tjDestroy (compressor);
  return path;
}

static void
add_item (FvDataset *dataset, const char *path, guint width, guint height)
{
  FvItem *item = fv_item_new ();
  g_autofree char *bytes = NULL;
  gsize size;
  item->path = g_strdup (path);
  item->name = g_path_get_basename (path);
  item->width = width;
  item->height = height;
  g_assert_true (g_file_get_contents (path, &bytes, &size, NULL));
  item->hash = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *)bytes, size);
  fv_dataset_add (dataset, item);
}

static void
add_scene (FvDataset *dataset, guint scene, const char *kind, guint width, guint height, double gain, int quality)
{
  g_autofree char *name = g_strdup_printf ("%03u-%s.jpg", scene, kind);
  g_autofree guint8 *rgb = paint_scene (scene, width, height, gain);
  add_item (dataset, write_jpeg (name, rgb, width, height, quality), width, height);
}

static FvMeasures *
measure (const FvDataset *dataset)
{
  g_autoptr (GError) error = NULL;
  FvMeasures *measures = fv_measure_pictures (dataset, &(FvMeasureParams){ 0 }, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (measures->n, ==, dataset->items->len);
  return measures;
}

/* The same scene at another size, quality and brightness is one group; no two scenes are. */
static void
test_scenes (void)
{
  g_autoptr (FvDataset) dataset = fv_dataset_new (NULL);
  for (guint scene = 0; scene < N_SCENES; scene++)
    {
      add_scene (dataset, scene, "first", 320, 240, 1, 95);
      add_scene (dataset, scene, "worse", 320, 240, 1, 40);
      add_scene (dataset, scene, "smaller", 200, 150, 1, 90);
      add_scene (dataset, scene, "brighter", 320, 240, 1.1, 90);
    }
  g_autoptr (FvMeasures) measures = measure (dataset);
  g_autofree guint *groups = fv_duplicates_find (dataset, measures);
  for (guint i = 0; i < dataset->items->len; i++)
    {
      g_assert_true (measures->all[i].readable);
      g_assert_cmpuint (groups[i], ==, i / 4 * 4);
    }
  g_autofree guint *by_content = fv_duplicates_find (dataset, NULL);
  for (guint i = 0; i < dataset->items->len; i++)
    g_assert_cmpuint (by_content[i], ==, i);
}

/* What is measured is what was painted. */
static void
test_values (void)
{
  g_autoptr (FvDataset) dataset = fv_dataset_new (NULL);
  g_autofree guint8 *rgb = g_malloc (64 * 64 * 3);
  for (guint i = 0; i < 64 * 64; i++)
    memcpy (rgb + i * 3, (guint8[]){ 200, 100, 50 }, 3);
  add_item (dataset, write_jpeg ("plain.jpg", rgb, 64, 64, 100), 64, 64);
  for (guint i = 0; i < 64 * 64; i++)
    memset (rgb + i * 3, i % 64 < 32 ? 0 : 255, 3);
  add_item (dataset, write_jpeg ("halves.jpg", rgb, 64, 64, 100), 64, 64);
  add_item (dataset, fv_test_write (fv_test_folder (), "text.jpg", "no picture"), 64, 64);
  g_autoptr (FvMeasures) measures = measure (dataset);
  const FvMeasure *plain = &measures->all[0], *halves = &measures->all[1];

  g_assert_cmpfloat_with_epsilon (plain->red, 200 / 255., 0.01);
  g_assert_cmpfloat_with_epsilon (plain->green, 100 / 255., 0.01);
  g_assert_cmpfloat_with_epsilon (plain->blue, 50 / 255., 0.01);
  g_assert_cmpfloat_with_epsilon (plain->brightness, (0.299 * 200 + 0.587 * 100 + 0.114 * 50) / 255, 0.01);
  g_assert_cmpfloat_with_epsilon (plain->saturation, 0.75, 0.02);
  g_assert_cmpfloat (plain->contrast, <, 0.01);
  g_assert_cmpfloat (plain->sharpness, <, 1);
  g_assert_cmpfloat_with_epsilon (halves->brightness, 0.5, 0.01);
  g_assert_cmpfloat_with_epsilon (halves->contrast, 0.5, 0.01);
  /* Two of 62 columns have a Laplacian of 255 and -255. */
  g_assert_cmpfloat_with_epsilon (halves->sharpness, 2 * 255. * 255 / 62, 50);
  g_assert_cmpuint (halves->thumbnail[0], <, 5);
  g_assert_cmpuint (halves->thumbnail[7], >, 250);
  g_assert_false (measures->all[2].readable);
}

/* Plain pictures are alike only by their content; ten thousand pictures of one hash take no time. */
static void
test_many_alike (void)
{
  g_autoptr (FvDataset) dataset = fv_dataset_new (NULL);
  FvMeasure *all = g_new0 (FvMeasure, 20000);
  FvMeasures measures = { 20000, all };
  for (guint i = 0; i < measures.n; i++)
    {
      FvItem *item = fv_item_new ();
      item->hash = g_strdup_printf ("%u", i);
      item->name = g_strdup_printf ("%u", i);
      fv_dataset_add (dataset, item);
      all[i] = (FvMeasure){ .hash = 5, .readable = TRUE, .contrast = i < 10000 ? 0.3f : 0.0f };
      for (guint k = 0; k < G_N_ELEMENTS (all[i].thumbnail); k++)
        all[i].thumbnail[k] = (guint8)(k * 3);
    }
  const gint64 start = g_get_monotonic_time ();
  g_autofree guint *groups = fv_duplicates_find (dataset, &measures);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * G_USEC_PER_SEC);
  for (guint i = 0; i < measures.n; i++)
    g_assert_cmpuint (groups[i], ==, i < 10000 ? 0 : i);
  g_free (all);
}

static void
add_folder (FvDataset *dataset, const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      FvPictureInfo info;
      if (g_str_has_suffix (name, ".jpg") && fv_picture_probe (path, &info, NULL))
        add_item (dataset, path, info.width, info.height);
    }
  fv_dataset_sort (dataset);
}

/* No two of COCO's pictures show the same; of the blood cells, all of one kind, hardly any. */
static void
test_real (void)
{
  const char *coco = fv_test_data ("datasets/coco128/images/train2017");
  const char *bccd = coco != NULL ? fv_test_data ("datasets/bccd/BCCD/JPEGImages") : NULL;
  const struct
  {
    const char *folder;
    guint most; /* pictures that may be taken for another one */
  } sets[] = { { coco, 0 }, { bccd, 8 } };
  if (bccd == NULL)
    return;
  for (guint s = 0; s < G_N_ELEMENTS (sets); s++)
    {
      g_autoptr (FvDataset) dataset = fv_dataset_new (NULL);
      guint joined = 0, least = 64;
      add_folder (dataset, sets[s].folder);
      g_autoptr (FvMeasures) measures = measure (dataset);
      g_autofree guint *groups = fv_duplicates_find (dataset, measures);
      for (guint i = 0; i < dataset->items->len; i++)
        {
          joined += groups[i] != i;
          if (groups[i] != i)
            g_test_message ("%s is near to %s", fv_dataset_get (dataset, i)->name,
                            fv_dataset_get (dataset, groups[i])->name);
          for (guint k = 0; k < i; k++)
            least = MIN (least, (guint)__builtin_popcountll (measures->all[i].hash ^ measures->all[k].hash));
        }
      g_test_message ("%s: %u pictures, %u near to another one, least distance %u bits", sets[s].folder,
                      dataset->items->len, joined, least);
      g_assert_cmpuint (joined, <=, sets[s].most);
    }
}

int
main (int argc, char **argv)
{
  fv_test_isolate ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dataset/duplicates/scenes", test_scenes);
  g_test_add_func ("/dataset/duplicates/values", test_values);
  g_test_add_func ("/dataset/duplicates/many-alike", test_many_alike);
  g_test_add_func ("/dataset/duplicates/real", test_real);
  return g_test_run ();
}

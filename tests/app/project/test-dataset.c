/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gstdio.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "app/project/fv-dataset.h"
#include "tests/fv-test-data.h"

static FvDataset *
make_dataset (guint n_items)
{
  const char *const names[] = { "cell", "with \"quotes\", \\ and\nlines", "Zelle ä", NULL };
  FvDataset *dataset = fv_dataset_new (names);
  for (guint i = 0; i < n_items; i++)
    {
      FvItem *item = fv_item_new ();
      item->id = n_items - i;
      item->path = g_strdup_printf ("/data/a b/%05u.jpg", n_items - i);
      item->name = g_strdup_printf ("a b/%05u.jpg", n_items - i);
      item->hash = g_strnfill (64, 'a' + (char)(i % 6));
      item->width = 640;
      item->height = 480;
      item->orientation = i % 8 + 1;
      item->subset = (FvSubset)(i % FV_N_SUBSETS);
      /* Coordinates that no short decimal stands for. */
      for (guint k = 0; k < i % 3; k++)
        {
          FvBox box = { k, 1.0 / 3 + k, 0.1 + 1e-13, 640.0 - 1.0 / 7, 480 };
          g_array_append_val (item->boxes, box);
          g_array_append_val (item->ignored, box);
        }
      if (i % 2 == 0)
        {
          item->time = (gint64)i * 1000000 - 5;
          item->latitude = -1.0 / 3;
          item->longitude = 179.0 + 1.0 / 7;
          item->reading = (FvPictureReading){ i, 7, 65535 };
        }
      fv_dataset_add (dataset, item);
    }
  fv_dataset_sort (dataset);
  return dataset;
}

static void
assert_equal_boxes (const GArray *a, const GArray *b)
{
  g_assert_cmpuint (a->len, ==, b->len);
  for (guint k = 0; k < a->len; k++)
    {
      const FvBox *p = &g_array_index (a, FvBox, k), *q = &g_array_index (b, FvBox, k);
      g_assert_cmpuint (p->class_id, ==, q->class_id);
      g_assert_true (p->x1 == q->x1 && p->y1 == q->y1 && p->x2 == q->x2 && p->y2 == q->y2);
    }
}

static void
assert_equal (const FvDataset *a, const FvDataset *b)
{
  g_assert_true (g_strv_equal ((const char *const *)a->class_names, (const char *const *)b->class_names));
  g_assert_cmpuint (a->items->len, ==, b->items->len);
  for (guint i = 0; i < a->items->len; i++)
    {
      const FvItem *x = fv_dataset_get (a, i), *y = fv_dataset_get (b, i);
      g_assert_cmpint (x->id, ==, y->id);
      g_assert_cmpstr (x->path, ==, y->path);
      g_assert_cmpstr (x->name, ==, y->name);
      g_assert_cmpstr (x->hash, ==, y->hash);
      g_assert_cmpuint (x->width, ==, y->width);
      g_assert_cmpuint (x->height, ==, y->height);
      g_assert_cmpuint (x->orientation, ==, y->orientation);
      g_assert_cmpint (x->subset, ==, y->subset);
      g_assert_cmpint (x->time, ==, y->time);
      g_assert_true (x->latitude == y->latitude || (isnan (x->latitude) && isnan (y->latitude)));
      g_assert_true (x->longitude == y->longitude || (isnan (x->longitude) && isnan (y->longitude)));
      g_assert_cmpuint (x->reading.page, ==, y->reading.page);
      g_assert_cmpuint (x->reading.low, ==, y->reading.low);
      g_assert_cmpuint (x->reading.high, ==, y->reading.high);
      assert_equal_boxes (x->boxes, y->boxes);
      assert_equal_boxes (x->ignored, y->ignored);
    }
}

static void
test_round_trip (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fv_test_folder (), "data.json", NULL);
  for (guint n = 0; n < 60; n += 59)
    {
      g_autoptr (FvDataset) dataset = make_dataset (n);
      fv_dataset_save (dataset, path, &error);
      g_assert_no_error (error);
      g_autoptr (FvDataset) loaded = fv_dataset_load (path, &error);
      g_assert_no_error (error);
      assert_equal (dataset, loaded);
    }
}

static void
test_order_and_subsets (void)
{
  g_autoptr (FvDataset) dataset = make_dataset (20);
  for (guint i = 1; i < dataset->items->len; i++)
    g_assert_cmpstr (fv_dataset_get (dataset, i - 1)->name, <, fv_dataset_get (dataset, i)->name);
  g_autoptr (GArray) val = fv_dataset_subset (dataset, FV_SUBSET_VAL);
  g_assert_cmpuint (val->len, ==, 5);
  for (guint i = 0; i < val->len; i++)
    g_assert_cmpint (fv_dataset_get (dataset, g_array_index (val, guint, i))->subset, ==, FV_SUBSET_VAL);
  g_assert_cmpuint (fv_dataset_count_boxes (dataset), ==, 19);
  FvSubset subset;
  g_assert_true (fv_subset_parse ("test", &subset) && subset == FV_SUBSET_TEST);
  g_assert_false (fv_subset_parse ("tests", &subset) || fv_subset_parse (NULL, &subset));
}

static void
test_damaged (void)
{
  static const struct
  {
    const char *text, *reason;
  } cases[] = {
    { "", "no snapshot" },
    { "{\"format\": \"fovea-dataset\"", "no snapshot" },
    { "{\"a\": [[[[[[[[]]]]]]]]}", "nested too deeply" },
    { "[]", "format" },
    { "{\"format\": 3}", "format" },
    { "{\"format\": \"fovea-dataset\", \"version\": 3, \"classes\": [], \"items\": []}", "version 2" },
    { "{\"format\": \"fovea-dataset\", \"version\": 1, \"classes\": {}, \"items\": []}", "classes" },
    { "{\"format\": \"fovea-dataset\", \"version\": 1, \"classes\": [1], \"items\": []}", "class 0" },
    { "{\"format\": \"fovea-dataset\", \"version\": 1, \"classes\": [\"a\"], \"items\": [7]}", "id" },
    { "{\"format\": \"fovea-dataset\", \"version\": 1, \"classes\": [\"a\"], \"items\": [{\"id\": 1, \"path\": \"/a\", "
      "\"name\": \"a\", \"hash\": \"b\", \"width\": 10, \"height\": 10, \"orientation\": 1, \"subset\": \"train\", "
      "\"boxes\": [[1, 0, 0, 1, 1]]}]}",
      "boxes" },
    { "{\"format\": \"fovea-dataset\", \"version\": 1, \"classes\": [\"a\"], \"items\": [{\"id\": 1, \"path\": \"/a\", "
      "\"name\": \"a\", \"hash\": \"b\", \"width\": 10, \"height\": 10, \"orientation\": 1, \"subset\": \"train\", "
      "\"boxes\": [[0, 5, 0, 2, 1]]}]}",
      "boxes" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      const char *path = fv_test_write (fv_test_folder (), "data.json", cases[i].text);
      g_assert_null (fv_dataset_load (path, &error));
      g_assert_error (error, FV_DATASET_ERROR, FV_DATASET_ERROR_INVALID);
      g_assert_nonnull (strstr (error->message, path));
      g_assert_nonnull (strstr (error->message, cases[i].reason));
    }
  g_autoptr (GError) error = NULL;
  g_assert_null (fv_dataset_load ("/nowhere/data.json", &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_nonnull (strstr (error->message, "/nowhere/data.json"));
}

/* A limit on the size of files stands for the disk that is full. */
static void
test_full_disk (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDataset) small = make_dataset (3);
  g_autoptr (FvDataset) large = make_dataset (2000);
  g_autofree char *path = g_build_filename (fv_test_folder (), "data.json", NULL);
  fv_dataset_save (small, path, &error);
  g_assert_no_error (error);

  struct rlimit before, limit;
  getrlimit (RLIMIT_FSIZE, &before);
  limit = (struct rlimit){ 16384, before.rlim_max };
  signal (SIGXFSZ, SIG_IGN);
  setrlimit (RLIMIT_FSIZE, &limit);
  gboolean saved = fv_dataset_save (large, path, &error);
  setrlimit (RLIMIT_FSIZE, &before);

  g_assert_false (saved);
  g_assert_nonnull (strstr (error->message, path));
  g_clear_error (&error);
  g_autoptr (FvDataset) loaded = fv_dataset_load (path, &error);
  g_assert_no_error (error);
  assert_equal (small, loaded);
}

/* Another dataset with one picture changed; the one before stays as it was, and what didn't change is shared. */
static void
test_replace (void)
{
  static const char *const classes[] = { "cell", NULL };
  g_autoptr (FvDataset) before = fv_dataset_new (classes);
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_item_unref);
  g_autoptr (GArray) indices = NULL;
  for (guint i = 0; i < 3; i++)
    {
      FvItem *item = fv_item_new ();
      item->id = 10 + i;
      item->name = g_strdup_printf ("%u.jpg", i);
      fv_dataset_add (before, item);
    }
  FvItem *changed = fv_item_copy (fv_dataset_get (before, 1)), *absent = fv_item_copy (changed);
  absent->id = 99;
  const FvBox box = { 0, 1, 2, 3, 4 };
  g_array_append_val (changed->boxes, box);
  g_ptr_array_add (items, changed);
  g_ptr_array_add (items, absent);
  g_autoptr (FvDataset) after = fv_dataset_replace (before, items, &indices);
  g_assert_cmpuint (after->items->len, ==, 3);
  g_assert_true (fv_dataset_get (after, 0) == fv_dataset_get (before, 0));
  g_assert_true (fv_dataset_get (after, 1) == changed);
  g_assert_cmpuint (fv_dataset_get (before, 1)->boxes->len, ==, 0);
  g_assert_cmpuint (indices->len, ==, 1);
  g_assert_cmpuint (g_array_index (indices, guint, 0), ==, 1);

  g_autoptr (FvDataset) copy = fv_dataset_copy (after);
  fv_dataset_get (copy, 1)->subset = FV_SUBSET_VAL;
  g_assert_cmpuint (fv_dataset_get (after, 1)->subset, ==, FV_SUBSET_NONE);
  g_assert_cmpuint (fv_dataset_get (copy, 1)->boxes->len, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/project/dataset/round-trip", test_round_trip);
  g_test_add_func ("/project/dataset/replace", test_replace);
  g_test_add_func ("/project/dataset/order-and-subsets", test_order_and_subsets);
  g_test_add_func ("/project/dataset/damaged", test_damaged);
  g_test_add_func ("/project/dataset/full-disk", test_full_disk);
  return g_test_run ();
}

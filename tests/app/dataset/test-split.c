/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <turbojpeg.h>

#include "app/dataset/fv-duplicates.h"
#include "app/dataset/fv-measures.h"
#include "app/dataset/fv-split-keys.h"
#include "app/dataset/fv-split-report.h"
#include "tests/app/dataset/test-import.h"

/* Synthetic data: class c is on every (c + 1) * 3-th picture, up to four boxes; every tenth picture is a background. */
static FvDataset *
make_dataset (guint n, guint n_classes)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  for (guint c = 0; c < n_classes; c++)
    {
      g_autofree char *name = g_strdup_printf ("c%u", c);
      g_strv_builder_add (names, name);
    }
  g_auto (GStrv) class_names = g_strv_builder_end (names);
  FvDataset *dataset = fv_dataset_new ((const char *const *)class_names);
  for (guint i = 0; i < n; i++)
    {
      FvItem *item = fv_item_new ();
      item->name = g_strdup_printf ("%06u.jpg", i);
      item->path = g_strdup_printf ("/data/%s", item->name);
      item->hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, item->name, -1);
      item->width = item->height = 640;
      for (guint c = 0; c < n_classes && i % 10 != 9; c++)
        for (guint k = 0; i % ((c + 1) * 3) == 0 && k < 1 + i % 4; k++)
          {
            FvBox box = { c, k, 0, k + 50, 50 };
            g_array_append_val (item->boxes, box);
          }
      if (i % 10 != 9 && item->boxes->len == 0)
        {
          FvBox box = { 0, 0, 0, 10, 10 };
          g_array_append_val (item->boxes, box);
        }
      fv_dataset_add (dataset, item);
    }
  return dataset;
}

static void
assert_same_split (const FvDataset *a, const FvDataset *b)
{
  for (guint i = 0; i < a->items->len; i++)
    g_assert_cmpint (fv_dataset_get (a, i)->subset, ==, fv_dataset_get (b, i)->subset);
}

static void
test_balance (void)
{
  static const struct
  {
    guint n, n_classes;
    double val, test;
    guint n_val, n_test;
  } cases[] = {
    { 300, 8, 0, 0, 60, 0 },    { 999, 5, 0, 0, 200, 0 },        { 1000, 5, 0, 0, 100, 0 },
    { 3000, 30, 0, 0, 300, 0 }, { 400, 6, 0.25, 0.15, 100, 60 }, { 400, 6, 0.5, 0.1, 200, 40 },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (FvDataset) dataset = make_dataset (cases[i].n, cases[i].n_classes);
      FvSplitResult result;
      fv_split_dataset (dataset, &(FvSplitParams){ .val = cases[i].val, .test = cases[i].test }, &result, NULL);
      g_assert_cmpuint (result.n_pictures[FV_SUBSET_VAL], ==, cases[i].n_val);
      g_assert_cmpuint (result.n_pictures[FV_SUBSET_TEST], ==, cases[i].n_test);
      g_assert_cmpuint (result.n_pictures[FV_SUBSET_NONE], ==, 0);
      g_assert_cmpuint (result.leaks, ==, 0);

      /* Each class, and the backgrounds, as one class more: within 5 % of its share, or one picture's worth. */
      g_autofree double *counts = g_new0 (double, (cases[i].n_classes + 1) * FV_N_SUBSETS);
      for (guint k = 0; k < dataset->items->len; k++)
        {
          const FvItem *item = fv_dataset_get (dataset, k);
          for (guint b = 0; b < item->boxes->len; b++)
            counts[g_array_index (item->boxes, FvBox, b).class_id * FV_N_SUBSETS + item->subset]++;
          if (item->boxes->len == 0)
            counts[cases[i].n_classes * FV_N_SUBSETS + item->subset]++;
        }
      for (guint c = 0; c <= cases[i].n_classes; c++)
        {
          const double *of = counts + c * FV_N_SUBSETS;
          double total = of[FV_SUBSET_TRAIN] + of[FV_SUBSET_VAL] + of[FV_SUBSET_TEST];
          for (guint subset = FV_SUBSET_TRAIN; subset < FV_N_SUBSETS; subset++)
            {
              double wanted = total * result.n_pictures[subset] / cases[i].n;
              g_assert_cmpfloat (fabs (of[subset] - wanted), <=, MAX (0.05 * wanted, 2));
            }
        }
    }
}

static void
test_deterministic (void)
{
  g_autoptr (FvDataset) first = make_dataset (200, 4);
  g_autoptr (FvDataset) second = make_dataset (200, 4);
  fv_split_dataset (first, &(FvSplitParams){ .seed = 7 }, NULL, NULL);

  /* Neither the order of pictures nor how they were split before matters. */
  for (guint i = 0; i < 100; i++)
    {
      gpointer swapped = second->items->pdata[i];
      second->items->pdata[i] = second->items->pdata[199 - i];
      second->items->pdata[199 - i] = swapped;
    }
  fv_split_dataset (second, &(FvSplitParams){ .seed = 3, .val = 0.5 }, NULL, NULL);
  fv_split_dataset (second, &(FvSplitParams){ .seed = 7 }, NULL, NULL);
  fv_dataset_sort (second);
  assert_same_split (first, second);

  guint differs = 0;
  fv_split_dataset (second, &(FvSplitParams){ .seed = 8 }, NULL, NULL);
  for (guint i = 0; i < 200; i++)
    differs += fv_dataset_get (first, i)->subset != fv_dataset_get (second, i)->subset;
  g_assert_cmpuint (differs, >, 20);
}

static void
test_same_content (void)
{
  g_autoptr (FvDataset) dataset = make_dataset (90, 2);
  for (guint i = 0; i < 60; i++)
    {
      FvItem *item = fv_dataset_get (dataset, i);
      char *hash = g_strdup (fv_dataset_get (dataset, i / 3 * 3 + 2)->hash);
      g_free (item->hash);
      item->hash = hash;
    }
  FvSplitResult result;
  fv_split_dataset (dataset, &(FvSplitParams){ 0 }, &result, NULL);
  g_assert_cmpuint (result.leaks, ==, 0);
  g_assert_cmpuint (result.n_pictures[FV_SUBSET_VAL], ==, 18);
  for (guint i = 0; i < 60; i++)
    g_assert_cmpint (fv_dataset_get (dataset, i)->subset, ==, fv_dataset_get (dataset, i / 3 * 3)->subset);

  /* Torn apart by hand, that shows. */
  fv_dataset_get (dataset, 0)->subset = FV_SUBSET_TRAIN;
  fv_dataset_get (dataset, 1)->subset = FV_SUBSET_VAL;
  fv_dataset_get (dataset, 2)->subset = FV_SUBSET_TEST;
  fv_split_count (dataset, &result);
  g_assert_cmpuint (result.leaks, ==, 2);
}

static void
test_small_and_kept (void)
{
  for (guint n = 0; n < 6; n++)
    {
      g_autoptr (FvDataset) dataset = make_dataset (n, 2);
      FvSplitResult result;
      fv_split_dataset (dataset, &(FvSplitParams){ .test = 0.3 }, &result, NULL);
      g_assert_cmpuint (result.n_pictures[FV_SUBSET_NONE], ==, 0);
      g_assert_cmpuint (result.n_pictures[FV_SUBSET_VAL], ==, n >= 2 ? 1 : 0);
      g_assert_cmpuint (result.n_pictures[FV_SUBSET_TRAIN], >=, n >= 1 ? 1 : 0);
    }
  g_autoptr (FvDataset) dataset = make_dataset (40, 2);
  for (guint i = 0; i < 20; i++)
    fv_dataset_get (dataset, i)->subset = FV_SUBSET_TEST;
  FvSplitResult result;
  fv_split_dataset (dataset, &(FvSplitParams){ .keep = FV_SPLIT_KEEP_ALL }, &result, NULL);
  g_assert_cmpuint (result.n_pictures[FV_SUBSET_TEST], ==, 20);
  g_assert_cmpuint (result.n_pictures[FV_SUBSET_VAL], ==, 4);
}

/* As many pictures of val as @n, drawn at random. */
static void
split_at_random (FvDataset *dataset, guint n, guint32 seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  for (guint i = 0, left = n; i < dataset->items->len; i++)
    {
      const guint others = dataset->items->len - i;
      const gboolean val = (guint)g_rand_int_range (rand, 0, (gint32)others) < left;
      fv_dataset_get (dataset, i)->subset = val ? FV_SUBSET_VAL : FV_SUBSET_TRAIN;
      left -= val;
    }
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  const double *first = a, *second = b;
  return (*first > *second) - (*first < *second);
}

/*
 * The largest difference of a class's share between train and val, stratified beside random. The table alone:
 * test-dataset-split -p /dataset/split/table
 */
static void
test_table (void)
{
  static const char *const sets[] = { "datasets/bccd", "datasets/coco128" };
  for (guint s = 0; s < G_N_ELEMENTS (sets); s++)
    {
      g_autoptr (GError) error = NULL;
      const char *source = fv_test_data (sets[s]);
      double stratified[10], random[10];
      if (source == NULL)
        return;
      g_autoptr (FvImportReport) report = fv_test_import (source, &(FvImportParams){ 0 });
      FvDataset *dataset = report->dataset;
      g_autoptr (FvMeasures) measures = fv_measure_pictures (dataset, &(FvMeasureParams){ 0 }, &error);
      g_assert_no_error (error);
      g_autofree guint *near = fv_duplicates_find (dataset, measures);
      for (guint seed = 0; seed < 10; seed++)
        {
          FvSplitResult result;
          fv_split_dataset (dataset, &(FvSplitParams){ .seed = seed, .near = near }, &result, &error);
          g_assert_no_error (error);
          stratified[seed] = fv_split_share_difference (dataset, NULL);
          g_autoptr (FvSplitReport) judged = fv_split_report_new (dataset, &(FvSplitReportParams){ .near = near });
          g_assert_cmpuint (judged->leaks + judged->near_leaks, ==, 0);
          split_at_random (dataset, result.n_pictures[FV_SUBSET_VAL], seed);
          random[seed] = fv_split_share_difference (dataset, NULL);
          g_test_message ("%-16s seed %u: stratified %.5f, random %.5f", sets[s], seed, stratified[seed], random[seed]);
        }
      qsort (random, 10, sizeof *random, compare_doubles);
      for (guint seed = 0; seed < 10; seed++)
        g_assert_cmpfloat (stratified[seed], <=, (random[4] + random[5]) / 2);
    }
}

static void
test_time (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDataset) dataset = make_dataset (100, 3);
  g_auto (FvSplitResult) result = { 0 };
  for (guint i = 0; i < 100; i++)
    fv_dataset_get (dataset, i)->time = i < 90 ? 1000000 + i * 37 % 90 : FV_TIME_UNKNOWN;
  fv_split_dataset (dataset, &(FvSplitParams){ .method = FV_SPLIT_TIME, .val = 0.2, .test = 0.1 }, &result, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (result.n_pictures[FV_SUBSET_VAL], ==, 18);
  g_assert_cmpuint (result.n_pictures[FV_SUBSET_TEST], ==, 9);
  g_assert_cmpuint (result.n_unknown, ==, 10);
  for (guint i = 0; i < 90; i++)
    {
      const FvItem *item = fv_dataset_get (dataset, i);
      const gint64 age = item->time - 1000000;
      g_assert_cmpint (item->subset, ==, age < 63 ? FV_SUBSET_TRAIN : age < 81 ? FV_SUBSET_VAL : FV_SUBSET_TEST);
    }
  g_assert_cmpint (fv_split_parse_time ("IMG_20240501_143205.jpg", TRUE), ==, 1714573925);
  g_assert_cmpint (fv_split_parse_time ("2024:05:01 14:32:05", TRUE), ==, 1714573925);
  g_assert_cmpint (fv_split_parse_time ("2024-05-01.jpg", FALSE), ==, 1714521600);
  g_assert_true (fv_split_parse_time ("2024-05-01.jpg", TRUE) == FV_TIME_UNKNOWN);
  g_assert_true (fv_split_parse_time ("000000000250.jpg", FALSE) == FV_TIME_UNKNOWN);
}

static void
test_place_and_folds (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDataset) dataset = make_dataset (100, 3);
  g_auto (FvSplitResult) result = { 0 };
  /* Ten places about a kilometer apart, one of them on both sides of 180 degrees. */
  for (guint i = 0; i < 100; i++)
    {
      fv_dataset_get (dataset, i)->latitude = i % 10 * 0.01 + i / 10 * 1e-5;
      fv_dataset_get (dataset, i)->longitude = i / 10 % 2 ? 180 : -180;
    }
  fv_split_dataset (dataset, &(FvSplitParams){ .method = FV_SPLIT_PLACE, .folds = 5, .fold = 2 }, &result, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (result.n_groups, ==, 10);
  g_assert_cmpuint (result.n_pictures[FV_SUBSET_VAL], ==, 20);
  for (guint i = 0; i < 100; i++)
    {
      g_assert_cmpuint (g_array_index (result.folds, guint, i), ==, g_array_index (result.folds, guint, i % 10));
      g_assert_cmpint (fv_dataset_get (dataset, i)->subset, ==,
                       g_array_index (result.folds, guint, i) == 2 ? FV_SUBSET_VAL : FV_SUBSET_TRAIN);
    }
}

/* Pictures as a camera writes them, through the import: the newest validate; those of one place stay together. */
static void
test_camera (void)
{
  g_autoptr (GError) error = NULL;
  const char *folder = fv_test_folder ();
  /* Four places, some 100 km from each other, five pictures in each, a few meters apart; an hour between two pictures. */
  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *name = g_strdup_printf ("images/%02u.jpg", i);
      g_autofree char *label = g_strdup_printf ("labels/%02u.txt", i);
      g_autofree char *time = g_strdup_printf ("2024:05:%02u %02u:00:00", 1 + i / 8, i % 8 * 2);
      fv_test_jpeg_taken (folder, name, 32, 32, 10 * i, time, NULL, 50 + i % 4, 10 + i / 4 * 1e-5);
      fv_test_write (folder, label, "0 0.5 0.5 0.2 0.2\n");
    }
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  FvDataset *dataset = report->dataset;
  g_assert_cmpuint (dataset->items->len, ==, 20);

  g_assert_true (fv_split_dataset (dataset, &(FvSplitParams){ .method = FV_SPLIT_TIME, .val = 0.2 }, NULL, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < 20; i++)
    g_assert_cmpint (fv_dataset_get (dataset, i)->subset, ==, i < 16 ? FV_SUBSET_TRAIN : FV_SUBSET_VAL);

  g_assert_true (fv_split_dataset (dataset, &(FvSplitParams){ .method = FV_SPLIT_PLACE, .val = 0.25 }, NULL, &error));
  g_assert_no_error (error);
  guint n_val = 0;
  for (guint i = 0; i < 20; i++)
    {
      g_assert_cmpint (fv_dataset_get (dataset, i)->subset, ==, fv_dataset_get (dataset, i % 4)->subset);
      n_val += fv_dataset_get (dataset, i)->subset == FV_SUBSET_VAL;
    }
  g_assert_cmpuint (n_val, ==, 5);
}

/* Soft blobs, of their own for each @scene; saved at another quality it is another file that shows the same. */
static void
write_scene (const char *folder, const char *name, guint scene, int quality)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (scene);
  g_autofree guint8 *pixels = g_malloc (64 * 64);
  double blobs[10][4];
  unsigned char *jpeg = NULL;
  unsigned long size = 0;
  tjhandle compressor = tjInitCompress ();
  for (guint b = 0; b < G_N_ELEMENTS (blobs); b++)
    for (guint k = 0; k < 4; k++)
      blobs[b][k] = g_rand_double (random);
  for (guint i = 0; i < 64 * 64; i++)
    {
      double value = 40;
      for (guint b = 0; b < G_N_ELEMENTS (blobs); b++)
        {
          const double u = i % 64 / 64. - blobs[b][0], v = i / 64 / 64. - blobs[b][1],
                       radius = 0.05 + 0.15 * blobs[b][2];
          value += 150 * blobs[b][3] * exp (-(u * u + v * v) / (radius * radius));
        }
      pixels[i] = (guint8)CLAMP (value, 0, 255);
    }
  g_assert_cmpint (tjCompress2 (compressor, pixels, 64, 0, 64, TJPF_GRAY, &jpeg, &size, TJSAMP_GRAY, quality, 0), ==,
                   0);
  fv_test_write_data (folder, name, jpeg, size);
  tjFree (jpeg);
  tjDestroy (compressor);
}

/* What is nearly the same is not parted by the split that an import ends with, nor from what the project has. */
static void
test_import_near (void)
{
  g_autoptr (GError) error = NULL;
  const char *folder = fv_test_folder (), *later = fv_test_folder ();
  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *name = g_strdup_printf ("%02u.jpg", i), *label = g_strdup_printf ("%02u.txt", i);
      write_scene (folder, name, i / 2, i % 2 == 0 ? 95 : 60);
      fv_test_write (folder, label, "0 0.5 0.5 0.2 0.2\n");
      if (i % 2 != 0)
        continue;
      write_scene (later, name, i / 2, 80);
      fv_test_write (later, label, "0 0.5 0.5 0.2 0.2\n");
    }
  g_autoptr (FvProject) project = fv_test_project ();
  g_autoptr (FvImportReport) first = fv_import (project, folder, &(FvImportParams){ 0 }, &error);
  g_assert_no_error (error);
  g_assert_true (first->split);
  g_assert_cmpuint (first->n_in_subset[FV_SUBSET_VAL], ==, 8);
  for (guint i = 0; i < 40; i += 2)
    g_assert_cmpint (fv_dataset_get (first->dataset, i)->subset, ==, fv_dataset_get (first->dataset, i + 1)->subset);
  g_autoptr (FvImportReport) second = fv_import (project, later, &(FvImportParams){ 0 }, &error);
  g_assert_no_error (error);
  g_assert_true (second->split);
  for (guint i = 0; i < 20; i++)
    g_assert_cmpint (fv_dataset_get (second->dataset, i)->subset, ==, fv_dataset_get (first->dataset, 2 * i)->subset);
}

int
main (int argc, char **argv)
{
  fv_test_isolate ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dataset/split/table", test_table);
  g_test_add_func ("/dataset/split/time", test_time);
  g_test_add_func ("/dataset/split/place-and-folds", test_place_and_folds);
  g_test_add_func ("/dataset/split/balance", test_balance);
  g_test_add_func ("/dataset/split/deterministic", test_deterministic);
  g_test_add_func ("/dataset/split/same-content", test_same_content);
  g_test_add_func ("/dataset/split/small-and-kept", test_small_and_kept);
  g_test_add_func ("/dataset/split/camera", test_camera);
  g_test_add_func ("/dataset/split/import-near", test_import_near);
  return g_test_run ();
}

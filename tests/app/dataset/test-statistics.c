/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-coco-figures.h"
#include "app/dataset/fv-crowding.h"
#include "app/dataset/fv-statistics.h"

#include <math.h>
#include <string.h>

static FvItem *
add_picture (FvDataset *dataset, const char *hash, guint width, guint height, FvSubset subset)
{
  FvItem *item = fv_item_new ();
  item->hash = g_strdup (hash);
  item->width = width;
  item->height = height;
  item->subset = subset;
  fv_dataset_add (dataset, item);
  return item;
}

static void
add_box (FvItem *item, guint class_id, double x1, double y1, double x2, double y2)
{
  const FvBox box = { class_id, x1, y1, x2, y2 };
  g_array_append_val (item->boxes, box);
}

static void
test_spread (void)
{
  double values[] = { 40, 10, 30, 20, 50 };
  FvSpread spread;
  fv_spread_take (&spread, values, 5);
  g_assert_cmpfloat (spread.min, ==, 10);
  g_assert_cmpfloat_with_epsilon (spread.p10, 14, 1e-12);
  g_assert_cmpfloat (spread.median, ==, 30);
  g_assert_cmpfloat_with_epsilon (spread.p90, 46, 1e-12);
  g_assert_cmpfloat (spread.max, ==, 50);
  g_assert_cmpfloat (spread.mean, ==, 30);
  fv_spread_take (&spread, values, 1);
  g_assert_cmpfloat (spread.p10, ==, 10);
  g_assert_cmpfloat (spread.p90, ==, 10);
  fv_spread_take (&spread, values, 0);
  g_assert_true (isnan (spread.min) && isnan (spread.median) && isnan (spread.mean));
}

static void
test_nothing (void)
{
  g_autoptr (FvDataset) dataset = fv_dataset_new (NULL);
  g_autoptr (FvStatistics) statistics = fv_statistics_new (dataset, NULL);
  g_autoptr (GPtrArray) comparisons = fv_coco_compare (statistics, NULL);
  g_assert_cmpuint (statistics->images, ==, 0);
  g_assert_cmpuint (statistics->imgsz, ==, 640);
  g_assert_true (isnan (statistics->entropy) && isnan (statistics->ratio) && isnan (statistics->scale.median));
  g_assert_cmpuint (comparisons->len, >, 10);
}

/* 1,023, 1,024, 9,216 and 9,217 square pixels: where small, medium and large begin. */
static void
test_counts (void)
{
  const char *const names[] = { "a", "b", "never", NULL };
  static const double heights[] = { 1023, 1024, 9216, 9217 };
  g_autoptr (FvDataset) dataset = fv_dataset_new (names);
  for (guint i = 0; i < 4; i++)
    {
      FvItem *item = add_picture (dataset, (char[]){ (char)('0' + i), 0 }, i == 0 ? 9 : 20000, 20000,
                                  i < 3 ? FV_SUBSET_TRAIN : FV_SUBSET_TEST);
      add_box (item, 0, 0, 0, 1, heights[i]);
      add_box (item, 0, 0, 0, 1, heights[i]);
      if (i == 2)
        add_box (item, 1, 0, 0, 1, heights[i]);
    }
  add_picture (dataset, "3", 20000, 20000, FV_SUBSET_TEST);
  /* Two pages of one file are two pictures. */
  add_picture (dataset, "4", 20000, 20000, FV_SUBSET_NONE);
  add_picture (dataset, "4", 20000, 20000, FV_SUBSET_NONE)->reading.page = 1;
  g_array_append_val (fv_dataset_get (dataset, 6)->ignored, ((FvBox){ 0, 1, 1, 2, 2 }));

  g_autoptr (FvStatistics) all = fv_statistics_new (dataset, NULL);
  g_assert_cmpuint (all->images, ==, 7);
  g_assert_cmpuint (all->backgrounds, ==, 3);
  g_assert_cmpuint (all->boxes, ==, 9);
  g_assert_cmpuint (all->ignored, ==, 1);
  g_assert_cmpuint (all->sizes.small, ==, 2);
  g_assert_cmpuint (all->sizes.medium, ==, 5);
  g_assert_cmpuint (all->sizes.large, ==, 2);
  g_assert_cmpuint (all->repeated, ==, 1);
  g_assert_cmpuint (all->tiny, ==, 1);
  g_assert_cmpuint (all->single_class, ==, 3);
  g_assert_cmpfloat (all->classes_in_image, ==, 1.25);
  g_assert_cmpuint (all->tall, ==, 9);
  g_assert_cmpuint (all->wide, ==, 0);
  g_assert_cmpuint (all->touching, ==, 9);
  g_assert_cmpuint (all->overlapping, ==, 8);
  g_assert_cmpuint (all->n_sizes, ==, 2);
  g_assert_cmpuint (all->common_width, ==, 20000);
  g_assert_cmpuint (all->common_images, ==, 6);
  const FvClassStatistics *a = &g_array_index (all->classes, FvClassStatistics, 0);
  g_assert_cmpstr (a->name, ==, "a");
  g_assert_cmpuint (a->images, ==, 4);
  g_assert_cmpuint (a->boxes, ==, 8);
  const double entropy = -(8 / 9.0 * log2 (8 / 9.0) + 1 / 9.0 * log2 (1 / 9.0));
  g_assert_cmpfloat_with_epsilon (all->entropy, entropy, 1e-12);
  g_assert_cmpfloat_with_epsilon (all->evenness, entropy / log2 (3), 1e-12);
  g_assert_cmpfloat (all->ratio, ==, 8);

  const FvSubset test = FV_SUBSET_TEST;
  g_autoptr (FvStatistics) part = fv_statistics_new (dataset, &(FvStatisticsParams){ .subset = &test });
  g_assert_cmpuint (part->images, ==, 2);
  g_assert_cmpuint (part->boxes, ==, 2);
}

static void
test_places_and_sizes (void)
{
  const char *const names[] = { "a", NULL };
  g_autoptr (FvDataset) dataset = fv_dataset_new (names);
  FvItem *item = add_picture (dataset, "0", 1600, 800, FV_SUBSET_TRAIN);
  add_box (item, 0, 0, 0, 100, 50);        /* first cell */
  add_box (item, 0, 1500, 700, 1600, 800); /* last cell */
  add_box (item, 0, 750, 390, 850, 410);   /* the middle */
  g_autoptr (FvStatistics) s = fv_statistics_new (dataset, &(FvStatisticsParams){ .imgsz = 320 });
  g_assert_cmpuint (s->heat[0][0], ==, 1);
  g_assert_cmpuint (s->heat[15][15], ==, 1);
  g_assert_cmpuint (s->heat[8][8], ==, 1);
  g_assert_cmpuint (s->central, ==, 1);
  g_assert_cmpuint (s->wide, ==, 1);
  g_assert_cmpfloat_with_epsilon (s->narrow.max, 20, 1e-9);
  g_assert_cmpfloat_with_epsilon (s->narrow.min, 4, 1e-9);
  g_assert_cmpfloat_with_epsilon (s->scale.max, 100 / sqrt (1600 * 800), 1e-12);
  g_assert_cmpuint (s->sizes.large, ==, 1);
  g_assert_cmpuint (s->sizes_at_imgsz.small, ==, 3);
  g_assert_cmpfloat (s->evenness, ==, 1);
}

/* Against every pair. */
static void
test_crowding (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (7);
  for (guint round = 0; round < 200; round++)
    {
      g_autoptr (GArray) boxes = g_array_new (FALSE, FALSE, sizeof (FvBox));
      const guint n = (guint)g_rand_int_range (random, 0, 30);
      for (guint i = 0; i < n; i++)
        {
          const double x = g_rand_int_range (random, 0, 40), y = g_rand_int_range (random, 0, 40);
          const FvBox box = { (guint)g_rand_int_range (random, 0, 2), x, y, x + g_rand_int_range (random, 1, 20),
                              y + g_rand_int_range (random, 1, 20) };
          g_array_append_val (boxes, box);
        }
      guint touching = 0, overlapping = 0;
      for (guint i = 0; i < n; i++)
        {
          gboolean touches = FALSE, overlaps = FALSE;
          for (guint k = 0; k < n; k++)
            {
              const FvBox *a = &g_array_index (boxes, FvBox, i), *b = &g_array_index (boxes, FvBox, k);
              const double width = MIN (a->x2, b->x2) - MAX (a->x1, b->x1);
              const double height = MIN (a->y2, b->y2) - MAX (a->y1, b->y1);
              if (i == k || width <= 0 || height <= 0)
                continue;
              const double common = width * height;
              const double whole = (a->x2 - a->x1) * (a->y2 - a->y1) + (b->x2 - b->x1) * (b->y2 - b->y1) - common;
              touches = TRUE;
              overlaps = overlaps || (a->class_id == b->class_id && common / whole > FV_CROWDING_OVERLAP);
            }
          touching += touches;
          overlapping += overlaps;
        }
      FvCrowding crowding;
      fv_crowding_count (boxes, &crowding);
      g_assert_cmpuint (crowding.touching, ==, touching);
      g_assert_cmpuint (crowding.overlapping, ==, overlapping);
    }
}

static void
test_coco (void)
{
  guint64 sum = 0;
  for (guint i = 0; i < FV_COCO_N_CLASSES; i++)
    sum += fv_coco_get_classes ()[i].boxes;
  g_assert_cmpuint (sum, ==, FV_COCO_BOXES);
  g_assert_cmpuint (fv_coco_find_class ("Traffic_light")->boxes, ==, 12842);
  g_assert_null (fv_coco_find_class ("platelet"));

  const struct
  {
    FvComparisonKind kind;
    double here, coco;
    const char *words;
  } cases[] = {
    { FV_COMPARISON_COUNT, 100, 105, "about as in COCO" },
    { FV_COMPARISON_RATIO, 21, 10, "2.1 times that of COCO" },
    { FV_COMPARISON_RATIO, 1, 25, "COCO has 25 times that" },
    { FV_COMPARISON_COUNT, 0, 25, "none, unlike COCO" },
    { FV_COMPARISON_SHARE, 0.5, 0.41, "9 percentage points more than in COCO" },
    { FV_COMPARISON_SHARE, 0.3, 0.41, "11 percentage points less than in COCO" },
    { FV_COMPARISON_SHARE, 0.42, 0.41, "about as in COCO" },
    { FV_COMPARISON_SHARE, NAN, 0.41, "nothing to compare" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *words = fv_coco_describe_difference (cases[i].kind, cases[i].here, cases[i].coco);
      g_assert_cmpstr (words, ==, cases[i].words);
    }
}

/* The first two look alike, the next two are the same file, the fifth can't be read, the last is alone. */
static void
test_content (void)
{
  static const char *const hashes[] = { "a", "b", "c", "c", "d", "e" };
  static const guint64 looks[]
      = { 0xf0f0f0f0f0f0f0f0u, 0xf0f0f0f0f0f0f0f1u, 0x1234567812345678u, 0x1234567812345678u, 0, 0xffff0000ffff0000u };
  FvMeasure all[6] = { 0 };
  const FvMeasures measures = { 6, all };
  const FvSubset val = FV_SUBSET_VAL;
  g_autoptr (FvDataset) dataset = fv_dataset_new (NULL);
  FvContent content;
  for (guint i = 0; i < 6; i++)
    {
      add_picture (dataset, hashes[i], 640, 480, i == 5 ? FV_SUBSET_VAL : FV_SUBSET_TRAIN);
      all[i].readable = i != 4;
      all[i].hash = looks[i];
      all[i].brightness = all[i].red = (float)(0.1 * (i + 1));
      all[i].contrast = 0.25f;
      for (guint k = 0; k < G_N_ELEMENTS (all[i].thumbnail); k++)
        all[i].thumbnail[k] = (guint8)(((looks[i] | 1) >> k & 1) != 0 ? 200 : k % 16);
    }
  fv_content_take (&content, dataset, &measures, NULL);
  g_assert_cmpuint (content.measured, ==, 5);
  g_assert_cmpfloat_with_epsilon (content.brightness.median, 0.3, 1e-6);
  g_assert_cmpfloat_with_epsilon (content.red, 1.6 / 5, 1e-6);
  g_assert_cmpfloat_with_epsilon (content.contrast.max, 0.25, 1e-6);
  g_assert_cmpuint (content.near_duplicates, ==, 1);
  fv_content_take (&content, dataset, &measures, &val);
  g_assert_cmpuint (content.measured, ==, 1);
  g_assert_cmpuint (content.near_duplicates, ==, 0);
  g_assert_cmpfloat_with_epsilon (content.red, 0.6, 1e-6);

  const FvSubset test = FV_SUBSET_TEST;
  fv_content_take (&content, dataset, &measures, &test);
  g_assert_cmpuint (content.measured, ==, 0);
  g_assert_true (isnan (content.red) && isnan (content.brightness.mean));
}

/* A million boxes, of which one picture has a hundred thousand, in a heap. */
static void
test_many (void)
{
  const char *const names[] = { "a", "b", NULL };
  g_autoptr (FvDataset) dataset = fv_dataset_new (names);
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  for (guint i = 0; i < 90001; i++)
    {
      FvItem *item = add_picture (dataset, NULL, 640, 480, FV_SUBSET_TRAIN);
      for (guint k = 0; k < (i == 0 ? 100000 : 10); k++)
        {
          const double x = g_rand_double_range (random, 0, 500), y = g_rand_double_range (random, 0, 400);
          add_box (item, k % 2, x, y, x + g_rand_double_range (random, 1, 140),
                   y + g_rand_double_range (random, 1, 80));
        }
    }
  g_test_timer_start ();
  g_autoptr (FvStatistics) statistics = fv_statistics_new (dataset, NULL);
  const double seconds = g_test_timer_elapsed ();
  g_assert_cmpuint (statistics->boxes, ==, 1000010 - 10);
  g_test_message ("%.1f seconds", seconds);
  g_assert_cmpfloat (seconds, <, 60);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dataset/statistics/spread", test_spread);
  g_test_add_func ("/dataset/statistics/nothing", test_nothing);
  g_test_add_func ("/dataset/statistics/counts", test_counts);
  g_test_add_func ("/dataset/statistics/places-and-sizes", test_places_and_sizes);
  g_test_add_func ("/dataset/statistics/crowding", test_crowding);
  g_test_add_func ("/dataset/statistics/coco", test_coco);
  g_test_add_func ("/dataset/statistics/content", test_content);
  g_test_add_func ("/dataset/statistics/many", test_many);
  return g_test_run ();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-anchors.h"

#include <math.h>
#include <string.h>

static GArray *
new_boxes (void)
{
  return g_array_new (FALSE, FALSE, sizeof (FvAnchorSize));
}

static void
add (GArray *boxes, double width, double height)
{
  const FvAnchorSize size = { (float)width, (float)height };
  g_array_append_val (boxes, size);
}

/* Boxes of three kinds that YOLOv5's anchors hardly fit: thin, tall and tiny ones. */
static GArray *
make_poor (guint n, guint seed)
{
  GArray *boxes = new_boxes ();
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  for (guint i = 0; i < n; i++)
    {
      const double factor = g_rand_double_range (random, 0.7, 1.4), other = g_rand_double_range (random, 0.7, 1.4);
      if (i % 3 == 0)
        add (boxes, 400 * factor, 9 * other);
      else if (i % 3 == 1)
        add (boxes, 6 * factor, 300 * other);
      else
        add (boxes, 40 * factor, 40 * other);
    }
  return boxes;
}

static void
test_collect (void)
{
  g_autoptr (FvDataset) dataset = fv_dataset_new ((const char *const[]){ "a", NULL });
  for (guint i = 0; i < 2; i++)
    {
      FvItem *item = fv_item_new ();
      const FvBox box = { 0, 100, 100, 200, 150 };
      item->width = 500;
      item->height = 1000;
      item->subset = i == 0 ? FV_SUBSET_TRAIN : FV_SUBSET_VAL;
      g_array_append_val (item->boxes, box);
      fv_dataset_add (dataset, item);
    }
  g_autoptr (GArray) all = fv_anchors_collect (dataset, NULL, 320);
  g_autoptr (GArray) val = fv_anchors_collect (dataset, &(FvSubset){ FV_SUBSET_VAL }, 320);
  g_assert_cmpuint (all->len, ==, 2);
  g_assert_cmpuint (val->len, ==, 1);
  g_assert_cmpfloat_with_epsilon (g_array_index (val, FvAnchorSize, 0).width, 32, 1e-4);
  g_assert_cmpfloat_with_epsilon (g_array_index (val, FvAnchorSize, 0).height, 16, 1e-4);
}

/* 30 x 30: which of the nine are less than four times larger or smaller in both sides can be told by hand. */
static void
test_fit (void)
{
  FvAnchors anchors;
  FvAnchorFit fit;
  g_autoptr (GArray) boxes = new_boxes ();
  fv_anchors_get_coco (&anchors);
  g_assert_cmpfloat (anchors.sizes[0].width, ==, 10);
  g_assert_cmpfloat (anchors.sizes[8].height, ==, 326);
  fv_anchors_fit (boxes, &anchors, FV_ANCHORS_THRESHOLD, &fit);
  g_assert_true (isnan (fit.best_possible_recall) && isnan (fit.anchors_per_box));
  add (boxes, 30, 30); /* all but 156x198, 373x326: 116 x 90 is below 120 */
  add (boxes, 2, 2);   /* none */
  fv_anchors_fit (boxes, &anchors, FV_ANCHORS_THRESHOLD, &fit);
  g_assert_cmpfloat (fit.best_possible_recall, ==, 0.5);
  g_assert_cmpfloat (fit.anchors_per_box, ==, 3.5);
  /* Exactly four times is too much. */
  g_array_set_size (boxes, 0);
  add (boxes, 2.5, 13);
  fv_anchors_fit (boxes, &anchors, FV_ANCHORS_THRESHOLD, &fit);
  g_assert_cmpfloat (fit.best_possible_recall, ==, 0);
}

static void
test_evolve (void)
{
  FvAnchors coco, first, second, other;
  FvAnchorFit before, after;
  g_autoptr (GArray) boxes = make_poor (3000, 1);
  fv_anchors_get_coco (&coco);
  fv_anchors_fit (boxes, &coco, FV_ANCHORS_THRESHOLD, &before);
  g_assert_cmpfloat (before.best_possible_recall, <, 0.7);
  g_assert_true (fv_anchors_evolve (boxes, &(FvAnchorParams){ .imgsz = 640 }, &first));
  fv_anchors_fit (boxes, &first, FV_ANCHORS_THRESHOLD, &after);
  g_assert_cmpfloat (after.best_possible_recall, >, 0.999);
  for (guint i = 1; i < FV_ANCHORS_N; i++)
    g_assert_cmpfloat (first.sizes[i - 1].width * first.sizes[i - 1].height, <=,
                       first.sizes[i].width * first.sizes[i].height);

  g_assert_true (fv_anchors_evolve (boxes, &(FvAnchorParams){ .imgsz = 640 }, &second));
  g_assert_cmpmem (&first, sizeof first, &second, sizeof second);
  g_assert_true (fv_anchors_evolve (boxes, &(FvAnchorParams){ .imgsz = 640, .seed = 1 }, &other));
  g_assert_cmpint (memcmp (&first, &other, sizeof first), !=, 0);
}

/* Where boxes are too few or too much alike, nothing hangs and nothing is made up of NAN. */
static void
test_odd (void)
{
  FvAnchors anchors, coco;
  g_autoptr (GArray) boxes = new_boxes ();
  fv_anchors_get_coco (&coco);
  anchors = coco;
  for (guint i = 0; i < FV_ANCHORS_N - 1; i++)
    add (boxes, 50 + i, 50);
  add (boxes, 1, 1.5); /* too small to count */
  g_assert_false (fv_anchors_evolve (boxes, &(FvAnchorParams){ .imgsz = 640 }, &anchors));
  g_assert_cmpmem (&anchors, sizeof anchors, &coco, sizeof coco);

  /* One size only; two sizes only: k-means has no nine means. */
  for (guint kind = 1; kind <= 2; kind++)
    {
      g_array_set_size (boxes, 0);
      for (guint i = 0; i < 100; i++)
        add (boxes, 50 + i % kind, 60 - i % kind);
      g_assert_true (fv_anchors_evolve (boxes, &(FvAnchorParams){ .imgsz = 640, .generations = 50 }, &anchors));
      for (guint i = 0; i < FV_ANCHORS_N; i++)
        g_assert_true (anchors.sizes[i].width >= 2 && anchors.sizes[i].height >= 2
                       && isfinite (anchors.sizes[i].width * anchors.sizes[i].height));
    }
}

static void
test_many (void)
{
  FvAnchors anchors;
  FvAnchorFit fit;
  g_autoptr (GArray) boxes = make_poor (1000000, 2);
  g_test_timer_start ();
  g_assert_true (fv_anchors_evolve (boxes, &(FvAnchorParams){ .imgsz = 640 }, &anchors));
  fv_anchors_fit (boxes, &anchors, FV_ANCHORS_THRESHOLD, &fit);
  const double seconds = g_test_timer_elapsed ();
  g_test_message ("%.1f seconds", seconds);
  g_assert_cmpfloat (fit.best_possible_recall, >, 0.999);
  g_assert_cmpfloat (seconds, <, 120);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/training/anchors/collect", test_collect);
  g_test_add_func ("/training/anchors/fit", test_fit);
  g_test_add_func ("/training/anchors/evolve", test_evolve);
  g_test_add_func ("/training/anchors/odd", test_odd);
  g_test_add_func ("/training/anchors/many", test_many);
  return g_test_run ();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/evaluation/fv-matching.h"

#include <glib.h>

static FvTruth
truth (guint class_id, double x1, double y1, double x2, double y2)
{
  return (FvTruth){ .x1 = x1, .y1 = y1, .x2 = x2, .y2 = y2, .class_id = class_id };
}

/* A detection whose best box is taken gets none in v7.0, and the second best in COCO. */
static void
test_the_difference (void)
{
  const FvTruth truths[] = { truth (0, 0, 0, 10, 10), truth (0, 0, 2, 10, 12) };
  const FvDetection detections[] = { { 0, 0, 10, 10, 0.9f, 0 }, { 0, 0.5f, 10, 10.5f, 0.8f, 0 } };
  guint16 correct[2];
  fv_match_v7 (detections, 2, truths, 2, correct);
  g_assert_cmphex (correct[0], ==, 0x3ff);
  g_assert_cmphex (correct[1], ==, 0);

  const FvCocoDetection coco[] = { { 0, 0, 10, 10, 0.9, 0 }, { 0, 0.5, 10, 10, 0.8, 0 } };
  g_autoptr (GArray) matches = g_array_new (FALSE, FALSE, sizeof (FvCocoMatch));
  guint n_truths[1][FV_N_COCO_AREAS] = { 0 };
  fv_match_coco (coco, 2, truths, 2, 1, matches, n_truths);
  g_assert_cmpuint (matches->len, ==, 2);
  g_assert_cmphex (g_array_index (matches, FvCocoMatch, 0).matched & 0x3ff, ==, 0x3ff);
  /* IoU 8.5 / 11.5 = 0.739 */
  g_assert_cmphex (g_array_index (matches, FvCocoMatch, 1).matched & 0x3ff, ==, 0x1f);
  g_assert_cmpuint (n_truths[0][FV_COCO_ALL], ==, 2);
  g_assert_cmpuint (n_truths[0][FV_COCO_SMALL], ==, 2);
  g_assert_cmpuint (n_truths[0][FV_COCO_LARGE], ==, 0);
}

static void
test_v7_rules (void)
{
  const FvTruth truths[] = { truth (0, 0, 0, 10, 10), truth (1, 0, 0, 10, 10) };
  const FvDetection detections[] = {
    { 0, 0, 10, 8, 0.9f, 0 },  /* 0.8: takes the box up to there ... */
    { 0, 0, 10, 10, 0.8f, 0 }, /* ... and leaves it to this one above */
    { 0, 0, 10, 10, 0.7f, 2 }, /* a class that isn't there */
  };
  guint16 correct[3];
  fv_match_v7 (detections, 3, truths, 2, correct);
  /* 80 / (100 + 1e-7) in fp32 is 0.8, and so is torch's 0.95 - 3 * 0.05. */
  g_assert_cmphex (correct[0], ==, 0x7f);
  g_assert_cmphex (correct[1], ==, 0x380);
  g_assert_cmphex (correct[2], ==, 0);

  fv_match_v7 (NULL, 0, truths, 2, NULL);
  fv_match_v7 (detections, 3, NULL, 0, correct);
  g_assert_cmphex (correct[0] | correct[1] | correct[2], ==, 0);
}

static void
test_coco_crowds_and_sizes (void)
{
  FvTruth truths[] = { truth (0, 0, 0, 100, 100), truth (0, 200, 0, 220, 20) };
  truths[0].crowd = TRUE;
  const FvCocoDetection detections[] = {
    { 0, 0, 20, 20, 0.5, 0 }, /* inside the crowd: ignored, as is the next */
    { 30, 30, 20, 20, 0.9, 0 },
    { 200, 0, 20, 20, 0.8, 0 },  /* right, and small */
    { 400, 0, 200, 200, 0.7, 0 } /* wrong, and large */
  };
  g_autoptr (GArray) matches = g_array_new (FALSE, FALSE, sizeof (FvCocoMatch));
  guint n_truths[1][FV_N_COCO_AREAS] = { 0 };
  fv_match_coco (detections, 4, truths, 2, 1, matches, n_truths);
  g_assert_cmpuint (n_truths[0][FV_COCO_ALL], ==, 1);
  g_assert_cmpuint (n_truths[0][FV_COCO_SMALL], ==, 1);
  g_assert_cmpuint (n_truths[0][FV_COCO_MEDIUM], ==, 0);

  const FvCocoMatch *m = &g_array_index (matches, FvCocoMatch, 0);
  const guint64 all = 0x3ff, small = all << 10, large = all << 30;
  g_assert_cmpfloat (m[0].score, ==, 0.9);
  g_assert_cmphex (m[0].ignored & all, ==, all);
  g_assert_cmpfloat (m[1].score, ==, 0.8);
  g_assert_cmpuint (m[1].rank, ==, 1);
  g_assert_cmphex (m[1].matched & all, ==, all);
  g_assert_cmphex (m[1].ignored & all, ==, 0);
  g_assert_cmphex (m[1].ignored & small, ==, 0);
  g_assert_cmphex (m[1].ignored & large, ==, large);
  g_assert_cmphex (m[2].matched, ==, 0);
  g_assert_cmphex (m[2].ignored & all, ==, 0);
  g_assert_cmphex (m[2].ignored & small, ==, small);
  g_assert_cmphex (m[2].ignored & large, ==, 0);
  g_assert_cmphex (m[3].ignored & all, ==, all);
}

static void
test_coco_limit (void)
{
  FvCocoDetection detections[150];
  for (guint i = 0; i < 150; i++)
    detections[i] = (FvCocoDetection){ i * 20, 0, 10, 10, 0.001 * (i % 50), i < 120 ? 0 : 1 };
  g_autoptr (GArray) matches = g_array_new (FALSE, FALSE, sizeof (FvCocoMatch));
  guint n_truths[2][FV_N_COCO_AREAS] = { 0 };
  fv_match_coco (detections, 150, NULL, 0, 2, matches, n_truths);
  g_assert_cmpuint (matches->len, ==, 130);
  for (guint i = 1; i < 100; i++)
    {
      const FvCocoMatch *m = &g_array_index (matches, FvCocoMatch, i);
      g_assert_cmpfloat (m[-1].score, >=, m[0].score);
      g_assert_cmpuint (m[0].rank, ==, i);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/evaluation/matching/the-difference", test_the_difference);
  g_test_add_func ("/evaluation/matching/v7", test_v7_rules);
  g_test_add_func ("/evaluation/matching/coco/crowds-and-sizes", test_coco_crowds_and_sizes);
  g_test_add_func ("/evaluation/matching/coco/limit", test_coco_limit);
  return g_test_run ();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/app/dataset/test-import.h"

#define REST " -1 -1 -1 -1 -1 -1 -1"

/* One line of a label file for a picture of 100 x 80. */
static void
test_lines (void)
{
  static const struct
  {
    const char *text;
    guint n_boxes, n_ignored;
    const char *repaired, *rejected;
  } cases[] = {
    { "Car 0.00 0 -1.57 10 20 30.5 40" REST "\r\n\n", 1, 0, NULL, NULL },
    { "DontCare -1 -1 -10 10 20 30.5 40 -1 -1 -1 -1000 -1000 -1000 -10\nCar 0 0 0 10 20 30.5 40" REST
      "\nVan 0 0 0 11 20 30.5 40" REST,
      2, 2, NULL, NULL },
    { "DontCare 0 0 0 10 20 30 40" REST, 0, 0, NULL, NULL },
    { "Car\t0 0 0  10 20 30.5 40" REST, 1, 0, NULL, NULL },
    { "Car 0 0 0 10 20 130.5 40" REST, 1, 0, "beyond its picture", NULL },
    { "Car 0 0 0 10 20 30.5 40" REST " 0.9", 0, 0, NULL, "16 values" },
    { "Car 0 0 0 10 20 30.5", 0, 0, NULL, "7 values" },
    { "Car 0 0 0 10 20 x 40" REST, 0, 0, NULL, "'right', 'x'" },
    { "Car 0 0 0 10 20 nan 40" REST, 0, 0, NULL, "finite" },
    { "Car 0 0 0 10 20 10 40" REST, 0, 0, NULL, "no area" },
    { "DontCare 0 0 0 10 20 10 40" REST "\nCar 0 0 0 10 20 30.5 40" REST "\nVan 0 0 0 11 20 30.5 40" REST, 2, 0, NULL,
      "no area" },
    { "C\001r 0 0 0 10 20 30 40" REST, 0, 0, NULL, "can't be the name" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *folder = fv_test_folder ();
      fv_test_jpeg (folder, "training/image_2/p.jpg", 100, 80, 1, 0);
      fv_test_write (folder, "training/label_2/p.txt", cases[i].text);
      g_test_message ("%s", cases[i].text);
      g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ .format = "kitti" });
      const FvItem *item = fv_test_item (report, "training/image_2/p.jpg");
      g_assert_cmpuint (item->boxes->len, ==, cases[i].n_boxes);
      g_assert_cmpuint (item->ignored->len, ==, cases[i].n_ignored);
      if (cases[i].n_boxes > 0 && cases[i].repaired == NULL)
        fv_test_assert_box (item, 0, 0, 10, 20, 30.5, 40);
      g_assert_cmpuint (report->repaired->len, ==, cases[i].repaired != NULL);
      g_assert_cmpuint (report->rejected->len, ==, cases[i].rejected != NULL);
      if (cases[i].repaired != NULL)
        fv_test_assert_row (report->repaired, "label_2/p.txt", 1, cases[i].repaired);
      if (cases[i].rejected != NULL)
        fv_test_assert_row (report->rejected, "label_2/p.txt", 1, cases[i].rejected);
    }
}

/* KITTI's "training" is no split; "testing" has no labels and stays out; calibration is none. */
static void
test_folders (void)
{
  const char *folder = fv_test_folder ();
  fv_test_jpeg (folder, "training/image_2/a.jpg", 100, 80, 1, 0);
  fv_test_jpeg (folder, "training/image_2/b.jpg", 100, 80, 2, 0);
  fv_test_jpeg (folder, "testing/image_2/a.jpg", 100, 80, 3, 0);
  fv_test_write (folder, "training/label_2/a.txt", "Car 0 0 0 10 20 30 40" REST "\nVan 0 0 0 1 2 3 4" REST "\n");
  fv_test_write (folder, "training/label_2/lost.txt", "Car 0 0 0 10 20 30 40" REST "\n");
  fv_test_write (folder, "training/calib/a.txt", "P0: 1 0 0 0 0 1 0 0 0 0 1 0\n");
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpstr (report->format, ==, "kitti");
  g_assert_cmpuint (report->dataset->items->len, ==, 2);
  g_assert_cmpuint (fv_test_item (report, "training/image_2/a.jpg")->boxes->len, ==, 2);
  g_assert_cmpuint (report->backgrounds, ==, 1);
  g_assert_true (report->split);
  g_assert_cmpuint (report->rejected->len, ==, 1);
  fv_test_assert_row (report->rejected, "label_2/lost.txt", 0, "no picture");
}

static void
test_other_places (void)
{
  const char *folder = fv_test_folder (), *images = fv_test_folder ();
  fv_test_jpeg (folder, "images/val/a.jpg", 100, 80, 1, 0);
  fv_test_write (folder, "labels/val/a.txt", "road_sign 0 0 0 10 20 30 40" REST "\n");
  g_autoptr (FvImportReport) tao = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpstr (tao->format, ==, "kitti");
  g_assert_cmpint (fv_test_item (tao, "images/val/a.jpg")->subset, ==, FV_SUBSET_VAL);
  g_assert_cmpuint (fv_dataset_count_boxes (tao->dataset), ==, 1);

  fv_test_jpeg (images, "a.jpg", 100, 80, 1, 0);
  g_autoptr (FvImportReport) apart = fv_test_import (folder, &(FvImportParams){ .images = images });
  g_assert_cmpuint (fv_test_item (apart, "a.jpg")->boxes->len, ==, 1);

  fv_test_write_data (folder, "labels/val/a.txt", "Car\0", 4);
  fv_test_jpeg (folder, "images/val/b.jpg", 100, 80, 2, 0);
  fv_test_write (folder, "labels/val/b.txt", "road_sign 0 0 0 10 20 30 40" REST "\n");
  g_autoptr (FvImportReport) binary = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpuint (binary->dataset->items->len, ==, 1);
  fv_test_assert_row (binary->rejected, "labels/val/a.txt", 0, "not text");
}

static void
test_fixtures (void)
{
  const char *detection = fv_test_data ("formats/datumaro/tests/assets/kitti_dataset/kitti_detection");
  if (detection == NULL)
    return;
  g_autoptr (FvImportReport) report = fv_test_import (detection, &(FvImportParams){ 0 });
  g_assert_cmpuint (fv_dataset_count_boxes (report->dataset), ==, 5);
  g_assert_cmpuint (report->rejected->len, ==, 0);
  fv_test_assert_box (fv_test_item (report, "training/image_2/000030_10.png"), 0, 0, 0, 1, 2, 3);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dataset/import/kitti/lines", test_lines);
  g_test_add_func ("/dataset/import/kitti/folders", test_folders);
  g_test_add_func ("/dataset/import/kitti/other-places", test_other_places);
  g_test_add_func ("/dataset/import/kitti/fixtures", test_fixtures);
  return g_test_run ();
}

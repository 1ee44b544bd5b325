/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/app/dataset/test-import.h"

static void
write_file (const char *folder, const char *name, const char *image, guint width, guint height, const char *shapes)
{
  g_autofree char *text
      = g_strdup_printf ("{\"version\":\"5.0.1\",\"flags\":{},\"shapes\":[\n%s],\n\"imagePath\":\"%s\","
                         "\"imageData\":null,\"imageHeight\":%u,\"imageWidth\":%u}",
                         shapes, image, height, width);
  fv_test_write (folder, name, text);
}

static void
test_shapes (void)
{
  const char *folder = fv_test_folder ();
  fv_test_jpeg (folder, "a.jpg", 200, 100, 1, 0);
  write_file (folder, "a.json", "a.jpg", 200, 100,
              "{\"label\":\"dog\",\"shape_type\":\"rectangle\",\"points\":[[50,40],[10.5,20]]},\n"
              "{\"label\":\"cat\",\"points\":[[1,2],[30,4],[5,60]]},\n"
              "{\"label\":\"cat\",\"shape_type\":\"circle\",\"points\":[[50,50],[53,54]]},\n"
              "{\"label\":\"__ignore__\",\"shape_type\":\"rectangle\",\"points\":[[0,0],[9,9]]},\n"
              "{\"label\":\"cat\",\"shape_type\":\"rotation\",\"points\":[[10,0],[20,10],[10,20],[0,10]]},\n"
              "{\"label\":\"cat\",\"shape_type\":\"mask\",\"points\":[[3,4],[5,6]],\"mask\":\"iVBORw0KGgo=\"},\n"
              "{\"label\":\"cat\",\"shape_type\":\"point\",\"points\":[[3,4]]},\n"
              "{\"label\":\"cat\",\"shape_type\":\"linestrip\",\"points\":[[3,4],[5,6]]},\n"
              "{\"label\":\"cat\",\"shape_type\":\"cube\",\"points\":[[3,4],[5,6]]},\n"
              "{\"label\":\"cat\",\"shape_type\":\"rectangle\",\"points\":[[3,4],[5,\"6\"]]},\n"
              "{\"label\":\"cat\",\"shape_type\":\"rectangle\",\"points\":[]},\n"
              "{\"label\":\"cat\",\"shape_type\":\"circle\",\"points\":[[3,4]]},\n"
              "{\"label\":\"cat\",\"shape_type\":\"rectangle\"},\n"
              "{\"shape_type\":\"rectangle\",\"points\":[[3,4],[5,6]]},\n"
              "{\"label\":\"a\\nb\",\"shape_type\":\"rectangle\",\"points\":[[3,4],[5,6]]},\n"
              "{\"label\":\"cat\",\"shape_type\":\"rectangle\",\"points\":[[3,4],[3,6]]},\n"
              "{\"label\":\"cat\",\"shape_type\":\"rectangle\",\"points\":[[190,4],[220,6]]},\n"
              "[1],7");
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  const FvItem *item = fv_test_item (report, "a.jpg");
  g_assert_cmpstr (report->format, ==, "labelme");
  g_assert_cmpstr (report->dataset->class_names[0], ==, "cat");
  g_assert_cmpuint (report->dataset->n_classes, ==, 2);
  g_assert_cmpuint (item->boxes->len, ==, 6);
  fv_test_assert_box (item, 0, 1, 10.5, 20, 50, 40);
  fv_test_assert_box (item, 1, 0, 1, 2, 30, 60);
  fv_test_assert_box (item, 2, 0, 45, 45, 55, 55);
  fv_test_assert_box (item, 3, 0, 0, 0, 20, 20);
  fv_test_assert_box (item, 4, 0, 3, 4, 5, 6);
  fv_test_assert_box (item, 5, 0, 190, 4, 200, 6);
  g_assert_cmpuint (item->ignored->len, ==, 1);
  fv_test_assert_row (report->repaired, "a.json", 6, "turned");
  fv_test_assert_row (report->rejected, "a.json", 8, "line or a point");
  fv_test_assert_row (report->rejected, "a.json", 9, "line or a point");
  fv_test_assert_row (report->rejected, "a.json", 10, "'cube'");
  for (guint line = 11; line <= 14; line++)
    fv_test_assert_row (report->rejected, "a.json", line, "no points");
  fv_test_assert_row (report->rejected, "a.json", 15, "no class");
  fv_test_assert_row (report->rejected, "a.json", 16, "control characters");
  fv_test_assert_row (report->rejected, "a.json", 17, "no area");
  fv_test_assert_row (report->repaired, "a.json", 18, "20.0 pixels beyond");
  fv_test_assert_row (report->rejected, "a.json", 19, "can't be read");
  g_assert_cmpuint (report->rejected->len, ==, 12);
  g_assert_cmpuint (report->repaired->len, ==, 2);
}

static void
test_files (void)
{
  static const char *const box = "{\"label\":\"cat\",\"shape_type\":\"rectangle\",\"points\":[[10,20],[50,30]]}";
  const char *folder = fv_test_folder ();
  fv_test_jpeg (folder, "train/a.jpg", 200, 100, 1, 6);
  write_file (folder, "train/a.json", "a.jpg", 200, 100, box);
  fv_test_jpeg (folder, "val/images/b.jpg", 200, 100, 2, 0);
  write_file (folder, "val/labels/b1.json", "..\\\\images\\\\b.jpg", 200, 100, box);
  write_file (folder, "val/labels/b2.json", "../images/b.jpg", 200, 100, box);
  write_file (folder, "val/labels/c.json", "c.jpg", 200, 100, box);
  fv_test_write (folder, "val/labels/d.json", "{\"shapes\":[]}");
  fv_test_write (folder, "val/labels/other.json", "{\"a\":[]}");
  fv_test_jpeg (folder, "val/e.jpg", 200, 100, 3, 0);
  fv_test_write (folder, "val/e.json", "{\"shapes\":[\n");
  fv_test_jpeg (folder, "val/f.jpg", 200, 100, 4, 0);
  fv_test_write (folder, "val/f.json", "{\"a\":1}");
  fv_test_jpeg (folder, "val/g.jpg", 200, 100, 5, 0);
  fv_test_write (folder, "val/g.json", "");
  fv_test_jpeg (folder, "val/h.jpg", 200, 100, 6, 0);
  fv_test_write (folder, "val/h.json", "{\"shapes\":[]}");
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpuint (report->dataset->items->len, ==, 3);
  g_assert_cmpuint (report->n_in_subset[FV_SUBSET_TRAIN], ==, 1);
  g_assert_cmpuint (report->n_in_subset[FV_SUBSET_VAL], ==, 2);
  g_assert_cmpuint (report->backgrounds, ==, 1);
  fv_test_assert_box (fv_test_item (report, "train/a.jpg"), 0, 0, 70, 10, 80, 50);
  fv_test_assert_box (fv_test_item (report, "val/images/b.jpg"), 0, 0, 10, 20, 50, 30);
  fv_test_assert_row (report->repaired, "a.json", 3, "turned along");
  fv_test_assert_row (report->rejected, "b2.json", 0, "has the annotation");
  fv_test_assert_row (report->rejected, "c.json", 0, "c.jpg");
  fv_test_assert_row (report->rejected, "d.json", 0, "names none");
  fv_test_assert_row (report->rejected, "e.json", 0, "line 2");
  fv_test_assert_row (report->rejected, "f.json", 0, "no 'shapes'");
  fv_test_assert_row (report->rejected, "g.json", 0, "empty");
  g_assert_cmpuint (report->rejected->len, ==, 6);
  g_assert_cmpuint (report->repaired->len, ==, 1);

  g_autofree char *file = g_build_filename (folder, "train/a.json", NULL);
  g_autoptr (FvImportReport) alone = fv_test_import (file, &(FvImportParams){ 0 });
  g_assert_cmpuint (alone->dataset->items->len, ==, 1);
}

/* A picture within the file is passed over, however large. */
static void
test_image_data (void)
{
  const char *folder = fv_test_folder ();
  g_autoptr (GString) text = g_string_new ("{\"imageData\":\"");
  fv_test_jpeg (folder, "a.jpg", 200, 100, 1, 0);
  for (guint i = 0; i < 9 << 20; i++)
    g_string_append_c (text, 'A');
  g_string_append (text, "\",\"shapes\":[{\"label\":\"cat\",\"points\":[[1,2],[30,4],[5,60]]}]}");
  fv_test_write (folder, "a.json", text->str);
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  fv_test_assert_box (fv_test_item (report, "a.jpg"), 0, 0, 1, 2, 30, 60);
}

static void
test_example (void)
{
  const char *folder = fv_test_data ("formats/labelme/examples/bbox_detection/data_annotated");
  if (folder == NULL)
    return;
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpuint (report->dataset->items->len, ==, 3);
  g_assert_cmpuint (report->rejected->len + report->repaired->len, ==, 0);
  g_assert_cmpuint (fv_test_item (report, "2011_000006.jpg")->boxes->len, ==, 4);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dataset/import/labelme/shapes", test_shapes);
  g_test_add_func ("/dataset/import/labelme/files", test_files);
  g_test_add_func ("/dataset/import/labelme/image-data", test_image_data);
  g_test_add_func ("/dataset/import/labelme/example", test_example);
  return g_test_run ();
}

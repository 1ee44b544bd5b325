/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/app/dataset/test-import.h"

static void
test_pictures (void)
{
  const char *folder = fv_test_folder ();
  fv_test_jpeg (folder, "train/a.jpg", 100, 80, 1, 0);
  fv_test_jpeg (folder, "val/b.jpg", 100, 80, 2, 0);
  fv_test_write (folder, "README.md", "Fields in spring");
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpstr (report->format, ==, "pictures");
  g_assert_cmpuint (report->backgrounds, ==, 2);
  g_assert_cmpint (fv_test_item (report, "val/b.jpg")->subset, ==, FV_SUBSET_VAL);
  g_assert_cmpuint (report->dataset->n_classes, ==, 0);

  /* One picture alone. */
  g_autofree char *one = g_build_filename (folder, "train", "a.jpg", NULL);
  g_autoptr (FvImportReport) alone = fv_test_import (one, &(FvImportParams){ 0 });
  g_assert_cmpuint (alone->dataset->items->len, ==, 1);
}

static void
assert_refused (const char *folder, const char *format, const char *reason)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvProject) project = fv_test_project ();
  g_assert_null (fv_import (project, folder, &(FvImportParams){ .format = format }, &error));
  g_test_message ("%s", error->message);
  g_assert_true (g_error_matches (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_FORMAT));
  g_assert_nonnull (strstr (error->message, reason));
}

/* What has labels, but no boxes that can be read, is known by its name. */
static void
test_refusals (void)
{
  static const struct
  {
    const char *name, *text, *reason;
  } cases[] = {
    { "train/labelTxt/a.txt", "0 0 2 2 2 2 0 0 label_0 0\n", "turned boxes" },
    { "train/a.tfrecord", "x", "TFRecord" },
    { "tracklet_labels.xml", "<?xml version='1.0'?><!DOCTYPE boost_serialization>\n<boost_serialization/>", "raw" },
    { "train/_classes.csv", "filename, cat, dog\na.jpg, 1, 0\n", "multi-class" },
    { "classes.csv", "ImageID,Source,LabelName,Confidence\na,x,/m/01,1\n", "image labels" },
    { "via.csv", "filename,file_size,region_count,region_id,region_shape_attributes,region_attributes\n",
      "VGG Image Annotator" },
    { "instance/a.json", "{}", "No labels of a known format" },
    { "boxes.csv", "filename,comment\na.jpg,nice\n", "No labels of a known format" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *folder = fv_test_folder ();
      fv_test_jpeg (folder, "train/images/a.jpg", 100, 80, 1, 0);
      fv_test_write (folder, cases[i].name, cases[i].text);
      assert_refused (folder, NULL, cases[i].reason);
    }
  const char *folder = fv_test_folder ();
  fv_test_jpeg (folder, "training/image_2/a.jpg", 100, 80, 1, 0);
  fv_test_jpeg (folder, "training/instance/a.jpg", 100, 80, 1, 0);
  assert_refused (folder, NULL, "KITTI's segmentation");
  /* Turned boxes, with the description of a YOLO dataset. */
  const char *turned = fv_test_folder ();
  fv_test_jpeg (turned, "train/images/a.jpg", 100, 80, 1, 0);
  fv_test_write (turned, "train/labelTxt/a.txt", "0 0 2 2 2 2 0 0 label_0 0\n");
  fv_test_write (turned, "data.yaml", "train: train/images\nnames: [a]\n");
  assert_refused (turned, NULL, "turned boxes");
  assert_refused (turned, "yolo", "turned boxes");
  /* As pictures they come in. */
  g_autoptr (FvImportReport) report = fv_test_import (turned, &(FvImportParams){ .format = "pictures" });
  g_assert_cmpuint (report->backgrounds, ==, 1);
}

static void
test_fixtures (void)
{
  static const struct
  {
    const char *folder, *reason;
  } cases[] = { { "roboflow_dataset/yolo_obb", "turned boxes" },
                { "roboflow_dataset/multiclass", "multi-class" },
                { "roboflow_dataset/tfrecord", "TFRecord" },
                { "kitti_dataset/kitti_raw", "raw tracks" },
                { "kitti_dataset/kitti_segmentation", "segmentation" } };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name = g_build_filename ("formats/datumaro/tests/assets", cases[i].folder, NULL);
      const char *folder = fv_test_data (name);
      if (folder == NULL)
        return;
      assert_refused (folder, NULL, cases[i].reason);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dataset/import/pictures/pictures", test_pictures);
  g_test_add_func ("/dataset/import/pictures/refusals", test_refusals);
  g_test_add_func ("/dataset/import/pictures/fixtures", test_fixtures);
  return g_test_run ();
}

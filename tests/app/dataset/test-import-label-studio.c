/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/app/dataset/test-import.h"

#define SIZE "\"original_width\":200,\"original_height\":100,\"image_rotation\":0,"
#define SIDES "\"x\":50,\"y\":50,\"width\":10,\"height\":20,"
#define REGION                                                                                                         \
  "{" SIZE "\"id\":\"r\",\"value\":{\"x\":10,\"y\":20,\"width\":30,\"height\":40,\"rotation\":0,"                      \
  "\"rectanglelabels\":[\""
#define END "\"]}}"

static const char *
make_folder (const char *text)
{
  const char *folder = fv_test_folder ();
  fv_test_jpeg (folder, "a.jpg", 200, 100, 1, 0);
  fv_test_jpeg (folder, "b c.jpg", 200, 100, 2, 0);
  fv_test_jpeg (folder, "1a2b3c4d-d.jpg", 200, 100, 3, 0);
  fv_test_jpeg (folder, "e.jpg", 200, 100, 4, 0);
  fv_test_write (folder, "it.json", text);
  return folder;
}

static void
test_regions (void)
{
  const char *folder = make_folder (
      "[{\"id\":1,\"data\":{\"title\":\"x\",\"image\":\"/data/upload/3/"
      "00ff00ff-a.jpg\"},\"annotations\":[{\"result\":[" REGION "cat" END ",\n"
      "{" SIZE "\"value\":{\"points\":[[1,2],[30,4],[5,60]],\"polygonlabels\":[\"dog\"]}},\n"
      "{" SIZE "\"value\":{\"x\":50,\"y\":50,\"radiusX\":10,\"radiusY\":20,\"ellipselabels\":[\"dog\"]}},\n"
      "{" SIZE "\"value\":{" SIDES "\"rotation\":90,\"rectanglelabels\":[\"dog\"]}},\n"
      "{" SIZE "\"value\":{\"x\":1,\"y\":1,\"width\":10,\"height\":20,\"rectanglelabels\":[\"cat\",\"dog\"]}},\n"
      "{" SIZE "\"type\":\"rectangle\",\"id\":\"k\",\"value\":{\"x\":60,\"y\":60,\"width\":10,\"height\":20}},\n"
      "{" SIZE "\"id\":\"k\",\"value\":{\"x\":60,\"y\":60,\"width\":10,\"height\":20,\"labels\":[\"cat\"]}},\n"
      "{\"type\":\"relation\",\"from_id\":\"k\",\"to_id\":\"r\"},\n"
      "{\"type\":\"choices\",\"value\":{\"choices\":[\"good\"]}},\n"
      "{" SIZE "\"value\":{\"x\":1,\"y\":1,\"width\":1,\"keypointlabels\":[\"nose\"]}},\n"
      "{" SIZE "\"value\":{\"format\":\"rle\",\"rle\":[1,2],\"brushlabels\":[\"dog\"]}},\n"
      "{" SIZE "\"type\":\"rectangle\",\"value\":{\"x\":60,\"y\":60,\"width\":10,\"height\":20}},\n"
      "{\"value\":{" SIDES "\"rotation\":5,\"rectanglelabels\":[\"cat\"]}},\n"
      "{\"image_rotation\":90,\"value\":{" SIDES "\"rectanglelabels\":[\"cat\"]}},\n"
      "{\"value\":{\"points\":[[1,\"2\"]],\"polygonlabels\":[\"dog\"]}},\n"
      "{\"value\":{" SIDES "\"rectanglelabels\":[5]}},7]}]}]");
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  const FvItem *item = fv_test_item (report, "a.jpg");
  g_assert_cmpstr (report->format, ==, "label-studio");
  g_assert_cmpstr (report->dataset->class_names[0], ==, "cat");
  g_assert_cmpstr (report->dataset->class_names[1], ==, "dog");
  g_assert_cmpuint (report->dataset->n_classes, ==, 2);
  g_assert_cmpuint (report->dataset->items->len, ==, 1);
  g_assert_cmpuint (item->boxes->len, ==, 7);
  fv_test_assert_box (item, 0, 0, 20, 20, 80, 60);
  fv_test_assert_box (item, 1, 1, 2, 2, 60, 60);
  fv_test_assert_box (item, 2, 1, 80, 30, 120, 70);
  /* 20 x 20 pixels, turned to the right around 100, 50. */
  fv_test_assert_box (item, 3, 1, 80, 50, 100, 70);
  fv_test_assert_box (item, 4, 0, 2, 1, 22, 21);
  fv_test_assert_box (item, 5, 1, 2, 1, 22, 21);
  fv_test_assert_box (item, 6, 0, 120, 60, 140, 80);
  fv_test_assert_row (report->repaired, "it.json", 1, "turned");
  fv_test_assert_row (report->rejected, "it.json", 1, "a point, a brush");
  fv_test_assert_row (report->rejected, "it.json", 1, "no class");
  fv_test_assert_row (report->rejected, "it.json", 1, "size isn't said");
  fv_test_assert_row (report->rejected, "it.json", 1, "turned in Label Studio");
  fv_test_assert_row (report->rejected, "it.json", 1, "no points");
  fv_test_assert_row (report->rejected, folder, 0, "3 pictures are named by no file");
  g_assert_cmpuint (report->rejected->len, ==, 8);
  g_assert_cmpuint (report->repaired->len, ==, 1);
}

static void
test_tasks (void)
{
  const char *folder = make_folder (
      "[{\"id\":1,\"data\":{\"image\":\"/data/local-files/?d=x/b%20c.jpg\"},\"annotations\":["
      "{\"updated_at\":\"2025-02-01\",\"result\":[" REGION "old" END "]},"
      "{\"updated_at\":\"2025-03-01\",\"result\":[" REGION "new" END "]},"
      "{\"updated_at\":\"2025-04-01\",\"was_cancelled\":true,\"result\":[" REGION "cancelled" END "]}]},\n"
      "{\"id\":2,\"data\":{\"image\":\"s3://bucket/1a2b3c4d-d.jpg\"},\"annotations\":["
      "{\"ground_truth\":true,\"updated_at\":\"2025-02-01\",\"result\":[" REGION "true" END "]},"
      "{\"updated_at\":\"2025-03-01\",\"result\":[" REGION "new" END "]}]},\n"
      "{\"id\":3,\"data\":{\"image\":\"http://host/e.jpg?token=1\"},\"completions\":[{\"result\":[]}]},\n"
      "{\"id\":4,\"data\":{\"image\":\"a.jpg\"},\"annotations\":[]},\n"
      "{\"id\":5,\"data\":{\"image\":\"a.jpg\"},\"annotations\":[{\"was_cancelled\":true,\"result\":[]}]},\n"
      "{\"id\":6,\"data\":{\"image\":\"none.jpg\"},\"annotations\":[{\"result\":[]}]},\n"
      "{\"id\":7,\"data\":{\"text\":\"a\"},\"annotations\":[{\"result\":[]}]},\n"
      "{\"id\":8,\"data\":{\"image\":\"e.jpg\"},\"annotations\":[{\"result\":[" REGION "new" END "]}]},\n"
      "7]");
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpuint (report->dataset->items->len, ==, 3);
  g_assert_cmpuint (report->backgrounds, ==, 0);
  g_assert_cmpstr (report->dataset->class_names[0], ==, "new");
  g_assert_cmpstr (report->dataset->class_names[1], ==, "true");
  g_assert_cmpuint (report->dataset->n_classes, ==, 2);
  fv_test_assert_box (fv_test_item (report, "b c.jpg"), 0, 0, 20, 20, 80, 60);
  fv_test_assert_box (fv_test_item (report, "1a2b3c4d-d.jpg"), 0, 1, 20, 20, 80, 60);
  fv_test_assert_box (fv_test_item (report, "e.jpg"), 0, 0, 20, 20, 80, 60);
  fv_test_assert_row (report->repaired, "it.json", 1, "2 times; the newest");
  fv_test_assert_row (report->repaired, "it.json", 2, "ground truth");
  fv_test_assert_row (report->rejected, "it.json", 4, "Nobody has annotated task 4");
  fv_test_assert_row (report->rejected, "it.json", 5, "Nobody has annotated task 5");
  fv_test_assert_row (report->rejected, "it.json", 6, "none.jpg");
  fv_test_assert_row (report->rejected, "it.json", 7, "names no picture");
  fv_test_assert_row (report->rejected, "it.json", 9, "can't be read");
}

/* The short form. */
static void
test_short (void)
{
  const char *folder = make_folder ("[{\"image\":\"/data/upload/1/a.jpg\",\"id\":1,\"label\":[{" SIZE
                                    "\"x\":10,\"y\":20,\"width\":30,\"height\":40,"
                                    "\"rotation\":0,\"rectanglelabels\":[\"cat\"]}],\"annotator\":1},\n"
                                    "{\"image\":\"/data/upload/1/e.jpg\",\"id\":2,\"annotator\":1}]");
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpstr (report->format, ==, "label-studio");
  g_assert_cmpuint (report->dataset->items->len, ==, 2);
  fv_test_assert_box (fv_test_item (report, "a.jpg"), 0, 0, 20, 20, 80, 60);
}

static void
test_faults (void)
{
  static const struct
  {
    const char *text, *told;
  } cases[] = {
    { "[{\"id\":1,\"data\":{},\"annotations\":[]},\n{\"id\"", "line 2" },
    { "[{\"id\":1,\"data\":{},\"annotations\":[]}", "line 1" },
    { "[]", "is Label Studio's JSON" },
    { "[{\"id\":1,\"data\":7,\"annotations\":[]}]", "is Label Studio's JSON" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (FvProject) project = fv_test_project ();
      g_autoptr (FvImportReport) report
          = fv_import (project, make_folder (cases[i].text), &(FvImportParams){ .format = "label-studio" }, &error);
      g_assert_null (report);
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, cases[i].told));
    }
}

/* Label Studio's own examples, with pictures of the names that they have. */
static void
test_examples (void)
{
  static const struct
  {
    const char *file, *picture;
    guint width, height, n_boxes, n_rejected;
  } cases[] = {
    { "test_export_coco/data.json", "test_image1.jpg", 500, 320, 2, 2 },
    { "test_export_yolo/data_keypoints.json", "image1.jpg", 216, 174, 1, 3 },
    { "test_export_yolo/data.json", NULL, 0, 0, 0, 2 },
    { "test_export_yolo/data_obb.json", NULL, 0, 0, 0, 3 },
    { "test_export_yolo/data_polygons.json", NULL, 0, 0, 0, 1 },
  };
  const char *above = fv_test_data ("formats/label-studio/tests/custom/converter/data");
  for (guint i = 0; above != NULL && i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_build_filename (above, cases[i].file, NULL);
      g_autofree char *text = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (FvProject) project = fv_test_project ();
      const char *folder = fv_test_folder ();
      g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
      fv_test_write (folder, "it.json", text);
      if (cases[i].picture != NULL)
        fv_test_jpeg (folder, cases[i].picture, cases[i].width, cases[i].height, 1, 0);
      g_autoptr (FvImportReport) report = fv_import (project, folder, &(FvImportParams){ 0 }, &error);
      if (cases[i].picture == NULL)
        {
          /* It names pictures without an ending, which aren't there. */
          g_assert_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_SOURCE);
          g_test_message ("%s", error->message);
          g_assert_nonnull (strstr (error->message, "There is no picture '/image"));
          continue;
        }
      g_assert_no_error (error);
      g_assert_cmpuint (fv_dataset_count_boxes (report->dataset), ==, cases[i].n_boxes);
      g_assert_cmpuint (report->rejected->len, ==, cases[i].n_rejected);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dataset/import/label-studio/regions", test_regions);
  g_test_add_func ("/dataset/import/label-studio/tasks", test_tasks);
  g_test_add_func ("/dataset/import/label-studio/short", test_short);
  g_test_add_func ("/dataset/import/label-studio/faults", test_faults);
  g_test_add_func ("/dataset/import/label-studio/examples", test_examples);
  return g_test_run ();
}

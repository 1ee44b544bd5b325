/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/app/dataset/test-import.h"

static const char *
make_folder (const char *text)
{
  const char *folder = fv_test_folder ();
  fv_test_jpeg (folder, "a.jpg", 200, 100, 1, 0);
  fv_test_jpeg (folder, "b.jpg", 200, 100, 2, 0);
  fv_test_write (folder, "it.json", text);
  return folder;
}

static void
test_centers (void)
{
  const char *folder
      = make_folder ("[{\"image\":\"a.jpg\",\"annotations\":[\n"
                     "{\"label\":\"dog\",\"coordinates\":{\"x\":50,\"y\":40,\"width\":20,\"height\":10}},\n"
                     "{\"label\":\"cat\",\"coordinates\":{\"x\":5,\"y\":5,\"width\":11,\"height\":10}},\n"
                     "{\"label\":\"\",\"coordinates\":{\"x\":5,\"y\":5,\"width\":11,\"height\":10}},\n"
                     "{\"coordinates\":{\"x\":5,\"y\":5,\"width\":11,\"height\":10}},\n"
                     "{\"label\":\"cat\",\"coordinates\":{\"x\":5,\"y\":5,\"width\":11}},\n"
                     "{\"label\":\"cat\",\"coordinates\":[5,5,11,2]},\n"
                     "{\"label\":\"cat\",\"coordinates\":{\"x\":\"5\",\"y\":5,\"width\":11,\"height\":2}},\n"
                     "{\"label\":\"cat\",\"coordinates\":{\"x\":5,\"y\":5,\"width\":0,\"height\":2}},\n"
                     "{\"label\":\"cat\",\"coordinates\":{\"x\":1e999,\"y\":5,\"width\":1,\"height\":2}},\n"
                     "7,{\"label\":3}]},\n"
                     "{\"imagefilename\":\"b.jpg\",\"annotation\":[]},\n"
                     "{\"image\":\"none.jpg\",\"annotations\":[]},\n"
                     "{\"annotations\":[]},\n"
                     "7,\n"
                     "{\"image\":\"a.jpg\",\"annotations\":[{\"label\":\"dog\",\"coordinates\":{\"x\":5,\"y\":5,"
                     "\"width\":2,\"height\":2}}]}]");
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  const FvItem *item = fv_test_item (report, "a.jpg");
  g_assert_cmpstr (report->format, ==, "createml");
  g_assert_cmpuint (report->dataset->items->len, ==, 2);
  g_assert_cmpuint (report->backgrounds, ==, 1);
  g_assert_cmpuint (item->boxes->len, ==, 3);
  fv_test_assert_box (item, 0, 0, 40, 35, 60, 45);
  fv_test_assert_box (item, 1, 1, 0, 0, 10.5, 10);
  /* The picture is named twice, and keeps both times' boxes. */
  fv_test_assert_box (item, 2, 0, 4, 4, 6, 6);
  for (guint line = 4; line <= 5; line++)
    fv_test_assert_row (report->rejected, "it.json", line, "no class");
  for (guint line = 6; line <= 8; line++)
    fv_test_assert_row (report->rejected, "it.json", line, "'coordinates'");
  fv_test_assert_row (report->rejected, "it.json", 9, "no area");
  fv_test_assert_row (report->rejected, "it.json", 10, "finite");
  fv_test_assert_row (report->rejected, "it.json", 11, "can't be read");
  fv_test_assert_row (report->rejected, "it.json", 11, "no class");
  fv_test_assert_row (report->rejected, "it.json", 13, "none.jpg");
  fv_test_assert_row (report->rejected, "it.json", 14, "names no picture");
  fv_test_assert_row (report->rejected, "it.json", 15, "can't be read");
  fv_test_assert_row (report->repaired, "it.json", 3, "0.5 pixels beyond");
  g_assert_cmpuint (report->rejected->len, ==, 12);
  g_assert_cmpuint (report->repaired->len, ==, 1);
}

/* Corners instead of centers: told by boxes that would reach beyond their pictures. */
static void
test_corners (void)
{
  const char *folder
      = make_folder ("[{\"image\":\"a.jpg\",\"annotations\":[\n"
                     "{\"label\":\"dog\",\"coordinates\":{\"x\":50,\"y\":40,\"width\":20,\"height\":10}},\n"
                     "{\"label\":\"cat\",\"coordinates\":{\"x\":0,\"y\":0,\"width\":100,\"height\":50}}]}]");
  g_autoptr (FvImportReport) corners = fv_test_import (folder, &(FvImportParams){ 0 });
  fv_test_assert_box (fv_test_item (corners, "a.jpg"), 0, 0, 50, 40, 70, 50);
  fv_test_assert_box (fv_test_item (corners, "a.jpg"), 1, 1, 0, 0, 100, 50);
  fv_test_assert_row (corners->repaired, folder, 0,
                      "as centers, 1 of them would reach beyond their pictures, as corners 0");

  /* As many reach beyond either way: Apple's meaning. */
  folder = make_folder ("[{\"image\":\"a.jpg\",\"annotations\":[\n"
                        "{\"label\":\"dog\",\"coordinates\":{\"x\":190,\"y\":40,\"width\":20,\"height\":10}},\n"
                        "{\"label\":\"cat\",\"coordinates\":{\"x\":5,\"y\":5,\"width\":20,\"height\":10}}]}]");
  g_autoptr (FvImportReport) centers = fv_test_import (folder, &(FvImportParams){ 0 });
  fv_test_assert_box (fv_test_item (centers, "a.jpg"), 0, 0, 180, 35, 200, 45);
  fv_test_assert_box (fv_test_item (centers, "a.jpg"), 1, 1, 0, 0, 15, 10);

  folder = make_folder ("[{\"image\":\"a.jpg\",\"annotations\":[\n"
                        "{\"label\":\"dog\",\"coordinates\":{\"x\":0.5,\"y\":0.5,\"width\":0.25,\"height\":1}}]}]");
  g_autoptr (FvImportReport) shares = fv_test_import (folder, &(FvImportParams){ 0 });
  fv_test_assert_box (fv_test_item (shares, "a.jpg"), 0, 0, 75, 0, 125, 100);
  fv_test_assert_row (shares->repaired, folder, 0, "shares of the picture");
}

static void
test_faults (void)
{
  static const struct
  {
    const char *text, *told;
  } cases[] = {
    { "[{\"image\":\"a.jpg\",\"annotations\":[]},\n{\"image\"", "line 2" },
    { "[{\"image\":\"a.jpg\",\"annotations\":[]}]\n]", "line 2" },
    { "[]", "is Create ML JSON" },
    { "{\"image\":\"a.jpg\",\"annotations\":[{}]}", "is Create ML JSON" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (FvProject) project = fv_test_project ();
      g_autoptr (FvImportReport) report
          = fv_import (project, make_folder (cases[i].text), &(FvImportParams){ .format = "createml" }, &error);
      g_assert_null (report);
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, cases[i].told));
    }
  /* A fault among the boxes of a picture: those behind it are missing, and a row says so. */
  const char *folder
      = make_folder ("[{\"image\":\"b.jpg\",\"annotations\":[]},{\"image\":\"a.jpg\",\"annotations\":[\n"
                     "{\"label\":\"dog\",\"coordinates\":{\"x\":50,\"y\":40,\"width\":20,\"height\":10}} {}]}]");
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  fv_test_assert_row (report->rejected, "it.json", 1, "comma");
}

/* Roboflow's pictures: the boxes that its other formats have, too. */
static void
test_roboflow (void)
{
  static const char *const others[] = { "coco", "voc", "yolo" };
  const char *folder = fv_test_data ("formats/datumaro/tests/assets/roboflow_dataset/createml");
  if (folder == NULL)
    return;
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpuint (fv_dataset_count_boxes (report->dataset), ==, 4);
  g_assert_cmpuint (report->n_in_subset[FV_SUBSET_TRAIN], ==, 2);
  g_assert_cmpuint (report->n_in_subset[FV_SUBSET_VAL], ==, 1);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_autofree char *above = g_path_get_dirname (folder);
      g_autofree char *path = g_build_filename (above, others[i], NULL);
      g_autoptr (FvImportReport) other = fv_test_import (path, &(FvImportParams){ 0 });
      g_assert_cmpuint (other->dataset->items->len, ==, 3);
      for (guint k = 0; k < 3; k++)
        {
          const FvItem *a = fv_dataset_get (report->dataset, k), *b = fv_dataset_get (other->dataset, k);
          /* One is a crowd in COCO's. */
          g_assert_cmpuint (a->boxes->len, ==, b->boxes->len + b->ignored->len);
          for (guint j = 0; j < a->boxes->len; j++)
            {
              const FvBox *x = &g_array_index (a->boxes, FvBox, j);
              const FvBox *y = j < b->boxes->len ? &g_array_index (b->boxes, FvBox, j)
                                                 : &g_array_index (b->ignored, FvBox, j - b->boxes->len);
              g_assert_cmpfloat_with_epsilon (x->x1, y->x1, 0.01);
              g_assert_cmpfloat_with_epsilon (x->y1, y->y1, 0.01);
              g_assert_cmpfloat_with_epsilon (x->x2, y->x2, 0.01);
              g_assert_cmpfloat_with_epsilon (x->y2, y->y2, 0.01);
            }
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dataset/import/createml/centers", test_centers);
  g_test_add_func ("/dataset/import/createml/corners", test_corners);
  g_test_add_func ("/dataset/import/createml/faults", test_faults);
  g_test_add_func ("/dataset/import/createml/roboflow", test_roboflow);
  return g_test_run ();
}

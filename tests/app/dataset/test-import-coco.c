/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-label-json.h"
#include "tests/app/dataset/test-import.h"

#define CATEGORIES "\"categories\":[{\"id\":7,\"name\":\"cat\"},{\"id\":3,\"name\":\"dog\"}]"

/* A file of COCO's with two pictures of 200 x 100, a.jpg and b.jpg, and these annotations. */
static void
write_coco (const char *folder, const char *name, const char *annotations)
{
  g_autofree char *text = g_strdup_printf (
      "{\"images\":[{\"id\":1,\"file_name\":\"a.jpg\",\"width\":200,\"height\":100},\n"
      "{\"id\":2,\"file_name\":\"b.jpg\",\"width\":200,\"height\":100}],\n" CATEGORIES ",\n\"annotations\":[\n%s]}",
      annotations);
  fv_test_write (folder, name, text);
}

static const char *
make_folder (const char *annotations)
{
  const char *folder = fv_test_folder ();
  fv_test_jpeg (folder, "images/a.jpg", 200, 100, 1, 0);
  fv_test_jpeg (folder, "images/b.jpg", 200, 100, 2, 0);
  write_coco (folder, "annotations/instances.json", annotations);
  return folder;
}

static void
assert_region (const FvItem *item, guint index, double x1, double y1, double x2, double y2)
{
  g_assert_cmpuint (item->ignored->len, >, index);
  const FvBox *box = &g_array_index (item->ignored, FvBox, index);
  g_assert_cmpfloat_with_epsilon (box->x1, x1, 1e-9);
  g_assert_cmpfloat_with_epsilon (box->y1, y1, 1e-9);
  g_assert_cmpfloat_with_epsilon (box->x2, x2, 1e-9);
  g_assert_cmpfloat_with_epsilon (box->y2, y2, 1e-9);
}

static void
test_annotations (void)
{
  const char *folder = make_folder (
      "{\"id\":1,\"image_id\":1,\"category_id\":3,\"bbox\":[10,20,30,40.5],\"iscrowd\":0,\"segmentation\":[[1,2,3,4,5,"
      "6]]},\n"
      "{\"id\":2,\"image_id\":1,\"category_id\":7,\"bbox\":[0,0,50,60],\"iscrowd\":1},\n"
      "{\"id\":3,\"image_id\":1,\"category_id\":7,\"segmentation\":[[5,6,50,7,20,40],[60,8,61,9,62,10]]},\n"
      "{\"id\":4,\"image_id\":\"1\",\"category_id\":7.0,\"bbox\":[1,1,2,2],\"iscrowd\":\"true\"},\n"
      "{\"id\":5,\"image_id\":1,\"category_id\":7,\"bbox\":[1,1,2,2],\"iscrowd\":\"false\"},\n"
      "{\"id\":6,\"image_id\":9,\"category_id\":7,\"bbox\":[1,1,2,2]},\n"
      "{\"id\":7,\"image_id\":1,\"category_id\":8,\"bbox\":[1,1,2,2]},\n"
      "{\"id\":8,\"image_id\":1,\"category_id\":7,\"bbox\":[1,1,2]},\n"
      "{\"id\":9,\"image_id\":1,\"category_id\":7,\"bbox\":[1,1,2,\"3\"]},\n"
      "{\"id\":10,\"image_id\":1,\"category_id\":7},\n"
      "{\"id\":11,\"image_id\":1,\"category_id\":7,\"bbox\":[1,1,0,3]},\n"
      "{\"id\":12,\"image_id\":1,\"category_id\":7,\"bbox\":[190,1,30,3]},\n"
      "{\"id\":13,\"image_id\":1,\"category_id\":7,\"segmentation\":{\"counts\":[1,2],\"size\":[3,1]}},\n"
      "{\"id\":14,\"category_id\":7,\"bbox\":[1,1,2,3]},\n"
      "7,\n"
      "{\"id\":15,\"image_id\":1,\"category_id\":7,\"bbox\":[1,1,2,3,]},\n"
      "{\"id\":16,\"image_id\":1,\"category_id\":7,\"bbox\":[1,1,1e999,3]}");
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  const FvItem *item = fv_test_item (report, "images/a.jpg");

  g_assert_cmpstr (report->format, ==, "coco");
  g_assert_cmpstr (report->dataset->class_names[0], ==, "cat");
  g_assert_cmpstr (report->dataset->class_names[1], ==, "dog");
  g_assert_cmpuint (report->dataset->n_classes, ==, 2);
  g_assert_cmpuint (report->backgrounds, ==, 1);
  g_assert_cmpuint (item->boxes->len, ==, 4);
  fv_test_assert_box (item, 0, 1, 10, 20, 40, 60.5);
  fv_test_assert_box (item, 1, 0, 5, 6, 62, 40);
  fv_test_assert_box (item, 2, 0, 1, 1, 3, 3);
  fv_test_assert_box (item, 3, 0, 190, 1, 200, 4);
  g_assert_cmpuint (item->ignored->len, ==, 2);
  assert_region (item, 0, 0, 0, 50, 60);
  assert_region (item, 1, 1, 1, 3, 3);
  /* The list begins in line 5. */
  fv_test_assert_row (report->rejected, "instances.json", 10, "image_id 9");
  fv_test_assert_row (report->rejected, "instances.json", 11, "category_id 8");
  fv_test_assert_row (report->rejected, "instances.json", 12, "[x, y, width, height]");
  fv_test_assert_row (report->rejected, "instances.json", 13, "[x, y, width, height]");
  fv_test_assert_row (report->rejected, "instances.json", 14, "no box and no polygon");
  fv_test_assert_row (report->rejected, "instances.json", 15, "no area");
  fv_test_assert_row (report->repaired, "instances.json", 16, "20.0 pixels beyond");
  fv_test_assert_row (report->rejected, "instances.json", 17, "no box and no polygon");
  fv_test_assert_row (report->rejected, "instances.json", 18, "image_id");
  fv_test_assert_row (report->rejected, "instances.json", 19, "can't be read");
  fv_test_assert_row (report->rejected, "instances.json", 20, "can't be read");
  fv_test_assert_row (report->rejected, "instances.json", 21, "finite");
  g_assert_cmpuint (report->rejected->len, ==, 11);
  g_assert_cmpuint (report->repaired->len, ==, 1);
}

static void
test_images (void)
{
  const char *folder = fv_test_folder ();
  fv_test_jpeg (folder, "a.jpg", 200, 100, 1, 0);
  fv_test_jpeg (folder, "sub/a.jpg", 200, 100, 2, 0);
  fv_test_jpeg (folder, "sub/c.jpg", 200, 100, 3, 6);
  fv_test_jpeg (folder, "rest.jpg", 200, 100, 4, 0);
  fv_test_write (folder, "it.json",
                 "{\"annotations\":[{\"image_id\":\"x\",\"category_id\":1,\"bbox\":[1,2,3,4]},\n"
                 "{\"image_id\":5,\"category_id\":1,\"bbox\":[10,20,40,10]},\n"
                 "{\"image_id\":6,\"category_id\":1,\"bbox\":[10,20,40,10]},\n"
                 "{\"image_id\":7,\"category_id\":2,\"bbox\":[10,20,40,10]},\n"
                 "{\"image_id\":7,\"category_id\":1,\"bbox\":[10,20,40,10]}],\n"
                 "\"images\":[{\"id\":\"x\",\"file_name\":\"C:\\\\data\\\\sub\\\\a.jpg\"},\n"
                 "{\"id\":5,\"file_name\":\"elsewhere/c.jpg\",\"width\":200,\"height\":100},\n"
                 "{\"id\":6,\"file_name\":\"none.jpg\"},\n"
                 "{\"id\":7,\"file_name\":\"./a.jpg\",\"width\":640,\"height\":480},\n"
                 "{\"id\":7,\"file_name\":\"a.jpg\"},\n"
                 "{\"file_name\":\"a.jpg\"},\n"
                 "{\"id\":8}],\n"
                 "\"categories\":[{\"id\":0,\"name\":\"project\",\"supercategory\":\"none\"},\n"
                 "{\"id\":1,\"name\":\"K\\u00e4se\",\"supercategory\":\"project\"},\n"
                 "{\"id\":2,\"name\":\"a\\nb\"},\n"
                 "{\"id\":1,\"name\":\"c\"},\n"
                 "{\"name\":\"d\"}]}");
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });

  g_assert_cmpuint (report->dataset->items->len, ==, 3);
  g_assert_cmpuint (report->dataset->n_classes, ==, 1);
  g_assert_cmpstr (report->dataset->class_names[0], ==, "Käse");
  fv_test_assert_box (fv_test_item (report, "sub/a.jpg"), 0, 0, 1, 2, 4, 6);
  /* As EXIF turns it. */
  fv_test_assert_box (fv_test_item (report, "sub/c.jpg"), 0, 0, 70, 10, 80, 50);
  fv_test_assert_box (fv_test_item (report, "a.jpg"), 0, 0, 10, 20, 50, 30);
  fv_test_assert_row (report->repaired, "it.json", 7, "turned along");
  fv_test_assert_row (report->repaired, "it.json", 9, "640 x 480");
  fv_test_assert_row (report->rejected, "it.json", 8, "none.jpg");
  fv_test_assert_row (report->rejected, "it.json", 10, "id 7 already");
  fv_test_assert_row (report->rejected, "it.json", 11, "no id");
  fv_test_assert_row (report->rejected, "it.json", 12, "no file_name");
  fv_test_assert_row (report->rejected, "it.json", 15, "control characters");
  fv_test_assert_row (report->rejected, "it.json", 4, "no class");
  fv_test_assert_row (report->rejected, "it.json", 16, "id 1 already");
  fv_test_assert_row (report->rejected, "it.json", 17, "no id");
  fv_test_assert_row (report->rejected, folder, 0, "1 picture is named by no file");
  g_assert_cmpuint (report->rejected->len, ==, 9);
}

/* Subsets by folders or by names of files; the same name in both. */
static void
test_subsets (void)
{
  const char *folder = fv_test_folder ();
  fv_test_jpeg (folder, "images/train2017/a.jpg", 200, 100, 1, 0);
  fv_test_jpeg (folder, "images/train2017/b.jpg", 200, 100, 2, 0);
  fv_test_jpeg (folder, "images/val2017/a.jpg", 200, 100, 3, 0);
  fv_test_jpeg (folder, "images/val2017/b.jpg", 200, 100, 4, 0);
  write_coco (folder, "annotations/instances_train2017.json",
              "{\"image_id\":1,\"category_id\":3,\"bbox\":[10,20,30,40]}");
  write_coco (folder, "annotations/instances_val2017.json", "{\"image_id\":2,\"category_id\":3,\"bbox\":[1,2,3,4]}");
  write_coco (folder, "annotations/person_keypoints_val2017.json",
              "{\"image_id\":2,\"category_id\":3,\"bbox\":[1,2,3,4],\"keypoints\":[1,2,2]}");
  fv_test_write (
      folder, "annotations/captions_val2017.json",
      "{\"images\":[{\"id\":1,\"file_name\":\"a.jpg\"}],\"annotations\":[{\"image_id\":1,\"caption\":\"A cat.\"}]}");
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpuint (report->n_in_subset[FV_SUBSET_TRAIN], ==, 2);
  g_assert_cmpuint (report->n_in_subset[FV_SUBSET_VAL], ==, 2);
  g_assert_cmpuint (fv_dataset_count_boxes (report->dataset), ==, 2);
  fv_test_assert_box (fv_test_item (report, "images/val2017/b.jpg"), 0, 1, 1, 2, 4, 6);
  fv_test_assert_row (report->rejected, "captions_val2017.json", 0, "captions");
  fv_test_assert_row (report->repaired, "person_keypoints_val2017.json", 0, "taken once");
  g_assert_cmpuint (report->rejected->len + report->repaired->len, ==, 2);

  folder = fv_test_folder ();
  fv_test_jpeg (folder, "train/a.jpg", 200, 100, 1, 0);
  fv_test_jpeg (folder, "train/b.jpg", 200, 100, 2, 0);
  fv_test_jpeg (folder, "valid/a.jpg", 200, 100, 3, 0);
  fv_test_jpeg (folder, "valid/b.jpg", 200, 100, 4, 0);
  write_coco (folder, "train/_annotations.coco.json", "{\"image_id\":1,\"category_id\":3,\"bbox\":[10,20,30,40]}");
  write_coco (folder, "valid/_annotations.coco.json", "{\"image_id\":1,\"category_id\":7,\"bbox\":[1,2,3,4]}");
  g_autoptr (FvImportReport) beside = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpuint (beside->n_in_subset[FV_SUBSET_TRAIN], ==, 2);
  g_assert_cmpuint (beside->n_in_subset[FV_SUBSET_VAL], ==, 2);
  fv_test_assert_box (fv_test_item (beside, "train/a.jpg"), 0, 1, 10, 20, 40, 60);
  fv_test_assert_box (fv_test_item (beside, "valid/a.jpg"), 0, 0, 1, 2, 4, 6);
}

/* One file, its pictures beside it or elsewhere; one picture in two files. */
static void
test_places (void)
{
  const char *folder = make_folder ("{\"image_id\":1,\"category_id\":3,\"bbox\":[10,20,30,40]}");
  g_autofree char *file = g_build_filename (folder, "annotations/instances.json", NULL);
  g_autofree char *images = g_build_filename (folder, "images", NULL);
  g_autofree char *annotations = g_build_filename (folder, "annotations", NULL);
  g_autoptr (FvImportReport) alone = fv_test_import (file, &(FvImportParams){ 0 });
  g_autoptr (FvImportReport) named = fv_test_import (annotations, &(FvImportParams){ .images = images });
  fv_test_assert_box (fv_test_item (alone, "images/a.jpg"), 0, 1, 10, 20, 40, 60);
  fv_test_assert_box (fv_test_item (named, "a.jpg"), 0, 1, 10, 20, 40, 60);

  write_coco (folder, "annotations/more.json", "{\"image_id\":1,\"category_id\":3,\"bbox\":[1,2,3,4]}");
  g_autoptr (FvImportReport) both = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpuint (fv_dataset_count_boxes (both->dataset), ==, 1);
  fv_test_assert_row (both->rejected, "more.json", 1, "instances.json' already");
}

/* What has no boxes is refused by its name, what is broken with the line. */
static void
test_refused (void)
{
  static const struct
  {
    const char *text, *told;
  } cases[] = {
    { "{\"images\":[{\"id\":1,\"file_name\":\"a.jpg\"}],\"annotations\":[{\"image_id\":1,\"caption\":\"A cat.\"}]}",
      "captions" },
    { "{\"images\":[{\"id\":1}],\"annotations\":[{\"image_id\":1,\"segments_info\":[{\"id\":1,\"bbox\":[1,2,3,4]}]}]}",
      "panoptic" },
    { "{\"images\":[{\"id\":1}],\"annotations\":[{\"image_id\":1,\"category_id\":1}]}", "whole pictures" },
    { "{\"images\":[{\"id\":1}],\"categories\":[]}", "without annotations" },
    { "{\"images\":[{\"id\":1}],\"annotations\":[],\"categories\":[]}", "without annotations" },
    { "[{\"image_id\":1,\"category_id\":1,\"bbox\":[1,2,3,4],\"score\":0.5}]", "network" },
    { "{\"images\":[{\"id\":1}],\n\"annotations\":[{\"image_id\":1,\"bbox\":[1,2,3,4]},\n", "line 3" },
    { "{\"images\":[{\"id\":1}],\n\"annotations\":[{\"image_id\":1,\"bbox\":[1,2,3,4]}]\n\"b\":1}", "line 3" },
    { "{\"images\" 1}", "colon" },
    { "", "empty" },
    { "{}", "is COCO JSON" },
    { "[[1]]", "is COCO JSON" },
    { "{\"annotations\":{\"bbox\":1}}", "is COCO JSON" },
    { "{\"images\":[1,2],\"annotations\":[3],\"categories\":[\"a\"]}", "whole pictures" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (FvProject) project = fv_test_project ();
      const char *folder = fv_test_folder ();
      fv_test_jpeg (folder, "a.jpg", 200, 100, 1, 0);
      fv_test_write (folder, "it.json", cases[i].text);
      g_autoptr (FvImportReport) report = fv_import (project, folder, &(FvImportParams){ .format = "coco" }, &error);
      g_assert_null (report);
      g_assert_true (error->domain == FV_IMPORT_ERROR);
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, cases[i].told));
      /* The same where the format isn't said, as far as the content says it. */
      if (i < 6)
        {
          g_autoptr (GError) unsaid = NULL;
          g_autoptr (FvImportReport) none = fv_import (project, folder, &(FvImportParams){ 0 }, &unsaid);
          g_assert_error (unsaid, FV_IMPORT_ERROR, FV_IMPORT_ERROR_FORMAT);
          g_assert_nonnull (strstr (unsaid->message, cases[i].told));
        }
    }
}

/* Bytes changed at random: whatever comes of it, it ends in a report or an error. */
static void
test_garbage (void)
{
  static const char bytes[] = "\0\n {}[]\":,\\/-+.0123456789eu\xff\xc3nt";
  g_autoptr (FvProject) project = fv_test_project ();
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  const char *folder = make_folder ("{\"image_id\":1,\"category_id\":3,\"bbox\":[10,20,30,40],\"iscrowd\":0},\n"
                                    "{\"image_id\":1,\"category_id\":7,\"segmentation\":[[5,6,50,7,20,40]]}");
  g_autofree char *path = g_build_filename (folder, "annotations/instances.json", NULL);
  g_autofree char *text = NULL;
  gsize size;
  g_assert_true (g_file_get_contents (path, &text, &size, NULL));
  for (guint i = 0; i < 300; i++)
    {
      g_autofree char *changed = g_memdup2 (text, size);
      for (guint k = 0; k < 1 + i % 4; k++)
        changed[g_rand_int_range (random, 0, (gint)size)] = bytes[g_rand_int_range (random, 0, sizeof bytes)];
      fv_test_write_data (folder, "annotations/instances.json", changed, size - (i % 7 == 6 ? i % 49 : 0));
      g_autoptr (GError) error = NULL;
      g_autoptr (FvImportReport) report
          = fv_import (project, folder, &(FvImportParams){ .format = "coco", .dry_run = TRUE }, &error);
      g_assert_true ((report == NULL) == (error != NULL));
      if (error != NULL)
        g_assert_true (g_utf8_validate (error->message, -1, NULL));
      for (guint k = 0; report != NULL && k < report->rejected->len; k++)
        g_assert_true (g_utf8_validate (((FvProblem *)g_ptr_array_index (report->rejected, k))->reason, -1, NULL));
    }
}

/* COCO's own 128 pictures: the same boxes as YOLO's file has them, and the crowds besides. */
static void
test_coco128 (void)
{
  const char *json = fv_test_data ("datasets/coco128_json"), *yolo = fv_test_data ("datasets/coco128");
  if (json == NULL || yolo == NULL)
    return;
  g_autoptr (FvImportReport) report = fv_test_import (json, &(FvImportParams){ .images = yolo });
  guint64 n_ignored = 0;
  for (guint i = 0; i < report->dataset->items->len; i++)
    n_ignored += fv_dataset_get (report->dataset, i)->ignored->len;
  g_assert_cmpuint (report->dataset->items->len, ==, 128);
  g_assert_cmpuint (report->dataset->n_classes, ==, 80);
  g_assert_cmpuint (fv_dataset_count_boxes (report->dataset), ==, 929);
  g_assert_cmpuint (n_ignored, ==, 10);
  g_assert_cmpuint (report->n_in_subset[FV_SUBSET_TRAIN], ==, 128);

  g_autoptr (FvImportReport) other = fv_test_import (yolo, &(FvImportParams){ 0 });
  guint n_equal = 0;
  for (guint i = 0; i < report->dataset->items->len; i++)
    {
      const FvItem *item = fv_dataset_get (report->dataset, i), *same = NULL;
      for (guint k = 0; same == NULL && k < other->dataset->items->len; k++)
        if (strcmp (fv_dataset_get (other->dataset, k)->path, item->path) == 0)
          same = fv_dataset_get (other->dataset, k);
      g_assert_nonnull (same);
      g_assert_cmpuint (same->boxes->len, ==, item->boxes->len);
      for (guint k = 0; k < item->boxes->len; k++)
        for (guint j = 0; j < same->boxes->len; j++)
          {
            const FvBox *a = &g_array_index (item->boxes, FvBox, k), *b = &g_array_index (same->boxes, FvBox, j);
            if (a->class_id == b->class_id && ABS (a->x1 - b->x1) < 0.01 && ABS (a->y1 - b->y1) < 0.01
                && ABS (a->x2 - b->x2) < 0.01 && ABS (a->y2 - b->y2) < 0.01)
              {
                n_equal++;
                break;
              }
          }
    }
  g_assert_cmpuint (n_equal, ==, 929);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dataset/import/coco/annotations", test_annotations);
  g_test_add_func ("/dataset/import/coco/images", test_images);
  g_test_add_func ("/dataset/import/coco/subsets", test_subsets);
  g_test_add_func ("/dataset/import/coco/places", test_places);
  g_test_add_func ("/dataset/import/coco/refused", test_refused);
  g_test_add_func ("/dataset/import/coco/garbage", test_garbage);
  g_test_add_func ("/dataset/import/coco/coco128", test_coco128);
  return g_test_run ();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <json-glib/json-glib.h>
#include <math.h>

#include "app/dataset/fv-importer.h"
#include "tests/app/dataset/test-import.h"

/*
 * All formats on data that other programs have made: how many boxes each has, counted here in the text of its files, or the sentence
 * that refuses it.
 */

#define ASSETS "formats/datumaro/tests/assets/"
#define STUDIO "formats/label-studio/tests/custom/converter/data/"
/* Regions that nobody cares for, too: those of the fixtures lie outside their pictures of 10 x 10. */
#define KITTI "(?m)^\\S+( \\S+){14}"
#define YOLO "(?m)^[0-9]+([ \\t]+[0-9.eE+-]+){4,}[ \\t\\r]*$"

static const struct
{
  const char *path, *images, *format;
  /* Which files hold boxes and what one looks like in them (NULL: COCO's JSON is read). */
  const char *files, *box;
  gboolean paired; /* only files that have a picture of their name count */
  guint boxes, ignored;
} rows[] = {
  { ASSETS "coco_dataset/coco", NULL, "coco", "*/instances_*.json", NULL, FALSE, 2, 1 },
  { ASSETS "coco_dataset/coco_instances", NULL, "coco", "*.json", NULL, FALSE, 2, 1 },
  { ASSETS "coco_dataset/coco_person_keypoints", NULL, "coco", "*.json", NULL, FALSE, 2, 1 },
  { ASSETS "coco_dataset/coco_roboflow", NULL, "coco", "*.json", NULL, FALSE, 2, 1 },
  { ASSETS "coco_dataset/mmdet_coco", NULL, "coco", "*.json", NULL, FALSE, 2, 1 },
  { ASSETS "cvat_dataset/for_images/export_project", NULL, "cvat", "*.xml", "<(box|polygon) ", FALSE, 6, 0 },
  { ASSETS "cvat_dataset/for_images/export_task", NULL, "cvat", "*.xml", "<(box|polygon) ", FALSE, 1, 0 },
  { ASSETS "cvat_dataset/for_video", NULL, "cvat", "*.xml", "<box frame=\"[0-9]+\" outside=\"0\"", FALSE, 1, 0 },
  { ASSETS "kitti_dataset/kitti_3d", NULL, "kitti", "*/label_2/*.txt", KITTI, FALSE, 0, 0 },
  { ASSETS "kitti_dataset/kitti_3d_with_subset", NULL, "kitti", "*/label_2/*.txt", KITTI, FALSE, 0, 0 },
  { ASSETS "kitti_dataset/kitti_detection", NULL, "kitti", "*/label_2/*.txt", KITTI, FALSE, 5, 0 },
  { ASSETS "labelme_dataset", NULL, "labelme-xml", "*.xml", "<deleted>0</deleted>", FALSE, 7, 0 },
  { ASSETS "roboflow_dataset/coco", NULL, "coco", "*.json", NULL, FALSE, 3, 1 },
  { ASSETS "roboflow_dataset/createml", NULL, "createml", "*.json", "\"coordinates\"", FALSE, 4, 0 },
  { ASSETS "roboflow_dataset/voc", NULL, "voc", "*.xml", "<object>", FALSE, 4, 0 },
  { ASSETS "roboflow_dataset/yolo", NULL, "yolo", "*.txt", YOLO, TRUE, 4, 0 },
  { ASSETS "voc_dataset/voc_dataset1", NULL, "voc", "*.xml", "<object>", FALSE, 2, 0 },
  { ASSETS "voc_dataset/voc_dataset3", NULL, "voc", "*.xml", "<object>", FALSE, 1, 0 },
  { ASSETS "vott_csv_dataset/dataset", NULL, "vott", "*.csv", "(?m)^\"img[0-9]+", FALSE, 1, 0 },
  { ASSETS "vott_csv_dataset/dataset_with_meta_file", NULL, "vott", "*.csv", "(?m)^\"img[0-9]+", FALSE, 0, 0 },
  { ASSETS "yolo_dataset/annotations", NULL, "yolo", "*.txt", YOLO, TRUE, 2, 0 },
  { ASSETS "yolo_dataset/labels", NULL, "yolo", "*.txt", YOLO, TRUE, 4, 0 },
  { ASSETS "yolo_dataset/strict", NULL, "yolo", "*.txt", YOLO, TRUE, 2, 0 },
  { STUDIO "test_import_yolo_data", NULL, "yolo", "*.txt", YOLO, TRUE, 25, 0 },
  { "formats/labelme/examples/bbox_detection", NULL, "labelme", "*.json", "\"shape_type\": \"rectangle\"", FALSE, 9,
    0 },
  { "formats/coco8/example_datasets/coco8", NULL, "yolo", "*.txt", YOLO, TRUE, 30, 0 },
  { "datasets/bccd", NULL, "voc", "*.xml", "<object>", FALSE, 4886, 0 },
  { "datasets/coco128", NULL, "yolo", "*.txt", YOLO, TRUE, 1827, 0 },
  { "datasets/coco128_json", "datasets/coco128", "coco", "*/instances_train2017.json", NULL, FALSE, 929, 10 },
};

static const struct
{
  const char *path, *text;
} refusals[] = {
  { ASSETS "coco_dataset/coco_captions", "It is COCO JSON of captions" },
  { ASSETS "coco_dataset/coco_image_info", "lists pictures without annotations" },
  { ASSETS "coco_dataset/coco_labels", "labels for whole pictures" },
  { ASSETS "coco_dataset/coco_panoptic", "panoptic segmentation" },
  { ASSETS "coco_dataset/coco_stuff", "It is COCO JSON of stuff" },
  { ASSETS "kitti_dataset/kitti_raw", "has KITTI's raw tracks" },
  { ASSETS "kitti_dataset/kitti_segmentation", "belongs to KITTI's segmentation" },
  { ASSETS "roboflow_dataset/multiclass", "but not where (multi-class CSV)" },
  { ASSETS "roboflow_dataset/tfrecord", "is a TFRecord of TensorFlow's" },
  { ASSETS "roboflow_dataset/yolo_obb", "has turned boxes (YOLO OBB, DOTA)" },
  /* Labels without their pictures. */
  { ASSETS "labelme_dataset/Annotations", "There is no picture for this annotation" },
  { ASSETS "voc_dataset/voc_dataset2", "There is no picture for this annotation" },
  { STUDIO "test_export_coco", "There is no picture 'test_image1.jpg'" },
  { STUDIO "test_export_yolo", "There is no picture" },
  { STUDIO "test_import_coco", "There is no picture 'image1.jpg'" },
  { "formats/map-reference/input", "No labels of a known format were found" },
};

static GHashTable *
list_stems (const GPtrArray *files)
{
  GHashTable *stems = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < files->len; i++)
    {
      g_autofree char *name = g_path_get_basename (g_ptr_array_index (files, i));
      if (fv_name_is_picture (name))
        g_hash_table_add (stems, fv_path_without_ending (name));
    }
  return stems;
}

static guint
count_matches (const char *text, const char *pattern)
{
  g_autoptr (GRegex) regex = g_regex_new (pattern, 0, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  guint n = 0;
  g_assert_nonnull (regex);
  for (g_regex_match (regex, text, 0, &match); g_match_info_matches (match); g_match_info_next (match, NULL))
    n++;
  return n;
}

static guint
count_coco (const char *text, guint *n_ignored)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  guint n = 0;
  g_assert_true (json_parser_load_from_data (parser, text, -1, NULL));
  JsonArray *list = json_object_get_array_member (json_node_get_object (json_parser_get_root (parser)), "annotations");
  for (guint i = 0; i < json_array_get_length (list); i++)
    {
      JsonObject *one = json_array_get_object_element (list, i);
      if (json_object_get_int_member_with_default (one, "iscrowd", 0) != 0)
        ++*n_ignored;
      else
        n++;
    }
  return n;
}

static guint
count_boxes (const char *folder, guint row, guint *n_ignored)
{
  g_autoptr (GPtrArray) files = fv_scan_folder (folder, NULL, NULL);
  g_autoptr (GHashTable) stems = list_stems (files);
  guint n = 0;
  *n_ignored = 0;
  for (guint i = 0; i < files->len; i++)
    {
      const char *path = g_ptr_array_index (files, i);
      g_autofree char *name = g_path_get_basename (path), *stem = fv_path_without_ending (name), *text = NULL;
      if (!g_pattern_match_simple (rows[row].files, path) || (rows[row].paired && !g_hash_table_contains (stems, stem)))
        continue;
      g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
      n += rows[row].box != NULL ? count_matches (text, rows[row].box) : count_coco (text, n_ignored);
    }
  return n;
}

/* Boxes that were left out, each with its row. */
static guint
count_refused (const FvImportReport *report)
{
  guint n = 0;
  for (guint i = 0; i < report->rejected->len; i++)
    {
      const FvProblem *row = g_ptr_array_index (report->rejected, i);
      n += row->line > 0
           && (g_str_has_prefix (row->reason, "The box ") || g_str_has_prefix (row->reason, "The shape has no label"));
    }
  return n;
}

static guint
count_ignored (const FvDataset *dataset)
{
  guint n = 0;
  for (guint i = 0; i < dataset->items->len; i++)
    n += fv_dataset_get (dataset, i)->ignored->len;
  return n;
}

static void
test_row (gconstpointer data)
{
  const guint row = GPOINTER_TO_UINT (data);
  const char *path = fv_test_data (rows[row].path);
  const char *images = path != NULL && rows[row].images != NULL ? fv_test_data (rows[row].images) : NULL;
  if (path == NULL || (rows[row].images != NULL && images == NULL))
    return;
  g_autoptr (FvImportReport) report = fv_test_import (path, &(FvImportParams){ .images = images, .dry_run = TRUE });
  guint n_ignored;
  const guint n = count_boxes (path, row, &n_ignored), n_boxes = (guint)fv_dataset_count_boxes (report->dataset);
  g_assert_cmpstr (report->format, ==, rows[row].format);
  g_assert_nonnull (report->why);
  g_assert_cmpuint (n_boxes, ==, rows[row].boxes);
  g_assert_cmpuint (n_boxes + count_refused (report), ==, n);
  g_assert_cmpuint (count_ignored (report->dataset), ==, rows[row].ignored);
  g_assert_cmpuint (n_ignored, ==, rows[row].ignored);
}

static void
test_refusal (gconstpointer data)
{
  const guint row = GPOINTER_TO_UINT (data);
  const char *path = fv_test_data (refusals[row].path);
  if (path == NULL)
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (FvProject) project = fv_test_project ();
  g_assert_null (fv_import (project, path, &(FvImportParams){ 0 }, &error));
  g_assert_cmpint (error->domain, ==, FV_IMPORT_ERROR);
  if (strstr (error->message, refusals[row].text) == NULL)
    g_error ("%s: %s", refusals[row].path, error->message);
}

/* Every folder of the fixtures is in one of the tables. */
static void
test_all (void)
{
  const char *assets = fv_test_data (ASSETS);
  if (assets == NULL)
    return;
  g_autoptr (GPtrArray) files = fv_scan_folder (assets, NULL, NULL);
  for (guint i = 0; i < files->len; i++)
    {
      const char *path = strstr (g_ptr_array_index (files, i), ASSETS);
      gboolean known = g_str_has_suffix (path, ".mp4");
      for (guint k = 0; k < G_N_ELEMENTS (rows); k++)
        known |= g_str_has_prefix (path, rows[k].path);
      for (guint k = 0; k < G_N_ELEMENTS (refusals); k++)
        known |= g_str_has_prefix (path, refusals[k].path);
      if (!known)
        g_error ("%s is in no row", path);
    }
}

/* Boxes equal by other formats */

/* The box of this class nearest to it: how far the farthest of its sides is off, in pixels. */
static double
distance (const FvImportReport *report, const GArray *boxes, const FvBox *box, const char *name)
{
  double best = INFINITY;
  for (guint i = 0; i < boxes->len; i++)
    {
      const FvBox *other = &g_array_index (boxes, FvBox, i);
      if (strcmp (report->dataset->class_names[other->class_id], name) == 0)
        best = MIN (best, MAX (MAX (fabs (box->x1 - other->x1), fabs (box->y1 - other->y1)),
                               MAX (fabs (box->x2 - other->x2), fabs (box->y2 - other->y2))));
    }
  return best;
}

static const char *
file_name (const FvItem *item)
{
  return strrchr (item->path, '/') + 1;
}

/* Each box of one is one of the other, within so many pixels. Pictures are known by the names of their files. */
static void
assert_equal (const FvImportReport *one, const FvImportReport *other, FvSubset subset, double within,
              guint n_as_ignored)
{
  g_autoptr (GHashTable) items = g_hash_table_new (g_str_hash, g_str_equal);
  guint n_compared = 0;
  for (guint i = 0; i < other->dataset->items->len; i++)
    {
      FvItem *item = fv_dataset_get (other->dataset, i);
      g_hash_table_insert (items, (char *)file_name (item), item);
    }
  for (guint i = 0; i < one->dataset->items->len; i++)
    {
      const FvItem *item = fv_dataset_get (one->dataset, i);
      if (subset != FV_SUBSET_NONE && item->subset != subset)
        continue;
      const FvItem *same = g_hash_table_lookup (items, file_name (item));
      g_assert_nonnull (same);
      g_assert_cmpint (same->subset, ==, item->subset);
      for (guint k = 0; k < item->boxes->len; k++)
        {
          const FvBox *box = &g_array_index (item->boxes, FvBox, k);
          const char *name = one->dataset->class_names[box->class_id];
          n_compared++;
          if (distance (other, same->boxes, box, name) <= within)
            continue;
          g_assert_cmpuint (n_as_ignored, >, 0);
          g_assert_cmpfloat (distance (other, same->ignored, box, name), <=, within);
          n_as_ignored--;
        }
    }
  g_assert_cmpuint (n_as_ignored, ==, 0);
  g_assert_cmpuint (n_compared, >, 0);
}

static void
test_roboflow (void)
{
  const char *path = fv_test_data (ASSETS "roboflow_dataset");
  if (path == NULL)
    return;
  static const char *const names[] = { "yolo", "voc", "createml" };
  g_autofree char *coco_path = g_build_filename (path, "coco", NULL),
                  *first_path = g_build_filename (path, "yolo", NULL);
  g_autoptr (FvImportReport) coco = fv_test_import (coco_path, &(FvImportParams){ .dry_run = TRUE });
  g_autoptr (FvImportReport) first = fv_test_import (first_path, &(FvImportParams){ .dry_run = TRUE });
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *other_path = g_build_filename (path, names[i], NULL);
      g_autoptr (FvImportReport) other = fv_test_import (other_path, &(FvImportParams){ .dry_run = TRUE });
      assert_equal (first, other, FV_SUBSET_NONE, 0.01, 0);
      assert_equal (other, first, FV_SUBSET_NONE, 0.01, 0);
      /* One in val is marked as a crowd there. */
      assert_equal (other, coco, FV_SUBSET_NONE, 0.01, 1);
    }
}

static void
test_coco128 (void)
{
  const char *path = fv_test_data ("datasets/coco128");
  const char *json = path != NULL ? fv_test_data ("datasets/coco128_json") : NULL;
  if (json == NULL)
    return;
  g_autoptr (FvImportReport) yolo = fv_test_import (path, &(FvImportParams){ .dry_run = TRUE });
  g_autoptr (FvImportReport) coco = fv_test_import (json, &(FvImportParams){ .images = path, .dry_run = TRUE });
  /* Hundredths of a pixel there, millionths of the picture here. */
  assert_equal (yolo, coco, FV_SUBSET_TRAIN, 0.02, 0);
  assert_equal (coco, yolo, FV_SUBSET_TRAIN, 0.02, 0);

  static const char *const backgrounds[] = { "000000000250.jpg", "000000000508.jpg" };
  guint n = 0;
  for (guint i = 0; i < yolo->dataset->items->len; i++)
    {
      const FvItem *item = fv_dataset_get (yolo->dataset, i);
      if (item->boxes->len == 0)
        g_assert_true (n < 2 && g_str_has_suffix (item->path, backgrounds[n++]));
    }
  g_assert_cmpuint (n, ==, 2);
  g_assert_cmpuint (yolo->backgrounds, ==, 2);
  fv_test_assert_row (yolo->rejected, "000000000656.txt", 0, "There is no picture for this label file");
  fv_test_assert_row (yolo->rejected, "000000000659.txt", 0, "There is no picture for this label file");
  g_assert_cmpuint (yolo->rejected->len, ==, 2);
}

static void
test_bccd (void)
{
  const char *path = fv_test_data ("datasets/bccd");
  if (path == NULL)
    return;
  g_autoptr (FvImportReport) report = fv_test_import (path, &(FvImportParams){ .dry_run = TRUE });
  fv_test_assert_row (report->rejected, "BloodImage_00338.xml", 163, "The box has no area");
  fv_test_assert_row (report->rejected, "BloodImage_00343.xml", 55, "The box has no area");
  g_assert_cmpuint (report->rejected->len, ==, 2);
  g_assert_cmpuint (report->dataset->items->len, ==, 364);
  g_assert_cmpuint (report->dataset->n_classes, ==, 3);
}

int
main (int argc, char *argv[])
{
  fv_test_isolate ();
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *name = g_strconcat ("/dataset/import/formats/", rows[i].path, NULL);
      g_test_add_data_func (name, GUINT_TO_POINTER (i), test_row);
    }
  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      g_autofree char *name = g_strconcat ("/dataset/import/refused/", refusals[i].path, NULL);
      g_test_add_data_func (name, GUINT_TO_POINTER (i), test_refusal);
    }
  g_test_add_func ("/dataset/import/all-fixtures", test_all);
  g_test_add_func ("/dataset/import/roboflow", test_roboflow);
  g_test_add_func ("/dataset/import/coco128", test_coco128);
  g_test_add_func ("/dataset/import/bccd", test_bccd);
  return g_test_run ();
}

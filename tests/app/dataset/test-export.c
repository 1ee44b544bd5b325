/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-export.h"

#include <glib/gstdio.h>
#include <png.h>

#include "app/dataset/fv-exporter.h"
#include "app/dataset/fv-picture.h"
#include "tests/app/dataset/test-import.h"

static const char *const class_names[] = { "red cell", "Käse & \"Brot\" <1>, 'x'", "never", NULL };

/* What the formats hold, by which a round trip is judged. */
static const struct
{
  const char *format;
  gboolean holds_classes; /* their order, and those without boxes */
  gboolean holds_ignored;
  gboolean ignored_have_class;
} formats[] = {
  { "yolo", .holds_classes = TRUE },
  { "coco", .holds_classes = TRUE, .holds_ignored = TRUE, .ignored_have_class = TRUE },
  { "voc" },
  { "labelme", .holds_ignored = TRUE },
  { "cvat", .holds_classes = TRUE },
  { "createml" },
  { "csv" },
};

/* (transfer full): as items have it. */
static char *
content_hash (const char *path)
{
  g_autofree char *text = NULL;
  gsize size;
  g_assert_true (g_file_get_contents (path, &text, &size, NULL));
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guint8 *)text, size);
}

static FvItem *
make_item (const char *folder, const char *name, guint width, guint height, guint shade, guint orientation,
           FvSubset subset)
{
  FvItem *item = fv_item_new ();
  item->path = g_strdup (fv_test_jpeg (folder, name, width, height, shade, orientation));
  item->name = g_strdup (name);
  item->hash = content_hash (item->path);
  item->orientation = MAX (orientation, 1);
  item->width = orientation >= 5 ? height : width;
  item->height = orientation >= 5 ? width : height;
  item->subset = subset;
  return item;
}

static void
add_box (GArray *boxes, guint class_id, double x1, double y1, double x2, double y2)
{
  const FvBox box = { class_id, x1, y1, x2, y2 };
  g_array_append_val (boxes, box);
}

/* Every orientation, names that are odd or the same, backgrounds, boxes at the edge and between pixels. */
static FvDataset *
make_dataset (void)
{
  static const char *const names[] = { "cam1/a.jpg",
                                       "cam2/A.JPG",
                                       "b c 1.jpg",
                                       "\xc3\xa4\xe2\x82\xac.jpeg",
                                       "x&'\"<>,;%s#1.jpg",
                                       "..hidden.jpg",
                                       "images/labels/t.jpg",
                                       "cam1/b.v2.jpg",
                                       "-o.jpg",
                                       "line\nend.jpg" };
  const char *folder = fv_test_folder ();
  FvDataset *dataset = fv_dataset_new (class_names);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      FvItem *item = make_item (folder, names[i], 200, 100, 10 * i, i % 9, FV_SUBSET_TRAIN + i % 3);
      if (i != 4)
        {
          add_box (item->boxes, 0, 10.25, 20, 30.1234567891, 40);
          add_box (item->boxes, 1, 0, 0, item->width, item->height);
          add_box (item->boxes, 0, 1.0 / 3, 2.0 / 3, 98.7, 99.9);
        }
      if (i == 2)
        add_box (item->ignored, 1, 5, 6, 70, 80);
      fv_dataset_add (dataset, item);
    }
  fv_dataset_sort (dataset);
  return dataset;
}

static char *
export_to (const FvDataset *dataset, const char *format, FvExportReport *report)
{
  g_autoptr (GError) error = NULL;
  char *output = g_build_filename (fv_test_folder (), "above", "out", NULL);
  fv_export_dataset (dataset, &(FvExportParams){ .format = format, .output = output }, report, &error);
  g_assert_no_error (error);
  return output;
}

/* The item of @dataset whose file has the same content as another's. */
static const FvItem *
item_by_content (const FvDataset *dataset, const FvItem *other)
{
  for (guint i = 0; i < dataset->items->len; i++)
    if (strcmp (fv_dataset_get (dataset, i)->hash, other->hash) == 0)
      return fv_dataset_get (dataset, i);
  g_error ("%s is no picture of the dataset", other->path);
}

static void
assert_boxes (const FvDataset *first, const GArray *boxes, const FvDataset *second, const GArray *others,
              gboolean have_class)
{
  g_assert_cmpuint (boxes->len, ==, others->len);
  for (guint i = 0; i < boxes->len; i++)
    {
      const FvBox *box = &g_array_index (boxes, FvBox, i), *other = &g_array_index (others, FvBox, i);
      if (have_class)
        g_assert_cmpstr (first->class_names[box->class_id], ==, second->class_names[other->class_id]);
      g_assert_cmpfloat_with_epsilon (box->x1, other->x1, 1e-6);
      g_assert_cmpfloat_with_epsilon (box->y1, other->y1, 1e-6);
      g_assert_cmpfloat_with_epsilon (box->x2, other->x2, 1e-6);
      g_assert_cmpfloat_with_epsilon (box->y2, other->y2, 1e-6);
    }
}

static guint
count_ignored (const FvDataset *dataset)
{
  guint n = 0;
  for (guint i = 0; i < dataset->items->len; i++)
    n += fv_dataset_get (dataset, i)->ignored->len;
  return n;
}

/* Out and in again: all pictures, subsets, sizes and boxes, without a row. */
static void
assert_round_trip (const FvDataset *dataset, guint row)
{
  FvExportReport report;
  g_autofree char *output = export_to (dataset, formats[row].format, &report);
  g_assert_cmpuint (report.images, ==, dataset->items->len);
  g_assert_cmpuint (report.boxes, ==, fv_dataset_count_boxes (dataset));
  g_assert_cmpuint (formats[row].holds_ignored ? report.ignored : report.ignored_left_out, ==, count_ignored (dataset));
  g_assert_cmpuint (report.ignored + report.ignored_left_out, ==, count_ignored (dataset));
  g_autoptr (FvImportReport) back = fv_test_import (output, &(FvImportParams){ 0 });
  g_assert_cmpstr (back->format, ==, formats[row].format);
  for (guint i = 0; i < back->repaired->len + back->rejected->len; i++)
    {
      const FvProblem *problem = i < back->repaired->len ? g_ptr_array_index (back->repaired, i)
                                                         : g_ptr_array_index (back->rejected, i - back->repaired->len);
      g_error ("%s: %s, line %u: %s", formats[row].format, problem->file, problem->line, problem->reason);
    }
  g_assert_cmpuint (back->dataset->items->len, ==, dataset->items->len);
  if (formats[row].holds_classes)
    g_assert_cmpstrv (back->dataset->class_names, dataset->class_names);
  for (guint i = 0; i < back->dataset->items->len; i++)
    {
      const FvItem *item = fv_dataset_get (back->dataset, i), *original = item_by_content (dataset, item);
      g_assert_cmpuint (item->width, ==, original->width);
      g_assert_cmpuint (item->height, ==, original->height);
      g_assert_cmpuint (item->subset, ==, original->subset);
      assert_boxes (dataset, original->boxes, back->dataset, item->boxes, TRUE);
      if (formats[row].holds_ignored)
        assert_boxes (dataset, original->ignored, back->dataset, item->ignored, formats[row].ignored_have_class);
    }
}

static void
test_round_trip (gconstpointer row)
{
  g_autoptr (FvDataset) dataset = make_dataset ();
  assert_round_trip (dataset, GPOINTER_TO_UINT (row));
}

/* A real set in and out and in again. */
static void
test_data (gconstpointer row)
{
  const char *folder = fv_test_data ("datasets/bccd");
  if (folder == NULL)
    return;
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  assert_round_trip (report->dataset, GPOINTER_TO_UINT (row));
}

static void
test_names (void)
{
  static const struct
  {
    const char *name, *flat, *in_folder;
  } cases[] = {
    /* In the dataset's order; the first three are of train, the others of val. */
    { "a/x.jpg", "JPEGImages/a_x.jpg", "images/train/a_x.jpg" },
    { "a_x.png", "JPEGImages/a_x-2.png", "images/train/a_x-2.png" },
    { "b/X.jpg", "JPEGImages/b_X.jpg", "images/train/b_X.jpg" },
    { "c/x.jpg", "JPEGImages/c_x.jpg", "images/val/x.jpg" },
    { "d e\t\"1\" .JPG", "JPEGImages/d_e__1__.JPG", "images/val/d_e__1__.JPG" },
    { "e/.h.jpg", "JPEGImages/_.h.jpg", "images/val/_.h.jpg" },
    { "stack.tif#12", "JPEGImages/stack-12.tif", "images/val/stack-12.tif" },
    { "\xe2\x82\xac.jpg", "JPEGImages/\xe2\x82\xac.jpg", "images/val/\xe2\x82\xac.jpg" },
  };
  static const FvExporter *const exporters[] = { &fv_exporter_voc, &fv_exporter_yolo };
  for (guint e = 0; e < G_N_ELEMENTS (exporters); e++)
    {
      FvExport export = { .pictures = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_export_picture_free) };
      g_autoptr (FvDataset) dataset = fv_dataset_new (NULL);
      for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
        {
          FvItem *item = fv_item_new ();
          item->name = g_strdup (cases[i].name);
          item->path = g_strconcat ("/", cases[i].name, NULL);
          if (strchr (item->path, '#') != NULL)
            *strchr (item->path, '#') = '\0';
          item->subset = i < 3 ? FV_SUBSET_TRAIN : FV_SUBSET_VAL;
          fv_dataset_add (dataset, item);
          FvExportPicture *picture = g_new0 (FvExportPicture, 1);
          picture->item = item;
          g_ptr_array_add (export.pictures, picture);
        }
      fv_export_name_pictures (&export, exporters[e]);
      for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
        g_assert_cmpstr (fv_export_get (&export, i)->path, ==, e == 0 ? cases[i].flat : cases[i].in_folder);
      g_ptr_array_unref (export.pictures);
    }
}

/* Names longer than any file system allows, and very many alike. */
static void
test_many_names (void)
{
  FvExport export = { .pictures = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_export_picture_free) };
  g_autoptr (FvDataset) dataset = fv_dataset_new (NULL);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GString) longest = g_string_new (NULL);
  for (guint i = 0; i < 100; i++)
    g_string_append (longest, "\xe2\x82\xac");
  for (guint i = 0; i < 50000; i++)
    {
      FvItem *item = fv_item_new ();
      item->name = g_strdup_printf ("%s/%s.jpg", longest->str, longest->str);
      item->path = g_strdup ("/x.jpg");
      fv_dataset_add (dataset, item);
      FvExportPicture *picture = g_new0 (FvExportPicture, 1);
      picture->item = item;
      g_ptr_array_add (export.pictures, picture);
    }
  fv_export_name_pictures (&export, &fv_exporter_voc);
  for (guint i = 0; i < export.pictures->len; i++)
    {
      const FvExportPicture *picture = fv_export_get (&export, i);
      g_assert_true (g_hash_table_add (seen, picture->name));
      g_assert_cmpuint (strlen (picture->name), <, 250);
      g_assert_true (g_utf8_validate (picture->name, -1, NULL));
    }
  g_ptr_array_unref (export.pictures);
}

static void
test_numbers (void)
{
  static const struct
  {
    double value;
    const char *text;
  } cases[] = { { 0, "0" },
                { -0.0, "0" },
                { 10, "10" },
                { 0.5, "0.5" },
                { 100, "100" },
                { 306.87488, "306.87488" },
                { 1e-7, "0.0000001" },
                { 0.1 + 0.2, "0.3" },
                { 1e-13, "0" },
                { 50000.25, "50000.25" },
                { -1e-13, "0" } };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpstr (FV_NUMBER (cases[i].value), ==, cases[i].text);
}

/* What stands in the files, for those who read them without Fovea. */
static void
test_text (void)
{
  static const struct
  {
    const char *format, *file, *parts[6];
  } cases[] = {
    { "yolo", "data.yaml", { "train: images/train\nnc: 2\n", "0: \"a\\\"\\\\b\"", "1: \"\xc3\xa4\"" } },
    { "yolo", "labels/train/p.txt", { "0 0.2 0.3 0.2 0.2\n1 0.5 0.5 1 1\n" } },
    { "coco",
      "annotations/instances_train.json",
      { "{\"id\": 1, \"width\": 100, \"height\": 200, \"file_name\": \"p.jpg\"}",
        "{\"id\": 2, \"name\": \"\xc3\xa4\", \"supercategory\": \"\"}",
        "{\"id\": 1, \"image_id\": 1, \"category_id\": 1, \"bbox\": [10, 40, 20, 40], \"area\": 800, \"iscrowd\": "
        "0" } },
    { "voc",
      "Annotations/p.xml",
      { "<width>100</width>", "<name>a&#34;\\b</name>", "<xmin>10</xmin>\n\t\t\t<ymin>40</ymin>\n\t\t\t<xmax>30</xmax>",
        "<filename>p.jpg</filename>" } },
    { "voc", "ImageSets/Main/train.txt", { "p\n" } },
    { "labelme", "train/p.json", { "\"points\": [[10, 40], [30, 80]]", "\"imageHeight\": 200", "\"a\\\"\\\\b\"" } },
    { "cvat",
      "annotations.xml",
      { "name=\"p.jpg\" subset=\"train\" width=\"100\" height=\"200\"", "label=\"a&#34;\\b\"",
        "xtl=\"10\" ytl=\"40\" xbr=\"30\" ybr=\"80\"" } },
    { "createml",
      "train/_annotations.createml.json",
      { "{\"image\": \"p.jpg\"", "\"coordinates\": {\"x\": 20, \"y\": 60, \"width\": 20, \"height\": 40}" } },
    { "csv",
      "train/_annotations.csv",
      { "filename,width,height,class,xmin,ymin,xmax,ymax\np.jpg,100,200,\"a\"\"\\b\",10,40,30,80\n" } },
  };
  static const char *const names[] = { "a\"\\b", "\xc3\xa4", NULL };
  g_autoptr (FvDataset) dataset = fv_dataset_new (names);
  FvItem *item = make_item (fv_test_folder (), "p.jpg", 200, 100, 1, 6, FV_SUBSET_TRAIN);
  add_box (item->boxes, 0, 10, 40, 30, 80);
  add_box (item->boxes, 1, 0, 0, 100, 200);
  fv_dataset_add (dataset, item);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      FvExportReport report;
      g_autofree char *output = export_to (dataset, cases[i].format, &report);
      g_autofree char *path = g_build_filename (output, cases[i].file, NULL), *text = NULL;
      g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
      for (guint k = 0; k < G_N_ELEMENTS (cases[i].parts) && cases[i].parts[k] != NULL; k++)
        if (strstr (text, cases[i].parts[k]) == NULL)
          g_error ("%s lacks '%s':\n%s", cases[i].file, cases[i].parts[k], text);
    }
}

/* Subsets: of none at all, mixed, and one alone. */
static void
test_subsets (void)
{
  const char *folder = fv_test_folder ();
  for (guint row = 0; row < G_N_ELEMENTS (formats); row++)
    for (guint mixed = 0; mixed < 2; mixed++)
      {
        g_autoptr (FvDataset) dataset = fv_dataset_new (class_names);
        for (guint i = 0; i < 6; i++)
          {
            g_autofree char *name = g_strdup_printf ("%u/p.jpg", i);
            FvItem *item = make_item (folder, name, 64, 48, i, 0, mixed ? i % FV_N_SUBSETS : FV_SUBSET_NONE);
            add_box (item->boxes, 0, 1, 2, 3, 4 + i);
            fv_dataset_add (dataset, item);
          }
        FvExportReport report;
        g_autofree char *output = export_to (dataset, formats[row].format, &report);
        g_assert_cmpuint (report.n_in_subset[FV_SUBSET_NONE], ==, mixed ? 2 : 6);
        g_autoptr (FvImportReport) back = fv_test_import (output, &(FvImportParams){ 0 });
        g_assert_cmpuint (back->rejected->len + back->repaired->len, ==, 0);
        g_assert_cmpint (back->split, ==, !mixed);
        /* data.yaml has no word for pictures of no subset. */
        const guint lost = mixed && strcmp (formats[row].format, "yolo") == 0 ? 2 : 0;
        g_assert_cmpuint (back->dataset->items->len, ==, 6 - lost);
        for (guint i = 0; mixed && i < back->dataset->items->len; i++)
          {
            const FvItem *item = fv_dataset_get (back->dataset, i);
            g_assert_cmpuint (item->subset, ==, item_by_content (dataset, item)->subset);
          }
      }
}

/* Nothing but backgrounds. */
static void
test_backgrounds (void)
{
  const char *folder = fv_test_folder ();
  for (guint row = 0; row < G_N_ELEMENTS (formats); row++)
    {
      g_autoptr (FvDataset) dataset = fv_dataset_new (class_names);
      fv_dataset_add (dataset, make_item (folder, "a.jpg", 64, 48, 1, 0, FV_SUBSET_TRAIN));
      fv_dataset_add (dataset, make_item (folder, "b.jpg", 64, 48, 2, 0, FV_SUBSET_VAL));
      FvExportReport report;
      g_autofree char *output = export_to (dataset, formats[row].format, &report);
      g_autoptr (FvImportReport) back = fv_test_import (output, &(FvImportParams){ 0 });
      g_assert_cmpstr (back->format, ==, formats[row].format);
      g_assert_cmpuint (back->rejected->len + back->repaired->len, ==, 0);
      g_assert_cmpuint (back->backgrounds, ==, 2);
      g_assert_cmpuint (back->n_in_subset[FV_SUBSET_VAL], ==, 1);
    }
}

static void
test_one_subset (void)
{
  g_autoptr (FvDataset) dataset = make_dataset ();
  g_autoptr (GError) error = NULL;
  FvExportReport report;
  g_autofree char *output = g_build_filename (fv_test_folder (), "out", NULL);
  const FvExportParams params = { .format = "voc", .output = output, .subset = FV_SUBSET_VAL };
  fv_export_dataset (dataset, &params, &report, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (report.images, ==, 3);
  g_assert_cmpuint (report.files, ==, 3 + 3 + 1);
  g_autofree char *lists = g_build_filename (output, "ImageSets", "Main", NULL), *listed = fv_test_list (lists);
  g_assert_cmpstr (listed, ==, "val.txt");
}

/* A page of a file and a window of 16 bits become PNG files that look alike. */
static void
test_converted (void)
{
  const char *folder = fv_test_folder ();
  g_autofree char *path = g_build_filename (folder, "deep.png", NULL);
  guint16 pixels[8 * 4];
  for (guint i = 0; i < G_N_ELEMENTS (pixels); i++)
    pixels[i] = (guint16)(1000 + 100 * i);
  png_image png = { .version = PNG_IMAGE_VERSION, .width = 8, .height = 4, .format = PNG_FORMAT_LINEAR_Y };
  g_assert_cmpint (png_image_write_to_file (&png, path, 0, pixels, 0, NULL), !=, 0);

  g_autoptr (FvDataset) dataset = fv_dataset_new (class_names);
  g_autoptr (GError) error = NULL;
  FvItem *item = fv_item_new ();
  item->path = g_steal_pointer (&path);
  item->name = g_strdup ("deep.png");
  item->width = 8;
  item->height = 4;
  item->subset = FV_SUBSET_TRAIN;
  item->reading = (FvPictureReading){ .low = 1000, .high = 20000 };
  fv_dataset_add (dataset, item);
  fv_dataset_add (dataset, make_item (folder, "plain.jpg", 64, 48, 7, 6, FV_SUBSET_TRAIN));

  FvExportReport report;
  g_autofree char *output = export_to (dataset, "coco", &report);
  g_autofree char *written = g_build_filename (output, "images/train/deep.png", NULL);
  g_assert_cmpuint (report.converted, ==, 1);
  g_autoptr (FvPicture) wanted = fv_picture_load (item->path, &item->reading, 0, FV_RESIZE_LINEAR, &error);
  g_assert_no_error (error);
  g_autoptr (FvPicture) got = fv_picture_load (written, NULL, 0, FV_RESIZE_LINEAR, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (got->width, ==, wanted->width);
  for (guint y = 0; y < got->height; y++)
    g_assert_cmpmem (got->rgb + y * got->stride, (gsize)got->width * 3, wanted->rgb + y * wanted->stride,
                     (gsize)wanted->width * 3);
}

static void
assert_fails (const FvDataset *dataset, const FvExportParams *params, gint code, const char *part)
{
  g_autoptr (GError) error = NULL;
  FvExportReport report;
  g_assert_false (fv_export_dataset (dataset, params, &report, &error));
  g_assert_error (error, FV_EXPORT_ERROR, code);
  if (strstr (error->message, part) == NULL)
    g_error ("'%s' lacks '%s'", error->message, part);
}

/* Nothing is overwritten, and what fails leaves nothing. */
static void
test_failures (void)
{
  g_autoptr (FvDataset) dataset = make_dataset (), empty = fv_dataset_new (class_names);
  const char *folder = fv_test_folder ();
  g_autofree char *full = g_path_get_dirname (fv_test_write (folder, "full/kept", "kept"));
  g_autofree char *out = g_build_filename (folder, "out", NULL), *link = g_build_filename (folder, "link", NULL);
  g_autofree char *below = g_build_filename (full, "kept", "out", NULL), *file = g_build_filename (full, "kept", NULL);
  g_assert_cmpint (symlink ("nowhere", link), ==, 0);
  assert_fails (dataset, &(FvExportParams){ .format = "coco", .output = full }, FV_EXPORT_ERROR_EXISTS, "not empty");
  assert_fails (dataset, &(FvExportParams){ .format = "coco", .output = file }, FV_EXPORT_ERROR_EXISTS, "no folder");
  assert_fails (dataset, &(FvExportParams){ .format = "coco", .output = link }, FV_EXPORT_ERROR_EXISTS, "no folder");
  assert_fails (dataset, &(FvExportParams){ .format = "coco", .output = below }, FV_EXPORT_ERROR_WRITE, "kept/out");
  assert_fails (dataset, &(FvExportParams){ .format = "papyrus", .output = out }, FV_EXPORT_ERROR_FORMAT, "yolo, coco");
  assert_fails (empty, &(FvExportParams){ .format = "coco", .output = out }, FV_EXPORT_ERROR_EMPTY, "no pictures");

  const FvItem *lost = fv_dataset_get (dataset, 4);
  g_assert_cmpint (g_unlink (lost->path), ==, 0);
  g_autofree char *part = g_path_get_basename (lost->path);
  assert_fails (dataset, &(FvExportParams){ .format = "voc", .output = out }, FV_EXPORT_ERROR_PICTURE, part);

  FvItem *paged = fv_dataset_get (dataset, 4);
  paged->path[strlen (paged->path) - 1]++;
  paged->reading.page = 1;
  assert_fails (dataset, &(FvExportParams){ .format = "voc", .output = out }, FV_EXPORT_ERROR_PICTURE, paged->path);

  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  FvExportReport report;
  g_cancellable_cancel (cancellable);
  fv_export_dataset (dataset, &(FvExportParams){ .format = "yolo", .output = out, .cancellable = cancellable }, &report,
                     &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_autofree char *left = fv_test_list (folder), *kept = fv_test_list (full);
  g_assert_cmpstr (left, ==, "full link");
  g_assert_cmpstr (kept, ==, "kept");
}

/* An empty folder may be there. */
static void
test_empty_folder (void)
{
  g_autoptr (FvDataset) dataset = make_dataset ();
  g_autoptr (GError) error = NULL;
  FvExportReport report;
  const char *folder = fv_test_folder ();
  fv_export_dataset (dataset, &(FvExportParams){ .format = "csv", .output = folder }, &report, &error);
  g_assert_no_error (error);
  g_autofree char *listed = fv_test_list (folder);
  g_assert_cmpstr (listed, ==, "test train val");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    {
      g_autofree char *made = g_strconcat ("/dataset/export/round-trip/", formats[i].format, NULL);
      g_autofree char *real = g_strconcat ("/dataset/export/bccd/", formats[i].format, NULL);
      g_test_add_data_func (made, GUINT_TO_POINTER (i), test_round_trip);
      g_test_add_data_func (real, GUINT_TO_POINTER (i), test_data);
    }
  g_test_add_func ("/dataset/export/names", test_names);
  g_test_add_func ("/dataset/export/many-names", test_many_names);
  g_test_add_func ("/dataset/export/numbers", test_numbers);
  g_test_add_func ("/dataset/export/text", test_text);
  g_test_add_func ("/dataset/export/subsets", test_subsets);
  g_test_add_func ("/dataset/export/backgrounds", test_backgrounds);
  g_test_add_func ("/dataset/export/one-subset", test_one_subset);
  g_test_add_func ("/dataset/export/converted", test_converted);
  g_test_add_func ("/dataset/export/failures", test_failures);
  g_test_add_func ("/dataset/export/empty-folder", test_empty_folder);
  return g_test_run ();
}

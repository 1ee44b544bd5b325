/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gstdio.h>
#include <unistd.h>

#include "tests/app/dataset/test-import.h"

/* One line of a label file for a picture of 200 x 100 pixels in a dataset of three classes. */
static void
test_lines (void)
{
  static const struct
  {
    const char *text;
    guint n_boxes, n_repaired, n_rejected;
    guint line;
    const char *reason;
  } cases[] = {
    { "0 0.5 0.5 0.2 0.2\n", 1, 0, 0, 0, NULL },
    { "\xef\xbb\xbf"
      "2.0\t0.5  0.5 0.2 0.2 \r\n\r\n   \n",
      1, 0, 0, 0, NULL },
    { "", 0, 0, 0, 0, NULL },
    { "1 0.1 0.1 0.5 0.1 0.3 0.6", 1, 0, 0, 0, NULL },
    { "0 0.5 0.5", 0, 0, 1, 1, "3 values" },
    { "0", 0, 0, 1, 1, "1 value;" },
    { "0 0.5 0.5 0.2 0.2 0.9", 0, 0, 1, 1, "confidence" },
    { "0 0.1 0.1 0.5 0.1 0.3 0.6 0.7", 0, 0, 1, 1, "8 values" },
    { "0 0.5 0.5 0.2 0.2\n0 1.2 0.5 0.2 0.2\n", 1, 0, 1, 2, "centre x is 1.2" },
    { "0 0.5 -0.2 0.2 0.2", 0, 0, 1, 1, "centre y is -0.2" },
    { "0 320 240 64 48", 0, 0, 1, 1, "not pixels" },
    { "0 nan 0.5 0.2 0.2", 0, 0, 1, 1, "not a finite number" },
    { "0 0.5 0.5 inf 0.2", 0, 0, 1, 1, "width is 'inf'" },
    { "0 0.5 0.5 0.2 wide", 0, 0, 1, 1, "height, 'wide'" },
    { "0 0.5 0,5 0.2 0.2", 0, 0, 1, 1, "'0,5'" },
    { "-1 0.5 0.5 0.2 0.2", 0, 0, 1, 1, "negative" },
    { "3 0.5 0.5 0.2 0.2", 0, 0, 1, 1, "out of range: there are 3 classes, 0 to 2" },
    { "99999999999999999999 0.5 0.5 0.2 0.2", 0, 0, 1, 1, "out of range" },
    { "nan 0.5 0.5 0.2 0.2", 0, 0, 1, 1, "not a whole number" },
    { "0.5 0.5 0.5 0.2 0.2", 0, 0, 1, 1, "not a whole number" },
    { "cat 0.5 0.5 0.2 0.2", 0, 0, 1, 1, "'cat'" },
    { "0 0.5 0.5 0 0.2", 0, 0, 1, 1, "no area" },
    { "0 0.2 0.2 0.2 0.3 0.2 0.4", 0, 0, 1, 1, "no area" },
    { "0 1.0005 0.5 0.2 0.2", 1, 2, 0, 1, "outside 0 to 1" },
    { "0 0.95 0.5 0.2 0.2", 1, 1, 0, 1, "10.0 pixels beyond" },
    { "0 0.9000005 0.5 0.2 0.2", 1, 0, 0, 0, NULL },
    { "0 0.5 0.5 0.2 0.2\n1 0.5 0.5 0.2 0.2\n0 0.5 0.5 0.20 0.2\n", 2, 1, 0, 3, "there already" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *folder = fv_test_folder ();
      g_test_message ("case %u: %s", i, cases[i].text);
      fv_test_write (folder, "data.yaml", "train: images\nnames: [a, b, c]\n");
      fv_test_jpeg (folder, "images/p.jpg", 200, 100, 1, 0);
      fv_test_write (folder, "labels/p.txt", cases[i].text);
      g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
      g_assert_cmpuint (report->dataset->items->len, ==, 1);
      g_assert_cmpuint (fv_dataset_count_boxes (report->dataset), ==, cases[i].n_boxes);
      g_assert_cmpuint (report->repaired->len, ==, cases[i].n_repaired);
      g_assert_cmpuint (report->rejected->len, ==, cases[i].n_rejected);
      if (cases[i].reason != NULL)
        fv_test_assert_row (cases[i].n_rejected > 0 ? report->rejected : report->repaired, "labels/p.txt",
                            cases[i].line, cases[i].reason);
    }
}

static void
test_geometry (void)
{
  const char *folder = fv_test_folder ();
  fv_test_write (folder, "classes.txt", "first\nsecond\n\n");
  /* Stored lying, shown upright: 100 wide, 200 high; YOLO's shares are of the upright picture. */
  fv_test_jpeg (folder, "a.jpg", 200, 100, 1, 6);
  fv_test_write (folder, "a.txt", "1 0.5 0.25 0.2 0.1\n0 0.1 0.1 0.5 0.1 0.3 0.6\n0 0 0 0.2 0.2\n");
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpstr (report->format, ==, "yolo");
  const FvItem *item = fv_test_item (report, "a.jpg");
  g_assert_cmpuint (item->width, ==, 100);
  g_assert_cmpuint (item->height, ==, 200);
  g_assert_cmpuint (item->orientation, ==, 6);
  fv_test_assert_box (item, 0, 1, 40, 40, 60, 60);
  fv_test_assert_box (item, 1, 0, 10, 20, 50, 120);
  fv_test_assert_box (item, 2, 0, 0, 0, 10, 20);
  g_assert_cmpstr (report->dataset->class_names[1], ==, "second");
  g_assert_cmpuint (report->dataset->n_classes, ==, 2);
  g_assert_cmpuint (strlen (item->hash), ==, 64);
}

static void
test_bad_files (void)
{
  const char *folder = fv_test_folder ();
  fv_test_write (folder, "data.yaml",
                 "path: /not/on/this/machine\ntrain: images/train\nval:\n  - images/val\n  - gone\n"
                 "test:\nnames:\n  0: a\n  2: c\ndownload: exit 1\n");
  const char *whole = fv_test_jpeg (folder, "images/train/whole.jpg", 64, 64, 1, 0);
  fv_test_write (folder, "labels/train/whole.txt", "2 0.5 0.5 0.1 0.1\n");
  fv_test_jpeg (folder, "images/val/background.jpg", 64, 64, 2, 0);
  g_autofree char *content = NULL;
  gsize size;
  g_assert_true (g_file_get_contents (whole, &content, &size, NULL));
  fv_test_write_data (folder, "images/train/cut.jpg", content, size / 2);
  fv_test_write (folder, "labels/train/cut.txt", "0 0.5 0.5 0.1 0.1\n");
  fv_test_write (folder, "images/train/empty.jpg", "");
  fv_test_write (folder, "images/train/text.png", "not a picture");
  fv_test_write (folder, "images/train/other.bmp", "BM");
  fv_test_write (folder, "images/train/notes.doc", "not looked at");
  fv_test_write (folder, "labels/train/lost.txt", "0 0.5 0.5 0.1 0.1\n");
  fv_test_write (folder, "labels/train/classes.txt", "a\nb\n");
  fv_test_jpeg (folder, "images/train/binary.jpg", 64, 64, 3, 0);
  fv_test_write_data (folder, "labels/train/binary.txt", "0 0.5\0 0.5", 10);
  fv_test_jpeg (folder, "images/train/folder.jpg", 64, 64, 4, 0);
  g_autofree char *as_folder = g_build_filename (folder, "labels/train/folder.txt", NULL);
  g_assert_cmpint (g_mkdir (as_folder, 0777), ==, 0);
  fv_test_jpeg (folder, "images/train/\xff.jpg", 64, 64, 5, 0);

  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpuint (report->dataset->items->len, ==, 2);
  g_assert_cmpuint (report->backgrounds, ==, 1);
  g_assert_cmpuint (report->n_in_subset[FV_SUBSET_TRAIN], ==, 1);
  g_assert_cmpuint (report->n_in_subset[FV_SUBSET_VAL], ==, 1);
  g_assert_false (report->split);
  g_assert_cmpuint (report->dataset->n_classes, ==, 3);
  g_assert_cmpstr (report->dataset->class_names[1], ==, "class1");
  g_assert_cmpstr (fv_dataset_get (report->dataset, 0)->name, ==, "images/train/whole.jpg");
  fv_test_assert_row (report->repaired, "data.yaml", 8, "Class 1 has no name");
  g_assert_cmpuint (report->repaired->len, ==, 1);
  fv_test_assert_row (report->rejected, "data.yaml", 5, "'gone'");
  fv_test_assert_row (report->rejected, "train/cut.jpg", 0, "labels stay out");
  fv_test_assert_row (report->rejected, "train/empty.jpg", 0, "empty.jpg");
  fv_test_assert_row (report->rejected, "train/text.png", 0, "text.png");
  fv_test_assert_row (report->rejected, "train/other.bmp", 0, "other.bmp");
  fv_test_assert_row (report->rejected, "train/lost.txt", 0, "no picture");
  fv_test_assert_row (report->rejected, "train/binary.txt", 0, "not text");
  fv_test_assert_row (report->rejected, "train/folder.txt", 0, "not a file");
  fv_test_assert_row (report->rejected, ".jpg", 0, "UTF-8");
  g_assert_cmpuint (report->rejected->len, ==, 9);
}

static void
test_lists (void)
{
  const char *folder = fv_test_folder ();
  fv_test_write (folder, "obj.data",
                 "classes = 2\ntrain = data/train.txt\nvalid = data/valid.txt\nnames = data/obj.names\nbackup = b/\n");
  fv_test_write (folder, "obj.names", "x\ny\n");
  fv_test_write (folder, "train.txt", "data/obj_train_data/1.jpg\r\ndata/obj_train_data/missing.jpg\n\n");
  fv_test_write (folder, "valid.txt", "./obj_train_data/2.jpg\nobj_train_data/1.jpg\nobj_train_data/2.jpg\n");
  fv_test_jpeg (folder, "obj_train_data/1.jpg", 32, 32, 1, 0);
  fv_test_jpeg (folder, "obj_train_data/2.jpg", 32, 32, 2, 0);
  fv_test_write (folder, "obj_train_data/1.txt", "1 0.5 0.5 0.5 0.5\n");
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpuint (report->n_in_subset[FV_SUBSET_TRAIN], ==, 1);
  g_assert_cmpuint (report->n_in_subset[FV_SUBSET_VAL], ==, 1);
  g_assert_cmpuint (report->backgrounds, ==, 1);
  g_assert_cmpstr (report->dataset->class_names[1], ==, "y");
  fv_test_assert_row (report->rejected, "train.txt", 2, "missing.jpg");
  g_assert_cmpuint (report->rejected->len, ==, 1);
  fv_test_assert_row (report->repaired, "valid.txt", 2, "stays in the first");
  fv_test_assert_row (report->repaired, "valid.txt", 3, "twice");
  g_assert_cmpuint (report->repaired->len, ==, 2);
}

/* A list inside data.yaml, with paths that point one folder too high, as some web services write them. */
static void
test_yaml_forms (void)
{
  const char *folder = fv_test_folder ();
  fv_test_write (folder, "my-set.yaml", "train: ../train/images\nval: valid.txt\nnc: 3\nnames: ['a', 'b']\n");
  fv_test_write (folder, "other.yaml", "just: something else\n");
  fv_test_write (folder, "valid.txt", "valid/images/2.jpg\n");
  fv_test_jpeg (folder, "train/images/1.jpg", 32, 32, 1, 0);
  fv_test_jpeg (folder, "valid/images/2.jpg", 32, 32, 2, 0);
  fv_test_write (folder, "train/labels/1.txt", "2 0.5 0.5 0.5 0.5\n");
  fv_test_write (folder, "valid/labels/2.txt", "0 0.5 0.5 0.5 0.5\n");
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpuint (report->n_in_subset[FV_SUBSET_TRAIN], ==, 1);
  g_assert_cmpuint (report->n_in_subset[FV_SUBSET_VAL], ==, 1);
  g_assert_cmpuint (fv_dataset_count_boxes (report->dataset), ==, 2);
  g_assert_cmpuint (report->dataset->n_classes, ==, 3);
  g_assert_cmpstr (report->dataset->class_names[2], ==, "class2");
  fv_test_assert_row (report->repaired, "my-set.yaml", 3, "3 classes, but 2");
  g_assert_nonnull (strstr (report->why, "my-set.yaml"));
}

static void
test_unusable_sources (void)
{
  static const struct
  {
    const char *name, *content, *reason;
  } cases[] = {
    { "data.yaml", "train: [\n", "line 2: this is not valid YAML" },
    { "data.yaml", "- a\n- b\n", "describes no dataset" },
    { "data.yaml", "names: [a]\n", "names no pictures" },
    { "data.yaml", "train: gone\nnames: [a]\n", "'gone'" },
    { "data.yaml", "train: \"\\0\"\n", "data.yaml" },
    { "readme.md", "nothing here", "No labels of a known format" },
  };
  g_autoptr (FvProject) project = fv_test_project ();
  g_autoptr (GError) error = NULL;
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *folder = fv_test_folder ();
      fv_test_write (folder, cases[i].name, cases[i].content);
      g_assert_null (fv_import (project, folder, &(FvImportParams){ 0 }, &error));
      g_assert_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_FORMAT);
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, cases[i].reason));
      g_clear_error (&error);
    }
  g_assert_null (fv_import (project, "/nowhere", &(FvImportParams){ 0 }, &error));
  g_assert_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_SOURCE);
  g_clear_error (&error);
  g_assert_null (fv_import (project, fv_test_folder (), &(FvImportParams){ .format = "coco" }, &error));
  g_assert_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_FORMAT);
  g_clear_error (&error);
  g_assert_null (fv_import (project, fv_test_folder (), &(FvImportParams){ .format = "yolo" }, &error));
  g_assert_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_SOURCE);
  g_clear_error (&error);
}

/* A folder that can't be read is a row; root, who may read any, steps back to nobody meanwhile. */
static void
test_closed_folder (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvProject) project = fv_test_project ();
  const char *folder = fv_test_folder ();
  fv_test_jpeg (folder, "images/1.jpg", 32, 32, 1, 0);
  fv_test_write (folder, "labels/1.txt", "0 0.5 0.5 0.5 0.5\n");
  fv_test_jpeg (folder, "images/closed/2.jpg", 32, 32, 2, 0);
  const char *label = fv_test_write (folder, "labels/3.txt", "0 0.5 0.5 0.5 0.5\n");
  fv_test_jpeg (folder, "images/3.jpg", 32, 32, 3, 0);
  g_autofree char *closed = g_build_filename (folder, "images/closed", NULL);
  const uid_t user = geteuid ();
  static const char *const open[] = { "", "images", "labels", "images/1.jpg", "images/3.jpg", "labels/1.txt" };
  for (guint i = 0; i < G_N_ELEMENTS (open); i++)
    {
      g_autofree char *path = g_build_filename (folder, open[i], NULL);
      g_assert_cmpint (g_chmod (path, 0755), ==, 0);
    }
  g_assert_cmpint (g_chmod (closed, 0), ==, 0);
  g_assert_cmpint (g_chmod (label, 0), ==, 0);
  if (user == 0)
    g_assert_cmpint (seteuid (65534), ==, 0);
  g_autoptr (FvImportReport) report = fv_import (project, folder, &(FvImportParams){ .dry_run = TRUE }, &error);
  g_assert_cmpint (seteuid (user), ==, 0);
  g_assert_cmpint (g_chmod (closed, 0755), ==, 0);
  g_assert_no_error (error);
  g_assert_cmpuint (report->dataset->items->len, ==, 1);
  fv_test_assert_row (report->rejected, "images/closed", 0, "Permission denied");
  fv_test_assert_row (report->rejected, "labels/3.txt", 0, "Permission denied");
  g_assert_cmpuint (report->rejected->len, ==, 2);
}

/* Bytes changed at random: whatever comes of it, it ends in a report or an error. */
static void
test_garbage (void)
{
  static const char yaml[] = "path: .\ntrain: images\nval: [a, b]\nnc: 2\nnames: {0: x, 1: y}\n";
  static const char lines[] = "0 0.5 0.5 0.2 0.2\n1 0.1 0.1 0.5 0.1 0.3 0.6\n1 0.25 0.5 1e-3 0.2\n";
  static const char bytes[] = "\0\n\r\t :-[]{}&*!|>'\"%@`#,?\xff\xc3.0123456789eEnaif";
  g_autoptr (FvProject) project = fv_test_project ();
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  const char *folder = fv_test_folder ();
  fv_test_jpeg (folder, "images/1.jpg", 32, 32, 1, 0);
  for (guint i = 0; i < 150; i++)
    {
      char changed[2][sizeof yaml + sizeof lines];
      memcpy (changed[0], yaml, sizeof yaml);
      memcpy (changed[1], lines, sizeof lines);
      for (guint k = 0; k < 4; k++)
        {
          changed[0][g_rand_int_range (random, 0, sizeof yaml - 1)] = bytes[g_rand_int_range (random, 0, sizeof bytes)];
          changed[1][g_rand_int_range (random, 0, sizeof lines - 1)]
              = bytes[g_rand_int_range (random, 0, sizeof bytes)];
        }
      fv_test_write_data (folder, "data.yaml", changed[0], sizeof yaml - 1);
      fv_test_write_data (folder, "labels/1.txt", changed[1], sizeof lines - 1);
      g_autoptr (GError) error = NULL;
      g_autoptr (FvImportReport) report = fv_import (project, folder, &(FvImportParams){ .dry_run = TRUE }, &error);
      g_assert_true ((report != NULL) != (error != NULL));
      g_assert_true (error == NULL || g_utf8_validate (error->message, -1, NULL));
      for (guint k = 0; report != NULL && k < report->rejected->len; k++)
        {
          const FvProblem *row = g_ptr_array_index (report->rejected, k);
          g_assert_true (g_utf8_validate (row->reason, -1, NULL) && g_utf8_validate (row->file, -1, NULL));
        }
    }
}

/* Nothing names classes or subsets: classes get numbers, the pictures a split. */
static void
test_bare_folder (void)
{
  const char *folder = fv_test_folder ();
  for (guint i = 0; i < 10; i++)
    {
      g_autofree char *picture = g_strdup_printf ("images/%u.JPG", i), *label = g_strdup_printf ("labels/%u.txt", i);
      g_autofree char *text = g_strdup_printf ("%u 0.5 0.5 0.5 0.5\n", i % 3);
      fv_test_jpeg (folder, picture, 32, 32, i, 0);
      fv_test_write (folder, label, text);
    }
  fv_test_write (folder, "labels/9.txt", "10000 0.5 0.5 0.5 0.5\n");
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpuint (report->dataset->n_classes, ==, 3);
  g_assert_cmpstr (report->dataset->class_names[2], ==, "class2");
  g_assert_true (report->split);
  g_assert_cmpuint (report->n_in_subset[FV_SUBSET_TRAIN], ==, 8);
  g_assert_cmpuint (report->n_in_subset[FV_SUBSET_VAL], ==, 2);
  fv_test_assert_row (report->rejected, "labels/9.txt", 1, "out of range");

  g_autoptr (FvImportReport) forced
      = fv_test_import (folder, &(FvImportParams){ .force_subset = TRUE, .subset = FV_SUBSET_TEST });
  g_assert_cmpuint (forced->n_in_subset[FV_SUBSET_TEST], ==, 10);

  /* Folders that are called train and val are subsets. */
  const char *split = fv_test_folder ();
  fv_test_jpeg (split, "images/train2017/1.jpg", 32, 32, 1, 0);
  fv_test_jpeg (split, "images/val/2.jpg", 32, 32, 2, 0);
  fv_test_write (split, "labels/train2017/1.txt", "0 0.5 0.5 0.5 0.5\n");
  g_autoptr (FvImportReport) by_folder = fv_test_import (split, &(FvImportParams){ 0 });
  g_assert_cmpuint (by_folder->n_in_subset[FV_SUBSET_TRAIN], ==, 1);
  g_assert_cmpuint (by_folder->n_in_subset[FV_SUBSET_VAL], ==, 1);
}

static void
test_images_apart (void)
{
  const char *labels = fv_test_folder (), *pictures = fv_test_folder ();
  fv_test_write (labels, "classes.txt", "a\n");
  fv_test_write (labels, "1.txt", "0 0.5 0.5 0.5 0.5\n");
  fv_test_write (labels, "2.txt", "0 0.5 0.5 0.5 0.5\n");
  fv_test_jpeg (pictures, "1.jpg", 32, 32, 1, 0);
  g_autoptr (FvImportReport) report = fv_test_import (labels, &(FvImportParams){ .images = pictures });
  g_assert_cmpuint (report->dataset->items->len, ==, 1);
  g_assert_cmpuint (fv_dataset_count_boxes (report->dataset), ==, 1);
  g_assert_cmpstr (fv_dataset_get (report->dataset, 0)->name, ==, "1.jpg");
  fv_test_assert_row (report->rejected, "2.txt", 0, "no picture");
}

static void
test_copy_and_dry_run (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvProject) project = fv_test_project ();
  const char *folder = fv_test_folder ();
  const char *picture = fv_test_jpeg (folder, "a/1.jpg", 32, 32, 1, 0);
  fv_test_write (folder, "a/1.txt", "0 0.5 0.5 0.5 0.5\n");
  g_autoptr (FvImportReport) dry
      = fv_import (project, folder, &(FvImportParams){ .dry_run = TRUE, .copy = TRUE }, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (dry->dataset->items->len, ==, 1);
  g_autoptr (FvDataset) before = fv_project_load_dataset (project, &error);
  g_assert_cmpuint (before->items->len, ==, 0);

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (FvImportReport) report = fv_import (project, folder, &(FvImportParams){ .copy = TRUE }, &error);
      g_assert_no_error (error);
    }
  g_autoptr (FvDataset) after = fv_project_load_dataset (project, &error);
  g_assert_cmpuint (after->items->len, ==, 1);
  g_assert_true (g_str_has_prefix (fv_dataset_get (after, 0)->path, fv_project_get_path (project)));
  g_autofree char *original = NULL, *copy = NULL;
  gsize original_size, copy_size;
  g_assert_true (g_file_get_contents (picture, &original, &original_size, NULL));
  g_assert_true (g_file_get_contents (fv_dataset_get (after, 0)->path, &copy, &copy_size, NULL));
  g_assert_cmpmem (original, original_size, copy, copy_size);
}

/* Data without subsets, imported again with more pictures: the old ones stay where they are. */
static void
test_split_is_kept (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvProject) project = fv_test_project ();
  const char *folder = fv_test_folder ();
  g_autoptr (FvDataset) first = NULL;
  for (guint round = 1; round <= 2; round++)
    {
      for (guint i = 0; i < 20 * round; i++)
        {
          g_autofree char *picture = g_strdup_printf ("%02u.jpg", i), *label = g_strdup_printf ("%02u.txt", i);
          fv_test_jpeg (folder, picture, 32, 32, 5 * i, 0);
          fv_test_write (folder, label, "0 0.5 0.5 0.5 0.5\n");
        }
      g_autoptr (FvImportReport) report = fv_import (project, folder, &(FvImportParams){ 0 }, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (report->n_in_subset[FV_SUBSET_VAL], ==, 4 * round);
      if (round == 1)
        first = fv_project_load_dataset (project, &error);
    }
  g_autoptr (FvDataset) second = fv_project_load_dataset (project, &error);
  for (guint i = 0; i < first->items->len; i++)
    g_assert_cmpint (fv_dataset_get (first, i)->subset, ==, fv_dataset_get (second, i)->subset);
}

static void
test_cancelled (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvProject) project = fv_test_project ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  const char *folder = fv_test_folder ();
  fv_test_jpeg (folder, "1.jpg", 32, 32, 1, 0);
  fv_test_write (folder, "1.txt", "0 0.5 0.5 0.5 0.5\n");
  g_cancellable_cancel (cancellable);
  g_assert_null (fv_import (project, folder, &(FvImportParams){ .cancellable = cancellable }, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_autoptr (FvDataset) dataset = fv_project_load_dataset (project, &error);
  g_assert_cmpuint (dataset->items->len, ==, 0);
}

static void
test_coco128 (void)
{
  const char *folder = fv_test_data ("datasets/coco128");
  if (folder == NULL)
    return;
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpstr (report->format, ==, "yolo");
  g_assert_cmpuint (report->dataset->items->len, ==, 256);
  g_assert_cmpuint (report->n_in_subset[FV_SUBSET_TRAIN], ==, 128);
  g_assert_cmpuint (report->n_in_subset[FV_SUBSET_VAL], ==, 128);
  g_assert_cmpuint (report->dataset->n_classes, ==, 80);
  g_assert_cmpstr (report->dataset->class_names[79], ==, "toothbrush");
  g_assert_cmpuint (report->backgrounds, ==, 2);
  guint boxes[FV_N_SUBSETS] = { 0 };
  for (guint i = 0; i < report->dataset->items->len; i++)
    {
      const FvItem *item = fv_dataset_get (report->dataset, i);
      boxes[item->subset] += item->boxes->len;
    }
  g_assert_cmpuint (boxes[FV_SUBSET_TRAIN], ==, 929);
  g_assert_cmpuint (boxes[FV_SUBSET_VAL], ==, 898);
  g_assert_cmpuint (report->repaired->len, ==, 0);
  g_assert_cmpuint (report->rejected->len, ==, 2);
  fv_test_assert_row (report->rejected, "labels/train2017/000000000656.txt", 0, "no picture");
  fv_test_assert_row (report->rejected, "labels/train2017/000000000659.txt", 0, "no picture");
}

/* Where other tools put pictures and labels. */
static void
test_layouts (void)
{
  static const char *const pairs[][2]
      = { { "images/a.jpg", "labels/a.txt" },         { "Images/a.jpg", "Annotations/a.txt" },
          { "Images/sub/a.jpg", "Labels/sub/a.txt" }, { "Images/a.jpg", "labels/a.txt" },
          { "images/a.jpg", "annotations/a.txt" },    { "obj_train_data/a.jpg", "obj_train_data/a.txt" } };
  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      const char *folder = fv_test_folder ();
      g_autofree char *labels = g_path_get_dirname (pairs[i][1]);
      g_autofree char *lost = g_build_filename (labels, "lost.txt", NULL);
      fv_test_jpeg (folder, pairs[i][0], 200, 100, 1, 0);
      fv_test_write (folder, pairs[i][1], "0 0.5 0.5 0.2 0.2\n");
      fv_test_write (folder, lost, "0 0.5 0.5 0.2 0.2\n");
      fv_test_write (folder, "obj.names", "cell\n");
      g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
      g_assert_cmpstr (report->format, ==, "yolo");
      fv_test_assert_box (fv_test_item (report, pairs[i][0]), 0, 0, 80, 40, 120, 60);
      g_assert_cmpstr (report->dataset->class_names[0], ==, "cell");
      g_assert_cmpuint (report->rejected->len, ==, 1);
      fv_test_assert_row (report->rejected, "lost.txt", 0, "no picture");
    }
}

/* Descriptions as Roboflow and Ultralytics write them. */
static void
test_descriptions (void)
{
  const char *folder = fv_test_folder ();
  fv_test_jpeg (folder, "train/images/a.jpg", 200, 100, 1, 0);
  fv_test_jpeg (folder, "val/images/b.jpg", 200, 100, 2, 0);
  fv_test_write (folder, "train/labels/a.txt", "0 0.5 0.5 0.2 0.2\n");
  fv_test_write (folder, "val/labels/b.txt", "0 0.5 0.5 0.2 0.2\n");
  fv_test_write (folder, "data.yaml", "train: ../train/images\nval: ../valid/images\nnc: 1\nnames: ['a']\n");
  g_autoptr (FvImportReport) roboflow = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpuint (roboflow->n_in_subset[FV_SUBSET_VAL], ==, 1);
  g_assert_cmpuint (roboflow->rejected->len, ==, 0);
  fv_test_assert_row (roboflow->repaired, "data.yaml", 2, "val/images' was taken");

  /* Keypoints stand behind the box; an even number of them would look like a polygon. */
  fv_test_write (folder, "data.yaml", "path: .\ntrain: train/images\nkpt_shape: [2, 3]\nnames:\n  0: a\n");
  fv_test_write (folder, "train/labels/a.txt",
                 "0 0.5 0.5 0.2 0.2 0.1 0.1 2 0.9 0.9 2\n0 0.1 0.1 0.5 0.1 0.3 0.6\n0 0.5 0.5 0.1 0.1\n");
  g_autoptr (FvImportReport) pose = fv_test_import (folder, &(FvImportParams){ 0 });
  const FvItem *item = fv_test_item (pose, "train/images/a.jpg");
  g_assert_cmpuint (item->boxes->len, ==, 3);
  fv_test_assert_box (item, 0, 0, 80, 40, 120, 60);
  fv_test_assert_box (item, 1, 0, 20, 10, 100, 60);
  for (guint i = 0; i < 4; i++)
    {
      static const char *const shapes[] = { "17", "[1]", "[a, 3]", "[-1, 3]" };
      g_autofree char *text = g_strdup_printf ("train: train/images\nkpt_shape: %s\nnames: [a]\n", shapes[i]);
      fv_test_write (folder, "data.yaml", text);
      g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
      g_assert_cmpuint (fv_dataset_count_boxes (report->dataset), ==, 2);
    }
}

static void
test_fixtures (void)
{
  const char *strict = fv_test_data ("formats/datumaro/tests/assets/yolo_dataset/strict");
  if (strict == NULL)
    return;
  g_autoptr (FvImportReport) darknet = fv_test_import (strict, &(FvImportParams){ 0 });
  g_assert_cmpuint (darknet->n_in_subset[FV_SUBSET_TRAIN], ==, 1);
  g_assert_cmpuint (darknet->dataset->n_classes, ==, 10);
  g_assert_cmpuint (fv_dataset_count_boxes (darknet->dataset), ==, 2);

  const char *loose[] = { "labels", "annotations" };
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *name = g_build_filename ("formats/datumaro/tests/assets/yolo_dataset", loose[i], NULL);
      g_autoptr (FvImportReport) report = fv_test_import (fv_test_data (name), &(FvImportParams){ 0 });
      g_assert_cmpuint (report->dataset->n_classes, ==, 10);
      g_assert_cmpuint (fv_dataset_count_boxes (report->dataset), ==, i == 0 ? 4 : 2);
      g_assert_cmpuint (report->rejected->len, ==, 0);
    }
  const char *label_studio = fv_test_data ("formats/label-studio/tests/custom/converter/data/test_import_yolo_data");
  g_autoptr (FvImportReport) studio = fv_test_import (label_studio, &(FvImportParams){ 0 });
  g_assert_cmpuint (studio->dataset->n_classes, ==, 4);
  g_assert_cmpuint (studio->dataset->items->len, ==, 7);
  g_assert_cmpuint (fv_dataset_count_boxes (studio->dataset), ==, 25);

  const char *coco8 = fv_test_data ("formats/coco8/example_datasets/coco8");
  g_autoptr (FvImportReport) eight = fv_test_import (coco8, &(FvImportParams){ 0 });
  g_assert_cmpuint (eight->n_in_subset[FV_SUBSET_TRAIN], ==, 4);
  g_assert_cmpuint (eight->n_in_subset[FV_SUBSET_VAL], ==, 4);
  g_assert_cmpuint (eight->rejected->len, ==, 0);
  g_assert_cmpuint (eight->dataset->n_classes, ==, 80);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dataset/import/yolo/lines", test_lines);
  g_test_add_func ("/dataset/import/yolo/geometry", test_geometry);
  g_test_add_func ("/dataset/import/yolo/bad-files", test_bad_files);
  g_test_add_func ("/dataset/import/yolo/lists", test_lists);
  g_test_add_func ("/dataset/import/yolo/yaml-forms", test_yaml_forms);
  g_test_add_func ("/dataset/import/yolo/unusable-sources", test_unusable_sources);
  g_test_add_func ("/dataset/import/yolo/closed-folder", test_closed_folder);
  g_test_add_func ("/dataset/import/yolo/garbage", test_garbage);
  g_test_add_func ("/dataset/import/yolo/bare-folder", test_bare_folder);
  g_test_add_func ("/dataset/import/yolo/images-apart", test_images_apart);
  g_test_add_func ("/dataset/import/yolo/copy-and-dry-run", test_copy_and_dry_run);
  g_test_add_func ("/dataset/import/yolo/split-is-kept", test_split_is_kept);
  g_test_add_func ("/dataset/import/yolo/cancelled", test_cancelled);
  g_test_add_func ("/dataset/import/yolo/coco128", test_coco128);
  g_test_add_func ("/dataset/import/yolo/layouts", test_layouts);
  g_test_add_func ("/dataset/import/yolo/descriptions", test_descriptions);
  g_test_add_func ("/dataset/import/yolo/fixtures", test_fixtures);
  return g_test_run ();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/faults/store/fv-store-example.h"

#include "app/project/fv-project-splits.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "app/dataset/fv-import.h"
#include "tests/app/dataset/fv-test-jpeg.h"
#include "tests/fv-test-data.h"

/* In place of the C library's: nobody cuts the power here, and thousands of changes wait for no disk. */

int
fsync (int fd)
{
  return 0;
}

int
fdatasync (int fd)
{
  return 0;
}

const char *
fv_example_yolo (void)
{
  const char *folder = fv_test_folder ();
  fv_test_write (folder, "data.yaml", "train: images/train\nval: images/val\nnames: [ring, disc]\n");
  for (guint i = 0; i < 5; i++)
    {
      const char *subset = i < 3 ? "train" : "val";
      g_autofree char *picture = g_strdup_printf ("images/%s/%u.jpg", subset, i);
      g_autofree char *label = g_strdup_printf ("labels/%s/%u.txt", subset, i);
      fv_test_jpeg (folder, picture, 40, 30, 40 + i * 30, 0);
      if (i < 4)
        fv_test_write (folder, label,
                       i == 1 ? "0 0.5 0.5 0.2 0.2\n7 0.5 0.5 0.2 0.2\n" : "1 0.5 0.5 0.2 0.2\n0 0.3 0.3 0.1 0.2\n");
    }
  return folder;
}

const char *
fv_example_bare (void)
{
  const char *folder = fv_example_yolo ();
  g_autofree char *description = g_build_filename (folder, "data.yaml", NULL);
  g_unlink (description);
  fv_test_write (folder, "classes.txt", "ring\ndisc\n");
  return folder;
}

const char *
fv_example_voc (void)
{
  const char *folder = fv_test_folder ();
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *picture = g_strdup_printf ("JPEGImages/v%u.jpg", i);
      g_autofree char *label = g_strdup_printf ("Annotations/v%u.xml", i);
      g_autofree char *text
          = g_strdup_printf ("<annotation><size><width>50</width><height>40</height></size>"
                             "<object><name>disc</name><bndbox><xmin>%u</xmin><ymin>2</ymin><xmax>30</xmax><ymax>%s"
                             "</ymax></bndbox></object></annotation>",
                             i + 1, i == 2 ? "none" : "20");
      fv_test_jpeg (folder, picture, 50, 40, 60 + i * 30, 0);
      fv_test_write (folder, label, text);
    }
  fv_test_write (folder, "ImageSets/Main/train.txt", "v0\nv1\n");
  fv_test_write (folder, "ImageSets/Main/val.txt", "v2\n");
  return folder;
}

const char *
fv_example_project (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fv_test_folder (), "project", NULL);
  g_autoptr (FvProject) project = fv_project_create (path, &error);
  g_assert_no_error (error);
  g_autoptr (FvImportReport) report = fv_import (project, fv_example_voc (), &(FvImportParams){ 0 }, &error);
  g_assert_no_error (error);
  return g_intern_string (path);
}

static void
copy_file (const char *from, const char *to, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *source = g_build_filename (from, name, NULL);
  g_autofree char *bytes = NULL;
  gsize size;
  g_file_get_contents (source, &bytes, &size, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (size, >, 0);
  fv_test_write_data (to, name, bytes, size);
}

const char *
fv_example_killed (void)
{
  g_autoptr (GError) error = NULL;
  const char *path = fv_example_project (), *killed = fv_test_folder ();
  g_autoptr (FvProject) project = fv_project_open (path, FV_PROJECT_EDIT, &error);
  g_assert_no_error (error);
  g_autoptr (FvDataset) dataset = fv_project_load_dataset (project, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < dataset->items->len; i++)
    fv_dataset_get (dataset, i)->subset = FV_SUBSET_TEST;
  fv_project_save_split (project, dataset, NULL, "{}", NULL, &error);
  g_assert_no_error (error);
  copy_file (path, killed, "project.db");
  copy_file (path, killed, "project.db-wal");
  return killed;
}

static void
put_problems (GString *text, const char *kind, const GPtrArray *problems)
{
  for (guint i = 0; i < problems->len; i++)
    {
      const FvProblem *problem = g_ptr_array_index (problems, i);
      g_string_append_printf (text, "%s %s %u %s\n", kind, problem->file, problem->line, problem->reason);
    }
}

char *
fv_example_content (FvProject *project)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) repaired = NULL;
  g_autoptr (GPtrArray) rejected = NULL;
  g_autoptr (FvDataset) dataset = fv_project_load_dataset (project, &error);
  g_assert_no_error (error);
  fv_project_load_problems (project, &repaired, &rejected, &error);
  g_assert_no_error (error);
  g_autofree char *classes = g_strjoinv (", ", dataset->class_names);
  g_autoptr (GString) text = g_string_new (classes);
  for (guint i = 0; i < dataset->items->len; i++)
    {
      const FvItem *item = fv_dataset_get (dataset, i);
      g_string_append_printf (text, "\n%" G_GINT64_FORMAT " %s %s %u x %u, %u, %s:", item->id, item->path, item->hash,
                              item->width, item->height, item->orientation, fv_subset_to_string (item->subset));
      for (guint k = 0; k < item->boxes->len; k++)
        {
          const FvBox *box = &g_array_index (item->boxes, FvBox, k);
          g_string_append_printf (text, " %u %a %a %a %a", box->class_id, box->x1, box->y1, box->x2, box->y2);
        }
    }
  g_string_append_c (text, '\n');
  put_problems (text, "repaired", repaired);
  put_problems (text, "rejected", rejected);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
check_store (const char *path)
{
  g_autofree char *store = g_build_filename (path, "project.db", NULL);
  sqlite3 *db = NULL;
  sqlite3_stmt *statement = NULL;
  g_assert_cmpint (sqlite3_open (store, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (db, "PRAGMA integrity_check", -1, &statement, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
  g_assert_cmpstr ((const char *)sqlite3_column_text (statement, 0), ==, "ok");
  sqlite3_finalize (statement);
  sqlite3_close (db);
}

char *
fv_example_read (const char *path)
{
  g_autoptr (GError) error = NULL;
  check_store (path);
  g_autoptr (FvProject) project = fv_project_open (path, FV_PROJECT_READ, &error);
  g_assert_no_error (error);
  return fv_example_content (project);
}

GBytes *
fv_example_save (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *store = g_build_filename (path, "project.db", NULL);
  char *bytes;
  gsize size;
  g_file_get_contents (store, &bytes, &size, &error);
  g_assert_no_error (error);
  return g_bytes_new_take (bytes, size);
}

void
fv_example_restore (const char *path, GBytes *store)
{
  static const char *const beside[] = { "project.db-wal", "project.db-shm", "project.db-journal" };
  for (guint i = 0; i < G_N_ELEMENTS (beside); i++)
    {
      g_autofree char *file = g_build_filename (path, beside[i], NULL);
      g_unlink (file);
    }
  gsize size;
  const void *bytes = g_bytes_get_data (store, &size);
  fv_test_write_data (path, "project.db", bytes, size);
}

void
fv_example_assert_sentence (const GError *error, const char *path, const char *part)
{
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, path));
  g_assert_nonnull (strstr (error->message, part));
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

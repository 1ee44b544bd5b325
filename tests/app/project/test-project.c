/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gstdio.h>
#include <math.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/resource.h>

#include "app/project/fv-project-splits.h"
#include "app/project/fv-schema.h"
#include "tests/fv-test-data.h"

static FvProject *
make_project (char **path)
{
  g_autoptr (GError) error = NULL;
  *path = g_build_filename (fv_test_folder (), "with ä #and % space", NULL);
  FvProject *project = fv_project_create (*path, &error);
  g_assert_no_error (error);
  return project;
}

static FvItem *
make_item (const char *root, const char *name, FvSubset subset, guint n_boxes, guint class_id)
{
  FvItem *item = fv_item_new ();
  item->path = g_build_filename (root, name, NULL);
  item->name = g_strdup (name);
  item->hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, name, -1);
  item->width = 100;
  item->height = 50;
  item->orientation = 6;
  item->subset = subset;
  for (guint i = 0; i < n_boxes; i++)
    {
      FvBox box = { class_id, i + 1.0 / 3, 1, i + 10, 49.5 };
      g_array_append_val (item->boxes, box);
    }
  return item;
}

static gboolean
add_import (FvProject *project, const char *root, const char *const *classes, GPtrArray *items, GError **error)
{
  g_autoptr (GPtrArray) repaired = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_problem_free);
  g_autoptr (GPtrArray) rejected = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_problem_free);
  g_ptr_array_add (repaired, fv_problem_new ("/a.txt", 3, g_strdup ("was cut")));
  g_ptr_array_add (rejected, fv_problem_new ("/b.txt", 0, g_strdup ("no picture")));
  FvImportRecord record = { .source = root,
                            .format = "yolo",
                            .root = root,
                            .class_names = classes,
                            .items = items,
                            .repaired = repaired,
                            .rejected = rejected };
  return fv_project_add_import (project, &record, error);
}

static GPtrArray *
items_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify)fv_item_unref);
}

static void
test_import_and_load (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autoptr (FvProject) project = make_project (&path);
  const char *const first[] = { "cat", "dog", NULL }, *const second[] = { "dog", "bird", NULL };
  g_autoptr (GPtrArray) items = items_new ();
  g_ptr_array_add (items, make_item ("/data", "z.jpg", FV_SUBSET_TRAIN, 2, 0));
  g_ptr_array_add (items, make_item ("/data", "Z.jpg", FV_SUBSET_VAL, 0, 0));
  g_ptr_array_add (items, make_item ("/data", "a/b.jpg", FV_SUBSET_NONE, 1, 1));
  add_import (project, "/data", first, items, &error);
  g_assert_no_error (error);
  g_autoptr (GPtrArray) more = items_new ();
  g_ptr_array_add (more, make_item ("/other", "a.jpg", FV_SUBSET_TEST, 1, 0));
  g_ptr_array_add (more, make_item ("/other", "b.jpg", FV_SUBSET_TEST, 1, 1));
  add_import (project, "/other", second, more, &error);
  g_assert_no_error (error);

  /* Seen by another connection, in bytewise order, with classes joined by name. */
  g_autoptr (FvProject) reader = fv_project_open (path, FV_PROJECT_READ, &error);
  g_assert_no_error (error);
  g_autoptr (FvDataset) dataset = fv_project_load_dataset (reader, &error);
  g_assert_no_error (error);
  g_autofree char *classes = g_strjoinv (",", dataset->class_names);
  g_assert_cmpstr (classes, ==, "cat,dog,bird");
  static const char *const paths[] = { "/data/Z.jpg", "/other/a.jpg", "/data/a/b.jpg", "/other/b.jpg", "/data/z.jpg" };
  g_assert_cmpuint (dataset->items->len, ==, G_N_ELEMENTS (paths));
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_assert_cmpstr (fv_dataset_get (dataset, i)->path, ==, paths[i]);
      g_assert_cmpint (fv_dataset_get (dataset, i)->id, >, 0);
      g_assert_cmpuint (fv_dataset_get (dataset, i)->orientation, ==, 6);
    }
  const FvItem *last = fv_dataset_get (dataset, 4);
  g_assert_cmpuint (last->boxes->len, ==, 2);
  g_assert_true (g_array_index (last->boxes, FvBox, 1).x1 == 1 + 1.0 / 3);
  g_assert_cmpuint (g_array_index (fv_dataset_get (dataset, 1)->boxes, FvBox, 0).class_id, ==, 1);
  g_assert_cmpuint (g_array_index (fv_dataset_get (dataset, 3)->boxes, FvBox, 0).class_id, ==, 2);

  g_autoptr (GPtrArray) repaired = NULL;
  g_autoptr (GPtrArray) rejected = NULL;
  fv_project_load_problems (reader, &repaired, &rejected, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (repaired->len, ==, 2);
  g_assert_cmpuint (rejected->len, ==, 2);
  g_assert_cmpuint (((FvProblem *)g_ptr_array_index (repaired, 1))->line, ==, 3);

  /* Who reads can't write. */
  g_assert_false (add_import (reader, "/data", first, items, &error));
  g_assert_error (error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_READ_ONLY);
}

static void
test_import_again (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autoptr (FvProject) project = make_project (&path);
  const char *const classes[] = { "cat", NULL };
  for (guint n_boxes = 1; n_boxes <= 2; n_boxes++)
    {
      g_autoptr (GPtrArray) items = items_new ();
      g_ptr_array_add (items, make_item ("/data", "a.jpg", n_boxes == 1 ? FV_SUBSET_VAL : FV_SUBSET_NONE, n_boxes, 0));
      add_import (project, "/data", classes, items, &error);
      g_assert_no_error (error);
    }
  g_autoptr (FvDataset) dataset = fv_project_load_dataset (project, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (dataset->items->len, ==, 1);
  g_assert_cmpuint (fv_dataset_count_boxes (dataset), ==, 2);
  g_assert_cmpint (fv_dataset_get (dataset, 0)->id, ==, 1);
  g_assert_cmpint (fv_dataset_get (dataset, 0)->subset, ==, FV_SUBSET_VAL);

  fv_dataset_get (dataset, 0)->subset = FV_SUBSET_TEST;
  fv_project_save_split (project, dataset, NULL, "{}", NULL, &error);
  g_assert_no_error (error);
  g_autoptr (FvDataset) after = fv_project_load_dataset (project, &error);
  g_assert_no_error (error);
  g_assert_cmpint (fv_dataset_get (after, 0)->subset, ==, FV_SUBSET_TEST);
}

/* The same picture imported by way of folders within each other is one picture. */
static void
test_nested_roots (void)
{
  static const struct
  {
    const char *root, *name;
  } imports[] = { { "/a/b", "c/1.jpg" }, { "/a/b/c", "1.jpg" },  { "/a", "b/c/1.jpg" },
                  { "/a/bc", "2.jpg" },  { "/", "a/b/c/1.jpg" }, { "/a/b", "c/1.jpg" } };
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autoptr (FvProject) project = make_project (&path);
  const char *const classes[] = { "cat", NULL };
  for (guint i = 0; i < G_N_ELEMENTS (imports); i++)
    {
      g_autoptr (GPtrArray) items = items_new ();
      g_ptr_array_add (items, make_item (imports[i].root, imports[i].name, FV_SUBSET_VAL, i + 1, 0));
      add_import (project, imports[i].root, classes, items, &error);
      g_assert_no_error (error);
      g_autoptr (FvDataset) dataset = fv_project_load_dataset (project, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (dataset->items->len, ==, i < 3 ? 1 : 2);
      g_assert_cmpstr (fv_dataset_get (dataset, 0)->path, ==, "/a/b/c/1.jpg");
      g_assert_cmpint (fv_dataset_get (dataset, 0)->id, ==, 1);
      g_assert_cmpuint (fv_dataset_get (dataset, 0)->boxes->len, ==, i == 3 ? 3 : i + 1);
    }
}

static void
test_moved_with_copies (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  FvProject *project = make_project (&path);
  const char *const classes[] = { "cat", NULL };
  g_autofree char *root = g_build_filename (path, "pictures", "x", NULL);
  g_autoptr (GPtrArray) items = items_new ();
  g_ptr_array_add (items, make_item (root, "a.jpg", FV_SUBSET_VAL, 1, 0));
  FvImportRecord record
      = { .source = "/data", .format = "voc", .root = root, .copied = TRUE, .class_names = classes, .items = items };
  fv_project_add_import (project, &record, &error);
  g_assert_no_error (error);
  fv_project_free (project);

  g_autofree char *moved = g_strconcat (path, " moved", NULL);
  g_assert_cmpint (g_rename (path, moved), ==, 0);
  g_autoptr (FvProject) again = fv_project_open (moved, FV_PROJECT_READ, &error);
  g_assert_no_error (error);
  g_autoptr (FvDataset) dataset = fv_project_load_dataset (again, &error);
  g_assert_no_error (error);
  g_autofree char *expected = g_build_filename (moved, "pictures/x/a.jpg", NULL);
  g_assert_cmpstr (fv_dataset_get (dataset, 0)->path, ==, expected);
  g_assert_cmpint (g_rename (moved, path), ==, 0);
}

static void
test_no_project (void)
{
  g_autoptr (GError) error = NULL;
  const char *folder = fv_test_folder ();
  g_assert_null (fv_project_open ("/nowhere", FV_PROJECT_READ, &error));
  g_assert_error (error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "/nowhere"));
  g_clear_error (&error);
  g_assert_null (fv_project_open (folder, FV_PROJECT_READ, &error));
  g_assert_error (error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_NOT_FOUND);
  g_clear_error (&error);

  /* Not SQLite at all. */
  const char *store = fv_test_write (folder, "project.db", "This is a letter to my aunt, not a data base of any kind.");
  g_assert_null (fv_project_open (folder, FV_PROJECT_READ, &error));
  g_assert_error (error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_STORE);
  g_assert_nonnull (strstr (error->message, store));
  g_clear_error (&error);
  g_assert_null (fv_project_create (folder, &error));
  g_assert_error (error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_STORE);
  g_clear_error (&error);

  /* Making it was cut short: an empty store. Reading says so, making it again finishes. */
  const char *cut_short = fv_test_folder ();
  fv_test_write (cut_short, "project.db", NULL);
  g_assert_null (fv_project_open (cut_short, FV_PROJECT_READ, &error));
  g_assert_error (error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_NOT_FOUND);
  g_clear_error (&error);
  FvProject *project = fv_project_create (cut_short, &error);
  g_assert_no_error (error);
  fv_project_free (project);
  g_assert_null (fv_project_create (cut_short, &error));
  g_assert_error (error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_EXISTS);
  g_clear_error (&error);

  const char *file = fv_test_write (fv_test_folder (), "a-file", "x");
  g_assert_null (fv_project_create (file, &error));
  g_assert_error (error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_EXISTS);
}

static int
read_number (sqlite3 *db, const char *sql)
{
  sqlite3_stmt *statement = NULL;
  g_assert_cmpint (sqlite3_prepare_v2 (db, sql, -1, &statement, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
  int value = sqlite3_column_int (statement, 0);
  sqlite3_finalize (statement);
  return value;
}

static void
test_migration (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  FvProject *project = make_project (&path);
  const char *const classes[] = { "cat", NULL };
  g_autoptr (GPtrArray) items = items_new ();
  g_ptr_array_add (items, make_item ("/data", "a.jpg", FV_SUBSET_VAL, 3, 0));
  add_import (project, "/data", classes, items, &error);
  g_assert_no_error (error);
  fv_project_free (project);

  g_autofree char *store = g_build_filename (path, "project.db", NULL);
  g_autofree char *copy = g_strconcat (store, ".before-schema-4", NULL);
  sqlite3 *db = NULL;
  g_assert_cmpint (sqlite3_open (store, &db), ==, SQLITE_OK);

  /* A step that fails leaves the store as it was, with the copy beside it. */
  const char *const broken[] = { NULL, NULL, "ALTER TABLE pictures ADD COLUMN note TEXT", "DROP TABLE not_there" };
  g_assert_false (fv_schema_bring_forward (db, store, broken, 4, &error));
  g_assert_error (error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_STORE);
  g_clear_error (&error);
  g_assert_cmpint (read_number (db, "PRAGMA user_version"), ==, FV_PROJECT_SCHEMA);
  g_assert_cmpint (read_number (db, "SELECT count(*) FROM pragma_table_info ('pictures') WHERE name = 'note'"), ==, 0);
  g_assert_true (g_file_test (copy, G_FILE_TEST_EXISTS));

  const char *const steps[]
      = { NULL, NULL, "ALTER TABLE pictures ADD COLUMN note TEXT", "UPDATE pictures SET note = 'x'" };
  fv_schema_bring_forward (db, store, steps, 4, &error);
  g_assert_no_error (error);
  g_assert_cmpint (read_number (db, "PRAGMA user_version"), ==, 4);
  g_assert_cmpint (read_number (db, "SELECT count(*) FROM pictures WHERE note = 'x'"), ==, 1);
  sqlite3_close (db);

  /* The copy is a whole store of before. */
  g_assert_cmpint (sqlite3_open (copy, &db), ==, SQLITE_OK);
  g_assert_cmpint (read_number (db, "PRAGMA user_version"), ==, FV_PROJECT_SCHEMA);
  g_assert_cmpint (read_number (db, "SELECT count(*) FROM boxes"), ==, 3);
  sqlite3_close (db);

  /* This program does not know schema 4. */
  g_assert_null (fv_project_open (path, FV_PROJECT_READ, &error));
  g_assert_error (error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_TOO_NEW);
}

/* A project of schema 1, as the first Fovea made it: all that it holds is there, and the copy beside it. */
static void
test_schema_1 (void)
{
  g_autoptr (GError) error = NULL;
  const char *folder = fv_test_folder ();
  g_autofree char *store = g_build_filename (folder, "project.db", NULL);
  g_autofree char *copy = g_strdup_printf ("%s.before-schema-%d", store, FV_PROJECT_SCHEMA);
  sqlite3 *db = NULL;
  g_assert_cmpint (sqlite3_open (store, &db), ==, SQLITE_OK);
  g_assert_true (fv_schema_bring_forward (db, store, fv_schema_steps, 1, &error));
  g_assert_no_error (error);
  g_assert_true (fv_schema_run (db, store,
                                "INSERT INTO roots (path, inside) VALUES ('/data', 0);"
                                "INSERT INTO classes (position, name) VALUES (0, 'cat');"
                                "INSERT INTO pictures (root_id, name, hash, width, height, orientation, subset) "
                                "VALUES (1, 'a.jpg', 'abc', 640, 480, 6, 2);"
                                "INSERT INTO boxes (picture_id, position, class_id, x1, y1, x2, y2) "
                                "VALUES (1, 0, 1, 1.5, 2, 3, 4)",
                                &error));
  g_assert_no_error (error);
  sqlite3_close (db);

  g_autoptr (FvProject) project = fv_project_open (folder, FV_PROJECT_READ, &error);
  g_assert_no_error (error);
  g_autoptr (FvDataset) dataset = fv_project_load_dataset (project, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (dataset->items->len, ==, 1);
  const FvItem *item = fv_dataset_get (dataset, 0);
  g_assert_cmpstr (item->path, ==, "/data/a.jpg");
  g_assert_cmpint (item->subset, ==, FV_SUBSET_VAL);
  g_assert_cmpuint (item->boxes->len, ==, 1);
  g_assert_cmpfloat (g_array_index (item->boxes, FvBox, 0).x1, ==, 1.5);
  g_assert_cmpuint (item->ignored->len, ==, 0);
  g_assert_cmpint (item->time, ==, FV_TIME_UNKNOWN);
  g_assert_true (isnan (item->latitude) && isnan (item->longitude));
  g_assert_cmpuint (item->reading.page, ==, 0);
  g_assert_cmpuint (item->reading.high, ==, 0);
  g_assert_true (g_file_test (copy, G_FILE_TEST_EXISTS));
}

/* A limit on the size of files stands for the disk that is full. */
static void
test_full_disk (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autoptr (FvProject) project = make_project (&path);
  const char *const classes[] = { "cat", NULL };
  g_autoptr (GPtrArray) few = items_new ();
  g_ptr_array_add (few, make_item ("/data", "a.jpg", FV_SUBSET_VAL, 3, 0));
  add_import (project, "/data", classes, few, &error);
  g_assert_no_error (error);
  g_autoptr (GPtrArray) many = items_new ();
  for (guint i = 0; i < 5000; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u.jpg", i);
      g_ptr_array_add (many, make_item ("/data", name, FV_SUBSET_TRAIN, 5, 0));
    }

  struct rlimit before, limit;
  getrlimit (RLIMIT_FSIZE, &before);
  limit = (struct rlimit){ 256 << 10, before.rlim_max };
  signal (SIGXFSZ, SIG_IGN);
  setrlimit (RLIMIT_FSIZE, &limit);
  gboolean added = add_import (project, "/data", classes, many, &error);
  setrlimit (RLIMIT_FSIZE, &before);
  g_assert_false (added);
  g_assert_error (error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_STORE);
  g_clear_error (&error);

  /* What was there is there, and with room again the import succeeds. */
  g_autoptr (FvDataset) dataset = fv_project_load_dataset (project, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (dataset->items->len, ==, 1);
  g_assert_cmpuint (fv_dataset_count_boxes (dataset), ==, 3);
  add_import (project, "/data", classes, many, &error);
  g_assert_no_error (error);
}

/* A file system without shared memory: SQLite's lock-file layer has none either. */
static void
test_rollback_journal (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  sqlite3_vfs *usual = sqlite3_vfs_find (NULL), *plain = sqlite3_vfs_find ("unix-dotfile");
  g_assert_nonnull (plain);
  sqlite3_vfs_register (plain, 1);
  FvProject *project = make_project (&path);
  g_assert_nonnull (fv_project_get_notice (project));
  const char *const classes[] = { "cat", NULL };
  g_autoptr (GPtrArray) items = items_new ();
  g_ptr_array_add (items, make_item ("/data", "a.jpg", FV_SUBSET_VAL, 3, 0));
  add_import (project, "/data", classes, items, &error);
  g_assert_no_error (error);
  fv_project_free (project);
  sqlite3_vfs_register (usual, 1);

  g_autoptr (FvProject) again = fv_project_open (path, FV_PROJECT_READ, &error);
  g_assert_no_error (error);
  g_assert_null (fv_project_get_notice (again));
  g_autoptr (FvDataset) dataset = fv_project_load_dataset (again, &error);
  g_assert_cmpuint (fv_dataset_count_boxes (dataset), ==, 3);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/project/store/import-and-load", test_import_and_load);
  g_test_add_func ("/project/store/import-again", test_import_again);
  g_test_add_func ("/project/store/nested-roots", test_nested_roots);
  g_test_add_func ("/project/store/moved-with-copies", test_moved_with_copies);
  g_test_add_func ("/project/store/no-project", test_no_project);
  g_test_add_func ("/project/store/migration", test_migration);
  g_test_add_func ("/project/store/full-disk", test_full_disk);
  g_test_add_func ("/project/store/rollback-journal", test_rollback_journal);
  g_test_add_func ("/project/schema-1", test_schema_1);
  return g_test_run ();
}

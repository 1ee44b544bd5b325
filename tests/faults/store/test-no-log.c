/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "app/dataset/fv-import.h"
#include "tests/faults/store/fv-failing-vfs.h"
#include "tests/faults/store/fv-store-example.h"
#include "tests/fv-test-data.h"

/*
 * A file system that can't keep a write-ahead log, as that of a network: either SQLite is told so from the start, or it
 * finds out when it maps the memory.
 */
static const struct
{
  const char *name;
  gboolean shares;
} kinds[] = { { "untold", TRUE }, { "told", FALSE } };

static void
begin (gboolean share)
{
  fv_failing_vfs_shares (share);
  if (share)
    fv_failing_vfs_start (FV_VFS_SHARE, 1, SQLITE_IOERR_SHMMAP, TRUE);
}

static void
end (void)
{
  fv_failing_vfs_stop ();
  fv_failing_vfs_shares (TRUE);
}

static void
assert_journal (const char *path, const char *expected)
{
  g_autofree char *store = g_build_filename (path, "project.db", NULL);
  sqlite3 *db = NULL;
  sqlite3_stmt *statement = NULL;
  g_assert_cmpint (sqlite3_open (store, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (db, "PRAGMA journal_mode", -1, &statement, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
  g_assert_cmpstr ((const char *)sqlite3_column_text (statement, 0), ==, expected);
  sqlite3_finalize (statement);
  sqlite3_close (db);
}

static void
import (FvProject *project)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvImportReport) report = fv_import (project, fv_example_yolo (), &(FvImportParams){ 0 }, &error);
  g_assert_no_error (error);
}

/* One who writes and one who reads, both open all the time. */
static void
test_together (gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fv_test_folder (), "project", NULL);
  begin (GPOINTER_TO_INT (data));
  FvProject *writer = fv_project_create (path, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (fv_project_get_notice (writer), "rollback journal"));
  FvProject *reader = fv_project_open (path, FV_PROJECT_READ, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 3; i++)
    {
      import (writer);
      g_autofree char *written = fv_example_content (writer);
      g_autofree char *read = fv_example_content (reader);
      g_assert_cmpstr (read, ==, written);
      g_assert_nonnull (strstr (read, "disc"));
    }
  fv_project_free (reader);
  fv_project_free (writer);
  end ();
  assert_journal (path, "delete");

  /* Brought to a local disk it has a log again, from the first time that it may be changed. */
  g_autoptr (FvProject) local = fv_project_open (path, FV_PROJECT_EDIT, &error);
  g_assert_no_error (error);
  g_assert_null (fv_project_get_notice (local));
  assert_journal (path, "wal");
}

/* What was in the log when the project was copied there is not lost, whoever opens it first. */
static void
open_with_log (gboolean share, FvProjectMode mode)
{
  g_autoptr (GError) error = NULL;
  const char *path = fv_example_killed ();
  begin (share);
  FvProject *project = fv_project_open (path, mode, &error);
  g_assert_no_error (error);
  g_assert_cmpint (fv_project_get_notice (project) != NULL, ==, mode == FV_PROJECT_EDIT);
  g_autofree char *content = fv_example_content (project);
  g_assert_null (strstr (content, " train:"));
  g_assert_nonnull (strstr (content, " test:"));
  if (mode == FV_PROJECT_EDIT)
    import (project);
  fv_project_free (project);
  end ();
  assert_journal (path, "delete");
}

static void
test_with_log (gconstpointer data)
{
  open_with_log (GPOINTER_TO_INT (data), FV_PROJECT_READ);
  open_with_log (GPOINTER_TO_INT (data), FV_PROJECT_EDIT);
}

/* Another has it open by its log: that one's log must not be taken away, and the sentence says what to do. */
static void
test_with_log_in_use (void)
{
  g_autoptr (GError) error = NULL;
  const char *path = fv_example_killed ();
  g_autoptr (FvProject) other = fv_project_open (path, FV_PROJECT_READ, &error);
  g_assert_no_error (error);
  g_autofree char *before = fv_example_content (other);
  begin (FALSE);
  g_assert_null (fv_project_open (path, FV_PROJECT_EDIT, &error));
  fv_example_assert_sentence (error, path, "try again when that is done");
  end ();
  g_autofree char *after = fv_example_content (other);
  g_assert_cmpstr (after, ==, before);
}

int
main (int argc, char **argv)
{
  fv_failing_vfs_use ();
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *together = g_strconcat ("/faults/store/no-log/together/", kinds[i].name, NULL);
      g_autofree char *with_log = g_strconcat ("/faults/store/no-log/with-log/", kinds[i].name, NULL);
      g_test_add_data_func (together, GINT_TO_POINTER (kinds[i].shares), test_together);
      g_test_add_data_func (with_log, GINT_TO_POINTER (kinds[i].shares), test_with_log);
    }
  g_test_add_func ("/faults/store/no-log/in-use", test_with_log_in_use);
  return g_test_run ();
}

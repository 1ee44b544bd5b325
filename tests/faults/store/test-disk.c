/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "app/dataset/fv-import.h"
#include "tests/faults/store/fv-failing-vfs.h"
#include "tests/faults/store/fv-store-example.h"
#include "tests/fv-test-data.h"

typedef struct
{
  const char *name;
  FvVfsCalls calls;
  int code;
  const char *advice; /* NULL: nothing of an import hangs on it */
  gboolean journal;   /* with a rollback journal, as where the file system shares no memory */
} Fault;

#define FREE_SPACE "free some space"
#define WRITABLE "writable"
#define DISK_ADVICE "Check the disk"
#define COPY "from a copy"

static const Fault faults[] = {
  { "write-full", FV_VFS_WRITE, SQLITE_FULL, FREE_SPACE },
  { "write-error", FV_VFS_WRITE, SQLITE_IOERR_WRITE, DISK_ADVICE },
  { "write-read-only", FV_VFS_WRITE, SQLITE_READONLY, WRITABLE },
  { "write-to-other-file", FV_VFS_WRITE, SQLITE_READONLY_DBMOVED, WRITABLE },
  { "sync-full", FV_VFS_SYNC, SQLITE_FULL, FREE_SPACE },
  { "sync-error", FV_VFS_SYNC, SQLITE_IOERR_FSYNC, DISK_ADVICE },
  { "truncate-error", FV_VFS_TRUNCATE, SQLITE_IOERR_TRUNCATE, NULL },
  { "open", FV_VFS_OPEN, SQLITE_CANTOPEN, WRITABLE },
  { "read-error", FV_VFS_READ, SQLITE_IOERR_READ, DISK_ADVICE },
  { "read-damaged", FV_VFS_READ, SQLITE_CORRUPT, COPY },
  { "read-no-store", FV_VFS_READ, SQLITE_NOTADB, COPY },
  { "lock-error", FV_VFS_LOCK, SQLITE_IOERR_LOCK, DISK_ADVICE },
  { "journal/write-full", FV_VFS_WRITE, SQLITE_FULL, FREE_SPACE, TRUE },
  { "journal/write-error", FV_VFS_WRITE, SQLITE_IOERR_WRITE, DISK_ADVICE, TRUE },
  { "journal/write-read-only", FV_VFS_WRITE, SQLITE_READONLY, WRITABLE, TRUE },
  { "journal/sync-error", FV_VFS_SYNC, SQLITE_IOERR_FSYNC, DISK_ADVICE, TRUE },
  { "journal/delete-error", FV_VFS_DELETE, SQLITE_IOERR_DELETE, DISK_ADVICE, TRUE },
  { "journal/open", FV_VFS_OPEN, SQLITE_CANTOPEN, WRITABLE, TRUE },
  { "journal/read-error", FV_VFS_READ, SQLITE_IOERR_READ, DISK_ADVICE, TRUE },
  { "journal/lock-error", FV_VFS_LOCK, SQLITE_IOERR_LOCK, DISK_ADVICE, TRUE },
};

static const char *yolo;

/* An import into the project that is opened and closed around it, all of that on a disk that fails at the n-th call. */
static gboolean
import (const char *path, GError **error)
{
  g_autoptr (FvProject) project = fv_project_open (path, FV_PROJECT_EDIT, error);
  FvImportReport *report = project != NULL ? fv_import (project, yolo, &(FvImportParams){ 0 }, error) : NULL;
  fv_import_report_free (report);
  return report != NULL;
}

static gboolean
run_with_failure (const char *path, const Fault *fault, guint n, gboolean lasting, const char *before,
                  const char *after, guint *n_refused)
{
  g_autoptr (GError) error = NULL;
  fv_failing_vfs_start (fault->calls, n, fault->code, lasting);
  const gboolean done = import (path, &error);
  const guint n_calls = fv_failing_vfs_stop ();
  if (done)
    g_assert_no_error (error);
  else
    {
      fv_example_assert_sentence (error, path, "project.db");
      fv_example_assert_sentence (error, path, fault->advice != NULL ? fault->advice : "");
      (*n_refused)++;
    }
  g_autofree char *content = fv_example_read (path);
  g_assert_cmpstr (content, ==, done ? after : before);
  return n_calls >= n;
}

static void
test_fault (gconstpointer data)
{
  const Fault *fault = data;
  fv_failing_vfs_shares (!fault->journal);
  const char *path = fv_example_project ();
  g_autoptr (GError) error = NULL;
  g_autofree char *before = fv_example_read (path);
  g_autoptr (GBytes) store = fv_example_save (path);
  g_assert_true (import (path, &error));
  g_autofree char *after = fv_example_read (path);
  for (guint lasting = 0; lasting < 2; lasting++)
    {
      guint n = 1, n_refused = 0;
      do
        fv_example_restore (path, store);
      while (run_with_failure (path, fault, n++, lasting, before, after, &n_refused));
      g_test_message ("%s, %s: %u calls, %u imports refused", fault->name, lasting ? "lasting" : "once", n - 2,
                      n_refused);
      g_assert_cmpuint (n, >, 2);
      g_assert_true ((n_refused > 0) == (fault->advice != NULL));
    }
}

/* Another program is in the middle of a change that takes longer than anybody waits for. */
static void
test_busy (void)
{
  const char *path = fv_example_project ();
  g_autoptr (GError) error = NULL;
  g_autofree char *store = g_build_filename (path, "project.db", NULL);
  g_autofree char *before = fv_example_read (path);
  sqlite3 *other = NULL;
  g_assert_cmpint (sqlite3_open (store, &other), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (other, "BEGIN IMMEDIATE; DELETE FROM boxes", NULL, NULL, NULL), ==, SQLITE_OK);
  g_assert_false (import (path, &error));
  fv_example_assert_sentence (error, store, "try again when that is done");
  g_assert_cmpint (sqlite3_close (other), ==, SQLITE_OK);
  g_autofree char *after = fv_example_read (path);
  g_assert_cmpstr (after, ==, before);
}

int
main (int argc, char **argv)
{
  fv_failing_vfs_use ();
  g_test_init (&argc, &argv, NULL);
  yolo = fv_example_yolo ();
  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      g_autofree char *name = g_strconcat ("/faults/store/disk/", faults[i].name, NULL);
      g_test_add_data_func (name, &faults[i], test_fault);
    }
  g_test_add_func ("/faults/store/disk/busy", test_busy);
  return g_test_run ();
}

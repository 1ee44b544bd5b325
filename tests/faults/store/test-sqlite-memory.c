/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sqlite3.h>
#include <string.h>

#include "app/dataset/fv-import.h"

#include "app/project/fv-project-splits.h"
#include "app/dataset/fv-split.h"
#include "tests/faults/store/fv-store-example.h"
#include "tests/fv-test-data.h"

/* SQLite's allocations are counted, and one of them fails: once (n), or it and all after it (a machine that is full). */

/* After so many failures the store is opened anew and looked through. */
#define REOPEN_EACH 8

static sqlite3_mem_methods usual;
static guint n_calls, failing;
static gboolean lasting;

static gboolean
fails (void)
{
  n_calls++;
  return failing > 0 && (n_calls == failing || (lasting && n_calls > failing));
}

static void *
failing_malloc (int size)
{
  return fails () ? NULL : usual.xMalloc (size);
}

static void *
failing_realloc (void *memory, int size)
{
  return fails () ? NULL : usual.xRealloc (memory, size);
}

static void
start (guint n)
{
  n_calls = 0;
  failing = n;
}

static void
use_failing_memory (void)
{
  g_assert_cmpint (sqlite3_config (SQLITE_CONFIG_GETMALLOC, &usual), ==, SQLITE_OK);
  sqlite3_mem_methods methods = usual;
  methods.xMalloc = failing_malloc;
  methods.xRealloc = failing_realloc;
  g_assert_cmpint (sqlite3_config (SQLITE_CONFIG_MALLOC, &methods), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_config (SQLITE_CONFIG_MEMSTATUS, 1), ==, SQLITE_OK);
  /* No reserve that small allocations come from. */
  g_assert_cmpint (sqlite3_config (SQLITE_CONFIG_LOOKASIDE, 0, 0), ==, SQLITE_OK);
}

/* What is done with a project. */

static const char *yolo;

static gboolean
import (FvProject *project, GError **error)
{
  FvImportReport *report = fv_import (project, yolo, &(FvImportParams){ 0 }, error);
  fv_import_report_free (report);
  return report != NULL;
}

static gboolean
split (FvProject *project, GError **error)
{
  g_autoptr (FvDataset) dataset = fv_project_load_dataset (project, error);
  if (dataset == NULL)
    return FALSE;
  FvSplitResult result;
  fv_split_dataset (dataset, &(FvSplitParams){ .seed = 7, .val = 0.5 }, &result, NULL);
  return fv_project_save_split (project, dataset, NULL, "{}", NULL, error);
}

static gboolean
load (FvProject *project, GError **error)
{
  g_autoptr (FvDataset) dataset = fv_project_load_dataset (project, error);
  return dataset != NULL;
}

static gboolean
load_problems (FvProject *project, GError **error)
{
  g_autoptr (GPtrArray) repaired = NULL;
  g_autoptr (GPtrArray) rejected = NULL;
  return fv_project_load_problems (project, &repaired, &rejected, error);
}

typedef struct
{
  const char *name;
  FvProjectMode mode;
  gboolean (*run) (FvProject *project, GError **error);
} Operation;

static const Operation operations[] = {
  { "import", FV_PROJECT_EDIT, import },
  { "split", FV_PROJECT_EDIT, split },
  { "load", FV_PROJECT_READ, load },
  { "problems", FV_PROJECT_READ, load_problems },
};

static char *
content_after (const char *path, const Operation *operation)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvProject) project = fv_project_open (path, operation->mode, &error);
  g_assert_no_error (error);
  operation->run (project, &error);
  g_assert_no_error (error);
  return fv_example_content (project);
}

/* Another program can write: no transaction was left open. */
static void
assert_free (const char *path)
{
  g_autofree char *store = g_build_filename (path, "project.db", NULL);
  sqlite3 *other = NULL;
  g_assert_cmpint (sqlite3_open (store, &other), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (other, "BEGIN IMMEDIATE; ROLLBACK", NULL, NULL, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_close (other), ==, SQLITE_OK);
}

/* One allocation of an operation fails: it is done whole or not at all, and the same project goes on working. */
static gboolean
run_with_failure (const char *path, const Operation *operation, guint n, const char *before, const char *after)
{
  g_autoptr (GError) error = NULL;
  const gint64 used = sqlite3_memory_used ();
  FvProject *project = fv_project_open (path, operation->mode, &error);
  g_assert_no_error (error);
  start (n);
  gboolean done = operation->run (project, &error);
  gboolean failed = n_calls >= n;
  start (0);
  if (done)
    g_assert_no_error (error);
  else
    fv_example_assert_sentence (error, path, "close other programs");
  /* Where memory is missing for good undoing fails as well, until the next time. */
  if (!lasting)
    assert_free (path);
  g_autofree char *here = fv_example_content (project);
  g_assert_cmpstr (here, ==, done ? after : before);
  fv_project_free (project);
  g_assert_cmpint (sqlite3_memory_used (), ==, used);
  g_assert_true (failed || done);
  if (n % REOPEN_EACH == 0 || done)
    {
      g_autofree char *again = fv_example_read (path);
      g_assert_cmpstr (again, ==, done ? after : before);
    }
  return failed;
}

static void
test_operation (gconstpointer data)
{
  const Operation *operation = data;
  const char *path = fv_example_project ();
  g_autofree char *before = fv_example_read (path);
  g_autoptr (GBytes) store = fv_example_save (path);
  g_autofree char *after = content_after (path, operation);
  for (guint once = 0; once < 2; once++)
    {
      guint n = 1;
      lasting = !once;
      do
        fv_example_restore (path, store);
      while (run_with_failure (path, operation, n++, before, after));
      g_test_message ("%s: each of %u allocations failed%s", operation->name, n - 2, once ? " once" : " and all after");
      g_assert_cmpuint (n, >, 10);
    }
}

static void
test_open (void)
{
  static const FvProjectMode modes[] = { FV_PROJECT_READ, FV_PROJECT_EDIT };
  const char *path = fv_example_project ();
  g_autofree char *before = fv_example_read (path);
  const gint64 used = sqlite3_memory_used ();
  for (guint kind = 0; kind < 4; kind++)
    {
      gboolean failed = TRUE;
      guint n = 0;
      lasting = kind >= 2;
      while (failed)
        {
          g_autoptr (GError) error = NULL;
          start (++n);
          FvProject *project = fv_project_open (path, modes[kind % 2], &error);
          failed = n_calls >= n;
          start (0);
          if (project == NULL)
            fv_example_assert_sentence (error, path, "close other programs");
          else
            /* A failure that SQLite gets over must not be taken for a file system without shared memory. */
            g_assert_null (fv_project_get_notice (project));
          fv_project_free (project);
          g_assert_cmpint (sqlite3_memory_used (), ==, used);
          g_autofree char *again = fv_example_read (path);
          g_assert_cmpstr (again, ==, before);
        }
      g_assert_cmpuint (n, >, 10);
    }
}

/* What a failed attempt leaves can be finished by the next. */
static void
test_create (void)
{
  const gint64 used = sqlite3_memory_used ();
  for (guint kind = 0; kind < 2; kind++)
    {
      gboolean failed = TRUE;
      guint n = 0;
      lasting = kind == 1;
      while (failed)
        {
          g_autoptr (GError) error = NULL;
          g_autofree char *path = g_build_filename (fv_test_folder (), "project", NULL);
          start (++n);
          FvProject *project = fv_project_create (path, &error);
          failed = n_calls >= n;
          start (0);
          if (project == NULL)
            {
              fv_example_assert_sentence (error, path, "close other programs");
              g_clear_error (&error);
              project = fv_project_create (path, &error);
              g_assert_no_error (error);
            }
          fv_project_free (project);
          g_assert_cmpint (sqlite3_memory_used (), ==, used);
          g_autofree char *content = fv_example_read (path);
          g_assert_cmpstr (content, ==, "\n");
        }
      g_assert_cmpuint (n, >, 10);
    }
}

int
main (int argc, char **argv)
{
  use_failing_memory ();
  g_test_init (&argc, &argv, NULL);
  yolo = fv_example_yolo ();
  g_test_add_func ("/faults/store/sqlite-memory/create", test_create);
  g_test_add_func ("/faults/store/sqlite-memory/open", test_open);
  for (guint i = 0; i < G_N_ELEMENTS (operations); i++)
    {
      g_autofree char *name = g_strconcat ("/faults/store/sqlite-memory/", operations[i].name, NULL);
      g_test_add_data_func (name, &operations[i], test_operation);
    }
  return g_test_run ();
}

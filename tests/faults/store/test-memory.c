/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "app/dataset/fv-import.h"
#include "tests/faults/store/fv-failing-memory.h"
#include "tests/faults/store/fv-store-example.h"
#include "tests/fv-test-data.h"

static const FvItem *
find_item (const FvDataset *dataset, const char *path)
{
  for (guint i = 0; i < dataset->items->len; i++)
    if (strcmp (fv_dataset_get (dataset, i)->path, path) == 0)
      return fv_dataset_get (dataset, i);
  return NULL;
}

/* Whether a row speaks of memory and names this file, or what belongs to it. */
static gboolean
is_refused (const FvImportReport *report, const char *name)
{
  for (guint i = 0; i < report->rejected->len; i++)
    {
      const FvProblem *row = g_ptr_array_index (report->rejected, i);
      if (strstr (row->reason, "memory") != NULL && (strstr (row->file, name) != NULL || strstr (row->reason, name)))
        return TRUE;
    }
  return FALSE;
}

/* As in the whole import, or a row says why it is not: the picture, or the list that tells its subset. */
static void
assert_not_lost (const FvImportReport *report, const FvItem *wanted)
{
  const FvItem *item = find_item (report->dataset, wanted->path);
  const char *slash = strrchr (wanted->path, '/');
  if (item == NULL)
    g_assert_true (is_refused (report, slash + 1));
  else
    {
      /* Without names a class that is out of their range is one. */
      g_assert_cmpuint (item->boxes->len, >=, wanted->boxes->len);
      g_assert_true (item->boxes->len == wanted->boxes->len || is_refused (report, "classes.txt"));
      g_assert_true (item->subset == wanted->subset || is_refused (report, "/ImageSets/"));
    }
}

/* One allocation of an import fails, or it and all after it: an error that says so, or a row for each picture that stays out. */
static void
run_with_failure (const char *path, const char *source, guint n, gboolean lasting, const FvDataset *whole,
                  const char *before)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvProject) project = fv_project_open (path, FV_PROJECT_EDIT, &error);
  g_assert_no_error (error);
  fv_failing_memory_start (n, lasting);
  g_autoptr (FvImportReport) report = fv_import (project, source, &(FvImportParams){ 0 }, &error);
  fv_failing_memory_stop ();
  if (report == NULL)
    {
      g_test_message ("%u: %s", n, error->message);
      g_assert_nonnull (strstr (error->message, "memory"));
      g_autofree char *after = fv_example_content (project);
      g_assert_cmpstr (after, ==, before);
      return;
    }
  g_assert_no_error (error);
  g_assert_true (
      g_strv_equal ((const char *const *)report->dataset->class_names, (const char *const *)whole->class_names)
      || is_refused (report, "classes.txt"));
  for (guint i = 0; i < whole->items->len; i++)
    assert_not_lost (report, fv_dataset_get (whole, i));
}

static void
test_import (gconstpointer data)
{
  const char *source = data, *path = fv_example_project ();
  g_autoptr (GError) error = NULL;
  g_autofree char *before = fv_example_read (path);
  g_autoptr (GBytes) store = fv_example_save (path);
  FvProject *project = fv_project_open (path, FV_PROJECT_EDIT, &error);
  g_assert_no_error (error);
  fv_failing_memory_start (0, FALSE);
  g_autoptr (FvImportReport) whole = fv_import (project, source, &(FvImportParams){ 0 }, &error);
  const guint n_calls = fv_failing_memory_stop ();
  g_assert_no_error (error);
  fv_project_free (project);
  /* Each label file at least. */
  g_assert_cmpuint (n_calls, >=, whole->dataset->items->len - whole->backgrounds);
  for (guint n = 1; n <= n_calls; n++)
    for (guint lasting = 0; lasting < 2; lasting++)
      {
        fv_example_restore (path, store);
        run_with_failure (path, source, n, lasting, whole->dataset, before);
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/faults/store/memory/yolo", fv_example_yolo (), test_import);
  g_test_add_data_func ("/faults/store/memory/bare", fv_example_bare (), test_import);
  g_test_add_data_func ("/faults/store/memory/voc", fv_example_voc (), test_import);
  return g_test_run ();
}

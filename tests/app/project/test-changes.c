/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "app/project/fv-project-changes.h"
#include "app/project/fv-project-splits.h"
#include "tests/fv-test-data.h"

/* Changes of labels: made, undone and redone, bit for bit. */

static FvProject *
make_project (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fv_test_folder (), "project", NULL);
  FvProject *project = fv_project_create (path, &error);
  g_assert_no_error (error);
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_item_unref);
  for (guint i = 0; i < 3; i++)
    {
      FvItem *item = fv_item_new ();
      item->name = g_strdup_printf ("%u.jpg", i);
      item->path = g_strdup_printf ("/data/%u.jpg", i);
      item->hash = g_strdup_printf ("%064u", i);
      item->width = 640;
      item->height = 480;
      item->subset = FV_SUBSET_TRAIN;
      for (guint k = 0; k <= i; k++)
        {
          const FvBox box = { k % 2, 1.0 / 3 + k, 0.1, 600 - 1.0 / 7, 400 };
          g_array_append_val (item->boxes, box);
        }
      const FvBox crowd = { 1, 0, 0, 1.0 / 3, 1.0 / 9 };
      g_array_append_val (item->ignored, crowd);
      g_ptr_array_add (items, item);
    }
  const char *const names[] = { "cat", "dog", NULL };
  const FvImportRecord record
      = { .source = "/data", .format = "yolo", .root = "/data", .class_names = names, .items = items };
  g_assert_true (fv_project_add_import (project, &record, &error));
  g_assert_no_error (error);
  return project;
}

static FvDataset *
load (FvProject *project)
{
  g_autoptr (GError) error = NULL;
  FvDataset *dataset = fv_project_load_dataset (project, &error);
  g_assert_no_error (error);
  return dataset;
}

static void
assert_boxes (const GArray *a, const GArray *b)
{
  g_assert_cmpuint (a->len, ==, b->len);
  for (guint i = 0; i < a->len; i++)
    {
      const FvBox *x = &g_array_index (a, FvBox, i), *y = &g_array_index (b, FvBox, i);
      g_assert_cmpuint (x->class_id, ==, y->class_id);
      g_assert_true (x->x1 == y->x1 && x->y1 == y->y1 && x->x2 == y->x2 && x->y2 == y->y2);
    }
}

static void
assert_same (const FvDataset *a, const FvDataset *b)
{
  g_assert_cmpuint (a->items->len, ==, b->items->len);
  for (guint i = 0; i < a->items->len; i++)
    {
      const FvItem *x = fv_dataset_get (a, i), *y = fv_dataset_get (b, i);
      g_assert_cmpint (x->id, ==, y->id);
      g_assert_cmpint (x->subset, ==, y->subset);
      assert_boxes (x->boxes, y->boxes);
      assert_boxes (x->ignored, y->ignored);
    }
}

/* Deletes the first box of picture @i and moves it to the validation set. */
static void
change (FvProject *project, guint i, const char *what)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDataset) dataset = load (project);
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_item_unref);
  FvItem *item = fv_item_copy (fv_dataset_get (dataset, i));
  g_array_remove_index (item->boxes, 0);
  item->subset = FV_SUBSET_VAL;
  g_ptr_array_add (items, item);
  g_assert_true (fv_project_change (project, items, what, &error));
  g_assert_no_error (error);
}

static void
step (FvProject *project, gboolean undo, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *what = NULL;
  guint n;
  g_assert_true ((undo ? fv_project_undo : fv_project_redo) (project, &n, &what, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (what, ==, expected);
  g_assert_cmpuint (n, ==, expected != NULL ? 1 : 0);
}

static void
test_undo_redo (void)
{
  g_autoptr (FvProject) project = make_project ();
  g_autoptr (FvDataset) start = load (project);
  step (project, TRUE, NULL);
  step (project, FALSE, NULL);
  change (project, 1, "first");
  g_autoptr (FvDataset) first = load (project);
  g_assert_cmpint (fv_dataset_get (first, 1)->subset, ==, FV_SUBSET_VAL);
  g_assert_cmpuint (fv_dataset_get (first, 1)->boxes->len, ==, 1);
  g_assert_cmpuint (fv_dataset_get (first, 1)->ignored->len, ==, 1);
  change (project, 2, "second");
  g_autoptr (FvDataset) second = load (project);

  step (project, TRUE, "second");
  g_autoptr (FvDataset) back = load (project);
  assert_same (back, first);
  step (project, TRUE, "first");
  g_autoptr (FvDataset) at_start = load (project);
  assert_same (at_start, start);
  step (project, TRUE, NULL);
  step (project, FALSE, "first");
  step (project, FALSE, "second");
  step (project, FALSE, NULL);
  g_autoptr (FvDataset) again = load (project);
  assert_same (again, second);

  /* A new change gives up what was undone. */
  step (project, TRUE, "second");
  change (project, 0, "third");
  step (project, FALSE, NULL);
  step (project, TRUE, "third");
  step (project, TRUE, "first");
  g_autoptr (FvDataset) end = load (project);
  assert_same (end, start);
}

/* What was changed otherwise since is not overwritten. */
static void
test_changed_since (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvProject) project = make_project ();
  g_autofree char *what = NULL;
  guint n;
  change (project, 1, "first");
  g_autoptr (FvDataset) dataset = load (project);
  fv_dataset_get (dataset, 1)->subset = FV_SUBSET_TEST;
  g_assert_true (fv_project_save_split (project, dataset, NULL, "{}", NULL, &error));
  g_assert_false (fv_project_undo (project, &n, &what, &error));
  g_assert_error (error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_STORE);
  g_assert_null (what);
  g_autoptr (FvDataset) after = load (project);
  assert_same (after, dataset);
}

static void
test_read_only (void)
{
  g_autoptr (GError) error = NULL;
  FvProject *project = make_project ();
  g_autofree char *path = g_strdup (fv_project_get_path (project));
  g_autofree char *what = NULL;
  guint n;
  fv_project_free (project);
  g_autoptr (FvProject) reader = fv_project_open (path, FV_PROJECT_READ, &error);
  g_assert_no_error (error);
  g_assert_false (fv_project_undo (reader, &n, &what, &error));
  g_assert_error (error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_READ_ONLY);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/project/changes/undo-redo", test_undo_redo);
  g_test_add_func ("/project/changes/changed-since", test_changed_since);
  g_test_add_func ("/project/changes/read-only", test_read_only);
  return g_test_run ();
}

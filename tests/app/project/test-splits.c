/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "app/project/fv-project-splits.h"
#include "app/project/fv-test-uses.h"
#include "tests/fv-test-data.h"

/* Splits as versions that stay, and the uses of a test set. */

#define N 12

static void
add_pictures (FvProject *project, guint first, guint n)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_item_unref);
  for (guint i = first; i < first + n; i++)
    {
      FvItem *item = fv_item_new ();
      item->name = g_strdup_printf ("%02u.jpg", i);
      item->path = g_strdup_printf ("/data/%02u.jpg", i);
      item->hash = g_strdup_printf ("%064u", i);
      item->width = item->height = 64;
      g_ptr_array_add (items, item);
    }
  const char *const names[] = { "cat", NULL };
  const FvImportRecord record
      = { .source = "/data", .format = "yolo", .root = "/data", .class_names = names, .items = items };
  g_assert_true (fv_project_add_import (project, &record, &error));
  g_assert_no_error (error);
}

static FvProject *
make_project (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fv_test_folder (), "project", NULL);
  FvProject *project = fv_project_create (path, &error);
  g_assert_no_error (error);
  add_pictures (project, 0, N);
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

/* Every @period-th picture validates. */
static guint
save (FvProject *project, guint period, const GArray *folds, const char *parameters)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDataset) dataset = load (project);
  guint number = 0;
  for (guint i = 0; i < dataset->items->len; i++)
    fv_dataset_get (dataset, i)->subset = i % period == 0 ? FV_SUBSET_VAL : FV_SUBSET_TRAIN;
  g_assert_true (fv_project_save_split (project, dataset, folds, parameters, &number, &error));
  g_assert_no_error (error);
  return number;
}

static char *
hash (FvProject *project)
{
  g_autoptr (FvDataset) dataset = load (project);
  return fv_split_hash (dataset);
}

static void
test_versions (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvProject) project = make_project ();
  g_autoptr (GArray) folds = g_array_new (FALSE, FALSE, sizeof (guint)), kept = NULL;
  for (guint i = 0; i < N; i++)
    g_array_append_val (folds, ((guint){ i % 3 + 1 }));
  g_autofree char *none = hash (project);
  g_assert_cmpuint (save (project, 4, NULL, "{\"a\":1}"), ==, 1);
  g_autofree char *first = hash (project);
  g_assert_cmpuint (save (project, 3, folds, "{\"a\":2}"), ==, 2);
  g_autofree char *second = hash (project);
  g_assert_cmpstr (first, !=, none);
  g_assert_cmpstr (first, !=, second);
  /* The same again is no new version. */
  g_assert_cmpuint (save (project, 3, folds, "{\"a\":2}"), ==, 2);

  g_autoptr (GArray) versions = fv_project_list_splits (project, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (versions->len, ==, 2);
  const FvSplitVersion *version = &g_array_index (versions, FvSplitVersion, 0);
  g_assert_cmpuint (version->number, ==, 1);
  g_assert_cmpstr (version->parameters, ==, "{\"a\":1}");
  g_assert_cmpstr (version->hash, ==, first);

  /* Pictures that come later change neither version; the old one doesn't know them. */
  add_pictures (project, N, 3);
  g_autoptr (FvDataset) dataset = load (project);
  g_assert_true (fv_project_load_split (project, 1, dataset, &kept, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < dataset->items->len; i++)
    g_assert_cmpint (fv_dataset_get (dataset, i)->subset, ==,
                     i >= N       ? FV_SUBSET_NONE
                     : i % 4 == 0 ? FV_SUBSET_VAL
                                  : FV_SUBSET_TRAIN);
  g_autofree char *again = fv_split_hash (dataset);
  g_assert_cmpstr (again, ==, first);
  guint found;
  g_assert_true (fv_project_find_split (project, second, &found, &error));
  g_assert_cmpuint (found, ==, 2);
  g_assert_true (fv_project_find_split (project, none, &found, &error));
  g_assert_cmpuint (found, ==, 0);
  g_clear_pointer (&kept, g_array_unref);
  g_assert_true (fv_project_load_split (project, 2, dataset, &kept, &error));
  for (guint i = 0; i < N; i++)
    g_assert_cmpuint (g_array_index (kept, guint, i), ==, i % 3 + 1);

  g_clear_pointer (&kept, g_array_unref);
  g_assert_false (fv_project_load_split (project, 3, dataset, &kept, &error));
  g_assert_error (error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_NOT_FOUND);
}

static void
test_uses (void)
{
  g_autoptr (GError) error = NULL;
  const char *folder = fv_test_folder ();
  g_assert_cmpuint (fv_test_uses_count (folder), ==, 0);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (JsonBuilder) builder = json_builder_new ();
      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "map50");
      json_builder_add_double_value (builder, 0.5);
      json_builder_end_object (builder);
      g_autoptr (JsonNode) use = json_builder_get_root (builder);
      g_assert_true (fv_test_uses_add (folder, use, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (fv_test_uses_count (folder), ==, i + 1);
    }
  g_autoptr (JsonNode) use = json_node_init_object (json_node_alloc (), json_object_new ());
  g_assert_false (fv_test_uses_add ("/nowhere", use, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_nonnull (strstr (error->message, "/nowhere"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/project/splits/versions", test_versions);
  g_test_add_func ("/project/splits/test-uses", test_uses);
  return g_test_run ();
}

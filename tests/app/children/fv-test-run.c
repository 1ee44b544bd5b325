/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/app/children/fv-test-run.h"

#include "tests/fv-test-cli.h"
#include "tests/fv-test-data.h"

const char *
fv_test_run_project (guint n_train, guint n_val, guint size)
{
  const char *folder = fv_test_folder ();
  g_autofree char *pictures = g_build_filename (folder, "pictures", NULL);
  g_autofree char *project = g_build_filename (folder, "project", NULL);
  g_autofree char *train = g_strdup_printf ("%u", n_train);
  g_autofree char *val = g_strdup_printf ("%u", n_val);
  g_autofree char *side = g_strdup_printf ("%u", size);
  g_auto (FvTestCall) sample
      = fv_test_cli (NULL, "sample", pictures, "--train", train, "--val", val, "--test", "2", "--size", side, NULL);
  g_auto (FvTestCall) init = fv_test_cli (NULL, "init", project, NULL);
  g_auto (FvTestCall) import = fv_test_cli (NULL, "import", project, pictures, NULL);

  g_assert_cmpint (sample.status, ==, 0);
  g_assert_cmpint (init.status, ==, 0);
  g_assert_cmpint (import.status, ==, 0);
  return g_intern_string (project);
}

void
fv_test_keep_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **)user_data = g_object_ref (result);
}

void
fv_test_run_recipe (FvRecipe *recipe, guint epochs)
{
  fv_recipe_init (recipe);
  recipe->epochs = epochs;
  recipe->imgsz = 64;
  recipe->batch = 4;
}

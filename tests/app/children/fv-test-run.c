/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/app/children/fv-test-run.h"

#include "tests/fv-test-cli.h"
#include "tests/fv-test-data.h"

const char *
fv_test_run_project (guint n_train, guint n_val, guint size)
{
  g_autofree char *project = fv_test_make_project ("project", n_train, n_val, 2, size);

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

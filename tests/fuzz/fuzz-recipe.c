/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-recipe.h"
#include "tests/fuzz/fv-fuzz.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *hash = NULL;
  g_autofree char *again = NULL;
  FvRecipe recipe, copy;
  gboolean ok;

  fv_recipe_init (&recipe);
  fv_recipe_init (&copy);
  ok = fv_recipe_apply_file (&recipe, fv_fuzz_file (data, size, NULL), &error);
  fv_fuzz_either (ok, error);
  if (!ok)
    return 0;
  /* What was taken is a recipe that can be written and read. */
  node = fv_recipe_to_json (&recipe);
  g_assert_true (fv_recipe_apply_json (&copy, json_node_get_object (node), &error));
  hash = fv_recipe_hash (&recipe);
  again = fv_recipe_hash (&copy);
  g_assert_cmpstr (hash, ==, again);
  return 0;
}

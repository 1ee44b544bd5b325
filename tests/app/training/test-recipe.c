/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-json.h"
#include "app/training/fv-recipe.h"
#include "tests/fv-test-data.h"

#include <string.h>

static void
assert_refused (const char *pair, FvRecipeError code, const char *words)
{
  g_autoptr (GError) error = NULL;
  FvRecipe recipe, before;

  fv_recipe_init (&recipe);
  before = recipe;
  g_assert_false (fv_recipe_set_pair (&recipe, pair, &error));
  g_assert_error (error, FV_RECIPE_ERROR, (int)code);
  if (!strstr (error->message, words))
    g_error ("“%s” doesn't say “%s”", error->message, words);
  g_assert_cmpmem (&recipe, sizeof recipe, &before, sizeof before);
}

/* hyp.scratch-low.yaml of v7.0, and train.py's options. */
static void
test_defaults (void)
{
  static const struct
  {
    const char *name;
    double value;
  } expected[] = {
    { "lr0", 0.01 },
    { "lrf", 0.01 },
    { "momentum", 0.937 },
    { "weight_decay", 0.0005 },
    { "warmup_epochs", 3 },
    { "warmup_momentum", 0.8 },
    { "warmup_bias_lr", 0.1 },
    { "box", 0.05 },
    { "cls", 0.5 },
    { "cls_pw", 1 },
    { "obj", 1 },
    { "obj_pw", 1 },
    { "anchor_t", 4 },
    { "fl_gamma", 0 },
    { "hsv_h", 0.015 },
    { "hsv_s", 0.7 },
    { "hsv_v", 0.4 },
    { "degrees", 0 },
    { "translate", 0.1 },
    { "scale", 0.5 },
    { "shear", 0 },
    { "perspective", 0 },
    { "flipud", 0 },
    { "fliplr", 0.5 },
    { "mosaic", 1 },
    { "mixup", 0 },
    { "epochs", 100 },
    { "batch", 16 },
    { "imgsz", 640 },
    { "patience", 100 },
    { "nbs", 64 },
    { "freeze", 0 },
  };
  FvRecipe recipe;
  guint n;
  const FvRecipeKey *keys = fv_recipe_get_keys (&n);

  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      const FvRecipeKey *key = fv_recipe_lookup_key (expected[i].name);

      g_assert_nonnull (key);
      g_assert_cmpfloat (key->initial, ==, expected[i].value);
    }
  fv_recipe_init (&recipe);
  g_assert_cmpfloat (recipe.augment.fliplr, ==, 0.5);
  g_assert_cmpint (recipe.imgsz, ==, 640);
  for (guint i = 0; i < n; i++)
    {
      g_assert_cmpfloat (keys[i].min, <=, keys[i].initial);
      g_assert_cmpfloat (keys[i].max, >=, keys[i].initial);
      g_assert_true (g_str_has_suffix (keys[i].text, "."));
      for (guint j = 0; j < i; j++)
        g_assert_cmpstr (keys[i].name, !=, keys[j].name);
    }
}

static void
test_set (void)
{
  g_autoptr (GError) error = NULL;
  FvRecipe recipe;

  fv_recipe_init (&recipe);
  g_assert_true (fv_recipe_set_pair (&recipe, "lr0=0.02", &error));
  g_assert_true (fv_recipe_set_pair (&recipe, " optimizer = adamw", &error));
  g_assert_true (fv_recipe_set_pair (&recipe, "cos_lr=true", &error));
  g_assert_true (fv_recipe_set_pair (&recipe, "mosaic=0", &error));
  g_assert_no_error (error);
  g_assert_cmpfloat (recipe.lr0, ==, 0.02);
  g_assert_cmpint (recipe.optimizer, ==, FV_OPTIMIZER_ADAMW);
  g_assert_true (recipe.cos_lr);
  g_assert_cmpfloat (recipe.augment.mosaic, ==, 0.0);

  assert_refused ("lr=0.1", FV_RECIPE_ERROR_UNKNOWN_KEY, "“lr0”");
  assert_refused ("flip_lr=0.1", FV_RECIPE_ERROR_UNKNOWN_KEY, "“fliplr”");
  assert_refused ("mosiac=1", FV_RECIPE_ERROR_UNKNOWN_KEY, "“mosaic”");
  assert_refused ("lr0=3", FV_RECIPE_ERROR_VALUE, "from 1e-07 to 1");
  assert_refused ("lr0=nan", FV_RECIPE_ERROR_VALUE, "not a number");
  assert_refused ("lr0=", FV_RECIPE_ERROR_VALUE, "not a number");
  assert_refused ("lr0=0.1x", FV_RECIPE_ERROR_VALUE, "not a number");
  assert_refused ("epochs=1.5", FV_RECIPE_ERROR_VALUE, "whole number");
  assert_refused ("epochs=1e300", FV_RECIPE_ERROR_VALUE, "out of range");
  assert_refused ("imgsz=100", FV_RECIPE_ERROR_VALUE, "96 or 128");
  assert_refused ("optimizer=Lion", FV_RECIPE_ERROR_VALUE, "SGD, AdamW");
  assert_refused ("cos_lr=maybe", FV_RECIPE_ERROR_VALUE, "true or false");
  assert_refused ("lr0", FV_RECIPE_ERROR_VALUE, "KEY=VALUE");
  assert_refused ("=1", FV_RECIPE_ERROR_VALUE, "KEY=VALUE");
}

static void
test_named (void)
{
  g_autoptr (GError) error = NULL;
  FvRecipe recipe;

  fv_recipe_init (&recipe);
  recipe.lr0 = 0.5;
  g_assert_true (fv_recipe_apply_named (&recipe, "scratch-high", &error));
  g_assert_cmpfloat (recipe.lr0, ==, 0.01);
  g_assert_cmpfloat (recipe.lrf, ==, 0.1);
  g_assert_cmpfloat (recipe.cls, ==, 0.3);
  g_assert_cmpfloat (recipe.obj, ==, 0.7);
  g_assert_cmpfloat (recipe.augment.scale, ==, 0.9);
  g_assert_cmpfloat (recipe.augment.mixup, ==, 0.1);
  g_assert_false (fv_recipe_apply_named (&recipe, "scratch", &error));
  g_assert_error (error, FV_RECIPE_ERROR, FV_RECIPE_ERROR_UNKNOWN_NAME);
  g_assert_nonnull (strstr (error->message, "scratch-low, scratch-med, scratch-high"));
}

static void
test_file (void)
{
  const char *folder = fv_test_folder ();
  static const struct
  {
    const char *text, *words;
  } broken[] = {
    { "{ \"lr0\": 0.1, \"epocs\": 3 }", "“epochs”" },
    { "{ \"lr0\": 7 }", "out of range" },
    { "{ \"lr0\": [1] }", "wrong kind" },
    { "{ \"lr0\": true }", "wrong kind" },
    { "{ \"optimizer\": 1 }", "wrong kind" },
    { "[1, 2]", "not a JSON object" },
    { "{ \"lr0\": ", "not valid JSON" },
    { "", "not" },
  };
  FvRecipe recipe;

  for (guint i = 0; i < G_N_ELEMENTS (broken); i++)
    {
      g_autoptr (GError) error = NULL;
      const char *path = fv_test_write (folder, "recipe.json", broken[i].text);

      fv_recipe_init (&recipe);
      g_assert_false (fv_recipe_apply_file (&recipe, path, &error));
      if (!strstr (error->message, broken[i].words) || !strstr (error->message, path))
        g_error ("“%s” doesn't say “%s”", error->message, broken[i].words);
    }
}

/* What is written reads back to the same bits, and only what matters changes the hash. */
static void
test_json_and_hash (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *text = NULL;
  g_autofree char *hash = NULL;
  g_autofree char *same = NULL;
  g_autofree char *other = NULL;
  FvRecipe recipe, read;
  const char *path;

  fv_recipe_init (&recipe);
  recipe.lr0 = 0.1 + 0.2;
  recipe.optimizer = FV_OPTIMIZER_ADAMW;
  recipe.cos_lr = TRUE;
  node = fv_recipe_to_json (&recipe);
  text = fv_json_print (node, TRUE);
  path = fv_test_write (fv_test_folder (), "recipe.json", text);
  fv_recipe_init (&read);
  g_assert_true (fv_recipe_apply_file (&read, path, &error));
  g_assert_no_error (error);
  g_assert_cmpmem (&recipe, sizeof recipe, &read, sizeof read);

  hash = fv_recipe_hash (&recipe);
  recipe.workers = 7;
  recipe.log_period = 5;
  recipe.checkpoint_minutes = 1;
  same = fv_recipe_hash (&recipe);
  recipe.augment.fliplr = 0.25;
  other = fv_recipe_hash (&recipe);
  g_assert_cmpuint (strlen (hash), ==, 64);
  g_assert_cmpstr (hash, ==, same);
  g_assert_cmpstr (hash, !=, other);
}

/* train.py's scaling, on the figures of the reference: BCCD at 320 px, and the loss cases' 128 px with 80 classes. */
static void
test_scaling (void)
{
  FvRecipe recipe;
  FvLossParams loss;

  fv_recipe_init (&recipe);
  recipe.imgsz = 320;
  fv_recipe_get_loss (&recipe, 3, &loss);
  g_assert_cmpfloat_with_epsilon (loss.box, 0.05, 1e-8);
  g_assert_cmpfloat_with_epsilon (loss.cls, 0.5 * 3 / 80, 1e-8);
  g_assert_cmpfloat_with_epsilon (loss.obj, 0.25, 1e-8);
  recipe.imgsz = 128;
  fv_recipe_get_loss (&recipe, 80, &loss);
  g_assert_cmpfloat_with_epsilon (loss.cls, 0.5, 1e-8);
  g_assert_cmpfloat_with_epsilon (loss.obj, 0.04, 1e-8);

  g_assert_cmpuint (fv_recipe_get_accumulate (&recipe), ==, 4);
  g_assert_cmpfloat_with_epsilon (fv_recipe_get_weight_decay (&recipe), 0.0005, 1e-12);
  recipe.batch = 48; /* accumulate 1, so less is summed up than the nominal batch */
  g_assert_cmpuint (fv_recipe_get_accumulate (&recipe), ==, 1);
  g_assert_cmpfloat_with_epsilon (fv_recipe_get_weight_decay (&recipe), 0.0005 * 48 / 64, 1e-12);
  recipe.batch = 128;
  g_assert_cmpuint (fv_recipe_get_accumulate (&recipe), ==, 1);
  g_assert_cmpfloat_with_epsilon (fv_recipe_get_weight_decay (&recipe), 0.001, 1e-12);
}

static void
test_numbers (void)
{
  static const struct
  {
    double value;
    const char *text;
  } cases[] = {
    { 0.1, "0.1" },      { 10, "10" },          { -3, "-3" },
    { 0, "0" },          { 1e-7, "1e-07" },     { 0.1 + 0.2, "0.30000000000000004" },
    { 1e300, "1e+300" }, { 1.5e20, "1.5e+20" }, { 0.0005, "0.0005" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = fv_json_double (cases[i].value);

      g_assert_cmpstr (text, ==, cases[i].text);
      g_assert_cmpfloat (g_ascii_strtod (text, NULL), ==, cases[i].value);
    }
}

/* Left to the device's memory, it is the plan's; chosen, it is the recipe's. */
static void
test_micro_batch (void)
{
  FvRecipe recipe;
  g_autofree char *automatic = NULL;
  g_autofree char *chosen = NULL;

  fv_recipe_init (&recipe);
  g_assert_cmpint (recipe.micro_batch, ==, 0);
  automatic = fv_recipe_to_canonical (&recipe);
  g_assert_null (strstr (automatic, "micro_batch"));
  g_assert_true (fv_recipe_set (&recipe, "micro_batch", "4", NULL));
  chosen = fv_recipe_to_canonical (&recipe);
  g_assert_nonnull (strstr (chosen, "\"micro_batch\":4"));
}

static void
test_precision (void)
{
  FvRecipe recipe;
  g_autofree char *automatic = NULL;
  g_autofree char *chosen = NULL;

  fv_recipe_init (&recipe);
  g_assert_cmpint (recipe.precision, ==, FV_PRECISION_AUTO);
  automatic = fv_recipe_to_canonical (&recipe);
  g_assert_null (strstr (automatic, "precision"));
  g_assert_true (fv_recipe_set (&recipe, "precision", "fp16", NULL));
  chosen = fv_recipe_to_canonical (&recipe);
  g_assert_nonnull (strstr (chosen, "\"precision\":\"fp16\""));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/training/recipe/defaults", test_defaults);
  g_test_add_func ("/training/recipe/set", test_set);
  g_test_add_func ("/training/recipe/named", test_named);
  g_test_add_func ("/training/recipe/file", test_file);
  g_test_add_func ("/training/recipe/json-and-hash", test_json_and_hash);
  g_test_add_func ("/training/recipe/scaling", test_scaling);
  g_test_add_func ("/training/json/numbers", test_numbers);
  g_test_add_func ("/training/recipe/micro-batch", test_micro_batch);
  g_test_add_func ("/training/recipe/precision", test_precision);
  return g_test_run ();
}

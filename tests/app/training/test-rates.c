/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-estimate.h"
#include "tests/fv-test-data.h"

#include <math.h>

/* The cache of rates: what is found for what, and what is thrown away. */

static const FvRateKey key
    = { .device = "A “device”", .driver = "1.0", .subgroup_size = 8, .variant = 's', .imgsz = 320, .batch = 16 };

static void
store (const char *path, const FvRateKey *where, double train)
{
  g_autoptr (GError) error = NULL;

  fv_rates_store (path, where, &(FvRate){ .train = train, .val = train / 3, .save = NAN, .update = NAN }, &error);
  g_assert_no_error (error);
}

static void
test_nearest (void)
{
  g_autofree char *path = g_build_filename (fv_test_folder (), "not", "there", "rates.json", NULL);
  FvRateKey other = key;
  FvRate rate;

  g_assert_false (fv_rates_lookup (path, &key, &rate));
  other.imgsz = 640;
  store (path, &other, 4.0);
  g_assert_true (fv_rates_lookup (path, &key, &rate));
  g_assert_cmpfloat (rate.train, ==, 1.0);
  g_assert_cmpfloat (rate.val, ==, 4.0 / 3 / 4);
  g_assert_true (isnan (rate.save));

  /* Nearer, though of another batch. */
  other.imgsz = 320;
  other.batch = 4;
  store (path, &other, 1.5);
  g_assert_true (fv_rates_lookup (path, &key, &rate));
  g_assert_cmpfloat (rate.train, ==, 1.5);
  /* The same but for the frozen layers: farther than another size. */
  other = key;
  other.freeze = 10;
  store (path, &other, 0.5);
  g_assert_true (fv_rates_lookup (path, &key, &rate));
  g_assert_cmpfloat (rate.train, ==, 1.5);
  g_assert_true (fv_rates_lookup (path, &other, &rate));
  g_assert_cmpfloat (rate.train, ==, 0.5);
  /* The very same, twice: the newer one. */
  store (path, &key, 2.0);
  store (path, &key, 1.25);
  g_assert_true (fv_rates_lookup (path, &key, &rate));
  g_assert_cmpfloat (rate.train, ==, 1.25);
}

static void
test_others (void)
{
  g_autofree char *path = g_build_filename (fv_test_folder (), "rates.json", NULL);
  FvRateKey others[] = { key, key, key, key };
  FvRate rate;

  others[0].device = "Another";
  others[1].driver = "1.1";
  others[2].subgroup_size = 16;
  others[3].variant = 'm';
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    store (path, &others[i], 1.0 + i);
  g_assert_false (fv_rates_lookup (path, &key, &rate));
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_assert_true (fv_rates_lookup (path, &others[i], &rate));
      g_assert_cmpfloat (rate.train, ==, 1.0 + i);
    }
}

/* It does not grow without end: the oldest go. */
static void
test_bounded (void)
{
  g_autofree char *path = g_build_filename (fv_test_folder (), "rates.json", NULL);
  g_autofree char *text = NULL;
  FvRateKey other = key;
  gsize size, later;
  FvRate rate;

  store (path, &key, 7.0);
  other.variant = 'n';
  for (guint i = 0; i < 260; i++)
    {
      other.imgsz = 32 * (i % 130 + 1);
      other.batch = i / 130 + 1;
      store (path, &other, 1.0);
      if (i == 220)
        {
          g_assert_true (g_file_get_contents (path, &text, &size, NULL));
          g_clear_pointer (&text, g_free);
        }
    }
  g_assert_false (fv_rates_lookup (path, &key, &rate));
  g_assert_true (fv_rates_lookup (path, &other, &rate));
  g_assert_true (g_file_get_contents (path, &text, &later, NULL));
  g_assert_cmpuint (later, <, size * 11 / 10);
}

static void
test_foreign (void)
{
  static const char *const texts[] = {
    "",
    "null",
    "[]",
    "{}",
    "{\"version\":\"1\",\"rates\":[]}",
    "{\"version\":2,\"rates\":[]}",
    "{\"version\":1,\"rates\":{}}",
    "{\"version\":1,\"rates\":[1,null,[],{},{\"device\":[],\"train\":{}}]}",
    "{\"version\":1,\"rates\":[{\"device\":\"A "
    "“device”\",\"driver\":\"1.0\",\"subgroup_size\":8,\"model\":\"s\",\"imgsz\":320,"
    "\"batch\":16,\"train\":-1}]}",
    "{\"version\":1,\"rates\":[{\"device\":\"A "
    "“device”\",\"driver\":\"1.0\",\"subgroup_size\":8,\"model\":\"s\",\"imgsz\":0,"
    "\"batch\":16,\"train\":1}]}",
    "\x01\xff\xfe{",
  };
  const char *folder = fv_test_folder ();
  FvRate rate;

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      const char *path = fv_test_write (folder, "rates.json", texts[i]);

      g_assert_false (fv_rates_lookup (path, &key, &rate));
      store (path, &key, 3.0);
      g_assert_true (fv_rates_lookup (path, &key, &rate));
      g_assert_cmpfloat (rate.train, ==, 3.0);
    }
  /* A folder in its place. */
  {
    g_autoptr (GError) error = NULL;

    g_assert_false (fv_rates_store (folder, &key, &rate, &error));
    g_assert_nonnull (error);
    g_assert_false (fv_rates_lookup (folder, &key, &rate));
  }
}

/* Validations every so often, the last epoch always. */
static void
test_seconds (void)
{
  FvEstimate estimate = { .images = 100, .val_images = 30 };
  FvRecipe recipe;

  fv_recipe_init (&recipe);
  recipe.epochs = 10;
  fv_estimate_set_rate (&estimate, &recipe, &(FvRate){ .train = 0.5, .val = 0.1, .save = 2.0, .update = NAN });
  g_assert_cmpfloat_with_epsilon (estimate.seconds, 10 * (50 + 3 + 2), 1e-9);
  g_assert_cmpfloat_with_epsilon (estimate.seconds_per_epoch, 55, 1e-9);
  /* 16 pictures in a batch, 4 batches in an update. */
  fv_estimate_set_rate (&estimate, &recipe, &(FvRate){ .train = 0.5, .val = 0.1, .save = 2.0, .update = 6.4 });
  g_assert_cmpfloat_with_epsilon (estimate.seconds_per_epoch, 55 + 10, 1e-9);
  recipe.val_period = 4;
  fv_estimate_set_rate (&estimate, &recipe, &(FvRate){ .train = 0.5, .val = 0.1, .save = NAN, .update = NAN });
  g_assert_cmpfloat_with_epsilon (estimate.seconds, 10 * 50 + 3 * 3, 1e-9);
  fv_estimate_set_rate (&estimate, &recipe, &(FvRate){ .train = 0.5, .val = NAN, .save = NAN, .update = NAN });
  g_assert_cmpfloat (estimate.seconds, >, 10 * 50);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/training/rates/nearest", test_nearest);
  g_test_add_func ("/training/rates/others", test_others);
  g_test_add_func ("/training/rates/bounded", test_bounded);
  g_test_add_func ("/training/rates/foreign", test_foreign);
  g_test_add_func ("/training/rates/seconds", test_seconds);
  return g_test_run ();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/children/fv-child.h"
#include "app/children/fv-run-estimate.h"
#include "app/training/fv-run.h"
#include "tests/app/children/fv-test-run.h"
#include "tests/fv-test-cli.h"
#include "tests/fv-test-data.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

/* What is said before a run, held against what it then takes. */

static const char *project;
static const char *cache;

static FvRunEstimate *
estimate (const FvRunStart *start, gboolean measure, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  fv_run_estimate_async (project, start, measure, NULL, fv_test_keep_result, &result);
  fv_test_wait_until (result != NULL);
  return fv_run_estimate_finish (result, error);
}

static FvRunEstimate *
estimate_scratch (char variant, const FvRecipe *recipe, gboolean measure)
{
  g_autoptr (GError) error = NULL;
  FvRunEstimate *needs
      = estimate (&(FvRunStart){ .kind = FV_RUN_FROM_SCRATCH, .variant = variant, .recipe = recipe }, measure, &error);

  g_assert_no_error (error);
  return needs;
}

static void
forget_rates (void)
{
  g_autofree char *path = g_build_filename (cache, "fovea", NULL);

  fv_test_remove (path);
}

/* (transfer full): the line of @event in a run's stream, the last of them. */
static JsonObject *
read_event (int run, const char *event)
{
  g_autofree char *path = fv_run_path (project, (guint)run, FV_RUN_EVENTS);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  JsonObject *found = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line && **line; line++)
    {
      g_autoptr (JsonNode) node = json_from_string (*line, NULL);
      JsonObject *object = json_node_get_object (node);

      if (!g_str_equal (json_object_get_string_member (object, "event"), event))
        continue;
      g_clear_pointer (&found, json_object_unref);
      found = json_object_ref (object);
    }
  g_assert_nonnull (found);
  return found;
}

/* Memory: what is said, what the run then says, and what it takes. */
static void
test_memory (void)
{
  static const struct
  {
    const char *imgsz, *batch, *optimizer, *mosaic;
  } cases[] = { { "64", "4", "SGD", "1" }, { "96", "5", "AdamW", "0" }, { "160", "8", "SGD", "0.5" } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *optimizer = g_strdup_printf ("optimizer=%s", cases[i].optimizer);
      g_autofree char *mosaic = g_strdup_printf ("mosaic=%s", cases[i].mosaic);
      g_autoptr (FvRunEstimate) needs = NULL;
      g_autoptr (JsonObject) started = NULL;
      g_auto (FvTestCall) call = { 0 };
      FvRecipe recipe;
      double said, planned, taken;

      fv_test_run_recipe (&recipe, 1);
      g_assert_true (fv_recipe_set (&recipe, "imgsz", cases[i].imgsz, NULL));
      g_assert_true (fv_recipe_set (&recipe, "batch", cases[i].batch, NULL));
      g_assert_true (fv_recipe_set_pair (&recipe, optimizer, NULL));
      g_assert_true (fv_recipe_set_pair (&recipe, mosaic, NULL));
      needs = estimate_scratch ('n', &recipe, FALSE);
      g_assert_cmpuint (needs->images, ==, 16);
      g_assert_cmpuint (needs->val_images, ==, 6);
      g_assert_cmpuint (needs->steps_per_epoch, ==, (16 + recipe.batch - 1) / recipe.batch);
      g_assert_cmpint (needs->variant, ==, 'n');
      g_assert_true (needs->fits);
      g_assert_cmpuint (needs->device_memory_bytes, >, needs->device_bytes);

      call = fv_test_cli (NULL, "train", project, "--scratch", "--imgsz", cases[i].imgsz, "--batch", cases[i].batch,
                          "--epochs", "1", "--set", optimizer, "--set", mosaic, "--json", NULL);
      g_assert_cmpint (call.status, ==, 0);
      started = read_event ((int)json_object_get_int_member (call.json, "run"), "run-started");
      said = (double)needs->device_bytes;
      planned = (double)json_object_get_int_member (json_object_get_object_member (started, "plan"), "device_bytes");
      taken = (double)json_object_get_int_member (call.json, "peak_device_bytes");
      g_test_message ("%s px, batch %s: %.1f MB said, %.1f MB planned, %.1f MB taken", cases[i].imgsz, cases[i].batch,
                      said / 1e6, planned / 1e6, taken / 1e6);
      g_assert_cmpfloat (fabs (planned / said - 1.0), <, 0.02);
      g_assert_cmpfloat (fabs (taken / said - 1.0), <, 0.02);
    }
}

/* The largest model in batches that no device holds: arithmetic, in no time and no memory. The device takes as many pictures at a time as it can. */
static void
test_large (void)
{
  g_autoptr (FvRunEstimate) needs = NULL;
  g_autoptr (FvRunEstimate) small = NULL;
  FvRecipe recipe;
  gint64 start = g_get_monotonic_time ();

  fv_test_run_recipe (&recipe, 1);
  recipe.imgsz = 4096;
  recipe.batch = 1024;
  needs = estimate_scratch ('x', &recipe, FALSE);
  g_assert_cmpuint (needs->device_bytes, >, (guint64)20 << 30);
  g_assert_cmpint (needs->fits, ==, needs->device_bytes <= needs->device_free_bytes);
  /* 16 pictures are all that a batch can have, and more than 600 GB. */
  g_assert_cmpuint (needs->micro_batch, >=, 1);
  g_assert_cmpuint (needs->micro_batch, <=, needs->fits ? 8 : 1);
  g_test_message ("%.0f GB said after %.2f s", (double)needs->device_bytes / 1e9,
                  (double)(g_get_monotonic_time () - start) / G_USEC_PER_SEC);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 10 * G_USEC_PER_SEC);
  recipe.imgsz = 64;
  recipe.batch = 1;
  small = estimate_scratch ('x', &recipe, FALSE);
  g_assert_cmpuint (small->device_bytes, <, needs->device_bytes / 10);
}

/* Seconds of the epochs of a run but its first, by its checkpoints; each ends with one. */
static double
time_epochs (int run)
{
  g_autofree char *path = fv_run_path (project, (guint)run, FV_RUN_EVENTS);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  gint64 first = 0, last = 0;
  guint n = 0;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line && **line; line++)
    {
      g_autoptr (JsonNode) node = json_from_string (*line, NULL);
      JsonObject *object = json_node_get_object (node);
      g_autoptr (GDateTime) time = NULL;

      if (!g_str_equal (json_object_get_string_member (object, "event"), "checkpoint")
          || json_object_get_int_member (object, "epoch") < 1)
        continue;
      time = g_date_time_new_from_iso8601 (json_object_get_string_member (object, "time"), NULL);
      last = g_date_time_to_unix (time) * G_USEC_PER_SEC + g_date_time_get_microsecond (time);
      if (n++ == 0)
        first = last;
    }
  g_assert_cmpuint (n, >, 1);
  return (double)(last - first) / G_USEC_PER_SEC / (n - 1);
}

/* Time: unknown at first, then measured, then known from a run; within a factor of 1.5 of what it is. Other programs on the machine may disturb
 * one try. */
static void
test_time (void)
{
  FvRecipe recipe;

  fv_test_run_recipe (&recipe, 5);
  recipe.imgsz = 128;
  for (guint tries = 1;; tries++)
    {
      g_autoptr (FvRunEstimate) unknown = NULL;
      g_autoptr (FvRunEstimate) measured = NULL;
      g_autoptr (FvRunEstimate) cached = NULL;
      g_autoptr (FvRunEstimate) known = NULL;
      g_autoptr (JsonObject) started = NULL;
      g_auto (FvTestCall) call = { 0 };
      double real;
      int run;

      forget_rates ();
      unknown = estimate_scratch ('n', &recipe, FALSE);
      g_assert_true (isnan (unknown->seconds) && isnan (unknown->seconds_per_epoch));
      g_assert_false (unknown->measured);
      measured = estimate_scratch ('n', &recipe, TRUE);
      g_assert_true (measured->measured);
      g_assert_cmpfloat (measured->seconds, >, 0);
      g_assert_cmpfloat_with_epsilon (measured->seconds, 5 * measured->seconds_per_epoch, 1e-3);
      cached = estimate_scratch ('n', &recipe, FALSE);
      g_assert_false (cached->measured);
      g_assert_cmpfloat_with_epsilon (cached->seconds, measured->seconds, 1e-3 * measured->seconds);

      call = fv_test_cli (NULL, "train", project, "--scratch", "--imgsz", "128", "--batch", "4", "--epochs", "5",
                          "--json", NULL);
      g_assert_cmpint (call.status, ==, 0);
      run = (int)json_object_get_int_member (call.json, "run");
      started = read_event (run, "run-started");
      g_assert_cmpfloat_with_epsilon (
          json_object_get_double_member (json_object_get_object_member (started, "plan"), "seconds_per_epoch"),
          cached->seconds_per_epoch, 1e-3 * cached->seconds_per_epoch);
      real = time_epochs (run);
      known = estimate_scratch ('n', &recipe, FALSE);
      g_test_message ("an epoch: %.2f s measured, %.2f s real, %.2f s known from it", measured->seconds_per_epoch, real,
                      known->seconds_per_epoch);
      if (fabs (log (measured->seconds_per_epoch / real)) < log (1.5)
          && fabs (log (known->seconds_per_epoch / real)) < log (1.5))
        break;
      g_assert_cmpuint (tries, <, 4);
    }
  /* Another model has not been timed; another size of pictures is told by their pixels. */
  {
    g_autoptr (FvRunEstimate) other = estimate_scratch ('s', &recipe, FALSE);
    g_autoptr (FvRunEstimate) same = estimate_scratch ('n', &recipe, FALSE);
    g_autoptr (FvRunEstimate) larger = NULL;

    g_assert_true (isnan (other->seconds));
    recipe.imgsz = 256;
    larger = estimate_scratch ('n', &recipe, FALSE);
    g_assert_cmpfloat (larger->seconds_per_epoch, >, 2.5 * same->seconds_per_epoch);
    g_assert_cmpfloat (larger->seconds_per_epoch, <, 4.01 * same->seconds_per_epoch);
  }
}

/* A cache that is not one is passed over, and replaced when there is something to keep. */
static void
test_foreign_cache (void)
{
  static const char *const texts[]
      = { "", "[]", "{\"version\":99,\"rates\":[]}", "{\"version\":1,\"rates\":[1,{\"device\":7},{}]}", "\x01\xff{" };
  FvRecipe recipe;

  fv_test_run_recipe (&recipe, 1);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (FvRunEstimate) needs = NULL;

      fv_test_write (cache, "fovea/rates.json", texts[i]);
      needs = estimate_scratch ('n', &recipe, FALSE);
      g_assert_true (isnan (needs->seconds));
    }
  {
    g_autoptr (FvRunEstimate) measured = estimate_scratch ('n', &recipe, TRUE);
    g_autoptr (FvRunEstimate) cached = estimate_scratch ('n', &recipe, FALSE);

    g_assert_false (isnan (cached->seconds));
  }
}

static void
test_refusals (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (FvTestCall) usage = fv_test_cli (NULL, "train", project, "--measure", NULL);
  g_auto (FvTestCall) contradiction = fv_test_cli (NULL, "train", project, "--dry-run", "--resume", "1", NULL);
  g_autofree char *runs = g_build_filename (project, "runs", NULL);
  g_autoptr (GDir) dir = NULL;
  guint before = 0, after = 0;

  g_assert_cmpint (usage.status, ==, 2);
  g_assert_cmpint (contradiction.status, ==, 2);
  dir = g_dir_open (runs, 0, NULL);
  while (dir && g_dir_read_name (dir))
    before++;
  g_assert_null (estimate (&(FvRunStart){ .kind = FV_RUN_FROM_FILE, .weights = "/nowhere/at-all.pt" }, FALSE, &error));
  g_assert_error (error, FV_CHILD_ERROR, FV_CHILD_ERROR_REQUEST);
  g_assert_nonnull (strstr (error->message, "at-all.pt"));
  g_clear_error (&error);

  fv_run_estimate_async (project, &(FvRunStart){ .kind = FV_RUN_FROM_SCRATCH }, TRUE, cancellable, fv_test_keep_result,
                         &result);
  g_cancellable_cancel (cancellable);
  fv_test_wait_until (result != NULL);
  g_assert_null (fv_run_estimate_finish (result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  /* Nothing was started. */
  if (dir)
    g_dir_rewind (dir);
  while (dir && g_dir_read_name (dir))
    after++;
  g_assert_cmpuint (after, ==, before);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  cache = fv_test_cache ();
  project = fv_test_run_project (16, 6, 160);
  g_test_add_func ("/children/run-estimate/memory", test_memory);
  g_test_add_func ("/children/run-estimate/large", test_large);
  g_test_add_func ("/children/run-estimate/time", test_time);
  g_test_add_func ("/children/run-estimate/foreign-cache", test_foreign_cache);
  g_test_add_func ("/children/run-estimate/refusals", test_refusals);
  return g_test_run ();
}

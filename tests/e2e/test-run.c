/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <gio/gio.h>
#include <signal.h>
#include <string.h>

#include "tests/fv-test-cli.h"
#include "tests/fv-test-data.h"

/* A run of three epochs on a few small pictures: what it gives when nothing, or something, happens to it. */

#define PATIENCE_SECONDS 300

static const char *project;
static char *expected; /* the hash of the weights of a run that nothing happened to */

static void
make_project (void)
{
  g_autofree char *path = fv_test_make_project ("project", 12, 4, 2, 64);

  project = g_intern_string (path);
}

static char *
run_file (int run, const char *name)
{
  return g_strdup_printf ("%s/runs/%d/%s", project, run, name);
}

static char *
hash_weights (int run)
{
  g_autofree char *path = run_file (run, "last.safetensors");
  return fv_test_hash (path);
}

#define TRAIN_ARGUMENTS "train", project, "--scratch", "--imgsz", "64", "--batch", "4", "--epochs", "3", "--seed", "0"

/* Starts run @run and waits for the second batch of its second epoch. */
static GSubprocess *
start_and_wait (int run)
{
  g_autofree char *number = g_strdup_printf ("%d", run);
  g_autofree char *events = run_file (run, "events.jsonl");
  GSubprocess *process = fv_test_cli_start (NULL, TRAIN_ARGUMENTS, "--run", number, NULL);

  for (int waited = 0; waited < PATIENCE_SECONDS * 50; waited++)
    {
      g_autofree char *text = NULL;
      if (g_file_get_contents (events, &text, NULL, NULL) && strstr (text, "\"epoch\":1,\"step\":1"))
        return process;
      g_usleep (20000);
    }
  g_error ("the run made no progress");
}

static void
resume_and_compare (int run)
{
  g_autofree char *number = g_strdup_printf ("%d", run);
  g_autofree char *hash = NULL;
  g_auto (FvTestCall) resumed = fv_test_cli (NULL, "train", project, "--resume", number, "--json", NULL);

  g_assert_cmpint (resumed.status, ==, 0);
  g_assert_cmpstr (json_object_get_string_member (resumed.json, "reason"), ==, "completed");
  g_assert_cmpint (json_object_get_int_member (resumed.json, "run"), ==, run);
  hash = hash_weights (run);
  g_assert_cmpstr (hash, ==, expected);
}

static void
test_whole (void)
{
  static const char *const keys[]
      = { "run", "reason", "best_epoch", "map50", "map", "images_per_second", "seconds", "peak_device_bytes" };
  static const char *const files[] = { "recipe.json", "data.json",        "plan.json",       "events.jsonl",
                                       "last.ckpt",   "best.safetensors", "last.safetensors" };
  g_auto (FvTestCall) call = fv_test_cli (NULL, TRAIN_ARGUMENTS, "--run", "1", "--json", NULL);

  g_assert_cmpint (call.status, ==, 0);
  g_assert_nonnull (call.json);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    g_assert_true (json_object_has_member (call.json, keys[i]));
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = run_file (1, files[i]);
      g_assert_true (g_file_test (path, G_FILE_TEST_IS_REGULAR));
    }
  expected = hash_weights (1);
}

static void
test_again (void)
{
  g_auto (FvTestCall) call = fv_test_cli (NULL, TRAIN_ARGUMENTS, "--run", "2", "--workers", "1", "--json", NULL);
  g_auto (FvTestCall) taken = fv_test_cli (NULL, TRAIN_ARGUMENTS, "--run", "2", "--json", NULL);
  g_autofree char *hash = NULL;

  g_assert_cmpint (call.status, ==, 0);
  hash = hash_weights (2);
  g_assert_cmpstr (hash, ==, expected);
  g_assert_cmpint (taken.status, ==, 1);
}

static void
test_killed (void)
{
  g_autoptr (GSubprocess) process = start_and_wait (3);

  g_subprocess_force_exit (process);
  g_subprocess_wait (process, NULL, NULL);
  resume_and_compare (3);
}

/*
 * Stopped politely, then resumed on a disk that has no room for a checkpoint, then on one that has. The full disk is a small file
 * system in memory that only the child sees, with a copy of the project; where that is not allowed, the rest is tested.
 */
static void
resume_on_full_disk (int run)
{
  static const char script[] = "room=$(($(du -sk \"$1\" | cut -f 1) + $(stat -c %s \"$1/runs/$3/last.ckpt\") / 2048))\n"
                               "mount -t tmpfs -o size=${room}k none \"$2\" || exit 77\n"
                               "cp -a \"$1/.\" \"$2\" || exit 77\n"
                               "\"$FOVEA_CLI\" train \"$2\" --resume $3 --json\n"
                               "echo $?\n"
                               "cmp \"$1/runs/$3/last.ckpt\" \"$2/runs/$3/last.ckpt\" && echo kept\n";
  g_autofree char *number = g_strdup_printf ("%d", run);
  const char *disk = fv_test_folder ();
  const char *const argv[]
      = { "unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", project, disk, number, NULL };
  g_autofree char *out = NULL, *err = NULL;
  int status;

  if (!g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err, &status, NULL) || !*out)
    {
      g_test_message ("A file system of its own is not allowed here, so no disk was full: %s", err);
      return;
    }
  g_test_message ("%s", err);
  g_assert_cmpstr (out, ==, "1\nkept\n");
  g_assert_nonnull (strstr (err, "last.ckpt"));
  g_assert_nonnull (strstr (err, "No space left"));
}

static void
test_stopped (void)
{
  g_autoptr (GSubprocess) process = start_and_wait (4);

  g_subprocess_send_signal (process, SIGTERM);
  g_subprocess_wait (process, NULL, NULL);
  g_assert_true (g_subprocess_get_if_exited (process));
  g_assert_cmpint (g_subprocess_get_exit_status (process), ==, 130);
  resume_on_full_disk (4);
  resume_and_compare (4);
}

/* The run is held by whoever trains it. */
static void
test_locked (void)
{
  g_autoptr (GSubprocess) process = start_and_wait (5);
  g_auto (FvTestCall) second = fv_test_cli (NULL, "train", project, "--resume", "5", "--json", NULL);

  fv_test_call_assert_fails (&second, "5");
  g_subprocess_force_exit (process);
  g_subprocess_wait (process, NULL, NULL);
}

static void
test_validation_layer (void)
{
  g_autofree char *weights = run_file (1, "best.safetensors");
  g_autofree char *pictures = g_strdup_printf ("%s/../pictures/images/test", project);
  g_auto (FvTestCall) train = fv_test_cli ("FOVEA_VALIDATION=1", "train", project, "--scratch", "--imgsz", "64",
                                           "--batch", "4", "--epochs", "1", "--run", "6", "--json", NULL);
  g_auto (FvTestCall) detect
      = fv_test_cli ("FOVEA_VALIDATION=1", "detect", "--weights", weights, pictures, "--imgsz", "64", "--json", NULL);

  if (strstr (train.err, "not installed"))
    {
      g_test_skip ("the Vulkan validation layer is not installed");
      return;
    }
  g_assert_cmpint (train.status, ==, 0);
  g_assert_null (strstr (train.err, "alidation:"));
  g_assert_cmpint (detect.status, ==, 0);
  g_assert_null (strstr (detect.err, "alidation:"));
  g_assert_cmpint (json_array_get_length (json_object_get_array_member (detect.json, "images")), ==, 2);
}

static void
test_bench (void)
{
  const char *const kinds[] = { "train", "infer" };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_auto (FvTestCall) call = fv_test_cli (NULL, "bench", "--what", kinds[i], "--imgsz", "96", "--batch", "2",
                                              "--seconds", "1", "--json", NULL);
      JsonArray *phases;
      double sum = 0;

      g_assert_cmpint (call.status, ==, 0);
      phases = json_object_get_array_member (call.json, "phases");
      for (guint k = 0; k < json_array_get_length (phases); k++)
        sum += json_object_get_double_member (json_array_get_object_element (phases, k), "seconds");
      g_test_message ("%s: %.1f %% of the time is the device's", kinds[i],
                      100 * sum / json_object_get_double_member (call.json, "seconds"));
      g_assert_cmpfloat (sum, >, 0);
      g_assert_cmpfloat (sum, <=, 1.01 * json_object_get_double_member (call.json, "seconds"));
      g_assert_cmpfloat (json_object_get_double_member (call.json, "gflops"), >, 0);
      g_assert_cmpint (json_object_get_int_member (call.json, "peak_device_bytes"), >, 1 << 20);
    }
}

static void
test_bench_loader (void)
{
  g_auto (FvTestCall) made = fv_test_cli (NULL, "bench", "--what", "loader", "--imgsz", "64", "--batch", "3",
                                          "--seconds", "0.2", "--json", NULL);
  g_auto (FvTestCall) own = fv_test_cli (NULL, "bench", "--what", "loader", "--project", project, "--pool", "16",
                                         "--imgsz", "64", "--seconds", "0.2", "--json", NULL);

  g_assert_cmpint (made.status, ==, 0);
  g_assert_cmpfloat (json_object_get_double_member (made.json, "images_per_second"), >, 0);
  g_assert_cmpint (json_object_get_int_member (made.json, "images") % 3, ==, 0);
  g_assert_cmpint (own.status, ==, 0);
  g_assert_cmpfloat (json_object_get_double_member (own.json, "images_per_second"), >, 0);
}

/* More than any device has: a sentence, not an abort. */
static void
test_too_little_memory (void)
{
  g_auto (FvTestCall) call
      = fv_test_cli (NULL, "bench", "--model", "x", "--imgsz", "4096", "--batch", "1024", "--json", NULL);
  fv_test_call_assert_fails (&call, "memory");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  make_project ();
  g_test_add_func ("/e2e/run/whole", test_whole);
  g_test_add_func ("/e2e/run/again", test_again);
  g_test_add_func ("/e2e/run/killed", test_killed);
  g_test_add_func ("/e2e/run/stopped", test_stopped);
  g_test_add_func ("/e2e/run/locked", test_locked);
  g_test_add_func ("/e2e/run/validation-layer", test_validation_layer);
  g_test_add_func ("/e2e/run/bench", test_bench);
  g_test_add_func ("/e2e/run/bench-loader", test_bench_loader);
  g_test_add_func ("/e2e/run/too-little-memory", test_too_little_memory);
  return g_test_run ();
}

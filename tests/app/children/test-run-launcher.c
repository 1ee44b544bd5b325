/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/children/fv-child.h"
#include "app/children/fv-run-launcher.h"
#include "app/training/fv-run-list.h"
#include "app/training/fv-run.h"
#include "tests/app/children/fv-test-run.h"
#include "tests/fv-test-cli.h"
#include "tests/fv-test-data.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Real runs, as the window starts, watches, stops and resumes them. */

static const char *project;
static FvRunList *runs;

static guint
start (const FvRunStart *what, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  guint number = 0;

  fv_run_launcher_start_async (project, what, NULL, fv_test_keep_result, &result);
  fv_test_wait_until (result != NULL);
  return fv_run_launcher_start_finish (result, &number, error) ? number : 0;
}

static FvRunMonitor *
start_scratch (const FvRecipe *recipe)
{
  g_autoptr (GError) error = NULL;
  guint number = start (&(FvRunStart){ .kind = FV_RUN_FROM_SCRATCH, .variant = 'n', .recipe = recipe }, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (number, >, 0);
  return fv_run_list_expect (runs, number);
}

static FvRunMonitor *
resume (guint number, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  guint resumed = 0;

  fv_run_launcher_resume_async (project, number, NULL, NULL, fv_test_keep_result, &result);
  fv_test_wait_until (result != NULL);
  if (!fv_run_launcher_start_finish (result, &resumed, error))
    return NULL;
  g_assert_cmpuint (resumed, ==, number);
  return fv_run_list_expect (runs, number);
}

static char *
hash_weights (guint number)
{
  g_autofree char *path = fv_run_path (project, number, FV_RUN_LAST);

  return fv_test_hash (path);
}

/* The process that holds a run, by its lock. */
static int
get_process (guint number)
{
  g_autofree char *path = fv_run_path (project, number, FV_RUN_LOCK);
  g_autofree char *text = NULL;
  int process;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpint (sscanf (text, "fovea-cli train (process %d on ", &process), ==, 1);
  return process;
}

/* Every point that the file has, and no other. */
static void
assert_points (FvRunMonitor *run)
{
  static const struct
  {
    FvRunSeries series;
    const char *event, *member;
  } checks[] = {
    { FV_SERIES_STEP_BOX, "step", "box" },        { FV_SERIES_STEP_OBJ, "step", "obj" },
    { FV_SERIES_STEP_CLS, "step", "cls" },        { FV_SERIES_VAL_BOX, "validation", "box" },
    { FV_SERIES_VAL_OBJ, "validation", "obj" },   { FV_SERIES_VAL_CLS, "validation", "cls" },
    { FV_SERIES_MAP50, "validation", "map50" },   { FV_SERIES_MAP, "validation", "map" },
    { FV_SERIES_RECALL, "validation", "recall" },
  };
  g_autofree char *path = g_build_filename (fv_run_monitor_get_folder (run), FV_RUN_EVENTS, NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; i < G_N_ELEMENTS (checks); i++)
    {
      const double *x, *y;
      guint n = fv_run_monitor_get_series (run, checks[i].series, &x, &y), found = 0;

      for (char **line = lines; *line && **line; line++)
        {
          g_autoptr (JsonNode) node = json_from_string (*line, NULL);
          JsonObject *event = json_node_get_object (node);

          if (!g_str_equal (json_object_get_string_member (event, "event"), checks[i].event))
            continue;
          g_assert_cmpuint (found, <, n);
          g_assert_cmpfloat (y[found], ==, json_object_get_double_member (event, checks[i].member));
          g_assert_cmpfloat (floor (x[found] - 1e-9), ==, (double)json_object_get_int_member (event, "epoch"));
          found++;
        }
      g_assert_cmpuint (found, ==, n);
    }
}

/* A recipe of odd numbers, started here and in a terminal: the same bits. */
static void
test_same_as_terminal (void)
{
  static const char *const sets[] = { "lr0=0.012345678901234567", "hsv_h=0.1", "degrees=7.3", "mosaic=0.5" };
  FvRecipe recipe;
  FvRunMonitor *run;
  g_autofree char *here = NULL;
  g_autofree char *there = NULL;
  guint n;

  fv_test_run_recipe (&recipe, 3);
  recipe.optimizer = FV_OPTIMIZER_ADAMW;
  recipe.seed = 9007199254740991;
  for (guint i = 0; i < G_N_ELEMENTS (sets); i++)
    g_assert_true (fv_recipe_set_pair (&recipe, sets[i], NULL));
  run = start_scratch (&recipe);
  g_assert_cmpuint (fv_run_monitor_get_number (run), ==, 1);
  fv_test_wait_until (fv_run_monitor_get_state (run) == FV_RUN_RUNNING);
  g_assert_true (fv_run_list_get_active (runs) == run);
  fv_test_wait_until (fv_run_monitor_get_state (run) == FV_RUN_COMPLETED);
  g_assert_cmpfloat (fv_run_monitor_get_fraction (run), ==, 1);
  g_assert_cmpint (fv_run_monitor_get_variant (run), ==, 'n');
  g_assert_cmpint (fv_run_monitor_get_start_kind (run), ==, FV_RUN_FROM_SCRATCH);
  g_assert_cmpmem (fv_run_monitor_get_recipe (run), sizeof recipe, &recipe, sizeof recipe);
  g_assert_nonnull (fv_run_monitor_get_best_weights (run));
  g_assert_cmpint (fv_run_monitor_get_best_epoch (run), >=, 0);
  g_assert_nonnull (fv_run_monitor_get_classes (run, &n));
  g_assert_cmpuint (n, ==, 3);
  assert_points (run);

  {
    g_auto (FvTestCall) call
        = fv_test_cli (NULL, "train", project, "--scratch", "--imgsz", "64", "--batch", "4", "--epochs", "3", "--seed",
                       "9007199254740991", "--set", "optimizer=AdamW", "--set", sets[0], "--set", sets[1], "--set",
                       sets[2], "--set", sets[3], "--json", NULL);

    g_assert_cmpint (call.status, ==, 0);
    g_assert_cmpint (json_object_get_int_member (call.json, "run"), ==, 2);
  }
  here = hash_weights (1);
  there = hash_weights (2);
  g_assert_cmpstr (here, ==, there);
  fv_test_wait_until (fv_run_list_lookup (runs, 2)
                      && fv_run_monitor_get_state (fv_run_list_lookup (runs, 2)) == FV_RUN_COMPLETED);
}

/* Killed in the second epoch: interrupted within two seconds, then resumed to the same end as a run that nothing happened to. */
static void
test_killed (void)
{
  g_autoptr (GError) error = NULL;
  FvRecipe recipe;
  FvRunMonitor *run, *whole;
  gint64 died;
  guint number;

  fv_test_run_recipe (&recipe, 4);
  whole = start_scratch (&recipe);
  fv_test_wait_until (fv_run_monitor_get_state (whole) == FV_RUN_COMPLETED);
  run = start_scratch (&recipe);
  number = fv_run_monitor_get_number (run);
  fv_test_wait_until (fv_run_monitor_get_epoch (run) == 1 && fv_run_monitor_get_step (run) >= 1);
  kill (get_process (number), SIGKILL);
  died = g_get_monotonic_time ();
  fv_test_wait_until (fv_run_monitor_get_state (run) == FV_RUN_INTERRUPTED);
  g_test_message ("interrupted after %.0f ms", (double)(g_get_monotonic_time () - died) / 1e3);
  g_assert_cmpint (g_get_monotonic_time () - died, <, 2 * G_USEC_PER_SEC);
  g_assert_true (fv_run_monitor_get_can_resume (run));
  g_assert_false (fv_run_launcher_stop (project, number, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_clear_error (&error);

  g_assert_true (resume (number, &error) == run);
  g_assert_no_error (error);
  fv_test_wait_until (fv_run_monitor_get_state (run) == FV_RUN_COMPLETED);
  {
    g_autofree char *expected = hash_weights (fv_run_monitor_get_number (whole));
    g_autofree char *got = hash_weights (number);
    const double *a, *b;
    guint n = fv_run_monitor_get_series (whole, FV_SERIES_STEP_OBJ, NULL, &a);

    g_assert_cmpstr (got, ==, expected);
    g_assert_cmpuint (fv_run_monitor_get_series (run, FV_SERIES_STEP_OBJ, NULL, &b), ==, n);
    g_assert_cmpmem (a, n * sizeof *a, b, n * sizeof *b);
  }
}

/* Started in a terminal, stopped from here, resumed from here; refused while it is held. */
static void
test_stopped (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) terminal = fv_test_cli_start (NULL, "train", project, "--scratch", "--imgsz", "64", "--batch",
                                                        "4", "--epochs", "500", "--run", "30", NULL);
  FvRunMonitor *run;

  fv_test_wait_until (fv_run_list_lookup (runs, 30)
                      && fv_run_monitor_get_state (fv_run_list_lookup (runs, 30)) == FV_RUN_RUNNING);
  run = fv_run_list_lookup (runs, 30);
  g_assert_null (resume (30, &error));
  g_assert_error (error, FV_CHILD_ERROR, FV_CHILD_ERROR_REQUEST);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, "30"));
  g_clear_error (&error);
  fv_test_wait_until (isfinite (fv_run_monitor_get_seconds_left (run)));
  g_assert_true (fv_run_launcher_stop (project, 30, &error));
  g_assert_no_error (error);
  fv_run_list_expect_stop (runs, 30);
  g_assert_cmpint (fv_run_monitor_get_state (run), ==, FV_RUN_STOPPING);
  fv_test_wait_until (fv_run_monitor_get_state (run) == FV_RUN_STOPPED);
  g_assert_true (fv_run_monitor_get_can_resume (run));
  g_subprocess_wait (terminal, NULL, NULL);
  assert_points (run);

  g_assert_true (resume (30, &error) == run);
  fv_test_wait_until (fv_run_monitor_get_state (run) == FV_RUN_RUNNING);
  g_assert_true (fv_run_launcher_stop (project, 30, &error));
  fv_test_wait_until (fv_run_monitor_get_state (run) == FV_RUN_STOPPED);
}

/* Two at once get two numbers. */
static void
test_race (void)
{
  GAsyncResult *results[3] = { NULL };
  guint numbers[3];
  FvRecipe recipe;

  fv_test_run_recipe (&recipe, 1);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    fv_run_launcher_start_async (project, &(FvRunStart){ .kind = FV_RUN_FROM_SCRATCH, .recipe = &recipe }, NULL,
                                 fv_test_keep_result, &results[i]);
  fv_test_wait_until (results[0] && results[1] && results[2]);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      g_assert_true (fv_run_launcher_start_finish (results[i], &numbers[i], NULL));
      g_clear_object (&results[i]);
      for (guint k = 0; k < i; k++)
        g_assert_cmpuint (numbers[k], !=, numbers[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    fv_test_wait_until (fv_run_list_lookup (runs, numbers[i])
                        && fv_run_monitor_get_state (fv_run_list_lookup (runs, numbers[i])) == FV_RUN_COMPLETED);
}

static void
assert_refused (const FvRunStart *what, const char *part)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (start (what, &error), ==, 0);
  g_assert_error (error, FV_CHILD_ERROR, FV_CHILD_ERROR_REQUEST);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, part));
  g_assert_false (g_str_has_prefix (error->message, "fovea-cli"));
  g_assert_null (strchr (error->message, '\n'));
}

/* What the child says when it can't, as the person is to read it. */
static void
test_refusals (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *cli = g_strdup (g_getenv ("FOVEA_CLI"));
  guint before = g_list_model_get_n_items (G_LIST_MODEL (runs));

  assert_refused (&(FvRunStart){ .kind = FV_RUN_FROM_FILE, .weights = "/nowhere/at-all.pt" }, "at-all.pt");
  assert_refused (&(FvRunStart){ .kind = FV_RUN_FROM_RUN, .run = 77 }, "77");
  assert_refused (&(FvRunStart){ .kind = FV_RUN_FROM_SCRATCH, .device = "no such device" }, "no such device");
  g_assert_null (resume (78, &error));
  g_assert_error (error, FV_CHILD_ERROR, FV_CHILD_ERROR_REQUEST);
  g_assert_nonnull (strstr (error->message, "78"));
  g_clear_error (&error);
  fv_run_list_refresh (runs);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (runs)), ==, before);

  g_setenv ("FOVEA_CLI", "/nowhere/fovea-cli", TRUE);
  g_assert_cmpuint (start (&(FvRunStart){ .kind = FV_RUN_FROM_SCRATCH }, &error), ==, 0);
  g_assert_error (error, FV_CHILD_ERROR, FV_CHILD_ERROR_START);
  g_clear_error (&error);
  g_setenv ("FOVEA_CLI", "/bin/false", TRUE);
  g_assert_cmpuint (start (&(FvRunStart){ .kind = FV_RUN_FROM_SCRATCH }, &error), ==, 0);
  g_assert_error (error, FV_CHILD_ERROR, FV_CHILD_ERROR_START);
  g_clear_error (&error);
  g_setenv ("FOVEA_CLI", cli, TRUE);

  g_cancellable_cancel (cancellable);
  fv_run_launcher_start_async (project, &(FvRunStart){ .kind = FV_RUN_FROM_SCRATCH }, cancellable, fv_test_keep_result,
                               &result);
  fv_test_wait_until (result != NULL);
  g_assert_false (fv_run_launcher_start_finish (result, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* The run goes on when the process that started it has gone. */
static void
test_orphan (void)
{
  g_autofree char *path = NULL;
  FvRunMonitor *run;

  if (g_test_subprocess ())
    {
      FvRecipe recipe;

      project = g_getenv ("FOVEA_TEST_PROJECT");
      runs = fv_run_list_new (project);
      fv_test_run_recipe (&recipe, 6);
      g_print ("%u\n", fv_run_monitor_get_number (start_scratch (&recipe)));
      kill (getpid (), SIGKILL);
    }
  g_setenv ("FOVEA_TEST_PROJECT", project, TRUE);
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_assert_false (g_test_trap_has_passed ());
  fv_run_list_refresh (runs);
  fv_test_wait_until (fv_run_list_lookup (runs, 31) && !fv_run_monitor_get_loading (fv_run_list_lookup (runs, 31)));
  run = fv_run_list_lookup (runs, 31);
  g_assert_true (fv_run_state_is_active (fv_run_monitor_get_state (run)));
  fv_test_wait_until (fv_run_monitor_get_state (run) == FV_RUN_COMPLETED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!g_test_subprocess ())
    {
      project = fv_test_run_project (16, 4, 64);
      runs = fv_run_list_new (project);
    }
  g_test_add_func ("/children/run-launcher/same-as-terminal", test_same_as_terminal);
  g_test_add_func ("/children/run-launcher/killed", test_killed);
  g_test_add_func ("/children/run-launcher/race", test_race);
  g_test_add_func ("/children/run-launcher/stopped", test_stopped);
  g_test_add_func ("/children/run-launcher/orphan", test_orphan);
  g_test_add_func ("/children/run-launcher/refusals", test_refusals);
  return g_test_run ();
}

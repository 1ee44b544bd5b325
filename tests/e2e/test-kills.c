/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <gio/gio.h>
#include <string.h>
#include <sqlite3.h>

#include "app/project/fv-lock.h"
#include "app/training/fv-checkpoint.h"
#include "tests/app/training/fv-test-runs.h"
#include "tests/fv-test-cli.h"
#include "tests/fv-test-data.h"

/*
 * Runs are killed at random moments, again and again, until all kills have fallen. Each time the project opens and is whole, nobody holds its
 * locks, and the last checkpoint loads; in the end every run has the weights of one that was never killed, bit for bit. The seed is
 * GTest's: --seed gives the same plan of moments again, though no machine is as fast twice.
 */

#define FEW_KILLS 5
#define MANY_KILLS 50
#define PATIENCE_SECONDS 300

/* What was going on when a kill fell, as its traces tell. */
typedef enum
{
  BEFORE_FOLDER, /* of the run */
  MAKING_FOLDER,
  BEFORE_CHECKPOINT, /* the first one */
  WRITING_CHECKPOINT,
  WRITING_WEIGHTS, /* or another file */
  RESUMING,        /* nothing of its own in the event stream yet */
  IN_BATCHES,
  AFTER_CHECKPOINT,
  AFTER_VALIDATION,
  AT_END, /* the end is in the stream, the process was not over yet */
  N_PHASES,
} Phase;

static const char *const phase_names[N_PHASES] = {
  [BEFORE_FOLDER] = "before the run's folder",
  [MAKING_FOLDER] = "making the run's folder",
  [BEFORE_CHECKPOINT] = "before the first checkpoint",
  [WRITING_CHECKPOINT] = "writing a checkpoint",
  [WRITING_WEIGHTS] = "writing weights",
  [RESUMING] = "resuming",
  [IN_BATCHES] = "after a batch",
  [AFTER_CHECKPOINT] = "after a checkpoint",
  [AFTER_VALIDATION] = "after a validation",
  [AT_END] = "at the end",
};

static const char *project;
static char *expected_weights, *expected_tensors;
static double undisturbed; /* seconds that a whole run takes */
static guint phases[N_PHASES];

static void
make_project (void)
{
  g_autofree char *path = fv_test_make_project ("project", 7, 2, 1, 64);

  project = g_intern_string (path);
}

/* Two epochs of four batches; the sums of gradients cross the ends of epochs, and each batch has its checkpoint. */
#define TRAIN_ARGUMENTS                                                                                                \
  "train", project, "--scratch", "--imgsz", "64", "--batch", "2", "--epochs", "2", "--workers", "2", "--set",          \
      "nbs=100", "--set", "checkpoint_minutes=0"

static gboolean
has_file (guint run, const char *name)
{
  g_autofree char *path = fv_run_path (project, run, name);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

/* (transfer full): the event stream from byte @offset on; empty where there is none. */
static char *
read_stream (guint run, gsize offset)
{
  g_autofree char *path = fv_run_path (project, run, FV_RUN_EVENTS);
  g_autofree char *text = NULL;
  gsize size;

  if (!g_file_get_contents (path, &text, &size, NULL) || size <= offset)
    return g_strdup ("");
  return g_strdup (text + offset);
}

static guint
count_lines (const char *text)
{
  guint n = 0;

  for (const char *p = text; (p = strchr (p, '\n')); p++)
    n++;
  return n;
}

/* How a moment is chosen: by the clock, by lines of the event stream, or when a file is being written. */
typedef struct
{
  double seconds;   /* at most, or -1 */
  guint lines;      /* new ones in the event stream */
  const char *part; /* (nullable): a file that is there only while another is written */
  gulong delay;     /* microseconds after that */
} Moment;

/* Of the @nth kill: each kind has its turn. */
static Moment
choose_moment (guint nth)
{
  static const char *const parts[] = { ".last.ckpt.part", ".last.safetensors.part", ".best.safetensors.part" };
  Moment moment = { .seconds = -1 };

  switch (nth % 4)
    {
    case 0:
      moment.seconds = g_test_rand_double_range (0, undisturbed);
      break;
    case 1:
      moment.part = parts[g_test_rand_int_range (0, G_N_ELEMENTS (parts))];
      moment.delay = (gulong)g_test_rand_int_range (0, 3000);
      break;
    default:
      moment.lines = (guint)g_test_rand_int_range (1, 12);
      moment.delay = (gulong)g_test_rand_int_range (0, 40000);
    }
  return moment;
}

static void
wait_for (const Moment *moment, GSubprocess *process, guint run, gsize offset)
{
  gint64 start = g_get_monotonic_time ();
  double patience = moment->seconds >= 0 ? moment->seconds : PATIENCE_SECONDS;

  while ((double)(g_get_monotonic_time () - start) / G_USEC_PER_SEC < patience && g_subprocess_get_identifier (process))
    {
      g_autofree char *stream = moment->lines > 0 ? read_stream (run, offset) : NULL;

      if ((stream && count_lines (stream) >= moment->lines) || (moment->part && has_file (run, moment->part)))
        break;
      g_usleep (moment->part ? 200 : 2000);
    }
  g_usleep (moment->delay);
}

/* (transfer full) (nullable): what the last whole line of @stream tells of. */
static char *
last_event (const char *stream)
{
  g_auto (GStrv) lines = g_strsplit (stream, "\n", -1);
  guint n = g_strv_length (lines);
  g_autoptr (JsonNode) node = n > 1 ? json_from_string (lines[n - 2], NULL) : NULL;

  return node ? g_strdup (json_object_get_string_member (json_node_get_object (node), "event")) : NULL;
}

/* Where the kill fell; the event stream had @offset bytes when the process began. */
static Phase
find_phase (guint run, gsize offset)
{
  g_autofree char *stream = read_stream (run, offset);
  g_autofree char *event = last_event (stream);
  g_autofree char *folder = fv_run_path (project, run, NULL);
  g_autofree char *names = fv_test_list (folder);

  if (!g_file_test (folder, G_FILE_TEST_IS_DIR))
    return BEFORE_FOLDER;
  if (!has_file (run, FV_RUN_EVENTS))
    return MAKING_FOLDER;
  if (!has_file (run, FV_RUN_CHECKPOINT))
    return BEFORE_CHECKPOINT;
  if (has_file (run, ".last.ckpt.part"))
    return WRITING_CHECKPOINT;
  if (strstr (names, ".part"))
    return WRITING_WEIGHTS;
  return g_strcmp0 (event, "step") == 0           ? IN_BATCHES
         : g_strcmp0 (event, "checkpoint") == 0   ? AFTER_CHECKPOINT
         : g_strcmp0 (event, "validation") == 0   ? AFTER_VALIDATION
         : g_strcmp0 (event, "run-finished") == 0 ? AT_END
                                                  : RESUMING;
}

/* The project's store opens, also for the program, and has no damage. */
static void
check_project (void)
{
  g_autofree char *path = g_build_filename (project, "project.db", NULL);
  g_auto (FvTestCall) stats = fv_test_cli (NULL, "stats", project, "--json", NULL);
  sqlite3 *store;
  sqlite3_stmt *statement;

  g_assert_cmpint (stats.status, ==, 0);
  g_assert_cmpint (json_object_get_int_member (stats.json, "images"), ==, 10);
  g_assert_cmpint (sqlite3_open_v2 (path, &store, SQLITE_OPEN_READWRITE, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (store, "PRAGMA integrity_check", -1, &statement, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
  g_assert_cmpstr ((const char *)sqlite3_column_text (statement, 0), ==, "ok");
  sqlite3_finalize (statement);
  sqlite3_close (store);
}

/* What a kill leaves of a run: no lock that is held, and only whole files under their names. */
static void
check_run (guint run)
{
  static const char *const weights[] = { FV_RUN_LAST, FV_RUN_BEST };
  g_autofree char *lock = fv_run_path (project, run, FV_RUN_LOCK);
  g_autofree char *checkpoint_path = fv_run_path (project, run, FV_RUN_CHECKPOINT);
  g_autofree char *data_path = fv_run_path (project, run, FV_RUN_DATA);
  g_autoptr (GError) error = NULL;
  g_auto (FvRunPlan) plan = { NULL };

  g_assert_false (fv_lock_is_held (lock, NULL));
  if (has_file (run, FV_RUN_DATA))
    {
      g_autoptr (FvDataset) data = fv_dataset_load (data_path, &error);

      g_assert_no_error (error);
    }
  if (has_file (run, FV_RUN_PLAN))
    {
      fv_run_plan_load (&plan, project, run, &error);
      g_assert_no_error (error);
    }
  if (has_file (run, FV_RUN_CHECKPOINT))
    {
      g_autoptr (FvCheckpoint) checkpoint = fv_checkpoint_open (checkpoint_path, &error);

      g_assert_no_error (error);
    }
  for (guint i = 0; i < G_N_ELEMENTS (weights); i++)
    if (has_file (run, weights[i]))
      {
        g_autofree char *path = fv_run_path (project, run, weights[i]);
        g_autoptr (FvWeights) read = fv_weights_load (path, &error);

        g_assert_no_error (error);
      }
}

/* A run that was killed before its first checkpoint can't be gone on with, and says so. */
static void
assert_refused (guint run)
{
  g_autofree char *number = g_strdup_printf ("%u", run);
  g_autofree char *folder = fv_run_path (project, run, NULL);
  g_auto (FvTestCall) call = fv_test_cli (NULL, "train", project, "--resume", number, "--json", NULL);

  fv_test_call_assert_fails (&call, g_file_test (folder, G_FILE_TEST_IS_DIR) ? "start a new run" : "has no run");
}

static GSubprocess *
start (guint run)
{
  g_autofree char *number = g_strdup_printf ("%u", run);

  if (has_file (run, FV_RUN_CHECKPOINT))
    return fv_test_cli_start (NULL, "train", project, "--resume", number, NULL);
  return fv_test_cli_start (NULL, TRAIN_ARGUMENTS, "--run", number, NULL);
}

/* Starts run @run or goes on with it, and kills that. Returns whether the run came to its end instead. */
static gboolean
go_on_and_kill (guint run, guint nth)
{
  g_autofree char *before = read_stream (run, 0);
  g_autoptr (GSubprocess) process = start (run);
  Moment moment = choose_moment (nth);

  wait_for (&moment, process, run, strlen (before));
  g_subprocess_force_exit (process);
  g_subprocess_wait (process, NULL, NULL);
  if (g_subprocess_get_if_exited (process))
    {
      g_assert_cmpint (g_subprocess_get_exit_status (process), ==, 0);
      return TRUE;
    }
  g_assert_cmpint (g_subprocess_get_term_sig (process), ==, SIGKILL);
  phases[find_phase (run, strlen (before))]++;
  return FALSE;
}

static void
assert_finished (guint run)
{
  const FvTestRuns runs = { .project = project };
  g_autofree char *weights = fv_test_runs_hash_tensors (&runs, run, FV_RUN_LAST);
  g_autofree char *tensors = fv_test_runs_hash_tensors (&runs, run, FV_RUN_CHECKPOINT);
  g_autofree char *folder = fv_run_path (project, run, NULL);
  g_autofree char *names = fv_test_list (folder);

  if (!expected_weights)
    {
      expected_weights = g_steal_pointer (&weights);
      expected_tensors = g_steal_pointer (&tensors);
      return;
    }
  g_assert_cmpstr (weights, ==, expected_weights);
  g_assert_cmpstr (tensors, ==, expected_tensors);
  g_assert_null (strstr (names, ".part"));
}

static void
finish (guint run)
{
  g_autoptr (GSubprocess) process = start (run);

  g_subprocess_wait (process, NULL, NULL);
  g_assert_true (g_subprocess_get_if_exited (process));
  g_assert_cmpint (g_subprocess_get_exit_status (process), ==, 0);
  assert_finished (run);
}

static void
test_kills (void)
{
  guint wanted = g_test_slow () ? MANY_KILLS : FEW_KILLS;
  guint run = 1, n_kills = 0, n_finished = 0;
  gint64 started = g_get_monotonic_time ();

  finish (run++);
  undisturbed = (double)(g_get_monotonic_time () - started) / G_USEC_PER_SEC;
  while (n_kills < wanted)
    {
      gboolean finished = go_on_and_kill (run, n_kills);

      check_project ();
      check_run (run);
      if (finished)
        {
          assert_finished (run++);
          n_finished++;
          continue;
        }
      n_kills++;
      if (!has_file (run, FV_RUN_CHECKPOINT))
        assert_refused (run++);
    }
  finish (run);
  g_test_message ("%u kills; %u runs came to their end, with the same weights", n_kills, n_finished + 1);
  for (guint i = 0; i < N_PHASES; i++)
    g_test_message ("%3u %s", phases[i], phase_names[i]);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  make_project ();
  g_test_add_func ("/e2e/kills", test_kills);
  status = g_test_run ();
  g_free (expected_weights);
  g_free (expected_tensors);
  return status;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <gio/gio.h>
#include <signal.h>
#include <string.h>

#include "app/training/fv-checkpoint.h"
#include "tests/app/training/fv-test-runs.h"
#include "tests/fv-test-cli.h"
#include "tests/fv-test-data.h"

/*
 * Fine-tuning on real pictures, twice: with one decoding thread and undisturbed, then with two, stopped between two accumulations and resumed.
 * The weights are the same, byte for byte.
 */

#define PATIENCE_SECONDS 1200
#define MAX_STOPS 12
#define N_BATCHES 13 /* of an epoch: 205 pictures */

static const char *project, *weights;

#define TRAIN_ARGUMENTS                                                                                                \
  "train", project, "--weights", weights, "--imgsz", "320", "--batch", "16", "--epochs", "3", "--seed", "0"

static guint
count (const char *text, const char *mark)
{
  guint n = 0;

  for (const char *p = text; (p = strstr (p, mark)); p += strlen (mark))
    n++;
  return n;
}

/* Waits until @mark is @n times in the stream of run 2, after byte @offset. */
static void
wait_for (GSubprocess *process, gsize offset, const char *mark, guint n)
{
  g_autofree char *path = fv_run_path (project, 2, FV_RUN_EVENTS);

  for (int waited = 0; waited < PATIENCE_SECONDS * 50 && g_subprocess_get_identifier (process); waited++)
    {
      g_autofree char *text = NULL;
      gsize size;

      if (g_file_get_contents (path, &text, &size, NULL) && size > offset && count (text + offset, mark) >= n)
        return;
      g_usleep (20000);
    }
  g_error ("the run made no progress");
}

static gsize
stream_size (void)
{
  g_autofree char *path = fv_run_path (project, 2, FV_RUN_EVENTS);
  g_autofree char *text = NULL;
  gsize size = 0;

  g_file_get_contents (path, &text, &size, NULL);
  return size;
}

/* Whether the checkpoint of run 2 lies between two accumulations. */
static gboolean
is_between (void)
{
  g_autofree char *path = fv_run_path (project, 2, FV_RUN_CHECKPOINT);
  g_autoptr (GError) error = NULL;
  g_autoptr (FvCheckpoint) checkpoint = fv_checkpoint_open (path, &error);
  const FvProgress *progress;
  gint64 iteration;

  g_assert_no_error (error);
  progress = fv_checkpoint_get_progress (checkpoint);
  iteration = (gint64)progress->epoch * N_BATCHES + progress->step - 1;
  g_test_message ("stopped after batch %d of all; the last update was after batch %d", (int)iteration,
                  (int)progress->last_update);
  return progress->last_update != iteration;
}

/* Stops the run in its second epoch, where updates take two batches, until it was so between two accumulations. */
static void
train_and_stop_between (void)
{
  GSubprocess *process = fv_test_cli_start (NULL, TRAIN_ARGUMENTS, "--run", "2", "--workers", "2", NULL);
  gsize offset = 0;

  for (guint n = 1;; n++)
    {
      /* Now an odd, now an even number of batches, since updates come every second one. */
      if (n == 1)
        wait_for (process, offset, "\"epoch\":1,\"step\":4,", 1);
      else
        wait_for (process, offset, "\"event\":\"step\"", 1 + n % 2);
      g_subprocess_send_signal (process, SIGTERM);
      g_subprocess_wait (process, NULL, NULL);
      g_assert_true (g_subprocess_get_if_exited (process));
      g_assert_cmpint (g_subprocess_get_exit_status (process), ==, 130);
      g_object_unref (process);
      if (is_between ())
        return;
      g_assert_cmpuint (n, <, MAX_STOPS);
      offset = stream_size ();
      process = fv_test_cli_start (NULL, "train", project, "--resume", "2", "--workers", "2", NULL);
    }
}

static void
test_bccd (void)
{
  g_autofree char *path = g_build_filename (fv_test_folder (), "bccd", NULL);
  const FvTestRuns runs = { .project = path };
  const char *pictures = fv_test_data ("datasets/bccd");
  g_autoptr (GPtrArray) hashes = g_ptr_array_new_with_free_func (g_free);

  project = path;
  weights = fv_test_data ("weights/yolov5n.pt");
  if (!pictures || !weights)
    return;
  {
    g_auto (FvTestCall) init = fv_test_cli (NULL, "init", project, NULL);
    g_auto (FvTestCall) import = fv_test_cli (NULL, "import", project, pictures, NULL);
    g_auto (FvTestCall) first = fv_test_cli (NULL, TRAIN_ARGUMENTS, "--run", "1", "--workers", "1", NULL);

    g_assert_cmpint (init.status, ==, 0);
    g_assert_cmpint (import.status, ==, 0);
    g_assert_cmpint (first.status, ==, 0);
  }
  train_and_stop_between ();
  {
    g_auto (FvTestCall) resumed = fv_test_cli (NULL, "train", project, "--resume", "2", "--workers", "2", NULL);

    g_assert_cmpint (resumed.status, ==, 0);
  }
  for (guint run = 1; run <= 2; run++)
    {
      g_autofree char *file = fv_run_path (project, run, FV_RUN_LAST);

      g_ptr_array_add (hashes, fv_test_hash (file));
      g_ptr_array_add (hashes, fv_test_runs_hash_tensors (&runs, run, FV_RUN_CHECKPOINT));
      g_test_message ("run %u: %s has %s, the tensors of %s have %s", run, FV_RUN_LAST,
                      (char *)hashes->pdata[hashes->len - 2], FV_RUN_CHECKPOINT,
                      (char *)hashes->pdata[hashes->len - 1]);
    }
  for (guint i = 0; i < 2; i++)
    g_assert_cmpstr (hashes->pdata[i], ==, hashes->pdata[2 + i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/e2e/determinism/bccd", test_bccd);
  return g_test_run ();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/exchange/fv-tensor-file.h"
#include "app/training/fv-checkpoint.h"
#include "tests/app/training/fv-test-runs.h"
#include "tests/fv-test-data.h"

/*
 * The same bits, in the weights and in every buffer of the last checkpoint, however many threads decode and wherever the run is stopped: after any
 * batch, also between two accumulations, and again and again.
 */

#define N_TRAIN 7
#define N_VAL 3
#define N_EPOCHS 2
#define N_BATCHES 4

static FvTestRuns runs;
static FvDataset *dataset;
static FvRecipe recipe;
static char *expected_weights, *expected_tensors;

static void
assert_same_bits (guint number)
{
  g_autofree char *weights = fv_test_runs_hash_tensors (&runs, number, FV_RUN_LAST);
  g_autofree char *tensors = fv_test_runs_hash_tensors (&runs, number, FV_RUN_CHECKPOINT);

  g_assert_cmpstr (weights, ==, expected_weights);
  g_assert_cmpstr (tensors, ==, expected_tensors);
}

static void
test_threads (void)
{
  static const guint workers[] = { 1, 2, 5 };
  FvRecipe other = recipe;

  for (guint i = 0; i < G_N_ELEMENTS (workers); i++)
    {
      g_autoptr (GError) error = NULL;
      FvTrainResult result;

      other.workers = workers[i];
      fv_test_runs_train (&runs, 1 + i, &other, dataset, NULL, &result, &error);
      g_assert_no_error (error);
      if (i == 0)
        {
          expected_weights = fv_test_runs_hash_tensors (&runs, 1, FV_RUN_LAST);
          expected_tensors = fv_test_runs_hash_tensors (&runs, 1, FV_RUN_CHECKPOINT);
        }
      assert_same_bits (1 + i);
    }
}

/* Where to stop. */
typedef struct
{
  gint64 iteration; /* after this batch, counted over all epochs; -1: after the next */
  GCancellable *cancellable;
} Stop;

static void
on_status (const FvTrainStatus *status, gpointer user_data)
{
  const Stop *stop = user_data;

  if (!status->validating
      && (stop->iteration < 0 || (gint64)(status->epoch * N_BATCHES + status->step - 1) == stop->iteration))
    g_cancellable_cancel (stop->cancellable);
}

static gboolean
is_zero (const FvTensorView *view)
{
  const guint8 *bytes = view->data;

  for (gsize i = 0; i < view->n_bytes; i++)
    if (bytes[i] != 0)
      return FALSE;
  return TRUE;
}

/* Whether the run was stopped between two accumulations. Then the checkpoint holds what was summed up so far. */
static gboolean
is_between (guint number, gint64 iteration)
{
  g_autofree char *path = fv_run_path (runs.project, number, FV_RUN_CHECKPOINT);
  g_autoptr (FvCheckpoint) checkpoint = fv_checkpoint_open (path, NULL);
  g_autoptr (FvTensorFile) file = fv_tensor_file_open (path, NULL);
  const FvProgress *progress = fv_checkpoint_get_progress (checkpoint);
  gboolean between = progress->last_update != iteration;

  g_assert_cmpint ((gint64)progress->epoch * N_BATCHES + progress->step - 1, ==, iteration);
  g_assert_true (is_zero (fv_tensor_file_lookup (file, "gradients")) == !between);
  return between;
}

static void
test_each_batch (void)
{
  guint n_between = 0;

  for (guint i = 0; i < N_EPOCHS * N_BATCHES; i++)
    {
      guint number = 10 + i;
      g_autoptr (GError) error = NULL;
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      Stop stop = { i, cancellable };
      FvTestRuns stopped = runs;
      FvTrainResult result;

      stopped.status = on_status;
      stopped.user_data = &stop;
      stopped.cancellable = cancellable;
      fv_test_runs_train (&stopped, number, &recipe, dataset, NULL, &result, &error);
      g_assert_no_error (error);
      g_assert_cmpint (result.reason, ==, FV_TRAIN_STOPPED);
      n_between += is_between (number, i);
      fv_test_runs_resume (&runs, number, 1 + i % 5, &result, &error);
      g_assert_no_error (error);
      g_assert_cmpint (result.reason, ==, FV_TRAIN_COMPLETED);
      assert_same_bits (number);
    }
  g_test_message ("%u of %d stops were between two accumulations", n_between, N_EPOCHS * N_BATCHES);
  g_assert_cmpuint (n_between, >=, 3);
}

/* One run that is stopped after each of its batches. */
static void
test_again_and_again (void)
{
  FvTrainResult result = { .reason = FV_TRAIN_STOPPED };
  guint n = 0;

  for (; result.reason == FV_TRAIN_STOPPED; n++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      Stop stop = { -1, cancellable };
      FvTestRuns stopped = runs;

      stopped.status = on_status;
      stopped.user_data = &stop;
      stopped.cancellable = cancellable;
      if (n == 0)
        fv_test_runs_train (&stopped, 30, &recipe, dataset, NULL, &result, &error);
      else
        fv_test_runs_resume (&stopped, 30, 1 + n % 3, &result, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (n, <=, N_EPOCHS * N_BATCHES);
    }
  g_assert_cmpuint (n, ==, N_EPOCHS * N_BATCHES + 1);
  assert_same_bits (30);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  FvDevice *device;
  int status;

  fv_device_prepare_environment ();
  g_test_init (&argc, &argv, NULL);
  device = fv_device_open (&(FvDeviceParams){ 0 }, &error);
  g_assert_no_error (error);
  dataset = fv_test_runs_make_dataset (N_TRAIN, N_VAL);
  runs = (FvTestRuns){ .device = device, .project = fv_test_folder () };
  fv_test_runs_init_recipe (&recipe, N_EPOCHS);
  g_test_add_func ("/faults/stops/threads", test_threads);
  g_test_add_func ("/faults/stops/each-batch", test_each_batch);
  g_test_add_func ("/faults/stops/again-and-again", test_again_and_again);
  status = g_test_run ();
  g_free (expected_weights);
  g_free (expected_tensors);
  fv_dataset_unref (dataset);
  fv_device_unref (device);
  return status;
}

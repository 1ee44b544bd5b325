/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/project/fv-lock.h"
#include "app/training/fv-checkpoint.h"
#include "app/training/fv-run-record.h"
#include "app/training/fv-train-events.h"
#include "tests/app/training/fv-test-runs.h"
#include "tests/faults/files/fv-failing-files.h"
#include "tests/fv-test-data.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

/*
 * What a run keeps, on a disk that is full, read-only or broken. Whatever call fails: a sentence, the old files whole, nothing left over, and with
 * the fault gone the same thing works and gives the same bits.
 */

#define N_TRAIN 4
#define N_VAL 1

static const int codes[] = { ENOSPC, EROFS, EIO };

static FvDevice *device;
static FvDataset *dataset;

/* Calls @try for each n-th call, with each kind of failure, until it says that there is no such call. Returns how many failed. */
static guint
each_call (const char *folder, guint step, gboolean (*try) (const FvFailingFilesParams *params))
{
  guint n = 0;

  for (guint code = 0; code < G_N_ELEMENTS (codes); code++)
    for (guint kind = 0; kind < 4; kind++)
      {
        FvFailingFilesParams params = {
          .folder = folder,
          .code = codes[code],
          .stays = (kind & 1) != 0,
          .half = (kind & 2) != 0,
          .nth = 1 + (code + kind) % step,
        };

        for (; try (&params); params.nth += step)
          n++;
      }
  g_test_message ("%u calls failed", n);
  return n;
}

/* Whether a call failed that matters: some file systems can't flush a folder, and GLib tries twice to make one. */
static gboolean
has_failed (int code)
{
  g_auto (GStrv) lines = g_strsplit (fv_failing_files_journal (), "\n", -1);
  gboolean refused = code == EROFS || code == EACCES;

  for (char **line = lines; *line; line++)
    {
      gboolean folder = !g_str_has_suffix (*line, ".part !");

      if (!g_str_has_suffix (*line, " !") || (refused && folder && g_str_has_prefix (*line, "flush ")))
        continue;
      if (!g_str_equal (*line, "mkdir runs !") || !g_strv_contains ((const char *const *)lines, "mkdir runs"))
        return TRUE;
    }
  return FALSE;
}

static void
assert_sentence (const GError *error, const FvFailingFilesParams *params)
{
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, params->folder));
  g_assert_nonnull (strstr (error->message, g_strerror (params->code)));
}

/* (transfer full): its bytes. */
static GBytes *
read_file (const char *path)
{
  g_autoptr (GError) error = NULL;
  char *bytes;
  gsize size;

  g_file_get_contents (path, &bytes, &size, &error);
  g_assert_no_error (error);
  return g_bytes_new_take (bytes, size);
}

/* Whole lines that can be read, where there are no others. */
static guint
count_lines (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvRunRecords) records = fv_run_records_read (path, 0, FALSE, &error);
  g_autofree char *text = NULL;
  guint n = 0;

  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  for (const char *p = text; (p = strchr (p, '\n')); p++)
    n++;
  g_assert_cmpuint (records->records->len, ==, n);
  return n;
}

/* Event lines */

static gboolean another; /* process goes on with the stream */

static gboolean
append_line (const FvFailingFilesParams *params)
{
  g_autofree char *path = g_build_filename (params->folder, "events.jsonl", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (FvEvents) events = NULL;
  gboolean written;
  guint n;

  g_remove (path);
  events = fv_events_open (path, 1, NULL, NULL);
  g_assert_true (fv_train_events_warning (events, "test", "before", NULL));
  fv_failing_files_start (params);
  written = fv_train_events_warning (events, "test", "a line that the disk has no room for", &error);
  n = fv_failing_files_stop ();

  g_assert_true (written == !has_failed (params->code));
  g_assert_cmpuint (count_lines (path), ==, written ? 2 : 1);
  if (!written)
    assert_sentence (error, params);
  /* Half a line that could not be cut off is no part of the next, whoever writes it. */
  if (another)
    {
      g_clear_pointer (&events, fv_events_free);
      events = fv_events_open (path, 1, NULL, NULL);
    }
  g_assert_true (fv_train_events_warning (events, "test", "after", NULL));
  g_assert_cmpuint (count_lines (path), ==, written ? 3 : 2);
  return n >= params->nth;
}

static void
test_events (void)
{
  for (another = FALSE; another <= TRUE; another++)
    g_assert_cmpuint (each_call (fv_test_folder (), 1, append_line), >=, 12);
}

/* A stream with half a line at its end. */
static gboolean
open_stream (const FvFailingFilesParams *params)
{
  static const char whole[] = "{\"event\":\"step\"}\n", half[] = "{\"event\":\"wa";
  g_autofree char *text = g_strconcat (whole, half, NULL);
  const char *path = fv_test_write (params->folder, "events.jsonl", text);
  g_autoptr (FvEvents) events = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;
  guint n;

  fv_failing_files_start (params);
  events = fv_events_open (path, 1, NULL, &error);
  n = fv_failing_files_stop ();
  g_assert_true ((events != NULL) == !has_failed (params->code));
  bytes = read_file (path);
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, events ? strlen (whole) : strlen (text));
  if (!events)
    assert_sentence (error, params);
  return n >= params->nth;
}

static void
test_open_events (void)
{
  g_assert_cmpuint (each_call (fv_test_folder (), 1, open_stream), >=, 12);
}

/* The folder of a run */

static gboolean
make_run (const FvFailingFilesParams *params)
{
  g_autofree char *runs = g_build_filename (params->folder, "runs", NULL);
  g_autofree char *first = g_build_filename (runs, "1", NULL);
  g_autofree char *lock = g_build_filename (first, FV_RUN_LOCK, NULL);
  g_autofree char *holder = NULL;
  g_autofree char *names = NULL;
  g_autoptr (FvRun) run = NULL;
  g_autoptr (FvRun) next = NULL;
  g_autoptr (GError) error = NULL;
  FvRecipe recipe;
  guint n;

  fv_test_runs_init_recipe (&recipe, 2);
  fv_test_remove (runs);
  fv_failing_files_start (params);
  run = fv_run_create (params->folder, 0, &recipe, dataset, &error);
  n = fv_failing_files_stop ();

  g_assert_true ((run != NULL) == !has_failed (params->code));
  names = fv_test_list (run ? first : runs);
  g_assert_cmpstr (names, ==, run ? "data.json lock recipe.json" : "");
  if (!run)
    assert_sentence (error, params);
  /* The whole name of who holds it. */
  g_assert_true (fv_lock_is_held (lock, &holder) == (run != NULL));
  g_assert_true (!run || g_str_has_suffix (holder, ")"));
  if (run)
    g_assert_true (g_str_has_suffix (fv_failing_files_journal (), "flush runs\nflush .\n") || params->code != ENOSPC);
  next = fv_run_create (params->folder, 0, &recipe, dataset, NULL);
  g_assert_nonnull (next);
  g_assert_cmpuint (fv_run_get_number (next), ==, run ? 2 : 1);
  return n >= params->nth;
}

static void
test_make_run (void)
{
  FvFailingFilesParams params = { .folder = fv_test_folder (), .half = TRUE, .nth = 1 };

  g_assert_cmpuint (each_call (fv_test_folder (), 1, make_run), >=, 100);
  /* Writes that are short, and nothing worse. */
  while (make_run (&params))
    params.nth++;
}

/* Killed while its folder was made: there is nothing to go on from, and the next run is none the worse. */
static void
test_half_made (void)
{
  static const char *const names[] = { FV_RUN_RECIPE, FV_RUN_DATA };
  const char *project = fv_test_folder ();
  FvRecipe recipe;

  fv_test_runs_init_recipe (&recipe, 2);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (FvRun) run = fv_run_create (project, 0, &recipe, dataset, NULL);
      guint number = fv_run_get_number (run);
      g_autofree char *path = fv_run_get_file (run, names[i]);
      g_autoptr (GError) error = NULL;

      g_clear_pointer (&run, fv_run_free);
      g_assert_cmpint (g_remove (path), ==, 0);
      g_assert_null (fv_run_open (project, number, &error));
      g_assert_error (error, FV_RUN_ERROR, FV_RUN_ERROR_INVALID);
      g_assert_nonnull (strstr (error->message, names[i]));
      run = fv_run_create (project, 0, &recipe, dataset, NULL);
      g_assert_cmpuint (fv_run_get_number (run), ==, number + 1);
    }
}

/* Files that are replaced */

static gboolean (*save) (const char *path, GError **error);
static GBytes *saved; /* what it writes when nothing fails */

static gboolean
replace (const FvFailingFilesParams *params)
{
  const char *path = fv_test_write (params->folder, "file", "old");
  g_autofree char *names = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) again = NULL;
  g_autoptr (GError) error = NULL;
  gboolean written, renamed;
  guint n;

  fv_failing_files_start (params);
  written = save (path, &error);
  n = fv_failing_files_stop ();

  g_assert_true (written == !has_failed (params->code));
  names = fv_test_list (params->folder);
  g_assert_cmpstr (names, ==, "file");
  bytes = read_file (path);
  renamed = strstr (fv_failing_files_journal (), "rename .file.part file\n") != NULL;
  g_assert_true (written ? renamed : TRUE);
  if (renamed)
    g_assert_true (g_bytes_equal (bytes, saved));
  else
    g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "old", 3);
  if (!written)
    {
      assert_sentence (error, params);
      g_assert_true (save (path, NULL));
      again = read_file (path);
      g_assert_true (g_bytes_equal (again, saved));
    }
  return n >= params->nth;
}

static guint
each_call_of (gboolean (*func) (const char *path, GError **error), guint step)
{
  g_autofree char *path = g_build_filename (fv_test_folder (), "file", NULL);
  g_autoptr (GError) error = NULL;
  guint n;

  save = func;
  save (path, &error);
  g_assert_no_error (error);
  saved = read_file (path);
  n = each_call (fv_test_folder (), step, replace);
  g_clear_pointer (&saved, g_bytes_unref);
  return n;
}

static gboolean
save_dataset (const char *path, GError **error)
{
  return fv_dataset_save (dataset, path, error);
}

static gboolean
save_weights (const char *path, GError **error)
{
  FvYolov5Config config;
  g_autoptr (FvLayout) layout = NULL;
  g_autofree float *parameters = NULL;
  g_autofree float *statistics = NULL;

  fv_yolov5_config_init (&config, 'n', dataset->n_classes);
  layout = fv_yolov5_layout_new (&config);
  parameters = g_new0 (float, fv_layout_get_parameter_floats (layout));
  statistics = g_new0 (float, fv_layout_get_statistics_floats (layout));
  return fv_weights_save (path, &config, dataset->class_names, 64, layout, parameters, statistics, NULL, 0, error);
}

static FvModel *model;

static gboolean
save_checkpoint (const char *path, GError **error)
{
  FvProgress progress;
  gboolean written;

  fv_progress_init (&progress);
  written = fv_checkpoint_save (path, model, dataset->class_names, "hash", &progress, error);
  fv_progress_clear (&progress);
  return written;
}

static void
test_dataset (void)
{
  g_assert_cmpuint (each_call_of (save_dataset, 1), >=, 60);
}

static void
test_weights (void)
{
  g_assert_cmpuint (each_call_of (save_weights, g_test_slow () ? 1 : 11), >=, 30);
}

static void
test_checkpoint (void)
{
  g_autoptr (FvTrainer) trainer = NULL;
  g_autoptr (GError) error = NULL;
  FvYolov5Config config;

  fv_yolov5_config_init (&config, 'n', dataset->n_classes);
  model = fv_model_new (device, &config, &error);
  g_assert_no_error (error);
  trainer = fv_trainer_new (model, &(FvTrainerParams){ .loss = { .box = 1 } }, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (each_call_of (save_checkpoint, g_test_slow () ? 1 : 3), >=, 30);
  g_clear_pointer (&trainer, fv_trainer_free);
  g_clear_pointer (&model, fv_model_unref);
}

/* Whole runs */

static FvTestRuns runs;
static char *expected_weights, *expected_tensors;

static void
assert_same_bits (guint number)
{
  g_autofree char *weights = fv_test_runs_hash_tensors (&runs, number, FV_RUN_LAST);
  g_autofree char *tensors = fv_test_runs_hash_tensors (&runs, number, FV_RUN_CHECKPOINT);

  g_assert_cmpstr (weights, ==, expected_weights);
  g_assert_cmpstr (tensors, ==, expected_tensors);
}

/* Every file of the run is whole. */
static void
assert_whole (guint number)
{
  static const char *const weights[] = { FV_RUN_LAST, FV_RUN_BEST };
  g_autofree char *folder = fv_run_path (runs.project, number, NULL);
  g_autofree char *checkpoint_path = fv_run_path (runs.project, number, FV_RUN_CHECKPOINT);
  g_autofree char *names = fv_test_list (folder);
  g_autoptr (FvRun) run = fv_run_open (runs.project, number, NULL);
  g_autoptr (FvDataset) data = NULL;
  g_autoptr (FvCheckpoint) checkpoint = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (FvRunPlan) plan = { NULL };
  FvRecipe recipe;

  g_assert_null (strstr (names, ".part"));
  g_assert_nonnull (run);
  fv_run_load_recipe (run, &recipe, &error);
  g_assert_no_error (error);
  data = fv_run_load_data (run, &error);
  g_assert_no_error (error);
  if (strstr (names, FV_RUN_PLAN))
    g_assert_true (fv_run_plan_load (&plan, runs.project, number, NULL));
  if (strstr (names, FV_RUN_CHECKPOINT))
    {
      checkpoint = fv_checkpoint_open (checkpoint_path, NULL);
      g_assert_nonnull (checkpoint);
    }
  for (guint i = 0; i < G_N_ELEMENTS (weights); i++)
    if (strstr (names, weights[i]))
      {
        g_autofree char *path = fv_run_path (runs.project, number, weights[i]);
        g_autoptr (FvWeights) read = fv_weights_load (path, NULL);

        g_assert_nonnull (read);
      }
}

/* The stream says why the run ended, where it could still be written. */
static void
assert_told (guint number, const GError *failure)
{
  g_autofree char *path = fv_run_path (runs.project, number, FV_RUN_EVENTS);
  g_autoptr (FvRunRecords) records = NULL;
  const FvRunRecord *last;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return;
  records = fv_run_records_read (path, 0, FALSE, NULL);
  last = records->records->pdata[records->records->len - 1];
  g_assert_cmpint (last->type, ==, FV_RECORD_FAILED);
  g_assert_cmpstr (last->text, ==, failure->message);
  g_assert_nonnull (last->hint);
}

/* Trains run @number on the failing disk, then goes on without the fault. */
static void
train_and_go_on (const FvFailingFilesParams *params, guint number, const FvRecipe *recipe)
{
  g_autofree char *folder = fv_run_path (runs.project, number, NULL);
  g_autofree char *checkpoint = fv_run_path (runs.project, number, FV_RUN_CHECKPOINT);
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) refusal = NULL;
  FvTrainResult result;
  gboolean trained;

  fv_failing_files_start (params);
  trained = fv_test_runs_train (&runs, number, recipe, dataset, NULL, &result, &error);
  fv_failing_files_stop ();
  if (error)
    g_test_message ("%s", error->message);
  g_assert_true (trained == !has_failed (params->code));
  if (!trained)
    {
      assert_sentence (error, params);
      if (!g_file_test (folder, G_FILE_TEST_EXISTS))
        return;
      assert_whole (number);
      if (!params->stays)
        assert_told (number, error);
      if (!fv_test_runs_resume (&runs, number, 0, &result, &refusal))
        {
          /* It had not begun. */
          g_assert_error (refusal, FV_RUN_ERROR, FV_RUN_ERROR_INVALID);
          g_assert_false (g_file_test (checkpoint, G_FILE_TEST_EXISTS));
          return;
        }
    }
  g_assert_cmpint (result.reason, ==, FV_TRAIN_COMPLETED);
  assert_same_bits (number);
}

static void
test_train (void)
{
  FvFailingFilesParams params = { .folder = runs.project };
  g_autoptr (GError) error = NULL;
  FvRecipe recipe;
  FvTrainResult result;
  guint n, step, n_tried = 0;

  fv_test_runs_init_recipe (&recipe, 2);
  recipe.checkpoint_minutes = 0;
  fv_failing_files_start (&params);
  fv_test_runs_train (&runs, 1, &recipe, dataset, NULL, &result, &error);
  n = fv_failing_files_stop ();
  g_assert_no_error (error);
  expected_weights = fv_test_runs_hash_tensors (&runs, 1, FV_RUN_LAST);
  expected_tensors = fv_test_runs_hash_tensors (&runs, 1, FV_RUN_CHECKPOINT);

  step = g_test_slow () ? 1 : n / 8;
  for (params.nth = step; params.nth <= n; params.nth += step, n_tried++)
    {
      g_autofree char *folder = fv_run_path (runs.project, 2 + n_tried, NULL);

      params.code = codes[n_tried % G_N_ELEMENTS (codes)];
      params.stays = n_tried % 2 == 0;
      params.half = n_tried % 4 >= 2;
      train_and_go_on (&params, 2 + n_tried, &recipe);
      fv_test_remove (folder);
    }
  g_test_message ("%u of the %u calls of a run failed", n_tried, n);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  int status;

  fv_device_prepare_environment ();
  g_test_init (&argc, &argv, NULL);
  device = fv_device_open (&(FvDeviceParams){ 0 }, &error);
  g_assert_no_error (error);
  dataset = fv_test_runs_make_dataset (N_TRAIN, N_VAL);
  runs = (FvTestRuns){ .device = device, .project = fv_test_folder () };
  g_test_add_func ("/faults/runs/events", test_events);
  g_test_add_func ("/faults/runs/open-events", test_open_events);
  g_test_add_func ("/faults/runs/make-run", test_make_run);
  g_test_add_func ("/faults/runs/half-made", test_half_made);
  g_test_add_func ("/faults/runs/dataset", test_dataset);
  g_test_add_func ("/faults/runs/weights", test_weights);
  g_test_add_func ("/faults/runs/checkpoint", test_checkpoint);
  g_test_add_func ("/faults/runs/train", test_train);
  status = g_test_run ();
  g_free (expected_weights);
  g_free (expected_tensors);
  fv_dataset_unref (dataset);
  fv_device_unref (device);
  return status;
}

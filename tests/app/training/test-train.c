/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/project/fv-lock.h"
#include "app/training/fv-checkpoint.h"
#include "tests/app/training/fv-test-runs.h"
#include "tests/fv-test-cli.h"
#include "tests/fv-test-data.h"

#include <glib/gstdio.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/*
 * The run loop on generated pictures: 7 of 64 pixels to train on, in batches of 2, 2, 2 and 1, and 3 to validate.
 */

#define N_TRAIN 7
#define N_VAL 3
#define N_BATCHES 4

static FvDevice *device;
static char *project; /* the runs of all tests lie in it */

/* What a test does to a run while it is under way. */
typedef struct
{
  guint epoch, step;         /* after this batch */
  gboolean validating;       /* or within this epoch's validation */
  GCancellable *cancellable; /* cancel it, or else kill the process */
} Interruption;

static void
on_status (const FvTrainStatus *status, gpointer user_data)
{
  const Interruption *interruption = user_data;

  if (!interruption || status->epoch != interruption->epoch || status->validating != interruption->validating
      || (!status->validating && status->step != interruption->step))
    return;
  if (interruption->cancellable)
    g_cancellable_cancel (interruption->cancellable);
  else
    kill (getpid (), SIGKILL);
}

static gboolean
train (guint number, const FvRecipe *recipe, FvDataset *dataset, const FvWeights *weights,
       const Interruption *interruption, FvTrainResult *result, GError **error)
{
  const FvTestRuns runs = {
    .device = device,
    .project = project,
    .status = on_status,
    .user_data = (gpointer)interruption,
    .cancellable = interruption ? interruption->cancellable : NULL,
  };

  return fv_test_runs_train (&runs, number, recipe, dataset, weights, result, error);
}

static void
resume (guint number, FvTrainResult *result)
{
  const FvTestRuns runs = { .device = device, .project = project };
  g_autoptr (GError) error = NULL;

  fv_test_runs_resume (&runs, number, 0, result, &error);
  g_assert_no_error (error);
}

/* (transfer full): SHA-256 of a file of a run. */
static char *
hash_file (guint number, const char *name)
{
  g_autofree char *path = fv_run_path (project, number, name);

  return fv_test_hash (path);
}

static void
assert_same_weights (guint a, guint b)
{
  static const char *const names[] = { FV_RUN_LAST, FV_RUN_BEST };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *left = hash_file (a, names[i]);
      g_autofree char *right = hash_file (b, names[i]);

      g_assert_cmpstr (left, ==, right);
    }
}

/* (transfer full) (element-type JsonObject): the events of a run. */
static GPtrArray *
read_events (guint number)
{
  g_autofree char *path = fv_run_path (project, number, FV_RUN_EVENTS);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  GPtrArray *events = g_ptr_array_new_with_free_func ((GDestroyNotify)json_object_unref);

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line && **line; line++)
    {
      g_autoptr (JsonNode) node = json_from_string (*line, NULL);

      g_assert_nonnull (node);
      g_ptr_array_add (events, json_object_ref (json_node_get_object (node)));
    }
  return events;
}

static guint
count_events (GPtrArray *events, const char *name)
{
  guint n = 0;

  for (guint i = 0; i < events->len; i++)
    n += g_str_equal (json_object_get_string_member (events->pdata[i], "event"), name);
  return n;
}

/* A run as it should be: run 1, which the others are compared with. */
static void
test_whole (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDataset) dataset = fv_test_runs_make_dataset (N_TRAIN, N_VAL);
  g_autofree char *events_path = NULL;
  g_autoptr (GPtrArray) events = NULL;
  FvRecipe recipe;
  FvTrainResult result;
  guint step = 0;
  JsonObject *last;

  fv_test_runs_init_recipe (&recipe, 2);
  train (0, &recipe, dataset, NULL, NULL, &result, &error);
  g_assert_no_error (error);
  events_path = fv_run_path (project, 1, FV_RUN_EVENTS);
  g_assert_true (g_file_test (events_path, G_FILE_TEST_EXISTS));
  g_assert_cmpint (result.reason, ==, FV_TRAIN_COMPLETED);
  g_assert_cmpint (result.best_epoch, >=, 0);
  g_assert_cmpfloat (result.map50, >=, result.map);
  g_assert_cmpfloat (result.images_per_second, >, 0);
  g_assert_cmpuint (result.peak_device_bytes, >, 0);

  events = read_events (1);
  g_assert_cmpstr (json_object_get_string_member (events->pdata[0], "event"), ==, "run-started");
  g_assert_cmpint (json_object_get_int_member (events->pdata[0], "images"), ==, N_TRAIN);
  g_assert_cmpint (
      json_object_get_int_member (json_object_get_object_member (events->pdata[0], "plan"), "device_bytes"), >, 0);
  g_assert_cmpuint (count_events (events, "step"), ==, 2 * N_BATCHES);
  g_assert_cmpuint (count_events (events, "validation"), ==, 2);
  for (guint i = 0; i < events->len; i++)
    {
      JsonObject *event = events->pdata[i];

      if (!g_str_equal (json_object_get_string_member (event, "event"), "step"))
        continue;
      g_assert_cmpint (json_object_get_int_member (event, "epoch"), ==, step / N_BATCHES);
      g_assert_cmpint (json_object_get_int_member (event, "step"), ==, step % N_BATCHES);
      g_assert_cmpint (json_object_get_int_member (event, "steps"), ==, N_BATCHES);
      g_assert_cmpfloat (json_object_get_double_member (event, "box"), >, 0);
      g_assert_true (json_object_has_member (json_object_get_object_member (event, "waiting"), "device"));
      step++;
    }
  last = events->pdata[events->len - 1];
  g_assert_cmpstr (json_object_get_string_member (last, "event"), ==, "run-finished");
  g_assert_cmpstr (json_object_get_string_member (last, "reason"), ==, "completed");
}

/* The same seed gives the same bits, another one others; the number of workers doesn't matter. */
static void
test_repeatable (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDataset) dataset = fv_test_runs_make_dataset (N_TRAIN, N_VAL);
  g_autofree char *first = NULL;
  g_autofree char *other = NULL;
  FvRecipe recipe;
  FvTrainResult result;

  fv_test_runs_init_recipe (&recipe, 2);
  recipe.workers = 1;
  train (2, &recipe, dataset, NULL, NULL, &result, &error);
  g_assert_no_error (error);
  assert_same_weights (1, 2);

  recipe.epochs = 1;
  recipe.seed = 5;
  train (3, &recipe, dataset, NULL, NULL, &result, &error);
  g_assert_no_error (error);
  first = hash_file (1, FV_RUN_LAST);
  other = hash_file (3, FV_RUN_LAST);
  g_assert_cmpstr (first, !=, other);
}

/* Stopped after a batch within an epoch, stopped again at once, stopped while validating: the end is the same. */
static void
test_stop_and_resume (void)
{
  static const Interruption cases[] = { { 1, 1, FALSE, NULL }, { 0, 0, TRUE, NULL }, { 0, N_BATCHES, FALSE, NULL } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint number = 10 + i;
      g_autoptr (GError) error = NULL;
      g_autoptr (FvDataset) dataset = fv_test_runs_make_dataset (N_TRAIN, N_VAL);
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GPtrArray) events = NULL;
      Interruption interruption = cases[i];
      FvRecipe recipe;
      FvTrainResult result;

      interruption.cancellable = cancellable;
      fv_test_runs_init_recipe (&recipe, 2);
      train (number, &recipe, dataset, NULL, &interruption, &result, &error);
      g_assert_no_error (error);
      g_assert_cmpint (result.reason, ==, FV_TRAIN_STOPPED);
      resume (number, &result);
      g_assert_cmpint (result.reason, ==, FV_TRAIN_COMPLETED);
      assert_same_weights (1, number);

      events = read_events (number);
      g_assert_cmpuint (count_events (events, "resumed"), ==, 1);
      g_assert_cmpuint (count_events (events, "run-finished"), ==, 2);
      g_assert_cmpuint (count_events (events, "step"), ==, 2 * N_BATCHES);

      /* A finished run has nothing left to do, and says so. */
      resume (number, &result);
      g_assert_cmpint (result.reason, ==, FV_TRAIN_COMPLETED);
      assert_same_weights (1, number);
    }
}

/* Mixed precision goes on with the scale of its loss; the check at the start finds nothing wrong here. */
static void
test_half (void)
{
  if (!fv_device_get_info (device)->fp16)
    {
      g_test_skip ("the device has no fp16");
      return;
    }
  for (guint number = 200; number < 202; number++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (FvDataset) dataset = fv_test_runs_make_dataset (N_TRAIN, N_VAL);
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (FvCheckpoint) checkpoint = NULL;
      g_autoptr (GPtrArray) events = NULL;
      g_autofree char *path = fv_run_path (project, number, FV_RUN_CHECKPOINT);
      Interruption interruption = { 1, 1, FALSE, cancellable };
      FvRecipe recipe;
      FvTrainResult result;

      fv_test_runs_init_recipe (&recipe, 2);
      recipe.precision = FV_PRECISION_FP16;
      train (number, &recipe, dataset, NULL, number == 200 ? NULL : &interruption, &result, &error);
      g_assert_no_error (error);
      if (number > 200)
        resume (number, &result);
      g_assert_cmpint (result.reason, ==, FV_TRAIN_COMPLETED);
      checkpoint = fv_checkpoint_open (path, &error);
      g_assert_no_error (error);
      g_assert_true (fv_checkpoint_has (checkpoint, FV_BUFFER_LOSS_SCALE));
      events = read_events (number);
      for (guint i = 0; i < events->len; i++)
        g_assert_cmpstr (json_object_get_string_member_with_default (events->pdata[i], "id", ""), !=, "precision");
    }
  assert_same_weights (200, 201);
}

/* (transfer full): the same convolutions, all by what runs on any device. */
static FvConvChoices *
make_plain (const FvConvChoices *kernels)
{
  FvConvChoices *plain = fv_conv_choices_new ();

  for (guint i = 0; i < fv_conv_choices_get_n (kernels); i++)
    {
      FvConvChoice choice = *fv_conv_choices_get (kernels, i);

      choice.variant = 0;
      g_assert_true (fv_conv_choices_add (plain, &choice));
    }
  return plain;
}

/* Kernels are those of the plan, whatever was found to be the fastest meanwhile: in a run that goes on, and in one that repeats it. */
static void
test_plan (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDataset) dataset = fv_test_runs_make_dataset (N_TRAIN, N_VAL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  const Interruption interruption = { 1, 1, FALSE, cancellable };
  g_auto (FvRunPlan) plan = { NULL };
  FvTestRuns runs = { .device = device, .project = project, .plan = &plan };
  g_autofree char *before = NULL, *after = NULL, *own = NULL, *same = NULL;
  FvRecipe recipe;
  FvTrainResult result;

  fv_test_runs_init_recipe (&recipe, 2);
  train (80, &recipe, dataset, NULL, &interruption, &result, &error);
  g_assert_no_error (error);
  before = hash_file (80, FV_RUN_PLAN);
  g_assert_true (fv_run_plan_load (&plan, project, 80, &error));
  g_assert_true (fv_run_plan_is_of (&plan, device));
  g_assert_cmpuint (fv_conv_choices_get_n (plan.kernels), >, 50);

  fv_conv_choices_attach (device, make_plain (plan.kernels));
  resume (80, &result);
  assert_same_weights (1, 80);
  after = hash_file (80, FV_RUN_PLAN);
  g_assert_cmpstr (before, ==, after);

  fv_conv_choices_attach (device, make_plain (plan.kernels));
  train (81, &recipe, dataset, NULL, NULL, &result, &error);
  g_assert_no_error (error);
  own = hash_file (81, FV_RUN_LAST);
  same = hash_file (1, FV_RUN_LAST);
  g_assert_cmpstr (own, !=, same);

  fv_test_runs_train (&runs, 82, &recipe, dataset, NULL, &result, &error);
  g_assert_no_error (error);
  assert_same_weights (1, 82);
  fv_conv_choices_attach (device, NULL);
}

/* A plan of other kernels is no plan: it stays, a new one lies beside it, and the run says so. */
static void
test_other_kernels (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDataset) dataset = fv_test_runs_make_dataset (N_TRAIN, N_VAL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  const Interruption interruption = { 1, 1, FALSE, cancellable };
  g_autofree char *path = fv_run_path (project, 83, FV_RUN_PLAN);
  g_autofree char *second = fv_run_path (project, 83, "plan-2.json");
  g_autofree char *text = NULL;
  g_autoptr (GPtrArray) events = NULL;
  g_auto (GStrv) parts = NULL;
  g_autofree char *changed = NULL;
  FvRecipe recipe;
  FvTrainResult result;

  fv_test_runs_init_recipe (&recipe, 2);
  train (83, &recipe, dataset, NULL, &interruption, &result, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  parts = g_strsplit (text, "\"checksum\": \"", 2);
  changed = g_strconcat (parts[0], "\"checksum\": \"0", parts[1], NULL);
  g_assert_true (g_file_set_contents (path, changed, -1, NULL));
  resume (83, &result);
  g_assert_cmpint (result.reason, ==, FV_TRAIN_COMPLETED);
  g_assert_true (g_file_test (second, G_FILE_TEST_EXISTS));
  events = read_events (83);
  g_assert_cmpuint (count_events (events, "warning"), ==, 1);
}

/* Killed in the middle of the second epoch; the last checkpoint is that of the first epoch's end, or one in between. */
static void
test_kill_and_resume (gconstpointer data)
{
  double minutes = *(const double *)data;
  guint number = minutes < 1 ? 21 : 20;
  FvTrainResult result;

  if (g_test_subprocess ())
    {
      /* Nothing that this process makes is cleared away, so it makes only what the run is. */
      g_autofree char *snapshot = fv_run_path (project, 1, FV_RUN_DATA);
      g_autoptr (FvDataset) dataset = fv_dataset_load (snapshot, NULL);
      const Interruption interruption = { 1, 3, FALSE, NULL };
      FvRecipe recipe;

      fv_test_runs_init_recipe (&recipe, 2);
      recipe.checkpoint_minutes = minutes;
      train (number, &recipe, dataset, NULL, &interruption, &result, NULL);
      g_assert_not_reached ();
    }
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_assert_false (g_test_trap_has_passed ());
  resume (number, &result);
  g_assert_cmpint (result.reason, ==, FV_TRAIN_COMPLETED);
  assert_same_weights (1, number);
}

/* Layers below the freeze keep weights and statistics, bit for bit; those above learn. */
static void
test_freeze (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDataset) dataset = fv_test_runs_make_dataset (N_TRAIN, N_VAL);
  g_autofree char *start_path = fv_run_path (project, 1, FV_RUN_BEST);
  g_autofree char *end_path = fv_run_path (project, 30, FV_RUN_LAST);
  g_autoptr (FvWeights) start = fv_weights_load (start_path, &error);
  g_autoptr (FvWeights) end = NULL;
  g_autoptr (FvLayout) layout = NULL;
  FvRecipe recipe;
  FvTrainResult result;
  guint changed = 0;

  g_assert_no_error (error);
  fv_test_runs_init_recipe (&recipe, 1);
  recipe.freeze = 10;
  train (30, &recipe, dataset, start, NULL, &result, &error);
  g_assert_no_error (error);
  end = fv_weights_load (end_path, &error);
  g_assert_no_error (error);
  layout = fv_yolov5_layout_new (&end->config);
  for (guint i = 0; i < fv_layout_get_n_params (layout); i++)
    {
      const FvParam *param = fv_layout_get_param (layout, i);
      gsize size = fv_param_get_n_values (param) * sizeof (float);
      const float *before = fv_weights_lookup (start, param->name);
      const float *after = fv_weights_lookup (end, param->name);

      if (param->layer < 10)
        g_assert_cmpmem (before, size, after, size);
      else
        changed += memcmp (before, after, size) != 0;
    }
  g_assert_cmpuint (changed, >, 100);
}

/* AdamW, one class, the original's rule of dropping what an epoch's end left unfinished, validation every second epoch. */
static void
test_variations (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDataset) full = fv_test_runs_make_dataset (N_TRAIN, N_VAL);
  static const char *const names[] = { "thing", NULL };
  g_autoptr (FvDataset) dataset = fv_dataset_new (names);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  const Interruption interruption = { 1, 1, FALSE, cancellable };
  g_autoptr (GPtrArray) events = NULL;
  FvRecipe recipe;
  FvTrainResult result;

  for (guint i = 0; i < full->items->len; i++)
    {
      FvItem *item = fv_item_copy (fv_dataset_get (full, i));

      for (guint b = 0; b < item->boxes->len; b++)
        g_array_index (item->boxes, FvBox, b).class_id = 0;
      fv_dataset_add (dataset, item);
    }
  fv_test_runs_init_recipe (&recipe, 2);
  recipe.optimizer = FV_OPTIMIZER_ADAMW;
  recipe.lr0 = 0.001;
  recipe.carry_accumulation = FALSE;
  recipe.val_period = 2;
  train (40, &recipe, dataset, NULL, NULL, &result, &error);
  g_assert_no_error (error);
  g_assert_cmpint (result.best_epoch, ==, 1);
  events = read_events (40);
  g_assert_cmpuint (count_events (events, "validation"), ==, 1);

  train (41, &recipe, dataset, NULL, &interruption, &result, &error);
  g_assert_no_error (error);
  g_assert_cmpint (result.reason, ==, FV_TRAIN_STOPPED);
  resume (41, &result);
  assert_same_weights (40, 41);
}

/* Without validation pictures the last weights are the best ones, and the numbers are missing rather than wrong. */
static void
test_no_validation (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDataset) dataset = fv_test_runs_make_dataset (N_TRAIN, N_VAL);
  g_autofree char *best = NULL;
  g_autofree char *last = NULL;
  g_autoptr (GPtrArray) events = NULL;
  FvRecipe recipe;
  FvTrainResult result;

  for (guint i = 0; i < dataset->items->len; i++)
    if (fv_dataset_get (dataset, i)->subset == FV_SUBSET_VAL)
      fv_dataset_get (dataset, i)->subset = FV_SUBSET_NONE;
  fv_test_runs_init_recipe (&recipe, 1);
  train (50, &recipe, dataset, NULL, NULL, &result, &error);
  g_assert_no_error (error);
  g_assert_cmpint (result.best_epoch, ==, 0);
  g_assert_true (isnan (result.map50));
  best = hash_file (50, FV_RUN_BEST);
  last = hash_file (50, FV_RUN_LAST);
  g_assert_cmpstr (best, ==, last);
  events = read_events (50);
  g_assert_cmpuint (count_events (events, "warning"), ==, 1);
}

/* A loss that runs away ends the run with an error and an event, and leaves the last good checkpoint. */
static void
test_runaway (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDataset) dataset = fv_test_runs_make_dataset (N_TRAIN, N_VAL);
  g_autofree char *checkpoint = fv_run_path (project, 60, FV_RUN_CHECKPOINT);
  g_autoptr (GPtrArray) events = NULL;
  JsonObject *last;
  FvRecipe recipe;
  FvTrainResult result;

  fv_test_runs_init_recipe (&recipe, 5);
  recipe.lr0 = 1;
  recipe.warmup_bias_lr = 1;
  recipe.box = recipe.cls = recipe.obj = 100;
  recipe.clip = 0;
  recipe.momentum = recipe.warmup_momentum = 0.999;
  g_assert_false (train (60, &recipe, dataset, NULL, NULL, &result, &error));
  g_assert_error (error, FV_TRAIN_ERROR, FV_TRAIN_ERROR_NOT_FINITE);
  events = read_events (60);
  last = events->pdata[events->len - 1];
  g_assert_cmpstr (json_object_get_string_member (last, "event"), ==, "run-failed");
  g_assert_cmpstr (json_object_get_string_member (last, "id"), ==, "not-finite");
  g_assert_nonnull (strstr (json_object_get_string_member (last, "hint"), "lr0"));
  g_assert_true (g_file_test (checkpoint, G_FILE_TEST_EXISTS));
}

/* Numbers of runs, their locks, and what can't be trained. */
static void
test_refusals (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDataset) dataset = fv_test_runs_make_dataset (N_TRAIN, N_VAL);
  g_autoptr (FvRun) run = NULL;
  g_autoptr (FvRun) second = NULL;
  g_autofree char *checkpoint = NULL;
  FvRecipe recipe;
  FvTrainResult result;

  fv_test_runs_init_recipe (&recipe, 1);
  g_assert_null (fv_run_create (project, 1, &recipe, dataset, &error));
  g_assert_error (error, FV_RUN_ERROR, FV_RUN_ERROR_EXISTS);
  g_clear_error (&error);
  g_assert_null (fv_run_open (project, 999, &error));
  g_assert_error (error, FV_RUN_ERROR, FV_RUN_ERROR_NOT_FOUND);
  g_clear_error (&error);

  run = fv_run_open (project, 1, &error);
  g_assert_no_error (error);
  g_assert_null (fv_run_open (project, 1, &error));
  g_assert_error (error, FV_LOCK_ERROR, FV_LOCK_ERROR_HELD);
  g_clear_error (&error);

  /* Another recipe beside the checkpoint. */
  recipe.lr0 = 0.02;
  g_assert_false (
      fv_train (&(FvTrainParams){ .device = device, .run = run, .dataset = dataset, .recipe = &recipe, .resume = TRUE },
                &result, &error));
  g_assert_error (error, FV_CHECKPOINT_ERROR, FV_CHECKPOINT_ERROR_MISMATCH);
  g_clear_error (&error);

  /* A run that never got to its first checkpoint. */
  second = fv_run_create (project, 70, &recipe, dataset, &error);
  g_assert_no_error (error);
  g_assert_false (fv_train (
      &(FvTrainParams){ .device = device, .run = second, .dataset = dataset, .recipe = &recipe, .resume = TRUE },
      &result, &error));
  g_assert_error (error, FV_RUN_ERROR, FV_RUN_ERROR_INVALID);
  g_clear_error (&error);

  for (guint i = 0; i < dataset->items->len; i++)
    g_array_set_size (fv_dataset_get (dataset, i)->boxes, 0);
  g_assert_false (train (71, &recipe, dataset, NULL, NULL, &result, &error));
  g_assert_error (error, FV_TRAIN_ERROR, FV_TRAIN_ERROR_DATA);
}

/* v7.0's EarlyStopping: an equal fitness is progress, and patience counts epochs, not validations. */
static void
test_patience (void)
{
  FvProgress progress;

  fv_progress_init (&progress);
  g_assert_false (fv_progress_judge (&progress, 0, 0.0, 2));
  g_assert_cmpint (progress.best_epoch, ==, 0);
  g_assert_false (fv_progress_judge (&progress, 1, 0.5, 2));
  g_assert_false (fv_progress_judge (&progress, 2, 0.4, 2));
  g_assert_false (fv_progress_judge (&progress, 3, 0.5, 2));
  g_assert_cmpint (progress.best_epoch, ==, 3);
  g_assert_false (fv_progress_judge (&progress, 4, 0.4, 0));
  g_assert_true (fv_progress_judge (&progress, 5, 0.4, 2));
  g_assert_cmpint (progress.best_epoch, ==, 3);
  fv_progress_clear (&progress);
}

int
main (int argc, char **argv)
{
  static const double never = 1440, often = 0.01;
  g_autoptr (GError) error = NULL;
  int status;

  fv_device_prepare_environment ();
  g_test_init (&argc, &argv, NULL);
  /* A process that a test starts finds the project here; set before there are threads. */
  project = g_strdup (g_test_subprocess () ? g_getenv ("FOVEA_TEST_PROJECT") : fv_test_folder ());
  g_setenv ("FOVEA_TEST_PROJECT", project, TRUE);
  device = fv_device_open (&(FvDeviceParams){ 0 }, &error);
  g_assert_no_error (error);
  g_test_add_func ("/training/train/patience", test_patience);
  g_test_add_func ("/training/train/whole", test_whole);
  g_test_add_func ("/training/train/repeatable", test_repeatable);
  g_test_add_func ("/training/train/stop-and-resume", test_stop_and_resume);
  g_test_add_func ("/training/train/half", test_half);
  g_test_add_func ("/training/train/plan", test_plan);
  g_test_add_func ("/training/train/other-kernels", test_other_kernels);
  g_test_add_data_func ("/training/train/kill-and-resume", &never, test_kill_and_resume);
  g_test_add_data_func ("/training/train/kill-and-resume-in-epoch", &often, test_kill_and_resume);
  g_test_add_func ("/training/train/freeze", test_freeze);
  g_test_add_func ("/training/train/variations", test_variations);
  g_test_add_func ("/training/train/no-validation", test_no_validation);
  g_test_add_func ("/training/train/runaway", test_runaway);
  g_test_add_func ("/training/train/refusals", test_refusals);
  status = g_test_run ();
  fv_device_unref (device);
  g_free (project);
  return status;
}

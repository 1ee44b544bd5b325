/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/exchange/fv-tensor-file.h"
#include "app/training/fv-run-list.h"
#include "app/training/fv-train.h"
#include "tests/app/training/fv-test-runs.h"
#include "tests/faults/training/fv-poison.h"
#include "tests/fv-test-data.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/*
 * Losses, gradients and weights that are not finite any more: a run goes back once, with lower learning rates, and a second time ends with
 * advice. 7 pictures in batches of 2, 2, 2 and 1.
 */

#define N_TRAIN 7
#define N_VAL 3
#define N_BATCHES 4
#define N_CLASSES 3

static FvDevice *device;
static const char *project;

/* What happens to a run, after which batch of it. */
typedef struct
{
  guint epoch, step;
  gboolean (*act) (const FvTrainStatus *status, gpointer data); /* FALSE: it is to come again */
  gpointer data;
} Event;

typedef struct
{
  Event events[3];
  guint next;
} Script;

static gboolean
poison (const FvTrainStatus *status, gpointer data)
{
  fv_poison (GPOINTER_TO_UINT (data), N_CLASSES);
  return TRUE;
}

static gboolean
cancel (const FvTrainStatus *status, gpointer data)
{
  g_cancellable_cancel (data);
  return TRUE;
}

static gboolean
die (const FvTrainStatus *status, gpointer data)
{
  return kill (getpid (), SIGKILL) == 0;
}

static void
on_status (const FvTrainStatus *status, gpointer user_data)
{
  Script *script = user_data;
  const Event *event = &script->events[script->next];

  if (!status->validating && event->act && status->epoch == event->epoch && status->step == event->step
      && event->act (status, event->data))
    script->next++;
}

static gboolean
train (guint number, const FvRecipe *recipe, const Script *script, GCancellable *cancellable, FvTrainResult *result,
       GError **error)
{
  g_autoptr (FvDataset) dataset = fv_test_runs_make_dataset (N_TRAIN, N_VAL);
  Script copy = script ? *script : (Script){ 0 };
  const FvTestRuns runs
      = { .device = device, .project = project, .status = on_status, .user_data = &copy, .cancellable = cancellable };

  return fv_test_runs_train (&runs, number, recipe, dataset, NULL, result, error);
}

static void
resume (guint number)
{
  g_autoptr (GError) error = NULL;
  FvTrainResult result;

  g_assert_true (
      fv_test_runs_resume (&(FvTestRuns){ .device = device, .project = project }, number, 0, &result, &error));
  g_assert_no_error (error);
  g_assert_cmpint (result.reason, ==, FV_TRAIN_COMPLETED);
}

/* (transfer full) (element-type JsonObject) */
static GPtrArray *
read_events (guint number)
{
  g_autofree char *path = fv_run_path (project, number, FV_RUN_EVENTS);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  GPtrArray *events = g_ptr_array_new_with_free_func ((GDestroyNotify)json_object_unref);

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (g_strchomp (text), "\n", -1);
  for (char **line = lines; *line; line++)
    {
      g_autoptr (JsonNode) node = json_from_string (*line, NULL);

      g_ptr_array_add (events, json_object_ref (json_node_get_object (node)));
    }
  return events;
}

/* (transfer none): the @nth from 0 of that kind; NULL where there are fewer. */
static JsonObject *
find_event (GPtrArray *events, const char *name, guint nth)
{
  for (guint i = 0; i < events->len; i++)
    if (g_str_equal (json_object_get_string_member (events->pdata[i], "event"), name) && nth-- == 0)
      return events->pdata[i];
  return NULL;
}

static void
assert_member_begins (JsonObject *object, const char *member, const char *beginning)
{
  const char *text = json_object_get_string_member (object, member);

  if (!g_str_has_prefix (text, beginning))
    g_error ("“%s” doesn't begin with “%s”", text, beginning);
}

/* Every number in a file of a run. */
static void
assert_finite (guint number, const char *name)
{
  g_autofree char *path = fv_run_path (project, number, name);
  g_autoptr (GError) error = NULL;
  g_autoptr (FvTensorFile) file = fv_tensor_file_open (path, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < fv_tensor_file_get_n (file); i++)
    {
      const FvTensorView *view = fv_tensor_file_get (file, i);
      guint64 n = fv_tensor_view_n_values (view);
      g_autofree float *values = g_new (float, n);

      if (view->dtype != FV_DTYPE_F32)
        continue;
      g_assert_true (fv_tensor_view_to_f32 (view, values, NULL));
      for (guint64 k = 0; k < n; k++)
        if (!isfinite (values[k]))
          g_error ("%s: number %" G_GUINT64_FORMAT " of %s is not finite", path, k, view->name);
    }
}

static void
assert_same (guint a, guint b, gboolean same)
{
  static const char *const names[] = { FV_RUN_LAST, FV_RUN_BEST, FV_RUN_CHECKPOINT };
  const FvTestRuns runs = { .project = project };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *left = fv_test_runs_hash_tensors (&runs, a, names[i]);
      g_autofree char *right = fv_test_runs_hash_tensors (&runs, b, names[i]);

      if (same)
        g_assert_cmpstr (left, ==, right);
      else
        g_assert_cmpstr (left, !=, right);
    }
}

/* The learning rate of a batch, in the last record that counts of it. */
static double
find_rate (GPtrArray *events, guint epoch, guint step)
{
  double rate = NAN;

  for (guint i = 0; i < events->len; i++)
    {
      JsonObject *event = events->pdata[i];

      if (g_str_equal (json_object_get_string_member (event, "event"), "step")
          && json_object_get_int_member (event, "epoch") == epoch && json_object_get_int_member (event, "step") == step)
        rate = json_object_get_double_member (event, "lr");
    }
  return rate;
}

/* Rates of two runs, the second having gone back to the start of @epoch. */
static void
assert_rates (guint whole, guint setback, guint epoch)
{
  g_autoptr (GPtrArray) a = read_events (whole);
  g_autoptr (GPtrArray) b = read_events (setback);

  for (guint e = 0; e < 2; e++)
    for (guint step = 1; step < N_BATCHES; step++)
      {
        double factor = find_rate (b, e, step) / find_rate (a, e, step);

        g_assert_cmpfloat_with_epsilon (factor, e < epoch ? 1.0 : 0.1, 1e-9);
      }
}

/* The run as the window sees it. */
static FvRunMonitor *
show (FvRunList *list, guint number)
{
  while (fv_run_list_get_loading (list))
    g_main_context_iteration (NULL, TRUE);
  return fv_run_list_lookup (list, number);
}

/* Run 1: nothing happens to it. */
static void
test_whole (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) events = NULL;
  FvRecipe recipe;
  FvTrainResult result;

  fv_test_runs_init_recipe (&recipe, 2);
  g_assert_true (train (1, &recipe, NULL, NULL, &result, &error));
  g_assert_no_error (error);
  events = read_events (1);
  g_assert_null (find_event (events, "warning", 0));
  g_assert_null (find_event (events, "resumed", 0));
}

typedef struct
{
  const char *name;
  FvModelBuffer buffer;
  guint epoch, step;
  const char *said; /* the warning begins so */
  guint number;     /* of the run, and the next two */
} Once;

static const Once once[] = {
  { "weights", FV_BUFFER_WEIGHTS, 1, 2, "The loss of epoch 1, step ", 10 },
  /* The losses are of the batches before: only the update, which the device skips, knows. */
  { "gradients", FV_BUFFER_GRADIENTS, 1, 1, "The gradients of epoch 1 are not", 20 },
  /* Neither losses nor gradients ever know. */
  { "ema", FV_BUFFER_EMA, 1, N_BATCHES, "The network's numbers (ema) are not finite", 30 },
  { "first-epoch", FV_BUFFER_WEIGHTS, 0, 2, "The loss of epoch 0, step ", 40 },
};

/*
 * Not finite once: back to the start of the epoch, lower rates from there on, an end like any other; and the same bits when checkpoints were
 * written within the epoch.
 */
static void
test_once (gconstpointer data)
{
  const Once *self = data;
  const Script script = { { { self->epoch, self->step, poison, GUINT_TO_POINTER (self->buffer) } } };
  g_autoptr (FvRunList) list = NULL;
  FvRunMonitor *run;

  for (guint i = 0; i < 2; i++)
    {
      guint number = self->number + i;
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) events = NULL;
      g_autofree char *start = fv_run_path (project, number, FV_RUN_EPOCH_CHECKPOINT);
      FvRecipe recipe;
      FvTrainResult result;
      JsonObject *resumed;

      fv_test_runs_init_recipe (&recipe, 2);
      /* After each batch, the second time. */
      recipe.checkpoint_minutes = i == 0 ? 1440 : 0;
      g_assert_true (train (number, &recipe, &script, NULL, &result, &error));
      g_assert_no_error (error);
      g_assert_cmpint (result.reason, ==, FV_TRAIN_COMPLETED);
      events = read_events (number);
      assert_member_begins (find_event (events, "warning", 0), "id", "not-finite");
      /* Whoever writes a checkpoint looks at all numbers first. */
      if (i == 0)
        assert_member_begins (find_event (events, "warning", 0), "text", self->said);
      g_assert_null (find_event (events, "warning", 1));
      resumed = find_event (events, "resumed", 0);
      g_assert_cmpint (json_object_get_int_member (resumed, "epoch"), ==, self->epoch);
      g_assert_cmpint (json_object_get_int_member (resumed, "step"), ==, 0);
      g_assert_cmpfloat (json_object_get_double_member (resumed, "rate_factor"), ==, 0.1);
      g_assert_null (find_event (events, "resumed", 1));
      assert_rates (1, number, self->epoch);
      assert_finite (number, FV_RUN_LAST);
      assert_finite (number, FV_RUN_BEST);
      assert_finite (number, FV_RUN_CHECKPOINT);
      g_assert_false (g_file_test (start, G_FILE_TEST_EXISTS));
    }
  assert_same (self->number, self->number + 1, TRUE);
  assert_same (1, self->number, FALSE);

  /* What was superseded is in no curve. */
  list = fv_run_list_new (project);
  run = show (list, self->number);
  g_assert_cmpint (fv_run_monitor_get_state (run), ==, FV_RUN_COMPLETED);
  for (FvRunSeries series = FV_SERIES_STEP_BOX; series <= FV_SERIES_TRAIN_CLS; series++)
    {
      const double *y;
      guint n = fv_run_monitor_get_series (run, series, NULL, &y);

      g_assert_cmpuint (n, ==, series < FV_SERIES_TRAIN_BOX ? 2 * N_BATCHES : 2);
      for (guint i = 0; i < n; i++)
        g_assert_true (isfinite (y[i]));
    }
}

/* Stopped, or killed, after it went back: the lower rate is still there. Both as run 10. */
static void
test_resumed (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  const Script script = { { { 1, 2, poison, GUINT_TO_POINTER (FV_BUFFER_WEIGHTS) }, { 1, 1, cancel, cancellable } } };
  FvRecipe recipe;
  FvTrainResult result;

  fv_test_runs_init_recipe (&recipe, 2);
  g_assert_true (train (50, &recipe, &script, cancellable, &result, &error));
  g_assert_no_error (error);
  g_assert_cmpint (result.reason, ==, FV_TRAIN_STOPPED);
  resume (50);
  assert_same (10, 50, TRUE);
  assert_rates (1, 50, 1);
}

static void
test_killed (void)
{
  const Script script = { { { 1, 2, poison, GUINT_TO_POINTER (FV_BUFFER_WEIGHTS) }, { 1, 1, die } } };

  if (g_test_subprocess ())
    {
      g_autofree char *snapshot = fv_run_path (project, 1, FV_RUN_DATA);
      g_autoptr (FvDataset) dataset = fv_dataset_load (snapshot, NULL);
      Script copy = script;
      FvRecipe recipe;
      FvTrainResult result;

      fv_test_runs_init_recipe (&recipe, 2);
      fv_test_runs_train (
          &(FvTestRuns){ .device = device, .project = project, .status = on_status, .user_data = &copy }, 51, &recipe,
          dataset, NULL, &result, NULL);
      g_assert_not_reached ();
    }
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_assert_false (g_test_trap_has_passed ());
  resume (51);
  assert_same (10, 51, TRUE);
  assert_rates (1, 51, 1);
}

/* The run's end as it should be: the error, the record with advice, the last good files, and nothing that the window would resume. */
static void
assert_gave_up (guint number, const GError *error, const FvRecipe *recipe)
{
  g_autoptr (GPtrArray) events = read_events (number);
  g_autoptr (FvRunList) list = fv_run_list_new (project);
  g_autofree char *last = fv_run_path (project, number, FV_RUN_LAST);
  g_autofree char *advice = g_strdup_printf ("(now %g)", recipe->lr0);
  JsonObject *end = events->pdata[events->len - 1];
  const char *hint = json_object_get_string_member (end, "hint");
  FvRunMonitor *run = show (list, number);

  g_assert_error (error, FV_TRAIN_ERROR, FV_TRAIN_ERROR_NOT_FINITE);
  g_assert_nonnull (strstr (error->message, "gone back for that once already"));
  assert_member_begins (find_event (events, "warning", 0), "id", "not-finite");
  g_assert_null (find_event (events, "warning", 1));
  g_assert_cmpfloat (json_object_get_double_member (find_event (events, "resumed", 0), "rate_factor"), ==, 0.1);
  g_assert_null (find_event (events, "resumed", 1));
  assert_member_begins (end, "event", "run-failed");
  assert_member_begins (end, "id", "not-finite");
  g_assert_nonnull (strstr (hint, advice));
  g_assert_nonnull (strstr (hint, "lr0"));
  g_assert_nonnull (strstr (hint, "warmup_epochs"));
  g_assert_nonnull (strstr (hint, "damaged"));
  assert_finite (number, FV_RUN_CHECKPOINT);
  if (g_file_test (last, G_FILE_TEST_EXISTS))
    assert_finite (number, FV_RUN_LAST);
  g_assert_cmpint (fv_run_monitor_get_state (run), ==, FV_RUN_FAILED);
  g_assert_cmpstr (fv_run_monitor_get_failure_id (run), ==, "not-finite");
  g_assert_nonnull (strstr (fv_run_monitor_get_failure_hint (run), "longer warm-up"));
  g_assert_false (fv_run_monitor_get_can_resume (run));
}

static void
test_twice (void)
{
  const Script script = { { { 0, 2, poison, GUINT_TO_POINTER (FV_BUFFER_WEIGHTS) },
                            { 1, 2, poison, GUINT_TO_POINTER (FV_BUFFER_GRADIENTS) } } };
  g_autoptr (GError) error = NULL;
  FvRecipe recipe;
  FvTrainResult result;

  fv_test_runs_init_recipe (&recipe, 2);
  g_assert_false (train (60, &recipe, &script, NULL, &result, &error));
  assert_gave_up (60, error, &recipe);
  /* The first epoch is whole. */
  assert_finite (60, FV_RUN_BEST);
}

/* A learning rate that nothing withstands, a tenth of it neither. */
static void
test_absurd_rate (void)
{
  g_autoptr (GError) error = NULL;
  FvRecipe recipe;
  FvTrainResult result;

  fv_test_runs_init_recipe (&recipe, 5);
  recipe.lr0 = recipe.warmup_bias_lr = 1e30;
  recipe.clip = 0;
  g_assert_false (train (61, &recipe, NULL, NULL, &result, &error));
  assert_gave_up (61, error, &recipe);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  int status;

  fv_device_prepare_environment ();
  fv_poison_install ();
  g_test_init (&argc, &argv, NULL);
  /* A process that a test starts finds the project here; set before there are threads. */
  project = g_test_subprocess () ? g_intern_string (g_getenv ("FOVEA_TEST_PROJECT")) : fv_test_folder ();
  g_setenv ("FOVEA_TEST_PROJECT", project, TRUE);
  device = fv_device_open (&(FvDeviceParams){ 0 }, &error);
  g_assert_no_error (error);
  g_test_add_func ("/faults/training/setback/whole", test_whole);
  for (guint i = 0; i < G_N_ELEMENTS (once); i++)
    {
      g_autofree char *path = g_strdup_printf ("/faults/training/setback/once-%s", once[i].name);

      g_test_add_data_func (path, &once[i], test_once);
    }
  g_test_add_func ("/faults/training/setback/resumed", test_resumed);
  g_test_add_func ("/faults/training/setback/killed", test_killed);
  g_test_add_func ("/faults/training/setback/twice", test_twice);
  g_test_add_func ("/faults/training/setback/absurd-rate", test_absurd_rate);
  status = g_test_run ();
  fv_device_unref (device);
  return status;
}

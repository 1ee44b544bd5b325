/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/project/fv-lock.h"
#include "app/training/fv-run-list.h"
#include "tests/fv-test-data.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Runs as a window sees them: made-up event streams, written bit by bit, and real locks. */

#define PATIENCE_MS 20000

typedef struct
{
  const char *project;
  FvRunList *list;
  gint64 time; /* of the next record, microseconds since 1970 */
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->project = fv_test_folder ();
  self->list = fv_run_list_new (self->project);
  self->time = g_get_real_time ();
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_assert_finalize_object (self->list);
}

static char *
run_path (Fixture *self, guint run, const char *name)
{
  return g_strdup_printf ("%s/runs/%u/%s", self->project, run, name);
}

static void
make_run (Fixture *self, guint run)
{
  g_autofree char *folder = run_path (self, run, "");

  g_assert_cmpint (g_mkdir_with_parents (folder, 0777), ==, 0);
}

static FvLock *
take_lock (Fixture *self, guint run)
{
  g_autofree char *path = run_path (self, run, "lock");
  g_autoptr (GError) error = NULL;
  FvLock *lock = fv_lock_take (path, &error);

  g_assert_no_error (error);
  return lock;
}

static void
append (Fixture *self, guint run, const char *text)
{
  g_autofree char *path = run_path (self, run, "events.jsonl");
  FILE *file = fopen (path, "a");

  g_assert_nonnull (file);
  g_assert_cmpint (fputs (text, file), >=, 0);
  g_assert_cmpint (fclose (file), ==, 0);
}

/* A whole record; @format gives its members after event, time and run. Records are a tenth of a second apart. */
static void G_GNUC_PRINTF (4, 5) write_event (Fixture *self, guint run, const char *event, const char *format, ...)
{
  g_autoptr (GDateTime) seconds = g_date_time_new_from_unix_utc (self->time / G_USEC_PER_SEC);
  g_autofree char *time = g_date_time_format (seconds, "%Y-%m-%dT%H:%M:%S");
  g_autofree char *members = NULL;
  g_autofree char *line = NULL;
  va_list rest;

  va_start (rest, format);
  members = g_strdup_vprintf (format, rest);
  va_end (rest);
  line = g_strdup_printf ("{\"event\":\"%s\",\"time\":\"%s.%03dZ\",\"run\":%u%s%s}\n", event, time,
                          (int)(self->time % G_USEC_PER_SEC / 1000), run, *members ? "," : "", members);
  append (self, run, line);
  self->time += 100000;
}

static void
write_started (Fixture *self, guint run, guint epochs)
{
  write_event (
      self, run, "run-started",
      "\"recipe\":{\"epochs\":%u,\"batch\":2,\"lr0\":0.0125},\"device\":\"A device\",\"images\":8,\"val_images\":4,"
      "\"model\":\"s\",\"start\":{\"kind\":\"file\",\"file\":\"yolov5s.pt\"},"
      "\"plan\":{\"device_bytes\":1000000,\"seconds_per_epoch\":null}",
      epochs);
}

/* The loss tells epoch and step: box = epoch + step / 10. */
static void
write_step (Fixture *self, guint run, guint epoch, guint step)
{
  write_event (self, run, "step",
               "\"epoch\":%u,\"step\":%u,\"steps\":4,\"box\":%u.%u,\"obj\":0.25,\"cls\":0.5,\"lr\":0.01,"
               "\"images_per_second\":20",
               epoch, step, epoch, step);
}

static void
write_validation (Fixture *self, guint run, guint epoch, double map)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  write_event (
      self, run, "validation",
      "\"epoch\":%u,\"box\":0.1,\"obj\":0.2,\"cls\":0.3,\"precision\":0.4,\"recall\":0.5,\"map50\":0.6,\"map\":%s,"
      "\"train\":{\"box\":%u.15,\"obj\":0.25,\"cls\":0.5},\"per_class\":[{\"name\":\"Zelle\",\"images\":3,"
      "\"instances\":%u,\"precision\":0.5,\"recall\":0.25,\"ap50\":0.125,\"ap\":0.0625}]",
      epoch, g_ascii_dtostr (text, sizeof text, map), epoch, 100 + epoch);
}

static void
write_epoch (Fixture *self, guint run, guint epoch, double map)
{
  for (guint step = 0; step < 4; step++)
    write_step (self, run, epoch, step);
  write_validation (self, run, epoch, map);
  write_event (self, run, "checkpoint", "\"epoch\":%u,\"step\":0,\"file\":\"last.ckpt\"", epoch + 1);
}

/* Runs the main loop until @condition holds. */
#define wait_until(condition)                                                                                          \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    gint64 wait_end = g_get_monotonic_time () + PATIENCE_MS * 1000;                                                    \
    while (!(condition) && g_get_monotonic_time () < wait_end)                                                         \
      if (!g_main_context_iteration (NULL, FALSE))                                                                     \
        g_usleep (1000);                                                                                               \
    g_assert_true (condition);                                                                                         \
  }                                                                                                                    \
  G_STMT_END

/* Long enough for two looks. */
static void
let_pass (guint ms)
{
  gint64 end = g_get_monotonic_time () + ms * 1000;

  while (g_get_monotonic_time () < end)
    if (!g_main_context_iteration (NULL, FALSE))
      g_usleep (1000);
}

static FvRunMonitor *
wait_for_run (Fixture *self, guint run)
{
  wait_until (fv_run_list_lookup (self->list, run)
              && !fv_run_monitor_get_loading (fv_run_list_lookup (self->list, run)));
  return fv_run_list_lookup (self->list, run);
}

#define wait_for_state(run, wanted) wait_until (fv_run_monitor_get_state (run) == (wanted))

static void
assert_series (FvRunMonitor *run, FvRunSeries series, guint n, const double *x, const double *y)
{
  const double *got_x, *got_y;

  g_assert_cmpuint (fv_run_monitor_get_series (run, series, &got_x, &got_y), ==, n);
  for (guint i = 0; i < n; i++)
    {
      g_assert_cmpfloat (got_x[i], ==, x[i]);
      g_assert_cmpfloat (got_y[i], ==, y[i]);
    }
}

/* From the lock to the last record, half lines in between. */
static void
test_life (Fixture *self, gconstpointer data)
{
  FvLock *lock;
  FvRunMonitor *run;
  guint n;
  const FvRunClass *classes;
  g_autoptr (GDateTime) started = NULL;

  make_run (self, 7);
  lock = take_lock (self, 7);
  run = wait_for_run (self, 7);
  g_assert_cmpint (fv_run_monitor_get_state (run), ==, FV_RUN_STARTING);
  g_assert_true (isnan (fv_run_monitor_get_seconds_left (run)));
  g_assert_null (fv_run_monitor_get_recipe (run));
  g_assert_true (fv_run_list_get_active (self->list) == run);

  self->time = g_get_real_time ();
  write_started (self, 7, 3);
  wait_until (fv_run_monitor_get_recipe (run) != NULL);
  g_assert_cmpint (fv_run_monitor_get_state (run), ==, FV_RUN_STARTING);
  g_assert_cmpfloat (fv_run_monitor_get_recipe (run)->lr0, ==, 0.0125);
  g_assert_cmpuint (fv_run_monitor_get_epochs (run), ==, 3);
  g_assert_cmpint (fv_run_monitor_get_variant (run), ==, 's');
  g_assert_cmpint (fv_run_monitor_get_start_kind (run), ==, FV_RUN_FROM_FILE);
  g_assert_cmpstr (fv_run_monitor_get_start_file (run), ==, "yolov5s.pt");
  g_assert_cmpstr (fv_run_monitor_get_device (run), ==, "A device");
  g_assert_cmpuint (fv_run_monitor_get_images (run), ==, 8);
  g_assert_cmpuint (fv_run_monitor_get_device_bytes (run), ==, 1000000);
  started = fv_run_monitor_get_started (run);
  g_assert_nonnull (started);

  write_step (self, 7, 0, 0);
  wait_for_state (run, FV_RUN_RUNNING);
  append (self, 7, "{\"event\":\"step\",\"epoch\":0,\"step\":1,\"steps\":4,\"box\":0.");
  let_pass (1000);
  assert_series (run, FV_SERIES_STEP_BOX, 1, (double[]){ 0.25 }, (double[]){ 0.0 });
  append (self, 7, "1,\"obj\":0.25,\"cls\":0.5}\n{\"event\":");
  wait_until (fv_run_monitor_get_series (run, FV_SERIES_STEP_BOX, NULL, NULL) == 2);
  assert_series (run, FV_SERIES_STEP_BOX, 2, (double[]){ 0.25, 0.5 }, (double[]){ 0.0, 0.1 });
  append (self, 7, "\"unheard-of\"}\n");
  write_step (self, 7, 0, 2);
  write_step (self, 7, 0, 3);
  wait_until (fv_run_monitor_get_validating (run));
  assert_series (run, FV_SERIES_TRAIN_BOX, 1, (double[]){ 1.0 }, (double[]){ (0.0 + 0.1 + 0.2 + 0.3) / 4 });
  g_assert_cmpint (fv_run_monitor_get_best_epoch (run), ==, -1);
  g_assert_null (fv_run_monitor_get_classes (run, &n));

  write_validation (self, 7, 0, 0.5);
  wait_until (fv_run_monitor_get_best_epoch (run) == 0);
  g_assert_false (fv_run_monitor_get_validating (run));
  assert_series (run, FV_SERIES_TRAIN_BOX, 1, (double[]){ 1.0 }, (double[]){ 0.15 });
  write_event (self, 7, "checkpoint", "\"epoch\":1,\"step\":0,\"file\":\"last.ckpt\"");
  write_epoch (self, 7, 1, 0.7);
  write_epoch (self, 7, 2, 0.6);
  wait_until (fv_run_monitor_get_epoch (run) == 3);
  g_assert_cmpint (fv_run_monitor_get_best_epoch (run), ==, 1);
  g_assert_cmpfloat (fv_run_monitor_get_map (run), ==, 0.7);
  g_assert_cmpfloat (fv_run_monitor_get_map50 (run), ==, 0.6);
  assert_series (run, FV_SERIES_MAP, 3, (double[]){ 1, 2, 3 }, (double[]){ 0.5, 0.7, 0.6 });
  assert_series (run, FV_SERIES_VAL_CLS, 3, (double[]){ 1, 2, 3 }, (double[]){ 0.3, 0.3, 0.3 });
  classes = fv_run_monitor_get_classes (run, &n);
  g_assert_cmpuint (n, ==, 1);
  g_assert_cmpstr (classes[0].name, ==, "Zelle");
  g_assert_cmpuint (classes[0].instances, ==, 101);
  g_assert_cmpfloat (classes[0].ap50, ==, 0.125);

  /* Over, while its process still holds the lock. */
  write_event (self, 7, "run-finished", "\"reason\":\"completed\",\"best_epoch\":1,\"map50\":0.6,\"map\":0.7");
  wait_for_state (run, FV_RUN_COMPLETED);
  g_assert_null (fv_run_list_get_active (self->list));
  g_assert_cmpfloat (fv_run_monitor_get_seconds_left (run), ==, 0);
  g_assert_cmpfloat (fv_run_monitor_get_fraction (run), ==, 1);
  fv_lock_release (lock);
  let_pass (1500);
  g_assert_cmpint (fv_run_monitor_get_state (run), ==, FV_RUN_COMPLETED);
  g_assert_false (fv_run_monitor_get_can_resume (run));
}

/* Killed, resumed in the middle of an epoch: what was done again counts once. */
static void
test_resumed (Fixture *self, gconstpointer data)
{
  static const double x[] = { 0.25, 0.5, 0.75, 1, 1.25, 1.5 }, y[] = { 0, 0.1, 0.2, 0.3, 1, 1.1 };
  FvLock *lock;
  FvRunMonitor *run;
  gint64 died;
  double seconds;

  make_run (self, 1);
  lock = take_lock (self, 1);
  self->time = g_get_real_time ();
  write_started (self, 1, 3);
  write_epoch (self, 1, 0, 0.2);
  write_epoch (self, 1, 1, 0.9);
  write_step (self, 1, 2, 0);
  run = wait_for_run (self, 1);
  wait_for_state (run, FV_RUN_RUNNING);
  g_assert_cmpint (fv_run_monitor_get_best_epoch (run), ==, 1);

  died = g_get_monotonic_time ();
  fv_lock_release (lock);
  wait_for_state (run, FV_RUN_INTERRUPTED);
  g_assert_cmpint (g_get_monotonic_time () - died, <, 2 * G_USEC_PER_SEC);
  g_assert_false (fv_run_monitor_get_can_resume (run));
  fv_test_write (self->project, "runs/1/last.ckpt", "");
  wait_until (fv_run_monitor_get_can_resume (run));
  /* started, two epochs of six records, one step */
  seconds = fv_run_monitor_get_seconds (run);
  g_assert_cmpfloat_with_epsilon (seconds, 1.3, 0.01);

  /* Whoever resumes it first takes the lock. */
  wait_until (g_get_real_time () > self->time);
  lock = take_lock (self, 1);
  wait_for_state (run, FV_RUN_STARTING);
  g_assert_false (fv_run_monitor_get_can_resume (run));
  self->time = g_get_real_time () + 100000;
  write_event (self, 1, "resumed", "\"epoch\":1,\"step\":2");
  wait_until (fv_run_monitor_get_series (run, FV_SERIES_STEP_BOX, NULL, NULL) == 6);
  assert_series (run, FV_SERIES_STEP_BOX, 6, x, y);
  assert_series (run, FV_SERIES_MAP50, 1, (double[]){ 1 }, (double[]){ 0.6 });
  assert_series (run, FV_SERIES_TRAIN_BOX, 1, (double[]){ 1 }, (double[]){ 0.15 });
  g_assert_cmpint (fv_run_monitor_get_best_epoch (run), ==, 0);
  g_assert_cmpuint (fv_run_monitor_get_epoch (run), ==, 1);
  g_assert_cmpuint (fv_run_monitor_get_step (run), ==, 2);
  write_step (self, 1, 1, 2);
  write_step (self, 1, 1, 3);
  wait_for_state (run, FV_RUN_RUNNING);
  wait_until (fv_run_monitor_get_series (run, FV_SERIES_TRAIN_BOX, NULL, NULL) == 2);
  assert_series (run, FV_SERIES_TRAIN_BOX, 2, (double[]){ 1, 2 }, (double[]){ 0.15, (1.0 + 1.1 + 1.2 + 1.3) / 4 });

  /* Stopped while that epoch's validation is outstanding, and resumed there. */
  write_event (self, 1, "checkpoint", "\"epoch\":1,\"step\":4,\"file\":\"last.ckpt\"");
  write_event (self, 1, "run-finished", "\"reason\":\"stopped\",\"best_epoch\":0,\"map50\":0.6,\"map\":0.2");
  fv_lock_release (lock);
  wait_for_state (run, FV_RUN_STOPPED);
  g_assert_true (fv_run_monitor_get_can_resume (run));
  self->time = g_get_real_time () + 1000000;
  write_event (self, 1, "resumed", "\"epoch\":1,\"step\":4");
  write_validation (self, 1, 1, 0.3);
  wait_until (fv_run_monitor_get_best_epoch (run) == 1);
  g_assert_cmpuint (fv_run_monitor_get_series (run, FV_SERIES_STEP_BOX, NULL, NULL), ==, 8);
  assert_series (run, FV_SERIES_TRAIN_BOX, 2, (double[]){ 1, 2 }, (double[]){ 0.15, 1.15 });
}

static void
test_ends (Fixture *self, gconstpointer data)
{
  FvRunMonitor *early, *failed, *runaway, *empty, *lost;
  FvLock *lock;
  guint n;

  for (guint run = 1; run <= 5; run++)
    {
      make_run (self, run);
      fv_lock_release (take_lock (self, run));
    }
  write_started (self, 1, 3);
  write_event (self, 1, "run-finished", "\"reason\":\"early-stop\",\"best_epoch\":0,\"map50\":null,\"map\":null");
  write_started (self, 2, 3);
  write_event (self, 2, "warning", "\"id\":\"picture\",\"text\":\"a.jpg is damaged.\"");
  write_event (self, 2, "warning", "\"id\":\"picture\",\"text\":\"a.jpg is damaged.\"");
  write_event (self, 2, "warning", "\"id\":\"other-device\",\"text\":\"Bits may differ.\"");
  write_event (self, 2, "run-failed",
               "\"id\":\"disk-full\",\"text\":\"The disk is full.\",\"hint\":\"Use --resume 2.\"");
  write_event (self, 3, "run-failed", "\"id\":\"not-finite\",\"text\":\"Training has run away.\",\"hint\":\"\"");
  write_event (self, 5, "run-failed", "\"id\":\"device-lost\",\"text\":\"It was lost.\",\"hint\":\"Use --resume 5.\"");
  fv_test_write (self->project, "runs/5/last.ckpt", "");
  fv_test_write (self->project, "runs/2/last.ckpt", "");
  fv_test_write (self->project, "runs/2/best.safetensors", "");
  fv_test_write (self->project, "runs/3/last.ckpt", "");

  early = wait_for_run (self, 1);
  wait_for_state (early, FV_RUN_EARLY_STOP);
  g_assert_true (isnan (fv_run_monitor_get_map50 (early)));
  failed = wait_for_run (self, 2);
  wait_until (fv_run_monitor_get_can_resume (failed));
  g_assert_cmpint (fv_run_monitor_get_state (failed), ==, FV_RUN_FAILED);
  g_assert_cmpstr (fv_run_monitor_get_failure (failed), ==, "The disk is full.");
  g_assert_cmpstr (fv_run_monitor_get_failure_id (failed), ==, "disk-full");
  /* No options of the terminal in a window. */
  g_assert_nonnull (fv_run_monitor_get_failure_hint (failed));
  g_assert_null (strstr (fv_run_monitor_get_failure_hint (failed), "--"));
  g_assert_true (g_str_has_suffix (fv_run_monitor_get_best_weights (failed), "/runs/2/best.safetensors"));
  g_assert_null (fv_run_monitor_get_last_weights (failed));
  g_assert_cmpstr (fv_run_monitor_get_warnings (failed, &n)[1].id, ==, "other-device");
  g_assert_cmpuint (n, ==, 2);
  runaway = wait_for_run (self, 3);
  wait_for_state (runaway, FV_RUN_FAILED);
  g_assert_false (fv_run_monitor_get_can_resume (runaway));
  /* Died before it said a word. */
  empty = wait_for_run (self, 4);
  g_assert_cmpint (fv_run_monitor_get_state (empty), ==, FV_RUN_INTERRUPTED);
  g_assert_false (fv_run_monitor_get_can_resume (empty));
  /* Interrupted by its device, it says so. */
  lost = wait_for_run (self, 5);
  wait_until (fv_run_monitor_get_can_resume (lost));
  g_assert_cmpint (fv_run_monitor_get_state (lost), ==, FV_RUN_INTERRUPTED);
  g_assert_cmpstr (fv_run_monitor_get_failure (lost), ==, "It was lost.");
  g_assert_null (strstr (fv_run_monitor_get_failure_hint (lost), "--"));

  /* A failure is forgotten when the run goes on. */
  wait_until (g_get_real_time () > self->time);
  lock = take_lock (self, 2);
  wait_for_state (failed, FV_RUN_STARTING);
  self->time = g_get_real_time () + 100000;
  write_event (self, 2, "resumed", "\"epoch\":0,\"step\":0");
  wait_until (fv_run_monitor_get_failure (failed) == NULL);
  write_step (self, 2, 0, 0);
  wait_for_state (failed, FV_RUN_RUNNING);
  fv_run_list_expect_stop (self->list, 2);
  g_assert_cmpint (fv_run_monitor_get_state (failed), ==, FV_RUN_STOPPING);
  write_step (self, 2, 0, 1);
  wait_until (fv_run_monitor_get_series (failed, FV_SERIES_STEP_OBJ, NULL, NULL) == 2);
  g_assert_cmpint (fv_run_monitor_get_state (failed), ==, FV_RUN_STOPPING);
  write_event (self, 2, "run-finished", "\"reason\":\"stopped\",\"best_epoch\":-1,\"map50\":null,\"map\":null");
  fv_lock_release (lock);
  wait_for_state (failed, FV_RUN_STOPPED);
}

static void
count_changes (GListModel *model, guint position, guint removed, guint added, gpointer user_data)
{
  int *n = user_data;

  *n += (int)added - (int)removed;
}

/* Runs come and go; what is not a run is none. */
static void
test_list (Fixture *self, gconstpointer data)
{
  g_autofree char *third = NULL;
  g_autofree char *folder = NULL;
  g_autoptr (FvRunMonitor) first = NULL;
  FvRunMonitor *tenth;
  int n = 0;

  wait_until (!fv_run_list_get_loading (self->list));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (self->list)), ==, 0);
  g_signal_connect (self->list, "items-changed", G_CALLBACK (count_changes), &n);
  for (guint run = 1; run <= 3; run++)
    make_run (self, run);
  fv_test_write (self->project, "runs/notes.txt", "");
  fv_test_write (self->project, "runs/9", "");
  fv_test_write (self->project, "runs/04/events.jsonl", "");
  fv_test_write (self->project, "runs/12a/events.jsonl", "");
  tenth = fv_run_list_expect (self->list, 10);
  g_assert_cmpint (fv_run_monitor_get_state (tenth), ==, FV_RUN_STARTING);
  wait_until (n == 4);
  first = g_list_model_get_item (G_LIST_MODEL (self->list), 0);
  g_assert_true (first == tenth);
  g_assert_cmpuint (fv_run_monitor_get_number (first), ==, 10);
  third = run_path (self, 3, "");
  fv_test_remove (third);
  wait_until (n == 3);
  g_assert_null (fv_run_list_lookup (self->list, 3));
  /* Announced, but not made yet. */
  g_assert_nonnull (fv_run_list_lookup (self->list, 10));
  make_run (self, 10);
  let_pass (1500);
  folder = run_path (self, 10, "");
  fv_test_remove (folder);
  wait_until (n == 2);

  /* The same number again is another run. */
  write_started (self, 1, 3);
  write_step (self, 1, 0, 0);
  wait_until (fv_run_monitor_get_series (fv_run_list_lookup (self->list, 1), FV_SERIES_STEP_BOX, NULL, NULL) == 1);
  fv_test_write (self->project, "runs/1/new", "");
  {
    g_autofree char *from = run_path (self, 1, "new");
    g_autofree char *to = run_path (self, 1, "events.jsonl");

    g_assert_cmpint (g_rename (from, to), ==, 0);
  }
  wait_until (fv_run_monitor_get_series (fv_run_list_lookup (self->list, 1), FV_SERIES_STEP_BOX, NULL, NULL) == 0);
}

static gboolean
on_beat (gpointer data)
{
  gint64 *beat = data;
  gint64 now = g_get_monotonic_time ();

  beat[1] = MAX (beat[1], now - beat[0]);
  beat[0] = now;
  return G_SOURCE_CONTINUE;
}

/* A long history is read while the main loop goes on. */
static void
test_long (Fixture *self, gconstpointer data)
{
  g_autoptr (GString) text = g_string_new (NULL);
  gint64 beat[2];
  FvRunMonitor *run;
  const double *y;
  guint timer, n_steps = 40000;
  gint64 start;

  make_run (self, 1);
  write_started (self, 1, 100000);
  for (guint i = 0; i < n_steps; i++)
    g_string_append_printf (
        text,
        "{\"event\":\"step\",\"time\":\"2026-01-01T00:00:00.000Z\",\"run\":1,\"epoch\":%u,\"step\":%u,"
        "\"steps\":4,\"box\":%u,\"obj\":0.0123456789,\"cls\":0.0123456789,\"lr\":0.01,"
        "\"images_per_second\":20.5,\"waiting\":{\"disk\":0,\"decode\":0,\"device\":0.1}}\n",
        i / 4, i % 4, i);
  append (self, 1, text->str);
  start = beat[0] = g_get_monotonic_time ();
  beat[1] = 0;
  timer = g_timeout_add (1, on_beat, beat);
  run = wait_for_run (self, 1);
  g_source_remove (timer);
  g_test_message ("%u steps in %.0f ms, the main loop at most %.1f ms away", n_steps,
                  (double)(g_get_monotonic_time () - start) / 1e3, (double)beat[1] / 1e3);
  g_assert_cmpint (beat[1], <, 200000);
  g_assert_cmpuint (fv_run_monitor_get_series (run, FV_SERIES_STEP_BOX, NULL, &y), ==, n_steps);
  for (guint i = 0; i < n_steps; i++)
    g_assert_cmpfloat (y[i], ==, i);
}

/* What else may lie in a file of that name. */
static void
test_foreign (Fixture *self, gconstpointer data)
{
  g_autofree char *line = g_strnfill (3 << 20, 'x');
  FvRunMonitor *run;

  make_run (self, 1);
  append (self, 1,
          "[]\n{}\nnull\n\n\"text\"\n{\"event\":5}\n{\"event\":\"step\"}\n{\"event\":\"run-started\"}\n\x01\xff\n");
  append (self, 1,
          "{\"event\":\"step\",\"epoch\":-5,\"step\":1e300,\"steps\":\"4\",\"box\":[],\"obj\":null,\"cls\":true}\n");
  append (self, 1, "{\"event\":\"validation\",\"per_class\":[1,{\"name\":7}],\"train\":4,\"map\":\"high\"}\n");
  append (
      self, 1,
      "{\"event\":\"run-started\",\"recipe\":{\"epochs\":-3},\"plan\":[],\"start\":{\"kind\":9},\"model\":\"zz\"}\n");
  append (self, 1, "{\"event\":\"warning\"}\n{\"event\":\"run-failed\"}\n{\"event\":\"resumed\"}\n");
  append (self, 1, line);
  append (self, 1, "\n");
  self->time = g_get_real_time ();
  write_started (self, 1, 2);
  write_step (self, 1, 0, 0);
  run = wait_for_run (self, 1);
  wait_until (fv_run_monitor_get_variant (run) == 's');
  g_assert_cmpuint (fv_run_monitor_get_series (run, FV_SERIES_STEP_BOX, NULL, NULL), ==, 1);
  wait_for_state (run, FV_RUN_INTERRUPTED);
  g_assert_cmpuint (fv_run_monitor_get_epochs (run), ==, 2);
}

/* Batches of 0.1 s, and 0.3 s from an epoch's last batch to the next one's first: 4 * 0.1 + 0.2 s each. */
static void
test_time_left (Fixture *self, gconstpointer data)
{
  FvLock *lock;
  FvRunMonitor *run;
  double left, fraction;

  make_run (self, 1);
  lock = take_lock (self, 1);
  self->time = g_get_real_time () - 1900000;
  {
    /* The lock was taken before all that. */
    g_autofree char *path = run_path (self, 1, "lock");
    GDateTime *then = g_date_time_new_from_unix_utc (self->time / G_USEC_PER_SEC - 1);
    g_autoptr (GFile) file = g_file_new_for_path (path);

    g_assert_true (g_file_set_attribute_uint64 (
        file, G_FILE_ATTRIBUTE_TIME_MODIFIED, (guint64)g_date_time_to_unix (then), G_FILE_QUERY_INFO_NONE, NULL, NULL));
    g_date_time_unref (then);
  }
  write_started (self, 1, 10);
  for (guint epoch = 0; epoch < 3; epoch++)
    write_epoch (self, 1, epoch, 0.1);
  self->time = g_get_real_time ();
  run = wait_for_run (self, 1);
  wait_until (fv_run_monitor_get_epoch (run) == 3);
  wait_for_state (run, FV_RUN_RUNNING);
  left = fv_run_monitor_get_seconds_left (run);
  fraction = fv_run_monitor_get_fraction (run);
  g_test_message ("%.2f s left, %.3f done", left, fraction);
  g_assert_cmpfloat_with_epsilon (left, 7 * 0.6, 0.25);
  g_assert_cmpfloat_with_epsilon (fraction, 0.3, 0.06);
  /* The clock goes on between two records, but not beyond the next. */
  let_pass (1500);
  g_assert_cmpfloat_with_epsilon (fv_run_monitor_get_seconds_left (run), 7 * 0.6 - 0.1, 0.05);
  fv_lock_release (lock);
  wait_for_state (run, FV_RUN_INTERRUPTED);
  g_assert_cmpfloat (fv_run_monitor_get_seconds_left (run), ==, 0);
}

#define ADD(name, function) g_test_add ("/training/run-monitor/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("life", test_life);
  ADD ("resumed", test_resumed);
  ADD ("ends", test_ends);
  ADD ("list", test_list);
  ADD ("long", test_long);
  ADD ("foreign", test_foreign);
  ADD ("time-left", test_time_left);
  return g_test_run ();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/ui/training/fv-test-run.h"
#include "ui/training/fv-training-words.h"

#include <locale.h>
#include <string.h>

static void
assert_text (char *text, const char *expected)
{
  g_autofree char *owned = text;
  g_assert_cmpstr (owned, ==, expected);
}

static void
assert_begins (char *text, const char *expected)
{
  g_autofree char *owned = text;
  if (!g_str_has_prefix (owned, expected))
    g_error ("“%s” doesn't begin with “%s”.", owned, expected);
}

static void
test_duration (void)
{
  const struct
  {
    double seconds;
    const char *text;
  } rows[] = {
    { 0, "1 second" },           { 3.2, "4 seconds" },
    { 33, "40 seconds" },        { 54, "60 seconds" },
    { 60, "1 minute" },          { 100, "2 minutes" },
    { 14.2 * 60, "14 minutes" }, { 59.4 * 60, "59 minutes" },
    { 3600, "1 hour" },          { 81 * 60, "1 hour 20 minutes" },
    { 118 * 60, "2 hours" },     { 9.9 * 3600, "9 hours 55 minutes" },
    { 20 * 3600, "20 hours" },   { 50 * 3600, "2 days 2 hours" },
    { 48 * 3600, "2 days" },     { 400 * 24 * 3600.0, "400 days" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    assert_text (fv_words_duration (rows[i].seconds), rows[i].text);
}

static void
test_time (void)
{
  g_autoptr (GDateTime) now = g_date_time_new_local (2026, 3, 1, 9, 30, 0);
  const struct
  {
    int year, month, day, hour;
    const char *text;
  } rows[] = {
    { 2026, 3, 1, 8, "today, 08:05" },
    { 2026, 2, 28, 23, "yesterday, 23:05" },
    { 2026, 2, 27, 23, "27 February, 23:05" },
    { 2025, 12, 31, 23, "31 December 2025" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GDateTime) local
          = g_date_time_new_local (rows[i].year, rows[i].month, rows[i].day, rows[i].hour, 5, 0);
      g_autoptr (GDateTime) time = g_date_time_to_utc (local);
      assert_text (fv_words_time (time, now), rows[i].text);
    }
}

static void
test_figures (void)
{
  assert_text (fv_words_percent (0.924), "92 %");
  assert_text (fv_words_percent (0.0031), "0.3 %");
  assert_text (fv_words_percent (0), "0 %");
  assert_text (fv_words_percent (NAN), "–");
  assert_text (fv_words_share (0.9236), "0.924");
  assert_text (fv_words_share (NAN), "–");
  g_assert_cmpstr (fv_words_variant ('x'), ==, "Extra large");
}

/* Every state, in words. */
static void
test_states (void)
{
  const char *project = fv_test_folder ();
  const FvTestRun rows[] = {
    { 1, 4, TRUE, TRUE, FALSE, "\"run-finished\",\"reason\":\"completed\",\"best_epoch\":3,\"map50\":0.6,\"map\":0.3" },
    { 2, 3, TRUE, TRUE, FALSE,
      "\"run-finished\",\"reason\":\"early-stop\",\"best_epoch\":2,\"map50\":0.5,\"map\":0.3" },
    { 3, 2, TRUE, TRUE, FALSE, "\"run-finished\",\"reason\":\"stopped\",\"best_epoch\":1,\"map50\":0.4,\"map\":0.2" },
    { 4, 1, TRUE, TRUE, FALSE,
      "\"run-failed\",\"id\":\"something\",\"text\":\"The device is full.\",\"hint\":\"Take less.\"" },
    { 5, 2, TRUE, TRUE, FALSE, NULL },
    { 6, 4, FALSE, TRUE, FALSE, "\"run-finished\",\"reason\":\"completed\",\"best_epoch\":3" },
    { 7, 0, FALSE, FALSE, FALSE, NULL },
  };
  const char *const states[]
      = { "Finished", "Finished early", "Stopped", "Failed", "Interrupted", "Finished", "Interrupted" };
  const char *const summaries[] = { "Finished, mAP50 0.625",
                                    "Finished early, mAP50 0.500",
                                    "Stopped, mAP50 0.375",
                                    "Failed, mAP50 0.250",
                                    "Interrupted, mAP50 0.375",
                                    "Finished",
                                    "Interrupted" };
  const char *const progress[]
      = { "4 of 4 epochs done", "3 of 4 epochs done", "2 of 4 epochs done", "1 of 4 epochs done",
          "2 of 4 epochs done", "4 of 4 epochs done", "0 of 4 epochs done" };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    fv_test_write_run (project, &rows[i]);
  g_autoptr (FvRunList) runs = fv_run_list_new (project);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      FvRunMonitor *run = fv_test_wait_run (runs, i + 1);
      g_assert_cmpstr (fv_words_run_state (run), ==, states[i]);
      assert_text (fv_words_run_summary (run), summaries[i]);
      assert_begins (fv_words_run_progress (run), progress[i]);
      assert_begins (fv_words_run_origin (run), "Small · new network · 96 pixels · a device · today, ");
    }
  assert_text (fv_words_run_title (fv_run_list_lookup (runs, 1)), "Run 1");
  assert_text (fv_words_run_result (fv_run_list_lookup (runs, 1)),
               "On 60 pictures that it was not trained on, it finds 92 % of the objects (recall), and 95 % of what it "
               "reports is right (precision).");
  assert_begins (fv_words_run_result (fv_run_list_lookup (runs, 6)), "There were no pictures to check");
  assert_begins (fv_words_run_result (fv_run_list_lookup (runs, 7)), "No epoch has ended yet");
}

static void
test_active (void)
{
  const char *project = fv_test_folder ();
  const FvTestRun row = { 1, 2, TRUE, TRUE, FALSE, NULL };
  g_autoptr (FvRunList) runs = fv_run_list_new (project);
  fv_test_write (project, "runs/1/lock", NULL);
  g_autoptr (FvLock) lock = fv_test_hold_run (project, 1);
  g_usleep (20000); /* records younger than the lock are of its holder */
  fv_test_write_run (project, &row);
  FvRunMonitor *run = fv_test_wait_run (runs, 1);
  const gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;
  while (fv_run_monitor_get_state (run) != FV_RUN_RUNNING && g_get_monotonic_time () < end)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (fv_run_monitor_get_state (run), ==, FV_RUN_RUNNING);
  g_test_message ("%s", fv_words_run_state (run));
  assert_begins (fv_words_run_summary (run), fv_words_run_state (run));
  g_autofree char *progress = fv_words_run_progress (run);
  g_assert_true (g_str_has_prefix (progress, "Epoch 3 of 4"));
  g_assert_nonnull (strstr (progress, "11 pictures per second"));
  fv_run_list_expect_stop (runs, 1);
  g_assert_cmpstr (fv_words_run_state (run), ==, "Stopping…");
}

static void
test_estimates (void)
{
  FvRecipe recipe;
  FvRunEstimate estimate = {
    .device = (char *)"a device",
    .images = 100,
    .micro_batch = 1,
    .device_bytes = 4000,
    .device_memory_bytes = 2000,
  };
  fv_recipe_init (&recipe);
  estimate.seconds = estimate.seconds_per_epoch = NAN;
  assert_text (fv_words_estimate_time (&estimate), "Not known yet");
  assert_begins (fv_words_estimate_source (&estimate), "It shows soon");
  assert_begins (fv_words_estimate_hint (&estimate, &recipe), "Not even one picture at a time has room");
  estimate.fits = TRUE;
  assert_begins (fv_words_estimate_hint (&estimate, &recipe), "The device takes 1 picture at a time of the 16 of");
  estimate.micro_batch = 4;
  assert_begins (fv_words_estimate_hint (&estimate, &recipe), "The device takes 4 pictures at a time of the 16 of");
  /* Three pictures are all that there are. */
  estimate.images = 3;
  g_assert_null (fv_words_estimate_hint (&estimate, &recipe));
  estimate.images = 100;
  estimate.micro_batch = 16;
  g_assert_null (fv_words_estimate_hint (&estimate, &recipe));
  estimate.seconds = 840;
  estimate.seconds_per_epoch = 84;
  assert_text (fv_words_estimate_time (&estimate), "About 14 minutes");
  assert_begins (fv_words_estimate_source (&estimate), "1 minute an epoch. Judged by what was timed");
  estimate.measured = TRUE;
  assert_begins (fv_words_estimate_source (&estimate), "1 minute an epoch. Judged by a few batches");
}

int
main (int argc, char **argv)
{
  g_setenv ("LC_ALL", "C.UTF-8", TRUE);
  setlocale (LC_ALL, "");
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ui/training/words/duration", test_duration);
  g_test_add_func ("/ui/training/words/time", test_time);
  g_test_add_func ("/ui/training/words/figures", test_figures);
  g_test_add_func ("/ui/training/words/states", test_states);
  g_test_add_func ("/ui/training/words/active", test_active);
  g_test_add_func ("/ui/training/words/estimates", test_estimates);
  return g_test_run ();
}

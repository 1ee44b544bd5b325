/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window's end of the server: its states, newest request first, children that die and children that can't live. */
#include "tests/app/children/fv-test-serve.h"
#include "tests/fv-test-data.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const char *project, *cli;

/* What became of requests that nobody waited for one by one. */
typedef struct
{
  guint answered, cancelled, failed, pending;
  GError *error;        /* the last that is no cancellation */
  gint64 time;          /* of the last answer */
  FvPreviewReply *last; /* answer */
} Tally;

static void
tally_clear (Tally *self)
{
  g_clear_error (&self->error);
  g_clear_pointer (&self->last, fv_preview_reply_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Tally, tally_clear)

static void
on_preview (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Tally *tally = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (FvPreviewReply) reply = fv_serve_client_preview_finish (FV_SERVE_CLIENT (source), result, &error);

  tally->pending--;
  if (reply)
    {
      tally->answered++;
      tally->time = g_get_monotonic_time ();
      g_clear_pointer (&tally->last, fv_preview_reply_unref);
      tally->last = g_steal_pointer (&reply);
    }
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    tally->cancelled++;
  else
    {
      tally->failed++;
      g_clear_error (&tally->error);
      tally->error = g_steal_pointer (&error);
    }
}

static void
ask (FvServeClient *client, Tally *tally, guint sample, GCancellable *cancellable)
{
  FvRecipe recipe;

  fv_test_serve_strong_recipe (&recipe);
  tally->pending++;
  fv_serve_client_preview_async (
      client, &(FvPreviewRequest){ .project = project, .serial = 1, .recipe = &recipe, .sample = sample }, cancellable,
      on_preview, tally);
}

static void
wait_for_all (Tally *tally)
{
  while (tally->pending > 0)
    g_main_context_iteration (NULL, TRUE);
}

static void
on_state (GObject *client, GParamSpec *pspec, gpointer user_data)
{
  GString *states = user_data;
  FvServeClientState state;
  g_autoptr (GEnumClass) names = g_type_class_ref (FV_TYPE_SERVE_CLIENT_STATE);

  g_object_get (client, "state", &state, NULL);
  g_string_append_printf (states, "%s ", g_enum_get_value (names, (gint)state)->value_nick);
}

static gboolean
is_alive (int pid)
{
  return kill (pid, 0) == 0;
}

static void
test_life (void)
{
  g_autoptr (FvServeClient) client = fv_serve_client_new (NULL);
  g_autoptr (GString) states = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  int pid;

  g_signal_connect (client, "notify::state", G_CALLBACK (on_state), states);
  g_assert_cmpint (fv_serve_client_get_state (client), ==, FV_SERVE_CLIENT_IDLE);
  g_assert_cmpint (fv_serve_client_get_pid (client), ==, 0);
  g_autoptr (FvPreviewReply) reply
      = fv_test_serve_preview (client, &(FvPreviewRequest){ .project = project, .serial = 1, .count = 3 }, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (states->str, ==, "starting ready ");
  g_assert_cmpuint (reply->n, ==, 3);
  g_assert_cmpuint (reply->width, ==, 640);
  g_assert_cmpuint (reply->height, ==, 640);
  g_assert_cmpuint (reply->pictures, ==, 6);
  g_assert_null (reply->problem);
  for (guint i = 0; i < reply->n; i++)
    {
      g_assert_cmpuint (g_bytes_get_size (reply->samples[i].rgb), ==, 640 * 640 * 3);
      g_assert_true (g_str_has_suffix (reply->samples[i].name, ".jpg"));
    }
  pid = fv_serve_client_get_pid (client);
  g_assert_true (is_alive (pid));

  g_clear_object (&client);
  for (guint i = 0; i < 200 && is_alive (pid); i++)
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (10000);
    }
  g_assert_false (is_alive (pid));
}

static void
test_supersede (void)
{
  g_autoptr (FvServeClient) client = fv_serve_client_new (NULL);
  g_auto (Tally) tally = { 0 };
  g_autoptr (GError) error = NULL;
  FvRecipe recipe;

  /* While it starts, only the last one waits. */
  for (guint i = 0; i < 20; i++)
    ask (client, &tally, i, NULL);
  wait_for_all (&tally);
  g_assert_cmpuint (tally.answered, ==, 1);
  g_assert_cmpuint (tally.cancelled, ==, 19);
  /* Once it listens, the first is begun, too. */
  for (guint i = 0; i < 20; i++)
    ask (client, &tally, i, NULL);
  wait_for_all (&tally);
  g_assert_cmpuint (tally.answered, ==, 3);
  g_assert_cmpuint (tally.cancelled, ==, 19 + 18);
  g_assert_cmpuint (tally.failed, ==, 0);
  /* And the last answer is that of the last request: 19 of 6 pictures is the second. */
  fv_test_serve_strong_recipe (&recipe);
  g_autoptr (FvPreviewReply) same = fv_test_serve_preview (
      client, &(FvPreviewRequest){ .project = project, .serial = 1, .recipe = &recipe, .sample = 1 }, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (same->samples[0].rgb, tally.last->samples[0].rgb));
}

static void
test_cancel (void)
{
  g_autoptr (FvServeClient) client = fv_serve_client_new (NULL);
  g_auto (Tally) tally = { 0 };

  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      gint64 start;

      /* Before the start, while it is with the child, while it waits. */
      ask (client, &tally, 0, i == 2 ? NULL : cancellable);
      if (i == 2)
        ask (client, &tally, 1, cancellable);
      if (i == 1)
        g_main_context_iteration (NULL, FALSE);
      g_cancellable_cancel (cancellable);
      start = g_get_monotonic_time ();
      while (tally.cancelled <= i)
        g_main_context_iteration (NULL, TRUE);
      g_assert_cmpint (g_get_monotonic_time () - start, <, G_USEC_PER_SEC / 2);
      /* The next one is answered as if nothing had been. */
      ask (client, &tally, 2, NULL);
      wait_for_all (&tally);
    }
  g_assert_cmpuint (tally.cancelled, ==, 3);
  g_assert_cmpuint (tally.answered, ==, 4);
  g_assert_cmpuint (tally.failed, ==, 0);
}

/* As a slider moves: a request every few milliseconds, whatever comes back. */
static void
drag (FvServeClient *client, Tally *tally, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      gint64 start = g_get_monotonic_time ();

      ask (client, tally, i, NULL);
      while (g_get_monotonic_time () - start < 8000)
        if (!g_main_context_iteration (NULL, FALSE))
          g_usleep (500);
    }
}

static void
test_kill (void)
{
  g_autoptr (FvServeClient) client = fv_serve_client_new (NULL);
  g_autoptr (GString) states = g_string_new (NULL);
  g_auto (Tally) tally = { 0 };

  drag (client, &tally, 10);
  wait_for_all (&tally);
  g_signal_connect (client, "notify::state", G_CALLBACK (on_state), states);
  for (guint i = 0; i < 5; i++)
    {
      const int pid = fv_serve_client_get_pid (client);
      const guint before = tally.answered;
      gint64 start;

      drag (client, &tally, 3 + i);
      ask (client, &tally, 0, NULL);
      g_string_truncate (states, 0);
      start = g_get_monotonic_time ();
      g_assert_cmpint (kill (pid, SIGKILL), ==, 0);
      drag (client, &tally, 10);
      wait_for_all (&tally);
      g_assert_cmpstr (states->str, ==, "restarting ready ");
      g_assert_cmpint (tally.time - start, <, 2 * G_USEC_PER_SEC);
      g_assert_cmpuint (tally.answered, >, before);
      g_assert_cmpuint (tally.failed, ==, 0);
      g_assert_cmpint (fv_serve_client_get_pid (client), !=, pid);
      g_test_message ("answered %.0f ms after the kill", (tally.time - start) / 1e3);
    }
  /* Nobody asked for anything: it comes back all the same. */
  kill (fv_serve_client_get_pid (client), SIGKILL);
  fv_test_serve_wait_state (client, FV_SERVE_CLIENT_RESTARTING);
  fv_test_serve_wait_state (client, FV_SERVE_CLIENT_READY);
}

/* A script in the place of fovea-cli that notes each start. */
static char *
use_script (const char *folder, const char *text)
{
  g_autofree char *script = g_strdup_printf ("#!/bin/sh\necho x >> \"$(dirname \"$0\")/starts\"\n%s\n", text);
  const char *path = fv_test_write (folder, "fovea-cli", script);

  g_chmod (path, 0755);
  g_setenv ("FOVEA_CLI", path, TRUE);
  return g_build_filename (folder, "starts", NULL);
}

static guint
count_lines (const char *path)
{
  g_autofree char *text = NULL;
  gsize size = 0;

  g_file_get_contents (path, &text, &size, NULL);
  return (guint)size / 2;
}

static void
check_failing (const char *script, const char *sentence)
{
  g_autoptr (FvServeClient) client = fv_serve_client_new (NULL);
  g_autoptr (GString) states = g_string_new (NULL);
  g_auto (Tally) tally = { 0 };
  g_autofree char *starts = use_script (fv_test_folder (), script);
  gint64 start = g_get_monotonic_time ();

  g_signal_connect (client, "notify::state", G_CALLBACK (on_state), states);
  ask (client, &tally, 0, NULL);
  wait_for_all (&tally);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * G_USEC_PER_SEC);
  g_assert_cmpstr (states->str, ==, "starting restarting failed ");
  g_assert_cmpuint (tally.failed, ==, 1);
  g_assert_error (tally.error, FV_CHILD_ERROR, FV_CHILD_ERROR_START);
  g_assert_nonnull (strstr (tally.error->message, sentence));
  g_assert_cmpstr (fv_serve_client_get_message (client), ==, tally.error->message);
  g_assert_cmpuint (count_lines (starts), ==, 4);
  /* It is not tried again by itself, nor by each movement of a slider. */
  drag (client, &tally, 20);
  g_assert_cmpuint (tally.pending, ==, 0);
  g_assert_cmpuint (count_lines (starts), ==, 4);
  g_setenv ("FOVEA_CLI", cli, TRUE);
  g_usleep (G_USEC_PER_SEC);
  ask (client, &tally, 0, NULL);
  wait_for_all (&tally);
  g_assert_cmpuint (tally.answered, ==, 1);
  g_assert_cmpint (fv_serve_client_get_state (client), ==, FV_SERVE_CLIENT_READY);
  g_assert_null (fv_serve_client_get_message (client));
}

static void
test_dies_at_once (void)
{
  check_failing ("exit 3", "exit status 3");
}

static void
test_says_why (void)
{
  check_failing ("echo 'fovea-cli: There is no device.' >&2; exit 1", "There is no device.");
}

static void
test_is_no_server (void)
{
  /* Its own child outlives it, with stderr open. */
  check_failing ("echo 'hello' >&3; sleep 9 > /dev/null", "not understood");
}

/* It listens and dies of each request. */
static void
test_dies_of_requests (void)
{
  g_autoptr (FvServeClient) client = fv_serve_client_new (NULL);
  g_auto (Tally) tally = { 0 };
  g_autofree char *starts
      = use_script (fv_test_folder (), "echo '{\"id\":0,\"ready\":true}' >&3; head -c 1 <&3 > /dev/null; kill -9 $$");

  ask (client, &tally, 0, NULL);
  wait_for_all (&tally);
  g_assert_cmpuint (tally.failed, ==, 1);
  g_assert_error (tally.error, FV_CHILD_ERROR, FV_CHILD_ERROR_DIED);
  g_assert_cmpuint (count_lines (starts), ==, 2);
  for (guint i = 0; i < 10; i++)
    {
      ask (client, &tally, 0, NULL);
      wait_for_all (&tally);
    }
  g_assert_cmpuint (tally.answered, ==, 0);
  g_assert_cmpint (fv_serve_client_get_state (client), ==, FV_SERVE_CLIENT_FAILED);
  g_assert_cmpuint (count_lines (starts), <=, 4);
  g_setenv ("FOVEA_CLI", cli, TRUE);
}

static void
test_not_there (void)
{
  g_autoptr (FvServeClient) client = fv_serve_client_new (NULL);
  g_auto (Tally) tally = { 0 };

  g_setenv ("FOVEA_CLI", "/nowhere/fovea-cli", TRUE);
  ask (client, &tally, 0, NULL);
  wait_for_all (&tally);
  g_assert_cmpuint (tally.failed, ==, 1);
  g_assert_error (tally.error, FV_CHILD_ERROR, FV_CHILD_ERROR_START);
  g_assert_cmpint (fv_serve_client_get_state (client), ==, FV_SERVE_CLIENT_FAILED);
  g_setenv ("FOVEA_CLI", cli, TRUE);
}

/* What can't be done is said, and the child goes on; another serial reads the project again. */
static void
test_errors_and_serial (void)
{
  g_autoptr (FvServeClient) client = fv_serve_client_new (NULL);
  g_autoptr (GError) error = NULL;
  const char *own = fv_test_serve_project (4, 64);
  FvPreviewReply *none = fv_test_serve_preview (client, &(FvPreviewRequest){ .project = "/nowhere" }, &error);
  FvDetectReply *nothing;
  const int pid = fv_serve_client_get_pid (client);

  g_assert_null (none);
  g_assert_error (error, FV_CHILD_ERROR, FV_CHILD_ERROR_REQUEST);
  g_assert_nonnull (strstr (error->message, "/nowhere"));
  g_clear_error (&error);
  nothing = fv_test_serve_detect (client, &(FvDetectRequest){ .weights = "/w.pt", .file = "/p.jpg" }, &error);
  g_assert_null (nothing);
  g_assert_error (error, FV_CHILD_ERROR, FV_CHILD_ERROR_REQUEST);
  g_clear_error (&error);

  for (guint serial = 1; serial <= 2; serial++)
    {
      FvRecipe recipe;
      fv_test_serve_strong_recipe (&recipe);
      const FvPreviewRequest request = { .project = own, .serial = serial, .recipe = &recipe };
      g_autoptr (FvPreviewReply) reply = fv_test_serve_preview (client, &request, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (reply->pictures, ==, serial == 1 ? 4 : 9);
      if (serial == 1)
        fv_test_serve_import (own, 5, 64);
      g_autoptr (FvPreviewReply) same = fv_test_serve_preview (client, &request, &error);
      g_assert_cmpuint (same->pictures, ==, serial == 1 ? 4 : 9);
    }
  g_assert_cmpint (fv_serve_client_get_pid (client), ==, pid);
}

static int
compare_times (gconstpointer a, gconstpointer b)
{
  const double *x = a, *y = b;

  return *x < *y ? -1 : *x > *y;
}

/* How long four samples of 320 pixels take from the request to the callback, each with another policy. With “-m perf”: at most 60 ms. */
static void
test_latency (void)
{
  g_autoptr (FvServeClient) client = fv_serve_client_new (NULL);
  g_autoptr (GError) error = NULL;
  const guint n = g_test_perf () ? 200 : 20;
  g_autofree double *times = g_new (double, n);
  FvRecipe recipe;

  fv_test_serve_strong_recipe (&recipe);
  recipe.imgsz = 320;
  for (guint i = 0; i < 3 + n; i++)
    {
      const gint64 start = g_get_monotonic_time ();
      const FvPreviewRequest request = { .project = project, .recipe = &recipe, .count = 4 };

      recipe.augment.degrees = i % 90;
      g_autoptr (FvPreviewReply) reply = fv_test_serve_preview (client, &request, &error);
      g_assert_no_error (error);
      if (i >= 3)
        times[i - 3] = (g_get_monotonic_time () - start) / 1e3;
    }
  qsort (times, n, sizeof *times, compare_times);
  g_test_message ("%u requests of 4 samples of 320 pixels: median %.1f ms, 95th percentile %.1f ms", n, times[n / 2],
                  times[n * 95 / 100]);
  if (g_test_perf ())
    g_assert_cmpfloat (times[n * 95 / 100], <=, 60);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  cli = g_intern_string (g_getenv ("FOVEA_CLI"));
  project = fv_test_serve_project (6, 64);
  g_test_add_func ("/serve-client/life", test_life);
  g_test_add_func ("/serve-client/supersede", test_supersede);
  g_test_add_func ("/serve-client/cancel", test_cancel);
  g_test_add_func ("/serve-client/kill", test_kill);
  g_test_add_func ("/serve-client/dies-at-once", test_dies_at_once);
  g_test_add_func ("/serve-client/says-why", test_says_why);
  g_test_add_func ("/serve-client/is-no-server", test_is_no_server);
  g_test_add_func ("/serve-client/dies-of-requests", test_dies_of_requests);
  g_test_add_func ("/serve-client/not-there", test_not_there);
  g_test_add_func ("/serve-client/errors-and-serial", test_errors_and_serial);
  g_test_add_func ("/serve-client/latency", test_latency);
  return g_test_run ();
}

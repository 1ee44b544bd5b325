/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Runs that nobody trained: event streams of two batches an epoch, whose numbers follow from the epoch's. */

#include "app/project/fv-lock.h"
#include "app/training/fv-run-list.h"
#include "tests/fv-test-data.h"

#include <glib/gstdio.h>
#include <math.h>

#define TEST_STEPS 2
#define TEST_EPOCHS 4

typedef struct
{
  guint number, n_epochs; /* epochs that are done */
  gboolean with_val, with_weights, warn;
  const char *end; /* (nullable): a last line after {"event": */
} FvTestRun;

/* What the run has in an epoch, for comparisons. */
static inline double
fv_test_loss (guint epoch)
{
  return 0.5 / (epoch + 1);
}

static inline double
fv_test_map50 (guint epoch)
{
  return 0.25 + 0.125 * epoch;
}

static inline void
fv_test_append (GString *text, guint run, const char *format, ...)
{
  va_list arguments;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *time = g_date_time_format (now, "%Y-%m-%dT%H:%M:%S");
  g_string_append_printf (text, "{\"run\":%u,\"time\":\"%s.%03dZ\",\"event\":", run, time,
                          g_date_time_get_microsecond (now) / 1000);
  va_start (arguments, format);
  g_string_append_vprintf (text, format, arguments);
  va_end (arguments);
  g_string_append (text, "}\n");
}

static inline void
fv_test_append_epoch (GString *text, const FvTestRun *run, guint epoch)
{
  const double loss = fv_test_loss (epoch), map50 = fv_test_map50 (epoch);
  for (guint step = 0; step < TEST_STEPS; step++)
    fv_test_append (text, run->number,
                    "\"step\",\"epoch\":%u,\"step\":%u,\"steps\":%u,\"box\":%g,\"obj\":%g,\"cls\":%g,\"lr\":0.01,"
                    "\"images_per_second\":11",
                    epoch, step, TEST_STEPS, loss + 0.25 * step, loss / 2, loss / 4);
  if (run->with_val)
    fv_test_append (text, run->number,
                  "\"validation\",\"epoch\":%u,\"box\":%g,\"obj\":%g,\"cls\":%g,\"precision\":0.95,\"recall\":0.92,"
                  "\"map50\":%g,\"map\":%g,\"train\":{\"box\":%g,\"obj\":%g,\"cls\":%g},\"per_class\":["
                  "{\"name\":\"cat\",\"images\":5,\"instances\":8,\"precision\":0.5,\"recall\":0.25,\"ap50\":%g,\"ap\":0.1},"
                  "{\"name\":\"ant\",\"images\":40,\"instances\":90,\"precision\":0.75,\"recall\":0.75,\"ap50\":0.9,\"ap\":0.6},"
                  "{\"name\":\"bee\",\"images\":9,\"instances\":10,\"precision\":0.25,\"recall\":0.5,\"ap50\":0.1,\"ap\":0.05}]",
                  epoch, loss + 1, loss + 2, loss + 3, map50, map50 / 2, loss + 0.125, loss / 2, loss / 4, map50);
  fv_test_append (text, run->number, "\"checkpoint\",\"epoch\":%u,\"step\":0,\"file\":\"last.ckpt\"", epoch + 1);
}

static inline void
fv_test_write_run (const char *project, const FvTestRun *run)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *name = g_strdup_printf ("%u", run->number);
  g_autofree char *folder = g_build_filename (project, "runs", name, NULL);
  g_autofree char *made = g_build_filename (project, "made", NULL);
  fv_test_append (text, run->number,
                  "\"run-started\",\"recipe\":{\"epochs\":%u,\"imgsz\":96,\"lr0\":0.002},\"device\":\"a device\",\"images\":16,"
                  "\"val_images\":%u,\"model\":\"s\",\"start\":{\"kind\":\"scratch\"},\"plan\":{\"device_bytes\":1000000,"
                  "\"seconds_per_epoch\":null}",
                  TEST_EPOCHS, run->with_val ? 60 : 0);
  if (run->warn)
    fv_test_append (text, run->number, "\"warning\",\"id\":\"picture\",\"text\":\"A picture could not be read.\"");
  for (guint epoch = 0; epoch < run->n_epochs; epoch++)
    fv_test_append_epoch (text, run, epoch);
  if (run->end != NULL)
    fv_test_append (text, run->number, "%s", run->end);

  /* It appears as a whole, unless somebody holds it already. */
  const gboolean held = g_file_test (folder, G_FILE_TEST_IS_DIR);
  const char *place = held ? folder : made;
  if (!held)
    fv_test_write (place, "lock", NULL);
  fv_test_write (place, "recipe.json", "{\"epochs\":4,\"imgsz\":96,\"lr0\":0.002}");
  if (run->n_epochs > 0)
    fv_test_write (place, "last.ckpt", "a checkpoint");
  if (run->with_weights)
    fv_test_write (place, "best.safetensors", "weights");
  fv_test_write (place, "events.jsonl", text->str);
  if (!held)
    {
      g_autofree char *runs = g_build_filename (project, "runs", NULL);
      g_assert_cmpint (g_mkdir_with_parents (runs, 0755), ==, 0);
      g_assert_cmpint (g_rename (made, folder), ==, 0);
    }
}

/* (transfer full): as a process that trains the run holds it. */
static inline FvLock *
fv_test_hold_run (const char *project, guint run)
{
  g_autofree char *path = g_strdup_printf ("%s/runs/%u/lock", project, run);
  g_autoptr (GError) error = NULL;
  FvLock *lock = fv_lock_take (path, &error);
  g_assert_no_error (error);
  return lock;
}

/* (transfer none): the run, once it has been read. */
static inline FvRunMonitor *
fv_test_wait_run (FvRunList *runs, guint number)
{
  const gint64 end = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;
  FvRunMonitor *run = NULL;
  while (g_get_monotonic_time () < end)
    {
      run = fv_run_list_lookup (runs, number);
      if (run != NULL && !fv_run_monitor_get_loading (run))
        return run;
      g_main_context_iteration (NULL, TRUE);
    }
  g_assert_not_reached ();
}

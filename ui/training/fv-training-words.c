/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/training/fv-training-words.h"

#include "ui/fv-i18n.h"

#include <math.h>
#include <string.h>

#define SEPARATOR " · "

/* Quantities. */

static char *
count_seconds (guint n)
{
  return g_strdup_printf (ngettext ("%u second", "%u seconds", n), n);
}

static char *
count_minutes (guint n)
{
  return g_strdup_printf (ngettext ("%u minute", "%u minutes", n), n);
}

static char *
count_hours (guint n)
{
  return g_strdup_printf (ngettext ("%u hour", "%u hours", n), n);
}

static char *
count_days (guint n)
{
  return g_strdup_printf (ngettext ("%u day", "%u days", n), n);
}

/* The lesser unit is left out where there is none of it. */
static char *
join_units (char *large, char *small, gboolean both)
{
  g_autofree char *a = large;
  g_autofree char *b = small;
  /* Translators: a time of two units, such as “1 hour 20 minutes”. */
  return both ? g_strdup_printf (C_ ("duration", "%1$s %2$s"), a, b) : g_steal_pointer (&a);
}

char *
fv_words_duration (double seconds)
{
  const double minutes = rint (seconds / 60);
  const double hours = rint (seconds / 3600);
  if (seconds < 10)
    return count_seconds ((guint)MAX (ceil (seconds), 1));
  if (seconds < 55)
    return count_seconds ((guint)(ceil (seconds / 10) * 10));
  if (minutes < 60)
    return count_minutes ((guint)MAX (minutes, 1));
  if (minutes < 10 * 60)
    {
      /* To five minutes: nobody knows better. */
      const guint fives = (guint)rint (minutes / 5) * 5;
      return join_units (count_hours (fives / 60), count_minutes (fives % 60), fives % 60 > 0);
    }
  if (hours < 48)
    return count_hours ((guint)hours);
  if (hours < 10 * 24)
    return join_units (count_days ((guint)hours / 24), count_hours ((guint)hours % 24), (guint)hours % 24 > 0);
  return count_days ((guint)MIN (rint (hours / 24), 99999));
}

char *
fv_words_time (GDateTime *time, GDateTime *now)
{
  g_autoptr (GDateTime) local = g_date_time_to_local (time);
  g_autoptr (GDateTime) today = now ? g_date_time_to_local (now) : g_date_time_new_now_local ();
  g_autoptr (GDateTime) yesterday = g_date_time_add_days (today, -1);
  const int day = g_date_time_get_day_of_year (local);
  const int year = g_date_time_get_year (local);
  if (year == g_date_time_get_year (today) && day == g_date_time_get_day_of_year (today))
    /* Translators: a time of this day, as g_date_time_format() takes it. */
    return g_date_time_format (local, _ ("today, %H:%M"));
  if (year == g_date_time_get_year (yesterday) && day == g_date_time_get_day_of_year (yesterday))
    return g_date_time_format (local, _ ("yesterday, %H:%M"));
  if (year == g_date_time_get_year (today))
    return g_date_time_format (local, _ ("%-e %B, %H:%M"));
  return g_date_time_format (local, _ ("%-e %B %Y"));
}

char *
fv_words_memory (guint64 bytes)
{
  return g_format_size_full (bytes, G_FORMAT_SIZE_IEC_UNITS);
}

char *
fv_words_percent (double share)
{
  if (isnan (share))
    return g_strdup ("–");
  /* What is there, but little, is not nothing. */
  if (share > 0 && share < 0.0095)
    return g_strdup_printf (C_ ("share", "%.1f %%"), 100 * share);
  return g_strdup_printf (C_ ("share", "%.0f %%"), 100 * share);
}

char *
fv_words_share (double share)
{
  return isnan (share) ? g_strdup ("–") : g_strdup_printf ("%.3f", share);
}

/* Networks. */

const char *
fv_words_variant (char variant)
{
  switch (variant)
    {
    case 'n':
      return C_ ("network size", "Nano");
    case 's':
      return C_ ("network size", "Small");
    case 'm':
      return C_ ("network size", "Medium");
    case 'l':
      return C_ ("network size", "Large");
    case 'x':
      return C_ ("network size", "Extra large");
    default:
      return C_ ("network size", "Unknown");
    }
}

/* By the operations of YOLOv5's networks at 640 pixels: 4.5, 16.5, 49, 109 and 206 thousand millions. */
const char *
fv_words_variant_effort (char variant)
{
  switch (variant)
    {
    case 's':
      return _ ("About 4 times the work of Nano, and more exact where there are many pictures.");
    case 'm':
      return _ ("About 11 times the work of Nano: for a graphics card and thousands of pictures.");
    case 'l':
      return _ ("About 24 times the work of Nano: for a fast graphics card and thousands of pictures.");
    case 'x':
      return _ ("About 46 times the work of Nano: for a very fast graphics card and tens of thousands of pictures.");
    default:
      return _ ("The fastest one, to train and to use.");
    }
}

/* Runs. */

char *
fv_words_run_title (FvRunMonitor *run)
{
  return g_strdup_printf (_ ("Run %u"), fv_run_monitor_get_number (run));
}

const char *
fv_words_run_state (FvRunMonitor *run)
{
  if (fv_run_monitor_get_loading (run))
    return C_ ("run", "Reading…");
  switch (fv_run_monitor_get_state (run))
    {
    case FV_RUN_STARTING:
      return C_ ("run", "Starting…");
    case FV_RUN_RUNNING:
      return fv_run_monitor_get_validating (run) ? C_ ("run", "Validating") : C_ ("run", "Training");
    case FV_RUN_STOPPING:
      return C_ ("run", "Stopping…");
    case FV_RUN_INTERRUPTED:
      return C_ ("run", "Interrupted");
    case FV_RUN_STOPPED:
      return C_ ("run", "Stopped");
    case FV_RUN_COMPLETED:
      return C_ ("run", "Finished");
    case FV_RUN_EARLY_STOP:
      return C_ ("run", "Finished early");
    case FV_RUN_FAILED:
      return C_ ("run", "Failed");
    default:
      g_return_val_if_reached ("");
    }
}

const char *
fv_words_run_icon (FvRunMonitor *run)
{
  if (fv_run_monitor_get_loading (run))
    return "content-loading-symbolic";
  switch (fv_run_monitor_get_state (run))
    {
    case FV_RUN_INTERRUPTED:
      return "dialog-warning-symbolic";
    case FV_RUN_STOPPED:
      return "media-playback-pause-symbolic";
    case FV_RUN_COMPLETED:
    case FV_RUN_EARLY_STOP:
      return "object-select-symbolic";
    case FV_RUN_FAILED:
      return "dialog-error-symbolic";
    default:
      return "media-playback-start-symbolic";
    }
}

/* Counted from 1, as people do: the one being trained, or the last one. */
static guint
current_epoch (FvRunMonitor *run)
{
  return MIN (fv_run_monitor_get_epoch (run) + 1, fv_run_monitor_get_epochs (run));
}

char *
fv_words_run_summary (FvRunMonitor *run)
{
  const char *state = fv_words_run_state (run);
  const FvRunState where = fv_run_monitor_get_state (run);
  const double map50 = fv_run_monitor_get_map50 (run);
  if (fv_run_monitor_get_loading (run) || fv_run_monitor_get_epochs (run) == 0)
    return g_strdup (state);
  if (where == FV_RUN_RUNNING || where == FV_RUN_STOPPING)
    return g_strdup_printf (_ ("%s, epoch %u of %u"), state, current_epoch (run), fv_run_monitor_get_epochs (run));
  /* Translators: a run's state and its result, “Finished, mAP50 0.923”. */
  return isnan (map50) ? g_strdup (state) : g_strdup_printf (_ ("%s, mAP50 %.3f"), state, map50);
}

/* (transfer full) (nullable) */
static char *
name_source (FvRunMonitor *run)
{
  switch (fv_run_monitor_get_start_kind (run))
    {
    case FV_RUN_FROM_SCRATCH:
      return g_strdup (_ ("new network"));
    case FV_RUN_FROM_RUN:
      return g_strdup_printf (_ ("from run %u"), fv_run_monitor_get_start_run (run));
    case FV_RUN_FROM_FILE:
      return fv_run_monitor_get_start_file (run)
                 ? g_strdup_printf (_ ("from “%s”"), fv_run_monitor_get_start_file (run))
                 : NULL;
    default:
      return NULL;
    }
}

static void
append_part (GString *text, const char *part)
{
  if (part == NULL || *part == '\0')
    return;
  if (text->len > 0)
    g_string_append (text, SEPARATOR);
  g_string_append (text, part);
}

char *
fv_words_run_origin (FvRunMonitor *run)
{
  GString *text = g_string_new (NULL);
  const FvRecipe *recipe = fv_run_monitor_get_recipe (run);
  GDateTime *started = fv_run_monitor_get_started (run);
  g_autofree char *source = name_source (run);
  g_autofree char *time = started ? fv_words_time (started, NULL) : NULL;
  if (fv_run_monitor_get_variant (run) != '\0')
    append_part (text, fv_words_variant (fv_run_monitor_get_variant (run)));
  append_part (text, source);
  if (recipe != NULL)
    {
      const guint size = (guint)recipe->imgsz;
      g_autofree char *pixels = g_strdup_printf (ngettext ("%u pixel", "%u pixels", size), size);
      append_part (text, pixels);
    }
  append_part (text, fv_run_monitor_get_device (run));
  append_part (text, time);
  return g_string_free (text, FALSE);
}

/* (transfer full) (nullable) */
static char *
say_time_left (FvRunMonitor *run)
{
  const double left = fv_run_monitor_get_seconds_left (run);
  if (isnan (left))
    return NULL;
  if (left < 5)
    return g_strdup (_ ("a few seconds left"));
  g_autofree char *duration = fv_words_duration (left);
  return g_strdup_printf (_ ("about %s left"), duration);
}

/* (transfer full) (nullable) */
static char *
say_rate (FvRunMonitor *run)
{
  const double rate = fv_run_monitor_get_images_per_second (run);
  const guint n = (guint)MAX (rint (rate), 0);
  if (!(rate > 0))
    return NULL;
  if (rate < 0.75)
    {
      const guint seconds = (guint)MAX (rint (1 / rate), 1);
      return g_strdup_printf (ngettext ("a picture every second", "a picture every %u seconds", seconds), seconds);
    }
  return g_strdup_printf (ngettext ("%u picture per second", "%u pictures per second", n), n);
}

char *
fv_words_run_progress (FvRunMonitor *run)
{
  GString *text = g_string_new (NULL);
  const FvRunState state = fv_run_monitor_get_state (run);
  const guint epochs = fv_run_monitor_get_epochs (run);
  const gboolean active = fv_run_state_is_active (state);
  guint prepared, to_prepare;
  if (fv_run_monitor_get_preparing (run, &prepared, &to_prepare))
    {
      g_autofree char *preparing
          = g_strdup_printf (_ ("Trying out what is fastest on this device: %u of %u"), prepared, to_prepare);
      append_part (text, preparing);
      return g_string_free (text, FALSE);
    }
  if (epochs > 0)
    {
      const guint done = active ? current_epoch (run) : fv_run_monitor_get_epoch (run);
      g_autofree char *epoch = g_strdup_printf (
          active ? _ ("Epoch %u of %u") : ngettext ("%u of %u epoch done", "%u of %u epochs done", epochs), done,
          epochs);
      append_part (text, epoch);
    }
  if (state == FV_RUN_RUNNING)
    {
      g_autofree char *left = say_time_left (run);
      g_autofree char *rate = say_rate (run);
      append_part (text, left);
      append_part (text, rate);
    }
  else if (!active && fv_run_monitor_get_seconds (run) >= 1)
    {
      g_autofree char *duration = fv_words_duration (fv_run_monitor_get_seconds (run));
      g_autofree char *spent = g_strdup_printf (_ ("took %s"), duration);
      append_part (text, spent);
    }
  return g_string_free (text, FALSE);
}

char *
fv_words_run_result (FvRunMonitor *run)
{
  const guint n = fv_run_monitor_get_val_images (run);
  const gint64 best = fv_run_monitor_get_best_epoch (run);
  const double recall = fv_run_monitor_get_recall (run);
  const double precision = fv_run_monitor_get_precision (run);
  if (best < 0)
    return g_strdup (_ ("No epoch has ended yet, so there is no result."));
  if (isnan (recall) || isnan (precision))
    return g_strdup (
        _ ("There were no pictures to check the result on, so nobody knows how good it is. The last epoch was kept."));
  if (!(recall > 0))
    return g_strdup (_ ("It doesn’t find any object yet on the pictures that it was checked on. More epochs, more "
                        "pictures or starting from trained weights may help."));
  g_autofree char *found = fv_words_percent (recall);
  g_autofree char *right = fv_words_percent (precision);
  return g_strdup_printf (
      ngettext ("On %u picture that it was not trained on, it finds %s of the objects (recall), and %s of what it "
                "reports is right (precision).",
                "On %u pictures that it was not trained on, it finds %s of the objects (recall), and %s of what it "
                "reports is right (precision).",
                n),
      n, found, right);
}

/* Before the start. */

char *
fv_words_estimate_time (const FvRunEstimate *estimate)
{
  if (isnan (estimate->seconds))
    return g_strdup (_ ("Not known yet"));
  g_autofree char *duration = fv_words_duration (estimate->seconds);
  return g_strdup_printf (_ ("About %s"), duration);
}

char *
fv_words_estimate_source (const FvRunEstimate *estimate)
{
  if (isnan (estimate->seconds))
    return g_strdup (_ ("It shows soon after the start."));
  const char *source = estimate->measured
                           ? _ ("Judged by a few batches that were timed just now; it may be a third more or less.")
                           : _ ("Judged by what was timed on this device before.");
  if (estimate->seconds_per_epoch < 2)
    return g_strdup (source);
  g_autofree char *epoch = fv_words_duration (estimate->seconds_per_epoch);
  /* Translators: a duration, and a sentence. */
  return g_strdup_printf (_ ("%s an epoch. %s"), epoch, source);
}

char *
fv_words_estimate_hint (const FvRunEstimate *estimate, const FvRecipe *recipe)
{
  const guint batch = MIN ((guint)recipe->batch, estimate->images);
  if (!estimate->fits)
    {
      g_autofree char *left = fv_words_memory (estimate->device_free_bytes);
      return g_strdup_printf (
          _ ("Not even one picture at a time has room: %s are left on the device. Choose smaller pictures or a "
             "smaller model, or end other programs that use it."),
          left);
    }
  if (estimate->micro_batch >= batch)
    return NULL;
  return g_strdup_printf (
      ngettext (
          "The device takes %u picture at a time of the %u of a batch. Updates are as large as before, but batch "
          "normalisation sees only one picture, so the result may be worse.",
          "The device takes %u pictures at a time of the %u of a batch. Updates are as large as before, but batch "
          "normalisation sees only these, so the result differs a little.",
          estimate->micro_batch),
      estimate->micro_batch, batch);
}

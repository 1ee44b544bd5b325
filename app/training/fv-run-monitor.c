/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-run-history.h"
#include "app/training/fv-run-monitor-private.h"
#include "app/training/fv-run.h"

#include <glib/gi18n-lib.h>
#include <math.h>

/* A folder without a lock is one that is being made, for so long. */
#define YOUNG (2 * G_USEC_PER_SEC)

struct _FvRunMonitor
{
  GObject parent_instance;

  guint number;
  char *folder, *events, *best, *last;

  FvRunHistory history;
  FvRecipe recipe;
  gboolean has_recipe;

  FvRunState state;
  gboolean loading; /* never read to the end */
  gboolean stop_expected;
  FvRunSighting sighting; /* the last one that was judged by */
  FvRunSighting next;     /* the one to judge by when all is read */
  gboolean has_next;

  gint64 offset; /* read so far */
  gboolean skipping;
  guint64 events_id;
  gboolean reading;
};

enum
{
  PROP_NUMBER = 1,
  PROP_STATE,
  PROP_LOADING,
  N_PROPERTIES,
};

static GParamSpec *properties[N_PROPERTIES];
static guint changed_signal;

G_DEFINE_FINAL_TYPE (FvRunMonitor, fv_run_monitor, G_TYPE_OBJECT)

G_DEFINE_ENUM_TYPE (FvRunState, fv_run_state, G_DEFINE_ENUM_VALUE (FV_RUN_STARTING, "starting"),
                    G_DEFINE_ENUM_VALUE (FV_RUN_RUNNING, "running"), G_DEFINE_ENUM_VALUE (FV_RUN_STOPPING, "stopping"),
                    G_DEFINE_ENUM_VALUE (FV_RUN_INTERRUPTED, "interrupted"),
                    G_DEFINE_ENUM_VALUE (FV_RUN_STOPPED, "stopped"),
                    G_DEFINE_ENUM_VALUE (FV_RUN_COMPLETED, "completed"),
                    G_DEFINE_ENUM_VALUE (FV_RUN_EARLY_STOP, "early-stop"),
                    G_DEFINE_ENUM_VALUE (FV_RUN_FAILED, "failed"))

gboolean
fv_run_state_is_active (FvRunState state)
{
  return state <= FV_RUN_STOPPING;
}

static FvRunState
judge_end (FvRunMonitor *self)
{
  /* Nothing is wrong with the run whose device went away. */
  if (self->history.end == FV_HISTORY_FAILED)
    return g_strcmp0 (self->history.failure_id, "device-lost") == 0 ? FV_RUN_INTERRUPTED : FV_RUN_FAILED;
  if (g_strcmp0 (self->history.reason, "completed") == 0)
    return FV_RUN_COMPLETED;
  if (g_strcmp0 (self->history.reason, "early-stop") == 0)
    return FV_RUN_EARLY_STOP;
  return FV_RUN_STOPPED;
}

static FvRunState
judge (FvRunMonitor *self)
{
  const FvRunSighting *seen = &self->sighting;

  if (!seen->held)
    {
      if (self->history.end != FV_HISTORY_OPEN)
        return judge_end (self);
      return seen->lock_time == 0 && g_get_real_time () - seen->folder_time < YOUNG ? FV_RUN_STARTING
                                                                                    : FV_RUN_INTERRUPTED;
    }
  /* Held since its end: it is over, and its process about to go. Taken after it: somebody goes on with it. */
  if (self->history.end != FV_HISTORY_OPEN && seen->lock_time <= self->history.last_time)
    return judge_end (self);
  if (self->stop_expected)
    return FV_RUN_STOPPING;
  return self->history.trained && seen->lock_time <= self->history.last_time ? FV_RUN_RUNNING : FV_RUN_STARTING;
}

/* Everything is read that was there at the last sighting. */
static gboolean
settle (FvRunMonitor *self)
{
  FvRunSighting before = self->sighting;
  FvRunState state;
  gboolean changed;

  if (!self->has_next)
    return FALSE;
  self->has_next = FALSE;
  self->sighting = self->next;
  state = judge (self);
  if (!fv_run_state_is_active (state))
    self->stop_expected = FALSE;
  changed = before.has_checkpoint != self->sighting.has_checkpoint || before.has_best != self->sighting.has_best
            || before.has_last != self->sighting.has_last;
  if (self->loading)
    {
      self->loading = FALSE;
      changed = TRUE;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOADING]);
    }
  if (state != self->state)
    {
      self->state = state;
      changed = TRUE;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
    }
  return changed;
}

/* Reading. */

typedef struct
{
  char *events, *recipe_path; /* the latter (nullable): to be read, too */
  gint64 offset;
  gboolean skipping;
  FvRecipe recipe;
  gboolean has_recipe;
} ReadJob;

static void
read_job_free (gpointer data)
{
  ReadJob *job = data;

  g_free (job->events);
  g_free (job->recipe_path);
  g_free (job);
}

static void
read_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  ReadJob *job = data;
  FvRunRecords *records;
  GError *error = NULL;

  if (job->recipe_path)
    {
      fv_recipe_init (&job->recipe);
      job->has_recipe = fv_recipe_apply_file (&job->recipe, job->recipe_path, NULL);
    }
  records = fv_run_records_read (job->events, job->offset, job->skipping, &error);
  if (records)
    g_task_return_pointer (task, records, (GDestroyNotify)fv_run_records_free);
  else
    g_task_return_error (task, error);
}

static void read_more (FvRunMonitor *self);

static void
forget (FvRunMonitor *self)
{
  fv_run_history_clear (&self->history);
  fv_run_history_init (&self->history);
  self->has_recipe = FALSE;
  self->offset = 0;
  self->skipping = FALSE;
  self->sighting.events_size = -1;
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  FvRunMonitor *self = FV_RUN_MONITOR (source);
  const ReadJob *job = g_task_get_task_data (G_TASK (result));
  g_autoptr (FvRunRecords) records = g_task_propagate_pointer (G_TASK (result), NULL);
  gboolean changed = FALSE;

  self->reading = FALSE;
  if (job->has_recipe && !self->has_recipe)
    {
      self->recipe = job->recipe;
      self->has_recipe = changed = TRUE;
    }
  if (records)
    {
      self->offset = records->end;
      self->skipping = records->skipping;
      for (guint i = 0; i < records->records->len; i++)
        fv_run_history_add (&self->history, records->records->pdata[i]);
      changed = changed || records->records->len > 0;
      if (!self->has_recipe && self->history.start && self->history.start->has_recipe)
        {
          self->recipe = self->history.start->recipe;
          self->has_recipe = TRUE;
        }
      if (records->more)
        {
          read_more (self);
          return;
        }
    }
  if (settle (self) || changed)
    g_signal_emit (self, changed_signal, 0);
}

static void
read_more (FvRunMonitor *self)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, on_read, NULL);
  ReadJob *job = g_new0 (ReadJob, 1);

  job->events = g_strdup (self->events);
  if (!self->has_recipe)
    job->recipe_path = g_build_filename (self->folder, FV_RUN_RECIPE, NULL);
  job->offset = self->offset;
  job->skipping = self->skipping;
  self->reading = TRUE;
  g_task_set_task_data (task, job, read_job_free);
  g_task_run_in_thread (task, read_in_thread);
}

void
fv_run_monitor_observe (FvRunMonitor *self, const FvRunSighting *sighting)
{
  /* One at a time; the next turn sees the same. */
  if (self->reading)
    return;
  if (sighting->events_id != self->events_id || sighting->events_size < self->offset)
    forget (self);
  self->events_id = sighting->events_id;
  self->next = *sighting;
  self->has_next = TRUE;
  if (self->loading || sighting->events_size != self->sighting.events_size)
    read_more (self);
  else if (settle (self))
    g_signal_emit (self, changed_signal, 0);
}

void
fv_run_monitor_expect_stop (FvRunMonitor *self)
{
  if (!fv_run_state_is_active (self->state) || self->stop_expected)
    return;
  self->stop_expected = TRUE;
  self->state = FV_RUN_STOPPING;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
  g_signal_emit (self, changed_signal, 0);
}

/* The object. */

static void
fv_run_monitor_finalize (GObject *object)
{
  FvRunMonitor *self = FV_RUN_MONITOR (object);

  fv_run_history_clear (&self->history);
  g_free (self->folder);
  g_free (self->events);
  g_free (self->best);
  g_free (self->last);
  G_OBJECT_CLASS (fv_run_monitor_parent_class)->finalize (object);
}

static void
fv_run_monitor_get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  FvRunMonitor *self = FV_RUN_MONITOR (object);

  switch (id)
    {
    case PROP_NUMBER:
      g_value_set_uint (value, self->number);
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_LOADING:
      g_value_set_boolean (value, self->loading);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
    }
}

static void
fv_run_monitor_class_init (FvRunMonitorClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);

  object_class->finalize = fv_run_monitor_finalize;
  object_class->get_property = fv_run_monitor_get_property;
  properties[PROP_NUMBER]
      = g_param_spec_uint ("number", NULL, NULL, 0, G_MAXUINT, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  properties[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, FV_TYPE_RUN_STATE, FV_RUN_STARTING,
                                              G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  properties[PROP_LOADING]
      = g_param_spec_boolean ("loading", NULL, NULL, TRUE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
  changed_signal
      = g_signal_new ("changed", G_TYPE_FROM_CLASS (class), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
fv_run_monitor_init (FvRunMonitor *self)
{
  fv_run_history_init (&self->history);
  self->loading = TRUE;
  self->sighting.events_size = -1;
}

FvRunMonitor *
fv_run_monitor_new (const char *project_path, guint number)
{
  FvRunMonitor *self = g_object_new (FV_TYPE_RUN_MONITOR, NULL);

  self->number = number;
  self->folder = fv_run_path (project_path, number, NULL);
  self->events = fv_run_path (project_path, number, FV_RUN_EVENTS);
  self->best = fv_run_path (project_path, number, FV_RUN_BEST);
  self->last = fv_run_path (project_path, number, FV_RUN_LAST);
  return self;
}

/* Answers. */

guint
fv_run_monitor_get_number (FvRunMonitor *self)
{
  return self->number;
}

FvRunState
fv_run_monitor_get_state (FvRunMonitor *self)
{
  return self->state;
}

gboolean
fv_run_monitor_get_loading (FvRunMonitor *self)
{
  return self->loading;
}

const char *
fv_run_monitor_get_folder (FvRunMonitor *self)
{
  return self->folder;
}

const FvRecipe *
fv_run_monitor_get_recipe (FvRunMonitor *self)
{
  return self->has_recipe ? &self->recipe : NULL;
}

char
fv_run_monitor_get_variant (FvRunMonitor *self)
{
  return self->history.start ? self->history.start->variant : '\0';
}

FvRunStartKind
fv_run_monitor_get_start_kind (FvRunMonitor *self)
{
  return self->history.start ? self->history.start->kind : FV_RUN_FROM_UNKNOWN;
}

const char *
fv_run_monitor_get_start_file (FvRunMonitor *self)
{
  return self->history.start ? self->history.start->file : NULL;
}

guint
fv_run_monitor_get_start_run (FvRunMonitor *self)
{
  return self->history.start ? self->history.start->run : 0;
}

const char *
fv_run_monitor_get_device (FvRunMonitor *self)
{
  return self->history.start ? self->history.start->device : NULL;
}

guint
fv_run_monitor_get_images (FvRunMonitor *self)
{
  return self->history.start ? self->history.start->images : 0;
}

guint
fv_run_monitor_get_val_images (FvRunMonitor *self)
{
  return self->history.start ? self->history.start->val_images : 0;
}

guint64
fv_run_monitor_get_device_bytes (FvRunMonitor *self)
{
  return self->history.start ? self->history.start->device_bytes : 0;
}

static GDateTime *
make_time (gint64 time)
{
  g_autoptr (GDateTime) whole = time > 0 ? g_date_time_new_from_unix_utc (time / G_USEC_PER_SEC) : NULL;

  return whole ? g_date_time_add (whole, time % G_USEC_PER_SEC) : NULL;
}

GDateTime *
fv_run_monitor_get_started (FvRunMonitor *self)
{
  return make_time (self->history.started);
}

gboolean
fv_run_monitor_get_preparing (FvRunMonitor *self, guint *done, guint *total)
{
  *done = self->history.prepared;
  *total = self->history.to_prepare;
  return fv_run_state_is_active (self->state) && *total > 0;
}

guint
fv_run_monitor_get_epoch (FvRunMonitor *self)
{
  return MIN (self->history.epoch, fv_run_monitor_get_epochs (self));
}

guint
fv_run_monitor_get_epochs (FvRunMonitor *self)
{
  return self->has_recipe ? (guint)self->recipe.epochs : 0;
}

guint
fv_run_monitor_get_step (FvRunMonitor *self)
{
  return self->history.step;
}

gboolean
fv_run_monitor_get_validating (FvRunMonitor *self)
{
  return (self->state == FV_RUN_RUNNING || self->state == FV_RUN_STOPPING) && self->has_recipe
         && fv_run_history_is_validating (&self->history, &self->recipe);
}

/* The clock of a run that nobody trains stands still. */
static gint64
get_now (FvRunMonitor *self)
{
  return self->state == FV_RUN_RUNNING || self->state == FV_RUN_STOPPING ? g_get_real_time () : self->history.last_time;
}

double
fv_run_monitor_get_fraction (FvRunMonitor *self)
{
  if (self->state == FV_RUN_COMPLETED || self->state == FV_RUN_EARLY_STOP)
    return 1.0;
  return self->has_recipe ? fv_run_history_get_fraction (&self->history, &self->recipe, get_now (self)) : 0.0;
}

double
fv_run_monitor_get_seconds_left (FvRunMonitor *self)
{
  if (!fv_run_state_is_active (self->state))
    return 0.0;
  return self->has_recipe ? fv_run_history_get_seconds_left (&self->history, &self->recipe, get_now (self)) : NAN;
}

double
fv_run_monitor_get_seconds (FvRunMonitor *self)
{
  gint64 mark = self->history.mark;

  return self->history.seconds + (mark > 0 ? MAX ((double)(get_now (self) - mark) / G_USEC_PER_SEC, 0.0) : 0.0);
}

double
fv_run_monitor_get_images_per_second (FvRunMonitor *self)
{
  return self->history.images_per_second;
}

guint
fv_run_monitor_get_series (FvRunMonitor *self, FvRunSeries series, const double **x, const double **y)
{
  g_return_val_if_fail (series < FV_N_SERIES, 0);
  return fv_run_history_get_series (&self->history, series, x, y);
}

gint64
fv_run_monitor_get_best_epoch (FvRunMonitor *self)
{
  return self->history.best_epoch;
}

static double
get_best (FvRunMonitor *self, FvRunSeries series)
{
  const double *values;
  guint index;

  if (!fv_run_history_get_best (&self->history, &index))
    return NAN;
  fv_run_history_get_series (&self->history, series, NULL, &values);
  return values[index];
}

double
fv_run_monitor_get_map50 (FvRunMonitor *self)
{
  return get_best (self, FV_SERIES_MAP50);
}

double
fv_run_monitor_get_map (FvRunMonitor *self)
{
  return get_best (self, FV_SERIES_MAP);
}

double
fv_run_monitor_get_precision (FvRunMonitor *self)
{
  return get_best (self, FV_SERIES_PRECISION);
}

double
fv_run_monitor_get_recall (FvRunMonitor *self)
{
  return get_best (self, FV_SERIES_RECALL);
}

const FvRunClass *
fv_run_monitor_get_classes (FvRunMonitor *self, guint *n)
{
  const GArray *classes;
  guint index;

  *n = 0;
  if (!fv_run_history_get_best (&self->history, &index))
    return NULL;
  classes = g_array_index (self->history.validated, FvValidated, index).classes;
  *n = classes->len;
  return classes->len > 0 ? (const FvRunClass *)(gpointer)classes->data : NULL;
}

const FvRunWarning *
fv_run_monitor_get_warnings (FvRunMonitor *self, guint *n)
{
  *n = self->history.warnings->len;
  return *n > 0 ? (const FvRunWarning *)(gpointer)self->history.warnings->data : NULL;
}

const char *
fv_run_monitor_get_failure (FvRunMonitor *self)
{
  return self->history.failure;
}

const char *
fv_run_monitor_get_failure_id (FvRunMonitor *self)
{
  return self->history.failure_id;
}

const char *
fv_run_monitor_get_failure_hint (FvRunMonitor *self)
{
  /* In place of the stream's, which speak of options of the terminal. */
  static const struct
  {
    const char *id, *text;
  } hints[] = {
    { "out-of-memory", N_ ("Choose smaller pictures or a smaller model, or end other programs that use the device.") },
    { "device-lost",
      N_ ("Resume the run: it goes on from its last checkpoint. If this happens again, update the graphics driver.") },
    { "not-finite", N_ ("Start a new run with a lower learning rate or a longer warm-up, and look for damaged pictures "
                        "and boxes. The last "
                        "good weights of this one have been kept.") },
    { "disk-full", N_ ("Free some space, then resume the run: it goes on from its last checkpoint.") },
    { "failed", N_ ("When the cause is removed, resume the run: it goes on from its last checkpoint.") },
  };

  for (guint i = 0; self->history.failure_id && i < G_N_ELEMENTS (hints); i++)
    if (g_str_equal (self->history.failure_id, hints[i].id)
        && (self->sighting.has_checkpoint || !g_str_equal (hints[i].id, "failed")))
      return _ (hints[i].text);
  return self->sighting.has_checkpoint ? self->history.hint : NULL;
}

gboolean
fv_run_monitor_get_can_resume (FvRunMonitor *self)
{
  if (!self->sighting.has_checkpoint)
    return FALSE;
  /* The same numbers would run away again. */
  if (self->state == FV_RUN_FAILED)
    return g_strcmp0 (self->history.failure_id, "not-finite") != 0;
  return self->state == FV_RUN_INTERRUPTED || self->state == FV_RUN_STOPPED;
}

const char *
fv_run_monitor_get_best_weights (FvRunMonitor *self)
{
  return self->sighting.has_best ? self->best : NULL;
}

const char *
fv_run_monitor_get_last_weights (FvRunMonitor *self)
{
  return self->sighting.has_last ? self->last : NULL;
}

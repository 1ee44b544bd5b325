/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/fv-recipe.h"
#include "app/training/fv-run-start.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * One run of a project as it can be watched from outside: a reader of runs/N/events.jsonl, whoever trains the run and wherever it was
 * started. Monitors are made and kept up to date by an FvRunList; files are read and parsed in threads.
 *
 *   FvRunMonitor *run = fv_run_list_lookup (runs, 3);
 *   g_signal_connect (run, "changed", G_CALLBACK (show_run), self);
 *
 * Everything is of the main thread, and every pointer that is handed out is good until the next "changed".
 *
 * Signal `changed ()`: any of it is different from before. Properties, which notify as well: number, state, loading.
 */

#define FV_TYPE_RUN_MONITOR (fv_run_monitor_get_type ())
G_DECLARE_FINAL_TYPE (FvRunMonitor, fv_run_monitor, FV, RUN_MONITOR, GObject)

typedef enum
{
  FV_RUN_STARTING,    /* somebody holds the run and has not trained a batch yet, anew or after a resume */
  FV_RUN_RUNNING,     /* trains or validates */
  FV_RUN_STOPPING,    /* asked to stop by this program; ends after the batch in hand */
  FV_RUN_INTERRUPTED, /* ended without a word: killed, or the machine went down; or its device was lost, which is its failure */
  FV_RUN_STOPPED,     /* ended by a person; everything is saved */
  FV_RUN_COMPLETED,
  FV_RUN_EARLY_STOP, /* ended by its patience */
  FV_RUN_FAILED,     /* said why */
} FvRunState;

#define FV_TYPE_RUN_STATE (fv_run_state_get_type ())
GType fv_run_state_get_type (void);

/* starting, running or stopping: a process works on it */
gboolean fv_run_state_is_active (FvRunState state);

/* What can be plotted over epochs. Losses carry their gains. */
typedef enum
{
  FV_SERIES_STEP_BOX, /* training losses of single batches, as step records have them */
  FV_SERIES_STEP_OBJ,
  FV_SERIES_STEP_CLS,
  FV_SERIES_TRAIN_BOX, /* means over an epoch's batches */
  FV_SERIES_TRAIN_OBJ,
  FV_SERIES_TRAIN_CLS,
  FV_SERIES_VAL_BOX,
  FV_SERIES_VAL_OBJ,
  FV_SERIES_VAL_CLS,
  FV_SERIES_PRECISION,
  FV_SERIES_RECALL,
  FV_SERIES_MAP50,
  FV_SERIES_MAP,
  FV_N_SERIES,
} FvRunSeries;

typedef struct
{
  const char *name;
  guint images, instances;
  double precision, recall, ap50, ap;
} FvRunClass;

typedef struct
{
  const char *id; /* "picture", "no-validation", "other-device", ... */
  const char *text;
} FvRunWarning;

guint fv_run_monitor_get_number (FvRunMonitor *self);
FvRunState fv_run_monitor_get_state (FvRunMonitor *self);
/* Whether its history is still being read, at first sight; state is a guess until then. */
gboolean fv_run_monitor_get_loading (FvRunMonitor *self);
/* The folder of the run. */
const char *fv_run_monitor_get_folder (FvRunMonitor *self);

/* What it was started with. NULL, 0 and '\0' where it never got so far as to say so (or an older version didn't). */
const FvRecipe *fv_run_monitor_get_recipe (FvRunMonitor *self);
/* 'n', 's', 'm', 'l', 'x' */
char fv_run_monitor_get_variant (FvRunMonitor *self);
FvRunStartKind fv_run_monitor_get_start_kind (FvRunMonitor *self);
/* (nullable): name, without folder, of the weight file that it started from */
const char *fv_run_monitor_get_start_file (FvRunMonitor *self);
/* Number of the run whose weights it started from; 0 = none. */
guint fv_run_monitor_get_start_run (FvRunMonitor *self);
const char *fv_run_monitor_get_device (FvRunMonitor *self);
guint fv_run_monitor_get_images (FvRunMonitor *self);
guint fv_run_monitor_get_val_images (FvRunMonitor *self);
/* Bytes of device memory that it said to need; 0 = unknown */
guint64 fv_run_monitor_get_device_bytes (FvRunMonitor *self);
/* (transfer full) (nullable): when it began; UTC */
GDateTime *fv_run_monitor_get_started (FvRunMonitor *self);

/* While it starts: how many kernels it has timed for this device, of so many. FALSE: that is over, or was never needed. */
gboolean fv_run_monitor_get_preparing (FvRunMonitor *self, guint *done, guint *total);
/* Where it stands. The epoch being trained, from 0 to epochs, which is the number that the recipe has. */
guint fv_run_monitor_get_epoch (FvRunMonitor *self);
guint fv_run_monitor_get_epochs (FvRunMonitor *self);
/* Batches of that epoch that are done. */
guint fv_run_monitor_get_step (FvRunMonitor *self);
/* Whether the epoch's batches are done and its validation goes on. */
gboolean fv_run_monitor_get_validating (FvRunMonitor *self);
/* 0..1 of its whole time, as far as can be told. */
double fv_run_monitor_get_fraction (FvRunMonitor *self);
/* Until its last epoch ends, validations included, as of now; NaN = unknown. */
double fv_run_monitor_get_seconds_left (FvRunMonitor *self);
/* Spent so far, pauses between an end and a resume left out. */
double fv_run_monitor_get_seconds (FvRunMonitor *self);
/* Of the last batches; 0 = unknown */
double fv_run_monitor_get_images_per_second (FvRunMonitor *self);

/*
 * A curve. @x (transfer none): epochs done at the point, so that 1 is the end of the first; @y (transfer none): the values, NaN where one
 * was not finite. Both optional, NULL where the series is empty. Returns the number of points, by rising x.
 */
guint fv_run_monitor_get_series (FvRunMonitor *self, FvRunSeries series, const double **x, const double **y);

/* -1 = none yet. By fitness as in YOLOv5 (0.1 mAP50 + 0.9 mAP50-95); where nothing is validated, the last one. */
gint64 fv_run_monitor_get_best_epoch (FvRunMonitor *self);
/* Of the best epoch; NaN = nothing was validated */
double fv_run_monitor_get_map50 (FvRunMonitor *self);
double fv_run_monitor_get_map (FvRunMonitor *self);
double fv_run_monitor_get_precision (FvRunMonitor *self);
double fv_run_monitor_get_recall (FvRunMonitor *self);
/* (transfer none) (nullable): per class at the best epoch; @n classes */
const FvRunClass *fv_run_monitor_get_classes (FvRunMonitor *self, guint *n);

/* (transfer none) (nullable): each once, oldest first */
const FvRunWarning *fv_run_monitor_get_warnings (FvRunMonitor *self, guint *n);
/* (nullable): why it failed, and what to do about it, sentences for the person; id as in the event stream */
const char *fv_run_monitor_get_failure (FvRunMonitor *self);
const char *fv_run_monitor_get_failure_hint (FvRunMonitor *self);
const char *fv_run_monitor_get_failure_id (FvRunMonitor *self);

/* Whether fv_run_launcher_resume_async() can go on with it: it ended before its last epoch and has a checkpoint. */
gboolean fv_run_monitor_get_can_resume (FvRunMonitor *self);
/* (nullable): path of best.safetensors, NULL before the first epoch has ended */
const char *fv_run_monitor_get_best_weights (FvRunMonitor *self);
/* (nullable): path of last.safetensors */
const char *fv_run_monitor_get_last_weights (FvRunMonitor *self);

G_END_DECLS

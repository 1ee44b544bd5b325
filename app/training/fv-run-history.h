/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/fv-run-monitor.h"
#include "app/training/fv-run-record.h"

G_BEGIN_DECLS

/*
 * What a run's records come to, taken in one by one: curves, where it stands, how long it takes. Data only: no file, no lock, no clock.
 */

/* How the stream ends so far. */
typedef enum
{
  FV_HISTORY_OPEN, /* in the middle of things */
  FV_HISTORY_FINISHED,
  FV_HISTORY_FAILED,
} FvHistoryEnd;

/* Points of a curve; all curves of a kind share their x. */
typedef struct
{
  GArray *x;    /* of double */
  GArray *y[7]; /* of double */
} FvCurves;

typedef struct
{
  guint epoch;
  GArray *classes; /* of FvRunClass */
} FvValidated;

typedef struct
{
  FvRecordStart *start; /* (nullable) */
  gint64 started;       /* microseconds since 1970, 0 = never */
  gint64 last_time;     /* of the last record */

  GArray *steps;        /* of FvHistoryStep, as step_curves */
  FvCurves step_curves; /* box, obj, cls */
  FvCurves mean_curves; /* box, obj, cls, by epoch */
  FvCurves val_curves;  /* box, obj, cls, precision, recall, map50, map */
  GArray *validated;    /* of FvValidated, as val_curves */
  GStringChunk *names;  /* of classes */

  guint prepared, to_prepare; /* kernels, before the first batch; 0 of 0: it is past that */
  guint epoch, step;        /* the next batch */
  guint steps_per_epoch;    /* 0 = not said yet */
  gboolean trained;         /* a batch since it was started or resumed */
  double images_per_second;
  double sums[3]; /* over the step records of the epoch */
  guint n_sums;

  gint64 best_epoch;
  FvHistoryEnd end;
  char *reason;
  char *failure_id, *failure, *hint;
  GArray *warnings; /* of FvRunWarning */

  /* Times. */
  double seconds;    /* spent, up to mark */
  gint64 mark;       /* until when they are counted; 0 = between an end and a resume */
  gint64 step_time;  /* when the last batch came back, 0 = not comparable with the next */
  double batch[16];  /* seconds of each of the last batches, a ring */
  guint n_batch;     /* that were put into it */
  gint64 epoch_time; /* when the last batch of an epoch came back; 0 = it is not the epoch before */
  double validation; /* seconds from an epoch's last batch to the next epoch's first, with a validation; NaN: unknown */
  gboolean validation_counted; /* else it is only how long the first one took */
  double pause;      /* the same without */
  gboolean had_validation;
} FvRunHistory;

typedef struct
{
  guint epoch, step;
} FvHistoryStep;

void fv_run_history_init (FvRunHistory *self);
void fv_run_history_clear (FvRunHistory *self);
/* Takes @record's contents. */
void fv_run_history_add (FvRunHistory *self, FvRunRecord *record);

guint fv_run_history_get_series (const FvRunHistory *self, FvRunSeries series, const double **x, const double **y);
/* (nullable): index of the best epoch among the validated ones. */
gboolean fv_run_history_get_best (const FvRunHistory *self, guint *index);

/* Whether the epoch's batches are all done and its validation is outstanding. @recipe: of the run. */
gboolean fv_run_history_is_validating (const FvRunHistory *self, const FvRecipe *recipe);
/* NaN: unknown. @now as of the last record where the run is not active. */
double fv_run_history_get_seconds_left (const FvRunHistory *self, const FvRecipe *recipe, gint64 now);
/* 0..1 of the time of the whole run. */
double fv_run_history_get_fraction (const FvRunHistory *self, const FvRecipe *recipe, gint64 now);

G_END_DECLS

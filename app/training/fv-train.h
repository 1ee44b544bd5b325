/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/exchange/fv-weights.h"
#include "app/training/fv-run-start.h"
#include "app/training/fv-run.h"

#include <stdio.h>

G_BEGIN_DECLS

/*
 * The run loop: from a run's folder with its recipe and data to trained weights.
 */

#define FV_TRAIN_ERROR (fv_train_error_quark ())
GQuark fv_train_error_quark (void);

typedef enum
{
  FV_TRAIN_ERROR_DATA,       /* nothing to train on */
  FV_TRAIN_ERROR_NOT_FINITE, /* losses or gradients ran away, also after the run had gone back and on with lower learning rates */
} FvTrainError;

typedef enum
{
  FV_TRAIN_COMPLETED,
  FV_TRAIN_EARLY_STOP,
  FV_TRAIN_STOPPED, /* cancelled; a checkpoint was saved */
} FvTrainReason;

/* "completed", "early-stop", "stopped" */
const char *fv_train_reason_to_string (FvTrainReason reason);

typedef struct
{
  gboolean preparing; /* before the first step: @step of @steps kernels were timed for the device; epoch and all below are not set */
  gboolean validating;
  guint epoch, epochs;
  guint step, steps; /* of this epoch's batches, or of the validation's pictures */
  double losses[3];  /* box, obj, cls of the epoch so far */
  double map50, map; /* of the last validation; NaN before the first */
  double images_per_second;
} FvTrainStatus;

typedef void (*FvTrainStatusFunc) (const FvTrainStatus *status, gpointer user_data);
/* A remark for the person; it is a warning in the event stream, too. */
typedef void (*FvTrainWarningFunc) (const char *text, gpointer user_data);

typedef struct
{
  FvDevice *device;
  FvRun *run;
  FvDataset *dataset;
  const FvRecipe *recipe;
  const FvWeights *weights;   /* (nullable): where to start from; NULL = a new network of @variant */
  char variant;               /* 'n', 's', 'm', 'l' or 'x'; only without @weights */
  FvRunStartKind start;       /* what @weights are, for the event stream only */
  const char *start_file;     /* (nullable): their file; only its name is written */
  guint start_run;            /* or the run that they are of */
  const char *rates;          /* (nullable): the file of fv-rates.h that the run's speed is kept in */
  FvRunPlan *plan;            /* (nullable): that of run @plan_run, to be repeated; its kernels are taken; not read with @resume */
  guint plan_run;
  const char *kernels;        /* (nullable): the file of fv-kernels.h that the device's choices are kept in; NULL = nothing is timed */
  double tune_seconds;        /* to spend at most on timing kernels; less than 0 = by what the run takes */
  gboolean resume;            /* go on from the run's last.ckpt; @weights and @variant are not read */
  FILE *events_copy;          /* (nullable) */
  FvTrainStatusFunc status;   /* (nullable): called after each batch, in the calling thread */
  FvTrainWarningFunc warning; /* (nullable) */
  gpointer user_data;         /* of both */
  GCancellable *cancellable;  /* (nullable): ends the run after the batch in hand, with a checkpoint */
} FvTrainParams;

typedef struct
{
  FvTrainReason reason;
  gint64 best_epoch;        /* -1: no epoch was finished */
  double map50, map;        /* of the best epoch; NaN where nothing was validated */
  double images_per_second; /* of training, validation left out */
  double seconds;           /* in all, the parts before a resume included */
  guint64 peak_device_bytes;
  guint micro_batch; /* pictures at a time on the device */
} FvTrainResult;

/* Whether there is anything to train on. Errors: FV_TRAIN_ERROR_DATA. */
gboolean fv_train_check_data (FvDataset *dataset, GError **error);

/*
 * Trains. A failure is an event (run-failed) and an error alike; what was saved stays. Blocks; one thread.
 * Errors: FV_TRAIN_ERROR, FV_DEVICE_ERROR, FV_EXCHANGE_ERROR, FV_CHECKPOINT_ERROR, G_FILE_ERROR, G_IO_ERROR.
 */
gboolean fv_train (const FvTrainParams *params, FvTrainResult *result, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/fv-checkpoint.h"
#include "app/training/fv-events.h"
#include "compute/nets/fv-trainer.h"

G_BEGIN_DECLS

/*
 * Losses come back from the device some batches after they were submitted; this remembers what was submitted, counts what came back, and
 * writes the step records.
 */

/* A batch as it was submitted. */
typedef struct
{
  guint epoch, step, steps;
  guint n, parts;              /* pictures; calls of fv_trainer_accumulate() that they took, see fv-micro-batch.h */
  double lr;                   /* of the weights */
  double disk, decode;         /* seconds that the device had nothing to do until this batch was read, and decoded */
  double device;               /* seconds that this batch waited for the device */
} FvStepRecord;

typedef struct _FvStepLog FvStepLog;

/* @period: batches from one step record to the next. */
FvStepLog *fv_step_log_new (FvEvents *events, guint period);
void fv_step_log_free (FvStepLog *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvStepLog, fv_step_log_free)

/* In the order of fv_trainer_accumulate(), after the batch's last part and before anything is collected of it. */
void fv_step_log_push (FvStepLog *self, const FvStepRecord *record);

/*
 * Takes everything that @trainer has finished into @progress (loss_sums, pictures) and the event stream.
 * Errors: FV_TRAIN_ERROR_NOT_FINITE, G_IO_ERROR.
 */
gboolean fv_step_log_collect (FvStepLog *self, FvTrainer *trainer, FvProgress *progress, GError **error);

/* Waits for @trainer and forgets what was submitted and has not been taken in. Errors: FV_DEVICE_ERROR. */
gboolean fv_step_log_drop (FvStepLog *self, FvTrainer *trainer, GError **error);

/* Batches of the epoch whose losses have come back, and pictures per second over the last few. */
guint fv_step_log_get_done (const FvStepLog *self);
double fv_step_log_get_rate (const FvStepLog *self);
/* A new epoch, or a resumed one of which @done batches are in the sums already. */
void fv_step_log_start_epoch (FvStepLog *self, guint done);

G_END_DECLS

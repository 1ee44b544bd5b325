/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/fv-checkpoint.h"
#include "app/training/fv-run.h"

G_BEGIN_DECLS

/*
 * What a run goes back to when its losses or gradients are not finite any more: the start of the epoch, whatever checkpoints were written
 * since, so that two runs that run away at the same batch go on from the same numbers. While last.ckpt lies within an epoch, the epoch's start
 * is kept beside it as epoch.ckpt.
 */

/* What the learning rates are multiplied by then. */
#define FV_SETBACK_FACTOR 0.1

/*
 * Whether all that a checkpoint or a weight file would hold of @model is finite. Errors: FV_TRAIN_ERROR_NOT_FINITE, FV_DEVICE_ERROR,
 * G_FILE_ERROR_NOMEM.
 */
gboolean fv_setback_check (FvModel *model, GError **error);

/* Before last.ckpt, of an epoch's start, is replaced by one from within the epoch. Errors: G_IO_ERROR. */
gboolean fv_setback_keep (const FvRun *run, GError **error);
/* Once last.ckpt is of an epoch's start itself. */
void fv_setback_drop (const FvRun *run);
/* The epoch's start; of a run that never kept one, last.ckpt. Errors: G_FILE_ERROR, FV_CHECKPOINT_ERROR, FV_EXCHANGE_ERROR. */
FvCheckpoint *fv_setback_open (const FvRun *run, GError **error);

G_END_DECLS

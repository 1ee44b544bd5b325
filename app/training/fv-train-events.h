/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/fv-checkpoint.h"
#include "app/training/fv-events.h"
#include "app/training/fv-train.h"
#include "app/training/fv-validate.h"

G_BEGIN_DECLS

/* The records of the run loop in the event stream, beside those of fv-step-log.h. All errors: G_IO_ERROR. */

typedef struct
{
  FvDevice *device;
  const FvRecipe *recipe;
  guint images, val_images;
  char variant;
  FvRunStartKind start;
  const char *start_file; /* (nullable) */
  guint start_run;
  guint transferred, total; /* tensors of the weights that it started from; 0 of 0 from scratch */
  guint64 device_bytes;     /* what the run needs */
  double seconds_per_epoch; /* NaN: not known */
  guint micro_batch;        /* pictures at a time */
  const char *split;        /* hash of the split, see fv-project-splits.h */
} FvStartRecord;

gboolean fv_train_events_started (FvEvents *events, const FvStartRecord *record, GError **error);
/* Before the first step: kernels that were timed for this device, of so many. */
gboolean fv_train_events_preparing (FvEvents *events, guint done, guint total, GError **error);
/* All records at or beyond that point are superseded: after a resume, or where a run went back. @rate_factor: see FvProgress. */
gboolean fv_train_events_resumed (FvEvents *events, guint epoch, guint step, double rate_factor, GError **error);
/* @evaluation (nullable): without it there is no per_class. */
gboolean fv_train_events_validation (FvEvents *events, const FvEpochRecord *record, const FvEvaluation *evaluation,
                                     char **class_names, GError **error);
/* @epoch, @step: where the run goes on from there. */
gboolean fv_train_events_checkpoint (FvEvents *events, guint epoch, guint step, GError **error);
gboolean fv_train_events_warning (FvEvents *events, const char *id, const char *text, GError **error);
gboolean fv_train_events_finished (FvEvents *events, const char *reason, const FvProgress *progress, GError **error);
/* What went wrong, with advice. Best effort: a stream that can't be written is passed over. */
void fv_train_events_failed (FvEvents *events, guint run, const FvRecipe *recipe, const GError *failure);

/* (transfer full): one sentence on what to do about @failure. */
char *fv_train_advise (guint run, const FvRecipe *recipe, const GError *failure, const char **id);

G_END_DECLS

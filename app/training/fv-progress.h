/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* What an epoch came to. Losses with their gains: box, obj, cls. */
typedef struct
{
  guint epoch;
  double train[3];    /* means over the epoch's batches */
  gboolean validated; /* whether the rest holds anything */
  double val[3];
  double precision, recall, map50, map;
} FvEpochRecord;

/* Where a run stands, between two batches. */
typedef struct
{
  guint epoch, step;  /* the next batch; step = batches of an epoch: its validation is outstanding */
  gint64 last_update; /* batch, counted over all epochs, of the last update; -1 before the first */
  guint64 updates;
  double loss_sums[3]; /* over the batches of the epoch so far */
  double rate_factor;  /* of every learning rate: 1, or less since the run went back from losses that were not finite */
  double best_fitness;
  gint64 best_epoch;    /* -1: none yet */
  guint64 pictures;     /* trained on so far */
  double train_seconds; /* spent on them, validation left out */
  double seconds;       /* spent in all */
  char *finished;       /* (nullable): the reason why the run is over */
  GArray *history;      /* of FvEpochRecord, by epoch */
} FvProgress;

void fv_progress_init (FvProgress *self);
void fv_progress_clear (FvProgress *self);
/* (nullable): the record of the best epoch, NULL when there is none yet. */
const FvEpochRecord *fv_progress_get_best (const FvProgress *self);

/* Takes over a copy of everything. @to is initialised. */
void fv_progress_copy (const FvProgress *from, FvProgress *to);

/*
 * Judges an epoch by its fitness, 0.1 mAP50 + 0.9 mAP50-95 with greater being better: as in v7.0 an equal one counts as progress. Updates best_epoch
 * and best_fitness. Returns whether @patience epochs (0 = any number) went by without progress.
 */
gboolean fv_progress_judge (FvProgress *self, guint epoch, double fitness, guint patience);

/* Every bit of every number survives the way there and back; NaN only in losses of an epoch. */
JsonNode *fv_progress_to_json (const FvProgress *self);
/* @self is initialised. FALSE: @object is not what fv_progress_to_json() writes. */
gboolean fv_progress_read_json (FvProgress *self, JsonObject *object);

G_END_DECLS

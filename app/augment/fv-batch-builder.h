/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/augment/fv-augment-policy.h"
#include "app/dataset/fv-letterbox.h"
#include "app/project/fv-dataset.h"
#include "compute/nets/fv-trainer.h"

G_BEGIN_DECLS

/*
 * Batches of a dataset, decoded and laid out by worker threads ahead of the device.
 *
 *   FvBatchBuilder *builder = fv_batch_builder_new (dataset, items, n_items, &(FvBatchBuilderParams) { .policy = &policy,
 *     .imgsz = 640, .seed = 0 });
 *   fv_batch_builder_start_epoch (builder, epoch, order, n_items);
 *   while ((batch = fv_batch_builder_next (builder, 16, &error)))
 *     { fv_trainer_accumulate (trainer, &batch->batch, &error); fv_built_batch_free (batch); }
 *
 * What a sample becomes depends on the seed, the epoch and its position in the order alone, never on the number of workers.
 * A picture that can't be decoded is reported once and stands as an empty grey picture without boxes.
 * One thread at a time calls these functions, and the report comes in that thread, from fv_batch_builder_next().
 */

typedef void (*FvPictureReport) (const char *path, const char *reason, gpointer user_data);

typedef struct {
  const FvAugmentPolicy *policy;  /* (nullable): copied; NULL = no augmentation: resized as for validation, letterboxed */
  guint imgsz;                    /* pixels; the input's side */
  guint64 seed;
  guint n_workers;                /* 0 = 2 */
  gsize pool_bytes;               /* of decoded pictures kept; 0 = 1 GiB */
  guint ahead;                    /* samples built ahead at most; 0 = 32 */
  FvPictureReport report;         /* (nullable) */
  gpointer report_data;
  /* (nullable): whether whom the batches are for still has work, so that waiting keeps nobody. In the thread of fv_batch_builder_next(). */
  gboolean (*is_busy) (gpointer busy_data);
  gpointer busy_data;
} FvBatchBuilderParams;

typedef struct {
  FvBatch batch;                  /* points into memory of this struct */
  guint first;                    /* position of the first sample in the epoch's order */
  const guint *items;             /* [batch.n]: indices into the dataset of the samples' (first) pictures */
  const FvLetterbox *letterboxes; /* [batch.n] without policy, else NULL */
} FvBuiltBatch;

typedef struct {
  double disk, decode;            /* seconds that fv_batch_builder_next() has waited for either while nobody was busy, since the start */
  guint64 pool_hits, pool_misses;
  gsize pool_bytes, pool_peak_bytes;
} FvBatchBuilderStats;

typedef struct _FvBatchBuilder FvBatchBuilder;

/* @items: indices into the dataset's items that samples and mosaics are drawn from; copied. */
FvBatchBuilder *fv_batch_builder_new         (FvDataset *dataset, const guint *items, guint n_items,
                                              const FvBatchBuilderParams *params);
void            fv_batch_builder_free        (FvBatchBuilder *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvBatchBuilder, fv_batch_builder_free)

/* Only without policy: the input shape of each position of the order, [n] of width, height; copied. Call it before
 * fv_batch_builder_start_epoch(). Without it, every input is imgsz square. All samples of a batch must have the same. */
void            fv_batch_builder_set_shapes  (FvBatchBuilder *self, const guint (*shapes)[2], guint n);

/* Only with policy: another one for what is started from now on; pictures that were decoded stay. Drops what was built. */
void            fv_batch_builder_set_policy  (FvBatchBuilder *self, const FvAugmentPolicy *policy);

/* @order: indices into the dataset, in the order of the epoch; copied. Drops what was built for another epoch. */
void            fv_batch_builder_start_epoch (FvBatchBuilder *self, guint epoch, const guint *order, guint n);
/* The same where only the positions @first .. @end - 1 are wanted: nothing beyond them is built. */
void            fv_batch_builder_start_range (FvBatchBuilder *self, guint epoch, const guint *order, guint first, guint end);
/* Goes to that position of the order. */
void            fv_batch_builder_seek        (FvBatchBuilder *self, guint position);
/* The next @batch_size samples, or those that are left; NULL without error when there are none, NULL with an error when
 * not one picture of the dataset could be read. */
FvBuiltBatch   *fv_batch_builder_next        (FvBatchBuilder *self, guint batch_size, GError **error);
void            fv_built_batch_free          (FvBuiltBatch *batch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvBuiltBatch, fv_built_batch_free)

void            fv_batch_builder_get_stats   (FvBatchBuilder *self, FvBatchBuilderStats *stats);

G_END_DECLS

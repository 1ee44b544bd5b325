/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/project/fv-dataset.h"
#include "app/training/fv-rates.h"
#include "compute/nets/fv-yolov5.h"

G_BEGIN_DECLS

/* What a run needs, by arithmetic: nothing is put on the device. */
typedef struct
{
  guint images, val_images;    /* to train on, to validate on */
  guint steps_per_epoch;       /* batches */
  guint micro_batch;           /* pictures at a time; the recipe's batch where a whole one fits */
  guint64 device_bytes;        /* at the run's peak */
  guint64 device_memory_bytes; /* that the device has */
  guint64 device_free_bytes;   /* of these, not taken by anybody just now */
  guint64 largest_bytes;       /* that are needed in one piece */
  guint64 aim_bytes;           /* of FvTrainerParams, so that it fits: the same bits, a little slower */
  gboolean fits;               /* else even one picture at a time doesn't */
  guint64 written_bytes;             /* to disk, when an epoch ends */
  double seconds_per_epoch, seconds; /* NaN = not known */
} FvEstimate;

/*
 * Everything but the times. @micro_batch: of a plan that is kept, or 0: the batch, or the largest equal parts of it (see fv-micro-batch.h) that
 * the device has room for and the recipe's micro_batch allows. Activations are kept where they have room, else made again for the backward pass;
 * a batch is divided only where that isn't enough. Errors: FV_TRAIN_ERROR_DATA.
 */
gboolean fv_estimate_init (FvEstimate *self, FvDevice *device, FvDataset *dataset, const FvRecipe *recipe,
                           const FvYolov5Config *config, guint micro_batch, GError **error);
/* Pictures at a time in a validation on @n: nothing is kept for a backward pass there, so twice as many have room. */
guint fv_estimate_val_batch (guint micro_batch, guint n);
/* Whether all pictures of a batch are on the device at once. */
gboolean fv_estimate_is_whole (const FvEstimate *self, const FvRecipe *recipe);
/* (transfer full): a sentence about a batch that goes through the device in parts. */
char *fv_estimate_describe_parts (const FvEstimate *self, const FvRecipe *recipe);
/* Fails with FV_DEVICE_ERROR_OUT_OF_MEMORY, and what to change, where it doesn't fit. */
gboolean fv_estimate_check (const FvEstimate *self, FvDevice *device, const FvRecipe *recipe, GError **error);
/* The times, by a rate of the recipe's picture size. */
void fv_estimate_set_rate (FvEstimate *self, const FvRecipe *recipe, const FvRate *rate);

/*
 * Trains a few batches of the dataset's pictures, and validates some, with a new network: at the recipe's sizes where that takes no more than
 * some seconds, else with smaller pictures and batches. @rate receives what that comes to at the recipe's picture size. What was measured is
 * kept in the file @rates (nullable). Blocks. Errors: FV_DEVICE_ERROR, FV_PICTURE_ERROR, G_IO_ERROR_CANCELLED.
 */
gboolean fv_measure (FvDevice *device, FvDataset *dataset, const FvRecipe *recipe, const FvYolov5Config *config,
                     const char *rates, GCancellable *cancellable, FvRate *rate, GError **error);

G_END_DECLS

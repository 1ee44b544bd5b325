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
  guint64 device_bytes;        /* at the run's peak */
  guint64 device_memory_bytes; /* that the device has */
  gboolean fits;
  guint64 written_bytes;             /* to disk, when an epoch ends */
  double seconds_per_epoch, seconds; /* NaN = not known */
} FvEstimate;

/* Everything but the times. Errors: FV_TRAIN_ERROR_DATA. */
gboolean fv_estimate_init (FvEstimate *self, FvDevice *device, FvDataset *dataset, const FvRecipe *recipe,
                           const FvYolov5Config *config, GError **error);
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

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/evaluation/fv-evaluator.h"
#include "app/project/fv-dataset.h"
#include "compute/nets/fv-predictor.h"

G_BEGIN_DECLS

/*
 * Runs a network over labelled pictures and counts: decode, letterbox, forward on the device, NMS, boxes back to original pixels, both
 * definitions of average precision. Geometry and thresholds are v7.0's val.py with a square letterbox.
 *
 *   FvValidator *validator = fv_validator_new (dataset, items, n_items, &(FvValidateParams){ .imgsz = 640 });
 *   each epoch:
 *     g_auto (FvValidation) result = { 0 };
 *     fv_validator_run (validator, predictor, cancellable, &result, &error);
 *
 * A validator keeps decoded pictures between runs, within pool_bytes.
 */

/* @done of @total pictures; in the thread of fv_validator_run(). */
typedef void (*FvValidateProgress) (guint done, guint total, gpointer user_data);
/* A picture that can't be decoded, once each. It is left out of the numbers. */
typedef void (*FvValidateReport) (const char *path, const char *reason, gpointer user_data);

/* Zero is the default of each field. */
typedef struct
{
  guint imgsz;      /* 0 = 640; the input's side in pixels, rounded up to a multiple of 32 */
  guint batch;      /* 0 = 32 */
  double conf, iou; /* 0 = 0.001 and 0.6 */
  guint max_det;    /* 0 = 300 */
  gboolean rect;    /* inputs of few rectangular shapes instead of the square */
  guint n_workers;  /* threads that decode, and threads for NMS; 0 = 2 */
  gsize pool_bytes; /* of decoded pictures kept; 0 = 1 GiB */
  /* (nullable): [classes of the network]: the dataset's class that each stands for, FV_NMS_NO_CLASS = none. Copied. NULL: the same. */
  const guint *class_map;
  guint n_class_map;
  FvValidateProgress progress; /* (nullable) */
  FvValidateReport report;     /* (nullable) */
  gpointer user_data;          /* of both */
} FvValidateParams;

typedef struct
{
  double box, obj,
      cls; /* means over the batches, gains included, as v7.0's val; 0 where the predictor computes no losses */
  guint n_unreadable; /* pictures left out */
  double seconds;
  FvEvaluation *evaluation; /* owned */
} FvValidation;

void fv_validation_clear (FvValidation *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FvValidation, fv_validation_clear)

typedef struct _FvValidator FvValidator;

/* @items: indices into the dataset; copied. At least one. */
FvValidator *fv_validator_new (FvDataset *dataset, const guint *items, guint n_items, const FvValidateParams *params);
void fv_validator_free (FvValidator *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvValidator, fv_validator_free)

/*
 * Blocks. @predictor's network has as many classes as the class map, or else as the dataset. @cancellable (nullable) is asked before each batch.
 * Errors: FV_DEVICE_ERROR, G_IO_ERROR_CANCELLED, FV_PICTURE_ERROR where not one picture could be read.
 */
gboolean fv_validator_run (FvValidator *self, FvPredictor *predictor, GCancellable *cancellable, FvValidation *out,
                           GError **error);

/* One run of a validator made for it. */
gboolean fv_validate (FvPredictor *predictor, FvDataset *dataset, const guint *items, guint n_items,
                      const FvValidateParams *params, GCancellable *cancellable, FvValidation *out, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/augment/fv-augment-geometry.h"
#include "app/augment/fv-batch-builder.h"

G_BEGIN_DECLS

/* What a worker of the batch builder makes, and a batch put together of them. Private to this folder. */

typedef struct
{
  guint item; /* index into the dataset */
  FvAugmented augmented;
  FvPicture *pictures[FV_AUGMENT_MAX_SOURCES]; /* of augmented.items; NULL where it could not be read */
  FvLetterbox letterbox;                       /* without policy */
} FvBuiltSample;

FvBuiltSample *fv_built_sample_new (guint item);
void fv_built_sample_free (FvBuiltSample *self);

typedef struct _FvBatchMaker FvBatchMaker;

FvBatchMaker *fv_batch_maker_new (guint n_samples);
/* Takes the sample. @letterboxed: without policy. */
void fv_batch_maker_add (FvBatchMaker *self, FvBuiltSample *sample, gboolean letterboxed);
/* (transfer full): takes the maker. */
FvBuiltBatch *fv_batch_maker_finish (FvBatchMaker *self, guint first, guint width, guint height);

G_END_DECLS

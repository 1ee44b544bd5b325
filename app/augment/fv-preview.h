/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/augment/fv-batch-builder.h"
#include "compute/device/fv-device.h"

G_BEGIN_DECLS

/*
 * Training samples to look at: the batch builder and the augment operator of training, and the pixels back. Decoded pictures are kept from one call
 * to the next, whatever the policy.
 */

typedef struct
{
  FvDataset *dataset;
  const guint *items; /* indices into the dataset that samples and mosaics are drawn from; copied */
  guint n_items;
  guint imgsz;        /* side of the samples, pixels */
  guint64 seed;
  gsize pool_bytes;   /* of decoded pictures kept; 0 = 256 MiB */
} FvPreviewParams;

typedef struct
{
  const FvAugmentPolicy *policy;
  guint epoch;
  const guint *order; /* the epoch's, as training has it: indices into the dataset, [n_items] */
  guint first, count; /* positions in the order, from the beginning again where they are beyond the end */
  gboolean floats;    /* the network's input itself instead of 8-bit RGB */
} FvPreviewQuery;

typedef struct
{
  guint item;    /* index into the dataset of the sample's own picture */
  GArray *boxes; /* (element-type FvBox): pixels of the sample, what the loss is given */
} FvPreviewed;

typedef struct _FvPreview FvPreview;

/* Errors: FV_DEVICE_ERROR. One thread at a time. */
FvPreview *fv_preview_new (FvDevice *device, const FvPreviewParams *params, GError **error);
void fv_preview_free (FvPreview *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvPreview, fv_preview_free)

/*
 * Makes the samples one after the other. @pixels becomes [count][imgsz][imgsz][3], or with floats [count][imgsz + 4][imgsz + 4][4] as fv_augment() has
 * them. (transfer full) (element-type FvPreviewed). Errors: FV_DEVICE_ERROR; FV_PICTURE_ERROR when no picture can be read.
 */
GPtrArray *fv_preview_make (FvPreview *self, const FvPreviewQuery *query, GByteArray *pixels, GError **error);

/* (nullable): a sentence about the first picture that could not be read; it is grey, without boxes. */
const char *fv_preview_get_problem (FvPreview *self);

G_END_DECLS

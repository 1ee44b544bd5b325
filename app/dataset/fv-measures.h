/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/project/fv-dataset.h"

G_BEGIN_DECLS

/*
 * What can be told from the pixels of each picture: how it looks, and a hash that pictures which look alike share most bits of.
 *
 *   g_autoptr (FvMeasures) measures = fv_measure_pictures (dataset, &(FvMeasureParams){ 0 }, &error);
 *   const FvMeasure *measure = &measures->all[i];   // of the i-th item
 *
 * Measured on a copy of the picture with at most FV_MEASURE_SIDE pixels on its longer side. Kept in the user's cache folder by the
 * picture's content, so that each picture is decoded for this once.
 */

#define FV_MEASURE_SIDE 256
/* Rows and columns of the thumbnail that near-duplicates are compared by. */
#define FV_MEASURE_THUMBNAIL 8

typedef struct
{
  guint64 hash;     /* the signs of low frequencies: the pHash of C. Zauner (2010), 64 coefficients without the mean */
  float brightness; /* mean of the luma, 0..1 */
  float contrast;   /* its standard deviation, 0..1 */
  float saturation; /* mean of (max - min) / max over red, green and blue, 0..1 */
  float sharpness;  /* variance of the luma's Laplacian (0..255); J. Pech-Pacheco et al., ICPR 2000 */
  float red, green, blue;                                        /* means, 0..1 */
  guint8 thumbnail[FV_MEASURE_THUMBNAIL * FV_MEASURE_THUMBNAIL]; /* luma, row by row */
  gboolean readable; /* FALSE: the file can't be read as a picture any more, and nothing above says anything */
} FvMeasure;

typedef struct
{
  guint n;
  FvMeasure *all; /* [n], in the order of the dataset's items */
} FvMeasures;

/* fraction is 0..1. In the thread of fv_measure_pictures(). */
typedef void (*FvMeasureProgress) (double fraction, gpointer user_data);

typedef struct
{
  FvMeasureProgress progress;
  gpointer user_data;
  GCancellable *cancellable;
} FvMeasureParams;

/* Several threads decode meanwhile. A cache that can't be used is done without. Errors: G_IO_ERROR_CANCELLED. */
FvMeasures *fv_measure_pictures (const FvDataset *dataset, const FvMeasureParams *params, GError **error);
void fv_measures_free (FvMeasures *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvMeasures, fv_measures_free)

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/project/fv-dataset.h"

G_BEGIN_DECLS

/*
 * From a dataset to a folder that other programs read: the labels in a format of theirs, and the pictures with them.
 *
 *   FvExportReport report;
 *   if (!fv_export_dataset (dataset, &(FvExportParams){ .format = "coco", .output = "/data/cells" }, &report, &error))
 *     return FALSE;
 *
 * The folder appears whole or not at all, and nothing is overwritten. Pictures are copied as they are, EXIF's orientation
 * included; sizes and coordinates are those of the upright picture. What is a page of a file, or seen through a window of
 * its 16 bits, is written as a PNG of 8 bits, upright. Pictures keep their names as far as these are unique and all
 * systems know them.
 */

#define FV_EXPORT_ERROR (fv_export_error_quark ())
GQuark fv_export_error_quark (void);

typedef enum
{
  FV_EXPORT_ERROR_FORMAT,  /* no format that can be written */
  FV_EXPORT_ERROR_EXISTS,  /* there is something where the folder is to be */
  FV_EXPORT_ERROR_EMPTY,   /* there is no picture to export */
  FV_EXPORT_ERROR_PICTURE, /* a picture can't be read */
  FV_EXPORT_ERROR_WRITE,   /* something can't be written */
} FvExportError;

/* fraction is 0..1 of the whole, what a word or two on it. Called in fv_export_dataset()'s own thread. */
typedef void (*FvExportProgress) (double fraction, const char *what, gpointer user_data);

typedef struct
{
  const char *format; /* a name of fv_export_formats */
  const char *output; /* the folder; absent or empty. Those above it are made */
  FvSubset subset;    /* this one alone; FV_SUBSET_NONE = all pictures */
  FvExportProgress progress;
  gpointer user_data;
  GCancellable *cancellable;
} FvExportParams;

typedef struct
{
  guint images;
  guint64 boxes;
  guint files;     /* written, those of the pictures included */
  guint converted; /* pictures written as PNG: pages, and 16 bits seen through a window */
  guint n_in_subset[FV_N_SUBSETS];
  guint64 ignored;          /* regions to be ignored, written */
  guint64 ignored_left_out; /* those that the format can't hold */
} FvExportReport;

/* Names of the formats that can be written, NULL-terminated. */
extern const char *const fv_export_formats[];

/* Errors: FV_EXPORT_ERROR, G_IO_ERROR_CANCELLED; then there is no folder. */
gboolean fv_export_dataset (const FvDataset *dataset, const FvExportParams *params, FvExportReport *report,
                            GError **error);

G_END_DECLS

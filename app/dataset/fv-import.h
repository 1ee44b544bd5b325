/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/project/fv-project.h"

G_BEGIN_DECLS

/*
 * From a folder of pictures and labels, an archive of such a folder, or videos, to the store.
 *
 *   g_autoptr (FvImportReport) report = fv_import (project, "/data/cells", &(FvImportParams){ 0 }, &error);
 *
 * Every label and file that can't be taken as it stands is a row of the report with file, line and reason: *repaired*
 * where something was changed so that it could be used, *rejected* where it was left out. One bad label never takes its
 * picture with it. The store gets the whole import or, on an error, nothing.
 *
 * What has to be taken apart (zip and tar archives, videos, folders with videos) is laid into the project, whether or not
 * pictures are to be copied, and imported from there; in a dry run into the cache, for as long as it lasts.
 */

#define FV_IMPORT_ERROR (fv_import_error_quark ())
GQuark fv_import_error_quark (void);

typedef enum
{
  FV_IMPORT_ERROR_SOURCE, /* the source is absent, can't be read, or holds nothing usable */
  FV_IMPORT_ERROR_FORMAT, /* no format that is known, or not what --format says */
  FV_IMPORT_ERROR_COPY,   /* a picture can't be copied into the project */
  FV_IMPORT_ERROR_CLASS,  /* a rule of classes fits no class, or is none */
  FV_IMPORT_ERROR_UNPACK, /* an archive or a video can't be taken apart */
} FvImportError;

/* fraction is 0..1 of the whole, what a word or two on it. Called in fv_import()'s own thread. */
typedef void (*FvImportProgress) (double fraction, const char *what, gpointer user_data);

typedef struct
{
  const char *format;    /* one of fv_import_formats(), NULL = find out from the content */
  const char *images;    /* folder of the pictures where they lie apart from the labels, else NULL */
  gboolean force_subset; /* every picture goes into subset, whatever the data say */
  FvSubset subset;
  const char *const *classes; /* (nullable) rules of fv_class_map_apply(), NULL-terminated */
  double fps;       /* frames a second that are taken of videos; 0 = 1, or the frames that CVAT's labels speak of */
  gboolean copy;    /* copy the pictures into the project's folder */
  gboolean dry_run; /* report only: nothing is written */
  FvImportProgress progress;
  gpointer user_data;
  GCancellable *cancellable;
} FvImportParams;

typedef struct
{
  char *format;       /* the name of the format */
  char *why;          /* what it was told by, for a format found out from the content, else NULL */
  FvDataset *dataset; /* what came in; ids are 0 */
  guint backgrounds;  /* pictures without a box */
  guint n_in_subset[FV_N_SUBSETS];
  gboolean split;      /* the data brought no subsets: fv_split_dataset() with its defaults made them */
  GPtrArray *repaired; /* of FvProblem, by the order of pictures, then lines */
  GPtrArray *rejected;
} FvImportReport;

/* Names of the formats that can be read, NULL-terminated, in the order of letters. */
const char *const *fv_import_formats (void);

/*
 * project is open for editing (for reading where dry_run). Several threads read pictures meanwhile; the report does not
 * depend on how many. Errors: FV_IMPORT_ERROR, FV_PROJECT_ERROR, G_IO_ERROR_CANCELLED.
 */
FvImportReport *fv_import (FvProject *project, const char *source, const FvImportParams *params, GError **error);
void fv_import_report_free (FvImportReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvImportReport, fv_import_report_free)

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/dataset/fv-importer.h"

G_BEGIN_DECLS

/*
 * Pictures by the names that files of labels give them, for formats where one file speaks of many: "a.jpg", "train/a.jpg",
 * "C:\data\a.jpg", also with folders that were another computer's. Only pictures of the import are found, never others of
 * the disk.
 *
 *   g_autoptr (FvPictureFinder) finder = fv_picture_finder_new (job->source, job->params->images);
 *   const char *picture = fv_picture_finder_find (finder, label, "train/a.jpg", FV_SUBSET_TRAIN, &reason);
 */
typedef struct _FvPictureFinder FvPictureFinder;

/*
 * Of the folder @images (nullable), else of the source; where the source is a file, of the folder that it lies in (of the one
 * above "annotations"). @source must live as long.
 */
FvPictureFinder *fv_picture_finder_new (const FvImportSource *source, const char *images);
void fv_picture_finder_free (FvPictureFinder *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvPictureFinder, fv_picture_finder_free)

/* The folder that all pictures lie in. */
const char *fv_picture_finder_root (const FvPictureFinder *self);
/* Their paths (const char *), bytewise sorted. */
const GPtrArray *fv_picture_finder_pictures (const FvPictureFinder *self);

/*
 * The picture that @label, a path, calls @name; of several that may be meant the one beside it, else the one in folders of
 * @subset. NULL with *reason, a sentence for a row of the report.
 */
const char *fv_picture_finder_find (const FvPictureFinder *self, const char *label, const char *name, FvSubset subset,
                                    char **reason);

/* A row for the pictures that no file of labels has named, where there are any. At the end of list(). */
void fv_picture_finder_report_rest (const FvPictureFinder *self, FvImportJob *job);

/* The subset that the path of a file says below the source, or its name: "instances_train2017.json". */
FvSubset fv_subset_of_label_file (const FvImportSource *source, const char *path);

G_END_DECLS

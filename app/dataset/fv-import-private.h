/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/dataset/fv-importer.h"

G_BEGIN_DECLS

/* What the parts of an import (fv-import.c) know of each other. */

/*
 * The importer called format (NULL: the first that knows the content, with what tells in *why). An error says which
 * formats there are, or that the source is of one that holds no boxes.
 */
const FvImporter *fv_import_choose (const FvImportSource *source, const char *format, char **why, GError **error);

void fv_import_job_progress (const FvImportJob *job, double fraction, const char *what);

/* The project's folder for what lay at root: the same source goes to the same folder when it is imported again. */
char *fv_import_copy_folder (const FvProject *project, const char *root);
/* Copies all pictures below folder; nothing of them stays on an error. */
gboolean fv_import_copy (const FvImportJob *job, FvDataset *dataset, const char *folder, GError **error);
/* Copies must be on the disk before the store says that they are; one flush of the file system serves them all. */
gboolean fv_import_flush (const char *folder, GError **error);

/* A source taken apart: an archive unpacked, videos as frames, with the other files of their folder beside. */
typedef struct _FvImportStage FvImportStage;

/*
 * *stage is NULL where the source of the job can be imported as it lies. Else it is laid into the project, below a name that its
 * files' paths, sizes and times make, so that the same comes to the same place; in a dry run into the cache. Errors:
 * FV_IMPORT_ERROR_UNPACK, G_IO_ERROR_CANCELLED; nothing of it then stays.
 */
gboolean fv_import_stage_new (const FvProject *project, FvImportJob *job, FvImportStage **stage, GError **error);
/* The folder to import from. */
const char *fv_import_stage_get_folder (const FvImportStage *self);
/* Paths in the cache, in rows of the report, become those that a person knows; so do paths in a sentence. */
void fv_import_stage_rename (const FvImportStage *self, GPtrArray *rows);
void fv_import_stage_rename_text (const FvImportStage *self, char **text /* (inout) */);
/* Whether what is there belongs to the project from now on; else the free takes away what was made. */
void fv_import_stage_keep (FvImportStage *self);
void fv_import_stage_free (FvImportStage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvImportStage, fv_import_stage_free)

/* Splits what came without subsets; pictures that the project has, and what is nearly one of them, stay where those are. */
gboolean fv_import_split (FvProject *project, FvDataset *dataset, const FvImportParams *params, GError **error);

/* The pages behind the first of a picture's file, as pictures of their own: "a.tif#2". A row where labels can't be of several. */
void fv_import_add_pages (FvImportJob *job, FvDataset *dataset, const FvItem *first, const FvImportEntry *entry);
/* Pictures with more than 8 bits a channel get the project's window, or one that fits all of them. */
gboolean fv_import_choose_window (FvProject *project, FvImportJob *job, GError **error);

G_END_DECLS

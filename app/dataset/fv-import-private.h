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

G_END_DECLS

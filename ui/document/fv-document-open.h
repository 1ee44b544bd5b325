/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/document/fv-document.h"

G_BEGIN_DECLS

/* Takes project, dataset and notice. Called by fv-document-open.c alone. */
FvDocument *fv_document_new_opened (FvProject *project, FvDataset *dataset, gboolean read_only, char *notice);

/* Any thread. Whether an import into the project at path was cancelled and has not come to its end yet. */
gboolean fv_document_is_unwinding (const char *path);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/document/fv-document.h"

G_BEGIN_DECLS

/* Takes project, dataset and notice. Called by fv-document-open.c alone. */
FvDocument *fv_document_new_opened (FvProject *project, FvDataset *dataset, gboolean read_only, char *notice);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/dataset/fv-import.h"

G_BEGIN_DECLS

/* The sentences of the pictures page, in the person's language. All (transfer full); any thread. */

/* "364 pictures, 4,888 boxes", or "87 of 364 pictures, 1,020 boxes" where a filter leaves some out. */
char *fv_pictures_text_shown (guint n_shown, guint n_pictures, guint64 n_boxes);
/* "2 labels were left out", "2 labels were repaired", or NULL where there is neither. */
char *fv_pictures_text_problems (guint n_rejected, guint n_repaired);
/* What came of an import: "364 pictures, 4,888 boxes and 3 classes were imported." and what was left out. */
char *fv_pictures_text_imported (const FvImportReport *report);
/* What the importer is doing, told by its own word for it. */
char *fv_pictures_text_progress (const char *what);

G_END_DECLS

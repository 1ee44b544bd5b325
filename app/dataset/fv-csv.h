/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Tables as text, row by row (RFC 4180; also with semicolons or tabs, whichever the first line has most of). Files may be of
 * any size; memory is that of one row.
 *
 *   g_autoptr (FvCsv) csv = fv_csv_open (path, &error);
 *   if (csv == NULL || !fv_csv_next (csv, &error))
 *     return FALSE;
 *   int name = fv_csv_find (csv, (const char *const[]){ "filename", "image", NULL });
 *   while (fv_csv_next (csv, &error))
 *     use (fv_csv_get_field (csv, name), fv_csv_get_line (csv));
 *   if (error != NULL) ...
 *
 * Errors: FV_IMPORT_ERROR_SOURCE with a sentence that names file and line: not to be read, not UTF-8, a quote that nothing
 * closes, a row longer than 1 MiB or of more than 10,000 fields.
 */
typedef struct _FvCsv FvCsv;

FvCsv *fv_csv_open (const char *path, GError **error);
void fv_csv_free (FvCsv *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvCsv, fv_csv_free)

/* The next row that has anything in it; FALSE at the end, or with @error. */
gboolean fv_csv_next (FvCsv *self, GError **error);
/* The line that the row begins in, from 1. */
guint fv_csv_get_line (const FvCsv *self);
guint fv_csv_get_n_fields (const FvCsv *self);
/* Without the quotes, and, where there were none, without white space around it; "" where the row is shorter. Until the next row. */
const char *fv_csv_get_field (const FvCsv *self, int index);
/* FALSE where the field is no number, wholly; it may be infinite or none. */
gboolean fv_csv_get_number (const FvCsv *self, int index, double *value);
/* The field of this row that is one of @names (NULL-terminated; small and capital ASCII letters alike), the first of @names first; -1. */
int fv_csv_find (const FvCsv *self, const char *const *names);

G_END_DECLS

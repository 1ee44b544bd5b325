/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/project/fv-project-private.h"
#include "app/project/fv-schema.h"

G_BEGIN_DECLS

/*
 * Statements and transactions, for the files that read and change the store. Errors: FV_PROJECT_ERROR.
 *
 *   if (!fv_sql_begin_edit (self, error))
 *     return FALSE;
 *   fv_sql_auto sqlite3_stmt *statement = fv_sql_prepare (self, "UPDATE ...", error);
 *   return fv_sql_end (self, statement != NULL && fv_sql_run (self, statement, error), error);
 */

/* (transfer full) (nullable) */
sqlite3_stmt *fv_sql_prepare (FvProject *self, const char *sql, GError **error);
void fv_sql_finalize (sqlite3_stmt **statement);
#define fv_sql_auto __attribute__ ((cleanup (fv_sql_finalize)))

/* Runs a statement that gives no row; it is ready again then, in a loop of many. */
gboolean fv_sql_run (FvProject *self, sqlite3_stmt *statement, GError **error);
/* Runs a statement that gives one number. */
gboolean fv_sql_run_for_id (FvProject *self, sqlite3_stmt *statement, gint64 *id, GError **error);
/* The next row; at the end *there is FALSE. */
gboolean fv_sql_next (FvProject *self, sqlite3_stmt *statement, gboolean *there, GError **error);

/* text must live until the statement has run; NULL is SQL's NULL. */
void fv_sql_bind_text (sqlite3_stmt *statement, int index, const char *text);
/* Never NULL; until the next row. */
const char *fv_sql_get_text (sqlite3_stmt *statement, int column);

/* A transaction that reads: what another program changes meanwhile is seen whole or not at all. */
gboolean fv_sql_begin (FvProject *self, GError **error);
/* A transaction that writes; an error where the project is open for reading only. */
gboolean fv_sql_begin_edit (FvProject *self, GError **error);
/* Ends either: keeps what was done when @done, else undoes it. Returns whether it was kept. */
gboolean fv_sql_end (FvProject *self, gboolean done, GError **error);

G_END_DECLS

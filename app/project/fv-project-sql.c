/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/project/fv-project-sql.h"

#include <glib/gi18n-lib.h>

sqlite3_stmt *
fv_sql_prepare (FvProject *self, const char *sql, GError **error)
{
  sqlite3_stmt *statement = NULL;
  if (sqlite3_prepare_v2 (self->db, sql, -1, &statement, NULL) != SQLITE_OK)
    fv_schema_fail (self->db, self->store, error);
  return statement;
}

void
fv_sql_finalize (sqlite3_stmt **statement)
{
  sqlite3_finalize (*statement);
}

gboolean
fv_sql_run (FvProject *self, sqlite3_stmt *statement, GError **error)
{
  gboolean done = sqlite3_step (statement) == SQLITE_DONE;
  if (!done)
    fv_schema_fail (self->db, self->store, error);
  sqlite3_reset (statement);
  return done;
}

gboolean
fv_sql_run_for_id (FvProject *self, sqlite3_stmt *statement, gint64 *id, GError **error)
{
  gboolean done = sqlite3_step (statement) == SQLITE_ROW;
  if (done)
    *id = sqlite3_column_int64 (statement, 0);
  else
    fv_schema_fail (self->db, self->store, error);
  sqlite3_reset (statement);
  return done;
}

gboolean
fv_sql_next (FvProject *self, sqlite3_stmt *statement, gboolean *there, GError **error)
{
  const int step = sqlite3_step (statement);
  *there = step == SQLITE_ROW;
  return *there || step == SQLITE_DONE || fv_schema_fail (self->db, self->store, error);
}

void
fv_sql_bind_text (sqlite3_stmt *statement, int index, const char *text)
{
  sqlite3_bind_text (statement, index, text, -1, SQLITE_STATIC);
}

const char *
fv_sql_get_text (sqlite3_stmt *statement, int column)
{
  const char *text = (const char *)sqlite3_column_text (statement, column);
  return text != NULL ? text : "";
}

/* Where undoing the last one has failed, too, that is made up for first. */
static gboolean
begin (FvProject *self, const char *sql, GError **error)
{
  return (sqlite3_get_autocommit (self->db) || fv_schema_run (self->db, self->store, "ROLLBACK", error))
         && fv_schema_run (self->db, self->store, sql, error);
}

gboolean
fv_sql_begin (FvProject *self, GError **error)
{
  return begin (self, "BEGIN", error);
}

gboolean
fv_sql_begin_edit (FvProject *self, GError **error)
{
  if (self->lock == NULL)
    {
      g_set_error (error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_READ_ONLY,
                   _ ("The project '%s' is open for reading only."), self->path);
      return FALSE;
    }
  return begin (self, "BEGIN IMMEDIATE", error);
}

gboolean
fv_sql_end (FvProject *self, gboolean done, GError **error)
{
  done = done && fv_schema_run (self->db, self->store, "COMMIT", error);
  if (!done && !sqlite3_get_autocommit (self->db))
    sqlite3_exec (self->db, "ROLLBACK", NULL, NULL, NULL);
  return done;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/project/fv-project-window.h"

#include "app/project/fv-project-sql.h"

gboolean
fv_project_get_window (FvProject *self, guint16 *low, guint16 *high, GError **error)
{
  fv_sql_auto sqlite3_stmt *statement
      = fv_sql_prepare (self, "SELECT low, high FROM pictures WHERE high > 0 ORDER BY id LIMIT 1", error);
  gboolean there;
  *low = *high = 0;
  if (statement == NULL || !fv_sql_next (self, statement, &there, error))
    return FALSE;
  if (there)
    {
      *low = (guint16)sqlite3_column_int (statement, 0);
      *high = (guint16)sqlite3_column_int (statement, 1);
    }
  return TRUE;
}

static gboolean
set_window (FvProject *self, guint16 low, guint16 high, GError **error)
{
  fv_sql_auto sqlite3_stmt *statement
      = fv_sql_prepare (self, "UPDATE pictures SET low = ?, high = ? WHERE high > 0", error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int (statement, 1, low);
  sqlite3_bind_int (statement, 2, high);
  return fv_sql_run (self, statement, error);
}

gboolean
fv_project_set_window (FvProject *self, guint16 low, guint16 high, guint *n_pictures, GError **error)
{
  g_return_val_if_fail (low < high, FALSE);
  if (!fv_sql_begin_edit (self, error))
    return FALSE;
  const gboolean done = set_window (self, low, high, error);
  *n_pictures = done ? (guint)sqlite3_changes (self->db) : 0;
  return fv_sql_end (self, done, error);
}

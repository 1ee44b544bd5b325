/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/project/fv-project-changes.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "app/exchange/fv-json.h"
#include "app/project/fv-project-sql.h"

/*
 * The state of a picture is a text: [subset, [class, x1, y1, x2, y2, ignored], ...], the class by its place in the project's list, numbers so that
 * they come back bit for bit.
 */

static void
append_box (GString *state, guint class_id, const double sides[4], gboolean ignored)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  g_string_append_printf (state, ",[%u", class_id);
  for (guint i = 0; i < 4; i++)
    g_string_append_printf (state, ",%s", g_ascii_dtostr (number, sizeof number, sides[i]));
  g_string_append_printf (state, ",%d]", ignored);
}

static void
append_boxes (GString *state, const GArray *boxes, gboolean ignored)
{
  for (guint i = 0; i < boxes->len; i++)
    {
      const FvBox *box = &g_array_index (boxes, FvBox, i);
      append_box (state, box->class_id, (const double[4]){ box->x1, box->y1, box->x2, box->y2 }, ignored);
    }
}

/* (transfer full) */
static char *
state_of_item (const FvItem *item)
{
  GString *state = g_string_new (NULL);
  g_string_append_printf (state, "[%d", item->subset);
  append_boxes (state, item->boxes, FALSE);
  append_boxes (state, item->ignored, TRUE);
  g_string_append_c (state, ']');
  return g_string_free (state, FALSE);
}

/* Statements that are run for picture after picture. */
typedef struct
{
  sqlite3_stmt *subset, *boxes;          /* read */
  sqlite3_stmt *assign, *clear, *insert; /* write */
} Statements;

static void
statements_clear (Statements *self)
{
  sqlite3_finalize (self->subset);
  sqlite3_finalize (self->boxes);
  sqlite3_finalize (self->assign);
  sqlite3_finalize (self->clear);
  sqlite3_finalize (self->insert);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Statements, statements_clear)

static gboolean
statements_init (Statements *self, FvProject *project, GError **error)
{
  return (self->subset = fv_sql_prepare (project, "SELECT subset FROM pictures WHERE id = ?", error)) != NULL
         && (self->boxes = fv_sql_prepare (project,
                                           "SELECT classes.position, x1, y1, x2, y2, ignored FROM boxes "
                                           "JOIN classes ON classes.id = class_id WHERE picture_id = ? "
                                           "ORDER BY ignored, boxes.position",
                                           error))
                != NULL
         && (self->assign = fv_sql_prepare (project, "UPDATE pictures SET subset = ?2 WHERE id = ?1", error)) != NULL
         && (self->clear = fv_sql_prepare (project, "DELETE FROM boxes WHERE picture_id = ?", error)) != NULL
         && (self->insert
             = fv_sql_prepare (project,
                               "INSERT INTO boxes (picture_id, position, class_id, x1, y1, x2, y2, ignored) "
                               "VALUES (?, ?, (SELECT id FROM classes WHERE position = ?), ?, ?, ?, ?, ?)",
                               error))
                != NULL;
}

/* (transfer full) (nullable): the state of a picture in the store; "" where there is no such picture. */
static char *
read_state (FvProject *project, Statements *statements, gint64 picture, GError **error)
{
  g_autoptr (GString) state = g_string_new (NULL);
  gboolean there;
  sqlite3_bind_int64 (statements->subset, 1, picture);
  if (!fv_sql_next (project, statements->subset, &there, error))
    return NULL;
  if (there)
    g_string_append_printf (state, "[%d", sqlite3_column_int (statements->subset, 0));
  sqlite3_reset (statements->subset);
  if (!there)
    return g_strdup ("");

  sqlite3_bind_int64 (statements->boxes, 1, picture);
  gboolean read;
  while ((read = fv_sql_next (project, statements->boxes, &there, error)) && there)
    {
      double sides[4];
      for (int i = 0; i < 4; i++)
        sides[i] = sqlite3_column_double (statements->boxes, 1 + i);
      append_box (state, (guint)sqlite3_column_int (statements->boxes, 0), sides,
                  sqlite3_column_int (statements->boxes, 5) != 0);
    }
  sqlite3_reset (statements->boxes);
  g_string_append_c (state, ']');
  return read ? g_strdup (state->str) : NULL;
}

static gboolean
write_box (FvProject *project, sqlite3_stmt *insert, gint64 picture, guint position, JsonArray *box, GError **error)
{
  sqlite3_bind_int64 (insert, 1, picture);
  sqlite3_bind_int64 (insert, 2, position);
  sqlite3_bind_int64 (insert, 3, json_array_get_int_element (box, 0));
  for (guint i = 0; i < 4; i++)
    sqlite3_bind_double (insert, 4 + (int)i, json_array_get_double_element (box, 1 + i));
  sqlite3_bind_int64 (insert, 8, json_array_get_int_element (box, 5));
  return fv_sql_run (project, insert, error);
}

static gboolean
write_state (FvProject *project, Statements *statements, gint64 picture, const char *state, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (JsonNode) node = fv_json_parse (state, strlen (state), 2, &local);
  JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  if (array == NULL || json_array_get_length (array) == 0)
    {
      g_set_error (error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_STORE,
                   _ ("The store '%s' is damaged: a change in it can't be read. Restore it from a copy."),
                   project->store);
      return FALSE;
    }
  sqlite3_bind_int64 (statements->assign, 1, picture);
  sqlite3_bind_int64 (statements->assign, 2, json_array_get_int_element (array, 0));
  sqlite3_bind_int64 (statements->clear, 1, picture);
  gboolean done = fv_sql_run (project, statements->assign, error) && fv_sql_run (project, statements->clear, error);
  for (guint i = 1; done && i < json_array_get_length (array); i++)
    done = write_box (project, statements->insert, picture, i - 1, json_array_get_array_element (array, i), error);
  return done;
}

/* Making a change */

static gboolean
add_change (FvProject *self, const GPtrArray *items, const char *what, GError **error)
{
  g_auto (Statements) statements = { 0 };
  gint64 id;
  if (!fv_schema_run (self->db, self->store, "DELETE FROM changes WHERE undone", error)
      || !statements_init (&statements, self, error))
    return FALSE;
  fv_sql_auto sqlite3_stmt *change
      = fv_sql_prepare (self, "INSERT INTO changes (time, what) VALUES (datetime ('now'), ?) RETURNING id", error);
  fv_sql_auto sqlite3_stmt *part
      = change != NULL ? fv_sql_prepare (
            self, "INSERT INTO change_pictures (change_id, picture_id, before, after) VALUES (?, ?, ?, ?)", error)
                       : NULL;
  if (part == NULL)
    return FALSE;
  fv_sql_bind_text (change, 1, what);
  if (!fv_sql_run_for_id (self, change, &id, error))
    return FALSE;
  for (guint i = 0; i < items->len; i++)
    {
      const FvItem *item = g_ptr_array_index (items, i);
      g_autofree char *before = read_state (self, &statements, item->id, error), *after = state_of_item (item);
      if (before == NULL || !write_state (self, &statements, item->id, after, error))
        return FALSE;
      sqlite3_bind_int64 (part, 1, id);
      sqlite3_bind_int64 (part, 2, item->id);
      fv_sql_bind_text (part, 3, before);
      fv_sql_bind_text (part, 4, after);
      if (!fv_sql_run (self, part, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
fv_project_change (FvProject *self, const GPtrArray *items, const char *what, GError **error)
{
  return fv_sql_begin_edit (self, error) && fv_sql_end (self, add_change (self, items, what, error), error);
}

/* Undoing and redoing */

/* The number and text of the change to go from; *what NULL where there is none. */
static gboolean
find_change (FvProject *self, gboolean undo, gint64 *id, char **what, GError **error)
{
  fv_sql_auto sqlite3_stmt *statement
      = fv_sql_prepare (self,
                        undo ? "SELECT id, what FROM changes WHERE NOT undone ORDER BY id DESC LIMIT 1"
                             : "SELECT id, what FROM changes WHERE undone ORDER BY id LIMIT 1",
                        error);
  gboolean there;
  if (statement == NULL || !fv_sql_next (self, statement, &there, error))
    return FALSE;
  if (there)
    {
      *id = sqlite3_column_int64 (statement, 0);
      *what = g_strdup (fv_sql_get_text (statement, 1));
    }
  return TRUE;
}

static gboolean
move_picture (FvProject *self, Statements *statements, gint64 picture, const char *name, const char *from,
              const char *to, GError **error)
{
  g_autofree char *now = read_state (self, statements, picture, error);
  if (now == NULL)
    return FALSE;
  if (strcmp (now, from) != 0)
    {
      g_set_error (
          error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_STORE,
          _ ("The labels or the subset of '%s' are not those of that change any more: it was imported or split "
             "since. Nothing was changed."),
          name);
      return FALSE;
    }
  return write_state (self, statements, picture, to, error);
}

static gboolean
move_pictures (FvProject *self, gint64 id, gboolean undo, guint *n_pictures, GError **error)
{
  g_auto (Statements) statements = { 0 };
  if (!statements_init (&statements, self, error))
    return FALSE;
  fv_sql_auto sqlite3_stmt *parts = fv_sql_prepare (
      self,
      "SELECT picture_id, name, before, after FROM change_pictures JOIN pictures ON pictures.id = picture_id "
      "WHERE change_id = ? ORDER BY picture_id",
      error);
  if (parts == NULL)
    return FALSE;
  sqlite3_bind_int64 (parts, 1, id);
  gboolean there, done;
  while ((done = fv_sql_next (self, parts, &there, error)) && there)
    {
      if (!move_picture (self, &statements, sqlite3_column_int64 (parts, 0), fv_sql_get_text (parts, 1),
                         fv_sql_get_text (parts, undo ? 3 : 2), fv_sql_get_text (parts, undo ? 2 : 3), error))
        return FALSE;
      (*n_pictures)++;
    }
  return done;
}

static gboolean
mark (FvProject *self, gint64 id, gboolean undone, GError **error)
{
  fv_sql_auto sqlite3_stmt *statement = fv_sql_prepare (self, "UPDATE changes SET undone = ?2 WHERE id = ?1", error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, id);
  sqlite3_bind_int (statement, 2, undone);
  return fv_sql_run (self, statement, error);
}

static gboolean
step (FvProject *self, gboolean undo, guint *n_pictures, char **what, GError **error)
{
  g_autofree char *found = NULL;
  gint64 id = 0;
  *n_pictures = 0;
  *what = NULL;
  if (!fv_sql_begin_edit (self, error))
    return FALSE;
  gboolean done = find_change (self, undo, &id, &found, error);
  if (done && found != NULL)
    done = move_pictures (self, id, undo, n_pictures, error) && mark (self, id, undo, error);
  if (!fv_sql_end (self, done, error))
    return FALSE;
  *what = g_steal_pointer (&found);
  return TRUE;
}

gboolean
fv_project_undo (FvProject *self, guint *n_pictures, char **what, GError **error)
{
  return step (self, TRUE, n_pictures, what, error);
}

gboolean
fv_project_redo (FvProject *self, guint *n_pictures, char **what, GError **error)
{
  return step (self, FALSE, n_pictures, what, error);
}

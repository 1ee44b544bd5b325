/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/project/fv-project-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "app/project/fv-project-sql.h"

FvProblem *
fv_problem_new (const char *file, guint line, char *reason)
{
  FvProblem *problem = g_new (FvProblem, 1);
  /* Reasons quote what files say, and that may be anything. */
  *problem = (FvProblem){ g_utf8_make_valid (file, -1), line, g_utf8_make_valid (reason, -1) };
  g_free (reason);
  return problem;
}

void
fv_problem_free (FvProblem *problem)
{
  g_free (problem->file);
  g_free (problem->reason);
  g_free (problem);
}

/* Reading */

static gboolean
read_classes (FvProject *self, GStrvBuilder *names, GHashTable *positions, GError **error)
{
  fv_sql_auto sqlite3_stmt *statement = fv_sql_prepare (self, "SELECT id, name FROM classes ORDER BY position", error);
  if (statement == NULL)
    return FALSE;
  int step;
  guint position = 0;
  while ((step = sqlite3_step (statement)) == SQLITE_ROW)
    {
      gint64 id = sqlite3_column_int64 (statement, 0);
      g_hash_table_insert (positions, g_memdup2 (&id, sizeof id), GUINT_TO_POINTER (position++));
      g_strv_builder_add (names, fv_sql_get_text (statement, 1));
    }
  return step == SQLITE_DONE || fv_schema_fail (self->db, self->store, error);
}

/* NAN for SQL's NULL. */
static double
get_double (sqlite3_stmt *statement, int column)
{
  return sqlite3_column_type (statement, column) == SQLITE_NULL ? NAN : sqlite3_column_double (statement, column);
}

static gboolean
read_pictures (FvProject *self, FvDataset *dataset, GHashTable *by_id, GError **error)
{
  fv_sql_auto sqlite3_stmt *statement = fv_sql_prepare (
      self,
      "SELECT pictures.id, roots.path, roots.inside, name, hash, width, height, orientation, subset, time, "
      "latitude, longitude, page, low, high FROM pictures JOIN roots ON roots.id = root_id",
      error);
  if (statement == NULL)
    return FALSE;
  int step;
  while ((step = sqlite3_step (statement)) == SQLITE_ROW)
    {
      const char *root = fv_sql_get_text (statement, 1), *name = fv_sql_get_text (statement, 3);
      FvItem *item = fv_item_new ();
      item->id = sqlite3_column_int64 (statement, 0);
      item->name = g_strdup (name);
      item->hash = g_strdup (fv_sql_get_text (statement, 4));
      item->width = (guint)sqlite3_column_int (statement, 5);
      item->height = (guint)sqlite3_column_int (statement, 6);
      item->orientation = (guint)sqlite3_column_int (statement, 7);
      item->subset = (FvSubset)CLAMP (sqlite3_column_int (statement, 8), 0, FV_N_SUBSETS - 1);
      item->time
          = sqlite3_column_type (statement, 9) == SQLITE_NULL ? FV_TIME_UNKNOWN : sqlite3_column_int64 (statement, 9);
      item->latitude = get_double (statement, 10);
      item->longitude = get_double (statement, 11);
      item->reading.page = (guint)sqlite3_column_int (statement, 12);
      item->reading.low = (guint16)sqlite3_column_int (statement, 13);
      item->reading.high = (guint16)sqlite3_column_int (statement, 14);
      g_autofree char *file = fv_item_get_file_name (item);
      item->path = sqlite3_column_int (statement, 2) != 0 ? g_build_filename (self->path, root, file, NULL)
                                                          : g_strconcat (root, "/", file, NULL);
      fv_dataset_add (dataset, item);
      g_hash_table_insert (by_id, &item->id, item);
    }
  return step == SQLITE_DONE || fv_schema_fail (self->db, self->store, error);
}

static gboolean
read_boxes (FvProject *self, GHashTable *by_id, GHashTable *positions, GError **error)
{
  fv_sql_auto sqlite3_stmt *statement = fv_sql_prepare (
      self, "SELECT picture_id, class_id, x1, y1, x2, y2, ignored FROM boxes ORDER BY picture_id, position", error);
  if (statement == NULL)
    return FALSE;
  int step;
  while ((step = sqlite3_step (statement)) == SQLITE_ROW)
    {
      gint64 picture = sqlite3_column_int64 (statement, 0), class_id = sqlite3_column_int64 (statement, 1);
      FvItem *item = g_hash_table_lookup (by_id, &picture);
      gpointer position = NULL;
      if (item == NULL || !g_hash_table_lookup_extended (positions, &class_id, NULL, &position))
        {
          g_set_error (error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_STORE,
                       _ ("The store '%s' is damaged: a box belongs to no picture or class. Restore it from a copy."),
                       self->store);
          return FALSE;
        }
      FvBox box
          = { GPOINTER_TO_UINT (position), sqlite3_column_double (statement, 2), sqlite3_column_double (statement, 3),
              sqlite3_column_double (statement, 4), sqlite3_column_double (statement, 5) };
      g_array_append_val (sqlite3_column_int (statement, 6) != 0 ? item->ignored : item->boxes, box);
    }
  return step == SQLITE_DONE || fv_schema_fail (self->db, self->store, error);
}

FvDataset *
fv_project_load_dataset (FvProject *self, GError **error)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  g_autoptr (GHashTable) positions = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  g_autoptr (GHashTable) by_id = g_hash_table_new (g_int64_hash, g_int64_equal);

  /* One transaction: an import that ends meanwhile is seen whole or not at all. */
  if (!fv_sql_begin (self, error))
    return NULL;
  g_autoptr (FvDataset) dataset = NULL;
  gboolean done = read_classes (self, names, positions, error);
  if (done)
    {
      g_auto (GStrv) class_names = g_strv_builder_end (names);
      dataset = fv_dataset_new ((const char *const *)class_names);
      done = read_pictures (self, dataset, by_id, error) && read_boxes (self, by_id, positions, error);
    }
  if (!fv_sql_end (self, done, error))
    return NULL;
  fv_dataset_sort (dataset);
  return g_steal_pointer (&dataset);
}

gboolean
fv_project_load_problems (FvProject *self, GPtrArray **repaired, GPtrArray **rejected, GError **error)
{
  g_autoptr (GPtrArray) as_repaired = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_problem_free);
  g_autoptr (GPtrArray) as_rejected = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_problem_free);
  fv_sql_auto sqlite3_stmt *statement
      = fv_sql_prepare (self, "SELECT kind = 'rejected', file, line, reason FROM problems ORDER BY id", error);
  if (statement == NULL)
    return FALSE;
  int step;
  while ((step = sqlite3_step (statement)) == SQLITE_ROW)
    g_ptr_array_add (sqlite3_column_int (statement, 0) != 0 ? as_rejected : as_repaired,
                     fv_problem_new (fv_sql_get_text (statement, 1), (guint)sqlite3_column_int (statement, 2),
                                     g_strdup (fv_sql_get_text (statement, 3))));
  if (step != SQLITE_DONE)
    return fv_schema_fail (self->db, self->store, error);
  if (repaired != NULL)
    *repaired = g_steal_pointer (&as_repaired);
  if (rejected != NULL)
    *rejected = g_steal_pointer (&as_rejected);
  return TRUE;
}

/* Writing */

/*
 * Roots outside the project never lie within each other, so that a picture is known once, from wherever it was
 * imported: a new root below one that is there joins that one, with a longer *prefix before its names; one above others
 * takes them in.
 */
static gboolean
join_root (FvProject *self, const char *path, gint64 *id, char **prefix, GError **error)
{
  fv_sql_auto sqlite3_stmt *above = fv_sql_prepare (
      self, "SELECT id, path FROM roots WHERE inside = 0 AND substr (?1 || '/', 1, length (path) + 1) = path || '/'",
      error);
  if (above == NULL)
    return FALSE;
  fv_sql_bind_text (above, 1, path);
  int step = sqlite3_step (above);
  if (step != SQLITE_ROW)
    return step == SQLITE_DONE || fv_schema_fail (self->db, self->store, error);
  const char *root = (const char *)sqlite3_column_text (above, 1);
  if (root == NULL)
    return fv_schema_fail (self->db, self->store, error);
  *id = sqlite3_column_int64 (above, 0);
  const char *rest = path + strlen (root);
  *prefix = *rest == '/' ? g_strconcat (rest + 1, "/", NULL) : g_strdup ("");
  return TRUE;
}

static gboolean
take_in_roots (FvProject *self, const char *path, gint64 id, GError **error)
{
  fv_sql_auto sqlite3_stmt *move
      = fv_sql_prepare (self,
                        "UPDATE pictures SET root_id = ?2, name = substr (roots.path, length (?1) + 2) || '/' || name "
                        "FROM roots WHERE roots.id = root_id AND inside = 0 "
                        "AND substr (roots.path, 1, length (?1) + 1) = ?1 || '/'",
                        error);
  fv_sql_auto sqlite3_stmt *drop
      = move != NULL ? fv_sql_prepare (
            self, "DELETE FROM roots WHERE inside = 0 AND substr (path, 1, length (?1) + 1) = ?1 || '/'", error)
                     : NULL;
  if (drop == NULL)
    return FALSE;
  fv_sql_bind_text (move, 1, path);
  sqlite3_bind_int64 (move, 2, id);
  fv_sql_bind_text (drop, 1, path);
  return fv_sql_run (self, move, error) && fv_sql_run (self, drop, error);
}

/* The root's number, and what comes before the names of the pictures: (transfer full). */
static gboolean
add_root (FvProject *self, const FvImportRecord *record, gint64 *id, char **prefix, GError **error)
{
  g_autofree char *folder = g_strconcat (self->path, "/", NULL);
  gboolean inside = record->copied && g_str_has_prefix (record->root, folder);
  /* "" stands for "/", so that "/" can be put between any root and a name. */
  const char *path = inside ? record->root + strlen (folder) : strcmp (record->root, "/") == 0 ? "" : record->root;
  if (!inside && !join_root (self, path, id, prefix, error))
    return FALSE;
  if (*prefix != NULL)
    return TRUE;

  fv_sql_auto sqlite3_stmt *insert
      = fv_sql_prepare (self,
                        "INSERT INTO roots (path, inside) VALUES (?, ?) ON CONFLICT (path) "
                        "DO UPDATE SET inside = excluded.inside RETURNING id",
                        error);
  if (insert == NULL)
    return FALSE;
  fv_sql_bind_text (insert, 1, path);
  sqlite3_bind_int (insert, 2, inside);
  *prefix = g_strdup ("");
  return fv_sql_run_for_id (self, insert, id, error) && (inside || take_in_roots (self, path, *id, error));
}

/* ids[i] becomes the store's number of class i; new names come after those that are there. */
static gboolean
add_classes (FvProject *self, const char *const *names, gint64 *ids, GError **error)
{
  fv_sql_auto sqlite3_stmt *statement = fv_sql_prepare (
      self,
      "INSERT INTO classes (position, name) VALUES ((SELECT coalesce(max(position) + 1, 0) FROM classes), "
      "?) ON CONFLICT (name) DO UPDATE SET name = name RETURNING id",
      error);
  if (statement == NULL)
    return FALSE;
  for (guint i = 0; names[i] != NULL; i++)
    {
      fv_sql_bind_text (statement, 1, names[i]);
      if (!fv_sql_run_for_id (self, statement, &ids[i], error))
        return FALSE;
    }
  return TRUE;
}

/* Parameters 8 to 13 of a picture's row; what is not known stays SQL's NULL. */
static void
bind_known (sqlite3_stmt *statement, const FvItem *item)
{
  if (item->time != FV_TIME_UNKNOWN)
    sqlite3_bind_int64 (statement, 8, item->time);
  else
    sqlite3_bind_null (statement, 8);
  /* SQLite takes NAN for NULL. */
  sqlite3_bind_double (statement, 9, item->latitude);
  sqlite3_bind_double (statement, 10, item->longitude);
  sqlite3_bind_int64 (statement, 11, item->reading.page);
  sqlite3_bind_int (statement, 12, item->reading.low);
  sqlite3_bind_int (statement, 13, item->reading.high);
}

static gboolean
add_boxes (FvProject *self, sqlite3_stmt *statement, gint64 picture, const FvItem *item, const GArray *boxes,
           guint position, const gint64 *class_ids, GError **error)
{
  for (guint k = 0; k < boxes->len; k++)
    {
      const FvBox *box = &g_array_index (boxes, FvBox, k);
      const double sides[4] = { box->x1, box->y1, box->x2, box->y2 };
      sqlite3_bind_int64 (statement, 1, picture);
      sqlite3_bind_int64 (statement, 2, position + k);
      sqlite3_bind_int64 (statement, 3, class_ids[box->class_id]);
      for (int side = 0; side < 4; side++)
        sqlite3_bind_double (statement, 4 + side, sides[side]);
      sqlite3_bind_int (statement, 8, boxes == item->ignored);
      if (!fv_sql_run (self, statement, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
add_pictures (FvProject *self, const FvImportRecord *record, gint64 root, const char *prefix, const gint64 *class_ids,
              GError **error)
{
  /* A picture imported again keeps its subset where the new import brings none. */
  fv_sql_auto sqlite3_stmt *picture = fv_sql_prepare (
      self,
      "INSERT INTO pictures (root_id, name, hash, width, height, orientation, subset, time, latitude, longitude, page, "
      "low, high) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
      "ON CONFLICT (root_id, name) DO UPDATE SET hash = excluded.hash, width = excluded.width, "
      "height = excluded.height, orientation = excluded.orientation, time = excluded.time, "
      "latitude = excluded.latitude, longitude = excluded.longitude, page = excluded.page, low = excluded.low, "
      "high = excluded.high, "
      "subset = CASE excluded.subset WHEN 0 THEN subset ELSE excluded.subset END RETURNING id",
      error);
  fv_sql_auto sqlite3_stmt *clear
      = picture != NULL ? fv_sql_prepare (self, "DELETE FROM boxes WHERE picture_id = ?", error) : NULL;
  fv_sql_auto sqlite3_stmt *box = clear != NULL
                                      ? fv_sql_prepare (self,
                                                        "INSERT INTO boxes (picture_id, position, class_id, x1, y1, "
                                                        "x2, y2, ignored) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                                                        error)
                                      : NULL;
  if (box == NULL)
    return FALSE;

  for (guint i = 0; i < record->items->len; i++)
    {
      const FvItem *item = g_ptr_array_index (record->items, i);
      gint64 id;
      sqlite3_bind_int64 (picture, 1, root);
      g_autofree char *name = g_strconcat (prefix, item->name, NULL);
      fv_sql_bind_text (picture, 2, name);
      fv_sql_bind_text (picture, 3, item->hash);
      sqlite3_bind_int64 (picture, 4, item->width);
      sqlite3_bind_int64 (picture, 5, item->height);
      sqlite3_bind_int64 (picture, 6, item->orientation);
      sqlite3_bind_int (picture, 7, item->subset);
      bind_known (picture, item);
      if (!fv_sql_run_for_id (self, picture, &id, error))
        return FALSE;
      sqlite3_bind_int64 (clear, 1, id);
      if (!fv_sql_run (self, clear, error))
        return FALSE;
      if (!add_boxes (self, box, id, item, item->boxes, 0, class_ids, error)
          || !add_boxes (self, box, id, item, item->ignored, item->boxes->len, class_ids, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
add_problems (FvProject *self, const FvImportRecord *record, GError **error)
{
  fv_sql_auto sqlite3_stmt *import = fv_sql_prepare (
      self, "INSERT INTO imports (time, source, format) VALUES (datetime ('now'), ?, ?) RETURNING id", error);
  fv_sql_auto sqlite3_stmt *problem
      = import != NULL ? fv_sql_prepare (
            self, "INSERT INTO problems (import_id, kind, file, line, reason) VALUES (?, ?, ?, ?, ?)", error)
                       : NULL;
  if (problem == NULL)
    return FALSE;
  gint64 id;
  fv_sql_bind_text (import, 1, record->source);
  fv_sql_bind_text (import, 2, record->format);
  if (!fv_sql_run_for_id (self, import, &id, error))
    return FALSE;

  const GPtrArray *lists[2] = { record->repaired, record->rejected };
  for (guint kind = 0; kind < G_N_ELEMENTS (lists); kind++)
    for (guint i = 0; lists[kind] != NULL && i < lists[kind]->len; i++)
      {
        const FvProblem *row = g_ptr_array_index (lists[kind], i);
        sqlite3_bind_int64 (problem, 1, id);
        fv_sql_bind_text (problem, 2, kind == 0 ? "repaired" : "rejected");
        fv_sql_bind_text (problem, 3, row->file);
        sqlite3_bind_int64 (problem, 4, row->line);
        fv_sql_bind_text (problem, 5, row->reason);
        if (!fv_sql_run (self, problem, error))
          return FALSE;
      }
  return TRUE;
}

gboolean
fv_project_add_import (FvProject *self, const FvImportRecord *record, GError **error)
{
  g_return_val_if_fail (record->class_names != NULL && record->items != NULL, FALSE);
  const guint n_classes = g_strv_length ((char **)record->class_names);
  g_autofree gint64 *class_ids = g_try_new0 (gint64, n_classes + 1);
  g_autofree char *prefix = NULL;
  gint64 root = 0;
  if (class_ids == NULL)
    {
      g_set_error (error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_STORE,
                   _ ("There is not enough memory for the classes of '%s': close other programs and try again."),
                   record->source);
      return FALSE;
    }
  if (!fv_sql_begin_edit (self, error))
    return FALSE;
  gboolean done = add_root (self, record, &root, &prefix, error)
                  && add_classes (self, record->class_names, class_ids, error)
                  && add_pictures (self, record, root, prefix, class_ids, error) && add_problems (self, record, error);
  return fv_sql_end (self, done, error);
}

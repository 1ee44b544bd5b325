/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/project/fv-project-splits.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "app/project/fv-project-sql.h"

static int
compare_items (gconstpointer a, gconstpointer b)
{
  const FvItem *first = *(FvItem *const *)a, *second = *(FvItem *const *)b;
  const int by_hash = g_strcmp0 (first->hash, second->hash);
  if (by_hash != 0)
    return by_hash;
  if (first->reading.page != second->reading.page)
    return first->reading.page < second->reading.page ? -1 : 1;
  return (int)first->subset - (int)second->subset;
}

char *
fv_split_hash (const FvDataset *dataset)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new ();
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  for (guint i = 0; i < dataset->items->len; i++)
    if (fv_dataset_get (dataset, i)->subset != FV_SUBSET_NONE)
      g_ptr_array_add (items, fv_dataset_get (dataset, i));
  g_ptr_array_sort (items, compare_items);
  for (guint i = 0; i < items->len; i++)
    {
      const FvItem *item = g_ptr_array_index (items, i);
      g_autofree char *line = g_strdup_printf ("%s#%u %s\n", item->hash != NULL ? item->hash : "", item->reading.page,
                                               fv_subset_to_string (item->subset));
      g_checksum_update (checksum, (const guchar *)line, (gssize)strlen (line));
    }
  return g_strdup (g_checksum_get_string (checksum));
}

static void
version_clear (gpointer data)
{
  FvSplitVersion *version = data;
  g_free (version->time);
  g_free (version->parameters);
  g_free (version->hash);
}

GArray *
fv_project_list_splits (FvProject *self, GError **error)
{
  g_autoptr (GArray) versions = g_array_new (FALSE, FALSE, sizeof (FvSplitVersion));
  g_array_set_clear_func (versions, version_clear);
  fv_sql_auto sqlite3_stmt *statement
      = fv_sql_prepare (self, "SELECT id, time, parameters, hash FROM splits ORDER BY id", error);
  gboolean there = statement != NULL;
  if (statement == NULL)
    return NULL;
  for (;;)
    {
      if (!fv_sql_next (self, statement, &there, error))
        return NULL;
      if (!there)
        return g_steal_pointer (&versions);
      const FvSplitVersion version
          = { (guint)sqlite3_column_int (statement, 0), g_strdup (fv_sql_get_text (statement, 1)),
              g_strdup (fv_sql_get_text (statement, 2)), g_strdup (fv_sql_get_text (statement, 3)) };
      g_array_append_val (versions, version);
    }
}

gboolean
fv_project_find_split (FvProject *self, const char *hash, guint *number, GError **error)
{
  gint64 id = 0;
  fv_sql_auto sqlite3_stmt *statement
      = fv_sql_prepare (self, "SELECT coalesce (max (id), 0) FROM splits WHERE hash = ?", error);
  if (statement == NULL)
    return FALSE;
  fv_sql_bind_text (statement, 1, hash);
  if (!fv_sql_run_for_id (self, statement, &id, error))
    return FALSE;
  *number = (guint)id;
  return TRUE;
}

static gboolean
write_subsets (FvProject *self, const FvDataset *dataset, GError **error)
{
  fv_sql_auto sqlite3_stmt *statement = fv_sql_prepare (self, "UPDATE pictures SET subset = ? WHERE id = ?", error);
  gboolean done = statement != NULL;
  for (guint i = 0; done && i < dataset->items->len; i++)
    {
      const FvItem *item = fv_dataset_get (dataset, i);
      sqlite3_bind_int (statement, 1, item->subset);
      sqlite3_bind_int64 (statement, 2, item->id);
      done = fv_sql_run (self, statement, error);
    }
  return done;
}

/* *id = 0 where the newest version says something else. */
static gboolean
find_same (FvProject *self, const char *hash, const char *parameters, gint64 *id, GError **error)
{
  fv_sql_auto sqlite3_stmt *statement = fv_sql_prepare (self,
                                                        "SELECT coalesce (max (id), 0) FROM splits WHERE hash = ? AND "
                                                        "parameters = ? AND id = (SELECT max (id) FROM splits)",
                                                        error);
  if (statement == NULL)
    return FALSE;
  fv_sql_bind_text (statement, 1, hash);
  fv_sql_bind_text (statement, 2, parameters);
  return fv_sql_run_for_id (self, statement, id, error);
}

static gboolean
add_version (FvProject *self, const char *hash, const char *parameters, gint64 *id, GError **error)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *time = g_date_time_format_iso8601 (now);
  fv_sql_auto sqlite3_stmt *statement
      = fv_sql_prepare (self, "INSERT INTO splits (time, parameters, hash) VALUES (?, ?, ?) RETURNING id", error);
  if (statement == NULL)
    return FALSE;
  fv_sql_bind_text (statement, 1, time);
  fv_sql_bind_text (statement, 2, parameters);
  fv_sql_bind_text (statement, 3, hash);
  return fv_sql_run_for_id (self, statement, id, error);
}

static gboolean
add_pictures (FvProject *self, gint64 id, const FvDataset *dataset, const GArray *folds, GError **error)
{
  fv_sql_auto sqlite3_stmt *statement = fv_sql_prepare (
      self, "INSERT INTO split_pictures (split_id, picture_id, subset, fold) VALUES (?, ?, ?, ?)", error);
  gboolean done = statement != NULL;
  for (guint i = 0; done && i < dataset->items->len; i++)
    {
      const FvItem *item = fv_dataset_get (dataset, i);
      sqlite3_bind_int64 (statement, 1, id);
      sqlite3_bind_int64 (statement, 2, item->id);
      sqlite3_bind_int (statement, 3, item->subset);
      sqlite3_bind_int (statement, 4, folds != NULL ? (int)g_array_index (folds, guint, i) : 0);
      done = fv_sql_run (self, statement, error);
    }
  return done;
}

gboolean
fv_project_save_split (FvProject *self, const FvDataset *dataset, const GArray *folds, const char *parameters,
                       guint *number, GError **error)
{
  g_autofree char *hash = fv_split_hash (dataset);
  gint64 id = 0;
  if (!fv_sql_begin_edit (self, error))
    return FALSE;
  gboolean done = write_subsets (self, dataset, error) && find_same (self, hash, parameters, &id, error);
  if (done && id == 0)
    done = add_version (self, hash, parameters, &id, error) && add_pictures (self, id, dataset, folds, error);
  if (number != NULL)
    *number = (guint)id;
  return fv_sql_end (self, done, error);
}

gboolean
fv_project_load_split (FvProject *self, guint number, FvDataset *dataset, GArray **folds, GError **error)
{
  g_autoptr (GHashTable) by_id = g_hash_table_new (g_int64_hash, g_int64_equal);
  g_autoptr (GArray) found = g_array_new (FALSE, TRUE, sizeof (guint));
  gboolean there = TRUE, any = FALSE;
  fv_sql_auto sqlite3_stmt *statement
      = fv_sql_prepare (self, "SELECT picture_id, subset, fold FROM split_pictures WHERE split_id = ?", error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, number);
  g_array_set_size (found, dataset->items->len);
  for (guint i = 0; i < dataset->items->len; i++)
    {
      g_hash_table_insert (by_id, &fv_dataset_get (dataset, i)->id, GUINT_TO_POINTER (i + 1));
      fv_dataset_get (dataset, i)->subset = FV_SUBSET_NONE;
    }
  for (;;)
    {
      if (!fv_sql_next (self, statement, &there, error))
        return FALSE;
      if (!there)
        break;
      const gint64 id = sqlite3_column_int64 (statement, 0);
      const guint index = GPOINTER_TO_UINT (g_hash_table_lookup (by_id, &id));
      any = TRUE;
      if (index == 0)
        continue;
      fv_dataset_get (dataset, index - 1)->subset
          = (FvSubset)CLAMP (sqlite3_column_int (statement, 1), 0, FV_N_SUBSETS - 1);
      g_array_index (found, guint, index - 1) = (guint)MAX (sqlite3_column_int (statement, 2), 0);
    }
  if (!any)
    {
      g_set_error (error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_NOT_FOUND,
                   _ ("The project has no split %u: list them to see which there are."), number);
      return FALSE;
    }
  *folds = g_steal_pointer (&found);
  return TRUE;
}

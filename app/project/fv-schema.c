/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/project/fv-schema.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

#include "app/project/fv-project.h"

/*
 * A root that lies inside the project is kept relative to it, so that the project can be moved. By the application id
 * ("Fvea") data/org.fovea.Fovea-mime.xml tells a project's store from other SQLite databases.
 */
static const char schema_1[]
    = "PRAGMA application_id = 1182164321;"
      "CREATE TABLE roots (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, inside INTEGER NOT NULL);"
      "CREATE TABLE classes (id INTEGER PRIMARY KEY, position INTEGER NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE);"
      "CREATE TABLE pictures (id INTEGER PRIMARY KEY, root_id INTEGER NOT NULL REFERENCES roots (id),"
      " name TEXT NOT NULL, hash TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,"
      " orientation INTEGER NOT NULL, subset INTEGER NOT NULL, UNIQUE (root_id, name));"
      "CREATE TABLE boxes (id INTEGER PRIMARY KEY,"
      " picture_id INTEGER NOT NULL REFERENCES pictures (id) ON DELETE CASCADE, position INTEGER NOT NULL,"
      " class_id INTEGER NOT NULL REFERENCES classes (id), x1 REAL NOT NULL, y1 REAL NOT NULL, x2 REAL NOT NULL,"
      " y2 REAL NOT NULL);"
      "CREATE INDEX boxes_of_picture ON boxes (picture_id, position);"
      "CREATE TABLE imports (id INTEGER PRIMARY KEY, time TEXT NOT NULL, source TEXT NOT NULL,"
      " format TEXT NOT NULL);"
      "CREATE TABLE problems (id INTEGER PRIMARY KEY, import_id INTEGER NOT NULL REFERENCES imports (id),"
      " kind TEXT NOT NULL CHECK (kind IN ('repaired', 'rejected')), file TEXT NOT NULL, line INTEGER NOT NULL,"
      " reason TEXT NOT NULL);";

/*
 * Regions that nothing is taught in; what is known of a picture besides its boxes (fv-dataset.h); splits as they were made
 * (fv-project-splits.h); changes that can be undone (fv-project-changes.h).
 */
static const char schema_2[]
    = "ALTER TABLE boxes ADD COLUMN ignored INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE pictures ADD COLUMN time INTEGER;"
      "ALTER TABLE pictures ADD COLUMN latitude REAL;"
      "ALTER TABLE pictures ADD COLUMN longitude REAL;"
      "ALTER TABLE pictures ADD COLUMN page INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE pictures ADD COLUMN low INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE pictures ADD COLUMN high INTEGER NOT NULL DEFAULT 0;"
      "CREATE TABLE splits (id INTEGER PRIMARY KEY, time TEXT NOT NULL, parameters TEXT NOT NULL, hash TEXT NOT NULL);"
      "CREATE TABLE split_pictures (split_id INTEGER NOT NULL REFERENCES splits (id) ON DELETE CASCADE,"
      " picture_id INTEGER NOT NULL REFERENCES pictures (id) ON DELETE CASCADE, subset INTEGER NOT NULL,"
      " fold INTEGER NOT NULL, PRIMARY KEY (split_id, picture_id)) WITHOUT ROWID;"
      "CREATE TABLE changes (id INTEGER PRIMARY KEY, time TEXT NOT NULL, what TEXT NOT NULL,"
      " undone INTEGER NOT NULL DEFAULT 0);"
      "CREATE TABLE change_pictures (change_id INTEGER NOT NULL REFERENCES changes (id) ON DELETE CASCADE,"
      " picture_id INTEGER NOT NULL REFERENCES pictures (id) ON DELETE CASCADE, before TEXT NOT NULL,"
      " after TEXT NOT NULL, PRIMARY KEY (change_id, picture_id)) WITHOUT ROWID;";

const char *const fv_schema_steps[FV_PROJECT_SCHEMA] = { schema_1, schema_2 };

gboolean
fv_schema_fail (sqlite3 *db, const char *path, GError **error)
{
  const char *advice;
  switch (sqlite3_errcode (db) & 0xff)
    {
    case SQLITE_NOMEM:
      advice = _ ("There is not enough memory: close other programs and try again");
      break;
    case SQLITE_FULL:
      advice = _ ("The disk is full: free some space and try again");
      break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      advice = _ ("The file is damaged or no project: restore it from a copy");
      break;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      advice = _ ("Make the folder and the file readable and writable for you");
      break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      advice = _ ("Another program is writing to it: try again when that is done");
      break;
    default:
      advice = _ ("Check the disk that it lies on");
      break;
    }
  g_set_error (error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_STORE, _ ("The store '%s' can't be used: %s. %s"), path,
               sqlite3_errmsg (db), advice);
  return FALSE;
}

gboolean
fv_schema_run (sqlite3 *db, const char *path, const char *sql, GError **error)
{
  return sqlite3_exec (db, sql, NULL, NULL, NULL) == SQLITE_OK || fv_schema_fail (db, path, error);
}

int
fv_schema_get_version (sqlite3 *db, const char *path, GError **error)
{
  sqlite3_stmt *statement = NULL;
  int version = -1;
  if (sqlite3_prepare_v2 (db, "PRAGMA user_version", -1, &statement, NULL) == SQLITE_OK
      && sqlite3_step (statement) == SQLITE_ROW)
    version = sqlite3_column_int (statement, 0);
  else
    fv_schema_fail (db, path, error);
  sqlite3_finalize (statement);
  return version;
}

/* A whole and consistent copy, seen under its name only once it is complete. */
static gboolean
copy_store (sqlite3 *db, const char *path, guint version, GError **error)
{
  g_autofree char *copy = g_strdup_printf ("%s.before-schema-%u", path, version);
  g_autofree char *part = g_strconcat (copy, ".part", NULL);
  if (g_unlink (part) != 0 && errno != ENOENT)
    {
      g_set_error (error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_STORE, _ ("'%s' is in the way and can't be removed: %s."),
                   part, g_strerror (errno));
      return FALSE;
    }

  sqlite3_stmt *statement = NULL;
  gboolean done = sqlite3_prepare_v2 (db, "VACUUM INTO ?", -1, &statement, NULL) == SQLITE_OK
                  && sqlite3_bind_text (statement, 1, part, -1, SQLITE_STATIC) == SQLITE_OK
                  && sqlite3_step (statement) == SQLITE_DONE;
  if (!done)
    fv_schema_fail (db, path, error);
  sqlite3_finalize (statement);
  if (done && g_rename (part, copy) != 0)
    {
      g_set_error (error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_STORE, _ ("The copy '%s' can't be made: %s."), copy,
                   g_strerror (errno));
      done = FALSE;
    }
  if (!done)
    g_unlink (part);
  return done;
}

gboolean
fv_schema_bring_forward (sqlite3 *db, const char *path, const char *const *steps, guint n_steps, GError **error)
{
  int version = fv_schema_get_version (db, path, error);
  if (version < 0)
    return FALSE;
  if ((guint)version > n_steps)
    {
      g_set_error (error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_TOO_NEW,
                   _ ("'%s' was made by a newer Fovea (schema %d; this one knows %u): use that one."), path, version,
                   n_steps);
      return FALSE;
    }
  if ((guint)version == n_steps)
    return TRUE;
  if (version > 0 && !copy_store (db, path, n_steps, error))
    return FALSE;

  gboolean done = fv_schema_run (db, path, "BEGIN IMMEDIATE", error);
  for (guint i = (guint)version; done && i < n_steps; i++)
    done = fv_schema_run (db, path, steps[i], error);
  if (done)
    {
      g_autofree char *set_version = g_strdup_printf ("PRAGMA user_version = %u; COMMIT", n_steps);
      done = fv_schema_run (db, path, set_version, error);
    }
  if (!done && !sqlite3_get_autocommit (db))
    sqlite3_exec (db, "ROLLBACK", NULL, NULL, NULL);
  return done;
}

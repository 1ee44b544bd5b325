/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-measure-cache.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

/* Another number where measures mean something else: the cache begins anew. */
#define VERSION 1
/* Milliseconds that another program's writing is waited for. */
#define PATIENCE 2000

struct _FvMeasureCache
{
  sqlite3 *db;
  sqlite3_stmt *get, *put;
  gboolean writing; /* a transaction is open */
};

static gboolean
run (sqlite3 *db, const char *sql)
{
  return sqlite3_exec (db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static gboolean
prepare (FvMeasureCache *self)
{
  g_autofree char *make
      = g_strdup_printf ("CREATE TABLE IF NOT EXISTS measures_%d (hash TEXT NOT NULL, page INTEGER NOT NULL, "
                         "low INTEGER NOT NULL, high INTEGER NOT NULL, measure BLOB NOT NULL, "
                         "PRIMARY KEY (hash, page, low, high)) WITHOUT ROWID",
                         VERSION);
  g_autofree char *get = g_strdup_printf (
      "SELECT measure FROM measures_%d WHERE hash = ? AND page = ? AND low = ? AND high = ?", VERSION);
  g_autofree char *put = g_strdup_printf (
      "INSERT OR REPLACE INTO measures_%d (hash, page, low, high, measure) VALUES (?, ?, ?, ?, ?)", VERSION);
  return run (self->db, make) && sqlite3_prepare_v2 (self->db, get, -1, &self->get, NULL) == SQLITE_OK
         && sqlite3_prepare_v2 (self->db, put, -1, &self->put, NULL) == SQLITE_OK;
}

static FvMeasureCache *
open_file (const char *path)
{
  g_autoptr (FvMeasureCache) self = g_new0 (FvMeasureCache, 1);
  if (sqlite3_open_v2 (path, &self->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK)
    return NULL;
  sqlite3_busy_timeout (self->db, PATIENCE);
  /* Only a cache: a power cut may cost it. */
  run (self->db, "PRAGMA synchronous = OFF");
  return prepare (self) ? g_steal_pointer (&self) : NULL;
}

FvMeasureCache *
fv_measure_cache_open (void)
{
  g_autofree char *folder = g_build_filename (g_get_user_cache_dir (), "fovea", NULL);
  g_autofree char *path = g_build_filename (folder, "measures.db", NULL);
  FvMeasureCache *self;
  if (g_mkdir_with_parents (folder, 0700) != 0)
    return NULL;
  self = open_file (path);
  /* A damaged one makes room for a new one. */
  if (self == NULL && g_unlink (path) == 0)
    self = open_file (path);
  return self;
}

void
fv_measure_cache_free (FvMeasureCache *self)
{
  if (self == NULL)
    return;
  if (self->writing)
    run (self->db, "COMMIT");
  sqlite3_finalize (self->get);
  sqlite3_finalize (self->put);
  sqlite3_close (self->db);
  g_free (self);
}

static void
bind_key (sqlite3_stmt *statement, const FvItem *item)
{
  sqlite3_bind_text (statement, 1, item->hash, -1, SQLITE_STATIC);
  sqlite3_bind_int64 (statement, 2, item->reading.page);
  sqlite3_bind_int (statement, 3, item->reading.low);
  sqlite3_bind_int (statement, 4, item->reading.high);
}

gboolean
fv_measure_cache_get (FvMeasureCache *self, const FvItem *item, FvMeasure *measure)
{
  gboolean found = FALSE;
  if (self == NULL || item->hash == NULL)
    return FALSE;
  bind_key (self->get, item);
  if (sqlite3_step (self->get) == SQLITE_ROW && sqlite3_column_bytes (self->get, 0) == sizeof *measure)
    {
      memcpy (measure, sqlite3_column_blob (self->get, 0), sizeof *measure);
      found = TRUE;
    }
  sqlite3_reset (self->get);
  return found;
}

void
fv_measure_cache_put (FvMeasureCache *self, const FvItem *item, const FvMeasure *measure)
{
  if (self == NULL || item->hash == NULL)
    return;
  if (!self->writing)
    self->writing = run (self->db, "BEGIN");
  bind_key (self->put, item);
  sqlite3_bind_blob (self->put, 5, measure, sizeof *measure, SQLITE_STATIC);
  sqlite3_step (self->put);
  sqlite3_reset (self->put);
}

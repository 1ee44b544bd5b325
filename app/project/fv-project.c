/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/project/fv-project-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "app/exchange/fv-file.h"
#include "app/project/fv-schema.h"

/* After so many seconds a lock of SQLite's that is a folder belongs to nobody: none is held longer than a change lasts. */
#define STALE_LOCK 60

/* How long a reader or writer waits for the other, milliseconds. */
#define BUSY_TIMEOUT 10000

G_DEFINE_QUARK (fv_project_error, fv_project_error)

const char *
fv_project_get_path (const FvProject *self)
{
  return self->path;
}

const char *
fv_project_get_notice (const FvProject *self)
{
  return self->notice;
}

void
fv_project_free (FvProject *self)
{
  if (self == NULL)
    return;
  sqlite3_close (self->db);
  fv_lock_release (self->lock);
  g_free (self->path);
  g_free (self->store);
  g_free (self->notice);
  g_free (self->uri);
  g_free (self);
}

/* NULL where the path can't stand in the files of a project, which are UTF-8. */
static FvProject *
project_new (const char *path, GError **error)
{
  g_autoptr (FvProject) self = g_new0 (FvProject, 1);
  self->path = g_canonicalize_filename (path, NULL);
  self->store = g_build_filename (self->path, "project.db", NULL);
  if (g_utf8_validate (self->path, -1, NULL))
    return g_steal_pointer (&self);
  g_autofree char *shown = g_filename_display_name (self->path);
  g_set_error (error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_STORE,
               _ ("The name of the project's folder '%s' is not valid UTF-8. Rename it or a folder above it, or choose "
                  "another place."),
               shown);
  return NULL;
}

static gboolean
take_lock (FvProject *self, GError **error)
{
  g_autofree char *path = g_build_filename (self->path, "editing.lock", NULL);
  self->lock = fv_lock_take (path, error);
  if (self->lock == NULL)
    g_prefix_error (error, _ ("The project '%s' can't be changed now. "), self->path);
  return self->lock != NULL;
}

static gboolean
connect_store (FvProject *self, GError **error)
{
  sqlite3_close (self->db);
  if (sqlite3_open_v2 (self->uri, &self->db, SQLITE_OPEN_URI | self->flags, self->vfs) != SQLITE_OK)
    return fv_schema_fail (self->db, self->store, error);
  sqlite3_extended_result_codes (self->db, 1);
  sqlite3_busy_timeout (self->db, BUSY_TIMEOUT);
  return TRUE;
}

/* The journal, choosing one by "= NAME" first; NULL where SQLite says no. */
static char *
get_journal (FvProject *self, const char *choice)
{
  g_autofree char *sql = g_strconcat ("PRAGMA journal_mode", choice, NULL);
  sqlite3_stmt *statement = NULL;
  char *name = NULL;
  if (sqlite3_prepare_v2 (self->db, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step (statement) == SQLITE_ROW)
    name = g_strdup ((const char *)sqlite3_column_text (statement, 0));
  sqlite3_finalize (statement);
  return name;
}

/* Whether the last error says that a write-ahead log can't be shared here, which takes memory of several processes. */
static gboolean
can_not_share (FvProject *self)
{
  switch (sqlite3_extended_errcode (self->db))
    {
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR_SHMOPEN:
    case SQLITE_IOERR_SHMSIZE:
    case SQLITE_IOERR_SHMMAP:
    case SQLITE_IOERR_SHMLOCK:
      return TRUE;
    default:
      return FALSE;
    }
}

/* Whether the store can be read at all; memory for a log is asked for no sooner. */
static gboolean
can_read (FvProject *self)
{
  return sqlite3_exec (self->db, "SELECT count (*) FROM sqlite_master", NULL, NULL, NULL) == SQLITE_OK;
}

/*
 * What a log holds goes into the store itself, which keeps a rollback journal from now on. Nobody else may have it open:
 * who alone reads a log needs no memory that is shared.
 */
static gboolean
leave_log (FvProject *self, GError **error)
{
  if (!connect_store (self, error) || !fv_schema_run (self->db, self->store, "PRAGMA locking_mode = EXCLUSIVE", error))
    return FALSE;
  g_autofree char *journal = get_journal (self, " = DELETE");
  if (g_strcmp0 (journal, "delete") != 0)
    return fv_schema_fail (self->db, self->store, error);
  /* The lock is given up at the next time that something is read. */
  return fv_schema_run (self->db, self->store, "PRAGMA locking_mode = NORMAL", error)
         && (can_read (self) || fv_schema_fail (self->db, self->store, error));
}

/* Write-ahead where the file system can share memory, so that a reader never waits for a writer; else a journal. */
static gboolean
choose_journal (FvProject *self, GError **error)
{
  g_autofree char *journal = get_journal (self, " = WAL");
  const gboolean write_ahead = g_strcmp0 (journal, "wal") == 0;
  if (write_ahead && can_read (self))
    return TRUE;
  if (write_ahead || journal == NULL)
    {
      /* Somebody works with the journal at this moment: it stays. */
      if ((sqlite3_errcode (self->db) & 0xff) == SQLITE_BUSY)
        return TRUE;
      if (!can_not_share (self))
        return fv_schema_fail (self->db, self->store, error);
    }
  if (!leave_log (self, error))
    return FALSE;
  if (self->notice == NULL)
    self->notice
        = g_strdup_printf (_ ("The file system of '%s' can't keep a write-ahead log; a rollback journal is used "
                              "instead, so whoever reads may have to wait while a change is saved."),
                           self->path);
  return TRUE;
}

/* A reader takes the journal that there is, unless the store can't be read with that on this file system. */
static gboolean
check_journal (FvProject *self, GError **error)
{
  return can_read (self)
         || (can_not_share (self) ? leave_log (self, error) : fv_schema_fail (self->db, self->store, error));
}

/*
 * How SQLite locks the store: by the file system or, where that knows no locks, by a folder beside the store, which whoever
 * is killed in the middle of a change leaves behind.
 */
static const char *
choose_locks (FvProject *self)
{
  if (fv_lock_is_supported (self->store))
    return NULL;
  static gsize replaced;
  if (g_once_init_enter (&replaced))
    {
      sqlite3_vfs *vfs = sqlite3_vfs_find ("unix-dotfile");
      vfs->xSetSystemCall (vfs, "open", (sqlite3_syscall_ptr)fv_file_open);
      g_once_init_leave (&replaced, 1);
    }
  g_autofree char *folder = g_strconcat (self->store, ".lock", NULL);
  GStatBuf status;
  if (self->lock != NULL && g_stat (folder, &status) == 0
      && status.st_mtime + STALE_LOCK < g_get_real_time () / G_USEC_PER_SEC)
    g_rmdir (folder);
  self->notice
      = g_strdup_printf (_ ("The file system of '%s' knows no locks. Change the project from one computer at a "
                            "time: what is open on another can't be seen from here."),
                         self->path);
  return "unix-dotfile";
}

/* A folder where nothing may be written can hold no shared memory either: the store is read as it is. */
static gboolean
open_fixed_store (FvProject *self, const char *escaped, GError **error)
{
  g_autofree char *log = g_strconcat (self->store, "-wal", NULL);
  GStatBuf status;
  const gboolean has_log = g_stat (log, &status) == 0 && status.st_size > 0;
  if (self->lock != NULL)
    {
      g_set_error (error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_READ_ONLY,
                   _ ("Nothing can be written to '%s', so the project can't be changed. Make the folder writable for "
                      "you, or copy it to a place that is."),
                   self->path);
      return FALSE;
    }
  self->notice
      = has_log
            ? g_strdup_printf (_ ("Nothing can be written to '%s', so the project is open for reading only, and what "
                                  "was changed last can't be seen: it is in '%s' still. Open the project once where "
                                  "its folder can be written to."),
                               self->path, log)
            : g_strdup_printf (_ ("Nothing can be written to '%s', so the project is open for reading only."),
                               self->path);
  self->uri = g_strconcat ("file://", escaped, "?immutable=1", NULL);
  self->flags = SQLITE_OPEN_READONLY;
  return connect_store (self, error);
}

static gboolean
open_store (FvProject *self, int flags, GError **error)
{
  /* The file must be there for its locks to be tried. */
  int made = (flags & SQLITE_OPEN_CREATE) != 0 ? g_open (self->store, O_CREAT | O_RDWR | O_CLOEXEC, 0666) : -1;
  if (made >= 0)
    close (made);
  g_autofree char *escaped = g_uri_escape_string (self->store, "/", FALSE);
  if ((flags & SQLITE_OPEN_CREATE) == 0 && access (self->path, W_OK) != 0)
    return open_fixed_store (self, escaped, error);
  self->uri = g_strconcat ("file://", escaped, NULL);
  self->flags = flags;
  self->vfs = choose_locks (self);
  /* Once committed, an import must outlive a power cut: the log is flushed at every commit. */
  return connect_store (self, error)
         && (self->lock != NULL ? choose_journal (self, error) : check_journal (self, error))
         && fv_schema_run (self->db, self->store, "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL", error);
}

/* Whether the file holds tables: -1 where it can't be read. */
static int
has_tables (FvProject *self, GError **error)
{
  sqlite3_stmt *statement = NULL;
  int n = -1;
  if (sqlite3_prepare_v2 (self->db, "SELECT count(*) FROM sqlite_master", -1, &statement, NULL) == SQLITE_OK
      && sqlite3_step (statement) == SQLITE_ROW)
    n = sqlite3_column_int (statement, 0) > 0;
  else
    fv_schema_fail (self->db, self->store, error);
  sqlite3_finalize (statement);
  return n;
}

FvProject *
fv_project_create (const char *path, GError **error)
{
  g_autoptr (FvProject) self = project_new (path, error);
  if (self == NULL)
    return NULL;
  g_autofree char *runs = g_build_filename (self->path, "runs", NULL);
  if (g_mkdir_with_parents (runs, 0777) != 0)
    {
      g_set_error (error, FV_PROJECT_ERROR,
                   errno == EEXIST || errno == ENOTDIR ? FV_PROJECT_ERROR_EXISTS : FV_PROJECT_ERROR_STORE,
                   _ ("The project's folder '%s' can't be made: %s. Choose another place."), self->path,
                   g_strerror (errno));
      return NULL;
    }
  if (!take_lock (self, error) || !open_store (self, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, error))
    return NULL;

  /* An empty store is what a first attempt left that was cut short; anything else is somebody's work. */
  int used = has_tables (self, error);
  if (used > 0)
    g_set_error (error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_EXISTS,
                 _ ("There is a project in '%s' already. Use it as it is, or choose another folder."), self->path);
  if (used != 0 || !fv_schema_bring_forward (self->db, self->store, fv_schema_steps, FV_PROJECT_SCHEMA, error))
    return NULL;
  return g_steal_pointer (&self);
}

FvProject *
fv_project_open (const char *path, FvProjectMode mode, GError **error)
{
  g_autoptr (FvProject) self = project_new (path, error);
  if (self == NULL)
    return NULL;
  if (!g_file_test (self->store, G_FILE_TEST_IS_REGULAR))
    {
      g_set_error (error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_NOT_FOUND,
                   g_file_test (self->path, G_FILE_TEST_IS_DIR)
                       ? _ ("'%s' is no project: it holds no project.db. 'fovea-cli init' makes one.")
                       : _ ("There is no project at '%s'. 'fovea-cli init' makes one."),
                   self->path);
      return NULL;
    }
  if (mode == FV_PROJECT_EDIT && !take_lock (self, error))
    return NULL;
  if (!open_store (self, SQLITE_OPEN_READWRITE, error))
    return NULL;

  int version = fv_schema_get_version (self->db, self->store, error);
  if (version < 0)
    return NULL;
  if (version == 0)
    {
      g_set_error (error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_NOT_FOUND,
                   _ ("'%s' is no project of Fovea's. If making it was cut short, 'fovea-cli init' finishes that."),
                   self->store);
      return NULL;
    }
  if (version != FV_PROJECT_SCHEMA)
    {
      if (self->lock == NULL && version < FV_PROJECT_SCHEMA && !take_lock (self, error))
        return NULL;
      if (!fv_schema_bring_forward (self->db, self->store, fv_schema_steps, FV_PROJECT_SCHEMA, error))
        return NULL;
    }
  if (mode == FV_PROJECT_READ)
    {
      g_clear_pointer (&self->lock, fv_lock_release);
      if (!fv_schema_run (self->db, self->store, "PRAGMA query_only = ON", error))
        return NULL;
    }
  return g_steal_pointer (&self);
}

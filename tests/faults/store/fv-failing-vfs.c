/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/faults/store/fv-failing-vfs.h"

typedef struct
{
  sqlite3_file base;
  sqlite3_file *below; /* in the memory behind this struct */
} File;

static sqlite3_vfs *usual;
static FvVfsCalls failing;
static guint n_calls, failing_n;
static int failing_code;
static gboolean failing_lasts, shares = TRUE;

void
fv_failing_vfs_start (FvVfsCalls calls, guint n, int code, gboolean lasting)
{
  failing = calls;
  n_calls = 0;
  failing_n = n;
  failing_code = code;
  failing_lasts = lasting;
}

guint
fv_failing_vfs_stop (void)
{
  failing = 0;
  return n_calls;
}

void
fv_failing_vfs_shares (gboolean value)
{
  shares = value;
}

static gboolean
fails (FvVfsCalls call)
{
  if ((failing & call) == 0)
    return FALSE;
  n_calls++;
  return failing_n > 0 && (n_calls == failing_n || (failing_lasts && n_calls > failing_n));
}

static sqlite3_file *
below (sqlite3_file *file)
{
  return ((File *)file)->below;
}

static int
file_close (sqlite3_file *file)
{
  return below (file)->pMethods->xClose (below (file));
}

static int
file_read (sqlite3_file *file, void *bytes, int size, sqlite3_int64 offset)
{
  return fails (FV_VFS_READ) ? failing_code : below (file)->pMethods->xRead (below (file), bytes, size, offset);
}

static int
file_write (sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
  if (!fails (FV_VFS_WRITE))
    return below (file)->pMethods->xWrite (below (file), bytes, size, offset);
  /* A disk that fills up takes the first part. */
  if (failing_code == SQLITE_FULL)
    below (file)->pMethods->xWrite (below (file), bytes, size / 2, offset);
  return failing_code;
}

static int
file_truncate (sqlite3_file *file, sqlite3_int64 size)
{
  return fails (FV_VFS_TRUNCATE) ? failing_code : below (file)->pMethods->xTruncate (below (file), size);
}

static int
file_sync (sqlite3_file *file, int flags)
{
  return fails (FV_VFS_SYNC) ? failing_code : below (file)->pMethods->xSync (below (file), flags);
}

static int
file_size (sqlite3_file *file, sqlite3_int64 *size)
{
  return below (file)->pMethods->xFileSize (below (file), size);
}

static int
file_lock (sqlite3_file *file, int level)
{
  return fails (FV_VFS_LOCK) ? failing_code : below (file)->pMethods->xLock (below (file), level);
}

static int
file_unlock (sqlite3_file *file, int level)
{
  return below (file)->pMethods->xUnlock (below (file), level);
}

static int
file_check_lock (sqlite3_file *file, int *held)
{
  return below (file)->pMethods->xCheckReservedLock (below (file), held);
}

static int
file_control (sqlite3_file *file, int operation, void *argument)
{
  return below (file)->pMethods->xFileControl (below (file), operation, argument);
}

static int
file_sector_size (sqlite3_file *file)
{
  return below (file)->pMethods->xSectorSize (below (file));
}

static int
file_characteristics (sqlite3_file *file)
{
  return below (file)->pMethods->xDeviceCharacteristics (below (file));
}

static int
file_share (sqlite3_file *file, int region, int size, int extend, void volatile **memory)
{
  return fails (FV_VFS_SHARE) ? failing_code
                              : below (file)->pMethods->xShmMap (below (file), region, size, extend, memory);
}

static int
file_share_lock (sqlite3_file *file, int offset, int n, int flags)
{
  return below (file)->pMethods->xShmLock (below (file), offset, n, flags);
}

static void
file_share_barrier (sqlite3_file *file)
{
  below (file)->pMethods->xShmBarrier (below (file));
}

static int
file_unshare (sqlite3_file *file, int remove)
{
  return below (file)->pMethods->xShmUnmap (below (file), remove);
}

#define FILE_METHODS(version)                                                                                          \
  {                                                                                                                    \
    .iVersion = version, .xClose = file_close, .xRead = file_read, .xWrite = file_write, .xTruncate = file_truncate,   \
    .xSync = file_sync, .xFileSize = file_size, .xLock = file_lock, .xUnlock = file_unlock,                            \
    .xCheckReservedLock = file_check_lock, .xFileControl = file_control, .xSectorSize = file_sector_size,              \
    .xDeviceCharacteristics = file_characteristics, .xShmMap = file_share, .xShmLock = file_share_lock,                \
    .xShmBarrier = file_share_barrier, .xShmUnmap = file_unshare                                                       \
  }

/* Version 1 ends before shared memory. */
static const sqlite3_io_methods methods = FILE_METHODS (2), methods_unshared = FILE_METHODS (1);

static int
vfs_open (sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *flags_out)
{
  File *self = (File *)file;
  self->base.pMethods = NULL;
  self->below = (sqlite3_file *)(self + 1);
  if (fails (FV_VFS_OPEN))
    return failing_code;
  int code = usual->xOpen (usual, name, self->below, flags, flags_out);
  if (self->below->pMethods != NULL)
    self->base.pMethods = shares ? &methods : &methods_unshared;
  return code;
}

static int
vfs_delete (sqlite3_vfs *vfs, const char *name, int flush_folder)
{
  return fails (FV_VFS_DELETE) ? failing_code : usual->xDelete (usual, name, flush_folder);
}

void
fv_failing_vfs_use (void)
{
  static sqlite3_vfs vfs;
  usual = sqlite3_vfs_find (NULL);
  vfs = *usual;
  vfs.szOsFile = (int)sizeof (File) + usual->szOsFile;
  vfs.zName = "failing";
  vfs.pNext = NULL;
  vfs.xOpen = vfs_open;
  vfs.xDelete = vfs_delete;
  g_assert_cmpint (sqlite3_vfs_register (&vfs, 1), ==, SQLITE_OK);
}

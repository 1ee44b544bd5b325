/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <sqlite3.h>

G_BEGIN_DECLS

/*
 * A disk that refuses: a layer of SQLite's own kind (VFS) over the usual one that counts calls and gives an error for the
 * n-th. Everything else goes to the disk as ever.
 */

typedef enum
{
  FV_VFS_OPEN = 1 << 0,
  FV_VFS_READ = 1 << 1,
  FV_VFS_WRITE = 1 << 2,
  FV_VFS_TRUNCATE = 1 << 3,
  FV_VFS_SYNC = 1 << 4,
  FV_VFS_LOCK = 1 << 5,
  FV_VFS_DELETE = 1 << 6,
  FV_VFS_SHARE = 1 << 7, /* memory for the write-ahead log */
} FvVfsCalls;

/* Makes it SQLite's default. Once, before anything is opened. */
void  fv_failing_vfs_use    (void);

/* Of these calls the n-th from now on gives code (0 = none does), and all after it where it is lasting. */
void  fv_failing_vfs_start  (FvVfsCalls calls, guint n, int code, gboolean lasting);
/* From now on none fails; how many of these calls there were. */
guint fv_failing_vfs_stop   (void);

/* Whether files opened from now on can share memory at all, as on a local disk. */
void  fv_failing_vfs_shares (gboolean shares);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * A disk that fails. The functions of libc that change files are defined once more in the test's executable: those calls that concern a
 * path under one folder are counted, one of them (or each from it on) fails, and everything else goes on to libc. An executable gets them with
 * failing_files_dep; libraries (GLib, SQLite) call them, too. What stdio writes by itself is out of reach.
 *
 *   for (guint n = 1;; n++)
 *     {
 *       fv_failing_files_start (&(FvFailingFilesParams){ .folder = folder, .nth = n, .code = ENOSPC });
 *       gboolean saved = save (folder, &error);
 *       if (fv_failing_files_stop () < n)
 *         break; // there was no n-th call: all have been tried
 *       g_assert_false (saved);
 *     }
 *
 * One test at a time; the calls may come from any thread.
 */

typedef enum {
  FV_FILE_CALL_MAKE   = 1 << 0, /* open(), openat(), creat() to write; mkdir(), mkdirat() */
  FV_FILE_CALL_WRITE  = 1 << 1, /* write(), writev(), pwrite(), pwritev() */
  FV_FILE_CALL_FLUSH  = 1 << 2, /* fsync(), fdatasync() */
  FV_FILE_CALL_RENAME = 1 << 3, /* rename(), renameat() */
  FV_FILE_CALL_SIZE   = 1 << 4, /* ftruncate(), fallocate(), posix_fallocate() */
  FV_FILE_CALL_REMOVE = 1 << 5, /* unlink(), unlinkat(), rmdir() */
} FvFileCalls;

typedef struct {
  const char *folder;           /* whatever lies in it, and itself */
  FvFileCalls calls;            /* those that are counted; 0 = all that need room: all but removing */
  guint nth;                    /* the call that fails, from 1; 0 = none, they are only counted */
  int code;                     /* what errno becomes: ENOSPC, EDQUOT, EIO, EROFS, EACCES, ... */
  gboolean stays;               /* all calls after it fail as well: a disk that stays full */
  gboolean half;                /* the n-th call, where it is a write, takes half of its bytes; those after it fail (code 0: none does) */
} FvFailingFilesParams;

void         fv_failing_files_start   (const FvFailingFilesParams *params);
/* Lets everything through again, and gives the number of calls that were counted. */
guint        fv_failing_files_stop    (void);
/*
 * (transfer none): the calls that were counted since the last start, a line each: "write runs/1/.last.ckpt.part", "rename .a.part a",
 * "flush ." of the folder itself; those that failed end in " !".
 */
const char  *fv_failing_files_journal (void);

G_END_DECLS

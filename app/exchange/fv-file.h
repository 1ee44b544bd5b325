/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Files that are never seen half-written.
 *
 *   g_autoptr (FvFileWriter) writer = fv_file_writer_open (path, &error);
 *   if (writer == NULL || !fv_file_writer_write (writer, data, size, &error) || !fv_file_writer_commit (writer, &error))
 *     return FALSE;
 *
 * The bytes go to ".NAME.part" beside the target; commit flushes it to the disk and renames it over the target, so that a
 * reader, a full disk or a power cut finds the whole old file or the whole new one. What a killed process left behind is
 * overwritten by the next writer. Errors: G_FILE_ERROR, a sentence with the path; the old file is then untouched.
 * One writer belongs to one thread at a time; any thread will do.
 */
typedef struct _FvFileWriter FvFileWriter;

/* Fails with G_FILE_ERROR_AGAIN while another writer has the same target open. A file that is there keeps its permissions. */
FvFileWriter *fv_file_writer_open   (const char *path, GError **error);
/* Buffered; after an error only freeing makes sense. */
gboolean      fv_file_writer_write  (FvFileWriter *self, const void *data, gsize size, GError **error);
/* Once, as the last call before freeing. */
gboolean      fv_file_writer_commit (FvFileWriter *self, GError **error);
/* NULL-safe. Without a commit before it, everything written is dropped. */
void          fv_file_writer_free   (FvFileWriter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvFileWriter, fv_file_writer_free)

/* All of the above for bytes in memory. */
gboolean      fv_file_replace       (const char *path, const void *data, gsize size, GError **error);

/* The G_FILE_ERROR of a call that could not write @path: a sentence with the reason and what to do. */
void          fv_file_set_error     (GError **error, const char *path, int saved_errno);

/*
 * Makes what was made or renamed in @folder survive a power cut. FALSE with errno where the disk fails at it; file systems that can't do it
 * are no error.
 */
gboolean      fv_file_flush_folder  (const char *folder);

/* (transfer full): the content of a file, mapped; it must not be cut short meanwhile. Errors: G_FILE_ERROR. */
GBytes       *fv_file_map           (const char *path, GError **error);

/*
 * open() that follows no symbolic link at the path's end, for O_NOFOLLOW among the flags. The document portal of a sandbox
 * takes every file for a link there: what is a regular file is opened without the flag. -1 with errno.
 */
int           fv_file_open          (const char *path, int flags, int mode);

G_END_DECLS

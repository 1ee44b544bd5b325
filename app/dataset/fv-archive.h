/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Whether the content of a file is a zip archive, a tar archive, or compressed as tar archives are (gzip, xz, zstd, bzip2). */
gboolean fv_archive_is_one (const char *path);

/* fraction is 0..1 of the archive. */
typedef void (*FvArchiveProgress) (double fraction, gpointer user_data);

/*
 * Lays the files of an archive below folder, an empty one that nobody else writes to. Nothing lands anywhere else: paths that
 * lead out, links and devices stay out, each with a row (of FvProblem) in rejected, as do names that are used twice; hidden
 * files stay out without one. What it may hold is bounded by a ratio to its own size, by a number of files, and by the
 * room on the disk. Errors: FV_IMPORT_ERROR_UNPACK, G_IO_ERROR_CANCELLED; what was written till then stays.
 */
gboolean fv_archive_unpack (const char *path, const char *folder, GPtrArray *rejected, FvArchiveProgress progress,
                            gpointer user_data, GCancellable *cancellable, GError **error);

G_END_DECLS

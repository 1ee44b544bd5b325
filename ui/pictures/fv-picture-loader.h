/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/dataset/fv-picture.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * Decodes pictures in a few threads and remembers the last ones. Whoever waits for the same picture shares the work; a request whose
 * askers have all cancelled is dropped before it costs anything. Main thread.
 *
 *   FvPictureLoader *loader = fv_picture_loader_new (64 << 20, 2);
 *   if ((picture = fv_picture_loader_lookup (loader, path, hash)) == NULL)
 *     fv_picture_loader_load_async (loader, path, hash, 256, cell, cancellable, on_loaded, cell);
 */
#define FV_TYPE_PICTURE_LOADER (fv_picture_loader_get_type ())
G_DECLARE_FINAL_TYPE (FvPictureLoader, fv_picture_loader, FV, PICTURE_LOADER, GObject)

/* max_bytes: of the pictures remembered; the last one always is. n_threads: pictures decoded at the same time. */
FvPictureLoader *fv_picture_loader_new (gsize max_bytes, guint n_threads);

/*
 * How urgent a request is at the moment that a thread is free; the lowest goes first, equal ones in the order they came. Without a
 * function all are equal.
 */
typedef double (*FvPictureLoaderRank) (gpointer rank_data);
void fv_picture_loader_set_rank (FvPictureLoader *self, FvPictureLoaderRank rank);

/* What is remembered: (transfer none) (nullable). reading (nullable) and hash (nullable), the content's, so that a changed file is another picture. */
FvPicture *fv_picture_loader_lookup (FvPictureLoader *self, const char *path, const FvPictureReading *reading,
                                     const char *hash);
/*
 * max_side: of the result, as fv_picture_load() has it; one loader is used with one size for one picture. rank_data: (nullable), alive until
 * the callback; the rank is not asked for NULL. Errors: those of fv_picture_load(), G_IO_ERROR_CANCELLED.
 */
void fv_picture_loader_load_async (FvPictureLoader *self, const char *path, const FvPictureReading *reading,
                                   const char *hash, guint max_side, gpointer rank_data, GCancellable *cancellable,
                                   GAsyncReadyCallback callback, gpointer user_data);
/* (transfer full) */
FvPicture *fv_picture_loader_load_finish (FvPictureLoader *self, GAsyncResult *result, GError **error);

/* Forgets all pictures. */
void fv_picture_loader_forget (FvPictureLoader *self);

/* Bytes of what is remembered, and requests that wait or are being worked on: for tests. */
gsize fv_picture_loader_get_bytes (FvPictureLoader *self);
guint fv_picture_loader_get_n_requests (FvPictureLoader *self);

G_END_DECLS

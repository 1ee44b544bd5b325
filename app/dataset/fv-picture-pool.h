/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/dataset/fv-picture.h"

G_BEGIN_DECLS

/*
 * Decoded and resized pictures, the least recently used dropped when they are more than so many bytes. Thread-safe; a picture
 * that two threads ask for at once is decoded once.
 */
typedef struct _FvPicturePool FvPicturePool;

typedef struct {
  guint64 hits, misses;
  gsize bytes, peak_bytes;
  double disk_seconds;            /* reading files, summed over threads */
  double decode_seconds;          /* decoding and resizing, summed over threads */
} FvPicturePoolStats;

FvPicturePool *fv_picture_pool_new   (gsize max_bytes);
void           fv_picture_pool_free  (FvPicturePool *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvPicturePool, fv_picture_pool_free)

/* (transfer full). As fv_picture_load(); failures are not kept. */
FvPicture     *fv_picture_pool_get   (FvPicturePool *self, const char *path, const FvPictureReading *reading, guint max_side,
                                      FvResize how, GError **error);
void           fv_picture_pool_stats (FvPicturePool *self, FvPicturePoolStats *stats);

G_END_DECLS

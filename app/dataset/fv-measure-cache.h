/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/dataset/fv-measures.h"

G_BEGIN_DECLS

/*
 * Measures of pictures by their content, in the user's cache folder (fovea/measures.db). Whatever is wrong with it, measures are made anew:
 * nothing here fails. One thread at a time.
 */
typedef struct _FvMeasureCache FvMeasureCache;

/* (nullable): NULL where there can be none; the functions below take that. */
FvMeasureCache *fv_measure_cache_open (void);
/* Brings what was put to the disk. NULL-safe. */
void fv_measure_cache_free (FvMeasureCache *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvMeasureCache, fv_measure_cache_free)

gboolean fv_measure_cache_get (FvMeasureCache *self, const FvItem *item, FvMeasure *measure);
void fv_measure_cache_put (FvMeasureCache *self, const FvItem *item, const FvMeasure *measure);

G_END_DECLS

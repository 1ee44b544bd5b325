/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/dataset/fv-measures.h"

G_BEGIN_DECLS

/*
 * Pictures that show the same: the same file twice, or one that was saved again, made smaller, lightened a little, or the next of a burst.
 *
 *   g_autofree guint *groups = fv_duplicates_find (dataset, measures);
 *   if (groups[i] == groups[k]) ...   // the i-th and the k-th item are (nearly) the same
 *
 * Two are near-duplicates when at most FV_DUPLICATES_BITS of their 64 hash bits differ and their thumbnails go together
 * (FV_DUPLICATES_CORRELATION); what is near to the same one is of one group. Pictures without contrast have no hash to compare: only the same
 * content makes those one. Takes n log n but for pictures that share many bits without being alike.
 */
#define FV_DUPLICATES_BITS 6
#define FV_DUPLICATES_CORRELATION 0.97

/*
 * (transfer full): for each item the number of its group: that of the group's first item. @measures (nullable): only the same content makes a
 * group.
 */
guint *fv_duplicates_find (const FvDataset *dataset, const FvMeasures *measures);

/* How far the two are from each other: the hash bits that differ, or 64 where the thumbnails don't go together. */
guint fv_duplicates_distance (const FvMeasure *a, const FvMeasure *b);

G_END_DECLS

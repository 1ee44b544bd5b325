/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * A batch that is too large for the device goes through it in parts, whose gradients add up before the update. It counts as one batch
 * still: in the schedule, in the records and where a run is resumed. The objectness term comes out as for the whole batch. The means of the box and
 * class terms are over the matches of a part instead of those of the batch, and BatchNorm sees (and averages into its running
 * statistics) one part at a time.
 *
 *   guint parts = fv_micro_batch_count (16, 6);           // 4
 *   for (guint i = 0; i < parts; i++)
 *     n = fv_micro_batch_part (16, parts, i);             // 4, 4, 4, 4
 */

/*
 * Parts of a batch of @n pictures with at most @limit (from 1) in each: as few as possible, but up to half as many more where that makes them
 * equal.
 */
guint fv_micro_batch_count (guint n, guint limit);
/* Pictures of part @i; the first are the largest, by one at most. */
guint fv_micro_batch_part (guint n, guint parts, guint i);

G_END_DECLS

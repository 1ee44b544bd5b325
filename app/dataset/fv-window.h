/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/project/fv-dataset.h"

G_BEGIN_DECLS

/*
 * A window over pictures with more than 8 bits a channel that shows nearly all of what they hold: from the 0.1th to the 99.9th percentile of the
 * values of up to FV_WINDOW_PICTURES of @items (of FvItem), all their pixels together. FALSE where none of them can be read.
 */
#define FV_WINDOW_PICTURES 100
gboolean fv_window_find (const GPtrArray *items, guint16 *low, guint16 *high);

G_END_DECLS

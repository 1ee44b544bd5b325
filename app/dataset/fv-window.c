/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-window.h"

#include "app/dataset/fv-picture.h"

#define OUTSIDE 0.001

gboolean
fv_window_find (const GPtrArray *items, guint16 *low, guint16 *high)
{
  g_autofree guint64 *counts = g_new0 (guint64, 65536);
  const guint n = MIN (items->len, FV_WINDOW_PICTURES);
  guint64 total = 0, below = 0;
  for (guint i = 0; i < n; i++)
    {
      const FvItem *item = g_ptr_array_index (items, (guint)((guint64)i * items->len / n));
      fv_picture_count_values (item->path, item->reading.page, counts, NULL);
    }
  for (guint value = 0; value < 65536; value++)
    total += counts[value];
  if (total == 0)
    return FALSE;
  const guint64 outside = (guint64)((double)total * OUTSIDE);
  guint first = 0, last = 65535;
  while (below + counts[first] <= outside && first < 65535)
    below += counts[first++];
  guint64 above = 0;
  while (above + counts[last] <= outside && last > first)
    above += counts[last--];
  /* A picture of one value needs some width, too. */
  *low = (guint16)MIN (first, 65534);
  *high = (guint16)MAX (last, (guint)*low + 1);
  return TRUE;
}

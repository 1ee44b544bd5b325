/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-crowding.h"

#define MAX_NEIGHBOURS 500

static int
compare_left (gconstpointer a, gconstpointer b)
{
  const FvBox *first = *(const FvBox *const *)a, *second = *(const FvBox *const *)b;
  if (first->x1 != second->x1)
    return first->x1 < second->x1 ? -1 : 1;
  return first < second ? -1 : first > second;
}

static double
area (const FvBox *box)
{
  return (box->x2 - box->x1) * (box->y2 - box->y1);
}

void
fv_crowding_count (const GArray *boxes, FvCrowding *crowding)
{
  *crowding = (FvCrowding){ 0 };
  const guint n = boxes->len;
  if (n < 2)
    return;
  g_autofree const FvBox **sorted = g_new (const FvBox *, n);
  /* Bit 0: touches another; bit 1: overlaps one of its class. */
  g_autofree guint8 *found = g_new0 (guint8, n);
  for (guint i = 0; i < n; i++)
    sorted[i] = &g_array_index (boxes, FvBox, i);
  qsort (sorted, n, sizeof *sorted, compare_left);
  for (guint i = 0; i < n; i++)
    {
      const FvBox *a = sorted[i];
      const guint end = MIN (n, i + 1 + MAX_NEIGHBOURS);
      for (guint k = i + 1; k < end && sorted[k]->x1 < a->x2; k++)
        {
          const FvBox *b = sorted[k];
          const double width = MIN (a->x2, b->x2) - b->x1, height = MIN (a->y2, b->y2) - MAX (a->y1, b->y1);
          if (height <= 0)
            continue;
          const double common = width * height;
          const guint8 bits
              = a->class_id == b->class_id && common > FV_CROWDING_OVERLAP * (area (a) + area (b) - common) ? 3 : 1;
          found[i] |= bits;
          found[k] |= bits;
        }
    }
  for (guint i = 0; i < n; i++)
    {
      crowding->touching += found[i] & 1;
      crowding->overlapping += found[i] >> 1;
    }
}

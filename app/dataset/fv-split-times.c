/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-split-private.h"

static int
compare_times (gconstpointer a, gconstpointer b)
{
  const FvSplitUnit *first = *(FvSplitUnit *const *)a, *second = *(FvSplitUnit *const *)b;
  return (first->time > second->time) - (first->time < second->time);
}

/* Units of the same time, from @first on in the order of time. */
typedef struct
{
  guint first, n_units, n_pictures;
} Moment;

static GArray *
find_moments (const GPtrArray *ordered)
{
  GArray *moments = g_array_new (FALSE, FALSE, sizeof (Moment));
  for (guint i = 0; i < ordered->len; i++)
    {
      const FvSplitUnit *unit = g_ptr_array_index (ordered, i);
      if (i == 0 || ((FvSplitUnit *)g_ptr_array_index (ordered, i - 1))->time != unit->time)
        {
          const Moment moment = { i, 0, 0 };
          g_array_append_val (moments, moment);
        }
      Moment *last = &g_array_index (moments, Moment, moments->len - 1);
      last->n_units++;
      last->n_pictures += unit->items->len;
    }
  return moments;
}

gboolean
fv_split_by_time (GPtrArray *units, const guint *wanted, guint n_parts)
{
  g_autoptr (GPtrArray) ordered = g_ptr_array_new ();
  guint parts_left = 0;
  for (guint i = 0; i < units->len; i++)
    if (((FvSplitUnit *)g_ptr_array_index (units, i))->part == FV_SPLIT_UNPLACED)
      g_ptr_array_add (ordered, g_ptr_array_index (units, i));
  g_ptr_array_sort (ordered, compare_times);
  g_autoptr (GArray) moments = find_moments (ordered);
  for (guint p = 0; p < n_parts; p++)
    parts_left += wanted[p] > 0;
  if (moments->len < parts_left)
    return FALSE;

  /* From the newest on: a part ends where another moment would bring it farther from its size. */
  guint left = moments->len;
  for (guint p = n_parts; p-- > 0 && parts_left > 0;)
    {
      if (wanted[p] == 0)
        continue;
      parts_left--;
      for (guint n = 0; left > parts_left;)
        {
          const Moment *moment = &g_array_index (moments, Moment, left - 1);
          if (parts_left > 0 && n > 0
              && ((guint64)n + moment->n_pictures > wanted[p]
                  && n + moment->n_pictures - wanted[p] > (n < wanted[p] ? wanted[p] - n : 0)))
            break;
          for (guint i = 0; i < moment->n_units; i++)
            ((FvSplitUnit *)g_ptr_array_index (ordered, moment->first + i))->part = (int)p;
          n += moment->n_pictures;
          left--;
        }
    }
  return TRUE;
}

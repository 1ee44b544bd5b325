/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "app/dataset/fv-split-private.h"

#define EARTH_RADIUS 6371000.0

/* A cube of space with a place in it; on a sphere in space there is no seam at 180 degrees, nor poles. */
typedef struct
{
  int x, y, z;
} Cell;

static guint
cell_hash (gconstpointer key)
{
  const Cell *cell = key;
  return (guint)cell->x * 73856093u ^ (guint)cell->y * 19349663u ^ (guint)cell->z * 83492791u;
}

static gboolean
cell_equal (gconstpointer a, gconstpointer b)
{
  const Cell *first = a, *second = b;
  return first->x == second->x && first->y == second->y && first->z == second->z;
}

static Cell
cell_of (double latitude, double longitude, double side)
{
  const double phi = latitude * G_PI / 180, lambda = longitude * G_PI / 180;
  return (Cell){ (int)floor (EARTH_RADIUS * cos (phi) * cos (lambda) / side),
                 (int)floor (EARTH_RADIUS * cos (phi) * sin (lambda) / side),
                 (int)floor (EARTH_RADIUS * sin (phi) / side) };
}

static gboolean
is_place (const FvItem *item)
{
  return fabs (item->latitude) <= 90 && fabs (item->longitude) <= 360;
}

/*
 * Pictures whose cubes of side @radius touch are of one place, and so on from cube to cube: those nearer to each other
 * than the radius always are, and those that no chain of pictures joins in steps of 3.5 times the radius never are.
 */
guint *
fv_split_places (const FvDataset *dataset, double radius)
{
  const guint n = dataset->items->len;
  guint *labels = g_new (guint, n);
  g_autofree Cell *cells = g_new0 (Cell, n);
  g_autoptr (GHashTable) first = g_hash_table_new (cell_hash, cell_equal); /* Cell → 1 + a picture in it */
  g_auto (FvSplitSets) sets = { NULL };
  fv_split_sets_init (&sets, n);
  for (guint i = 0; i < n; i++)
    {
      const FvItem *item = fv_dataset_get (dataset, i);
      if (!is_place (item))
        continue;
      cells[i] = cell_of (item->latitude, item->longitude, MAX (radius, 1));
      const guint other = GPOINTER_TO_UINT (g_hash_table_lookup (first, &cells[i]));
      if (other > 0)
        fv_split_sets_join_two (&sets, other - 1, i);
      else
        g_hash_table_insert (first, &cells[i], GUINT_TO_POINTER (i + 1));
    }

  GHashTableIter iter;
  gpointer key, value;
  g_hash_table_iter_init (&iter, first);
  while (g_hash_table_iter_next (&iter, &key, &value))
    for (int k = 0; k < 27; k++)
      {
        const Cell *cell = key;
        const Cell beside = { cell->x + k % 3 - 1, cell->y + k / 3 % 3 - 1, cell->z + k / 9 - 1 };
        const guint other = GPOINTER_TO_UINT (g_hash_table_lookup (first, &beside));
        if (other > 0)
          fv_split_sets_join_two (&sets, other - 1, GPOINTER_TO_UINT (value) - 1);
      }
  for (guint i = 0; i < n; i++)
    labels[i] = is_place (fv_dataset_get (dataset, i)) ? fv_split_sets_find (&sets, i) : FV_SPLIT_ALONE;
  return labels;
}

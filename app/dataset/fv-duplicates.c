/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-duplicates.h"

#include <math.h>
#include <string.h>

/* Standard deviation of the luma below which a picture is a plain area, 0..1. */
#define LEAST_CONTRAST 0.02f
/* If at most FV_DUPLICATES_BITS bits differ, one of so many parts is the same in both hashes. */
#define N_PARTS (FV_DUPLICATES_BITS + 1)
/* Pictures of one hash are compared with so many of the groups that were found among them. */
#define MAX_GROUPS_OF_HASH 8

/* Correlation of two thumbnails, -1..1; 0 where one is plain. */
static double
correlate (const FvMeasure *a, const FvMeasure *b)
{
  const guint n = G_N_ELEMENTS (a->thumbnail);
  double sum_a = 0, sum_b = 0, aa = 0, bb = 0, ab = 0;
  for (guint i = 0; i < n; i++)
    {
      const double x = a->thumbnail[i], y = b->thumbnail[i];
      sum_a += x;
      sum_b += y;
      aa += x * x;
      bb += y * y;
      ab += x * y;
    }
  const double spread = sqrt ((aa - sum_a * sum_a / n) * (bb - sum_b * sum_b / n));
  return spread > 0 ? (ab - sum_a * sum_b / n) / spread : 0;
}

guint
fv_duplicates_distance (const FvMeasure *a, const FvMeasure *b)
{
  const guint bits = (guint)__builtin_popcountll (a->hash ^ b->hash);
  return bits <= FV_DUPLICATES_BITS && correlate (a, b) < FV_DUPLICATES_CORRELATION ? 64 : bits;
}

/* Sets that grow together: the smallest number of a set stands for it. */

static guint
find_set (guint *sets, guint i)
{
  while (sets[i] != i)
    i = sets[i] = sets[sets[i]];
  return i;
}

static void
join (guint *sets, guint a, guint b)
{
  a = find_set (sets, a);
  b = find_set (sets, b);
  sets[MAX (a, b)] = MIN (a, b);
}

static void
join_same_content (const FvDataset *dataset, guint *sets)
{
  g_autoptr (GHashTable) first = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < dataset->items->len; i++)
    {
      const FvItem *item = fv_dataset_get (dataset, i);
      gpointer before;
      /* Pages of one file have its content in common and are not the same. */
      if (item->hash == NULL || item->reading.page > 0)
        continue;
      if (g_hash_table_lookup_extended (first, item->hash, NULL, &before))
        join (sets, GPOINTER_TO_UINT (before), i);
      else
        g_hash_table_insert (first, item->hash, GUINT_TO_POINTER (i));
    }
}

typedef struct
{
  guint64 hash;
  guint item;
} Hashed;

static int
compare_hashed (gconstpointer a, gconstpointer b)
{
  const Hashed *x = a, *y = b;
  if (x->hash != y->hash)
    return x->hash < y->hash ? -1 : 1;
  return (x->item > y->item) - (x->item < y->item);
}

/*
 * Joins pictures of equal hashes where their thumbnails go together, and leaves of each hash one picture a group, at most
 * MAX_GROUPS_OF_HASH, so that ten thousand copies are compared once each. @hashed is sorted by hash.
 */
static void
join_same_hash (GArray *hashed, const FvMeasures *measures, guint *sets)
{
  guint kept = 0, first = 0;
  for (guint i = 0; i < hashed->len; i++)
    {
      const Hashed own = g_array_index (hashed, Hashed, i);
      gboolean joined = FALSE;
      if (kept == 0 || g_array_index (hashed, Hashed, kept - 1).hash != own.hash)
        first = kept;
      for (guint k = first; !joined && k < kept; k++)
        {
          const guint other = g_array_index (hashed, Hashed, k).item;
          joined = fv_duplicates_distance (&measures->all[own.item], &measures->all[other]) == 0;
          if (joined)
            join (sets, own.item, other);
        }
      if (!joined && kept - first < MAX_GROUPS_OF_HASH)
        g_array_index (hashed, Hashed, kept++) = own;
    }
  g_array_set_size (hashed, kept);
}

/* The bits of part p of a hash, as a number. */
static guint64
take_part (guint64 hash, guint p)
{
  const guint from = p * 64 / N_PARTS, to = (p + 1) * 64 / N_PARTS;
  return hash >> from & ((G_GUINT64_CONSTANT (1) << (to - from)) - 1);
}

static int
compare_parts (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const guint p = GPOINTER_TO_UINT (user_data);
  const guint64 x = take_part (((const Hashed *)a)->hash, p), y = take_part (((const Hashed *)b)->hash, p);
  return (x > y) - (x < y);
}

/* Joins those whose hashes have one part in common and differ in few bits. */
static void
join_near (GArray *hashed, const FvMeasures *measures, guint *sets)
{
  for (guint p = 0; p < N_PARTS; p++)
    {
      g_array_sort_with_data (hashed, compare_parts, GUINT_TO_POINTER (p));
      for (guint i = 0; i < hashed->len; i++)
        {
          const Hashed *a = &g_array_index (hashed, Hashed, i);
          for (guint k = i + 1; k < hashed->len; k++)
            {
              const Hashed *b = &g_array_index (hashed, Hashed, k);
              if (take_part (a->hash, p) != take_part (b->hash, p))
                break;
              if (__builtin_popcountll (a->hash ^ b->hash) <= FV_DUPLICATES_BITS
                  && find_set (sets, a->item) != find_set (sets, b->item)
                  && fv_duplicates_distance (&measures->all[a->item], &measures->all[b->item]) <= FV_DUPLICATES_BITS)
                join (sets, a->item, b->item);
            }
        }
    }
}

guint *
fv_duplicates_find (const FvDataset *dataset, const FvMeasures *measures)
{
  const guint n = dataset->items->len;
  guint *sets = g_new (guint, n + 1);
  for (guint i = 0; i < n; i++)
    sets[i] = i;
  join_same_content (dataset, sets);
  if (measures != NULL)
    {
      g_autoptr (GArray) hashed = g_array_new (FALSE, FALSE, sizeof (Hashed));
      for (guint i = 0; i < n; i++)
        if (measures->all[i].readable && measures->all[i].contrast >= LEAST_CONTRAST)
          g_array_append_val (hashed, ((Hashed){ measures->all[i].hash, i }));
      g_array_sort (hashed, compare_hashed);
      join_same_hash (hashed, measures, sets);
      join_near (hashed, measures, sets);
    }
  for (guint i = 0; i < n; i++)
    sets[i] = find_set (sets, i);
  return sets;
}

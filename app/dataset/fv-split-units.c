/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-split-private.h"

#include <string.h>

/* Sets: each picture points at another of its set or, at the end, at itself. */

void
fv_split_sets_init (FvSplitSets *self, guint n)
{
  *self = (FvSplitSets){ g_new (guint, n), n };
  for (guint i = 0; i < n; i++)
    self->parents[i] = i;
}

void
fv_split_sets_clear (FvSplitSets *self)
{
  g_clear_pointer (&self->parents, g_free);
}

guint
fv_split_sets_find (FvSplitSets *self, guint a)
{
  while (self->parents[a] != a)
    a = self->parents[a] = self->parents[self->parents[a]];
  return a;
}

void
fv_split_sets_join_two (FvSplitSets *self, guint a, guint b)
{
  a = fv_split_sets_find (self, a);
  b = fv_split_sets_find (self, b);
  self->parents[MAX (a, b)] = MIN (a, b);
}

void
fv_split_sets_join (FvSplitSets *self, const guint *labels)
{
  g_autoptr (GHashTable) first = g_hash_table_new (NULL, NULL);
  for (guint i = 0; i < self->n; i++)
    {
      gpointer other;
      if (labels[i] == FV_SPLIT_ALONE)
        continue;
      if (g_hash_table_lookup_extended (first, GUINT_TO_POINTER (labels[i]), NULL, &other))
        fv_split_sets_join_two (self, GPOINTER_TO_UINT (other), i);
      else
        g_hash_table_insert (first, GUINT_TO_POINTER (labels[i]), GUINT_TO_POINTER (i));
    }
}

/* Labels */

static guint
number_of (GHashTable *numbers, char *key /* (transfer full) */)
{
  gpointer number;
  if (g_hash_table_lookup_extended (numbers, key, NULL, &number))
    {
      g_free (key);
      return GPOINTER_TO_UINT (number);
    }
  const guint next = g_hash_table_size (numbers);
  g_hash_table_insert (numbers, key, GUINT_TO_POINTER (next));
  return next;
}

guint *
fv_split_contents (const FvDataset *dataset)
{
  g_autoptr (GHashTable) numbers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint *labels = g_new (guint, dataset->items->len);
  for (guint i = 0; i < dataset->items->len; i++)
    {
      const FvItem *item = fv_dataset_get (dataset, i);
      labels[i] = item->hash == NULL ? FV_SPLIT_ALONE
                                     : number_of (numbers, g_strdup_printf ("%s#%u", item->hash, item->reading.page));
    }
  return labels;
}

guint *
fv_split_key_labels (const GPtrArray *keys)
{
  g_autoptr (GHashTable) numbers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint *labels = g_new (guint, keys->len);
  for (guint i = 0; i < keys->len; i++)
    {
      const char *key = g_ptr_array_index (keys, i);
      labels[i] = key == NULL ? FV_SPLIT_ALONE : number_of (numbers, g_strdup (key));
    }
  return labels;
}

/* A burst is within one folder, so that two cameras are not taken for one. */
typedef struct
{
  guint item, folder;
  gint64 time;
} Shot;

static int
compare_shots (gconstpointer a, gconstpointer b)
{
  const Shot *first = a, *second = b;
  if (first->folder != second->folder)
    return first->folder < second->folder ? -1 : 1;
  return (first->time > second->time) - (first->time < second->time);
}

guint *
fv_split_bursts (const FvDataset *dataset, const gint64 *times, guint gap)
{
  g_autoptr (GHashTable) folders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GArray) shots = g_array_new (FALSE, FALSE, sizeof (Shot));
  guint *labels = g_new (guint, dataset->items->len);
  for (guint i = 0; i < dataset->items->len; i++)
    {
      labels[i] = FV_SPLIT_ALONE;
      if (times[i] == FV_TIME_UNKNOWN)
        continue;
      const Shot shot = { i, number_of (folders, g_path_get_dirname (fv_dataset_get (dataset, i)->path)), times[i] };
      g_array_append_val (shots, shot);
    }
  g_array_sort (shots, compare_shots);
  for (guint i = 0, label = 0; i < shots->len; i++)
    {
      const Shot *shot = &g_array_index (shots, Shot, i);
      /* Times may be as far apart as numbers go. */
      label += i > 0 && (shot->folder != shot[-1].folder || (guint64)shot->time - (guint64)shot[-1].time > gap);
      labels[shot->item] = label;
    }
  return labels;
}

/* Units */

/* SplitMix64 of a counter: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014. */
static guint64
mix (guint64 value)
{
  value += 0x9e3779b97f4a7c15u;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

static guint64
random_key (const FvItem *item, guint64 seed)
{
  const char *text = item->hash != NULL ? item->hash : item->path;
  char digits[17] = { 0 };
  strncpy (digits, text, 16);
  return mix (mix (seed) ^ g_ascii_strtoull (digits, NULL, 16) ^ (guint64)item->reading.page << 48);
}

static void
unit_free (FvSplitUnit *unit)
{
  g_array_unref (unit->items);
  g_array_unref (unit->counts);
  g_free (unit);
}

static int
compare_units (gconstpointer a, gconstpointer b)
{
  const FvSplitUnit *first = *(FvSplitUnit *const *)a, *second = *(FvSplitUnit *const *)b;
  return first->key < second->key ? -1 : first->key > second->key;
}

static int
compare_counts (gconstpointer a, gconstpointer b)
{
  const FvSplitCount *first = a, *second = b;
  return (first->class_id > second->class_id) - (first->class_id < second->class_id);
}

/* @where[c]: 1 + the place of class c in the unit's counts, 0 for none; all 0 before and after. */
static void
count_unit (FvSplitUnit *unit, const FvDataset *dataset, guint *where)
{
  for (guint i = 0; i < unit->items->len; i++)
    {
      const GArray *boxes = fv_dataset_get (dataset, g_array_index (unit->items, guint, i))->boxes;
      for (guint k = 0; k < MAX (boxes->len, 1); k++)
        {
          const guint c = boxes->len > 0 ? g_array_index (boxes, FvBox, k).class_id : dataset->n_classes;
          if (where[c] == 0)
            {
              const FvSplitCount none = { c, 0 };
              g_array_append_val (unit->counts, none);
              where[c] = unit->counts->len;
            }
          g_array_index (unit->counts, FvSplitCount, where[c] - 1).n++;
        }
    }
  for (guint k = 0; k < unit->counts->len; k++)
    where[g_array_index (unit->counts, FvSplitCount, k).class_id] = 0;
  g_array_sort (unit->counts, compare_counts);
}

GPtrArray *
fv_split_units (const FvDataset *dataset, FvSplitSets *sets, guint64 seed, const gint64 *times)
{
  GPtrArray *units = g_ptr_array_new_with_free_func ((GDestroyNotify)unit_free);
  g_autofree FvSplitUnit **of_set = g_new0 (FvSplitUnit *, sets->n);
  g_autofree guint *where = g_new0 (guint, dataset->n_classes + 1);
  for (guint i = 0; i < sets->n; i++)
    {
      FvSplitUnit **unit = &of_set[fv_split_sets_find (sets, i)];
      const guint64 key = random_key (fv_dataset_get (dataset, i), seed);
      if (*unit == NULL)
        {
          *unit = g_new0 (FvSplitUnit, 1);
          **unit = (FvSplitUnit){ .key = key,
                                  .time = FV_TIME_UNKNOWN,
                                  .part = FV_SPLIT_UNPLACED,
                                  .items = g_array_new (FALSE, FALSE, sizeof (guint)),
                                  .counts = g_array_new (FALSE, FALSE, sizeof (FvSplitCount)) };
          g_ptr_array_add (units, *unit);
        }
      (*unit)->key = MIN ((*unit)->key, key);
      if (times != NULL)
        (*unit)->time = MAX ((*unit)->time, times[i]);
      g_array_append_val ((*unit)->items, i);
    }
  for (guint i = 0; i < units->len; i++)
    count_unit (g_ptr_array_index (units, i), dataset, where);
  g_ptr_array_sort (units, compare_units);
  return units;
}

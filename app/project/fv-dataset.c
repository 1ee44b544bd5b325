/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/project/fv-dataset.h"

#include <math.h>
#include <string.h>

G_DEFINE_QUARK (fv_dataset_error, fv_dataset_error)
G_DEFINE_BOXED_TYPE (FvDataset, fv_dataset, fv_dataset_ref, fv_dataset_unref)

static const char *const subset_names[FV_N_SUBSETS] = { "none", "train", "val", "test" };

const char *
fv_subset_to_string (FvSubset subset)
{
  g_return_val_if_fail ((guint)subset < FV_N_SUBSETS, "none");
  return subset_names[subset];
}

gboolean
fv_subset_parse (const char *text, FvSubset *subset)
{
  for (guint i = 0; i < FV_N_SUBSETS; i++)
    if (g_strcmp0 (text, subset_names[i]) == 0)
      {
        *subset = (FvSubset)i;
        return TRUE;
      }
  return FALSE;
}

FvItem *
fv_item_new (void)
{
  FvItem *item = g_new0 (FvItem, 1);
  g_atomic_ref_count_init (&item->references);
  item->orientation = 1;
  item->boxes = g_array_new (FALSE, FALSE, sizeof (FvBox));
  item->ignored = g_array_new (FALSE, FALSE, sizeof (FvBox));
  item->time = FV_TIME_UNKNOWN;
  item->latitude = item->longitude = NAN;
  return item;
}

char *
fv_item_get_file_name (const FvItem *item)
{
  const char *end = item->reading.page > 0 ? strrchr (item->name, '#') : NULL;
  return end != NULL ? g_strndup (item->name, (gsize)(end - item->name)) : g_strdup (item->name);
}

FvItem *
fv_item_copy (const FvItem *item)
{
  FvItem *copy = g_memdup2 (item, sizeof *item);
  g_atomic_ref_count_init (&copy->references);
  copy->path = g_strdup (item->path);
  copy->name = g_strdup (item->name);
  copy->hash = g_strdup (item->hash);
  copy->boxes = g_array_copy (item->boxes);
  copy->ignored = g_array_copy (item->ignored);
  return copy;
}

FvItem *
fv_item_ref (FvItem *item)
{
  g_atomic_ref_count_inc (&item->references);
  return item;
}

void
fv_item_unref (FvItem *item)
{
  if (item == NULL || !g_atomic_ref_count_dec (&item->references))
    return;
  g_free (item->path);
  g_free (item->name);
  g_free (item->hash);
  g_array_unref (item->boxes);
  g_array_unref (item->ignored);
  g_free (item);
}

FvDataset *
fv_dataset_new (const char *const *class_names)
{
  FvDataset *self = g_new0 (FvDataset, 1);
  g_atomic_ref_count_init (&self->references);
  self->items = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_item_unref);
  self->class_names = class_names != NULL ? g_strdupv ((char **)class_names) : g_new0 (char *, 1);
  self->n_classes = g_strv_length (self->class_names);
  return self;
}

FvDataset *
fv_dataset_ref (FvDataset *self)
{
  g_atomic_ref_count_inc (&self->references);
  return self;
}

FvDataset *
fv_dataset_copy (const FvDataset *self)
{
  FvDataset *copy = fv_dataset_new ((const char *const *)self->class_names);
  for (guint i = 0; i < self->items->len; i++)
    fv_dataset_add (copy, fv_item_copy (fv_dataset_get (self, i)));
  return copy;
}

FvDataset *
fv_dataset_replace (const FvDataset *self, const GPtrArray *items, GArray **indices)
{
  g_autoptr (GHashTable) by_id = g_hash_table_new (g_int64_hash, g_int64_equal);
  g_autoptr (GArray) places = g_array_new (FALSE, FALSE, sizeof (guint));
  FvDataset *other = fv_dataset_new ((const char *const *)self->class_names);
  for (guint i = 0; i < items->len; i++)
    {
      FvItem *item = g_ptr_array_index (items, i);
      g_hash_table_insert (by_id, &item->id, item);
    }
  for (guint i = 0; i < self->items->len; i++)
    {
      FvItem *item = fv_dataset_get (self, i), *instead = g_hash_table_lookup (by_id, &item->id);
      if (instead != NULL)
        g_array_append_val (places, i);
      fv_dataset_add (other, fv_item_ref (instead != NULL ? instead : item));
    }
  if (indices != NULL)
    *indices = g_steal_pointer (&places);
  return other;
}

void
fv_dataset_unref (FvDataset *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->references))
    return;
  g_ptr_array_unref (self->items);
  g_strfreev (self->class_names);
  g_free (self);
}

void
fv_dataset_add (FvDataset *self, FvItem *item)
{
  g_ptr_array_add (self->items, item);
}

static int
compare_items (gconstpointer a, gconstpointer b)
{
  const FvItem *first = *(FvItem *const *)a, *second = *(FvItem *const *)b;
  int by_name = g_strcmp0 (first->name, second->name);
  return by_name != 0 ? by_name : g_strcmp0 (first->path, second->path);
}

void
fv_dataset_sort (FvDataset *self)
{
  g_ptr_array_sort (self->items, compare_items);
}

GArray *
fv_dataset_subset (const FvDataset *self, FvSubset subset)
{
  GArray *indices = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint i = 0; i < self->items->len; i++)
    if (fv_dataset_get (self, i)->subset == subset)
      g_array_append_val (indices, i);
  return indices;
}

guint64
fv_dataset_count_boxes (const FvDataset *self)
{
  guint64 n = 0;
  for (guint i = 0; i < self->items->len; i++)
    n += fv_dataset_get (self, i)->boxes->len;
  return n;
}

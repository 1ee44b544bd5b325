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
  copy->path = g_strdup (item->path);
  copy->name = g_strdup (item->name);
  copy->hash = g_strdup (item->hash);
  copy->boxes = g_array_copy (item->boxes);
  copy->ignored = g_array_copy (item->ignored);
  return copy;
}

void
fv_item_free (FvItem *item)
{
  if (item == NULL)
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
  self->items = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_item_free);
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

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "app/dataset/fv-duplicates.h"
#include "app/dataset/fv-import-private.h"
#include "app/dataset/fv-split.h"

/* The split of what comes without subsets: with the project's pictures, so that what is alike stays together. */

/* (transfer full): the classes of both, the project's first, with @map[i] the place of the i-th of @dataset. */
static FvDataset *
join_classes (const FvDataset *known, const FvDataset *dataset, guint *map)
{
  g_autoptr (GHashTable) places = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  for (guint i = 0; i < known->n_classes; i++)
    {
      g_ptr_array_add (names, known->class_names[i]);
      g_hash_table_insert (places, known->class_names[i], GUINT_TO_POINTER (names->len));
    }
  for (guint i = 0; i < dataset->n_classes; i++)
    {
      guint place = GPOINTER_TO_UINT (g_hash_table_lookup (places, dataset->class_names[i]));
      if (place == 0)
        {
          g_ptr_array_add (names, dataset->class_names[i]);
          g_hash_table_insert (places, dataset->class_names[i], GUINT_TO_POINTER (names->len));
          place = names->len;
        }
      map[i] = place - 1;
    }
  g_ptr_array_add (names, NULL);
  return fv_dataset_new ((const char *const *)names->pdata);
}

static void
on_measured (double fraction, gpointer user_data)
{
  const FvImportParams *params = user_data;
  if (params->progress != NULL)
    params->progress (fraction, _ ("pictures compared"), params->user_data);
}

gboolean
fv_import_split (FvProject *project, FvDataset *dataset, const FvImportParams *params, GError **error)
{
  g_autoptr (FvDataset) known = fv_project_load_dataset (project, error);
  if (known == NULL)
    return FALSE;
  const guint n_known = known->items->len;
  g_autofree guint *map = g_new (guint, dataset->n_classes + 1);
  g_autoptr (FvDataset) all = join_classes (known, dataset, map);
  for (guint i = 0; i < n_known; i++)
    fv_dataset_add (all, fv_item_copy (fv_dataset_get (known, i)));
  for (guint i = 0; i < dataset->items->len; i++)
    {
      FvItem *item = fv_item_copy (fv_dataset_get (dataset, i));
      for (guint k = 0; k < item->boxes->len; k++)
        {
          FvBox *box = &g_array_index (item->boxes, FvBox, k);
          box->class_id = map[box->class_id];
        }
      fv_dataset_add (all, item);
    }
  g_autoptr (FvMeasures) measures = fv_measure_pictures (
      all,
      &(FvMeasureParams){ .progress = on_measured, .user_data = (gpointer)params, .cancellable = params->cancellable },
      error);
  if (measures == NULL)
    return FALSE;
  g_autofree guint *near = fv_duplicates_find (all, measures);
  if (!fv_split_dataset (all, &(FvSplitParams){ .keep = FV_SPLIT_KEEP_ALL, .near = near }, NULL, error))
    return FALSE;
  for (guint i = 0; i < dataset->items->len; i++)
    fv_dataset_get (dataset, i)->subset = fv_dataset_get (all, n_known + i)->subset;
  return TRUE;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>

#include "app/dataset/fv-import-private.h"
#include "app/dataset/fv-window.h"
#include "app/project/fv-project-window.h"

/* Pictures of files with several pages, and the window over those with more than 8 bits a channel. */

void
fv_import_add_pages (FvImportJob *job, FvDataset *dataset, const FvItem *first, const FvImportEntry *entry)
{
  const guint n = entry->info.pages;
  if (n > 1 && entry->label != NULL)
    {
      fv_problem_add (job->rejected, entry->picture, 0,
                      _ ("The file has %u pages, but labels can be of one only: they are taken for the first, and the "
                         "others stay out. Save each page as a file of its own."),
                      n);
      return;
    }
  for (guint page = 1; page < n; page++)
    {
      FvPictureInfo info;
      g_autoptr (GError) error = NULL;
      if (!fv_picture_probe_page (entry->picture, page, &info, &error))
        {
          fv_problem_add (job->rejected, entry->picture, 0, _ ("Page %u stays out. %s"), page + 1, error->message);
          continue;
        }
      FvItem *item = fv_item_copy (first);
      g_free (item->name);
      item->name = g_strdup_printf ("%s#%u", first->name, page + 1);
      item->width = info.width;
      item->height = info.height;
      item->orientation = info.orientation;
      item->reading.page = page;
      fv_dataset_add (dataset, item);
      if (info.bits > 8)
        g_ptr_array_add (job->deep, item);
    }
}

gboolean
fv_import_choose_window (FvProject *project, FvImportJob *job, GError **error)
{
  guint16 low = 0, high = 0;
  if (job->deep->len == 0)
    return TRUE;
  if (!fv_project_get_window (project, &low, &high, error))
    return FALSE;
  if (high == 0 && !fv_window_find (job->deep, &low, &high))
    return TRUE;
  for (guint i = 0; i < job->deep->len; i++)
    {
      FvItem *item = g_ptr_array_index (job->deep, i);
      item->reading.low = low;
      item->reading.high = high;
    }
  return TRUE;
}

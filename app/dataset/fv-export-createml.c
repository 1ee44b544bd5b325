/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-exporter.h"

/*
 * Create ML JSON: a folder for each subset with its pictures and one file, as Create ML's training, validation and testing
 * data are chosen. Coordinates are a box's centre and size in pixels.
 */

static void
put_picture (FvExport *export, FvExportText *text, const FvExportPicture *picture)
{
  const FvItem *item = picture->item;
  fv_export_text_put (text, "{\"image\": ");
  fv_export_text_put_json (text, picture->name);
  fv_export_text_put (text, ", \"annotations\": [");
  for (guint i = 0; i < item->boxes->len; i++)
    {
      const FvBox *box = &g_array_index (item->boxes, FvBox, i);
      fv_export_text_put (text, i > 0 ? ",\n{\"label\": " : "\n{\"label\": ");
      fv_export_text_put_json (text, export->dataset->class_names[box->class_id]);
      fv_export_text_printf (text, ", \"coordinates\": {\"x\": %s, \"y\": %s, \"width\": %s, \"height\": %s}}",
                             FV_NUMBER ((box->x1 + box->x2) / 2), FV_NUMBER ((box->y1 + box->y2) / 2),
                             FV_NUMBER (box->x2 - box->x1), FV_NUMBER (box->y2 - box->y1));
    }
  fv_export_text_put (text, "]}");
}

static gboolean
write_all (FvExport *export, GError **error)
{
  for (guint subset = 0; subset < FV_N_SUBSETS; subset++)
    {
      if (export->n_in_subset[subset] == 0)
        continue;
      g_autofree char *name = g_strdup_printf ("%s/_annotations.createml.json", fv_subset_to_string (subset));
      FvExportText *text = fv_export_text_open (export, name, error);
      const char *before = "[\n";
      if (text == NULL)
        return FALSE;
      for (guint i = 0; i < export->pictures->len; i++)
        if (fv_export_get (export, i)->item->subset == subset)
          {
            fv_export_text_put (text, before);
            put_picture (export, text, fv_export_get (export, i));
            before = ",\n";
          }
      fv_export_text_put (text, "\n]\n");
      if (!fv_export_text_close (text, error))
        return FALSE;
    }
  return TRUE;
}

const FvExporter fv_exporter_createml = { "createml", .pictures = "", .subset_folders = TRUE, .write = write_all };

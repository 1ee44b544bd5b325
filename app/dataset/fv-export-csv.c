/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-exporter.h"

/*
 * A table: a folder for each subset with its pictures and _annotations.csv, a row a box, with the columns that TensorFlow's
 * tools use. A picture without boxes has no row.
 */

static void
put_rows (FvExport *export, FvExportText *text, const FvExportPicture *picture)
{
  const FvItem *item = picture->item;
  for (guint i = 0; i < item->boxes->len; i++)
    {
      const FvBox *box = &g_array_index (item->boxes, FvBox, i);
      fv_export_text_put_csv (text, picture->name);
      fv_export_text_printf (text, ",%u,%u,", item->width, item->height);
      fv_export_text_put_csv (text, export->dataset->class_names[box->class_id]);
      fv_export_text_printf (text, ",%s,%s,%s,%s\n", FV_NUMBER (box->x1), FV_NUMBER (box->y1), FV_NUMBER (box->x2),
                             FV_NUMBER (box->y2));
    }
}

static gboolean
write_all (FvExport *export, GError **error)
{
  for (guint subset = 0; subset < FV_N_SUBSETS; subset++)
    {
      if (export->n_in_subset[subset] == 0)
        continue;
      g_autofree char *name = g_strdup_printf ("%s/_annotations.csv", fv_subset_to_string (subset));
      FvExportText *text = fv_export_text_open (export, name, error);
      if (text == NULL)
        return FALSE;
      fv_export_text_put (text, "filename,width,height,class,xmin,ymin,xmax,ymax\n");
      for (guint i = 0; i < export->pictures->len; i++)
        if (fv_export_get (export, i)->item->subset == subset)
          put_rows (export, text, fv_export_get (export, i));
      if (!fv_export_text_close (text, error))
        return FALSE;
    }
  return TRUE;
}

const FvExporter fv_exporter_csv = { "csv", .pictures = "", .subset_folders = TRUE, .write = write_all };

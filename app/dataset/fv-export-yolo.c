/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-exporter.h"

/*
 * YOLO as YOLOv5 and its successors read it: images/SUBSET, labels/SUBSET and data.yaml, without 'path', so that paths count
 * from the file wherever the folder goes. Pictures of no subset lie in images/none, which data.yaml can't name; where there
 * are no others, classes.txt stands in its place.
 */

static gboolean
write_labels (FvExport *export, const FvExportPicture *picture, GError **error)
{
  const FvItem *item = picture->item;
  g_autofree char *name = g_strdup_printf ("labels/%s/%s.txt", fv_subset_to_string (item->subset), picture->stem);
  FvExportText *text = fv_export_text_open (export, name, error);
  if (text == NULL)
    return FALSE;
  for (guint i = 0; i < item->boxes->len; i++)
    {
      const FvBox *box = &g_array_index (item->boxes, FvBox, i);
      fv_export_text_printf (text, "%u %s %s %s %s\n", box->class_id, FV_NUMBER ((box->x1 + box->x2) / 2 / item->width),
                             FV_NUMBER ((box->y1 + box->y2) / 2 / item->height),
                             FV_NUMBER ((box->x2 - box->x1) / item->width),
                             FV_NUMBER ((box->y2 - box->y1) / item->height));
    }
  return fv_export_text_close (text, error);
}

static gboolean
write_names (FvExport *export, GError **error)
{
  FvExportText *text = fv_export_text_open (export, "classes.txt", error);
  if (text == NULL)
    return FALSE;
  for (guint i = 0; i < export->dataset->n_classes; i++)
    fv_export_text_printf (text, "%s\n", export->dataset->class_names[i]);
  return fv_export_text_close (text, error);
}

static gboolean
write_config (FvExport *export, GError **error)
{
  FvExportText *text = fv_export_text_open (export, "data.yaml", error);
  if (text == NULL)
    return FALSE;
  for (guint subset = FV_SUBSET_TRAIN; subset < FV_N_SUBSETS; subset++)
    if (export->n_in_subset[subset] > 0)
      fv_export_text_printf (text, "%s: images/%s\n", fv_subset_to_string (subset), fv_subset_to_string (subset));
  fv_export_text_printf (text, "nc: %u\nnames:%s\n", export->dataset->n_classes,
                         export->dataset->n_classes == 0 ? " []" : "");
  for (guint i = 0; i < export->dataset->n_classes; i++)
    {
      fv_export_text_printf (text, "  %u: ", i);
      fv_export_text_put_json (text, export->dataset->class_names[i]);
      fv_export_text_put (text, "\n");
    }
  return fv_export_text_close (text, error);
}

static gboolean
write_all (FvExport *export, GError **error)
{
  for (guint i = 0; i < export->pictures->len; i++)
    if (!write_labels (export, fv_export_get (export, i), error))
      return FALSE;
  return export->n_in_subset[FV_SUBSET_NONE] == export->pictures->len ? write_names (export, error)
                                                                      : write_config (export, error);
}

const FvExporter fv_exporter_yolo = { "yolo", .pictures = "images", .subset_folders = TRUE, .write = write_all };

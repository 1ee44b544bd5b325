/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-exporter.h"

/*
 * LabelMe JSON: a file beside each picture, in a folder for each subset; labels.txt lists the classes as `labelme --labels`
 * wants them. Regions to be ignored are shapes of the label that LabelMe's examples have for it.
 */

#define IGNORED "__ignore__"

static void
put_shape (FvExportText *text, const char *label, const FvBox *box, gboolean first)
{
  fv_export_text_put (text, first ? "\n{\"label\": " : ",\n{\"label\": ");
  fv_export_text_put_json (text, label);
  fv_export_text_printf (text,
                         ", \"points\": [[%s, %s], [%s, %s]], \"group_id\": null, \"shape_type\": \"rectangle\", "
                         "\"flags\": {}}",
                         FV_NUMBER (box->x1), FV_NUMBER (box->y1), FV_NUMBER (box->x2), FV_NUMBER (box->y2));
}

static gboolean
write_shapes (FvExport *export, const FvExportPicture *picture, GError **error)
{
  const FvItem *item = picture->item;
  g_autofree char *name = g_strdup_printf ("%s/%s.json", fv_subset_to_string (item->subset), picture->stem);
  FvExportText *text = fv_export_text_open (export, name, error);
  if (text == NULL)
    return FALSE;
  fv_export_text_put (text, "{\n\"version\": \"5.0.1\",\n\"flags\": {},\n\"shapes\": [");
  for (guint i = 0; i < item->boxes->len; i++)
    {
      const FvBox *box = &g_array_index (item->boxes, FvBox, i);
      put_shape (text, export->dataset->class_names[box->class_id], box, i == 0);
    }
  for (guint i = 0; i < item->ignored->len; i++)
    put_shape (text, IGNORED, &g_array_index (item->ignored, FvBox, i), item->boxes->len + i == 0);
  fv_export_text_put (text, "\n],\n\"imagePath\": ");
  fv_export_text_put_json (text, picture->name);
  fv_export_text_printf (text, ",\n\"imageData\": null,\n\"imageHeight\": %u,\n\"imageWidth\": %u\n}\n", item->height,
                         item->width);
  return fv_export_text_close (text, error);
}

static gboolean
write_all (FvExport *export, GError **error)
{
  for (guint i = 0; i < export->pictures->len; i++)
    if (!write_shapes (export, fv_export_get (export, i), error))
      return FALSE;
  FvExportText *text = fv_export_text_open (export, "labels.txt", error);
  if (text == NULL)
    return FALSE;
  fv_export_text_put (text, IGNORED "\n_background_\n");
  for (guint i = 0; i < export->dataset->n_classes; i++)
    fv_export_text_printf (text, "%s\n", export->dataset->class_names[i]);
  return fv_export_text_close (text, error);
}

const FvExporter fv_exporter_labelme
    = { "labelme", .pictures = "", .subset_folders = TRUE, .holds_ignored = TRUE, .write = write_all };

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-exporter.h"

/*
 * COCO JSON: annotations/instances_SUBSET.json and images/SUBSET. Ids count from 1, over all subsets; categories have the
 * order of the classes. Regions to be ignored are crowds.
 */

/* Where @n_written things were written before: what stands between two. */
static const char *
comma (guint64 n_written)
{
  return n_written > 0 ? ",\n" : "\n";
}

static void
put_categories (FvExport *export, FvExportText *text)
{
  fv_export_text_put (text, "\"categories\": [");
  for (guint i = 0; i < export->dataset->n_classes; i++)
    {
      fv_export_text_printf (text, "%s{\"id\": %u, \"name\": ", comma (i), i + 1);
      fv_export_text_put_json (text, export->dataset->class_names[i]);
      fv_export_text_put (text, ", \"supercategory\": \"\"}");
    }
  fv_export_text_put (text, "\n],\n");
}

static void
put_images (FvExport *export, FvExportText *text, FvSubset subset)
{
  guint n = 0;
  fv_export_text_put (text, "\"images\": [");
  for (guint i = 0; i < export->pictures->len; i++)
    {
      const FvExportPicture *picture = fv_export_get (export, i);
      if (picture->item->subset != subset)
        continue;
      fv_export_text_printf (text, "%s{\"id\": %u, \"width\": %u, \"height\": %u, \"file_name\": ", comma (n++), i + 1,
                             picture->item->width, picture->item->height);
      fv_export_text_put_json (text, picture->name);
      fv_export_text_put (text, "}");
    }
  fv_export_text_put (text, "\n],\n");
}

static void
put_box (FvExportText *text, guint image, const FvBox *box, gboolean ignored, guint64 *n_boxes, guint64 *n_here)
{
  const double width = box->x2 - box->x1, height = box->y2 - box->y1;
  fv_export_text_printf (text,
                         "%s{\"id\": %" G_GUINT64_FORMAT ", \"image_id\": %u, \"category_id\": %u, \"bbox\": [%s, %s, "
                         "%s, %s], \"area\": %s, \"iscrowd\": %d, \"segmentation\": []}",
                         comma ((*n_here)++), ++*n_boxes, image, box->class_id + 1, FV_NUMBER (box->x1),
                         FV_NUMBER (box->y1), FV_NUMBER (width), FV_NUMBER (height), FV_NUMBER (width * height),
                         ignored);
}

static void
put_annotations (FvExport *export, FvExportText *text, FvSubset subset, guint64 *n_boxes)
{
  guint64 n_here = 0;
  fv_export_text_put (text, "\"annotations\": [");
  for (guint i = 0; i < export->pictures->len; i++)
    {
      const FvItem *item = fv_export_get (export, i)->item;
      if (item->subset != subset)
        continue;
      for (guint k = 0; k < item->boxes->len; k++)
        put_box (text, i + 1, &g_array_index (item->boxes, FvBox, k), FALSE, n_boxes, &n_here);
      for (guint k = 0; k < item->ignored->len; k++)
        put_box (text, i + 1, &g_array_index (item->ignored, FvBox, k), TRUE, n_boxes, &n_here);
    }
  fv_export_text_put (text, "\n]\n");
}

static gboolean
write_all (FvExport *export, GError **error)
{
  guint64 n_boxes = 0;
  for (guint subset = 0; subset < FV_N_SUBSETS; subset++)
    {
      if (export->n_in_subset[subset] == 0)
        continue;
      g_autofree char *name = g_strdup_printf ("annotations/instances_%s.json", fv_subset_to_string (subset));
      FvExportText *text = fv_export_text_open (export, name, error);
      if (text == NULL)
        return FALSE;
      fv_export_text_put (text, "{\n\"info\": {},\n\"licenses\": [],\n");
      put_categories (export, text);
      put_images (export, text, subset);
      put_annotations (export, text, subset, &n_boxes);
      fv_export_text_put (text, "}\n");
      if (!fv_export_text_close (text, error))
        return FALSE;
    }
  return TRUE;
}

const FvExporter fv_exporter_coco = { "coco",
                                      .pictures = "images",
                                      .subset_folders = TRUE,
                                      .names_are_global = TRUE,
                                      .holds_ignored = TRUE,
                                      .write = write_all };

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-exporter.h"

/*
 * Pascal VOC's folders: Annotations, JPEGImages, ImageSets/Main with a list for each subset. Coordinates are pixels as they
 * stand, from 0, with decimals where there are some.
 */

static gboolean
write_annotation (FvExport *export, const FvExportPicture *picture, GError **error)
{
  const FvItem *item = picture->item;
  g_autofree char *name = g_strdup_printf ("Annotations/%s.xml", picture->stem);
  FvExportText *text = fv_export_text_open (export, name, error);
  if (text == NULL)
    return FALSE;
  fv_export_text_put (text, "<annotation>\n\t<folder>JPEGImages</folder>\n\t<filename>");
  fv_export_text_put_xml (text, picture->name);
  fv_export_text_printf (text,
                         "</filename>\n\t<size>\n\t\t<width>%u</width>\n\t\t<height>%u</height>\n\t\t<depth>3</depth>\n"
                         "\t</size>\n\t<segmented>0</segmented>\n",
                         item->width, item->height);
  for (guint i = 0; i < item->boxes->len; i++)
    {
      const FvBox *box = &g_array_index (item->boxes, FvBox, i);
      fv_export_text_put (text, "\t<object>\n\t\t<name>");
      fv_export_text_put_xml (text, export->dataset->class_names[box->class_id]);
      fv_export_text_printf (
          text,
          "</name>\n\t\t<pose>Unspecified</pose>\n\t\t<truncated>0</truncated>\n"
          "\t\t<difficult>0</difficult>\n\t\t<bndbox>\n\t\t\t<xmin>%s</xmin>\n\t\t\t<ymin>%s</ymin>\n"
          "\t\t\t<xmax>%s</xmax>\n\t\t\t<ymax>%s</ymax>\n\t\t</bndbox>\n\t</object>\n",
          FV_NUMBER (box->x1), FV_NUMBER (box->y1), FV_NUMBER (box->x2), FV_NUMBER (box->y2));
    }
  fv_export_text_put (text, "</annotation>\n");
  return fv_export_text_close (text, error);
}

static gboolean
write_list (FvExport *export, FvSubset subset, GError **error)
{
  g_autofree char *name = g_strdup_printf ("ImageSets/Main/%s.txt", fv_subset_to_string (subset));
  FvExportText *text = fv_export_text_open (export, name, error);
  if (text == NULL)
    return FALSE;
  for (guint i = 0; i < export->pictures->len; i++)
    if (fv_export_get (export, i)->item->subset == subset)
      fv_export_text_printf (text, "%s\n", fv_export_get (export, i)->stem);
  return fv_export_text_close (text, error);
}

static gboolean
write_all (FvExport *export, GError **error)
{
  for (guint i = 0; i < export->pictures->len; i++)
    if (!write_annotation (export, fv_export_get (export, i), error))
      return FALSE;
  /* Pictures that are on no list are in no subset. */
  for (guint subset = FV_SUBSET_TRAIN; subset < FV_N_SUBSETS; subset++)
    if (export->n_in_subset[subset] > 0 && !write_list (export, subset, error))
      return FALSE;
  return TRUE;
}

const FvExporter fv_exporter_voc = { "voc", .pictures = "JPEGImages", .names_are_global = TRUE, .write = write_all };

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-exporter.h"

/* CVAT XML 1.1 "for images", as CVAT exports a project: annotations.xml and images/SUBSET. */

static void
put_meta (FvExport *export, FvExportText *text)
{
  const char *before = "";
  fv_export_text_put (text, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<annotations>\n  <version>1.1</version>\n"
                            "  <meta>\n    <project>\n      <subsets>");
  for (guint subset = FV_SUBSET_TRAIN; subset < FV_N_SUBSETS; subset++)
    if (export->n_in_subset[subset] > 0)
      {
        fv_export_text_printf (text, "%s%s", before, fv_subset_to_string (subset));
        before = "\n";
      }
  fv_export_text_put (text, "</subsets>\n      <labels>\n");
  for (guint i = 0; i < export->dataset->n_classes; i++)
    {
      fv_export_text_put (text, "        <label>\n          <name>");
      fv_export_text_put_xml (text, export->dataset->class_names[i]);
      fv_export_text_put (text, "</name>\n          <type>rectangle</type>\n          <attributes></attributes>\n"
                                "        </label>\n");
    }
  fv_export_text_put (text, "      </labels>\n    </project>\n  </meta>\n");
}

static void
put_image (FvExport *export, FvExportText *text, guint id)
{
  const FvExportPicture *picture = fv_export_get (export, id);
  const FvItem *item = picture->item;
  fv_export_text_printf (text, "  <image id=\"%u\" name=\"", id);
  fv_export_text_put_xml (text, picture->name);
  if (item->subset != FV_SUBSET_NONE)
    fv_export_text_printf (text, "\" subset=\"%s", fv_subset_to_string (item->subset));
  fv_export_text_printf (text, "\" width=\"%u\" height=\"%u\">\n", item->width, item->height);
  for (guint i = 0; i < item->boxes->len; i++)
    {
      const FvBox *box = &g_array_index (item->boxes, FvBox, i);
      fv_export_text_put (text, "    <box label=\"");
      fv_export_text_put_xml (text, export->dataset->class_names[box->class_id]);
      fv_export_text_printf (text,
                             "\" source=\"manual\" occluded=\"0\" xtl=\"%s\" ytl=\"%s\" xbr=\"%s\" ybr=\"%s\" "
                             "z_order=\"0\"></box>\n",
                             FV_NUMBER (box->x1), FV_NUMBER (box->y1), FV_NUMBER (box->x2), FV_NUMBER (box->y2));
    }
  fv_export_text_put (text, "  </image>\n");
}

static gboolean
write_all (FvExport *export, GError **error)
{
  FvExportText *text = fv_export_text_open (export, "annotations.xml", error);
  if (text == NULL)
    return FALSE;
  put_meta (export, text);
  for (guint i = 0; i < export->pictures->len; i++)
    put_image (export, text, i);
  fv_export_text_put (text, "</annotations>\n");
  return fv_export_text_close (text, error);
}

const FvExporter fv_exporter_cvat
    = { "cvat", .pictures = "images", .subset_folders = TRUE, .names_are_global = TRUE, .write = write_all };

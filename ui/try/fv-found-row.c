/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/try/fv-found-row.h"

#include "ui/fv-i18n.h"
#include "ui/widgets/fv-swatch.h"

GtkWidget *
fv_found_row_new (const FvDrawBox *box, const char *class_name)
{
  GtkWidget *row = gtk_list_box_row_new ();
  GtkWidget *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 9);
  GtkWidget *swatch = fv_swatch_new ();
  GtkWidget *name = gtk_label_new (class_name);
  g_autofree char *percent = g_strdup_printf (_ ("%.0f %%"), 100 * box->confidence);
  GtkWidget *confidence = gtk_label_new (percent);
  g_autofree char *spoken = g_strdup_printf ("%s, %s", class_name, percent);

  fv_swatch_set_class (FV_SWATCH (swatch), box->class_id);
  gtk_widget_set_valign (swatch, GTK_ALIGN_CENTER);
  gtk_label_set_xalign (GTK_LABEL (name), 0);
  gtk_label_set_ellipsize (GTK_LABEL (name), PANGO_ELLIPSIZE_END);
  gtk_widget_set_tooltip_text (name, class_name);
  gtk_widget_set_hexpand (name, TRUE);
  gtk_widget_add_css_class (confidence, "numeric");
  gtk_widget_add_css_class (confidence, "dim-label");
  gtk_box_append (GTK_BOX (line), swatch);
  gtk_box_append (GTK_BOX (line), name);
  gtk_box_append (GTK_BOX (line), confidence);
  gtk_widget_set_margin_start (line, 12);
  gtk_widget_set_margin_end (line, 12);
  gtk_widget_set_margin_top (line, 9);
  gtk_widget_set_margin_bottom (line, 9);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), line);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
  return row;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/widgets/fv-list-item.h"

void
fv_list_item_set_name (GtkListItem *item, const char *name, const char *description)
{
#if GTK_CHECK_VERSION(4, 12, 0) && GDK_VERSION_MAX_ALLOWED >= GDK_VERSION_4_12
  gtk_list_item_set_accessible_label (item, name);
  gtk_list_item_set_accessible_description (item, description != NULL ? description : "");
#else
  /* The child's parent is the widget that has the item's role. */
  GtkWidget *widget = gtk_widget_get_parent (gtk_list_item_get_child (item));
  if (widget != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                    GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, description != NULL ? description : "", -1);
#endif
}

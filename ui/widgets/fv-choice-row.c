/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/widgets/fv-choice-row.h"

#include "ui/widgets/fv-list-item.h"

static const char *
get_text (GtkListItem *item)
{
  return gtk_string_object_get_string (GTK_STRING_OBJECT (gtk_list_item_get_item (item)));
}

/* What the row shows. */

static void
on_setup (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  GtkWidget *label = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_list_item_set_child (item, label);
}

static void
on_bind (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  gtk_label_set_label (GTK_LABEL (gtk_list_item_get_child (item)), get_text (item));
  fv_list_item_set_name (item, get_text (item), NULL);
}

/* What its list shows: the same, and a mark at the choice. */

static void
on_setup_in_list (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *label = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_set_hexpand (label, TRUE);
  gtk_box_append (GTK_BOX (box), label);
  gtk_box_append (GTK_BOX (box), g_object_new (GTK_TYPE_IMAGE, "icon-name", "object-select-symbolic", "accessible-role",
                                               GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL));
  gtk_list_item_set_child (item, box);
}

static void
mark (GtkListItem *item, GParamSpec *spec, AdwComboRow *row)
{
  GtkWidget *image = gtk_widget_get_last_child (gtk_list_item_get_child (item));
  gtk_widget_set_opacity (image, adw_combo_row_get_selected_item (row) == gtk_list_item_get_item (item) ? 1 : 0);
}

static void
on_bind_in_list (GtkSignalListItemFactory *factory, GtkListItem *item, AdwComboRow *row)
{
  GtkWidget *label = gtk_widget_get_first_child (gtk_list_item_get_child (item));
  gtk_label_set_label (GTK_LABEL (label), get_text (item));
  fv_list_item_set_name (item, get_text (item), NULL);
  g_signal_connect_object (row, "notify::selected-item", G_CALLBACK (mark), item, G_CONNECT_SWAPPED);
  mark (item, NULL, row);
}

static void
on_unbind_in_list (GtkSignalListItemFactory *factory, GtkListItem *item, AdwComboRow *row)
{
  g_signal_handlers_disconnect_by_func (row, mark, item);
}

void
fv_choice_row_set_up (AdwComboRow *row)
{
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();
  g_autoptr (GtkListItemFactory) list_factory = gtk_signal_list_item_factory_new ();
  g_signal_connect (factory, "setup", G_CALLBACK (on_setup), NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (on_bind), NULL);
  g_signal_connect (list_factory, "setup", G_CALLBACK (on_setup_in_list), NULL);
  /* The row owns the factory. */
  g_signal_connect (list_factory, "bind", G_CALLBACK (on_bind_in_list), row);
  g_signal_connect (list_factory, "unbind", G_CALLBACK (on_unbind_in_list), row);
  adw_combo_row_set_factory (row, factory);
  adw_combo_row_set_list_factory (row, list_factory);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/*
 * What a screen reader says of an item of a GtkListView or GtkGridView; GTK has no other way to say so before 4.12. For a factory's
 * "bind" handler, the item's child being set. description: (nullable)
 */
void fv_list_item_set_name (GtkListItem *item, const char *name, const char *description);

G_END_DECLS

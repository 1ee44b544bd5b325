/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/widgets/fv-tab-stop.h"

struct _FvTabStop
{
  AdwBin parent_instance;
};

G_DEFINE_FINAL_TYPE (FvTabStop, fv_tab_stop, ADW_TYPE_BIN)

static gboolean
fv_tab_stop_focus (GtkWidget *widget, GtkDirectionType direction)
{
  if ((direction == GTK_DIR_TAB_FORWARD || direction == GTK_DIR_TAB_BACKWARD) && gtk_widget_get_focus_child (widget))
    return FALSE;
  return GTK_WIDGET_CLASS (fv_tab_stop_parent_class)->focus (widget, direction);
}

static void
fv_tab_stop_class_init (FvTabStopClass *klass)
{
  GTK_WIDGET_CLASS (klass)->focus = fv_tab_stop_focus;
}

static void
fv_tab_stop_init (FvTabStop *self)
{
}

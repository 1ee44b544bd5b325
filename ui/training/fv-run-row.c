/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/training/fv-run-row.h"

#include "ui/training/fv-training-words.h"

struct _FvRunRow
{
  GtkListBoxRow parent_instance;
  GtkImage *icon;
  GtkSpinner *spinner;
  GtkLabel *title, *summary;
  FvRunMonitor *run;
};

G_DEFINE_FINAL_TYPE (FvRunRow, fv_run_row, GTK_TYPE_LIST_BOX_ROW)

static void
update (FvRunRow *self)
{
  const gboolean active
      = !fv_run_monitor_get_loading (self->run) && fv_run_state_is_active (fv_run_monitor_get_state (self->run));
  g_autofree char *title = fv_words_run_title (self->run);
  g_autofree char *summary = fv_words_run_summary (self->run);
  gtk_label_set_label (self->title, title);
  /* Every batch comes here; most of them change nothing that is shown. */
  if (g_strcmp0 (gtk_label_get_label (self->summary), summary) != 0)
    {
      gtk_label_set_label (self->summary, summary);
      gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, title,
                                      GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, summary, -1);
    }
  gtk_image_set_from_icon_name (self->icon, fv_words_run_icon (self->run));
  gtk_widget_set_visible (GTK_WIDGET (self->icon), !active);
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), active);
  gtk_spinner_set_spinning (self->spinner, active);
}

GtkWidget *
fv_run_row_new (FvRunMonitor *run)
{
  FvRunRow *self = g_object_new (FV_TYPE_RUN_ROW, NULL);
  self->run = g_object_ref (run);
  g_signal_connect_object (run, "changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
  return GTK_WIDGET (self);
}

static void
fv_run_row_dispose (GObject *object)
{
  g_clear_object (&FV_RUN_ROW (object)->run);
  G_OBJECT_CLASS (fv_run_row_parent_class)->dispose (object);
}

static void
fv_run_row_class_init (FvRunRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = fv_run_row_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/training/fv-run-row.ui");
  gtk_widget_class_bind_template_child (widget_class, FvRunRow, icon);
  gtk_widget_class_bind_template_child (widget_class, FvRunRow, spinner);
  gtk_widget_class_bind_template_child (widget_class, FvRunRow, title);
  gtk_widget_class_bind_template_child (widget_class, FvRunRow, summary);
}

static void
fv_run_row_init (FvRunRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

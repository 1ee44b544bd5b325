/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/pictures/fv-problem-row.h"

struct _FvProblemRow
{
  GtkWidget parent_instance;
  GtkWidget *content;
  GtkLabel *file, *place, *reason;
};

G_DEFINE_FINAL_TYPE (FvProblemRow, fv_problem_row, GTK_TYPE_WIDGET)

void
fv_problem_row_set_item (FvProblemRow *self, FvProblemItem *item)
{
  g_autofree char *title = fv_problem_item_get_title (item);
  g_autofree char *place = fv_problem_item_get_place (item);
  gtk_label_set_label (self->file, title);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self), fv_problem_item_get (item)->file);
  gtk_label_set_label (self->place, place);
  gtk_label_set_label (self->reason, fv_problem_item_get (item)->reason);
}

static void
fv_problem_row_dispose (GObject *object)
{
  g_clear_pointer (&FV_PROBLEM_ROW (object)->content, gtk_widget_unparent);
  G_OBJECT_CLASS (fv_problem_row_parent_class)->dispose (object);
}

static void
fv_problem_row_class_init (FvProblemRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = fv_problem_row_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/pictures/fv-problem-row.ui");
  gtk_widget_class_bind_template_child (widget_class, FvProblemRow, content);
  gtk_widget_class_bind_template_child (widget_class, FvProblemRow, file);
  gtk_widget_class_bind_template_child (widget_class, FvProblemRow, place);
  gtk_widget_class_bind_template_child (widget_class, FvProblemRow, reason);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
}

static void
fv_problem_row_init (FvProblemRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
fv_problem_row_new (void)
{
  return g_object_new (FV_TYPE_PROBLEM_ROW, NULL);
}

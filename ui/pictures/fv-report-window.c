/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/pictures/fv-report-window.h"

#include "ui/fv-i18n.h"
#include "ui/pictures/fv-problem-list.h"
#include "ui/pictures/fv-problem-row.h"
#include "ui/widgets/fv-list-item.h"
#include "ui/widgets/fv-tab-stop.h"

struct _FvReportWindow
{
  AdwWindow parent_instance;
  AdwToastOverlay *toasts;
  AdwViewStack *stack;
  AdwViewStackPage *rejected_page, *repaired_page;
  GtkListView *rejected_list, *repaired_list;
  GtkStack *rejected_stack, *repaired_stack;

  GPtrArray *rejected, *repaired; /* of FvProblem */
};

G_DEFINE_FINAL_TYPE (FvReportWindow, fv_report_window, ADW_TYPE_WINDOW)

static void
on_setup (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  gtk_list_item_set_child (item, fv_problem_row_new ());
  gtk_list_item_set_activatable (item, FALSE);
}

static void
on_bind (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  FvProblemItem *problem = gtk_list_item_get_item (item);
  g_autofree char *title = fv_problem_item_get_title (problem);
  fv_problem_row_set_item (FV_PROBLEM_ROW (gtk_list_item_get_child (item)), problem);
  fv_list_item_set_name (item, title, fv_problem_item_get (problem)->reason);
}

static void
fill (GtkListView *view, GtkStack *stack, AdwViewStackPage *page, const char *title, GPtrArray *problems)
{
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();
  g_autoptr (GtkNoSelection) model = gtk_no_selection_new (fv_problem_list_new (problems));
  g_signal_connect (factory, "setup", G_CALLBACK (on_setup), NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (on_bind), NULL);
  gtk_list_view_set_factory (view, factory);
  gtk_list_view_set_model (view, GTK_SELECTION_MODEL (model));
  gtk_stack_set_visible_child_name (stack, problems->len > 0 ? "list" : "none");
  adw_view_stack_page_set_title (page, title);
}

static void
copy_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  FvReportWindow *self = FV_REPORT_WINDOW (widget);
  g_autofree char *text = fv_problem_list_to_text (self->rejected, self->repaired);
  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), text);
  adw_toast_overlay_add_toast (self->toasts, adw_toast_new (_ ("The report was copied")));
}

static void
fv_report_window_finalize (GObject *object)
{
  FvReportWindow *self = FV_REPORT_WINDOW (object);
  g_clear_pointer (&self->rejected, g_ptr_array_unref);
  g_clear_pointer (&self->repaired, g_ptr_array_unref);
  G_OBJECT_CLASS (fv_report_window_parent_class)->finalize (object);
}

static void
fv_report_window_class_init (FvReportWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->finalize = fv_report_window_finalize;
  g_type_ensure (FV_TYPE_TAB_STOP);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/pictures/fv-report-window.ui");
  gtk_widget_class_bind_template_child (widget_class, FvReportWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, FvReportWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, FvReportWindow, rejected_page);
  gtk_widget_class_bind_template_child (widget_class, FvReportWindow, repaired_page);
  gtk_widget_class_bind_template_child (widget_class, FvReportWindow, rejected_list);
  gtk_widget_class_bind_template_child (widget_class, FvReportWindow, repaired_list);
  gtk_widget_class_bind_template_child (widget_class, FvReportWindow, rejected_stack);
  gtk_widget_class_bind_template_child (widget_class, FvReportWindow, repaired_stack);
  gtk_widget_class_install_action (widget_class, "report.copy", NULL, copy_action);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_c, GDK_CONTROL_MASK, "report.copy", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
fv_report_window_init (FvReportWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

FvReportWindow *
fv_report_window_new (GtkWindow *parent, GPtrArray *rejected, GPtrArray *repaired)
{
  FvReportWindow *self = g_object_new (FV_TYPE_REPORT_WINDOW, "transient-for", parent, "modal", parent != NULL, NULL);
  self->rejected = g_ptr_array_ref (rejected);
  self->repaired = g_ptr_array_ref (repaired);
  /* Translators: the labels that an import left out, and how many these are. */
  g_autofree char *rejected_title = g_strdup_printf (C_ ("labels", "Left out (%'u)"), rejected->len);
  g_autofree char *repaired_title = g_strdup_printf (C_ ("labels", "Repaired (%'u)"), repaired->len);
  fill (self->rejected_list, self->rejected_stack, self->rejected_page, rejected_title, rejected);
  fill (self->repaired_list, self->repaired_stack, self->repaired_page, repaired_title, repaired);
  adw_view_stack_set_visible_child_name (self->stack,
                                         rejected->len > 0 || repaired->len == 0 ? "rejected" : "repaired");
  return self;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/pictures/fv-import-view.h"

#include "ui/fv-i18n.h"
#include "ui/pictures/fv-pictures-text.h"

#define PULSE_MS 120

struct _FvImportView
{
  AdwBin parent_instance;
  GtkLabel *source, *what;
  GtkProgressBar *progress;

  GTask *import; /* that is shown; one that was left alone may still be ending */
  guint pulse;
};

G_DEFINE_FINAL_TYPE (FvImportView, fv_import_view, ADW_TYPE_BIN)

static gboolean
pulse_cb (gpointer data)
{
  gtk_progress_bar_pulse (FV_IMPORT_VIEW (data)->progress);
  return G_SOURCE_CONTINUE;
}

static void
on_progress (double fraction, const char *what, gpointer user_data)
{
  GTask *import = user_data;
  FvImportView *self = g_task_get_source_object (import);
  g_autofree char *text = fv_pictures_text_progress (what);
  if (import != self->import || g_cancellable_is_cancelled (g_task_get_cancellable (import)))
    return;
  g_clear_handle_id (&self->pulse, g_source_remove);
  gtk_progress_bar_set_fraction (self->progress, fraction);
  gtk_label_set_label (self->what, text);
}

static void
on_imported (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  FvImportView *self = g_task_get_source_object (task);
  GError *error = NULL;
  FvImportReport *report = fv_document_import_finish (FV_DOCUMENT (source), result, &error);
  if (task == self->import)
    fv_import_view_leave (self);
  if (report != NULL)
    g_task_return_pointer (task, report, (GDestroyNotify)fv_import_report_free);
  else
    g_task_return_error (task, error);
}

void
fv_import_view_import_async (FvImportView *self, FvDocument *document, const char *source, gboolean copy,
                             GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  g_autofree char *name = g_filename_display_basename (source);
  g_return_if_fail (self->import == NULL);
  /* What the document says in the end counts. */
  g_task_set_check_cancellable (task, FALSE);
  self->import = task;
  gtk_label_set_label (self->source, name);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->source), source);
  gtk_label_set_label (self->what, _ ("Looking for pictures and labels…"));
  gtk_progress_bar_set_fraction (self->progress, 0);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "import.cancel", TRUE);
  self->pulse = g_timeout_add (PULSE_MS, pulse_cb, self);
  fv_document_import_async (document, source, copy, on_progress, task, cancellable, on_imported, task);
}

FvImportReport *
fv_import_view_import_finish (FvImportView *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
fv_import_view_cancel (FvImportView *self)
{
  if (self->import == NULL)
    return;
  g_cancellable_cancel (g_task_get_cancellable (self->import));
  gtk_label_set_label (self->what, _ ("One moment…"));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "import.cancel", FALSE);
}

void
fv_import_view_leave (FvImportView *self)
{
  if (self->import != NULL)
    g_cancellable_cancel (g_task_get_cancellable (self->import));
  self->import = NULL;
  g_clear_handle_id (&self->pulse, g_source_remove);
}

static void
cancel_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  fv_import_view_cancel (FV_IMPORT_VIEW (widget));
}

static void
fv_import_view_class_init (FvImportViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/pictures/fv-import-view.ui");
  gtk_widget_class_bind_template_child (widget_class, FvImportView, source);
  gtk_widget_class_bind_template_child (widget_class, FvImportView, what);
  gtk_widget_class_bind_template_child (widget_class, FvImportView, progress);
  gtk_widget_class_install_action (widget_class, "import.cancel", NULL, cancel_action);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "import.cancel", NULL);
}

static void
fv_import_view_init (FvImportView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/pictures/fv-pictures-page.h"

#include "ui/fv-i18n.h"
#include "ui/pictures/fv-import-view.h"
#include "ui/pictures/fv-picture-grid.h"
#include "ui/pictures/fv-picture-view.h"
#include "ui/pictures/fv-pictures-text.h"
#include "ui/pictures/fv-problem-list.h"
#include "ui/pictures/fv-report-window.h"
#include "ui/widgets/fv-dialogs.h"

struct _FvPicturesPage
{
  FvPage parent_instance;
  GtkStack *stack;
  AdwStatusPage *empty;
  FvImportView *importing;
  FvPictureGrid *grid;
  FvPictureView *view;
  GtkRevealer *drop_hint;

  gboolean copy_pictures;
  GCancellable *loading_problems;
  GPtrArray *rejected, *repaired;           /* of FvProblem, of all imports; NULL while not known */
  GPtrArray *last_rejected, *last_repaired; /* of the last one */
};

G_DEFINE_FINAL_TYPE (FvPicturesPage, fv_pictures_page, FV_TYPE_PAGE)

enum
{
  PROP_COPY_PICTURES = 1,
  N_PROPERTIES,
};
static GParamSpec *properties[N_PROPERTIES];

static gboolean
can_import (FvPicturesPage *self)
{
  FvDocument *document = fv_page_get_document (FV_PAGE (self));
  return document != NULL && !fv_document_get_read_only (document) && !fv_document_get_busy (document);
}

/* What is shown. */

static void
update_stack (FvPicturesPage *self)
{
  FvDocument *document = fv_page_get_document (FV_PAGE (self));
  const gboolean read_only = document != NULL && fv_document_get_read_only (document);
  adw_status_page_set_description (
      self->empty, read_only ? _ ("The project is open for reading only, so nothing can be imported now.")
                             : _ ("Import a folder of pictures with their labels, or drop one here."));
  if (document != NULL && fv_document_get_busy (document))
    gtk_stack_set_visible_child (self->stack, GTK_WIDGET (self->importing));
  else if (document == NULL || fv_document_get_dataset (document)->items->len == 0)
    gtk_stack_set_visible_child_name (self->stack, "empty");
  else
    gtk_stack_set_visible_child (self->stack, GTK_WIDGET (self->grid));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "pictures.import", can_import (self));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "pictures.import-file", can_import (self));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "pictures.copy-pictures", can_import (self));
}

static void
on_open_picture (FvPicturesPage *self, guint position)
{
  fv_picture_view_show_position (self->view, position);
  gtk_stack_set_visible_child (self->stack, GTK_WIDGET (self->view));
  fv_picture_view_focus_picture (self->view);
}

static void
on_close_picture (FvPicturesPage *self)
{
  const guint position = fv_picture_view_get_position (self->view);
  gtk_stack_set_visible_child (self->stack, GTK_WIDGET (self->grid));
  fv_picture_grid_go_to (self->grid, position);
  fv_picture_view_show_position (self->view, GTK_INVALID_LIST_POSITION);
}

/* The report. */

static void
forget_problems (FvPicturesPage *self)
{
  g_cancellable_cancel (self->loading_problems);
  g_clear_object (&self->loading_problems);
  g_clear_pointer (&self->rejected, g_ptr_array_unref);
  g_clear_pointer (&self->repaired, g_ptr_array_unref);
  if (self->grid != NULL)
    fv_picture_grid_set_n_problems (self->grid, 0, 0);
}

static void
on_problems_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FvPicturesPage) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) rejected = NULL, repaired = NULL;
  if (!fv_document_load_problems_finish (FV_DOCUMENT (source), result, &repaired, &rejected, &error))
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        g_message ("The report of the imports can't be read: %s", error->message);
      return;
    }
  if (g_task_get_cancellable (G_TASK (result)) != self->loading_problems || self->loading_problems == NULL)
    return;
  g_clear_object (&self->loading_problems);
  self->rejected = g_steal_pointer (&rejected);
  self->repaired = g_steal_pointer (&repaired);
  fv_problem_list_drop_repeated (self->rejected);
  fv_problem_list_drop_repeated (self->repaired);
  fv_picture_grid_set_n_problems (self->grid, self->rejected->len, self->repaired->len);
}

static void
load_problems (FvPicturesPage *self)
{
  FvDocument *document = fv_page_get_document (FV_PAGE (self));
  forget_problems (self);
  if (document == NULL)
    return;
  self->loading_problems = g_cancellable_new ();
  fv_document_load_problems_async (document, self->loading_problems, on_problems_loaded, g_object_ref (self));
}

static void
present_report (FvPicturesPage *self, GPtrArray *rejected, GPtrArray *repaired)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  GtkWindow *parent = GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL;
  gtk_window_present (GTK_WINDOW (fv_report_window_new (parent, rejected, repaired)));
}

static void
show_report_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  FvPicturesPage *self = FV_PICTURES_PAGE (widget);
  if (self->rejected != NULL)
    present_report (self, self->rejected, self->repaired);
}

static void
show_last_report (FvPicturesPage *self)
{
  if (self->last_rejected != NULL)
    present_report (self, self->last_rejected, self->last_repaired);
}

/* Importing. */

/* One that goes on. */
typedef struct
{
  FvPicturesPage *page;
  FvDocument *document;
} Import;

static void
import_free (Import *self)
{
  g_object_unref (self->page);
  g_object_unref (self->document);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Import, import_free)

static void
tell_imported (FvPicturesPage *self, const FvImportReport *report)
{
  g_autofree char *text = fv_pictures_text_imported (report);
  g_clear_pointer (&self->last_rejected, g_ptr_array_unref);
  g_clear_pointer (&self->last_repaired, g_ptr_array_unref);
  self->last_rejected = g_ptr_array_ref (report->rejected);
  self->last_repaired = g_ptr_array_ref (report->repaired);
  if (report->rejected->len > 0 || report->repaired->len > 0)
    fv_toast_with_button (GTK_WIDGET (self), text, _ ("_Show"), G_CALLBACK (show_last_report), self);
  else
    fv_toast (GTK_WIDGET (self), text);
}

static void
on_imported (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Import) import = data;
  FvPicturesPage *self = import->page;
  g_autoptr (GError) error = NULL;
  g_autoptr (FvImportReport) report = fv_import_view_import_finish (FV_IMPORT_VIEW (source), result, &error);
  /* The person has left that project. */
  if (fv_page_get_document (FV_PAGE (self)) != import->document)
    return;
  /* What is shown has changed with the document's properties. */
  if (report != NULL)
    tell_imported (self, report);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    fv_toast (GTK_WIDGET (self), _ ("The import was stopped; nothing was changed"));
  else
    fv_dialog_tell_error (GTK_WIDGET (self), _ ("The Pictures Can’t Be Imported"), error);
  if (!gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;
  if (gtk_stack_get_visible_child (self->stack) == GTK_WIDGET (self->grid))
    fv_picture_grid_go_to (self->grid, 0);
  else if (gtk_stack_get_visible_child (self->stack) != GTK_WIDGET (self->view))
    gtk_widget_child_focus (gtk_stack_get_visible_child (self->stack), GTK_DIR_TAB_FORWARD);
}

static gboolean
start_import (FvPicturesPage *self, GFile *file)
{
  g_autofree char *path = g_file_get_path (file);
  if (!can_import (self))
    return FALSE;
  if (path == NULL)
    {
      g_autofree char *uri = g_file_get_uri (file);
      g_autoptr (GError) error
          = g_error_new (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                         _ ("“%s” is on no disk of this computer. Copy the folder here first."), uri);
      fv_dialog_tell_error (GTK_WIDGET (self), _ ("The Pictures Can’t Be Imported"), error);
      return FALSE;
    }
  FvDocument *document = fv_page_get_document (FV_PAGE (self));
  const Import import = { g_object_ref (self), g_object_ref (document) };
  fv_import_view_import_async (self->importing, document, path, self->copy_pictures, on_imported,
                               g_memdup2 (&import, sizeof import));
  update_stack (self);
  gtk_widget_child_focus (GTK_WIDGET (self->importing), GTK_DIR_TAB_FORWARD);
  return TRUE;
}

static void
on_source_chosen (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FvPicturesPage) self = data;
  g_autoptr (GFile) file = fv_dialog_file_finish (result);
  if (file != NULL)
    start_import (self, file);
}

static void
import_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  fv_dialog_open_folder_async (widget, _ ("Import Pictures"), on_source_chosen, g_object_ref (widget));
}

static void
import_file_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  const char *const suffixes[]
      = { "yaml", "yml", "json", "xml", "csv", "txt", "zip", "tar", "tgz", "gz", "xz", "zst", NULL };
  const FvDialogFilter filters[] = { { _ ("Labels and archives"), suffixes }, { NULL } };
  fv_dialog_open_file_async (widget, _ ("Import Labels or an Archive"), filters, on_source_chosen, g_object_ref (widget));
}

/* Ctrl+I, wherever the focus is in the window, but on this page only. */
static gboolean
on_import_key (GtkWidget *widget, GVariant *arguments, gpointer data)
{
  return gtk_widget_get_mapped (widget) && gtk_widget_activate_action (widget, "pictures.import", NULL);
}

gboolean
fv_pictures_page_drop (FvPicturesPage *self, GSList *files)
{
  if (files == NULL)
    return FALSE;
  if (files->next != NULL)
    fv_toast (GTK_WIDGET (self), _ ("One folder is imported at a time"));
  return start_import (self, files->data);
}

static gboolean
on_drop (FvPicturesPage *self, const GValue *value)
{
  g_autoptr (GSList) files = gdk_file_list_get_files (g_value_get_boxed (value));
  gtk_revealer_set_reveal_child (self->drop_hint, FALSE);
  return fv_pictures_page_drop (self, files);
}

static GdkDragAction
on_drop_enter (FvPicturesPage *self)
{
  gtk_revealer_set_reveal_child (self->drop_hint, can_import (self));
  return can_import (self) ? GDK_ACTION_COPY : 0;
}

static void
on_drop_leave (FvPicturesPage *self)
{
  gtk_revealer_set_reveal_child (self->drop_hint, FALSE);
}

/* The document. */

static void
on_dataset_changed (FvPicturesPage *self)
{
  FvDocument *document = fv_page_get_document (FV_PAGE (self));
  fv_picture_view_show_position (self->view, GTK_INVALID_LIST_POSITION);
  fv_picture_grid_set_dataset (self->grid, document != NULL ? fv_document_get_dataset (document) : NULL);
  load_problems (self);
  update_stack (self);
}

static void
fv_pictures_page_document_changed (FvPage *page, FvDocument *before)
{
  FvPicturesPage *self = FV_PICTURES_PAGE (page);
  FvDocument *document = fv_page_get_document (page);
  if (before != NULL)
    {
      fv_import_view_leave (self->importing);
      g_signal_handlers_disconnect_by_data (before, self);
    }
  if (document != NULL)
    {
      g_signal_connect_swapped (document, "notify::dataset", G_CALLBACK (on_dataset_changed), self);
      g_signal_connect_swapped (document, "notify::busy", G_CALLBACK (update_stack), self);
    }
  on_dataset_changed (self);
}

/* The widget. */

static void
fv_pictures_page_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_COPY_PICTURES)
    g_value_set_boolean (value, FV_PICTURES_PAGE (object)->copy_pictures);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
fv_pictures_page_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  FvPicturesPage *self = FV_PICTURES_PAGE (object);
  if (id != PROP_COPY_PICTURES)
    {
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      return;
    }
  if (self->copy_pictures == g_value_get_boolean (value))
    return;
  self->copy_pictures = g_value_get_boolean (value);
  g_object_notify_by_pspec (object, properties[PROP_COPY_PICTURES]);
}

static void
fv_pictures_page_dispose (GObject *object)
{
  FvPicturesPage *self = FV_PICTURES_PAGE (object);
  fv_page_set_document (FV_PAGE (self), NULL);
  g_cancellable_cancel (self->loading_problems);
  G_OBJECT_CLASS (fv_pictures_page_parent_class)->dispose (object);
}

static void
fv_pictures_page_finalize (GObject *object)
{
  FvPicturesPage *self = FV_PICTURES_PAGE (object);
  g_clear_object (&self->loading_problems);
  g_clear_pointer (&self->rejected, g_ptr_array_unref);
  g_clear_pointer (&self->repaired, g_ptr_array_unref);
  g_clear_pointer (&self->last_rejected, g_ptr_array_unref);
  g_clear_pointer (&self->last_repaired, g_ptr_array_unref);
  G_OBJECT_CLASS (fv_pictures_page_parent_class)->finalize (object);
}

static void
fv_pictures_page_class_init (FvPicturesPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->get_property = fv_pictures_page_get_property;
  G_OBJECT_CLASS (klass)->set_property = fv_pictures_page_set_property;
  G_OBJECT_CLASS (klass)->dispose = fv_pictures_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = fv_pictures_page_finalize;
  FV_PAGE_CLASS (klass)->document_changed = fv_pictures_page_document_changed;
  properties[PROP_COPY_PICTURES] = g_param_spec_boolean (
      "copy-pictures", NULL, NULL, FALSE, G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPERTIES, properties);

  g_type_ensure (FV_TYPE_IMPORT_VIEW);
  g_type_ensure (FV_TYPE_PICTURE_GRID);
  g_type_ensure (FV_TYPE_PICTURE_VIEW);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/pictures/fv-pictures-page.ui");
  gtk_widget_class_set_css_name (widget_class, "picturespage");
  gtk_widget_class_bind_template_child (widget_class, FvPicturesPage, stack);
  gtk_widget_class_bind_template_child (widget_class, FvPicturesPage, empty);
  gtk_widget_class_bind_template_child (widget_class, FvPicturesPage, importing);
  gtk_widget_class_bind_template_child (widget_class, FvPicturesPage, grid);
  gtk_widget_class_bind_template_child (widget_class, FvPicturesPage, view);
  gtk_widget_class_bind_template_child (widget_class, FvPicturesPage, drop_hint);
  gtk_widget_class_bind_template_callback (widget_class, on_open_picture);
  gtk_widget_class_bind_template_callback (widget_class, on_close_picture);
  gtk_widget_class_install_action (widget_class, "pictures.import", NULL, import_action);
  gtk_widget_class_install_action (widget_class, "pictures.import-file", NULL, import_file_action);
  gtk_widget_class_install_action (widget_class, "pictures.show-report", NULL, show_report_action);
  gtk_widget_class_install_property_action (widget_class, "pictures.copy-pictures", "copy-pictures");
}

static void
fv_pictures_page_init (FvPicturesPage *self)
{
  GtkEventController *keys = gtk_shortcut_controller_new ();
  GtkDropTarget *drop = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);
  gtk_widget_init_template (GTK_WIDGET (self));
  fv_picture_view_set_list (self->view, fv_picture_grid_get_list (self->grid));

  gtk_shortcut_controller_set_scope (GTK_SHORTCUT_CONTROLLER (keys), GTK_SHORTCUT_SCOPE_GLOBAL);
  gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (keys),
                                        gtk_shortcut_new (gtk_keyval_trigger_new (GDK_KEY_i, GDK_CONTROL_MASK),
                                                          gtk_callback_action_new (on_import_key, NULL, NULL)));
  gtk_widget_add_controller (GTK_WIDGET (self), keys);

  g_signal_connect_swapped (drop, "enter", G_CALLBACK (on_drop_enter), self);
  g_signal_connect_swapped (drop, "leave", G_CALLBACK (on_drop_leave), self);
  g_signal_connect_swapped (drop, "drop", G_CALLBACK (on_drop), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (drop));
  update_stack (self);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/window/fv-window.h"

#include "app/children/fv-run-launcher.h"
#include "ui/augmentation/fv-augmentation-page.h"
#include "ui/document/fv-recent-projects.h"
#include "ui/fv-i18n.h"
#include "ui/pictures/fv-pictures-page.h"
#include "ui/training/fv-training-page.h"
#include "ui/try/fv-try-page.h"
#include "ui/welcome/fv-new-project-dialog.h"
#include "ui/welcome/fv-welcome-page.h"
#include "ui/widgets/fv-dialogs.h"
#include "ui/window/fv-application.h"

/* Window widths in pixels below which the page switcher puts names under its icons, and moves to the bottom. */
#define NARROW_WIDTH 1000
#define BOTTOM_WIDTH 640

struct _FvWindow
{
  AdwApplicationWindow parent_instance;
  GtkStack *stack;
  GtkLabel *opening_label, *project_label, *notice_label;
  GtkRevealer *notice;
  GtkWidget *project_button;
  AdwViewSwitcher *switcher;
  AdwViewSwitcherBar *switcher_bar;
  AdwViewStack *pages;
  FvWelcomePage *welcome;
  FvPage *pictures, *augmentation, *training, *try;
  GMenu *recent_menu;

  FvDocument *document;
  GCancellable *opening;
  char *opening_path; /* (nullable) */
  guint layout_source;
  gboolean asking; /* whether to close */
  gboolean gone;   /* what was asked for while it was there may still be answered */
};

G_DEFINE_FINAL_TYPE (FvWindow, fv_window, ADW_TYPE_APPLICATION_WINDOW)

FvDocument *
fv_window_get_document (FvWindow *self)
{
  return self->document;
}

const char *
fv_window_get_path (FvWindow *self)
{
  if (self->opening != NULL)
    return self->opening_path;
  return self->document != NULL ? fv_document_get_path (self->document) : NULL;
}

gboolean
fv_window_is_free (FvWindow *self)
{
  return self->document == NULL && self->opening == NULL;
}

/* Projects that were open before, in the project's menu. */
static void
list_recent_projects (FvWindow *self)
{
  g_auto (GStrv) paths = fv_recent_projects_get ();
  g_menu_remove_all (self->recent_menu);
  for (guint i = 0, shown = 0; paths[i] != NULL && shown < 5; i++)
    {
      if (self->document != NULL && g_str_equal (paths[i], fv_document_get_path (self->document)))
        continue;
      g_autofree char *name = g_path_get_basename (paths[i]);
      g_autoptr (GMenuItem) item = g_menu_item_new (NULL, NULL);
      /* An underscore in a label would be a mnemonic. */
      g_auto (GStrv) parts = g_strsplit (name, "_", -1);
      g_autofree char *label = g_strjoinv ("__", parts);
      g_menu_item_set_label (item, label);
      g_menu_item_set_action_and_target (item, "win.open-path", "s", paths[i]);
      g_menu_append_item (self->recent_menu, item);
      shown++;
    }
}

/* Shows a project, opened already, or Welcome. */
static void
set_document (FvWindow *self, FvDocument *document)
{
  FvPage *pages[] = { self->pictures, self->augmentation, self->training, self->try };
  g_set_object (&self->document, document);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.close-project", document != NULL);
  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    fv_page_set_document (pages[i], document);
  if (document != NULL)
    {
      const char *title = fv_document_get_title (document);
      const char *notice = fv_document_get_notice (document);
      fv_recent_projects_add (fv_document_get_path (document));
      gtk_label_set_label (self->project_label, title);
      gtk_widget_set_tooltip_text (self->project_button, fv_document_get_path (document));
      gtk_accessible_update_property (GTK_ACCESSIBLE (self->project_button), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
      gtk_label_set_label (self->notice_label, notice ? notice : "");
      gtk_revealer_set_reveal_child (self->notice, notice != NULL);
      gtk_window_set_title (GTK_WINDOW (self), title);
      adw_view_stack_set_visible_child_name (self->pages, "pictures");
    }
  else
    gtk_window_set_title (GTK_WINDOW (self), "Fovea");
  list_recent_projects (self);
  gtk_stack_set_visible_child_name (self->stack, document ? "project" : "welcome");
}

/* Opening. */

static void
on_opened (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FvWindow) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDocument) document = fv_document_open_finish (result, &error);
  g_clear_object (&self->opening);
  g_clear_pointer (&self->opening_path, g_free);
  if (self->gone)
    return;
  if (document != NULL)
    {
      set_document (self, document);
      return;
    }
  gtk_stack_set_visible_child_name (self->stack, self->document ? "project" : "welcome");
  if (g_error_matches (error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_NOT_FOUND))
    {
      /* What the library says tells of the terminal. */
      g_clear_error (&error);
      g_set_error_literal (&error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_NOT_FOUND,
                           _ ("This folder is not a project of Fovea. A project is the folder that was made with “New "
                              "Project”; pictures are imported into one."));
    }
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    fv_dialog_tell_error (GTK_WIDGET (self), _ ("The Project Can’t Be Opened"), error);
}

/* What is opened next, NULL while something is being opened. @path (nullable) */
static GCancellable *
begin_opening (FvWindow *self, const char *path, const char *text)
{
  if (self->opening != NULL)
    return NULL;
  self->opening = g_cancellable_new ();
  self->opening_path = g_strdup (path);
  gtk_label_set_label (self->opening_label, text);
  gtk_stack_set_visible_child_name (self->stack, "opening");
  return self->opening;
}

/* (nullable): another window that shows that project: it keeps the project's lock. */
static GtkWindow *
find_other_window (FvWindow *self, const char *path)
{
  GtkApplication *application = gtk_window_get_application (GTK_WINDOW (self));
  for (GList *l = application ? gtk_application_get_windows (application) : NULL; l != NULL; l = l->next)
    if (l->data != self && FV_IS_WINDOW (l->data) && g_strcmp0 (fv_window_get_path (l->data), path) == 0)
      return l->data;
  return NULL;
}

void
fv_window_open_path (FvWindow *self, const char *path)
{
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *text = g_strdup_printf (_ ("Opening “%s”…"), name);
  /* A project that this window has open already keeps its lock. */
  if (self->document != NULL && g_str_equal (path, fv_document_get_path (self->document)))
    return;
  GtkWindow *other = find_other_window (self, path);
  if (other != NULL)
    {
      gtk_window_present (other);
      return;
    }
  GCancellable *cancellable = begin_opening (self, path, text);
  if (cancellable != NULL)
    fv_document_open_async (path, cancellable, on_opened, g_object_ref (self));
}

static void
on_folder_chosen (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FvWindow) self = data;
  g_autoptr (GFile) folder = fv_dialog_file_finish (result);
  g_autofree char *path = folder ? g_file_get_path (folder) : NULL;
  if (path != NULL && !self->gone)
    fv_window_open_path (self, path);
}

/* Actions. */

static void
open_project_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  fv_dialog_open_folder_async (widget, _ ("Open Project"), on_folder_chosen, g_object_ref (widget));
}

static void
new_project_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  fv_new_project_dialog_present (GTK_WINDOW (widget));
}

static void
create_path_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  FvWindow *self = FV_WINDOW (widget);
  const char *path = g_variant_get_string (parameter, NULL);
  GCancellable *cancellable = begin_opening (self, path, _ ("Making the project…"));
  if (cancellable != NULL)
    fv_document_create_async (path, cancellable, on_opened, g_object_ref (self));
}

static void
open_path_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  fv_window_open_path (FV_WINDOW (widget), g_variant_get_string (parameter, NULL));
}

static void
open_sample_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  FvWindow *self = FV_WINDOW (widget);
  GCancellable *cancellable = begin_opening (self, NULL, _ ("Drawing sample pictures…"));
  if (cancellable != NULL)
    fv_document_create_sample_async (cancellable, on_opened, g_object_ref (self));
}

static void
cancel_opening_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  g_cancellable_cancel (FV_WINDOW (widget)->opening);
}

static void
close_project_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  set_document (FV_WINDOW (widget), NULL);
}

static void
show_page_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  FvWindow *self = FV_WINDOW (widget);
  if (self->document != NULL)
    adw_view_stack_set_visible_child_name (self->pages, g_variant_get_string (parameter, NULL));
}

/* The window's own life. */

static gboolean
adapt_cb (gpointer data)
{
  FvWindow *self = data;
  const int width = gtk_widget_get_width (GTK_WIDGET (self));
  self->layout_source = 0;
  adw_view_switcher_set_policy (self->switcher,
                                width < NARROW_WIDTH ? ADW_VIEW_SWITCHER_POLICY_NARROW : ADW_VIEW_SWITCHER_POLICY_WIDE);
  gtk_widget_set_visible (GTK_WIDGET (self->switcher), width >= BOTTOM_WIDTH);
  adw_view_switcher_bar_set_reveal (self->switcher_bar, width < BOTTOM_WIDTH);
  return G_SOURCE_REMOVE;
}

/* Outside of the layout in which the new width became known. */
static void
on_width_changed (FvWindow *self)
{
  if (self->layout_source == 0)
    self->layout_source = g_idle_add (adapt_cb, self);
}

static void
stay_for_import (FvWindow *self)
{
  GtkApplication *application = gtk_window_get_application (GTK_WINDOW (self));
  if (self->document != NULL && FV_IS_APPLICATION (application))
    fv_application_stay_for_import (FV_APPLICATION (application), self->document);
}

/* A run may go on without the window, or be stopped with it. */
static void
on_closing_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FvWindow) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *answer = fv_dialog_ask_finish (result);
  FvRunList *runs = self->document ? fv_document_get_runs (self->document) : NULL;
  FvRunMonitor *run = runs ? fv_run_list_get_active (runs) : NULL;
  self->asking = FALSE;
  if (g_strcmp0 (answer, "cancel") == 0 || self->gone)
    return;
  if (run != NULL && g_strcmp0 (answer, "stop") == 0
      && !fv_run_launcher_stop (fv_document_get_path (self->document), fv_run_monitor_get_number (run), &error))
    {
      fv_dialog_tell_error (GTK_WIDGET (self), _ ("The Training Can’t Be Stopped"), error);
      return;
    }
  if (run != NULL)
    fv_application_stay_for_runs (FV_APPLICATION (gtk_window_get_application (GTK_WINDOW (self))), runs);
  stay_for_import (self);
  gtk_window_destroy (GTK_WINDOW (self));
}

static gboolean
fv_window_close_request (GtkWindow *window)
{
  FvWindow *self = FV_WINDOW (window);
  const FvDialogResponse responses[] = {
    { "cancel", _ ("_Cancel") },
    { "stop", _ ("_Stop Training") },
    { "keep", _ ("_Keep Training"), .suggested = TRUE },
    { NULL },
  };
  if (self->document == NULL || fv_run_list_get_active (fv_document_get_runs (self->document)) == NULL)
    {
      stay_for_import (self);
      return GTK_WINDOW_CLASS (fv_window_parent_class)->close_request (window);
    }
  if (!self->asking)
    fv_dialog_ask_async (GTK_WIDGET (self), _ ("Training Is Going On"),
                         _ ("It can go on without the window. If you stop it, everything learned so far is saved, and "
                            "“Resume” goes on from there."),
                         responses, on_closing_answered, g_object_ref (self));
  self->asking = TRUE;
  return GDK_EVENT_STOP;
}

static void
fv_window_realize (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (fv_window_parent_class)->realize (widget);
  g_signal_connect_object (gtk_native_get_surface (GTK_NATIVE (widget)), "notify::width", G_CALLBACK (on_width_changed),
                           widget, G_CONNECT_SWAPPED);
}

static void
fv_window_dispose (GObject *object)
{
  FvWindow *self = FV_WINDOW (object);
  FvPage *pages[] = { self->pictures, self->augmentation, self->training, self->try };
  self->gone = TRUE;
  g_clear_handle_id (&self->layout_source, g_source_remove);
  g_cancellable_cancel (self->opening);
  /* A page that waits for an answer outlives the window, but not its work. */
  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    if (pages[i] != NULL)
      fv_page_set_document (pages[i], NULL);
  g_clear_object (&self->document);
  G_OBJECT_CLASS (fv_window_parent_class)->dispose (object);
}

static void
fv_window_finalize (GObject *object)
{
  g_clear_object (&FV_WINDOW (object)->opening);
  g_free (FV_WINDOW (object)->opening_path);
  G_OBJECT_CLASS (fv_window_parent_class)->finalize (object);
}

static void
fv_window_class_init (FvWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = fv_window_dispose;
  G_OBJECT_CLASS (klass)->finalize = fv_window_finalize;
  widget_class->realize = fv_window_realize;
  GTK_WINDOW_CLASS (klass)->close_request = fv_window_close_request;

  g_type_ensure (FV_TYPE_WELCOME_PAGE);
  g_type_ensure (FV_TYPE_PICTURES_PAGE);
  g_type_ensure (FV_TYPE_AUGMENTATION_PAGE);
  g_type_ensure (FV_TYPE_TRAINING_PAGE);
  g_type_ensure (FV_TYPE_TRY_PAGE);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/window/fv-window.ui");
  gtk_widget_class_bind_template_child (widget_class, FvWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, FvWindow, opening_label);
  gtk_widget_class_bind_template_child (widget_class, FvWindow, project_label);
  gtk_widget_class_bind_template_child (widget_class, FvWindow, project_button);
  gtk_widget_class_bind_template_child (widget_class, FvWindow, notice);
  gtk_widget_class_bind_template_child (widget_class, FvWindow, notice_label);
  gtk_widget_class_bind_template_child (widget_class, FvWindow, switcher);
  gtk_widget_class_bind_template_child (widget_class, FvWindow, switcher_bar);
  gtk_widget_class_bind_template_child (widget_class, FvWindow, pages);
  gtk_widget_class_bind_template_child (widget_class, FvWindow, welcome);
  gtk_widget_class_bind_template_child (widget_class, FvWindow, pictures);
  gtk_widget_class_bind_template_child (widget_class, FvWindow, augmentation);
  gtk_widget_class_bind_template_child (widget_class, FvWindow, training);
  gtk_widget_class_bind_template_child (widget_class, FvWindow, try);
  gtk_widget_class_bind_template_child (widget_class, FvWindow, recent_menu);

  gtk_widget_class_install_action (widget_class, "win.new-project", NULL, new_project_action);
  gtk_widget_class_install_action (widget_class, "win.create-path", "s", create_path_action);
  gtk_widget_class_install_action (widget_class, "win.open-project", NULL, open_project_action);
  gtk_widget_class_install_action (widget_class, "win.open-path", "s", open_path_action);
  gtk_widget_class_install_action (widget_class, "win.open-sample", NULL, open_sample_action);
  gtk_widget_class_install_action (widget_class, "win.cancel-opening", NULL, cancel_opening_action);
  gtk_widget_class_install_action (widget_class, "win.close-project", NULL, close_project_action);
  gtk_widget_class_install_action (widget_class, "win.show-page", "s", show_page_action);
}

static void
fv_window_init (FvWindow *self)
{
  GSettings *settings = fv_settings_get ();
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_window_set_default_size (GTK_WINDOW (self), 1120, 760);
  if (settings != NULL)
    {
      g_settings_bind (settings, "window-width", self, "default-width", G_SETTINGS_BIND_DEFAULT);
      g_settings_bind (settings, "window-height", self, "default-height", G_SETTINGS_BIND_DEFAULT);
      g_settings_bind (settings, "window-maximized", self, "maximized", G_SETTINGS_BIND_DEFAULT);
    }
  set_document (self, NULL);
}

FvWindow *
fv_window_new (AdwApplication *application)
{
  return g_object_new (FV_TYPE_WINDOW, "application", application, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/window/fv-application.h"

#include "ui/fv-i18n.h"
#include "ui/window/fv-window.h"

struct _FvApplication
{
  AdwApplication parent_instance;
};

G_DEFINE_FINAL_TYPE (FvApplication, fv_application, ADW_TYPE_APPLICATION)

/* The window that shows the project at path or is about to, or one that shows none, else a new one. */
static FvWindow *
window_for (FvApplication *self, const char *path)
{
  FvWindow *free_window = NULL;
  for (GList *l = gtk_application_get_windows (GTK_APPLICATION (self)); l != NULL; l = l->next)
    {
      if (!FV_IS_WINDOW (l->data))
        continue;
      if (path != NULL && g_strcmp0 (fv_window_get_path (l->data), path) == 0)
        return l->data;
      if (fv_window_is_free (l->data))
        free_window = l->data;
    }
  return free_window != NULL ? free_window : fv_window_new (ADW_APPLICATION (self));
}

static void
fv_application_activate (GApplication *application)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (application));
  gtk_window_present (window != NULL ? window : GTK_WINDOW (window_for (FV_APPLICATION (application), NULL)));
}

/* A project is a folder; its store in it stands for it, too. */
static void
fv_application_open (GApplication *application, GFile **files, int n_files, const char *hint)
{
  for (int i = 0; i < n_files; i++)
    {
      g_autoptr (GFile) folder = NULL;
      g_autofree char *name = g_file_get_basename (files[i]);
      folder = g_strcmp0 (name, "project.db") == 0 ? g_file_get_parent (files[i]) : g_object_ref (files[i]);
      g_autofree char *path = g_file_get_path (folder);
      if (path == NULL)
        continue;
      FvWindow *window = window_for (FV_APPLICATION (application), path);
      gtk_window_present (GTK_WINDOW (window));
      fv_window_open_path (window, path);
    }
}

/* Runs that go on without a window. */

static void
on_run_changed (FvRunList *runs, FvRunMonitor *run, FvApplication *self)
{
  if (fv_run_list_get_active (runs) != NULL)
    return;
  g_autofree char *project = g_path_get_basename (fv_run_list_get_project_path (runs));
  g_autofree char *title = g_strdup_printf (_ ("Training of “%s” has ended"), project);
  g_autoptr (GNotification) notification = g_notification_new (title);
  g_application_send_notification (G_APPLICATION (self), "run-ended", notification);
  g_signal_handlers_disconnect_by_func (runs, on_run_changed, self);
  g_object_unref (runs);
  g_application_release (G_APPLICATION (self));
}

void
fv_application_stay_for_runs (FvApplication *self, FvRunList *runs)
{
  if (fv_run_list_get_active (runs) == NULL)
    return;
  g_application_hold (G_APPLICATION (self));
  g_signal_connect (g_object_ref (runs), "run-changed", G_CALLBACK (on_run_changed), self);
}

/* An import that goes on without a window. */

static void
on_import_over (FvDocument *document, GParamSpec *pspec, FvApplication *self)
{
  g_signal_handlers_disconnect_by_func (document, on_import_over, self);
  g_application_release (G_APPLICATION (self));
}

void
fv_application_stay_for_import (FvApplication *self, FvDocument *document)
{
  if (!fv_document_get_busy (document))
    return;
  g_application_hold (G_APPLICATION (self));
  /* The import keeps the document. */
  g_signal_connect (document, "notify::busy", G_CALLBACK (on_import_over), self);
}

static gpointer
keep_window (gconstpointer window, gpointer data)
{
  return g_object_ref ((gpointer)window);
}

static void
quit_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  /* Each window may have something to ask first; the program ends with the last. With a window go those that belong to it. */
  GList *windows = g_list_copy_deep (gtk_application_get_windows (GTK_APPLICATION (data)), keep_window, NULL);
  for (GList *l = windows; l != NULL; l = l->next)
    gtk_window_close (l->data);
  g_list_free_full (windows, g_object_unref);
}

static void
new_window_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  gtk_window_present (GTK_WINDOW (fv_window_new (ADW_APPLICATION (data))));
}

static void
about_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  const char *developers[] = { _ ("The Fovea developers"), NULL };
  adw_show_about_window (
      gtk_application_get_active_window (GTK_APPLICATION (data)), "application-name", "Fovea", "application-icon",
      "org.fovea.Fovea", "developer-name", _ ("The Fovea developers"), "developers", developers, "version", FV_VERSION,
      "license-type", GTK_LICENSE_GPL_3_0, "comments",
      _ ("Fine-tune a detector on your own pictures.\n\nEvery step of the arithmetic runs on your own computer, as a "
         "Vulkan compute shader."),
      /* Translators: your names, a line each. */
      "translator-credits", _ ("translator-credits"), NULL);
}

static const GActionEntry actions[] = {
  { "quit", quit_action },
  { "new-window", new_window_action },
  { "about", about_action },
};

static const struct
{
  const char *action, *accelerators[3];
} accelerators[] = {
  { "app.quit", { "<Control>q" } },
  { "app.new-window", { "<Control><Shift>n" } },
  { "window.close", { "<Control>w" } },
  { "win.new-project", { "<Control>n" } },
  { "win.open-project", { "<Control>o" } },
  { "win.show-help-overlay", { "<Control>question", "F1" } },
  { "win.show-page::pictures", { "<Alt>1" } },
  { "win.show-page::augmentation", { "<Alt>2" } },
  { "win.show-page::training", { "<Alt>3" } },
  { "win.show-page::try", { "<Alt>4" } },
};

static void
fv_application_startup (GApplication *application)
{
  G_APPLICATION_CLASS (fv_application_parent_class)->startup (application);
  g_action_map_add_action_entries (G_ACTION_MAP (application), actions, G_N_ELEMENTS (actions), application);
  for (guint i = 0; i < G_N_ELEMENTS (accelerators); i++)
    gtk_application_set_accels_for_action (GTK_APPLICATION (application), accelerators[i].action,
                                           (const char *const *)accelerators[i].accelerators);
  gtk_icon_theme_add_resource_path (gtk_icon_theme_get_for_display (gdk_display_get_default ()),
                                    "/org/fovea/Fovea/icons");
}

static void
fv_application_class_init (FvApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);
  application_class->startup = fv_application_startup;
  application_class->activate = fv_application_activate;
  application_class->open = fv_application_open;
}

static void
fv_application_init (FvApplication *self)
{
}

FvApplication *
fv_application_new (void)
{
  return g_object_new (FV_TYPE_APPLICATION, "application-id", "org.fovea.Fovea", "flags", G_APPLICATION_HANDLES_OPEN,
                       "resource-base-path", "/org/fovea/Fovea", NULL);
}

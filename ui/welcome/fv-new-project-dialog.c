/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/welcome/fv-new-project-dialog.h"

#include "ui/fv-i18n.h"
#include "ui/widgets/fv-dialogs.h"

struct _FvNewProjectDialog
{
  AdwWindow parent_instance;
  AdwEntryRow *name_row;
  AdwActionRow *folder_row;
  GtkLabel *hint;
  GtkWidget *create_button;
  char *folder;
};

G_DEFINE_FINAL_TYPE (FvNewProjectDialog, fv_new_project_dialog, ADW_TYPE_WINDOW)

/* Documents, where the person keeps them and this program may write there; in a sandbox the program's own folder. */
static char *
default_folder (void)
{
  const char *documents = g_get_user_special_dir (G_USER_DIRECTORY_DOCUMENTS);
  if (documents != NULL && !g_file_test ("/.flatpak-info", G_FILE_TEST_EXISTS)
      && g_file_test (documents, G_FILE_TEST_IS_DIR))
    return g_strdup (documents);
  return g_build_filename (g_get_user_data_dir (), "fovea", NULL);
}

/* (nullable): a sentence on why a project of that name can't be made there. */
static char *
find_objection (FvNewProjectDialog *self, const char *name)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);
  if (strchr (name, '/') != NULL || name[0] == '.')
    return g_strdup (_ ("A name can’t contain a slash or begin with a dot."));
  if (g_file_test (path, G_FILE_TEST_EXISTS))
    return g_strdup_printf (_ ("There is something called “%s” in that folder already."), name);
  return NULL;
}

static void
check (FvNewProjectDialog *self)
{
  g_autofree char *name = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->name_row))));
  g_autofree char *objection = *name ? find_objection (self, name) : NULL;
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "dialog.create", *name && objection == NULL);
  if (objection != NULL)
    gtk_widget_add_css_class (GTK_WIDGET (self->name_row), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->name_row), "error");
  gtk_label_set_label (self->hint, objection != NULL
                                       ? objection
                                       : _ ("A project is a folder. It keeps what you tell Fovea about your pictures, "
                                            "and the detectors that you train."));
}

static void
set_folder (FvNewProjectDialog *self, char *folder /* (transfer full) */)
{
  g_free (self->folder);
  self->folder = folder;
  g_autofree char *shown = g_filename_display_name (folder);
  g_autofree char *escaped = g_markup_escape_text (shown, -1);
  adw_action_row_set_subtitle (self->folder_row, escaped);
  check (self);
}

static void
on_folder_chosen (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FvNewProjectDialog) self = data;
  g_autoptr (GFile) file = fv_dialog_file_finish (result);
  char *path = file ? g_file_get_path (file) : NULL;
  if (path != NULL)
    set_folder (self, path);
}

static void
choose_folder (FvNewProjectDialog *self)
{
  fv_dialog_open_folder_async (GTK_WIDGET (self), _ ("Place of the Project"), on_folder_chosen, g_object_ref (self));
}

static void
create_action (GtkWidget *widget, const char *action, GVariant *parameter)
{
  FvNewProjectDialog *self = FV_NEW_PROJECT_DIALOG (widget);
  g_autofree char *name = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->name_row))));
  g_autofree char *path = g_build_filename (self->folder, name, NULL);
  GtkWindow *parent = gtk_window_get_transient_for (GTK_WINDOW (self));
  gtk_widget_activate_action (GTK_WIDGET (parent), "win.create-path", "s", path);
  gtk_window_close (GTK_WINDOW (self));
}

static void
fv_new_project_dialog_finalize (GObject *object)
{
  g_free (FV_NEW_PROJECT_DIALOG (object)->folder);
  G_OBJECT_CLASS (fv_new_project_dialog_parent_class)->finalize (object);
}

static void
fv_new_project_dialog_class_init (FvNewProjectDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->finalize = fv_new_project_dialog_finalize;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/welcome/fv-new-project-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, FvNewProjectDialog, name_row);
  gtk_widget_class_bind_template_child (widget_class, FvNewProjectDialog, folder_row);
  gtk_widget_class_bind_template_child (widget_class, FvNewProjectDialog, hint);
  gtk_widget_class_bind_template_child (widget_class, FvNewProjectDialog, create_button);
  gtk_widget_class_bind_template_callback (widget_class, check);
  gtk_widget_class_bind_template_callback (widget_class, choose_folder);
  gtk_widget_class_install_action (widget_class, "dialog.create", NULL, create_action);
}

static void
fv_new_project_dialog_init (FvNewProjectDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  set_folder (self, default_folder ());
  gtk_widget_grab_focus (GTK_WIDGET (self->name_row));
}

void
fv_new_project_dialog_present (GtkWindow *parent)
{
  gtk_window_present (g_object_new (FV_TYPE_NEW_PROJECT_DIALOG, "transient-for", parent, NULL));
}

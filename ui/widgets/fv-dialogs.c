/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/widgets/fv-dialogs.h"

#include "ui/fv-i18n.h"

#include <adwaita.h>

static GtkWindow *
window_of (GtkWidget *from)
{
  GtkRoot *root = gtk_widget_get_root (from);
  return GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL;
}

/* Questions. */

#define TASK_KEY "fv-dialog-task"

static void
on_response (AdwMessageDialog *dialog, const char *response, gpointer data)
{
  g_autoptr (GTask) task = g_object_steal_data (G_OBJECT (dialog), TASK_KEY);
  if (task != NULL)
    g_task_return_pointer (task, g_strdup (response), g_free);
}

/* It went with its window, unanswered. */
static void
on_gone (gpointer data)
{
  g_autoptr (GTask) task = data;
  g_task_return_pointer (task, g_strdup (g_task_get_task_data (task)), g_free);
}

void
fv_dialog_ask_async (GtkWidget *from, const char *heading, const char *body, const FvDialogResponse *responses,
                     GAsyncReadyCallback callback, gpointer user_data)
{
  AdwMessageDialog *dialog = ADW_MESSAGE_DIALOG (adw_message_dialog_new (window_of (from), heading, body));
  for (const FvDialogResponse *r = responses; r->id != NULL; r++)
    {
      adw_message_dialog_add_response (dialog, r->id, r->label);
      if (r->suggested)
        {
          adw_message_dialog_set_response_appearance (dialog, r->id, ADW_RESPONSE_SUGGESTED);
          adw_message_dialog_set_default_response (dialog, r->id);
        }
      if (r->destructive)
        adw_message_dialog_set_response_appearance (dialog, r->id, ADW_RESPONSE_DESTRUCTIVE);
    }
  adw_message_dialog_set_close_response (dialog, responses[0].id);
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  g_task_set_task_data (task, g_strdup (responses[0].id), g_free);
  g_object_set_data_full (G_OBJECT (dialog), TASK_KEY, task, on_gone);
  g_signal_connect (dialog, "response", G_CALLBACK (on_response), NULL);
  gtk_window_present (GTK_WINDOW (dialog));
}

char *
fv_dialog_ask_finish (GAsyncResult *result)
{
  return g_task_propagate_pointer (G_TASK (result), NULL);
}

void
fv_dialog_tell_error (GtkWidget *from, const char *heading, const GError *error)
{
  GtkWidget *dialog = adw_message_dialog_new (window_of (from), heading, error->message);
  adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "close", _ ("_Close"));
  gtk_window_present (GTK_WINDOW (dialog));
}

/* Files. */

static GtkFileFilter *
make_filter (const FvDialogFilter *row)
{
  GtkFileFilter *filter = gtk_file_filter_new ();
  gtk_file_filter_set_name (filter, row->name);
  if (row->suffixes == NULL)
    gtk_file_filter_add_pattern (filter, "*");
  for (guint i = 0; row->suffixes != NULL && row->suffixes[i] != NULL; i++)
    gtk_file_filter_add_suffix (filter, row->suffixes[i]);
  return filter;
}

#if GTK_CHECK_VERSION(4, 10, 0) && GDK_VERSION_MAX_ALLOWED >= GDK_VERSION_4_10

typedef GFile *(*Finish) (GtkFileDialog *dialog, GAsyncResult *result, GError **error);

static void
on_chosen (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  const Finish finish = g_task_get_task_data (task);
  g_task_return_pointer (task, finish (GTK_FILE_DIALOG (source), result, NULL), g_object_unref);
}

static void
choose (GtkWidget *from, GtkFileChooserAction action, const char *title, const char *name,
        const FvDialogFilter *filters, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GtkFileDialog) dialog = gtk_file_dialog_new ();
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  gtk_file_dialog_set_title (dialog, title);
  if (name != NULL)
    gtk_file_dialog_set_initial_name (dialog, name);
  if (filters != NULL)
    {
      g_autoptr (GListStore) list = g_list_store_new (GTK_TYPE_FILE_FILTER);
      for (; filters->name != NULL; filters++)
        {
          g_autoptr (GtkFileFilter) filter = make_filter (filters);
          g_list_store_append (list, filter);
        }
      gtk_file_dialog_set_filters (dialog, G_LIST_MODEL (list));
    }
  if (action == GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER)
    {
      g_task_set_task_data (task, gtk_file_dialog_select_folder_finish, NULL);
      gtk_file_dialog_select_folder (dialog, window_of (from), NULL, on_chosen, task);
    }
  else if (action == GTK_FILE_CHOOSER_ACTION_SAVE)
    {
      g_task_set_task_data (task, gtk_file_dialog_save_finish, NULL);
      gtk_file_dialog_save (dialog, window_of (from), NULL, on_chosen, task);
    }
  else
    {
      g_task_set_task_data (task, gtk_file_dialog_open_finish, NULL);
      gtk_file_dialog_open (dialog, window_of (from), NULL, on_chosen, task);
    }
}

#else

static void
on_chosen (GtkNativeDialog *dialog, int response, gpointer data)
{
  g_autoptr (GTask) task = data;
  GFile *file = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;
  g_task_return_pointer (task, file, g_object_unref);
  g_object_unref (dialog);
}

static void
choose (GtkWidget *from, GtkFileChooserAction action, const char *title, const char *name,
        const FvDialogFilter *filters, GAsyncReadyCallback callback, gpointer user_data)
{
  const char *accept = action == GTK_FILE_CHOOSER_ACTION_SAVE ? _ ("_Save") : _ ("_Open");
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (title, window_of (from), action, accept, NULL);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  if (name != NULL)
    gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), name);
  for (; filters != NULL && filters->name != NULL; filters++)
    {
      g_autoptr (GtkFileFilter) filter = make_filter (filters);
      gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (dialog), filter);
    }
  g_signal_connect (dialog, "response", G_CALLBACK (on_chosen), g_task_new (NULL, NULL, callback, user_data));
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

#endif

void
fv_dialog_open_file_async (GtkWidget *from, const char *title, const FvDialogFilter *filters,
                           GAsyncReadyCallback callback, gpointer user_data)
{
  choose (from, GTK_FILE_CHOOSER_ACTION_OPEN, title, NULL, filters, callback, user_data);
}

void
fv_dialog_open_folder_async (GtkWidget *from, const char *title, GAsyncReadyCallback callback, gpointer user_data)
{
  choose (from, GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, title, NULL, NULL, callback, user_data);
}

void
fv_dialog_save_file_async (GtkWidget *from, const char *title, const char *name, GAsyncReadyCallback callback,
                           gpointer user_data)
{
  choose (from, GTK_FILE_CHOOSER_ACTION_SAVE, title, name, NULL, callback, user_data);
}

GFile *
fv_dialog_file_finish (GAsyncResult *result)
{
  return g_task_propagate_pointer (G_TASK (result), NULL);
}

void
fv_toast (GtkWidget *from, const char *text)
{
  GtkWidget *overlay = gtk_widget_get_ancestor (from, ADW_TYPE_TOAST_OVERLAY);
  if (overlay != NULL)
    adw_toast_overlay_add_toast (ADW_TOAST_OVERLAY (overlay), adw_toast_new (text));
}

void
fv_toast_with_button (GtkWidget *from, const char *text, const char *button, GCallback clicked, gpointer object)
{
  GtkWidget *overlay = gtk_widget_get_ancestor (from, ADW_TYPE_TOAST_OVERLAY);
  if (overlay == NULL)
    return;
  AdwToast *toast = adw_toast_new (text);
  adw_toast_set_button_label (toast, button);
  adw_toast_set_timeout (toast, 10);
  g_signal_connect_object (toast, "button-clicked", clicked, object, G_CONNECT_SWAPPED);
  adw_toast_overlay_add_toast (ADW_TOAST_OVERLAY (overlay), toast);
}

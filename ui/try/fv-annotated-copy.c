/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/try/fv-annotated-copy.h"

#include "app/drawing/fv-draw.h"
#include "ui/fv-i18n.h"
#include "ui/widgets/fv-dialogs.h"

/* Lives from the question to the last word. */
typedef struct
{
  FvPicture *picture;
  FvDetectReply *reply;
  GArray *boxes;
  char *path; /* where it goes, once that is known */
} Copy;

static void
copy_free (gpointer data)
{
  Copy *self = data;
  fv_picture_unref (self->picture);
  fv_detect_reply_unref (self->reply);
  g_array_unref (self->boxes);
  g_free (self->path);
  g_free (self);
}

static void
save_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Copy *copy = data;
  GError *error = NULL;
  if (fv_draw_save (copy->picture, (const FvDrawBox *)copy->boxes->data, copy->boxes->len,
                    (const char *const *)copy->reply->class_names, copy->path, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_saved (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GtkWidget) from = data;
  const Copy *copy = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  if (g_task_propagate_boolean (G_TASK (result), &error))
    {
      g_autofree char *name = g_filename_display_basename (copy->path);
      g_autofree char *text = g_strdup_printf (_ ("Saved as “%s”"), name);
      fv_toast (from, text);
    }
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    fv_dialog_tell_error (from, _ ("The Picture Can’t Be Saved"), error);
}

static void
on_chosen (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GFile) file = fv_dialog_file_finish (result);
  Copy *copy = g_task_get_task_data (task);
  copy->path = file ? g_file_get_path (file) : NULL;
  if (copy->path != NULL)
    g_task_run_in_thread (task, save_thread);
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "No place was chosen");
}

void
fv_annotated_copy_save (GtkWidget *from, const char *file, FvPicture *picture, FvDetectReply *reply, GArray *boxes)
{
  const Copy copy = { fv_picture_ref (picture), fv_detect_reply_ref (reply), boxes, NULL };
  /* Not as the task's source: the thread may be the last to let go of that. */
  GTask *task = g_task_new (NULL, NULL, on_saved, g_object_ref (from));
  g_autofree char *name = g_filename_display_basename (file);
  char *dot = strrchr (name, '.');
  g_task_set_task_data (task, g_memdup2 (&copy, sizeof copy), copy_free);
  if (dot != NULL)
    *dot = '\0';
  /* Translators: the name of a file that shows the boxes in a picture; %s is the name of the picture without its ending. */
  g_autofree char *suggested = g_strdup_printf (_ ("%s-boxes.jpg"), name);
  fv_dialog_save_file_async (from, _ ("Save Picture"), suggested, on_chosen, task);
}

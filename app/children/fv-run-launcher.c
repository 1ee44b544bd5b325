/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/children/fv-run-launcher.h"

#include "app/children/fv-child.h"
#include "app/children/fv-run-command.h"
#include "app/project/fv-lock.h"
#include "app/training/fv-run.h"

#include <errno.h>
#include <gio/gunixinputstream.h>
#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* The descriptor that the child finds its end of the pipe at. */
#define ANNOUNCE_FD 3

/* A child until it has said which run it is. */
typedef struct
{
  GSubprocess *process;
  GDataInputStream *announcement;
  int messages; /* a nameless file that is the child's stderr; -1 = none */
  guint number;
} Start;

static void
start_free (gpointer data)
{
  Start *start = data;

  g_clear_object (&start->process);
  g_clear_object (&start->announcement);
  if (start->messages >= 0)
    close (start->messages);
  g_free (start);
}

/* A session of its own: neither a key in the terminal that the window was started from nor that terminal's end concerns it. */
static void
leave_session (gpointer data)
{
  setsid ();
}

/* A file, since a pipe would break when this process ends before the child; nameless, so that nothing stays. */
static int
open_messages (void)
{
  g_autofree char *name = NULL;
  int fd = g_file_open_tmp ("fovea-run-XXXXXX", &name, NULL);

  if (fd >= 0)
    g_unlink (name);
  return fd;
}

static void
on_exited (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  Start *start = g_task_get_task_data (task);
  g_autofree char *text = fv_run_command_read_messages (start->messages);

  g_subprocess_wait_finish (G_SUBPROCESS (source), result, NULL);
  g_task_return_error (task, fv_run_command_make_error (start->process, text));
}

static void
on_announced (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  Start *start = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autofree char *line = g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (source), result, NULL, &error);
  guint64 number;

  if (error)
    {
      g_subprocess_send_signal (start->process, SIGTERM);
      g_task_return_error (task, g_steal_pointer (&error));
    }
  else if (line && g_ascii_string_to_unsigned (line, 10, 1, G_MAXINT, &number, NULL))
    {
      start->number = (guint)number;
      g_task_return_boolean (task, TRUE);
    }
  else
    g_subprocess_wait_async (start->process, NULL, on_exited, g_steal_pointer (&task));
}

/* Starts fovea-cli with @arguments, after which the announcement's are put. Takes @task. */
static void
launch (GTask *task_to_take, GStrvBuilder *arguments)
{
  g_autoptr (GTask) task = task_to_take;
  g_autoptr (GSubprocessLauncher) launcher = NULL;
  g_autoptr (GInputStream) stream = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) argv = NULL;
  Start *start = g_new0 (Start, 1);
  int pipe[2];

  start->messages = -1;
  g_task_set_task_data (task, start, start_free);
  if (!g_unix_open_pipe (pipe, FD_CLOEXEC, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  stream = g_unix_input_stream_new (pipe[0], TRUE);
  g_strv_builder_add_many (arguments, "--announce", G_STRINGIFY (ANNOUNCE_FD), NULL);
  argv = g_strv_builder_end (arguments);
  start->messages = open_messages ();
  launcher = fv_child_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE
                                    | (start->messages < 0 ? G_SUBPROCESS_FLAGS_STDERR_SILENCE : 0));
  g_subprocess_launcher_take_fd (launcher, pipe[1], ANNOUNCE_FD);
  if (start->messages >= 0)
    g_subprocess_launcher_take_stderr_fd (launcher, dup (start->messages));
  g_subprocess_launcher_set_child_setup (launcher, leave_session, NULL, NULL);
  start->process = g_subprocess_launcher_spawnv (launcher, (const char *const *)argv, &error);
  /* Only the child keeps its end of the pipe. */
  g_subprocess_launcher_close (launcher);
  if (!start->process)
    {
      g_task_return_new_error (task, FV_CHILD_ERROR, FV_CHILD_ERROR_START, _ ("Training could not be started: %s."),
                               error->message);
      return;
    }
  start->announcement = g_data_input_stream_new (stream);
  g_data_input_stream_read_line_async (start->announcement, G_PRIORITY_DEFAULT, g_task_get_cancellable (task),
                                       on_announced, g_object_ref (task));
}

void
fv_run_launcher_start_async (const char *project_path, const FvRunStart *start, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr (GError) error = NULL;
  g_autoptr (GStrvBuilder) arguments = fv_run_command_new (project_path, &error);

  g_task_set_source_tag (task, fv_run_launcher_start_async);
  if (!arguments)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  fv_run_command_add_start (arguments, start);
  launch (g_steal_pointer (&task), arguments);
}

void
fv_run_launcher_resume_async (const char *project_path, guint number, const char *device, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr (GError) error = NULL;
  g_autoptr (GStrvBuilder) arguments = fv_run_command_new (project_path, &error);
  g_autofree char *text = g_strdup_printf ("%u", number);

  g_task_set_source_tag (task, fv_run_launcher_resume_async);
  if (!arguments)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  g_strv_builder_add_many (arguments, "--resume", text, NULL);
  fv_run_command_add_device (arguments, device);
  launch (g_steal_pointer (&task), arguments);
}

gboolean
fv_run_launcher_start_finish (GAsyncResult *result, guint *number, GError **error)
{
  const Start *start = g_task_get_task_data (G_TASK (result));

  if (!g_task_propagate_boolean (G_TASK (result), error))
    return FALSE;
  if (number)
    *number = start->number;
  return TRUE;
}

/* Whether that process has the file open: numbers of processes are used again, and mean others in a sandbox. */
static gboolean
has_open (int process, const char *path)
{
  g_autofree char *folder = g_strdup_printf ("/proc/%d/fd", process);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  GStatBuf wanted, found;
  const char *name;

  if (!dir || g_stat (path, &wanted) != 0)
    return FALSE;
  while ((name = g_dir_read_name (dir)))
    {
      g_autofree char *file = g_build_filename (folder, name, NULL);

      if (g_stat (file, &found) == 0 && found.st_dev == wanted.st_dev && found.st_ino == wanted.st_ino)
        return TRUE;
    }
  return FALSE;
}

/* "fovea-cli (process 4711 on lab3)", as fv-lock.c writes it; 0 where it is not of this machine. */
static int
get_process (const char *holder)
{
  const char *place = g_strrstr (holder, " (process ");
  g_autofree char *here = g_strdup_printf (" on %s)", g_get_host_name ());
  int process;

  if (!place || !g_str_has_suffix (holder, here) || sscanf (place, " (process %d on ", &process) != 1)
    return 0;
  return process;
}

gboolean
fv_run_launcher_stop (const char *project_path, guint number, GError **error)
{
  g_autofree char *lock = fv_run_path (project_path, number, FV_RUN_LOCK);
  g_autofree char *holder = NULL;
  int process;

  if (!fv_lock_is_held (lock, &holder))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _ ("Run %u is not being trained."), number);
      return FALSE;
    }
  process = get_process (holder);
  if (process <= 1 || !has_open (process, lock))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                   _ ("Run %u is trained by %s, which can’t be reached from here. Stop it there."), number, holder);
      return FALSE;
    }
  if (kill (process, SIGTERM) != 0)
    {
      int saved = errno;

      g_set_error (error, G_IO_ERROR, (int)g_io_error_from_errno (saved), _ ("Run %u can’t be stopped: %s."), number,
                   g_strerror (saved));
      return FALSE;
    }
  return TRUE;
}

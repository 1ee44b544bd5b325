/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/e2e/fv-ui-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <libintl.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fv-test-data.h"

/* The program ends with its test, however that ends. */
static void
set_up_child (gpointer data)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

static GStrv
make_environment (const FvUiParams *params, const char *home)
{
  static const char *const folders[]
      = { "XDG_CONFIG_HOME", "config", "XDG_DATA_HOME", "data", "XDG_CACHE_HOME", "cache", "XDG_STATE_HOME", "state" };
  GStrv all = g_get_environ ();

  for (guint i = 0; i < G_N_ELEMENTS (folders); i += 2)
    {
      g_autofree char *folder = g_build_filename (home, folders[i + 1], NULL);

      g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
      all = g_environ_setenv (all, folders[i], folder, TRUE);
    }
  all = g_environ_setenv (all, "HOME", home, TRUE);
  all = g_environ_setenv (all, "GSETTINGS_BACKEND", "keyfile", TRUE);
  all = g_environ_setenv (all, "G_DEBUG", "fatal-warnings", TRUE);
  all = g_environ_setenv (all, "LANGUAGE", params->language ? params->language : "en", TRUE);
  all = g_environ_setenv (all, "ADW_DEBUG_COLOR_SCHEME", params->dark ? "prefer-dark" : "prefer-light", TRUE);
  for (guint i = 0; params->environment && params->environment[i]; i++)
    {
      g_auto (GStrv) parts = g_strsplit (params->environment[i], "=", 2);
      all = g_environ_setenv (all, parts[0], parts[1] ? parts[1] : "", TRUE);
    }
  return all;
}

static void
spawn (FvUi *ui, const FvUiParams *params)
{
  const char *program = params->program ? params->program : g_getenv ("FOVEA");
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_auto (GStrv) environ_of_child = make_environment (params, ui->home);
  g_autoptr (GError) error = NULL;
  int fd = g_open (ui->stderr_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

  if (!program)
    g_error ("FOVEA must hold the path of the program, as “meson test” sets it.");
  g_assert_cmpint (fd, >=, 0);
  g_ptr_array_add (argv, (char *)program);
  for (guint i = 0; params->arguments && params->arguments[i]; i++)
    g_ptr_array_add (argv, (char *)params->arguments[i]);
  g_ptr_array_add (argv, NULL);
  g_spawn_async_with_fds (ui->home, (char **)argv->pdata, environ_of_child, G_SPAWN_DO_NOT_REAP_CHILD, set_up_child,
                          NULL, &ui->pid, -1, STDERR_FILENO, fd, &error);
  g_assert_no_error (error);
  close (fd);
}

static int
on_x_error (Display *display, XErrorEvent *event)
{
  /* A window may go while it is asked about. */
  return 0;
}

FvUi *
fv_ui_start (const FvUiParams *params)
{
  static const FvUiParams defaults = { 0 };
  FvUi *ui = g_new0 (FvUi, 1);

  params = params ? params : &defaults;
  if (!g_getenv ("DISPLAY") || !g_getenv ("DBUS_SESSION_BUS_ADDRESS"))
    g_error ("There is no display: run the test in tests/with-display.");
  ui->language = g_strdup (params->language ? params->language : "en");
  ui->own_home = !params->home;
  ui->home = params->home ? g_strdup (params->home) : g_dir_make_tmp ("fovea-home-XXXXXX", NULL);
  g_assert_nonnull (ui->home);
  ui->stderr_path = g_build_filename (ui->home, "stderr", NULL);
  ui->nodes = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, fv_ui_node_free);
  fv_ui_set_patience (ui, 0);
  ui->x = XOpenDisplay (NULL);
  if (!ui->x)
    g_error ("The display %s can’t be opened.", g_getenv ("DISPLAY"));
  XSetErrorHandler (on_x_error);
  setlocale (LC_ALL, "");
  fv_ui_bus_open (ui);

  fv_ui_allow_shadows (ui);
  spawn (ui, params);
  fv_ui_until (ui, fv_ui_bus_find_program (ui));
  fv_ui_wait (ui, "window", NULL);
  fv_ui_until (ui, ({
                 g_autoptr (GArray) windows = fv_ui_x_windows (ui, FALSE);
                 windows->len > 0;
               }));
  if (!params->natural_size)
    fv_ui_resize (ui, params->width ? params->width : 1280, params->height ? params->height : 800);
  return ui;
}

gboolean
fv_ui_check_end (FvUi *ui)
{
  if (!ui->ended && waitpid (ui->pid, &ui->status, WNOHANG) == ui->pid)
    ui->ended = TRUE;
  return ui->ended;
}

void
fv_ui_wait_end (FvUi *ui)
{
  static const char *const bad[] = { "-WARNING **", "-CRITICAL **", "-ERROR **", "ERROR: ", "runtime error:" };
  const char *text;

  for (FvUiWaiting waiting = fv_ui_waiting_begin (ui, "the program ends", G_STRLOC); !fv_ui_check_end (ui);)
    fv_ui_waiting_next (&waiting);
  text = fv_ui_get_stderr (ui);
  if (!WIFEXITED (ui->status) || WEXITSTATUS (ui->status) != 0)
    fv_ui_fail (ui, "The program ended with %s %d.", WIFEXITED (ui->status) ? "exit status" : "signal",
                WIFEXITED (ui->status) ? WEXITSTATUS (ui->status) : WTERMSIG (ui->status));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    if (strstr (text, bad[i]))
      fv_ui_fail (ui, "The program had warnings on stderr.");
}

void
fv_ui_quit (FvUi *ui)
{
  fv_ui_key (ui, "<Control>q");
  fv_ui_wait_end (ui);
}

void
fv_ui_kill (FvUi *ui)
{
  if (!fv_ui_check_end (ui))
    {
      kill (ui->pid, SIGKILL);
      while (waitpid (ui->pid, &ui->status, 0) < 0 && errno == EINTR)
        ;
      ui->ended = TRUE;
    }
}

void
fv_ui_free (FvUi *ui)
{
  fv_ui_kill (ui);
  g_spawn_close_pid (ui->pid);
  g_hash_table_unref (ui->nodes);
  g_object_unref (ui->bus);
  g_free (ui->bus_name);
  XCloseDisplay (ui->x);
  if (ui->own_home)
    fv_test_remove (ui->home);
  g_free (ui->language);
  g_free (ui->home);
  g_free (ui->stderr_path);
  g_free (ui->stderr_text);
  g_free (ui);
}

const char *
fv_ui_text (FvUi *ui, const char *english)
{
  const char *text;

  g_setenv ("LANGUAGE", ui->language, TRUE);
  if (g_getenv ("FOVEA_LOCALE_FOLDER"))
    bindtextdomain ("fovea", g_getenv ("FOVEA_LOCALE_FOLDER"));
  bind_textdomain_codeset ("fovea", "UTF-8");
  text = dgettext ("fovea", english);
  if (strchr (text, '_'))
    {
      g_auto (GStrv) parts = g_strsplit (text, "_", -1);
      g_autofree char *plain = g_strjoinv ("", parts);

      text = g_intern_string (plain);
    }
  return text;
}

GPid
fv_ui_get_pid (FvUi *ui)
{
  return ui->pid;
}

const char *
fv_ui_get_home (FvUi *ui)
{
  return ui->home;
}

const char *
fv_ui_get_stderr (FvUi *ui)
{
  g_clear_pointer (&ui->stderr_text, g_free);
  if (!g_file_get_contents (ui->stderr_path, &ui->stderr_text, NULL, NULL))
    ui->stderr_text = g_strdup ("");
  return ui->stderr_text;
}

void
fv_ui_set_patience (FvUi *ui, double seconds)
{
  const char *factor = g_getenv ("FOVEA_TEST_PATIENCE");

  ui->patience = (seconds > 0 ? seconds : FV_UI_PATIENCE) * (factor ? MAX (g_ascii_strtod (factor, NULL), 0.1) : 1);
}

FvUiWaiting
fv_ui_waiting_begin (FvUi *ui, const char *what, const char *place)
{
  return (FvUiWaiting){ ui, what, place, g_get_monotonic_time () + (gint64)(ui->patience * G_USEC_PER_SEC) };
}

gboolean
fv_ui_waiting_next (FvUiWaiting *waiting)
{
  if (waiting->ui->ended || g_get_monotonic_time () >= waiting->end)
    fv_ui_fail (waiting->ui, "%s: %s: %s", waiting->place, waiting->what,
                waiting->ui->ended ? "the program has ended." : "that did not come.");
  fv_ui_check_end (waiting->ui);
  fv_ui_breathe (waiting->ui, 30);
  return TRUE;
}

void
fv_ui_breathe (FvUi *ui, guint milliseconds)
{
  gint64 end = g_get_monotonic_time () + milliseconds * 1000;

  XSync (ui->x, False);
  g_usleep (MAX (0, end - g_get_monotonic_time ()));
}

void
fv_ui_fail (FvUi *ui, const char *format, ...)
{
  g_autofree char *message = NULL, *picture = NULL, *test = NULL;
  va_list rest;

  va_start (rest, format);
  message = g_strdup_vprintf (format, rest);
  va_end (rest);
  if (!fv_ui_check_end (ui))
    {
      test = g_path_get_basename (g_get_prgname () ? g_get_prgname () : "test");
      picture = g_strdup_printf ("failed-%s.png", test);
      fv_ui_screenshot (ui, picture);
      fv_ui_print_tree (ui);
    }
  g_printerr ("%s\n", fv_ui_get_stderr (ui));
  fv_ui_kill (ui);
  if (ui->own_home)
    fv_test_remove (ui->home);
  g_assertion_message (G_LOG_DOMAIN, __FILE__, __LINE__, G_STRFUNC, message);
  g_abort ();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/children/fv-child.h"

#include <string.h>
#include <unistd.h>

#define CLI "fovea-cli"

G_DEFINE_QUARK (fv - child - error - quark, fv_child_error)

/* What a session gives to one window alone. */
static const char *const window_variables[]
    = { "DESKTOP_STARTUP_ID", "XDG_ACTIVATION_TOKEN", "GIO_LAUNCHED_DESKTOP_FILE", "GIO_LAUNCHED_DESKTOP_FILE_PID" };

static gboolean
is_program (const char *path)
{
  return g_file_test (path, G_FILE_TEST_IS_REGULAR) && access (path, X_OK) == 0;
}

/* The folder of the running program. */
static char *
get_own_folder (void)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);

  return program ? g_path_get_dirname (program) : NULL;
}

char *
fv_child_find_cli (void)
{
  const char *chosen = g_getenv ("FOVEA_CLI");
  g_autofree char *own = get_own_folder ();

  if (chosen && *chosen)
    return g_canonicalize_filename (chosen, NULL);
  if (own)
    {
      g_autofree char *beside = g_build_filename (own, CLI, NULL);
      g_autofree char *built = g_build_filename (own, "..", "app", "cli", CLI, NULL);

      if (is_program (beside))
        return g_steal_pointer (&beside);
      if (is_program (built))
        return g_canonicalize_filename (built, NULL);
    }
  if (is_program (FV_BINDIR G_DIR_SEPARATOR_S CLI))
    return g_strdup (FV_BINDIR G_DIR_SEPARATOR_S CLI);
  return g_find_program_in_path (CLI);
}

GSubprocessLauncher *
fv_child_launcher_new (GSubprocessFlags flags)
{
  GSubprocessLauncher *launcher = g_subprocess_launcher_new (flags);

  for (guint i = 0; i < G_N_ELEMENTS (window_variables); i++)
    g_subprocess_launcher_unsetenv (launcher, window_variables[i]);
  return launcher;
}

char *
fv_child_sentence (const char *line)
{
  const char *text = g_str_has_prefix (line, CLI ": ") ? line + strlen (CLI ": ") : line;

  return g_strchomp (g_utf8_make_valid (text, -1));
}

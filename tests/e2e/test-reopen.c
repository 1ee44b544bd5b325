/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/e2e/fv-ui-driver.h"
#include "tests/fv-test-cli.h"
#include "tests/fv-test-data.h"

#include "app/project/fv-lock.h"

static char *
make_project (const char **pictures)
{
  char *project = fv_test_make_project ("Shapes", 6, 2, 2, 64);
  g_autofree char *folder = g_path_get_dirname (project);
  g_autofree char *drawn = g_build_filename (folder, "pictures", NULL);

  *pictures = g_intern_string (drawn);
  return project;
}

/* What was chosen is there when the program is started again, and the terminal waits its turn meanwhile. */
static void
test_reopen (void)
{
  const char *pictures;
  g_autofree char *project = make_project (&pictures);
  const char *home = fv_test_folder ();
  const char *arguments[] = { project, NULL };
  const char *environment[] = { "GSETTINGS_BACKEND=keyfile", NULL };
  FvUi *ui = fv_ui_start (&(FvUiParams){ .arguments = arguments, .environment = environment, .home = home });
  fv_ui_wait (ui, "button", "Shapes");
  fv_ui_wait (ui, "label", "10 pictures*");

  g_auto (FvTestCall) import = fv_test_cli (NULL, "import", project, pictures, NULL);
  fv_test_call_assert_fails (&import, "fovea (process");

  fv_ui_key (ui, "<Alt>2");
  fv_ui_wait (ui, "slider", "Rotation");
  fv_ui_drag_slider (ui, "Rotation", 0.25);
  const double chosen = fv_ui_get_value (ui, "slider", "Rotation");
  g_assert_cmpfloat (chosen, >, 0);
  fv_ui_quit (ui);
  fv_ui_free (ui);

  /* The project itself is free again. */
  g_auto (FvTestCall) again = fv_test_cli (NULL, "import", project, pictures, "--json", NULL);
  g_assert_cmpint (again.status, ==, 0);

  ui = fv_ui_start (&(FvUiParams){ .environment = environment, .home = home });
  fv_ui_click (ui, "row", "Shapes*");
  fv_ui_wait (ui, "button", "Shapes");
  fv_ui_wait (ui, "label", "10 pictures*");
  fv_ui_key (ui, "<Alt>2");
  fv_ui_wait_value (ui, "slider", "Rotation", chosen, 1e-9);
  fv_ui_quit (ui);
  fv_ui_free (ui);
}

/* Who comes second may look, and is told why no more. */
static void
test_read_only (void)
{
  g_autoptr (GError) error = NULL;
  const char *pictures;
  g_autofree char *project = make_project (&pictures);
  g_autofree char *path = g_build_filename (project, "editing.lock", NULL);
  g_autoptr (FvLock) lock = fv_lock_take (path, &error);
  g_assert_no_error (error);
  const char *arguments[] = { project, NULL };
  g_autoptr (FvUi) ui = fv_ui_start (&(FvUiParams){ .arguments = arguments });
  fv_ui_wait (ui, "label", "Open for reading only.*");
  fv_ui_wait (ui, "label", "10 pictures*");
  fv_ui_quit (ui);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ui/reopen/settings", test_reopen);
  g_test_add_func ("/ui/reopen/read-only", test_read_only);
  return g_test_run ();
}

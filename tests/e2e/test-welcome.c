/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/e2e/fv-ui-driver.h"
#include "tests/fv-test-data.h"

#include <glib/gstdio.h>

/* A new project by hand; what it was called is offered when the program is started again. */
static void
test_new_project (void)
{
  const char *home = fv_test_folder ();
  g_autofree char *place = g_build_filename (home, "place", NULL);
  g_assert_cmpint (g_mkdir (place, 0755), ==, 0);
  fv_test_write (place, "Taken/file", NULL);
  const char *environment[] = { "GSETTINGS_BACKEND=keyfile", NULL };
  FvUi *ui = fv_ui_start (&(FvUiParams){ .home = home, .environment = environment });

  g_assert_false (fv_ui_has (ui, "label", "Recent Projects"));
  fv_ui_click (ui, "button", "New Project…");
  fv_ui_wait (ui, "entry", "Name");
  fv_ui_click (ui, "button", "Place");
  fv_ui_choose_file (ui, place);
  fv_ui_wait (ui, "label", place);
  fv_ui_fill (ui, "Name", "Taken");
  fv_ui_wait (ui, "label", "There is something called “Taken”*");
  g_assert_false (fv_ui_has_state (ui, "button", "Create", "sensitive"));
  fv_ui_fill (ui, "Name", "Bees & Wasps_1");
  fv_ui_wait_state (ui, "button", "Create", "sensitive", TRUE);
  fv_ui_key (ui, "Return");
  fv_ui_wait (ui, "button", "Bees & Wasps_1");
  g_autofree char *store = g_build_filename (place, "Bees & Wasps_1", "project.db", NULL);
  g_assert_true (g_file_test (store, G_FILE_TEST_IS_REGULAR));
  fv_ui_quit (ui);
  fv_ui_free (ui);

  ui = fv_ui_start (&(FvUiParams){ .home = home, .environment = environment });
  fv_ui_wait (ui, "label", "Recent Projects");
  fv_ui_click (ui, "row", "Bees & Wasps_1*");
  fv_ui_wait (ui, "button", "Bees & Wasps_1");

  /* And forgotten, where the person wants so. */
  fv_ui_click (ui, "button", "Bees & Wasps_1");
  fv_ui_click (ui, "menu item", "Close Project");
  fv_ui_click (ui, "button", "Forget “Bees & Wasps_1”");
  fv_ui_wait_gone (ui, "label", "Recent Projects");
  g_assert_true (g_file_test (store, G_FILE_TEST_IS_REGULAR));
  fv_ui_quit (ui);
  fv_ui_free (ui);
}

/* What is no project says so. */
static void
test_no_project (void)
{
  const char *folder = fv_test_folder ();
  const char *arguments[] = { folder, NULL };
  g_autoptr (FvUi) ui = fv_ui_start (&(FvUiParams){ .arguments = arguments });
  fv_ui_wait (ui, "label", "The Project Can’t Be Opened");
  fv_ui_wait (ui, "label", "This folder is not a project of Fovea.*");
  fv_ui_key (ui, "Escape");
  fv_ui_wait_gone (ui, "label", "The Project Can’t Be Opened");
  fv_ui_wait (ui, "button", "New Project…");
  fv_ui_quit (ui);
}

static void
test_sample (void)
{
  g_autoptr (FvUi) ui = fv_ui_start (NULL);
  fv_ui_click (ui, "button", "Try with Sample Pictures");
  fv_ui_set_patience (ui, 60);
  fv_ui_wait (ui, "button", "Sample Pictures");
  fv_ui_set_patience (ui, 0);
  fv_ui_key (ui, "<Control>question");
  fv_ui_wait (ui, "label", "Show these shortcuts");
  fv_ui_key (ui, "Escape");
  fv_ui_click (ui, "button", "Main Menu");
  fv_ui_click (ui, "menu item", "About Fovea");
  fv_ui_wait (ui, "label", "Fovea");
  fv_ui_key (ui, "Escape");
  fv_ui_quit (ui);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ui/welcome/new-project", test_new_project);
  g_test_add_func ("/ui/welcome/no-project", test_no_project);
  g_test_add_func ("/ui/welcome/sample", test_sample);
  return g_test_run ();
}

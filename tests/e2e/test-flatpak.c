/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/e2e/fv-ui-driver.h"

/*
 * The window out of the Flatpak: flatpak/test starts this with FOVEA (a script that starts the installed application),
 * FOVEA_TEST_SANDBOXED, and a folder of the host in FOVEA_FLATPAK_PICTURES.
 */

/*
 * The dialog is that of the desktop's portal, another program; it has the focus once it is there. It may take a first
 * Return for its own completion of the path.
 */
static void
choose_in_portal (FvUi *ui, const char *path, const char *label_before)
{
  g_usleep (3 * G_USEC_PER_SEC);
  fv_ui_type (ui, path);
  for (guint i = 0; i < 5 && fv_ui_has (ui, "label", label_before); i++)
    {
      g_usleep (G_USEC_PER_SEC);
      fv_ui_key (ui, "Return");
      g_usleep (G_USEC_PER_SEC);
    }
}

/* What the window made is in the application's own folder of the person's home. */
static void
test_window (void)
{
  g_autofree char *data = NULL;
  FvUi *ui = fv_ui_start (NULL);

  fv_ui_set_patience (ui, 60);
  fv_ui_wait (ui, "label", "Welcome to Fovea");
  fv_ui_screenshot (ui, "flatpak-welcome.png");
  fv_ui_click (ui, "button", "New Project…");
  fv_ui_wait (ui, "entry", "Name");
  fv_ui_fill (ui, "Name", "Boxed");
  fv_ui_key (ui, "Return");
  fv_ui_wait (ui, "label", "No Pictures Yet");

  fv_ui_click (ui, "button", "Import Pictures…");
  choose_in_portal (ui, g_getenv ("FOVEA_FLATPAK_PICTURES"), "No Pictures Yet");
  fv_ui_wait (ui, "label", "25 pictures, *");
  fv_ui_settle (ui, NULL);
  fv_ui_screenshot (ui, "flatpak-pictures.png");

  /* The children are found in the sandbox, and Vulkan with them. */
  fv_ui_key (ui, "<Alt>2");
  fv_ui_set_patience (ui, 240);
  fv_ui_wait (ui, "image", "*.jpg");
  fv_ui_settle (ui, NULL);
  fv_ui_screenshot (ui, "flatpak-augmentation.png");
  fv_ui_quit (ui);

  data = g_build_filename (fv_ui_get_home (ui), ".var/app/org.fovea.Fovea/data/fovea/Boxed/project.db", NULL);
  g_assert_true (g_file_test (data, G_FILE_TEST_IS_REGULAR));
  fv_ui_free (ui);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/flatpak/window", test_window);
  return g_test_run ();
}

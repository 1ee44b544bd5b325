/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/e2e/fv-ui-driver.h"

#include "tests/fv-test-data.h"

/* The whole way from Welcome to a finished run, and past each page, with no pointer. */

#define LONG 240

/* Goes to a control by Tab and presses a key on it. */
static void
press_on (FvUi *ui, const char *role, const char *name, const char *key)
{
  fv_ui_tab_to (ui, role, name);
  fv_ui_key (ui, key);
}

static void
write_into (FvUi *ui, const char *name, const char *text)
{
  fv_ui_tab_to (ui, "spin button", name);
  fv_ui_key (ui, "<Control>a");
  fv_ui_type (ui, text);
  fv_ui_key (ui, "Tab");
}

static void
look_at_pictures (FvUi *ui)
{
  g_autofree char *first = NULL, *second = NULL;

  fv_ui_tab_to (ui, "list", "Pictures");
  fv_ui_key (ui, "Home");
  fv_ui_key (ui, "Return");
  fv_ui_wait (ui, "list", "Boxes");
  first = fv_ui_get_description (ui, "image", "0000.jpg");
  fv_ui_key (ui, "<Control>plus");
  fv_ui_until (ui, ({
                 g_free (second);
                 second = fv_ui_get_description (ui, "image", "0000.jpg");
                 !g_str_equal (first, second);
               }));
  fv_ui_key (ui, "Escape");
  fv_ui_wait (ui, "list", "Pictures");
}

static void
move_a_slider (FvUi *ui)
{
  double before;

  fv_ui_key (ui, "<Alt>2");
  fv_ui_tab_to (ui, "slider", "Rotation");
  before = fv_ui_get_value (ui, "slider", "Rotation");
  fv_ui_key (ui, "Right");
  fv_ui_key (ui, "Right");
  fv_ui_until (ui, fv_ui_get_value (ui, "slider", "Rotation") > before);
}

static void
train (FvUi *ui)
{
  fv_ui_key (ui, "<Alt>3");
  write_into (ui, "Picture size", "64");
  fv_ui_wait_value (ui, "spin button", "Picture size", 64, 0);
  write_into (ui, "Epochs", "1");
  fv_ui_wait_value (ui, "spin button", "Epochs", 1, 0);
  press_on (ui, "button", "Start", "Return");
  fv_ui_set_patience (ui, LONG);
  fv_ui_wait (ui, "label", "Finished");
  fv_ui_set_patience (ui, 0);
}

static void
try_it (FvUi *ui)
{
  fv_ui_key (ui, "<Alt>4");
  press_on (ui, "button", "Take One from the Project", "space");
  fv_ui_wait_gone (ui, "button", "Take One from the Project");
  fv_ui_tab_to (ui, "slider", "Confidence");
  fv_ui_key (ui, "Home");
  fv_ui_until (ui, fv_ui_get_value (ui, "slider", "Confidence") < 0.1);
}

static void
test_keyboard (void)
{
  const char *home = fv_test_folder ();
  g_autoptr (FvUi) ui = fv_ui_start (&(FvUiParams){ .home = home });

  /* The pointer is out of the way. */
  fv_ui_pointer_move (ui, 1279, 799);
  press_on (ui, "button", "Try with Sample Pictures", "Return");
  fv_ui_set_patience (ui, LONG);
  fv_ui_wait (ui, "button", "Sample Pictures");
  fv_ui_wait (ui, "row", "0000.jpg");
  fv_ui_set_patience (ui, 0);
  look_at_pictures (ui);
  move_a_slider (ui);
  train (ui);
  try_it (ui);
  fv_ui_quit (ui);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/keyboard/welcome-to-finished-run", test_keyboard);
  return g_test_run ();
}

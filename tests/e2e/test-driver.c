/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/e2e/fv-ui-driver.h"

#include <string.h>

#include "tests/fv-test-data.h"

static const char *example;

static FvUi *
start (void)
{
  return fv_ui_start (&(FvUiParams){ .program = example, .natural_size = TRUE });
}

static void
test_pointer (void)
{
  g_autoptr (FvUi) ui = start ();

  fv_ui_wait (ui, "label", "Ready");
  fv_ui_click (ui, "button", "Count");
  fv_ui_wait (ui, "label", "Clicked 1");
  fv_ui_click (ui, "button", "Count");
  fv_ui_wait (ui, "label", "Clicked *");
  fv_ui_until (ui, fv_ui_has (ui, "label", "Clicked 2"));
  /* In sight only once it is scrolled to. */
  fv_ui_click (ui, "button", "Far below");
  fv_ui_wait (ui, "label", "Clicked 3");
  fv_ui_click (ui, "switch", "Fast");
  fv_ui_wait (ui, "label", "Switched on");
  fv_ui_wait_state (ui, "switch", "Fast", "checked", TRUE);
  fv_ui_scroll (ui, NULL, "Canvas", 0.5, 0.5, -1);
  fv_ui_wait (ui, "label", "Scrolled up");
  fv_ui_scroll_with (ui, "<Control>", NULL, "Canvas", 0.5, 0.5, 2);
  fv_ui_wait (ui, "label", "Scrolled with Control down");
  fv_ui_quit (ui);
}

static void
test_drag (void)
{
  g_autoptr (FvUi) ui = start ();
  g_autofree char *expected = NULL;
  FvUiRect rect;

  fv_ui_drag (ui, NULL, "Canvas", 0.25, 0.5, 0.5, 0.75);
  rect = fv_ui_get_extents (ui, NULL, "Canvas");
  expected = g_strdup_printf ("Dragged * by %d *", rect.width / 4);
  fv_ui_wait (ui, "label", "Dragged *");
  g_assert_cmpint (rect.width, >=, 300);
  fv_ui_quit (ui);
}

static void
test_slider (void)
{
  g_autoptr (FvUi) ui = start ();

  g_assert_cmpfloat (fv_ui_get_value (ui, "slider", "Rotation"), ==, -180);
  for (guint i = 0; i < 5; i++)
    {
      double fraction = (const double[]){ 0.75, 0, 0.5, 1, 0.3 }[i];

      fv_ui_drag_slider (ui, "Rotation", fraction);
      fv_ui_wait_value (ui, "slider", "Rotation", -180 + 360 * fraction, 2);
    }
  fv_ui_set_value (ui, "slider", "Rotation", 33);
  fv_ui_wait (ui, "label", "Rotation 33");
  fv_ui_quit (ui);
}

static void
test_keys (void)
{
  g_autoptr (FvUi) ui = start ();
  g_autofree char *text = NULL, *focus = NULL;

  fv_ui_fill (ui, "Class name", "Fläche №1: a_B?");
  fv_ui_key (ui, "Return");
  fv_ui_wait (ui, "label", "Entered Fläche №1: a_B?");
  text = fv_ui_get_text (ui, "entry", "Class name");
  g_assert_cmpstr (text, ==, "Fläche №1: a_B?");
  fv_ui_fill (ui, "Class name", "other");
  fv_ui_key (ui, "Return");
  fv_ui_wait (ui, "label", "Entered other");
  fv_ui_tab_to (ui, "switch", "Fast");
  focus = fv_ui_get_focus (ui);
  g_assert_cmpstr (focus, ==, "check box: Fast");
  fv_ui_key (ui, "space");
  fv_ui_wait (ui, "label", "Switched on");
  fv_ui_tab_to (ui, "button", "Count");
  fv_ui_key (ui, "space");
  fv_ui_wait (ui, "label", "Clicked 1");
  fv_ui_quit (ui);
}

static void
test_lists_and_menus (void)
{
  g_autoptr (FvUi) ui = start ();
  g_auto (GStrv) names = NULL;

  fv_ui_within (ui, "list", "Rows");
  names = fv_ui_get_names (ui, "label", "row *");
  g_assert_cmpuint (g_strv_length (names), <, 20);
  g_assert_cmpstr (names[0], ==, "row 0");
  fv_ui_double_click (ui, "label", "row 3");
  fv_ui_within (ui, NULL, NULL);
  fv_ui_wait (ui, "label", "Activated 3");
  fv_ui_click (ui, "button", "Main menu");
  fv_ui_click (ui, "menu item", "The Item");
  fv_ui_wait (ui, "label", "Item chosen");
  fv_ui_click (ui, "combo", "Letter");
  fv_ui_click (ui, "label", "gamma");
  fv_ui_wait (ui, "label", "Chose 2");
  fv_ui_quit (ui);
}

static void
test_pages (void)
{
  g_autoptr (FvUi) ui = start ();

  g_assert_false (fv_ui_has (ui, "label", "On the second page"));
  fv_ui_click (ui, "tab", "Second");
  fv_ui_wait (ui, "label", "On the second page");
  fv_ui_wait_gone (ui, "button", "Count");
  g_assert_false (fv_ui_has (ui, "slider", "Rotation"));
  fv_ui_click (ui, "tab", "First");
  fv_ui_wait (ui, "button", "Count");
  g_assert_false (fv_ui_has (ui, "label", "On the second page"));
  fv_ui_quit (ui);
}

static void
test_dialogs (void)
{
  g_autoptr (FvUi) ui = start ();
  const char *folder = fv_test_folder ();
  const char *file = fv_test_write (folder, "a file of ours.txt", "text");
  g_autofree char *opened = g_strdup_printf ("Opened %s", file), *dropped = g_strdup_printf ("Dropped %s", file);

  fv_ui_key (ui, "<Control>d");
  fv_ui_wait (ui, "label", "Throw away?");
  fv_ui_click (ui, "button", "Remove");
  fv_ui_wait (ui, "label", "Answered remove");
  fv_ui_wait_gone (ui, "label", "Throw away?");
  fv_ui_key (ui, "<Control>o");
  fv_ui_choose_file (ui, file);
  fv_ui_wait (ui, "label", opened);
  fv_ui_drop_file (ui, NULL, "Canvas", file);
  fv_ui_wait (ui, "label", dropped);
  fv_ui_quit (ui);
}

static void
test_pixels (void)
{
  g_autoptr (FvUi) whole = fv_ui_start (&(FvUiParams){ .program = example }), ui = NULL;
  g_autofree char *hash = NULL, *again = NULL, *other = NULL;
  FvUiRect rect = fv_ui_get_window (whole);

  g_assert_cmpint (rect.width, ==, 1280);
  g_assert_cmpint (rect.height, ==, 800);
  fv_ui_quit (whole);
  ui = fv_ui_start (&(FvUiParams){ .program = example, .width = 800, .height = 600, .language = "de", .dark = TRUE });
  rect = fv_ui_get_window (ui);
  g_assert_cmpint (rect.width, ==, 800);
  g_assert_cmpint (rect.height, ==, 600);
  fv_ui_settle (ui, NULL);
  hash = fv_ui_hash (ui, NULL);
  again = fv_ui_hash (ui, NULL);
  g_assert_cmpstr (hash, ==, again);
  /* The canvas draws a rectangle of 50 x 20 pixels. */
  rect = fv_ui_get_extents (ui, NULL, "Canvas");
  g_assert_cmpuint (fv_ui_count_colour (ui, &rect, 0xff0000, 4), ==, 50 * 20);
  fv_ui_click (ui, "button", "Count");
  fv_ui_wait (ui, "label", "Clicked 1");
  other = fv_ui_hash (ui, NULL);
  g_assert_cmpstr (hash, !=, other);
  fv_ui_screenshot (ui, "driver.png");
  fv_ui_quit (ui);
}

/* What the driver is for: it notices. */
static void
notice (const char *variable)
{
  g_autoptr (FvUi) ui
      = fv_ui_start (&(FvUiParams){ .program = example, .environment = (const char *const[]){ variable, NULL } });
  fv_ui_quit (ui);
}

static void
test_warning (void)
{
  if (g_test_subprocess ())
    {
      notice ("FV_UI_EXAMPLE_WARN=1");
      return;
    }
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*The program had warnings*");
}

static void
test_missing (void)
{
  if (g_test_subprocess ())
    {
      g_autoptr (FvUi) ui = start ();

      fv_ui_set_patience (ui, 0.3);
      fv_ui_click (ui, "button", "No such button");
      return;
    }
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*slider “Rotation”*No such button*");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  example = g_getenv ("FV_UI_EXAMPLE");
  g_assert_nonnull (example);
  g_test_add_func ("/driver/pointer", test_pointer);
  g_test_add_func ("/driver/drag", test_drag);
  g_test_add_func ("/driver/slider", test_slider);
  g_test_add_func ("/driver/keys", test_keys);
  g_test_add_func ("/driver/lists-and-menus", test_lists_and_menus);
  g_test_add_func ("/driver/pages", test_pages);
  g_test_add_func ("/driver/dialogs", test_dialogs);
  g_test_add_func ("/driver/pixels", test_pixels);
  g_test_add_func ("/driver/warning", test_warning);
  g_test_add_func ("/driver/missing", test_missing);
  return g_test_run ();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/e2e/fv-ui-driver.h"
#include "tests/fv-test-cli.h"
#include "tests/fv-test-data.h"

#include <string.h>

static char *
make_project (void)
{
  char *project = g_build_filename (fv_test_folder (), "Owls", NULL);
  g_auto (FvTestCall) init = fv_test_cli (NULL, "init", project, NULL);
  g_assert_cmpint (init.status, ==, 0);
  return project;
}

static void
write_picture (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, 120, 90);
  cairo_t *cairo = cairo_create (surface);
  cairo_set_source_rgb (cairo, 0.5, 0.55, 0.5);
  cairo_paint (cairo);
  g_assert_cmpint (g_mkdir_with_parents (parent, 0755), ==, 0);
  g_assert_cmpint (cairo_surface_write_to_png (surface, path), ==, CAIRO_STATUS_SUCCESS);
  cairo_destroy (cairo);
  cairo_surface_destroy (surface);
}

/* Six pictures of two classes; of the first one's labels two can't be used, and one reaches over the edge. */
static const char *
make_data (void)
{
  static const struct
  {
    const char *name, *labels;
  } rows[] = {
    { "train/barn.png", "0 0.5 0.5 0.3 0.4\n0 0.5 0.5 0 0.4\n7 0.5 0.5 0.3 0.4\n1 0.9 0.5 0.4 0.4\n" },
    { "train/eagle.png", "0 0.3 0.3 0.2 0.2\n" },
    { "train/empty.png", "" },
    { "train/tawny.png", "1 0.3 0.3 0.2 0.2\n" },
    { "val/little.png", "0 0.3 0.3 0.2 0.2\n1 0.7 0.7 0.2 0.2\n" },
    { "val/snowy.png", "0 0.3 0.3 0.2 0.2\n" },
  };
  const char *folder = fv_test_folder ();
  fv_test_write (folder, "data.yaml", "train: images/train\nval: images/val\nnames: [owl, branch]\n");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *picture = g_strconcat ("images/", rows[i].name, NULL);
      g_autofree char *labels = g_strconcat ("labels/", rows[i].name, NULL);
      write_picture (folder, picture);
      memcpy (labels + strlen (labels) - 3, "txt", 3);
      fv_test_write (folder, labels, rows[i].labels);
    }
  return folder;
}

/* Goes down in the list of a drop-down. */
static void
choose_row (FvUi *ui, const char *combo, guint row)
{
  fv_ui_click (ui, "combo", combo);
  fv_ui_settle (ui, NULL);
  fv_ui_key (ui, "Home");
  for (guint i = 0; i < row; i++)
    fv_ui_key (ui, "Down");
  fv_ui_key (ui, "Return");
}

static guint
count_images (const char *project)
{
  g_auto (FvTestCall) stats = fv_test_cli (NULL, "stats", project, "--json", NULL);
  g_assert_cmpint (stats.status, ==, 0);
  return (guint)json_object_get_int_member (stats.json, "images");
}

static void
test_import_by_button (void)
{
  g_autofree char *project = make_project ();
  const char *arguments[] = { project, NULL };
  g_autoptr (FvUi) ui = fv_ui_start (&(FvUiParams){ .arguments = arguments });

  fv_ui_wait (ui, "label", "No Pictures Yet");
  fv_ui_screenshot (ui, "pictures-empty.png");
  fv_ui_click (ui, "button", "Import Pictures…");
  fv_ui_choose_file (ui, make_data ());
  fv_ui_wait (ui, "row", "barn.png");
  /* A remark with a way to the report, and for later a button. */
  fv_ui_wait (ui, "label", "Imported 6 pictures, 7 boxes, 2 classes; 2 labels were left out");
  fv_ui_wait (ui, "button", "Show");
  g_assert_true (fv_ui_has (ui, "label", "6 pictures, 7 boxes"));
  g_assert_cmpuint (fv_ui_count (ui, "row", "*.png"), ==, 6);
  g_assert_cmpuint (count_images (project), ==, 6);

  fv_ui_click (ui, "button", "2 labels were left out");
  fv_ui_wait (ui, "window", "Import Report");
  fv_ui_wait (ui, "row", "barn.txt");
  g_assert_true (fv_ui_has (ui, "label", "Line 2"));
  g_assert_true (fv_ui_has (ui, "label", "The box has no area*"));
  g_assert_true (fv_ui_has (ui, "label", "Line 3"));
  fv_ui_screenshot (ui, "pictures-report.png");
  fv_ui_click (ui, "tab", "Repaired (1)");
  fv_ui_wait (ui, "label", "Line 4");
  fv_ui_wait (ui, "label", "The box reaches*");
  fv_ui_click (ui, "button", "Copy the report");
  fv_ui_wait (ui, "label", "The report was copied");
  fv_ui_key (ui, "Escape");
  fv_ui_wait_gone (ui, "window", "Import Report");
  fv_ui_screenshot (ui, "pictures-grid.png");
  fv_ui_quit (ui);
}

static void
test_filters (void)
{
  g_autofree char *project = make_project ();
  const char *arguments[] = { project, NULL };
  g_auto (FvTestCall) import = fv_test_cli (NULL, "import", project, make_data (), NULL);
  g_autoptr (FvUi) ui = fv_ui_start (&(FvUiParams){ .arguments = arguments });
  fv_ui_wait (ui, "label", "6 pictures, 7 boxes");

  choose_row (ui, "Subset", 2);
  fv_ui_wait (ui, "label", "2 of 6 pictures, 3 boxes");
  fv_ui_wait_gone (ui, "row", "barn.png");
  g_assert_cmpuint (fv_ui_count (ui, "row", "*.png"), ==, 2);
  /* Only the boxes of the class count. */
  choose_row (ui, "Class", 2);
  fv_ui_wait (ui, "label", "1 of 6 pictures, 1 box");
  g_assert_true (fv_ui_has (ui, "row", "little.png"));

  /* Next and previous stay within the filter. */
  fv_ui_click (ui, "row", "little.png");
  fv_ui_wait (ui, "label", "1 of 1 · *");
  g_assert_false (fv_ui_has_state (ui, "button", "Next picture", "enabled"));
  fv_ui_key (ui, "Escape");
  fv_ui_wait (ui, "row", "little.png");

  choose_row (ui, "Class", 3);
  fv_ui_wait (ui, "label", "No Such Pictures");
  fv_ui_click (ui, "button", "Show All Pictures");
  fv_ui_wait (ui, "label", "6 pictures, 7 boxes");
  choose_row (ui, "Class", 3);
  fv_ui_wait (ui, "label", "1 of 6 pictures, 0 boxes");
  g_assert_true (fv_ui_has (ui, "row", "empty.png"));
  fv_ui_quit (ui);
}

static void
test_import_by_drop (void)
{
  g_autofree char *project = make_project ();
  const char *arguments[] = { project, NULL };
  const char *data = make_data ();
  g_autofree char *description = g_build_filename (data, "data.yaml", NULL);
  g_autoptr (FvUi) ui = fv_ui_start (&(FvUiParams){ .arguments = arguments });

  fv_ui_drop_file (ui, "label", "No Pictures Yet", data);
  fv_ui_wait (ui, "label", "6 pictures, 7 boxes");
  g_assert_cmpuint (count_images (project), ==, 6);
  /* The same again, by its description and onto the pictures: they are replaced, not doubled. */
  fv_ui_drop_file (ui, "row", "eagle.png", description);
  fv_ui_until (ui, fv_ui_count (ui, "label", "Imported 6 pictures*") > 0);
  fv_ui_wait (ui, "label", "6 pictures, 7 boxes");
  g_assert_cmpuint (count_images (project), ==, 6);
  fv_ui_quit (ui);
}

static void
test_nothing_to_import (void)
{
  g_autofree char *project = make_project ();
  const char *arguments[] = { project, NULL };
  const char *folder = fv_test_folder ();
  g_autoptr (FvUi) ui = NULL;
  write_picture (folder, "lonely.png");
  fv_test_write (folder, "lonely.labels", "of no format");
  ui = fv_ui_start (&(FvUiParams){ .arguments = arguments });

  fv_ui_wait (ui, "label", "No Pictures Yet");
  fv_ui_key (ui, "<Control>i");
  fv_ui_choose_file (ui, folder);
  fv_ui_wait (ui, "label", "The Pictures Can’t Be Imported");
  fv_ui_wait (ui, "label", "No labels of a known format were found in*");
  fv_ui_key (ui, "Escape");
  fv_ui_wait_gone (ui, "label", "The Pictures Can’t Be Imported");
  fv_ui_wait (ui, "label", "No Pictures Yet");
  fv_ui_quit (ui);
}

/* What stays when the project is closed and opened again: pictures, and the report. */
static void
test_small_and_dark (void)
{
  g_autofree char *project = make_project ();
  const char *arguments[] = { project, NULL };
  g_auto (FvTestCall) import = fv_test_cli (NULL, "import", project, make_data (), NULL);
  const FvUiParams params = { .arguments = arguments, .width = 800, .height = 600, .dark = TRUE };
  g_autoptr (FvUi) ui = fv_ui_start (&params);
  fv_ui_click (ui, "button", "2 labels were left out");
  fv_ui_wait (ui, "row", "barn.txt");
  fv_ui_key (ui, "Escape");
  fv_ui_wait_gone (ui, "window", "Import Report");
  fv_ui_settle (ui, NULL);
  fv_ui_screenshot (ui, "pictures-grid-dark-800.png");
  fv_ui_quit (ui);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/e2e/pictures/import-by-button", test_import_by_button);
  g_test_add_func ("/e2e/pictures/filters", test_filters);
  g_test_add_func ("/e2e/pictures/import-by-drop", test_import_by_drop);
  g_test_add_func ("/e2e/pictures/nothing-to-import", test_nothing_to_import);
  g_test_add_func ("/e2e/pictures/small-and-dark", test_small_and_dark);
  return g_test_run ();
}

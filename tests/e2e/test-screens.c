/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/e2e/fv-ui-tour.h"

/* A picture of every page, to be looked at: they are kept beside the test in the build folder. */

typedef struct
{
  const char *language, *name;
  gboolean dark;
  int width, height;
} Look;

static char *project;

static void
take (FvUi *ui, const char *page, gpointer data)
{
  const Look *look = data;
  FvUiRect window = fv_ui_get_window (ui);
  g_autofree char *name = g_strdup_printf ("%s-%s.png", page, look->name);

  g_assert_cmpint (window.width, ==, look->width);
  g_assert_cmpint (window.height, ==, look->height);
  fv_ui_screenshot (ui, name);
}

static void
test_look (gconstpointer data)
{
  const Look *look = data;

  fv_ui_tour (
      &(FvUiParams){ .language = look->language, .dark = look->dark, .width = look->width, .height = look->height },
      project, take, (gpointer)look);
}

int
main (int argc, char **argv)
{
  static const Look looks[] = {
    { "en", "en-light-1280", FALSE, 1280, 800 }, { "en", "en-dark-1280", TRUE, 1280, 800 },
    { "de", "de-light-1280", FALSE, 1280, 800 }, { "de", "de-dark-1280", TRUE, 1280, 800 },
    { "en", "en-light-800", FALSE, 800, 600 },   { "en", "en-dark-800", TRUE, 800, 600 },
    { "de", "de-light-800", FALSE, 800, 600 },   { "de", "de-dark-800", TRUE, 800, 600 },
  };

  g_test_init (&argc, &argv, NULL);
  /* tools/demo shows its own. */
  project = g_getenv ("FOVEA_TOUR_PROJECT") ? g_strdup (g_getenv ("FOVEA_TOUR_PROJECT")) : fv_ui_tour_make_project ();
  for (guint i = 0; i < G_N_ELEMENTS (looks); i++)
    {
      g_autofree char *path = g_strconcat ("/screens/", looks[i].name, NULL);
      g_test_add_data_func (path, &looks[i], test_look);
    }
  return g_test_run ();
}

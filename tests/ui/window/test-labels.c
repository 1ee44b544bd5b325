/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fv-test-cli.h"
#include "tests/ui/training/fv-test-run.h"
#include "tests/ui/widgets/fv-test-widget.h"
#include "ui/fv-i18n.h"
#include "ui/welcome/fv-new-project-dialog.h"
#include "ui/window/fv-application.h"
#include "ui/window/fv-window.h"

#include <libintl.h>
#include <locale.h>

/*
 * Every page in every language, in a large window and in the smallest that it is made for: no text is cut off, and
 * nothing sticks out of the window. The language is one of the process, so each has one of its own.
 */

typedef struct
{
  GString *complaints;
  const char *page;
  GtkWidget *window;
  int width;
  guint n_labels;
} Walk;

static const int sizes[][2] = { { 1280, 800 }, { 800, 600 } };

G_GNUC_PRINTF (3, 4)
static void
complain (Walk *walk, GtkWidget *widget, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list rest;

  va_start (rest, format);
  what = g_strdup_vprintf (format, rest);
  va_end (rest);
  g_string_append_printf (walk->complaints, "\n  %s at %d pixels: %s “%s” %s", walk->page, walk->width,
                          G_OBJECT_TYPE_NAME (widget),
                          GTK_IS_LABEL (widget) ? gtk_label_get_text (GTK_LABEL (widget)) : "", what);
}

/* What a person called a file or a class may be longer than there is room; then a tooltip has the whole. */
static gboolean
has_tooltip (GtkWidget *widget)
{
  for (guint i = 0; widget && i < 6; i++, widget = gtk_widget_get_parent (widget))
    if (gtk_widget_get_has_tooltip (widget))
      return TRUE;
  return FALSE;
}

static void
check_label (Walk *walk, GtkLabel *label)
{
  GtkWidget *widget = GTK_WIDGET (label);
  PangoLayout *layout = gtk_label_get_layout (label);
  int width = gtk_widget_get_width (widget), natural, height;

  walk->n_labels++;
  if (pango_layout_is_ellipsized (layout))
    {
      if (!has_tooltip (widget))
        complain (walk, widget, "is cut off and has no tooltip");
      return;
    }
  /* Numbers that change keep a width of their own. */
  pango_layout_get_pixel_size (layout, &natural, &height);
  if (natural > width + 1)
    complain (walk, widget, "is %d pixels wide and needs %d", width, natural);
  if (height > gtk_widget_get_height (widget) + 1)
    complain (walk, widget, "is %d pixels high and needs %d", gtk_widget_get_height (widget), height);
}

/* Pages scroll up and down, never sideways. */
static void
check_scrolled (Walk *walk, GtkScrolledWindow *scrolled)
{
  GtkAdjustment *across = gtk_scrolled_window_get_hadjustment (scrolled);

  if (gtk_adjustment_get_upper (across) > gtk_adjustment_get_page_size (across) + 1)
    complain (walk, GTK_WIDGET (scrolled), "would have to scroll sideways: %g of %g pixels",
              gtk_adjustment_get_page_size (across), gtk_adjustment_get_upper (across));
}

static void
walk_widgets (Walk *walk, GtkWidget *widget, gboolean scrolled)
{
  graphene_rect_t bounds;

  if (!gtk_widget_get_mapped (widget) || GTK_IS_POPOVER (widget))
    return;
  if (gtk_widget_compute_bounds (widget, walk->window, &bounds) && bounds.size.width > 0 && GTK_IS_LABEL (widget)
      && (bounds.origin.x < -1 || bounds.origin.x + bounds.size.width > gtk_widget_get_width (walk->window) + 1
          || (!scrolled && bounds.origin.y + bounds.size.height > gtk_widget_get_height (walk->window) + 1)))
    complain (walk, widget, "sticks out of the window");
  if (GTK_IS_LABEL (widget) && *gtk_label_get_text (GTK_LABEL (widget)))
    check_label (walk, GTK_LABEL (widget));
  if (GTK_IS_SCROLLED_WINDOW (widget))
    {
      check_scrolled (walk, GTK_SCROLLED_WINDOW (widget));
      scrolled = TRUE;
    }
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child; child = gtk_widget_get_next_sibling (child))
    walk_widgets (walk, child, scrolled);
}

/* (nullable): the first that shows. */
static GtkWidget *
find (GtkWidget *widget, const char *type)
{
  if (!gtk_widget_get_mapped (widget))
    return NULL;
  if (g_str_equal (G_OBJECT_TYPE_NAME (widget), type))
    return widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child; child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find (child, type);
      if (found)
        return found;
    }
  return NULL;
}

static void
look_at (Walk *walk, const char *page)
{
  guint before = walk->n_labels;

  walk->page = page;
  fv_test_wait (400);
  walk_widgets (walk, walk->window, FALSE);
  g_assert_cmpuint (walk->n_labels, >, before);
}

static void
show_page (Walk *walk, const char *name)
{
  gtk_widget_activate_action (walk->window, "win.show-page", "s", name);
}

static void
open_expanders (GtkWidget *widget)
{
  if (ADW_IS_EXPANDER_ROW (widget))
    adw_expander_row_set_expanded (ADW_EXPANDER_ROW (widget), TRUE);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child; child = gtk_widget_get_next_sibling (child))
    open_expanders (child);
}

static void
walk_pages (Walk *walk, guint n_runs)
{
  GtkWidget *view;

  show_page (walk, "pictures");
  fv_test_wait_until (find (walk->window, "FvPictureCell") != NULL);
  look_at (walk, "pictures");
  g_signal_emit_by_name (find (walk->window, "GtkGridView"), "activate", 0u);
  fv_test_wait_until ((view = find (walk->window, "FvPictureView")) != NULL);
  look_at (walk, "picture");
  gtk_widget_activate_action (view, "picture.close", NULL);

  show_page (walk, "augmentation");
  look_at (walk, "augmentation");

  show_page (walk, "training");
  open_expanders (walk->window);
  look_at (walk, "training");
  for (guint i = 1; i <= n_runs; i++)
    {
      GtkListBox *list = GTK_LIST_BOX (find (find (walk->window, "FvTrainingPage"), "GtkListBox"));
      g_autofree char *name = g_strdup_printf ("run %u of the list", i);

      gtk_list_box_select_row (list, gtk_list_box_get_row_at_index (list, i));
      look_at (walk, name);
    }
  show_page (walk, "try");
  look_at (walk, "try");
}

/* Runs in each of their states. */
static guint
write_runs (const char *project)
{
  static const FvTestRun runs[] = {
    { 1, TEST_EPOCHS, TRUE, TRUE, TRUE,
      "\"run-finished\",\"reason\":\"completed\",\"best_epoch\":3,\"map50\":0.625,\"map\":0.3125" },
    { 2, 2, TRUE, TRUE, FALSE, "\"run-finished\",\"reason\":\"stopped\",\"best_epoch\":1,\"map50\":0.4,\"map\":0.2" },
    { 3, 2, FALSE, FALSE, FALSE, NULL },
    { 4, 1, TRUE, FALSE, FALSE,
      "\"run-failed\",\"id\":\"something\",\"text\":\"The device is full.\",\"hint\":\"Take less.\"" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (runs); i++)
    fv_test_write_run (project, &runs[i]);
  return G_N_ELEMENTS (runs);
}

static char *
make_project (void)
{
  return fv_test_make_project ("A project whose name is so long that nobody would have it on a button", 6, 3, 2, 64);
}

static GtkWidget *
get_dialog (void)
{
  g_autoptr (GListModel) windows = g_object_ref (gtk_window_get_toplevels ());

  for (guint i = 0; i < g_list_model_get_n_items (windows); i++)
    {
      g_autoptr (GtkWindow) window = g_list_model_get_item (windows, i);
      if (gtk_window_get_transient_for (window) && gtk_widget_get_mapped (GTK_WIDGET (window)))
        return GTK_WIDGET (window);
    }
  return NULL;
}

static void
walk_dialog (Walk *walk, const char *name)
{
  GtkWidget *window = walk->window, *dialog = NULL;

  fv_test_wait_until ((dialog = get_dialog ()) != NULL);
  walk->window = dialog;
  look_at (walk, name);
  gtk_window_destroy (GTK_WINDOW (dialog));
  walk->window = window;
}

/* In a process of its own: LANGUAGE is in the environment. */
static void
walk_all (const char *language)
{
  g_autofree char *project = make_project (), *empty = g_build_filename (fv_test_folder (), "empty", NULL);
  g_auto (FvTestCall) init = fv_test_cli (NULL, "init", empty, NULL);
  g_autoptr (FvApplication) application = NULL;
  g_autoptr (GError) error = NULL;
  Walk walk = { .complaints = g_string_new (NULL) };
  guint n_runs = write_runs (project);

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, g_getenv ("FOVEA_LOCALE_FOLDER"));
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  if (g_str_equal (language, "de"))
    g_assert_cmpstr (_ ("Pictures"), ==, "Bilder");
  application = fv_application_new ();
  g_application_register (G_APPLICATION (application), NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      walk.width = sizes[i][0];
      walk.window = GTK_WIDGET (fv_window_new (ADW_APPLICATION (application)));
      gtk_window_set_default_size (GTK_WINDOW (walk.window), sizes[i][0], sizes[i][1]);
      gtk_window_present (GTK_WINDOW (walk.window));
      fv_test_wait_until (gtk_widget_get_mapped (walk.window));
      look_at (&walk, "welcome");
      g_assert_cmpint (gtk_widget_get_width (walk.window), <=, sizes[i][0]);
      g_assert_cmpint (gtk_widget_get_height (walk.window), <=, sizes[i][1]);
      fv_new_project_dialog_present (GTK_WINDOW (walk.window));
      walk_dialog (&walk, "new project");

      fv_window_open_path (FV_WINDOW (walk.window), empty);
      fv_test_wait_until (fv_window_get_document (FV_WINDOW (walk.window)) != NULL);
      for (guint k = 0; k < 4; k++)
        {
          show_page (&walk, (const char *const[]){ "pictures", "augmentation", "training", "try" }[k]);
          look_at (&walk, "empty project");
        }
      fv_window_open_path (FV_WINDOW (walk.window), project);
      fv_test_wait_until (
          fv_window_get_document (FV_WINDOW (walk.window)) != NULL
          && g_str_equal (fv_document_get_path (fv_window_get_document (FV_WINDOW (walk.window))), project));
      walk_pages (&walk, n_runs);
      g_assert_cmpint (gtk_widget_get_width (walk.window), <=, sizes[i][0]);
      g_assert_cmpint (gtk_widget_get_height (walk.window), <=, sizes[i][1]);
      gtk_window_destroy (GTK_WINDOW (walk.window));
      fv_test_wait (50);
    }
  g_test_message ("%u labels", walk.n_labels);
  if (walk.complaints->len)
    g_error ("Texts that don’t fit:%s", walk.complaints->str);
  g_string_free (walk.complaints, TRUE);
}

static void
test_labels (gconstpointer language)
{
  if (g_test_subprocess ())
    {
      walk_all (language);
      return;
    }
  g_setenv ("LANGUAGE", language, TRUE);
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (g_test_subprocess ())
    adw_init ();
  g_test_add_data_func ("/labels/en", "en", test_labels);
  g_test_add_data_func ("/labels/de", "de", test_labels);
  return g_test_run ();
}

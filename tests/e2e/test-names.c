/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/e2e/fv-ui-tour.h"

#include <string.h>

/* Each control has a role and a name that a screen reader can say, once. */

static GString *complaints;

/* What a person works with, or reads from. */
static gboolean
is_control (const FvUiTreeItem *item)
{
  static const char *const roles[]
      = { "push button", "toggle button", "check box", "radio button", "slider",       "spin button",   "text",
          "entry",       "combo box",     "list",      "table",        "page tab",     "menu item",     "image",
          "table cell",  "list item",     "link",      "level bar",    "progress bar", "password text", NULL };

  return g_strv_contains (roles, item->role);
}

/* GTK 4.8 calls what has no name after its type. */
static gboolean
has_name (const FvUiTreeItem *item)
{
  return *item->name && !g_regex_match_simple ("^(Gtk|Adw|Fv)[A-Z][A-Za-z]+$", item->name, 0, 0);
}

/* Parts that GTK makes itself: what they belong to has the name. */
static gboolean
is_theirs (const FvUiTreeItem *item)
{
  static const char *const parts[]
      = { "GtkToggleButton", "GtkMenuButton", "GtkListView", "GtkColumnListView", "GtkImage", "GtkListBox", NULL };

  return g_strv_contains (parts, item->name);
}

/* A row is read out with what is in it. */
static gboolean
has_name_inside (const FvUiTree *tree, guint at)
{
  const FvUiTreeItem *items = (const FvUiTreeItem *)tree->data;

  for (guint i = at + 1; i < tree->len && items[i].depth > items[at].depth; i++)
    if (has_name (&items[i]))
      return TRUE;
  return FALSE;
}

static gboolean
is_said_twice (const char *name)
{
  gsize length = strlen (name), half = length / 2;
  return length > 2 && length % 2 && name[half] == ' ' && !strncmp (name, name + half + 1, half);
}

static void
look (FvUi *ui, const char *page, gpointer data)
{
  g_autoptr (FvUiTree) tree = fv_ui_read_tree (ui);
  const FvUiTreeItem *items = (const FvUiTreeItem *)tree->data;
  guint n = 0;

  for (guint i = 0; i < tree->len; i++)
    {
      const FvUiTreeItem *item = &items[i];
      gboolean row = g_str_equal (item->role, "list item") || g_str_equal (item->role, "table cell");
      const char *what = NULL;

      if (!is_control (item) || is_theirs (item))
        continue;
      n++;
      if (!has_name (item) && !(row && has_name_inside (tree, i)))
        what = "has no name";
      else if (is_said_twice (item->name))
        what = "says its name twice";
      if (what)
        g_string_append_printf (complaints, "\n  %s: %s “%s” at %d,%d %s", page, item->role, item->name, item->rect.x,
                                item->rect.y, what);
    }
  g_test_message ("%s: %u controls", page, n);
  g_assert_cmpuint (n, >, 3);
}

static void
test_names (gconstpointer data)
{
  g_autofree char *project = fv_ui_tour_make_project ();

  complaints = g_string_new (NULL);
  fv_ui_tour (&(FvUiParams){ .language = data }, project, look, NULL);
  if (complaints->len)
    g_error ("Controls without a proper name:%s", complaints->str);
  g_string_free (complaints, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/names/en", "en", test_names);
  return g_test_run ();
}

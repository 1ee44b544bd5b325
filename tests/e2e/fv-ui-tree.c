/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Finding accessibles, and reading what they say. */
#include "tests/e2e/fv-ui-private.h"

#include <string.h>

static gboolean
name_matches (const char *wanted, const char *name)
{
  if (!wanted)
    return TRUE;
  return strchr (wanted, '*') ? g_pattern_match_simple (wanted, name) : g_str_equal (wanted, name);
}

static gboolean
is_one_of (const char *role, const char *const *roles)
{
  return role && g_strv_contains (roles, role);
}

gboolean
fv_ui_node_is_in (FvUiNode *node, FvUiNode *ancestor)
{
  while (node && node != ancestor)
    node = node->parent;
  return node != NULL;
}

FvUiNode *
fv_ui_top_of (FvUi *ui, FvUiNode *node)
{
  while (node && node->parent != ui->app)
    node = node->parent;
  return node;
}

static gboolean
read_rectangle (GVariant *reply, FvUiRect *rect)
{
  *rect = (FvUiRect){ 0 };
  if (reply)
    g_variant_get (reply, "((iiii))", &rect->x, &rect->y, &rect->width, &rect->height);
  return rect->width > 0 && rect->height > 0;
}

/* Of AT-SPI's kinds of coordinates, the one that GTK supports. */
#define WITHIN_WINDOW 1u

/*
 * Which of the accessibles show; @rects (nullable) gets their places.
 *
 * GTK says of each widget that it shows, also of those in the pages of a stack that don't. But such a widget contains no
 * point. (A widget that is an accessible only, such as a page of a stack, has no place at all.)
 */
static gboolean *
find_showing (FvUi *ui, FvUiNode *const *nodes, guint n, FvUiRect *rects)
{
  gboolean *shows = g_new0 (gboolean, n + 1);
  g_autoptr (GPtrArray) placed = g_ptr_array_new (), points = g_ptr_array_new ();
  g_autoptr (GArray) indices = g_array_new (FALSE, FALSE, sizeof (guint));
  GPtrArray *replies
      = fv_ui_bus_call (ui, nodes, n, "Component", "GetExtents", g_variant_new ("(u)", WITHIN_WINDOW), "((iiii))");
  GPtrArray *contains;

  for (guint i = 0; i < n; i++)
    {
      FvUiRect rect;

      if (read_rectangle (replies->pdata[i], &rect))
        {
          g_ptr_array_add (placed, nodes[i]);
          g_ptr_array_add (points,
                           g_variant_new ("(iiu)", rect.x + rect.width / 2, rect.y + rect.height / 2, WITHIN_WINDOW));
          g_array_append_val (indices, i);
        }
      if (rects)
        rects[i] = rect;
    }
  fv_ui_bus_replies_free (replies);
  contains = fv_ui_bus_call_each (ui, (FvUiNode **)placed->pdata, placed->len, "Component", "Contains",
                                  (GVariant **)points->pdata, "(b)");
  for (guint i = 0; i < contains->len; i++)
    if (contains->pdata[i])
      g_variant_get (contains->pdata[i], "(b)", &shows[g_array_index (indices, guint, i)]);
  fv_ui_bus_replies_free (contains);
  return shows;
}

gboolean
fv_ui_node_shows (FvUi *ui, FvUiNode *node)
{
  g_autofree gboolean *shows = find_showing (ui, &node, 1, NULL);
  return shows[0];
}

gboolean
fv_ui_node_place (FvUi *ui, FvUiNode *node, FvUiRect *rect)
{
  g_autoptr (GVariant) reply
      = fv_ui_bus_call_one (ui, node, "Component", "GetExtents", g_variant_new ("(u)", WITHIN_WINDOW), "((iiii))");
  return read_rectangle (reply, rect);
}

static guint64
read_states (GVariant *reply)
{
  g_autoptr (GVariantIter) iter = NULL;
  guint64 states = 0;
  guint32 word;

  if (!reply)
    return 0;
  g_variant_get (reply, "(au)", &iter);
  for (guint shift = 0; shift < 64 && g_variant_iter_next (iter, "u", &word); shift += 32)
    states |= (guint64)word << shift;
  return states;
}

static guint64
get_states (FvUi *ui, FvUiNode *node)
{
  g_autoptr (GVariant) reply = fv_ui_bus_call_one (ui, node, "Accessible", "GetState", NULL, "(au)");
  return read_states (reply);
}

static void
learn_roles (FvUi *ui, GPtrArray *nodes)
{
  g_autoptr (GPtrArray) unknown = g_ptr_array_new ();
  GPtrArray *replies;

  for (guint i = 0; i < nodes->len; i++)
    if (!((FvUiNode *)nodes->pdata[i])->role)
      g_ptr_array_add (unknown, nodes->pdata[i]);
  replies = fv_ui_bus_call (ui, (FvUiNode **)unknown->pdata, unknown->len, "Accessible", "GetRole", NULL, "(u)");
  for (guint i = 0; i < unknown->len; i++)
    if (replies->pdata[i])
      {
        guint32 role;

        g_variant_get (replies->pdata[i], "(u)", &role);
        ((FvUiNode *)unknown->pdata[i])->role = fv_ui_role_name (role);
      }
  fv_ui_bus_replies_free (replies);
}

/* Those whose children are worth asking for. Long lists keep hundreds of rows that don't show. */
static GPtrArray *
drop_leaves (FvUi *ui, GPtrArray *nodes)
{
  static const char *const leaves[] = { "label", "image", "icon", "separator", "slider", NULL };
  static const char *const often_hidden[]
      = { "list item", "table cell", "table row", "tree item", "scroll pane", "scroll bar", NULL };
  GPtrArray *kept = g_ptr_array_new ();
  g_autoptr (GPtrArray) doubtful = g_ptr_array_new ();
  g_autofree gboolean *shows = NULL;

  for (guint i = 0; i < nodes->len; i++)
    {
      FvUiNode *node = nodes->pdata[i];

      if (is_one_of (node->role, often_hidden))
        g_ptr_array_add (doubtful, node);
      else if (node->role && !is_one_of (node->role, leaves))
        g_ptr_array_add (kept, node);
    }
  shows = find_showing (ui, (FvUiNode **)doubtful->pdata, doubtful->len, NULL);
  for (guint i = 0; i < doubtful->len; i++)
    if (shows[i])
      g_ptr_array_add (kept, doubtful->pdata[i]);
  return kept;
}

static void
list_in_order (FvUiNode *node, GPtrArray *all)
{
  g_ptr_array_add (all, node);
  for (guint i = 0; node->children && i < node->children->len; i++)
    list_in_order (node->children->pdata[i], all);
  g_clear_pointer (&node->children, g_ptr_array_unref);
}

/* (transfer full): the tree below @root with it, in its order. All of one depth is asked for at once. */
static GPtrArray *
read_tree (FvUi *ui, FvUiNode *root)
{
  GPtrArray *all = g_ptr_array_new ();
  g_autoptr (GPtrArray) level = g_ptr_array_new ();

  g_ptr_array_add (level, root);
  while (level->len)
    {
      g_autoptr (GPtrArray) parents = level, next = g_ptr_array_new ();
      GPtrArray *replies = fv_ui_bus_call (ui, (FvUiNode **)parents->pdata, parents->len, "Accessible", "GetChildren",
                                           NULL, "(a(so))");

      for (guint i = 0; i < parents->len; i++)
        {
          FvUiNode *parent = parents->pdata[i];
          g_autoptr (GVariantIter) iter = NULL;
          const char *path;

          g_clear_pointer (&parent->children, g_ptr_array_unref);
          parent->children = g_ptr_array_new ();
          if (replies->pdata[i])
            g_variant_get (replies->pdata[i], "(a(so))", &iter);
          while (iter && g_variant_iter_next (iter, "(&s&o)", NULL, &path))
            if (!g_str_has_suffix (path, "/null"))
              {
                FvUiNode *child = fv_ui_node_get (ui, path, parent);

                g_ptr_array_add (parent->children, child);
                g_ptr_array_add (next, child);
              }
        }
      fv_ui_bus_replies_free (replies);
      learn_roles (ui, next);
      level = drop_leaves (ui, next);
    }
  list_in_order (root, all);
  return all;
}

/* "_Remove Remove", by its mnemonic and by its label, is what a button of a message dialog is called. */
static void
make_plain (char *name)
{
  char *mark = strchr (name, '_'), *second;
  gsize length = strlen (name), half = length / 2, before;

  if (mark && length % 2 == 0 && name[half] == ' ')
    {
      second = name + half + 1;
      before = mark - name;
      if (before < half && !strncmp (name, second, before) && !strncmp (mark + 1, second + before, half - 1 - before))
        memmove (name, second, half);
    }
}

static GStrv
get_names (FvUi *ui, GPtrArray *nodes)
{
  GStrv names = fv_ui_bus_get_strings (ui, (FvUiNode **)nodes->pdata, nodes->len, "Accessible", "Name");

  for (guint i = 0; i < nodes->len; i++)
    make_plain (names[i]);
  return names;
}

char *
fv_ui_node_get_name (FvUi *ui, FvUiNode *node)
{
  g_autofree GStrv names = fv_ui_bus_get_strings (ui, &node, 1, "Accessible", "Name");

  make_plain (names[0]);
  return names[0];
}

/* (transfer full): in the order of the tree. */
static GPtrArray *
find_all (FvUi *ui, const char *role, const char *name, guint limit)
{
  g_autoptr (GPtrArray) tree = read_tree (ui, ui->within ? ui->within : ui->app);
  g_autoptr (GPtrArray) right = g_ptr_array_new ();
  GPtrArray *found = g_ptr_array_new ();
  g_auto (GStrv) names = NULL;

  for (guint i = 0; i < tree->len; i++)
    if (tree->pdata[i] != ui->app && fv_ui_role_matches (role, ((FvUiNode *)tree->pdata[i])->role))
      g_ptr_array_add (right, tree->pdata[i]);
  names = get_names (ui, right);
  for (guint i = 0; i < right->len && found->len < limit; i++)
    if (name_matches (name, names[i]) && fv_ui_node_shows (ui, right->pdata[i]))
      g_ptr_array_add (found, right->pdata[i]);
  return found;
}

FvUiNode *
fv_ui_find (FvUi *ui, const char *role, const char *name)
{
  g_autoptr (GPtrArray) found = find_all (ui, role, name, 1);
  return found->len ? found->pdata[0] : NULL;
}

FvUiNode *
fv_ui_wait (FvUi *ui, const char *role, const char *name)
{
  g_autofree char *what = g_strdup_printf ("%s “%s” shows", role ? role : "anything", name ? name : "*");
  FvUiNode *found = fv_ui_find (ui, role, name);

  for (FvUiWaiting waiting = fv_ui_waiting_begin (ui, what, G_STRLOC); !found; found = fv_ui_find (ui, role, name))
    fv_ui_waiting_next (&waiting);
  return found;
}

void
fv_ui_wait_gone (FvUi *ui, const char *role, const char *name)
{
  g_autofree char *what = g_strdup_printf ("%s “%s” is gone", role ? role : "anything", name ? name : "*");

  for (FvUiWaiting waiting = fv_ui_waiting_begin (ui, what, G_STRLOC); fv_ui_has (ui, role, name);)
    fv_ui_waiting_next (&waiting);
}

gboolean
fv_ui_has (FvUi *ui, const char *role, const char *name)
{
  return fv_ui_find (ui, role, name) != NULL;
}

guint
fv_ui_count (FvUi *ui, const char *role, const char *name)
{
  g_autoptr (GPtrArray) found = find_all (ui, role, name, G_MAXUINT);
  return found->len;
}

GStrv
fv_ui_get_names (FvUi *ui, const char *role, const char *name)
{
  g_autoptr (GPtrArray) found = find_all (ui, role, name, G_MAXUINT);
  return get_names (ui, found);
}

void
fv_ui_within (FvUi *ui, const char *role, const char *name)
{
  ui->within = NULL;
  if (role || name)
    ui->within = fv_ui_wait (ui, role, name);
}

FvUiNode *
fv_ui_find_focus (FvUi *ui)
{
  g_autoptr (GPtrArray) tree = read_tree (ui, ui->app);
  GPtrArray *replies = fv_ui_bus_call (ui, (FvUiNode **)tree->pdata, tree->len, "Accessible", "GetState", NULL, "(au)");
  guint64 focused = fv_ui_state_bit (ui, "focused");
  FvUiNode *found = NULL;

  /* A window is focused as a whole, too; what counts is in it, and so comes later. */
  for (guint i = tree->len; i > 0 && !found; i--)
    if (tree->pdata[i - 1] != ui->app && read_states (replies->pdata[i - 1]) & focused
        && fv_ui_node_shows (ui, tree->pdata[i - 1]))
      found = tree->pdata[i - 1];
  fv_ui_bus_replies_free (replies);
  return found;
}

char *
fv_ui_get_focus (FvUi *ui)
{
  FvUiNode *found = fv_ui_find_focus (ui);
  g_autofree char *name = found ? fv_ui_node_get_name (ui, found) : NULL;

  return found ? g_strdup_printf ("%s: %s", found->role, name) : NULL;
}

double
fv_ui_get_value (FvUi *ui, const char *role, const char *name)
{
  double value = fv_ui_bus_get_number (ui, fv_ui_wait (ui, role, name), "Value", "CurrentValue");

  if (isnan (value))
    fv_ui_fail (ui, "%s “%s” has no value.", role, name);
  return value;
}

char *
fv_ui_get_text (FvUi *ui, const char *role, const char *name)
{
  FvUiNode *node = fv_ui_wait (ui, role, name);
  double n = fv_ui_bus_get_number (ui, node, "Text", "CharacterCount");
  g_autoptr (GVariant) reply
      = fv_ui_bus_call_one (ui, node, "Text", "GetText", g_variant_new ("(ii)", 0, isnan (n) ? 0 : (int)n), "(s)");
  char *text = NULL;

  if (reply)
    g_variant_get (reply, "(s)", &text);
  return text ? text : g_strdup ("");
}

char *
fv_ui_get_name (FvUi *ui, const char *role, const char *name)
{
  return fv_ui_node_get_name (ui, fv_ui_wait (ui, role, name));
}

char *
fv_ui_get_description (FvUi *ui, const char *role, const char *name)
{
  FvUiNode *node = fv_ui_wait (ui, role, name);
  g_autofree GStrv strings = fv_ui_bus_get_strings (ui, &node, 1, "Accessible", "Description");

  return strings[0];
}

gboolean
fv_ui_has_state (FvUi *ui, const char *role, const char *name, const char *state)
{
  return (get_states (ui, fv_ui_wait (ui, role, name)) & fv_ui_state_bit (ui, state)) != 0;
}

void
fv_ui_wait_description (FvUi *ui, const char *role, const char *name, const char *description)
{
  g_autofree char *what = g_strdup_printf ("%s “%s” is described as “%s”", role, name, description);
  g_autofree char *own = fv_ui_get_description (ui, role, name);

  for (FvUiWaiting waiting = fv_ui_waiting_begin (ui, what, G_STRLOC); !g_pattern_match_simple (description, own);)
    {
      fv_ui_waiting_next (&waiting);
      g_free (own);
      own = fv_ui_get_description (ui, role, name);
    }
}

void
fv_ui_wait_value (FvUi *ui, const char *role, const char *name, double value, double tolerance)
{
  g_autofree char *what = g_strdup_printf ("%s “%s” has the value %g ± %g", role, name, value, tolerance);

  for (FvUiWaiting waiting = fv_ui_waiting_begin (ui, what, G_STRLOC);
       !G_APPROX_VALUE (fv_ui_get_value (ui, role, name), value, tolerance + 1e-9);)
    fv_ui_waiting_next (&waiting);
}

void
fv_ui_wait_state (FvUi *ui, const char *role, const char *name, const char *state, gboolean is)
{
  g_autofree char *what = g_strdup_printf ("%s “%s” is %s%s", role, name, is ? "" : "not ", state);

  for (FvUiWaiting waiting = fv_ui_waiting_begin (ui, what, G_STRLOC); fv_ui_has_state (ui, role, name, state) != !!is;)
    fv_ui_waiting_next (&waiting);
}

FvUiTree *
fv_ui_read_tree (FvUi *ui)
{
  g_autoptr (GPtrArray) nodes = read_tree (ui, ui->within ? ui->within : ui->app);
  FvUiNode **all = (FvUiNode **)nodes->pdata;
  g_auto (GStrv) names = get_names (ui, nodes);
  g_auto (GStrv) descriptions = fv_ui_bus_get_strings (ui, all, nodes->len, "Accessible", "Description");
  GPtrArray *states = fv_ui_bus_call (ui, all, nodes->len, "Accessible", "GetState", NULL, "(au)");
  g_autofree FvUiRect *rects = g_new0 (FvUiRect, nodes->len);
  g_autofree gboolean *shows = find_showing (ui, all, nodes->len, rects);
  g_autoptr (GHashTable) depths = g_hash_table_new (NULL, NULL);
  FvUiTree *tree = g_array_new (FALSE, TRUE, sizeof (FvUiTreeItem));
  FvUiNode *surface = NULL;
  int dx = 0, dy = 0;

  for (guint i = 0; i < nodes->len; i++)
    {
      FvUiTreeItem item = { .node = all[i], .role = all[i]->role ? all[i]->role : "", .rect = rects[i] };
      FvUiNode *popover, *own_surface;
      FvUiRect rect;

      item.depth = GPOINTER_TO_UINT (g_hash_table_lookup (depths, all[i]->parent)) + 1;
      g_hash_table_insert (depths, all[i], GUINT_TO_POINTER (item.depth));
      if (!shows[i])
        continue;
      /* All in a window, or in a popover, is as far from its place on the screen as the first. */
      popover = fv_ui_popover_of (ui, all[i]);
      own_surface = popover ? popover : fv_ui_top_of (ui, all[i]);
      if (own_surface != surface && fv_ui_node_extents (ui, all[i], &rect))
        {
          surface = own_surface;
          dx = rect.x - rects[i].x;
          dy = rect.y - rects[i].y;
        }
      item.rect.x += dx;
      item.rect.y += dy;
      item.name = g_intern_string (names[i]);
      item.description = g_intern_string (descriptions[i]);
      item.states = read_states (states->pdata[i]);
      item.focusable = (item.states & fv_ui_state_bit (ui, "focusable")) != 0;
      g_array_append_val (tree, item);
    }
  fv_ui_bus_replies_free (states);
  return tree;
}

void
fv_ui_print_tree (FvUi *ui)
{
  static const char *const shown[] = { "focused", "checked", "pressed", "selected", "expanded", "modal" };
  g_autoptr (FvUiTree) tree = ui->app ? fv_ui_read_tree (ui) : NULL;

  for (guint i = 0; tree && i < tree->len; i++)
    {
      const FvUiTreeItem *item = &g_array_index (tree, FvUiTreeItem, i);
      double value = fv_ui_bus_get_number (ui, item->node, "Value", "CurrentValue");

      g_printerr ("%*s%s “%s”", item->depth * 2, "", item->role, item->name);
      if (*item->description)
        g_printerr (" (%s)", item->description);
      if (!isnan (value))
        g_printerr (" = %g", value);
      for (guint k = 0; k < G_N_ELEMENTS (shown); k++)
        if (item->states & fv_ui_state_bit (ui, shown[k]))
          g_printerr (" %s", shown[k]);
      if (!(item->states & fv_ui_state_bit (ui, "sensitive")))
        g_printerr (" insensitive");
      g_printerr (" %d,%d %dx%d\n", item->rect.x, item->rect.y, item->rect.width, item->rect.height);
    }
}

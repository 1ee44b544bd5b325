/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Finding accessibles, and reading what they say. */
#include "tests/e2e/fv-ui-private.h"

#include <string.h>

typedef struct
{
  gboolean any;
  GArray *roles; /* of AtspiRole */
  const char *name;
  gboolean pattern;
} Query;

#define MAX_ROLES 8
/* After so many rows that don't show behind ones that do, the rest of a list is not looked at. */
#define MAX_HIDDEN_ROWS 16

static const struct
{
  const char *alias;
  AtspiRole roles[MAX_ROLES]; /* 0 at the end */
} aliases[] = {
  { "button", { ATSPI_ROLE_PUSH_BUTTON, ATSPI_ROLE_TOGGLE_BUTTON, ATSPI_ROLE_PUSH_BUTTON_MENU } },
  { "push button", { ATSPI_ROLE_PUSH_BUTTON } },
  { "switch", { ATSPI_ROLE_TOGGLE_BUTTON, ATSPI_ROLE_CHECK_BOX } },
  { "entry", { ATSPI_ROLE_ENTRY, ATSPI_ROLE_TEXT, ATSPI_ROLE_PASSWORD_TEXT, ATSPI_ROLE_SPIN_BUTTON } },
  { "tab", { ATSPI_ROLE_PAGE_TAB, ATSPI_ROLE_RADIO_BUTTON, ATSPI_ROLE_TOGGLE_BUTTON } },
  { "row", { ATSPI_ROLE_LIST_ITEM, ATSPI_ROLE_TABLE_CELL, ATSPI_ROLE_TABLE_ROW, ATSPI_ROLE_TREE_ITEM } },
  { "list", { ATSPI_ROLE_LIST, ATSPI_ROLE_LIST_BOX, ATSPI_ROLE_TABLE, ATSPI_ROLE_TREE_TABLE } },
  { "combo", { ATSPI_ROLE_COMBO_BOX } },
  { "menu item", { ATSPI_ROLE_MENU_ITEM, ATSPI_ROLE_CHECK_MENU_ITEM, ATSPI_ROLE_RADIO_MENU_ITEM } },
  { "window", { ATSPI_ROLE_FRAME, ATSPI_ROLE_WINDOW, ATSPI_ROLE_DIALOG, ATSPI_ROLE_ALERT, ATSPI_ROLE_FILE_CHOOSER } },
};

static Query
make_query (FvUi *ui, const char *role, const char *name)
{
  Query query = { .any = !role, .roles = g_array_new (FALSE, FALSE, sizeof (AtspiRole)), .name = name };

  query.pattern = name && strchr (name, '*');
  for (guint i = 0; role && i < G_N_ELEMENTS (aliases); i++)
    if (g_str_equal (aliases[i].alias, role))
      for (guint k = 0; k < MAX_ROLES && aliases[i].roles[k]; k++)
        g_array_append_val (query.roles, aliases[i].roles[k]);
  for (AtspiRole i = 1; role && !query.roles->len && i < ATSPI_ROLE_LAST_DEFINED; i++)
    {
      g_autofree char *own = atspi_role_get_name (i);
      if (!g_strcmp0 (own, role))
        g_array_append_val (query.roles, i);
    }
  if (role && !query.roles->len)
    fv_ui_fail (ui, "There is no role “%s”.", role);
  return query;
}

static void
query_clear (Query *query)
{
  g_array_unref (query->roles);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Query, query_clear)

/* (transfer full): a button of a message dialog is called "_Remove Remove", by its mnemonic and by its label. */
static char *
get_plain_name (AtspiAccessible *node)
{
  char *name = atspi_accessible_get_name (node, NULL);
  char *mark = name ? strchr (name, '_') : NULL, *second;
  gsize length = name ? strlen (name) : 0, half = length / 2, before;

  if (mark && length % 2 == 0 && name[half] == ' ')
    {
      second = name + half + 1;
      before = mark - name;
      if (before < half && !strncmp (name, second, before) && !strncmp (mark + 1, second + before, half - 1 - before))
        memmove (name, second, half);
    }
  return name;
}

static gboolean
matches (const Query *query, AtspiAccessible *node, AtspiRole role)
{
  gboolean right = query->any;
  g_autofree char *name = NULL;

  for (guint i = 0; !right && i < query->roles->len; i++)
    right = g_array_index (query->roles, AtspiRole, i) == role;
  if (!right || !query->name)
    return right;
  name = get_plain_name (node);
  return name && (query->pattern ? g_pattern_match_simple (query->name, name) : g_str_equal (query->name, name));
}

gboolean
fv_ui_node_has_state (AtspiAccessible *node, AtspiStateType state)
{
  g_autoptr (FvUiStates) states = atspi_accessible_get_state_set (node);
  return states && atspi_state_set_contains (states, state);
}

/*
 * GTK says of each widget that it shows, also of those in the pages of a stack that don't. But such a widget contains no
 * point. (A widget that is an accessible only, such as a page of a stack, has no place at all.)
 */
gboolean
fv_ui_node_shows (AtspiAccessible *node)
{
  AtspiComponent *component = ATSPI_COMPONENT (node);
  AtspiRect *rect = atspi_component_get_extents (component, ATSPI_COORD_TYPE_WINDOW, NULL);
  gboolean shows = rect && rect->width > 0 && rect->height > 0
                   && atspi_component_contains (component, rect->x + rect->width / 2, rect->y + rect->height / 2,
                                                ATSPI_COORD_TYPE_WINDOW, NULL);

  g_free (rect);
  return shows;
}

/* Whether to look into it. Long lists keep hundreds of rows that don't show. */
static gboolean
is_worth_a_look (AtspiAccessible *node, AtspiRole role)
{
  switch (role)
    {
    case ATSPI_ROLE_LIST_ITEM:
    case ATSPI_ROLE_TABLE_CELL:
    case ATSPI_ROLE_TABLE_ROW:
    case ATSPI_ROLE_SCROLL_PANE:
    case ATSPI_ROLE_SCROLL_BAR:
      return fv_ui_node_shows (node);
    default:
      return TRUE;
    }
}

static gboolean
is_row (AtspiRole role)
{
  return role == ATSPI_ROLE_LIST_ITEM || role == ATSPI_ROLE_TABLE_CELL || role == ATSPI_ROLE_TABLE_ROW;
}

/* Adds to @found what matches, up to @limit. What vanishes meanwhile is not there. FALSE for a row that doesn't show. */
static gboolean
search (const Query *query, AtspiAccessible *node, GPtrArray *found, guint limit)
{
  AtspiRole role = atspi_accessible_get_role (node, NULL);
  gboolean seen = FALSE;
  guint hidden = 0;
  int n;

  if (!is_worth_a_look (node, role))
    return !is_row (role);
  if (role != ATSPI_ROLE_APPLICATION && matches (query, node, role) && fv_ui_node_shows (node))
    g_ptr_array_add (found, g_object_ref (node));
  n = found->len < limit ? atspi_accessible_get_child_count (node, NULL) : 0;
  for (int i = 0; i < n && found->len < limit && hidden < MAX_HIDDEN_ROWS; i++)
    {
      g_autoptr (FvUiNode) child = atspi_accessible_get_child_at_index (node, i, NULL);
      gboolean row_shows = child && search (query, child, found, limit);

      seen = seen || row_shows;
      hidden = row_shows ? 0 : hidden + seen;
    }
  return TRUE;
}

/* (transfer full) */
static GPtrArray *
find_all (FvUi *ui, const char *role, const char *name, guint limit)
{
  g_auto (Query) query = make_query (ui, role, name);
  GPtrArray *found = g_ptr_array_new_with_free_func (g_object_unref);

  search (&query, ui->within ? ui->within : ui->app, found, limit);
  return found;
}

AtspiAccessible *
fv_ui_find (FvUi *ui, const char *role, const char *name)
{
  g_autoptr (GPtrArray) found = find_all (ui, role, name, 1);

  if (!found->len)
    return NULL;
  g_ptr_array_add (ui->kept, g_object_ref (found->pdata[0]));
  return found->pdata[0];
}

AtspiAccessible *
fv_ui_wait (FvUi *ui, const char *role, const char *name)
{
  g_autofree char *what = g_strdup_printf ("%s “%s” shows", role ? role : "anything", name ? name : "*");
  AtspiAccessible *found = fv_ui_find (ui, role, name);

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
  g_autoptr (GPtrArray) found = find_all (ui, role, name, 1);
  return found->len > 0;
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
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  for (guint i = 0; i < found->len; i++)
    {
      g_autofree char *own = get_plain_name (found->pdata[i]);
      g_strv_builder_add (names, own ? own : "");
    }
  return g_strv_builder_end (names);
}

void
fv_ui_within (FvUi *ui, const char *role, const char *name)
{
  g_clear_object (&ui->within);
  if (role || name)
    ui->within = g_object_ref (fv_ui_wait (ui, role, name));
}

AtspiAccessible *
fv_ui_parent_of (AtspiAccessible *node)
{
  return atspi_accessible_get_parent (node, NULL);
}

AtspiAccessible *
fv_ui_top_of (FvUi *ui, AtspiAccessible *node)
{
  g_autoptr (FvUiNode) at = g_object_ref (node);

  while (at)
    {
      g_autoptr (FvUiNode) parent = fv_ui_parent_of (at);

      if (!parent)
        return NULL;
      if (parent == ui->app || atspi_accessible_get_role (parent, NULL) == ATSPI_ROLE_APPLICATION)
        return g_steal_pointer (&at);
      g_set_object (&at, parent);
    }
  return NULL;
}

static AtspiAccessible *
find_focus (AtspiAccessible *node)
{
  AtspiRole role = atspi_accessible_get_role (node, NULL);
  int n;

  if (!is_worth_a_look (node, role))
    return NULL;
  /* A window is focused as a whole, too; what counts is in it. */
  n = atspi_accessible_get_child_count (node, NULL);
  for (int i = 0; i < n; i++)
    {
      g_autoptr (FvUiNode) child = atspi_accessible_get_child_at_index (node, i, NULL);
      AtspiAccessible *found = child ? find_focus (child) : NULL;

      if (found)
        return found;
    }
  return role != ATSPI_ROLE_APPLICATION && fv_ui_node_has_state (node, ATSPI_STATE_FOCUSED) && fv_ui_node_shows (node)
             ? g_object_ref (node)
             : NULL;
}

gboolean
fv_ui_node_has_focus (AtspiAccessible *node)
{
  g_autoptr (FvUiNode) found = find_focus (node);
  return found != NULL;
}

char *
fv_ui_get_focus (FvUi *ui)
{
  g_autoptr (FvUiNode) found = find_focus (ui->app);
  g_autofree char *role = found ? atspi_accessible_get_role_name (found, NULL) : NULL;
  g_autofree char *name = found ? get_plain_name (found) : NULL;

  return found ? g_strdup_printf ("%s: %s", role, name ? name : "") : NULL;
}

double
fv_ui_get_value (FvUi *ui, const char *role, const char *name)
{
  g_autoptr (FvUiValue) value = atspi_accessible_get_value_iface (fv_ui_wait (ui, role, name));

  if (!value)
    fv_ui_fail (ui, "%s “%s” has no value.", role, name);
  return atspi_value_get_current_value (value, NULL);
}

char *
fv_ui_get_text (FvUi *ui, const char *role, const char *name)
{
  g_autoptr (FvUiText) text = atspi_accessible_get_text_iface (fv_ui_wait (ui, role, name));
  char *all = text ? atspi_text_get_text (text, 0, atspi_text_get_character_count (text, NULL), NULL) : NULL;

  return all ? all : g_strdup ("");
}

char *
fv_ui_get_name (FvUi *ui, const char *role, const char *name)
{
  char *own = get_plain_name (fv_ui_wait (ui, role, name));
  return own ? own : g_strdup ("");
}

char *
fv_ui_get_description (FvUi *ui, const char *role, const char *name)
{
  char *own = atspi_accessible_get_description (fv_ui_wait (ui, role, name), NULL);
  return own ? own : g_strdup ("");
}

gboolean
fv_ui_has_state (FvUi *ui, const char *role, const char *name, const char *state)
{
  GEnumClass *states = g_type_class_ref (ATSPI_TYPE_STATE_TYPE);
  GEnumValue *value = g_enum_get_value_by_nick (states, state);

  if (!value)
    fv_ui_fail (ui, "There is no state “%s”.", state);
  return fv_ui_node_has_state (fv_ui_wait (ui, role, name), value->value);
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

static void
print_node (FvUi *ui, AtspiAccessible *node, guint depth)
{
  static const struct
  {
    AtspiStateType state;
    const char *word;
  } shown[] = { { ATSPI_STATE_FOCUSED, "focused" },   { ATSPI_STATE_CHECKED, "checked" },
                { ATSPI_STATE_PRESSED, "pressed" },   { ATSPI_STATE_SELECTED, "selected" },
                { ATSPI_STATE_EXPANDED, "expanded" }, { ATSPI_STATE_MODAL, "modal" } };
  AtspiRole role = atspi_accessible_get_role (node, NULL);
  g_autofree char *role_name = atspi_accessible_get_role_name (node, NULL);
  g_autofree char *name = get_plain_name (node);
  g_autofree char *description = atspi_accessible_get_description (node, NULL);
  g_autoptr (FvUiStates) states = atspi_accessible_get_state_set (node);
  g_autoptr (FvUiValue) value = atspi_accessible_get_value_iface (node);
  FvUiRect rect;
  int n = atspi_accessible_get_child_count (node, NULL);

  if (!is_worth_a_look (node, role))
    return;
  if (role == ATSPI_ROLE_APPLICATION || fv_ui_node_shows (node))
    {
      g_printerr ("%*s%s “%s”", depth * 2, "", role_name ? role_name : "?", name ? name : "");
      if (description && *description)
        g_printerr (" (%s)", description);
      if (value)
        g_printerr (" = %g", atspi_value_get_current_value (value, NULL));
      for (guint i = 0; states && i < G_N_ELEMENTS (shown); i++)
        if (atspi_state_set_contains (states, shown[i].state))
          g_printerr (" %s", shown[i].word);
      if (states && role != ATSPI_ROLE_APPLICATION && !atspi_state_set_contains (states, ATSPI_STATE_SENSITIVE))
        g_printerr (" insensitive");
      if (fv_ui_node_extents (ui, node, &rect))
        g_printerr (" %d,%d %dx%d", rect.x, rect.y, rect.width, rect.height);
      g_printerr ("\n");
    }
  for (int i = 0; i < n; i++)
    {
      g_autoptr (FvUiNode) child = atspi_accessible_get_child_at_index (node, i, NULL);
      if (child)
        print_node (ui, child, depth + 1);
    }
}

void
fv_ui_print_tree (FvUi *ui)
{
  if (ui->app)
    print_node (ui, ui->app, 0);
}

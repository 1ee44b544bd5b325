/* SPDX-License-Identifier: GPL-3.0-or-later */

/* AT-SPI's words for roles and states. */
#include "tests/e2e/fv-ui-private.h"

#define MAX_ROLES 8

/* What a role of a test stands for. */
static const struct
{
  const char *alias;
  const char *roles[MAX_ROLES];
} aliases[] = {
  { "button", { "push button", "toggle button", "push button menu" } },
  { "switch", { "check box", "toggle button" } },
  { "entry", { "text", "entry", "password text", "spin button" } },
  { "tab", { "page tab", "radio button", "toggle button" } },
  { "row", { "list item", "table cell", "table row", "tree item" } },
  { "list", { "list", "list box", "table", "tree table" } },
  { "combo", { "combo box" } },
  { "menu item", { "menu item", "check menu item", "radio menu item" } },
  { "window", { "frame", "window", "dialog", "alert", "file chooser" } },
};

/* clang-format off */
/* By number. (What a program answers when asked for the name is its toolkit's word.) */
static const char *const role_names[] = {
  "invalid", "accelerator label", "alert", "animation", "arrow", "calendar", "canvas", "check box",
  "check menu item", "color chooser", "column header", "combo box", "date editor", "desktop icon", "desktop frame",
  "dial", "dialog", "directory pane", "drawing area", "file chooser", "filler", "focus traversable", "font chooser",
  "frame", "glass pane", "html container", "icon", "image", "internal frame", "label", "layered pane", "list",
  "list item", "menu", "menu bar", "menu item", "option pane", "page tab", "page tab list", "panel", "password text",
  "popup menu", "progress bar", "push button", "radio button", "radio menu item", "root pane", "row header",
  "scroll bar", "scroll pane", "separator", "slider", "spin button", "split pane", "status bar", "table",
  "table cell", "table column header", "table row header", "tearoff menu item", "terminal", "text", "toggle button",
  "tool bar", "tool tip", "tree", "tree table", "unknown", "viewport", "window", "extended", "header", "footer",
  "paragraph", "ruler", "application", "autocomplete", "editbar", "embedded", "entry", "chart", "caption",
  "document frame", "heading", "page", "section", "redundant object", "form", "link", "input method window",
  "table row", "tree item", "document spreadsheet", "document presentation", "document text", "document web",
  "document email", "comment", "list box", "grouping", "image map", "notification", "info bar", "level bar",
  "title bar", "block quote", "audio", "video", "definition", "article", "landmark", "log", "marquee", "math",
  "rating", "timer", "static", "math fraction", "math root", "subscript", "superscript", "description list",
  "description term", "description value", "footnote", "content deletion", "content insertion", "mark", "suggestion",
  "push button menu",
};
/* clang-format on */

static const char *const state_names[] = { "invalid",       "active",      "armed",           "busy",
                                           "checked",       "collapsed",   "defunct",         "editable",
                                           "enabled",       "expandable",  "expanded",        "focusable",
                                           "focused",       "has-tooltip", "horizontal",      "iconified",
                                           "modal",         "multi-line",  "multiselectable", "opaque",
                                           "pressed",       "resizable",   "selectable",      "selected",
                                           "sensitive",     "showing",     "single-line",     "stale",
                                           "transient",     "vertical",    "visible",         "manages-descendants",
                                           "indeterminate", "required" };

gboolean
fv_ui_role_matches (const char *wanted, const char *role)
{
  for (guint i = 0; wanted && i < G_N_ELEMENTS (aliases); i++)
    if (g_str_equal (aliases[i].alias, wanted))
      {
        for (guint k = 0; k < MAX_ROLES && aliases[i].roles[k]; k++)
          if (!g_strcmp0 (aliases[i].roles[k], role))
            return TRUE;
        return FALSE;
      }
  return !wanted || !g_strcmp0 (wanted, role);
}

const char *
fv_ui_role_name (guint role)
{
  return role < G_N_ELEMENTS (role_names) ? role_names[role] : "unknown";
}

guint64
fv_ui_state_bit (FvUi *ui, const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (state_names); i++)
    if (g_str_equal (state_names[i], name))
      return (guint64)1 << i;
  fv_ui_fail (ui, "There is no state “%s”.", name);
}

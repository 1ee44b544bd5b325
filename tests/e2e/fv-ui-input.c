/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Pointer and keys: what XTEST sends looks to the program like a mouse and a keyboard. */
#include "tests/e2e/fv-ui-private.h"

#include <X11/XKBlib.h>
#include <X11/extensions/XTest.h>
#include <X11/keysym.h>
#include <math.h>
#include <string.h>

/* Longer than GTK waits for the second click of a double click. */
#define DOUBLE_CLICK_MS 450

void
fv_ui_pointer_move (FvUi *ui, double x, double y)
{
  ui->pointer_x = x;
  ui->pointer_y = y;
  XTestFakeMotionEvent (ui->x, -1, (int)lround (x), (int)lround (y), CurrentTime);
  fv_ui_breathe (ui, 15);
}

void
fv_ui_pointer_press (FvUi *ui, guint button)
{
  XTestFakeButtonEvent (ui->x, button, True, CurrentTime);
  fv_ui_breathe (ui, 15);
}

void
fv_ui_pointer_release (FvUi *ui, guint button)
{
  XTestFakeButtonEvent (ui->x, button, False, CurrentTime);
  ui->click_x = ui->pointer_x;
  ui->click_y = ui->pointer_y;
  ui->click_time = g_get_monotonic_time ();
  fv_ui_breathe (ui, 30);
}

/* A press at the place of the last one waits until it is a new click. */
static void
be_no_double_click (FvUi *ui, double x, double y)
{
  gint64 since = (g_get_monotonic_time () - ui->click_time) / 1000;

  if (since < DOUBLE_CLICK_MS && fabs (x - ui->click_x) < 10 && fabs (y - ui->click_y) < 10)
    fv_ui_breathe (ui, DOUBLE_CLICK_MS - since);
}

/*
 * Turns the wheel over what cuts the accessible off. At its left edge, where few controls take the wheel for themselves,
 * and each time at another height, since one that does may be there.
 */
static void
scroll_towards (FvUi *ui, FvUiNode *node, guint attempt)
{
  static const double heights[] = { 0.5, 0.1, 0.9, 0.3, 0.7, 0.02, 0.98 };
  FvUiRect own, around;

  if (!fv_ui_node_extents (ui, node, &own))
    return;
  for (FvUiNode *at = node->parent; at; at = at->parent)
    {
      double middle = own.y + own.height / 2.0;

      if (!g_strcmp0 (at->role, "scroll pane") && fv_ui_node_in_sight (ui, at, &around)
          && (middle < around.y || middle >= around.y + around.height))
        {
          guint button = middle < around.y ? 4 : 5;

          fv_ui_pointer_move (ui, around.x + 2, around.y + around.height * heights[attempt % G_N_ELEMENTS (heights)]);
          fv_ui_pointer_press (ui, button);
          fv_ui_pointer_release (ui, button);
          return;
        }
    }
}

/* The place at fractions of an accessible, which is scrolled into sight for it. */
static void
find_place (FvUi *ui, const char *role, const char *name, double fx, double fy, double *x, double *y)
{
  FvUiNode *node = fv_ui_wait (ui, role, name);
  g_autofree char *what = g_strdup_printf ("%s “%s” is in sight", role, name);
  FvUiRect last = { 0 };
  guint attempt = 0;

  for (FvUiWaiting waiting = fv_ui_waiting_begin (ui, what, G_STRLOC);; fv_ui_waiting_next (&waiting))
    {
      FvUiRect all, seen;
      gboolean placed = fv_ui_node_extents (ui, node, &all), still = placed && !memcmp (&all, &last, sizeof all);

      last = all;
      /* A moving thing is waited for: a page that slides in, a list that still scrolls. */
      if (!still)
        continue;
      *x = all.x + MIN (all.width * fx, all.width - 1);
      *y = all.y + MIN (all.height * fy, all.height - 1);
      if (fv_ui_node_in_sight (ui, node, &seen) && *x >= seen.x && *x < seen.x + seen.width && *y >= seen.y
          && *y < seen.y + seen.height)
        return;
      scroll_towards (ui, node, attempt++);
      /* Lists make their rows anew. */
      node = fv_ui_wait (ui, role, name);
    }
}

static void
click (FvUi *ui, double x, double y, guint button, guint times)
{
  be_no_double_click (ui, x, y);
  fv_ui_pointer_move (ui, x - 1, y);
  fv_ui_pointer_move (ui, x, y);
  for (guint i = 0; i < times; i++)
    {
      fv_ui_pointer_press (ui, button);
      fv_ui_pointer_release (ui, button);
    }
}

void
fv_ui_click_at (FvUi *ui, const char *role, const char *name, double fx, double fy)
{
  double x, y;

  find_place (ui, role, name, fx, fy, &x, &y);
  click (ui, x, y, 1, 1);
}

void
fv_ui_click (FvUi *ui, const char *role, const char *name)
{
  fv_ui_click_at (ui, role, name, 0.5, 0.5);
}

void
fv_ui_double_click (FvUi *ui, const char *role, const char *name)
{
  double x, y;

  find_place (ui, role, name, 0.5, 0.5, &x, &y);
  click (ui, x, y, 1, 2);
}

void
fv_ui_right_click (FvUi *ui, const char *role, const char *name)
{
  double x, y;

  find_place (ui, role, name, 0.5, 0.5, &x, &y);
  click (ui, x, y, 3, 1);
}

void
fv_ui_hover (FvUi *ui, const char *role, const char *name, double fx, double fy)
{
  double x, y;

  find_place (ui, role, name, fx, fy, &x, &y);
  fv_ui_pointer_move (ui, x - 1, y);
  fv_ui_pointer_move (ui, x, y);
}

void
fv_ui_drag (FvUi *ui, const char *role, const char *name, double fx0, double fy0, double fx1, double fy1)
{
  const int steps = 8;
  double x, y, dx, dy;
  FvUiRect rect;

  find_place (ui, role, name, fx0, fy0, &x, &y);
  rect = fv_ui_get_extents (ui, role, name);
  dx = (fx1 - fx0) * rect.width;
  dy = (fy1 - fy0) * rect.height;
  be_no_double_click (ui, x, y);
  fv_ui_pointer_move (ui, x, y);
  fv_ui_pointer_press (ui, 1);
  for (int i = 1; i <= steps; i++)
    fv_ui_pointer_move (ui, x + dx * i / steps, y + dy * i / steps);
  fv_ui_pointer_release (ui, 1);
}

void
fv_ui_scroll_with (FvUi *ui, const char *keys, const char *role, const char *name, double fx, double fy, int clicks)
{
  fv_ui_hover (ui, role, name, fx, fy);
  if (keys)
    fv_ui_key_press (ui, keys, TRUE);
  for (int i = 0; i < ABS (clicks); i++)
    {
      fv_ui_pointer_press (ui, clicks < 0 ? 4 : 5);
      fv_ui_pointer_release (ui, clicks < 0 ? 4 : 5);
    }
  if (keys)
    fv_ui_key_press (ui, keys, FALSE);
}

void
fv_ui_scroll (FvUi *ui, const char *role, const char *name, double fx, double fy, int clicks)
{
  fv_ui_scroll_with (ui, NULL, role, name, fx, fy, clicks);
}

/*
 * Where the trough begins and ends depends on the theme and on a value drawn beside it. So the pointer goes to about the
 * place, and then nearer by what the slider says.
 */
static gboolean
drag_to (FvUi *ui, FvUiNode *node, double fraction, double fy)
{
  double low = fv_ui_bus_get_number (ui, node, "Value", "MinimumValue");
  double high = fv_ui_bus_get_number (ui, node, "Value", "MaximumValue");
  double first = fv_ui_bus_get_number (ui, node, "Value", "CurrentValue"), target = low + fraction * (high - low),
         now = first;
  double per_pixel, x, from, y, error;
  FvUiRect rect;

  if (!fv_ui_node_extents (ui, node, &rect) || high <= low)
    return FALSE;
  per_pixel = (high - low) / rect.width;
  y = rect.y + rect.height * fy;
  from = rect.x + (first - low) / per_pixel;
  x = rect.x + fraction * rect.width;
  be_no_double_click (ui, from, y);
  fv_ui_pointer_move (ui, from, y);
  fv_ui_pointer_press (ui, 1);
  for (guint i = 1; i <= 8; i++)
    fv_ui_pointer_move (ui, from + (x - from) * i / 8, y);
  for (guint i = 0; i < 10; i++)
    {
      fv_ui_breathe (ui, 60);
      now = fv_ui_bus_get_number (ui, node, "Value", "CurrentValue");
      error = (target - now) / per_pixel;
      if (fabs (error) < 0.75)
        break;
      x = CLAMP (x + (fabs (error) < 2 ? copysign (1, error) : error), rect.x - 12, rect.x + rect.width + 12);
      fv_ui_pointer_move (ui, x, y);
    }
  fv_ui_pointer_release (ui, 1);
  /* A slider with few steps can't be nearer than half a step; and one that was there already need not have moved. */
  return fabs (now - target) <= 2 * per_pixel
         || (fabs (now - first) > 1e-9 && fabs (now - target) <= (high - low) / 20);
}

void
fv_ui_drag_slider (FvUi *ui, const char *name, double fraction)
{
  static const double heights[] = { 0.5, 0.75, 0.25 };
  double x, y;

  find_place (ui, "slider", name, 0.5, 0.5, &x, &y);
  for (guint i = 0; i < G_N_ELEMENTS (heights); i++)
    if (drag_to (ui, fv_ui_wait (ui, "slider", name), fraction, heights[i]))
      return;
  fv_ui_fail (ui, "The slider “%s” does not follow the pointer to %g of its range: it is at %g.", name, fraction,
              fv_ui_get_value (ui, "slider", name));
}

void
fv_ui_set_value (FvUi *ui, const char *role, const char *name, double to)
{
  if (!fv_ui_bus_set_number (ui, fv_ui_wait (ui, role, name), "Value", "CurrentValue", to))
    fv_ui_fail (ui, "%s “%s” can’t be set.", role, name);
}

/* A key that gives this symbol, and whether it needs Shift. What the keyboard lacks is put on an unused key. */
static KeyCode
find_key (FvUi *ui, KeySym symbol, gboolean *shift)
{
  KeyCode code = XKeysymToKeycode (ui->x, symbol);
  int lowest, highest, n_symbols;
  g_autoptr (GArray) unused = g_array_new (FALSE, FALSE, sizeof (int));

  *shift = FALSE;
  if (code && XkbKeycodeToKeysym (ui->x, code, 0, 0) == symbol)
    return code;
  if (code && XkbKeycodeToKeysym (ui->x, code, 0, 1) == symbol)
    {
      *shift = TRUE;
      return code;
    }
  XDisplayKeycodes (ui->x, &lowest, &highest);
  for (int at = highest; at >= lowest; at--)
    {
      KeySym *symbols = XGetKeyboardMapping (ui->x, at, 1, &n_symbols);

      if (symbols && n_symbols > 0 && !symbols[0])
        g_array_append_val (unused, at);
      if (symbols)
        XFree (symbols);
    }
  if (!unused->len)
    fv_ui_fail (ui, "The keyboard has no key left for another character.");
  code = g_array_index (unused, int, 0);
  XChangeKeyboardMapping (ui->x, code, 2, (KeySym[]){ symbol, symbol }, 1);
  /* The program has to hear of it before the key comes. */
  fv_ui_breathe (ui, 150);
  return code;
}

static void
press_symbol (FvUi *ui, KeySym symbol, gboolean down)
{
  gboolean shift;
  KeyCode code = find_key (ui, symbol, &shift), shift_code = XKeysymToKeycode (ui->x, XK_Shift_L);

  if (shift && down)
    XTestFakeKeyEvent (ui->x, shift_code, True, CurrentTime);
  XTestFakeKeyEvent (ui->x, code, down, CurrentTime);
  if (shift && !down)
    XTestFakeKeyEvent (ui->x, shift_code, False, CurrentTime);
}

void
fv_ui_key_press (FvUi *ui, const char *accelerator, gboolean down)
{
  static const struct
  {
    const char *name;
    KeySym symbol;
  } modifiers[] = { { "<Control>", XK_Control_L }, { "<Ctrl>", XK_Control_L }, { "<Primary>", XK_Control_L },
                    { "<Shift>", XK_Shift_L },     { "<Alt>", XK_Alt_L },      { "<Super>", XK_Super_L } };
  KeySym held[8];
  guint n_held = 0;
  const char *rest = accelerator;
  KeySym symbol = NoSymbol;

  while (*rest == '<' && n_held < G_N_ELEMENTS (held) && strchr (rest, '>'))
    {
      guint i = 0;

      while (i < G_N_ELEMENTS (modifiers) && !g_str_has_prefix (rest, modifiers[i].name))
        i++;
      if (i == G_N_ELEMENTS (modifiers))
        fv_ui_fail (ui, "There is no key “%s”.", accelerator);
      held[n_held++] = modifiers[i].symbol;
      rest += strlen (modifiers[i].name);
    }
  if (*rest && (symbol = XStringToKeysym (rest)) == NoSymbol)
    fv_ui_fail (ui, "There is no key “%s”.", accelerator);
  if (down)
    for (guint i = 0; i < n_held; i++)
      press_symbol (ui, held[i], TRUE);
  if (symbol != NoSymbol)
    press_symbol (ui, symbol, down);
  if (!down)
    for (guint i = n_held; i > 0; i--)
      press_symbol (ui, held[i - 1], FALSE);
  fv_ui_breathe (ui, 20);
}

void
fv_ui_key (FvUi *ui, const char *accelerator)
{
  fv_ui_key_press (ui, accelerator, TRUE);
  fv_ui_key_press (ui, accelerator, FALSE);
  fv_ui_breathe (ui, 20);
}

void
fv_ui_type (FvUi *ui, const char *text)
{
  for (const char *at = text; *at; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);
      KeySym symbol = c == '\n' ? XK_Return : c == '\t' ? XK_Tab : c < 0x100 ? c : c | 0x01000000;

      press_symbol (ui, symbol, TRUE);
      press_symbol (ui, symbol, FALSE);
      fv_ui_breathe (ui, 8);
    }
  fv_ui_breathe (ui, 30);
}

void
fv_ui_fill (FvUi *ui, const char *name, const char *text)
{
  fv_ui_click (ui, "entry", name);
  fv_ui_key (ui, "<Control>a");
  fv_ui_type (ui, text);
}

void
fv_ui_tab_to (FvUi *ui, const char *role, const char *name)
{
  g_autoptr (GString) way = g_string_new (NULL);
  FvUiNode *target = NULL;

  for (guint i = 0; i < 120; i++)
    {
      FvUiNode *focus = fv_ui_find_focus (ui);
      g_autofree char *own = focus ? fv_ui_node_get_name (ui, focus) : NULL;

      /* A page may make its widgets anew while the focus goes through them. */
      target = i % 8 ? target : fv_ui_wait (ui, role, name);
      if (focus && fv_ui_node_is_in (focus, target))
        return;
      g_string_append_printf (way, "\n  %s “%s”", focus ? focus->role : "nothing", own ? own : "");
      fv_ui_key (ui, "Tab");
    }
  fv_ui_fail (ui, "Tab does not come to %s “%s”. The way was:%s", role, name, way->str);
}

void
fv_ui_choose_file (FvUi *ui, const char *path)
{
  FvUiNode *within = ui->within, *chooser;

  ui->within = NULL;
  /* What has no name is called after its type. */
  chooser = fv_ui_wait (ui, NULL, "GtkFileChooserWidget");
  ui->within = within;
  fv_ui_settle (ui, NULL);
  fv_ui_key (ui, "<Control>l");
  fv_ui_key (ui, "<Control>a");
  fv_ui_type (ui, path);
  fv_ui_breathe (ui, 200);
  fv_ui_key (ui, "Return");
  fv_ui_until (ui, !fv_ui_node_shows (ui, chooser));
}

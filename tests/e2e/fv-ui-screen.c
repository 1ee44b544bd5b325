/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Places on the screen, windows, and pixels. */
#include "tests/e2e/fv-ui-private.h"

#include <X11/Xatom.h>
#include <X11/Xutil.h>
#include <glib/gstdio.h>
#include <string.h>

/* (nullable) (transfer full): a property of 32-bit numbers. */
static GArray *
get_numbers (FvUi *ui, Window window, const char *property, Atom type)
{
  GArray *numbers = NULL;
  unsigned char *data = NULL;
  unsigned long n = 0, left;
  int format = 0;
  Atom own_type;

  if (XGetWindowProperty (ui->x, window, XInternAtom (ui->x, property, False), 0, 1024, False, type, &own_type, &format,
                          &n, &left, &data)
          == Success
      && format == 32 && n)
    {
      numbers = g_array_new (FALSE, FALSE, sizeof (long));
      g_array_append_vals (numbers, data, n);
    }
  if (data)
    XFree (data);
  return numbers;
}

FvUiRect
fv_ui_x_rect (FvUi *ui, Window window)
{
  XWindowAttributes attributes = { 0 };
  FvUiRect rect = { 0 };
  Window child;

  if (!XGetWindowAttributes (ui->x, window, &attributes))
    return rect;
  XTranslateCoordinates (ui->x, window, DefaultRootWindow (ui->x), 0, 0, &rect.x, &rect.y, &child);
  rect.width = attributes.width;
  rect.height = attributes.height;
  return rect;
}

/* In a sandbox processes have other numbers: there the window is known by its class. */
static gboolean
is_of_program (FvUi *ui, Window window)
{
  g_autoptr (GArray) pid = get_numbers (ui, window, "_NET_WM_PID", XA_CARDINAL);
  XClassHint hint = { 0 };
  gboolean is = pid && g_array_index (pid, long, 0) == ui->pid;

  if (g_getenv ("FOVEA_TEST_SANDBOXED") && XGetClassHint (ui->x, window, &hint))
    {
      is = g_str_equal (hint.res_name, "fovea");
      XFree (hint.res_name);
      XFree (hint.res_class);
    }
  return is;
}

static void
collect_windows (FvUi *ui, Window at, gboolean popups, GArray *found)
{
  Window root, parent, *children = NULL;
  unsigned int n = 0;
  XWindowAttributes attributes = { 0 };

  if (is_of_program (ui, at) && XGetWindowAttributes (ui->x, at, &attributes) && attributes.map_state == IsViewable
      && attributes.class == InputOutput && !attributes.override_redirect == !popups)
    g_array_append_val (found, at);
  if (XQueryTree (ui->x, at, &root, &parent, &children, &n) && children)
    {
      for (guint i = 0; i < n; i++)
        collect_windows (ui, children[i], popups, found);
      XFree (children);
    }
}

GArray *
fv_ui_x_windows (FvUi *ui, gboolean popups)
{
  GArray *found = g_array_new (FALSE, FALSE, sizeof (Window));

  collect_windows (ui, DefaultRootWindow (ui->x), popups, found);
  return found;
}

/* The X window that a top-level accessible stands for: of the same title, and then nearest in size. */
static Window
x_window_of (FvUi *ui, FvUiNode *top)
{
  g_autoptr (GArray) windows = fv_ui_x_windows (ui, FALSE);
  g_autofree char *name = fv_ui_node_get_name (ui, top);
  FvUiRect own = { 0 };
  Window best = None;
  int best_distance = G_MAXINT;

  fv_ui_node_place (ui, top, &own);
  for (guint i = 0; i < windows->len; i++)
    {
      Window window = g_array_index (windows, Window, i);
      FvUiRect rect = fv_ui_x_rect (ui, window);
      XTextProperty title = { 0 };
      int distance = ABS (rect.width - own.width) + ABS (rect.height - own.height);

      if (XGetTextProperty (ui->x, window, &title, XInternAtom (ui->x, "_NET_WM_NAME", False)) && title.value)
        {
          distance += g_strcmp0 ((const char *)title.value, name) ? 100000 : 0;
          XFree (title.value);
        }
      if (distance < best_distance)
        {
          best_distance = distance;
          best = window;
        }
    }
  return best;
}

/* How much of the X window is shadow: left, right, top, bottom. */
static void
get_shadow (FvUi *ui, Window window, const FvUiRect *content, int shadow[4])
{
  FvUiRect rect = fv_ui_x_rect (ui, window);
  g_autoptr (GArray) numbers = get_numbers (ui, window, "_GTK_FRAME_EXTENTS", XA_CARDINAL);

  for (guint i = 0; i < 4; i++)
    shadow[i] = numbers && numbers->len == 4 ? (int)g_array_index (numbers, long, i) : 0;
  if (shadow[0] + shadow[1] != rect.width - content->width || shadow[2] + shadow[3] != rect.height - content->height)
    {
      shadow[0] = shadow[1] = (rect.width - content->width) / 2;
      shadow[2] = shadow[3] = (rect.height - content->height) / 2;
    }
}

/* (nullable): the popover that the accessible is, or is in: the parent of a part that GTK calls after its type. */
FvUiNode *
fv_ui_popover_of (FvUi *ui, FvUiNode *node)
{
  for (; node; node = node->parent)
    {
      if (!node->was_asked && !g_strcmp0 (node->role, "filler"))
        {
          g_autofree char *name = fv_ui_node_get_name (ui, node);

          node->is_popover_content = !g_strcmp0 (name, "GtkPopoverContent");
        }
      node->was_asked = TRUE;
      if (node->is_popover_content)
        return node->parent;
    }
  return NULL;
}

/*
 * A popover is an X window of its own, which GTK's places don't account for: what is in it is placed as if that window
 * began where the popover's parent does. The X window is the one that is nearest in size.
 */
static gboolean
popover_extents (FvUi *ui, FvUiNode *popover, const FvUiRect *own, FvUiRect *rect)
{
  g_autoptr (GArray) popups = fv_ui_x_windows (ui, TRUE);
  FvUiNode *parent = popover->parent;
  FvUiRect all, begin, outer = { 0 };
  int best = 100;

  if (!parent || !fv_ui_node_place (ui, popover, &all) || !fv_ui_node_place (ui, parent, &begin))
    return FALSE;
  for (guint i = 0; i < popups->len; i++)
    {
      FvUiRect popup = fv_ui_x_rect (ui, g_array_index (popups, Window, i));
      int distance = ABS (popup.width - all.width) + ABS (popup.height - all.height);

      if (distance < best)
        {
          best = distance;
          outer = popup;
        }
    }
  *rect = (FvUiRect){ outer.x + own->x - begin.x, outer.y + own->y - begin.y, own->width, own->height };
  return best < 100;
}

gboolean
fv_ui_node_extents (FvUi *ui, FvUiNode *node, FvUiRect *rect)
{
  FvUiNode *popover = fv_ui_popover_of (ui, node), *top;
  FvUiRect own, whole, outer;
  Window window;
  int shadow[4];

  if (!fv_ui_node_place (ui, node, &own))
    return FALSE;
  if (popover)
    return popover_extents (ui, popover, &own, rect);
  top = fv_ui_top_of (ui, node);
  if (!top || !fv_ui_node_place (ui, top, &whole))
    return FALSE;
  window = x_window_of (ui, top);
  if (window == None)
    return FALSE;
  outer = fv_ui_x_rect (ui, window);
  get_shadow (ui, window, &whole, shadow);
  *rect = (FvUiRect){ outer.x + shadow[0] + own.x - whole.x, outer.y + shadow[2] + own.y - whole.y, own.width,
                      own.height };
  return TRUE;
}

static gboolean
intersect (FvUiRect *rect, const FvUiRect *other)
{
  int x0 = MAX (rect->x, other->x), y0 = MAX (rect->y, other->y);
  int x1 = MIN (rect->x + rect->width, other->x + other->width);
  int y1 = MIN (rect->y + rect->height, other->y + other->height);

  *rect = (FvUiRect){ x0, y0, MAX (0, x1 - x0), MAX (0, y1 - y0) };
  return rect->width > 0 && rect->height > 0;
}

gboolean
fv_ui_node_in_sight (FvUi *ui, FvUiNode *node, FvUiRect *rect)
{
  FvUiNode *popover = fv_ui_popover_of (ui, node);
  FvUiRect own;

  if (!fv_ui_node_extents (ui, node, rect))
    return FALSE;
  /* Nothing that a popover's parent is in cuts it off. */
  for (FvUiNode *at = node->parent; at && at != popover; at = at->parent)
    if (!g_strcmp0 (at->role, "scroll pane") && fv_ui_node_extents (ui, at, &own) && !intersect (rect, &own))
      return FALSE;
  return TRUE;
}

FvUiRect
fv_ui_get_extents (FvUi *ui, const char *role, const char *name)
{
  FvUiRect rect;

  fv_ui_until (ui, fv_ui_node_extents (ui, fv_ui_wait (ui, role, name), &rect));
  return rect;
}

static FvUiNode *
main_window (FvUi *ui)
{
  FvUiNode *within = ui->within, *found;

  ui->within = NULL;
  found = fv_ui_wait (ui, "window", NULL);
  ui->within = within;
  return found;
}

FvUiRect
fv_ui_get_window (FvUi *ui)
{
  FvUiRect rect;

  fv_ui_until (ui, fv_ui_node_extents (ui, main_window (ui), &rect));
  return rect;
}

static void
set_maximized (FvUi *ui, Window window, gboolean maximized)
{
  XEvent event = { .xclient = { .type = ClientMessage, .window = window, .format = 32 } };

  event.xclient.message_type = XInternAtom (ui->x, "_NET_WM_STATE", False);
  event.xclient.data.l[0] = maximized;
  event.xclient.data.l[1] = XInternAtom (ui->x, "_NET_WM_STATE_MAXIMIZED_HORZ", False);
  event.xclient.data.l[2] = XInternAtom (ui->x, "_NET_WM_STATE_MAXIMIZED_VERT", False);
  XSendEvent (ui->x, DefaultRootWindow (ui->x), False, SubstructureNotifyMask | SubstructureRedirectMask, &event);
  XSync (ui->x, False);
}

static gboolean
is_managed (FvUi *ui)
{
  g_autoptr (GArray) manager = get_numbers (ui, DefaultRootWindow (ui->x), "_NET_SUPPORTING_WM_CHECK", XA_WINDOW);
  return manager != NULL;
}

/*
 * Windows have round corners and a shadow, as on a person's screen, where the window manager says that it knows of a
 * shadow's size. Ours doesn't, but places windows well enough.
 */
void
fv_ui_allow_shadows (FvUi *ui)
{
  Atom known = XInternAtom (ui->x, "_GTK_FRAME_EXTENTS", False);
  g_autoptr (GArray) supported = get_numbers (ui, DefaultRootWindow (ui->x), "_NET_SUPPORTED", XA_ATOM);

  for (guint i = 0; supported && i < supported->len; i++)
    if ((Atom)g_array_index (supported, long, i) == known)
      return;
  if (supported)
    XChangeProperty (ui->x, DefaultRootWindow (ui->x), XInternAtom (ui->x, "_NET_SUPPORTED", False), XA_ATOM, 32,
                     PropModeAppend, (const guchar *)&known, 1);
  XSync (ui->x, False);
}

/* Waits until the window's size, outside and inside, has stayed as it is for 0.2 s. */
static void
let_size_settle (FvUi *ui, FvUiNode *node, Window window, FvUiRect *content)
{
  FvUiRect outer = { 0 };
  gint64 since = g_get_monotonic_time ();

  for (FvUiWaiting waiting = fv_ui_waiting_begin (ui, "the window has a size", G_STRLOC);
       !content->width || g_get_monotonic_time () - since < 200000;)
    {
      FvUiRect inner, now;

      fv_ui_waiting_next (&waiting);
      fv_ui_node_place (ui, node, &inner);
      now = fv_ui_x_rect (ui, window);
      if (memcmp (&inner, content, sizeof inner) || memcmp (&now, &outer, sizeof now))
        since = g_get_monotonic_time ();
      *content = inner;
      outer = now;
    }
}

void
fv_ui_resize (FvUi *ui, int width, int height)
{
  Screen *screen = DefaultScreenOfDisplay (ui->x);
  FvUiNode *node = main_window (ui);
  FvUiRect content = { 0 };
  Window window = None;
  gboolean whole = width == WidthOfScreen (screen) && height == HeightOfScreen (screen) && is_managed (ui);
  int shadow[4];

  fv_ui_until (ui, (window = x_window_of (ui, node)) != None);
  if (is_managed (ui))
    set_maximized (ui, window, whole);
  let_size_settle (ui, node, window, &content);
  /* Shadows come and go with the state of the window; so the size may have to be asked for again. */
  for (FvUiWaiting waiting = fv_ui_waiting_begin (ui, "the window is as large as asked for", G_STRLOC);
       content.width != width || content.height != height;)
    {
      get_shadow (ui, window, &content, shadow);
      if (!whole)
        XMoveResizeWindow (ui->x, window, (WidthOfScreen (screen) - width) / 2 - shadow[0],
                           (HeightOfScreen (screen) - height) / 2 - shadow[2], width + shadow[0] + shadow[1],
                           height + shadow[2] + shadow[3]);
      fv_ui_waiting_next (&waiting);
      let_size_settle (ui, node, window, &content);
    }
}

cairo_surface_t *
fv_ui_grab (FvUi *ui, const FvUiRect *rect)
{
  Screen *screen = DefaultScreenOfDisplay (ui->x);
  FvUiRect all = { 0, 0, WidthOfScreen (screen), HeightOfScreen (screen) };
  FvUiRect area = rect ? *rect : fv_ui_get_window (ui);
  cairo_surface_t *surface;
  XImage *image;
  guint8 *pixels;
  int stride;

  if (!intersect (&area, &all))
    fv_ui_fail (ui, "The rectangle is not on the screen.");
  image = XGetImage (ui->x, DefaultRootWindow (ui->x), area.x, area.y, area.width, area.height, AllPlanes, ZPixmap);
  g_assert_nonnull (image);
  g_assert_cmpint (image->bits_per_pixel, ==, 32);
  surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, area.width, area.height);
  pixels = cairo_image_surface_get_data (surface);
  stride = cairo_image_surface_get_stride (surface);
  for (int y = 0; y < area.height; y++)
    {
      guint32 *row = (guint32 *)(pixels + y * stride);

      memcpy (row, image->data + y * image->bytes_per_line, area.width * 4);
      /* The fourth byte means nothing, but would be in the checksum. */
      for (int x = 0; x < area.width; x++)
        row[x] |= 0xff000000;
    }
  cairo_surface_mark_dirty (surface);
  XDestroyImage (image);
  return surface;
}

char *
fv_ui_hash (FvUi *ui, const FvUiRect *rect)
{
  cairo_surface_t *surface = fv_ui_grab (ui, rect);
  gsize size = (gsize)cairo_image_surface_get_stride (surface) * cairo_image_surface_get_height (surface);
  char *hash = g_compute_checksum_for_data (G_CHECKSUM_SHA1, cairo_image_surface_get_data (surface), size);

  cairo_surface_destroy (surface);
  return hash;
}

guint
fv_ui_count_colour (FvUi *ui, const FvUiRect *rect, guint32 colour, guint tolerance)
{
  cairo_surface_t *surface = fv_ui_grab (ui, rect);
  const guint8 *pixels = cairo_image_surface_get_data (surface);
  int width = cairo_image_surface_get_width (surface), height = cairo_image_surface_get_height (surface);
  guint count = 0;

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      {
        guint32 pixel = ((const guint32 *)(pixels + y * cairo_image_surface_get_stride (surface)))[x];
        gboolean near = TRUE;

        for (guint shift = 0; shift < 24; shift += 8)
          near = near && ABS ((int)(pixel >> shift & 255) - (int)(colour >> shift & 255)) <= (int)tolerance;
        count += near;
      }
  cairo_surface_destroy (surface);
  return count;
}

void
fv_ui_settle (FvUi *ui, const FvUiRect *rect)
{
  g_autofree char *last = fv_ui_hash (ui, rect);
  gint64 since = g_get_monotonic_time ();

  for (FvUiWaiting waiting = fv_ui_waiting_begin (ui, "the pixels stay as they are", G_STRLOC);
       g_get_monotonic_time () - since < 300000;)
    {
      g_autofree char *now = NULL;

      fv_ui_waiting_next (&waiting);
      now = fv_ui_hash (ui, rect);
      if (!g_str_equal (now, last))
        {
          g_free (last);
          last = g_steal_pointer (&now);
          since = g_get_monotonic_time ();
        }
    }
}

void
fv_ui_screenshot (FvUi *ui, const char *name)
{
  const char *folder = g_getenv ("FOVEA_TEST_ARTIFACTS");
  g_autofree char *path = folder ? g_build_filename (folder, name, NULL) : NULL;
  Screen *screen = DefaultScreenOfDisplay (ui->x);
  FvUiRect area = { 0, 0, WidthOfScreen (screen), HeightOfScreen (screen) };
  FvUiNode *window;
  cairo_surface_t *surface;

  if (!path)
    return;
  /* Also in a failed test, where the window may be gone: then all of the screen. */
  window = fv_ui_find (ui, "window", NULL);
  if (window)
    fv_ui_node_extents (ui, window, &area);
  g_mkdir_with_parents (folder, 0755);
  surface = fv_ui_grab (ui, &area);
  if (cairo_surface_write_to_png (surface, path) != CAIRO_STATUS_SUCCESS)
    g_error ("%s can’t be written.", path);
  cairo_surface_destroy (surface);
}

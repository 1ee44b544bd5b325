/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The other program of a drag and drop: it offers one file as text/uri-list by the XDND protocol. */
#include "tests/e2e/fv-ui-private.h"

#include <X11/Xatom.h>
#include <gio/gio.h>
#include <string.h>

#define XDND_VERSION 5

typedef struct
{
  FvUi *ui;
  Window source, target;
  char *uris;
  gboolean accepted, finished;
} Drop;

static Atom
atom (FvUi *ui, const char *name)
{
  return XInternAtom (ui->x, name, False);
}

static void
send_message (Drop *drop, const char *type, long l1, long l2, long l3, long l4)
{
  XEvent event = { .xclient = { .type = ClientMessage, .window = drop->target, .format = 32 } };

  event.xclient.message_type = atom (drop->ui, type);
  event.xclient.data.l[0] = drop->source;
  event.xclient.data.l[1] = l1;
  event.xclient.data.l[2] = l2;
  event.xclient.data.l[3] = l3;
  event.xclient.data.l[4] = l4;
  XSendEvent (drop->ui->x, drop->target, False, NoEventMask, &event);
  XFlush (drop->ui->x);
}

/* The program asks for what is dragged: it gets the address, or the list of the forms in which there is one. */
static void
answer_request (Drop *drop, const XSelectionRequestEvent *request)
{
  XEvent event = { .xselection = { .type = SelectionNotify,
                                   .requestor = request->requestor,
                                   .selection = request->selection,
                                   .target = request->target,
                                   .time = request->time } };
  Atom list = atom (drop->ui, "text/uri-list");

  if (request->target == list)
    {
      XChangeProperty (drop->ui->x, request->requestor, request->property, list, 8, PropModeReplace,
                       (const guchar *)drop->uris, strlen (drop->uris));
      event.xselection.property = request->property;
    }
  else if (request->target == atom (drop->ui, "TARGETS"))
    {
      XChangeProperty (drop->ui->x, request->requestor, request->property, XA_ATOM, 32, PropModeReplace,
                       (const guchar *)&list, 1);
      event.xselection.property = request->property;
    }
  XSendEvent (drop->ui->x, request->requestor, False, NoEventMask, &event);
  XFlush (drop->ui->x);
}

static void
take_events (Drop *drop)
{
  fv_ui_breathe (drop->ui, 0);
  while (XPending (drop->ui->x))
    {
      XEvent event;

      XNextEvent (drop->ui->x, &event);
      if (event.type == SelectionRequest)
        answer_request (drop, &event.xselectionrequest);
      else if (event.type == ClientMessage && event.xclient.message_type == atom (drop->ui, "XdndStatus"))
        drop->accepted = event.xclient.data.l[1] & 1;
      else if (event.type == ClientMessage && event.xclient.message_type == atom (drop->ui, "XdndFinished"))
        drop->finished = TRUE;
    }
}

/* The window at a place that takes part in drags. */
static Window
find_target (FvUi *ui, int x, int y)
{
  Window at = DefaultRootWindow (ui->x);

  while (at != None)
    {
      Atom type;
      int format, cx, cy;
      unsigned long n, left;
      unsigned char *data = NULL;
      Window child = None;

      XGetWindowProperty (ui->x, at, atom (ui, "XdndAware"), 0, 1, False, XA_ATOM, &type, &format, &n, &left, &data);
      if (data)
        XFree (data);
      if (type == XA_ATOM)
        return at;
      XTranslateCoordinates (ui->x, DefaultRootWindow (ui->x), at, x, y, &cx, &cy, &child);
      at = child;
    }
  return None;
}

void
fv_ui_drop_file (FvUi *ui, const char *role, const char *name, const char *path)
{
  Window root = DefaultRootWindow (ui->x);
  Drop drop = { .ui = ui };
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autofree char *uri = g_file_get_uri (file);
  FvUiRect rect;
  int x, y;

  fv_ui_hover (ui, role, name, 0.5, 0.5);
  rect = fv_ui_get_extents (ui, role, name);
  x = rect.x + rect.width / 2;
  y = rect.y + rect.height / 2;
  drop.uris = g_strconcat (uri, "\r\n", NULL);
  drop.source = XCreateSimpleWindow (ui->x, root, -10, -10, 1, 1, 0, 0, 0);
  drop.target = find_target (ui, x, y);
  if (drop.target == None)
    fv_ui_fail (ui, "There is no window that takes a drop at %s “%s”.", role, name);
  XSetSelectionOwner (ui->x, atom (ui, "XdndSelection"), drop.source, CurrentTime);
  send_message (&drop, "XdndEnter", (long)XDND_VERSION << 24, atom (ui, "text/uri-list"), None, None);
  for (FvUiWaiting waiting = fv_ui_waiting_begin (ui, "the window accepts the drop", G_STRLOC); !drop.accepted;)
    {
      send_message (&drop, "XdndPosition", 0, x << 16 | y, CurrentTime, atom (ui, "XdndActionCopy"));
      fv_ui_waiting_next (&waiting);
      take_events (&drop);
    }
  send_message (&drop, "XdndDrop", 0, CurrentTime, 0, 0);
  for (FvUiWaiting waiting = fv_ui_waiting_begin (ui, "the drop is finished", G_STRLOC); !drop.finished;)
    {
      fv_ui_waiting_next (&waiting);
      take_events (&drop);
    }
  XDestroyWindow (ui->x, drop.source);
  g_free (drop.uris);
}

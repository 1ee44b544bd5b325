/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <cairo.h>
#include <glib.h>

G_BEGIN_DECLS

/*
 * The real window, used as a person does: what is on it is found by role and name (AT-SPI), pointer and keys are real
 * events (XTEST), and pixels are read from the screen. A test runs in tests/with-display.
 *
 *   g_autoptr (FvUi) ui = fv_ui_start (&(FvUiParams) { .language = "de", .dark = TRUE });
 *   fv_ui_click (ui, "button", "Mit Beispielbildern ausprobieren");
 *   fv_ui_wait (ui, "label", "60 Bilder*");
 *   fv_ui_key (ui, "<Alt>2");
 *   fv_ui_drag_slider (ui, "Rotation", 0.5);
 *   fv_ui_until (ui, fv_ui_get_value (ui, "slider", "Rotation") > 10);
 *   fv_ui_quit (ui);
 *
 * Roles are AT-SPI's names, "push button", "label", "slider", "list item", "table cell", "check box", "image", "frame",
 * "dialog", …, or one of these, which stand for several:
 *   "button"    push, toggle and menu buttons
 *   "switch"    switches (AT-SPI has them as toggle buttons or check boxes)
 *   "entry"     whatever takes a line of text
 *   "tab"       tabs of a notebook and buttons of a view switcher
 *   "row"       rows of lists, grids and tables
 *   "list"      lists, grids and tables themselves
 *   "combo"     drop-downs
 *   "menu item" items of menus, with or without a check mark
 *   "window"    windows and dialogs
 *   NULL        anything
 * A name is the accessible one; “*” in it stands for any characters ("* pictures"), NULL for any name. Only what shows
 * is found: not what is in pages of a stack that are not the visible one. The first in the order of the tree counts;
 * fv_ui_within() narrows to a part of it.
 *
 * Whatever needs an accessible waits until it is there, up to FV_UI_PATIENCE seconds (times FOVEA_TEST_PATIENCE, a
 * number, where that is in the environment). Where it never comes, the test fails, with a screenshot in the artifacts'
 * folder and the accessible tree on stderr.
 *
 * All calls come from the test's main thread. Fractions are 0..1 of an accessible's width and height, from its top left.
 * Rectangles are pixels of the screen.
 */

#define FV_UI_PATIENCE 8.0

typedef struct _FvUi FvUi;
/* An accessible. It belongs to its FvUi. */
typedef struct _FvUiNode FvUiNode;

typedef struct {
  const char *const *arguments;   /* (nullable): the program's, NULL at the end */
  const char *const *environment; /* (nullable): "NAME=VALUE", NULL at the end; they come last */
  const char *program;            /* NULL = $FOVEA */
  const char *language;           /* NULL = English; "de" */
  gboolean dark;
  int width, height;              /* of the window without its shadow; 0 = 1280 x 800, all of the usual screen */
  gboolean natural_size;          /* leave the window as large as it wants to be; width and height are not used */
  const char *home;               /* (nullable): a folder for settings, data and cache; two starts in the same one are
                                     "close and open again". NULL = a new one, removed with the FvUi */
} FvUiParams;

typedef struct {
  int x, y, width, height;
} FvUiRect;

/* Starts the program and waits until its window is up. It runs under G_DEBUG=fatal-warnings. @params: (nullable) */
FvUi             *fv_ui_start           (const FvUiParams *params);
/* Closes as a person does, by Control+Q, and checks that the program ended with exit status 0 and no warning on stderr. */
void              fv_ui_quit            (FvUi *ui);
/* Waits for an end that the test brought about by other means (a closed window), and checks the same. */
void              fv_ui_wait_end        (FvUi *ui);
/* SIGKILL, and waits for the end. */
void              fv_ui_kill            (FvUi *ui);
/* Kills what still runs, and frees. */
void              fv_ui_free            (FvUi *ui);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvUi, fv_ui_free)

/* (transfer none): how the program says that in its language, without the mark of a mnemonic. */
const char       *fv_ui_text            (FvUi *ui, const char *english);
GPid              fv_ui_get_pid         (FvUi *ui);
/* (transfer none): the program's $HOME: the folder of FvUiParams, or the one made for this FvUi. */
const char       *fv_ui_get_home        (FvUi *ui);
/* (transfer none): what the program has on stderr so far; valid until the next call. */
const char       *fv_ui_get_stderr      (FvUi *ui);
/* Waits of the calls that follow last up to @seconds; 0 = FV_UI_PATIENCE again. */
void              fv_ui_set_patience    (FvUi *ui, double seconds);
/* From now on everything is looked for within that accessible; role and name NULL: everywhere again. */
void              fv_ui_within          (FvUi *ui, const char *role, const char *name);

/* Finding. */
FvUiNode         *fv_ui_wait            (FvUi *ui, const char *role, const char *name);
void              fv_ui_wait_gone       (FvUi *ui, const char *role, const char *name);
/* (nullable): at once, without waiting. */
FvUiNode         *fv_ui_find            (FvUi *ui, const char *role, const char *name);
gboolean          fv_ui_has             (FvUi *ui, const char *role, const char *name);
guint             fv_ui_count           (FvUi *ui, const char *role, const char *name);
/* (transfer full): the names of all that match, in the order of the tree. */
GStrv             fv_ui_get_names       (FvUi *ui, const char *role, const char *name);

/* Pointer. What is scrolled out of sight is scrolled into it first. */
void              fv_ui_click           (FvUi *ui, const char *role, const char *name);
void              fv_ui_click_at        (FvUi *ui, const char *role, const char *name, double fx, double fy);
void              fv_ui_double_click    (FvUi *ui, const char *role, const char *name);
void              fv_ui_right_click     (FvUi *ui, const char *role, const char *name);
/* Moves the pointer there, for what shows under it. */
void              fv_ui_hover           (FvUi *ui, const char *role, const char *name, double fx, double fy);
void              fv_ui_drag            (FvUi *ui, const char *role, const char *name, double fx0, double fy0,
                                         double fx1, double fy1);
/* Turns the wheel over a place; @clicks < 0 = up (zooming in where the wheel zooms), > 0 = down. */
void              fv_ui_scroll          (FvUi *ui, const char *role, const char *name, double fx, double fy, int clicks);
/* The same with keys held down, such as "<Control>". */
void              fv_ui_scroll_with     (FvUi *ui, const char *keys, const char *role, const char *name, double fx,
                                         double fy, int clicks);
/* The primary button down, held and up anywhere on the screen, for gestures that the calls above don't make. */
void              fv_ui_pointer_move    (FvUi *ui, double x, double y);
void              fv_ui_pointer_press   (FvUi *ui, guint button);
void              fv_ui_pointer_release (FvUi *ui, guint button);
/* Drags a file or folder of that absolute path from another program and drops it on the accessible's middle. */
void              fv_ui_drop_file       (FvUi *ui, const char *role, const char *name, const char *path);

/* Drags a slider's handle from where it is to @fraction of its range, by the pointer. */
void              fv_ui_drag_slider     (FvUi *ui, const char *name, double fraction);
/* The value itself, of a slider or a spin button, as assistive technologies set it. */
void              fv_ui_set_value       (FvUi *ui, const char *role, const char *name, double value);

/* Keys. */
/* "<Control>o", "<Alt>1", "Tab", "<Shift>Tab", "Return", "space", "F1": GTK's way to write accelerators. */
void              fv_ui_key             (FvUi *ui, const char *accelerator);
/* Types text, UTF-8, where the focus is. */
void              fv_ui_type            (FvUi *ui, const char *text);
/* Clicks into an entry, and types the text in place of what is there. */
void              fv_ui_fill            (FvUi *ui, const char *name, const char *text);
/* Presses Tab (Shift+Tab) until the focus is on that accessible; fails where it comes round without. */
void              fv_ui_tab_to          (FvUi *ui, const char *role, const char *name);
/* (transfer full) (nullable): "role: name" of what has the focus. */
char             *fv_ui_get_focus       (FvUi *ui);

/*
 * GTK's file chooser, open in the program: types the absolute path and accepts. For a folder or a file to open, and for
 * the file to save to.
 */
void              fv_ui_choose_file     (FvUi *ui, const char *path);

/* Reading. */
double            fv_ui_get_value       (FvUi *ui, const char *role, const char *name);
/* (transfer full): "" where there is none. */
char             *fv_ui_get_text        (FvUi *ui, const char *role, const char *name);
char             *fv_ui_get_name        (FvUi *ui, const char *role, const char *name);
char             *fv_ui_get_description (FvUi *ui, const char *role, const char *name);
/* "checked", "enabled", "focused", "selected", "expanded", "pressed", …: AT-SPI's names of states. */
gboolean          fv_ui_has_state       (FvUi *ui, const char *role, const char *name, const char *state);
FvUiRect          fv_ui_get_extents     (FvUi *ui, const char *role, const char *name);
FvUiRect          fv_ui_get_window      (FvUi *ui);

/* Waits for what an accessible says. The description may have “*”. */
void              fv_ui_wait_description (FvUi *ui, const char *role, const char *name, const char *description);
void              fv_ui_wait_value      (FvUi *ui, const char *role, const char *name, double value, double tolerance);
void              fv_ui_wait_state      (FvUi *ui, const char *role, const char *name, const char *state, gboolean is);
/* Waits until the pixels of the window (@rect nullable) have stayed as they are for 0.3 s. */
void              fv_ui_settle          (FvUi *ui, const FvUiRect *rect);

/* Waits for any condition, an expression that is looked at again and again. */
#define fv_ui_until(ui, condition) \
  for (FvUiWaiting fv_ui_waiting_ = fv_ui_waiting_begin (ui, #condition, G_STRLOC); \
       !(condition) && fv_ui_waiting_next (&fv_ui_waiting_);) \
    ;

/* Pixels, as they are on the screen. @rect: (nullable) = the window. */
cairo_surface_t  *fv_ui_grab            (FvUi *ui, const FvUiRect *rect);
/* (transfer full): a checksum of them. */
char             *fv_ui_hash            (FvUi *ui, const FvUiRect *rect);
/* How many are of that colour, 0xrrggbb, each channel within @tolerance of it. */
guint             fv_ui_count_colour    (FvUi *ui, const FvUiRect *rect, guint32 colour, guint tolerance);
/* A picture of the window, @name such as "pictures-de-dark-800.png", in $FOVEA_TEST_ARTIFACTS; nothing without that. */
void              fv_ui_screenshot      (FvUi *ui, const char *name);

/* Ends the test as failed, with the screenshot and the tree. */
void              fv_ui_fail            (FvUi *ui, const char *format, ...) G_GNUC_PRINTF (2, 3) G_GNUC_NORETURN;

/* All that shows, in the order of the tree (within what fv_ui_within() says). Strings live as long as the process. */
typedef struct {
  FvUiNode *node;
  guint depth;
  const char *role, *name, *description; /* "" where there is none */
  guint64 states;            /* a bit for each of AT-SPI's states */
  gboolean focusable;
  FvUiRect rect;
} FvUiTreeItem;
typedef GArray FvUiTree;     /* of FvUiTreeItem */
FvUiTree         *fv_ui_read_tree       (FvUi *ui);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvUiTree, g_array_unref)
/* Writes the accessible tree to stderr: role, name, states, place. For writing tests. */
void              fv_ui_print_tree      (FvUi *ui);

/* What fv_ui_until() needs. */
typedef struct {
  FvUi *ui;
  const char *what, *place;
  gint64 end;
} FvUiWaiting;
FvUiWaiting       fv_ui_waiting_begin   (FvUi *ui, const char *what, const char *place);
gboolean          fv_ui_waiting_next    (FvUiWaiting *waiting);

G_END_DECLS

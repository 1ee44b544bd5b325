/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <X11/Xlib.h>
#include <gio/gio.h>
#include <math.h>

#include "tests/e2e/fv-ui-driver.h"

G_BEGIN_DECLS

/* What the files of the driver share. */

/* An accessible. There is one for each path, as long as its FvUi lives. */
struct _FvUiNode {
  char *path;                /* its object on the bus */
  FvUiNode *parent;          /* (nullable): NULL for the program itself */
  const char *role;          /* (nullable): AT-SPI's name, interned; NULL until it was asked for */
  GPtrArray *children;       /* (nullable): only while a tree is read */
  gboolean was_asked, is_popover_content;
};

struct _FvUi {
  GPid pid;
  gboolean ended;
  int status;                /* of the end, as waitpid() says it */
  char *language, *home;
  gboolean own_home;
  char *stderr_path, *stderr_text;
  double patience;

  GDBusConnection *bus;      /* that of accessibility */
  char *bus_name;            /* the program's */
  GHashTable *nodes;         /* path -> FvUiNode */
  FvUiNode *app;             /* (nullable): NULL until it is found */
  FvUiNode *within;          /* (nullable) */

  Display *x;
  double pointer_x, pointer_y;
  double click_x, click_y;   /* the last click, and when: two at one place would be a double click */
  gint64 click_time;
};

/* fv-ui-bus.c */
void        fv_ui_bus_open           (FvUi *ui);
/* Sets the program's name on the bus and its root, once it is there. */
gboolean    fv_ui_bus_find_program   (FvUi *ui);
FvUiNode   *fv_ui_node_get           (FvUi *ui, const char *path, FvUiNode *parent);
void        fv_ui_node_free          (gpointer data);
/*
 * The same method of many accessibles. @interface without "org.a11y.atspi.", or whole. The replies are (nullable), NULL
 * where an accessible has gone or has no such method; free them by fv_ui_bus_replies_free().
 */
GPtrArray  *fv_ui_bus_call           (FvUi *ui, FvUiNode *const *nodes, guint n, const char *interface, const char *method,
                                      GVariant *arguments, const char *type);
/* With arguments of each one's own. */
GPtrArray  *fv_ui_bus_call_each      (FvUi *ui, FvUiNode *const *nodes, guint n, const char *interface, const char *method,
                                      GVariant *const *arguments, const char *type);
void        fv_ui_bus_replies_free   (GPtrArray *replies);
GVariant   *fv_ui_bus_call_one       (FvUi *ui, FvUiNode *node, const char *interface, const char *method,
                                      GVariant *arguments, const char *type);
/* A property of many: "" where there is none. */
GStrv       fv_ui_bus_get_strings    (FvUi *ui, FvUiNode *const *nodes, guint n, const char *interface,
                                      const char *property);
/* NAN where there is none. */
double      fv_ui_bus_get_number     (FvUi *ui, FvUiNode *node, const char *interface, const char *property);
gboolean    fv_ui_bus_set_number     (FvUi *ui, FvUiNode *node, const char *interface, const char *property, double value);

/* fv-ui-roles.c */
const char *fv_ui_role_name          (guint role);
/* @wanted: (nullable): a role of a test. */
gboolean    fv_ui_role_matches       (const char *wanted, const char *role);
guint64     fv_ui_state_bit          (FvUi *ui, const char *name);

/* fv-ui-tree.c */
/* (nullable): the top-level window that the accessible is in. */
FvUiNode   *fv_ui_top_of             (FvUi *ui, FvUiNode *node);
/* Its rectangle within its top-level window; FALSE where it has none. */
gboolean    fv_ui_node_place         (FvUi *ui, FvUiNode *node, FvUiRect *rect);
gboolean    fv_ui_node_shows         (FvUi *ui, FvUiNode *node);
/* (nullable): what has the focus. */
FvUiNode   *fv_ui_find_focus         (FvUi *ui);
/* @node is @ancestor or in it. */
gboolean    fv_ui_node_is_in         (FvUiNode *node, FvUiNode *ancestor);
/* (transfer full): the name without a mnemonic. */
char       *fv_ui_node_get_name      (FvUi *ui, FvUiNode *node);

/* fv-ui-screen.c */
/* (nullable): the popover that the accessible is, or is in. */
FvUiNode   *fv_ui_popover_of         (FvUi *ui, FvUiNode *node);
/* FALSE where it has no place on the screen. */
gboolean    fv_ui_node_extents       (FvUi *ui, FvUiNode *node, FvUiRect *rect);
/* What can be pointed at: the extents less what an ancestor cuts off. */
gboolean    fv_ui_node_in_sight      (FvUi *ui, FvUiNode *node, FvUiRect *rect);
/* Before the program starts: see there. */
void        fv_ui_allow_shadows      (FvUi *ui);
/* Makes the window as large as asked. */
void        fv_ui_resize             (FvUi *ui, int width, int height);
/* (transfer full): X windows of the program that show; windows of its own, or the pop-ups of those. */
GArray     *fv_ui_x_windows          (FvUi *ui, gboolean popups);
FvUiRect    fv_ui_x_rect             (FvUi *ui, Window window);

/* fv-ui-input.c */
void        fv_ui_key_press          (FvUi *ui, const char *accelerator, gboolean down);

/* fv-ui-driver.c */
/* Lets events arrive and be dealt with. */
void        fv_ui_breathe            (FvUi *ui, guint milliseconds);
/* TRUE once the program has ended. */
gboolean    fv_ui_check_end          (FvUi *ui);

G_END_DECLS

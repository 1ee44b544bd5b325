/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <X11/Xlib.h>

#include "tests/e2e/fv-ui-driver.h"

G_BEGIN_DECLS

/* What the files of the driver share. */
struct _FvUi {
  GPid pid;
  gboolean ended;
  int status;                /* of the end, as waitpid() says it */
  char *home;
  gboolean own_home;
  char *stderr_path, *stderr_text;
  double patience;

  AtspiAccessible *app;
  AtspiAccessible *within;   /* (nullable) */
  GPtrArray *kept;           /* accessibles that were handed out */

  Display *x;
  double pointer_x, pointer_y;
  double click_x, click_y;   /* the last click, and when: two at one place would be a double click */
  gint64 click_time;
  guint spare_key;           /* how many keys were given another meaning */
};

/* libatspi's types know no g_autoptr. */
typedef AtspiAccessible FvUiNode;
typedef AtspiStateSet FvUiStates;
typedef AtspiText FvUiText;
typedef AtspiValue FvUiValue;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvUiNode, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvUiStates, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvUiText, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvUiValue, g_object_unref)

/* (nullable): the top-level window that the accessible is in. */
AtspiAccessible *fv_ui_top_of           (FvUi *ui, AtspiAccessible *node);
AtspiAccessible *fv_ui_parent_of        (AtspiAccessible *node);
gboolean         fv_ui_node_shows       (AtspiAccessible *node);
gboolean         fv_ui_node_has_state   (AtspiAccessible *node, AtspiStateType state);
/* The focus is on it, or on something in it. */
gboolean         fv_ui_node_has_focus   (AtspiAccessible *node);
/* FALSE where it has no place on the screen. */
gboolean         fv_ui_node_extents     (FvUi *ui, AtspiAccessible *node, FvUiRect *rect);
/* What can be pointed at: the extents less what an ancestor cuts off. */
gboolean         fv_ui_node_in_sight    (FvUi *ui, AtspiAccessible *node, FvUiRect *rect);
/* Lets events arrive and be dealt with. */
void             fv_ui_breathe          (FvUi *ui, guint milliseconds);
/* TRUE once the program has ended. */
gboolean         fv_ui_check_end        (FvUi *ui);
/* Before the program starts: see there. */
void             fv_ui_allow_shadows    (FvUi *ui);
/* Makes the window as large as asked. */
void             fv_ui_resize           (FvUi *ui, int width, int height);
/* (transfer full): X windows of the program that show; windows of its own, or the pop-ups of those. */
GArray          *fv_ui_x_windows        (FvUi *ui, gboolean popups);
FvUiRect         fv_ui_x_rect           (FvUi *ui, Window window);
void             fv_ui_key_press        (FvUi *ui, const char *accelerator, gboolean down);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A widget in a window of the test's own, its pixels, and what hands would do to it. */

#include <gtk/gtk.h>
#include <math.h>
#include <time.h>

/* Milliseconds that this thread has worked: what else the machine does is left out. */
static inline double
fv_test_get_work (void)
{
  struct timespec time;
  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static inline gboolean
fv_test_set_flag (gpointer flag)
{
  *(gboolean *)flag = TRUE;
  return G_SOURCE_REMOVE;
}

static inline void
fv_test_wait (guint milliseconds)
{
  gboolean over = FALSE;
  g_timeout_add (milliseconds, fv_test_set_flag, &over);
  while (!over)
    g_main_context_iteration (NULL, TRUE);
}

/* Iterates until @condition, for ten seconds at most. */
#define fv_test_wait_until(condition)                                                                                  \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    const gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;                                                  \
    while (!(condition) && g_get_monotonic_time () < end)                                                              \
      fv_test_wait (5);                                                                                                \
    g_assert_true (condition);                                                                                         \
  }                                                                                                                    \
  G_STMT_END

static inline void
fv_test_resize (GtkWidget *window, int width, int height)
{
  GtkWidget *widget = gtk_window_get_child (GTK_WINDOW (window));
  gtk_window_set_default_size (GTK_WINDOW (window), width, height);
  fv_test_wait_until (gtk_widget_get_width (widget) == width && gtk_widget_get_height (widget) == height);
}

/* (transfer full): a window that @widget fills, of this size. */
static inline GtkWidget *
fv_test_show (GtkWidget *widget, int width, int height)
{
  GtkWidget *window = gtk_window_new ();
  gtk_window_set_decorated (GTK_WINDOW (window), FALSE);
  gtk_window_set_child (GTK_WINDOW (window), widget);
  gtk_window_set_default_size (GTK_WINDOW (window), width, height);
  gtk_window_present (GTK_WINDOW (window));
  fv_test_resize (window, width, height);
  return window;
}

/* (transfer full): what the widget draws, in the window's scale, as GSK's renderer makes it. */
static inline cairo_surface_t *
fv_test_render (GtkWidget *widget)
{
  GtkSnapshot *snapshot = gtk_snapshot_new ();
  GTK_WIDGET_GET_CLASS (widget)->snapshot (widget, snapshot);
  g_autoptr (GskRenderNode) node = gtk_snapshot_free_to_node (snapshot);
  const int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, width, height);
  if (!node)
    return surface;
  GskRenderer *renderer = gtk_native_get_renderer (gtk_widget_get_native (widget));
  const graphene_rect_t bounds = GRAPHENE_RECT_INIT (0, 0, width, height);
  g_autoptr (GdkTexture) texture = gsk_renderer_render_texture (renderer, node, &bounds);
  gdk_texture_download (texture, cairo_image_surface_get_data (surface), cairo_image_surface_get_stride (surface));
  cairo_surface_mark_dirty (surface);
  return surface;
}

/* Premultiplied ARGB; 0 outside. */
static inline guint32
fv_test_get_pixel (cairo_surface_t *surface, double x, double y)
{
  if (x < 0 || y < 0 || x >= cairo_image_surface_get_width (surface) || y >= cairo_image_surface_get_height (surface))
    return 0;
  const guint8 *row = cairo_image_surface_get_data (surface) + (gsize)y * cairo_image_surface_get_stride (surface);
  return ((const guint32 *)(const void *)row)[(int)x];
}

static inline gboolean
fv_test_is_colour (guint32 pixel, double red, double green, double blue)
{
  return pixel >> 24 == 255 && fabs ((pixel >> 16 & 255) - red * 255) < 3 && fabs ((pixel >> 8 & 255) - green * 255) < 3
         && fabs ((pixel & 255) - blue * 255) < 3;
}

/* (transfer none): the widget's controller of this type. */
static inline gpointer
fv_test_get_controller (GtkWidget *widget, GType type)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (widget);
  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, i);
      if (G_TYPE_CHECK_INSTANCE_TYPE (controller, type))
        return controller;
    }
  g_assert_not_reached ();
}

/* What the widget's shortcut for this key does; returns whether it took the key. */
static inline gboolean
fv_test_press_key (GtkWidget *widget, guint key, GdkModifierType modifiers)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (widget);
  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, i);
      if (!GTK_IS_SHORTCUT_CONTROLLER (controller))
        continue;
      for (guint k = 0; k < g_list_model_get_n_items (G_LIST_MODEL (controller)); k++)
        {
          g_autoptr (GtkShortcut) shortcut = g_list_model_get_item (G_LIST_MODEL (controller), k);
          GtkShortcutTrigger *trigger = gtk_shortcut_get_trigger (shortcut);
          if (GTK_IS_KEYVAL_TRIGGER (trigger)
              && gtk_keyval_trigger_get_keyval (GTK_KEYVAL_TRIGGER (trigger)) == key
              && gtk_keyval_trigger_get_modifiers (GTK_KEYVAL_TRIGGER (trigger)) == modifiers)
            return gtk_shortcut_action_activate (gtk_shortcut_get_action (shortcut), 0, widget,
                                                 gtk_shortcut_get_arguments (shortcut));
        }
    }
  g_assert_not_reached ();
}

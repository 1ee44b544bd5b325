/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/training/fv-sidebar-layout.h"

struct _FvSidebarLayout
{
  GtkLayoutManager parent_instance;
};

G_DEFINE_FINAL_TYPE (FvSidebarLayout, fv_sidebar_layout, GTK_TYPE_LAYOUT_MANAGER)

typedef struct
{
  GtkWidget *sidebar, *bar, *content;
} Children;

static Children
get_children (GtkWidget *widget)
{
  Children children = { gtk_widget_get_first_child (widget), NULL, gtk_widget_get_last_child (widget) };
  children.bar = gtk_widget_get_next_sibling (children.sidebar);
  return children;
}

static GtkSizeRequestMode
fv_sidebar_layout_get_request_mode (GtkLayoutManager *manager, GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_CONSTANT_SIZE;
}

static void
fv_sidebar_layout_measure (GtkLayoutManager *manager, GtkWidget *widget, GtkOrientation orientation, int for_size,
                           int *minimum, int *natural, int *minimum_baseline, int *natural_baseline)
{
  const Children children = get_children (widget);
  int bar, content, usual_bar, usual_content, usual_sidebar;
  gtk_widget_measure (children.bar, orientation, -1, &bar, &usual_bar, NULL, NULL);
  gtk_widget_measure (children.content, orientation, -1, &content, &usual_content, NULL, NULL);
  gtk_widget_measure (children.sidebar, orientation, -1, NULL, &usual_sidebar, NULL, NULL);
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      *minimum = MAX (bar, content);
      *natural = usual_sidebar + usual_content;
    }
  else
    {
      *minimum = bar + content;
      *natural = usual_bar + usual_content;
    }
}

static void
fv_sidebar_layout_allocate (GtkLayoutManager *manager, GtkWidget *widget, int width, int height, int baseline)
{
  const Children children = get_children (widget);
  const gboolean wide = width >= FV_SIDEBAR_LEAST_WIDTH;
  const gboolean rtl = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  int taken = 0;
  gtk_widget_set_child_visible (children.sidebar, wide);
  gtk_widget_set_child_visible (children.bar, !wide);
  gtk_widget_measure (wide ? children.sidebar : children.bar,
                      wide ? GTK_ORIENTATION_HORIZONTAL : GTK_ORIENTATION_VERTICAL, -1, NULL, &taken, NULL, NULL);
  if (wide)
    {
      gtk_widget_size_allocate (children.sidebar, &(GtkAllocation){ rtl ? width - taken : 0, 0, taken, height }, -1);
      gtk_widget_size_allocate (children.content, &(GtkAllocation){ rtl ? 0 : taken, 0, width - taken, height }, -1);
    }
  else
    {
      gtk_widget_size_allocate (children.bar, &(GtkAllocation){ 0, 0, width, taken }, -1);
      gtk_widget_size_allocate (children.content, &(GtkAllocation){ 0, taken, width, height - taken }, -1);
    }
}

static void
fv_sidebar_layout_class_init (FvSidebarLayoutClass *klass)
{
  GtkLayoutManagerClass *manager_class = GTK_LAYOUT_MANAGER_CLASS (klass);
  manager_class->get_request_mode = fv_sidebar_layout_get_request_mode;
  manager_class->measure = fv_sidebar_layout_measure;
  manager_class->allocate = fv_sidebar_layout_allocate;
}

static void
fv_sidebar_layout_init (FvSidebarLayout *self)
{
}

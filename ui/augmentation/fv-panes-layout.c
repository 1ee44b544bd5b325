/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/augmentation/fv-panes-layout.h"

/* The side's part of the width, and its bounds in pixels. */
#define SHARE 0.42
#define LEAST 340
#define MOST 460

struct _FvPanesLayout
{
  GtkLayoutManager parent_instance;
};

G_DEFINE_FINAL_TYPE (FvPanesLayout, fv_panes_layout, GTK_TYPE_LAYOUT_MANAGER)

int
fv_panes_layout_get_side_width (int width)
{
  return width < FV_PANES_LEAST_WIDTH ? 0 : CLAMP ((int)(width * SHARE), LEAST, MOST);
}

static GtkSizeRequestMode
fv_panes_layout_get_request_mode (GtkLayoutManager *manager, GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_CONSTANT_SIZE;
}

static void
fv_panes_layout_measure (GtkLayoutManager *manager, GtkWidget *widget, GtkOrientation orientation, int for_size,
                         int *minimum, int *natural, int *minimum_baseline, int *natural_baseline)
{
  *minimum = *natural = 0;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child; child = gtk_widget_get_next_sibling (child))
    {
      int least, usual;
      gtk_widget_measure (child, orientation, -1, &least, &usual, NULL, NULL);
      *minimum = MAX (*minimum, least);
      *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? *natural + usual : MAX (*natural, usual);
    }
  /* Whatever the width: equal parts, one above the other. */
  if (orientation == GTK_ORIENTATION_VERTICAL)
    *minimum *= 2;
  *natural = MAX (*natural, *minimum);
}

static void
fv_panes_layout_allocate (GtkLayoutManager *manager, GtkWidget *widget, int width, int height, int baseline)
{
  GtkWidget *main = gtk_widget_get_first_child (widget), *side = gtk_widget_get_next_sibling (main);
  const int side_width = fv_panes_layout_get_side_width (width);
  GtkAllocation main_place = { 0, 0, width - side_width, height };
  GtkAllocation side_place = { width - side_width, 0, side_width, height };
  if (side_width == 0)
    {
      main_place.height = height / 2;
      side_place = (GtkAllocation){ 0, height / 2, width, height - height / 2 };
    }
  else if (gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL)
    {
      main_place.x = side_width;
      side_place.x = 0;
    }
  gtk_widget_size_allocate (main, &main_place, -1);
  gtk_widget_size_allocate (side, &side_place, -1);
}

static void
fv_panes_layout_class_init (FvPanesLayoutClass *klass)
{
  GtkLayoutManagerClass *manager_class = GTK_LAYOUT_MANAGER_CLASS (klass);
  manager_class->get_request_mode = fv_panes_layout_get_request_mode;
  manager_class->measure = fv_panes_layout_measure;
  manager_class->allocate = fv_panes_layout_allocate;
}

static void
fv_panes_layout_init (FvPanesLayout *self)
{
}

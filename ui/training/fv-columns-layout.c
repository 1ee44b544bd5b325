/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/training/fv-columns-layout.h"

/* Pixels: of the form at most, of the second column, and of the gap between them. */
#define FORM_WIDTH 640
#define SIDE_WIDTH 320
#define GAP 24
/* From where on they are side by side. */
#define TWO_COLUMNS 820

struct _FvColumnsLayout
{
  GtkLayoutManager parent_instance;
};

G_DEFINE_FINAL_TYPE (FvColumnsLayout, fv_columns_layout, GTK_TYPE_LAYOUT_MANAGER)

/* How wide both are. */
static void
get_widths (int width, int *form, int *side)
{
  if (width < TWO_COLUMNS)
    *form = *side = MIN (width, FORM_WIDTH);
  else
    {
      *form = MIN (width - SIDE_WIDTH - GAP, FORM_WIDTH);
      *side = SIDE_WIDTH;
    }
}

static int
get_height (GtkWidget *child, int width)
{
  int height, least;
  /* Children are never narrower than they can be. */
  gtk_widget_measure (child, GTK_ORIENTATION_HORIZONTAL, -1, &least, NULL, NULL, NULL);
  gtk_widget_measure (child, GTK_ORIENTATION_VERTICAL, MAX (width, least), &height, NULL, NULL, NULL);
  return height;
}

static GtkSizeRequestMode
fv_columns_layout_get_request_mode (GtkLayoutManager *manager, GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
fv_columns_layout_measure (GtkLayoutManager *manager, GtkWidget *widget, GtkOrientation orientation, int for_size,
                           int *minimum, int *natural, int *minimum_baseline, int *natural_baseline)
{
  GtkWidget *form = gtk_widget_get_first_child (widget), *side = gtk_widget_get_last_child (widget);
  int form_width, side_width;
  gtk_widget_measure (form, GTK_ORIENTATION_HORIZONTAL, -1, &form_width, NULL, NULL, NULL);
  gtk_widget_measure (side, GTK_ORIENTATION_HORIZONTAL, -1, &side_width, NULL, NULL, NULL);
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      *minimum = MAX (form_width, side_width);
      *natural = MAX (*minimum, FORM_WIDTH + GAP + SIDE_WIDTH);
      return;
    }
  const int width = for_size < 0 ? MAX (form_width, side_width) : for_size;
  get_widths (width, &form_width, &side_width);
  const int form_height = get_height (form, form_width), side_height = get_height (side, side_width);
  *minimum = *natural = width < TWO_COLUMNS ? form_height + GAP + side_height : MAX (form_height, side_height);
}

static void
fv_columns_layout_allocate (GtkLayoutManager *manager, GtkWidget *widget, int width, int height, int baseline)
{
  GtkWidget *form = gtk_widget_get_first_child (widget), *side = gtk_widget_get_last_child (widget);
  int form_width, side_width;
  get_widths (width, &form_width, &side_width);
  const int form_height = get_height (form, form_width), side_height = get_height (side, side_width);
  if (width < TWO_COLUMNS)
    {
      const int x = (width - form_width) / 2;
      gtk_widget_size_allocate (form, &(GtkAllocation){ x, 0, form_width, form_height }, -1);
      gtk_widget_size_allocate (side, &(GtkAllocation){ x, form_height + GAP, side_width, side_height }, -1);
      return;
    }
  const int x = (width - form_width - GAP - side_width) / 2;
  const gboolean rtl = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  const int form_x = rtl ? x + side_width + GAP : x, side_x = rtl ? x : x + form_width + GAP;
  gtk_widget_size_allocate (form, &(GtkAllocation){ form_x, 0, form_width, form_height }, -1);
  gtk_widget_size_allocate (side, &(GtkAllocation){ side_x, 0, side_width, side_height }, -1);
}

static void
fv_columns_layout_class_init (FvColumnsLayoutClass *klass)
{
  GtkLayoutManagerClass *manager_class = GTK_LAYOUT_MANAGER_CLASS (klass);
  manager_class->get_request_mode = fv_columns_layout_get_request_mode;
  manager_class->measure = fv_columns_layout_measure;
  manager_class->allocate = fv_columns_layout_allocate;
}

static void
fv_columns_layout_init (FvColumnsLayout *self)
{
}

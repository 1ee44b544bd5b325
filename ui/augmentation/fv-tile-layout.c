/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/augmentation/fv-tile-layout.h"

#define LEAST_SIDE 48
#define USUAL_SIDE 240

struct _FvTileLayout
{
  GtkLayoutManager parent_instance;
};

G_DEFINE_FINAL_TYPE (FvTileLayout, fv_tile_layout, GTK_TYPE_LAYOUT_MANAGER)

static guint
count_tiles (GtkWidget *widget)
{
  guint n = 0;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child; child = gtk_widget_get_next_sibling (child))
    n += gtk_widget_should_layout (child);
  return n;
}

/* Of that many tiles side by side. */
static int
extent (int n, int side)
{
  return n * side + (n - 1) * FV_TILE_SPACING;
}

guint
fv_tile_layout_fit (guint n, int width, int height, int *side)
{
  guint best = 1;
  *side = 0;
  for (guint columns = 1; columns <= n; columns++)
    {
      const int rows = (int)((n + columns - 1) / columns);
      const int across = (width - ((int)columns - 1) * FV_TILE_SPACING) / (int)columns;
      const int down = (height - (rows - 1) * FV_TILE_SPACING) / rows;
      if (MIN (across, down) > *side)
        {
          *side = MIN (across, down);
          best = columns;
        }
    }
  return best;
}

static GtkSizeRequestMode
fv_tile_layout_get_request_mode (GtkLayoutManager *manager, GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_CONSTANT_SIZE;
}

static void
fv_tile_layout_measure (GtkLayoutManager *manager, GtkWidget *widget, GtkOrientation orientation, int for_size,
                        int *minimum, int *natural, int *minimum_baseline, int *natural_baseline)
{
  const guint n = count_tiles (widget);
  *minimum = n > 0 ? extent (MIN (n, 2), LEAST_SIDE) : 0;
  *natural = n > 0 ? extent (MIN (n, 2), USUAL_SIDE) : 0;
}

static void
fv_tile_layout_allocate (GtkLayoutManager *manager, GtkWidget *widget, int width, int height, int baseline)
{
  const guint n = count_tiles (widget);
  int side;
  if (n == 0)
    return;
  const guint columns = fv_tile_layout_fit (n, width, height, &side), rows = (n + columns - 1) / columns;
  const int left = (width - extent ((int)columns, side)) / 2, top = (height - extent ((int)rows, side)) / 2;
  const gboolean mirrored = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  guint i = 0;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child; child = gtk_widget_get_next_sibling (child))
    {
      if (!gtk_widget_should_layout (child))
        continue;
      const int column = mirrored ? (int)(columns - 1 - i % columns) : (int)(i % columns), row = (int)(i / columns);
      const GtkAllocation place = {
        left + column * (side + FV_TILE_SPACING),
        top + row * (side + FV_TILE_SPACING),
        MAX (side, 0),
        MAX (side, 0),
      };
      /* GTK wants to be asked before it is told. */
      gtk_widget_measure (child, GTK_ORIENTATION_HORIZONTAL, -1, NULL, NULL, NULL, NULL);
      gtk_widget_size_allocate (child, &place, -1);
      i++;
    }
}

static void
fv_tile_layout_class_init (FvTileLayoutClass *klass)
{
  GtkLayoutManagerClass *manager_class = GTK_LAYOUT_MANAGER_CLASS (klass);
  manager_class->get_request_mode = fv_tile_layout_get_request_mode;
  manager_class->measure = fv_tile_layout_measure;
  manager_class->allocate = fv_tile_layout_allocate;
}

static void
fv_tile_layout_init (FvTileLayout *self)
{
}

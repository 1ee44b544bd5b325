/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/pictures/fv-picture-cell.h"

#include "ui/widgets/fv-box-canvas.h"

struct _FvPictureCell
{
  GtkWidget parent_instance;
  GtkWidget *content, *missing;
  FvBoxCanvas *canvas;
  GtkLabel *name, *subset;

  FvPictureLoader *loader;
  FvPictureItem *item;
  GCancellable *loading;
};

G_DEFINE_FINAL_TYPE (FvPictureCell, fv_picture_cell, GTK_TYPE_WIDGET)

double
fv_picture_cell_rank (gpointer cell)
{
  GtkWidget *widget = cell;
  GtkWidget *scrolled = gtk_widget_get_ancestor (widget, GTK_TYPE_SCROLLED_WINDOW);
  graphene_rect_t bounds;
  if (scrolled == NULL || !gtk_widget_get_mapped (widget) || !gtk_widget_compute_bounds (widget, scrolled, &bounds))
    return G_MAXDOUBLE;
  const double top = bounds.origin.y, bottom = top + bounds.size.height;
  return MAX (0, MAX (-bottom, top - gtk_widget_get_height (scrolled)));
}

static void
show_picture (FvPictureCell *self, FvPicture *picture)
{
  const FvItem *item = fv_picture_item_get (self->item);
  g_autofree FvDrawBox *boxes = fv_picture_item_get_boxes (self->item, picture->width, picture->height);
  fv_box_canvas_set_picture (self->canvas, picture);
  fv_box_canvas_set_boxes (self->canvas, boxes, item->boxes->len,
                           (const char *const *)fv_picture_item_get_dataset (self->item)->class_names);
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FvPictureCell) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (FvPicture) picture = fv_picture_loader_load_finish (FV_PICTURE_LOADER (source), result, &error);
  /* Another item may have come in the meantime. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      || g_task_get_cancellable (G_TASK (result)) != self->loading)
    return;
  g_clear_object (&self->loading);
  gtk_widget_set_visible (self->missing, picture == NULL);
  if (picture != NULL)
    show_picture (self, picture);
}

FvPictureItem *
fv_picture_cell_get_item (FvPictureCell *self)
{
  return self->item;
}

void
fv_picture_cell_set_item (FvPictureCell *self, FvPictureItem *item)
{
  if (self->item == item)
    return;
  g_cancellable_cancel (self->loading);
  g_clear_object (&self->loading);
  g_set_object (&self->item, item);
  fv_box_canvas_set_picture (self->canvas, NULL);
  gtk_widget_set_visible (self->missing, FALSE);
  if (item == NULL)
    return;

  const FvItem *row = fv_picture_item_get (item);
  FvPicture *picture = fv_picture_loader_lookup (self->loader, row->path, &row->reading, row->hash);
  gtk_label_set_label (self->name, fv_picture_item_get_title (item));
  gtk_widget_set_tooltip_text (GTK_WIDGET (self), row->name);
  gtk_label_set_label (self->subset, fv_subset_get_title (row->subset));
  if (picture != NULL)
    {
      show_picture (self, picture);
      return;
    }
  self->loading = g_cancellable_new ();
  fv_picture_loader_load_async (self->loader, row->path, &row->reading, row->hash, FV_PICTURE_CELL_THUMBNAIL, self,
                                self->loading, on_loaded, g_object_ref (self));
}

static void
fv_picture_cell_dispose (GObject *object)
{
  FvPictureCell *self = FV_PICTURE_CELL (object);
  g_cancellable_cancel (self->loading);
  g_clear_object (&self->loading);
  g_clear_object (&self->item);
  g_clear_object (&self->loader);
  g_clear_pointer (&self->content, gtk_widget_unparent);
  G_OBJECT_CLASS (fv_picture_cell_parent_class)->dispose (object);
}

static void
fv_picture_cell_class_init (FvPictureCellClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = fv_picture_cell_dispose;
  g_type_ensure (FV_TYPE_BOX_CANVAS);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/pictures/fv-picture-cell.ui");
  gtk_widget_class_bind_template_child (widget_class, FvPictureCell, content);
  gtk_widget_class_bind_template_child (widget_class, FvPictureCell, canvas);
  gtk_widget_class_bind_template_child (widget_class, FvPictureCell, missing);
  gtk_widget_class_bind_template_child (widget_class, FvPictureCell, name);
  gtk_widget_class_bind_template_child (widget_class, FvPictureCell, subset);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_css_name (widget_class, "picturecell");
}

static void
fv_picture_cell_init (FvPictureCell *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
fv_picture_cell_new (FvPictureLoader *loader)
{
  FvPictureCell *self = g_object_new (FV_TYPE_PICTURE_CELL, NULL);
  self->loader = g_object_ref (loader);
  return GTK_WIDGET (self);
}

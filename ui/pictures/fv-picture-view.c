/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/pictures/fv-picture-view.h"

#include "ui/fv-i18n.h"
#include "ui/pictures/fv-box-sidebar.h"
#include "ui/pictures/fv-picture-loader.h"
#include "ui/widgets/fv-box-canvas.h"

#include <math.h>

#define KEPT_BYTES (256 << 20)
/* Beyond this side a picture is shown smaller than it is: neither screens nor Cairo have use for more. */
#define MAX_SIDE 16384
/* Windows narrower than this, in pixels, have no room for the list of boxes. */
#define SIDEBAR_WIDTH 720
/* The old picture stays until then; only a slow one is waited for visibly. */
#define PATIENCE_MS 250

struct _FvPictureView
{
  AdwBin parent_instance;
  GtkLabel *name, *details;
  GtkButton *zoom;
  GtkStack *stack;
  FvBoxCanvas *canvas;
  AdwStatusPage *unreadable;
  GtkSpinner *spinner;
  GtkWidget *previous, *next;
  GtkToggleButton *sidebar_button;
  FvBoxSidebar *sidebar;

  FvPictureList *list;
  FvPictureLoader *loader;
  FvPictureItem *item;
  guint position;
  GCancellable *loading;
  guint patience;
  gboolean narrow, sidebar_wanted;
};

G_DEFINE_FINAL_TYPE (FvPictureView, fv_picture_view, ADW_TYPE_BIN)

enum
{
  CLOSE,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

guint
fv_picture_view_get_position (FvPictureView *self)
{
  return self->position;
}

static guint
max_side_of (const FvItem *item)
{
  return MAX (item->width, item->height) > MAX_SIDE ? MAX_SIDE : 0;
}

/* The neighbours are what a person looks at next. */
static void
decode_ahead (FvPictureView *self)
{
  const guint neighbours[] = { self->position + 1, self->position - 1 };
  for (guint i = 0; i < G_N_ELEMENTS (neighbours); i++)
    {
      g_autoptr (FvPictureItem) item = g_list_model_get_item (G_LIST_MODEL (self->list), neighbours[i]);
      if (item == NULL)
        continue;
      const FvItem *row = fv_picture_item_get (item);
      fv_picture_loader_load_async (self->loader, row->path, &row->reading, row->hash, max_side_of (row), NULL,
                                    self->loading, NULL, NULL);
    }
}

static void
stop_waiting (FvPictureView *self)
{
  g_clear_handle_id (&self->patience, g_source_remove);
  gtk_spinner_stop (self->spinner);
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), FALSE);
}

static void
show_picture (FvPictureView *self, FvPicture *picture)
{
  g_autofree FvDrawBox *boxes = fv_picture_item_get_boxes (self->item, picture->width, picture->height);
  fv_box_canvas_set_picture (self->canvas, picture);
  fv_box_canvas_set_boxes (self->canvas, boxes, fv_picture_item_get (self->item)->boxes->len,
                           (const char *const *)fv_picture_item_get_dataset (self->item)->class_names);
  stop_waiting (self);
  gtk_stack_set_visible_child_name (self->stack, "picture");
  decode_ahead (self);
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FvPictureView) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (FvPicture) picture = fv_picture_loader_load_finish (FV_PICTURE_LOADER (source), result, &error);
  if (g_task_get_cancellable (G_TASK (result)) != self->loading || self->loading == NULL
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (picture != NULL)
    {
      show_picture (self, picture);
      return;
    }
  stop_waiting (self);
  fv_box_canvas_set_picture (self->canvas, NULL);
  /* The status page reads its description as markup. */
  g_autofree char *markup = g_markup_escape_text (error->message, -1);
  adw_status_page_set_description (self->unreadable, markup);
  gtk_stack_set_visible_child_name (self->stack, "unreadable");
  decode_ahead (self);
}

static gboolean
lose_patience_cb (gpointer data)
{
  FvPictureView *self = data;
  self->patience = 0;
  fv_box_canvas_set_picture (self->canvas, NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), TRUE);
  gtk_spinner_start (self->spinner);
  return G_SOURCE_REMOVE;
}

static void
load (FvPictureView *self)
{
  const FvItem *row = fv_picture_item_get (self->item);
  FvPicture *picture = fv_picture_loader_lookup (self->loader, row->path, &row->reading, row->hash);
  self->loading = g_cancellable_new ();
  if (picture != NULL)
    {
      show_picture (self, picture);
      return;
    }
  self->patience = g_timeout_add (PATIENCE_MS, lose_patience_cb, self);
  fv_picture_loader_load_async (self->loader, row->path, &row->reading, row->hash, max_side_of (row), NULL,
                                self->loading, on_loaded, g_object_ref (self));
}

/* A button that can't be pressed any more must not take the keys with it. */
static void
set_enabled (FvPictureView *self, const char *action, GtkWidget *button, gboolean enabled)
{
  if (!enabled && gtk_widget_is_focus (button))
    gtk_widget_grab_focus (GTK_WIDGET (self->canvas));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), action, enabled);
}

void
fv_picture_view_show_position (FvPictureView *self, guint position)
{
  g_autoptr (FvPictureItem) item = NULL;
  const guint n = self->list != NULL ? g_list_model_get_n_items (G_LIST_MODEL (self->list)) : 0;
  if (position < n)
    item = g_list_model_get_item (G_LIST_MODEL (self->list), position);
  g_cancellable_cancel (self->loading);
  g_clear_object (&self->loading);
  stop_waiting (self);
  self->position = item != NULL ? position : GTK_INVALID_LIST_POSITION;
  g_set_object (&self->item, item);
  fv_box_sidebar_set_picture (self->sidebar, item);
  set_enabled (self, "picture.previous", self->previous, item != NULL && position > 0);
  set_enabled (self, "picture.next", self->next, item != NULL && position + 1 < n);
  if (item == NULL)
    {
      fv_box_canvas_set_picture (self->canvas, NULL);
      fv_picture_loader_forget (self->loader);
      return;
    }

  const FvItem *row = fv_picture_item_get (item);
  const char *title = fv_picture_item_get_title (item);
  g_autofree char *details
      /* Translators: place of the picture among those shown, how many these are, its subset, its width and height. */
      = g_strdup_printf (_ ("%u of %u · %s · %u × %u"), position + 1, n, fv_subset_get_title (row->subset), row->width,
                         row->height);
  gtk_label_set_label (self->name, title);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->name), row->path);
  gtk_label_set_label (self->details, details);
  fv_box_canvas_set_picture_name (self->canvas, title);
  load (self);
}

void
fv_picture_view_focus_picture (FvPictureView *self)
{
  gtk_widget_grab_focus (GTK_WIDGET (self->canvas));
}

void
fv_picture_view_set_list (FvPictureView *self, FvPictureList *list)
{
  g_set_object (&self->list, list);
}

static void
on_zoom_changed (FvPictureView *self)
{
  const double zoom = fv_box_canvas_get_shown_zoom (self->canvas);
  /* Translators: the zoom of a picture in per cent. */
  g_autofree char *text = zoom > 0 ? g_strdup_printf (C_ ("zoom", "%.0f %%"), round (zoom * 100)) : g_strdup ("–");
  gtk_button_set_label (self->zoom, text);
}

/* Actions. */

static void
step (FvPictureView *self, int by)
{
  const guint n = self->list != NULL ? g_list_model_get_n_items (G_LIST_MODEL (self->list)) : 0;
  const gint64 to = (gint64)self->position + by;
  if (self->item != NULL && to >= 0 && to < n)
    fv_picture_view_show_position (self, (guint)to);
}

static void
step_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  step (FV_PICTURE_VIEW (widget), g_str_equal (name, "picture.next") ? 1 : -1);
}

/* The arrow keys go nowhere else at the ends of the list. */
static gboolean
on_arrow_key (GtkWidget *widget, GVariant *by, gpointer data)
{
  step (FV_PICTURE_VIEW (widget), g_variant_get_int32 (by));
  return TRUE;
}

static void
close_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  g_signal_emit (widget, signals[CLOSE], 0);
}

/* The canvas knows how; its actions are out of the reach of buttons beside it. */
static void
zoom_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  g_autofree char *action = g_strconcat ("canvas.", name + strlen ("picture."), NULL);
  gtk_widget_activate_action_variant (GTK_WIDGET (FV_PICTURE_VIEW (widget)->canvas), action, NULL);
}

/* The list of boxes makes room for the picture where there is little. */

static void
adapt (FvPictureView *self)
{
  GtkWidget *root = GTK_WIDGET (gtk_widget_get_root (GTK_WIDGET (self)));
  const gboolean narrow = gtk_widget_get_width (root) > 0 && gtk_widget_get_width (root) < SIDEBAR_WIDTH;
  if (narrow == self->narrow)
    return;
  if (narrow)
    self->sidebar_wanted = gtk_toggle_button_get_active (self->sidebar_button);
  self->narrow = narrow;
  gtk_toggle_button_set_active (self->sidebar_button, !narrow && self->sidebar_wanted);
}

static gboolean
adapt_cb (gpointer data)
{
  if (gtk_widget_get_mapped (GTK_WIDGET (data)))
    adapt (FV_PICTURE_VIEW (data));
  return G_SOURCE_REMOVE;
}

/* Outside of the layout in which the new width became known. */
static void
on_width_changed (FvPictureView *self)
{
  g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, adapt_cb, g_object_ref (self), g_object_unref);
}

static void
fv_picture_view_realize (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (fv_picture_view_parent_class)->realize (widget);
  g_signal_connect_object (gtk_native_get_surface (gtk_widget_get_native (widget)), "notify::width",
                           G_CALLBACK (on_width_changed), widget, G_CONNECT_SWAPPED);
}

static void
fv_picture_view_map (GtkWidget *widget)
{
  adapt (FV_PICTURE_VIEW (widget));
  GTK_WIDGET_CLASS (fv_picture_view_parent_class)->map (widget);
}

static void
fv_picture_view_dispose (GObject *object)
{
  FvPictureView *self = FV_PICTURE_VIEW (object);
  g_clear_handle_id (&self->patience, g_source_remove);
  g_cancellable_cancel (self->loading);
  g_clear_object (&self->loading);
  g_clear_object (&self->item);
  g_clear_object (&self->list);
  g_clear_object (&self->loader);
  G_OBJECT_CLASS (fv_picture_view_parent_class)->dispose (object);
}

static void
fv_picture_view_class_init (FvPictureViewClass *klass)
{
  static const struct
  {
    guint key;
    const char *action;
  } keys[] = {
    { GDK_KEY_Escape, "picture.close" },         { GDK_KEY_BackSpace, "picture.close" },
    { GDK_KEY_plus, "picture.zoom-in" },         { GDK_KEY_KP_Add, "picture.zoom-in" },
    { GDK_KEY_equal, "picture.zoom-in" },        { GDK_KEY_minus, "picture.zoom-out" },
    { GDK_KEY_KP_Subtract, "picture.zoom-out" }, { GDK_KEY_0, "picture.zoom-fit" },
    { GDK_KEY_KP_0, "picture.zoom-fit" },        { GDK_KEY_1, "picture.zoom-one" },
    { GDK_KEY_KP_1, "picture.zoom-one" },
  };
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = fv_picture_view_dispose;
  widget_class->realize = fv_picture_view_realize;
  widget_class->map = fv_picture_view_map;
  g_type_ensure (FV_TYPE_BOX_CANVAS);
  g_type_ensure (FV_TYPE_BOX_SIDEBAR);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/pictures/fv-picture-view.ui");
  gtk_widget_class_bind_template_child (widget_class, FvPictureView, name);
  gtk_widget_class_bind_template_child (widget_class, FvPictureView, details);
  gtk_widget_class_bind_template_child (widget_class, FvPictureView, zoom);
  gtk_widget_class_bind_template_child (widget_class, FvPictureView, stack);
  gtk_widget_class_bind_template_child (widget_class, FvPictureView, canvas);
  gtk_widget_class_bind_template_child (widget_class, FvPictureView, unreadable);
  gtk_widget_class_bind_template_child (widget_class, FvPictureView, spinner);
  gtk_widget_class_bind_template_child (widget_class, FvPictureView, previous);
  gtk_widget_class_bind_template_child (widget_class, FvPictureView, next);
  gtk_widget_class_bind_template_child (widget_class, FvPictureView, sidebar_button);
  gtk_widget_class_bind_template_child (widget_class, FvPictureView, sidebar);
  gtk_widget_class_bind_template_callback (widget_class, on_zoom_changed);

  gtk_widget_class_install_action (widget_class, "picture.close", NULL, close_action);
  gtk_widget_class_install_action (widget_class, "picture.previous", NULL, step_action);
  gtk_widget_class_install_action (widget_class, "picture.next", NULL, step_action);
  gtk_widget_class_install_action (widget_class, "picture.zoom-in", NULL, zoom_action);
  gtk_widget_class_install_action (widget_class, "picture.zoom-out", NULL, zoom_action);
  gtk_widget_class_install_action (widget_class, "picture.zoom-fit", NULL, zoom_action);
  gtk_widget_class_install_action (widget_class, "picture.zoom-one", NULL, zoom_action);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Left, 0, on_arrow_key, "i", -1);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Right, 0, on_arrow_key, "i", 1);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    gtk_widget_class_add_binding_action (widget_class, keys[i].key, 0, keys[i].action, NULL);

  signals[CLOSE] = g_signal_new ("close", FV_TYPE_PICTURE_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
fv_picture_view_init (FvPictureView *self)
{
  self->position = GTK_INVALID_LIST_POSITION;
  self->loader = fv_picture_loader_new (KEPT_BYTES, 2);
  gtk_widget_init_template (GTK_WIDGET (self));
  on_zoom_changed (self);
}

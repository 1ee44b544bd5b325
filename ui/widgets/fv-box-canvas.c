/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/widgets/fv-box-canvas.h"

#include "app/drawing/fv-view.h"
#include "ui/fv-i18n.h"
#include "ui/widgets/fv-box-canvas-content.h"
#include "ui/widgets/fv-box-canvas-input.h"

/* Pixels of a picture that is made ready at once; a larger one would hold up the window for more than a few milliseconds. */
#define MAX_AREA_AT_ONCE 1000000
/* Boxes are hit a little outside, too. */
#define PICK_MARGIN 3
#define KEY_FACTOR 1.25

struct _FvBoxCanvas
{
  GtkWidget parent_instance;
  char *picture_name;
  FvCanvasContent shown;
  FvCanvasContent next; /* takes the place of @shown once its pyramid is there; no picture: nothing is under way */
  GCancellable *loading;
  FvView view;
  gboolean show_labels, show_boxes, interactive;
  int highlighted;
  /* What was drawn last, until it is no longer right. */
  GskRenderNode *picture_node, *boxes_node;
  guint notify_source;
};

G_DEFINE_FINAL_TYPE (FvBoxCanvas, fv_box_canvas, GTK_TYPE_WIDGET)

enum
{
  PROP_PICTURE_NAME = 1,
  PROP_ZOOM,
  PROP_SHOWN_ZOOM,
  PROP_SHOW_LABELS,
  PROP_SHOW_BOXES,
  PROP_INTERACTIVE,
  PROP_HIGHLIGHTED,
  N_PROPS,
};
static GParamSpec *props[N_PROPS];

static void
redraw_boxes (FvBoxCanvas *self)
{
  g_clear_pointer (&self->boxes_node, gsk_render_node_unref);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
update_description (FvBoxCanvas *self)
{
  g_autofree char *description = NULL;
  const FvPicture *picture = self->shown.picture;
  if (picture)
    /* Translators: what a screen reader says of a picture: width, height, number of boxes, zoom. */
    description = g_strdup_printf (ngettext ("%u × %u pixels, %u box, zoom %.0f %%",
                                             "%u × %u pixels, %u boxes, zoom %.0f %%", self->shown.n_boxes),
                                   picture->original_width, picture->original_height, self->shown.n_boxes,
                                   fv_view_get_zoom (&self->view) * 100);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  self->picture_name ? self->picture_name : _ ("Picture"),
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, description ? description : "", -1);
}

static void
update_actions (FvBoxCanvas *self)
{
  const double zoom = fv_view_get_zoom (&self->view), fit = fv_view_get_fit_zoom (&self->view);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "canvas.zoom-in", zoom > 0 && zoom < MAX (fit, 32));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "canvas.zoom-out", zoom > MIN (fit, 1) * (1 + 1e-6));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "canvas.zoom-fit", zoom > 0);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "canvas.zoom-one", zoom > 0);
}

/* Everything that follows from where the picture lies. */
static void
view_changed (FvBoxCanvas *self)
{
  g_clear_pointer (&self->picture_node, gsk_render_node_unref);
  redraw_boxes (self);
  update_actions (self);
  update_description (self);
  fv_box_canvas_input_update_cursor (GTK_WIDGET (self));
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SHOWN_ZOOM]);
}

static void
notify_view_changed (gpointer data)
{
  FvBoxCanvas *self = data;
  self->notify_source = 0;
  view_changed (self);
}

static void
show_next (FvBoxCanvas *self)
{
  const FvPicture *old = self->shown.picture, *new = self->next.picture;
  const gboolean same_size = old && new && old->width == new->width && old->height == new->height;
  fv_canvas_content_clear (&self->shown);
  self->shown = self->next;
  self->next = (FvCanvasContent){ 0 };
  self->highlighted = -1;
  if (!same_size)
    self->view.zoom = 0;
  fv_view_set_picture (&self->view, self->shown.picture ? self->shown.picture->width : 0,
                       self->shown.picture ? self->shown.picture->height : 0);
  view_changed (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_HIGHLIGHTED]);
  if (!same_size)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ZOOM]);
}

static void
make_pyramid (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;
  FvPyramid *pyramid = fv_pyramid_new (data, &error);
  if (pyramid)
    g_task_return_pointer (task, pyramid, (GDestroyNotify)fv_pyramid_free);
  else
    g_task_return_error (task, error);
}

static void
pyramid_made (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FvBoxCanvas) self = data;
  g_autoptr (GError) error = NULL;
  FvPyramid *pyramid = g_task_propagate_pointer (G_TASK (result), &error);
  /* Another picture came meanwhile, or the widget goes. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  g_clear_object (&self->loading);
  if (error)
    {
      g_warning ("%s", error->message);
      fv_canvas_content_clear (&self->next);
    }
  self->next.pyramid = pyramid;
  show_next (self);
}

static void
cancel_loading (FvBoxCanvas *self)
{
  if (self->loading)
    g_cancellable_cancel (self->loading);
  g_clear_object (&self->loading);
  fv_canvas_content_clear (&self->next);
}

void
fv_box_canvas_set_picture (FvBoxCanvas *self, FvPicture *picture)
{
  g_return_if_fail (FV_IS_BOX_CANVAS (self));
  cancel_loading (self);
  if (picture)
    self->next.picture = fv_picture_ref (picture);
  if (!picture || (guint64)picture->width * picture->height <= MAX_AREA_AT_ONCE)
    {
      g_autoptr (GError) error = NULL;
      self->next.pyramid = picture ? fv_pyramid_new (picture, &error) : NULL;
      if (error)
        g_warning ("%s", error->message);
      show_next (self);
      return;
    }
  self->loading = g_cancellable_new ();
  /* Not as the task's source: the thread may be the last to let go of that. */
  g_autoptr (GTask) task = g_task_new (NULL, self->loading, pyramid_made, g_object_ref (self));
  g_task_set_task_data (task, fv_picture_ref (picture), (GDestroyNotify)fv_picture_unref);
  g_task_run_in_thread (task, make_pyramid);
}

FvPicture *
fv_box_canvas_get_picture (FvBoxCanvas *self)
{
  g_return_val_if_fail (FV_IS_BOX_CANVAS (self), NULL);
  return self->next.picture ? self->next.picture : self->shown.picture;
}

void
fv_box_canvas_set_boxes (FvBoxCanvas *self, const FvCanvasBox *boxes, guint n_boxes, const char *const *class_names)
{
  g_return_if_fail (FV_IS_BOX_CANVAS (self));
  /* They belong to the picture that was set last, even while it is not seen yet. */
  FvCanvasContent *content = self->loading ? &self->next : &self->shown;
  fv_canvas_content_set_boxes (content, boxes, n_boxes, class_names);
  if (content == &self->next)
    return;
  fv_box_canvas_set_highlighted (self, -1);
  redraw_boxes (self);
  update_description (self);
}

guint
fv_box_canvas_get_n_boxes (FvBoxCanvas *self)
{
  g_return_val_if_fail (FV_IS_BOX_CANVAS (self), 0);
  return self->loading ? self->next.n_boxes : self->shown.n_boxes;
}

void
fv_box_canvas_set_picture_name (FvBoxCanvas *self, const char *name)
{
  g_return_if_fail (FV_IS_BOX_CANVAS (self));
  if (g_strcmp0 (name, self->picture_name) == 0)
    return;
  g_free (self->picture_name);
  self->picture_name = g_strdup (name);
  update_description (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PICTURE_NAME]);
}

double
fv_box_canvas_get_zoom (FvBoxCanvas *self)
{
  g_return_val_if_fail (FV_IS_BOX_CANVAS (self), 0);
  return self->view.zoom;
}

double
fv_box_canvas_get_shown_zoom (FvBoxCanvas *self)
{
  g_return_val_if_fail (FV_IS_BOX_CANVAS (self), 0);
  return fv_view_get_zoom (&self->view);
}

static void
take_view (FvBoxCanvas *self, FvView view)
{
  const gboolean zoomed = view.zoom != self->view.zoom;
  if (!zoomed && view.x == self->view.x && view.y == self->view.y)
    return;
  self->view = view;
  view_changed (self);
  if (zoomed)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ZOOM]);
}

void
fv_box_canvas_set_zoom (FvBoxCanvas *self, double zoom)
{
  g_return_if_fail (FV_IS_BOX_CANVAS (self) && zoom >= 0);
  FvView view = self->view;
  fv_view_set_zoom (&view, zoom, view.width / 2, view.height / 2);
  take_view (self, view);
}

void
fv_box_canvas_zoom_at (FvBoxCanvas *self, double factor, double x, double y)
{
  g_return_if_fail (FV_IS_BOX_CANVAS (self) && factor > 0);
  FvView view = self->view;
  fv_view_zoom (&view, factor, x, y);
  take_view (self, view);
}

void
fv_box_canvas_toggle_fit (FvBoxCanvas *self, double x, double y)
{
  g_return_if_fail (FV_IS_BOX_CANVAS (self));
  FvView view = self->view;
  fv_view_set_zoom (&view, view.zoom > 0 ? 0 : 1, x, y);
  take_view (self, view);
}

gboolean
fv_box_canvas_pan (FvBoxCanvas *self, double dx, double dy)
{
  g_return_val_if_fail (FV_IS_BOX_CANVAS (self), FALSE);
  FvView view = self->view;
  const gboolean moved = fv_view_pan (&view, dx, dy);
  take_view (self, view);
  return moved;
}

gboolean
fv_box_canvas_can_pan (FvBoxCanvas *self)
{
  g_return_val_if_fail (FV_IS_BOX_CANVAS (self), FALSE);
  return fv_view_can_pan (&self->view);
}

gboolean
fv_box_canvas_get_show_labels (FvBoxCanvas *self)
{
  g_return_val_if_fail (FV_IS_BOX_CANVAS (self), FALSE);
  return self->show_labels;
}

void
fv_box_canvas_set_show_labels (FvBoxCanvas *self, gboolean show_labels)
{
  g_return_if_fail (FV_IS_BOX_CANVAS (self));
  if (self->show_labels == !!show_labels)
    return;
  self->show_labels = !!show_labels;
  redraw_boxes (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SHOW_LABELS]);
}

gboolean
fv_box_canvas_get_show_boxes (FvBoxCanvas *self)
{
  g_return_val_if_fail (FV_IS_BOX_CANVAS (self), FALSE);
  return self->show_boxes;
}

void
fv_box_canvas_set_show_boxes (FvBoxCanvas *self, gboolean show_boxes)
{
  g_return_if_fail (FV_IS_BOX_CANVAS (self));
  if (self->show_boxes == !!show_boxes)
    return;
  self->show_boxes = !!show_boxes;
  redraw_boxes (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SHOW_BOXES]);
}

gboolean
fv_box_canvas_get_interactive (FvBoxCanvas *self)
{
  g_return_val_if_fail (FV_IS_BOX_CANVAS (self), FALSE);
  return self->interactive;
}

void
fv_box_canvas_set_interactive (FvBoxCanvas *self, gboolean interactive)
{
  g_return_if_fail (FV_IS_BOX_CANVAS (self));
  if (self->interactive == !!interactive)
    return;
  self->interactive = !!interactive;
  gtk_widget_set_focusable (GTK_WIDGET (self), self->interactive);
  gtk_widget_set_can_target (GTK_WIDGET (self), self->interactive);
  gtk_widget_queue_resize (GTK_WIDGET (self));
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_INTERACTIVE]);
}

int
fv_box_canvas_get_highlighted (FvBoxCanvas *self)
{
  g_return_val_if_fail (FV_IS_BOX_CANVAS (self), -1);
  return self->highlighted;
}

void
fv_box_canvas_set_highlighted (FvBoxCanvas *self, int highlighted)
{
  g_return_if_fail (FV_IS_BOX_CANVAS (self) && highlighted >= -1);
  if (highlighted >= (int)self->shown.n_boxes)
    highlighted = -1;
  if (self->highlighted == highlighted)
    return;
  self->highlighted = highlighted;
  redraw_boxes (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_HIGHLIGHTED]);
}

int
fv_box_canvas_pick (FvBoxCanvas *self, double x, double y)
{
  g_return_val_if_fail (FV_IS_BOX_CANVAS (self), -1);
  const double scale = fv_view_get_scale (&self->view);
  if (scale <= 0 || !self->show_boxes)
    return -1;
  return fv_canvas_content_pick (&self->shown, (x - self->view.x) / scale, (y - self->view.y) / scale,
                                 PICK_MARGIN / scale);
}

gboolean
fv_box_canvas_picture_to_widget (FvBoxCanvas *self, double picture_x, double picture_y, double *x, double *y)
{
  g_return_val_if_fail (FV_IS_BOX_CANVAS (self), FALSE);
  const double scale = fv_view_get_scale (&self->view);
  *x = self->view.x + picture_x * scale;
  *y = self->view.y + picture_y * scale;
  return scale > 0;
}

gboolean
fv_box_canvas_widget_to_picture (FvBoxCanvas *self, double x, double y, double *picture_x, double *picture_y)
{
  g_return_val_if_fail (FV_IS_BOX_CANVAS (self), FALSE);
  const double scale = fv_view_get_scale (&self->view);
  *picture_x = scale > 0 ? (x - self->view.x) / scale : 0;
  *picture_y = scale > 0 ? (y - self->view.y) / scale : 0;
  return scale > 0;
}

static void
fv_box_canvas_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  FvBoxCanvas *self = FV_BOX_CANVAS (widget);
  if (!self->shown.pyramid || fv_view_get_scale (&self->view) <= 0)
    return;
  const graphene_rect_t bounds = GRAPHENE_RECT_INIT (0, 0, self->view.width, self->view.height);
  gtk_snapshot_push_clip (snapshot, &bounds);
  if (!self->picture_node)
    self->picture_node = fv_canvas_content_draw_picture (&self->shown, &self->view);
  gtk_snapshot_append_node (snapshot, self->picture_node);
  if (self->show_boxes && self->shown.n_boxes)
    {
      if (!self->boxes_node)
        self->boxes_node = fv_canvas_content_draw_boxes (&self->shown, &self->view, self->show_labels,
                                                         self->highlighted, gtk_widget_get_pango_context (widget));
      gtk_snapshot_append_node (snapshot, self->boxes_node);
    }
  gtk_snapshot_pop (snapshot);
}

static void
fv_box_canvas_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  FvBoxCanvas *self = FV_BOX_CANVAS (widget);
  fv_view_resize (&self->view, width, height, gtk_widget_get_scale_factor (widget));
  g_clear_pointer (&self->picture_node, gsk_render_node_unref);
  g_clear_pointer (&self->boxes_node, gsk_render_node_unref);
  /* Who listens may want another size, which can't be asked for in the middle of allocation. */
  if (!self->notify_source)
    self->notify_source = g_idle_add_once (notify_view_changed, self);
}

static void
fv_box_canvas_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
                       int *minimum_baseline, int *natural_baseline)
{
  const gboolean interactive = FV_BOX_CANVAS (widget)->interactive;
  *minimum = interactive ? 96 : 24;
  /* The same for every picture, so that the page does not jump when another one is shown. */
  *natural = (orientation == GTK_ORIENTATION_HORIZONTAL ? 160 : 120) * (interactive ? 3 : 1);
}

static void
scale_factor_changed (GtkWidget *widget)
{
  FvBoxCanvas *self = FV_BOX_CANVAS (widget);
  fv_view_resize (&self->view, self->view.width, self->view.height, gtk_widget_get_scale_factor (widget));
  view_changed (self);
}

static void
fv_box_canvas_css_changed (GtkWidget *widget, GtkCssStyleChange *change)
{
  GTK_WIDGET_CLASS (fv_box_canvas_parent_class)->css_changed (widget, change);
  redraw_boxes (FV_BOX_CANVAS (widget));
}

static void
fv_box_canvas_get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  FvBoxCanvas *self = FV_BOX_CANVAS (object);
  switch (id)
    {
    case PROP_PICTURE_NAME:
      g_value_set_string (value, self->picture_name);
      break;
    case PROP_ZOOM:
      g_value_set_double (value, self->view.zoom);
      break;
    case PROP_SHOWN_ZOOM:
      g_value_set_double (value, fv_box_canvas_get_shown_zoom (self));
      break;
    case PROP_SHOW_LABELS:
      g_value_set_boolean (value, self->show_labels);
      break;
    case PROP_SHOW_BOXES:
      g_value_set_boolean (value, self->show_boxes);
      break;
    case PROP_INTERACTIVE:
      g_value_set_boolean (value, self->interactive);
      break;
    case PROP_HIGHLIGHTED:
      g_value_set_int (value, self->highlighted);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
    }
}

static void
fv_box_canvas_set_property (GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  FvBoxCanvas *self = FV_BOX_CANVAS (object);
  switch (id)
    {
    case PROP_PICTURE_NAME:
      fv_box_canvas_set_picture_name (self, g_value_get_string (value));
      break;
    case PROP_ZOOM:
      fv_box_canvas_set_zoom (self, g_value_get_double (value));
      break;
    case PROP_SHOW_LABELS:
      fv_box_canvas_set_show_labels (self, g_value_get_boolean (value));
      break;
    case PROP_SHOW_BOXES:
      fv_box_canvas_set_show_boxes (self, g_value_get_boolean (value));
      break;
    case PROP_INTERACTIVE:
      fv_box_canvas_set_interactive (self, g_value_get_boolean (value));
      break;
    case PROP_HIGHLIGHTED:
      fv_box_canvas_set_highlighted (self, g_value_get_int (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
    }
}

static void
fv_box_canvas_dispose (GObject *object)
{
  FvBoxCanvas *self = FV_BOX_CANVAS (object);
  cancel_loading (self);
  g_clear_handle_id (&self->notify_source, g_source_remove);
  G_OBJECT_CLASS (fv_box_canvas_parent_class)->dispose (object);
}

static void
fv_box_canvas_finalize (GObject *object)
{
  FvBoxCanvas *self = FV_BOX_CANVAS (object);
  fv_canvas_content_clear (&self->shown);
  g_clear_pointer (&self->picture_node, gsk_render_node_unref);
  g_clear_pointer (&self->boxes_node, gsk_render_node_unref);
  g_free (self->picture_name);
  G_OBJECT_CLASS (fv_box_canvas_parent_class)->finalize (object);
}

static void
zoom_by_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  FvBoxCanvas *self = FV_BOX_CANVAS (widget);
  if (g_str_equal (name, "canvas.zoom-fit"))
    fv_box_canvas_set_zoom (self, 0);
  else if (g_str_equal (name, "canvas.zoom-one"))
    fv_box_canvas_set_zoom (self, 1);
  else
    fv_box_canvas_zoom_at (self, g_str_equal (name, "canvas.zoom-in") ? KEY_FACTOR : 1 / KEY_FACTOR,
                           self->view.width / 2, self->view.height / 2);
}

static void
fv_box_canvas_class_init (FvBoxCanvasClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  object_class->get_property = fv_box_canvas_get_property;
  object_class->set_property = fv_box_canvas_set_property;
  object_class->dispose = fv_box_canvas_dispose;
  object_class->finalize = fv_box_canvas_finalize;
  widget_class->snapshot = fv_box_canvas_snapshot;
  widget_class->size_allocate = fv_box_canvas_size_allocate;
  widget_class->measure = fv_box_canvas_measure;
  widget_class->css_changed = fv_box_canvas_css_changed;

  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;
  props[PROP_PICTURE_NAME] = g_param_spec_string ("picture-name", NULL, NULL, NULL, flags);
  props[PROP_ZOOM] = g_param_spec_double ("zoom", NULL, NULL, 0, G_MAXDOUBLE, 0, flags);
  props[PROP_SHOWN_ZOOM]
      = g_param_spec_double ("shown-zoom", NULL, NULL, 0, G_MAXDOUBLE, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  props[PROP_SHOW_LABELS] = g_param_spec_boolean ("show-labels", NULL, NULL, TRUE, flags);
  props[PROP_SHOW_BOXES] = g_param_spec_boolean ("show-boxes", NULL, NULL, TRUE, flags);
  props[PROP_INTERACTIVE] = g_param_spec_boolean ("interactive", NULL, NULL, TRUE, flags);
  props[PROP_HIGHLIGHTED] = g_param_spec_int ("highlighted", NULL, NULL, -1, G_MAXINT, -1, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);

  gtk_widget_class_install_action (widget_class, "canvas.zoom-in", NULL, zoom_by_action);
  gtk_widget_class_install_action (widget_class, "canvas.zoom-out", NULL, zoom_by_action);
  gtk_widget_class_install_action (widget_class, "canvas.zoom-fit", NULL, zoom_by_action);
  gtk_widget_class_install_action (widget_class, "canvas.zoom-one", NULL, zoom_by_action);
  fv_box_canvas_input_add_bindings (widget_class);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
  gtk_widget_class_set_css_name (widget_class, "boxcanvas");
}

static void
fv_box_canvas_init (FvBoxCanvas *self)
{
  self->show_labels = self->show_boxes = self->interactive = TRUE;
  self->highlighted = -1;
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  fv_box_canvas_input_attach (GTK_WIDGET (self));
  g_signal_connect (self, "notify::scale-factor", G_CALLBACK (scale_factor_changed), NULL);
  update_actions (self);
  update_description (self);
}

GtkWidget *
fv_box_canvas_new (void)
{
  return g_object_new (FV_TYPE_BOX_CANVAS, NULL);
}

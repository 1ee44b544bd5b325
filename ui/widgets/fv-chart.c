/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/widgets/fv-chart.h"

#include "app/drawing/fv-axis.h"
#include "ui/fv-i18n.h"

#include <math.h>

struct _FvChart
{
  GtkWidget parent_instance;
  char *title, *x_title, *empty_text;
  gboolean logarithmic;
  FvPlot *plot;
  double cursor;        /* x of the data, NaN: none */
  gboolean stale;       /* the plot must be laid out anew */
  double width, height; /* that it was laid out for */
  GskRenderNode *node;  /* the chart without its cursor; NULL: to be drawn */
  GtkWidget *menu;
};

G_DEFINE_FINAL_TYPE (FvChart, fv_chart, GTK_TYPE_WIDGET)

enum
{
  PROP_TITLE = 1,
  PROP_X_TITLE,
  PROP_EMPTY_TEXT,
  PROP_LOGARITHMIC,
  N_PROPS,
};
static GParamSpec *props[N_PROPS];

/* What a screen reader says: each curve's length and its last value. */
static void
update_accessible (FvChart *self)
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (g_free);
  for (guint s = 0; s < fv_plot_get_n_series (self->plot); s++)
    {
      const FvPlotSeries *series = fv_plot_get_series (self->plot, s);
      guint n = 0;
      double last = 0;
      for (guint i = 0; i < series->n; i++)
        if (isfinite (series->y[i]))
          {
            last = series->y[i];
            n++;
          }
      if (n == 0)
        continue;
      g_autofree char *value = fv_axis_format_value (last);
      /* Translators: a curve of a chart, as a screen reader says it: its name, number of points, last value. */
      g_ptr_array_add (parts,
                       g_strdup_printf (ngettext ("%s: %u point, last value %s", "%s: %u points, last value %s", n),
                                        series->name, n, value));
    }
  if (parts->len == 0)
    g_ptr_array_add (parts, g_strdup (self->empty_text));
  g_ptr_array_add (parts, NULL);
  g_autofree char *description = g_strjoinv ("; ", (char **)parts->pdata);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  self->title ? self->title : _ ("Chart"), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  description, -1);
}

static void
changed (FvChart *self)
{
  self->stale = TRUE;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static FvColour
get_foreground (FvChart *self)
{
  GdkRGBA colour;
#if GTK_CHECK_VERSION(4, 10, 0)
  /* Newer than the versions that the build allows everywhere. */
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  gtk_widget_get_color (GTK_WIDGET (self), &colour);
  G_GNUC_END_IGNORE_DEPRECATIONS
#else
  gtk_style_context_get_color (gtk_widget_get_style_context (GTK_WIDGET (self)), &colour);
#endif
  return (FvColour){ colour.red, colour.green, colour.blue };
}

static void
lay_out (FvChart *self)
{
  const double width = gtk_widget_get_width (GTK_WIDGET (self)), height = gtk_widget_get_height (GTK_WIDGET (self));
  if (!self->stale && width == self->width && height == self->height)
    return;
  const FvPlotStyle style
      = { .context = gtk_widget_get_pango_context (GTK_WIDGET (self)), .foreground = get_foreground (self) };
  fv_plot_lay_out (self->plot, width, height, &style);
  self->width = width;
  self->height = height;
  self->stale = FALSE;
  g_clear_pointer (&self->node, gsk_render_node_unref);
}

static void
fv_chart_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  FvChart *self = FV_CHART (widget);
  lay_out (self);
  const graphene_rect_t bounds = GRAPHENE_RECT_INIT (0, 0, self->width, self->height);
  if (!self->node)
    {
      self->node = gsk_cairo_node_new (&bounds);
      cairo_t *cairo = gsk_cairo_node_get_draw_context (self->node);
      fv_plot_draw (self->plot, cairo);
      cairo_destroy (cairo);
    }
  gtk_snapshot_append_node (snapshot, self->node);
  if (!isnan (self->cursor))
    {
      cairo_t *cairo = gtk_snapshot_append_cairo (snapshot, &bounds);
      fv_plot_draw_cursor (self->plot, cairo, self->cursor);
      cairo_destroy (cairo);
    }
}

static void
set_cursor (FvChart *self, double x)
{
  if (x == self->cursor || (isnan (x) && isnan (self->cursor)))
    return;
  self->cursor = x;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
fv_chart_set_series (FvChart *self, const FvChartSeries *series, guint n_series)
{
  g_return_if_fail (FV_IS_CHART (self));
  fv_plot_set_series (self->plot, series, n_series);
  update_accessible (self);
  changed (self);
}

/* Returns whether it is another one. */
static gboolean
set_text (char **text, const char *value)
{
  if (g_strcmp0 (*text, value) == 0)
    return FALSE;
  g_free (*text);
  *text = g_strdup (value);
  return TRUE;
}

void
fv_chart_set_title (FvChart *self, const char *title)
{
  g_return_if_fail (FV_IS_CHART (self));
  if (!set_text (&self->title, title))
    return;
  fv_plot_set_title (self->plot, title);
  update_accessible (self);
  changed (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TITLE]);
}

void
fv_chart_set_x_title (FvChart *self, const char *title)
{
  g_return_if_fail (FV_IS_CHART (self));
  if (!set_text (&self->x_title, title))
    return;
  fv_plot_set_x_title (self->plot, title);
  changed (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_X_TITLE]);
}

void
fv_chart_set_empty_text (FvChart *self, const char *text)
{
  g_return_if_fail (FV_IS_CHART (self));
  if (!set_text (&self->empty_text, text ? text : _ ("No values yet")))
    return;
  fv_plot_set_empty_text (self->plot, self->empty_text);
  update_accessible (self);
  changed (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_EMPTY_TEXT]);
}

void
fv_chart_set_y_range (FvChart *self, double low, double high)
{
  g_return_if_fail (FV_IS_CHART (self));
  fv_plot_set_y_range (self->plot, low, high);
  changed (self);
}

void
fv_chart_set_x_range (FvChart *self, double low, double high)
{
  g_return_if_fail (FV_IS_CHART (self));
  fv_plot_set_x_range (self->plot, low, high);
  changed (self);
}

void
fv_chart_set_logarithmic (FvChart *self, gboolean logarithmic)
{
  g_return_if_fail (FV_IS_CHART (self));
  if (self->logarithmic == !!logarithmic)
    return;
  self->logarithmic = !!logarithmic;
  fv_plot_set_logarithmic (self->plot, self->logarithmic);
  changed (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LOGARITHMIC]);
}

gboolean
fv_chart_map (FvChart *self, guint series, guint i, double *x, double *y)
{
  g_return_val_if_fail (FV_IS_CHART (self), FALSE);
  lay_out (self);
  return fv_plot_map (self->plot, series, i, x, y);
}

guint
fv_chart_get_n_series (FvChart *self)
{
  g_return_val_if_fail (FV_IS_CHART (self), 0);
  return fv_plot_get_n_series (self->plot);
}

guint
fv_chart_get_n_points (FvChart *self, guint series)
{
  g_return_val_if_fail (FV_IS_CHART (self) && series < fv_plot_get_n_series (self->plot), 0);
  return fv_plot_get_series (self->plot, series)->n;
}

gboolean
fv_chart_get_point (FvChart *self, guint series, guint i, double *x, double *y)
{
  g_return_val_if_fail (FV_IS_CHART (self), FALSE);
  if (series >= fv_plot_get_n_series (self->plot) || i >= fv_plot_get_series (self->plot, series)->n)
    return FALSE;
  *x = fv_plot_get_series (self->plot, series)->x[i];
  *y = fv_plot_get_series (self->plot, series)->y[i];
  return TRUE;
}

char *
fv_chart_get_csv (FvChart *self)
{
  g_return_val_if_fail (FV_IS_CHART (self), NULL);
  return fv_plot_get_csv (self->plot);
}

double
fv_chart_get_cursor (FvChart *self)
{
  g_return_val_if_fail (FV_IS_CHART (self), NAN);
  return self->cursor;
}

static void
moved (GtkEventControllerMotion *controller, double x, double y, FvChart *self)
{
  lay_out (self);
  set_cursor (self, fv_plot_find_x (self->plot, x));
}

static void
left (GtkEventController *controller, FvChart *self)
{
  set_cursor (self, NAN);
}

static gboolean
step_by_key (GtkWidget *widget, GVariant *step, gpointer data)
{
  FvChart *self = FV_CHART (widget);
  int steps;
  if (fv_plot_is_empty (self->plot))
    return GDK_EVENT_PROPAGATE;
  g_variant_get (step, "(i)", &steps);
  /* Home and End: as far as it goes. */
  set_cursor (self, fv_plot_step_x (self->plot, ABS (steps) > 1 ? NAN : self->cursor, steps));
  return GDK_EVENT_STOP;
}

static gboolean
hide_cursor (GtkWidget *widget, GVariant *parameter, gpointer data)
{
  FvChart *self = FV_CHART (widget);
  if (isnan (self->cursor))
    return GDK_EVENT_PROPAGATE;
  set_cursor (self, NAN);
  return GDK_EVENT_STOP;
}

static void
copy_values (GtkWidget *widget, const char *action, GVariant *parameter)
{
  g_autofree char *csv = fv_chart_get_csv (FV_CHART (widget));
  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), csv);
}

static void
show_menu (FvChart *self, double x, double y)
{
  if (!self->menu)
    {
      g_autoptr (GMenu) model = g_menu_new ();
      g_menu_append (model, _ ("_Copy Values"), "chart.copy");
      self->menu = gtk_popover_menu_new_from_model (G_MENU_MODEL (model));
      gtk_popover_set_has_arrow (GTK_POPOVER (self->menu), FALSE);
      gtk_widget_set_halign (self->menu, GTK_ALIGN_START);
      gtk_widget_set_parent (self->menu, GTK_WIDGET (self));
    }
  gtk_popover_set_pointing_to (GTK_POPOVER (self->menu), &(GdkRectangle){ x, y, 1, 1 });
  gtk_popover_popup (GTK_POPOVER (self->menu));
}

static void
pressed (GtkGestureClick *gesture, int n_press, double x, double y, FvChart *self)
{
  GdkEvent *event = gtk_event_controller_get_current_event (GTK_EVENT_CONTROLLER (gesture));
  if (event && gdk_event_triggers_context_menu (event))
    {
      show_menu (self, x, y);
      gtk_gesture_set_state (GTK_GESTURE (gesture), GTK_EVENT_SEQUENCE_CLAIMED);
    }
  else
    gtk_widget_grab_focus (GTK_WIDGET (self));
}

static void
show_menu_by_key (GtkWidget *widget, const char *action, GVariant *parameter)
{
  show_menu (FV_CHART (widget), gtk_widget_get_width (widget) / 2., gtk_widget_get_height (widget) / 2.);
}

static void
fv_chart_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
                  int *minimum_baseline, int *natural_baseline)
{
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? 180 : 120;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 360 : 220;
}

static void
fv_chart_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  if (FV_CHART (widget)->menu)
    gtk_popover_present (GTK_POPOVER (FV_CHART (widget)->menu));
}

static void
fv_chart_css_changed (GtkWidget *widget, GtkCssStyleChange *change)
{
  GTK_WIDGET_CLASS (fv_chart_parent_class)->css_changed (widget, change);
  changed (FV_CHART (widget));
}

static void
fv_chart_get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  FvChart *self = FV_CHART (object);
  switch (id)
    {
    case PROP_TITLE:
      g_value_set_string (value, self->title);
      break;
    case PROP_X_TITLE:
      g_value_set_string (value, self->x_title);
      break;
    case PROP_EMPTY_TEXT:
      g_value_set_string (value, self->empty_text);
      break;
    case PROP_LOGARITHMIC:
      g_value_set_boolean (value, self->logarithmic);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
    }
}

static void
fv_chart_set_property (GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  FvChart *self = FV_CHART (object);
  switch (id)
    {
    case PROP_TITLE:
      fv_chart_set_title (self, g_value_get_string (value));
      break;
    case PROP_X_TITLE:
      fv_chart_set_x_title (self, g_value_get_string (value));
      break;
    case PROP_EMPTY_TEXT:
      fv_chart_set_empty_text (self, g_value_get_string (value));
      break;
    case PROP_LOGARITHMIC:
      fv_chart_set_logarithmic (self, g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
    }
}

static void
fv_chart_dispose (GObject *object)
{
  g_clear_pointer (&FV_CHART (object)->menu, gtk_widget_unparent);
  G_OBJECT_CLASS (fv_chart_parent_class)->dispose (object);
}

static void
fv_chart_finalize (GObject *object)
{
  FvChart *self = FV_CHART (object);
  g_clear_pointer (&self->node, gsk_render_node_unref);
  fv_plot_free (self->plot);
  g_free (self->title);
  g_free (self->x_title);
  g_free (self->empty_text);
  G_OBJECT_CLASS (fv_chart_parent_class)->finalize (object);
}

static void
fv_chart_class_init (FvChartClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  object_class->get_property = fv_chart_get_property;
  object_class->set_property = fv_chart_set_property;
  object_class->dispose = fv_chart_dispose;
  object_class->finalize = fv_chart_finalize;
  widget_class->snapshot = fv_chart_snapshot;
  widget_class->measure = fv_chart_measure;
  widget_class->size_allocate = fv_chart_size_allocate;
  widget_class->css_changed = fv_chart_css_changed;

  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;
  props[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, flags);
  props[PROP_X_TITLE] = g_param_spec_string ("x-title", NULL, NULL, NULL, flags);
  props[PROP_EMPTY_TEXT] = g_param_spec_string ("empty-text", NULL, NULL, NULL, flags);
  props[PROP_LOGARITHMIC] = g_param_spec_boolean ("logarithmic", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);

  gtk_widget_class_install_action (widget_class, "chart.copy", NULL, copy_values);
  gtk_widget_class_install_action (widget_class, "chart.menu", NULL, show_menu_by_key);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_c, GDK_CONTROL_MASK, "chart.copy", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Menu, 0, "chart.menu", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_F10, GDK_SHIFT_MASK, "chart.menu", NULL);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Left, 0, step_by_key, "(i)", -1);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Right, 0, step_by_key, "(i)", 1);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Home, 0, step_by_key, "(i)", 2);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_End, 0, step_by_key, "(i)", -2);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Escape, 0, hide_cursor, NULL);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
  gtk_widget_class_set_css_name (widget_class, "chart");
}

static void
fv_chart_init (FvChart *self)
{
  self->plot = fv_plot_new ();
  self->cursor = NAN;
  self->stale = TRUE;
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  fv_chart_set_empty_text (self, NULL);

  GtkEventController *motion = gtk_event_controller_motion_new ();
  g_signal_connect (motion, "enter", G_CALLBACK (moved), self);
  g_signal_connect (motion, "motion", G_CALLBACK (moved), self);
  g_signal_connect (motion, "leave", G_CALLBACK (left), self);
  gtk_widget_add_controller (GTK_WIDGET (self), motion);
  GtkEventController *focus = gtk_event_controller_focus_new ();
  g_signal_connect (focus, "leave", G_CALLBACK (left), self);
  gtk_widget_add_controller (GTK_WIDGET (self), focus);
  GtkGesture *click = gtk_gesture_click_new ();
  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (click), 0);
  g_signal_connect (click, "pressed", G_CALLBACK (pressed), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (click));
}

GtkWidget *
fv_chart_new (void)
{
  return g_object_new (FV_TYPE_CHART, NULL);
}

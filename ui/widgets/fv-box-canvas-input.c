/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/widgets/fv-box-canvas-input.h"

#include "ui/widgets/fv-box-canvas.h"

#include <math.h>

/* Per click of a wheel. */
#define WHEEL_FACTOR 1.2
/* Pixels that a touchpad's fingers go for the same. */
#define TOUCHPAD_CLICK 40
#define ARROW_STEP 64
#define DATA_KEY "fv-box-canvas-input"

typedef struct
{
  double x, y; /* the pointer, where it is over the canvas */
  gboolean inside;
  double drag_x, drag_y; /* offset of the drag that was applied */
  gboolean dragging;
  double pinch_scale;      /* that was applied */
  double pinch_x, pinch_y; /* the fingers' middle */
  GtkGesture *drag;        /* not owned */
} Input;

static Input *
get_input (GtkWidget *canvas)
{
  return g_object_get_data (G_OBJECT (canvas), DATA_KEY);
}

void
fv_box_canvas_input_update_cursor (GtkWidget *canvas)
{
  Input *input = get_input (canvas);
  /* The widget is being made. */
  if (!input)
    return;
  FvBoxCanvas *self = FV_BOX_CANVAS (canvas);
  gtk_widget_set_cursor_from_name (canvas, input->dragging ? "grabbing" : fv_box_canvas_can_pan (self) ? "grab" : NULL);
  if (input->inside && !input->dragging)
    fv_box_canvas_set_highlighted (self, fv_box_canvas_pick (self, input->x, input->y));
}

static void
moved (GtkEventControllerMotion *controller, double x, double y, GtkWidget *canvas)
{
  Input *input = get_input (canvas);
  input->x = x;
  input->y = y;
  input->inside = TRUE;
  if (!input->dragging)
    fv_box_canvas_set_highlighted (FV_BOX_CANVAS (canvas), fv_box_canvas_pick (FV_BOX_CANVAS (canvas), x, y));
}

static void
left (GtkEventControllerMotion *controller, GtkWidget *canvas)
{
  get_input (canvas)->inside = FALSE;
  fv_box_canvas_set_highlighted (FV_BOX_CANVAS (canvas), -1);
}

static gboolean
scrolled (GtkEventControllerScroll *controller, double dx, double dy, GtkWidget *canvas)
{
  FvBoxCanvas *self = FV_BOX_CANVAS (canvas);
  Input *input = get_input (canvas);
  const GdkModifierType state = gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (controller));
  const gboolean touchpad = gtk_event_controller_scroll_get_unit (controller) == GDK_SCROLL_UNIT_SURFACE;
  if (!fv_box_canvas_get_picture (self))
    return GDK_EVENT_PROPAGATE;
  /* Two fingers on a touchpad move what they touch, as elsewhere; with Ctrl they zoom, as a wheel does. */
  if (touchpad && !(state & GDK_CONTROL_MASK))
    return fv_box_canvas_pan (self, -dx, -dy);
  if (dy == 0)
    return GDK_EVENT_PROPAGATE;
  const double x = input->inside ? input->x : gtk_widget_get_width (canvas) / 2.;
  const double y = input->inside ? input->y : gtk_widget_get_height (canvas) / 2.;
  fv_box_canvas_zoom_at (self, pow (WHEEL_FACTOR, -dy / (touchpad ? TOUCHPAD_CLICK : 1)), x, y);
  return GDK_EVENT_STOP;
}

static void
pressed (GtkGestureClick *gesture, int n_press, double x, double y, GtkWidget *canvas)
{
  gtk_widget_grab_focus (canvas);
  if (n_press != 2)
    return;
  fv_box_canvas_toggle_fit (FV_BOX_CANVAS (canvas), x, y);
  gtk_gesture_set_state (GTK_GESTURE (gesture), GTK_EVENT_SEQUENCE_CLAIMED);
}

static void
drag_began (GtkGestureDrag *gesture, double x, double y, GtkWidget *canvas)
{
  const guint button = gtk_gesture_single_get_current_button (GTK_GESTURE_SINGLE (gesture));
  Input *input = get_input (canvas);
  input->drag_x = input->drag_y = 0;
  if (button > GDK_BUTTON_MIDDLE || !fv_box_canvas_can_pan (FV_BOX_CANVAS (canvas)))
    gtk_gesture_set_state (GTK_GESTURE (gesture), GTK_EVENT_SEQUENCE_DENIED);
}

static void
drag_updated (GtkGestureDrag *gesture, double dx, double dy, GtkWidget *canvas)
{
  Input *input = get_input (canvas);
  if (!input->dragging)
    {
      if (!gtk_drag_check_threshold (canvas, 0, 0, dx, dy))
        return;
      gtk_gesture_set_state (GTK_GESTURE (gesture), GTK_EVENT_SEQUENCE_CLAIMED);
      input->dragging = TRUE;
      fv_box_canvas_set_highlighted (FV_BOX_CANVAS (canvas), -1);
      fv_box_canvas_input_update_cursor (canvas);
    }
  fv_box_canvas_pan (FV_BOX_CANVAS (canvas), dx - input->drag_x, dy - input->drag_y);
  input->drag_x = dx;
  input->drag_y = dy;
}

/* However it ended. */
static void
drag_ended (GtkGesture *gesture, GdkEventSequence *sequence, GtkWidget *canvas)
{
  get_input (canvas)->dragging = FALSE;
  fv_box_canvas_input_update_cursor (canvas);
}

static void
pinch_began (GtkGesture *gesture, GdkEventSequence *sequence, GtkWidget *canvas)
{
  Input *input = get_input (canvas);
  input->pinch_scale = 1;
  gtk_gesture_get_bounding_box_center (gesture, &input->pinch_x, &input->pinch_y);
  gtk_gesture_set_state (input->drag, GTK_EVENT_SEQUENCE_DENIED);
  gtk_gesture_set_state (gesture, GTK_EVENT_SEQUENCE_CLAIMED);
}

static void
pinched (GtkGestureZoom *gesture, double scale, GtkWidget *canvas)
{
  FvBoxCanvas *self = FV_BOX_CANVAS (canvas);
  Input *input = get_input (canvas);
  double x, y;
  if (scale <= 0 || !gtk_gesture_get_bounding_box_center (GTK_GESTURE (gesture), &x, &y))
    return;
  fv_box_canvas_pan (self, x - input->pinch_x, y - input->pinch_y);
  fv_box_canvas_zoom_at (self, scale / input->pinch_scale, x, y);
  input->pinch_scale = scale;
  input->pinch_x = x;
  input->pinch_y = y;
}

void
fv_box_canvas_input_attach (GtkWidget *canvas)
{
  Input *input = g_new0 (Input, 1);
  g_object_set_data_full (G_OBJECT (canvas), DATA_KEY, input, g_free);

  GtkEventController *motion = gtk_event_controller_motion_new ();
  g_signal_connect (motion, "enter", G_CALLBACK (moved), canvas);
  g_signal_connect (motion, "motion", G_CALLBACK (moved), canvas);
  g_signal_connect (motion, "leave", G_CALLBACK (left), canvas);
  gtk_widget_add_controller (canvas, motion);

  GtkEventController *scroll = gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_BOTH_AXES);
  g_signal_connect (scroll, "scroll", G_CALLBACK (scrolled), canvas);
  gtk_widget_add_controller (canvas, scroll);

  GtkGesture *click = gtk_gesture_click_new ();
  g_signal_connect (click, "pressed", G_CALLBACK (pressed), canvas);
  gtk_widget_add_controller (canvas, GTK_EVENT_CONTROLLER (click));

  GtkGesture *drag = gtk_gesture_drag_new ();
  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (drag), 0);
  g_signal_connect (drag, "drag-begin", G_CALLBACK (drag_began), canvas);
  g_signal_connect (drag, "drag-update", G_CALLBACK (drag_updated), canvas);
  g_signal_connect (drag, "end", G_CALLBACK (drag_ended), canvas);
  g_signal_connect (drag, "cancel", G_CALLBACK (drag_ended), canvas);
  gtk_widget_add_controller (canvas, GTK_EVENT_CONTROLLER (drag));
  input->drag = drag;

  GtkGesture *pinch = gtk_gesture_zoom_new ();
  g_signal_connect (pinch, "begin", G_CALLBACK (pinch_began), canvas);
  g_signal_connect (pinch, "scale-changed", G_CALLBACK (pinched), canvas);
  gtk_widget_add_controller (canvas, GTK_EVENT_CONTROLLER (pinch));
}

/* Where everything is seen, the key is the page's, which may go to the next picture by it. */
static gboolean
pan_by_key (GtkWidget *canvas, GVariant *steps, gpointer data)
{
  double x, y;
  g_variant_get (steps, "(dd)", &x, &y);
  if (!fv_box_canvas_can_pan (FV_BOX_CANVAS (canvas)))
    return GDK_EVENT_PROPAGATE;
  fv_box_canvas_pan (FV_BOX_CANVAS (canvas), -x * ARROW_STEP, -y * ARROW_STEP);
  return GDK_EVENT_STOP;
}

void
fv_box_canvas_input_add_bindings (GtkWidgetClass *widget_class)
{
  static const struct
  {
    guint key;
    const char *action;
  } zooms[] = {
    { GDK_KEY_plus, "canvas.zoom-in" },         { GDK_KEY_equal, "canvas.zoom-in" },
    { GDK_KEY_KP_Add, "canvas.zoom-in" },       { GDK_KEY_minus, "canvas.zoom-out" },
    { GDK_KEY_KP_Subtract, "canvas.zoom-out" }, { GDK_KEY_0, "canvas.zoom-fit" },
    { GDK_KEY_KP_0, "canvas.zoom-fit" },        { GDK_KEY_1, "canvas.zoom-one" },
    { GDK_KEY_KP_1, "canvas.zoom-one" },
  };
  static const struct
  {
    guint key, keypad_key;
    double x, y;
  } pans[] = {
    { GDK_KEY_Left, GDK_KEY_KP_Left, -1, 0 },
    { GDK_KEY_Right, GDK_KEY_KP_Right, 1, 0 },
    { GDK_KEY_Up, GDK_KEY_KP_Up, 0, -1 },
    { GDK_KEY_Down, GDK_KEY_KP_Down, 0, 1 },
  };
  for (guint i = 0; i < G_N_ELEMENTS (zooms); i++)
    {
      gtk_widget_class_add_binding_action (widget_class, zooms[i].key, 0, zooms[i].action, NULL);
      gtk_widget_class_add_binding_action (widget_class, zooms[i].key, GDK_CONTROL_MASK, zooms[i].action, NULL);
    }
  for (guint i = 0; i < G_N_ELEMENTS (pans); i++)
    {
      gtk_widget_class_add_binding (widget_class, pans[i].key, 0, pan_by_key, "(dd)", pans[i].x, pans[i].y);
      gtk_widget_class_add_binding (widget_class, pans[i].keypad_key, 0, pan_by_key, "(dd)", pans[i].x, pans[i].y);
    }
}

/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * A window with one of each kind of thing that a test of the real window meets. The status label says what the program
 * understood, so that the test of the driver knows whether an event arrived as meant.
 */
#include <adwaita.h>
#include <string.h>

typedef struct
{
  GtkWidget *window, *status, *stack;
  guint clicks;
} Example;

G_GNUC_PRINTF (2, 3)
static void
say (Example *example, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list rest;

  va_start (rest, format);
  text = g_strdup_vprintf (format, rest);
  va_end (rest);
  gtk_label_set_label (GTK_LABEL (example->status), text);
}

static void
name (GtkWidget *widget, const char *label)
{
  gtk_accessible_update_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

static void
on_count (GtkButton *button, Example *example)
{
  say (example, "Clicked %u", ++example->clicks);
}

static void
on_slider (GtkRange *range, Example *example)
{
  say (example, "Rotation %.0f", gtk_range_get_value (range));
}

static void
on_entry (GtkEntry *entry, Example *example)
{
  say (example, "Entered %s", gtk_editable_get_text (GTK_EDITABLE (entry)));
}

static void
on_switch (GObject *object, GParamSpec *pspec, Example *example)
{
  say (example, gtk_switch_get_active (GTK_SWITCH (object)) ? "Switched on" : "Switched off");
}

static void
on_combo (GObject *object, GParamSpec *pspec, Example *example)
{
  say (example, "Chose %u", gtk_drop_down_get_selected (GTK_DROP_DOWN (object)));
}

static void
on_drag_end (GtkGestureDrag *drag, double dx, double dy, Example *example)
{
  double x, y;

  gtk_gesture_drag_get_start_point (drag, &x, &y);
  say (example, "Dragged %.0f %.0f by %.0f %.0f", x, y, dx, dy);
}

static gboolean
on_scroll (GtkEventControllerScroll *scroll, double dx, double dy, Example *example)
{
  GdkModifierType state = gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (scroll));

  say (example, "Scrolled %s%s", state & GDK_CONTROL_MASK ? "with Control " : "", dy < 0 ? "up" : "down");
  return TRUE;
}

static gboolean
on_drop (GtkDropTarget *target, const GValue *value, double x, double y, Example *example)
{
  GSList *files = g_value_get_boxed (value);
  g_autofree char *path = files ? g_file_get_path (files->data) : NULL;

  say (example, "Dropped %s", path);
  return TRUE;
}

static void
draw (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data)
{
  cairo_set_source_rgb (cr, 1, 0, 0);
  cairo_rectangle (cr, 0, 0, 50, 20);
  cairo_fill (cr);
}

static void
on_row (GtkListView *list, guint position, Example *example)
{
  say (example, "Activated %u", position);
}

static void
set_up_row (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  gtk_list_item_set_child (item, gtk_label_new (NULL));
}

static void
bind_row (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  GtkStringObject *string = gtk_list_item_get_item (item);
  gtk_label_set_label (GTK_LABEL (gtk_list_item_get_child (item)), gtk_string_object_get_string (string));
}

static void
on_response (GtkNativeDialog *dialog, int response, Example *example)
{
  g_autoptr (GFile) file = NULL;
  g_autofree char *path = NULL;

  if (response == GTK_RESPONSE_ACCEPT)
    file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
  path = file ? g_file_get_path (file) : g_strdup ("nothing");
  say (example, "Opened %s", path);
  g_object_unref (dialog);
}

static void
on_open (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  Example *example = data;
  GtkFileChooserNative *dialog
      = gtk_file_chooser_native_new ("Open", GTK_WINDOW (example->window), GTK_FILE_CHOOSER_ACTION_OPEN, NULL, NULL);

  g_signal_connect (dialog, "response", G_CALLBACK (on_response), example);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static void
on_confirmed (AdwMessageDialog *dialog, const char *response, Example *example)
{
  say (example, "Answered %s", response);
}

static void
on_ask (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  Example *example = data;
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (example->window), "Throw away?", "It can’t be undone.");

  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", "_Cancel", "remove", "_Remove", NULL);
  g_signal_connect (dialog, "response", G_CALLBACK (on_confirmed), example);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
on_item (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  say (data, "Item chosen");
}

static void
on_quit (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  Example *example = data;
  gtk_window_destroy (GTK_WINDOW (example->window));
}

static GtkWidget *
make_menu (void)
{
  g_autoptr (GMenu) menu = g_menu_new ();
  GtkWidget *button = gtk_menu_button_new ();

  g_menu_append (menu, "The Item", "app.item");
  g_menu_append (menu, "Open…", "app.open");
  gtk_menu_button_set_icon_name (GTK_MENU_BUTTON (button), "open-menu-symbolic");
  gtk_menu_button_set_menu_model (GTK_MENU_BUTTON (button), G_MENU_MODEL (menu));
  name (button, "Main menu");
  return button;
}

static GtkWidget *
make_list (Example *example)
{
  g_autoptr (GtkStringList) strings = gtk_string_list_new (NULL);
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  GtkWidget *list, *scrolled = gtk_scrolled_window_new ();

  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *text = g_strdup_printf ("row %u", i);
      gtk_string_list_append (strings, text);
    }
  g_signal_connect (factory, "setup", G_CALLBACK (set_up_row), NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (bind_row), NULL);
  list = gtk_list_view_new (GTK_SELECTION_MODEL (gtk_single_selection_new (G_LIST_MODEL (g_steal_pointer (&strings)))),
                            factory);
  name (list, "Rows");
  g_signal_connect (list, "activate", G_CALLBACK (on_row), example);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), list);
  gtk_widget_set_size_request (scrolled, 200, 150);
  return scrolled;
}

static GtkWidget *
make_canvas (Example *example)
{
  GtkWidget *canvas = gtk_drawing_area_new ();
  GtkGesture *drag = gtk_gesture_drag_new ();
  GtkEventController *scroll = gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_VERTICAL);
  GtkDropTarget *drop = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);

  gtk_widget_set_size_request (canvas, 300, 150);
  gtk_drawing_area_set_draw_func (GTK_DRAWING_AREA (canvas), draw, NULL, NULL);
  g_signal_connect (drag, "drag-end", G_CALLBACK (on_drag_end), example);
  g_signal_connect (scroll, "scroll", G_CALLBACK (on_scroll), example);
  g_signal_connect (drop, "drop", G_CALLBACK (on_drop), example);
  gtk_widget_add_controller (canvas, GTK_EVENT_CONTROLLER (drag));
  gtk_widget_add_controller (canvas, scroll);
  gtk_widget_add_controller (canvas, GTK_EVENT_CONTROLLER (drop));
  name (canvas, "Canvas");
  return canvas;
}

static GtkWidget *
make_first_page (Example *example)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12), *scrolled = gtk_scrolled_window_new ();
  GtkWidget *count = gtk_button_new_with_label ("Count");
  GtkWidget *slider = gtk_scale_new_with_range (GTK_ORIENTATION_HORIZONTAL, -180, 180, 1);
  GtkWidget *entry = gtk_entry_new (), *toggle = gtk_switch_new ();
  GtkWidget *combo = gtk_drop_down_new_from_strings ((const char *const[]){ "alpha", "beta", "gamma", NULL });
  GtkWidget *last = gtk_button_new_with_label ("Far below");

  g_signal_connect (count, "clicked", G_CALLBACK (on_count), example);
  g_signal_connect (last, "clicked", G_CALLBACK (on_count), example);
  g_signal_connect (slider, "value-changed", G_CALLBACK (on_slider), example);
  g_signal_connect (entry, "activate", G_CALLBACK (on_entry), example);
  g_signal_connect (toggle, "notify::active", G_CALLBACK (on_switch), example);
  g_signal_connect (combo, "notify::selected", G_CALLBACK (on_combo), example);
  gtk_widget_set_halign (toggle, GTK_ALIGN_START);
  name (slider, "Rotation");
  name (entry, "Class name");
  name (toggle, "Fast");
  name (combo, "Letter");
  /* Clear of the scroll bar, which grows under the pointer. */
  gtk_widget_set_margin_start (box, 24);
  gtk_widget_set_margin_end (box, 24);
  gtk_box_append (GTK_BOX (box), count);
  gtk_box_append (GTK_BOX (box), slider);
  gtk_box_append (GTK_BOX (box), entry);
  gtk_box_append (GTK_BOX (box), toggle);
  gtk_box_append (GTK_BOX (box), combo);
  gtk_box_append (GTK_BOX (box), make_list (example));
  gtk_box_append (GTK_BOX (box), make_canvas (example));
  gtk_widget_set_size_request (last, -1, 300);
  gtk_box_append (GTK_BOX (box), last);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), box);
  gtk_widget_set_vexpand (scrolled, TRUE);
  return scrolled;
}

static void
on_activate (GtkApplication *application, Example *example)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0), *bar = adw_header_bar_new ();

  example->window = adw_application_window_new (application);
  example->status = gtk_label_new ("Ready");
  example->stack = adw_view_stack_new ();
  gtk_window_set_title (GTK_WINDOW (example->window), "Example");
  gtk_window_set_default_size (GTK_WINDOW (example->window), 700, 500);
  adw_view_stack_add_titled (ADW_VIEW_STACK (example->stack), make_first_page (example), "first", "First");
  adw_view_stack_add_titled (ADW_VIEW_STACK (example->stack), gtk_label_new ("On the second page"), "second", "Second");
  adw_header_bar_set_title_widget (ADW_HEADER_BAR (bar), g_object_new (ADW_TYPE_VIEW_SWITCHER, "stack", example->stack,
                                                                       "policy", ADW_VIEW_SWITCHER_POLICY_WIDE, NULL));
  adw_header_bar_pack_end (ADW_HEADER_BAR (bar), make_menu ());
  gtk_box_append (GTK_BOX (box), bar);
  gtk_box_append (GTK_BOX (box), example->status);
  gtk_box_append (GTK_BOX (box), example->stack);
  adw_application_window_set_content (ADW_APPLICATION_WINDOW (example->window), box);
  if (g_getenv ("FV_UI_EXAMPLE_WARN"))
    g_printerr ("\n(fv-ui-example:1): Gtk-WARNING **: 12:00:00.000: something is wrong\n");
  gtk_window_present (GTK_WINDOW (example->window));
}

int
main (int argc, char **argv)
{
  static const GActionEntry actions[]
      = { { "open", on_open }, { "ask", on_ask }, { "item", on_item }, { "quit", on_quit } };
  Example example = { 0 };
  g_autoptr (AdwApplication) application = adw_application_new ("org.fovea.Example", G_APPLICATION_NON_UNIQUE);
  GtkApplication *gtk = GTK_APPLICATION (application);

  g_signal_connect (application, "activate", G_CALLBACK (on_activate), &example);
  g_action_map_add_action_entries (G_ACTION_MAP (application), actions, G_N_ELEMENTS (actions), &example);
  gtk_application_set_accels_for_action (gtk, "app.open", (const char *const[]){ "<Control>o", NULL });
  gtk_application_set_accels_for_action (gtk, "app.ask", (const char *const[]){ "<Control>d", NULL });
  gtk_application_set_accels_for_action (gtk, "app.quit", (const char *const[]){ "<Control>q", NULL });
  return g_application_run (G_APPLICATION (application), argc, argv);
}

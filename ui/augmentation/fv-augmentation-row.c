/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/augmentation/fv-augmentation-row.h"

#include "ui/fv-i18n.h"

struct _FvAugmentationRow
{
  AdwPreferencesRow parent_instance;
  GtkAdjustment *adjustment;
  GtkWidget *scale, *reset_button;
  GtkLabel *title_label, *value_label, *text_label;
  const FvAugmentationKey *key;
  gboolean quiet; /* the value is set, not moved */
};

G_DEFINE_FINAL_TYPE (FvAugmentationRow, fv_augmentation_row, ADW_TYPE_PREFERENCES_ROW)

static guint changed_signal;

static void
show_value (FvAugmentationRow *self)
{
  const double shown = gtk_adjustment_get_value (self->adjustment);
  g_autofree char *text = fv_augmentation_format (self->key, shown);
  gtk_label_set_label (self->value_label, text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->scale), GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, text, -1);
  gtk_widget_set_visible (self->reset_button, shown != fv_augmentation_get_default (self->key));
}

static void
on_value_changed (FvAugmentationRow *self)
{
  if (self->key == NULL)
    return;
  show_value (self);
  if (!self->quiet)
    g_signal_emit (self, changed_signal, 0);
}

static void
on_reset (FvAugmentationRow *self)
{
  /* The button is about to hide. */
  gtk_widget_grab_focus (self->scale);
  gtk_adjustment_set_value (self->adjustment, fv_augmentation_get_default (self->key));
}

/* Whoever turns the wheel over a list of sliders wants to see the rest of the list. */
static void
ignore_wheel (GtkWidget *scale)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (scale);
  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, i);
      if (GTK_IS_EVENT_CONTROLLER_SCROLL (controller))
        gtk_event_controller_set_propagation_phase (controller, GTK_PHASE_NONE);
    }
}

static void
set_key (FvAugmentationRow *self, const FvAugmentationKey *key)
{
  const double usual = fv_augmentation_get_default (key), step = fv_augmentation_get_step (key);
  const char *title = _ (key->title);
  g_autofree char *reset = NULL;
  g_autofree char *value = fv_augmentation_format (key, usual);

  gtk_adjustment_configure (self->adjustment, 0, 0, fv_augmentation_get_maximum (key), step, 10 * step, 0);
  gtk_range_set_round_digits (GTK_RANGE (self->scale), (int)key->digits);
  gtk_scale_add_mark (GTK_SCALE (self->scale), 0, GTK_POS_BOTTOM, NULL);
  if (usual > 0)
    gtk_scale_add_mark (GTK_SCALE (self->scale), usual, GTK_POS_BOTTOM, NULL);
  ignore_wheel (self->scale);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), title);
  gtk_label_set_label (self->title_label, title);
  gtk_label_set_label (self->text_label, _ (key->text));
  /* Translators: %s is a value such as “±10°” or “Off”. */
  reset = g_strdup_printf (_ ("Back to %s"), value);
  gtk_widget_set_tooltip_text (self->reset_button, reset);
  g_free (reset);
  /* Translators: of a slider; %1$s is its name, %2$s a value. */
  reset = g_strdup_printf (_ ("%1$s: Back to %2$s"), title, value);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->reset_button), GTK_ACCESSIBLE_PROPERTY_LABEL, reset, -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->scale), GTK_ACCESSIBLE_PROPERTY_LABEL, title,
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, _ (key->text), -1);
  self->key = key;
  show_value (self);
}

static void
fv_augmentation_row_class_init (FvAugmentationRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/augmentation/fv-augmentation-row.ui");
  gtk_widget_class_bind_template_child (widget_class, FvAugmentationRow, adjustment);
  gtk_widget_class_bind_template_child (widget_class, FvAugmentationRow, scale);
  gtk_widget_class_bind_template_child (widget_class, FvAugmentationRow, reset_button);
  gtk_widget_class_bind_template_child (widget_class, FvAugmentationRow, title_label);
  gtk_widget_class_bind_template_child (widget_class, FvAugmentationRow, value_label);
  gtk_widget_class_bind_template_child (widget_class, FvAugmentationRow, text_label);
  gtk_widget_class_bind_template_callback (widget_class, on_value_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_reset);
  changed_signal
      = g_signal_new ("changed", FV_TYPE_AUGMENTATION_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
fv_augmentation_row_init (FvAugmentationRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
fv_augmentation_row_new (const FvAugmentationKey *key)
{
  FvAugmentationRow *self = g_object_new (FV_TYPE_AUGMENTATION_ROW, NULL);
  set_key (self, key);
  return GTK_WIDGET (self);
}

const FvAugmentationKey *
fv_augmentation_row_get_key (FvAugmentationRow *self)
{
  return self->key;
}

double
fv_augmentation_row_get_value (FvAugmentationRow *self)
{
  return fv_augmentation_from_shown (self->key, gtk_adjustment_get_value (self->adjustment));
}

void
fv_augmentation_row_set_value (FvAugmentationRow *self, double value)
{
  self->quiet = TRUE;
  gtk_adjustment_set_value (self->adjustment, fv_augmentation_to_shown (self->key, value));
  self->quiet = FALSE;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/training/fv-number-row.h"

#include "ui/fv-i18n.h"

#include <math.h>

struct _FvNumberRow
{
  AdwActionRow parent_instance;
  GtkSpinButton *spin;
  GtkWidget *suggest_button, *menu_button;

  const FvRecipeKey *key;
  double step;
  gint64 suggestion;
  char *why; /* (nullable): nothing is suggested */
  gboolean updating;
};

G_DEFINE_FINAL_TYPE (FvNumberRow, fv_number_row, ADW_TYPE_ACTION_ROW)

enum
{
  PROP_KEY = 1,
  PROP_DIGITS,
  PROP_STEP,
  PROP_WIDTH_CHARS,
  PROP_MENU,
  N_PROPERTIES,
};
static GParamSpec *properties[N_PROPERTIES];

enum
{
  CHANGED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static double
get_value (const FvRecipe *recipe, const FvRecipeKey *key)
{
  return key->type == FV_RECIPE_NUMBER ? G_STRUCT_MEMBER (double, recipe, key->offset)
                                       : (double)G_STRUCT_MEMBER (gint64, recipe, key->offset);
}

static void
show_suggestion (FvNumberRow *self, double value)
{
  if (self->why == NULL)
    return;
  const int suggestion = (int)self->suggestion;
  const gboolean taken = suggestion == value;
  /* Translators: a value and the reason for it, a sentence of its own. */
  g_autofree char *other = g_strdup_printf (_ ("Suggested: %d. %s"), suggestion, self->why);
  g_autofree char *tooltip = g_strdup_printf (_ ("Use the Suggested %d"), suggestion);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self), taken ? self->why : other);
  gtk_widget_set_visible (self->suggest_button, !taken);
  gtk_widget_set_tooltip_text (self->suggest_button, tooltip);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->suggest_button), GTK_ACCESSIBLE_PROPERTY_LABEL, tooltip, -1);
}

void
fv_number_row_show (FvNumberRow *self, const FvRecipe *recipe)
{
  const double value = get_value (recipe, self->key);
  self->updating = TRUE;
  if (gtk_spin_button_get_value (self->spin) != value)
    gtk_spin_button_set_value (self->spin, value);
  show_suggestion (self, value);
  self->updating = FALSE;
}

void
fv_number_row_store (FvNumberRow *self, FvRecipe *recipe)
{
  gtk_spin_button_update (self->spin);
  const double value = CLAMP (gtk_spin_button_get_value (self->spin), self->key->min, self->key->max);
  if (self->key->type == FV_RECIPE_NUMBER)
    G_STRUCT_MEMBER (double, recipe, self->key->offset) = value;
  else
    G_STRUCT_MEMBER (gint64, recipe, self->key->offset) = (gint64)rint (value);
}

void
fv_number_row_suggest (FvNumberRow *self, gint64 value, const char *why)
{
  g_free (self->why);
  self->why = g_strdup (why);
  self->suggestion = value;
}

void
fv_number_row_set_value (FvNumberRow *self, double value)
{
  gtk_spin_button_set_value (self->spin, value);
}

static void
on_value_changed (FvNumberRow *self)
{
  if (!self->updating)
    g_signal_emit (self, signals[CHANGED], 0);
}

static void
on_suggest_clicked (FvNumberRow *self)
{
  /* The button goes; the keyboard stays in its row. */
  gtk_widget_grab_focus (GTK_WIDGET (self->spin));
  fv_number_row_set_value (self, (double)self->suggestion);
}

/* In the digits that it has, not more. */
static gboolean
on_output (FvNumberRow *self)
{
  if (gtk_spin_button_get_digits (self->spin) == 0)
    return FALSE;
  g_autofree char *text = g_strdup_printf ("%.6g", gtk_spin_button_get_value (self->spin));
  if (!g_str_equal (gtk_editable_get_text (GTK_EDITABLE (self->spin)), text))
    gtk_editable_set_text (GTK_EDITABLE (self->spin), text);
  return TRUE;
}

static void
fv_number_row_constructed (GObject *object)
{
  FvNumberRow *self = FV_NUMBER_ROW (object);
  G_OBJECT_CLASS (fv_number_row_parent_class)->constructed (object);
  g_return_if_fail (self->key != NULL);
  self->updating = TRUE;
  gtk_spin_button_set_range (self->spin, self->key->min, self->key->max);
  gtk_spin_button_set_increments (self->spin, self->step, 10 * self->step);
  gtk_spin_button_set_snap_to_ticks (self->spin, self->key->type == FV_RECIPE_INTEGER && self->step > 1);
  gtk_spin_button_set_value (self->spin, self->key->initial);
  self->updating = FALSE;
}

static void
fv_number_row_set_property (GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  FvNumberRow *self = FV_NUMBER_ROW (object);
  switch (id)
    {
    case PROP_KEY:
      self->key = fv_recipe_lookup_key (g_value_get_string (value));
      break;
    case PROP_DIGITS:
      gtk_spin_button_set_digits (self->spin, g_value_get_uint (value));
      break;
    case PROP_STEP:
      self->step = g_value_get_double (value);
      break;
    case PROP_WIDTH_CHARS:
      gtk_editable_set_width_chars (GTK_EDITABLE (self->spin), g_value_get_int (value));
      break;
    case PROP_MENU:
      gtk_menu_button_set_menu_model (GTK_MENU_BUTTON (self->menu_button), g_value_get_object (value));
      gtk_widget_set_visible (self->menu_button, g_value_get_object (value) != NULL);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
    }
}

static void
fv_number_row_finalize (GObject *object)
{
  g_free (FV_NUMBER_ROW (object)->why);
  G_OBJECT_CLASS (fv_number_row_parent_class)->finalize (object);
}

static void
fv_number_row_class_init (FvNumberRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;
  object_class->constructed = fv_number_row_constructed;
  object_class->set_property = fv_number_row_set_property;
  object_class->finalize = fv_number_row_finalize;
  properties[PROP_KEY] = g_param_spec_string ("key", NULL, NULL, NULL, flags);
  properties[PROP_DIGITS] = g_param_spec_uint ("digits", NULL, NULL, 0, 10, 0, flags);
  properties[PROP_STEP] = g_param_spec_double ("step", NULL, NULL, 1e-9, 1e9, 1, flags);
  properties[PROP_WIDTH_CHARS] = g_param_spec_int ("width-chars", NULL, NULL, 1, 20, 5, flags);
  properties[PROP_MENU] = g_param_spec_object ("menu", NULL, NULL, G_TYPE_MENU_MODEL, flags);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
  signals[CHANGED]
      = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/training/fv-number-row.ui");
  gtk_widget_class_bind_template_child (widget_class, FvNumberRow, spin);
  gtk_widget_class_bind_template_child (widget_class, FvNumberRow, suggest_button);
  gtk_widget_class_bind_template_child (widget_class, FvNumberRow, menu_button);
  gtk_widget_class_bind_template_callback (widget_class, on_value_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_suggest_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_output);
}

static void
fv_number_row_init (FvNumberRow *self)
{
  self->updating = TRUE;
  self->step = 1;
  gtk_widget_init_template (GTK_WIDGET (self));
  /* That names the spin button, too. */
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (self), GTK_WIDGET (self->spin));
}

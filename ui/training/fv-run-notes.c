/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/training/fv-run-notes.h"

#include "ui/fv-i18n.h"

struct _FvRunNotes
{
  AdwBin parent_instance;
  AdwPreferencesGroup *warnings;
  GtkWidget *settings_group;
  AdwExpanderRow *settings;

  FvRunMonitor *run;                      /* whose notes are shown; compared only */
  GPtrArray *warning_rows, *setting_rows; /* (element-type GtkWidget), owned by the groups */
};

G_DEFINE_FINAL_TYPE (FvRunNotes, fv_run_notes, ADW_TYPE_BIN)

static GtkWidget *
make_row (const char *title, const char *subtitle)
{
  GtkWidget *row = adw_action_row_new ();
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  if (subtitle != NULL)
    adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle);
  return row;
}

static void
show_warnings (FvRunNotes *self)
{
  guint n = 0;
  const FvRunWarning *warnings = fv_run_monitor_get_warnings (self->run, &n);
  gtk_widget_set_visible (GTK_WIDGET (self->warnings), n > 0);
  if (n < self->warning_rows->len)
    {
      for (guint i = 0; i < self->warning_rows->len; i++)
        adw_preferences_group_remove (self->warnings, self->warning_rows->pdata[i]);
      g_ptr_array_set_size (self->warning_rows, 0);
    }
  for (guint i = self->warning_rows->len; i < n; i++)
    {
      GtkWidget *row = make_row (warnings[i].text, NULL);
      GtkWidget *icon = gtk_image_new_from_icon_name ("dialog-warning-symbolic");
      gtk_widget_add_css_class (icon, "warning");
      gtk_accessible_update_state (GTK_ACCESSIBLE (icon), GTK_ACCESSIBLE_STATE_HIDDEN, TRUE, -1);
      adw_action_row_add_prefix (ADW_ACTION_ROW (row), icon);
      adw_preferences_group_add (self->warnings, row);
      g_ptr_array_add (self->warning_rows, row);
    }
}

static char *
format_value (JsonNode *node)
{
  if (json_node_get_value_type (node) == G_TYPE_BOOLEAN)
    return g_strdup (json_node_get_boolean (node) ? _ ("Yes") : _ ("No"));
  if (json_node_get_value_type (node) == G_TYPE_STRING)
    return json_node_dup_string (node);
  return g_strdup_printf ("%.6g", json_node_get_double (node));
}

static void
show_settings (FvRunNotes *self)
{
  const FvRecipe *recipe = fv_run_monitor_get_recipe (self->run);
  FvRecipe initial;
  guint n_keys;
  const FvRecipeKey *keys = fv_recipe_get_keys (&n_keys);
  gtk_widget_set_visible (self->settings_group, recipe != NULL);
  if (recipe == NULL)
    return;
  fv_recipe_init (&initial);
  g_autoptr (JsonNode) values = fv_recipe_to_json (recipe);
  g_autoptr (JsonNode) defaults = fv_recipe_to_json (&initial);
  for (guint i = 0; i < n_keys; i++)
    {
      JsonNode *value = json_object_get_member (json_node_get_object (values), keys[i].name);
      if (json_node_equal (value, json_object_get_member (json_node_get_object (defaults), keys[i].name)))
        continue;
      g_autofree char *text = format_value (value);
      GtkWidget *row = make_row (keys[i].name, _ (keys[i].text));
      GtkWidget *label = gtk_label_new (text);
      gtk_widget_add_css_class (label, "numeric");
      adw_action_row_add_suffix (ADW_ACTION_ROW (row), label);
      adw_expander_row_add_row (self->settings, row);
      g_ptr_array_add (self->setting_rows, row);
    }
  const guint n = self->setting_rows->len;
  g_autofree char *summary
      = n == 0 ? g_strdup (_ ("All are at their defaults, those of YOLOv5."))
               : g_strdup_printf (ngettext ("%u is not at its default.", "%u are not at their defaults.", n), n);
  adw_expander_row_set_subtitle (self->settings, summary);
  adw_expander_row_set_enable_expansion (self->settings, n > 0);
}

void
fv_run_notes_show (FvRunNotes *self, FvRunMonitor *run)
{
  if (run != self->run)
    {
      for (guint i = 0; i < self->setting_rows->len; i++)
        adw_expander_row_remove (self->settings, self->setting_rows->pdata[i]);
      g_ptr_array_set_size (self->setting_rows, 0);
      for (guint i = 0; i < self->warning_rows->len; i++)
        adw_preferences_group_remove (self->warnings, self->warning_rows->pdata[i]);
      g_ptr_array_set_size (self->warning_rows, 0);
      adw_expander_row_set_expanded (self->settings, FALSE);
      g_set_object (&self->run, run);
    }
  show_warnings (self);
  /* A run's settings never change. */
  if (self->setting_rows->len == 0)
    show_settings (self);
}

static void
fv_run_notes_finalize (GObject *object)
{
  FvRunNotes *self = FV_RUN_NOTES (object);
  g_clear_object (&self->run);
  g_ptr_array_unref (self->warning_rows);
  g_ptr_array_unref (self->setting_rows);
  G_OBJECT_CLASS (fv_run_notes_parent_class)->finalize (object);
}

static void
fv_run_notes_class_init (FvRunNotesClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->finalize = fv_run_notes_finalize;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/training/fv-run-notes.ui");
  gtk_widget_class_bind_template_child (widget_class, FvRunNotes, warnings);
  gtk_widget_class_bind_template_child (widget_class, FvRunNotes, settings_group);
  gtk_widget_class_bind_template_child (widget_class, FvRunNotes, settings);
}

static void
fv_run_notes_init (FvRunNotes *self)
{
  self->warning_rows = g_ptr_array_new ();
  self->setting_rows = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

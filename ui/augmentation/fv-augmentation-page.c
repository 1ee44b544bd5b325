/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/augmentation/fv-augmentation-page.h"

#include "ui/augmentation/fv-augmentation-presets.h"
#include "ui/augmentation/fv-augmentation-preview.h"
#include "ui/augmentation/fv-augmentation-row.h"
#include "ui/augmentation/fv-panes-layout.h"
#include "ui/fv-i18n.h"
#include "ui/widgets/fv-dialogs.h"

/* From a slider to the document, whose listeners have work with it; the preview does not wait for it. */
#define APPLY_DELAY_MS 16

struct _FvAugmentationPage
{
  FvPage parent_instance;
  GtkStack *stack, *preset_texts;
  GtkBox *groups, *presets;
  FvAugmentationPreview *preview;
  GtkToggleButton *preset_buttons[FV_AUGMENTATION_N_PRESETS];
  GtkWidget *preset_labels[FV_AUGMENTATION_CUSTOM + 1];
  FvAugmentationRow *rows[FV_AUGMENTATION_N_KEYS];

  FvRecipe recipe; /* the document's, with what is not applied yet */
  gboolean quiet;  /* controls are set by the program */
  FvAugmentPolicy before_preset;
  gboolean can_undo;
  guint apply_source;
};

G_DEFINE_FINAL_TYPE (FvAugmentationPage, fv_augmentation_page, FV_TYPE_PAGE)

/* What the controls show. */

static void
show_preset (FvAugmentationPage *self)
{
  const FvAugmentationPreset preset = fv_augmentation_preset_find (&self->recipe.augment);
  self->quiet = TRUE;
  for (FvAugmentationPreset i = 0; i < FV_AUGMENTATION_N_PRESETS; i++)
    gtk_toggle_button_set_active (self->preset_buttons[i], i == preset);
  self->quiet = FALSE;
  gtk_stack_set_visible_child (self->preset_texts, self->preset_labels[preset]);
}

static void
show_recipe (FvAugmentationPage *self)
{
  for (guint i = 0; i < FV_AUGMENTATION_N_KEYS; i++)
    fv_augmentation_row_set_value (self->rows[i],
                                   fv_augmentation_get (&fv_augmentation_keys[i], &self->recipe.augment));
  show_preset (self);
}

/* From the controls to the document. */

static void
apply_now (FvAugmentationPage *self)
{
  FvDocument *document = fv_page_get_document (FV_PAGE (self));
  if (self->apply_source == 0)
    return;
  g_clear_handle_id (&self->apply_source, g_source_remove);
  fv_document_set_recipe (document, &self->recipe);
}

static gboolean
apply_cb (gpointer data)
{
  FvAugmentationPage *self = data;
  self->apply_source = 0;
  fv_document_set_recipe (fv_page_get_document (FV_PAGE (self)), &self->recipe);
  return G_SOURCE_REMOVE;
}

static void
policy_changed (FvAugmentationPage *self)
{
  fv_augmentation_preview_set_recipe (self->preview, &self->recipe);
  if (self->apply_source == 0)
    self->apply_source = g_timeout_add (APPLY_DELAY_MS, apply_cb, self);
}

static void
on_row_changed (FvAugmentationRow *row, FvAugmentationPage *self)
{
  fv_augmentation_set (fv_augmentation_row_get_key (row), &self->recipe.augment, fv_augmentation_row_get_value (row));
  show_preset (self);
  policy_changed (self);
}

static void
set_policy (FvAugmentationPage *self, const FvAugmentPolicy *policy)
{
  self->recipe.augment = *policy;
  show_recipe (self);
  policy_changed (self);
}

/* Presets, and the way back to what they take the place of. */

static void
undo_preset (FvAugmentationPage *self)
{
  if (!self->can_undo)
    return;
  self->can_undo = FALSE;
  set_policy (self, &self->before_preset);
}

static void
offer_undo (FvAugmentationPage *self, FvAugmentationPreset preset, const FvAugmentPolicy *before)
{
  g_autofree char *text = g_strdup_printf (_ ("Your own mixture became “%s”"), fv_augmentation_preset_title (preset));
  self->before_preset = *before;
  self->can_undo = TRUE;
  fv_toast_with_button (GTK_WIDGET (self), text, _ ("_Undo"), G_CALLBACK (undo_preset), self);
}

static void
on_preset_toggled (GtkToggleButton *button, FvAugmentationPage *self)
{
  const FvAugmentPolicy before = self->recipe.augment;
  FvAugmentationPreset preset = 0;
  FvAugmentPolicy policy;
  if (self->quiet)
    return;
  while (self->preset_buttons[preset] != button)
    preset++;
  if (!gtk_toggle_button_get_active (button))
    {
      /* The one in use stays in use. */
      show_preset (self);
      return;
    }
  fv_augmentation_preset_get (preset, &policy);
  set_policy (self, &policy);
  if (fv_augmentation_preset_find (&before) == FV_AUGMENTATION_CUSTOM)
    offer_undo (self, preset, &before);
}

/* The document. */

static void
on_dataset_changed (FvAugmentationPage *self)
{
  FvDocument *document = fv_page_get_document (FV_PAGE (self));
  gtk_stack_set_visible_child_name (self->stack,
                                    fv_document_get_dataset (document)->items->len > 0 ? "content" : "empty");
}

static void
on_recipe_changed (FvAugmentationPage *self)
{
  const FvAugmentPolicy mine = self->recipe.augment;
  self->recipe = *fv_document_get_recipe (fv_page_get_document (FV_PAGE (self)));
  if (self->apply_source != 0)
    self->recipe.augment = mine;
  show_recipe (self);
  fv_augmentation_preview_set_recipe (self->preview, &self->recipe);
}

static void
fv_augmentation_page_document_changed (FvPage *page, FvDocument *before)
{
  FvAugmentationPage *self = FV_AUGMENTATION_PAGE (page);
  FvDocument *document = fv_page_get_document (page);
  if (before != NULL)
    {
      g_signal_handlers_disconnect_by_data (before, self);
      /* The last movement counts, too. */
      if (self->apply_source != 0)
        fv_document_set_recipe (before, &self->recipe);
      g_clear_handle_id (&self->apply_source, g_source_remove);
    }
  self->can_undo = FALSE;
  if (self->preview != NULL)
    fv_augmentation_preview_set_document (self->preview, document);
  if (document == NULL)
    return;
  g_signal_connect_swapped (document, "notify::dataset", G_CALLBACK (on_dataset_changed), self);
  g_signal_connect_swapped (document, "notify::recipe-serial", G_CALLBACK (on_recipe_changed), self);
  on_dataset_changed (self);
  on_recipe_changed (self);
}

/* The widget. */

/* All in one stack, so that its height, and with it the place of a slider in the hand, is the same for each. */
static void
add_preset_text (FvAugmentationPage *self, FvAugmentationPreset preset)
{
  GtkWidget *label = gtk_label_new (fv_augmentation_preset_text (preset));
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_yalign (GTK_LABEL (label), 0);
  gtk_widget_add_css_class (label, "caption");
  gtk_widget_add_css_class (label, "dim-label");
  gtk_stack_add_child (self->preset_texts, label);
  self->preset_labels[preset] = label;
}

static void
add_presets (FvAugmentationPage *self)
{
  for (FvAugmentationPreset i = 0; i <= FV_AUGMENTATION_CUSTOM; i++)
    add_preset_text (self, i);
  for (FvAugmentationPreset i = 0; i < FV_AUGMENTATION_N_PRESETS; i++)
    {
      GtkWidget *button = gtk_toggle_button_new_with_label (fv_augmentation_preset_title (i));
      gtk_widget_set_tooltip_text (button, fv_augmentation_preset_text (i));
      g_signal_connect (button, "toggled", G_CALLBACK (on_preset_toggled), self);
      gtk_box_append (self->presets, button);
      self->preset_buttons[i] = GTK_TOGGLE_BUTTON (button);
    }
}

static void
add_groups (FvAugmentationPage *self)
{
  AdwPreferencesGroup *groups[FV_AUGMENTATION_N_GROUPS];
  for (FvAugmentationGroup i = 0; i < FV_AUGMENTATION_N_GROUPS; i++)
    {
      groups[i] = ADW_PREFERENCES_GROUP (adw_preferences_group_new ());
      adw_preferences_group_set_title (groups[i], fv_augmentation_group_title (i));
      adw_preferences_group_set_description (groups[i], fv_augmentation_group_text (i));
      gtk_box_append (self->groups, GTK_WIDGET (groups[i]));
    }
  for (guint i = 0; i < FV_AUGMENTATION_N_KEYS; i++)
    {
      GtkWidget *row = fv_augmentation_row_new (&fv_augmentation_keys[i]);
      g_signal_connect (row, "changed", G_CALLBACK (on_row_changed), self);
      adw_preferences_group_add (groups[fv_augmentation_keys[i].group], row);
      self->rows[i] = FV_AUGMENTATION_ROW (row);
    }
}

/* Keys of the page wherever the focus is, unless what has it takes them itself. */

static gboolean
on_key (GtkWidget *widget, GVariant *arguments, gpointer data)
{
  FvAugmentationPage *self = FV_AUGMENTATION_PAGE (widget);
  void (*act) (FvAugmentationPreview *) = data;
  if (!gtk_widget_get_mapped (GTK_WIDGET (self->preview)))
    return FALSE;
  act (self->preview);
  return TRUE;
}

static void
add_shortcuts (FvAugmentationPage *self)
{
  static const struct
  {
    const char *keys;
    void (*act) (FvAugmentationPreview *);
  } shortcuts[] = {
    { "r|space", fv_augmentation_preview_next },
    { "o", fv_augmentation_preview_toggle_original },
    { "b", fv_augmentation_preview_toggle_boxes },
  };
  GtkEventController *controller = gtk_shortcut_controller_new ();
  gtk_shortcut_controller_set_scope (GTK_SHORTCUT_CONTROLLER (controller), GTK_SHORTCUT_SCOPE_GLOBAL);
  for (guint i = 0; i < G_N_ELEMENTS (shortcuts); i++)
    gtk_shortcut_controller_add_shortcut (
        GTK_SHORTCUT_CONTROLLER (controller),
        gtk_shortcut_new (gtk_shortcut_trigger_parse_string (shortcuts[i].keys),
                          gtk_callback_action_new (on_key, (gpointer)shortcuts[i].act, NULL)));
  gtk_widget_add_controller (GTK_WIDGET (self), controller);
}

static void
fv_augmentation_page_unmap (GtkWidget *widget)
{
  apply_now (FV_AUGMENTATION_PAGE (widget));
  GTK_WIDGET_CLASS (fv_augmentation_page_parent_class)->unmap (widget);
}

static void
fv_augmentation_page_dispose (GObject *object)
{
  FvAugmentationPage *self = FV_AUGMENTATION_PAGE (object);
  fv_page_set_document (FV_PAGE (self), NULL);
  G_OBJECT_CLASS (fv_augmentation_page_parent_class)->dispose (object);
}

static void
fv_augmentation_page_class_init (FvAugmentationPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = fv_augmentation_page_dispose;
  widget_class->unmap = fv_augmentation_page_unmap;
  FV_PAGE_CLASS (klass)->document_changed = fv_augmentation_page_document_changed;
  g_type_ensure (FV_TYPE_AUGMENTATION_PREVIEW);
  g_type_ensure (FV_TYPE_PANES_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/augmentation/fv-augmentation-page.ui");
  gtk_widget_class_bind_template_child (widget_class, FvAugmentationPage, stack);
  gtk_widget_class_bind_template_child (widget_class, FvAugmentationPage, groups);
  gtk_widget_class_bind_template_child (widget_class, FvAugmentationPage, presets);
  gtk_widget_class_bind_template_child (widget_class, FvAugmentationPage, preset_texts);
  gtk_widget_class_bind_template_child (widget_class, FvAugmentationPage, preview);
}

static void
fv_augmentation_page_init (FvAugmentationPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  add_presets (self);
  add_groups (self);
  add_shortcuts (self);
}

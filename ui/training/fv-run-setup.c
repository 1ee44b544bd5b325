/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/training/fv-run-setup.h"

#include "app/children/fv-run-launcher.h"
#include "app/training/fv-suggest.h"
#include "ui/fv-i18n.h"
#include "ui/training/fv-columns-layout.h"
#include "ui/training/fv-number-row.h"
#include "ui/training/fv-run-needs.h"
#include "ui/training/fv-start-row.h"
#include "ui/training/fv-training-words.h"
#include "ui/widgets/fv-choice-row.h"
#include "ui/widgets/fv-dialogs.h"

#include <string.h>

#define VARIANTS "nsmlx"

#define N_NUMBERS 8

struct _FvRunSetup
{
  AdwBin parent_instance;
  FvStartRow *start_row;
  AdwActionRow *weights_row;
  AdwComboRow *variant_row, *optimizer_row;
  FvNumberRow *imgsz, *epochs, *batch, *lr0, *patience, *nbs, *freeze, *seed;
  FvRunNeeds *needs;
  GtkWidget *start_button, *start_spinner;
  GtkLabel *reason;

  FvDocument *document;
  FvSuggestFigures figures;
  FvSuggestions *suggestions;
  gboolean trained;  /* what the suggestions are for */
  gboolean updating; /* the widgets follow the document, not the other way round */
  gboolean starting;
};

G_DEFINE_FINAL_TYPE (FvRunSetup, fv_run_setup, ADW_TYPE_BIN)

enum
{
  STARTED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

/* (transfer none): the rows of numbers, by place. */
static FvNumberRow *
get_number (FvRunSetup *self, guint i)
{
  FvNumberRow *const rows[N_NUMBERS]
      = { self->imgsz, self->epochs, self->batch, self->lr0, self->patience, self->nbs, self->freeze, self->seed };
  return rows[i];
}

/* Suggestions. */

/* Works the suggestions out anew, and takes what was suggested before and not changed by the person along. */
static void
suggest (FvRunSetup *self)
{
  g_autoptr (FvSuggestions) before = g_steal_pointer (&self->suggestions);
  const FvDocumentStart *start = fv_document_get_start (self->document);
  FvRecipe recipe = *fv_document_get_recipe (self->document);
  self->trained = start->kind == FV_RUN_FROM_FILE || start->kind == FV_RUN_FROM_RUN;
  self->suggestions = fv_suggest_new (&self->figures, self->trained);
  fv_number_row_suggest (self->imgsz, self->suggestions->imgsz, self->suggestions->imgsz_why);
  fv_number_row_suggest (self->epochs, self->suggestions->epochs, self->suggestions->epochs_why);
  fv_number_row_suggest (self->batch, self->suggestions->batch, self->suggestions->batch_why);
  if (self->figures.pictures == 0)
    return;
  if (!fv_document_has_settings (self->document))
    {
      fv_suggestions_apply (self->suggestions, &recipe);
      fv_document_suggest_recipe (self->document, &recipe);
    }
  else if (before != NULL && recipe.epochs == before->epochs && recipe.epochs != self->suggestions->epochs)
    {
      recipe.epochs = self->suggestions->epochs;
      if (recipe.patience == before->patience)
        recipe.patience = self->suggestions->patience;
      fv_document_set_recipe (self->document, &recipe);
    }
}

/* Showing. */

static void
show_reason (FvRunSetup *self)
{
  FvRunMonitor *active = fv_run_list_get_active (fv_document_get_runs (self->document));
  const FvRunEstimate *estimate = fv_run_needs_get_estimate (self->needs);
  g_autofree char *reason = NULL;
  if (self->starting)
    reason = NULL;
  else if (active != NULL)
    reason = g_strdup_printf (_ ("Run %u is still at work. Stop it first, or wait until it has ended."),
                              fv_run_monitor_get_number (active));
  else if (self->figures.pictures == 0)
    reason = g_strdup (_ ("All pictures are set aside for checking; none is left to train on."));
  else if (fv_run_needs_get_weights_error (self->needs) != NULL)
    reason = g_strdup (_ ("The weight file can’t be used. Choose another one."));
  else if (estimate != NULL && !estimate->fits)
    reason = g_strdup (_ ("It doesn’t fit into the memory of the device."));
  gtk_label_set_label (self->reason, reason ? reason : "");
  gtk_widget_set_visible (GTK_WIDGET (self->reason), reason != NULL);
  gtk_widget_set_visible (self->start_spinner, self->starting);
  gtk_spinner_set_spinning (GTK_SPINNER (self->start_spinner), self->starting);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "setup.start", reason == NULL && !self->starting);
}

static void
show_weights (FvRunSetup *self, const FvDocumentStart *start)
{
  const char *error = fv_run_needs_get_weights_error (self->needs);
  g_autofree char *name = start->weights ? g_path_get_basename (start->weights) : NULL;
  gtk_widget_set_visible (GTK_WIDGET (self->weights_row), start->kind == FV_RUN_FROM_FILE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->weights_row), name ? name : _ ("Weight file"));
  adw_action_row_set_subtitle (self->weights_row, error ? error : "");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->weights_row), start->weights);
  if (error != NULL)
    gtk_widget_add_css_class (GTK_WIDGET (self->weights_row), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->weights_row), "error");
}

static void
show_variant (FvRunSetup *self, const FvDocumentStart *start)
{
  const gboolean chosen = start->kind == FV_RUN_FROM_SCRATCH || start->kind == FV_RUN_FROM_UNKNOWN;
  const FvRunEstimate *estimate = fv_run_needs_get_estimate (self->needs);
  FvRunMonitor *run
      = start->kind == FV_RUN_FROM_RUN ? fv_run_list_lookup (fv_document_get_runs (self->document), start->run) : NULL;
  char variant = start->variant;
  if (!chosen)
    variant = run && fv_run_monitor_get_variant (run) != '\0' ? fv_run_monitor_get_variant (run)
              : estimate                                      ? estimate->variant
                                                              : '\0';
  const char *place = variant != '\0' ? strchr (VARIANTS, variant) : NULL;
  if (place != NULL)
    adw_combo_row_set_selected (self->variant_row, (guint)(place - VARIANTS));
  gtk_widget_set_sensitive (GTK_WIDGET (self->variant_row), chosen);
  if (!chosen)
    adw_action_row_set_subtitle (ADW_ACTION_ROW (self->variant_row), _ ("Decided by the weights that it starts from."));
  else if (variant == self->suggestions->variant)
    adw_action_row_set_subtitle (ADW_ACTION_ROW (self->variant_row), self->suggestions->variant_why);
  else
    adw_action_row_set_subtitle (ADW_ACTION_ROW (self->variant_row), fv_words_variant_effort (variant));
}

static void
update (FvRunSetup *self)
{
  if (self->document == NULL || self->suggestions == NULL || self->updating)
    return;
  const FvRecipe *recipe = fv_document_get_recipe (self->document);
  const FvDocumentStart *start = fv_document_get_start (self->document);
  self->updating = TRUE;
  for (guint i = 0; i < N_NUMBERS; i++)
    fv_number_row_show (get_number (self, i), recipe);
  adw_combo_row_set_selected (self->optimizer_row, (guint)recipe->optimizer);
  fv_start_row_show (self->start_row, fv_document_get_runs (self->document), start);
  show_weights (self, start);
  show_variant (self, start);
  show_reason (self);
  self->updating = FALSE;
}

static void
on_settings_changed (FvRunSetup *self)
{
  const FvDocumentStart *start = fv_document_get_start (self->document);
  if (self->trained != (start->kind == FV_RUN_FROM_FILE || start->kind == FV_RUN_FROM_RUN))
    suggest (self);
  update (self);
}

static void
on_dataset_changed (FvRunSetup *self)
{
  fv_suggest_measure (fv_document_get_dataset (self->document), &self->figures);
  suggest (self);
  update (self);
}

/* Changing. */

static void
on_number_changed (FvRunSetup *self, FvNumberRow *row)
{
  if (self->updating || self->document == NULL)
    return;
  FvRecipe recipe = *fv_document_get_recipe (self->document);
  fv_number_row_store (row, &recipe);
  fv_document_set_recipe (self->document, &recipe);
}

static void
on_optimizer_selected (FvRunSetup *self)
{
  if (self->updating || self->document == NULL)
    return;
  FvRecipe recipe = *fv_document_get_recipe (self->document);
  const FvRecipe before = recipe;
  recipe.optimizer = adw_combo_row_get_selected (self->optimizer_row);
  if (recipe.optimizer == before.optimizer)
    return;
  /* Each has a scale of its own; a rate that was chosen stays. */
  if (recipe.optimizer == FV_OPTIMIZER_ADAMW && recipe.lr0 == fv_recipe_lookup_key ("lr0")->initial)
    recipe.lr0 = 0.001;
  else if (recipe.optimizer == FV_OPTIMIZER_SGD && recipe.lr0 == 0.001)
    recipe.lr0 = fv_recipe_lookup_key ("lr0")->initial;
  fv_document_set_recipe (self->document, &recipe);
}

static void
on_variant_selected (FvRunSetup *self)
{
  if (self->updating || self->document == NULL)
    return;
  FvDocumentStart start = *fv_document_get_start (self->document);
  const char variant = VARIANTS[MIN (adw_combo_row_get_selected (self->variant_row), strlen (VARIANTS) - 1)];
  if (start.kind != FV_RUN_FROM_SCRATCH || start.variant == variant)
    return;
  start.variant = variant;
  fv_document_set_start (self->document, &start);
}

static void
on_weights_chosen (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FvRunSetup) self = data;
  g_autoptr (GFile) file = fv_dialog_file_finish (result);
  g_autofree char *path = file ? g_file_get_path (file) : NULL;
  if (self->document == NULL)
    return;
  FvDocumentStart start = *fv_document_get_start (self->document);
  if (path != NULL)
    {
      start.kind = FV_RUN_FROM_FILE;
      start.weights = path;
      fv_document_set_start (self->document, &start);
    }
  /* Back to what was chosen before. */
  update (self);
}

static void
choose_weights_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  static const char *const suffixes[] = { "pt", "safetensors", NULL };
  const FvDialogFilter filters[] = { { _ ("Weight files"), suffixes }, { NULL, NULL } };
  fv_dialog_open_file_async (widget, _ ("Choose a Weight File"), filters, on_weights_chosen, g_object_ref (widget));
}

static void
on_start_chosen (FvRunSetup *self, FvRunStartKind kind, guint run)
{
  if (self->updating || self->document == NULL)
    return;
  FvDocumentStart start = *fv_document_get_start (self->document);
  if (start.kind == kind && start.run == run)
    return;
  start.kind = kind;
  start.run = run;
  if (kind == FV_RUN_FROM_FILE && start.weights == NULL)
    choose_weights_action (GTK_WIDGET (self), NULL, NULL);
  else
    fv_document_set_start (self->document, &start);
}

static void
size_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  fv_number_row_set_value (FV_RUN_SETUP (widget)->imgsz, g_variant_get_int32 (parameter));
}

/* The start. */

/* Who waits for a start, and the project that it is in. */
typedef struct
{
  FvRunSetup *setup;
  FvDocument *document;
} Starting;

static void
starting_free (Starting *self)
{
  g_object_unref (self->setup);
  g_object_unref (self->document);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Starting, starting_free)

static void
on_started (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Starting) starting = data;
  FvRunSetup *self = starting->setup;
  g_autoptr (GError) error = NULL;
  guint number = 0;
  const gboolean done = fv_run_launcher_start_finish (result, &number, &error);
  /* The person has left that project; the run goes on. */
  if (self->document != starting->document)
    return;
  self->starting = FALSE;
  if (done)
    {
      fv_run_list_expect (fv_document_get_runs (self->document), number);
      g_signal_emit (self, signals[STARTED], 0, number);
    }
  else if (gtk_widget_get_root (GTK_WIDGET (self)) != NULL)
    fv_dialog_tell_error (GTK_WIDGET (self), _ ("The Run Can’t Be Started"), error);
  update (self);
}

static void
start_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  FvRunSetup *self = FV_RUN_SETUP (widget);
  FvRecipe recipe = *fv_document_get_recipe (self->document);
  /* With what is typed and not yet taken. */
  for (guint i = 0; i < N_NUMBERS; i++)
    fv_number_row_store (get_number (self, i), &recipe);
  const FvDocumentStart *from = fv_document_get_start (self->document);
  const FvRunStart start = {
    .kind = from->kind == FV_RUN_FROM_UNKNOWN ? FV_RUN_FROM_SCRATCH : from->kind,
    .variant = from->variant,
    .weights = from->weights,
    .run = from->run,
    .recipe = fv_document_get_recipe (self->document),
  };
  const Starting starting = { g_object_ref (self), g_object_ref (self->document) };
  self->starting = TRUE;
  show_reason (self);
  fv_run_launcher_start_async (fv_document_get_path (self->document), &start, NULL, on_started,
                               g_memdup2 (&starting, sizeof starting));
}

/* The widget. */

void
fv_run_setup_set_document (FvRunSetup *self, FvDocument *document)
{
  if (self->document == document)
    return;
  if (self->document != NULL)
    {
      FvRunList *runs = fv_document_get_runs (self->document);
      g_signal_handlers_disconnect_by_data (self->document, self);
      g_signal_handlers_disconnect_by_data (runs, self);
    }
  g_set_object (&self->document, document);
  g_clear_pointer (&self->suggestions, fv_suggestions_free);
  self->starting = FALSE;
  if (document != NULL)
    {
      FvRunList *runs = fv_document_get_runs (document);
      g_signal_connect_swapped (document, "notify::recipe-serial", G_CALLBACK (on_settings_changed), self);
      g_signal_connect_swapped (document, "notify::dataset", G_CALLBACK (on_dataset_changed), self);
      g_signal_connect_swapped (runs, "items-changed", G_CALLBACK (update), self);
      g_signal_connect_swapped (runs, "run-changed", G_CALLBACK (update), self);
      on_dataset_changed (self);
    }
  fv_run_needs_set_document (self->needs, document);
}

static void
fv_run_setup_dispose (GObject *object)
{
  fv_run_setup_set_document (FV_RUN_SETUP (object), NULL);
  G_OBJECT_CLASS (fv_run_setup_parent_class)->dispose (object);
}

static void
fv_run_setup_class_init (FvRunSetupClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = fv_run_setup_dispose;
  signals[STARTED] = g_signal_new ("started", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 1, G_TYPE_UINT);

  g_type_ensure (FV_TYPE_RUN_NEEDS);
  g_type_ensure (FV_TYPE_NUMBER_ROW);
  g_type_ensure (FV_TYPE_START_ROW);
  g_type_ensure (FV_TYPE_COLUMNS_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/training/fv-run-setup.ui");
  gtk_widget_class_bind_template_child (widget_class, FvRunSetup, start_row);
  gtk_widget_class_bind_template_child (widget_class, FvRunSetup, weights_row);
  gtk_widget_class_bind_template_child (widget_class, FvRunSetup, variant_row);
  gtk_widget_class_bind_template_child (widget_class, FvRunSetup, optimizer_row);
  gtk_widget_class_bind_template_child (widget_class, FvRunSetup, imgsz);
  gtk_widget_class_bind_template_child (widget_class, FvRunSetup, epochs);
  gtk_widget_class_bind_template_child (widget_class, FvRunSetup, batch);
  gtk_widget_class_bind_template_child (widget_class, FvRunSetup, lr0);
  gtk_widget_class_bind_template_child (widget_class, FvRunSetup, patience);
  gtk_widget_class_bind_template_child (widget_class, FvRunSetup, nbs);
  gtk_widget_class_bind_template_child (widget_class, FvRunSetup, freeze);
  gtk_widget_class_bind_template_child (widget_class, FvRunSetup, seed);
  gtk_widget_class_bind_template_child (widget_class, FvRunSetup, needs);
  gtk_widget_class_bind_template_child (widget_class, FvRunSetup, start_button);
  gtk_widget_class_bind_template_child (widget_class, FvRunSetup, start_spinner);
  gtk_widget_class_bind_template_child (widget_class, FvRunSetup, reason);
  gtk_widget_class_bind_template_callback (widget_class, on_number_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_optimizer_selected);
  gtk_widget_class_bind_template_callback (widget_class, on_variant_selected);
  gtk_widget_class_bind_template_callback (widget_class, on_start_chosen);
  gtk_widget_class_bind_template_callback (widget_class, update);

  gtk_widget_class_install_action (widget_class, "setup.start", NULL, start_action);
  gtk_widget_class_install_action (widget_class, "setup.choose-weights", NULL, choose_weights_action);
  gtk_widget_class_install_action (widget_class, "setup.size", "i", size_action);
}

static void
fv_run_setup_init (FvRunSetup *self)
{
  self->updating = TRUE;
  gtk_widget_init_template (GTK_WIDGET (self));
  g_autoptr (GtkStringList) variants = gtk_string_list_new (NULL);
  for (const char *v = VARIANTS; *v != '\0'; v++)
    gtk_string_list_append (variants, fv_words_variant (*v));
  fv_choice_row_set_up (self->variant_row);
  fv_choice_row_set_up (self->optimizer_row);
  adw_combo_row_set_model (self->variant_row, G_LIST_MODEL (variants));
  g_autoptr (GtkStringList) optimizers = gtk_string_list_new (fv_recipe_lookup_key ("optimizer")->choices);
  adw_combo_row_set_model (self->optimizer_row, G_LIST_MODEL (optimizers));
  self->updating = FALSE;
}

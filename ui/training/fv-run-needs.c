/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/training/fv-run-needs.h"

#include "ui/fv-i18n.h"
#include "ui/training/fv-training-words.h"

#include <math.h>
#include <string.h>

/* From the last change to the question. */
#define PAUSE_MS 400

struct _FvRunNeeds
{
  AdwBin parent_instance;
  GtkLabel *pictures, *memory, *memory_note, *time, *time_note, *problem;
  GtkLevelBar *level;
  GtkSpinner *spinner;
  GtkWidget *memory_row, *time_row, *problem_row;

  FvDocument *document;
  FvRunEstimate *estimate;
  char *error;
  gboolean weights_error; /* that is what the error is about */
  gboolean stale;         /* to be asked for when the widget is seen */
  guint ask_source;
  GCancellable *asking;
  gboolean measuring;
};

G_DEFINE_FINAL_TYPE (FvRunNeeds, fv_run_needs, ADW_TYPE_BIN)

enum
{
  CHANGED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

/* "device/variant" that were measured by this program, with success or without: (element-type utf8). */
static GHashTable *measured;

static char *
measure_key (const FvRunEstimate *estimate)
{
  return g_strdup_printf ("%s/%c", estimate->device, estimate->variant);
}

/* Showing. */

static void
set_label (GtkLabel *label, char *text)
{
  g_autofree char *owned = text;
  gtk_label_set_label (label, owned);
}

static void
show_pictures (FvRunNeeds *self, guint images, guint val_images)
{
  g_autofree char *train = g_strdup_printf (ngettext ("%u to train on", "%u to train on", images), images);
  g_autofree char *val
      = val_images > 0 ? g_strdup_printf (
            ngettext ("%u to check the result on", "%u to check the result on", val_images), val_images)
                       : g_strdup (_ ("none to check the result on"));
  set_label (self->pictures, g_strdup_printf ("%s, %s", train, val));
}

static void
show_memory (FvRunNeeds *self)
{
  const FvRunEstimate *e = self->estimate;
  g_autofree char *needed = fv_words_memory (e->device_bytes);
  g_autofree char *there = fv_words_memory (e->device_memory_bytes);
  g_autofree char *hint = fv_words_estimate_hint (e, fv_document_get_recipe (self->document));
  const double share = e->device_memory_bytes > 0 ? (double)e->device_bytes / (double)e->device_memory_bytes : 0;
  set_label (self->memory, g_strdup_printf (_ ("%s of %s"), needed, there));
  gtk_label_set_label (self->memory_note, hint ? hint : e->device);
  gtk_level_bar_set_value (self->level, CLAMP (share, 0, 1));
  if (e->fits)
    {
      gtk_widget_remove_css_class (GTK_WIDGET (self->level), "over");
      gtk_widget_remove_css_class (GTK_WIDGET (self->memory), "error");
    }
  else
    {
      gtk_widget_add_css_class (GTK_WIDGET (self->level), "over");
      gtk_widget_add_css_class (GTK_WIDGET (self->memory), "error");
    }
}

static gboolean
other_run_is_active (FvRunNeeds *self)
{
  return fv_run_list_get_active (fv_document_get_runs (self->document)) != NULL;
}

static void
show_time (FvRunNeeds *self)
{
  if (self->measuring)
    {
      gtk_label_set_label (self->time, _ ("Measuring this computer…"));
      gtk_label_set_label (self->time_note, _ ("A few batches are timed. This is done once."));
      return;
    }
  set_label (self->time, fv_words_estimate_time (self->estimate));
  if (isnan (self->estimate->seconds) && other_run_is_active (self))
    gtk_label_set_label (self->time_note, _ ("It can be told when no other run is at work."));
  else
    set_label (self->time_note, fv_words_estimate_source (self->estimate));
}

static void
show (FvRunNeeds *self)
{
  const gboolean waiting = self->asking != NULL || self->ask_source != 0;
  const gboolean problem = self->error != NULL && !self->weights_error;
  gtk_spinner_set_spinning (self->spinner, waiting);
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), waiting);
  gtk_widget_set_visible (self->problem_row, problem);
  gtk_widget_set_visible (self->memory_row, !problem);
  gtk_widget_set_visible (self->time_row, !problem);
  if (problem)
    gtk_label_set_label (self->problem, self->error);
  if (self->document == NULL)
    return;
  if (self->estimate != NULL)
    {
      show_pictures (self, self->estimate->images, self->estimate->val_images);
      show_memory (self);
      show_time (self);
      return;
    }
  const FvDataset *dataset = fv_document_get_dataset (self->document);
  guint n[FV_N_SUBSETS] = { 0 };
  for (guint i = 0; i < dataset->items->len; i++)
    n[fv_dataset_get (dataset, i)->subset]++;
  show_pictures (self, n[FV_SUBSET_TRAIN], n[FV_SUBSET_VAL]);
  gtk_label_set_label (self->memory, waiting ? _ ("One moment…") : _ ("Not known"));
  gtk_label_set_label (self->time, waiting ? _ ("One moment…") : _ ("Not known"));
  gtk_label_set_label (self->memory_note, "");
  gtk_label_set_label (self->time_note, "");
  gtk_level_bar_set_value (self->level, 0);
}

static void
set_answer (FvRunNeeds *self, FvRunEstimate *estimate, const char *error)
{
  const FvDocumentStart *start = self->document ? fv_document_get_start (self->document) : NULL;
  g_autofree char *name = start && start->kind == FV_RUN_FROM_FILE ? g_path_get_basename (start->weights) : NULL;
  g_clear_pointer (&self->estimate, fv_run_estimate_free);
  g_free (self->error);
  self->estimate = estimate;
  self->error = g_strdup (error);
  /* The child's sentence names the file where that is the matter. */
  self->weights_error = error != NULL && name != NULL && strstr (error, name) != NULL;
}

/* Asking. */

static void ask (FvRunNeeds *self, gboolean measure);

static void
on_answer (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FvRunNeeds) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (FvRunEstimate) estimate = fv_run_estimate_finish (result, &error);
  /* Another question was asked since, or none is any more. */
  if (self->document == NULL || g_task_get_cancellable (G_TASK (result)) != self->asking)
    return;
  const gboolean was_measuring = self->measuring;
  g_clear_object (&self->asking);
  self->measuring = FALSE;
  if (was_measuring && self->estimate != NULL)
    g_hash_table_add (measured, measure_key (self->estimate));
  const gboolean measurable = estimate != NULL && isnan (estimate->seconds) && estimate->fits && !was_measuring;
  g_autofree char *key = measurable ? measure_key (estimate) : NULL;
  /* A measurement that came to nothing leaves what was known before it. */
  if (estimate != NULL || !was_measuring)
    set_answer (self, g_steal_pointer (&estimate), error ? error->message : NULL);
  if (measurable && !other_run_is_active (self) && !g_hash_table_contains (measured, key))
    ask (self, TRUE);
  show (self);
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
ask (FvRunNeeds *self, gboolean measure)
{
  const FvDocumentStart *start = fv_document_get_start (self->document);
  const FvRunStart question = {
    .kind = start->kind,
    .variant = start->variant,
    .weights = start->weights,
    .run = start->run,
    .recipe = fv_document_get_recipe (self->document),
  };
  self->asking = g_cancellable_new ();
  self->measuring = measure;
  fv_run_estimate_async (fv_document_get_path (self->document), &question, measure, self->asking, on_answer,
                         g_object_ref (self));
}

static void
stop_asking (FvRunNeeds *self)
{
  g_clear_handle_id (&self->ask_source, g_source_remove);
  g_cancellable_cancel (self->asking);
  g_clear_object (&self->asking);
  self->measuring = FALSE;
}

static gboolean
ask_cb (gpointer data)
{
  FvRunNeeds *self = data;
  self->ask_source = 0;
  self->stale = FALSE;
  ask (self, FALSE);
  show (self);
  return G_SOURCE_REMOVE;
}

static void
on_settings_changed (FvRunNeeds *self)
{
  stop_asking (self);
  self->stale = TRUE;
  if (gtk_widget_get_mapped (GTK_WIDGET (self)) && fv_document_get_dataset (self->document)->items->len > 0)
    {
      /* Numbers of other settings are worse than none; the same ones a moment later are not worth a flicker. */
      self->ask_source = g_timeout_add (PAUSE_MS, ask_cb, self);
      show (self);
    }
}

void
fv_run_needs_set_document (FvRunNeeds *self, FvDocument *document)
{
  if (document == self->document)
    return;
  stop_asking (self);
  if (self->document != NULL)
    g_signal_handlers_disconnect_by_func (self->document, on_settings_changed, self);
  g_set_object (&self->document, document);
  set_answer (self, NULL, NULL);
  if (document != NULL)
    {
      g_signal_connect_swapped (document, "notify::recipe-serial", G_CALLBACK (on_settings_changed), self);
      g_signal_connect_swapped (document, "notify::dataset", G_CALLBACK (on_settings_changed), self);
      on_settings_changed (self);
    }
  show (self);
}

const FvRunEstimate *
fv_run_needs_get_estimate (FvRunNeeds *self)
{
  /* A measurement only adds the time. */
  return (self->asking == NULL || self->measuring) && self->ask_source == 0 ? self->estimate : NULL;
}

const char *
fv_run_needs_get_weights_error (FvRunNeeds *self)
{
  return self->weights_error ? self->error : NULL;
}

/* The widget. */

static void
fv_run_needs_map (GtkWidget *widget)
{
  FvRunNeeds *self = FV_RUN_NEEDS (widget);
  GTK_WIDGET_CLASS (fv_run_needs_parent_class)->map (widget);
  if (self->document != NULL && (self->stale || (self->estimate != NULL && isnan (self->estimate->seconds))))
    on_settings_changed (self);
}

static void
fv_run_needs_unmap (GtkWidget *widget)
{
  FvRunNeeds *self = FV_RUN_NEEDS (widget);
  if (self->asking != NULL || self->ask_source != 0)
    self->stale = TRUE;
  stop_asking (self);
  GTK_WIDGET_CLASS (fv_run_needs_parent_class)->unmap (widget);
}

static void
fv_run_needs_dispose (GObject *object)
{
  fv_run_needs_set_document (FV_RUN_NEEDS (object), NULL);
  G_OBJECT_CLASS (fv_run_needs_parent_class)->dispose (object);
}

static void
fv_run_needs_finalize (GObject *object)
{
  FvRunNeeds *self = FV_RUN_NEEDS (object);
  g_clear_pointer (&self->estimate, fv_run_estimate_free);
  g_free (self->error);
  G_OBJECT_CLASS (fv_run_needs_parent_class)->finalize (object);
}

static void
fv_run_needs_class_init (FvRunNeedsClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = fv_run_needs_dispose;
  G_OBJECT_CLASS (klass)->finalize = fv_run_needs_finalize;
  widget_class->map = fv_run_needs_map;
  widget_class->unmap = fv_run_needs_unmap;
  measured = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  signals[CHANGED]
      = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/training/fv-run-needs.ui");
  gtk_widget_class_bind_template_child (widget_class, FvRunNeeds, pictures);
  gtk_widget_class_bind_template_child (widget_class, FvRunNeeds, memory);
  gtk_widget_class_bind_template_child (widget_class, FvRunNeeds, memory_note);
  gtk_widget_class_bind_template_child (widget_class, FvRunNeeds, time);
  gtk_widget_class_bind_template_child (widget_class, FvRunNeeds, time_note);
  gtk_widget_class_bind_template_child (widget_class, FvRunNeeds, problem);
  gtk_widget_class_bind_template_child (widget_class, FvRunNeeds, level);
  gtk_widget_class_bind_template_child (widget_class, FvRunNeeds, spinner);
  gtk_widget_class_bind_template_child (widget_class, FvRunNeeds, memory_row);
  gtk_widget_class_bind_template_child (widget_class, FvRunNeeds, time_row);
  gtk_widget_class_bind_template_child (widget_class, FvRunNeeds, problem_row);
}

static void
fv_run_needs_init (FvRunNeeds *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  /* Red where it doesn't fit, the accent colour below that: the thresholds of a battery have no meaning here. */
  gtk_level_bar_remove_offset_value (self->level, GTK_LEVEL_BAR_OFFSET_LOW);
  gtk_level_bar_remove_offset_value (self->level, GTK_LEVEL_BAR_OFFSET_HIGH);
  gtk_level_bar_remove_offset_value (self->level, GTK_LEVEL_BAR_OFFSET_FULL);
}

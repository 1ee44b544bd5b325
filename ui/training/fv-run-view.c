/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/training/fv-run-view.h"

#include "app/children/fv-run-launcher.h"
#include "ui/fv-i18n.h"
#include "ui/training/fv-class-table.h"
#include "ui/training/fv-run-charts.h"
#include "ui/training/fv-run-notes.h"
#include "ui/training/fv-run-result.h"
#include "ui/training/fv-training-words.h"
#include "ui/widgets/fv-dialogs.h"

#include <math.h>

/* Least time from one update to the next, and from one to the next where nothing but time changed. */
#define UPDATE_MS 200
#define TICK_MS 250

struct _FvRunView
{
  AdwBin parent_instance;
  GtkScrolledWindow *scroller;
  GtkLabel *title, *state, *origin, *progress_label;
  GtkWidget *progress_box, *stop_button, *resume_button, *try_button, *failure, *classes_group, *loading, *content;
  GtkProgressBar *progress;
  GtkLabel *failure_text, *failure_hint;
  AdwPreferencesGroup *result_group;
  FvRunResult *result;
  FvRunCharts *charts;
  FvClassTable *classes;
  FvRunNotes *notes;

  FvDocument *document;
  FvRunMonitor *run;
  GCancellable *resuming;
  guint update_source, tick_source;
  gboolean stale;
  gint64 shown_epoch; /* whose classes are in the table */
};

G_DEFINE_FINAL_TYPE (FvRunView, fv_run_view, ADW_TYPE_BIN)

enum
{
  CONTINUE_FROM,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static const char *const state_classes[] = {
  [FV_RUN_STARTING] = "accent",     [FV_RUN_RUNNING] = "accent",    [FV_RUN_STOPPING] = "accent",
  [FV_RUN_INTERRUPTED] = "warning", [FV_RUN_STOPPED] = "dim-label", [FV_RUN_COMPLETED] = "success",
  [FV_RUN_EARLY_STOP] = "success",  [FV_RUN_FAILED] = "error",
};

/* Showing. */

static void
set_label (GtkLabel *label, char *text)
{
  g_autofree char *owned = text;
  gtk_label_set_label (label, owned);
}

static void
show_state (FvRunView *self, FvRunState state)
{
  const gboolean known = !fv_run_monitor_get_loading (self->run);
  const gboolean active = fv_run_state_is_active (state);
  gtk_label_set_label (self->state, fv_words_run_state (self->run));
  for (guint i = 0; i < G_N_ELEMENTS (state_classes); i++)
    gtk_widget_remove_css_class (GTK_WIDGET (self->state), state_classes[i]);
  gtk_widget_add_css_class (GTK_WIDGET (self->state), state_classes[state]);

  gtk_widget_set_visible (self->stop_button, known && active);
  gtk_widget_set_visible (self->resume_button, known && !active && fv_run_monitor_get_can_resume (self->run));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "run.stop", known && active && state != FV_RUN_STOPPING);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "run.resume",
                                 known && fv_run_monitor_get_can_resume (self->run) && self->resuming == NULL);
  const gboolean weights = fv_run_monitor_get_best_weights (self->run) != NULL;
  gtk_widget_set_visible (self->try_button, weights);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "run.try", weights);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "run.continue", weights);
  if (state == FV_RUN_COMPLETED || state == FV_RUN_EARLY_STOP)
    gtk_widget_add_css_class (self->try_button, "suggested-action");
  else
    gtk_widget_remove_css_class (self->try_button, "suggested-action");
}

static void
show_progress (FvRunView *self, FvRunState state)
{
  const gboolean active = fv_run_state_is_active (state);
  const gboolean over = state == FV_RUN_COMPLETED || state == FV_RUN_EARLY_STOP || state == FV_RUN_FAILED;
  guint done, total;
  const gboolean preparing = fv_run_monitor_get_preparing (self->run, &done, &total);
  const double fraction = preparing ? (double)done / total : fv_run_monitor_get_fraction (self->run);
  g_autofree char *text = fv_words_run_progress (self->run);
  gtk_label_set_label (self->progress_label, text);
  gtk_widget_set_visible (GTK_WIDGET (self->progress_label), *text != '\0');
  gtk_widget_set_visible (GTK_WIDGET (self->progress), !over);
  gtk_widget_set_visible (self->progress_box, !over || *text != '\0');
  if (state == FV_RUN_STARTING && fraction <= 0 && !preparing)
    gtk_progress_bar_pulse (self->progress);
  else
    gtk_progress_bar_set_fraction (self->progress, isnan (fraction) ? 0 : CLAMP (fraction, 0, 1));
  if (active)
    gtk_widget_remove_css_class (GTK_WIDGET (self->progress), "dim-label");
  else
    gtk_widget_add_css_class (GTK_WIDGET (self->progress), "dim-label");
}

static void
show_failure (FvRunView *self, FvRunState state)
{
  const char *failure = fv_run_monitor_get_failure (self->run);
  const char *hint = fv_run_monitor_get_failure_hint (self->run);
  gtk_widget_set_visible (self->failure, state == FV_RUN_FAILED || state == FV_RUN_INTERRUPTED);
  if (state == FV_RUN_INTERRUPTED && !failure)
    {
      failure = _ ("This run ended without a word: its program was killed, or the computer went down.");
      hint = fv_run_monitor_get_can_resume (self->run) ? _ ("Resume goes on from the last checkpoint.") : NULL;
    }
  gtk_label_set_label (self->failure_text, failure ? failure : _ ("The run failed and didn’t say why."));
  gtk_label_set_label (self->failure_hint, hint ? hint : "");
  gtk_widget_set_visible (GTK_WIDGET (self->failure_hint), hint != NULL && *hint != '\0');
  gtk_widget_remove_css_class (self->failure, "error");
  gtk_widget_remove_css_class (self->failure, "warning");
  gtk_widget_add_css_class (self->failure, state == FV_RUN_FAILED ? "error" : "warning");
}

static void
show_result (FvRunView *self, FvRunState state)
{
  const gint64 best = fv_run_monitor_get_best_epoch (self->run);
  guint n = 0;
  const FvRunClass *classes = fv_run_monitor_get_classes (self->run, &n);
  gtk_widget_set_visible (GTK_WIDGET (self->result_group), best >= 0);
  adw_preferences_group_set_title (self->result_group,
                                   fv_run_state_is_active (state) ? _ ("Result So Far") : _ ("Result"));
  gtk_widget_set_visible (self->classes_group, n > 0);
  if (best >= 0)
    fv_run_result_show (self->result, self->run);
  /* The table keeps its place and order while nothing new is in it. */
  if (best != self->shown_epoch)
    fv_class_table_set_classes (self->classes, classes, n);
  self->shown_epoch = best;
}

static void
update (FvRunView *self)
{
  self->stale = FALSE;
  if (self->run == NULL)
    return;
  const FvRunState state = fv_run_monitor_get_state (self->run);
  const gboolean loading = fv_run_monitor_get_loading (self->run);
  set_label (self->title, fv_words_run_title (self->run));
  set_label (self->origin, fv_words_run_origin (self->run));
  gtk_widget_set_visible (GTK_WIDGET (self->origin), !loading);
  gtk_widget_set_visible (self->loading, loading);
  gtk_widget_set_visible (self->content, !loading);
  show_state (self, state);
  if (loading)
    return;
  show_progress (self, state);
  show_failure (self, state);
  show_result (self, state);
  fv_run_charts_show (self->charts, self->run);
  fv_run_notes_show (self->notes, self->run);
}

static gboolean
update_cb (gpointer data)
{
  FvRunView *self = data;
  self->update_source = 0;
  if (self->stale && gtk_widget_get_mapped (GTK_WIDGET (self)))
    {
      update (self);
      self->update_source = g_timeout_add (UPDATE_MS, update_cb, self);
    }
  return G_SOURCE_REMOVE;
}

static void
on_changed (FvRunView *self)
{
  self->stale = TRUE;
  if (self->update_source == 0 && gtk_widget_get_mapped (GTK_WIDGET (self)))
    update_cb (self);
}

/* The time that is left goes by between two events as well. */
static gboolean
tick_cb (gpointer data)
{
  FvRunView *self = data;
  if (self->run != NULL && fv_run_state_is_active (fv_run_monitor_get_state (self->run))
      && !fv_run_monitor_get_loading (self->run))
    show_progress (self, fv_run_monitor_get_state (self->run));
  return G_SOURCE_CONTINUE;
}

static void
on_resumed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FvRunView) self = data;
  g_autoptr (GError) error = NULL;
  guint number = 0;
  const gboolean done = fv_run_launcher_start_finish (result, &number, &error);
  g_clear_object (&self->resuming);
  if (!done && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) && gtk_widget_get_root (GTK_WIDGET (self)))
    fv_dialog_tell_error (GTK_WIDGET (self), _ ("The Run Can’t Go On"), error);
  if (self->document != NULL)
    fv_run_list_refresh (fv_document_get_runs (self->document));
  if (self->run != NULL)
    on_changed (self);
}

static void
resume_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  FvRunView *self = FV_RUN_VIEW (widget);
  FvRunMonitor *active = fv_run_list_get_active (fv_document_get_runs (self->document));
  if (active != NULL && active != self->run)
    {
      g_autofree char *text
          = g_strdup_printf (_ ("Run %u is still at work. Stop it first, or wait until it has ended."),
                             fv_run_monitor_get_number (active));
      fv_toast (widget, text);
      return;
    }
  self->resuming = g_cancellable_new ();
  gtk_widget_action_set_enabled (widget, "run.resume", FALSE);
  fv_run_launcher_resume_async (fv_document_get_path (self->document), fv_run_monitor_get_number (self->run), NULL,
                                NULL, on_resumed, g_object_ref (self));
}

static void
stop_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  FvRunView *self = FV_RUN_VIEW (widget);
  FvRunList *runs = fv_document_get_runs (self->document);
  const guint number = fv_run_monitor_get_number (self->run);
  g_autoptr (GError) error = NULL;
  if (fv_run_launcher_stop (fv_document_get_path (self->document), number, &error))
    fv_run_list_expect_stop (runs, number);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    fv_dialog_tell_error (widget, _ ("The Run Can’t Be Stopped"), error);
  fv_run_list_refresh (runs);
}

static void
try_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  FvRunView *self = FV_RUN_VIEW (widget);
  fv_document_set_try_weights (self->document, fv_run_monitor_get_best_weights (self->run));
  gtk_widget_activate_action (widget, "win.show-page", "s", "try");
}

static void
open_folder_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  FvRunView *self = FV_RUN_VIEW (widget);
  GtkRoot *root = gtk_widget_get_root (widget);
  g_autofree char *uri = g_filename_to_uri (fv_run_monitor_get_folder (self->run), NULL, NULL);
  if (uri != NULL)
    gtk_show_uri (GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL, uri, GDK_CURRENT_TIME);
}

static void
continue_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  g_signal_emit (widget, signals[CONTINUE_FROM], 0, fv_run_monitor_get_number (FV_RUN_VIEW (widget)->run));
}

FvRunMonitor *
fv_run_view_get_run (FvRunView *self)
{
  return self->run;
}

void
fv_run_view_set_run (FvRunView *self, FvDocument *document, FvRunMonitor *run)
{
  if (self->run == run)
    return;
  if (self->run != NULL)
    g_signal_handlers_disconnect_by_func (self->run, on_changed, self);
  g_set_object (&self->document, document);
  g_set_object (&self->run, run);
  self->shown_epoch = G_MININT64;
  if (run == NULL)
    return;
  g_signal_connect_swapped (run, "changed", G_CALLBACK (on_changed), self);
  gtk_adjustment_set_value (gtk_scrolled_window_get_vadjustment (self->scroller), 0);
  update (self);
}

/* The widget. */

static void
fv_run_view_map (GtkWidget *widget)
{
  FvRunView *self = FV_RUN_VIEW (widget);
  GTK_WIDGET_CLASS (fv_run_view_parent_class)->map (widget);
  update (self);
  self->tick_source = g_timeout_add (TICK_MS, tick_cb, self);
}

static void
fv_run_view_unmap (GtkWidget *widget)
{
  FvRunView *self = FV_RUN_VIEW (widget);
  g_clear_handle_id (&self->tick_source, g_source_remove);
  g_clear_handle_id (&self->update_source, g_source_remove);
  GTK_WIDGET_CLASS (fv_run_view_parent_class)->unmap (widget);
}

static void
fv_run_view_dispose (GObject *object)
{
  FvRunView *self = FV_RUN_VIEW (object);
  g_clear_handle_id (&self->tick_source, g_source_remove);
  g_clear_handle_id (&self->update_source, g_source_remove);
  fv_run_view_set_run (self, NULL, NULL);
  G_OBJECT_CLASS (fv_run_view_parent_class)->dispose (object);
}

static void
fv_run_view_class_init (FvRunViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = fv_run_view_dispose;
  widget_class->map = fv_run_view_map;
  widget_class->unmap = fv_run_view_unmap;
  signals[CONTINUE_FROM] = g_signal_new ("continue-from", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                         NULL, G_TYPE_NONE, 1, G_TYPE_UINT);

  g_type_ensure (FV_TYPE_RUN_RESULT);
  g_type_ensure (FV_TYPE_RUN_CHARTS);
  g_type_ensure (FV_TYPE_CLASS_TABLE);
  g_type_ensure (FV_TYPE_RUN_NOTES);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/training/fv-run-view.ui");
  gtk_widget_class_bind_template_child (widget_class, FvRunView, scroller);
  gtk_widget_class_bind_template_child (widget_class, FvRunView, title);
  gtk_widget_class_bind_template_child (widget_class, FvRunView, state);
  gtk_widget_class_bind_template_child (widget_class, FvRunView, origin);
  gtk_widget_class_bind_template_child (widget_class, FvRunView, stop_button);
  gtk_widget_class_bind_template_child (widget_class, FvRunView, resume_button);
  gtk_widget_class_bind_template_child (widget_class, FvRunView, try_button);
  gtk_widget_class_bind_template_child (widget_class, FvRunView, loading);
  gtk_widget_class_bind_template_child (widget_class, FvRunView, content);
  gtk_widget_class_bind_template_child (widget_class, FvRunView, progress_box);
  gtk_widget_class_bind_template_child (widget_class, FvRunView, progress);
  gtk_widget_class_bind_template_child (widget_class, FvRunView, progress_label);
  gtk_widget_class_bind_template_child (widget_class, FvRunView, failure);
  gtk_widget_class_bind_template_child (widget_class, FvRunView, failure_text);
  gtk_widget_class_bind_template_child (widget_class, FvRunView, failure_hint);
  gtk_widget_class_bind_template_child (widget_class, FvRunView, result_group);
  gtk_widget_class_bind_template_child (widget_class, FvRunView, result);
  gtk_widget_class_bind_template_child (widget_class, FvRunView, charts);
  gtk_widget_class_bind_template_child (widget_class, FvRunView, classes_group);
  gtk_widget_class_bind_template_child (widget_class, FvRunView, classes);
  gtk_widget_class_bind_template_child (widget_class, FvRunView, notes);

  gtk_widget_class_install_action (widget_class, "run.stop", NULL, stop_action);
  gtk_widget_class_install_action (widget_class, "run.resume", NULL, resume_action);
  gtk_widget_class_install_action (widget_class, "run.try", NULL, try_action);
  gtk_widget_class_install_action (widget_class, "run.open-folder", NULL, open_folder_action);
  gtk_widget_class_install_action (widget_class, "run.continue", NULL, continue_action);
}

static void
fv_run_view_init (FvRunView *self)
{
  self->shown_epoch = G_MININT64;
  gtk_widget_init_template (GTK_WIDGET (self));
}

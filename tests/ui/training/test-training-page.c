/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-sample-pictures.h"
#include "app/training/fv-suggest.h"
#include "tests/ui/training/fv-test-run.h"
#include "tests/ui/widgets/fv-test-widget.h"
#include "ui/training/fv-class-table.h"
#include "ui/training/fv-number-row.h"
#include "ui/training/fv-run-charts.h"
#include "ui/training/fv-run-needs.h"
#include "ui/training/fv-run-setup.h"
#include "ui/training/fv-run-view.h"
#include "ui/training/fv-start-row.h"
#include "ui/training/fv-training-page.h"
#include "ui/widgets/fv-chart.h"

#include <glib/gstdio.h>

#define N_TRAIN 8
#define N_VAL 4

typedef struct
{
  const char *project;
  FvDocument *document;
  GtkWidget *window;
  FvTrainingPage *page;
  FvRunSetup *setup;
  FvRunView *view;
} Fixture;

static gpointer
get_child (gpointer widget, GType type, const char *name)
{
  gpointer child = gtk_widget_get_template_child (widget, type, name);
  g_assert_nonnull (child);
  return child;
}
#define setup_child(name) get_child (self->setup, FV_TYPE_RUN_SETUP, name)
#define number_child(row, name) get_child (setup_child (row), FV_TYPE_NUMBER_ROW, name)
#define view_child(name) get_child (self->view, FV_TYPE_RUN_VIEW, name)

static void
on_result (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **)data = g_object_ref (result);
}

static void
import_pictures (Fixture *self)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  const char *folder = fv_test_folder ();
  const FvSampleParams params = { .n_train = N_TRAIN, .n_val = N_VAL, .n_test = 1, .size = 160 };
  fv_sample_pictures_write (folder, &params, NULL, &error);
  g_assert_no_error (error);
  fv_document_import_async (self->document, folder, FALSE, NULL, NULL, NULL, on_result, &result);
  fv_test_wait_until (result != NULL);
  g_autoptr (FvImportReport) report = fv_document_import_finish (self->document, result, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *self, gconstpointer with_pictures)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  self->project = fv_test_folder ();
  fv_document_create_async (self->project, NULL, on_result, &result);
  fv_test_wait_until (result != NULL);
  self->document = fv_document_open_finish (result, &error);
  g_assert_no_error (error);
  if (with_pictures)
    import_pictures (self);
  self->page = g_object_new (FV_TYPE_TRAINING_PAGE, NULL);
  self->setup = get_child (self->page, FV_TYPE_TRAINING_PAGE, "setup");
  self->view = get_child (self->page, FV_TYPE_TRAINING_PAGE, "view");
  self->window = fv_test_show (GTK_WIDGET (self->page), 1280, 800);
  fv_page_set_document (FV_PAGE (self->page), self->document);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  gtk_window_destroy (GTK_WINDOW (self->window));
  fv_test_wait (50);
  g_assert_finalize_object (self->document);
}

static const char *
shown (Fixture *self, const char *stack)
{
  return gtk_stack_get_visible_child_name (get_child (self->page, FV_TYPE_TRAINING_PAGE, stack));
}

static void
assert_label (gpointer label, const char *text)
{
  g_assert_cmpstr (gtk_label_get_label (label), ==, text);
}

static void
test_empty (Fixture *self, gconstpointer data)
{
  g_assert_cmpstr (shown (self, "stack"), ==, "empty");
  import_pictures (self);
  g_assert_cmpstr (shown (self, "stack"), ==, "runs");
  g_assert_cmpstr (shown (self, "detail"), ==, "setup");
}

/* What suits the data is there without being asked for, with its reason, until the person chooses something else. */
static void
test_suggestions (Fixture *self, gconstpointer data)
{
  FvSuggestFigures figures;
  fv_suggest_measure (fv_document_get_dataset (self->document), &figures);
  g_assert_cmpuint (figures.pictures, ==, N_TRAIN);
  g_autoptr (FvSuggestions) suggestions = fv_suggest_new (&figures, FALSE);
  g_autoptr (FvSuggestions) trained = fv_suggest_new (&figures, TRUE);
  const FvRecipe *recipe = fv_document_get_recipe (self->document);
  g_assert_false (fv_document_has_settings (self->document));
  g_assert_cmpint (recipe->imgsz, ==, 160);
  g_assert_cmpint (recipe->epochs, ==, suggestions->epochs);
  g_assert_cmpint (recipe->batch, ==, N_TRAIN);
  g_assert_cmpint (recipe->patience, ==, suggestions->patience);
  g_assert_cmpfloat (gtk_spin_button_get_value (number_child ("imgsz", "spin")), ==, 160);
  g_assert_cmpstr (adw_action_row_get_subtitle (setup_child ("imgsz")), ==, suggestions->imgsz_why);
  g_assert_cmpstr (adw_action_row_get_subtitle (setup_child ("epochs")), ==, suggestions->epochs_why);
  g_assert_cmpstr (adw_action_row_get_subtitle (setup_child ("batch")), ==, suggestions->batch_why);
  g_assert_false (gtk_widget_get_visible (number_child ("epochs", "suggest_button")));

  gtk_spin_button_set_value (number_child ("epochs", "spin"), 7);
  g_assert_true (fv_document_has_settings (self->document));
  g_assert_cmpint (recipe->epochs, ==, 7);
  g_autofree char *other = g_strdup_printf ("Suggested: %d. %s", (int)suggestions->epochs, suggestions->epochs_why);
  g_assert_cmpstr (adw_action_row_get_subtitle (setup_child ("epochs")), ==, other);
  g_assert_true (gtk_widget_get_visible (number_child ("epochs", "suggest_button")));
  g_signal_emit_by_name (number_child ("epochs", "suggest_button"), "clicked");
  g_assert_cmpint (recipe->epochs, ==, suggestions->epochs);
  g_assert_false (gtk_widget_get_visible (number_child ("epochs", "suggest_button")));

  /* Trained weights need fewer; a number that the person chose stays. */
  FvDocumentStart start = { FV_RUN_FROM_FILE, 'n', (char *)"/weights/some.pt", 0 };
  fv_document_set_start (self->document, &start);
  g_assert_cmpint (recipe->epochs, ==, trained->epochs);
  gtk_spin_button_set_value (number_child ("epochs", "spin"), 7);
  start.kind = FV_RUN_FROM_SCRATCH;
  fv_document_set_start (self->document, &start);
  g_assert_cmpint (recipe->epochs, ==, 7);
}

/* Each control writes its key, and follows it. */
static void
test_form (Fixture *self, gconstpointer data)
{
  const FvRecipe *recipe = fv_document_get_recipe (self->document);
  gtk_spin_button_set_value (number_child ("batch", "spin"), 3);
  gtk_spin_button_set_value (number_child ("lr0", "spin"), 0.004);
  gtk_spin_button_set_value (number_child ("patience", "spin"), 0);
  gtk_spin_button_set_value (number_child ("nbs", "spin"), 8);
  gtk_spin_button_set_value (number_child ("freeze", "spin"), 10);
  gtk_spin_button_set_value (number_child ("seed", "spin"), 12);
  gtk_widget_activate_action (GTK_WIDGET (self->setup), "setup.size", "i", 416);
  g_assert_cmpint (recipe->batch, ==, 3);
  g_assert_cmpfloat (recipe->lr0, ==, 0.004);
  g_assert_cmpint (recipe->patience, ==, 0);
  g_assert_cmpint (recipe->nbs, ==, 8);
  g_assert_cmpint (recipe->freeze, ==, 10);
  g_assert_cmpint (recipe->seed, ==, 12);
  g_assert_cmpint (recipe->imgsz, ==, 416);
  adw_combo_row_set_selected (setup_child ("optimizer_row"), FV_OPTIMIZER_ADAMW);
  g_assert_cmpint (recipe->optimizer, ==, FV_OPTIMIZER_ADAMW);
  g_assert_cmpfloat (recipe->lr0, ==, 0.004);

  /* Typed: what is no multiple of 32 becomes one. */
  gtk_editable_set_text (number_child ("imgsz", "spin"), "500");
  gtk_spin_button_update (number_child ("imgsz", "spin"));
  g_assert_cmpint (recipe->imgsz, ==, 512);

  FvRecipe other = *recipe;
  other.epochs = 33;
  other.optimizer = FV_OPTIMIZER_SGD;
  fv_document_set_recipe (self->document, &other);
  g_assert_cmpfloat (gtk_spin_button_get_value (number_child ("epochs", "spin")), ==, 33);
  g_assert_cmpuint (adw_combo_row_get_selected (setup_child ("optimizer_row")), ==, FV_OPTIMIZER_SGD);
}

static void
test_start_from (Fixture *self, gconstpointer data)
{
  const FvTestRun runs[] = { { 1, 1, TRUE, FALSE, FALSE, NULL }, { 2, 2, TRUE, TRUE, FALSE, NULL } };
  const FvDocumentStart *start = fv_document_get_start (self->document);
  AdwComboRow *row = setup_child ("start_row");
  AdwComboRow *variant = setup_child ("variant_row");
  g_assert_cmpuint (g_list_model_get_n_items (adw_combo_row_get_model (row)), ==, 2);
  adw_combo_row_set_selected (variant, 1);
  g_assert_cmpint (start->variant, ==, 's');
  for (guint i = 0; i < G_N_ELEMENTS (runs); i++)
    fv_test_write_run (self->project, &runs[i]);
  fv_test_wait_run (fv_document_get_runs (self->document), 2);
  fv_test_wait_until (g_list_model_get_n_items (adw_combo_row_get_model (row)) == 3);
  g_assert_cmpstr (gtk_string_list_get_string (GTK_STRING_LIST (adw_combo_row_get_model (row)), 2), ==,
                   "Best of run 2");
  adw_combo_row_set_selected (row, 2);
  g_assert_cmpint (start->kind, ==, FV_RUN_FROM_RUN);
  g_assert_cmpuint (start->run, ==, 2);
  /* The weights decide it, from then on. */
  g_assert_false (gtk_widget_get_sensitive (GTK_WIDGET (variant)));
  g_assert_cmpuint (adw_combo_row_get_selected (variant), ==, 1);
  adw_combo_row_set_selected (row, 0);
  g_assert_cmpint (start->kind, ==, FV_RUN_FROM_SCRATCH);
  g_assert_true (gtk_widget_get_sensitive (GTK_WIDGET (variant)));
}

/* A file that is no weight file: its reason stands below its name. */
static void
test_bad_weights (Fixture *self, gconstpointer data)
{
  const char *path = fv_test_write (fv_test_folder (), "notes.pt", "no weights at all");
  FvDocumentStart start = { FV_RUN_FROM_FILE, 'n', (char *)path, 0 };
  fv_document_set_start (self->document, &start);
  AdwActionRow *row = setup_child ("weights_row");
  g_assert_true (gtk_widget_get_visible (GTK_WIDGET (row)));
  g_assert_cmpstr (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (row)), ==, "notes.pt");
  fv_test_wait_until (*adw_action_row_get_subtitle (row) != '\0');
  g_test_message ("%s", adw_action_row_get_subtitle (row));
  g_assert_nonnull (strstr (adw_action_row_get_subtitle (row), "notes.pt"));
  g_assert_true (gtk_widget_has_css_class (GTK_WIDGET (row), "error"));
  g_assert_false (gtk_widget_get_sensitive (setup_child ("start_button")));
  start.kind = FV_RUN_FROM_SCRATCH;
  fv_document_set_start (self->document, &start);
  fv_test_wait_until (gtk_widget_get_sensitive (setup_child ("start_button")));
  g_assert_false (gtk_widget_get_visible (GTK_WIDGET (row)));
}

/* Memory before the start, and that all is still there after a change. */
static void
test_needs (Fixture *self, gconstpointer data)
{
  FvRunNeeds *needs = setup_child ("needs");
  fv_test_wait_until (fv_run_needs_get_estimate (needs) != NULL);
  const FvRunEstimate *estimate = fv_run_needs_get_estimate (needs);
  g_assert_cmpuint (estimate->images, ==, N_TRAIN);
  g_assert_cmpuint (estimate->val_images, ==, N_VAL);
  g_assert_cmpint (estimate->variant, ==, 'n');
  const guint64 bytes = estimate->device_bytes;
  assert_label (get_child (needs, FV_TYPE_RUN_NEEDS, "pictures"), "8 to train on, 4 to check the result on");
  const double level = gtk_level_bar_get_value (get_child (needs, FV_TYPE_RUN_NEEDS, "level"));
  g_assert_cmpfloat_with_epsilon (level, (double)bytes / (double)estimate->device_memory_bytes, 1e-9);
  gtk_spin_button_set_value (number_child ("imgsz", "spin"), 320);
  g_assert_null (fv_run_needs_get_estimate (needs));
  fv_test_wait_until (fv_run_needs_get_estimate (needs) != NULL);
  g_assert_cmpuint (fv_run_needs_get_estimate (needs)->device_bytes, >, bytes);
}

static void
show_run (Fixture *self, guint number)
{
  FvRunMonitor *run = fv_test_wait_run (fv_document_get_runs (self->document), number);
  GtkListBox *list = get_child (self->page, FV_TYPE_TRAINING_PAGE, "list");
  FvRunList *runs = fv_document_get_runs (self->document);
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (runs)); i++)
    {
      g_autoptr (FvRunMonitor) other = g_list_model_get_item (G_LIST_MODEL (runs), i);
      if (other == run)
        gtk_list_box_select_row (list, gtk_list_box_get_row_at_index (list, (int)i + 1));
    }
  g_assert_true (fv_run_view_get_run (self->view) == run);
  g_assert_cmpstr (shown (self, "detail"), ==, "run");
  fv_test_wait_until (gtk_widget_get_mapped (view_child ("content")));
}

static FvChart *
find_chart (GtkWidget *widget, const char *title)
{
  if (FV_IS_CHART (widget))
    {
      g_autofree char *text = NULL;
      g_object_get (widget, "title", &text, NULL);
      if (g_str_equal (text, title))
        return FV_CHART (widget);
    }
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child; child = gtk_widget_get_next_sibling (child))
    {
      FvChart *chart = find_chart (child, title);
      if (chart != NULL)
        return chart;
    }
  return NULL;
}

static void
assert_point (FvChart *chart, guint series, guint i, double x, double y)
{
  double px, py, wx, wy;
  g_assert_true (fv_chart_get_point (chart, series, i, &px, &py));
  g_assert_cmpfloat_with_epsilon (px, x, 1e-6);
  g_assert_cmpfloat_with_epsilon (py, y, 1e-5);
  g_assert_true (fv_chart_map (chart, series, i, &wx, &wy));
}

static void
test_run (Fixture *self, gconstpointer data)
{
  const FvTestRun run
      = { 1,    4,    TRUE,
          TRUE, TRUE, "\"run-finished\",\"reason\":\"completed\",\"best_epoch\":3,\"map50\":0.625,\"map\":0.3125" };
  fv_test_write_run (self->project, &run);
  fv_run_list_refresh (fv_document_get_runs (self->document));
  show_run (self, 1);
  assert_label (view_child ("title"), "Run 1");
  assert_label (view_child ("state"), "Finished");
  g_assert_false (gtk_widget_get_visible (view_child ("stop_button")));
  g_assert_false (gtk_widget_get_visible (view_child ("resume_button")));
  g_assert_true (gtk_widget_get_visible (view_child ("try_button")));
  g_assert_false (gtk_widget_get_visible (view_child ("failure")));
  g_assert_true (gtk_widget_get_visible (view_child ("result_group")));

  GtkWidget *charts = view_child ("charts");
  FvChart *map = find_chart (charts, "Mean average precision"), *box = find_chart (charts, "Box loss");
  FvChart *cls = find_chart (charts, "Class loss"), *shares = find_chart (charts, "Precision and recall");
  g_assert_cmpuint (fv_chart_get_n_series (box), ==, 3);
  g_assert_cmpuint (fv_chart_get_n_points (box, 0), ==, TEST_STEPS * TEST_EPOCHS);
  g_assert_cmpuint (fv_chart_get_n_points (map, 0), ==, TEST_EPOCHS);
  for (guint epoch = 0; epoch < TEST_EPOCHS; epoch++)
    {
      const double loss = fv_test_loss (epoch);
      for (guint step = 0; step < TEST_STEPS; step++)
        assert_point (box, 0, epoch * TEST_STEPS + step, epoch + (step + 1.0) / TEST_STEPS, loss + 0.25 * step);
      assert_point (box, 1, epoch, epoch + 1, loss + 0.125);
      assert_point (box, 2, epoch, epoch + 1, loss + 1);
      assert_point (cls, 2, epoch, epoch + 1, loss + 3);
      assert_point (map, 0, epoch, epoch + 1, fv_test_map50 (epoch));
      assert_point (map, 1, epoch, epoch + 1, fv_test_map50 (epoch) / 2);
      assert_point (shares, 0, epoch, epoch + 1, 0.95);
      assert_point (shares, 1, epoch, epoch + 1, 0.92);
    }

  FvClassTable *table = view_child ("classes");
  GtkColumnView *view = get_child (table, FV_TYPE_CLASS_TABLE, "view");
  GListModel *columns = gtk_column_view_get_columns (view);
  g_autoptr (GtkColumnViewColumn) name = g_list_model_get_item (columns, 0);
  g_autoptr (GtkColumnViewColumn) objects = g_list_model_get_item (columns, 2);
  g_assert_cmpstr (fv_class_table_get_name (table, 0), ==, "cat");
  gtk_column_view_sort_by_column (view, name, GTK_SORT_ASCENDING);
  g_assert_cmpstr (fv_class_table_get_name (table, 0), ==, "ant");
  g_assert_cmpstr (fv_class_table_get_name (table, 2), ==, "cat");
  gtk_column_view_sort_by_column (view, objects, GTK_SORT_DESCENDING);
  g_assert_cmpstr (fv_class_table_get_name (table, 0), ==, "ant");
  g_assert_cmpstr (fv_class_table_get_name (table, 1), ==, "bee");
  g_assert_null (fv_class_table_get_name (table, 3));

  /* From here to a picture, with these weights, and to a new run from them. */
  gtk_widget_activate_action (GTK_WIDGET (self->view), "run.try", NULL);
  g_assert_cmpstr (fv_document_get_try_weights (self->document), ==,
                   fv_run_monitor_get_best_weights (fv_run_view_get_run (self->view)));
  gtk_widget_activate_action (GTK_WIDGET (self->view), "run.continue", NULL);
  g_assert_cmpstr (shown (self, "detail"), ==, "setup");
  g_assert_cmpint (fv_document_get_start (self->document)->kind, ==, FV_RUN_FROM_RUN);
  g_assert_cmpuint (fv_document_get_start (self->document)->run, ==, 1);
}

static void
test_bad_ends (Fixture *self, gconstpointer data)
{
  const FvTestRun runs[] = {
    { 1, 1, TRUE, TRUE, FALSE,
      "\"run-failed\",\"id\":\"something\",\"text\":\"The device is full.\",\"hint\":\"Take less.\"" },
    { 2, 2, TRUE, TRUE, FALSE, NULL },
    { 3, 2, TRUE, TRUE, FALSE, "\"run-finished\",\"reason\":\"stopped\",\"best_epoch\":1,\"map50\":0.4,\"map\":0.2" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (runs); i++)
    fv_test_write_run (self->project, &runs[i]);
  show_run (self, 1);
  assert_label (view_child ("state"), "Failed");
  assert_label (view_child ("failure_text"), "The device is full.");
  fv_test_wait_until (g_str_equal (gtk_label_get_label (view_child ("failure_hint")), "Take less."));
  g_assert_true (gtk_widget_get_visible (view_child ("failure")));
  show_run (self, 2);
  assert_label (view_child ("state"), "Interrupted");
  g_assert_true (gtk_widget_get_visible (view_child ("failure")));
  g_assert_true (gtk_widget_get_visible (view_child ("resume_button")));
  g_assert_true (gtk_widget_get_sensitive (view_child ("resume_button")));
  show_run (self, 3);
  assert_label (view_child ("state"), "Stopped");
  g_assert_false (gtk_widget_get_visible (view_child ("failure")));
  g_assert_true (gtk_widget_get_visible (view_child ("resume_button")));
}

/* One at a time: while a run is at work no other is started. */
static void
test_active (Fixture *self, gconstpointer data)
{
  const FvTestRun run = { 1, 2, TRUE, TRUE, FALSE, NULL };
  fv_test_wait_until (!fv_run_list_get_loading (fv_document_get_runs (self->document)));
  fv_test_write (self->project, "runs/1/lock", NULL);
  FvLock *lock = fv_test_hold_run (self->project, 1);
  g_usleep (20000);
  fv_test_write_run (self->project, &run);
  fv_test_wait_run (fv_document_get_runs (self->document), 1);
  fv_test_wait_until (fv_run_list_get_active (fv_document_get_runs (self->document)) != NULL);
  g_assert_cmpstr (shown (self, "detail"), ==, "setup");
  /* A project that is opened shows what goes on in it. */
  fv_page_set_document (FV_PAGE (self->page), NULL);
  fv_page_set_document (FV_PAGE (self->page), self->document);
  g_assert_true (fv_run_view_get_run (self->view) == fv_run_list_lookup (fv_document_get_runs (self->document), 1));
  fv_test_wait_until (gtk_widget_get_visible (view_child ("stop_button")));
  g_assert_false (gtk_widget_get_visible (view_child ("resume_button")));
  g_assert_cmpfloat (gtk_progress_bar_get_fraction (view_child ("progress")), >, 0.4);
  g_assert_false (gtk_widget_get_sensitive (setup_child ("start_button")));
  g_assert_true (g_str_has_prefix (gtk_label_get_label (setup_child ("reason")), "Run 1 is still at work."));
  fv_lock_release (lock);
  fv_test_wait_until (gtk_widget_get_visible (view_child ("resume_button")));
  assert_label (view_child ("state"), "Interrupted");
  fv_test_wait_until (gtk_widget_get_sensitive (setup_child ("start_button")));
}

/* Narrow, the runs are in a drop-down; short, everything scrolls. */
static void
test_narrow (Fixture *self, gconstpointer data)
{
  GtkWidget *panes = get_child (self->page, FV_TYPE_TRAINING_PAGE, "panes");
  GtkWidget *sidebar = gtk_widget_get_first_child (panes), *bar = gtk_widget_get_next_sibling (sidebar);
  GtkDropDown *drop_down = get_child (self->page, FV_TYPE_TRAINING_PAGE, "drop_down");
  const FvTestRun run = { 1, 2, TRUE, TRUE, FALSE, NULL };
  fv_test_write_run (self->project, &run);
  fv_test_wait_run (fv_document_get_runs (self->document), 1);
  fv_test_wait_until (gtk_widget_get_mapped (sidebar));
  g_assert_false (gtk_widget_get_mapped (bar));
  fv_test_resize (self->window, 640, 600);
  fv_test_wait_until (gtk_widget_get_mapped (bar));
  g_assert_false (gtk_widget_get_mapped (sidebar));
  fv_test_wait_until (g_str_equal (
      gtk_string_list_get_string (GTK_STRING_LIST (gtk_drop_down_get_model (drop_down)), 1), "Run 1 – Interrupted"));
  gtk_drop_down_set_selected (drop_down, 1);
  g_assert_cmpstr (shown (self, "detail"), ==, "run");
  gtk_widget_activate_action (GTK_WIDGET (self->page), "training.new-run", NULL);
  g_assert_cmpstr (shown (self, "detail"), ==, "setup");
  g_assert_cmpuint (gtk_drop_down_get_selected (drop_down), ==, 0);
}

/* A run that comes to be when its project has been left is none of the one that is shown then. */
static void
test_left_while_starting (Fixture *self, gconstpointer data)
{
  const char *folder = fv_test_folder ();
  g_autofree char *cli = g_strdup (g_getenv ("FOVEA_CLI"));
  g_autofree char *gate = g_build_filename (folder, "gate", NULL);
  g_autofree char *script = g_strdup_printf ("#!/bin/sh\nwhile [ ! -e '%s' ]; do sleep 0.05; done\necho 7 >&3\n", gate);
  const char *program = fv_test_write (folder, "fovea-cli", script);
  FvDocument *left = self->document;
  g_assert_cmpint (g_chmod (program, 0700), ==, 0);
  g_setenv ("FOVEA_CLI", program, TRUE);
  gtk_widget_activate_action (GTK_WIDGET (self->setup), "setup.start", NULL);
  g_assert_true (gtk_widget_get_visible (setup_child ("start_spinner")));

  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  fv_document_create_async (fv_test_folder (), NULL, on_result, &result);
  fv_test_wait_until (result != NULL);
  self->document = fv_document_open_finish (result, &error);
  g_assert_no_error (error);
  import_pictures (self);
  fv_page_set_document (FV_PAGE (self->page), self->document);
  g_assert_false (gtk_widget_get_visible (setup_child ("start_spinner")));
  fv_test_write (folder, "gate", "");
  /* Whoever waits for the start keeps its project. */
  fv_test_wait_until (G_OBJECT (left)->ref_count == 1);
  g_assert_finalize_object (left);
  g_assert_cmpstr (shown (self, "detail"), ==, "setup");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (fv_document_get_runs (self->document))), ==, 0);
  g_setenv ("FOVEA_CLI", cli, TRUE);
}

int
main (int argc, char **argv)
{
  gtk_test_init (&argc, &argv);
  adw_init ();
#define ADD(name, pictures, function)                                                                                  \
  g_test_add ("/ui/training/" name, Fixture, GINT_TO_POINTER (pictures), set_up, function, tear_down)
  ADD ("empty", FALSE, test_empty);
  ADD ("suggestions", TRUE, test_suggestions);
  ADD ("form", TRUE, test_form);
  ADD ("start-from", TRUE, test_start_from);
  ADD ("bad-weights", TRUE, test_bad_weights);
  ADD ("needs", TRUE, test_needs);
  ADD ("run", TRUE, test_run);
  ADD ("bad-ends", TRUE, test_bad_ends);
  ADD ("active", TRUE, test_active);
  ADD ("narrow", TRUE, test_narrow);
  ADD ("left-while-starting", TRUE, test_left_while_starting);
  return g_test_run ();
}

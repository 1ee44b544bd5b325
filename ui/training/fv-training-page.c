/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/training/fv-training-page.h"

#include "ui/fv-i18n.h"
#include "ui/training/fv-run-row.h"
#include "ui/training/fv-run-setup.h"
#include "ui/training/fv-run-view.h"
#include "ui/training/fv-sidebar-layout.h"
#include "ui/training/fv-training-words.h"

struct _FvTrainingPage
{
  FvPage parent_instance;
  GtkStack *stack, *detail;
  GtkWidget *panes, *new_row;
  GtkListBox *list;
  GtkDropDown *drop_down;
  GtkStringList *names;
  FvRunSetup *setup;
  FvRunView *view;

  FvRunList *runs;   /* of the document */
  gboolean updating; /* the list and the drop-down follow what is shown, not the other way round */
  gboolean opening;  /* nothing was chosen yet: a run that is at work is shown as soon as it is known */
};

G_DEFINE_FINAL_TYPE (FvTrainingPage, fv_training_page, FV_TYPE_PAGE)

/* What is shown. */

/* Marks in both lists what is shown; 0 is the new run, then the runs in their order. */
static void
select_shown (FvTrainingPage *self)
{
  FvRunMonitor *run = fv_run_view_get_run (self->view);
  guint place = 0;
  for (guint i = 0; run != NULL && i < g_list_model_get_n_items (G_LIST_MODEL (self->runs)); i++)
    {
      g_autoptr (FvRunMonitor) other = g_list_model_get_item (G_LIST_MODEL (self->runs), i);
      if (other == run)
        place = i + 1;
    }
  self->updating = TRUE;
  gtk_list_box_select_row (self->list, gtk_list_box_get_row_at_index (self->list, (int)place));
  gtk_drop_down_set_selected (self->drop_down, place);
  self->updating = FALSE;
}

/* @run: NULL for the form. */
static void
show_run (FvTrainingPage *self, FvRunMonitor *run)
{
  FvDocument *document = fv_page_get_document (FV_PAGE (self));
  fv_run_view_set_run (self->view, run ? document : NULL, run);
  gtk_stack_set_visible_child_name (self->detail, run ? "run" : "setup");
  select_shown (self);
}

static void
show_place (FvTrainingPage *self, guint place)
{
  g_autoptr (FvRunMonitor) run = place > 0 ? g_list_model_get_item (G_LIST_MODEL (self->runs), place - 1) : NULL;
  /* The focus that comes into the list selects the row that is selected. */
  if (run == fv_run_view_get_run (self->view))
    return;
  self->opening = FALSE;
  show_run (self, run);
}

static void
on_row_selected (FvTrainingPage *self, GtkListBoxRow *row)
{
  if (!self->updating && row != NULL && self->runs != NULL)
    show_place (self, (guint)gtk_list_box_row_get_index (row));
}

static void
on_drop_down_selected (FvTrainingPage *self)
{
  const guint place = gtk_drop_down_get_selected (self->drop_down);
  if (!self->updating && place != GTK_INVALID_LIST_POSITION && self->runs != NULL)
    show_place (self, place);
}

static void
on_started (FvTrainingPage *self, guint number)
{
  self->opening = FALSE;
  show_run (self, fv_run_list_lookup (self->runs, number));
}

static void
on_continue_from (FvTrainingPage *self, guint number)
{
  FvDocument *document = fv_page_get_document (FV_PAGE (self));
  FvDocumentStart start = *fv_document_get_start (document);
  start.kind = FV_RUN_FROM_RUN;
  start.run = number;
  fv_document_set_start (document, &start);
  self->opening = FALSE;
  show_run (self, NULL);
}

static void
new_run_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  FvTrainingPage *self = FV_TRAINING_PAGE (widget);
  if (self->runs != NULL)
    show_place (self, 0);
}

/* The lists. */

/* (transfer full): how a run is called where there is one line for it. */
static char *
name_run (FvRunMonitor *run)
{
  g_autofree char *title = fv_words_run_title (run);
  /* Translators: a run and its state, such as “Run 3 – Training”. */
  return g_strdup_printf (_ ("%s – %s"), title, fv_words_run_state (run));
}

/* When the project is opened; later ones don't take the form away from the person. */
static void
show_active (FvTrainingPage *self)
{
  if (!self->opening || fv_run_list_get_loading (self->runs))
    return;
  self->opening = FALSE;
  FvRunMonitor *active = fv_run_list_get_active (self->runs);
  if (active != NULL)
    show_run (self, active);
}

static void
on_items_changed (FvTrainingPage *self, guint position, guint removed, guint added)
{
  self->updating = TRUE;
  for (guint i = 0; i < removed; i++)
    gtk_list_box_remove (self->list, GTK_WIDGET (gtk_list_box_get_row_at_index (self->list, (int)position + 1)));
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < added; i++)
    {
      g_autoptr (FvRunMonitor) run = g_list_model_get_item (G_LIST_MODEL (self->runs), position + i);
      gtk_list_box_insert (self->list, fv_run_row_new (run), (int)(position + i) + 1);
      g_ptr_array_add (names, name_run (run));
    }
  g_ptr_array_add (names, NULL);
  gtk_string_list_splice (self->names, position + 1, removed, (const char *const *)names->pdata);
  self->updating = FALSE;

  /* A run whose folder went away is shown no more. */
  FvRunMonitor *shown = fv_run_view_get_run (self->view);
  if (shown != NULL && fv_run_list_lookup (self->runs, fv_run_monitor_get_number (shown)) != shown)
    show_run (self, NULL);
  else
    select_shown (self);
}

static void
on_run_changed (FvTrainingPage *self, FvRunMonitor *run)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->runs)); i++)
    {
      g_autoptr (FvRunMonitor) other = g_list_model_get_item (G_LIST_MODEL (self->runs), i);
      g_autofree char *name = other == run ? name_run (run) : NULL;
      if (name == NULL || g_str_equal (gtk_string_list_get_string (self->names, i + 1), name))
        continue;
      const char *const names[] = { name, NULL };
      self->updating = TRUE;
      gtk_string_list_splice (self->names, i + 1, 1, names);
      self->updating = FALSE;
      select_shown (self);
    }
}

static void
on_dataset_changed (FvTrainingPage *self)
{
  FvDocument *document = fv_page_get_document (FV_PAGE (self));
  const gboolean empty = fv_document_get_dataset (document)->items->len == 0
                         && g_list_model_get_n_items (G_LIST_MODEL (self->runs)) == 0;
  gtk_stack_set_visible_child_name (self->stack, empty ? "empty" : "runs");
}

static void
fv_training_page_document_changed (FvPage *page, FvDocument *before)
{
  FvTrainingPage *self = FV_TRAINING_PAGE (page);
  FvDocument *document = fv_page_get_document (page);
  if (before != NULL)
    {
      g_signal_handlers_disconnect_by_data (before, self);
      g_signal_handlers_disconnect_by_data (self->runs, self);
      show_run (self, NULL);
      on_items_changed (self, 0, g_list_model_get_n_items (G_LIST_MODEL (self->runs)), 0);
    }
  FvRunList *runs = document ? fv_document_get_runs (document) : NULL;
  g_set_object (&self->runs, runs);
  fv_run_setup_set_document (self->setup, document);
  self->opening = TRUE;
  if (document == NULL)
    return;
  g_signal_connect_swapped (document, "notify::dataset", G_CALLBACK (on_dataset_changed), self);
  g_signal_connect_swapped (self->runs, "items-changed", G_CALLBACK (on_items_changed), self);
  g_signal_connect_swapped (self->runs, "items-changed", G_CALLBACK (on_dataset_changed), self);
  g_signal_connect_swapped (self->runs, "run-changed", G_CALLBACK (on_run_changed), self);
  g_signal_connect_swapped (self->runs, "notify::loading", G_CALLBACK (show_active), self);
  on_items_changed (self, 0, 0, g_list_model_get_n_items (G_LIST_MODEL (self->runs)));
  on_dataset_changed (self);
  show_active (self);
}

static void
fv_training_page_dispose (GObject *object)
{
  FvTrainingPage *self = FV_TRAINING_PAGE (object);
  fv_page_set_document (FV_PAGE (self), NULL);
  g_clear_object (&self->runs);
  G_OBJECT_CLASS (fv_training_page_parent_class)->dispose (object);
}

static void
fv_training_page_class_init (FvTrainingPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = fv_training_page_dispose;
  FV_PAGE_CLASS (klass)->document_changed = fv_training_page_document_changed;

  g_type_ensure (FV_TYPE_RUN_SETUP);
  g_type_ensure (FV_TYPE_RUN_VIEW);
  g_type_ensure (FV_TYPE_SIDEBAR_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/training/fv-training-page.ui");
  gtk_widget_class_bind_template_child (widget_class, FvTrainingPage, stack);
  gtk_widget_class_bind_template_child (widget_class, FvTrainingPage, panes);
  gtk_widget_class_bind_template_child (widget_class, FvTrainingPage, detail);
  gtk_widget_class_bind_template_child (widget_class, FvTrainingPage, new_row);
  gtk_widget_class_bind_template_child (widget_class, FvTrainingPage, list);
  gtk_widget_class_bind_template_child (widget_class, FvTrainingPage, drop_down);
  gtk_widget_class_bind_template_child (widget_class, FvTrainingPage, setup);
  gtk_widget_class_bind_template_child (widget_class, FvTrainingPage, view);
  gtk_widget_class_bind_template_callback (widget_class, on_row_selected);
  gtk_widget_class_bind_template_callback (widget_class, on_drop_down_selected);
  gtk_widget_class_bind_template_callback (widget_class, on_started);
  gtk_widget_class_bind_template_callback (widget_class, on_continue_from);

  gtk_widget_class_install_action (widget_class, "training.new-run", NULL, new_run_action);
}

static void
fv_training_page_init (FvTrainingPage *self)
{
  self->updating = TRUE;
  gtk_widget_init_template (GTK_WIDGET (self));
  const char *const names[] = { _ ("New run"), NULL };
  g_autoptr (GtkStringList) list = gtk_string_list_new (names);
  self->names = list;
  gtk_drop_down_set_model (self->drop_down, G_LIST_MODEL (list));
  gtk_list_box_select_row (self->list, GTK_LIST_BOX_ROW (self->new_row));
  self->updating = FALSE;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/training/fv-start-row.h"

#include "ui/fv-i18n.h"
#include "ui/widgets/fv-choice-row.h"

#include <string.h>

/* Places before the runs. */
enum
{
  PLACE_SCRATCH,
  PLACE_FILE,
  N_PLACES,
};

struct _FvStartRow
{
  AdwComboRow parent_instance;
  GtkStringList *names;
  GArray *runs; /* of guint: the numbers of those that are offered */
  gboolean updating;
};

G_DEFINE_FINAL_TYPE (FvStartRow, fv_start_row, ADW_TYPE_COMBO_ROW)

enum
{
  CHOSEN,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static void
find_runs (GArray *numbers, FvRunList *runs, const FvDocumentStart *start)
{
  gboolean found = start->kind != FV_RUN_FROM_RUN;
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (runs)); i++)
    {
      g_autoptr (FvRunMonitor) run = g_list_model_get_item (G_LIST_MODEL (runs), i);
      const guint number = fv_run_monitor_get_number (run);
      if (fv_run_monitor_get_best_weights (run) == NULL)
        continue;
      found = found || number == start->run;
      g_array_append_val (numbers, number);
    }
  /* What was chosen is shown even where it can't be used any more; the run's needs say so. */
  if (!found)
    g_array_append_val (numbers, start->run);
}

void
fv_start_row_show (FvStartRow *self, FvRunList *runs, const FvDocumentStart *start)
{
  g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (guint));
  guint selected = start->kind == FV_RUN_FROM_FILE ? PLACE_FILE : PLACE_SCRATCH;
  find_runs (numbers, runs, start);
  self->updating = TRUE;
  /* Without elements an array may have no data. */
  if (numbers->len != self->runs->len
      || (numbers->len > 0 && memcmp (numbers->data, self->runs->data, numbers->len * sizeof (guint)) != 0))
    {
      g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
      for (guint i = 0; i < numbers->len; i++)
        g_ptr_array_add (names, g_strdup_printf (_ ("Best of run %u"), g_array_index (numbers, guint, i)));
      g_ptr_array_add (names, NULL);
      gtk_string_list_splice (self->names, N_PLACES, self->runs->len, (const char *const *)names->pdata);
      g_array_set_size (self->runs, 0);
      if (numbers->len > 0)
        g_array_append_vals (self->runs, numbers->data, numbers->len);
    }
  for (guint i = 0; start->kind == FV_RUN_FROM_RUN && i < numbers->len; i++)
    if (g_array_index (numbers, guint, i) == start->run)
      selected = N_PLACES + i;
  adw_combo_row_set_selected (ADW_COMBO_ROW (self), selected);
  switch (start->kind)
    {
    case FV_RUN_FROM_FILE:
      adw_action_row_set_subtitle (
          ADW_ACTION_ROW (self), _ ("Trained weights need fewer pictures and epochs, whatever they were trained on."));
      break;
    case FV_RUN_FROM_RUN:
      adw_action_row_set_subtitle (ADW_ACTION_ROW (self), _ ("Goes on learning from what an earlier run has found."));
      break;
    default:
      adw_action_row_set_subtitle (ADW_ACTION_ROW (self), _ ("Knows nothing yet and needs many pictures. A YOLOv5 "
                                                             "weight file makes a better start where you have one."));
    }
  self->updating = FALSE;
}

static void
on_selected (FvStartRow *self)
{
  const guint selected = adw_combo_row_get_selected (ADW_COMBO_ROW (self));
  if (self->updating || selected == GTK_INVALID_LIST_POSITION)
    return;
  if (selected >= N_PLACES)
    g_signal_emit (self, signals[CHOSEN], 0, FV_RUN_FROM_RUN, g_array_index (self->runs, guint, selected - N_PLACES));
  else
    g_signal_emit (self, signals[CHOSEN], 0, selected == PLACE_FILE ? FV_RUN_FROM_FILE : FV_RUN_FROM_SCRATCH, 0);
}

static void
fv_start_row_finalize (GObject *object)
{
  g_array_unref (FV_START_ROW (object)->runs);
  G_OBJECT_CLASS (fv_start_row_parent_class)->finalize (object);
}

static void
fv_start_row_class_init (FvStartRowClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fv_start_row_finalize;
  signals[CHOSEN] = g_signal_new ("chosen", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 2, G_TYPE_INT, G_TYPE_UINT);
}

static void
fv_start_row_init (FvStartRow *self)
{
  const char *const places[] = { _ ("New network"), _ ("Weight file"), NULL };
  g_autoptr (GtkStringList) names = gtk_string_list_new (places);
  self->runs = g_array_new (FALSE, FALSE, sizeof (guint));
  self->names = names;
  fv_choice_row_set_up (ADW_COMBO_ROW (self));
  adw_combo_row_set_model (ADW_COMBO_ROW (self), G_LIST_MODEL (names));
  g_signal_connect (self, "notify::selected", G_CALLBACK (on_selected), NULL);
}

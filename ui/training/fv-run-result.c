/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/training/fv-run-result.h"

#include "ui/fv-i18n.h"
#include "ui/training/fv-training-words.h"

#include <math.h>

struct _FvRunResult
{
  AdwBin parent_instance;
  GtkWidget *figures;
  GtkLabel *map50, *map, *recall, *precision, *best, *sentence;
};

G_DEFINE_FINAL_TYPE (FvRunResult, fv_run_result, ADW_TYPE_BIN)

static void
set_figure (GtkLabel *label, char *text)
{
  g_autofree char *owned = text;
  gtk_label_set_label (label, owned);
}

void
fv_run_result_show (FvRunResult *self, FvRunMonitor *run)
{
  const gint64 best = fv_run_monitor_get_best_epoch (run);
  set_figure (self->map50, fv_words_share (fv_run_monitor_get_map50 (run)));
  set_figure (self->map, fv_words_share (fv_run_monitor_get_map (run)));
  set_figure (self->recall, fv_words_percent (fv_run_monitor_get_recall (run)));
  set_figure (self->precision, fv_words_percent (fv_run_monitor_get_precision (run)));
  set_figure (self->best, best < 0 ? g_strdup ("–") : g_strdup_printf ("%u", (guint)best + 1));
  set_figure (self->sentence, fv_words_run_result (run));
  gtk_widget_set_visible (self->figures, !isnan (fv_run_monitor_get_map50 (run)));
}

static void
fv_run_result_class_init (FvRunResultClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/training/fv-run-result.ui");
  gtk_widget_class_bind_template_child (widget_class, FvRunResult, figures);
  gtk_widget_class_bind_template_child (widget_class, FvRunResult, map50);
  gtk_widget_class_bind_template_child (widget_class, FvRunResult, map);
  gtk_widget_class_bind_template_child (widget_class, FvRunResult, recall);
  gtk_widget_class_bind_template_child (widget_class, FvRunResult, precision);
  gtk_widget_class_bind_template_child (widget_class, FvRunResult, best);
  gtk_widget_class_bind_template_child (widget_class, FvRunResult, sentence);
}

static void
fv_run_result_init (FvRunResult *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

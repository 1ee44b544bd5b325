/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/training/fv-run-charts.h"

#include "ui/fv-i18n.h"
#include "ui/widgets/fv-chart.h"

#define MAX_CURVES 3

/* Colours of the palette for curves: the same for the same thing in every chart. */
enum
{
  COLOUR_TRAINING,
  COLOUR_VALIDATION,
  COLOUR_BATCH,
};

typedef struct
{
  FvRunSeries series;
  const char *name;
  guint colour;
  gboolean dashed;
} Curve;

typedef struct
{
  const char *title;
  gboolean share; /* from 0 to 1 */
  Curve curves[MAX_CURVES];
  guint n;
} Plot;

/* What lies on top comes last. */
#define LOSS(title, suffix)                                                                                            \
  {                                                                                                                    \
    title, FALSE,                                                                                                      \
        { { FV_SERIES_STEP_##suffix, N_ ("Each batch"), COLOUR_BATCH, FALSE },                                         \
          { FV_SERIES_TRAIN_##suffix, N_ ("Training"), COLOUR_TRAINING, FALSE },                                       \
          { FV_SERIES_VAL_##suffix, N_ ("Validation"), COLOUR_VALIDATION, TRUE } },                                    \
        3                                                                                                              \
  }

static const Plot plots[] = {
  { N_ ("Mean average precision"),
    TRUE,
    { { FV_SERIES_MAP50, N_ ("mAP50"), 0, FALSE }, { FV_SERIES_MAP, N_ ("mAP50-95"), 1, FALSE } },
    2 },
  { N_ ("Precision and recall"),
    TRUE,
    { { FV_SERIES_PRECISION, N_ ("Precision"), 0, FALSE }, { FV_SERIES_RECALL, N_ ("Recall"), 1, FALSE } },
    2 },
  LOSS (N_ ("Box loss"), BOX),
  LOSS (N_ ("Objectness loss"), OBJ),
  LOSS (N_ ("Class loss"), CLS),
};
#define N_PLOTS G_N_ELEMENTS (plots)

struct _FvRunCharts
{
  AdwBin parent_instance;
  GtkBox *first; /* the one that counts has a line of its own */
  GtkFlowBox *box;
  FvChart *charts[N_PLOTS];
};

G_DEFINE_FINAL_TYPE (FvRunCharts, fv_run_charts, ADW_TYPE_BIN)

void
fv_run_charts_show (FvRunCharts *self, FvRunMonitor *run)
{
  const guint epochs = fv_run_monitor_get_epochs (run);
  for (guint i = 0; i < N_PLOTS; i++)
    {
      FvChartSeries series[MAX_CURVES];
      for (guint k = 0; k < plots[i].n; k++)
        {
          const Curve *curve = &plots[i].curves[k];
          series[k] = (FvChartSeries){ .name = _ (curve->name), .colour = curve->colour, .dashed = curve->dashed };
          series[k].n = fv_run_monitor_get_series (run, curve->series, &series[k].x, &series[k].y);
        }
      if (epochs > 0)
        fv_chart_set_x_range (self->charts[i], 0, epochs);
      fv_chart_set_series (self->charts[i], series, plots[i].n);
    }
}

static void
fv_run_charts_class_init (FvRunChartsClass *klass)
{
  gtk_widget_class_set_template_from_resource (GTK_WIDGET_CLASS (klass), "/org/fovea/Fovea/training/fv-run-charts.ui");
  gtk_widget_class_bind_template_child (GTK_WIDGET_CLASS (klass), FvRunCharts, first);
  gtk_widget_class_bind_template_child (GTK_WIDGET_CLASS (klass), FvRunCharts, box);
}

static void
fv_run_charts_init (FvRunCharts *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  for (guint i = 0; i < N_PLOTS; i++)
    {
      GtkWidget *chart = fv_chart_new ();
      self->charts[i] = FV_CHART (chart);
      fv_chart_set_title (self->charts[i], _ (plots[i].title));
      fv_chart_set_x_title (self->charts[i], _ ("Epoch"));
      fv_chart_set_empty_text (self->charts[i], plots[i].share ? _ ("The first values come when an epoch has ended.")
                                                               : _ ("The first values come with the first batches."));
      if (plots[i].share)
        fv_chart_set_y_range (self->charts[i], 0, 1);
      gtk_widget_set_size_request (chart, 300, 230);
      gtk_widget_set_hexpand (chart, TRUE);
      gtk_widget_add_css_class (chart, "card");
      gtk_widget_add_css_class (chart, "run-chart");
      if (i == 0)
        {
          gtk_box_prepend (self->first, chart);
          continue;
        }
      /* The chart takes the focus, not the cell that it is in. */
      GtkWidget *child = gtk_flow_box_child_new ();
      gtk_widget_set_focusable (child, FALSE);
      gtk_flow_box_child_set_child (GTK_FLOW_BOX_CHILD (child), chart);
      gtk_flow_box_append (self->box, child);
    }
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "app/drawing/fv-plot.h"

G_BEGIN_DECLS

/*
 * Curves over a common x: losses and mAP of a run.
 *
 *   FvChart *chart = FV_CHART (fv_chart_new ());
 *   fv_chart_set_title (chart, _("Box loss"));
 *   fv_chart_set_series (chart, (FvChartSeries[]){ { .name = _("Training"), .x = x, .y = y, .n = n },
 *                                                  { .name = _("Validation"), .colour = 1, .x = vx, .y = vy, .n = m, .dashed = TRUE } }, 2);
 *
 * The pointer, or the arrow keys when focused, moves a crosshair that reads the values at an x. The context menu and Ctrl+C copy the values as CSV.
 * Main thread.
 */

/* name, colour (of fv_palette_get_series), x (ascending), y (NaN: a gap), n, dashed (validation). */
typedef FvPlotSeries FvChartSeries;

#define FV_TYPE_CHART (fv_chart_get_type ())
G_DECLARE_FINAL_TYPE (FvChart, fv_chart, FV, CHART, GtkWidget)

GtkWidget *fv_chart_new (void);

/* Copies everything; cheap enough for every step of a run. */
void fv_chart_set_series (FvChart *self, const FvChartSeries *series, guint n_series);

/* Properties "title", "x-title", "empty-text": (nullable). The x title is shown below the axis and in the readout ("Epoch"). */
void fv_chart_set_title (FvChart *self, const char *title);
void fv_chart_set_x_title (FvChart *self, const char *title);
/* What stands there while there are no points (default: “No values yet”). */
void fv_chart_set_empty_text (FvChart *self, const char *text);
/* NaN for a side: it follows the values (default). fv_chart_set_y_range (chart, 0, 1) for shares. */
void fv_chart_set_y_range (FvChart *self, double low, double high);
/* The same for x: give 0 and the number of epochs, and the curve grows into the room. */
void fv_chart_set_x_range (FvChart *self, double low, double high);
/* Property "logarithmic": y by its logarithm; values of 0 and less are gaps. */
void fv_chart_set_logarithmic (FvChart *self, gboolean logarithmic);

/* For tests: where point @i of a series is drawn, in widget pixels; FALSE where there is none. */
gboolean fv_chart_map (FvChart *self, guint series, guint i, double *x, double *y);
guint fv_chart_get_n_series (FvChart *self);
guint fv_chart_get_n_points (FvChart *self, guint series);
gboolean fv_chart_get_point (FvChart *self, guint series, guint i, double *x, double *y);
/* x of the data that the crosshair is at; NaN: there is none. */
double fv_chart_get_cursor (FvChart *self);
/* (transfer full): one line for each x, one column for each series; what Ctrl+C copies. */
char *fv_chart_get_csv (FvChart *self);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <cairo.h>
#include <pango/pango.h>

#include "app/drawing/fv-palette.h"

G_BEGIN_DECLS

/*
 * A chart of curves over a common x, on any cairo context:
 *
 *   FvPlot *plot = fv_plot_new ();
 *   fv_plot_set_series (plot, series, n_series);
 *   fv_plot_lay_out (plot, 400, 240, &style);
 *   fv_plot_draw (plot, cairo);
 *
 * One plot belongs to one thread at a time.
 */

typedef struct
{
  const char *name; /* as the legend shows it */
  guint colour;     /* of fv_palette_get_series: 0, 1, … */
  const double *x;  /* ascending */
  const double *y;  /* NaN: the curve has a gap there */
  guint n;
  gboolean dashed; /* validation */
} FvPlotSeries;

typedef struct
{
  PangoContext *context; /* fonts; its own size is that of the title */
  FvColour foreground;   /* light: the ground is taken to be dark */
} FvPlotStyle;

typedef struct _FvPlot FvPlot;

FvPlot *fv_plot_new (void);
void fv_plot_free (FvPlot *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvPlot, fv_plot_free)

/* Copies everything. */
void fv_plot_set_series (FvPlot *self, const FvPlotSeries *series, guint n_series);
guint fv_plot_get_n_series (const FvPlot *self);
/* (transfer none): valid until the series are set again. */
const FvPlotSeries *fv_plot_get_series (const FvPlot *self, guint series);
/* (nullable) each */
void fv_plot_set_title (FvPlot *self, const char *title);
void fv_plot_set_x_title (FvPlot *self, const char *title);
void fv_plot_set_empty_text (FvPlot *self, const char *text);
/* NaN for a side: it follows the values. */
void fv_plot_set_x_range (FvPlot *self, double low, double high);
void fv_plot_set_y_range (FvPlot *self, double low, double high);
void fv_plot_set_logarithmic (FvPlot *self, gboolean logarithmic);
gboolean fv_plot_is_empty (const FvPlot *self);

/* Once after every change, before what follows. User units. */
void fv_plot_lay_out (FvPlot *self, double width, double height, const FvPlotStyle *style);
void fv_plot_draw (const FvPlot *self, cairo_t *cairo);
/* On top: a line at @x (of the data) and the values there. */
void fv_plot_draw_cursor (const FvPlot *self, cairo_t *cairo, double x);

/* Where point @i of a series is; FALSE where it is not drawn. */
gboolean fv_plot_map (const FvPlot *self, guint series, guint i, double *x, double *y);
/* The x of the data that is nearest to @x in user units; NaN where there is none. */
double fv_plot_find_x (const FvPlot *self, double x);
/* The next x of the data after @x (@step 1) or before it (@step -1); from NaN: the last or the first. Stays at the ends. */
double fv_plot_step_x (const FvPlot *self, double x, int step);
/* Index of the series' point that is read at @x, or -1. */
int fv_plot_find_point (const FvPlot *self, guint series, double x);
/* (transfer full): a line for each x, a column for each series; numbers as C writes them. */
char *fv_plot_get_csv (const FvPlot *self);

G_END_DECLS

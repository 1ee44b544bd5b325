/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/drawing/fv-axis.h"
#include "app/drawing/fv-plot.h"

G_BEGIN_DECLS

/* A series' name and last value, and where they stand. */
typedef struct
{
  char *name, *value;
  double x, y;       /* upper left corner, of the swatch */
  double value_x;
} FvPlotEntry;

struct _FvPlot
{
  GArray *series; /* of FvPlotSeries, whose strings and arrays are owned */
  char *title, *x_title, *empty_text;
  double x_low, x_high, y_low, y_high; /* NaN: free */
  gboolean logarithmic;

  /* What laying out found. */
  double width, height;
  FvPlotStyle style; /* context: a reference */
  gboolean dark;
  FvAxis x_axis, y_axis;
  GArray *x_ticks, *y_ticks;            /* of double */
  GArray *entries;                      /* of FvPlotEntry */
  double left, top, right, bottom;      /* of the area that holds the curves */
  double x_title_y;                     /* 0: there is no room for it */
};

/* Letters beside the title are as large as Adwaita's captions. */
#define FV_PLOT_CAPTION 0.82
#define FV_PLOT_SWATCH 16
#define FV_PLOT_GAP 6

/* (transfer full) */
PangoLayout *fv_plot_make_text (const FvPlot *self, const char *text, double scale, gboolean bold);
/* (transfer full): on as many lines as it needs. */
PangoLayout *fv_plot_make_title (const FvPlot *self);
void fv_plot_measure_text (const FvPlot *self, const char *text, double scale, gboolean bold, double *width,
                           double *height);

G_END_DECLS

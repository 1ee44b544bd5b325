/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * One axis of a chart: its range, its ticks at round numbers, and values along it. Any thread.
 */
typedef struct
{
  double low, high; /* low < high; both above 0 where logarithmic */
  gboolean logarithmic;
} FvAxis;

/* Chooses a range that holds the values from @least to @most; where @low or @high is not NaN, that side is fixed. A side that is free goes
   to a round number; one that is near 0 goes to 0. Without values (@least > @most): 0..1. */
FvAxis fv_axis_fit (double least, double most, double low, double high, gboolean logarithmic);

/* 0 at low, 1 at high; beyond for values outside; NaN where there is no place for it. */
double fv_axis_map (const FvAxis *self, double value);
double fv_axis_unmap (const FvAxis *self, double share);

/* (transfer full): doubles, ascending, within the range, at most about @n_wanted (at least 1). @whole: whole numbers only. */
GArray *fv_axis_get_ticks (const FvAxis *self, guint n_wanted, gboolean whole);
/* (transfer full): a tick with as many decimals as tell it from its neighbours, in the person's locale. */
char *fv_axis_format_tick (const FvAxis *self, const GArray *ticks, guint index);
/* (transfer full): three significant digits, in the person's locale. */
char *fv_axis_format_value (double value);

G_END_DECLS

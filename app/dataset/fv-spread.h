/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * How a number is spread over pictures or boxes. A quantile between two values lies on the line between them, as
 * numpy's does: that at part q of n sorted values is at place q (n - 1). All are NAN where there is no value.
 */
typedef struct
{
  double min, p10, median, p90, max, mean;
} FvSpread;

/* Sorts the values. None may be NAN. */
void fv_spread_take (FvSpread *self, double *values, gsize n);

/* The same of a GArray of double. */
void fv_spread_take_array (FvSpread *self, GArray *values);

/* @values sorted, n > 0, 0 <= part <= 1. */
double fv_spread_quantile (const double *values, gsize n, double part);

G_END_DECLS

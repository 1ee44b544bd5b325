/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/drawing/fv-axis.h"

#include <math.h>

#define N_ROUND_STEPS 4 /* a free side goes to a multiple of a quarter of the range, made round */

/* The least of 1, 2, 2.5, 5 times a power of ten that is not below @step. */
static double
round_step (double step)
{
  static const double steps[] = { 1, 2, 2.5, 5, 10 };
  const double power = pow (10, floor (log10 (step)));
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    if (steps[i] * power >= step * (1 - 1e-9))
      return steps[i] * power;
  return 10 * power;
}

/* Down or up to 1, 2 or 5 times a power of ten. */
static double
round_logarithmic (double value, gboolean up)
{
  static const double steps[] = { 1, 2, 5, 10 };
  const double power = pow (10, floor (log10 (value)));
  double result = up ? 10 * power : power;
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      if (up && steps[i] * power >= value * (1 - 1e-9))
        return steps[i] * power;
      if (!up && steps[i] * power <= value * (1 + 1e-9))
        result = steps[i] * power;
    }
  return result;
}

static FvAxis
fit_logarithmic (double least, double most, double low, double high)
{
  if (!(least <= most) || !(most > 0))
    least = 0.1, most = 1;
  FvAxis axis = { low, high, TRUE };
  if (!(low > 0))
    axis.low = round_logarithmic (least > 0 ? least : most / 10, FALSE);
  if (!(high > 0))
    axis.high = round_logarithmic (most, TRUE);
  if (!(axis.low < axis.high))
    axis.high = axis.low * 10;
  return axis;
}

FvAxis
fv_axis_fit (double least, double most, double low, double high, gboolean logarithmic)
{
  if (logarithmic)
    return fit_logarithmic (least, most, low, high);
  if (!(least <= most))
    least = isnan (low) ? 0 : low, most = isnan (high) ? 1 : high;
  FvAxis axis = { low, high, FALSE };
  const double bottom = isnan (low) ? least : low, top = isnan (high) ? most : high;
  double span = top - bottom;
  if (!(span > 0))
    span = fabs (top) > 0 ? fabs (top) : 1;
  const double step = round_step (span / N_ROUND_STEPS);
  if (isnan (low))
    /* A curve that comes near 0 is judged by how near. */
    axis.low = bottom >= 0 && bottom <= 0.6 * top ? 0 : floor (bottom / step + 1e-9) * step;
  if (isnan (high))
    axis.high = top <= 0 && top >= 0.6 * bottom ? 0 : ceil (top / step - 1e-9) * step;
  if (!(axis.low < axis.high))
    {
      if (isnan (high))
        axis.high = axis.low + span;
      else
        axis.low = axis.high - span;
    }
  return axis;
}

double
fv_axis_map (const FvAxis *self, double value)
{
  if (!self->logarithmic)
    return (value - self->low) / (self->high - self->low);
  return value > 0 ? log (value / self->low) / log (self->high / self->low) : NAN;
}

double
fv_axis_unmap (const FvAxis *self, double share)
{
  return self->logarithmic ? self->low * pow (self->high / self->low, share)
                           : self->low + share * (self->high - self->low);
}

static void
add_logarithmic_ticks (const FvAxis *self, guint n_wanted, GArray *ticks)
{
  static const double steps[] = { 1, 2, 5 };
  const double decades = log10 (self->high / self->low);
  const int first = floor (log10 (self->low) + 1e-9), last = ceil (log10 (self->high) - 1e-9);
  /* Each decade's 2 and 5, too, where there is room, or only every few decades. */
  const gboolean fine = 3 * decades <= n_wanted + 2;
  const int every = MAX (1, ceil (decades / n_wanted));
  for (int exponent = first; exponent <= last; exponent += fine ? 1 : every)
    for (guint i = 0; i < (fine ? G_N_ELEMENTS (steps) : 1); i++)
      {
        const double tick = steps[i] * pow (10, exponent);
        if (tick >= self->low * (1 - 1e-9) && tick <= self->high * (1 + 1e-9))
          g_array_append_val (ticks, tick);
      }
}

GArray *
fv_axis_get_ticks (const FvAxis *self, guint n_wanted, gboolean whole)
{
  GArray *ticks = g_array_new (FALSE, FALSE, sizeof (double));
  n_wanted = MAX (n_wanted, 1);
  if (self->logarithmic)
    {
      add_logarithmic_ticks (self, n_wanted, ticks);
      return ticks;
    }
  double step = round_step ((self->high - self->low) / n_wanted);
  if (whole)
    step = step <= 1 ? 1 : step == 2.5 ? 5 : step;
  const double slack = 1e-9 * (self->high - self->low);
  for (double k = ceil ((self->low - slack) / step); k * step <= self->high + slack; k++)
    {
      /* Not -0. */
      const double tick = k == 0 ? 0 : k * step;
      g_array_append_val (ticks, tick);
    }
  return ticks;
}

char *
fv_axis_format_tick (const FvAxis *self, const GArray *ticks, guint index)
{
  const double value = g_array_index (ticks, double, index);
  double gap = fabs (value);
  if (index > 0)
    gap = value - g_array_index (ticks, double, index - 1);
  else if (ticks->len > 1)
    gap = g_array_index (ticks, double, 1) - value;
  if (self->logarithmic || fabs (value) >= 1e7 || (gap > 0 && gap < 1e-5))
    return g_strdup_printf ("%.6g", value);
  /* The fewest decimals that say the gap exactly. */
  guint decimals = 0;
  for (double scaled = gap; decimals < 6 && fabs (scaled - rint (scaled)) > 1e-6 * fmax (scaled, 1); scaled *= 10)
    decimals++;
  return g_strdup_printf ("%.*f", (int)decimals, value);
}

char *
fv_axis_format_value (double value)
{
  if (value == 0)
    return g_strdup ("0");
  const double magnitude = floor (log10 (fabs (value)) + 1e-9);
  if (!(magnitude >= -5 && magnitude < 7))
    return g_strdup_printf ("%.3g", value);
  return g_strdup_printf ("%.*f", (int)CLAMP (2 - magnitude, 0, 6), value);
}

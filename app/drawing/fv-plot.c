/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/drawing/fv-plot-private.h"

#include <math.h>
#include <string.h>

#define ENTRY_SPACING 18
#define UNITS_PER_X_TICK 64
#define UNITS_PER_Y_TICK 36
/* Below this height the curves need the room of the x title more. */
#define MIN_HEIGHT_FOR_X_TITLE 170

static void
clear_series (gpointer data)
{
  FvPlotSeries *series = data;
  g_free ((char *)series->name);
  g_free ((double *)series->x);
  g_free ((double *)series->y);
}

static void
clear_entry (gpointer data)
{
  FvPlotEntry *entry = data;
  g_free (entry->name);
  g_free (entry->value);
}

FvPlot *
fv_plot_new (void)
{
  FvPlot *self = g_new0 (FvPlot, 1);
  self->series = g_array_new (FALSE, FALSE, sizeof (FvPlotSeries));
  g_array_set_clear_func (self->series, clear_series);
  self->entries = g_array_new (FALSE, FALSE, sizeof (FvPlotEntry));
  g_array_set_clear_func (self->entries, clear_entry);
  self->x_low = self->x_high = self->y_low = self->y_high = NAN;
  self->x_axis = self->y_axis = (FvAxis){ 0, 1 };
  return self;
}

void
fv_plot_free (FvPlot *self)
{
  if (!self)
    return;
  g_array_unref (self->series);
  g_array_unref (self->entries);
  g_clear_pointer (&self->x_ticks, g_array_unref);
  g_clear_pointer (&self->y_ticks, g_array_unref);
  g_clear_object (&self->style.context);
  g_free (self->title);
  g_free (self->x_title);
  g_free (self->empty_text);
  g_free (self);
}

void
fv_plot_set_series (FvPlot *self, const FvPlotSeries *series, guint n_series)
{
  g_autoptr (GArray) copies = g_array_new (FALSE, FALSE, sizeof (FvPlotSeries));
  g_array_set_clear_func (copies, clear_series);
  for (guint i = 0; i < n_series; i++)
    {
      FvPlotSeries copy = series[i];
      copy.name = g_strdup (series[i].name ? series[i].name : "");
      copy.x = g_memdup2 (series[i].x, series[i].n * sizeof (double));
      copy.y = g_memdup2 (series[i].y, series[i].n * sizeof (double));
      g_array_append_val (copies, copy);
    }
  g_array_unref (self->series);
  self->series = g_steal_pointer (&copies);
}

guint
fv_plot_get_n_series (const FvPlot *self)
{
  return self->series->len;
}

const FvPlotSeries *
fv_plot_get_series (const FvPlot *self, guint series)
{
  g_return_val_if_fail (series < self->series->len, NULL);
  return &g_array_index (self->series, FvPlotSeries, series);
}

static void
set_text (char **text, const char *value)
{
  g_autofree char *old = *text;
  *text = g_strdup (value);
}

void
fv_plot_set_title (FvPlot *self, const char *title)
{
  set_text (&self->title, title);
}

void
fv_plot_set_x_title (FvPlot *self, const char *title)
{
  set_text (&self->x_title, title);
}

void
fv_plot_set_empty_text (FvPlot *self, const char *text)
{
  set_text (&self->empty_text, text);
}

void
fv_plot_set_x_range (FvPlot *self, double low, double high)
{
  self->x_low = low;
  self->x_high = high;
}

void
fv_plot_set_y_range (FvPlot *self, double low, double high)
{
  self->y_low = low;
  self->y_high = high;
}

void
fv_plot_set_logarithmic (FvPlot *self, gboolean logarithmic)
{
  self->logarithmic = logarithmic;
}

static gboolean
is_drawn (const FvPlot *self, const FvPlotSeries *series, guint i)
{
  return isfinite (series->x[i]) && isfinite (series->y[i]) && (!self->logarithmic || series->y[i] > 0);
}

gboolean
fv_plot_is_empty (const FvPlot *self)
{
  for (guint s = 0; s < self->series->len; s++)
    {
      const FvPlotSeries *series = fv_plot_get_series (self, s);
      for (guint i = 0; i < series->n; i++)
        if (is_drawn (self, series, i))
          return FALSE;
    }
  return TRUE;
}

PangoLayout *
fv_plot_make_text (const FvPlot *self, const char *text, double scale, gboolean bold)
{
  PangoLayout *layout = pango_layout_new (self->style.context);
  PangoAttrList *attributes = pango_attr_list_new ();
  pango_attr_list_insert (attributes, pango_attr_scale_new (scale));
  /* Digits of the same width: numbers don't jump as they change. */
  pango_attr_list_insert (attributes, pango_attr_font_features_new ("tnum=1"));
  if (bold)
    pango_attr_list_insert (attributes, pango_attr_weight_new (PANGO_WEIGHT_BOLD));
  pango_layout_set_attributes (layout, attributes);
  pango_attr_list_unref (attributes);
  pango_layout_set_single_paragraph_mode (layout, TRUE);
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  pango_layout_set_text (layout, valid, -1);
  return layout;
}

PangoLayout *
fv_plot_make_title (const FvPlot *self)
{
  PangoLayout *layout = fv_plot_make_text (self, self->title, 1, TRUE);
  int width;
  pango_layout_get_pixel_size (layout, &width, NULL);
  if (width > self->width)
    {
      pango_layout_set_width (layout, self->width * PANGO_SCALE);
      pango_layout_set_wrap (layout, PANGO_WRAP_WORD_CHAR);
    }
  return layout;
}

void
fv_plot_measure_text (const FvPlot *self, const char *text, double scale, gboolean bold, double *width, double *height)
{
  g_autoptr (PangoLayout) layout = fv_plot_make_text (self, text, scale, bold);
  int w, h;
  pango_layout_get_pixel_size (layout, &w, &h);
  if (width)
    *width = w;
  if (height)
    *height = h;
}

/* The ranges that hold every point. */
static void
fit_axes (FvPlot *self)
{
  double least_x = INFINITY, most_x = -INFINITY, least_y = INFINITY, most_y = -INFINITY;
  for (guint s = 0; s < self->series->len; s++)
    {
      const FvPlotSeries *series = fv_plot_get_series (self, s);
      for (guint i = 0; i < series->n; i++)
        if (is_drawn (self, series, i))
          {
            least_x = MIN (least_x, series->x[i]);
            most_x = MAX (most_x, series->x[i]);
            least_y = MIN (least_y, series->y[i]);
            most_y = MAX (most_y, series->y[i]);
          }
    }
  self->y_axis = fv_axis_fit (least_y, most_y, self->y_low, self->y_high, self->logarithmic);
  /* Curves go from edge to edge. A range that was fixed grows where there are points beyond. */
  double low = isnan (self->x_low) ? least_x : MIN (self->x_low, least_x);
  double high = isnan (self->x_high) ? most_x : MAX (self->x_high, most_x);
  if (!(low <= high))
    low = 0, high = 1;
  self->x_axis = (FvAxis){ low, high > low ? high : low + 1 };
}

static void
make_entries (FvPlot *self)
{
  g_array_set_size (self->entries, 0);
  for (guint s = 0; s < self->series->len; s++)
    {
      const FvPlotSeries *series = fv_plot_get_series (self, s);
      FvPlotEntry entry = { .name = g_strdup (series->name), .value = g_strdup ("") };
      for (guint i = series->n; i-- > 0;)
        if (is_drawn (self, series, i))
          {
            g_free (entry.value);
            entry.value = fv_axis_format_value (series->y[i]);
            break;
          }
      g_array_append_val (self->entries, entry);
    }
}

/* The title, and the legend beside it where there is room for both, else below. Returns where they end. */
static double
lay_out_head (FvPlot *self)
{
  int title_width = 0, title_height = 0;
  double line_height, total = 0;
  if (self->title)
    {
      g_autoptr (PangoLayout) title = fv_plot_make_title (self);
      pango_layout_get_pixel_size (title, &title_width, &title_height);
    }
  fv_plot_measure_text (self, "0", FV_PLOT_CAPTION, FALSE, NULL, &line_height);
  g_autofree double *widths = g_new (double, self->entries->len + 1);
  for (guint i = 0; i < self->entries->len; i++)
    {
      FvPlotEntry *entry = &g_array_index (self->entries, FvPlotEntry, i);
      double name, value;
      fv_plot_measure_text (self, entry->name, FV_PLOT_CAPTION, FALSE, &name, NULL);
      fv_plot_measure_text (self, entry->value, FV_PLOT_CAPTION, TRUE, &value, NULL);
      entry->value_x = FV_PLOT_SWATCH + FV_PLOT_GAP + name + (name > 0 ? FV_PLOT_GAP : 0);
      widths[i] = entry->value_x + value;
      total += widths[i] + (i ? ENTRY_SPACING : 0);
    }
  if (self->entries->len == 0)
    return title_height;

  const gboolean beside = title_width == 0 || title_width + ENTRY_SPACING + total <= self->width;
  double x = beside && title_width > 0 ? self->width - total : 0;
  double y = beside ? MAX (title_height - line_height, 0) / 2 : title_height + 2;
  for (guint i = 0; i < self->entries->len; i++)
    {
      FvPlotEntry *entry = &g_array_index (self->entries, FvPlotEntry, i);
      if (x > 0 && x + widths[i] > self->width)
        {
          x = 0;
          y += line_height + 2;
        }
      entry->x = x;
      entry->y = y;
      x += widths[i] + ENTRY_SPACING;
    }
  return MAX (y + line_height, title_height);
}

static GArray *
choose_x_ticks (const FvPlot *self)
{
  const guint n = MAX (1, (self->right - self->left) / UNITS_PER_X_TICK);
  GArray *ticks = fv_axis_get_ticks (&self->x_axis, n, TRUE);
  if (ticks->len > 1)
    return ticks;
  /* Within one epoch. */
  g_array_unref (ticks);
  return fv_axis_get_ticks (&self->x_axis, n, FALSE);
}

void
fv_plot_lay_out (FvPlot *self, double width, double height, const FvPlotStyle *style)
{
  g_set_object (&self->style.context, style->context);
  self->style.foreground = style->foreground;
  self->dark = 0.3 * style->foreground.red + 0.6 * style->foreground.green + 0.1 * style->foreground.blue > 0.5;
  self->width = width;
  self->height = height;
  g_clear_pointer (&self->x_ticks, g_array_unref);
  g_clear_pointer (&self->y_ticks, g_array_unref);
  fit_axes (self);
  make_entries (self);

  double line_height;
  fv_plot_measure_text (self, "0", FV_PLOT_CAPTION, FALSE, NULL, &line_height);
  const double head = lay_out_head (self);
  self->top = head + (head > 0 ? FV_PLOT_GAP : 0) + line_height / 2;
  self->bottom = height - line_height - 4;
  self->x_title_y = 0;
  if (self->x_title && height >= MIN_HEIGHT_FOR_X_TITLE)
    {
      self->x_title_y = height - line_height;
      self->bottom -= line_height;
    }
  self->bottom = MAX (self->bottom, self->top + 1);

  self->y_ticks = fv_axis_get_ticks (&self->y_axis, MAX (2, (self->bottom - self->top) / UNITS_PER_Y_TICK), FALSE);
  double label = 0;
  for (guint i = 0; i < self->y_ticks->len; i++)
    {
      g_autofree char *text = fv_axis_format_tick (&self->y_axis, self->y_ticks, i);
      double w;
      fv_plot_measure_text (self, text, FV_PLOT_CAPTION, FALSE, &w, NULL);
      label = MAX (label, w);
    }
  self->left = ceil (label + 8);
  self->right = MAX (width - 8, self->left + 1);
  self->x_ticks = choose_x_ticks (self);
}

gboolean
fv_plot_map (const FvPlot *self, guint series, guint i, double *x, double *y)
{
  if (series >= self->series->len || i >= fv_plot_get_series (self, series)->n)
    return FALSE;
  const FvPlotSeries *s = fv_plot_get_series (self, series);
  if (!is_drawn (self, s, i))
    return FALSE;
  *x = self->left + fv_axis_map (&self->x_axis, s->x[i]) * (self->right - self->left);
  *y = self->bottom - fv_axis_map (&self->y_axis, s->y[i]) * (self->bottom - self->top);
  return TRUE;
}

/* Index of the first point at @x or beyond. */
static guint
search (const FvPlotSeries *series, double x)
{
  guint low = 0, high = series->n;
  while (low < high)
    {
      const guint middle = (low + high) / 2;
      if (series->x[middle] < x)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

double
fv_plot_find_x (const FvPlot *self, double x)
{
  const double wanted = fv_axis_unmap (&self->x_axis, (x - self->left) / (self->right - self->left));
  double found = NAN;
  for (guint s = 0; s < self->series->len; s++)
    {
      const FvPlotSeries *series = fv_plot_get_series (self, s);
      const guint i = search (series, wanted);
      for (guint k = i > 0 ? i - 1 : 0; k <= i && k < series->n; k++)
        if (is_drawn (self, series, k) && (isnan (found) || fabs (series->x[k] - wanted) < fabs (found - wanted)))
          found = series->x[k];
    }
  return found;
}

double
fv_plot_step_x (const FvPlot *self, double x, int step)
{
  const double from = isnan (x) ? (step > 0 ? -INFINITY : INFINITY) : x;
  double found = NAN;
  for (guint s = 0; s < self->series->len; s++)
    {
      const FvPlotSeries *series = fv_plot_get_series (self, s);
      for (guint i = 0; i < series->n; i++)
        if (is_drawn (self, series, i) && (step > 0 ? series->x[i] > from : series->x[i] < from)
            && (isnan (found) || (step > 0 ? series->x[i] < found : series->x[i] > found)))
          found = series->x[i];
    }
  return isnan (found) ? x : found;
}

int
fv_plot_find_point (const FvPlot *self, guint series, double x)
{
  if (series >= self->series->len || isnan (x))
    return -1;
  const FvPlotSeries *s = fv_plot_get_series (self, series);
  const guint i = search (s, x);
  int found = -1;
  for (guint k = i > 0 ? i - 1 : 0; k <= i && k < s->n; k++)
    if (is_drawn (self, s, k) && (found < 0 || fabs (s->x[k] - x) < fabs (s->x[found] - x)))
      found = (int)k;
  if (found < 0 || s->x[found] == x)
    return found;
  /* A curve has a value between two of its points, but none before the first or after the last. */
  return i > 0 && i < s->n ? found : -1;
}

static void
append_number (GString *csv, double value)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];
  if (isfinite (value))
    g_string_append (csv, g_ascii_formatd (buffer, sizeof buffer, "%.9g", value));
}

static void
append_name (GString *csv, const char *name)
{
  g_autoptr (GString) escaped = g_string_new (name);
  g_string_replace (escaped, "\"", "\"\"", 0);
  if (strpbrk (name, ",\"\r\n"))
    g_string_append_printf (csv, "\"%s\"", escaped->str);
  else
    g_string_append (csv, name);
}

char *
fv_plot_get_csv (const FvPlot *self)
{
  GString *csv = g_string_new (NULL);
  const guint n_series = self->series->len;
  g_autofree guint *at = g_new0 (guint, n_series + 1);
  append_name (csv, self->x_title ? self->x_title : "x");
  for (guint s = 0; s < n_series; s++)
    {
      g_string_append_c (csv, ',');
      append_name (csv, fv_plot_get_series (self, s)->name);
    }
  g_string_append_c (csv, '\n');
  while (TRUE)
    {
      double x = INFINITY;
      for (guint s = 0; s < n_series; s++)
        {
          const FvPlotSeries *series = fv_plot_get_series (self, s);
          if (at[s] < series->n)
            x = MIN (x, series->x[at[s]]);
        }
      if (!isfinite (x))
        return g_string_free (csv, FALSE);
      append_number (csv, x);
      for (guint s = 0; s < n_series; s++)
        {
          const FvPlotSeries *series = fv_plot_get_series (self, s);
          g_string_append_c (csv, ',');
          if (at[s] < series->n && series->x[at[s]] == x)
            append_number (csv, series->y[at[s]++]);
        }
      g_string_append_c (csv, '\n');
    }
}

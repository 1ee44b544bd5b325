/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-content.h"

#include <math.h>

#include "app/dataset/fv-duplicates.h"

/* Of each group of pictures that look alike, and of each content among them, one picture is no duplicate. */
static guint
count_near_duplicates (const FvDataset *dataset, const FvMeasures *measures, const FvSubset *subset)
{
  g_autofree guint *groups = fv_duplicates_find (dataset, measures);
  g_autofree guint *same = fv_duplicates_find (dataset, NULL);
  g_autofree gboolean *group_seen = g_new0 (gboolean, measures->n), *same_seen = g_new0 (gboolean, measures->n);
  guint n = 0;
  for (guint i = 0; i < measures->n; i++)
    {
      if (subset != NULL && fv_dataset_get (dataset, i)->subset != *subset)
        continue;
      n += group_seen[groups[i]] && !same_seen[same[i]];
      group_seen[groups[i]] = same_seen[same[i]] = TRUE;
    }
  return n;
}

void
fv_content_take (FvContent *self, const FvDataset *dataset, const FvMeasures *measures, const FvSubset *subset)
{
  enum
  {
    BRIGHTNESS,
    CONTRAST,
    SATURATION,
    SHARPNESS,
    N_VALUES
  };
  g_return_if_fail (measures->n == dataset->items->len);
  GArray *values[N_VALUES];
  double red = 0, green = 0, blue = 0;
  for (guint k = 0; k < N_VALUES; k++)
    values[k] = g_array_new (FALSE, FALSE, sizeof (double));
  for (guint i = 0; i < measures->n; i++)
    {
      const FvMeasure *measure = &measures->all[i];
      if (!measure->readable || (subset != NULL && fv_dataset_get (dataset, i)->subset != *subset))
        continue;
      const double one[N_VALUES] = { measure->brightness, measure->contrast, measure->saturation, measure->sharpness };
      for (guint k = 0; k < N_VALUES; k++)
        g_array_append_val (values[k], one[k]);
      red += measure->red;
      green += measure->green;
      blue += measure->blue;
    }
  const guint n = values[BRIGHTNESS]->len;
  FvSpread *spreads[N_VALUES] = { &self->brightness, &self->contrast, &self->saturation, &self->sharpness };
  for (guint k = 0; k < N_VALUES; k++)
    {
      fv_spread_take_array (spreads[k], values[k]);
      g_array_unref (values[k]);
    }
  self->measured = n;
  self->red = n > 0 ? red / n : NAN;
  self->green = n > 0 ? green / n : NAN;
  self->blue = n > 0 ? blue / n : NAN;
  self->near_duplicates = count_near_duplicates (dataset, measures, subset);
}

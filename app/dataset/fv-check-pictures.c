/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "app/dataset/fv-check-private.h"

/* Mean of the luma below which hardly anything can be seen, 0..1. */
#define DARK 0.08f
/* Its standard deviation below which a picture is one plain area, 0..1. */
#define PLAIN 0.02f
/* Blurred is what is far less sharp than most others, and not sharp by itself: what is sharp depends on what is photographed. */
#define BLURRED_SHARE 0.1f
#define SHARP 100.0f
#define ENOUGH_PICTURES 10

static int
compare_floats (gconstpointer a, gconstpointer b)
{
  const float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

/* Of the pictures that can be read; 0 where they are too few to have a usual sharpness. */
static float
usual_sharpness (const FvMeasures *measures)
{
  g_autofree float *values = g_new (float, measures->n + 1);
  guint n = 0;
  for (guint i = 0; i < measures->n; i++)
    if (measures->all[i].readable)
      values[n++] = measures->all[i].sharpness;
  qsort (values, n, sizeof *values, compare_floats);
  return n >= ENOUGH_PICTURES ? values[n / 2] : 0;
}

static void
check_picture (FvCheck *self, guint i, float usual)
{
  const FvMeasure *measure = &self->measures->all[i];
  if (!measure->readable)
    fv_check_add (
        self, "broken-picture", i, -1,
        _ ("The picture can't be read any more: '%s' is gone or damaged. Training leaves it out. Put it back, or "
           "import again."),
        fv_dataset_get (self->dataset, i)->path);
  else if (measure->contrast < PLAIN)
    fv_check_add (self, "plain-picture", i, -1,
                  _ ("The picture is one plain area (contrast %.3f): nothing can be seen on it. Look at it."),
                  (double)measure->contrast);
  else if (measure->brightness < DARK)
    fv_check_add (self, "dark-picture", i, -1,
                  _ ("The picture is almost black (mean brightness %.2f of 1). Can its objects be told apart?"),
                  (double)measure->brightness);
  else if (measure->sharpness < BLURRED_SHARE * usual && measure->sharpness < SHARP)
    fv_check_add (
        self, "blurred-picture", i, -1,
        _ ("The picture is blurred: its sharpness is %.1f, that of most others about %.1f. Are its edges where the "
           "boxes are?"),
        (double)measure->sharpness, (double)usual);
}

void
fv_check_pictures (FvCheck *self)
{
  if (self->measures == NULL)
    return;
  const float usual = usual_sharpness (self->measures);
  for (guint i = 0; i < self->measures->n; i++)
    check_picture (self, i, usual);
}

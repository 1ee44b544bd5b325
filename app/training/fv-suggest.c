/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-suggest.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* A network sees little in what is narrower than two cells of its finest grid, whose stride is 8. */
#define NARROWEST 16
/* YOLOv5's size, which its own weights were trained at. */
#define USUAL_SIZE 640
#define USUAL_BATCH 16
/* Batches after which training usually has got most of what there is to get, from a new network and from trained weights. */
#define STEPS_NEW 3000
#define STEPS_TRAINED 1200
/* Fewer pictures than this, and a larger network learns them by heart. */
#define FEW_PICTURES 1500

static const guint sizes[] = { 320, 416, 512, 640, 768, 960, 1280 };
static const guint rounds[] = { 20, 30, 50, 100, 150, 200, 300 };

/* Resolution of the histograms: one in a thousand for shares, one pixel for sides. */
#define SHARE_BINS 1000
#define SIDE_BINS 8192

/* The bin that @part of all lies below or in. */
static guint
find_quantile (const guint *bins, guint n_bins, guint64 n, double part)
{
  guint64 sum = 0;
  for (guint i = 0; i < n_bins; i++)
    {
      sum += bins[i];
      if ((double)sum >= part * (double)n)
        return i;
    }
  return n_bins - 1;
}

static gboolean
has_subsets (const FvDataset *dataset)
{
  for (guint i = 0; i < dataset->items->len; i++)
    if (fv_dataset_get (dataset, i)->subset != FV_SUBSET_NONE)
      return TRUE;
  return FALSE;
}

void
fv_suggest_measure (const FvDataset *dataset, FvSuggestFigures *figures)
{
  g_autofree guint *shares = g_new0 (guint, SHARE_BINS + 1);
  g_autofree guint *sides = g_new0 (guint, SIDE_BINS);
  const FvSubset wanted = has_subsets (dataset) ? FV_SUBSET_TRAIN : FV_SUBSET_NONE;

  *figures = (FvSuggestFigures){ .narrow = NAN };
  for (guint i = 0; i < dataset->items->len; i++)
    {
      const FvItem *item = fv_dataset_get (dataset, i);
      const guint side = MAX (item->width, item->height);
      figures->val_pictures += item->subset == FV_SUBSET_VAL;
      if (item->subset != wanted)
        continue;
      figures->pictures++;
      sides[MIN (side, SIDE_BINS - 1)]++;
      for (guint b = 0; b < item->boxes->len; b++)
        {
          const FvBox *box = &g_array_index (item->boxes, FvBox, b);
          const double share = MIN (box->x2 - box->x1, box->y2 - box->y1) / side;
          figures->boxes++;
          shares[(guint)(CLAMP (share, 0, 1) * SHARE_BINS)]++;
        }
    }
  if (figures->pictures > 0)
    figures->longer_side = find_quantile (sides, SIDE_BINS, figures->pictures, 0.5);
  /* The upper end of the bin, below which all of it lies. */
  if (figures->boxes > 0)
    figures->narrow = (find_quantile (shares, SHARE_BINS, figures->boxes, 0.25) + 1) / (double)SHARE_BINS;
}

/* "5", "2.5", "0.8": percent with as many digits as mean something. */
static char *
format_percent (double share)
{
  const double percent = 100 * share;
  return percent < 9.95 && fabs (percent - rint (percent)) > 0.05 ? g_strdup_printf ("%.1f", percent)
                                                                  : g_strdup_printf ("%.0f", percent);
}

static void
suggest_size (FvSuggestions *self, const FvSuggestFigures *figures)
{
  if (figures->boxes == 0)
    {
      self->imgsz = USUAL_SIZE;
      self->imgsz_why = g_strdup (_ ("YOLOv5’s usual size; there are no boxes yet to judge by."));
      return;
    }
  g_autofree char *percent = format_percent (figures->narrow);
  const double needed = NARROWEST / figures->narrow;
  /* As large as the pictures are. */
  const gint64 full = MAX ((gint64)(figures->longer_side + 31) / 32 * 32, 64);
  guint i = 0;
  while (i + 1 < G_N_ELEMENTS (sizes) && sizes[i] < needed)
    i++;
  self->imgsz = sizes[i];
  if (self->imgsz >= full)
    {
      self->imgsz = full;
      self->imgsz_why = g_strdup_printf (
          ngettext ("Half of your pictures are no larger than %u pixel: more would only blow them up.",
                    "Half of your pictures are no larger than %u pixels: more would only blow them up.",
                    figures->longer_side),
          figures->longer_side);
    }
  else if (self->imgsz < needed)
    self->imgsz_why = g_strdup_printf (
        _ ("A quarter of your boxes are narrower than %s %% of the picture. Even larger would take very long."),
        percent);
  else if (i == 0)
    self->imgsz_why = g_strdup_printf (_ ("Three quarters of your boxes are wider than %s %% of the picture, which is "
                                          "still %.0f pixels at this size."),
                                       percent, self->imgsz * figures->narrow);
  else
    self->imgsz_why = g_strdup_printf (
        _ ("A quarter of your boxes are narrower than %s %% of the picture, which is only %.0f pixels at this size."),
        percent, self->imgsz * figures->narrow);
}

/* Memory goes with the area of the pictures. */
static void
suggest_batch (FvSuggestions *self, const FvSuggestFigures *figures)
{
  const double area = (double)self->imgsz * self->imgsz / ((double)USUAL_SIZE * USUAL_SIZE);
  self->batch = area > 2.5 ? 4 : area > 1.3 ? 8 : USUAL_BATCH;
  if (figures->pictures > 0 && figures->pictures < self->batch)
    {
      self->batch = figures->pictures;
      self->batch_why = g_strdup_printf (ngettext ("There is only %u picture to train on.",
                                                   "There are only %u pictures to train on.", figures->pictures),
                                         figures->pictures);
    }
  else if (self->batch < USUAL_BATCH)
    self->batch_why
        = g_strdup_printf (_ ("At %d pixels a picture takes %.1f times the memory that it takes at the usual %d."),
                           (int)self->imgsz, area, USUAL_SIZE);
  else
    {
      const guint steps = (figures->pictures + USUAL_BATCH - 1) / USUAL_BATCH;
      self->batch_why = g_strdup_printf (ngettext ("Fits most graphics cards. Your pictures make %u batch.",
                                                   "Fits most graphics cards. Your pictures make %u batches.", steps),
                                         steps);
    }
}

static void
suggest_epochs (FvSuggestions *self, const FvSuggestFigures *figures, gboolean trained)
{
  const guint steps = MAX ((figures->pictures + self->batch - 1) / self->batch, 1);
  const double needed = (double)(trained ? STEPS_TRAINED : STEPS_NEW) / steps;
  const guint most = trained ? 100 : 300;
  guint i = 0;
  while (i + 1 < G_N_ELEMENTS (rounds) && rounds[i] < MIN (needed, most))
    i++;
  self->epochs = rounds[i];
  /* A third of the way without anything better is long enough to be sure. */
  self->patience = MAX (self->epochs / 3, 10);
  if (figures->pictures == 0)
    self->epochs_why = g_strdup (_ ("There are no pictures to train on yet."));
  else if (trained)
    self->epochs_why = g_strdup_printf (
        ngettext (
            "Weights that know something already need fewer than new ones; an epoch goes once through your %u picture.",
            "Weights that know something already need fewer than new ones; an epoch goes once through your %u "
            "pictures.",
            figures->pictures),
        figures->pictures);
  else if (needed >= rounds[G_N_ELEMENTS (rounds) - 1])
    self->epochs_why = g_strdup_printf (ngettext ("%u picture is little to learn from: it is looked at often. Training "
                                                  "ends earlier when nothing gets better.",
                                                  "%u pictures are few to learn from: each is looked at often. "
                                                  "Training ends earlier when nothing gets better.",
                                                  figures->pictures),
                                        figures->pictures);
  else
    self->epochs_why = g_strdup_printf (
        ngettext (
            "With %u picture a new network needs about this many. Training ends earlier when nothing gets better.",
            "With %u pictures a new network needs about this many. Training ends earlier when nothing gets better.",
            figures->pictures),
        figures->pictures);
}

static void
suggest_variant (FvSuggestions *self, const FvSuggestFigures *figures)
{
  self->variant = 'n';
  if (figures->pictures > 0 && figures->pictures < FEW_PICTURES)
    self->variant_why = g_strdup_printf (
        ngettext ("The fastest one; with %u picture a larger network would mostly learn by heart.",
                  "The fastest one; with %u pictures a larger network would mostly learn by heart.", figures->pictures),
        figures->pictures);
  else
    self->variant_why = g_strdup (_ ("The fastest one. Try Small where its results don’t satisfy you."));
}

FvSuggestions *
fv_suggest_new (const FvSuggestFigures *figures, gboolean trained)
{
  FvSuggestions *self = g_new0 (FvSuggestions, 1);
  suggest_size (self, figures);
  suggest_batch (self, figures);
  suggest_epochs (self, figures, trained);
  suggest_variant (self, figures);
  return self;
}

void
fv_suggestions_free (FvSuggestions *self)
{
  if (self == NULL)
    return;
  g_free (self->imgsz_why);
  g_free (self->epochs_why);
  g_free (self->batch_why);
  g_free (self->variant_why);
  g_free (self);
}

void
fv_suggestions_apply (const FvSuggestions *self, FvRecipe *recipe)
{
  recipe->imgsz = self->imgsz;
  recipe->epochs = self->epochs;
  recipe->batch = self->batch;
  recipe->patience = self->patience;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "app/dataset/fv-check-private.h"

/* Boxes to train on below which a class is hardly ever learnt. */
#define RARE_BOXES 10

/* What is there twice. Each picture is held against the first one of its group; of a group in several subsets the first to train on counts. */

static gboolean
is_same (const FvItem *a, const FvItem *b)
{
  return a->hash != NULL && g_strcmp0 (a->hash, b->hash) == 0 && a->reading.page == b->reading.page;
}

static void
check_leak (FvCheck *self, guint i, guint first)
{
  const FvItem *item = fv_dataset_get (self->dataset, i), *other = fv_dataset_get (self->dataset, first);
  const char *text
      = is_same (item, other)
            ? _ ("The same picture as '%s', which is in '%s', while this one is in '%s'. What is trained on can't be a "
                 "test: the figures would be too good to be true.")
            : _ ("Nearly the same picture as '%s', which is in '%s', while this one is in '%s'. What is trained on "
                 "can't be a test: the figures would be too good to be true.");
  FvFinding *finding = fv_check_add (self, "leak", i, -1, text, other->name, fv_subset_to_string (other->subset),
                                     fv_subset_to_string (item->subset));
  finding->repair = g_strdup_printf (_ ("Moves the picture to '%s'."), fv_subset_to_string (other->subset));
  finding->action = FV_REPAIR_MOVE;
  finding->subset = other->subset;
}

static void
check_copy (FvCheck *self, guint i, guint first)
{
  const FvItem *item = fv_dataset_get (self->dataset, i), *other = fv_dataset_get (self->dataset, first);
  if (item->subset != other->subset && item->subset != FV_SUBSET_NONE && other->subset != FV_SUBSET_NONE)
    check_leak (self, i, first);
  else if (is_same (item, other))
    fv_check_add (
        self, "same-picture", i, -1,
        _ ("The same file as '%s'. It is trained on twice and counts twice; if its boxes differ, one of them is "
           "wrong."),
        other->name);
  else
    fv_check_add (
        self, "near-duplicate", i, -1,
        _ ("Nearly the same picture as '%s'. It adds little, and both must stay in one subset, as 'fovea-cli split' "
           "sees to."),
        other->name);
}

/* Pictures without a box where another of their group has some. */
static void
check_unlabelled (FvCheck *self)
{
  const guint n = self->dataset->items->len;
  g_autofree guint *labelled = g_new (guint, n + 1);
  for (guint i = 0; i < n; i++)
    labelled[i] = G_MAXUINT;
  for (guint i = n; i-- > 0;)
    if (fv_dataset_get (self->dataset, i)->boxes->len > 0)
      labelled[self->groups[i]] = i;
  for (guint i = 0; i < n; i++)
    {
      const guint other = labelled[self->groups[i]];
      if (other == G_MAXUINT || fv_dataset_get (self->dataset, i)->boxes->len > 0)
        continue;
      const FvItem *shown = fv_dataset_get (self->dataset, other);
      fv_check_add (
          self, "unlabelled-duplicate", i, -1,
          _ ("There is no box on this picture, but there are %u on '%s', which shows nearly the same. Were they "
             "forgotten?"),
          shown->boxes->len, shown->name);
    }
}

/* Of each group the first picture that is trained on, else the first one. */
static void
check_copies (FvCheck *self)
{
  const guint n = self->dataset->items->len;
  g_autofree guint *first = g_new (guint, n + 1);
  for (guint i = 0; i < n; i++)
    first[i] = G_MAXUINT;
  for (guint pass = 0; pass < 2; pass++)
    for (guint i = 0; i < n; i++)
      if (first[self->groups[i]] == G_MAXUINT
          && (pass == 1 || fv_dataset_get (self->dataset, i)->subset == FV_SUBSET_TRAIN))
        first[self->groups[i]] = i;
  for (guint i = 0; i < n; i++)
    if (first[self->groups[i]] != i)
      check_copy (self, i, first[self->groups[i]]);
}

static void
check_classes (FvCheck *self)
{
  const FvDataset *dataset = self->dataset;
  g_autofree guint64 (*counts)[FV_N_SUBSETS] = g_malloc0_n (dataset->n_classes + 1, sizeof *counts);
  gboolean is_split = FALSE;
  for (guint i = 0; i < dataset->items->len; i++)
    {
      const FvItem *item = fv_dataset_get (dataset, i);
      is_split |= item->subset == FV_SUBSET_TRAIN;
      for (guint k = 0; k < item->boxes->len; k++)
        counts[g_array_index (item->boxes, FvBox, k).class_id][item->subset]++;
    }
  for (guint c = 0; c < dataset->n_classes; c++)
    {
      const guint64 train = counts[c][FV_SUBSET_TRAIN],
                    all = train + counts[c][FV_SUBSET_NONE] + counts[c][FV_SUBSET_VAL] + counts[c][FV_SUBSET_TEST];
      if (all == 0)
        fv_check_add_for_class (self, "rare-class", c,
                                _ ("There is no box of '%s' at all. Label some, or import without that class."),
                                dataset->class_names[c]);
      else if ((is_split ? train : all) < RARE_BOXES)
        fv_check_add_for_class (
            self, "rare-class", c,
            _ ("There are only %u boxes of '%s' to train on (%u in all). Label more, merge it with another "
               "class, or leave it out."),
            (guint)(is_split ? train : all), dataset->class_names[c], (guint)all);
    }
}

void
fv_check_subsets (FvCheck *self)
{
  check_copies (self);
  check_unlabelled (self);
  check_classes (self);
}

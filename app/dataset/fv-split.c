/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-split.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "app/dataset/fv-split-keys.h"
#include "app/dataset/fv-split-private.h"

G_DEFINE_QUARK (fv_split_error, fv_split_error)

/* Below so many pictures a fifth of them validates, from there on a tenth is enough. */
#define SMALL_DATASET 1000

static const char *const method_names[FV_N_SPLIT_METHODS] = { "stratified", "group", "time", "place" };

const char *
fv_split_method_to_string (FvSplitMethod method)
{
  g_return_val_if_fail ((guint)method < FV_N_SPLIT_METHODS, "stratified");
  return method_names[method];
}

gboolean
fv_split_method_parse (const char *text, FvSplitMethod *method)
{
  for (guint i = 0; i < FV_N_SPLIT_METHODS; i++)
    if (g_strcmp0 (text, method_names[i]) == 0)
      {
        *method = (FvSplitMethod)i;
        return TRUE;
      }
  return FALSE;
}

void
fv_split_result_clear (FvSplitResult *self)
{
  g_clear_pointer (&self->folds, g_array_unref);
}

/* The parts that units are put into: train, val and test; or folds, then the test. In this order, too, by time. */
typedef struct
{
  guint n, wanted[FV_SPLIT_MAX_FOLDS + 1];
  guint test; /* which one */
  guint fold; /* which one validates; of three parts it is 1 */
  gboolean are_folds;
} Parts;

/* How many of n pictures a share means: at least one where there is one to spare. */
static guint
share_of (guint n, double share)
{
  return share <= 0 || n < 2 ? 0 : (guint)CLAMP (lround (n * share), 1, (long)n - 1);
}

static void
parts_init (Parts *self, const FvSplitParams *params, guint n)
{
  guint test = share_of (n, params->test);
  *self = (Parts){ .are_folds = params->folds > 0 };
  if (self->are_folds)
    {
      self->n = params->folds + 1;
      self->test = params->folds;
      self->fold = params->fold > 0 ? params->fold - 1 : 0;
      for (guint i = 0; i < params->folds; i++)
        self->wanted[i]
            = (guint)((guint64)(n - test) * (i + 1) / params->folds - (guint64)(n - test) * i / params->folds);
    }
  else
    {
      const guint val = share_of (n, params->val > 0 ? params->val : n < SMALL_DATASET ? 0.2 : 0.1);
      test = MIN (test, n > val ? n - val - 1 : 0);
      self->n = 3;
      self->fold = 1;
      self->test = 2;
      self->wanted[0] = n - val - test;
      self->wanted[1] = val;
    }
  self->wanted[self->test] = test;
}

static FvSubset
parts_get_subset (const Parts *self, const FvSplitUnit *unit)
{
  return unit->part == FV_SPLIT_FIXED    ? unit->subset
         : unit->part == (int)self->test ? FV_SUBSET_TEST
         : unit->part == (int)self->fold ? FV_SUBSET_VAL
                                         : FV_SUBSET_TRAIN;
}

static gboolean
is_kept (const FvItem *item, const FvSplitParams *params)
{
  return item->subset != FV_SUBSET_NONE && (params->keep >> item->subset & 1) != 0;
}

/* What keeps its subset takes with it all that belongs to it: to where most of that is. */
static void
fix_kept (GPtrArray *units, const FvDataset *dataset, const FvSplitParams *params)
{
  for (guint i = 0; params->keep != 0 && i < units->len; i++)
    {
      FvSplitUnit *unit = g_ptr_array_index (units, i);
      guint n[FV_N_SUBSETS] = { 0 };
      for (guint k = 0; k < unit->items->len; k++)
        {
          const FvItem *item = fv_dataset_get (dataset, g_array_index (unit->items, guint, k));
          n[item->subset] += is_kept (item, params);
        }
      for (guint subset = FV_SUBSET_TRAIN; subset < FV_N_SUBSETS; subset++)
        if (n[subset] > n[unit->subset])
          unit->subset = (FvSubset)subset;
      if (unit->subset != FV_SUBSET_NONE)
        unit->part = FV_SPLIT_FIXED;
    }
}

/* What nothing is known of trains; returns how many pictures that are. @labels (nullable): FV_SPLIT_ALONE is not known. */
static guint
fix_unknown (GPtrArray *units, const guint *labels, gboolean by_time)
{
  guint n = 0;
  for (guint i = 0; i < units->len; i++)
    {
      FvSplitUnit *unit = g_ptr_array_index (units, i);
      gboolean known = by_time ? unit->time != FV_TIME_UNKNOWN : labels == NULL;
      for (guint k = 0; !known && labels != NULL && k < unit->items->len; k++)
        known = labels[g_array_index (unit->items, guint, k)] != FV_SPLIT_ALONE;
      if (known || unit->part != FV_SPLIT_UNPLACED)
        continue;
      unit->part = FV_SPLIT_FIXED;
      unit->subset = FV_SUBSET_TRAIN;
      n += unit->items->len;
    }
  return n;
}

static gboolean
fail_unknown (const FvSplitParams *params, GError **error)
{
  const char *what
      = params->keys != NULL ? _ ("No picture has a value to divide them by. Check what was given for it.")
        : params->method == FV_SPLIT_TIME
            ? _ ("No picture has a time, neither in the camera's data (EXIF) nor in its name. Give a table "
                 "with times, or use another method.")
            : _ ("No picture has a position in the camera's data (GPS). Give a table with places, or use "
                 "another method.");
  g_set_error_literal (error, FV_SPLIT_ERROR, FV_SPLIT_ERROR_UNKNOWN, what);
  return FALSE;
}

static gboolean
fail_one (const FvSplitParams *params, GError **error)
{
  const char *what
      = params->method == FV_SPLIT_TIME
            ? _ ("There are not enough different times to divide the pictures by: use another "
                 "method, or fewer folds.")
        : params->method == FV_SPLIT_PLACE
            ? _ ("The pictures are of too few places to divide them: take a smaller radius, fewer folds or another "
                 "method.")
            : _ ("The pictures are of too few groups to divide them: group them by something else, take fewer folds or "
                 "another method.");
  g_set_error_literal (error, FV_SPLIT_ERROR, FV_SPLIT_ERROR_ONE, what);
  return FALSE;
}

/* (transfer full) (nullable): what the method itself keeps together; NULL where that is nothing. */
static guint *
make_labels (const FvDataset *dataset, const FvSplitParams *params, const gint64 *times)
{
  if (params->method != FV_SPLIT_GROUP && params->method != FV_SPLIT_PLACE)
    return NULL;
  return params->keys != NULL ? fv_split_key_labels (params->keys)
         : params->method == FV_SPLIT_GROUP
             ? fv_split_bursts (dataset, times, params->gap > 0 ? params->gap : FV_SPLIT_GAP)
             : fv_split_places (dataset, params->radius > 0 ? params->radius : FV_SPLIT_RADIUS);
}

static GPtrArray *
make_units (const FvDataset *dataset, const FvSplitParams *params, const guint *labels, const gint64 *times)
{
  g_autofree guint *contents = fv_split_contents (dataset);
  g_auto (FvSplitSets) sets = { NULL };
  fv_split_sets_init (&sets, dataset->items->len);
  fv_split_sets_join (&sets, contents);
  if (params->near != NULL)
    fv_split_sets_join (&sets, params->near);
  if (labels != NULL)
    fv_split_sets_join (&sets, labels);
  return fv_split_units (dataset, &sets, params->seed, times);
}

/* Pictures and groups that are to be divided. */
static void
count_free (const GPtrArray *units, guint *n_pictures, guint *n_groups)
{
  *n_pictures = *n_groups = 0;
  for (guint i = 0; i < units->len; i++)
    {
      const FvSplitUnit *unit = g_ptr_array_index (units, i);
      *n_groups += unit->part == FV_SPLIT_UNPLACED;
      *n_pictures += unit->part == FV_SPLIT_UNPLACED ? unit->items->len : 0;
    }
}

static void
apply (FvDataset *dataset, const GPtrArray *units, const Parts *parts, const FvSplitParams *params, GArray *folds)
{
  for (guint i = 0; i < units->len; i++)
    {
      const FvSplitUnit *unit = g_ptr_array_index (units, i);
      for (guint k = 0; k < unit->items->len; k++)
        {
          const guint index = g_array_index (unit->items, guint, k);
          FvItem *item = fv_dataset_get (dataset, index);
          if (!is_kept (item, params))
            item->subset = parts_get_subset (parts, unit);
          if (folds != NULL && unit->part >= 0 && unit->part != (int)parts->test)
            g_array_index (folds, guint, index) = (guint)unit->part + 1;
        }
    }
}

gboolean
fv_split_dataset (FvDataset *dataset, const FvSplitParams *params, FvSplitResult *result, GError **error)
{
  g_return_val_if_fail (params->val >= 0 && params->test >= 0 && params->val + params->test < 1, FALSE);
  g_return_val_if_fail (params->folds != 1 && params->folds <= FV_SPLIT_MAX_FOLDS && params->fold <= params->folds,
                        FALSE);
  g_return_val_if_fail (params->keys == NULL || params->keys->len == dataset->items->len, FALSE);
  const gboolean by_time = params->method == FV_SPLIT_TIME;
  const gboolean needs_key
      = by_time || params->method == FV_SPLIT_PLACE || (params->method == FV_SPLIT_GROUP && params->keys != NULL);
  g_autofree gint64 *times = fv_split_times (dataset, by_time ? params->keys : NULL, !by_time);
  g_autofree guint *labels = make_labels (dataset, params, times);
  g_autoptr (GPtrArray) units = make_units (dataset, params, labels, by_time ? times : NULL);
  guint n_unknown = 0, n_pictures, n_groups;
  Parts parts;

  fix_kept (units, dataset, params);
  count_free (units, &n_pictures, &n_groups);
  if (needs_key)
    {
      const gboolean any = n_groups > 0;
      n_unknown = fix_unknown (units, labels, by_time);
      count_free (units, &n_pictures, &n_groups);
      if (any && n_groups == 0)
        return fail_unknown (params, error);
    }
  parts_init (&parts, params, n_pictures);
  if (by_time)
    {
      if (!fv_split_by_time (units, parts.wanted, parts.n))
        return fail_one (params, error);
    }
  else
    {
      guint n_wanted = 0;
      for (guint p = 0; p < parts.n; p++)
        n_wanted += parts.wanted[p] > 0;
      if (params->method != FV_SPLIT_STRATIFIED && n_groups < n_wanted)
        return fail_one (params, error);
      fv_split_stratify (units, dataset->n_classes + 1, parts.wanted, parts.n);
    }

  g_autoptr (GArray) folds
      = parts.are_folds ? g_array_sized_new (FALSE, TRUE, sizeof (guint), dataset->items->len) : NULL;
  if (folds != NULL)
    g_array_set_size (folds, dataset->items->len);
  apply (dataset, units, &parts, params, folds);
  if (result == NULL)
    return TRUE;
  fv_split_count (dataset, result);
  result->folds = g_steal_pointer (&folds);
  result->n_groups = n_groups;
  result->n_unknown = n_unknown;
  for (guint p = 0; p < parts.n; p++)
    result->n_wanted[p == parts.test   ? FV_SUBSET_TEST
                     : p == parts.fold ? FV_SUBSET_VAL
                                       : FV_SUBSET_TRAIN]
        += parts.wanted[p];
  return TRUE;
}

void
fv_split_choose_fold (FvDataset *dataset, const GArray *folds, guint fold)
{
  for (guint i = 0; i < dataset->items->len; i++)
    if (g_array_index (folds, guint, i) > 0)
      fv_dataset_get (dataset, i)->subset = g_array_index (folds, guint, i) == fold ? FV_SUBSET_VAL : FV_SUBSET_TRAIN;
}

void
fv_split_count (const FvDataset *dataset, FvSplitResult *result)
{
  const guint n = dataset->items->len;
  g_autofree guint *contents = fv_split_contents (dataset);
  g_autofree guint8 *where = g_new0 (guint8, n + 1); /* [content]: bits of the subsets that hold it */
  *result = (FvSplitResult){ 0 };
  for (guint i = 0; i < n; i++)
    {
      const FvItem *item = fv_dataset_get (dataset, i);
      result->n_pictures[item->subset]++;
      if (contents[i] != FV_SPLIT_ALONE)
        where[contents[i]] |= (guint8)(1u << item->subset);
    }
  for (guint i = 0; i < n; i++)
    {
      const FvItem *item = fv_dataset_get (dataset, i);
      const guint others
          = contents[i] == FV_SPLIT_ALONE ? 0 : where[contents[i]] & ~(1u << FV_SUBSET_NONE) & ~(1u << item->subset);
      result->leaks += others != 0 && (item->subset == FV_SUBSET_VAL || item->subset == FV_SUBSET_TEST);
    }
}

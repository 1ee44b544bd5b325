/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-split.h"

#include <math.h>
#include <string.h>

/* Below so many pictures a fifth of them validates, from there on a tenth is enough. */
#define SMALL_DATASET 1000
/* Bounds the time of the last step: about a second. */
#define MAX_TRADES_TRIED 4000000

/* Pictures of the same content: they go to the same subset. */
typedef struct
{
  guint64 key;     /* random, from seed and content */
  GArray *items;   /* of guint */
  GArray *counts;  /* of Count, by rising class */
  FvSubset subset; /* FV_SUBSET_NONE until it is placed */
} Unit;

typedef struct
{
  guint class_id; /* n_classes stands for the background: its count is that of pictures without boxes */
  guint n;
} Count;

/* What is still wanted of each class and of pictures; subsets are numbered as FvSubset, from FV_SUBSET_TRAIN. */
typedef struct
{
  double *boxes[FV_N_SUBSETS]; /* [n_classes + 1] */
  double *totals;              /* [n_classes + 1] */
  int pictures[FV_N_SUBSETS];
} Wanted;

/* SplitMix64 of a counter: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014. */
static guint64
mix (guint64 value)
{
  value += 0x9e3779b97f4a7c15u;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

static void
unit_free (Unit *unit)
{
  g_array_unref (unit->items);
  g_array_unref (unit->counts);
  g_free (unit);
}

static int
compare_units (gconstpointer a, gconstpointer b)
{
  const Unit *first = *(Unit *const *)a, *second = *(Unit *const *)b;
  return first->key < second->key ? -1 : first->key > second->key;
}

static int
compare_counts (gconstpointer a, gconstpointer b)
{
  const Count *first = a, *second = b;
  return (first->class_id > second->class_id) - (first->class_id < second->class_id);
}

static void
count_class (Unit *unit, guint class_id)
{
  for (guint i = 0; i < unit->counts->len; i++)
    if (g_array_index (unit->counts, Count, i).class_id == class_id)
      {
        g_array_index (unit->counts, Count, i).n++;
        return;
      }
  const Count count = { class_id, 1 };
  g_array_append_val (unit->counts, count);
}

/* The units to place, in random order; those with a subset already only join their content with it. */
static GPtrArray *
make_units (const FvDataset *dataset, const FvSplitParams *params)
{
  GPtrArray *units = g_ptr_array_new_with_free_func ((GDestroyNotify)unit_free);
  g_autoptr (GHashTable) by_hash = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < dataset->items->len; i++)
    {
      const FvItem *item = fv_dataset_get (dataset, i);
      if (params->keep && item->subset != FV_SUBSET_NONE)
        continue;
      const char *hash = item->hash != NULL ? item->hash : item->path;
      Unit *unit = g_hash_table_lookup (by_hash, hash);
      if (unit == NULL)
        {
          g_autofree char *digits = g_strndup (hash, 16);
          unit = g_new0 (Unit, 1);
          unit->key = mix (mix (params->seed) ^ g_ascii_strtoull (digits, NULL, 16));
          unit->items = g_array_new (FALSE, FALSE, sizeof (guint));
          unit->counts = g_array_new (FALSE, FALSE, sizeof (Count));
          g_ptr_array_add (units, unit);
          g_hash_table_insert (by_hash, (gpointer)hash, unit);
        }
      g_array_append_val (unit->items, i);
      for (guint k = 0; k < item->boxes->len; k++)
        count_class (unit, g_array_index (item->boxes, FvBox, k).class_id);
      if (item->boxes->len == 0)
        count_class (unit, dataset->n_classes);
    }
  for (guint i = 0; i < units->len; i++)
    g_array_sort (((Unit *)g_ptr_array_index (units, i))->counts, compare_counts);
  g_ptr_array_sort (units, compare_units);
  return units;
}

/* How many of n pictures a share means: at least one where there is one to spare. */
static int
share_of (guint n, double share)
{
  return share <= 0 || n < 2 ? 0 : CLAMP ((int)lround (n * share), 1, (int)n - 1);
}

static void
wanted_init (Wanted *wanted, GPtrArray *units, guint n_classes, const FvSplitParams *params)
{
  guint n = 0;
  double *totals = wanted->totals = g_new0 (double, n_classes + 1);
  for (guint i = 0; i < units->len; i++)
    {
      const Unit *unit = g_ptr_array_index (units, i);
      n += unit->items->len;
      for (guint k = 0; k < unit->counts->len; k++)
        totals[g_array_index (unit->counts, Count, k).class_id] += g_array_index (unit->counts, Count, k).n;
    }
  wanted->pictures[FV_SUBSET_VAL] = share_of (n, params->val > 0 ? params->val : n < SMALL_DATASET ? 0.2 : 0.1);
  wanted->pictures[FV_SUBSET_TEST]
      = MIN (share_of (n, params->test), MAX ((int)n - wanted->pictures[FV_SUBSET_VAL] - 1, 0));
  wanted->pictures[FV_SUBSET_TRAIN] = (int)n - wanted->pictures[FV_SUBSET_VAL] - wanted->pictures[FV_SUBSET_TEST];
  for (guint subset = FV_SUBSET_TRAIN; subset < FV_N_SUBSETS; subset++)
    {
      wanted->boxes[subset] = g_new (double, n_classes + 1);
      for (guint c = 0; c <= n_classes; c++)
        wanted->boxes[subset][c] = n > 0 ? totals[c] * wanted->pictures[subset] / n : 0;
    }
}

/* The subset that wants the class most, among those that have room for the unit. */
static FvSubset
choose_subset (const Wanted *wanted, const Unit *unit, guint class_id)
{
  FvSubset best = FV_SUBSET_NONE;
  gboolean best_has_room = FALSE;
  for (guint subset = FV_SUBSET_TRAIN; subset < FV_N_SUBSETS; subset++)
    {
      gboolean has_room = wanted->pictures[subset] >= (int)unit->items->len;
      double difference = best == FV_SUBSET_NONE ? 1 : wanted->boxes[subset][class_id] - wanted->boxes[best][class_id];
      if (best == FV_SUBSET_NONE || (has_room && !best_has_room)
          || (has_room == best_has_room
              && (difference > 0 || (difference == 0 && wanted->pictures[subset] > wanted->pictures[best]))))
        {
          best = (FvSubset)subset;
          best_has_room = has_room;
        }
    }
  return best;
}

/* Into a subset for the first time, or from one to another. */
static void
place (Wanted *wanted, Unit *unit, FvSubset subset)
{
  if (unit->subset != FV_SUBSET_NONE)
    wanted->pictures[unit->subset] += (int)unit->items->len;
  wanted->pictures[subset] -= (int)unit->items->len;
  for (guint i = 0; i < unit->counts->len; i++)
    {
      const Count *count = &g_array_index (unit->counts, Count, i);
      if (unit->subset != FV_SUBSET_NONE)
        wanted->boxes[unit->subset][count->class_id] += count->n;
      wanted->boxes[subset][count->class_id] -= count->n;
    }
  unit->subset = subset;
}

/*
 * How much the sum over classes and subsets of (wanted - there)² / total changes when two units trade places. Written
 * for a, in subset s, against b, in subset t: for a class of which a has x more, 2 x (x + wanted_s - wanted_t) / total.
 */
static double
change_by_trade (const Wanted *wanted, const Unit *a, const Unit *b)
{
  const double *s = wanted->boxes[a->subset], *t = wanted->boxes[b->subset];
  double change = 0;
  for (guint i = 0, k = 0; i < a->counts->len || k < b->counts->len;)
    {
      const Count none = { G_MAXUINT, 0 };
      const Count *first = i < a->counts->len ? &g_array_index (a->counts, Count, i) : &none;
      const Count *second = k < b->counts->len ? &g_array_index (b->counts, Count, k) : &none;
      guint c = MIN (first->class_id, second->class_id);
      double x = (first->class_id == c ? first->n : 0.0) - (second->class_id == c ? second->n : 0.0);
      change += 2 * x * (x + s[c] - t[c]) / wanted->totals[c];
      i += first->class_id == c;
      k += second->class_id == c;
    }
  return change;
}

/*
 * Lets pictures of the smaller subsets trade places with others as long as that helps. Placing one class after the
 * other leaves the last ones what is left; on large sets chance has evened that out, on small ones this does.
 */
static void
refine (Wanted *wanted, GPtrArray *units)
{
  guint budget = MAX_TRADES_TRIED;
  for (gboolean better = TRUE; better;)
    {
      better = FALSE;
      for (guint i = 0; i < units->len; i++)
        {
          Unit *unit = g_ptr_array_index (units, i), *best = NULL;
          double best_change = -1e-9;
          if (unit->subset == FV_SUBSET_TRAIN)
            continue;
          if (budget < units->len)
            return;
          budget -= units->len;
          for (guint k = 0; k < units->len; k++)
            {
              Unit *other = g_ptr_array_index (units, k);
              if (other->subset == unit->subset || other->items->len != unit->items->len)
                continue;
              double change = change_by_trade (wanted, unit, other);
              if (change < best_change)
                {
                  best = other;
                  best_change = change;
                }
            }
          if (best == NULL)
            continue;
          FvSubset from = unit->subset, to = best->subset;
          place (wanted, unit, to);
          place (wanted, best, from);
          better = TRUE;
        }
    }
}

void
fv_split_dataset (FvDataset *dataset, const FvSplitParams *params, FvSplitResult *result)
{
  g_return_if_fail (params->val >= 0 && params->test >= 0 && params->val + params->test < 1);
  const guint n_labels = dataset->n_classes + 1;
  g_autoptr (GPtrArray) units = make_units (dataset, params);
  Wanted wanted = { 0 };
  wanted_init (&wanted, units, dataset->n_classes, params);

  /* Units by class, and how many of them are still to be placed. */
  g_autoptr (GPtrArray) of_class = g_ptr_array_new_with_free_func ((GDestroyNotify)g_ptr_array_unref);
  g_autofree guint *left = g_new0 (guint, n_labels);
  for (guint c = 0; c < n_labels; c++)
    g_ptr_array_add (of_class, g_ptr_array_new ());
  for (guint i = 0; i < units->len; i++)
    {
      Unit *unit = g_ptr_array_index (units, i);
      for (guint k = 0; k < unit->counts->len; k++)
        {
          guint c = g_array_index (unit->counts, Count, k).class_id;
          g_ptr_array_add (g_ptr_array_index (of_class, c), unit);
          left[c]++;
        }
    }

  /* The rarest class first: it leaves the least choice. */
  for (;;)
    {
      guint rarest = n_labels;
      for (guint c = 0; c < n_labels; c++)
        if (left[c] > 0 && (rarest == n_labels || left[c] < left[rarest]))
          rarest = c;
      if (rarest == n_labels)
        break;
      GPtrArray *group = g_ptr_array_index (of_class, rarest);
      for (guint i = 0; i < group->len; i++)
        {
          Unit *unit = g_ptr_array_index (group, i);
          if (unit->subset != FV_SUBSET_NONE)
            continue;
          place (&wanted, unit, choose_subset (&wanted, unit, rarest));
          for (guint k = 0; k < unit->counts->len; k++)
            left[g_array_index (unit->counts, Count, k).class_id]--;
        }
    }
  refine (&wanted, units);
  for (guint i = 0; i < units->len; i++)
    {
      const Unit *unit = g_ptr_array_index (units, i);
      for (guint k = 0; k < unit->items->len; k++)
        fv_dataset_get (dataset, g_array_index (unit->items, guint, k))->subset = unit->subset;
    }
  for (guint subset = 0; subset < FV_N_SUBSETS; subset++)
    g_free (wanted.boxes[subset]);
  g_free (wanted.totals);
  if (result != NULL)
    fv_split_count (dataset, result);
}

void
fv_split_count (const FvDataset *dataset, FvSplitResult *result)
{
  /* hash → bits of the subsets that hold it */
  g_autoptr (GHashTable) where = g_hash_table_new (g_str_hash, g_str_equal);
  *result = (FvSplitResult){ 0 };
  for (guint i = 0; i < dataset->items->len; i++)
    {
      const FvItem *item = fv_dataset_get (dataset, i);
      result->n_pictures[item->subset]++;
      guint bits = GPOINTER_TO_UINT (g_hash_table_lookup (where, item->hash)) | 1u << item->subset;
      g_hash_table_insert (where, item->hash, GUINT_TO_POINTER (bits));
    }
  const guint unsplit = 1u << FV_SUBSET_NONE;
  for (guint i = 0; i < dataset->items->len; i++)
    {
      const FvItem *item = fv_dataset_get (dataset, i);
      guint others = GPOINTER_TO_UINT (g_hash_table_lookup (where, item->hash)) & ~unsplit & ~(1u << item->subset);
      result->leaks += others != 0 && (item->subset == FV_SUBSET_VAL || item->subset == FV_SUBSET_TEST);
    }
}

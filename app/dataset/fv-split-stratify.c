/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "app/dataset/fv-split-private.h"

/* Bounds the time of the last step: about a second. */
#define MAX_COUNTS_COMPARED 100000000

/* What is still wanted of each label and of pictures, part by part; negative where there is too much. */
typedef struct
{
  guint n_parts, n_labels;
  double *labels;      /* [n_parts][n_labels] */
  double *totals;      /* [n_labels] */
  gint64 *pictures;    /* [n_parts] */
  gint64 n_pictures;   /* of all parts */
  guint *n_units;      /* [n_parts]: placed there */
  gboolean *is_wanted; /* [n_parts]: any picture is */
} Wanted;

static const FvSplitCount *
count_at (const FvSplitUnit *unit, guint i)
{
  return &g_array_index (unit->counts, FvSplitCount, i);
}

static void
wanted_init (Wanted *self, const GPtrArray *units, guint n_labels, const guint *pictures, guint n_parts)
{
  *self = (Wanted){ .n_parts = n_parts, .n_labels = n_labels };
  self->labels = g_new0 (double, (gsize)n_parts *n_labels);
  self->totals = g_new0 (double, n_labels);
  self->pictures = g_new (gint64, n_parts);
  self->n_units = g_new0 (guint, n_parts);
  self->is_wanted = g_new (gboolean, n_parts);
  for (guint i = 0; i < units->len; i++)
    {
      const FvSplitUnit *unit = g_ptr_array_index (units, i);
      for (guint k = 0; unit->part != FV_SPLIT_FIXED && k < unit->counts->len; k++)
        self->totals[count_at (unit, k)->class_id] += count_at (unit, k)->n;
    }
  for (guint p = 0; p < n_parts; p++)
    {
      self->pictures[p] = pictures[p];
      self->is_wanted[p] = pictures[p] > 0;
      self->n_pictures += pictures[p];
    }
  for (guint p = 0; p < n_parts; p++)
    for (guint c = 0; c < n_labels; c++)
      self->labels[p * n_labels + c] = self->totals[c] * pictures[p] / (double)MAX (self->n_pictures, 1);
}

static void
wanted_clear (Wanted *self)
{
  g_free (self->labels);
  g_free (self->totals);
  g_free (self->pictures);
  g_free (self->n_units);
  g_free (self->is_wanted);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Wanted, wanted_clear)

static double *
labels_of (const Wanted *self, int part)
{
  return self->labels + (gsize)part * self->n_labels;
}

static void
count_in (Wanted *self, const FvSplitUnit *unit, int sign)
{
  double *labels = labels_of (self, unit->part);
  self->pictures[unit->part] -= sign * (gint64)unit->items->len;
  self->n_units[unit->part] += (guint)sign;
  for (guint i = 0; i < unit->counts->len; i++)
    labels[count_at (unit, i)->class_id] -= sign * (double)count_at (unit, i)->n;
}

/* Into a part for the first time, or from one to another. */
static void
place (Wanted *self, FvSplitUnit *unit, int part)
{
  if (unit->part >= 0)
    count_in (self, unit, -1);
  unit->part = part;
  count_in (self, unit, 1);
}

/* The part that wants the label most, among those that have room for at least half of the unit. */
static int
choose_part (const Wanted *self, const FvSplitUnit *unit, guint label)
{
  int best = -1;
  gboolean best_has_room = FALSE;
  for (guint p = 0; p < self->n_parts; p++)
    {
      const gboolean has_room = self->is_wanted[p] && 2 * self->pictures[p] >= (gint64)unit->items->len;
      const double difference = best < 0 ? 1 : labels_of (self, (int)p)[label] - labels_of (self, best)[label];
      if (best < 0 || (has_room && !best_has_room)
          || (has_room == best_has_room
              && (difference > 0 || (difference == 0 && self->pictures[p] > self->pictures[best]))))
        {
          best = (int)p;
          best_has_room = has_room;
        }
    }
  return best;
}

/* Labels by how many of their units are still to be placed: lists, one for each number. */
typedef struct
{
  guint *left;            /* [n_labels] */
  guint *heads;           /* [most + 1]: a label, or NONE */
  guint *next, *previous; /* [n_labels] */
  guint least;            /* no list before this one has a label */
  guint most;
} Queue;
#define NONE G_MAXUINT

static void
queue_insert (Queue *self, guint label)
{
  const guint n = self->left[label];
  self->previous[label] = NONE;
  self->next[label] = self->heads[n];
  if (self->heads[n] != NONE)
    self->previous[self->heads[n]] = label;
  self->heads[n] = label;
  self->least = MIN (self->least, n);
}

static void
queue_decrease (Queue *self, guint label)
{
  if (self->previous[label] != NONE)
    self->next[self->previous[label]] = self->next[label];
  else
    self->heads[self->left[label]] = self->next[label];
  if (self->next[label] != NONE)
    self->previous[self->next[label]] = self->previous[label];
  if (--self->left[label] > 0)
    queue_insert (self, label);
}

static void
queue_init (Queue *self, GPtrArray *const *of_label, guint n_labels)
{
  *self = (Queue){ g_new (guint, n_labels), NULL, g_new (guint, n_labels), g_new (guint, n_labels), 1, 0 };
  for (guint c = 0; c < n_labels; c++)
    {
      self->left[c] = of_label[c]->len;
      self->most = MAX (self->most, of_label[c]->len);
    }
  self->heads = g_new (guint, self->most + 1);
  for (guint n = 0; n <= self->most; n++)
    self->heads[n] = NONE;
  for (guint c = n_labels; c-- > 0;)
    if (self->left[c] > 0)
      queue_insert (self, c);
}

static void
queue_clear (Queue *self)
{
  g_free (self->left);
  g_free (self->heads);
  g_free (self->next);
  g_free (self->previous);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Queue, queue_clear)

/* The label with the fewest units left, or NONE. */
static guint
queue_get_rarest (Queue *self)
{
  while (self->least <= self->most && self->heads[self->least] == NONE)
    self->least++;
  return self->least <= self->most ? self->heads[self->least] : NONE;
}

/* The rarest label first: it leaves the least choice. */
static void
place_all (Wanted *wanted, GPtrArray *units)
{
  g_autoptr (GPtrArray) of_label = g_ptr_array_new_with_free_func ((GDestroyNotify)g_ptr_array_unref);
  for (guint c = 0; c < wanted->n_labels; c++)
    g_ptr_array_add (of_label, g_ptr_array_new ());
  for (guint i = 0; i < units->len; i++)
    {
      FvSplitUnit *unit = g_ptr_array_index (units, i);
      for (guint k = 0; unit->part == FV_SPLIT_UNPLACED && k < unit->counts->len; k++)
        g_ptr_array_add (g_ptr_array_index (of_label, count_at (unit, k)->class_id), unit);
    }
  g_auto (Queue) queue = { NULL };
  queue_init (&queue, (GPtrArray *const *)of_label->pdata, wanted->n_labels);
  for (guint rarest; (rarest = queue_get_rarest (&queue)) != NONE;)
    {
      GPtrArray *group = g_ptr_array_index (of_label, rarest);
      for (guint i = 0; i < group->len; i++)
        {
          FvSplitUnit *unit = g_ptr_array_index (group, i);
          if (unit->part >= 0)
            continue;
          place (wanted, unit, choose_part (wanted, unit, rarest));
          for (guint k = 0; k < unit->counts->len; k++)
            queue_decrease (&queue, count_at (unit, k)->class_id);
        }
    }
}

/*
 * How much the sum over parts of (wanted - there)² / total of each label, and of pictures, which count as much as all
 * labels together, changes when a in its part and b (nullable: nothing) in part t trade places. For a label of which a
 * has x more: 2 x (x + wanted in a's part - wanted in t) / total.
 */
static double
change_by_trade (const Wanted *self, const FvSplitUnit *a, const FvSplitUnit *b, int t)
{
  const double *in_s = labels_of (self, a->part), *in_t = labels_of (self, t);
  const guint n_b = b != NULL ? b->counts->len : 0;
  const double pictures = (double)a->items->len - (b != NULL ? b->items->len : 0.0);
  double change = 2 * pictures * (pictures + (double)(self->pictures[a->part] - self->pictures[t]))
                  / (double)self->n_pictures * self->n_labels;
  for (guint i = 0, k = 0; i < a->counts->len || k < n_b;)
    {
      const FvSplitCount none = { G_MAXUINT, 0 };
      const FvSplitCount *first = i < a->counts->len ? count_at (a, i) : &none;
      const FvSplitCount *second = k < n_b ? count_at (b, k) : &none;
      const guint c = MIN (first->class_id, second->class_id);
      const double x = (first->class_id == c ? first->n : 0.0) - (second->class_id == c ? second->n : 0.0);
      change += 2 * x * (x + in_s[c] - in_t[c]) / self->totals[c];
      i += first->class_id == c;
      k += second->class_id == c;
    }
  return change;
}

/*
 * Whether sizes stay as near to what is wanted as they are, or as near as units are large: with single pictures they
 * stay exact, with groups balance may cost a part of one.
 */
static gboolean
keeps_sizes (const Wanted *self, const FvSplitUnit *a, const FvSplitUnit *b, int t, gint64 slack)
{
  const gint64 x = (gint64)a->items->len - (b != NULL ? (gint64)b->items->len : 0);
  const gint64 s_now = self->pictures[a->part], t_now = self->pictures[t];
  if (x == 0)
    return TRUE;
  return llabs (s_now + x) + llabs (t_now - x) <= MAX (llabs (s_now) + llabs (t_now), slack)
         && (b != NULL || self->n_units[a->part] > 1 || !self->is_wanted[a->part]) && self->is_wanted[t];
}

typedef struct
{
  FvSplitUnit *other; /* NULL: moves to part */
  int part;
  double change;
} Trade;

static void
consider (const Wanted *self, const FvSplitUnit *unit, FvSplitUnit *other, int part, gint64 slack, Trade *best)
{
  if (!keeps_sizes (self, unit, other, part, slack))
    return;
  const double change = change_by_trade (self, unit, other, part);
  if (change < best->change)
    *best = (Trade){ other, part, change };
}

/*
 * Lets units move or trade places as long as that helps. Placing one label after the other leaves the last ones what is
 * left; on large sets chance has evened that out, on small ones this does.
 */
static void
refine (Wanted *wanted, GPtrArray *units)
{
  guint n_units = 0;
  guint64 budget = MAX_COUNTS_COMPARED;
  for (guint p = 0; p < wanted->n_parts; p++)
    n_units += wanted->n_units[p];
  const gint64 slack = wanted->n_pictures / MAX (n_units, 1) - 1;
  for (gboolean better = TRUE; better;)
    {
      better = FALSE;
      for (guint i = 0; i < units->len; i++)
        {
          FvSplitUnit *unit = g_ptr_array_index (units, i);
          Trade best = { NULL, 0, -1e-9 };
          if (unit->part < 0)
            continue;
          for (guint p = 0; p < wanted->n_parts; p++)
            if ((int)p != unit->part)
              consider (wanted, unit, NULL, (int)p, slack, &best);
          /* Trades of the first part are those of the others, seen from there. */
          for (guint k = 0; unit->part > 0 && k < units->len; k++)
            {
              FvSplitUnit *other = g_ptr_array_index (units, k);
              const guint64 cost = unit->counts->len + other->counts->len + 1;
              if (budget < cost)
                return;
              budget -= cost;
              if (other->part >= 0 && other->part != unit->part)
                consider (wanted, unit, other, other->part, slack, &best);
            }
          if (best.change >= -1e-9)
            continue;
          const int from = unit->part;
          place (wanted, unit, best.part);
          if (best.other != NULL)
            place (wanted, best.other, from);
          better = TRUE;
        }
    }
}

/* A part that stayed empty gets the unit whose absence costs least, of a part that has several. */
static void
fill_empty (Wanted *wanted, GPtrArray *units)
{
  for (guint p = 0; p < wanted->n_parts; p++)
    {
      FvSplitUnit *best = NULL;
      double best_change = INFINITY;
      if (!wanted->is_wanted[p] || wanted->n_units[p] > 0)
        continue;
      for (guint i = 0; i < units->len; i++)
        {
          FvSplitUnit *unit = g_ptr_array_index (units, i);
          if (unit->part < 0 || wanted->n_units[unit->part] < 2)
            continue;
          const double change = change_by_trade (wanted, unit, NULL, (int)p);
          if (change < best_change)
            {
              best = unit;
              best_change = change;
            }
        }
      if (best != NULL)
        place (wanted, best, (int)p);
    }
}

void
fv_split_stratify (GPtrArray *units, guint n_labels, const guint *pictures, guint n_parts)
{
  g_auto (Wanted) wanted = { 0 };
  wanted_init (&wanted, units, n_labels, pictures, n_parts);
  place_all (&wanted, units);
  fill_empty (&wanted, units);
  refine (&wanted, units);
}

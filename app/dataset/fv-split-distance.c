/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-split-distance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Random divisions that a distance is compared with; of so many the 95th is the limit of chance. */
#define N_RANDOM 99
#define LIMIT 94
#define MIN_DIFFERENCE 0.1

/* A number of a picture, or of one of its boxes. */
typedef struct
{
  double value;
  guint item;
} Value;

/* Which pictures are in train and val, and N_RANDOM others that are as many. */
typedef struct
{
  guint n_items;
  guint8 *sides; /* [1 + N_RANDOM][n_items]: 0 train, 1 val, 2 neither */
} Sides;

static guint64
next_random (guint64 *state)
{
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

static Sides
make_sides (const FvDataset *dataset)
{
  const guint n = dataset->items->len;
  Sides sides = { n, g_malloc ((gsize)n * (1 + N_RANDOM) + 1) };
  g_autofree guint *members = g_new (guint, n);
  g_autofree guint8 *shuffled = g_malloc (n + 1);
  guint n_members = 0;
  guint64 state = 0x9e3779b97f4a7c15u;
  for (guint i = 0; i < n; i++)
    {
      const FvSubset subset = fv_dataset_get (dataset, i)->subset;
      sides.sides[i] = subset == FV_SUBSET_TRAIN ? 0 : subset == FV_SUBSET_VAL ? 1 : 2;
      if (sides.sides[i] < 2)
        {
          shuffled[n_members] = sides.sides[i];
          members[n_members++] = i;
        }
    }
  for (guint r = 1; r <= N_RANDOM; r++)
    {
      guint8 *side = sides.sides + (gsize)r * n;
      for (guint k = n_members; k > 1; k--)
        {
          const guint other = (guint)(next_random (&state) % k);
          const guint8 kept = shuffled[k - 1];
          shuffled[k - 1] = shuffled[other];
          shuffled[other] = kept;
        }
      memset (side, 2, n);
      for (guint k = 0; k < n_members; k++)
        side[members[k]] = shuffled[k];
    }
  return sides;
}

static int
compare_values (gconstpointer a, gconstpointer b)
{
  const Value *first = a, *second = b;
  return (first->value > second->value) - (first->value < second->value);
}

/* Of values in rising order. NAN where one side has none. */
static double
kolmogorov_smirnov (const GArray *values, const guint8 *side)
{
  gsize n[3] = { 0 }, below[3] = { 0 };
  double largest = 0;
  for (guint i = 0; i < values->len; i++)
    n[side[g_array_index (values, Value, i).item]]++;
  if (n[0] == 0 || n[1] == 0)
    return NAN;
  for (guint i = 0; i < values->len; i++)
    {
      const Value *value = &g_array_index (values, Value, i);
      below[side[value->item]]++;
      if (i + 1 == values->len || value[1].value != value->value)
        largest = MAX (largest, fabs ((double)below[0] / (double)n[0] - (double)below[1] / (double)n[1]));
    }
  return largest;
}

/* Of values that are numbers of kinds, in rising order. */
static double
total_variation (const GArray *values, const guint8 *side)
{
  gsize n[3] = { 0 }, of_kind[3] = { 0 };
  double sum = 0;
  for (guint i = 0; i < values->len; i++)
    n[side[g_array_index (values, Value, i).item]]++;
  if (n[0] == 0 || n[1] == 0)
    return NAN;
  for (guint i = 0; i < values->len; i++)
    {
      const Value *value = &g_array_index (values, Value, i);
      of_kind[side[value->item]]++;
      if (i + 1 < values->len && value[1].value == value->value)
        continue;
      sum += fabs ((double)of_kind[0] / (double)n[0] - (double)of_kind[1] / (double)n[1]);
      memset (of_kind, 0, sizeof of_kind);
    }
  return sum / 2;
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  const double *first = a, *second = b;
  return (*first > *second) - (*first < *second);
}

/* Takes @values. */
static void
add_distance (GArray *distances, const char *id, GArray *values, const Sides *sides,
              double (*measure) (const GArray *values, const guint8 *side))
{
  FvSplitDistance distance = { .id = id };
  double random[N_RANDOM];
  g_array_sort (values, compare_values);
  distance.distance = measure (values, sides->sides);
  if (!isnan (distance.distance))
    {
      for (guint r = 0; r < N_RANDOM; r++)
        {
          random[r] = measure (values, sides->sides + (gsize)(r + 1) * sides->n_items);
          /* Chance put all that is known on one side. */
          if (isnan (random[r]))
            random[r] = 1;
        }
      qsort (random, N_RANDOM, sizeof *random, compare_doubles);
      distance.chance = random[LIMIT];
      distance.differs = distance.distance > distance.chance && distance.distance > MIN_DIFFERENCE;
      g_array_append_val (distances, distance);
    }
  g_array_unref (values);
}

static void
append (GArray *values, double value, guint item)
{
  const Value entry = { value, item };
  if (!isnan (value))
    g_array_append_val (values, entry);
}

static GArray *
box_values (const FvDataset *dataset, gboolean aspect)
{
  GArray *values = g_array_new (FALSE, FALSE, sizeof (Value));
  for (guint i = 0; i < dataset->items->len; i++)
    {
      const FvItem *item = fv_dataset_get (dataset, i);
      for (guint k = 0; k < item->boxes->len; k++)
        {
          const FvBox *box = &g_array_index (item->boxes, FvBox, k);
          const double width = box->x2 - box->x1, height = box->y2 - box->y1;
          append (values, aspect ? width / height : sqrt (width * height / ((double)item->width * item->height)), i);
        }
    }
  return values;
}

static GArray *
source_values (const FvDataset *dataset)
{
  GArray *values = g_array_new (FALSE, FALSE, sizeof (Value));
  g_autoptr (GHashTable) numbers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < dataset->items->len; i++)
    {
      const FvItem *item = fv_dataset_get (dataset, i);
      char *folder = g_path_get_dirname (item->path != NULL ? item->path : "");
      gpointer number;
      if (g_hash_table_lookup_extended (numbers, folder, NULL, &number))
        g_free (folder);
      else
        {
          number = GUINT_TO_POINTER (g_hash_table_size (numbers));
          g_hash_table_insert (numbers, folder, number);
        }
      append (values, GPOINTER_TO_UINT (number), i);
    }
  return values;
}

static GArray *
picture_values (const FvDataset *dataset, const float *brightness)
{
  GArray *values = g_array_new (FALSE, FALSE, sizeof (Value));
  for (guint i = 0; i < dataset->items->len; i++)
    {
      const gint64 time = fv_dataset_get (dataset, i)->time;
      append (values, brightness != NULL ? brightness[i] : time != FV_TIME_UNKNOWN ? (double)time : NAN, i);
    }
  return values;
}

GArray *
fv_split_distances (const FvDataset *dataset, const float *brightness)
{
  GArray *distances = g_array_new (FALSE, FALSE, sizeof (FvSplitDistance));
  Sides sides = make_sides (dataset);
  add_distance (distances, "size", box_values (dataset, FALSE), &sides, kolmogorov_smirnov);
  add_distance (distances, "aspect", box_values (dataset, TRUE), &sides, kolmogorov_smirnov);
  if (brightness != NULL)
    add_distance (distances, "brightness", picture_values (dataset, brightness), &sides, kolmogorov_smirnov);
  add_distance (distances, "source", source_values (dataset), &sides, total_variation);
  add_distance (distances, "time", picture_values (dataset, NULL), &sides, kolmogorov_smirnov);
  g_free (sides.sides);
  return distances;
}

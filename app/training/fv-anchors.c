/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-anchors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/augment/fv-random.h"

#define GENERATIONS 1000
/* A random part of the boxes says as much about nine anchors. */
#define MAX_BOXES 40000
#define MIN_SIDE 2
/* k-means: starts, the most rounds of each, the change of the mean distance at which it ends. */
#define N_STARTS 30
#define MAX_ROUNDS 200
#define STILL 1e-5
/* Mutation: its probability, its standard deviation, and the bounds of a factor. */
#define MUTATION 0.9
#define SIGMA 0.1
#define MIN_FACTOR 0.3
#define MAX_FACTOR 3.0

/* Streams of random numbers, as FvRandom's epoch. */
enum
{
  STREAM_SAMPLE,
  STREAM_START,
  STREAM_FALLBACK,
  STREAM_GENERATION,
};

void
fv_anchors_get_coco (FvAnchors *anchors)
{
  FvYolov5Config config;
  fv_yolov5_config_init (&config, 'n', 1);
  const float *values = &config.anchors[0][0][0];
  for (guint i = 0; i < FV_ANCHORS_N; i++)
    anchors->sizes[i] = (FvAnchorSize){ values[2 * i], values[2 * i + 1] };
}

GArray *
fv_anchors_collect (const FvDataset *dataset, const FvSubset *subset, guint imgsz)
{
  GArray *boxes = g_array_new (FALSE, FALSE, sizeof (FvAnchorSize));
  for (guint i = 0; i < dataset->items->len; i++)
    {
      const FvItem *item = fv_dataset_get (dataset, i);
      const guint side = MAX (item->width, item->height);
      if ((subset != NULL && item->subset != *subset) || side == 0)
        continue;
      const double ratio = (double)imgsz / side;
      for (guint k = 0; k < item->boxes->len; k++)
        {
          const FvBox *box = &g_array_index (item->boxes, FvBox, k);
          const FvAnchorSize size = { (float)((box->x2 - box->x1) * ratio), (float)((box->y2 - box->y1) * ratio) };
          g_array_append_val (boxes, size);
        }
    }
  return boxes;
}

/* How alike box and anchor are, 0..1: the least of the four ratios of their sides. */
static inline float
compare (FvAnchorSize a, FvAnchorSize b)
{
  const float width = a.width < b.width ? a.width / b.width : b.width / a.width;
  const float height = a.height < b.height ? a.height / b.height : b.height / a.height;
  return MIN (width, height);
}

void
fv_anchors_fit (const GArray *boxes, const FvAnchors *anchors, double threshold, FvAnchorFit *fit)
{
  const float least = (float)(1 / threshold);
  guint64 n_learned = 0, n_past = 0;
  for (guint i = 0; i < boxes->len; i++)
    {
      const FvAnchorSize box = g_array_index (boxes, FvAnchorSize, i);
      guint past = 0;
      for (guint k = 0; k < FV_ANCHORS_N; k++)
        past += compare (box, anchors->sizes[k]) > least;
      n_past += past;
      n_learned += past > 0;
    }
  fit->best_possible_recall = boxes->len > 0 ? (double)n_learned / boxes->len : NAN;
  fit->anchors_per_box = boxes->len > 0 ? (double)n_past / boxes->len : NAN;
}

/* What evolution makes larger: how alike a box and its best anchor are, 0 where no anchor may learn it; the mean. */
static double
find_fitness (const FvAnchorSize *boxes, guint n, const FvAnchors *anchors, float least)
{
  double sum = 0;
  for (guint i = 0; i < n; i++)
    {
      float best = 0;
      for (guint k = 0; k < FV_ANCHORS_N; k++)
        {
          const float alike = compare (boxes[i], anchors->sizes[k]);
          best = MAX (best, alike);
        }
      sum += best > least ? best : 0;
    }
  return sum / n;
}

/*
 * One start of k-means: anchors from places among the boxes, to where each is the mean of the boxes nearest to it.
 * Returns the mean distance, or INFINITY where an anchor had no box left.
 */
static double
find_means (const FvAnchorSize *boxes, guint n, FvRandom *random, FvAnchors *anchors)
{
  guint places[FV_ANCHORS_N];
  for (guint k = 0; k < FV_ANCHORS_N; k++)
    {
      gboolean taken;
      do
        {
          places[k] = fv_random_below (random, n);
          taken = FALSE;
          for (guint i = 0; i < k; i++)
            taken = taken || places[i] == places[k];
        }
      while (taken);
      anchors->sizes[k] = boxes[places[k]];
    }
  double distance = INFINITY;
  for (guint round = 0; round < MAX_ROUNDS; round++)
    {
      double widths[FV_ANCHORS_N] = { 0 }, heights[FV_ANCHORS_N] = { 0 }, sum = 0;
      guint members[FV_ANCHORS_N] = { 0 };
      for (guint i = 0; i < n; i++)
        {
          guint nearest = 0;
          float least = INFINITY;
          for (guint k = 0; k < FV_ANCHORS_N; k++)
            {
              const float x = boxes[i].width - anchors->sizes[k].width, y = boxes[i].height - anchors->sizes[k].height;
              const float square = x * x + y * y;
              if (square < least)
                {
                  least = square;
                  nearest = k;
                }
            }
          sum += sqrtf (least);
          widths[nearest] += boxes[i].width;
          heights[nearest] += boxes[i].height;
          members[nearest]++;
        }
      for (guint k = 0; k < FV_ANCHORS_N; k++)
        {
          if (members[k] == 0)
            return INFINITY;
          anchors->sizes[k] = (FvAnchorSize){ (float)(widths[k] / members[k]), (float)(heights[k] / members[k]) };
        }
      const double before = distance;
      distance = sum / n;
      if (fabs (before - distance) <= STILL)
        break;
    }
  return distance;
}

static FvAnchorSize
find_deviation (const FvAnchorSize *boxes, guint n)
{
  double width = 0, height = 0, width_square = 0, height_square = 0;
  for (guint i = 0; i < n; i++)
    {
      width += boxes[i].width;
      height += boxes[i].height;
    }
  width /= n;
  height /= n;
  for (guint i = 0; i < n; i++)
    {
      width_square += (boxes[i].width - width) * (boxes[i].width - width);
      height_square += (boxes[i].height - height) * (boxes[i].height - height);
    }
  return (FvAnchorSize){ (float)sqrt (width_square / n), (float)sqrt (height_square / n) };
}

static int
compare_values (const void *a, const void *b)
{
  const double first = *(const double *)a, second = *(const double *)b;
  return (first > second) - (first < second);
}

/* Where k-means finds too few different boxes: any sizes, by rising ones. */
static void
draw_any (const FvAnchorParams *params, FvAnchors *anchors)
{
  FvRandom random;
  double values[2 * FV_ANCHORS_N];
  fv_random_init (&random, params->seed, STREAM_FALLBACK, 0);
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    values[i] = MAX (fv_random_unit (&random) * params->imgsz, MIN_SIDE);
  qsort (values, G_N_ELEMENTS (values), sizeof *values, compare_values);
  for (guint k = 0; k < FV_ANCHORS_N; k++)
    anchors->sizes[k] = (FvAnchorSize){ (float)values[2 * k], (float)values[2 * k + 1] };
}

static void
start (const FvAnchorSize *boxes, guint n, const FvAnchorParams *params, FvAnchors *anchors)
{
  const FvAnchorSize deviation = find_deviation (boxes, n);
  double best = INFINITY;
  if (deviation.width > 0 && deviation.height > 0)
    {
      g_autofree FvAnchorSize *white = g_new (FvAnchorSize, n);
      for (guint i = 0; i < n; i++)
        white[i] = (FvAnchorSize){ boxes[i].width / deviation.width, boxes[i].height / deviation.height };
      for (guint i = 0; i < N_STARTS; i++)
        {
          FvRandom random;
          FvAnchors found;
          fv_random_init (&random, params->seed, STREAM_START, i);
          const double distance = find_means (white, n, &random, &found);
          if (distance >= best)
            continue;
          best = distance;
          *anchors = found;
        }
    }
  if (!isfinite (best))
    {
      draw_any (params, anchors);
      return;
    }
  for (guint k = 0; k < FV_ANCHORS_N; k++)
    {
      anchors->sizes[k].width *= deviation.width;
      anchors->sizes[k].height *= deviation.height;
    }
}

/* FALSE where nothing changed. */
static gboolean
mutate (FvRandom *random, const FvAnchors *from, FvAnchors *to)
{
  const double strength = fv_random_unit (random);
  gboolean changed = FALSE;
  for (guint i = 0; i < 2 * FV_ANCHORS_N; i++)
    {
      const gboolean hit = fv_random_unit (random) < MUTATION;
      const double normal = fv_random_normal (random);
      const double factor = CLAMP (hit ? strength * normal * SIGMA + 1 : 1, MIN_FACTOR, MAX_FACTOR);
      const FvAnchorSize *size = &from->sizes[i / 2];
      const double side = MAX ((i % 2 == 0 ? size->width : size->height) * factor, MIN_SIDE);
      *(i % 2 == 0 ? &to->sizes[i / 2].width : &to->sizes[i / 2].height) = (float)side;
      changed = changed || factor != 1;
    }
  return changed;
}

static int
compare_areas (const void *a, const void *b)
{
  const FvAnchorSize *first = a, *second = b;
  const float x = first->width * first->height, y = second->width * second->height;
  return (x > y) - (x < y);
}

/* (transfer full): the boxes that are large enough, or as many of them as are enough. */
static GArray *
choose_boxes (const GArray *boxes, guint64 seed)
{
  GArray *chosen = g_array_new (FALSE, FALSE, sizeof (FvAnchorSize));
  for (guint i = 0; i < boxes->len; i++)
    {
      const FvAnchorSize *box = &g_array_index (boxes, FvAnchorSize, i);
      if (box->width >= MIN_SIDE || box->height >= MIN_SIDE)
        g_array_append_vals (chosen, box, 1);
    }
  if (chosen->len <= MAX_BOXES)
    return chosen;
  FvRandom random;
  FvAnchorSize *all = (FvAnchorSize *)(void *)chosen->data;
  fv_random_init (&random, seed, STREAM_SAMPLE, 0);
  for (guint i = 0; i < MAX_BOXES; i++)
    {
      const guint k = i + fv_random_below (&random, chosen->len - i);
      const FvAnchorSize swap = all[i];
      all[i] = all[k];
      all[k] = swap;
    }
  g_array_set_size (chosen, MAX_BOXES);
  return chosen;
}

gboolean
fv_anchors_evolve (const GArray *boxes, const FvAnchorParams *params, FvAnchors *anchors)
{
  g_autoptr (GArray) chosen = choose_boxes (boxes, params->seed);
  const FvAnchorSize *sizes = (const FvAnchorSize *)(const void *)chosen->data;
  const guint n = chosen->len, generations = params->generations > 0 ? params->generations : GENERATIONS;
  const float least = (float)(1 / (params->threshold > 0 ? params->threshold : FV_ANCHORS_THRESHOLD));
  if (n < FV_ANCHORS_N)
    return FALSE;
  start (sizes, n, params, anchors);
  double fitness = find_fitness (sizes, n, anchors, least);
  for (guint i = 0; i < generations; i++)
    {
      FvRandom random;
      FvAnchors changed;
      fv_random_init (&random, params->seed, STREAM_GENERATION, i);
      while (!mutate (&random, anchors, &changed))
        continue;
      const double changed_fitness = find_fitness (sizes, n, &changed, least);
      if (changed_fitness <= fitness)
        continue;
      fitness = changed_fitness;
      *anchors = changed;
    }
  qsort (anchors->sizes, FV_ANCHORS_N, sizeof *anchors->sizes, compare_areas);
  return TRUE;
}

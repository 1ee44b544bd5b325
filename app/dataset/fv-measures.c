/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-measures.h"

#include <math.h>
#include <string.h>

#include "app/dataset/fv-measure-cache.h"
#include "app/dataset/fv-picture.h"

#define MAX_WORKERS 8
/* Side of the picture that is transformed, and coefficients a side that are kept. */
#define HASH_SIDE 32
#define HASH_KEPT 8

/* The luma of a picture, 0..255: ITU-R BT.601, as JPEG has it. */
static float *
make_luma (const FvPicture *picture)
{
  float *luma = g_new (float, (gsize)picture->width * picture->height);
  for (guint y = 0; y < picture->height; y++)
    {
      const guint8 *pixel = picture->rgb + y * picture->stride;
      for (guint x = 0; x < picture->width; x++, pixel += 3)
        luma[(gsize)y * picture->width + x] = 0.299f * pixel[0] + 0.587f * pixel[1] + 0.114f * pixel[2];
    }
  return luma;
}

/* Means of the picture's cells, side x side of them; a cell narrower than a pixel is that pixel. */
static void
shrink (const float *luma, guint width, guint height, guint side, float *out)
{
  for (guint y = 0; y < side; y++)
    for (guint x = 0; x < side; x++)
      {
        const guint x1 = x * width / side, x2 = MAX ((x + 1) * width / side, x1 + 1);
        const guint y1 = y * height / side, y2 = MAX ((y + 1) * height / side, y1 + 1);
        double sum = 0;
        for (guint v = y1; v < y2; v++)
          for (guint u = x1; u < x2; u++)
            sum += luma[(gsize)v * width + u];
        out[y * side + x] = (float)(sum / ((x2 - x1) * (y2 - y1)));
      }
}

static int
compare_floats (const void *a, const void *b)
{
  const float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

/*
 * Of the discrete cosine transform (DCT-II) of 32 x 32 pixels the 8 x 8 lowest frequencies, the mean's place taken by the next one in
 * its row: a bit is whether the coefficient is above their median.
 */
static guint64
hash_picture (const float pixels[HASH_SIDE * HASH_SIDE])
{
  static float cosines[HASH_KEPT + 1][HASH_SIDE];
  static gsize made;
  float rows[HASH_KEPT + 1][HASH_SIDE], kept[HASH_KEPT * HASH_KEPT], sorted[HASH_KEPT * HASH_KEPT];
  guint64 hash = 0;

  if (g_once_init_enter (&made))
    {
      for (guint u = 0; u <= HASH_KEPT; u++)
        for (guint x = 0; x < HASH_SIDE; x++)
          cosines[u][x] = (float)cos (G_PI * u * (2 * x + 1) / (2.0 * HASH_SIDE));
      g_once_init_leave (&made, 1);
    }
  for (guint u = 0; u <= HASH_KEPT; u++)
    for (guint y = 0; y < HASH_SIDE; y++)
      {
        rows[u][y] = 0;
        for (guint x = 0; x < HASH_SIDE; x++)
          rows[u][y] += cosines[u][x] * pixels[y * HASH_SIDE + x];
      }
  for (guint i = 0; i < HASH_KEPT * HASH_KEPT; i++)
    {
      const guint u = i == 0 ? HASH_KEPT : i % HASH_KEPT, v = i / HASH_KEPT;
      kept[i] = 0;
      for (guint y = 0; y < HASH_SIDE; y++)
        kept[i] += cosines[v][y] * rows[u][y];
    }
  memcpy (sorted, kept, sizeof kept);
  qsort (sorted, G_N_ELEMENTS (sorted), sizeof *sorted, compare_floats);
  for (guint i = 0; i < G_N_ELEMENTS (kept); i++)
    hash |= (guint64)(kept[i] > (sorted[31] + sorted[32]) / 2) << i;
  return hash;
}

static void
measure_luma (const float *luma, guint width, guint height, FvMeasure *measure)
{
  const double n = (double)width * height;
  double sum = 0, squares = 0, edges = 0, edge_squares = 0;
  for (guint i = 0; i < width * height; i++)
    {
      sum += luma[i];
      squares += (double)luma[i] * luma[i];
    }
  measure->brightness = (float)(sum / n / 255);
  measure->contrast = (float)(sqrt (MAX (squares / n - sum / n * sum / n, 0)) / 255);
  for (guint y = 1; y + 1 < height; y++)
    for (guint x = 1; x + 1 < width; x++)
      {
        const float *at = luma + (gsize)y * width + x;
        const double edge = (double)at[-1] + at[1] + at[-(gssize)width] + at[width] - 4.0 * at[0];
        edges += edge;
        edge_squares += edge * edge;
      }
  if (width > 2 && height > 2)
    {
      const double inner = (double)(width - 2) * (height - 2);
      measure->sharpness = (float)MAX (edge_squares / inner - edges / inner * edges / inner, 0);
    }
}

static void
measure_colours (const FvPicture *picture, FvMeasure *measure)
{
  const double n = (double)picture->width * picture->height;
  double sums[3] = { 0 }, saturation = 0;
  for (guint y = 0; y < picture->height; y++)
    {
      const guint8 *pixel = picture->rgb + y * picture->stride;
      for (guint x = 0; x < picture->width; x++, pixel += 3)
        {
          const guint8 most = MAX (MAX (pixel[0], pixel[1]), pixel[2]),
                       least = MIN (MIN (pixel[0], pixel[1]), pixel[2]);
          for (guint c = 0; c < 3; c++)
            sums[c] += pixel[c];
          saturation += most > 0 ? (double)(most - least) / most : 0;
        }
    }
  measure->red = (float)(sums[0] / n / 255);
  measure->green = (float)(sums[1] / n / 255);
  measure->blue = (float)(sums[2] / n / 255);
  measure->saturation = (float)(saturation / n);
}

static void
measure_item (const FvItem *item, FvMeasure *measure)
{
  const guint side = MIN (MAX (item->width, item->height), FV_MEASURE_SIDE);
  g_autoptr (FvPicture) picture = fv_picture_load (item->path, &item->reading, side, FV_RESIZE_AREA, NULL);
  float small[HASH_SIDE * HASH_SIDE];

  *measure = (FvMeasure){ .readable = picture != NULL };
  if (picture == NULL)
    return;
  g_autofree float *luma = make_luma (picture);
  measure_luma (luma, picture->width, picture->height, measure);
  measure_colours (picture, measure);
  shrink (luma, picture->width, picture->height, HASH_SIDE, small);
  measure->hash = hash_picture (small);
  shrink (luma, picture->width, picture->height, FV_MEASURE_THUMBNAIL, small);
  for (guint i = 0; i < G_N_ELEMENTS (measure->thumbnail); i++)
    measure->thumbnail[i] = (guint8)lroundf (CLAMP (small[i], 0, 255));
}

typedef struct
{
  const FvDataset *dataset;
  FvMeasures *measures;
  GCancellable *cancellable;
  GAsyncQueue *done; /* of the item's number + 1 */
} Work;

static void
work_on (gpointer data, gpointer user_data)
{
  const Work *work = user_data;
  const guint i = GPOINTER_TO_UINT (data) - 1;
  if (!g_cancellable_is_cancelled (work->cancellable))
    measure_item (fv_dataset_get (work->dataset, i), &work->measures->all[i]);
  g_async_queue_push (work->done, data);
}

/* Measures the items of @missing (guint). */
static gboolean
measure_missing (FvMeasures *self, const FvDataset *dataset, const GArray *missing, FvMeasureCache *cache,
                 const FvMeasureParams *params, GError **error)
{
  g_autoptr (GAsyncQueue) done = g_async_queue_new ();
  Work work = { dataset, self, params->cancellable, done };
  GThreadPool *pool = g_thread_pool_new (work_on, &work, MIN ((int)g_get_num_processors (), MAX_WORKERS), FALSE, error);
  if (pool == NULL)
    return FALSE;
  for (guint i = 0; i < missing->len; i++)
    g_thread_pool_push (pool, GUINT_TO_POINTER (g_array_index (missing, guint, i) + 1), NULL);
  for (guint i = 0; i < missing->len; i++)
    {
      const guint item = GPOINTER_TO_UINT (g_async_queue_pop (done)) - 1;
      if (!g_cancellable_is_cancelled (params->cancellable) && self->all[item].readable)
        fv_measure_cache_put (cache, fv_dataset_get (dataset, item), &self->all[item]);
      if (params->progress != NULL)
        params->progress ((i + 1.0) / missing->len, params->user_data);
    }
  g_thread_pool_free (pool, FALSE, TRUE);
  return !g_cancellable_set_error_if_cancelled (params->cancellable, error);
}

FvMeasures *
fv_measure_pictures (const FvDataset *dataset, const FvMeasureParams *params, GError **error)
{
  g_autoptr (FvMeasures) self = g_new0 (FvMeasures, 1);
  g_autoptr (FvMeasureCache) cache = fv_measure_cache_open ();
  g_autoptr (GArray) missing = g_array_new (FALSE, FALSE, sizeof (guint));
  self->n = dataset->items->len;
  self->all = g_new0 (FvMeasure, self->n);
  for (guint i = 0; i < self->n; i++)
    if (!fv_measure_cache_get (cache, fv_dataset_get (dataset, i), &self->all[i]))
      g_array_append_val (missing, i);
  return measure_missing (self, dataset, missing, cache, params, error) ? g_steal_pointer (&self) : NULL;
}

void
fv_measures_free (FvMeasures *self)
{
  if (self == NULL)
    return;
  g_free (self->all);
  g_free (self);
}

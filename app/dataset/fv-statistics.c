/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-statistics.h"

#include "app/dataset/fv-crowding.h"

#include <math.h>

#define SMALL_AREA (32.0 * 32.0)
#define LARGE_AREA (96.0 * 96.0)
#define ELONGATED 3.0
#define MIN_SIDE 10

/* What is needed while counting. */
typedef struct
{
  FvStatistics *self;
  guint *last; /* [class]: the picture, from 1, in which the class was seen last */
  GHashTable *contents; /* hash and page */
  GHashTable *sizes;    /* width and height → pictures */
  GArray *scale, *narrow, *aspect, *boxes_in_image, *width, *height, *picture_aspect; /* of double */
  guint64 classes_in_images;
} Counting;

static void
class_clear (gpointer data)
{
  g_free (((FvClassStatistics *)data)->name);
}

static void
count_size (FvSizeCounts *sizes, double area)
{
  *(area < SMALL_AREA ? &sizes->small : area > LARGE_AREA ? &sizes->large : &sizes->medium) += 1;
}

static void
append (GArray *values, double value)
{
  g_array_append_val (values, value);
}

static guint
find_cell (double part)
{
  return (guint)CLAMP (part * FV_HEAT_SIDE, 0, FV_HEAT_SIDE - 1);
}

static void
count_box (Counting *counting, const FvItem *item, const FvBox *box)
{
  FvStatistics *self = counting->self;
  FvClassStatistics *class = &g_array_index (self->classes, FvClassStatistics, box->class_id);
  const double width = box->x2 - box->x1, height = box->y2 - box->y1, area = width * height;
  const double ratio = (double)self->imgsz / MAX (item->width, item->height);
  const double x = (box->x1 + box->x2) / 2 / item->width, y = (box->y1 + box->y2) / 2 / item->height;
  self->boxes++;
  class->boxes++;
  count_size (&self->sizes, area);
  count_size (&self->sizes_at_imgsz, area * ratio * ratio);
  append (counting->scale, sqrt (area / ((double)item->width * item->height)));
  append (counting->narrow, MIN (width, height) * ratio);
  append (counting->aspect, width / height);
  self->tall += height > ELONGATED * width;
  self->wide += width > ELONGATED * height;
  self->heat[find_cell (y)][find_cell (x)]++;
  self->central += fabs (x - 0.5) < 0.25 && fabs (y - 0.5) < 0.25;
}

/* Returns the number of different classes. */
static guint
count_classes (Counting *counting, const FvItem *item)
{
  guint n = 0;
  for (guint i = 0; i < item->boxes->len; i++)
    {
      const guint c = g_array_index (item->boxes, FvBox, i).class_id;
      if (counting->last[c] == counting->self->images)
        continue;
      counting->last[c] = counting->self->images;
      g_array_index (counting->self->classes, FvClassStatistics, c).images++;
      n++;
    }
  return n;
}

static void
count_picture (Counting *counting, const FvItem *item)
{
  FvStatistics *self = counting->self;
  FvCrowding crowding;
  self->images++;
  self->backgrounds += item->boxes->len == 0;
  self->ignored += item->ignored->len;
  self->n_in_subset[item->subset]++;
  self->tiny += MIN (item->width, item->height) < MIN_SIDE;
  if (item->hash != NULL)
    self->repeated += !g_hash_table_add (counting->contents, g_strdup_printf ("%s#%u", item->hash, item->reading.page));
  append (counting->boxes_in_image, item->boxes->len);

  const guint n_classes = count_classes (counting, item);
  counting->classes_in_images += n_classes;
  self->single_class += n_classes == 1;
  fv_crowding_count (item->boxes, &crowding);
  self->touching += crowding.touching;
  self->overlapping += crowding.overlapping;
  if (item->width == 0 || item->height == 0)
    return;
  for (guint i = 0; i < item->boxes->len; i++)
    count_box (counting, item, &g_array_index (item->boxes, FvBox, i));

  append (counting->width, item->width);
  append (counting->height, item->height);
  append (counting->picture_aspect, (double)item->width / item->height);
  const guint64 size = (guint64)item->width << 32 | item->height;
  guint *n = g_hash_table_lookup (counting->sizes, &size);
  if (n == NULL)
    {
      n = g_new0 (guint, 1);
      g_hash_table_insert (counting->sizes, g_memdup2 (&size, sizeof size), n);
    }
  ++*n;
}

static void
find_common_size (FvStatistics *self, GHashTable *sizes)
{
  GHashTableIter iter;
  gpointer key, value;
  guint64 common = 0;
  g_hash_table_iter_init (&iter, sizes);
  while (g_hash_table_iter_next (&iter, &key, &value))
    {
      const guint n = *(guint *)value;
      const guint64 size = *(guint64 *)key;
      if (n < self->common_images || (n == self->common_images && size < common))
        continue;
      self->common_images = n;
      common = size;
    }
  self->n_sizes = g_hash_table_size (sizes);
  self->common_width = common >> 32;
  self->common_height = common & G_MAXUINT32;
}

static void
find_balance (FvStatistics *self)
{
  guint64 most = 0, least = G_MAXUINT64;
  self->entropy = self->evenness = self->ratio = NAN;
  if (self->boxes == 0)
    return;
  self->entropy = 0;
  for (guint i = 0; i < self->classes->len; i++)
    {
      const guint64 n = g_array_index (self->classes, FvClassStatistics, i).boxes;
      const double share = (double)n / (double)self->boxes;
      if (n == 0)
        continue;
      most = MAX (most, n);
      least = MIN (least, n);
      self->entropy -= share * log2 (share);
    }
  self->evenness = self->classes->len > 1 ? self->entropy / log2 (self->classes->len) : 1;
  self->ratio = (double)most / (double)least;
}

static GArray *
new_values (void)
{
  return g_array_new (FALSE, FALSE, sizeof (double));
}

static void
finish (Counting *counting)
{
  FvStatistics *self = counting->self;
  const struct
  {
    FvSpread *spread;
    GArray *values;
  } spreads[] = {
    { &self->scale, counting->scale },
    { &self->narrow, counting->narrow },
    { &self->aspect, counting->aspect },
    { &self->boxes_in_image, counting->boxes_in_image },
    { &self->width, counting->width },
    { &self->height, counting->height },
    { &self->picture_aspect, counting->picture_aspect },
  };
  for (guint i = 0; i < G_N_ELEMENTS (spreads); i++)
    {
      fv_spread_take_array (spreads[i].spread, spreads[i].values);
      g_array_unref (spreads[i].values);
    }
  find_balance (self);
  find_common_size (self, counting->sizes);
  const guint n = self->images - self->backgrounds;
  self->classes_in_image = n > 0 ? (double)counting->classes_in_images / n : NAN;
}

FvStatistics *
fv_statistics_new (const FvDataset *dataset, const FvStatisticsParams *params)
{
  const FvStatisticsParams all = { 0 };
  params = params != NULL ? params : &all;
  FvStatistics *self = g_new0 (FvStatistics, 1);
  self->imgsz = params->imgsz > 0 ? params->imgsz : FV_STATISTICS_IMGSZ;
  self->classes = g_array_new (FALSE, TRUE, sizeof (FvClassStatistics));
  g_array_set_clear_func (self->classes, class_clear);
  g_array_set_size (self->classes, dataset->n_classes);
  for (guint c = 0; c < dataset->n_classes; c++)
    g_array_index (self->classes, FvClassStatistics, c).name = g_strdup (dataset->class_names[c]);

  g_autofree guint *last = g_new0 (guint, dataset->n_classes + 1);
  g_autoptr (GHashTable) contents = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) sizes = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  Counting counting = {
    .self = self,
    .last = last,
    .contents = contents,
    .sizes = sizes,
    .scale = new_values (),
    .narrow = new_values (),
    .aspect = new_values (),
    .boxes_in_image = new_values (),
    .width = new_values (),
    .height = new_values (),
    .picture_aspect = new_values (),
  };
  for (guint i = 0; i < dataset->items->len; i++)
    {
      const FvItem *item = fv_dataset_get (dataset, i);
      if (params->subset == NULL || item->subset == *params->subset)
        count_picture (&counting, item);
    }
  finish (&counting);
  return self;
}

void
fv_statistics_free (FvStatistics *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->classes);
  g_free (self);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/augment/fv-batch-builder.h"

#include "app/augment/fv-built-batch.h"
#include "app/dataset/fv-picture-pool.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define DEFAULT_WORKERS 2
#define DEFAULT_POOL_BYTES ((gsize)1 << 30)
#define DEFAULT_AHEAD 32
/* Microseconds from one look at whether the device is busy to the next. */
#define BUSY_POLL 2000

typedef struct
{
  guint item;
  char *reason;
} Failure;

struct _FvBatchBuilder
{
  FvDataset *dataset;
  FvBatchBuilderParams params;
  FvAugmentPolicy policy;
  guint *items;
  guint n_items;
  guint *index_of_item; /* of each item of the dataset: its index in @items */
  FvPicturePool *pool;
  GThread **workers;

  GMutex mutex;
  GCond work, ready; /* a position to build; a sample built */
  gboolean stop;
  guint64 generation; /* samples begun before a seek are thrown away */
  guint epoch;
  guint *order;
  guint n_order;
  guint (*shapes)[2]; /* (nullable) */
  guint n_shapes;
  guint head;            /* the next position to hand out */
  guint next;            /* the next position to build */
  FvBuiltSample **built; /* [ahead]: of position p at p modulo ahead */

  gboolean *failed; /* of each item of the dataset */
  guint n_failed;
  GQueue failures; /* of Failure: not reported yet */
  double disk_wait, decode_wait;
};

/* What get_source needs to find a sample's pictures. */
typedef struct
{
  FvBatchBuilder *builder;
  FvBuiltSample *sample;
  guint n;
} SourceContext;

static void
failure_free (gpointer data)
{
  Failure *self = data;
  g_free (self->reason);
  g_free (self);
}

/* The item stays out from now on; why is told once. */
static void
note_failure (FvBatchBuilder *self, guint item, const GError *error)
{
  g_mutex_lock (&self->mutex);
  if (!self->failed[item])
    {
      Failure failure = { item, g_strdup (error->message) };
      self->failed[item] = TRUE;
      self->n_failed++;
      g_queue_push_tail (&self->failures, g_memdup2 (&failure, sizeof failure));
    }
  g_mutex_unlock (&self->mutex);
}

/* The picture of an item, or NULL where it can't be read, which is noted the first time. */
static FvPicture *
load_item (FvBatchBuilder *self, guint item)
{
  g_autoptr (GError) error = NULL;
  const FvItem *info = fv_dataset_get (self->dataset, item);
  g_mutex_lock (&self->mutex);
  gboolean failed = self->failed[item];
  g_mutex_unlock (&self->mutex);
  if (failed)
    return NULL;
  FvResize how = self->params.policy != NULL ? FV_RESIZE_LINEAR : FV_RESIZE_AREA;
  g_autoptr (FvPicture) picture = fv_picture_pool_get (self->pool, info->path, &info->reading, self->params.imgsz, how, &error);
  if (picture != NULL && (picture->original_width != info->width || picture->original_height != info->height))
    g_set_error (&error, FV_PICTURE_ERROR, FV_PICTURE_ERROR_SIZE,
                 _ ("%s: it was %u x %u pixels when it was imported and is %u x %u now. Import it again."), info->path,
                 info->width, info->height, picture->original_width, picture->original_height);
  if (error == NULL)
    return g_steal_pointer (&picture);
  note_failure (self, item, error);
  return NULL;
}

static void
get_source (guint index, FvAugmentSource *source, gpointer user_data)
{
  SourceContext *context = user_data;
  guint item = context->builder->items[index];
  const FvItem *info = fv_dataset_get (context->builder->dataset, item);
  FvPicture *picture = load_item (context->builder, item);
  context->sample->pictures[context->n++] = picture;
  *source = (FvAugmentSource){
    .original_width = info->width,
    .original_height = info->height,
    .width = picture != NULL ? picture->width : 0,
    .height = picture != NULL ? picture->height : 0,
    .boxes = (const FvBox *)info->boxes->data,
    .n_boxes = info->boxes->len,
    .missing = picture == NULL,
  };
}

/* Puts the picture of a sample without mosaic at the size that its tile has. Without memory it is grey and has no boxes. */
static void
fit_picture (FvBatchBuilder *self, FvBuiltSample *sample, guint width, guint height)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvPicture) picture = sample->pictures[0];
  sample->pictures[0] = fv_picture_resize (picture, width, height, FV_RESIZE_LINEAR, &error);
  if (sample->pictures[0] != NULL)
    return;
  const FvItem *info = fv_dataset_get (self->dataset, sample->item);
  g_prefix_error (&error, "%s: ", info->path);
  note_failure (self, sample->item, error);
  sample->augmented.sample.layers[0].n_tiles = 0;
  g_array_set_size (sample->augmented.targets, 0);
}

static void
build_augmented (FvBatchBuilder *self, FvBuiltSample *sample, const FvAugmentPolicy *policy, guint epoch,
                 guint position)
{
  SourceContext context = { self, sample };
  FvAugmentParams params = {
    .imgsz = self->params.imgsz,
    .seed = self->params.seed,
    .epoch = epoch,
    .position = position,
    .item = self->index_of_item[sample->item],
    .n_items = self->n_items,
  };
  fv_augment_sample (policy, &params, get_source, &context, &sample->augmented);
  if (sample->augmented.inner_width > 0)
    fit_picture (self, sample, sample->augmented.inner_width, sample->augmented.inner_height);
}

static void
build_plain (FvBatchBuilder *self, FvBuiltSample *sample, const guint shape[2])
{
  const FvItem *info = fv_dataset_get (self->dataset, sample->item);
  FvAugmented *augmented = &sample->augmented;
  FvLetterbox *letterbox = &sample->letterbox;
  guint width, height;
  fv_picture_fit (info->width, info->height, self->params.imgsz, &width, &height);
  fv_letterbox_init_loaded (letterbox, info->width, info->height, width, height, shape[0], shape[1], 0);
  fv_letterbox_sample (letterbox, 0, &augmented->sample);
  augmented->n_items = 1;
  augmented->items[0] = sample->item;
  sample->pictures[0] = load_item (self, sample->item);
  if (sample->pictures[0] == NULL)
    {
      augmented->sample.layers[0].n_tiles = 0;
      return;
    }
  fv_augment_plain_targets (letterbox, (const FvBox *)info->boxes->data, info->boxes->len, augmented->targets);
  fit_picture (self, sample, letterbox->inner_width, letterbox->inner_height);
}

static gpointer
run_worker (gpointer data)
{
  FvBatchBuilder *self = data;
  g_mutex_lock (&self->mutex);
  for (;;)
    {
      while (!self->stop && (self->next >= self->n_order || self->next - self->head >= self->params.ahead))
        g_cond_wait (&self->work, &self->mutex);
      if (self->stop)
        break;
      guint64 generation = self->generation;
      guint position = self->next++, epoch = self->epoch;
      FvAugmentPolicy policy = self->policy;
      guint shape[2] = { self->params.imgsz, self->params.imgsz };
      if (self->shapes != NULL)
        memcpy (shape, self->shapes[position], sizeof shape);
      FvBuiltSample *sample = fv_built_sample_new (self->order[position]);
      g_mutex_unlock (&self->mutex);

      if (self->params.policy != NULL)
        build_augmented (self, sample, &policy, epoch, position);
      else
        build_plain (self, sample, shape);

      g_mutex_lock (&self->mutex);
      if (generation == self->generation)
        self->built[position % self->params.ahead] = sample;
      else
        fv_built_sample_free (sample);
      g_cond_signal (&self->ready);
    }
  g_mutex_unlock (&self->mutex);
  return NULL;
}

FvBatchBuilder *
fv_batch_builder_new (FvDataset *dataset, const guint *items, guint n_items, const FvBatchBuilderParams *params)
{
  g_return_val_if_fail (params->imgsz > 0, NULL);
  FvBatchBuilder *self = g_new0 (FvBatchBuilder, 1);
  self->dataset = fv_dataset_ref (dataset);
  self->params = *params;
  if (params->policy != NULL)
    {
      self->policy = *params->policy;
      self->params.policy = &self->policy;
    }
  if (self->params.n_workers == 0)
    self->params.n_workers = DEFAULT_WORKERS;
  if (self->params.ahead == 0)
    self->params.ahead = DEFAULT_AHEAD;
  self->items = g_memdup2 (items, n_items * sizeof *items);
  self->n_items = n_items;
  self->index_of_item = g_new0 (guint, dataset->items->len);
  for (guint i = 0; i < n_items; i++)
    self->index_of_item[items[i]] = i;
  self->failed = g_new0 (gboolean, dataset->items->len);
  self->pool = fv_picture_pool_new (params->pool_bytes > 0 ? params->pool_bytes : DEFAULT_POOL_BYTES);
  self->built = g_new0 (FvBuiltSample *, self->params.ahead);
  g_queue_init (&self->failures);
  g_mutex_init (&self->mutex);
  g_cond_init (&self->work);
  g_cond_init (&self->ready);
  self->workers = g_new0 (GThread *, self->params.n_workers);
  for (guint i = 0; i < self->params.n_workers; i++)
    self->workers[i] = g_thread_new ("fovea-decode", run_worker, self);
  return self;
}

/* Goes to @position, with the mutex held. What workers have in hand is thrown away when it is done. */
static void
move_to (FvBatchBuilder *self, guint position)
{
  self->generation++;
  for (guint i = 0; i < self->params.ahead; i++)
    g_clear_pointer (&self->built[i], fv_built_sample_free);
  self->head = self->next = MIN (position, self->n_order);
  g_cond_broadcast (&self->work);
}

void
fv_batch_builder_free (FvBatchBuilder *self)
{
  if (self == NULL)
    return;
  g_mutex_lock (&self->mutex);
  self->stop = TRUE;
  move_to (self, 0);
  g_mutex_unlock (&self->mutex);
  for (guint i = 0; i < self->params.n_workers; i++)
    g_thread_join (self->workers[i]);
  g_free (self->workers);
  g_free (self->built);
  g_queue_clear_full (&self->failures, failure_free);
  fv_picture_pool_free (self->pool);
  fv_dataset_unref (self->dataset);
  g_free (self->items);
  g_free (self->index_of_item);
  g_free (self->failed);
  g_free (self->order);
  g_free (self->shapes);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->work);
  g_cond_clear (&self->ready);
  g_free (self);
}

void
fv_batch_builder_set_shapes (FvBatchBuilder *self, const guint (*shapes)[2], guint n)
{
  g_return_if_fail (self->params.policy == NULL);
  g_mutex_lock (&self->mutex);
  self->n_order = 0;
  move_to (self, 0);
  g_free (self->shapes);
  self->shapes = g_memdup2 (shapes, n * sizeof *shapes);
  self->n_shapes = n;
  g_mutex_unlock (&self->mutex);
}

void
fv_batch_builder_set_policy (FvBatchBuilder *self, const FvAugmentPolicy *policy)
{
  g_return_if_fail (self->params.policy != NULL);
  g_mutex_lock (&self->mutex);
  self->policy = *policy;
  self->n_order = 0;
  move_to (self, 0);
  g_mutex_unlock (&self->mutex);
}

void
fv_batch_builder_start_range (FvBatchBuilder *self, guint epoch, const guint *order, guint first, guint end)
{
  g_return_if_fail (first <= end && (self->shapes == NULL || self->n_shapes >= end));
  g_mutex_lock (&self->mutex);
  g_free (self->order);
  self->order = g_memdup2 (order, end * sizeof *order);
  self->n_order = end;
  self->epoch = epoch;
  move_to (self, first);
  g_mutex_unlock (&self->mutex);
}

void
fv_batch_builder_start_epoch (FvBatchBuilder *self, guint epoch, const guint *order, guint n)
{
  g_return_if_fail (self->shapes == NULL || self->n_shapes == n);
  fv_batch_builder_start_range (self, epoch, order, 0, n);
}

void
fv_batch_builder_seek (FvBatchBuilder *self, guint position)
{
  g_mutex_lock (&self->mutex);
  move_to (self, position);
  g_mutex_unlock (&self->mutex);
}

static gboolean
is_busy (FvBatchBuilder *self)
{
  return self->params.is_busy != NULL && self->params.is_busy (self->params.busy_data);
}

/* Waits for the sample at the head, with the mutex held. What counts is the time from when the device ran out of work. */
static void
wait_for_sample (FvBatchBuilder *self, FvBuiltSample **slot)
{
  FvPicturePoolStats before, after;
  gboolean busy = is_busy (self);
  gint64 start = g_get_monotonic_time ();
  fv_picture_pool_stats (self->pool, &before);
  while (*slot == NULL)
    {
      if (!busy)
        {
          g_cond_wait (&self->ready, &self->mutex);
          continue;
        }
      g_cond_wait_until (&self->ready, &self->mutex, start + BUSY_POLL);
      busy = is_busy (self);
      start = g_get_monotonic_time ();
      fv_picture_pool_stats (self->pool, &before);
    }
  if (busy)
    return;
  fv_picture_pool_stats (self->pool, &after);
  double waited = (g_get_monotonic_time () - start) / 1e6;
  double disk = after.disk_seconds - before.disk_seconds, decode = after.decode_seconds - before.decode_seconds;
  double share = disk > 0 ? disk / (disk + decode) : 0;
  self->disk_wait += waited * share;
  self->decode_wait += waited * (1 - share);
}

/* The sample at the head, with the mutex held; waits for it. */
static FvBuiltSample *
take_sample (FvBatchBuilder *self)
{
  FvBuiltSample **slot = &self->built[self->head % self->params.ahead];
  if (*slot == NULL)
    wait_for_sample (self, slot);
  self->head++;
  g_cond_signal (&self->work);
  return g_steal_pointer (slot);
}

/* Tells the caller's callback what could not be read, without the mutex. */
static void
report_failures (FvBatchBuilder *self)
{
  for (;;)
    {
      g_mutex_lock (&self->mutex);
      Failure *failure = g_queue_pop_head (&self->failures);
      g_mutex_unlock (&self->mutex);
      if (failure == NULL)
        return;
      if (self->params.report != NULL)
        self->params.report (fv_dataset_get (self->dataset, failure->item)->path, failure->reason,
                             self->params.report_data);
      failure_free (failure);
    }
}

FvBuiltBatch *
fv_batch_builder_next (FvBatchBuilder *self, guint batch_size, GError **error)
{
  g_autoptr (FvBuiltBatch) batch = NULL;
  g_mutex_lock (&self->mutex);
  guint first = self->head, n = MIN (batch_size, self->n_order - self->head);
  if (n > 0)
    {
      guint size = self->params.imgsz;
      const guint square[2] = { size, size }, *shape = self->shapes != NULL ? self->shapes[first] : square;
      FvBatchMaker *maker = fv_batch_maker_new (n);
      for (guint i = 0; i < n; i++)
        fv_batch_maker_add (maker, take_sample (self), self->params.policy == NULL);
      batch = fv_batch_maker_finish (maker, first, shape[0], shape[1]);
    }
  gboolean none = n > 0 && self->n_failed == self->n_items;
  g_mutex_unlock (&self->mutex);
  report_failures (self);
  if (none)
    {
      g_set_error (error, FV_PICTURE_ERROR, FV_PICTURE_ERROR_FORMAT, _ ("None of the %u pictures could be read."),
                   self->n_items);
      return NULL;
    }
  return g_steal_pointer (&batch);
}

void
fv_batch_builder_get_stats (FvBatchBuilder *self, FvBatchBuilderStats *stats)
{
  FvPicturePoolStats pool;
  fv_picture_pool_stats (self->pool, &pool);
  g_mutex_lock (&self->mutex);
  *stats = (FvBatchBuilderStats){
    .disk = self->disk_wait,
    .decode = self->decode_wait,
    .pool_hits = pool.hits,
    .pool_misses = pool.misses,
    .pool_bytes = pool.bytes,
    .pool_peak_bytes = pool.peak_bytes,
  };
  g_mutex_unlock (&self->mutex);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-validate.h"

#include "app/augment/fv-batch-builder.h"
#include "app/evaluation/fv-nms.h"

/* Pixels between the shapes of rectangular validation. Each shape is a plan on the device, so they are few. */
#define RECT_STEP 64

typedef struct
{
  guint item;     /* index into the dataset */
  guint shape[2]; /* width, height of the network's input */
} Position;

struct _FvValidator
{
  FvDataset *dataset;
  FvValidateParams params;
  guint *class_map;
  GArray *positions;      /* of Position, in the order in which they run */
  GHashTable *unreadable; /* paths of pictures that could not be decoded */
  FvBatchBuilder *builder;
};

void
fv_validation_clear (FvValidation *self)
{
  g_clear_pointer (&self->evaluation, fv_evaluation_free);
}

static void
on_unreadable (const char *path, const char *reason, gpointer user_data)
{
  FvValidator *self = user_data;
  if (g_hash_table_add (self->unreadable, g_strdup (path)) && self->params.report)
    self->params.report (path, reason, self->params.user_data);
}

/* v7.0's shape of a batch of such pictures alone, its sides rounded up to the few that there are. */
static void
choose_shape (const FvItem *item, guint imgsz, guint shape[2])
{
  const double aspect = (double)item->height / item->width;
  fv_letterbox_rect_shape (aspect, aspect, imgsz, 0.5, &shape[0], &shape[1]);
  const guint longest = MAX (shape[0], shape[1]);
  for (guint k = 0; k < 2; k++)
    shape[k] = longest - (longest - shape[k]) / RECT_STEP * RECT_STEP;
}

static int
by_shape (const void *a, const void *b)
{
  const Position *i = a, *j = b;
  for (guint k = 0; k < 2; k++)
    if (i->shape[k] != j->shape[k])
      return i->shape[k] < j->shape[k] ? -1 : 1;
  return i->item < j->item ? -1 : i->item > j->item;
}

FvValidator *
fv_validator_new (FvDataset *dataset, const guint *items, guint n_items, const FvValidateParams *params)
{
  g_return_val_if_fail (n_items > 0, NULL);
  FvValidator *self = g_new0 (FvValidator, 1);
  self->dataset = fv_dataset_ref (dataset);
  self->params = *params;
  self->params.imgsz = params->imgsz ? (params->imgsz + 31) / 32 * 32 : 640;
  self->params.batch = params->batch ? params->batch : 32;
  self->params.conf = params->conf > 0 ? params->conf : 0.001;
  self->params.iou = params->iou > 0 ? params->iou : 0.6;
  self->params.max_det = params->max_det ? params->max_det : 300;
  self->params.n_workers = params->n_workers ? params->n_workers : 2;
  if (params->class_map)
    self->class_map = g_memdup2 (params->class_map, params->n_class_map * sizeof (guint));
  self->unreadable = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  self->positions = g_array_sized_new (FALSE, FALSE, sizeof (Position), n_items);
  for (guint i = 0; i < n_items; i++)
    {
      Position position = { items[i], { self->params.imgsz, self->params.imgsz } };
      if (params->rect)
        choose_shape (fv_dataset_get (dataset, items[i]), self->params.imgsz, position.shape);
      g_array_append_val (self->positions, position);
    }
  if (params->rect)
    g_array_sort (self->positions, by_shape);

  self->builder = fv_batch_builder_new (dataset, items, n_items,
                                        &(FvBatchBuilderParams){ .imgsz = self->params.imgsz,
                                                                 .n_workers = self->params.n_workers,
                                                                 .pool_bytes = self->params.pool_bytes,
                                                                 .ahead = 2 * self->params.batch,
                                                                 .report = on_unreadable,
                                                                 .report_data = self });
  return self;
}

void
fv_validator_free (FvValidator *self)
{
  if (!self)
    return;
  fv_batch_builder_free (self->builder);
  fv_dataset_unref (self->dataset);
  g_hash_table_unref (self->unreadable);
  g_array_unref (self->positions);
  g_free (self->class_map);
  g_free (self);
}

static void
start (FvValidator *self)
{
  const guint n = self->positions->len;
  g_autofree guint *order = g_new (guint, n);
  g_autofree guint (*shapes)[2] = g_malloc_n (n, sizeof *shapes);
  for (guint i = 0; i < n; i++)
    {
      const Position *position = &g_array_index (self->positions, Position, i);
      order[i] = position->item;
      shapes[i][0] = position->shape[0];
      shapes[i][1] = position->shape[1];
    }
  if (self->params.rect)
    fv_batch_builder_set_shapes (self->builder, (const guint (*)[2])shapes, n);
  fv_batch_builder_start_epoch (self->builder, 0, order, n);
}

/* Pictures from @first on that go into one batch: all of one shape. */
static guint
count_batch (const FvValidator *self, guint first)
{
  const Position *positions = &g_array_index (self->positions, Position, 0);
  guint n = 1;
  while (n < self->params.batch && first + n < self->positions->len
         && positions[first + n].shape[0] == positions[first].shape[0]
         && positions[first + n].shape[1] == positions[first].shape[1])
    n++;
  return n;
}

/* A batch that the device is done with: rows in, detections in original pixels out, picture by picture. */
typedef struct
{
  const FvValidator *validator;
  FvBuiltBatch *built;
  float *rows; /* [n][n_rows][row_length], a copy: the predictor goes on */
  guint n_rows, row_length;
  GArray **detections; /* [n]; NULL until a picture's are found */
} Job;

/* What is in work: threads that look through pictures of one batch while the device has the next. */
typedef struct
{
  GThreadPool *threads;
  GMutex mutex;
  GCond found;
} Search;

/* One picture of it. */
typedef struct
{
  Job *job;
  guint i;
} Part;

static void
job_free (Job *self)
{
  if (!self)
    return;
  for (guint i = 0; i < self->built->batch.n; i++)
    g_clear_pointer (&self->detections[i], g_array_unref);
  fv_built_batch_free (self->built);
  g_free (self->detections);
  g_free (self->rows);
  g_free (self);
}

/*
 * To original pixels. The letterboxed sides are whole pixels, so the two directions have scales that differ a little. v7.0 carries detections
 * and labels back with one scale for both; here each direction has its own, which gives the same IoUs and coordinates that are right.
 */
static void
carry_back (FvDetection *detection, const FvLetterbox *box)
{
  const double width = box->original_width, height = box->original_height;
  detection->x1 = CLAMP ((detection->x1 - box->pad_x) / box->scale_x, 0, width);
  detection->x2 = CLAMP ((detection->x2 - box->pad_x) / box->scale_x, 0, width);
  detection->y1 = CLAMP ((detection->y1 - box->pad_y) / box->scale_y, 0, height);
  detection->y2 = CLAMP ((detection->y2 - box->pad_y) / box->scale_y, 0, height);
}

static void
find_boxes (gpointer data, gpointer user_data)
{
  g_autofree Part *part = data;
  Search *search = user_data;
  const Job *job = part->job;
  const FvValidateParams *params = &job->validator->params;
  const FvNmsParams nms = { .conf = params->conf,
                            .iou = params->iou,
                            .max_det = params->max_det,
                            .multi_label = TRUE,
                            .class_map = job->validator->class_map };
  const gsize floats = (gsize)job->n_rows * job->row_length;
  GArray *detections = fv_nms (job->rows + part->i * floats, job->n_rows, job->row_length - 5, &nms);

  for (guint k = 0; k < detections->len; k++)
    carry_back (&g_array_index (detections, FvDetection, k), &job->built->letterboxes[part->i]);
  g_mutex_lock (&search->mutex);
  job->detections[part->i] = detections;
  g_cond_signal (&search->found);
  g_mutex_unlock (&search->mutex);
}

/* Takes @built. */
static Job *
start_job (FvValidator *self, Search *search, FvBuiltBatch *built, const FvPrediction *prediction)
{
  Job *job = g_new0 (Job, 1);

  job->validator = self;
  job->built = built;
  job->n_rows = prediction->n_rows;
  job->row_length = prediction->row_length;
  job->rows = g_memdup2 (prediction->rows, sizeof (float) * built->batch.n * job->n_rows * job->row_length);
  job->detections = g_new0 (GArray *, built->batch.n);
  for (guint i = 0; i < built->batch.n; i++)
    {
      const Part part = { job, i };

      g_thread_pool_push (search->threads, g_memdup2 (&part, sizeof part), NULL);
    }
  return job;
}

static FvTruth
make_truth (const FvBox *box, gboolean crowd)
{
  return (FvTruth){
    .x1 = box->x1, .y1 = box->y1, .x2 = box->x2, .y2 = box->y2, .class_id = box->class_id, .crowd = crowd
  };
}

static void
add_picture (const FvValidator *self, FvEvaluator *evaluator, const FvItem *item, const GArray *detections)
{
  const guint n = item->boxes->len;
  g_autofree FvTruth *truths = g_new (FvTruth, n + item->ignored->len);

  for (guint i = 0; i < n; i++)
    truths[i] = make_truth (&g_array_index (item->boxes, FvBox, i), FALSE);
  for (guint i = 0; i < item->ignored->len; i++)
    truths[n + i] = make_truth (&g_array_index (item->ignored, FvBox, i), TRUE);
  fv_evaluator_add (evaluator, (const FvDetection *)(void *)detections->data, detections->len, truths,
                    n + item->ignored->len);
}

/* Waits for the batch's boxes and counts them in the order of the pictures. Frees @job. */
static void
finish_job (FvValidator *self, Search *search, Job *job, FvEvaluator *evaluator)
{
  for (guint i = 0; i < job->built->batch.n; i++)
    {
      const FvItem *item = fv_dataset_get (self->dataset, job->built->items[i]);

      g_mutex_lock (&search->mutex);
      while (!job->detections[i])
        g_cond_wait (&search->found, &search->mutex);
      g_mutex_unlock (&search->mutex);
      if (!g_hash_table_contains (self->unreadable, item->path))
        add_picture (self, evaluator, item, job->detections[i]);
    }
  job_free (job);
}

/* So that all processors compile what the first batch runs. */
static gboolean
prepare (FvValidator *self, FvPredictor *predictor, GError **error)
{
  const guint *shape = g_array_index (self->positions, Position, 0).shape;

  if (!fv_predictor_prepare (predictor, count_batch (self, 0), shape[1], shape[0], error))
    return FALSE;
  fv_device_compile_pipelines (fv_predictor_get_device (predictor));
  return TRUE;
}

/* The batches one after the other; @losses receives the sums over them. */
static gboolean
run_batches (FvValidator *self, FvPredictor *predictor, GCancellable *cancellable, Search *search,
             FvEvaluator *evaluator, double losses[3], guint *n_batches, GError **error)
{
  const guint n = self->positions->len;
  const guint n_network_classes = self->class_map ? self->params.n_class_map : self->dataset->n_classes;
  Job *job = NULL;
  guint done = 0;

  while (done < n)
    {
      g_autoptr (FvBuiltBatch) built = NULL;
      FvPrediction prediction;
      Job *before = g_steal_pointer (&job);

      if (!g_cancellable_set_error_if_cancelled (cancellable, error))
        built = fv_batch_builder_next (self->builder, count_batch (self, done), error);
      if (built && fv_predictor_run (predictor, &built->batch, &prediction, error))
        {
          g_assert (prediction.row_length - 5 == n_network_classes);
          losses[0] += prediction.box;
          losses[1] += prediction.obj;
          losses[2] += prediction.cls;
          (*n_batches)++;
          done += built->batch.n;
          job = start_job (self, search, g_steal_pointer (&built), &prediction);
        }
      if (before)
        finish_job (self, search, before, evaluator);
      if (!job)
        return FALSE;
      if (self->params.progress)
        self->params.progress (done, n, self->params.user_data);
    }
  finish_job (self, search, job, evaluator);
  return TRUE;
}

gboolean
fv_validator_run (FvValidator *self, FvPredictor *predictor, GCancellable *cancellable, FvValidation *out,
                  GError **error)
{
  const gint64 started = g_get_monotonic_time ();
  g_autoptr (FvEvaluator) evaluator = fv_evaluator_new (self->dataset->n_classes);
  Search search = { NULL };
  double losses[3] = { 0 };
  guint n_batches = 0;
  gboolean ok;

  start (self);
  if (!prepare (self, predictor, error))
    return FALSE;
  g_mutex_init (&search.mutex);
  g_cond_init (&search.found);
  search.threads = g_thread_pool_new (find_boxes, &search, self->params.n_workers, FALSE, NULL);
  ok = run_batches (self, predictor, cancellable, &search, evaluator, losses, &n_batches, error);
  g_thread_pool_free (search.threads, FALSE, TRUE);
  g_mutex_clear (&search.mutex);
  g_cond_clear (&search.found);
  if (!ok)
    return FALSE;

  fv_validation_clear (out);
  *out = (FvValidation){ .box = losses[0] / n_batches,
                         .obj = losses[1] / n_batches,
                         .cls = losses[2] / n_batches,
                         .n_unreadable = g_hash_table_size (self->unreadable),
                         .evaluation = fv_evaluator_finish (evaluator),
                         .seconds = (g_get_monotonic_time () - started) / 1e6 };
  return TRUE;
}

gboolean
fv_validate (FvPredictor *predictor, FvDataset *dataset, const guint *items, guint n_items,
             const FvValidateParams *params, GCancellable *cancellable, FvValidation *out, GError **error)
{
  g_autoptr (FvValidator) validator = fv_validator_new (dataset, items, n_items, params);
  return fv_validator_run (validator, predictor, cancellable, out, error);
}

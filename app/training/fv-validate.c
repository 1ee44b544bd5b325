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

/* The part of one picture that needs nobody else: rows in, detections in original pixels out. */
typedef struct
{
  const FvPrediction *prediction;
  const FvNmsParams *nms;
  const FvLetterbox *letterboxes;
  GArray **detections;
} PictureJob;

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
run_job (gpointer data, gpointer user_data)
{
  const guint i = GPOINTER_TO_UINT (data) - 1;
  const PictureJob *job = user_data;
  const FvPrediction *p = job->prediction;
  job->detections[i] = fv_nms (p->rows + (gsize)i * p->n_rows * p->row_length, p->n_rows, p->row_length - 5, job->nms);
  for (guint k = 0; k < job->detections[i]->len; k++)
    carry_back (&g_array_index (job->detections[i], FvDetection, k), &job->letterboxes[i]);
}

static void
add_picture (const FvValidator *self, FvEvaluator *evaluator, const FvItem *item, const GArray *detections)
{
  g_autofree FvTruth *truths = g_new (FvTruth, item->boxes->len);
  for (guint i = 0; i < item->boxes->len; i++)
    {
      const FvBox *box = &g_array_index (item->boxes, FvBox, i);
      truths[i] = (FvTruth){ .x1 = box->x1, .y1 = box->y1, .x2 = box->x2, .y2 = box->y2, .class_id = box->class_id };
    }
  fv_evaluator_add (evaluator, (const FvDetection *)(void *)detections->data, detections->len, truths,
                    item->boxes->len);
}

/* Suppression of a whole batch, spread over the workers, then the counting in the order of the pictures. */
static void
count_detections (FvValidator *self, const FvBuiltBatch *built, const FvPrediction *prediction, FvEvaluator *evaluator)
{
  const guint n = built->batch.n;
  const FvNmsParams nms = { .conf = self->params.conf,
                            .iou = self->params.iou,
                            .max_det = self->params.max_det,
                            .multi_label = TRUE,
                            .class_map = self->class_map };
  g_autofree GArray **detections = g_new0 (GArray *, n);
  PictureJob job = { prediction, &nms, built->letterboxes, detections };
  GThreadPool *threads = g_thread_pool_new (run_job, &job, self->params.n_workers, FALSE, NULL);
  for (guint i = 0; i < n; i++)
    g_thread_pool_push (threads, GUINT_TO_POINTER (i + 1), NULL);
  g_thread_pool_free (threads, FALSE, TRUE);

  for (guint i = 0; i < n; i++)
    {
      const FvItem *item = fv_dataset_get (self->dataset, built->items[i]);
      if (!g_hash_table_contains (self->unreadable, item->path))
        add_picture (self, evaluator, item, detections[i]);
      g_array_unref (detections[i]);
    }
}

gboolean
fv_validator_run (FvValidator *self, FvPredictor *predictor, GCancellable *cancellable, FvValidation *out,
                  GError **error)
{
  const gint64 started = g_get_monotonic_time ();
  const guint n = self->positions->len;
  g_autoptr (FvEvaluator) evaluator = fv_evaluator_new (self->dataset->n_classes);
  const guint n_network_classes = self->class_map ? self->params.n_class_map : self->dataset->n_classes;
  double losses[3] = { 0 };
  guint n_batches = 0;

  start (self);
  for (guint done = 0; done < n;)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      g_autoptr (FvBuiltBatch) built = fv_batch_builder_next (self->builder, count_batch (self, done), error);
      if (!built)
        return FALSE;
      FvPrediction prediction;
      if (!fv_predictor_run (predictor, &built->batch, &prediction, error))
        return FALSE;
      g_return_val_if_fail (prediction.row_length - 5 == n_network_classes, FALSE);
      losses[0] += prediction.box;
      losses[1] += prediction.obj;
      losses[2] += prediction.cls;
      n_batches++;
      count_detections (self, built, &prediction, evaluator);
      done += built->batch.n;
      if (self->params.progress)
        self->params.progress (done, n, self->params.user_data);
    }

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

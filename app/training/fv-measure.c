/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-estimate.h"

#include "app/augment/fv-batch-builder.h"
#include "app/training/fv-precision.h"
#include "app/training/fv-validate.h"
#include "compute/nets/fv-predictor.h"

#include <glib/gi18n-lib.h>
#include <math.h>

/* Seconds that one try may take, and after which there is no other; batches that are timed; pictures that are validated. */
#define TRY_SECONDS 4.0
#define ENOUGH_SECONDS 8.0
#define N_BATCHES 3
#define N_VALIDATED 16

/* The first try, whatever the device and the model. */
#define SMALL_IMGSZ 64
#define SMALL_BATCH 1

typedef struct
{
  FvDevice *device;
  FvDataset *dataset;
  FvRecipe recipe; /* with the sizes that are timed */
  const FvYolov5Config *config;
  GCancellable *cancellable;
  FvModel *model;
  double quickest; /* seconds of a picture of the quickest batch of the last try */
} Measure;

static double
to_seconds (gint64 microseconds)
{
  return (double)microseconds / G_USEC_PER_SEC;
}

static gboolean
load_new_network (Measure *self, GError **error)
{
  const FvLayout *layout;
  g_autofree float *parameters = NULL;
  g_autofree float *statistics = NULL;

  self->model = fv_model_new (self->device, self->config, error);
  if (!self->model)
    return FALSE;
  layout = fv_model_get_layout (self->model);
  parameters = g_new0 (float, fv_layout_get_parameter_floats (layout));
  statistics = g_new0 (float, fv_layout_get_statistics_floats (layout));
  fv_yolov5_init (self->config, layout, 0, 0, FALSE, parameters, statistics);
  return fv_model_upload (self->model, FV_BUFFER_WEIGHTS, parameters, error)
         && fv_model_upload (self->model, FV_BUFFER_STATISTICS, statistics, error)
         && fv_model_upload (self->model, FV_BUFFER_EMA, parameters, error)
         && fv_model_upload (self->model, FV_BUFFER_EMA_STATISTICS, statistics, error);
}

/* Batches as training makes them, round and round. */
static FvBuiltBatch *
next_batch (Measure *self, FvBatchBuilder *builder, const GArray *items, GError **error)
{
  FvBuiltBatch *built = fv_batch_builder_next (builder, (guint)self->recipe.batch, error);

  if (built || (error && *error))
    return built;
  fv_batch_builder_start_epoch (builder, 0, (const guint *)(gpointer)items->data, items->len);
  return fv_batch_builder_next (builder, (guint)self->recipe.batch, error);
}

/* @seconds: of a picture in it. */
static gboolean
run_batch (Measure *self, FvTrainer *trainer, FvBatchBuilder *builder, const GArray *items, double *seconds,
           GError **error)
{
  gint64 start = g_get_monotonic_time ();
  g_autoptr (FvBuiltBatch) built = NULL;
  FvStepLosses losses;

  if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return FALSE;
  built = next_batch (self, builder, items, error);
  if (!built || !fv_trainer_accumulate (trainer, &built->batch, error) || !fv_trainer_wait (trainer, error))
    return FALSE;
  while (fv_trainer_poll (trainer, &losses))
    ;
  *seconds = to_seconds (g_get_monotonic_time () - start) / built->batch.n;
  return TRUE;
}

static gboolean
run_update (FvTrainer *trainer, guint64 step, GError **error)
{
  /* So small a rate changes nothing. */
  const FvUpdate update
      = { .lr = { 1e-9f, 1e-9f, 1e-9f }, .momentum = 0.9f, .beta2 = 0.999f, .ema_decay = 0.9999f, .step = step };

  return fv_trainer_update (trainer, &update, error) && fv_trainer_wait (trainer, error);
}

/* Seconds of a picture in training, and of an update. */
static gboolean
time_training (Measure *self, FvRate *rate, GError **error)
{
  g_autoptr (GArray) items = fv_dataset_subset (self->dataset, FV_SUBSET_TRAIN);
  const guint *order = (const guint *)(gpointer)items->data;
  guint imgsz = (guint)self->recipe.imgsz;
  FvTrainerParams params = {
    .optimizer = (FvOptimizer)self->recipe.optimizer,
    .frozen_layers = (guint)self->recipe.freeze,
    .clip_norm = (float)self->recipe.clip,
    .half = fv_precision_is_half (&self->recipe, self->device),
  };
  g_autoptr (FvBatchBuilder) builder = NULL;
  g_autoptr (FvTrainer) trainer = NULL;
  FvEstimate needs;
  double seconds;
  gint64 start;

  if (!fv_estimate_init (&needs, self->device, self->dataset, &self->recipe, self->config, (guint)self->recipe.batch,
                         error))
    return FALSE;
  params.aim_bytes = needs.aim_bytes;
  fv_recipe_get_loss (&self->recipe, self->config->n_classes, &params.loss);
  trainer = fv_trainer_new (self->model, &params, error);
  if (!trainer || !fv_trainer_prepare (trainer, MIN ((guint)self->recipe.batch, items->len), imgsz, imgsz, error))
    return FALSE;
  builder = fv_batch_builder_new (self->dataset, order, items->len,
                                  &(FvBatchBuilderParams){
                                      .policy = &self->recipe.augment,
                                      .imgsz = imgsz,
                                      .n_workers = CLAMP (g_get_num_processors (), 1, 8),
                                  });
  fv_batch_builder_start_epoch (builder, 0, order, items->len);
  /* Pipelines are made and memory is touched for the first time. */
  if (!run_batch (self, trainer, builder, items, &seconds, error) || !run_update (trainer, 1, error))
    return FALSE;
  for (guint i = 0; i < N_BATCHES; i++)
    {
      if (!run_batch (self, trainer, builder, items, &seconds, error))
        return FALSE;
      rate->train += seconds / N_BATCHES;
      self->quickest = MIN (self->quickest, seconds);
    }
  start = g_get_monotonic_time ();
  if (!run_update (trainer, 2, error))
    return FALSE;
  rate->update = to_seconds (g_get_monotonic_time () - start);
  return TRUE;
}

/* Seconds of a picture in a validation; NaN where there are none. */
static gboolean
time_validation (Measure *self, double *seconds, GError **error)
{
  g_autoptr (GArray) items = fv_dataset_subset (self->dataset, FV_SUBSET_VAL);
  guint n = MIN (items->len, N_VALIDATED);
  guint batch = MIN (2 * (guint)self->recipe.batch, n);
  const FvValidateParams params = {
    .imgsz = (guint)self->recipe.imgsz,
    .batch = batch,
    .n_workers = CLAMP (g_get_num_processors (), 1, 8),
  };
  g_autoptr (FvPredictor) predictor = NULL;
  g_autoptr (FvValidator) validator = NULL;
  g_auto (FvValidation) validation = { 0 };
  FvLossParams loss;

  *seconds = NAN;
  if (n == 0)
    return TRUE;
  /* Whole batches only: another size would be another plan to make. */
  n -= n % batch;
  fv_recipe_get_loss (&self->recipe, self->config->n_classes, &loss);
  predictor = fv_predictor_new (self->model, &(FvPredictorParams){ .ema = TRUE, .loss = &loss }, error);
  if (!predictor)
    return FALSE;
  validator = fv_validator_new (self->dataset, (const guint *)(gpointer)items->data, n, &params);
  /* The first time for the pipelines. */
  for (guint i = 0; i < 2; i++)
    if (!fv_validator_run (validator, predictor, self->cancellable, &validation, error))
      return FALSE;
  *seconds = validation.seconds / n;
  return TRUE;
}

static gboolean
time_both (Measure *self, FvRate *rate, GError **error)
{
  *rate = (FvRate){ .save = NAN };
  self->quickest = INFINITY;
  return time_training (self, rate, error) && time_validation (self, &rate->val, error);
}

/*
 * Whether these sizes can be timed within the budget, given what a picture took at others. By the quickest: what else the machine does
 * disturbs small batches most.
 */
static gboolean
is_affordable (const Measure *self, const FvRate *rate, const FvRecipe *recipe, guint imgsz, guint batch)
{
  FvRate scaled = { .train = self->quickest, .val = rate->val };
  FvRecipe there = *recipe;
  FvEstimate estimate;

  fv_rate_scale (&scaled, (guint)self->recipe.imgsz, imgsz);
  there.imgsz = imgsz;
  there.batch = batch;
  return (N_BATCHES + 1) * scaled.train * batch
                 + (isnan (scaled.val) ? 0.0 : 2 * scaled.val * MIN (N_VALIDATED, 2 * batch))
             <= TRY_SECONDS
         && fv_estimate_init (&estimate, self->device, self->dataset, &there, self->config, (guint)there.batch, NULL)
         && estimate.fits;
}

/* The largest sizes, the recipe's at most, that can be tried next. FALSE: none is larger than the last ones. */
static gboolean
choose_sizes (Measure *self, const FvRate *rate, const FvRecipe *recipe)
{
  const gint64 last = self->recipe.imgsz * self->recipe.imgsz * self->recipe.batch;

  for (guint imgsz = (guint)recipe->imgsz; imgsz >= SMALL_IMGSZ; imgsz = (imgsz / 2 + 31) / 32 * 32)
    for (guint batch = (guint)recipe->batch; batch > 0; batch /= 2)
      if (imgsz >= (guint)self->recipe.imgsz && (gint64)imgsz * imgsz * batch > last
          && is_affordable (self, rate, recipe, imgsz, batch))
        {
          self->recipe.imgsz = imgsz;
          self->recipe.batch = batch;
          return TRUE;
        }
  return FALSE;
}

static void
keep (const Measure *self, const char *rates, const FvRate *rate)
{
  FvRateKey key;
  g_autoptr (GError) error = NULL;

  fv_rate_key_init (&key, self->device, self->config->variant, &self->recipe);
  if (rates && !fv_rates_store (rates, &key, rate, &error))
    g_debug ("%s", error->message);
}

gboolean
fv_measure (FvDevice *device, FvDataset *dataset, const FvRecipe *recipe, const FvYolov5Config *config,
            const char *rates, GCancellable *cancellable, FvRate *rate, GError **error)
{
  Measure self = { device, dataset, *recipe, config, cancellable };
  gboolean done;
  FvRecipe at_a_time = *recipe;
  FvEstimate wanted, small;
  gint64 start;

  self.recipe.imgsz = MIN (recipe->imgsz, SMALL_IMGSZ);
  self.recipe.batch = MIN (recipe->batch, SMALL_BATCH);
  if (!fv_estimate_init (&wanted, device, dataset, recipe, config, 0, error)
      || !fv_estimate_init (&small, device, dataset, &self.recipe, config, 0, error))
    return FALSE;
  if (!small.fits)
    {
      g_set_error (error, FV_DEVICE_ERROR, FV_DEVICE_ERROR_OUT_OF_MEMORY,
                   _ ("The device “%s” has too little memory for a model of this size."),
                   fv_device_get_info (device)->name);
      return FALSE;
    }
  /* As the run will do it. */
  at_a_time.batch = wanted.micro_batch;
  done = load_new_network (&self, error) && time_both (&self, rate, error);
  start = g_get_monotonic_time ();
  /* On a device that is made for more, small pictures take almost as long as large ones: each try tells what the next may be. */
  while (done && to_seconds (g_get_monotonic_time () - start) < ENOUGH_SECONDS
         && choose_sizes (&self, rate, &at_a_time))
    done = time_both (&self, rate, error);
  g_clear_pointer (&self.model, fv_model_unref);
  if (!done)
    return FALSE;
  keep (&self, rates, rate);
  fv_rate_scale (rate, (guint)self.recipe.imgsz, (guint)recipe->imgsz);
  return TRUE;
}

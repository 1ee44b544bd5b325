/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-train.h"

#include "app/augment/fv-batch-builder.h"
#include "app/dataset/fv-split-report.h"
#include "app/project/fv-project-splits.h"
#include "app/training/fv-estimate.h"
#include "app/training/fv-micro-batch.h"
#include "app/training/fv-precision.h"
#include "app/training/fv-run-kernels.h"
#include "app/training/fv-sampler.h"
#include "app/training/fv-schedule.h"
#include "app/training/fv-setback.h"
#include "app/training/fv-step-log.h"
#include "app/training/fv-train-events.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>

G_DEFINE_QUARK (fv_train_error, fv_train_error)

/* From one `preparing` to the next. */
#define TELL_INTERVAL (G_USEC_PER_SEC / 2)

typedef struct
{
  const FvTrainParams *params;
  const FvRecipe *recipe;
  FvRecipe decided; /* once precision is no longer automatic */
  char *recipe_hash;
  FvDataset *dataset;
  GArray *train_items, *val_items; /* of guint: indices into the dataset */
  guint *order;                    /* the epoch's */
  guint n_batches;                 /* of an epoch */
  guint micro_batch;               /* pictures at a time on the device */

  FvModel *model;
  FvTrainer *trainer;
  FvPredictor *predictor; /* of the EMA weights; NULL without validation pictures */
  FvBatchBuilder *builder;
  FvValidator *validator;
  FvLossParams loss;

  FvEvents *events;
  FvStepLog *log;
  FvProgress progress;
  FvTrainStatus status;
  gint64 mark;       /* until when the run's seconds are counted */
  gint64 saved;      /* when the last checkpoint was written */
  gboolean at_start; /* it is of an epoch's start */

  gint64 told; /* when the stream last had how far the preparations are */

  gboolean warm; /* a batch went through the device */
  FvRate rate;   /* of the last epoch */
  guint n_timed; /* epochs that it was taken of, since the start or the resume */
} Training;

static void
training_clear (Training *self)
{
  /* Whatever works on the model goes before it. */
  g_clear_pointer (&self->builder, fv_batch_builder_free);
  g_clear_pointer (&self->validator, fv_validator_free);
  g_clear_pointer (&self->predictor, fv_predictor_free);
  g_clear_pointer (&self->trainer, fv_trainer_free);
  g_clear_pointer (&self->model, fv_model_unref);
  g_clear_pointer (&self->log, fv_step_log_free);
  g_clear_pointer (&self->events, fv_events_free);
  g_clear_pointer (&self->train_items, g_array_unref);
  g_clear_pointer (&self->val_items, g_array_unref);
  g_clear_pointer (&self->order, g_free);
  g_clear_pointer (&self->recipe_hash, g_free);
  fv_progress_clear (&self->progress);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Training, training_clear)

const char *
fv_train_reason_to_string (FvTrainReason reason)
{
  static const char *const names[] = { "completed", "early-stop", "stopped" };

  return names[reason];
}

static gboolean
cancelled (Training *self)
{
  return g_cancellable_is_cancelled (self->params->cancellable);
}

static double
to_seconds (gint64 microseconds)
{
  return (double)microseconds / G_USEC_PER_SEC;
}

/* Counts the time since the last call. */
static void
account (Training *self, gboolean training)
{
  gint64 now = g_get_monotonic_time ();
  double seconds = to_seconds (now - self->mark);

  self->mark = now;
  self->progress.seconds += seconds;
  if (training)
    self->progress.train_seconds += seconds;
}

/* The stream's own failure shows at the next record that can fail. */
static void
warn (Training *self, const char *id, const char *text)
{
  fv_train_events_warning (self->events, id, text, NULL);
  if (self->params->warning)
    self->params->warning (text, self->params->user_data);
}

static void
report_picture (const char *path, const char *reason, gpointer user_data)
{
  Training *self = user_data;
  /* The reason names the file. */
  g_autofree char *text = g_strrstr (reason, path) ? g_strdup (reason) : g_strdup_printf ("%s: %s", path, reason);

  warn (self, "picture", text);
}

static void
report_validated (guint done, guint total, gpointer user_data)
{
  Training *self = user_data;

  self->status.validating = TRUE;
  self->status.step = done;
  self->status.steps = total;
  if (self->params->status)
    self->params->status (&self->status, self->params->user_data);
}

static void
report_prepared (guint done, guint total, gpointer user_data)
{
  Training *self = user_data;
  const FvTrainStatus status = { .preparing = TRUE, .step = done, .steps = total };
  const gint64 now = g_get_monotonic_time ();

  if (self->params->status)
    self->params->status (&status, self->params->user_data);
  if (now - self->told < TELL_INTERVAL && done < total)
    return;
  self->told = now;
  fv_train_events_preparing (self->events, done, total, NULL);
}

static void
report_step (Training *self)
{
  guint done = fv_step_log_get_done (self->log);

  self->status.validating = FALSE;
  self->status.epoch = self->progress.epoch;
  self->status.step = self->progress.step;
  self->status.steps = self->n_batches;
  self->status.images_per_second = fv_step_log_get_rate (self->log);
  for (guint i = 0; i < 3; i++)
    self->status.losses[i] = done > 0 ? self->progress.loss_sums[i] / done : 0.0;
  if (self->params->status)
    self->params->status (&self->status, self->params->user_data);
}

/* Waits for the device and takes in everything that it has finished. What is saved after this is finite. */
static gboolean
settle (Training *self, GError **error)
{
  return fv_trainer_wait (self->trainer, error)
         && fv_step_log_collect (self->log, self->trainer, &self->progress, error)
         && fv_setback_check (self->model, error);
}

static gboolean
save_checkpoint (Training *self, GError **error)
{
  g_autofree char *path = fv_run_get_file (self->params->run, FV_RUN_CHECKPOINT);

  if (self->progress.step > 0 && self->at_start && !fv_setback_keep (self->params->run, error))
    return FALSE;
  self->saved = g_get_monotonic_time ();
  if (!fv_checkpoint_save (path, self->model, self->dataset->class_names, self->recipe_hash, &self->progress, error))
    return FALSE;
  self->at_start = self->progress.step == 0;
  if (self->at_start)
    fv_setback_drop (self->params->run);
  return fv_train_events_checkpoint (self->events, self->progress.epoch, self->progress.step, error);
}

static gboolean
tell_resumed (Training *self, GError **error)
{
  const FvProgress *progress = &self->progress;

  return fv_train_events_resumed (self->events, progress->epoch, progress->step, progress->rate_factor, error);
}

/* Writes the EMA weights to the files of the run named in @names (NULL-terminated). */
static gboolean
save_weights (Training *self, const char *const *names, GError **error)
{
  const FvLayout *layout = fv_model_get_layout (self->model);
  g_autofree float *parameters = g_new (float, fv_layout_get_parameter_floats (layout));
  g_autofree float *statistics = g_new (float, fv_layout_get_statistics_floats (layout));
  g_autofree char *epochs = g_strdup_printf ("%u", self->progress.history->len);
  const FvMetadataEntry extra[] = { { "epochs", epochs }, { "recipe_hash", self->recipe_hash } };

  if (!fv_model_download (self->model, FV_BUFFER_EMA, parameters, error)
      || !fv_model_download (self->model, FV_BUFFER_EMA_STATISTICS, statistics, error))
    return FALSE;
  for (guint i = 0; names[i]; i++)
    {
      g_autofree char *path = fv_run_get_file (self->params->run, names[i]);

      if (!fv_weights_save (path, fv_model_get_config (self->model), self->dataset->class_names,
                            (guint)self->recipe->imgsz, layout, parameters, statistics, extra, G_N_ELEMENTS (extra),
                            error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
drop_gradients (Training *self, GError **error)
{
  g_autofree float *zeros = g_new0 (float, fv_model_get_size (self->model, FV_BUFFER_GRADIENTS));

  return fv_model_upload (self->model, FV_BUFFER_GRADIENTS, zeros, error);
}

static gboolean
update (Training *self, const FvScheduleStep *schedule, GError **error)
{
  guint64 updates = ++self->progress.updates;
  FvUpdate block = {
    .momentum = (float)schedule->momentum,
    .beta2 = (float)self->recipe->beta2,
    .weight_decay = (float)fv_recipe_get_weight_decay (self->recipe),
    .ema_decay = (float)fv_schedule_ema_decay (self->recipe, updates),
    .step = updates,
  };

  for (guint i = 0; i < FV_N_GROUPS; i++)
    block.lr[i] = (float)schedule->lr[i];
  return fv_trainer_update (self->trainer, &block, error);
}

/* The next @n pictures. */
static gboolean
accumulate (Training *self, guint n, GError **error)
{
  g_autoptr (FvBuiltBatch) built = fv_batch_builder_next (self->builder, n, error);

  return built && fv_trainer_accumulate (self->trainer, &built->batch, error);
}

static gboolean
train_batch (Training *self, GError **error)
{
  FvProgress *progress = &self->progress;
  gint64 iteration = (gint64)progress->epoch * self->n_batches + progress->step;
  double device_waited = fv_trainer_get_wait_seconds (self->trainer);
  guint n = MIN ((guint)self->recipe->batch, self->train_items->len - progress->step * (guint)self->recipe->batch);
  guint parts = fv_micro_batch_count (n, self->micro_batch);
  FvBatchBuilderStats before, after;
  FvScheduleStep schedule;

  fv_batch_builder_get_stats (self->builder, &before);
  for (guint i = 0; i < parts; i++)
    if (!accumulate (self, fv_micro_batch_part (n, parts, i), error))
      return FALSE;
  fv_batch_builder_get_stats (self->builder, &after);

  fv_schedule_at (self->recipe, self->n_batches, progress->epoch, progress->step, &schedule);
  for (guint i = 0; i < FV_N_GROUPS; i++)
    schedule.lr[i] *= progress->rate_factor;
  if (iteration - progress->last_update >= schedule.accumulate)
    {
      if (!update (self, &schedule, error))
        return FALSE;
      progress->last_update = iteration;
    }
  fv_step_log_push (self->log, &(FvStepRecord){
                                   .epoch = progress->epoch,
                                   .step = progress->step,
                                   .steps = self->n_batches,
                                   .n = n,
                                   .parts = parts,
                                   .lr = schedule.lr[FV_GROUP_WEIGHTS],
                                   .disk = after.disk - before.disk,
                                   .decode = after.decode - before.decode,
                                   .device = fv_trainer_get_wait_seconds (self->trainer) - device_waited,
                               });
  progress->step++;
  return fv_step_log_collect (self->log, self->trainer, progress, error);
}

/* The batches of the epoch that are left. Ends early, between two batches, when cancelled. */
static gboolean
train_epoch (Training *self, GError **error)
{
  FvProgress *progress = &self->progress;
  guint n = self->train_items->len;
  gint64 first = (gint64)progress->epoch * self->n_batches;

  gint64 period = (gint64)(self->recipe->checkpoint_minutes * 60.0 * G_USEC_PER_SEC);
  gint64 start = g_get_monotonic_time ();
  guint timed_from = progress->step;

  fv_step_log_start_epoch (self->log, progress->step);
  if (progress->step == self->n_batches)
    return TRUE;
  if (!self->recipe->carry_accumulation && progress->step == 0 && progress->last_update != first - 1
      && !drop_gradients (self, error))
    return FALSE;

  fv_sampler_order ((guint64)self->recipe->seed, progress->epoch, (const guint *)self->train_items->data, self->order,
                    n);
  fv_batch_builder_start_epoch (self->builder, progress->epoch, self->order, n);
  fv_batch_builder_seek (self->builder, progress->step * (guint)self->recipe->batch);

  while (progress->step < self->n_batches && !cancelled (self))
    {
      if (!train_batch (self, error))
        return FALSE;
      report_step (self);
      /* The first batch also makes what others find ready; the clock starts after it. */
      if (!self->warm)
        {
          if (!settle (self, error))
            return FALSE;
          self->warm = TRUE;
          start = g_get_monotonic_time ();
          timed_from = progress->step;
        }
      if (progress->step < self->n_batches && g_get_monotonic_time () - self->saved > period)
        {
          account (self, TRUE);
          if (!settle (self, error) || !save_checkpoint (self, error))
            return FALSE;
        }
    }
  if (!settle (self, error))
    return FALSE;
  account (self, TRUE);
  if (progress->step == self->n_batches && timed_from < self->n_batches)
    {
      self->rate.train = to_seconds (g_get_monotonic_time () - start) / (n - timed_from * (guint)self->recipe->batch);
      self->n_timed++;
    }
  return TRUE;
}

static gboolean
validate (Training *self, FvEpochRecord *record, GError **error)
{
  g_auto (FvValidation) validation = { 0 };

  if (!fv_validator_run (self->validator, self->predictor, self->params->cancellable, &validation, error))
    return FALSE;
  record->validated = TRUE;
  record->val[0] = validation.box;
  record->val[1] = validation.obj;
  record->val[2] = validation.cls;
  record->precision = validation.evaluation->precision;
  record->recall = validation.evaluation->recall;
  record->map50 = validation.evaluation->map50;
  record->map = validation.evaluation->map;
  self->rate.val = validation.seconds / self->val_items->len;
  self->status.map50 = record->map50;
  self->status.map = record->map;
  return fv_train_events_validation (self->events, record, validation.evaluation, self->dataset->class_names, error);
}

/* So that the next run can say how long it takes. A cache: what fails is not worth a word. */
static void
keep_rate (Training *self)
{
  guint n = self->n_timed;
  FvRateKey key;
  g_autoptr (GError) error = NULL;

  /* After 1, 2, 4, 8, ... epochs. */
  if (!self->params->rates || n == 0 || (n & (n - 1)) != 0)
    return;
  fv_rate_key_init (&key, self->params->device, fv_model_get_config (self->model)->variant, self->recipe);
  key.batch = self->micro_batch;
  if (!fv_rates_store (self->params->rates, &key, &self->rate, &error))
    g_debug ("%s", error->message);
}

/* Validates the epoch just trained, keeps its weights, and decides whether it was the last. */
static gboolean
finish_epoch (Training *self, GError **error)
{
  static const char *const last[] = { FV_RUN_LAST, NULL };
  static const char *const both[] = { FV_RUN_LAST, FV_RUN_BEST, NULL };
  FvProgress *progress = &self->progress;
  guint epoch = progress->epoch;
  gboolean final = epoch + 1 == (guint)self->recipe->epochs;
  FvEpochRecord record = { .epoch = epoch };
  guint patience = (guint)self->recipe->patience;
  gboolean judged, impatient, better;

  for (guint i = 0; i < 3; i++)
    record.train[i] = progress->loss_sums[i] / self->n_batches;
  if (self->validator && (final || (epoch + 1) % (guint)self->recipe->val_period == 0)
      && !validate (self, &record, error))
    return FALSE;

  /* Where nothing can be validated, the last weights are the best. */
  judged = record.validated || !self->validator;
  impatient = judged && fv_progress_judge (progress, epoch, 0.1 * record.map50 + 0.9 * record.map, patience);
  better = judged && progress->best_epoch == epoch;
  g_array_append_val (progress->history, record);
  progress->epoch++;
  progress->step = 0;
  memset (progress->loss_sums, 0, sizeof progress->loss_sums);
  if (final)
    progress->finished = g_strdup (fv_train_reason_to_string (FV_TRAIN_COMPLETED));
  else if (impatient)
    progress->finished = g_strdup (fv_train_reason_to_string (FV_TRAIN_EARLY_STOP));
  account (self, FALSE);
  if (!save_weights (self, better ? both : last, error) || !save_checkpoint (self, error))
    return FALSE;
  self->rate.save = to_seconds (g_get_monotonic_time () - self->mark);
  keep_rate (self);
  return TRUE;
}

/* The best that there is so far shows. */
static void
show_best (Training *self)
{
  const FvEpochRecord *best = fv_progress_get_best (&self->progress);
  gboolean validated = best && best->validated;

  self->status.map50 = validated ? best->map50 : NAN;
  self->status.map = validated ? best->map : NAN;
}

/* Once in a run: back to where all was well, and on from there with lower learning rates. */
static gboolean
go_back (Training *self, const GError *failure, GError **error)
{
  g_autoptr (FvCheckpoint) checkpoint = NULL;
  g_autofree char *text = NULL;
  double seconds;

  if (self->progress.rate_factor < 1.0)
    {
      g_set_error (error, FV_TRAIN_ERROR, FV_TRAIN_ERROR_NOT_FINITE,
                   _ ("%s The run had gone back for that once already, and on with lower learning rates."),
                   failure->message);
      return FALSE;
    }
  if (!fv_step_log_drop (self->log, self->trainer, error))
    return FALSE;
  account (self, FALSE);
  seconds = self->progress.seconds;
  checkpoint = fv_setback_open (self->params->run, error);
  if (!checkpoint || !fv_checkpoint_restore (checkpoint, self->model, &self->progress, error))
    return FALSE;
  self->progress.seconds = seconds;
  self->progress.rate_factor = FV_SETBACK_FACTOR;
  show_best (self);
  text = g_strdup_printf (
      _ ("%s The run went back to epoch %u, step %u, and goes on from there with all learning rates multiplied by %g."),
      failure->message, self->progress.epoch, self->progress.step, self->progress.rate_factor);
  warn (self, "not-finite", text);
  return tell_resumed (self, error) && save_checkpoint (self, error);
}

/* One epoch, or what is left of it. TRUE where it was cancelled, too. */
static gboolean
run_epoch (Training *self, GError **error)
{
  if (!train_epoch (self, error))
    return FALSE;
  return self->progress.step < self->n_batches || cancelled (self) || finish_epoch (self, error);
}

static gboolean
run_epochs (Training *self, GError **error)
{
  static const char *const last[] = { FV_RUN_LAST, NULL };

  while (!self->progress.finished && !cancelled (self))
    {
      g_autoptr (GError) failure = NULL;

      if (run_epoch (self, &failure))
        continue;
      if (g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        break;
      if (g_error_matches (failure, FV_TRAIN_ERROR, FV_TRAIN_ERROR_NOT_FINITE))
        {
          if (!go_back (self, failure, error))
            return FALSE;
          continue;
        }
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  if (self->progress.finished)
    return TRUE;
  account (self, FALSE);
  return save_weights (self, last, error) && save_checkpoint (self, error);
}

/* The numbers that a new run starts from, (transfer full). */
static gboolean
make_start (Training *self, const FvYolov5Config *config, FvStartRecord *record, float **parameters, float **statistics,
            GError **error)
{
  g_autoptr (FvLayout) layout = fv_yolov5_layout_new (config);
  guint64 seed = (guint64)self->recipe->seed;

  *parameters = g_new0 (float, fv_layout_get_parameter_floats (layout));
  *statistics = g_new0 (float, fv_layout_get_statistics_floats (layout));
  if (self->params->weights)
    return fv_weights_apply (self->params->weights, config, layout, seed, *parameters, *statistics,
                             &record->transferred, &record->total, error);
  fv_yolov5_init (config, layout, seed, 0, FALSE, *parameters, *statistics);
  return TRUE;
}

/* From here on the recipe says what precision the run has. */
static void
set_precision (Training *self, gboolean half)
{
  self->decided = *self->recipe;
  self->decided.precision = half ? FV_PRECISION_FP16 : FV_PRECISION_FP32;
  self->recipe = &self->decided;
}

/* Mixed precision where the recipe and the device are for it, and where it gives there what fp32 gives. */
static gboolean
decide_precision (Training *self, const FvYolov5Config *config, FvStartRecord *record, GError **error)
{
  FvDevice *device = self->params->device;
  gboolean half = fv_precision_is_half (self->recipe, device);
  g_autofree float *parameters = NULL;
  g_autofree float *statistics = NULL;
  g_autofree char *text = NULL;
  FvHalfCheck check = { .passed = FALSE };
  FvLossParams loss;

  if (half)
    {
      fv_recipe_get_loss (self->recipe, config->n_classes, &loss);
      if (!make_start (self, config, record, &parameters, &statistics, error)
          || !fv_half_check (device, config, &loss, parameters, statistics, &check, error))
        return FALSE;
    }
  if (!check.passed && (half || self->recipe->precision == FV_PRECISION_FP16))
    {
      text = fv_precision_describe (half ? &check : NULL, device);
      warn (self, "precision", text);
    }
  set_precision (self, check.passed);
  return TRUE;
}

/* The same on the device. */
static gboolean
load_start (Training *self, const FvYolov5Config *config, FvStartRecord *record, GError **error)
{
  g_autofree float *parameters = NULL;
  g_autofree float *statistics = NULL;

  if (!make_start (self, config, record, &parameters, &statistics, error))
    return FALSE;
  return fv_model_upload (self->model, FV_BUFFER_WEIGHTS, parameters, error)
         && fv_model_upload (self->model, FV_BUFFER_STATISTICS, statistics, error)
         && fv_model_upload (self->model, FV_BUFFER_EMA, parameters, error)
         && fv_model_upload (self->model, FV_BUFFER_EMA_STATISTICS, statistics, error);
}

static guint
count_workers (const FvRecipe *recipe)
{
  return recipe->workers > 0 ? (guint)recipe->workers : CLAMP (g_get_num_processors (), 1, 8);
}

/* Plans of the parts that a batch of @n pictures goes through in; they have two sizes at most. */
static gboolean
prepare_batch (Training *self, guint n, GError **error)
{
  guint parts = n > 0 ? fv_micro_batch_count (n, self->micro_batch) : 0;
  guint imgsz = (guint)self->recipe->imgsz;
  guint before = 0;

  for (guint i = 0; i < parts; i++)
    {
      guint part = fv_micro_batch_part (n, parts, i);

      if (part != before && !fv_trainer_prepare (self->trainer, part, imgsz, imgsz, error))
        return FALSE;
      before = part;
    }
  return TRUE;
}

static FvTrainerParams
get_trainer_params (Training *self, const FvYolov5Config *config)
{
  fv_recipe_get_loss (self->recipe, config->n_classes, &self->loss);
  return (FvTrainerParams){
    .optimizer = (FvOptimizer)self->recipe->optimizer,
    .loss = self->loss,
    .frozen_layers = (guint)self->recipe->freeze,
    .clip_norm = (float)self->recipe->clip,
    .half = fv_precision_is_half (self->recipe, self->params->device),
  };
}

/* The numbers of pictures that batches of @n go through the device in, behind those that are in @sizes. */
static void
add_sizes (guint *sizes, guint n, guint limit)
{
  guint parts = n > 0 ? fv_micro_batch_count (n, limit) : 0;
  guint i = 0;

  while (sizes[i] > 0)
    i++;
  for (guint part = 0; part < parts; part++)
    {
      guint size = fv_micro_batch_part (n, parts, part);

      if (i == 0 || sizes[i - 1] != size)
        sizes[i++] = size;
    }
}

/*
 * What convolutions run with, before anything is recorded: as @plan (nullable) says, else the fastest. @path (nullable): see
 * FvTrainParams.kernels.
 */
static gboolean
choose_kernels (Training *self, const FvYolov5Config *config, FvRunPlan *plan, const char *path, GError **error)
{
  const FvTrainerParams trainer = get_trainer_params (self, config);
  const guint n = self->train_items->len, batch = MIN ((guint)self->recipe->batch, n);
  const guint n_val = self->val_items->len, val_batch = fv_estimate_val_batch (self->micro_batch, n_val);
  FvRunKernels params = {
    .device = self->params->device,
    .config = config,
    .trainer = &trainer,
    .imgsz = (guint)self->recipe->imgsz,
    .pictures = (double)n * (double)self->recipe->epochs,
    .path = plan ? NULL : path,
    .seconds = self->params->tune_seconds,
    .progress = report_prepared,
    .user_data = self,
    .cancellable = self->params->cancellable,
  };

  if (plan)
    fv_conv_choices_attach (self->params->device, g_steal_pointer (&plan->kernels));
  add_sizes (params.sizes, batch, self->micro_batch);
  add_sizes (params.sizes, n % batch, self->micro_batch);
  if (n_val > 0)
    {
      add_sizes (params.val_sizes, val_batch, val_batch);
      add_sizes (params.val_sizes, n_val % val_batch, val_batch);
    }
  return fv_run_kernels_choose (&params, error);
}

/* Model, trainer, predictor and validator, with the plans of all sizes that an epoch's batches have. */
static gboolean
make_engine (Training *self, const FvYolov5Config *config, GError **error)
{
  const FvRecipe *recipe = self->recipe;
  guint batch = MIN ((guint)recipe->batch, self->train_items->len);
  guint rest = self->train_items->len % batch;
  FvTrainerParams params = get_trainer_params (self, config);
  FvEstimate needs;

  /* A resumed run may find more or less memory than before: what is made again has the same bits. */
  if (!fv_estimate_init (&needs, self->params->device, self->dataset, recipe, config, self->micro_batch, error))
    return FALSE;
  params.aim_bytes = needs.aim_bytes;
  self->model = fv_model_new (self->params->device, config, error);
  if (!self->model)
    return FALSE;
  self->trainer = fv_trainer_new (self->model, &params, error);
  if (!self->trainer)
    return FALSE;
  if (!prepare_batch (self, batch, error) || !prepare_batch (self, rest, error))
    return FALSE;
  fv_device_compile_pipelines (self->params->device);
  if (self->val_items->len == 0)
    return TRUE;
  self->validator = fv_validator_new (self->dataset, (const guint *)self->val_items->data, self->val_items->len,
                                      &(FvValidateParams){
                                          .imgsz = (guint)recipe->imgsz,
                                          .batch = fv_estimate_val_batch (self->micro_batch, self->val_items->len),
                                          .n_workers = count_workers (recipe),
                                          .progress = report_validated,
                                          .report = report_picture,
                                          .user_data = self,
                                      });
  self->predictor = fv_predictor_new (self->model, &(FvPredictorParams){ .ema = TRUE, .loss = &self->loss }, error);
  return self->predictor != NULL;
}

gboolean
fv_train_check_data (FvDataset *dataset, GError **error)
{
  g_autoptr (GArray) items = fv_dataset_subset (dataset, FV_SUBSET_TRAIN);
  guint64 boxes = 0;

  for (guint i = 0; i < items->len; i++)
    boxes += fv_dataset_get (dataset, g_array_index (items, guint, i))->boxes->len;
  if (boxes == 0)
    g_set_error (error, FV_TRAIN_ERROR, FV_TRAIN_ERROR_DATA,
                 _ ("There is nothing to train on: %u training pictures with %" PRIu64
                    " boxes. Import pictures with labels, or split them again."),
                 items->len, boxes);
  return boxes > 0;
}

static gboolean
is_device_busy (gpointer user_data)
{
  Training *self = user_data;

  return self->trainer && fv_trainer_is_busy (self->trainer);
}

static gboolean
prepare_data (Training *self, GError **error)
{
  const FvRecipe *recipe = self->recipe;

  self->train_items = fv_dataset_subset (self->dataset, FV_SUBSET_TRAIN);
  self->val_items = fv_dataset_subset (self->dataset, FV_SUBSET_VAL);
  if (!fv_train_check_data (self->dataset, error))
    return FALSE;
  self->n_batches = (self->train_items->len + (guint)recipe->batch - 1) / (guint)recipe->batch;
  self->order = g_new (guint, self->train_items->len);
  self->builder = fv_batch_builder_new (self->dataset, (const guint *)self->train_items->data, self->train_items->len,
                                        &(FvBatchBuilderParams){
                                            .policy = &recipe->augment,
                                            .imgsz = (guint)recipe->imgsz,
                                            .seed = (guint64)recipe->seed,
                                            .n_workers = count_workers (recipe),
                                            .report = report_picture,
                                            .report_data = self,
                                            .is_busy = is_device_busy,
                                            .busy_data = self,
                                        });
  return TRUE;
}

static gboolean
keep_plan (Training *self, GError **error)
{
  g_autofree char *differs = NULL;

  if (!fv_run_keep_plan (self->params->run, self->params->device, self->micro_batch, &differs, error))
    return FALSE;
  if (differs)
    warn (self, "other-device", differs);
  return TRUE;
}

/* What the run needs. @micro_batch: of its plan, or 0 to choose. */
static gboolean
estimate (Training *self, const FvYolov5Config *config, guint micro_batch, FvEstimate *needs, GError **error)
{
  if (!fv_estimate_init (needs, self->params->device, self->dataset, self->recipe, config, micro_batch, error)
      || !fv_estimate_check (needs, self->params->device, self->recipe, error))
    return FALSE;
  self->micro_batch = needs->micro_batch;
  return TRUE;
}

static void
warn_of_parts (Training *self, const FvEstimate *needs)
{
  g_autofree char *text = fv_estimate_describe_parts (needs, self->recipe);

  if (!fv_estimate_is_whole (needs, self->recipe))
    warn (self, "micro-batch", text);
}

/* (nullable): the plan that is to be repeated, where it is of this device. */
static FvRunPlan *
get_repeated (Training *self)
{
  FvRunPlan *plan = self->params->plan;
  g_autofree char *differs = NULL;

  if (!plan || fv_run_plan_is_of (plan, self->params->device))
    return plan;
  differs = fv_run_plan_describe_difference (plan, self->params->plan_run, self->params->device);
  warn (self, "other-device", differs);
  return NULL;
}

static void
look_up_rate (Training *self, char variant, FvEstimate *needs)
{
  FvRateKey key;
  FvRate rate;

  fv_rate_key_init (&key, self->params->device, variant, self->recipe);
  key.batch = self->micro_batch;
  if (self->params->rates && fv_rates_lookup (self->params->rates, &key, &rate))
    fv_estimate_set_rate (needs, self->recipe, &rate);
}

static void
warn_of_leaks (Training *self)
{
  FvSplitResult split;
  g_autofree char *text = NULL;

  fv_split_count (self->dataset, &split);
  if (split.leaks == 0)
    return;
  text = fv_split_describe_leaks (split.leaks);
  warn (self, "leak", text);
}

static gboolean
start_new (Training *self, GError **error)
{
  const FvWeights *weights = self->params->weights;
  FvYolov5Config config;
  FvEstimate needs;
  g_autofree char *split = fv_split_hash (self->dataset);
  FvStartRecord record = {
    .device = self->params->device,
    .recipe = self->params->recipe,
    .images = self->train_items->len,
    .val_images = self->val_items->len,
    .variant = weights ? weights->config.variant : self->params->variant,
    .start = self->params->start,
    .start_file = self->params->start_file,
    .start_run = self->params->start_run,
    .split = split,
  };

  fv_yolov5_config_init (&config, record.variant, self->dataset->n_classes);
  if (weights)
    memcpy (config.anchors, weights->config.anchors, sizeof config.anchors);
  if (!decide_precision (self, &config, &record, error)
      || !estimate (self, &config, self->params->plan ? self->params->plan->micro_batch : 0, &needs, error)
      || !choose_kernels (self, &config, get_repeated (self), self->params->kernels, error))
    return FALSE;
  /* The fastest kernels may need more memory: where there is none, it is those that were counted with first. */
  if (!estimate (self, &config, self->micro_batch, &needs, NULL))
    {
      fv_conv_choices_attach (self->params->device, NULL);
      if (!choose_kernels (self, &config, NULL, NULL, error)
          || !estimate (self, &config, self->micro_batch, &needs, error))
        return FALSE;
    }
  look_up_rate (self, record.variant, &needs);
  record.device_bytes = needs.device_bytes;
  record.seconds_per_epoch = needs.seconds_per_epoch;
  record.micro_batch = needs.micro_batch;
  if (!make_engine (self, &config, error) || !load_start (self, &config, &record, error) || !keep_plan (self, error)
      || !fv_train_events_started (self->events, &record, error))
    return FALSE;
  warn_of_parts (self, &needs);
  warn_of_leaks (self);
  if (!self->validator)
    warn (self, "no-validation",
          _ ("The split has no validation pictures: nothing is measured, and the last weights count as the best."));
  /* From here on the run can be resumed. */
  return save_checkpoint (self, error);
}

/*
 * As many pictures at a time as before, fewer only on another device that has no room for these; and the same kernels, others only where these are
 * not of this device.
 */
static gboolean
follow_plan (Training *self, const FvYolov5Config *config, GError **error)
{
  g_auto (FvRunPlan) plan = { NULL };
  FvRecipe recipe = *self->recipe;
  FvEstimate needs;
  gboolean same;

  if (!fv_run_find_plan (self->params->run, self->params->device, &plan, &same, error))
    return FALSE;
  self->micro_batch = plan.micro_batch > 0 ? plan.micro_batch : (guint)recipe.batch;
  if (same)
    return choose_kernels (self, config, &plan, NULL, error);
  recipe.micro_batch = self->micro_batch;
  if (!fv_estimate_init (&needs, self->params->device, self->dataset, &recipe, config, 0, error)
      || !fv_estimate_check (&needs, self->params->device, &recipe, error))
    return FALSE;
  if (needs.micro_batch < self->micro_batch)
    warn_of_parts (self, &needs);
  self->micro_batch = needs.micro_batch;
  return choose_kernels (self, config, NULL, self->params->kernels, error);
}

static gboolean
start_resumed (Training *self, GError **error)
{
  g_autofree char *path = fv_run_get_file (self->params->run, FV_RUN_CHECKPOINT);
  g_autoptr (FvCheckpoint) checkpoint = NULL;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_set_error (
          error, FV_RUN_ERROR, FV_RUN_ERROR_INVALID,
          _ ("Run %u ended before its first checkpoint (%s), so there is nothing to go on from: start a new run."),
          fv_run_get_number (self->params->run), path);
      return FALSE;
    }
  checkpoint = fv_checkpoint_open (path, error);
  if (!checkpoint)
    return FALSE;
  if (fv_checkpoint_get_config (checkpoint)->n_classes != self->dataset->n_classes
      || g_strcmp0 (fv_checkpoint_get_recipe_hash (checkpoint), self->recipe_hash) != 0
      || fv_checkpoint_get_progress (checkpoint)->step > self->n_batches)
    {
      g_set_error (
          error, FV_CHECKPOINT_ERROR, FV_CHECKPOINT_ERROR_MISMATCH,
          _ ("%s was not written with the recipe and data that now lie beside it: put those back, or start a new run."),
          path);
      return FALSE;
    }
  set_precision (self, fv_checkpoint_has (checkpoint, FV_BUFFER_LOSS_SCALE));
  if (!follow_plan (self, fv_checkpoint_get_config (checkpoint), error)
      || !make_engine (self, fv_checkpoint_get_config (checkpoint), error)
      || !fv_checkpoint_restore (checkpoint, self->model, &self->progress, error) || !keep_plan (self, error))
    return FALSE;
  show_best (self);
  self->at_start = self->progress.step == 0;
  self->saved = g_get_monotonic_time ();
  return tell_resumed (self, error);
}

static void
fill_result (Training *self, FvTrainResult *result)
{
  const FvProgress *progress = &self->progress;
  const FvEpochRecord *best = fv_progress_get_best (progress);
  gboolean validated = best && best->validated;

  *result = (FvTrainResult){
    .reason = FV_TRAIN_STOPPED,
    .best_epoch = progress->best_epoch,
    .map50 = validated ? best->map50 : NAN,
    .map = validated ? best->map : NAN,
    .images_per_second = progress->train_seconds > 0 ? (double)progress->pictures / progress->train_seconds : 0.0,
    .seconds = progress->seconds,
    .peak_device_bytes = fv_device_get_peak_bytes (self->params->device),
    .micro_batch = self->micro_batch,
  };
  for (guint i = FV_TRAIN_COMPLETED; i < FV_TRAIN_STOPPED; i++)
    if (g_strcmp0 (progress->finished, fv_train_reason_to_string (i)) == 0)
      result->reason = i;
}

gboolean
fv_train (const FvTrainParams *params, FvTrainResult *result, GError **error)
{
  guint run = fv_run_get_number (params->run);
  g_autofree char *events_path = fv_run_get_file (params->run, FV_RUN_EVENTS);
  g_autoptr (GError) failure = NULL;
  g_auto (Training) self = {
    .params = params,
    .recipe = params->recipe,
    .recipe_hash = fv_recipe_hash (params->recipe),
    .dataset = params->dataset,
    .mark = g_get_monotonic_time (),
    .rate = { NAN, NAN, NAN, NAN },
    .status = { .epochs = (guint)params->recipe->epochs, .map50 = NAN, .map = NAN },
  };

  fv_progress_init (&self.progress);
  self.events = fv_events_open (events_path, run, params->events_copy, error);
  if (!self.events)
    return FALSE;
  self.log = fv_step_log_new (self.events, (guint)params->recipe->log_period);

  if (!prepare_data (&self, &failure) || !(params->resume ? start_resumed : start_new) (&self, &failure)
      || !run_epochs (&self, &failure))
    {
      fv_train_events_failed (self.events, run, params->recipe, failure);
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  fill_result (&self, result);
  return fv_train_events_finished (self.events, fv_train_reason_to_string (result->reason), &self.progress, error);
}

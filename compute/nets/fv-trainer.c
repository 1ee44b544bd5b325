/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/nets/fv-model-private.h"
#include "compute/nets/fv-plans.h"
#include "compute/nets/fv-step-input.h"

#include <math.h>
#include <string.h>

#define N_SLOTS FV_PLAN_MAX_SLOTS /* batches, and updates, in flight */
#define MAX_PLANS 3               /* sizes of batches kept */

/* What activations may take of memory that other programs live in too before some are made again: a few per cent of the time. */
#define SHARED_MEMORY_AIM (1 << 30)

typedef struct
{
  FvStepInput input;
  FvBuffer *result; /* FvLossResult */
  guint64 ticket;   /* 0: free */
  guint64 serial;
  FvRecording *recording; /* the one in flight, for its times */
} BatchSlot;

typedef struct
{
  FvBuffer *block, *result; /* FvUpdateBlock, FvUpdateBlockResult */
  guint64 ticket, serial;
  FvRecording *recording;
} UpdateSlot;

struct _FvTrainer
{
  FvModel *model;
  FvDevice *device;
  FvTrainerParams params;
  FvPlans *plans;
  BatchSlot batches[N_SLOTS];
  UpdateSlot updates[N_SLOTS];
  FvBuffer *scratch; /* of the optimizer */
  guint64 n_batches, n_updates;
  GQueue losses;  /* FvStepLosses, finished and not yet polled */
  GQueue results; /* FvUpdateResult */
  gboolean timing;
  GArray *phases;
  double wait_seconds;
};

static gboolean build_plan (FvPlan *plan, gpointer user_data, GError **error);
static void bind_plan (FvPlan *plan, guint slot, gpointer user_data);
static gboolean check_memory (const FvPlan *plan, gpointer user_data, GError **error);

static gboolean
start_loss_scale (FvModel *model, GError **error)
{
  const FvLossScale start = { .scale = FV_LOSS_SCALE_START };

  return fv_model_ensure (model, FV_BUFFER_LOSS_SCALE, error)
         && fv_model_upload (model, FV_BUFFER_LOSS_SCALE, &start.scale, error);
}

FvTrainer *
fv_trainer_new (FvModel *model, const FvTrainerParams *params, GError **error)
{
  g_autoptr (FvTrainer) self = g_new0 (FvTrainer, 1);

  self->model = fv_model_ref (model);
  self->device = fv_model_get_device (model);
  self->params = *params;
  self->plans = fv_plans_new (&(FvPlansParams){
      .device = self->device,
      .max_plans = MAX_PLANS,
      .build = build_plan,
      .bind = bind_plan,
      .check = check_memory,
      .user_data = self,
  });
  self->phases = g_array_new (FALSE, TRUE, sizeof (FvPhase));
  g_queue_init (&self->losses);
  g_queue_init (&self->results);
  if (!fv_model_ensure (model, FV_BUFFER_GRADIENTS, error) || !fv_model_ensure (model, FV_BUFFER_MOMENTUM, error)
      || (params->optimizer == FV_OPTIMIZER_ADAMW && !fv_model_ensure (model, FV_BUFFER_SECOND_MOMENT, error))
      || (params->half && !start_loss_scale (model, error)))
    return NULL;
  self->scratch = fv_buffer_new (self->device, FV_MEMORY_DEVICE,
                                 fv_optimizer_scratch_bytes (fv_model_get_layout (model)), "optimizer scratch", error);
  if (self->scratch == NULL)
    return NULL;
  for (guint i = 0; i < N_SLOTS; i++)
    {
      BatchSlot *batch = &self->batches[i];
      UpdateSlot *update = &self->updates[i];

      if (!fv_step_input_init (&batch->input, self->device, error))
        return NULL;
      batch->result = fv_buffer_new (self->device, FV_MEMORY_READBACK, sizeof (FvLossResult), "losses", error);
      update->block = fv_buffer_new (self->device, FV_MEMORY_UPLOAD, sizeof (FvUpdateBlock), "update block", error);
      if (batch->result == NULL || update->block == NULL)
        return NULL;
      update->result
          = fv_buffer_new (self->device, FV_MEMORY_READBACK, sizeof (FvUpdateBlockResult), "update result", error);
      if (update->result == NULL)
        return NULL;
    }
  return g_steal_pointer (&self);
}

void
fv_trainer_free (FvTrainer *self)
{
  if (self == NULL)
    return;
  if (!fv_device_is_lost (self->device))
    fv_trainer_wait (self, NULL);
  fv_plans_free (self->plans);
  for (guint i = 0; i < N_SLOTS; i++)
    {
      fv_step_input_clear (&self->batches[i].input);
      fv_buffer_free (self->batches[i].result);
      fv_recording_free (self->updates[i].recording);
      fv_buffer_free (self->updates[i].block);
      fv_buffer_free (self->updates[i].result);
    }
  fv_buffer_free (self->scratch);
  g_queue_clear_full (&self->losses, g_free);
  g_queue_clear_full (&self->results, g_free);
  g_array_unref (self->phases);
  fv_model_unref (self->model);
  g_free (self);
}

/* Plans */

static gsize
get_aim (FvDevice *device, const FvTrainerParams *params)
{
  const char *type = fv_device_get_info (device)->type;

  if (params->aim_bytes > 0)
    return MIN (params->aim_bytes, G_MAXSIZE);
  return g_str_equal (type, "cpu") || g_str_equal (type, "integrated") ? SHARED_MEMORY_AIM : G_MAXSIZE;
}

/* Fills @plan up to fv_graph_plan(); block and result get their addresses later. */
static void
plan_step (FvPlan *plan, FvDevice *device, const FvYolov5Config *config, const FvLayout *layout,
           const FvYolov5Buffers *buffers, const FvTrainerParams *params)
{
  FvTensor *heads[FV_YOLOV5_N_HEADS];
  FvTensor *input;

  plan->graph = fv_graph_new (
      device, &(FvGraphParams){ .training = TRUE, .half = params->half, .aim_bytes = get_aim (device, params) });
  plan->block = fv_graph_scratch (plan->graph, sizeof (FvStepBlock) / sizeof (float), "step block");
  plan->result = fv_graph_scratch (plan->graph, sizeof (FvLossResult) / sizeof (float), "losses");
  /* Any address marks them as external. */
  fv_tensor_set_address (plan->block, 1);
  fv_tensor_set_address (plan->result, 1);
  input = fv_augment (plan->graph, plan->block, plan->n, plan->height, plan->width);
  fv_yolov5_build (plan->graph, config, layout, buffers, params->frozen_layers, input, heads, NULL);
  fv_yolo_loss (plan->graph, config, &params->loss, heads, plan->block, plan->result, TRUE);
  fv_graph_backward (plan->graph);
  fv_graph_plan (plan->graph);
}

static gboolean
build_plan (FvPlan *plan, gpointer user_data, GError **error)
{
  FvTrainer *self = user_data;
  const FvYolov5Buffers buffers = fv_model_get_training_buffers (self->model);

  /* A new plan may push out others, whose batches must be taken in before. */
  if (!fv_trainer_wait (self, error))
    return FALSE;
  plan_step (plan, self->device, fv_model_get_config (self->model), fv_model_get_layout (self->model), &buffers,
             &self->params);
  return TRUE;
}

static void
bind_plan (FvPlan *plan, guint slot, gpointer user_data)
{
  FvTrainer *self = user_data;

  fv_tensor_set_address (plan->block, self->batches[slot].input.block->address);
  fv_tensor_set_address (plan->result, self->batches[slot].result->address);
}

static guint64
model_bytes (FvTrainer *self)
{
  guint64 bytes = self->scratch->size;

  for (guint i = 0; i < FV_N_BUFFERS; i++)
    bytes += fv_model_get_size (self->model, i) * sizeof (float);
  return bytes;
}

static gboolean
check_memory (const FvPlan *plan, gpointer user_data, GError **error)
{
  FvTrainer *self = user_data;
  const FvDeviceInfo *info = fv_device_get_info (self->device);
  const guint64 arena = fv_graph_get_arena_bytes (plan->graph);
  const guint64 largest = fv_device_get_largest_buffer_bytes (self->device);
  const guint64 held = model_bytes (self);
  /* The arena that there is goes before a larger one comes. */
  const guint64 available = MIN (
      fv_device_get_available_bytes (self->device) + held + fv_plans_get_arena_bytes (self->plans), info->memory_bytes);
  g_autofree char *needed_text = g_format_size_full (held + arena, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *available_text = g_format_size_full (available, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *total_text = g_format_size_full (info->memory_bytes, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *arena_text = g_format_size_full (arena, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *largest_text = g_format_size_full (largest, G_FORMAT_SIZE_IEC_UNITS);

  if (held + arena > available)
    g_set_error (
        error, FV_DEVICE_ERROR, FV_DEVICE_ERROR_OUT_OF_MEMORY,
        "Training with %u pictures of %u x %u px at a time needs %s of memory, and the device “%s” has %s free "
        "of %s. Choose a smaller batch, smaller pictures or a smaller model, or end other programs that use the "
        "device.",
        plan->n, plan->width, plan->height, needed_text, info->name, available_text, total_text);
  else if (arena > largest)
    g_set_error (error, FV_DEVICE_ERROR, FV_DEVICE_ERROR_OUT_OF_MEMORY,
                 "Training with %u pictures of %u x %u px at a time needs %s of memory in one piece, and the device "
                 "“%s” gives at most %s. Choose a smaller batch, smaller pictures or a smaller model.",
                 plan->n, plan->width, plan->height, arena_text, info->name, largest_text);
  return held + arena <= available && arena <= largest;
}

guint64
fv_trainer_count_bytes (FvDevice *device, const FvYolov5Config *config, const FvTrainerParams *params, guint n,
                        guint height, guint width, guint64 *largest)
{
  const FvYolov5Buffers nowhere = { .weights = 1, .statistics = 1, .gradients = 1 };
  g_autoptr (FvLayout) layout = fv_yolov5_layout_new (config);
  /* Weights, EMA, gradients and momentum, and AdamW's second moment. */
  guint n_buffers = params->optimizer == FV_OPTIMIZER_ADAMW ? 5 : 4;
  FvPlan plan = { .n = n, .height = height, .width = width };
  guint64 arena;

  plan_step (&plan, device, config, layout, &nowhere, params);
  arena = fv_graph_get_arena_bytes (plan.graph);
  fv_graph_free (plan.graph);
  if (largest != NULL)
    *largest = MAX (arena, sizeof (float) * fv_layout_get_parameter_floats (layout));
  return arena + fv_optimizer_scratch_bytes (layout)
         + sizeof (float)
               * (n_buffers * fv_layout_get_parameter_floats (layout) + 2 * fv_layout_get_statistics_floats (layout));
}

gboolean
fv_trainer_prepare (FvTrainer *self, guint n, guint height, guint width, GError **error)
{
  FvPlan *plan = fv_plans_get (self->plans, n, height, width, error);

  if (plan == NULL)
    return FALSE;
  for (guint slot = 0; slot < N_SLOTS; slot++)
    if (fv_plans_record (self->plans, plan, slot, error) == NULL)
      return FALSE;
  return TRUE;
}

/* Slots */

static gboolean
wait_for (FvTrainer *self, guint64 ticket, GError **error)
{
  const gint64 start = g_get_monotonic_time ();
  const gboolean ok = fv_device_wait (self->device, ticket, error);

  self->wait_seconds += (g_get_monotonic_time () - start) * 1e-6;
  return ok;
}

static void
finish_batch (FvTrainer *self, BatchSlot *slot)
{
  const FvLossResult *result = slot->result->map;
  FvStepLosses losses = { .serial = slot->serial, .box = result->box, .obj = result->obj, .cls = result->cls };

  losses.finite = isfinite (losses.box) && isfinite (losses.obj) && isfinite (losses.cls);
  g_queue_push_tail (&self->losses, g_memdup2 (&losses, sizeof losses));
  if (self->timing)
    fv_recording_add_times (slot->recording, self->phases);
  slot->ticket = 0;
}

static void
finish_update (FvTrainer *self, UpdateSlot *slot)
{
  const FvUpdateBlockResult *block = slot->result->map;
  FvUpdateResult result = { .serial = slot->serial,
                            .gradient_norm = block->gradient_norm,
                            .skipped = block->skipped != 0,
                            .loss_scale = block->loss_scale };

  g_queue_push_tail (&self->results, g_memdup2 (&result, sizeof result));
  if (self->timing)
    fv_recording_add_times (slot->recording, self->phases);
  slot->ticket = 0;
}

/* Takes in what is done, oldest first; with @all waits for everything. */
static gboolean
collect (FvTrainer *self, gboolean all, GError **error)
{
  /* A newer one may be done an instant after an older one was asked, so nothing is taken past the first that isn't. */
  gboolean batches_done = TRUE, updates_done = TRUE;

  for (guint i = 0; i < N_SLOTS; i++)
    {
      BatchSlot *batch = &self->batches[(self->n_batches + i) % N_SLOTS];
      UpdateSlot *update = &self->updates[(self->n_updates + i) % N_SLOTS];

      if (batch->ticket != 0)
        {
          if (all && !wait_for (self, batch->ticket, error))
            return FALSE;
          batches_done = batches_done && (all || fv_device_is_done (self->device, batch->ticket));
          if (batches_done)
            finish_batch (self, batch);
        }
      if (update->ticket != 0)
        {
          if (all && !wait_for (self, update->ticket, error))
            return FALSE;
          updates_done = updates_done && (all || fv_device_is_done (self->device, update->ticket));
          if (updates_done)
            finish_update (self, update);
        }
    }
  return TRUE;
}

gboolean
fv_trainer_accumulate (FvTrainer *self, const FvBatch *batch, GError **error)
{
  const guint index = self->n_batches % N_SLOTS;
  BatchSlot *slot = &self->batches[index];
  FvPlan *plan = fv_plans_get (self->plans, batch->n, batch->height, batch->width, error);
  FvRecording *recording = plan != NULL ? fv_plans_record (self->plans, plan, index, error) : NULL;

  if (recording == NULL)
    return FALSE;
  if (slot->ticket != 0)
    {
      if (!wait_for (self, slot->ticket, error))
        return FALSE;
      finish_batch (self, slot);
    }
  self->model->changes++;
  if (!fv_step_input_write (&slot->input, batch, error) || !fv_recording_submit (recording, &slot->ticket, error))
    return FALSE;
  slot->recording = recording;
  slot->serial = self->n_batches++;
  return TRUE;
}

static FvRecording *
record_update (FvTrainer *self, UpdateSlot *slot, GError **error)
{
  g_autoptr (FvRecorder) recorder = fv_recorder_new (self->device);
  FvBuffer **buffers = self->model->buffers;
  const FvOptimizerArgs args = {
    .optimizer = self->params.optimizer,
    .layout = fv_model_get_layout (self->model),
    .frozen_layers = self->params.frozen_layers,
    .weights = buffers[FV_BUFFER_WEIGHTS],
    .gradients = buffers[FV_BUFFER_GRADIENTS],
    .momentum = buffers[FV_BUFFER_MOMENTUM],
    .second_moment = buffers[FV_BUFFER_SECOND_MOMENT],
    .ema = buffers[FV_BUFFER_EMA],
    .statistics = buffers[FV_BUFFER_STATISTICS],
    .ema_statistics = buffers[FV_BUFFER_EMA_STATISTICS],
    .scratch = self->scratch,
    .loss_scale
    = self->params.half ? fv_buffer_range (buffers[FV_BUFFER_LOSS_SCALE], 0, sizeof (FvLossScale)) : (FvRange){ 0 },
    .block = fv_buffer_range (slot->block, 0, sizeof (FvUpdateBlock)),
    .result = fv_buffer_range (slot->result, 0, sizeof (FvUpdateBlockResult)),
  };

  fv_optimizer_record (recorder, &args);
  return fv_recorder_finish (&recorder, self->timing, error);
}

gboolean
fv_trainer_update (FvTrainer *self, const FvUpdate *update, GError **error)
{
  UpdateSlot *slot = &self->updates[self->n_updates % N_SLOTS];
  FvUpdateBlock *block = slot->block->map;

  if (slot->ticket != 0)
    {
      if (!wait_for (self, slot->ticket, error))
        return FALSE;
      finish_update (self, slot);
    }
  if (slot->recording == NULL)
    slot->recording = record_update (self, slot, error);
  if (slot->recording == NULL)
    return FALSE;
  memcpy (block->lr, update->lr, sizeof block->lr);
  block->momentum = update->momentum;
  block->beta2 = update->beta2;
  block->weight_decay = update->weight_decay;
  block->ema_decay = update->ema_decay;
  block->clip_norm = self->params.clip_norm;
  block->bias_correction1 = 1.0 - pow (update->momentum, update->step);
  block->bias_correction2 = 1.0 - pow (update->beta2, update->step);
  block->first_step = update->step == 1;
  self->model->changes++;
  if (!fv_recording_submit (slot->recording, &slot->ticket, error))
    return FALSE;
  slot->serial = self->n_updates++;
  return TRUE;
}

gboolean
fv_trainer_poll (FvTrainer *self, FvStepLosses *losses)
{
  g_autofree FvStepLosses *first = NULL;

  collect (self, FALSE, NULL);
  first = g_queue_pop_head (&self->losses);
  if (first == NULL)
    return FALSE;
  *losses = *first;
  return TRUE;
}

gboolean
fv_trainer_poll_update (FvTrainer *self, FvUpdateResult *result)
{
  g_autofree FvUpdateResult *first = NULL;

  collect (self, FALSE, NULL);
  first = g_queue_pop_head (&self->results);
  if (first == NULL)
    return FALSE;
  *result = *first;
  return TRUE;
}

gboolean
fv_trainer_wait (FvTrainer *self, GError **error)
{
  return collect (self, TRUE, error);
}

gboolean
fv_trainer_is_busy (FvTrainer *self)
{
  for (guint i = 0; i < N_SLOTS; i++)
    {
      const guint64 batch = self->batches[i].ticket, update = self->updates[i].ticket;

      if ((batch != 0 && !fv_device_is_done (self->device, batch))
          || (update != 0 && !fv_device_is_done (self->device, update)))
        return TRUE;
    }
  return FALSE;
}

double
fv_trainer_get_wait_seconds (FvTrainer *self)
{
  return self->wait_seconds;
}

/* Times */

void
fv_trainer_set_timing (FvTrainer *self, gboolean on)
{
  if (self->timing == on || !fv_trainer_wait (self, NULL))
    return;
  self->timing = on;
  g_array_set_size (self->phases, 0);
  fv_plans_set_timing (self->plans, on);
  for (guint slot = 0; slot < N_SLOTS; slot++)
    g_clear_pointer (&self->updates[slot].recording, fv_recording_free);
}

GArray *
fv_trainer_get_phases (FvTrainer *self)
{
  return fv_phases_sorted (self->phases);
}

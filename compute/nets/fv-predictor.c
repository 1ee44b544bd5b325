/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/nets/fv-predictor.h"
#include "compute/nets/fv-model-private.h"
#include "compute/nets/fv-plans.h"
#include "compute/nets/fv-step-input.h"

#define MAX_PLANS 4 /* sizes of batches kept */

struct _FvPredictor
{
  FvModel *model;
  FvDevice *device;
  gboolean ema;
  gboolean has_loss;
  FvLossParams loss;
  FvStepInput input;
  FvBuffer *result; /* FvLossResult */
  FvBuffer *folded; /* weights with BatchNorm folded in */
  FvRecording *fold;
  guint64 folded_changes; /* the model's when they were made */
  FvPlans *plans;
  gboolean timing;
  GArray *phases;
};

static gboolean build_plan (FvPlan *plan, gpointer user_data, GError **error);
static gboolean record_fold (FvPredictor *self, GError **error);
static void bind_plan (FvPlan *plan, guint slot, gpointer user_data);

static gsize
folded_bytes (const FvLayout *layout)
{
  return fv_layout_get_parameter_floats (layout) * sizeof (float);
}

FvPredictor *
fv_predictor_new (FvModel *model, const FvPredictorParams *params, GError **error)
{
  g_autoptr (FvPredictor) self = g_new0 (FvPredictor, 1);

  self->model = fv_model_ref (model);
  self->device = fv_model_get_device (model);
  self->ema = params->ema;
  self->has_loss = params->loss != NULL;
  if (params->loss != NULL)
    self->loss = *params->loss;
  self->plans = fv_plans_new (&(FvPlansParams){
      .device = self->device,
      .max_plans = MAX_PLANS,
      .build = build_plan,
      .bind = bind_plan,
      .user_data = self,
  });
  self->phases = g_array_new (FALSE, TRUE, sizeof (FvPhase));
  if (!fv_step_input_init (&self->input, self->device, error))
    return NULL;
  self->result = fv_buffer_new (self->device, FV_MEMORY_READBACK, sizeof (FvLossResult), "losses", error);
  self->folded = fv_buffer_new (self->device, FV_MEMORY_DEVICE, folded_bytes (fv_model_get_layout (model)),
                                "folded weights", error);
  if (self->result == NULL || self->folded == NULL || !record_fold (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
fv_predictor_free (FvPredictor *self)
{
  if (self == NULL)
    return;
  fv_plans_free (self->plans);
  fv_recording_free (self->fold);
  fv_buffer_free (self->folded);
  fv_step_input_clear (&self->input);
  fv_buffer_free (self->result);
  g_array_unref (self->phases);
  fv_model_unref (self->model);
  g_free (self);
}

static guint
row_length (FvPredictor *self)
{
  return 5 + fv_model_get_config (self->model)->n_classes;
}

static gsize
count_floats (const FvYolov5Config *config, guint n, guint height, guint width)
{
  return (gsize)n * fv_yolo_count_rows (height, width) * (5 + config->n_classes);
}

/* Fills @plan up to fv_graph_plan(); block and result get their addresses later. @loss (nullable) */
static void
plan_forward (FvPlan *plan, FvDevice *device, const FvYolov5Config *config, const FvLayout *layout,
              const FvYolov5Buffers *buffers, const FvLossParams *loss, VkDeviceAddress rows_address)
{
  FvTensor *heads[FV_YOLOV5_N_HEADS];
  FvTensor *rows, *input;

  plan->graph = fv_graph_new (device, &(FvGraphParams){ .training = FALSE });
  plan->block = fv_graph_scratch (plan->graph, sizeof (FvStepBlock) / sizeof (float), "step block");
  plan->result = fv_graph_scratch (plan->graph, sizeof (FvLossResult) / sizeof (float), "losses");
  /* Any address marks them as external. */
  fv_tensor_set_address (plan->block, 1);
  fv_tensor_set_address (plan->result, 1);
  rows = fv_graph_scratch (plan->graph, count_floats (config, plan->n, plan->height, plan->width), "decoded boxes");
  fv_tensor_set_address (rows, rows_address);
  input = fv_augment (plan->graph, plan->block, plan->n, plan->height, plan->width);
  fv_yolov5_build (plan->graph, config, layout, buffers, 0, input, heads, NULL);
  fv_yolo_decode (plan->graph, config, heads, rows);
  if (loss != NULL)
    fv_yolo_loss (plan->graph, config, loss, heads, plan->block, plan->result, FALSE);
  fv_graph_plan (plan->graph);
}

static FvYolov5Buffers
get_buffers (FvPredictor *self)
{
  FvYolov5Buffers buffers = fv_model_get_inference_buffers (self->model, self->ema);

  buffers.folded = self->folded->address;
  return buffers;
}

static gboolean
record_fold (FvPredictor *self, GError **error)
{
  g_autoptr (FvRecorder) recorder = fv_recorder_new (self->device);
  const FvYolov5Buffers buffers = get_buffers (self);

  fv_yolov5_fold (recorder, fv_model_get_config (self->model), fv_model_get_layout (self->model), &buffers);
  self->fold = fv_recorder_finish (&recorder, FALSE, error);
  return self->fold != NULL;
}

/* Weights may have changed since they were folded, as they do between a run's epochs. */
static gboolean
fold (FvPredictor *self, GError **error)
{
  guint64 ticket;

  if (self->folded_changes == self->model->changes)
    return TRUE;
  if (!fv_recording_submit (self->fold, &ticket, error))
    return FALSE;
  self->folded_changes = self->model->changes;
  return TRUE;
}

static gboolean
build_plan (FvPlan *plan, gpointer user_data, GError **error)
{
  FvPredictor *self = user_data;
  const FvYolov5Config *config = fv_model_get_config (self->model);
  const FvYolov5Buffers buffers = get_buffers (self);
  const gsize floats = count_floats (config, plan->n, plan->height, plan->width);

  plan->rows = fv_buffer_new (self->device, FV_MEMORY_READBACK, floats * sizeof (float), "decoded boxes", error);
  if (plan->rows == NULL)
    return FALSE;
  plan_forward (plan, self->device, config, fv_model_get_layout (self->model), &buffers,
                self->has_loss ? &self->loss : NULL, plan->rows->address);
  return TRUE;
}

guint64
fv_predictor_count_bytes (FvDevice *device, const FvYolov5Config *config, const FvPredictorParams *params, guint n,
                          guint height, guint width, guint64 *largest)
{
  const FvYolov5Buffers nowhere = { .weights = 1, .statistics = 1, .folded = 1 };
  g_autoptr (FvLayout) layout = fv_yolov5_layout_new (config);
  FvPlan plan = { .n = n, .height = height, .width = width };
  const guint64 rows = sizeof (float) * count_floats (config, n, height, width);
  guint64 arena;

  plan_forward (&plan, device, config, layout, &nowhere, params->loss, 1);
  arena = fv_graph_get_arena_bytes (plan.graph);
  fv_graph_free (plan.graph);
  if (largest != NULL)
    *largest = MAX (MAX (arena, rows), folded_bytes (layout));
  return arena + rows + folded_bytes (layout);
}

static void
bind_plan (FvPlan *plan, guint slot, gpointer user_data)
{
  FvPredictor *self = user_data;

  fv_tensor_set_address (plan->block, self->input.block->address);
  fv_tensor_set_address (plan->result, self->result->address);
}

FvDevice *
fv_predictor_get_device (FvPredictor *self)
{
  return self->device;
}

gboolean
fv_predictor_prepare (FvPredictor *self, guint n, guint height, guint width, GError **error)
{
  FvPlan *plan = fv_plans_get (self->plans, n, height, width, error);

  return plan != NULL && fv_plans_record (self->plans, plan, 0, error) != NULL;
}

gboolean
fv_predictor_run (FvPredictor *self, const FvBatch *batch, FvPrediction *prediction, GError **error)
{
  FvPlan *plan = fv_plans_get (self->plans, batch->n, batch->height, batch->width, error);
  FvRecording *recording = plan != NULL ? fv_plans_record (self->plans, plan, 0, error) : NULL;
  const FvLossResult *losses = self->result->map;
  guint64 ticket;

  if (recording == NULL || !fold (self, error) || !fv_step_input_write (&self->input, batch, error)
      || !fv_recording_submit (recording, &ticket, error) || !fv_device_wait (self->device, ticket, error))
    return FALSE;
  if (self->timing)
    fv_recording_add_times (recording, self->phases);
  *prediction = (FvPrediction){
    .rows = plan->rows->map,
    .n_rows = fv_yolo_count_rows (batch->height, batch->width),
    .row_length = row_length (self),
  };
  if (self->has_loss)
    {
      prediction->box = losses->box;
      prediction->obj = losses->obj;
      prediction->cls = losses->cls;
    }
  return TRUE;
}

void
fv_predictor_set_timing (FvPredictor *self, gboolean on)
{
  self->timing = on;
  g_array_set_size (self->phases, 0);
  fv_plans_set_timing (self->plans, on);
}

GArray *
fv_predictor_get_phases (FvPredictor *self)
{
  return fv_phases_sorted (self->phases);
}

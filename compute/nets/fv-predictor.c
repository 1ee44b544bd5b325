/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/nets/fv-predictor.h"
#include "compute/nets/fv-model-private.h"
#include "compute/nets/fv-step-input.h"

#define MAX_PLANS 4  /* sizes of batches kept, least recently used dropped */

typedef struct
{
  guint n, height, width;
  FvGraph *graph;
  FvBuffer *rows;
  FvRecording *recording;
} Plan;

struct _FvPredictor
{
  FvModel *model;
  FvDevice *device;
  gboolean ema;
  gboolean has_loss;
  FvLossParams loss;
  FvStepInput input;
  FvBuffer *result;   /* FvLossResult */
  GPtrArray *plans;   /* Plan, most recently used last */
  gboolean timing;
  GArray *phases;
};

static void
plan_free (Plan *plan)
{
  fv_recording_free (plan->recording);
  fv_graph_free (plan->graph);
  fv_buffer_free (plan->rows);
  g_free (plan);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Plan, plan_free)

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
  self->plans = g_ptr_array_new_with_free_func ((GDestroyNotify) plan_free);
  self->phases = g_array_new (FALSE, TRUE, sizeof (FvPhase));
  if (!fv_step_input_init (&self->input, self->device, error))
    return NULL;
  self->result = fv_buffer_new (self->device, FV_MEMORY_READBACK, sizeof (FvLossResult), "losses", error);
  if (self->result == NULL)
    return NULL;
  return g_steal_pointer (&self);
}

void
fv_predictor_free (FvPredictor *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->plans);
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

static Plan *
make_plan (FvPredictor *self, guint n, guint height, guint width, GError **error)
{
  const FvYolov5Config *config = fv_model_get_config (self->model);
  const FvYolov5Buffers buffers = fv_model_get_inference_buffers (self->model, self->ema);
  const gsize floats = (gsize) n * fv_yolo_count_rows (height, width) * row_length (self);
  g_autoptr (Plan) plan = g_new0 (Plan, 1);
  FvTensor *heads[FV_YOLOV5_N_HEADS];
  FvTensor *block, *result, *rows, *input;

  plan->n = n;
  plan->height = height;
  plan->width = width;
  plan->graph = fv_graph_new (self->device, &(FvGraphParams) { .training = FALSE });
  plan->rows = fv_buffer_new (self->device, FV_MEMORY_READBACK, floats * sizeof (float), "decoded boxes", error);
  if (plan->rows == NULL)
    return NULL;
  block = fv_graph_scratch (plan->graph, sizeof (FvStepBlock) / sizeof (float), "step block");
  fv_tensor_set_address (block, self->input.block->address);
  rows = fv_graph_scratch (plan->graph, floats, "decoded boxes");
  fv_tensor_set_address (rows, plan->rows->address);
  input = fv_augment (plan->graph, block, n, height, width);
  fv_yolov5_build (plan->graph, config, fv_model_get_layout (self->model), &buffers, 0, input, heads, NULL);
  fv_yolo_decode (plan->graph, config, heads, rows);
  if (self->has_loss)
    {
      result = fv_graph_scratch (plan->graph, sizeof (FvLossResult) / sizeof (float), "losses");
      fv_tensor_set_address (result, self->result->address);
      fv_yolo_loss (plan->graph, config, &self->loss, heads, block, result, FALSE);
    }
  fv_graph_plan (plan->graph);
  if (!fv_graph_allocate (plan->graph, error))
    return NULL;
  return g_steal_pointer (&plan);
}

static Plan *
find_plan (FvPredictor *self, guint n, guint height, guint width, GError **error)
{
  Plan *plan;

  for (guint i = 0; i < self->plans->len; i++)
    {
      plan = self->plans->pdata[i];
      if (plan->n == n && plan->height == height && plan->width == width)
        {
          g_ptr_array_add (self->plans, g_ptr_array_steal_index (self->plans, i));
          return plan;
        }
    }
  if (self->plans->len == MAX_PLANS)
    g_ptr_array_remove_index (self->plans, 0);
  plan = make_plan (self, n, height, width, error);
  if (plan != NULL)
    g_ptr_array_add (self->plans, plan);
  return plan;
}

gboolean
fv_predictor_run (FvPredictor *self, const FvBatch *batch, FvPrediction *prediction, GError **error)
{
  Plan *plan = find_plan (self, batch->n, batch->height, batch->width, error);
  const FvLossResult *losses = self->result->map;
  guint64 ticket;

  if (plan == NULL)
    return FALSE;
  if (plan->recording == NULL)
    {
      g_autoptr (FvRecorder) recorder = fv_recorder_new (self->device);

      fv_graph_record (plan->graph, recorder);
      plan->recording = fv_recorder_finish (&recorder, self->timing, error);
      if (plan->recording == NULL)
        return FALSE;
    }
  if (!fv_step_input_write (&self->input, batch, error) || !fv_recording_submit (plan->recording, &ticket, error)
      || !fv_device_wait (self->device, ticket, error))
    return FALSE;
  if (self->timing)
    fv_recording_add_times (plan->recording, self->phases);
  *prediction = (FvPrediction) {
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
  for (guint i = 0; i < self->plans->len; i++)
    g_clear_pointer (&((Plan *) self->plans->pdata[i])->recording, fv_recording_free);
}

GArray *
fv_predictor_get_phases (FvPredictor *self)
{
  return fv_phases_sorted (self->phases);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/fv-parity-net.h"

#include <string.h>

#include "compute/ops/fv-augment.h"
#include "compute/ops/fv-ops.h"

#define HALO 2 /* pixels around the network's input */
#define INPUT_PITCH 4
#define LOSS_SCALE 1024.0f /* of mixed precision; small enough for every reference */

static gsize
buffer_floats (const FvParityNet *self, FvParityBuffer buffer)
{
  return buffer >= FV_PARITY_STATISTICS ? fv_layout_get_statistics_floats (self->layout)
                                        : fv_layout_get_parameter_floats (self->layout);
}

static FvRange
loss_scale_range (const FvParityNet *self)
{
  return self->loss_scale != NULL ? fv_buffer_range (self->loss_scale, 0, sizeof (FvLossScale)) : (FvRange){ 0 };
}

static FvBuffer *
make_buffer (FvParityNet *self, FvMemory memory, gsize bytes, const char *name, GError **error)
{
  return fv_buffer_new (self->device, memory, MAX (bytes, sizeof (float)), name, error);
}

static gboolean
make_buffers (FvParityNet *self, FvParityMode mode, gboolean half, GError **error)
{
  const gsize pixels = (gsize)self->n * (self->height + 2 * HALO) * (self->width + 2 * HALO);
  const gsize rows = (gsize)self->n * fv_yolo_count_rows (self->height, self->width) * (5 + self->config.n_classes);
  const struct
  {
    FvBuffer **buffer;
    FvMemory memory;
    gsize bytes;
  } wanted[] = {
    { &self->input, FV_MEMORY_DEVICE, pixels * INPUT_PITCH * sizeof (float) },
    { &self->block, FV_MEMORY_UPLOAD, sizeof (FvStepBlock) },
    { &self->offsets, FV_MEMORY_UPLOAD, (self->n + 1) * sizeof (guint32) },
    { &self->result, FV_MEMORY_READBACK, sizeof (FvLossResult) },
    { &self->rows, FV_MEMORY_READBACK, mode == FV_PARITY_FORWARD ? rows * sizeof (float) : 0 },
    { &self->scratch, FV_MEMORY_DEVICE, fv_optimizer_scratch_bytes (self->layout) },
    { &self->update_block, FV_MEMORY_UPLOAD, sizeof (FvUpdateBlock) },
    { &self->update_result, FV_MEMORY_READBACK, sizeof (FvUpdateBlockResult) },
  };

  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    {
      *wanted[i].buffer = make_buffer (self, wanted[i].memory, wanted[i].bytes, "reference data", error);
      if (*wanted[i].buffer == NULL)
        return FALSE;
    }
  for (guint i = 0; mode != FV_PARITY_LOSS && i < FV_PARITY_N_BUFFERS; i++)
    {
      self->buffers[i]
          = make_buffer (self, FV_MEMORY_DEVICE, buffer_floats (self, i) * sizeof (float), "weights", error);
      if (self->buffers[i] == NULL)
        return FALSE;
    }
  if (half)
    self->loss_scale = make_buffer (self, FV_MEMORY_DEVICE, sizeof (FvLossScale), "scale of the loss", error);
  return !half || self->loss_scale != NULL;
}

static FvTensor *
root_of (FvTensor *tensor)
{
  while (tensor->parent != NULL)
    tensor = tensor->parent;
  return tensor;
}

/* Gives a tensor memory that the host can copy from, before the graph is planned. */
static gboolean
expose (FvParityNet *self, FvTensor *tensor, GError **error)
{
  FvTensor *root = root_of (tensor);
  FvBuffer *buffer;

  if (g_hash_table_contains (self->exposed, root))
    return TRUE;
  buffer = make_buffer (self, FV_MEMORY_DEVICE, root->size, root->name, error);
  if (buffer == NULL)
    return FALSE;
  fv_tensor_set_address (root, buffer->address);
  g_hash_table_insert (self->exposed, root, buffer);
  return TRUE;
}

static FvTensor *
external (FvParityNet *self, const FvBuffer *buffer, const char *name)
{
  FvTensor *tensor = fv_graph_scratch (self->graph, buffer->size / sizeof (float), name);

  fv_tensor_set_address (tensor, buffer->address);
  return tensor;
}

static void
build_network (FvParityNet *self, FvParityMode mode)
{
  const FvYolov5Buffers buffers = {
    .weights = self->buffers[FV_PARITY_WEIGHTS]->address,
    .statistics = self->buffers[FV_PARITY_STATISTICS]->address,
    .gradients = mode == FV_PARITY_TRAIN ? self->buffers[FV_PARITY_GRADIENTS]->address : 0,
    .loss_scale = loss_scale_range (self).address,
  };
  const FvTensor like = { .n = self->n,
                          .h = self->height + 2 * HALO,
                          .w = self->width + 2 * HALO,
                          .c = INPUT_PITCH,
                          .pitch = INPUT_PITCH,
                          .name = "input" };
  FvTensor *input = fv_graph_tensor_like (self->graph, &like, FV_ELEMENT_FLOAT);

  fv_tensor_set_address (input, self->input->address);
  if (self->loss_scale != NULL)
    input = fv_cast (self->graph, input, FV_ELEMENT_HALF, 0);
  fv_yolov5_build (self->graph, &self->config, self->layout, &buffers, 0, input, self->heads,
                   mode == FV_PARITY_FORWARD ? self->layers : NULL);
}

static gboolean
build (FvParityNet *self, FvParityMode mode, gboolean recompute, const FvLossParams *loss, GError **error)
{
  g_autoptr (FvRecorder) recorder = fv_recorder_new (self->device);

  self->graph = fv_graph_new (self->device, &(FvGraphParams){ .training = mode != FV_PARITY_FORWARD,
                                                              .half = self->loss_scale != NULL,
                                                              .aim_bytes = recompute });
  if (mode != FV_PARITY_LOSS)
    build_network (self, mode);
  for (guint i = 0; mode == FV_PARITY_LOSS && i < FV_YOLOV5_N_HEADS; i++)
    self->heads[i] = fv_graph_tensor (self->graph, self->n, self->height / fv_yolov5_strides[i],
                                      self->width / fv_yolov5_strides[i],
                                      FV_YOLOV5_N_ANCHORS * (5 + self->config.n_classes), 0, "head");
  if (mode == FV_PARITY_FORWARD)
    fv_yolo_decode (self->graph, &self->config, self->heads, external (self, self->rows, "rows"));
  else
    fv_yolo_loss (self->graph, &self->config, loss, self->heads, external (self, self->block, "step block"),
                  external (self, self->result, "losses"), TRUE);
  if (mode == FV_PARITY_TRAIN)
    fv_graph_backward (self->graph);
  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    if (!expose (self, self->heads[i], error)
        || (mode != FV_PARITY_FORWARD && !expose (self, fv_tensor_get_gradient (self->heads[i]), error)))
      return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (self->layers); i++)
    if (self->layers[i] != NULL && !expose (self, self->layers[i], error))
      return FALSE;
  fv_graph_plan (self->graph);
  if (!fv_graph_allocate (self->graph, error))
    return FALSE;
  fv_graph_record (self->graph, recorder);
  self->recording = fv_recorder_finish (&recorder, FALSE, error);
  return self->recording != NULL;
}

FvParityNet *
fv_parity_net_new (FvDevice *device, FvParityMode mode, gboolean recompute, gboolean half, const FvYolov5Config *config,
                   const FvLossParams *loss, guint n, guint height, guint width, GError **error)
{
  g_autoptr (FvParityNet) self = g_new0 (FvParityNet, 1);

  self->device = fv_device_ref (device);
  self->config = *config;
  self->layout = fv_yolov5_layout_new (config);
  self->n = n;
  self->height = height;
  self->width = width;
  self->exposed = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)fv_buffer_free);
  if (!make_buffers (self, mode, half && mode != FV_PARITY_LOSS, error) || !build (self, mode, recompute, loss, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
fv_parity_net_free (FvParityNet *self)
{
  if (self == NULL)
    return;
  fv_recording_free (self->recording);
  for (guint i = 0; i < G_N_ELEMENTS (self->updates); i++)
    fv_recording_free (self->updates[i]);
  fv_graph_free (self->graph);
  g_hash_table_unref (self->exposed);
  for (guint i = 0; i < FV_PARITY_N_BUFFERS; i++)
    fv_buffer_free (self->buffers[i]);
  fv_buffer_free (self->input);
  fv_buffer_free (self->block);
  fv_buffer_free (self->offsets);
  fv_buffer_free (self->targets);
  fv_buffer_free (self->result);
  fv_buffer_free (self->rows);
  fv_buffer_free (self->scratch);
  fv_buffer_free (self->update_block);
  fv_buffer_free (self->update_result);
  fv_buffer_free (self->loss_scale);
  fv_layout_free (self->layout);
  fv_device_unref (self->device);
  g_free (self);
}

gboolean
fv_parity_net_set_weights (FvParityNet *self, const float *weights, const float *statistics, GError **error)
{
  g_autofree float *zero = g_new0 (float, buffer_floats (self, FV_PARITY_WEIGHTS));
  const FvLossScale scale = { .scale = LOSS_SCALE };

  for (guint i = 0; i < FV_PARITY_N_BUFFERS; i++)
    {
      const float *from = i == FV_PARITY_WEIGHTS || i == FV_PARITY_EMA ? weights
                          : i >= FV_PARITY_STATISTICS                  ? statistics
                                                                       : zero;

      if (!fv_buffer_upload (self->buffers[i], 0, from, buffer_floats (self, i) * sizeof (float), error))
        return FALSE;
    }
  return self->loss_scale == NULL || fv_buffer_upload (self->loss_scale, 0, &scale, sizeof scale, error);
}

gboolean
fv_parity_net_set_input (FvParityNet *self, const FvTensorView *pictures, GError **error)
{
  const guint rows = self->height + 2 * HALO, columns = self->width + 2 * HALO;
  const gsize n_values = fv_tensor_view_n_values (pictures);
  g_autofree float *values = g_new (float, n_values);
  g_autofree float *input = g_new0 (float, (gsize)self->n *rows *columns *INPUT_PITCH);
  const float *value = values;

  g_return_val_if_fail (n_values == (gsize)self->n * 3 * self->height * self->width, FALSE);
  if (!fv_tensor_view_to_f32 (pictures, values, error))
    return FALSE;
  for (guint n = 0; n < self->n; n++)
    for (guint c = 0; c < 3; c++)
      for (guint y = 0; y < self->height; y++)
        for (guint x = 0; x < self->width; x++, value++)
          input[(((gsize)n * rows + y + HALO) * columns + x + HALO) * INPUT_PITCH + c]
              = pictures->dtype == FV_DTYPE_U8 ? *value / 255.0f : *value;
  return fv_buffer_upload (self->input, 0, input, self->input->size, error);
}

gboolean
fv_parity_net_set_targets (FvParityNet *self, const float *rows, guint n, GError **error)
{
  g_autofree guint32 *offsets = g_new0 (guint32, self->n + 1);
  g_autofree float *sorted = g_new (float, n * 5 + 1);
  FvStepBlock block = { 0 };
  guint filled = 0;

  for (guint image = 0; image < self->n; image++)
    {
      offsets[image] = filled;
      for (guint i = 0; i < n; i++)
        if (rows[i * 6] == image)
          memcpy (sorted + 5 * filled++, rows + i * 6 + 1, 5 * sizeof (float));
    }
  offsets[self->n] = filled;
  if (filled < n)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "a target is of a picture that the batch doesn't have");
      return FALSE;
    }
  g_clear_pointer (&self->targets, fv_buffer_free);
  self->targets = make_buffer (self, FV_MEMORY_UPLOAD, filled * 5 * sizeof (float), "targets", error);
  if (self->targets == NULL)
    return FALSE;
  block.target_offsets = self->offsets->address;
  block.targets = self->targets->address;
  return fv_buffer_upload (self->offsets, 0, offsets, self->offsets->size, error)
         && (filled == 0 || fv_buffer_upload (self->targets, 0, sorted, filled * 5 * sizeof (float), error))
         && fv_buffer_upload (self->block, 0, &block, sizeof block, error);
}

gboolean
fv_parity_net_set_head (FvParityNet *self, guint i, const float *values, GError **error)
{
  const FvTensor *head = self->heads[i];
  g_autofree float *padded = g_malloc0 (head->size);

  for (guint pixel = 0; pixel < fv_tensor_get_pixels (head); pixel++)
    memcpy (padded + (gsize)pixel * head->pitch, values + (gsize)pixel * head->c, head->c * sizeof (float));
  return fv_buffer_upload (g_hash_table_lookup (self->exposed, head), 0, padded, head->size, error);
}

static gboolean
submit (FvParityNet *self, FvRecording *recording, GError **error)
{
  guint64 ticket;

  return fv_recording_submit (recording, &ticket, error) && fv_device_wait (self->device, ticket, error);
}

gboolean
fv_parity_net_run (FvParityNet *self, GError **error)
{
  return submit (self, self->recording, error);
}

FvLossResult
fv_parity_net_get_losses (FvParityNet *self)
{
  return *(const FvLossResult *)self->result->map;
}

static FvRecording *
record_update (FvParityNet *self, FvOptimizer optimizer, GError **error)
{
  g_autoptr (FvRecorder) recorder = fv_recorder_new (self->device);
  const FvOptimizerArgs args = {
    .optimizer = optimizer,
    .layout = self->layout,
    .weights = self->buffers[FV_PARITY_WEIGHTS],
    .gradients = self->buffers[FV_PARITY_GRADIENTS],
    .momentum = self->buffers[FV_PARITY_MOMENTUM],
    .second_moment = self->buffers[FV_PARITY_SECOND_MOMENT],
    .ema = self->buffers[FV_PARITY_EMA],
    .statistics = self->buffers[FV_PARITY_STATISTICS],
    .ema_statistics = self->buffers[FV_PARITY_EMA_STATISTICS],
    .scratch = self->scratch,
    .loss_scale = loss_scale_range (self),
    .block = fv_buffer_range (self->update_block, 0, sizeof (FvUpdateBlock)),
    .result = fv_buffer_range (self->update_result, 0, sizeof (FvUpdateBlockResult)),
  };

  fv_optimizer_record (recorder, &args);
  return fv_recorder_finish (&recorder, FALSE, error);
}

gboolean
fv_parity_net_update (FvParityNet *self, FvOptimizer optimizer, const FvUpdateBlock *block, FvUpdateBlockResult *result,
                      GError **error)
{
  FvRecording **recording = &self->updates[optimizer];

  if (*recording == NULL)
    *recording = record_update (self, optimizer, error);
  return *recording != NULL && fv_buffer_upload (self->update_block, 0, block, sizeof *block, error)
         && submit (self, *recording, error)
         && fv_buffer_download (self->update_result, 0, result, sizeof *result, error);
}

float *
fv_parity_net_read (FvParityNet *self, FvTensor *tensor, GError **error)
{
  FvTensor *root = root_of (tensor);
  const guint pixels = fv_tensor_get_pixels (tensor);
  const gsize first = (fv_tensor_get_address (tensor) - fv_tensor_get_address (root)) / root->element;
  const gsize n = root->size / root->element;
  g_autofree guint8 *bytes = g_malloc (root->size);
  g_autofree float *all = g_new (float, n);
  const FvTensorView view = { .dtype = root->element == FV_ELEMENT_HALF ? FV_DTYPE_F16 : FV_DTYPE_F32,
                              .n_dims = 1,
                              .dims = { n },
                              .data = bytes,
                              .n_bytes = root->size };
  float *values;

  if (!fv_buffer_download (g_hash_table_lookup (self->exposed, root), 0, bytes, root->size, error)
      || !fv_tensor_view_to_f32 (&view, all, error))
    return NULL;
  values = g_new (float, (gsize)pixels * tensor->c);
  for (guint pixel = 0; pixel < pixels; pixel++)
    memcpy (values + (gsize)pixel * tensor->c, all + first + (gsize)pixel * tensor->pitch, tensor->c * sizeof (float));
  return values;
}

static float *
read_buffer (FvBuffer *buffer, GError **error)
{
  g_autofree float *values = g_malloc (buffer->size);

  return fv_buffer_download (buffer, 0, values, buffer->size, error) ? g_steal_pointer (&values) : NULL;
}

float *
fv_parity_net_read_rows (FvParityNet *self, GError **error)
{
  return read_buffer (self->rows, error);
}

float *
fv_parity_net_read_buffer (FvParityNet *self, FvParityBuffer buffer, GError **error)
{
  float *values = read_buffer (self->buffers[buffer], error);

  for (gsize i = 0;
       values != NULL && self->loss_scale != NULL && buffer == FV_PARITY_GRADIENTS && i < buffer_floats (self, buffer);
       i++)
    values[i] /= LOSS_SCALE;
  return values;
}

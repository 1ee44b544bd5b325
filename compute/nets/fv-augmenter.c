/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/nets/fv-augmenter.h"

#include "compute/nets/fv-step-input.h"

struct _FvAugmenter
{
  FvDevice *device;
  FvStepInput input;
  guint n, height, width; /* that everything below is made for */
  FvBuffer *pixels;
  FvGraph *graph;
  FvRecording *recording;
};

FvAugmenter *
fv_augmenter_new (FvDevice *device, GError **error)
{
  g_autoptr (FvAugmenter) self = g_new0 (FvAugmenter, 1);

  self->device = fv_device_ref (device);
  if (!fv_step_input_init (&self->input, device, error))
    return NULL;
  return g_steal_pointer (&self);
}

static void
drop_recording (FvAugmenter *self)
{
  g_clear_pointer (&self->recording, fv_recording_free);
  g_clear_pointer (&self->graph, fv_graph_free);
  g_clear_pointer (&self->pixels, fv_buffer_free);
}

void
fv_augmenter_free (FvAugmenter *self)
{
  if (self == NULL)
    return;
  drop_recording (self);
  fv_step_input_clear (&self->input);
  fv_device_unref (self->device);
  g_free (self);
}

static gboolean
record (FvAugmenter *self, const FvBatch *batch, GError **error)
{
  const gsize pixels = (gsize)batch->n * (batch->height + 4) * (batch->width + 4);
  g_autoptr (FvRecorder) recorder = NULL;
  FvTensor *block, *result;

  if (self->recording != NULL && self->n == batch->n && self->height == batch->height && self->width == batch->width)
    return TRUE;
  drop_recording (self);
  self->n = batch->n;
  self->height = batch->height;
  self->width = batch->width;
  /* The kernel writes where the host reads: nothing need be copied. */
  self->pixels = fv_buffer_new (self->device, FV_MEMORY_READBACK, pixels * 4 * sizeof (float), "augmented", error);
  if (self->pixels == NULL)
    return FALSE;
  self->graph = fv_graph_new (self->device, &(FvGraphParams){ .training = TRUE });
  block = fv_graph_scratch (self->graph, sizeof (FvStepBlock) / sizeof (float), "step block");
  fv_tensor_set_address (block, self->input.block->address);
  result = fv_augment (self->graph, block, batch->n, batch->height, batch->width);
  fv_tensor_set_address (result, self->pixels->address);
  fv_graph_plan (self->graph);
  if (!fv_graph_allocate (self->graph, error))
    return FALSE;
  recorder = fv_recorder_new (self->device);
  fv_graph_record (self->graph, recorder);
  self->recording = fv_recorder_finish (&recorder, FALSE, error);
  return self->recording != NULL;
}

const float *
fv_augmenter_run (FvAugmenter *self, const FvBatch *batch, GError **error)
{
  guint64 ticket;

  if (!record (self, batch, error) || !fv_step_input_write (&self->input, batch, error)
      || !fv_recording_submit (self->recording, &ticket, error) || !fv_device_wait (self->device, ticket, error))
    return NULL;
  return self->pixels->map;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/reference/fv-device-augment.h"

#include "compute/nets/fv-step-input.h"

float *
fv_device_augment (FvDevice *device, const FvBatch *batch)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvGraph) graph = fv_graph_new (device, &(FvGraphParams){ .training = TRUE });
  FvStepInput input = { 0 };
  gsize bytes = (gsize)batch->n * (batch->height + 4) * (batch->width + 4) * 4 * sizeof (float);
  float *values = g_malloc (bytes);
  guint64 ticket;
  gboolean ok = fv_step_input_init (&input, device, &error) && fv_step_input_write (&input, batch, &error);
  g_assert_no_error (error);
  g_assert_true (ok);

  FvTensor *block = fv_graph_tensor (graph, 1, 1, 1, sizeof (FvStepBlock) / sizeof (float), 0, "block");
  fv_tensor_set_address (block, input.block->address);
  FvTensor *result = fv_augment (graph, block, batch->n, batch->height, batch->width);
  g_autoptr (FvBuffer) out = fv_buffer_new (device, FV_MEMORY_DEVICE, bytes, "result", &error);
  g_assert_no_error (error);
  fv_tensor_set_address (result, out->address);
  fv_graph_plan (graph);
  fv_graph_allocate (graph, &error);
  g_assert_no_error (error);
  FvRecorder *recorder = fv_recorder_new (device);
  fv_graph_record (graph, recorder);
  g_autoptr (FvRecording) recording = fv_recorder_finish (&recorder, FALSE, &error);
  g_assert_no_error (error);
  fv_recording_submit (recording, &ticket, &error);
  g_assert_no_error (error);
  fv_device_wait (device, ticket, &error);
  g_assert_no_error (error);
  fv_buffer_download (out, 0, values, bytes, &error);
  g_assert_no_error (error);
  fv_step_input_clear (&input);
  return values;
}

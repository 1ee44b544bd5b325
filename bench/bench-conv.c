/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench-conv SIDE CHANNELS KERNEL [BATCH]: the speed of every variant of the forward convolution that fits this shape. */
#include "compute/ops/fv-conv-variants.h"
#include "compute/ops/fv-ops.h"

#include <stdio.h>
#include <stdlib.h>

#define REPEATS 9

/* Seconds of the fastest of several runs, or 0 after an error. */
static double
measure (FvDevice *device, guint batch, guint side, guint channels, guint kernel, GError **error)
{
  const FvParam param = {
    .name = (char *)"weight",
    .kind = FV_PARAM_CONV_WEIGHT,
    .n_dims = 4,
    .dims = { channels, channels, kernel, kernel },
    .pitch_in = channels,
    .pitch_out = channels,
    .length = (gsize)kernel * kernel * channels * channels,
  };
  g_autoptr (FvGraph) g = fv_graph_new (device, &(FvGraphParams){ 0 });
  g_autoptr (FvRecorder) recorder = fv_recorder_new (device);
  g_autoptr (FvRecording) recording = NULL;
  g_autoptr (FvBuffer) weights
      = fv_buffer_new (device, FV_MEMORY_DEVICE, param.length * sizeof (float), "weights", error);
  g_autoptr (FvBuffer) input = NULL;
  FvTensor *x = fv_graph_tensor (g, batch, side, side, channels, 0, "x"), *y;
  double best = G_MAXDOUBLE;

  input = fv_buffer_new (device, FV_MEMORY_DEVICE, x->size, "x", error);
  if (weights == NULL || input == NULL)
    return 0;
  fv_tensor_set_address (x, input->address);
  y = fv_conv2d (g, x, &(FvConvWeights){ .weight = &param, .weight_address = weights->address }, 1, kernel / 2, "y");
  y->keep = TRUE;
  fv_graph_plan (g);
  if (!fv_graph_allocate (g, error))
    return 0;
  fv_graph_record (g, recorder);
  recording = fv_recorder_finish (&recorder, FALSE, error);
  for (guint i = 0; recording != NULL && i < REPEATS; i++)
    {
      const gint64 start = g_get_monotonic_time ();
      guint64 ticket;

      if (!fv_recording_submit (recording, &ticket, error) || !fv_device_wait (device, ticket, error))
        return 0;
      /* The first run also compiles. */
      if (i > 0)
        best = MIN (best, (g_get_monotonic_time () - start) * 1e-6);
    }
  return recording != NULL ? best : 0;
}

int
main (int argc, char **argv)
{
  const guint side = argc > 3 ? atoi (argv[1]) : 0, channels = argc > 3 ? atoi (argv[2]) : 0;
  const guint kernel = argc > 3 ? atoi (argv[3]) : 0, batch = argc > 4 ? atoi (argv[4]) : 4;
  const FvConvShape shape = { batch, side, side, side, side, channels, channels, kernel, 1, kernel / 2 };
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDevice) device = NULL;
  guint n_variants;
  const FvConvVariant *variants = fv_conv_get_variants (FV_CONV_FORWARD, &n_variants);

  if (side < 1 || channels < 16 || channels % 16 != 0 || (kernel != 1 && kernel != 3) || batch < 1)
    {
      fprintf (
          stderr,
          "Usage: bench-conv SIDE CHANNELS KERNEL [BATCH]; channels are a multiple of 16, the kernel is 1 or 3.\n");
      return 2;
    }
  fv_device_prepare_environment ();
  device = fv_device_open (&(FvDeviceParams){ 0 }, &error);
  for (guint i = 0; device != NULL && error == NULL && i < n_variants; i++)
    if (fv_conv_variant_fits (&variants[i], fv_device_get_subgroup_size (device), FV_CONV_FORWARD, &shape))
      {
        double seconds;

        fv_conv_force_variant (FV_CONV_FORWARD, i);
        seconds = measure (device, batch, side, channels, kernel, &error);
        if (seconds > 0)
          printf ("variant %2u, %2u lanes: %8.2f ms, %6.1f GFLOP/s\n", i, variants[i].lanes, seconds * 1e3,
                  2.0 * batch * side * side * kernel * kernel * channels * channels / seconds * 1e-9);
      }
  if (error != NULL)
    {
      fprintf (stderr, "bench-conv: %s\n", error->message);
      return 1;
    }
  return 0;
}

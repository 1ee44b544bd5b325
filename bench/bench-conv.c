/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench-conv DIRECTION BATCH SIDE IN OUT KERNEL STRIDE [VARIANT [REPEATS]]: the speed of every variant, or of one, that fits a convolution.
 * DIRECTION is forward, data or weights; SIDE that of the input in pixels.
 */
#include "compute/ops/fv-conv-variants.h"
#include "compute/ops/fv-ops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALL G_MAXUINT

static FvBuffer *
new_buffer (FvDevice *device, gsize floats, const char *name, GError **error)
{
  return fv_buffer_new (device, FV_MEMORY_DEVICE, floats * sizeof (float), name, error);
}

/* Seconds of the fastest of @repeats runs of a direction by its own dispatches' time, or 0 after an error. */
static double
measure (FvDevice *device, FvConvDirection direction, const FvConvShape *shape, guint repeats, GError **error)
{
  static const char *const phases[] = { "conv forward", "conv backward data", "conv backward weights" };
  const FvParam param = {
    .name = (char *)"weight",
    .kind = FV_PARAM_CONV_WEIGHT,
    .n_dims = 4,
    .dims = { shape->out_channels, shape->in_channels, shape->kernel, shape->kernel },
    .pitch_in = shape->in_channels,
    .pitch_out = shape->out_channels,
    .length = (gsize)shape->kernel * shape->kernel * shape->in_channels * shape->out_channels,
  };
  g_autoptr (FvGraph) g = fv_graph_new (device, &(FvGraphParams){ .training = TRUE });
  g_autoptr (FvRecorder) recorder = fv_recorder_new (device);
  g_autoptr (FvRecording) recording = NULL;
  g_autoptr (FvBuffer) weights = new_buffer (device, 2 * param.length, "weights", error);
  g_autoptr (FvBuffer) input = NULL;
  FvTensor *x = fv_graph_tensor (g, shape->n, shape->in_h, shape->in_w, shape->in_channels,
                                 shape->in_channels == 4 ? 4 : 0, "x"),
           *y;
  FvConvWeights w = { .weight = &param };
  double best = G_MAXDOUBLE;

  input = new_buffer (device, x->size / sizeof (float), "x", error);
  if (weights == NULL || input == NULL)
    return 0;
  w.weight_address = weights->address;
  fv_tensor_set_address (x, input->address);
  x->requires_gradient = direction == FV_CONV_BACKWARD_DATA;
  if (direction == FV_CONV_BACKWARD_WEIGHTS)
    w.weight_gradient = weights->address + param.length * sizeof (float);
  y = fv_conv2d (g, x, &w, shape->stride, shape->padding, "y");
  y->keep = TRUE;
  if (direction != FV_CONV_FORWARD)
    {
      fv_tensor_get_gradient (y)->keep = TRUE;
      fv_graph_backward (g);
    }
  fv_graph_plan (g);
  if (!fv_graph_allocate (g, error))
    return 0;
  fv_graph_record (g, recorder);
  recording = fv_recorder_finish (&recorder, TRUE, error);
  for (guint i = 0; recording != NULL && i <= repeats; i++)
    {
      g_autoptr (GArray) times = g_array_new (FALSE, TRUE, sizeof (FvPhase));
      guint64 ticket;

      if (!fv_recording_submit (recording, &ticket, error) || !fv_device_wait (device, ticket, error))
        return 0;
      fv_recording_add_times (recording, times);
      /* The first run also compiles. */
      for (guint k = 0; i > 0 && k < times->len; k++)
        if (g_str_equal (g_array_index (times, FvPhase, k).name, phases[direction]))
          best = MIN (best, g_array_index (times, FvPhase, k).seconds);
    }
  return recording != NULL ? best : 0;
}

int
main (int argc, char **argv)
{
  static const char *const names[FV_N_CONV_DIRECTIONS] = { "forward", "data", "weights" };
  FvConvDirection direction = 0;
  FvConvShape shape;
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDevice) device = NULL;
  guint n_variants, wanted = ALL, repeats = 9;
  const FvConvVariant *variants;

  while (argc > 1 && direction < FV_N_CONV_DIRECTIONS && strcmp (argv[1], names[direction]) != 0)
    direction++;
  if (argc < 8 || direction == FV_N_CONV_DIRECTIONS)
    {
      fprintf (stderr, "Usage: bench-conv forward|data|weights BATCH SIDE IN OUT KERNEL STRIDE [VARIANT [REPEATS]]\n");
      return 2;
    }
  shape = (FvConvShape){ .n = atoi (argv[2]),
                         .in_h = atoi (argv[3]),
                         .in_w = atoi (argv[3]),
                         .in_channels = atoi (argv[4]),
                         .out_channels = atoi (argv[5]),
                         .kernel = atoi (argv[6]),
                         .stride = atoi (argv[7]) };
  shape.padding = shape.in_channels == 4 ? 0 : shape.kernel / 2;
  shape.out_h = shape.out_w = (shape.in_h + 2 * shape.padding - shape.kernel) / shape.stride + 1;
  if (argc > 8)
    wanted = atoi (argv[8]);
  if (argc > 9)
    repeats = atoi (argv[9]);
  fv_device_prepare_environment ();
  device = fv_device_open (&(FvDeviceParams){ 0 }, &error);
  variants = fv_conv_get_variants (direction, &n_variants);
  for (guint i = 0; device != NULL && error == NULL && i < n_variants; i++)
    if ((wanted == ALL || wanted == i)
        && fv_conv_variant_fits (&variants[i], fv_device_get_limits (device), direction, &shape))
      {
        const FvConvVariant *v = &variants[i];
        double seconds;

        fv_conv_force_variant (direction, i);
        seconds = measure (device, direction, &shape, repeats, &error);
        if (seconds > 0)
          printf ("%s variant %2u, %s, %u lanes, %u x %u x %u: %8.2f ms, %6.1f GFLOP/s\n", names[direction], i,
                  fv_conv_variant_get_family_name (v), v->lanes, v->pixels, v->channels, v->depth, seconds * 1e3,
                  fv_conv_shape_get_flops (&shape) / seconds * 1e-9);
      }
  if (error != NULL)
    {
      fprintf (stderr, "bench-conv: %s\n", error->message);
      return 1;
    }
  return 0;
}

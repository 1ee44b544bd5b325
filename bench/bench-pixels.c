/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench-pixels BATCH SIDE CHANNELS: how fast the operators that go pixel by pixel move memory, beside a copy by two threads. */
#include "compute/nets/fv-loss.h"
#include "compute/ops/fv-ops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPEATS 9
#define CLASSES 80

typedef struct
{
  FvDevice *device;
  guint batch, side, channels;
  FvTensor *x;       /* of the graph being built */
  FvBuffer *numbers; /* -1..1, enough for the largest tensor */
  FvBuffer *parameters;
} Bench;

/* An operator: appends its nodes, and says how many tensors of x's size each of its phases must read and write at least. */
typedef struct
{
  const char *name;
  FvTensor *(*build) (Bench *bench, FvGraph *g);
  gboolean training;
  struct
  {
    const char *phase;
    double tensors;
  } traffic[4];
} Operator;

static FvTensor *
build_batch_norm (Bench *bench, FvGraph *g)
{
  const VkDeviceSize step = (VkDeviceSize)(bench->channels + 15) / 16 * 16 * sizeof (float);
  const VkDeviceAddress first = bench->parameters->address;
  const gboolean training = fv_graph_is_training (g);

  return fv_batch_norm (g, bench->x,
                        &(FvBatchNormWeights){
                            .weight = first,
                            .bias = first + step,
                            .running_mean = first + 2 * step,
                            .running_var = first + 3 * step,
                            .weight_gradient = training ? first + 4 * step : 0,
                            .bias_gradient = training ? first + 5 * step : 0,
                        },
                        FV_ACTIVATION_SILU, "y");
}

static FvTensor *
build_add (Bench *bench, FvGraph *g)
{
  return fv_add (g, bench->x, bench->x, "y");
}

static FvTensor *
build_upsample (Bench *bench, FvGraph *g)
{
  return fv_upsample2x (g, bench->x, "y");
}

static FvTensor *
build_max_pool (Bench *bench, FvGraph *g)
{
  return fv_max_pool (g, bench->x, 5, "y");
}

/* Heads of a picture whose finest one has x's sides. */
static FvTensor *
build_decode (Bench *bench, FvGraph *g)
{
  const guint channels = FV_YOLOV5_N_ANCHORS * (5 + CLASSES), side = bench->side / 4 * 4;
  FvYolov5Config config;
  FvTensor *heads[FV_YOLOV5_N_HEADS], *rows;

  fv_yolov5_config_init (&config, 'n', CLASSES);
  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    {
      heads[i] = fv_graph_tensor (g, bench->batch, side >> i, side >> i, channels, 0, "head");
      fv_tensor_set_address (heads[i], bench->numbers->address);
    }
  rows = fv_graph_scratch (g, (gsize)bench->batch * fv_yolo_count_rows (8 * side, 8 * side) * (5 + CLASSES), "rows");
  fv_yolo_decode (g, &config, heads, rows);
  return rows;
}

static const Operator operators[] = {
  { "batch norm",
    build_batch_norm,
    TRUE,
    { { "batch norm statistics", 1 }, { "batch norm", 2 }, { "batch norm sums", 2 }, { "batch norm backward", 3 } } },
  { "add", build_add, FALSE, { { "add", 3 } } },
  { "upsample", build_upsample, TRUE, { { "upsample", 5 }, { "upsample backward", 5 } } },
  { "max pool", build_max_pool, TRUE, { { "max pool", 3 }, { "max pool backward", 3 } } },
  { "decode", build_decode, FALSE, { { "decode", 0 } } },
};

/* Bytes a second that two threads read and write with memcpy(). */

typedef struct
{
  char *to;
  const char *from;
  gsize size;
} Copy;

static gpointer
copy (gpointer data)
{
  const Copy *self = data;

  memcpy (self->to, self->from, self->size);
  return NULL;
}

static double
measure_copy (gsize size)
{
  g_autofree char *from = g_malloc (size), *to = g_malloc (size);
  double best = 0;

  memset (from, 1, size);
  for (guint i = 0; i < REPEATS; i++)
    {
      Copy copies[2] = { { to, from, size / 2 }, { to + size / 2, from + size / 2, size / 2 } };
      GThread *threads[2];
      const gint64 start = g_get_monotonic_time ();

      for (guint j = 0; j < 2; j++)
        threads[j] = g_thread_new ("copy", copy, &copies[j]);
      for (guint j = 0; j < 2; j++)
        g_thread_join (threads[j]);
      best = MAX (best, 2.0 * size / (g_get_monotonic_time () - start) * 1e6);
    }
  return best;
}

static gboolean
measure (Bench *bench, const Operator *op, double copy_rate, GError **error)
{
  g_autoptr (FvGraph) g = fv_graph_new (bench->device, &(FvGraphParams){ .training = op->training });
  g_autoptr (FvRecorder) recorder = fv_recorder_new (bench->device);
  g_autoptr (FvRecording) recording = NULL;
  double best[G_N_ELEMENTS (op->traffic)];
  FvTensor *y;
  gsize size;

  bench->x = fv_graph_tensor (g, bench->batch, bench->side, bench->side, bench->channels, 0, "x");
  bench->x->requires_gradient = op->training;
  size = bench->x->size;
  fv_tensor_set_address (bench->x, bench->numbers->address);
  y = op->build (bench, g);
  y->keep = TRUE;
  if (op->training)
    {
      fv_tensor_set_address (fv_tensor_get_gradient (y), bench->numbers->address);
      fv_tensor_claim_gradient (y);
      fv_graph_backward (g);
      fv_tensor_get_gradient (bench->x)->keep = TRUE;
    }
  fv_graph_plan (g);
  if (!fv_graph_allocate (g, error))
    return FALSE;
  fv_graph_record (g, recorder);
  recording = fv_recorder_finish (&recorder, TRUE, error);
  for (guint i = 0; recording != NULL && i < REPEATS; i++)
    {
      g_autoptr (GArray) phases = g_array_new (FALSE, TRUE, sizeof (FvPhase));
      guint64 ticket;

      if (!fv_recording_submit (recording, &ticket, error) || !fv_device_wait (bench->device, ticket, error))
        return FALSE;
      fv_recording_add_times (recording, phases);
      for (guint j = 0; j < G_N_ELEMENTS (op->traffic); j++)
        for (guint k = 0; op->traffic[j].phase != NULL && k < phases->len; k++)
          {
            const FvPhase *phase = &g_array_index (phases, FvPhase, k);

            /* The first run also compiles. */
            if (g_str_equal (phase->name, op->traffic[j].phase))
              best[j] = i < 2 ? phase->seconds : MIN (best[j], phase->seconds);
          }
    }
  if (recording == NULL)
    return FALSE;
  for (guint j = 0; j < G_N_ELEMENTS (op->traffic) && op->traffic[j].phase != NULL; j++)
    {
      const double tensors = op->traffic[j].tensors;
      const double rate = (tensors != 0 ? tensors * size : 2.0 * y->size) / best[j];

      printf ("%-24s %8.3f ms %6.2f GB/s, %3.0f %% of a copy\n", op->traffic[j].phase, best[j] * 1e3, rate * 1e-9,
              rate / copy_rate * 100);
    }
  return TRUE;
}

static gboolean
fill (FvBuffer *buffer, float low, float high, GError **error)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  const gsize n = buffer->size / sizeof (float);
  g_autofree float *values = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    values[i] = g_rand_double_range (rand, low, high);
  return fv_buffer_upload (buffer, 0, values, n * sizeof (float), error);
}

int
main (int argc, char **argv)
{
  Bench bench = { 0 };
  const char *only = argc > 4 ? argv[4] : NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDevice) device = NULL;
  double copy_rate;
  gsize size;

  if (argc > 3)
    {
      bench.batch = atoi (argv[1]);
      bench.side = atoi (argv[2]);
      bench.channels = atoi (argv[3]);
    }
  if (bench.batch < 1 || bench.side < 4 || bench.channels < 1)
    {
      fprintf (stderr, "Usage: bench-pixels BATCH SIDE CHANNELS [OPERATOR]\n");
      return 2;
    }
  fv_device_prepare_environment ();
  device = fv_device_open (&(FvDeviceParams){ 0 }, &error);
  bench.device = device;
  size = (gsize)bench.batch * bench.side * bench.side * sizeof (float);
  /* The gradient of the upsampled tensor is the largest; a head of decode has 256 channels. */
  size *= MAX ((bench.channels + 15) / 16 * 16 * 4, 256);
  if (device != NULL)
    bench.numbers = fv_buffer_new (device, FV_MEMORY_DEVICE, size, "numbers", &error);
  if (bench.numbers != NULL)
    bench.parameters
        = fv_buffer_new (device, FV_MEMORY_DEVICE, 6 * sizeof (float) * (bench.channels + 15), "parameters", &error);
  if (bench.parameters != NULL && fill (bench.numbers, -4, 4, &error) && fill (bench.parameters, 0.5, 1, &error))
    {
      copy_rate = measure_copy ((gsize)bench.batch * bench.side * bench.side * bench.channels * sizeof (float));
      printf ("%s, subgroups of %u\n%-24s %21.2f GB/s\n", fv_device_get_info (device)->name,
              fv_device_get_subgroup_size (device), "copy by two threads", copy_rate * 1e-9);
      for (guint i = 0; error == NULL && i < G_N_ELEMENTS (operators); i++)
        if (only == NULL || g_str_equal (only, operators[i].name))
          measure (&bench, &operators[i], copy_rate, &error);
    }
  if (error != NULL)
    fprintf (stderr, "bench-pixels: %s\n", error->message);
  fv_buffer_free (bench.numbers);
  fv_buffer_free (bench.parameters);
  return error != NULL;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* BatchNorm with SiLU, addition, concatenation, upsampling and max pooling, forward and backward, against plain loops. */
#include "compute/ops/fv-ops.h"
#include "tests/reference/fv-reference-pixels.h"

#include <math.h>
#include <string.h>

static FvDevice *device;

/* A tensor of the test: memory of its own, and what it holds. */
typedef struct
{
  FvBuffer *buffer;
  gsize floats;
  guint pitch;
} Memory;

static FvTensor *
external (FvGraph *g, Memory *memory, guint n, guint h, guint w, guint c)
{
  g_autoptr (GError) error = NULL;
  FvTensor *tensor = fv_graph_tensor (g, n, h, w, c, 0, "test");

  memory->floats = tensor->size / sizeof (float);
  memory->pitch = tensor->pitch;
  memory->buffer = fv_buffer_new (device, FV_MEMORY_DEVICE, tensor->size, "test", &error);
  g_assert_no_error (error);
  fv_tensor_set_address (tensor, memory->buffer->address);
  return tensor;
}

static void
write_values (Memory *memory, const double *values, guint c)
{
  g_autoptr (GError) error = NULL;
  g_autofree float *floats = g_new0 (float, memory->floats);

  for (gsize p = 0; p < memory->floats / memory->pitch; p++)
    for (guint i = 0; i < c; i++)
      floats[p * memory->pitch + i] = values[p * c + i];
  fv_buffer_upload (memory->buffer, 0, floats, memory->floats * sizeof (float), &error);
  g_assert_no_error (error);
}

/* Compares channels [first, first + c) and, with @padding, that the rest of the pitch is zero. */
static void
check_slice (Memory *memory, guint first, const double *expected, guint c, double tolerance)
{
  g_autoptr (GError) error = NULL;
  g_autofree float *floats = g_new0 (float, memory->floats);
  double largest = 0, worst = 0;

  fv_buffer_download (memory->buffer, 0, floats, memory->floats * sizeof (float), &error);
  g_assert_no_error (error);
  for (gsize p = 0; p < memory->floats / memory->pitch; p++)
    for (guint i = 0; i < c; i++)
      {
        const double got = floats[p * memory->pitch + first + i], want = expected[p * c + i];

        g_assert_true (isfinite (got));
        largest = MAX (largest, fabs (want));
        worst = MAX (worst, fabs (got - want));
      }
  g_assert_cmpfloat (worst, <=, tolerance * MAX (largest, 1e-6));
}

static double *
random_values (GRand *rand, gsize n, double low, double high)
{
  double *values = g_new (double, n);

  for (gsize i = 0; i < n; i++)
    values[i] = (float)g_rand_double_range (rand, low, high);
  return values;
}

static void
run (FvGraph *g)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvRecorder) recorder = fv_recorder_new (device);
  g_autoptr (FvRecording) recording = NULL;
  guint64 ticket;

  fv_graph_plan (g);
  fv_graph_allocate (g, &error);
  g_assert_no_error (error);
  fv_graph_record (g, recorder);
  recording = fv_recorder_finish (&recorder, FALSE, &error);
  g_assert_no_error (error);
  fv_recording_submit (recording, &ticket, &error);
  fv_device_wait (device, ticket, &error);
  g_assert_no_error (error);
}

/* Gives the gradient of a tensor memory of the test, filled with @values where there are some. */
static void
external_gradient (FvGraph *g, FvTensor *tensor, Memory *memory, const double *values)
{
  g_autoptr (GError) error = NULL;
  FvTensor *gradient = fv_tensor_get_gradient (tensor);

  memory->floats = gradient->size / sizeof (float);
  memory->pitch = gradient->pitch;
  memory->buffer = fv_buffer_new (device, FV_MEMORY_DEVICE, gradient->size, "gradient", &error);
  g_assert_no_error (error);
  fv_tensor_set_address (gradient, memory->buffer->address);
  if (values != NULL)
    write_values (memory, values, tensor->c);
}

typedef struct
{
  FvReferenceShape shape;
  gboolean frozen, silu;
  double offset; /* of the data's mean: cancellation must not hurt */
} NormCase;

static const NormCase norm_cases[] = {
  { { 3, 5, 7, 16 }, FALSE, TRUE, 0 },   { { 2, 9, 4, 48 }, FALSE, TRUE, 30 }, { { 1, 1, 2, 32 }, FALSE, FALSE, 0 },
  { { 2, 33, 17, 80 }, FALSE, TRUE, 0 }, { { 3, 5, 7, 64 }, TRUE, TRUE, 0 },
};

enum
{
  WEIGHT,
  BIAS,
  MEAN,
  VAR,
  D_WEIGHT,
  D_BIAS,
  N_VECTORS
};

static void
test_batch_norm (gconstpointer data)
{
  const NormCase *test = data;
  const FvReferenceShape *s = &test->shape;
  const gsize pixels = (gsize)s->n * s->h * s->w, count = pixels * s->c;
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  g_autoptr (FvGraph) g = fv_graph_new (device, &(FvGraphParams){ .training = TRUE });
  g_autofree double *x = random_values (rand, count, test->offset - 1, test->offset + 1);
  g_autofree double *dy = random_values (rand, count, -1, 1), *y = g_new (double, count), *dx = g_new (double, count);
  double *vectors[N_VECTORS];
  Memory memories[N_VECTORS], x_memory, y_memory, dx_memory, dy_memory;
  FvTensor *tensors[N_VECTORS], *input, *output;
  FvBatchNormWeights weights = { .frozen = test->frozen };

  for (guint i = 0; i < N_VECTORS; i++)
    {
      vectors[i] = i == MEAN ? random_values (rand, s->c, test->offset - 0.1, test->offset + 0.1)
                             : random_values (rand, s->c, i == BIAS ? -1 : 0.5, 1.5);
      tensors[i] = external (g, &memories[i], 1, 1, 1, s->c);
      write_values (&memories[i], vectors[i], s->c);
    }
  weights.weight = fv_tensor_get_address (tensors[WEIGHT]);
  weights.bias = fv_tensor_get_address (tensors[BIAS]);
  weights.running_mean = fv_tensor_get_address (tensors[MEAN]);
  weights.running_var = fv_tensor_get_address (tensors[VAR]);
  if (!test->frozen)
    {
      weights.weight_gradient = fv_tensor_get_address (tensors[D_WEIGHT]);
      weights.bias_gradient = fv_tensor_get_address (tensors[D_BIAS]);
    }
  input = external (g, &x_memory, s->n, s->h, s->w, s->c);
  input->requires_gradient = TRUE;
  write_values (&x_memory, x, s->c);
  output = fv_batch_norm (g, input, &weights, test->silu ? FV_ACTIVATION_SILU : FV_ACTIVATION_NONE, "test");
  y_memory.floats = output->size / sizeof (float);
  y_memory.pitch = output->pitch;
  y_memory.buffer = fv_buffer_new (device, FV_MEMORY_DEVICE, output->size, "y", NULL);
  fv_tensor_set_address (output, y_memory.buffer->address);
  external_gradient (g, output, &dy_memory, dy);
  external_gradient (g, input, &dx_memory, NULL);
  fv_graph_backward (g);
  run (g);

  {
    g_autofree double *d_weight = g_new (double, s->c), *d_bias = g_new (double, s->c);

    fv_reference_batch_norm_backward (s, !test->frozen, test->silu, x, vectors[WEIGHT], vectors[BIAS], vectors[MEAN],
                                      vectors[VAR], dy, dx, d_weight, d_bias);
    fv_reference_batch_norm (s, !test->frozen, test->silu, x, vectors[WEIGHT], vectors[BIAS], vectors[MEAN],
                             vectors[VAR], y);
    check_slice (&y_memory, 0, y, s->c, 1e-5);
    check_slice (&dx_memory, 0, dx, s->c, 2e-5);
    check_slice (&memories[MEAN], 0, vectors[MEAN], s->c, 1e-6);
    check_slice (&memories[VAR], 0, vectors[VAR], s->c, 1e-5);
    for (guint c = 0; c < s->c; c++)
      {
        vectors[D_WEIGHT][c] += test->frozen ? 0 : d_weight[c];
        vectors[D_BIAS][c] += test->frozen ? 0 : d_bias[c];
      }
    check_slice (&memories[D_WEIGHT], 0, vectors[D_WEIGHT], s->c, 1e-5);
    check_slice (&memories[D_BIAS], 0, vectors[D_BIAS], s->c, 1e-5);
  }
  for (guint i = 0; i < N_VECTORS; i++)
    {
      g_free (vectors[i]);
      fv_buffer_free (memories[i].buffer);
    }
  fv_buffer_free (x_memory.buffer);
  fv_buffer_free (y_memory.buffer);
  fv_buffer_free (dx_memory.buffer);
  fv_buffer_free (dy_memory.buffer);
}

/* A small C3-like tangle: pool and its input joined, upsampled, added to itself: views, second consumers and adding gradients. */
static void
test_tangle (void)
{
  const FvReferenceShape s = { 2, 5, 7, 16 }, joined = { 2, 5, 7, 32 };
  const gsize count = (gsize)2 * 5 * 7 * 16;
  g_autoptr (GRand) rand = g_rand_new_with_seed (3);
  g_autoptr (FvGraph) g = fv_graph_new (device, &(FvGraphParams){ .training = TRUE });
  g_autofree double *x = random_values (rand, count, -1, 1), *dy = random_values (rand, 8 * count, -1, 1);
  g_autofree double *sum = g_new (double, count), *pool = g_new (double, count), *cat = g_new (double, 2 * count);
  g_autofree double *y = g_new (double, 8 * count), *dcat = g_new (double, 2 * count), *dx = g_new (double, count);
  g_autofree double *dpool = g_new (double, count), *part = g_new (double, count);
  Memory x_memory, y_memory, dx_memory, dy_memory;
  FvTensor *input = external (g, &x_memory, s.n, s.h, s.w, s.c), *doubled, *pooled, *output;

  /* Equal values, so that ties are decided. */
  for (gsize i = 0; i < count; i++)
    x[i] = round (x[i] * 4) / 4;
  input->requires_gradient = TRUE;
  write_values (&x_memory, x, s.c);
  doubled = fv_add (g, input, input, "doubled");
  pooled = fv_max_pool (g, doubled, 5, "pooled");
  output = fv_upsample2x (g, fv_concat (g, (FvTensor *[]){ doubled, pooled }, 2, "joined"), "output");
  y_memory.floats = output->size / sizeof (float);
  y_memory.pitch = output->pitch;
  y_memory.buffer = fv_buffer_new (device, FV_MEMORY_DEVICE, output->size, "y", NULL);
  fv_tensor_set_address (output, y_memory.buffer->address);
  external_gradient (g, output, &dy_memory, dy);
  external_gradient (g, input, &dx_memory, NULL);
  fv_graph_backward (g);
  run (g);

  for (gsize i = 0; i < count; i++)
    sum[i] = 2 * x[i];
  fv_reference_max_pool (&s, 5, sum, pool);
  for (gsize p = 0; p < count / 16; p++)
    {
      memcpy (cat + p * 32, sum + p * 16, 16 * sizeof *cat);
      memcpy (cat + p * 32 + 16, pool + p * 16, 16 * sizeof *cat);
    }
  fv_reference_upsample (&joined, cat, y);
  check_slice (&y_memory, 0, y, 32, 1e-6);

  fv_reference_upsample_backward (&joined, dy, dcat);
  for (gsize p = 0; p < count / 16; p++)
    memcpy (dpool + p * 16, dcat + p * 32 + 16, 16 * sizeof *cat);
  fv_reference_max_pool_backward (&s, 5, sum, dpool, part);
  for (gsize i = 0; i < count; i++)
    dx[i] = 2 * (part[i] + dcat[i / 16 * 32 + i % 16]);
  check_slice (&dx_memory, 0, dx, 16, 1e-5);
  fv_buffer_free (x_memory.buffer);
  fv_buffer_free (y_memory.buffer);
  fv_buffer_free (dx_memory.buffer);
  fv_buffer_free (dy_memory.buffer);
}

/* A tensor that enters a second concatenation is copied, and both gradients arrive. */
static void
test_second_concat (void)
{
  const gsize count = 16;
  g_autoptr (GRand) rand = g_rand_new_with_seed (5);
  g_autoptr (FvGraph) g = fv_graph_new (device, &(FvGraphParams){ .training = TRUE });
  g_autofree double *x = random_values (rand, count, -1, 1), *dy = random_values (rand, 4 * count, -1, 1);
  g_autofree double *y = g_new (double, 4 * count), *dx = g_new (double, count);
  Memory x_memory, y_memory, dx_memory, dy_memory;
  FvTensor *input = external (g, &x_memory, 1, 1, 1, 16), *a, *b, *first, *output;

  input->requires_gradient = TRUE;
  write_values (&x_memory, x, 16);
  a = fv_add (g, input, input, "a");
  b = fv_add (g, a, input, "b");
  first = fv_concat (g, (FvTensor *[]){ a, b }, 2, "first");
  output = fv_concat (g, (FvTensor *[]){ a, b, first }, 3, "second");
  y_memory.floats = output->size / sizeof (float);
  y_memory.pitch = output->pitch;
  y_memory.buffer = fv_buffer_new (device, FV_MEMORY_DEVICE, output->size, "y", NULL);
  fv_tensor_set_address (output, y_memory.buffer->address);
  external_gradient (g, output, &dy_memory, dy);
  fv_tensor_claim_gradient (output);
  external_gradient (g, input, &dx_memory, NULL);
  fv_graph_backward (g);
  run (g);
  for (guint i = 0; i < 16; i++)
    {
      y[i] = y[32 + i] = 2 * x[i];
      y[16 + i] = y[48 + i] = 3 * x[i];
      dx[i] = 2 * (dy[i] + dy[32 + i]) + 3 * (dy[16 + i] + dy[48 + i]);
    }
  check_slice (&y_memory, 0, y, 64, 1e-6);
  check_slice (&dx_memory, 0, dx, 16, 1e-5);
  fv_buffer_free (x_memory.buffer);
  fv_buffer_free (y_memory.buffer);
  fv_buffer_free (dx_memory.buffer);
  fv_buffer_free (dy_memory.buffer);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  int result;

  g_test_init (&argc, &argv, NULL);
  device = fv_device_open (&(FvDeviceParams){ 0 }, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (norm_cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/ops/batch-norm/%u", i);
      g_test_add_data_func (path, &norm_cases[i], test_batch_norm);
    }
  g_test_add_func ("/ops/tangle", test_tangle);
  g_test_add_func ("/ops/second-concat", test_second_concat);
  result = g_test_run ();
  fv_device_unref (device);
  return result;
}

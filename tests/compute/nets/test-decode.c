/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The decoder against its formula in double precision, at sizes that are no power of two. */
#include "compute/nets/fv-loss.h"

#include <math.h>
#include <string.h>

static FvDevice *device;

static FvBuffer *
new_buffer (FvMemory memory, gsize bytes)
{
  g_autoptr (GError) error = NULL;
  FvBuffer *buffer = fv_buffer_new (device, memory, bytes, "values", &error);

  g_assert_no_error (error);
  return buffer;
}

typedef struct
{
  guint n, height, width, n_classes;
  float spread;
} Case;

static const Case cases[] = {
  { 1, 32, 32, 1, 3 }, { 2, 96, 160, 3, 4 }, { 3, 224, 128, 80, 4 }, { 1, 1280, 1312, 8, 4 }, { 1, 64, 64, 3, 40 },
};

static double
sigmoid (double x)
{
  return 1 / (1 + exp (-x));
}

/* @unit: of what the value is a sum of, whose last bits it can lose: a centre near 0 is a difference of cells. */
static void
assert_near (gsize row, guint k, double value, double expected, double unit)
{
  if (!(fabs (value - expected) <= 1e-6 * fabs (expected) + 3e-7 * unit))
    g_error ("row %" G_GSIZE_FORMAT ", value %u: %.9g, not %.9g", row, k, value, expected);
}

static void
check_head (const FvYolov5Config *config, guint i, const FvTensor *head, const float *logits, const float *rows,
            guint n_rows, guint first_row)
{
  const guint length = 5 + config->n_classes, stride = fv_yolov5_strides[i];

  for (guint image = 0; image < head->n; image++)
    for (guint a = 0; a < FV_YOLOV5_N_ANCHORS; a++)
      for (guint cell = 0; cell < head->h * head->w; cell++)
        {
          const gsize row = (gsize)image * n_rows + first_row + a * head->h * head->w + cell;
          const float *x = logits + ((gsize)image * head->h * head->w + cell) * head->pitch + a * length;
          const float *y = rows + row * length;
          const float *anchor = config->anchors[i][a];

          assert_near (row, 0, y[0], (2 * sigmoid (x[0]) - 0.5 + cell % head->w) * stride, stride);
          assert_near (row, 1, y[1], (2 * sigmoid (x[1]) - 0.5 + cell / head->w) * stride, stride);
          assert_near (row, 2, y[2], pow (2 * sigmoid (x[2]), 2) * anchor[0], 1);
          assert_near (row, 3, y[3], pow (2 * sigmoid (x[3]), 2) * anchor[1], 1);
          for (guint k = 4; k < length; k++)
            assert_near (row, k, y[k], sigmoid (x[k]), 1);
        }
}

static void
test_case (gconstpointer data)
{
  const Case *c = data;
  const guint n_rows = fv_yolo_count_rows (c->height, c->width), length = 5 + c->n_classes;
  const gsize size = (gsize)c->n * n_rows * length * sizeof (float);
  g_autoptr (GError) error = NULL;
  g_autoptr (FvGraph) g = fv_graph_new (device, &(FvGraphParams){ 0 });
  g_autoptr (GRand) rand = g_rand_new_with_seed (29);
  g_autoptr (FvRecorder) recorder = fv_recorder_new (device);
  g_autoptr (FvRecording) recording = NULL;
  g_autoptr (FvBuffer) rows_buffer = new_buffer (FV_MEMORY_READBACK, size);
  g_autofree float *rows = g_malloc (size);
  float *logits[FV_YOLOV5_N_HEADS];
  FvBuffer *buffers[FV_YOLOV5_N_HEADS];
  FvTensor *heads[FV_YOLOV5_N_HEADS], *rows_tensor;
  FvYolov5Config config;
  guint64 ticket;
  guint first_row = 0;

  fv_yolov5_config_init (&config, 's', c->n_classes);
  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    {
      heads[i] = fv_graph_tensor (g, c->n, c->height / fv_yolov5_strides[i], c->width / fv_yolov5_strides[i],
                                  3 * length, 0, "head");
      logits[i] = g_malloc (heads[i]->size);
      for (gsize k = 0; k < heads[i]->size / sizeof (float); k++)
        logits[i][k] = g_rand_double_range (rand, -c->spread, c->spread);
      buffers[i] = new_buffer (FV_MEMORY_DEVICE, heads[i]->size);
      fv_buffer_upload (buffers[i], 0, logits[i], heads[i]->size, &error);
      g_assert_no_error (error);
      fv_tensor_set_address (heads[i], buffers[i]->address);
    }
  rows_tensor = fv_graph_scratch (g, size / sizeof (float), "rows");
  fv_tensor_set_address (rows_tensor, rows_buffer->address);
  fv_yolo_decode (g, &config, heads, rows_tensor);
  fv_graph_plan (g);
  fv_graph_record (g, recorder);
  recording = fv_recorder_finish (&recorder, FALSE, &error);
  g_assert_no_error (error);
  fv_recording_submit (recording, &ticket, &error);
  g_assert_no_error (error);
  fv_device_wait (device, ticket, &error);
  g_assert_no_error (error);
  fv_buffer_download (rows_buffer, 0, rows, size, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    {
      check_head (&config, i, heads[i], logits[i], rows, n_rows, first_row);
      first_row += heads[i]->h * heads[i]->w * FV_YOLOV5_N_ANCHORS;
      g_free (logits[i]);
      fv_buffer_free (buffers[i]);
    }
  g_assert_cmpuint (first_row, ==, n_rows);
}

static void
test_count (void)
{
  g_assert_cmpuint (fv_yolo_count_rows (640, 640), ==, 25200);
  g_assert_cmpuint (fv_yolo_count_rows (640, 480), ==, 18900);
  g_assert_cmpuint (fv_yolo_count_rows (128, 128), ==, 1008);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  fv_device_prepare_environment ();
  device = fv_device_open (&(FvDeviceParams){ 0 }, &error);
  g_assert_no_error (error);
  g_test_add_func ("/nets/decode/rows", test_count);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path
          = g_strdup_printf ("/nets/decode/%ux%u, %u classes", cases[i].height, cases[i].width, cases[i].n_classes);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  status = g_test_run ();
  fv_device_unref (device);
  return status;
}

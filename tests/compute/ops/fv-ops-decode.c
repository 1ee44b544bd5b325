/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/compute/ops/fovea-ops.h"
#include "tests/reference/fv-reference-loss.h"

#include <math.h>

#define PERF_RUNS 20

typedef struct
{
  FvOpsRow base;
  guint n, height, width, n_classes;
  gboolean wide; /* a head's pixels are wider than they must be */
  gboolean other_anchors;
  float spread; /* of the logits */
} DecodeRow;

static const DecodeRow rows[] = {
  { .n = 1, 32, 32, 1, .spread = 3 },
  { .n = 2, 96, 160, 3, .spread = 4 },
  { .n = 3, 224, 128, 80, .spread = 4 },
  { .n = 3, 96, 32, 80, .spread = 4, .wide = TRUE },
  { .n = 1, 160, 96, 7, .spread = 4, .wide = TRUE, .other_anchors = TRUE },
  { .n = 1, 64, 64, 3, .spread = 40 },
  { .n = 1, 1280, 1312, 8, .spread = 4, .base = { "more workgroups than a row of them holds" } },
  { .n = 16, 640, 640, 80, .spread = 4, .base = { .full = TRUE } },
};

/* One row on the device. */
typedef struct
{
  const DecodeRow *row;
  FvYolov5Config config;
  double *heads[FV_YOLOV5_N_HEADS];
  guint n_rows;
  FvTestGraph *graph;
  FvTensor *tensors[FV_YOLOV5_N_HEADS];
  FvTestBuffer *rows;
} Problem;

static Problem *
problem_new (const DecodeRow *row, gboolean timing)
{
  const guint channels = FV_YOLOV5_N_ANCHORS * (5 + row->n_classes);
  Problem *p = g_new0 (Problem, 1);
  FvTensor *out;

  p->row = row;
  p->n_rows = fv_yolo_count_rows (row->height, row->width);
  fv_yolov5_config_init (&p->config, 's', row->n_classes);
  for (guint i = 0; row->other_anchors && i < FV_YOLOV5_N_HEADS * FV_YOLOV5_N_ANCHORS * 2; i++)
    p->config.anchors[i / 6][i / 2 % 3][i % 2] *= 0.7f + 0.1f * i;
  p->rows = fv_test_buffer_new (FV_MEMORY_READBACK, (gsize)row->n * p->n_rows * (5 + row->n_classes) * sizeof (float),
                                "rows");
  p->graph = fv_test_graph_new (FALSE);
  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    p->tensors[i] = fv_graph_tensor (p->graph->graph, row->n, row->height / fv_yolov5_strides[i],
                                     row->width / fv_yolov5_strides[i], channels,
                                     row->wide ? (channels + 15) / 16 * 16 + 32 : 0, "head");
  out = fv_graph_scratch (p->graph->graph, p->rows->size / sizeof (float), "rows");
  fv_tensor_set_address (out, p->rows->address);
  fv_yolo_decode (p->graph->graph, &p->config, p->tensors, out);
  fv_test_graph_place (p->graph, timing);
  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    {
      p->heads[i] = fv_test_random_values (
          fv_ops_get_seed () + i, (gsize)fv_tensor_get_pixels (p->tensors[i]) * channels, -row->spread, row->spread);
      fv_test_graph_write (p->graph, p->tensors[i], p->heads[i]);
    }
  return p;
}

static void
problem_free (Problem *p)
{
  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    g_free (p->heads[i]);
  fv_test_graph_free (p->graph);
  fv_test_buffer_free (p->rows);
  g_free (p);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Problem, problem_free)

/* The reference's value beside the device's; how many last bits of what it is a sum of a value may lose: a centre near 0 is a difference. */
static gboolean
is_near (double value, double expected, double unit)
{
  return fabs (value - expected) <= 1e-6 * fabs (expected) + 3e-7 * unit;
}

/* One anchor of one head of one picture: @values are its rows. */
static void
compare_rows (Problem *p, guint head, guint image, guint anchor, const float *values)
{
  const FvTensor *t = p->tensors[head];
  const guint length = 5 + p->row->n_classes, cells = t->h * t->w;
  const double *logits = p->heads[head] + (gsize)image * cells * t->c + anchor * length;
  g_autofree double *found = g_new (double, cells *length);
  g_autofree double *expected = g_new (double, cells *length);

  for (guint i = 0; i < cells * length; i++)
    {
      const guint cell = i / length, k = i % length;

      found[i] = values[i];
      expected[i]
          = fv_reference_decode (&p->config, head, anchor, cell % t->w, cell / t->w, k, logits[(gsize)cell * t->c + k]);
    }
  fv_ops_compare ("rows", found, expected, cells * length, 1e-12);
  for (guint i = 0; i < cells * length; i++)
    if (!is_near (found[i], expected[i], i % length < 2 ? fv_yolov5_strides[head] : 1))
      {
        fv_ops_fail ("head %u, picture %u, anchor %u, cell %u, value %u is %.9g, not %.9g", head, image, anchor,
                     i / length, i % length, found[i], expected[i]);
        break;
      }
}

static void
test (const FvOpsOperator *op, const void *data)
{
  g_autoptr (Problem) p = problem_new (data, FALSE);
  const guint length = 5 + p->row->n_classes;
  g_autofree float *values = g_malloc (p->rows->size);

  fv_ops_begin_case (NULL);
  fv_test_graph_run (p->graph);
  fv_test_buffer_read (p->rows, values, p->rows->size);
  for (guint image = 0; image < p->row->n; image++)
    {
      const float *next = values + (gsize)image * p->n_rows * length;

      for (guint head = 0; head < FV_YOLOV5_N_HEADS; head++)
        for (guint anchor = 0; anchor < FV_YOLOV5_N_ANCHORS; anchor++)
          {
            compare_rows (p, head, image, anchor, next);
            next += (gsize)p->tensors[head]->h * p->tensors[head]->w * length;
          }
    }
  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    fv_ops_take_damage (fv_test_tensor_find_damage (p->graph, p->tensors[i]));
  fv_ops_take_damage (fv_test_graph_find_damage (p->graph));
  fv_ops_take_damage (fv_test_buffer_find_damage (p->rows));
}

static void
perf (const FvOpsOperator *op, const void *data)
{
  g_autoptr (Problem) p = problem_new (data, TRUE);
  double flops;
  const double seconds = fv_test_graph_time (p->graph, PERF_RUNS, &flops);

  fv_ops_report_time ("rows", seconds, flops, 2.0 * p->rows->size);
}

/* Rows of a picture. */
static void
check (const FvOpsOperator *op, gboolean all)
{
  static const guint counts[][3] = { { 640, 640, 25200 }, { 640, 480, 18900 }, { 128, 128, 1008 }, { 32, 64, 126 } };

  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    if (fv_yolo_count_rows (counts[i][0], counts[i][1]) != counts[i][2])
      fv_ops_fail ("%ux%u has %u rows, not %u", counts[i][0], counts[i][1],
                   fv_yolo_count_rows (counts[i][0], counts[i][1]), counts[i][2]);
}

static char *
describe (const void *data)
{
  const DecodeRow *row = data;

  return g_strdup_printf ("%u of %ux%u, %u classes, logits of %g%s%s", row->n, row->height, row->width, row->n_classes,
                          row->spread, row->wide ? ", wide" : "", row->other_anchors ? ", other anchors" : "");
}

const FvOpsOperator fv_ops_decode = {
  FV_OPS_ROWS (rows), .name = "decode", .describe = describe, .test = test, .perf = perf, .check = check,
};

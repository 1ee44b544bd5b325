/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The augment shader against the same arithmetic on the host, pixel by pixel. */
#include "compute/nets/fv-step-input.h"
#include "tests/compute/ops/fovea-ops.h"
#include "tests/reference/fv-reference-augment.h"

#include <math.h>
#include <string.h>

#define HEIGHT 96
#define WIDTH 64
#define N_PICTURES 5
#define PERF_RUNS 10

typedef enum
{
  KIND_AS_IT_IS,
  KIND_GREY,
  KIND_MOSAIC,
  KIND_MIXUP,
  KIND_COLOURS,
} Kind;

typedef struct
{
  FvOpsRow base;
  Kind kind;
  guint n, height, width;
  double perspective;
  gboolean flips;
  int tolerance; /* in levels, where a coordinate or a level rounds the other way */
} AugmentRow;

static const AugmentRow rows[] = {
  { .kind = KIND_AS_IT_IS, 5, HEIGHT, WIDTH },
  { .kind = KIND_AS_IT_IS, 4, HEIGHT, WIDTH, .flips = TRUE },
  { .kind = KIND_AS_IT_IS, 2, 32, 160, .flips = TRUE },
  { .kind = KIND_GREY, 1, HEIGHT, WIDTH },
  /* Noise of 38 levels: 1/32 pixel is worth a few. */
  { .kind = KIND_MOSAIC, 5, HEIGHT, WIDTH, .flips = TRUE, .tolerance = 8 },
  { .kind = KIND_MOSAIC, 5, HEIGHT, WIDTH, 0.004, .flips = TRUE, .tolerance = 8 },
  { .kind = KIND_MOSAIC, 3, 160, 96, 0.001, .tolerance = 8 },
  { .kind = KIND_MIXUP, 3, HEIGHT, WIDTH, .tolerance = 1 },
  { .kind = KIND_MIXUP, 2, 32, 96, .flips = TRUE, .tolerance = 1 },
  { .kind = KIND_COLOURS, 8, HEIGHT, WIDTH, .tolerance = 2 },
  { .kind = KIND_COLOURS, 1, 64, 64, .flips = TRUE, .tolerance = 2 },
  { .kind = KIND_MOSAIC, 16, 640, 640, 0.0005, .flips = TRUE, .tolerance = 8, .base = { .full = TRUE } },
};

/* A batch of samples and what they are made of. */
typedef struct
{
  const AugmentRow *row;
  FvPixels pictures[N_PICTURES];
  FvAugmentSample *samples;
  guint64 next; /* random number */
} Problem;

static double
draw (Problem *p, double low, double high)
{
  return low + (high - low) * (0.5 + 0.5 * fv_test_random (fv_ops_get_seed (), p->next++));
}

static guint
draw_below (Problem *p, guint n)
{
  return MIN ((guint)draw (p, 0, n), n - 1);
}

/* Smooth colours with some noise, as in photographs. */
static guint8
photograph_level (Problem *p, guint picture, guint x, guint y, guint channel)
{
  const double level = 128 + 90 * sin (x * 0.11 * (channel + 1) + picture) * cos (y * 0.07 * (picture + 1) + channel);

  return CLAMP (level + draw (p, -38, 38), 0, 255);
}

/* The colour cube along its faces, its diagonal and through it. */
static void
cube_colour (Problem *p, guint8 rgb[3])
{
  const guint kind = draw_below (p, 4);

  for (guint c = 0; c < 3; c++)
    rgb[c] = kind == 0 && c > 0 ? rgb[0] : kind == 1 && c == 0 ? 255 : draw_below (p, 256);
}

/* Widths of every remainder modulo 4; rows that are longer than that. */
static void
make_pictures (Problem *p)
{
  for (guint i = 0; i < N_PICTURES; i++)
    {
      const guint width = 61 + i, height = 50 + 7 * i;
      const gsize stride = width * 3 + i;
      guint8 *rgb = g_malloc0 (stride * height);

      for (guint y = 0; y < height; y++)
        for (guint x = 0; x < width; x++)
          if (p->row->kind == KIND_COLOURS)
            cube_colour (p, rgb + y * stride + x * 3);
          else
            for (guint c = 0; c < 3; c++)
              rgb[y * stride + x * 3 + c] = photograph_level (p, i, x, y, c);
      p->pictures[i] = (FvPixels){ rgb, width, height, stride };
    }
}

static FvAugmentTile
place (const Problem *p, guint picture, int left, int top, guint width, guint height)
{
  const FvPixels *pixels = &p->pictures[picture];

  return (FvAugmentTile){
    .picture = picture,
    .x1 = MAX (left, 0),
    .y1 = MAX (top, 0),
    .x2 = MIN (left + (int)pixels->width, (int)width),
    .y2 = MIN (top + (int)pixels->height, (int)height),
    .dx = left,
    .dy = top,
  };
}

/* A picture on grey, neither moved nor scaled. */
static FvAugmentLayer
make_plain (const Problem *p, guint picture, int left, int top)
{
  const guint width = p->row->width, height = p->row->height;

  return (FvAugmentLayer){
    .n_tiles = p->row->kind == KIND_GREY ? 0 : 1,
    .canvas_width = width,
    .canvas_height = height,
    .inverse = { 1, 0, 0, 0, 1, 0, 0, 0, 1 },
    .tiles = { place (p, picture, left, top, width, height) },
  };
}

/* Four pictures around a point of a canvas of twice the input's size, turned, scaled and bent. */
static FvAugmentLayer
make_mosaic (Problem *p)
{
  const guint width = p->row->width, height = p->row->height;
  const int x = draw (p, width / 2, 3 * width / 2), y = draw (p, height / 2, 3 * height / 2);
  const double angle = draw (p, -0.6, 0.6), scale = draw (p, 0.6, 1.6);
  const float inverse[9] = { cos (angle) * scale, -sin (angle) * scale,     draw (p, 0, width),
                             sin (angle) * scale, cos (angle) * scale,      draw (p, 0, height),
                             p->row->perspective, -p->row->perspective / 2, 1 };
  FvAugmentLayer layer = { .n_tiles = 4, .canvas_width = 2 * width, .canvas_height = 2 * height };

  memcpy (layer.inverse, inverse, sizeof inverse);
  for (guint i = 0; i < 4; i++)
    {
      const guint picture = draw_below (p, N_PICTURES);

      layer.tiles[i] = place (p, picture, i % 2 ? x : x - (int)p->pictures[picture].width,
                              i / 2 ? y : y - (int)p->pictures[picture].height, 2 * width, 2 * height);
    }
  return layer;
}

static FvAugmentSample
make_sample (Problem *p, guint i)
{
  static const int places[][2] = { { 0, 0 }, { 3, 11 }, { -20, -9 }, { 1, 40 } };
  const AugmentRow *row = p->row;
  FvAugmentSample sample = { .n_layers = 1, .mix = 1, .hsv = { 1, 1, 1 } };

  if (row->kind == KIND_MOSAIC)
    sample.layers[0] = make_mosaic (p);
  else
    sample.layers[0] = make_plain (p, i % N_PICTURES, places[i % 4][0], places[i % 4][1]);
  if (row->kind == KIND_MIXUP)
    {
      sample.n_layers = 2;
      sample.mix = 0.31723f + 0.19337f * i;
      /* A picture blended with itself stays. */
      sample.layers[1] = i == 2 ? sample.layers[0] : make_plain (p, 4 - i, 5, 9);
    }
  if (row->kind == KIND_COLOURS)
    {
      sample.hsv[0] = i == 0 ? 1 : draw (p, 0.9, 1.9);
      sample.hsv[1] = i == 0 ? 1.5 : draw (p, 0.3, 1.7);
      sample.hsv[2] = i == 0 ? 1 : draw (p, 0.6, 1.4);
    }
  sample.flip_horizontal = row->flips && i % 2 == 0;
  sample.flip_vertical = row->flips && i / 2 % 2 == 0;
  return sample;
}

static Problem *
problem_new (const AugmentRow *row)
{
  Problem *p = g_new0 (Problem, 1);

  p->row = row;
  make_pictures (p);
  p->samples = g_new0 (FvAugmentSample, row->n);
  for (guint i = 0; i < row->n; i++)
    p->samples[i] = make_sample (p, i);
  return p;
}

static void
problem_free (Problem *p)
{
  for (guint i = 0; i < N_PICTURES; i++)
    g_free ((gpointer)p->pictures[i].rgb);
  g_free (p->samples);
  g_free (p);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Problem, problem_free)

/* On the device. @out receives the network's input, @input what must live as long as the graph. */
static FvTestGraph *
build (Problem *p, gboolean timing, FvStepInput *input, FvTensor **out)
{
  const AugmentRow *row = p->row;
  const FvBatch batch = { .n = row->n,
                          .height = row->height,
                          .width = row->width,
                          .samples = p->samples,
                          .pictures = p->pictures,
                          .n_pictures = N_PICTURES };
  FvTestGraph *graph = fv_test_graph_new (TRUE);
  FvTensor *block = fv_graph_scratch (graph->graph, sizeof (FvStepBlock) / sizeof (float), "block");
  g_autoptr (GError) error = NULL;

  fv_step_input_init (input, fv_test_engine_get_device (), &error);
  g_assert_no_error (error);
  fv_step_input_write (input, &batch, &error);
  g_assert_no_error (error);
  fv_tensor_set_address (block, input->block->address);
  *out = fv_augment (graph->graph, block, row->n, row->height, row->width);
  fv_test_graph_place (graph, timing);
  return graph;
}

/* @values: [height + 4, width + 4, 4]; counts values that aren't those expected. */
static gsize
compare_sample (Problem *p, const FvAugmentSample *sample, const double *values)
{
  const int height = p->row->height, width = p->row->width;
  g_autofree guint8 *expected = g_malloc ((gsize)height * width * 3);
  gsize different = 0;

  fv_reference_augment (sample, p->pictures, height, width, expected);
  for (int y = -2; y < height + 2; y++)
    for (int x = -2; x < width + 2; x++)
      for (guint c = 0; c < 4; c++, values++)
        {
          const gboolean inside = c < 3 && x >= 0 && y >= 0 && x < width && y < height;
          const guint8 level = inside ? expected[((gsize)y * width + x) * 3 + c] : 0;

          if (*values == level / 255.0f)
            continue;
          different++;
          if (!inside || !(fabs (*values * 255 - level) <= p->row->tolerance + 1e-3))
            {
              fv_ops_fail ("channel %u at %d, %d is %g, not %u", c, x, y, *values * 255, level);
              return 0;
            }
        }
  return different;
}

/* Levels may differ where a coordinate rounds the other way, in at most one value of a hundred. */
static void
test (const FvOpsOperator *op, const void *data)
{
  g_autoptr (Problem) p = problem_new (data);
  const AugmentRow *row = p->row;
  const gsize n_values = (gsize)(row->height + 4) * (row->width + 4) * 4;
  g_autofree double *values = g_new (double, row->n *n_values);
  g_autoptr (FvTestGraph) graph = NULL;
  FvStepInput input = { 0 };
  gsize different = 0;
  FvTensor *out;

  fv_ops_begin_case (NULL);
  graph = build (p, FALSE, &input, &out);
  fv_test_graph_run (graph);
  fv_test_graph_read (graph, out, values);
  for (guint i = 0; i < row->n; i++)
    different += compare_sample (p, &p->samples[i], values + i * n_values);
  if (different > (gsize)row->n * row->height * row->width * 3 / 100)
    fv_ops_fail ("%" G_GSIZE_FORMAT " values differ", different);
  fv_ops_take_damage (fv_test_graph_find_damage (graph));
  fv_step_input_clear (&input);
}

static void
perf (const FvOpsOperator *op, const void *data)
{
  g_autoptr (Problem) p = problem_new (data);
  FvStepInput input = { 0 };
  FvTensor *out;
  g_autoptr (FvTestGraph) graph = build (p, TRUE, &input, &out);
  double flops;
  const double seconds = fv_test_graph_time (graph, PERF_RUNS, &flops);

  fv_ops_report_time ("input", seconds, flops, out->size);
  fv_step_input_clear (&input);
}

static char *
describe (const void *data)
{
  static const char *const kinds[] = { "as it is", "grey", "mosaic", "MixUp", "colours" };
  const AugmentRow *row = data;
  g_autofree char *perspective
      = row->perspective != 0 ? g_strdup_printf (", perspective %g", row->perspective) : g_strdup ("");

  return g_strdup_printf ("%s, %u of %ux%u%s%s", kinds[row->kind], row->n, row->height, row->width, perspective,
                          row->flips ? ", flips" : "");
}

const FvOpsOperator fv_ops_augment = {
  FV_OPS_ROWS (rows), .name = "augment", .describe = describe, .test = test, .perf = perf,
};

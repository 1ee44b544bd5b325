/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loss against its double-precision reference; what it counts, what it writes, and how long many boxes take. */
#include "compute/nets/fv-loss.h"
#include "compute/ops/fv-augment.h"
#include "tests/reference/fv-reference-loss.h"

#include <math.h>
#include <string.h>

#define SENTINEL 12345.0f

static FvDevice *device;

typedef struct
{
  const char *name;
  guint n, height, width, n_classes;
  guint n_targets; /* a picture */
  FvLossParams params;
  gboolean edges; /* targets on grid lines, borders and corners, and many on one cell */
  float spread;   /* of the logits */
} Case;

#define GAINS .box = 0.05f, .obj = 0.04f, .cls = 0.3f
#define PLAIN GAINS, .anchor_t = 4, .cls_pw = 1, .obj_pw = 1

static const Case cases[] = {
  { "80 classes", 2, 96, 160, 80, 7, { PLAIN }, .spread = 2 },
  { "3 classes", 3, 160, 96, 3, 12, { PLAIN }, .spread = 2 },
  { "1 class", 2, 128, 128, 1, 9, { PLAIN }, .spread = 2 },
  { "no targets", 2, 64, 96, 3, 0, { PLAIN }, .spread = 3 },
  { "edges", 2, 128, 128, 3, 40, { PLAIN }, .edges = TRUE, .spread = 2 },
  { "focal", 2, 128, 96, 4, 12, { PLAIN, .fl_gamma = 1.5f }, .spread = 2 },
  { "focal, small exponent", 1, 64, 64, 4, 12, { PLAIN, .fl_gamma = 0.5f }, .spread = 4 },
  { "smoothed labels", 2, 96, 96, 5, 12, { PLAIN, .label_smoothing = 0.1f }, .spread = 2 },
  { "positive weights", 2, 96, 96, 5, 12, { GAINS, .anchor_t = 4, .cls_pw = 0.6f, .obj_pw = 1.7f }, .spread = 2 },
  { "all of them, edges",
    2,
    96,
    96,
    5,
    30,
    { GAINS, .anchor_t = 4, .cls_pw = 0.6f, .obj_pw = 1.7f, .label_smoothing = 0.2f, .fl_gamma = 2 },
    .edges = TRUE,
    .spread = 2 },
  { "other anchor ratio", 2, 96, 96, 3, 20, { GAINS, .cls_pw = 1, .obj_pw = 1, .anchor_t = 2.5f }, .spread = 2 },
  { "more targets than one chunk", 1, 64, 96, 3, 1300, { PLAIN }, .spread = 1 },
  { "sure of everything", 2, 64, 64, 3, 12, { PLAIN }, .spread = 15 },
  { "one cell", 1, 32, 32, 2, 3, { PLAIN }, .spread = 1 },
};

/* One problem on the device. */
typedef struct
{
  guint n, height, width, n_targets;
  FvYolov5Config config;
  float *heads[FV_YOLOV5_N_HEADS];
  float *targets; /* [n_targets][6] */
  FvBuffer *head_buffers[FV_YOLOV5_N_HEADS], *gradient_buffers[FV_YOLOV5_N_HEADS];
  FvBuffer *step, *offsets, *rows, *result;
  FvGraph *graph;
  FvTensor *tensors[FV_YOLOV5_N_HEADS];
  FvRecording *recording;
} Problem;

static FvBuffer *
new_buffer (FvMemory memory, gsize bytes, const char *name)
{
  g_autoptr (GError) error = NULL;
  FvBuffer *buffer = fv_buffer_new (device, memory, MAX (bytes, 16), name, &error);

  g_assert_no_error (error);
  return buffer;
}

static void
upload (FvBuffer *buffer, const void *data, gsize bytes)
{
  g_autoptr (GError) error = NULL;

  fv_buffer_upload (buffer, 0, data, bytes, &error);
  g_assert_no_error (error);
}

static void
download (FvBuffer *buffer, void *data, gsize bytes)
{
  g_autoptr (GError) error = NULL;

  fv_buffer_download (buffer, 0, data, bytes, &error);
  g_assert_no_error (error);
}

/* Normally distributed with standard deviation 1, near enough. */
static double
normal (GRand *rand)
{
  double sum = -6;

  for (guint i = 0; i < 12; i++)
    sum += g_rand_double (rand);
  return sum;
}

static float *
make_targets (const Case *c, GRand *rand)
{
  float *targets = g_new (float, (gsize)c->n * c->n_targets * 6 + 1);

  for (guint i = 0; i < c->n * c->n_targets; i++)
    {
      float *t = targets + i * 6;

      t[0] = i / c->n_targets;
      t[1] = g_rand_int_range (rand, 0, c->n_classes);
      t[2] = g_rand_double (rand);
      t[3] = g_rand_double (rand);
      t[4] = exp (g_rand_double_range (rand, log (4.0 / c->width), 0));
      t[5] = exp (g_rand_double_range (rand, log (4.0 / c->height), 0));
      if (c->edges && i % 4 != 0)
        {
          /* Grid lines and half cells of the coarsest head; 0 and 1 are among them. */
          t[2] = g_rand_int_range (rand, 0, c->width / 16 + 1) * 16.0f / c->width;
          t[3] = g_rand_int_range (rand, 0, c->height / 16 + 1) * 16.0f / c->height;
        }
      if (c->edges && i % 7 == 0)
        t[4] = 0;
    }
  return targets;
}

static void
problem_free (Problem *p)
{
  fv_recording_free (p->recording);
  fv_graph_free (p->graph);
  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    {
      g_free (p->heads[i]);
      fv_buffer_free (p->head_buffers[i]);
      fv_buffer_free (p->gradient_buffers[i]);
    }
  g_free (p->targets);
  fv_buffer_free (p->step);
  fv_buffer_free (p->offsets);
  fv_buffer_free (p->rows);
  fv_buffer_free (p->result);
  g_free (p);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Problem, problem_free)

static void
upload_targets (Problem *p)
{
  g_autofree guint32 *offsets = g_new0 (guint32, p->n + 1);
  g_autofree float *rows = g_new (float, p->n_targets * 5 + 1);
  FvStepBlock step = { 0 };

  for (guint i = 0; i < p->n_targets; i++)
    {
      offsets[(guint)p->targets[i * 6] + 1]++;
      memcpy (rows + i * 5, p->targets + i * 6 + 1, 5 * sizeof (float));
    }
  for (guint i = 0; i < p->n; i++)
    offsets[i + 1] += offsets[i];
  p->offsets = new_buffer (FV_MEMORY_UPLOAD, (p->n + 1) * sizeof (guint32), "offsets");
  p->rows = new_buffer (FV_MEMORY_UPLOAD, p->n_targets * 5 * sizeof (float), "targets");
  p->step = new_buffer (FV_MEMORY_UPLOAD, sizeof step, "step");
  upload (p->offsets, offsets, (p->n + 1) * sizeof (guint32));
  upload (p->rows, rows, p->n_targets * 5 * sizeof (float));
  step.target_offsets = p->offsets->address;
  step.targets = p->rows->address;
  upload (p->step, &step, sizeof step);
}

static void
upload_head (Problem *p, guint i)
{
  const FvTensor *t = p->tensors[i];
  const gsize pixels = fv_tensor_get_pixels (t);
  g_autofree float *padded = g_new0 (float, pixels * t->pitch);

  for (gsize pixel = 0; pixel < pixels; pixel++)
    memcpy (padded + pixel * t->pitch, p->heads[i] + pixel * t->c, t->c * sizeof (float));
  upload (p->head_buffers[i], padded, pixels * t->pitch * sizeof (float));
  for (gsize k = 0; k < pixels * t->pitch; k++)
    padded[k] = SENTINEL;
  upload (p->gradient_buffers[i], padded, pixels * t->pitch * sizeof (float));
}

static Problem *
problem_new (const Case *c, gboolean with_gradient)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvRecorder) recorder = fv_recorder_new (device);
  GRand *rand = g_rand_new_with_seed (7);
  Problem *p = g_new0 (Problem, 1);
  FvTensor *block, *result;

  p->n = c->n;
  p->height = c->height;
  p->width = c->width;
  p->n_targets = c->n * c->n_targets;
  p->targets = make_targets (c, rand);
  fv_yolov5_config_init (&p->config, 'n', c->n_classes);
  p->graph = fv_graph_new (device, &(FvGraphParams){ .training = TRUE });
  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    {
      FvTensor *t = p->tensors[i]
          = fv_graph_tensor (p->graph, c->n, c->height / fv_yolov5_strides[i], c->width / fv_yolov5_strides[i],
                             3 * (5 + c->n_classes), 0, "head");
      const gsize values = (gsize)fv_tensor_get_pixels (t) * t->c;

      p->heads[i] = g_new (float, values);
      for (gsize k = 0; k < values; k++)
        p->heads[i][k] = normal (rand) * c->spread - (k % (5 + c->n_classes) == 4 ? c->spread : 0);
      p->head_buffers[i] = new_buffer (FV_MEMORY_DEVICE, t->size, "head");
      p->gradient_buffers[i] = new_buffer (FV_MEMORY_DEVICE, t->size, "head gradient");
      fv_tensor_set_address (t, p->head_buffers[i]->address);
      fv_tensor_set_address (fv_tensor_get_gradient (t), p->gradient_buffers[i]->address);
      upload_head (p, i);
    }
  upload_targets (p);
  p->result = new_buffer (FV_MEMORY_READBACK, sizeof (FvLossResult), "result");
  block = fv_graph_scratch (p->graph, sizeof (FvStepBlock) / sizeof (float), "block");
  result = fv_graph_scratch (p->graph, sizeof (FvLossResult) / sizeof (float), "result");
  fv_tensor_set_address (block, p->step->address);
  fv_tensor_set_address (result, p->result->address);
  fv_yolo_loss (p->graph, &p->config, &c->params, p->tensors, block, result, with_gradient);
  fv_graph_plan (p->graph);
  fv_graph_allocate (p->graph, &error);
  g_assert_no_error (error);
  fv_graph_record (p->graph, recorder);
  p->recording = fv_recorder_finish (&recorder, TRUE, &error);
  g_assert_no_error (error);
  g_rand_free (rand);
  return p;
}

static FvLossResult
problem_run (Problem *p)
{
  g_autoptr (GError) error = NULL;
  FvLossResult result;
  guint64 ticket;

  fv_recording_submit (p->recording, &ticket, &error);
  g_assert_no_error (error);
  fv_device_wait (device, ticket, &error);
  g_assert_no_error (error);
  download (p->result, &result, sizeof result);
  return result;
}

static void
assert_loss (const char *what, double value, double expected)
{
  if (!(fabs (value - expected) <= 1e-5 * fabs (expected)))
    g_error ("%s: %.9g, not %.9g", what, value, expected);
}

static void
test_case (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (Problem) p = problem_new (c, TRUE);
  const FvLossResult result = problem_run (p);
  const FvReferenceLossArgs args = {
    .n = c->n,
    .height = c->height,
    .width = c->width,
    .config = &p->config,
    .params = &c->params,
    .heads = { p->heads[0], p->heads[1], p->heads[2] },
    .targets = p->targets,
    .n_targets = p->n_targets,
  };
  FvReferenceLoss expected;

  fv_reference_loss (&args, &expected);
  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    {
      const FvTensor *t = p->tensors[i];
      const gsize pixels = fv_tensor_get_pixels (t);
      g_autofree float *gradient = g_new (float, t->size / sizeof (float));
      double largest = 0, worst = 0;

      g_assert_cmpuint (result.n_matches[i], ==, expected.n_matches[i]);
      download (p->gradient_buffers[i], gradient, t->size);
      for (gsize k = 0; k < pixels * t->c; k++)
        largest = MAX (largest, fabs (expected.gradients[i][k]));
      for (gsize k = 0; k < pixels * t->pitch; k++)
        {
          const guint channel = k % t->pitch;
          const double e = channel < t->c ? expected.gradients[i][k / t->pitch * t->c + channel] : 0;

          if (!(fabs (gradient[k] - e) <= 1e-5 * largest) || (channel >= t->c && gradient[k] != 0))
            g_error ("head %u, pixel %" G_GSIZE_FORMAT ", channel %u: %g, not %g", i, k / t->pitch, channel,
                     gradient[k], e);
          worst = MAX (worst, fabs (gradient[k] - e) / largest);
        }
      g_test_message ("head %u: %u matches, gradient off by %.1e of its maximum", i, result.n_matches[i], worst);
    }
  assert_loss ("box", result.box, expected.box);
  assert_loss ("objectness", result.obj, expected.obj);
  assert_loss ("class", result.cls, expected.cls);
  fv_reference_loss_clear (&expected);
}

static void
test_repeats (void)
{
  const Case c = { "", 2, 96, 96, 3, 30, { PLAIN }, .edges = TRUE, .spread = 2 };
  g_autoptr (Problem) p = problem_new (&c, TRUE);
  const gsize size = p->tensors[0]->size;
  g_autofree float *first = g_malloc (size), *second = g_malloc (size);
  const FvLossResult a = problem_run (p);

  download (p->gradient_buffers[0], first, size);
  for (guint i = 0; i < 3; i++)
    {
      const FvLossResult b = problem_run (p);

      g_assert_cmpmem (&a, sizeof a, &b, sizeof b);
      download (p->gradient_buffers[0], second, size);
      g_assert_cmpmem (first, size, second, size);
    }
}

static void
test_without_gradient (void)
{
  const Case c = { "", 2, 96, 96, 3, 30, { PLAIN }, .spread = 2 };
  g_autoptr (Problem) with = problem_new (&c, TRUE);
  g_autoptr (Problem) without = problem_new (&c, FALSE);
  const FvLossResult a = problem_run (with), b = problem_run (without);
  float gradient[16];

  g_assert_cmpmem (&a, sizeof a, &b, sizeof b);
  download (without->gradient_buffers[0], gradient, sizeof gradient);
  for (guint i = 0; i < G_N_ELEMENTS (gradient); i++)
    g_assert_cmpfloat (gradient[i], ==, SENTINEL);
}

/* A logit that is no number must be seen in the loss, so that the run can stop. */
static void
test_not_a_number (void)
{
  const Case c = { "", 1, 64, 64, 3, 5, { PLAIN }, .spread = 1 };
  g_autoptr (Problem) p = problem_new (&c, TRUE);
  FvLossResult result;

  p->heads[1][8 + 4] = NAN;
  upload_head (p, 1);
  result = problem_run (p);
  g_assert_true (isnan (result.obj));
  g_assert_true (isfinite (result.box) && isfinite (result.cls));
}

/* Four pictures of 640 x 640 with 60 boxes each and 8 classes. */
static void
test_speed (void)
{
  const Case c = { "", 4, 640, 640, 8, 60, { PLAIN }, .spread = 2 };
  g_autoptr (Problem) p = problem_new (&c, TRUE);
  double best = G_MAXDOUBLE;

  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (GArray) phases = g_array_new (FALSE, TRUE, sizeof (FvPhase));

      problem_run (p);
      fv_recording_add_times (p->recording, phases);
      best = MIN (best, g_array_index (phases, FvPhase, 0).seconds * 1000);
    }
  g_test_minimized_result (best, "loss: %.2f ms for 100,800 anchors and 60 boxes a picture", best);
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
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/nets/loss/%s", cases[i].name);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/nets/loss/repeats", test_repeats);
  g_test_add_func ("/nets/loss/without gradient", test_without_gradient);
  g_test_add_func ("/nets/loss/not a number", test_not_a_number);
  if (g_test_perf ())
    g_test_add_func ("/nets/loss/speed", test_speed);
  status = g_test_run ();
  fv_device_unref (device);
  return status;
}

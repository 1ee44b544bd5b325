/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plan of a whole network's memory, and the barriers of a recording. */
#include "compute/graph/fv-graph-private.h"
#include "compute/nets/fv-loss.h"
#include "compute/nets/fv-yolov5.h"
#include "compute/ops/fv-augment.h"
#include "compute/ops/fv-conv-variants.h"

static FvDevice *device;

/* YOLOv5n with its loss and backward nodes; the addresses of the parameters are never followed. */
static FvGraph *
build_network (gboolean training, gsize aim_bytes, guint frozen_layers, FvTensor *heads[FV_YOLOV5_N_HEADS])
{
  FvGraph *g = fv_graph_new (device, &(FvGraphParams){ .training = training, .aim_bytes = aim_bytes });
  const FvYolov5Buffers buffers = { .weights = 1 << 20, .statistics = 1 << 24, .gradients = training ? 1 << 26 : 0 };
  const FvLossParams loss = { .box = 1, .obj = 1, .cls = 1, .cls_pw = 1, .obj_pw = 1, .anchor_t = 4 };
  FvYolov5Config config;
  g_autoptr (FvLayout) layout = NULL;
  FvTensor *block = fv_graph_scratch (g, 8, "block"), *result = fv_graph_scratch (g, 8, "result"), *input;

  fv_yolov5_config_init (&config, 'n', 3);
  layout = fv_yolov5_layout_new (&config);
  fv_tensor_set_address (block, 1 << 10);
  fv_tensor_set_address (result, 1 << 11);
  input = fv_augment (g, block, 2, 64, 96);
  fv_yolov5_build (g, &config, layout, &buffers, frozen_layers, input, heads, NULL);
  if (training)
    {
      fv_yolo_loss (g, &config, &loss, heads, block, result, TRUE);
      fv_graph_backward (g);
    }
  fv_graph_plan (g);
  return g;
}

static void
test_shapes (void)
{
  FvTensor *heads[FV_YOLOV5_N_HEADS];
  g_autoptr (FvGraph) g = build_network (FALSE, 0, 0, heads);

  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    {
      g_assert_cmpuint (heads[i]->n, ==, 2);
      g_assert_cmpuint (heads[i]->h, ==, 64 / fv_yolov5_strides[i]);
      g_assert_cmpuint (heads[i]->w, ==, 96 / fv_yolov5_strides[i]);
      g_assert_cmpuint (heads[i]->c, ==, 24);
      g_assert_cmpuint (heads[i]->pitch, ==, 32);
    }
}

/* Training keeps activations for the way back, inference does not; a frozen backbone keeps less, and so does what can be made again. */
static void
test_plan_bytes (void)
{
  FvTensor *heads[FV_YOLOV5_N_HEADS];
  g_autoptr (FvGraph) training = build_network (TRUE, 0, 0, heads);
  g_autoptr (FvGraph) frozen = build_network (TRUE, 0, 10, heads);
  g_autoptr (FvGraph) recompute = build_network (TRUE, 1, 0, heads);
  g_autoptr (FvGraph) frozen_recompute = build_network (TRUE, 1, 10, heads);
  g_autoptr (FvGraph) inference = build_network (FALSE, 0, 0, heads);
  FvGraph *const all[] = { training, frozen, recompute, frozen_recompute, inference };

  g_assert_cmpuint (fv_graph_get_arena_bytes (inference), >, 0);
  g_assert_cmpuint (2 * fv_graph_get_arena_bytes (inference), <, fv_graph_get_arena_bytes (training));
  g_assert_cmpuint (fv_graph_get_arena_bytes (frozen), <, fv_graph_get_arena_bytes (training));
  g_assert_cmpuint (4 * fv_graph_get_arena_bytes (recompute), <, 3 * fv_graph_get_arena_bytes (training));
  g_assert_cmpuint (fv_graph_get_arena_bytes (frozen_recompute), <, fv_graph_get_arena_bytes (frozen));
  /* Hardly anything is lost between them. */
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    {
      g_assert_cmpuint (fv_graph_get_peak_bytes (all[i]), <=, fv_graph_get_arena_bytes (all[i]));
      g_assert_cmpuint (fv_graph_get_arena_bytes (all[i]), <, 1.03 * fv_graph_get_peak_bytes (all[i]));
    }
}

/* No more is made again than is needed for what is aimed at. */
static void
test_aim (void)
{
  FvTensor *heads[FV_YOLOV5_N_HEADS];
  g_autoptr (FvGraph) all = build_network (TRUE, 0, 0, heads);
  g_autoptr (FvGraph) least = build_network (TRUE, 1, 0, heads);
  const gsize most_bytes = fv_graph_get_peak_bytes (all), least_bytes = fv_graph_get_peak_bytes (least);
  gsize n_nodes = all->nodes->len;

  for (guint i = 0; i <= 8; i++)
    {
      const gsize aim = most_bytes - (most_bytes - least_bytes) / 8 * i;
      g_autoptr (FvGraph) g = build_network (TRUE, aim, 0, heads);

      g_assert_cmpuint (fv_graph_get_peak_bytes (g), <=, aim + aim / 50);
      g_assert_cmpuint (g->nodes->len, >=, n_nodes);
      g_assert_true ((g->nodes->len == all->nodes->len) == (i == 0));
      n_nodes = g->nodes->len;
    }
}

/* No tensor is copied to be concatenated, no gradient to be added to another. */
static void
test_no_copies (void)
{
  FvTensor *heads[FV_YOLOV5_N_HEADS];
  g_autoptr (FvGraph) g = build_network (TRUE, 0, 0, heads);

  for (guint i = 0; i < g->nodes->len; i++)
    {
      const FvNode *node = g->nodes->pdata[i];

      g_assert_cmpstr (node->op->name, !=, "copy");
      g_assert_cmpstr (node->op->name, !=, "accumulate");
    }
}

static void
nothing (FvNode *node, FvRecorder *recorder)
{
}

static const FvOpClass test_op = { .name = "test", .record = nothing };

/* Random graphs: two tensors that live at the same time never share a byte. */
static void
test_no_overlap (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (11);

  for (guint round = 0; round < 20; round++)
    {
      g_autoptr (FvGraph) g = fv_graph_new (device, &(FvGraphParams){ 0 });
      g_autoptr (GPtrArray) tensors = g_ptr_array_new ();
      gsize total = 0;

      for (guint i = 0; i < 60; i++)
        {
          FvTensor *y = fv_graph_scratch (g, g_rand_int_range (rand, 1, 5000), "test");
          FvTensor *inputs[3] = { NULL };

          for (guint k = 0; k < 2 && tensors->len > 0; k++)
            inputs[k] = tensors->pdata[g_rand_int_range (rand, tensors->len > 8 ? tensors->len - 8 : 0, tensors->len)];
          fv_graph_node (g, &test_op, inputs, (FvTensor *[]){ y, NULL }, NULL);
          y->keep = i == 30;
          g_ptr_array_add (tensors, y);
          total += y->size;
        }
      fv_graph_plan (g);
      g_assert_cmpuint (fv_graph_get_arena_bytes (g), <, total);
      for (guint a = 0; a < tensors->len; a++)
        for (guint b = 0; b < a; b++)
          {
            const FvTensor *s = tensors->pdata[a], *t = tensors->pdata[b];

            if (s->first_use <= t->last_use && t->first_use <= s->last_use)
              g_assert_true (s->arena_offset + s->size <= t->arena_offset
                             || t->arena_offset + t->size <= s->arena_offset);
          }
    }
}

/* Barriers stand between conflicting commands, and only there. */
static void
test_barriers (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvBuffer) a = fv_buffer_new (device, FV_MEMORY_DEVICE, 1024, "a", &error);
  g_autoptr (FvBuffer) b = fv_buffer_new (device, FV_MEMORY_DEVICE, 1024, "b", &error);
  g_autoptr (FvRecorder) recorder = fv_recorder_new (device);
  g_autoptr (FvRecording) recording = NULL;
  guint32 words[256];
  guint64 ticket;

  fv_recorder_fill (recorder, a, 0, 512, 7);        /* 1 */
  fv_recorder_fill (recorder, a, 512, 512, 8);      /* another half: none */
  fv_recorder_fill (recorder, b, 0, 1024, 9);       /* another buffer: none */
  fv_recorder_copy (recorder, a, 0, b, 0, 256);     /* reads and overwrites: a barrier */
  fv_recorder_copy (recorder, a, 512, b, 512, 256); /* none */
  fv_recorder_fill (recorder, a, 0, 256, 1);        /* write after read: a barrier */
  recording = fv_recorder_finish (&recorder, FALSE, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (fv_recording_get_n_barriers (recording), ==, 2);
  for (guint i = 0; i < 2; i++)
    {
      fv_recording_submit (recording, &ticket, &error);
      g_assert_no_error (error);
    }
  fv_buffer_download (b, 0, words, sizeof words, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (words[0], ==, 7);
  g_assert_cmpuint (words[63], ==, 7);
  g_assert_cmpuint (words[64], ==, 9);
  g_assert_cmpuint (words[128], ==, 8);
  g_assert_cmpuint (words[192], ==, 9);
  fv_buffer_download (a, 0, words, sizeof words, &error);
  g_assert_cmpuint (words[0], ==, 1);
  g_assert_cmpuint (words[64], ==, 7);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  int result;

  g_test_init (&argc, &argv, NULL);
  device = fv_device_open (&(FvDeviceParams){ 0 }, &error);
  g_assert_no_error (error);
  /* The kernels that need no memory for themselves to speak of: of so small a network's activations that would be a large part. */
  for (FvConvDirection d = 0; d < FV_N_CONV_DIRECTIONS; d++)
    fv_conv_force_variant (d, 0);
  g_test_add_func ("/graph/shapes", test_shapes);
  g_test_add_func ("/graph/plan-bytes", test_plan_bytes);
  g_test_add_func ("/graph/aim", test_aim);
  g_test_add_func ("/graph/no-copies", test_no_copies);
  g_test_add_func ("/graph/no-overlap", test_no_overlap);
  g_test_add_func ("/graph/barriers", test_barriers);
  result = g_test_run ();
  fv_device_unref (device);
  return result;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/nets/fv-loss.h"

#include <string.h>

#include "compute/ops/fv-augment.h"

#define PHASE "loss"
#define WORKGROUP 64 /* cells of a workgroup of loss-cells */

/* Weight of each head's objectness: small objects are many cells. */
static const float balance[FV_YOLOV5_N_HEADS] = { 4.0f, 1.0f, 0.4f };

typedef struct
{
  FvLossParams loss;
  guint n_classes;
  gboolean with_gradient;
  float anchors[FV_YOLOV5_N_HEADS][FV_YOLOV5_N_ANCHORS][2]; /* in cells */
} LossNode;

/* A node's tensors: inputs are the heads and the block, outputs these. */
enum
{
  OUTPUT_RESULT,
  OUTPUT_SCRATCH, /* guint32 counts[3], then float partials[][3] */
  OUTPUT_GRADIENTS,
};

typedef struct
{
  guint64 block, counts;
  guint32 n, height, width;
  float anchor_t;
  float anchors[FV_YOLOV5_N_HEADS][FV_YOLOV5_N_ANCHORS][2];
} CountPush;

typedef struct
{
  guint64 block, head, gradient, count, partials;
  guint32 height, width;
  float anchors[FV_YOLOV5_N_ANCHORS][2];
  float anchor_t, box_scale, obj_scale, cls_scale, obj_pw, cls_pw, gamma, positive, negative;
} CellsPush;

typedef struct
{
  guint32 n_classes, head_pitch, gradient_pitch, with_gradient, focal;
} CellsSpec;

typedef struct
{
  guint64 partials, counts, result;
  guint32 n_partials[FV_YOLOV5_N_HEADS];
  float scale[FV_YOLOV5_N_HEADS][3];
} TotalPush;

static guint
cell_groups (const FvTensor *head)
{
  return (head->h * head->w + WORKGROUP - 1) / WORKGROUP;
}

static void
record_count (const FvNode *node, FvRecorder *recorder, FvRange counts)
{
  const LossNode *params = node->params;
  const FvTensor *head = node->inputs[0], *block = node->inputs[FV_YOLOV5_N_HEADS];
  CountPush push = {
    .block = fv_tensor_get_address (block),
    .counts = counts.address,
    .n = head->n,
    .height = head->h,
    .width = head->w,
    .anchor_t = params->loss.anchor_t,
  };

  memcpy (push.anchors, params->anchors, sizeof push.anchors);
  fv_recorder_dispatch (recorder, &(FvDispatch){
                                      .kernel = "loss-count",
                                      .phase = PHASE,
                                      .groups = { FV_YOLOV5_N_HEADS, 1, 1 },
                                      .push = &push,
                                      .push_size = sizeof push,
                                      .reads = { fv_tensor_get_range (block) },
                                      .writes = { counts },
                                  });
}

/* @scale: of the sums of 1 - CIoU, objectness and class losses; the loss without the batch factor. */
static void
record_cells (const FvNode *node, FvRecorder *recorder, guint i, FvRange count, FvRange partials, const float scale[3])
{
  const LossNode *params = node->params;
  const FvTensor *head = node->inputs[i], *block = node->inputs[FV_YOLOV5_N_HEADS];
  const FvTensor *gradient = params->with_gradient ? node->outputs[OUTPUT_GRADIENTS + i] : NULL;
  const float smoothing = params->loss.label_smoothing;
  CellsPush push = {
    .block = fv_tensor_get_address (block),
    .head = fv_tensor_get_address (head),
    .gradient = gradient != NULL ? fv_tensor_get_address (gradient) : 0,
    .count = count.address,
    .partials = partials.address,
    .height = head->h,
    .width = head->w,
    .anchor_t = params->loss.anchor_t,
    .box_scale = scale[0] * head->n,
    .obj_scale = scale[1] * head->n,
    .cls_scale = scale[2] * head->n,
    .obj_pw = params->loss.obj_pw,
    .cls_pw = params->loss.cls_pw,
    .gamma = params->loss.fl_gamma,
    .positive = 1.0f - 0.5f * smoothing,
    .negative = 0.5f * smoothing,
  };
  const CellsSpec spec = {
    .n_classes = params->n_classes,
    .head_pitch = head->pitch,
    .gradient_pitch = gradient != NULL ? gradient->pitch : 0,
    .with_gradient = params->with_gradient,
    .focal = params->loss.fl_gamma > 0.0f,
  };
  FvDispatch dispatch = {
    .kernel = "loss-cells",
    .phase = PHASE,
    .groups = { cell_groups (head), head->n, 1 },
    .push = &push,
    .push_size = sizeof push,
    .reads = { fv_tensor_get_range (block), fv_tensor_get_range (head), count },
    .writes = { partials },
  };

  memcpy (push.anchors, params->anchors[i], sizeof push.anchors);
  FV_DISPATCH_SPEC (&dispatch, &spec);
  /* Classes are added up where their gradients go. */
  if (gradient != NULL)
    dispatch.reads[3] = dispatch.writes[1] = fv_tensor_get_range (gradient);
  fv_recorder_dispatch (recorder, &dispatch);
}

static void
loss_record (FvNode *node, FvRecorder *recorder)
{
  const LossNode *params = node->params;
  const FvRange result = fv_tensor_get_range (node->outputs[OUTPUT_RESULT]);
  const FvRange scratch = fv_tensor_get_range (node->outputs[OUTPUT_SCRATCH]);
  const FvRange counts = { scratch.address, FV_YOLOV5_N_HEADS * sizeof (guint32) };
  const FvRange all_partials = { counts.address + counts.size, scratch.size - counts.size };
  FvRange partials = all_partials;
  TotalPush total = { .partials = all_partials.address, .counts = counts.address, .result = result.address };

  record_count (node, recorder, counts);
  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    {
      const FvTensor *head = node->inputs[i];

      total.scale[i][0] = params->loss.box;
      total.scale[i][1] = params->loss.obj * balance[i] / (fv_tensor_get_pixels (head) * FV_YOLOV5_N_ANCHORS);
      total.scale[i][2] = params->loss.cls / params->n_classes;
      total.n_partials[i] = cell_groups (head) * head->n;
      partials.size = total.n_partials[i] * 3 * sizeof (float);
      record_cells (node, recorder, i, (FvRange){ counts.address + i * sizeof (guint32), sizeof (guint32) }, partials,
                    total.scale[i]);
      partials.address += partials.size;
    }
  fv_recorder_dispatch (recorder, &(FvDispatch){
                                      .kernel = "loss-total",
                                      .phase = PHASE,
                                      .groups = { 1, 1, 1 },
                                      .push = &total,
                                      .push_size = sizeof total,
                                      .reads = { counts, all_partials },
                                      .writes = { result },
                                  });
}

static const FvOpClass loss_op = { .name = "yolo loss", .record = loss_record };

void
fv_yolo_loss (FvGraph *g, const FvYolov5Config *config, const FvLossParams *params,
              FvTensor *const heads[FV_YOLOV5_N_HEADS], FvTensor *block, FvTensor *result, gboolean with_gradient)
{
  FvTensor *inputs[FV_YOLOV5_N_HEADS + 2] = { heads[0], heads[1], heads[2], block };
  FvTensor *outputs[OUTPUT_GRADIENTS + FV_YOLOV5_N_HEADS + 1] = { result };
  LossNode *node = g_new0 (LossNode, 1);
  gsize n_partials = 0;

  node->loss = *params;
  node->n_classes = config->n_classes;
  node->with_gradient = with_gradient;
  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    {
      g_assert (heads[i]->c == FV_YOLOV5_N_ANCHORS * (5 + config->n_classes));
      n_partials += (gsize)cell_groups (heads[i]) * heads[i]->n;
      for (guint k = 0; k < FV_YOLOV5_N_ANCHORS * 2; k++)
        node->anchors[i][k / 2][k % 2] = config->anchors[i][k / 2][k % 2] / fv_yolov5_strides[i];
      if (!with_gradient)
        continue;
      /* The kernel writes whole pixels, padding too. */
      g_assert (heads[i]->parent == NULL);
      outputs[OUTPUT_GRADIENTS + i] = fv_tensor_get_gradient (heads[i]);
      if (fv_tensor_claim_gradient (heads[i]))
        g_assert_not_reached ();
    }
  outputs[OUTPUT_SCRATCH] = fv_graph_scratch (g, FV_YOLOV5_N_HEADS + n_partials * 3, "loss scratch");
  fv_graph_node (g, &loss_op, inputs, outputs, node);
}

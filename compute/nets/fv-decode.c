/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "compute/nets/fv-loss.h"

/* Values of a workgroup: enough to make its beginning cheap, so few that all cores have some. */
#define GROUP_VALUES 4096

typedef struct
{
  float anchors[FV_YOLOV5_N_HEADS][FV_YOLOV5_N_ANCHORS][2]; /* in pixels */
  guint length;                                             /* 5 + classes */
} DecodeNode;

typedef struct
{
  guint64 head, rows;
  guint32 picture_rows, cells, width, per;
  float stride;
  float anchors[FV_YOLOV5_N_ANCHORS][2];
} DecodePush;

typedef struct
{
  guint32 length, pitch;
} DecodeSpec;

static void
decode_record (FvNode *node, FvRecorder *recorder)
{
  const DecodeNode *params = node->params;
  const FvRange rows = fv_tensor_get_range (node->outputs[0]);
  const FvTensor *finest = node->inputs[0];
  const guint picture_rows = fv_yolo_count_rows (finest->h * fv_yolov5_strides[0], finest->w * fv_yolov5_strides[0]);
  guint first_row = 0;

  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    {
      const FvTensor *head = node->inputs[i];
      const guint cells = head->h * head->w;
      const DecodeSpec spec = { params->length, head->pitch };
      DecodePush push = {
        .head = fv_tensor_get_address (head),
        .rows = rows.address + (gsize)first_row * params->length * sizeof (float),
        .picture_rows = picture_rows,
        .cells = cells,
        .width = head->w,
        .per = MAX (GROUP_VALUES / params->length, 1),
        .stride = fv_yolov5_strides[i],
      };
      FvDispatch dispatch = {
        .kernel = "decode",
        .phase = "decode",
        .groups = { (cells + push.per - 1) / push.per, FV_YOLOV5_N_ANCHORS, head->n },
        .push = &push,
        .push_size = sizeof push,
        .reads = { fv_tensor_get_range (head) },
        .writes = { rows },
      };

      memcpy (push.anchors, params->anchors[i], sizeof push.anchors);
      FV_DISPATCH_SPEC (&dispatch, &spec);
      fv_recorder_dispatch (recorder, &dispatch);
      first_row += cells * FV_YOLOV5_N_ANCHORS;
    }
}

static const FvOpClass decode_op = { .name = "yolo decode", .record = decode_record };

void
fv_yolo_decode (FvGraph *g, const FvYolov5Config *config, FvTensor *const heads[FV_YOLOV5_N_HEADS], FvTensor *rows)
{
  DecodeNode *node = g_new0 (DecodeNode, 1);

  memcpy (node->anchors, config->anchors, sizeof node->anchors);
  node->length = 5 + config->n_classes;
  fv_graph_node (g, &decode_op, (FvTensor *[]){ heads[0], heads[1], heads[2], NULL }, (FvTensor *[]){ rows, NULL },
                 node);
}

guint
fv_yolo_count_rows (guint height, guint width)
{
  guint rows = 0;

  for (guint i = 0; i < FV_YOLOV5_N_HEADS; i++)
    rows += FV_YOLOV5_N_ANCHORS * (height / fv_yolov5_strides[i]) * (width / fv_yolov5_strides[i]);
  return rows;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/ops/fv-ops.h"

#define BLOCK 4096 /* elements of a workgroup: shaders/cast.comp */

typedef struct
{
  VkDeviceAddress gradient_factor;
} CastParams;

typedef struct
{
  guint64 x, y, factor;
  guint32 elements, padding;
} CastPush;

typedef struct
{
  guint32 narrow;
} CastSpec;

static void
dispatch_cast (FvRecorder *recorder, FvTensor *x, FvTensor *y, VkDeviceAddress factor)
{
  const gsize elements = x->size / x->element;
  const CastPush push = {
    .x = fv_tensor_get_address (x),
    .y = fv_tensor_get_address (y),
    .factor = factor,
    .elements = elements,
  };
  const CastSpec spec = { .narrow = y->element == FV_ELEMENT_HALF };
  FvDispatch dispatch = {
    .kernel = "cast",
    .phase = "cast",
    .groups = { (elements + BLOCK - 1) / BLOCK, 1, 1 },
    .push = &push,
    .push_size = sizeof push,
    .reads = { fv_tensor_get_range (x), { factor, factor != 0 ? sizeof (float) : 0 } },
    .writes = { fv_tensor_get_range (y) },
  };

  FV_DISPATCH_SPEC (&dispatch, &spec);
  fv_recorder_dispatch (recorder, &dispatch);
}

static void
cast_record (FvNode *node, FvRecorder *recorder)
{
  dispatch_cast (recorder, node->inputs[0], node->outputs[0], 0);
}

static void
cast_backward_record (FvNode *node, FvRecorder *recorder)
{
  const CastParams *params = node->params;

  dispatch_cast (recorder, node->inputs[0], node->outputs[0], params->gradient_factor);
}

static const FvOpClass cast_backward_op = { .name = "cast backward", .record = cast_backward_record };

static void
cast_backward (FvGraph *g, FvNode *node)
{
  FvTensor *x = node->inputs[0], *y = node->outputs[0];

  if (!x->requires_gradient)
    return;
  /* Nobody else may have used it. */
  if (fv_tensor_claim_gradient (x))
    g_assert_not_reached ();
  fv_graph_node (g, &cast_backward_op, (FvTensor *[]){ fv_tensor_get_gradient (y), NULL },
                 (FvTensor *[]){ fv_tensor_get_gradient (x), NULL }, g_memdup2 (node->params, sizeof (CastParams)));
}

static const FvOpClass cast_op = { .name = "cast", .backward = cast_backward, .record = cast_record };

FvTensor *
fv_cast (FvGraph *g, FvTensor *x, guint element, VkDeviceAddress gradient_factor)
{
  const CastParams params = { gradient_factor };
  FvTensor *y;

  if (x->element == element)
    return x;
  /* Memory is gone through as it lies. */
  g_assert (x->parent == NULL);
  /* Backward to fp32 there is nothing to multiply: a graph has one loss. */
  g_assert (element == FV_ELEMENT_FLOAT || !x->requires_gradient);
  y = fv_graph_tensor_like (g, x, element);
  y->requires_gradient = x->requires_gradient;
  fv_graph_node (g, &cast_op, (FvTensor *[]){ x, NULL }, (FvTensor *[]){ y, NULL }, g_memdup2 (&params, sizeof params));
  return y;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/ops/fv-pixels.h"

#include <string.h>

typedef struct
{
  guint k;
} PoolParams;

typedef struct
{
  guint64 x, y, indices; /* backward: dx, dy, indices */
  guint32 pixels, pairs, per, x_pitch, y_pitch;
  gint32 height, width;
} PoolPush;

typedef struct
{
  guint32 rows, k, flag; /* flag: remember (forward), add (backward) */
} PoolSpec;

/* The winners' places as elements like the rest, packed: [pixels][padded channels]. NULL indices: not remembered. */
static void
dispatch_pool (FvRecorder *recorder, gboolean backward, guint k, FvTensor *x, FvTensor *y, FvTensor *indices,
               gboolean add)
{
  const FvPixelsShares shares = fv_pixels_share_tensor (x);
  const PoolPush push = {
    .x = fv_tensor_get_address (x),
    .y = fv_tensor_get_address (y),
    .indices = indices != NULL ? fv_tensor_get_address (indices) : 0,
    .pixels = fv_tensor_get_pixels (x),
    .pairs = fv_pixels_pairs (x),
    .per = shares.per,
    .x_pitch = x->pitch,
    .y_pitch = y->pitch,
    .height = x->h,
    .width = x->w,
  };
  const PoolSpec spec = { .rows = FV_PIXELS_ROWS, .k = k, .flag = backward ? add : indices != NULL };
  const FvRange index_range = indices != NULL ? fv_tensor_get_range (indices) : (FvRange){ 0, 0 };
  FvDispatch dispatch = {
    .kernel = backward ? FV_KERNEL_FOR ("max-pool-backward", x) : FV_KERNEL_FOR ("max-pool", x),
    .phase = backward ? "max pool backward" : "max pool",
    .groups = { shares.groups[0], shares.groups[1], 1 },
    .push = &push,
    .push_size = sizeof push,
    .reads = { fv_tensor_get_range (backward ? y : x), backward ? index_range : (FvRange){ 0, 0 },
               add ? fv_tensor_get_range (x) : (FvRange){ 0, 0 } },
    .writes = { fv_tensor_get_range (backward ? x : y), backward ? (FvRange){ 0, 0 } : index_range },
  };

  FV_DISPATCH_SPEC (&dispatch, &spec);
  fv_recorder_dispatch (recorder, &dispatch);
}

static void
pool_record (FvNode *node, FvRecorder *recorder)
{
  const PoolParams *params = node->params;

  dispatch_pool (recorder, FALSE, params->k, node->inputs[0], node->outputs[0],
                 node->n_outputs > 1 ? node->outputs[1] : NULL, FALSE);
}

static void
pool_backward_record (FvNode *node, FvRecorder *recorder)
{
  const PoolParams *params = node->params;

  dispatch_pool (recorder, TRUE, params->k, node->outputs[0], node->inputs[0], node->inputs[1], node->n_inputs > 2);
}

static const FvOpClass pool_backward_op = { .name = "max pool backward", .record = pool_backward_record };

static void
pool_backward (FvGraph *g, FvNode *node)
{
  FvTensor *x = node->inputs[0], *dy;
  gboolean add;

  if (!x->requires_gradient)
    return;
  dy = fv_tensor_get_gradient (node->outputs[0]);
  add = fv_tensor_claim_gradient (x);
  fv_graph_node (g, &pool_backward_op,
                 (FvTensor *[]){ dy, node->outputs[1], add ? fv_tensor_get_gradient (x) : NULL, NULL },
                 (FvTensor *[]){ fv_tensor_get_gradient (x), NULL }, g_memdup2 (node->params, sizeof (PoolParams)));
}

static const FvOpClass pool_op = { .name = "max pool", .backward = pool_backward, .record = pool_record };

FvTensor *
fv_max_pool (FvGraph *g, FvTensor *x, guint k, const char *name)
{
  const PoolParams params = { .k = k };
  FvTensor *y = fv_graph_tensor (g, x->n, x->h, x->w, x->c, 0, name);
  FvTensor *indices = NULL;

  y->requires_gradient = x->requires_gradient;
  if (fv_graph_is_training (g) && x->requires_gradient)
    indices = fv_graph_tensor (g, x->n, x->h, x->w, x->c, 0, name);
  fv_graph_node (g, &pool_op, (FvTensor *[]){ x, NULL }, (FvTensor *[]){ y, indices, NULL },
                 g_memdup2 (&params, sizeof params));
  return y;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/ops/fv-pixels.h"

#include <string.h>

typedef struct
{
  guint64 small, large;
  guint32 pixels, pairs, per, small_pitch, large_pitch, width;
} UpsamplePush;

typedef struct
{
  guint32 rows, backward, add;
} UpsampleSpec;

static void
dispatch_upsample (FvRecorder *recorder, FvTensor *small, FvTensor *large, gboolean backward, gboolean add)
{
  const FvPixelsShares shares = fv_pixels_share_tensor (small);
  const UpsamplePush push = {
    .small = fv_tensor_get_address (small),
    .large = fv_tensor_get_address (large),
    .pixels = fv_tensor_get_pixels (small),
    .pairs = fv_pixels_pairs (small),
    .per = shares.per,
    .small_pitch = small->pitch,
    .large_pitch = large->pitch,
    .width = small->w,
  };
  const UpsampleSpec spec = { .rows = FV_PIXELS_ROWS, .backward = backward, .add = add };
  FvDispatch dispatch = {
    .kernel = FV_KERNEL_FOR ("upsample2x", small),
    .phase = backward ? "upsample backward" : "upsample",
    .groups = { shares.groups[0], shares.groups[1], 1 },
    .push = &push,
    .push_size = sizeof push,
    .reads = { fv_tensor_get_range (backward ? large : small), add ? fv_tensor_get_range (small) : (FvRange){ 0, 0 } },
    .writes = { fv_tensor_get_range (backward ? small : large) },
  };

  FV_DISPATCH_SPEC (&dispatch, &spec);
  fv_recorder_dispatch (recorder, &dispatch);
}

static void
upsample_record (FvNode *node, FvRecorder *recorder)
{
  dispatch_upsample (recorder, node->inputs[0], node->outputs[0], FALSE, FALSE);
}

static void
upsample_backward_record (FvNode *node, FvRecorder *recorder)
{
  dispatch_upsample (recorder, node->outputs[0], node->inputs[0], TRUE, node->n_inputs > 1);
}

static const FvOpClass upsample_backward_op = { .name = "upsample backward", .record = upsample_backward_record };

static void
upsample_backward (FvGraph *g, FvNode *node)
{
  FvTensor *x = node->inputs[0], *dy;
  gboolean add;

  if (!x->requires_gradient)
    return;
  dy = fv_tensor_get_gradient (node->outputs[0]);
  add = fv_tensor_claim_gradient (x);
  fv_graph_node (g, &upsample_backward_op, (FvTensor *[]){ dy, add ? fv_tensor_get_gradient (x) : NULL, NULL },
                 (FvTensor *[]){ fv_tensor_get_gradient (x), NULL }, NULL);
}

static const FvOpClass upsample_op
    = { .name = "upsample", .backward = upsample_backward, .record = upsample_record, .again = fv_graph_repeat };

FvTensor *
fv_upsample2x (FvGraph *g, FvTensor *x, const char *name)
{
  FvTensor *y = fv_graph_tensor (g, x->n, 2 * x->h, 2 * x->w, x->c, 0, name);

  y->requires_gradient = x->requires_gradient;
  fv_graph_node (g, &upsample_op, (FvTensor *[]){ x, NULL }, (FvTensor *[]){ y, NULL }, NULL);
  return y;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/ops/fv-pixels.h"

#include <string.h>

typedef struct
{
  guint64 a, b, y;
  guint32 pixels, pairs, per, a_pitch, b_pitch, y_pitch;
} AddPush;

typedef struct
{
  guint32 rows, copy;
} AddSpec;

void
fv_add_record (FvRecorder *recorder, FvTensor *a, FvTensor *b, FvTensor *y, const char *phase)
{
  const FvTensor *second = b != NULL ? b : a;
  const FvPixelsShares shares = fv_pixels_share_tensor (y);
  const AddPush push = {
    .a = fv_tensor_get_address (a),
    .b = fv_tensor_get_address (second),
    .y = fv_tensor_get_address (y),
    .pixels = fv_tensor_get_pixels (y),
    .pairs = fv_pixels_pairs (y),
    .per = shares.per,
    .a_pitch = a->pitch,
    .b_pitch = second->pitch,
    .y_pitch = y->pitch,
  };
  const AddSpec spec = { .rows = FV_PIXELS_ROWS, .copy = b == NULL };
  FvDispatch dispatch = {
    .kernel = FV_KERNEL_FOR ("add", y),
    .phase = phase,
    .groups = { shares.groups[0], shares.groups[1], 1 },
    .push = &push,
    .push_size = sizeof push,
    .reads = { fv_tensor_get_range (a), fv_tensor_get_range (second) },
    .writes = { fv_tensor_get_range (y) },
  };

  FV_DISPATCH_SPEC (&dispatch, &spec);
  fv_recorder_dispatch (recorder, &dispatch);
}

/* Gradient of one consumer on top of the others'. */

static void
accumulate_record (FvNode *node, FvRecorder *recorder)
{
  FvTensor *from = node->inputs[0], *to = node->outputs[0];

  fv_add_record (recorder, from, node->n_inputs > 1 ? to : NULL, to, "add backward");
}

static const FvOpClass accumulate_op = { .name = "accumulate", .record = accumulate_record };

void
fv_accumulate_gradient (FvGraph *g, FvTensor *from, FvTensor *of)
{
  FvTensor *to = fv_tensor_get_gradient (of);
  gboolean add = fv_tensor_claim_gradient (of);

  fv_graph_node (g, &accumulate_op, (FvTensor *[]){ from, add ? to : NULL, NULL }, (FvTensor *[]){ to, NULL }, NULL);
}

void
fv_pass_gradient (FvGraph *g, FvTensor *y, FvTensor *x)
{
  FvTensor *dy = fv_tensor_get_gradient (y);

  if (x->gradient != NULL || x->parent != NULL)
    {
      fv_accumulate_gradient (g, dy, x);
      return;
    }
  x->gradient = dy;
  fv_tensor_claim_gradient (x);
}

/* y = a + b */

static void
add_record (FvNode *node, FvRecorder *recorder)
{
  fv_add_record (recorder, node->inputs[0], node->inputs[1], node->outputs[0], "add");
}

static void
add_backward (FvGraph *g, FvNode *node)
{
  FvTensor *y = node->outputs[0];

  if (!y->requires_gradient)
    return;
  for (guint i = 0; i < node->n_inputs; i++)
    if (node->inputs[i]->requires_gradient)
      fv_accumulate_gradient (g, fv_tensor_get_gradient (y), node->inputs[i]);
}

static const FvOpClass add_op
    = { .name = "add", .backward = add_backward, .record = add_record, .again = fv_graph_repeat };

FvTensor *
fv_add (FvGraph *g, FvTensor *a, FvTensor *b, const char *name)
{
  FvTensor *y = fv_graph_tensor (g, a->n, a->h, a->w, a->c, 0, name);

  g_return_val_if_fail (a->n == b->n && a->h == b->h && a->w == b->w && a->c == b->c, NULL);
  y->requires_gradient = a->requires_gradient || b->requires_gradient;
  fv_graph_node (g, &add_op, (FvTensor *[]){ a, b, NULL }, (FvTensor *[]){ y, NULL }, NULL);
  return y;
}

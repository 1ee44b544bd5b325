/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/ops/fv-pixels.h"

/* A slice that had to be copied, since its tensor is a slice of something else already. */

static void
copy_record (FvNode *node, FvRecorder *recorder)
{
  fv_add_record (recorder, node->inputs[0], NULL, node->outputs[0], "concatenation");
}

static void
copy_backward (FvGraph *g, FvNode *node)
{
  if (node->inputs[0]->requires_gradient)
    fv_accumulate_gradient (g, fv_tensor_get_gradient (node->outputs[0]), node->inputs[0]);
}

static const FvOpClass copy_op
    = { .name = "copy", .backward = copy_backward, .record = copy_record, .again = fv_graph_repeat };

FvTensor *
fv_concat (FvGraph *g, FvTensor *const *inputs, guint n_inputs, const char *name)
{
  FvTensor *y;
  guint channels = 0;

  for (guint i = 0; i < n_inputs; i++)
    {
      g_return_val_if_fail (inputs[i]->c % 16 == 0, NULL);
      channels += inputs[i]->c;
    }
  y = fv_graph_tensor (g, inputs[0]->n, inputs[0]->h, inputs[0]->w, channels, 0, name);
  channels = 0;
  for (guint i = 0; i < n_inputs; i++)
    {
      y->requires_gradient |= inputs[i]->requires_gradient;
      if (!fv_tensor_move_into (inputs[i], y, channels))
        {
          FvTensor *slice = fv_graph_view (g, y, channels, inputs[i]->c, name);

          slice->requires_gradient = inputs[i]->requires_gradient;
          fv_graph_node (g, &copy_op, (FvTensor *[]){ inputs[i], NULL }, (FvTensor *[]){ slice, NULL }, NULL);
        }
      channels += inputs[i]->c;
    }
  return y;
}

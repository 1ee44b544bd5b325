/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/ops/fv-augment.h"

#include <string.h>

#define HALO 2        /* pixels of zeros around the input: what the first convolution pads */
#define LOCAL_SIZE 32 /* of augment.comp: invocations side by side */

typedef struct
{
  guint32 rows; /* that one invocation makes */
} Spec;

typedef struct
{
  guint64 block, result;
  gint32 width, height;
} Push;

/* augment.comp reads them as they stand: scalar layout. */
G_STATIC_ASSERT (sizeof (FvAugmentTile) == 28 && sizeof (FvAugmentLayer) == 160 && sizeof (FvAugmentSample) == 348);
G_STATIC_ASSERT (sizeof (FvDevicePicture) == 24 && sizeof (FvStepBlock) == 32);

static void
record (FvNode *node, FvRecorder *recorder)
{
  const FvTensor *block = node->inputs[0], *result = node->outputs[0];
  /* A sample's 350 bytes are read once for so many pixels. */
  Spec spec = { .rows = 12 };
  Push push = {
    .block = fv_tensor_get_address (block),
    .result = fv_tensor_get_address (result),
    .width = result->w - 2 * HALO,
    .height = result->h - 2 * HALO,
  };
  FvDispatch dispatch = {
    .kernel = FV_KERNEL_FOR ("augment", result),
    .phase = "augment",
    .groups = { (result->w + LOCAL_SIZE - 1) / LOCAL_SIZE, (result->h + spec.rows - 1) / spec.rows, result->n },
    .push = &push,
    .push_size = sizeof push,
    /* The upper layer is blended with what the lower one left in the result. */
    .reads = { fv_tensor_get_range (block), fv_tensor_get_range (result) },
    .writes = { fv_tensor_get_range (result) },
  };
  FV_DISPATCH_SPEC (&dispatch, &spec);
  fv_recorder_dispatch (recorder, &dispatch);
}

static const FvOpClass augment_op = { .name = "augment", .record = record };

FvTensor *
fv_augment (FvGraph *g, FvTensor *block, guint n, guint height, guint width)
{
  g_return_val_if_fail (block->external, NULL);
  FvTensor *result = fv_graph_tensor (g, n, height + 2 * HALO, width + 2 * HALO, 4, 4, "input");
  fv_graph_node (g, &augment_op, (FvTensor *[]){ block, NULL }, (FvTensor *[]){ result, NULL }, NULL);
  return result;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/graph/fv-graph.h"

G_BEGIN_DECLS

struct _FvGraph {
  FvDevice *device;
  gboolean training, half;
  gsize aim_bytes, guard_bytes;
  GPtrArray *tensors;
  GPtrArray *nodes;
  gsize arena_bytes;
  FvBuffer *arena;
};

/* (transfer none): the tensor whose memory this lies in; itself where it is no view. */
FvTensor *fv_tensor_get_root      (const FvTensor *self);

/* Rearranges a graph whose first @n_forward nodes are the forward pass and whose others autograd appended. */
void      fv_graph_recompute      (FvGraph *self, guint n_forward);

/* Sets first_use and last_use of all roots. */
void      fv_graph_find_lifetimes (FvGraph *self);
/* (transfer full): the bytes that live at each node; after the former. */
gsize    *fv_graph_count_live     (FvGraph *self);

G_END_DECLS

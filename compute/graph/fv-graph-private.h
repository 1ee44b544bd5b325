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
/* The most bytes that live at one time, and the node they do at; after the former. */
gsize     fv_graph_find_peak      (FvGraph *self, guint *position);
gboolean  fv_tensor_is_live       (const FvTensor *self, guint position);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/graph/fv-recorder.h"

G_BEGIN_DECLS

/*
 * A static graph of tensor operations. Build it with the op functions (compute/ops/fv-ops.h), let autograd append the backward nodes, plan it (every
 * tensor gets its place in one arena by lifetime), and record it.
 *
 *   FvGraph *g = fv_graph_new (device, &params);
 *   FvTensor *y = fv_conv2d (g, x, &weights, 2, 1);
 *   fv_graph_backward (g);
 *   fv_graph_plan (g);  ...  bytes = fv_graph_get_arena_bytes (g);
 *   fv_graph_allocate (g, &error);  fv_graph_record (g, recorder);
 *
 * Tensors are channels-last [N, H, W, C], fp32, or fp16 in a graph of mixed precision. `pitch` elements lie between two pixels: a multiple of 16,
 * or 4 for a picture.
 * A view shares its parent's memory from channel `channel_offset` on. Channels between c and the pitch of a tensor of its own are zero.
 */

typedef struct _FvGraph FvGraph;
typedef struct _FvNode FvNode;
typedef struct _FvTensor FvTensor;

#define FV_ELEMENT_FLOAT 4
#define FV_ELEMENT_HALF  2

/* The row of the kernel table, of the literal @name, whose activations have the elements of @tensor. */
#define FV_KERNEL_FOR(name, tensor) ((tensor)->element == FV_ELEMENT_HALF ? name "-half" : name)

struct _FvTensor {
  FvGraph *graph;
  guint n, h, w, c;
  guint pitch;
  guint element;             /* its bytes: FV_ELEMENT_FLOAT or FV_ELEMENT_HALF */
  FvTensor *parent;          /* whose memory this is a slice of, or NULL */
  guint channel_offset;      /* within the parent */
  FvTensor *gradient;        /* set by fv_tensor_get_gradient(); same shape */
  gboolean gradient_written; /* a consumer has written it: the next adds */
  gboolean requires_gradient;
  gboolean external;         /* memory given by the caller with fv_tensor_set_address() */
  gboolean keep;             /* an output: its memory is not given to others */
  FvNode *producer;
  const char *name;          /* static or interned */
  gsize size;                /* bytes; roots only */
  gsize arena_offset;        /* roots only, after planning */
  VkDeviceAddress address;   /* roots only; read it with fv_tensor_get_address() */
  gint first_use, last_use;  /* node positions; roots only, set by planning */
};

/* What an operator is: how it goes backward and how it becomes dispatches. */
typedef struct {
  const char *name;
  void (*backward)  (FvGraph *graph, FvNode *node);            /* appends nodes; NULL = no gradient */
  void (*record)    (FvNode *node, FvRecorder *recorder);
  /* Appends and returns a node that makes the first output once more, in @output, to the same bits and without other effects, from tensors that
   * @node reads or writes; at the cost of about one pass over it. NULL = there is no such way. */
  FvNode *(*again)  (FvGraph *graph, const FvNode *node, FvTensor *output);
} FvOpClass;

#define FV_NODE_MAX_TENSORS 8

struct _FvNode {
  const FvOpClass *op;
  FvGraph *graph;
  FvTensor *inputs[FV_NODE_MAX_TENSORS];   /* read */
  guint n_inputs;
  FvTensor *outputs[FV_NODE_MAX_TENSORS];  /* written, or added to */
  guint n_outputs;
  gpointer params;                         /* g_free()d with the graph */
};

typedef struct {
  gboolean training;         /* batch statistics, and tensors kept for backward */
  gsize aim_bytes;           /* where tensors would hold more at their peak, what operators can make again is not kept for backward, as far as
                              * that is needed and helps: less memory, a little more time, the same bits. 0 = all is kept */
  gboolean half;             /* mixed precision: activations and their gradients are fp16; scratch memory, parameters and all arithmetic stay fp32 */
  gsize guard_bytes;         /* for tests, a multiple of 256: each tensor has memory to itself and so much that nobody uses before and behind it */
} FvGraphParams;

FvGraph  *fv_graph_new              (FvDevice *device, const FvGraphParams *params);
void      fv_graph_free             (FvGraph *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvGraph, fv_graph_free)
FvDevice *fv_graph_get_device       (FvGraph *self);
gboolean  fv_graph_is_training      (FvGraph *self);

/* (transfer none) (element-type FvTensor): all of them, views too. */
GPtrArray *fv_graph_get_tensors     (FvGraph *self);

/* A new tensor with memory of its own; @pitch 0 = @c rounded up to a multiple of 16. The elements are as the graph's params say. */
FvTensor *fv_graph_tensor           (FvGraph *self, guint n, guint h, guint w, guint c, guint pitch, const char *name);
/* A new tensor with memory of its own, of the shape, pitch and name of @like, with elements of so many bytes. */
FvTensor *fv_graph_tensor_like      (FvGraph *self, const FvTensor *like, guint element);
/* Flat scratch of so many floats, fp32 always: a tensor [1, 1, 1, floats]. */
FvTensor *fv_graph_scratch          (FvGraph *self, gsize floats, const char *name);
FvTensor *fv_graph_view             (FvGraph *self, FvTensor *parent, guint channel_offset, guint c, const char *name);
/* Makes @tensor, which has memory of its own so far, a slice of @parent. FALSE when it is a view or external already. */
gboolean  fv_tensor_move_into       (FvTensor *self, FvTensor *parent, guint channel_offset);
/* The tensor that holds d loss / d tensor, made at the first call (a view where the tensor is one). */
FvTensor *fv_tensor_get_gradient    (FvTensor *self);
/* Whether an operator that writes the gradient must add; marks it as written. The answer is FALSE once for each tensor. */
gboolean  fv_tensor_claim_gradient  (FvTensor *self);
void      fv_tensor_set_address     (FvTensor *self, VkDeviceAddress address);

/* Appends a node. @params (transfer full, nullable) is from g_malloc or g_memdup2. Arrays end with NULL. */
FvNode   *fv_graph_node             (FvGraph *self, const FvOpClass *op, FvTensor *const *inputs, FvTensor *const *outputs, gpointer params);

/* Appends the backward nodes of everything built so far, last node first. Gradients of outputs are whatever was written to
 * fv_tensor_get_gradient() of them by nodes already appended (the loss). */
void      fv_graph_backward         (FvGraph *self);
/* For FvOpClass.again of an operator without params that has no effect but its one output. */
FvNode   *fv_graph_repeat           (FvGraph *self, const FvNode *node, FvTensor *output);
void      fv_graph_plan             (FvGraph *self);
gsize     fv_graph_get_arena_bytes  (FvGraph *self);
/* The most that tensors hold at one time: what no arrangement can do without. */
gsize     fv_graph_get_peak_bytes   (FvGraph *self);
/* Gives the graph an arena of its own. */
gboolean  fv_graph_allocate         (FvGraph *self, GError **error);
/* Puts the tensors into @arena, which is large enough and outlives the graph's recordings; may be called again. */
void      fv_graph_place            (FvGraph *self, FvBuffer *arena);
void      fv_graph_record           (FvGraph *self, FvRecorder *recorder);

/* After allocation. The address of the first channel of the first pixel, and the bytes from there to the last one's end. */
VkDeviceAddress fv_tensor_get_address (const FvTensor *self);
FvRange   fv_tensor_get_range       (const FvTensor *self);
guint     fv_tensor_get_pixels      (const FvTensor *self);   /* n * h * w */

G_END_DECLS

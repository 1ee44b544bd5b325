/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/ops/fv-ops.h"
#include "tests/compute/ops/fovea-ops.h"
#include "tests/reference/fv-reference-pixels.h"

G_BEGIN_DECLS

/*
 * Operators from tensors and parameters to one tensor. Each says which values it starts from, how it is built on the device, and how the
 * reference goes forward and backward; fv_ops_problem_test() and its like do the rest: random numbers, memory between guard zones, every way
 * to compute it, and the comparison of all that was and of all that must not have been written; all of it a second time with tensors of fp16.
 */

#define FV_OPS_MAX_INPUTS 4
#define FV_OPS_MAX_PARAMS 8

typedef enum {
  FV_OPS_OWN,       /* memory of its own, pixels as wide as they must be */
  FV_OPS_WIDE,      /* memory of its own, a pitch of 32 more */
  FV_OPS_SLICE,     /* a slice from channel 16 on of a tensor with a pitch of 48 more */
  FV_OPS_PICTURE,   /* a pitch of 4 */
} FvOpsLayout;

/* ", slice" and so on, or nothing. */
const char *fv_ops_layout_name (FvOpsLayout layout);

typedef struct {
  const char *name;
  FvReferenceShape shape;
  FvOpsLayout layout;
  gboolean no_gradient;
  gboolean adds;            /* another consumer has written its gradient before */
  double *values, *before, *gradient;   /* packed; what the gradient is added to, and what the reference adds */
  FvTensor *tensor;
} FvOpsInput;

typedef struct {
  const char *name;
  FvLayout *layout;         /* of this parameter alone */
  const FvParam *param;
  gboolean no_gradient;     /* also of statistics */
  double *values, *before, *gradient;
  double *after;            /* (nullable): of a statistic, what the forward pass makes of it */
  FvTestBuffer *buffer, *gradient_buffer;
} FvOpsParam;

typedef struct _FvOpsProblem FvOpsProblem;

typedef struct {
  void      (*declare)  (FvOpsProblem *problem);                   /* adds inputs and parameters, sets the fields of the problem that say so */
  FvTensor *(*build)    (FvOpsProblem *problem, FvGraph *g);
  void      (*forward)  (FvOpsProblem *problem);                   /* sets y, and after of statistics */
  void      (*backward) (FvOpsProblem *problem);                   /* sets the gradients from dy */
  /* (nullable): makes graphs built from now on go the way @index, of those of one direction; (transfer full): its name. NULL: there are no
   * more. Way 0 is the one that is chosen when no one interferes. */
  char     *(*use_way)  (FvOpsProblem *problem, gboolean backward, guint index);
  double tolerance, gradient_tolerance;
} FvOpsProblemClass;

struct _FvOpsProblem {
  const FvOpsProblemClass *klass;
  const void *row;
  FvOpsInput inputs[FV_OPS_MAX_INPUTS];
  guint n_inputs;
  FvOpsParam params[FV_OPS_MAX_PARAMS];
  guint n_params;
  double *y, *dy;
  gboolean half;            /* tensors are of fp16 now, and what they start from is rounded to it */
  /* declare() sets these. */
  FvReferenceShape shape;   /* of y */
  FvOpsLayout layout;       /* of y: its own or a slice */
  gboolean inference;       /* not a graph for training */
  double work;              /* inner steps of the reference's forward: differences are taken where they are few */
  double tolerance;         /* 0: the class's, for both directions */
};

/* With random values of -1..1. */
FvOpsInput *fv_ops_problem_add_input (FvOpsProblem *self, const char *name, FvReferenceShape shape, FvOpsLayout layout);
FvOpsParam *fv_ops_problem_add_param (FvOpsProblem *self, const char *name, FvParamKind kind, const guint dims[4]);
void        fv_ops_problem_randomize (double *values, const char *name, gsize n, double low, double high);
gsize       fv_ops_shape_count       (const FvReferenceShape *shape);

void fv_ops_problem_test (const FvOpsOperator *op, const void *row);
void fv_ops_problem_grad (const FvOpsOperator *op, const void *row);
void fv_ops_problem_perf (const FvOpsOperator *op, const void *row);
/* For operators with one kernel for all devices. */
void fv_ops_problem_support (const FvOpsOperator *op, const void *row);

#define FV_OPS_PROBLEM(klass) .problem = (klass), .test = fv_ops_problem_test, .grad = fv_ops_problem_grad, .perf = fv_ops_problem_perf

G_END_DECLS

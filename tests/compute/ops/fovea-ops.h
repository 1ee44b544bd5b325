/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tests/compute/fv-test-engine.h"

G_BEGIN_DECLS

/*
 * The table of operator tests. A file an operator or family, fv-ops-NAME.c, holds its rows: structs that begin with an FvOpsRow. It is
 * listed in fovea-ops.c and in meson.build. Operators from tensors to a tensor describe themselves to fv-ops-problem.h and get all the rest
 * from there; others write their own functions for the modes that make sense for them:
 *
 *   static void
 *   test (const FvOpsOperator *op, const void *data)
 *   {
 *     const DecodeRow *row = data;
 *     ...
 *     fv_ops_begin_case (NULL);
 *     fv_ops_compare ("boxes", values, expected, n, 1e-11);
 *     fv_ops_take_damage (fv_test_buffer_find_damage (boxes));
 *   }
 *
 *   const FvOpsOperator fv_ops_decode = { FV_OPS_ROWS (rows), .name = "decode", .describe = describe, .test = test };
 */

/* What every row begins with. */
typedef struct {
  const char *note;         /* (nullable): what its description doesn't say */
  gboolean full;            /* only with --all */
} FvOpsRow;

typedef struct _FvOpsOperator FvOpsOperator;
typedef void (*FvOpsFunc) (const FvOpsOperator *op, const void *row);

struct _FvOpsOperator {
  const char *name;
  const void *rows;
  gsize row_size;
  guint n_rows;
  char *(*describe) (const void *row);   /* (transfer full): shape, type, strides; no two rows have the same */
  /* A row in each of the modes; NULL: the mode has nothing to see. */
  FvOpsFunc test;           /* what it computes, against the reference */
  FvOpsFunc grad;           /* the reference against differences, gradients against the reference */
  FvOpsFunc perf;           /* calls fv_ops_report_time() */
  FvOpsFunc support;        /* calls fv_ops_report_support(); at last for the row NULL, about the table as a whole */
  /* (nullable): in modes test and grad, a case of its own about the table as a whole. */
  void  (*check)    (const FvOpsOperator *op, gboolean all);
  const void *problem;                                            /* (nullable): see fv-ops-problem.h */
};

#define FV_OPS_ROWS(array) .rows = (array), .row_size = sizeof (array)[0], .n_rows = G_N_ELEMENTS (array)

/* A case is a row and one way to compute it. Begins the next one of the row that runs; @format (nullable) says which way, for failures. */
void     fv_ops_begin_case  (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* Fails the case, naming row, operator and way. */
void     fv_ops_fail        (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* Fails unless the normalised mean square error (fv_test_nmse()) is at most @tolerance; 0: the same values. */
void     fv_ops_compare     (const char *what, const double *values, const double *expected, gsize n, double tolerance);
/* @damage (transfer full) (nullable): fails with what a ..._find_damage() of fv-test-engine.h says. */
void     fv_ops_take_damage (char *damage);
/* Where numbers of the running row start. */
guint64  fv_ops_get_seed    (void);
/* Mode support: a line about the running row. */
void     fv_ops_report_support (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* Mode perf. @bytes: what must be read and written at least. 0 = not known. */
void     fv_ops_report_time (const char *what, double seconds, double flops, double bytes);

/* Every one of them; fovea-ops.c lists them. */
extern const FvOpsOperator fv_ops_accumulate, fv_ops_add, fv_ops_augment, fv_ops_batch_norm, fv_ops_concat, fv_ops_conv,
    fv_ops_decode, fv_ops_loss, fv_ops_max_pool, fv_ops_optimizer, fv_ops_upsample;

G_END_DECLS

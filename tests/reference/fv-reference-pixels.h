/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Host versions of the operators that go pixel by pixel; packed [pixels][c] doubles. */

typedef struct {
  guint n, h, w, c;
} FvReferenceShape;

/* weight, bias, running_*: [c]. @batch: by the batch's statistics, moving the running ones; else by the running ones. */
void fv_reference_batch_norm (const FvReferenceShape *shape, gboolean batch, gboolean silu, const double *x, const double *weight,
                              const double *bias, double *running_mean, double *running_var, double *y);
/* dx, d_weight, d_bias from dy; statistics as they were before the forward pass. */
void fv_reference_batch_norm_backward (const FvReferenceShape *shape, gboolean batch, gboolean silu, const double *x,
                                       const double *weight, const double *bias, const double *running_mean,
                                       const double *running_var, const double *dy, double *dx, double *d_weight,
                                       double *d_bias);
/* y: [n][2h][2w][c] */
void fv_reference_upsample   (const FvReferenceShape *shape, const double *x, double *y);
void fv_reference_upsample_backward (const FvReferenceShape *shape, const double *dy, double *dx);
void fv_reference_max_pool   (const FvReferenceShape *shape, guint k, const double *x, double *y);
void fv_reference_max_pool_backward (const FvReferenceShape *shape, guint k, const double *x, const double *dy, double *dx);

G_END_DECLS

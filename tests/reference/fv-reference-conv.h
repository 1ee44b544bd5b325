/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A convolution in plain loops and double precision: what the device's kernels are held to. Tensors are [N, H, W, C] without
 * padding, weights OIHW. */

typedef struct {
  guint n, h, w, in, out;
  guint kernel, stride, padding;
} FvReferenceConv;

guint fv_reference_conv_out_h   (const FvReferenceConv *conv);
guint fv_reference_conv_out_w   (const FvReferenceConv *conv);

/* y [n, out_h, out_w, out]; @bias [out] (nullable) */
void  fv_reference_conv_forward (const FvReferenceConv *conv, const double *x, const double *weight, const double *bias, double *y);
/* dx [n, h, w, in] */
void  fv_reference_conv_data    (const FvReferenceConv *conv, const double *dy, const double *weight, double *dx);
/* dweight OIHW, dbias [out] */
void  fv_reference_conv_weights (const FvReferenceConv *conv, const double *x, const double *dy, double *dweight, double *dbias);

G_END_DECLS

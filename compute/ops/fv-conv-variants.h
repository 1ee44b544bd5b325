/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/device/fv-device.h"

G_BEGIN_DECLS

/*
 * The ways to compute a convolution: one table of candidates for each direction. Index 0 runs on any device; each of the others fits some
 * devices and some shapes only. Which one runs decides the order of summation, and so the last bits of the result.
 */

typedef enum {
  FV_CONV_FORWARD,
  FV_CONV_BACKWARD_DATA,
  FV_CONV_BACKWARD_WEIGHTS,
  FV_N_CONV_DIRECTIONS,
} FvConvDirection;

/* A convolution as it goes forward, whichever direction is asked for. */
typedef struct {
  guint n, in_h, in_w, out_h, out_w;
  guint in_channels, out_channels;    /* padded, as the weights are: multiples of 16, or 4 of a picture */
  guint kernel, stride, padding;
  gboolean half;                      /* activations are fp16 */
} FvConvShape;

typedef struct _FvConvFamily FvConvFamily;

/* A family of kernels and the numbers that make it a kernel; what they mean to it says the family's file. */
typedef struct {
  const FvConvFamily *family;
  guint lanes;         /* subgroup size that it is for; 0 = any device */
  guint pixels;        /* output pixels of a tile; of weights: 0 where it sums over all of a split's pixels */
  guint channels;      /* channels across a tile: output channels, backward by data input channels */
  guint width;         /* neighbouring channels of a lane, 1 or 2 */
  guint depth;         /* the other kind of channels in one step */
} FvConvVariant;

const FvConvVariant *fv_conv_get_variants   (FvConvDirection direction, guint *n_variants);
/* "subgroup", "winograd", ... */
const char          *fv_conv_variant_get_family_name (const FvConvVariant *variant);
/* (transfer full): of the family and its numbers, "subgroup-16-32x64-2-16": another one for each of a table. */
char                *fv_conv_variant_get_name (const FvConvVariant *variant);
/* Whether it can compute this at all on a device of these limits. */
gboolean             fv_conv_variant_fits   (const FvConvVariant *variant, const FvDeviceLimits *limits, FvConvDirection direction, const FvConvShape *shape);
/* Whether it is worth trying on a device of this kind. */
gboolean             fv_conv_variant_is_for (const FvConvVariant *variant, FvDevice *device);
/* The index of the variant that graphs built from now on use: what was forced, or decided for the device (fv-conv-choices.h), or the first of the
 * table that is for such a device and fits. */
guint                fv_conv_choose_variant (FvDevice *device, FvConvDirection direction, const FvConvShape *shape);
/* For tests and measurements: graphs built from now on use variant @index where it fits, else 0. -1: choose again. */
void                 fv_conv_force_variant  (FvConvDirection direction, gint index);

/* Multiplications and additions, of true channels where the shape holds such. */
double               fv_conv_shape_get_flops (const FvConvShape *shape);

G_END_DECLS

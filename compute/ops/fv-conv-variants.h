/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/device/fv-device.h"

G_BEGIN_DECLS

/*
 * The ways to compute a convolution: one table of candidates for each direction. Index 0 runs on any device; the others are for
 * CPU drivers, whose lanes are elements of a vector register, and each fits some shapes only. Which one runs decides the order of
 * summation, and so the last bits of the result.
 */

typedef enum {
  FV_CONV_FORWARD,
  FV_CONV_BACKWARD_DATA,
  FV_CONV_BACKWARD_WEIGHTS,
  FV_N_CONV_DIRECTIONS,
} FvConvDirection;

typedef struct {
  guint lanes;         /* subgroup size that it is for; 0 = any device, and the rest is unused */
  guint pixels;        /* output pixels of a subgroup; of weights: 0, as it sums over all of a split's pixels */
  guint channels;      /* channels across the lanes: output channels, backward by data input channels */
  guint width;         /* neighbouring channels of a lane, 1 or 2 */
  guint depth;         /* the other kind of channels, which are spread over the lanes, in one step: 1 or 2 times the lanes */
} FvConvVariant;

/* What a variant must fit. */
typedef struct {
  guint across, spread;    /* padded channels across the lanes, and spread from them; a picture's: all 4 k k of the kernel */
} FvConvShape;

const FvConvVariant *fv_conv_get_variants   (FvConvDirection direction, guint *n_variants);
gboolean             fv_conv_variant_fits   (const FvConvVariant *variant, guint lanes, const FvConvShape *shape);
/* Index of the first variant that fits, the tables being in order of preference, on a CPU driver; 0 on other devices. */
guint                fv_conv_choose_variant (FvDevice *device, FvConvDirection direction, const FvConvShape *shape);
/* For tests and measurements: graphs built from now on use variant @index where it fits, else 0. -1: choose again. */
void                 fv_conv_force_variant  (FvConvDirection direction, gint index);

G_END_DECLS

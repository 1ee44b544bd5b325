/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/ops/fv-conv-choices.h"

G_BEGIN_DECLS

/*
 * Times the variants of the convolutions that graphs on a device were built with, and decides. What costs most is timed first, so that running out
 * of time leaves the rest to the table's order of preference.
 */

typedef struct {
  double seconds;              /* at most, all in all, as near as can be told: of a whole network that nothing is known of */
  guint max_variants;          /* of one convolution; 0 = 4 on the processor, whose driver takes long to compile, else all */
  double work;                 /* multiplications and additions of one try, by leaving out pictures; 0 = by the kind of device */
  void (*progress) (guint done, guint total, gpointer user_data);    /* (nullable) */
  gpointer user_data;
  GCancellable *cancellable;   /* (nullable): ends it early */
} FvConvTunerParams;

/*
 * Of what was asked of the device's choices, which there must be, times what is not decided for this number of pixels or for up to twice as many
 * or as few. With what is decided already the time goes down in proportion; where less than a twentieth of the work is left, nothing is done.
 * Returns how many it decided. What fails (no memory) stays undecided; only a lost device is an error: -1.
 */
gint fv_conv_tune (FvDevice *device, const FvConvTunerParams *params, GError **error);

G_END_DECLS

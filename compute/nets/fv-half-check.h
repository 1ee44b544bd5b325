/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/nets/fv-loss.h"

G_BEGIN_DECLS

/* How far mixed precision is from fp32 on a device, for the same weights and the same pictures of noise. */
typedef struct {
  double losses;           /* the largest relative difference of the three */
  double gradients;        /* relative L2 difference of all of them; not a number: some were not finite with any scale of the loss */
  gboolean passed;         /* whether both are what rounding explains */
} FvHalfCheck;

/*
 * Batch statistics of few pixels make much of any rounding, so that a tenth is usual for gradients; what a driver does wrong is of the size of
 * the gradients themselves. @parameters and @statistics as fv_yolov5_init() fills them. Errors: FV_DEVICE_ERROR.
 */
gboolean fv_half_check (FvDevice *device, const FvYolov5Config *config, const FvLossParams *loss, const float *parameters,
                        const float *statistics, FvHalfCheck *result, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/nets/fv-trainer.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* A run's choice of kernels, which is made before its first step and then stays. */

#define FV_RUN_KERNELS_MAX_SIZES 8

typedef struct
{
  FvDevice *device;
  const FvYolov5Config *config;
  const FvTrainerParams *trainer;
  guint imgsz;
  guint sizes[FV_RUN_KERNELS_MAX_SIZES];     /* pictures at a time in training, the usual number first; 0 ends them */
  guint val_sizes[FV_RUN_KERNELS_MAX_SIZES]; /* in validation */
  double pictures;                           /* that the whole run trains on, all epochs together */

  const char *path;      /* (nullable): the file of fv-kernels.h; NULL = nothing is timed */
  double seconds;        /* to spend on timing at most; less than 0 = by what the run takes */
  void (*progress) (guint done, guint total, gpointer user_data); /* (nullable) */
  gpointer user_data;
  GCancellable *cancellable; /* (nullable) */
} FvRunKernels;

/*
 * Makes the device's choices those of this run: what it has, what is timed now and kept in the file, and for the rest the order of preference;
 * all sizes of the run and nothing else. Errors: FV_DEVICE_ERROR_LOST.
 */
gboolean fv_run_kernels_choose (const FvRunKernels *params, GError **error);

G_END_DECLS

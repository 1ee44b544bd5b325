/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/device/fv-transfer.h"
#include "compute/nets/fv-trainer.h"

G_BEGIN_DECLS

/* A batch as kernels find it: the step block, which recordings know by address, and the data it points to. */
typedef struct {
  FvBuffer *block;   /* FvStepBlock */
  FvBuffer *data;    /* grows with the batches */
  FvBuffer *staging; /* what is copied to @data by the transfer queue; NULL where the host writes @data itself */
  FvTransfer transfer;
} FvStepInput;

gboolean fv_step_input_init  (FvStepInput *self, FvDevice *device, GError **error);
void     fv_step_input_clear (FvStepInput *self);
/* Copies the batch, or has the device copy it before what is submitted next; no submission that reads this input may be running. */
gboolean fv_step_input_write (FvStepInput *self, const FvBatch *batch, GError **error);

G_END_DECLS

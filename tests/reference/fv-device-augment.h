/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/nets/fv-trainer.h"

G_BEGIN_DECLS

/* (transfer full): the network's input [n, height + 4, width + 4, 4] that the augment shader makes of a batch. Any error ends the test. */
float *fv_device_augment (FvDevice *device, const FvBatch *batch);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/nets/fv-trainer.h"

G_BEGIN_DECLS

/*
 * The first operator of a training step alone: what the network would see of a batch, back on the host.
 */
typedef struct _FvAugmenter FvAugmenter;

/* Errors: FV_DEVICE_ERROR. */
FvAugmenter *fv_augmenter_new  (FvDevice *device, GError **error);
void         fv_augmenter_free (FvAugmenter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvAugmenter, fv_augmenter_free)

/*
 * Runs one batch and waits for it. Targets are not looked at. (transfer none): [n, height + 4, width + 4, 4] as fv_augment() has them, valid until the
 * next call. Memory for one size of batch is kept. Errors: FV_DEVICE_ERROR.
 */
const float *fv_augmenter_run  (FvAugmenter *self, const FvBatch *batch, GError **error);

G_END_DECLS

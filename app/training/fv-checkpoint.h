/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/fv-progress.h"
#include "compute/nets/fv-model.h"

G_BEGIN_DECLS

/*
 * Everything that a run needs to go on as if it had never stopped, in one file: last.ckpt, a safetensors file with the model's
 * flat buffers as they lie on the device (partial gradients, momenta, EMA and statistics included) and counters in its metadata. A
 * run continues at the very batch, bit for bit, since all else (order, augmentation, schedule) depends on (recipe, epoch, step) alone.
 */

#define FV_CHECKPOINT_ERROR (fv_checkpoint_error_quark ())
GQuark fv_checkpoint_error_quark (void);

typedef enum
{
  FV_CHECKPOINT_ERROR_INVALID,  /* not a checkpoint, damaged, or of another version */
  FV_CHECKPOINT_ERROR_MISMATCH, /* a whole one, but of another network, optimizer or recipe */
} FvCheckpointError;

/*
 * Writes @path atomically: whoever dies or runs out of disk meanwhile leaves the file before it whole. Waits for the device.
 * Errors: G_FILE_ERROR, FV_DEVICE_ERROR.
 */
gboolean fv_checkpoint_save (const char *path, FvModel *model, char **class_names, const char *recipe_hash,
                             const FvProgress *progress, GError **error);

typedef struct _FvCheckpoint FvCheckpoint;

/* Errors: G_FILE_ERROR, FV_CHECKPOINT_ERROR, FV_EXCHANGE_ERROR. */
FvCheckpoint *fv_checkpoint_open (const char *path, GError **error);
void fv_checkpoint_free (FvCheckpoint *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvCheckpoint, fv_checkpoint_free)

const FvYolov5Config *fv_checkpoint_get_config (const FvCheckpoint *self);
/* (transfer none): NULL-terminated */
char **fv_checkpoint_get_class_names (const FvCheckpoint *self);
const char *fv_checkpoint_get_recipe_hash (const FvCheckpoint *self);
const FvProgress *fv_checkpoint_get_progress (const FvCheckpoint *self);
/* Whether the model had such a buffer: FV_BUFFER_LOSS_SCALE says that the run has mixed precision. */
gboolean fv_checkpoint_has (const FvCheckpoint *self, FvModelBuffer buffer);

/*
 * Uploads every buffer that @model has, a trainer having been made on it, and copies the counters to @progress (initialised).
 * Errors: FV_CHECKPOINT_ERROR_MISMATCH, FV_DEVICE_ERROR.
 */
gboolean fv_checkpoint_restore (FvCheckpoint *self, FvModel *model, FvProgress *progress, GError **error);

G_END_DECLS

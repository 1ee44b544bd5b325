/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/nets/fv-loss.h"
#include "compute/nets/fv-model.h"
#include "compute/nets/fv-optimizer.h"
#include "compute/ops/fv-augment.h"

G_BEGIN_DECLS

/*
 * Training steps on a device:
 *
 *   trainer = fv_trainer_new (model, &params, &error);
 *   for each batch:
 *     fv_trainer_accumulate (trainer, &batch, &error);       // augment, forward, loss, backward: returns at once
 *     if (accumulated enough)
 *       fv_trainer_update (trainer, &update, &error);        // clip, optimizer, EMA, gradients to zero
 *     while (fv_trainer_poll (trainer, &losses)) ...         // losses of finished batches, in order
 *
 * At most two batches are in flight; accumulate waits for the oldest when both slots are taken, never for
 * the newest. Not thread-safe: one thread at a time.
 *
 * What ends with an error has changed nothing and can be asked for again, of the same trainer, unless the device is lost: then everything fails
 * from there on, and all that is left to do is to free it.
 */

typedef struct {
  FvOptimizer optimizer;
  FvLossParams loss;
  guint frozen_layers;     /* the first so many layers learn nothing; their BatchNorm statistics stay */
  gboolean half;           /* mixed precision, see FvGraphParams: the loss is scaled as the model's FV_BUFFER_LOSS_SCALE says */
  float clip_norm;         /* 10: largest L2 norm of all gradients; 0 = no clipping */
  guint64 aim_bytes;       /* of a plan's activations: where they would take more, some are made again for backward instead of kept, to the same
                            * bits. 0 = 1 GiB where the device's memory is the computer's, else no bound; G_MAXUINT64 = no bound */
} FvTrainerParams;

/* One batch. All pointers are read before the call returns. */
typedef struct {
  guint n, height, width;              /* pictures and network input size in pixels, multiples of 32 */
  const FvAugmentSample *samples;      /* [n] */
  const FvPixels *pictures;            /* [n_pictures] that the samples point into */
  guint n_pictures;
  const float *targets;                /* [n_targets][6]: image, class, cx, cy, w, h in 0..1, by rising image */
  guint n_targets;
} FvBatch;

typedef struct {
  float lr[FV_N_GROUPS];               /* learning rate of each group */
  float momentum;                      /* SGD's momentum or Adam's beta1 */
  float beta2;                         /* AdamW only: 0.999 */
  float weight_decay;                  /* of FV_GROUP_WEIGHTS only */
  float ema_decay;                     /* d of e = d e + (1 - d) w */
  guint64 step;                        /* updates done, counted from 1: Adam's bias correction */
} FvUpdate;

typedef struct {
  guint64 serial;                      /* batches since fv_trainer_new(), from 0 */
  float box, obj, cls;                 /* gains included, before the batch factor: what v7.0 prints */
  gboolean finite;                     /* whether all three are finite */
} FvStepLosses;

typedef struct {
  guint64 serial;                      /* updates since fv_trainer_new(), from 0 */
  float gradient_norm;                 /* before clipping */
  gboolean skipped;                    /* a gradient was not finite: the device changed nothing but the scale of the loss */
  float loss_scale;                    /* that the gradients were computed with; 1 without mixed precision */
} FvUpdateResult;

typedef struct _FvTrainer FvTrainer;

FvTrainer *fv_trainer_new             (FvModel *model, const FvTrainerParams *params, GError **error);
void       fv_trainer_free            (FvTrainer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvTrainer, fv_trainer_free)

/*
 * Builds and records the plan of a batch size ahead of its first use; accumulate does so where it was not.
 * Errors: FV_DEVICE_ERROR_OUT_OF_MEMORY names what was needed, what there was, and what to change.
 */
gboolean   fv_trainer_prepare         (FvTrainer *self, guint n, guint height, guint width, GError **error);
/* Device bytes of such a plan with all the model's buffers: arithmetic only, neither need be made. @largest (nullable): of its largest buffer. */
guint64    fv_trainer_count_bytes     (FvDevice *device, const FvYolov5Config *config, const FvTrainerParams *params,
                                       guint n, guint height, guint width, guint64 *largest);

gboolean   fv_trainer_accumulate      (FvTrainer *self, const FvBatch *batch, GError **error);
gboolean   fv_trainer_update          (FvTrainer *self, const FvUpdate *update, GError **error);
gboolean   fv_trainer_poll            (FvTrainer *self, FvStepLosses *losses);
gboolean   fv_trainer_poll_update     (FvTrainer *self, FvUpdateResult *result);
/* Waits until everything submitted is done. */
gboolean   fv_trainer_wait            (FvTrainer *self, GError **error);
/* Whether anything submitted is not done yet. */
gboolean   fv_trainer_is_busy         (FvTrainer *self);
/* Seconds that accumulate has spent waiting for a free slot, since the start. */
double     fv_trainer_get_wait_seconds (FvTrainer *self);

void       fv_trainer_set_timing      (FvTrainer *self, gboolean on);
/* (transfer full) (element-type FvPhase): largest first. */
GArray    *fv_trainer_get_phases      (FvTrainer *self);

G_END_DECLS

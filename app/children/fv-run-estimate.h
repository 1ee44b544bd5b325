/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/fv-run-start.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * What a run would need, before it is started: `fovea-cli train PROJECT ... --dry-run --json` as a child. Without @measure it is arithmetic
 * and takes a moment; with it, a few real steps are timed on the device, which takes some seconds.
 */
typedef struct
{
  guint images, val_images;    /* to train on, to validate on */
  guint steps_per_epoch;       /* batches */
  char variant;                /* of the network, also where a weight file decides it */
  char *device;                /* its name */
  guint64 device_bytes;        /* that the run needs at its peak */
  guint64 device_memory_bytes; /* that the device has */
  guint64 device_free_bytes;   /* of these, not taken by anybody */
  guint micro_batch;           /* pictures that are on the device at a time; fewer than a batch where that has no room */
  gboolean fits;               /* else not even one picture at a time does */
  double seconds_per_epoch, seconds; /* of an epoch with its validation, and of all; NaN: no such run was timed on this device yet */
  gboolean measured;                 /* timed just now; else from what earlier runs took */
} FvRunEstimate;

void fv_run_estimate_free (FvRunEstimate *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvRunEstimate, fv_run_estimate_free)

/* Cancelling ends the child. One call, one child: callers wait for a pause in what the person does. */
void fv_run_estimate_async (const char *project_path, const FvRunStart *start, gboolean measure,
                            GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
/* (transfer full). Errors: FV_CHILD_ERROR, G_IO_ERROR_CANCELLED; the message is the sentence that the child left. */
FvRunEstimate *fv_run_estimate_finish (GAsyncResult *result, GError **error);

G_END_DECLS

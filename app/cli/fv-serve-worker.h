/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/children/fv-serve-protocol.h"
#include "app/cli/fv-cli.h"

G_BEGIN_DECLS

/*
 * The work behind `fovea-cli serve`. The device, the project's dataset with its decoded pictures, and the network of a weight file stay from one
 * request to the next.
 */
typedef struct _FvServeWorker FvServeWorker;

FvServeWorker *fv_serve_worker_new (FvCli *cli);
void fv_serve_worker_free (FvServeWorker *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvServeWorker, fv_serve_worker_free)

/* (transfer full). The samples' pixels go to @pixels, one after the other. Blocks. Errors: a sentence for the person in many domains. */
FvPreviewReply *fv_serve_worker_preview (FvServeWorker *self, const FvPreviewRequest *request, GByteArray *pixels,
                                         GError **error);
FvDetectReply *fv_serve_worker_detect (FvServeWorker *self, const FvDetectRequest *request, GError **error);

/* Whether the device is gone, so that only another process can go on. */
gboolean fv_serve_worker_is_lost (FvServeWorker *self);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/children/fv-child.h"
#include "app/children/fv-serve-protocol.h"

G_BEGIN_DECLS

/*
 * The window's end of `fovea-cli serve`: preview and detection by a child that starts at the first request, is started again when it dies (requests
 * that it had in hand are sent once more), and ends with this object.
 *
 *   fv_serve_client_preview_async (client, &(FvPreviewRequest){ .project = path, .recipe = &recipe, .count = 4 }, cancellable, on_preview, self);
 *   reply = fv_serve_client_preview_finish (client, result, &error);
 *
 * Call it as often as a slider moves: only the newest request of a kind waits, those before it finish with G_IO_ERROR_CANCELLED unless the child was
 * at work on them. Replies come in the order of requests. One thread, whose main context the callbacks come in.
 */

typedef enum
{
  FV_SERVE_CLIENT_IDLE,       /* nothing was asked yet */
  FV_SERVE_CLIENT_STARTING,
  FV_SERVE_CLIENT_READY,
  FV_SERVE_CLIENT_RESTARTING, /* the child died; back in a moment */
  FV_SERVE_CLIENT_FAILED,     /* it can't be started; `message` says why; the next request tries again */
} FvServeClientState;

#define FV_TYPE_SERVE_CLIENT_STATE (fv_serve_client_state_get_type ())
GType fv_serve_client_state_get_type (void);

/* Properties: `state` (FvServeClientState), `message` (string, nullable: a sentence in the state FAILED). */
#define FV_TYPE_SERVE_CLIENT (fv_serve_client_get_type ())
G_DECLARE_FINAL_TYPE (FvServeClient, fv_serve_client, FV, SERVE_CLIENT, GObject)

/* @device: (nullable): the device's number or a part of its name; NULL = $FOVEA_DEVICE, else the best one. */
FvServeClient *fv_serve_client_new (const char *device);

FvServeClientState fv_serve_client_get_state (FvServeClient *self);
const char *fv_serve_client_get_message (FvServeClient *self);
/* The child's process number, 0 where there is none just now. */
int fv_serve_client_get_pid (FvServeClient *self);

/*
 * Requests are copied. Errors of both: G_IO_ERROR_CANCELLED (by @cancellable, or a newer request took its place), FV_CHILD_ERROR.
 *
 * Detections above a higher confidence are those of a lower one filtered, so a slider over confidence needs only one request with a low one.
 */
void fv_serve_client_preview_async (FvServeClient *self, const FvPreviewRequest *request, GCancellable *cancellable,
                                    GAsyncReadyCallback callback, gpointer user_data);
FvPreviewReply *fv_serve_client_preview_finish (FvServeClient *self, GAsyncResult *result, GError **error);

void fv_serve_client_detect_async (FvServeClient *self, const FvDetectRequest *request, GCancellable *cancellable,
                                   GAsyncReadyCallback callback, gpointer user_data);
FvDetectReply *fv_serve_client_detect_finish (FvServeClient *self, GAsyncResult *result, GError **error);

G_END_DECLS

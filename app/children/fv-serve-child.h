/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/children/fv-serve-protocol.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* One process of `fovea-cli serve`, from its start to its end. Private to the client. */

typedef struct _FvServeChild FvServeChild;

typedef struct
{
  /* (transfer none): a line, its pixels set. */
  void (*reply) (FvServeReply *reply, gpointer user_data);
  /* Once, the last call: the process has ended by itself. @sentence: (nullable): the last that it said on stderr, else how it ended. */
  void (*ended) (const char *sentence, gpointer user_data);
} FvServeChildEvents;

/* Calls come in the thread-default main context of this call. Errors: FV_CHILD_ERROR. */
FvServeChild *fv_serve_child_start (const char *device, const FvServeChildEvents *events, gpointer user_data,
                                    GError **error);
/* Ends the process and calls nothing more. */
void fv_serve_child_stop (FvServeChild *self);
/* Ends the process; that it ended is told as usual. */
void fv_serve_child_kill (FvServeChild *self);

/* A line with its end, a few KiB. One that can't be sent is lost with the process, whose end is about to be told. */
void fv_serve_child_send (FvServeChild *self, const char *line);
int fv_serve_child_get_pid (FvServeChild *self);

G_END_DECLS

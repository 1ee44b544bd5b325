/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/fv-run-start.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * Runs as children of this process: each is what `fovea-cli train PROJECT ...` is in a terminal, bit for bit. A run goes on when the
 * window, and when this process, ends; FvRunMonitor tells what becomes of it.
 *
 *   fv_run_launcher_start_async (project, &start, cancellable, started, self);
 *   ...
 *   if (!fv_run_launcher_start_finish (result, &number, &error))
 *     say (error->message);                     // a sentence: no device, no pictures, ...
 *   else
 *     run = fv_run_list_expect (runs, number);
 *
 * Main thread. Errors: FV_CHILD_ERROR; where the child ended before the run was made, the message is the sentence that it left.
 */

/* Finishes when the run has its folder, and with it its number. Cancelling ends the child. */
void fv_run_launcher_start_async (const char *project_path, const FvRunStart *start, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data);
/* @number: of the new run, the next free one when it was made. */
gboolean fv_run_launcher_start_finish (GAsyncResult *result, guint *number, GError **error);

/* Goes on with a run that was stopped or interrupted. Finished with fv_run_launcher_start_finish(). @device as in FvRunStart. */
void fv_run_launcher_resume_async (const char *project_path, guint number, const char *device,
                                   GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);

/*
 * Asks the process that trains the run, whoever started it, to stop after the batch in hand: everything is saved then. Does not wait.
 * Errors: G_IO_ERROR_NOT_FOUND: nobody trains it. G_IO_ERROR_NOT_SUPPORTED: its process is on another machine, or out of sight in a sandbox.
 */
gboolean fv_run_launcher_stop (const char *project_path, guint number, GError **error);

G_END_DECLS

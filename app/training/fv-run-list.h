/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/fv-run-monitor.h"

G_BEGIN_DECLS

/*
 * The runs of a project, a GListModel of FvRunMonitor, the newest first. It looks at PROJECT/runs every 300 ms while a run is active and
 * every second otherwise, in a thread: by looking rather than by notifications, because those do not come from network file systems and
 * portals, and nothing ever tells that a lock was lost.
 *
 *   FvRunList *runs = fv_run_list_new (project_path);
 *   g_signal_connect (runs, "items-changed", ...);
 *
 * Signal `run-changed (FvRunMonitor *run)`: the run's own "changed".
 * Property `loading`: the histories of what was there at first are still being read.
 */

#define FV_TYPE_RUN_LIST (fv_run_list_get_type ())
G_DECLARE_FINAL_TYPE (FvRunList, fv_run_list, FV, RUN_LIST, GObject)

FvRunList *fv_run_list_new (const char *project_path);
const char *fv_run_list_get_project_path (FvRunList *self);
gboolean fv_run_list_get_loading (FvRunList *self);
/* (transfer none) (nullable) */
FvRunMonitor *fv_run_list_lookup (FvRunList *self, guint number);
/* (transfer none) (nullable): the newest run that is starting, running or stopping */
FvRunMonitor *fv_run_list_get_active (FvRunList *self);

/* Looks at once instead of at the next turn: after a run was started or asked to stop. */
void fv_run_list_refresh (FvRunList *self);
/* (transfer none): that run, which fv_run_launcher_start_finish() named a moment ago, in the list at once. */
FvRunMonitor *fv_run_list_expect (FvRunList *self, guint number);
/* Shows a run as stopping until it has ended: it was asked to. */
void fv_run_list_expect_stop (FvRunList *self, guint number);

G_END_DECLS

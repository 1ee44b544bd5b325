/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/fv-run-monitor.h"

G_BEGIN_DECLS

/* What FvRunList tells its monitors. */

/* A run's folder as it was found. The lock was asked before the sizes: what its last holder wrote is in them. */
typedef struct
{
  guint number;
  gboolean held;      /* somebody has the lock */
  gint64 lock_time;   /* when the lock's file was last written, microseconds since 1970; 0 = there is none */
  gint64 folder_time; /* when the folder was last changed */
  gint64 events_size; /* bytes; -1 = there is no event stream */
  guint64 events_id;  /* another number is another file */
  gboolean has_checkpoint, has_best, has_last;
} FvRunSighting;

FvRunMonitor *fv_run_monitor_new (const char *project_path, guint number);
/* Reads what is new, in a thread, and then judges by it. */
void fv_run_monitor_observe (FvRunMonitor *self, const FvRunSighting *sighting);
/* It was asked to stop. */
void fv_run_monitor_expect_stop (FvRunMonitor *self);

G_END_DECLS

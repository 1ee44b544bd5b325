/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/fv-run-monitor.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A run in the list of runs: its name, where it stands or what came out. Follows the monitor. */
#define FV_TYPE_RUN_ROW (fv_run_row_get_type ())
G_DECLARE_FINAL_TYPE (FvRunRow, fv_run_row, FV, RUN_ROW, GtkListBoxRow)

GtkWidget *fv_run_row_new (FvRunMonitor *run);

G_END_DECLS

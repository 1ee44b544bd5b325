/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/fv-run-monitor.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* A run's curves: the three losses, mAP, precision and recall, side by side where there is room. */
#define FV_TYPE_RUN_CHARTS (fv_run_charts_get_type ())
G_DECLARE_FINAL_TYPE (FvRunCharts, fv_run_charts, FV, RUN_CHARTS, AdwBin)

/* Shows what the monitor knows now. */
void fv_run_charts_show (FvRunCharts *self, FvRunMonitor *run);

G_END_DECLS

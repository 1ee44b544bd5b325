/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/fv-run-monitor.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* What came out of a run so far, in figures and in a sentence. */
#define FV_TYPE_RUN_RESULT (fv_run_result_get_type ())
G_DECLARE_FINAL_TYPE (FvRunResult, fv_run_result, FV, RUN_RESULT, AdwBin)

/* Shows what the monitor knows now. */
void fv_run_result_show (FvRunResult *self, FvRunMonitor *run);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/children/fv-run-estimate.h"
#include "app/training/fv-run-monitor.h"

G_BEGIN_DECLS

/* What the training page says about runs, in the person's language; no widgets. All strings (transfer full) unless they are const. */

/* "3 minutes", "1 hour 20 minutes", "40 seconds"; never more exact than it is known. */
char *fv_words_duration (double seconds);
/* "14:05", "yesterday, 14:05", "3 June, 14:05", "3 June 2025"; @time as UTC, @now (nullable): for tests */
char *fv_words_time (GDateTime *time, GDateTime *now);
/* "23.5 GiB" */
char *fv_words_memory (guint64 bytes);
/* "92 %"; "–" for NaN */
char *fv_words_percent (double share);
/* "0.923"; "–" for NaN */
char *fv_words_share (double share);

/* "Nano", … */
const char *fv_words_variant (char variant);
/* What it costs beside Nano. */
const char *fv_words_variant_effort (char variant);

/* "Run 3" */
char *fv_words_run_title (FvRunMonitor *run);
/* "Training", "Validating", "Interrupted", … */
const char *fv_words_run_state (FvRunMonitor *run);
/* Of an icon for its state. */
const char *fv_words_run_icon (FvRunMonitor *run);
/* What stands below its title in the list: where it is, or what came out. */
char *fv_words_run_summary (FvRunMonitor *run);
/* "Nano · 320 pixels · from run 2 · llvmpipe · today, 14:05" */
char *fv_words_run_origin (FvRunMonitor *run);
/* "Trying out what is fastest on this device: 4 of 90", then "Epoch 4 of 10 · about 3 minutes left · 11 pictures per second" */
char *fv_words_run_progress (FvRunMonitor *run);
/* What came out, in a sentence. */
char *fv_words_run_result (FvRunMonitor *run);

/* "About 14 minutes" and what is known of where that comes from. */
char *fv_words_estimate_time (const FvRunEstimate *estimate);
char *fv_words_estimate_source (const FvRunEstimate *estimate);
/* (nullable): what to do where it doesn't fit. */
char *fv_words_estimate_hint (const FvRunEstimate *estimate, const FvRecipe *recipe);

G_END_DECLS

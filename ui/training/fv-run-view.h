/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/document/fv-document.h"

#include <adwaita.h>

G_BEGIN_DECLS

/*
 * A run: where it stands, its curves, what came out. Follows the monitor, at most five times a second, while it is seen.
 *
 * Actions: run.stop, run.resume, run.try, run.open-folder, run.continue (a new run from its weights).
 * Signal `continue-from (guint number)`: the person wants to set up a new run from this one's weights.
 */
#define FV_TYPE_RUN_VIEW (fv_run_view_get_type ())
G_DECLARE_FINAL_TYPE (FvRunView, fv_run_view, FV, RUN_VIEW, AdwBin)

/* Both NULL, or neither. */
void fv_run_view_set_run (FvRunView *self, FvDocument *document, FvRunMonitor *run);
/* (transfer none) (nullable) */
FvRunMonitor *fv_run_view_get_run (FvRunView *self);

G_END_DECLS

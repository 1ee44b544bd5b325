/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/fv-run-monitor.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* What else there is to say of a run: its warnings, and the settings that it has otherwise than the default. */
#define FV_TYPE_RUN_NOTES (fv_run_notes_get_type ())
G_DECLARE_FINAL_TYPE (FvRunNotes, fv_run_notes, FV, RUN_NOTES, AdwBin)

/* Shows what the monitor knows now. */
void fv_run_notes_show (FvRunNotes *self, FvRunMonitor *run);

G_END_DECLS

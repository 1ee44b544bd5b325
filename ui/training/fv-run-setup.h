/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/document/fv-document.h"

#include <adwaita.h>

G_BEGIN_DECLS

/*
 * The form in which a new run is set up: it shows and changes the document's recipe and starting point, says what the run will need,
 * and starts it.
 *
 * Actions: setup.start, setup.choose-weights, setup.size (i).
 * Signal `started (guint number)`: the run has its number.
 */
#define FV_TYPE_RUN_SETUP (fv_run_setup_get_type ())
G_DECLARE_FINAL_TYPE (FvRunSetup, fv_run_setup, FV, RUN_SETUP, AdwBin)

/* @document: (nullable) */
void fv_run_setup_set_document (FvRunSetup *self, FvDocument *document);

G_END_DECLS

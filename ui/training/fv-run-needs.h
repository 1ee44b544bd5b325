/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/children/fv-run-estimate.h"
#include "ui/document/fv-document.h"

#include <adwaita.h>

G_BEGIN_DECLS

/*
 * What the next run of a document will need: pictures, memory, time. Asked of a child a moment after each change, while the widget is seen;
 * the time of a device and network that nobody timed before is measured once.
 *
 * Signal `changed ()`: there is another answer, or none any more.
 */
#define FV_TYPE_RUN_NEEDS (fv_run_needs_get_type ())
G_DECLARE_FINAL_TYPE (FvRunNeeds, fv_run_needs, FV, RUN_NEEDS, AdwBin)

/* @document: (nullable) */
void fv_run_needs_set_document (FvRunNeeds *self, FvDocument *document);

/* (nullable): of the settings as they are; NULL while it is being worked out or can't be. */
const FvRunEstimate *fv_run_needs_get_estimate (FvRunNeeds *self);
/* (nullable): a sentence, where the weight file can't be used. */
const char *fv_run_needs_get_weights_error (FvRunNeeds *self);

G_END_DECLS

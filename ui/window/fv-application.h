/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/document/fv-document.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* The program: its windows (one a project), its actions, and what it stays alive for. */
#define FV_TYPE_APPLICATION (fv_application_get_type ())
G_DECLARE_FINAL_TYPE (FvApplication, fv_application, FV, APPLICATION, AdwApplication)

FvApplication *fv_application_new (void);

/*
 * Keeps the program alive without a window until no run of the list is active, and then says so in a notification: in a sandbox, children end with
 * the program.
 */
void fv_application_stay_for_runs (FvApplication *self, FvRunList *runs);

/* Keeps the program alive without a window until the document's import is over: one that was stopped takes back what it did. */
void fv_application_stay_for_import (FvApplication *self, FvDocument *document);

G_END_DECLS

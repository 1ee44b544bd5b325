/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tests/e2e/fv-ui-driver.h"

G_BEGIN_DECLS

/* A walk past every page of the window, for tests that look at each. */

/* (transfer full): a project with pictures and a finished run, made by fovea-cli. */
char *fv_ui_tour_make_project (void);

/* What is looked at: "welcome", "pictures", "picture", …; the page is up and at rest. */
typedef void (*FvUiTourStop) (FvUi *ui, const char *page, gpointer data);

/* Starts the program as @params say (arguments and home are the tour's own), goes round, and quits. */
void  fv_ui_tour              (const FvUiParams *params, const char *project, FvUiTourStop stop, gpointer data);

G_END_DECLS

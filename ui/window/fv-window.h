/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/document/fv-document.h"

#include <adwaita.h>

G_BEGIN_DECLS

/*
 * The window: Welcome, or a project and its pages.
 *
 * Actions (win.): new-project, create-path (s), open-project, open-path (s), open-sample, close-project, show-page (s: "pictures", "augmentation", "training", "try").
 */
#define FV_TYPE_WINDOW (fv_window_get_type ())
G_DECLARE_FINAL_TYPE (FvWindow, fv_window, FV, WINDOW, AdwApplicationWindow)

FvWindow *fv_window_new (AdwApplication *application);

/* (nullable) (transfer none) */
FvDocument *fv_window_get_document (FvWindow *self);
/* Opens the project in that folder and shows it, or says why not. Where a window of the program shows it already, that one comes to the front. */
void fv_window_open_path (FvWindow *self, const char *path);
/* (nullable) (transfer none): the folder of the project that it shows or is about to. */
const char *fv_window_get_path (FvWindow *self);
/* Whether it shows no project and is not about to. */
gboolean fv_window_is_free (FvWindow *self);

G_END_DECLS

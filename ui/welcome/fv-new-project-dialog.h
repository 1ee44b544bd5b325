/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* Asks for the name and the place of a new project, and says at once when they won't do. Activates win.create-path of the window that it belongs to. */
#define FV_TYPE_NEW_PROJECT_DIALOG (fv_new_project_dialog_get_type ())
G_DECLARE_FINAL_TYPE (FvNewProjectDialog, fv_new_project_dialog, FV, NEW_PROJECT_DIALOG, AdwWindow)

void fv_new_project_dialog_present (GtkWindow *parent);

G_END_DECLS

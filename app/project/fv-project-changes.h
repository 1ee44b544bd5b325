/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/project/fv-project.h"

G_BEGIN_DECLS

/*
 * Changes of a project's labels and subsets that can be undone, the latest first, and redone. Each is one transaction; whoever makes a new one
 * gives up what was undone. The project is open for editing. Errors: FV_PROJECT_ERROR; then nothing changed.
 */

/*
 * Subset, boxes and ignored regions of @items (of FvItem, each with its id) become what they are there. @what says it to the person: "3 boxes that
 * were there twice were deleted".
 */
gboolean fv_project_change (FvProject *self, const GPtrArray *items, const char *what, GError **error);

/*
 * Takes the latest change back, or makes the one undone last again. *n_pictures: how many it concerned; *what: (transfer full) (nullable) its text,
 * NULL where there is none to undo or redo. An error where a picture of it was changed otherwise since, by an import.
 */
gboolean fv_project_undo (FvProject *self, guint *n_pictures, char **what, GError **error);
gboolean fv_project_redo (FvProject *self, guint *n_pictures, char **what, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/project/fv-project.h"

G_BEGIN_DECLS

/*
 * The window through which a project's pictures with more than 8 bits a channel are seen: one for all of them, so that equal values look equal.
 * Errors: FV_PROJECT_ERROR.
 */

/* *low and *high as FvPictureReading has them; both 0 where no picture has a window. */
gboolean fv_project_get_window (FvProject *self, guint16 *low, guint16 *high, GError **error);

/* Gives every picture that has a window this one. low < high. *n_pictures: how many there are. */
gboolean fv_project_set_window (FvProject *self, guint16 low, guint16 high, guint *n_pictures, GError **error);

G_END_DECLS

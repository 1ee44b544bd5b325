/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/widgets/fv-page.h"

G_BEGIN_DECLS

/*
 * The project's pictures: imported by button, Ctrl+I or drop; all of them with their boxes; one of them large. Property "copy-pictures": whether
 * the next import copies pictures into the project.
 */
#define FV_TYPE_PICTURES_PAGE (fv_pictures_page_get_type ())
G_DECLARE_FINAL_TYPE (FvPicturesPage, fv_pictures_page, FV, PICTURES_PAGE, FvPage)

/* What was dropped on the page, GFiles: imports the first. FALSE where nothing can be imported now. */
gboolean fv_pictures_page_drop (FvPicturesPage *self, GSList *files);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/widgets/fv-page.h"

G_BEGIN_DECLS

#define FV_TYPE_PICTURES_PAGE (fv_pictures_page_get_type ())
G_DECLARE_FINAL_TYPE (FvPicturesPage, fv_pictures_page, FV, PICTURES_PAGE, FvPage)

G_END_DECLS

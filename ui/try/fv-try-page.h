/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/widgets/fv-page.h"

G_BEGIN_DECLS

/* Try a detector on a picture: what it finds, at which confidence, and a copy of the picture with the boxes in it. */
#define FV_TYPE_TRY_PAGE (fv_try_page_get_type ())
G_DECLARE_FINAL_TYPE (FvTryPage, fv_try_page, FV, TRY_PAGE, FvPage)

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/widgets/fv-page.h"

G_BEGIN_DECLS

#define FV_TYPE_TRAINING_PAGE (fv_training_page_get_type ())
G_DECLARE_FINAL_TYPE (FvTrainingPage, fv_training_page, FV, TRAINING_PAGE, FvPage)

G_END_DECLS

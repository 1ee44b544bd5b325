/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/widgets/fv-page.h"

G_BEGIN_DECLS

#define FV_TYPE_AUGMENTATION_PAGE (fv_augmentation_page_get_type ())
G_DECLARE_FINAL_TYPE (FvAugmentationPage, fv_augmentation_page, FV, AUGMENTATION_PAGE, FvPage)

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* What a window without a project shows: ways to get one, and those that were open last. All it does is activate the window's actions. */
#define FV_TYPE_WELCOME_PAGE (fv_welcome_page_get_type ())
G_DECLARE_FINAL_TYPE (FvWelcomePage, fv_welcome_page, FV, WELCOME_PAGE, AdwBin)

G_END_DECLS

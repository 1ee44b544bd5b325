/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/*
 * One stop of the Tab key for the list in it: from inside, Tab leaves. Before GTK 4.12 lists and grids would have it go through every
 * item, which is what the arrow keys are for.
 */
#define FV_TYPE_TAB_STOP (fv_tab_stop_get_type ())
G_DECLARE_FINAL_TYPE (FvTabStop, fv_tab_stop, FV, TAB_STOP, AdwBin)

G_END_DECLS

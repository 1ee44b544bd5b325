/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/*
 * Has a combo row of a GtkStringList show its choice in full: by itself it would rather shorten that to nothing than wrap the row's subtitle.
 */
void fv_choice_row_set_up (AdwComboRow *row);

G_END_DECLS

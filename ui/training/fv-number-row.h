/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/fv-recipe.h"

#include <adwaita.h>

G_BEGIN_DECLS

/*
 * A row in which a number of the recipe is chosen, within its range; where a value is suggested, the reason stands below, and one click
 * takes it.
 *
 * Properties: `key`, the recipe key; `digits` after the point at most; `step`, of the buttons and, for a whole number, what values are multiples of;
 * `width-chars`; `menu` (nullable), of usual values.
 * Signal `changed ()`: by the person.
 */
#define FV_TYPE_NUMBER_ROW (fv_number_row_get_type ())
G_DECLARE_FINAL_TYPE (FvNumberRow, fv_number_row, FV, NUMBER_ROW, AdwActionRow)

/* Shows what the recipe has, and what is suggested as set before. */
void fv_number_row_show (FvNumberRow *self, const FvRecipe *recipe);
/* Writes its value, and what is typed and not yet taken, into the recipe. */
void fv_number_row_store (FvNumberRow *self, FvRecipe *recipe);

/* @why: a sentence that is read after the value; it is copied. Seen with the next fv_number_row_show(). */
void fv_number_row_suggest (FvNumberRow *self, gint64 value, const char *why);
void fv_number_row_set_value (FvNumberRow *self, double value);

G_END_DECLS

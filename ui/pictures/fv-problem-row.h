/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/pictures/fv-problem-list.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The file, the line in it, and the reason below. */
#define FV_TYPE_PROBLEM_ROW (fv_problem_row_get_type ())
G_DECLARE_FINAL_TYPE (FvProblemRow, fv_problem_row, FV, PROBLEM_ROW, GtkWidget)

GtkWidget *fv_problem_row_new (void);
void fv_problem_row_set_item (FvProblemRow *self, FvProblemItem *item);

G_END_DECLS

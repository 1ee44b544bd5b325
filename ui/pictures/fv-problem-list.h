/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/project/fv-project.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* A row of an import's report as lists hold it. Main thread. */
#define FV_TYPE_PROBLEM_ITEM (fv_problem_item_get_type ())
G_DECLARE_FINAL_TYPE (FvProblemItem, fv_problem_item, FV, PROBLEM_ITEM, GObject)

const FvProblem *fv_problem_item_get (FvProblemItem *self);
/* The file's name without its folders, and "Line 12" or "" for the whole file: both (transfer full). */
char *fv_problem_item_get_title (FvProblemItem *self);
char *fv_problem_item_get_place (FvProblemItem *self);

/* problems: of FvProblem, as long-lived as the items. Returns a list of FvProblemItem: (transfer full). */
GListModel *fv_problem_list_new (GPtrArray *problems);
/* Leaves each row once: whoever imports a folder again hears the same again. */
void fv_problem_list_drop_repeated (GPtrArray *problems);
/*
 * For the clipboard, to be pasted as text or into a table: a line for each, of what became of it, file, line and reason with tabs in
 * between. (transfer full)
 */
char *fv_problem_list_to_text (const GPtrArray *rejected, const GPtrArray *repaired);

G_END_DECLS

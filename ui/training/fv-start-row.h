/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/document/fv-document.h"

#include <adwaita.h>

G_BEGIN_DECLS

/*
 * The row in which a new run's starting point is chosen: a new network, a weight file, or the best weights of a run.
 *
 * Signal `chosen (FvRunStartKind kind, guint run)`: by the person.
 */
#define FV_TYPE_START_ROW (fv_start_row_get_type ())
G_DECLARE_FINAL_TYPE (FvStartRow, fv_start_row, FV, START_ROW, AdwComboRow)

/* Offers those of @runs that have weights, and shows @start. */
void fv_start_row_show (FvStartRow *self, FvRunList *runs, const FvDocumentStart *start);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/fv-run-monitor.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* What came out for each class, a table that its headers sort. */
#define FV_TYPE_CLASS_TABLE (fv_class_table_get_type ())
G_DECLARE_FINAL_TYPE (FvClassTable, fv_class_table, FV, CLASS_TABLE, AdwBin)

/* Copies them; @classes (nullable). */
void fv_class_table_set_classes (FvClassTable *self, const FvRunClass *classes, guint n);

/* For tests: the name in row @i, as it is sorted now; NULL past the end. */
const char *fv_class_table_get_name (FvClassTable *self, guint i);

G_END_DECLS

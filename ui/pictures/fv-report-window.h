/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* What imports left out or changed: a row for each label or file, with the reason; Ctrl+C copies all of it. */
#define FV_TYPE_REPORT_WINDOW (fv_report_window_get_type ())
G_DECLARE_FINAL_TYPE (FvReportWindow, fv_report_window, FV, REPORT_WINDOW, AdwWindow)

/* Arrays of FvProblem, referenced and not to be changed any more. parent: (nullable). It is yet to be presented. */
FvReportWindow *fv_report_window_new (GtkWindow *parent, GPtrArray *rejected, GPtrArray *repaired);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/graph/fv-recorder.h"

G_BEGIN_DECLS

/*
 * Watches what kernels touch: between start and stop, those that are made report every access outside of the ranges that their dispatch declared
 * to read or to write. Without a declaration they may use the zero page and the dump page, and read what a step block that they read points to:
 * the host writes that before each submission, and nobody else does.
 *
 * Dispatches run one after the other. One device at a time; start with one that has made no pipelines yet.
 */

/* @edit (nullable): may change a declaration before it is taken, to see that the trace finds it wrong. */
void       fv_access_trace_start          (FvDevice *device, void (*edit) (FvDispatch *declared));
/* After what was recorded is gone. */
void       fv_access_trace_stop           (void);
/* (transfer full) (element-type utf8): what was touched without a declaration since the start. All submissions must be done. */
GPtrArray *fv_access_trace_get_violations (void);
/* (transfer full) (element-type utf8): what was declared and never touched by a dispatch that ran, "kernel reads[2]", each once. */
GPtrArray *fv_access_trace_get_untouched  (void);
/* Dispatches recorded since the start. */
guint      fv_access_trace_get_n_dispatches (void);

G_END_DECLS

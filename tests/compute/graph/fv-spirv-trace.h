/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  FV_TRACE_READ,
  FV_TRACE_WRITE,
} FvTraceKind;

/*
 * (element-type guint32) (transfer full): the compute module @code with a call of trace.comp's fv_trace() before each access of memory through an
 * address: loads, stores, copies and atomic operations, whatever the source looks like. @table: where trace.comp's Table lies. Aborts on what it
 * doesn't understand. Thread-safe.
 */
GArray *fv_spirv_trace (const guint32 *code, gsize n_words, guint64 table);

G_END_DECLS

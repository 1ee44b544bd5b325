/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * What a fuzz target has: one function that takes any bytes. libFuzzer calls it in the build with -Dfuzz=true; in every other
 * build fv-fuzz-replay.c calls it with the files of corpus/TARGET, one test each.
 */
int         LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/*
 * (transfer none): the path of a file that holds the bytes, for parsers that read files: memory with a name, no disk. It is the same
 * file at each call. @ending (nullable): ".yaml", where the parser goes by it.
 */
const char *fv_fuzz_file           (const guint8 *data, gsize size, const char *ending);

/* An answer or a sentence, never both or neither. @answer, @error: whether they are there. */
void        fv_fuzz_either         (gboolean answer, const GError *error);

G_END_DECLS

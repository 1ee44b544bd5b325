/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Bytes. Names are drawn beside boxes, and one of a megabyte in each of a thousand files is only there to fill the memory. */
#define FV_CLASS_NAME_MAX 200

/*
 * Whether text from a file can be the name of a class: not empty, UTF-8 without control characters (lists of names have one a line),
 * at most FV_CLASS_NAME_MAX bytes.
 */
gboolean fv_class_name_is_usable (const char *name);

G_END_DECLS

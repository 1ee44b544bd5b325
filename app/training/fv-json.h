/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/*
 * JSON text with the shortest decimals that read back to the same bits (json-glib prints 0.1 as 0.10000000000000001).
 * Members stand in the order of their insertion; numbers that JSON can't hold (NaN, infinities) become null.
 */

/* (transfer full): on one line, or with two spaces a level and a final line end when @pretty. */
char *fv_json_print (JsonNode *node, gboolean pretty);

/* (transfer full): @value in the fewest digits that read back to it, locale "C". */
char *fv_json_double (double value);

/* Reads a JSON file whose root is an object; the message names the file. */
JsonObject *fv_json_load_object (const char *path, GError **error);

G_END_DECLS

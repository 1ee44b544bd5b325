/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/*
 * (transfer full): JSON text from a file that may be hostile. json-glib recurses without a limit, so that text nested deeper than
 * @max_depth (a list of numbers has depth 1) is refused before it sees it. @text needs no NUL at its end.
 * Errors: FV_EXCHANGE_ERROR_FORMAT, a half sentence without the file's name: "it is nested too deeply".
 */
JsonNode *fv_json_parse (const char *text, gsize size, guint max_depth, GError **error);

G_END_DECLS

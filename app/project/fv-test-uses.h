/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* The uses of a project's test set, a JSON object a line in its folder: what is chosen by it is no longer tested by it. */
#define FV_TEST_USES "test-uses.jsonl"

/* How often it was used; 0 where that can't be read. */
guint fv_test_uses_count (const char *project_path);

/* Adds a use, a finished object. Flushed before it returns. Errors: G_FILE_ERROR, a sentence with the path. */
gboolean fv_test_uses_add (const char *project_path, JsonNode *use, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/*
 * Calls of fovea-cli, whose path the test's environment has as FOVEA_CLI.
 *
 *   g_auto (FvTestCall) call = fv_test_cli (NULL, "stats", project, "--json", NULL);
 *   g_assert_cmpint (call.status, ==, 0);
 *   json_object_get_int_member (call.json, "images");
 */
typedef struct {
  int status;           /* the exit status; 128 + N when signal N ended it */
  char *out, *err;
  JsonParser *parser;
  JsonObject *json;     /* (nullable): what stdout holds, where that is one JSON object */
} FvTestCall;

/* @environment: NULL, or one more variable, "NAME=VALUE". Arguments end with NULL. */
FvTestCall   fv_test_cli               (const char *environment, ...) G_GNUC_NULL_TERMINATED;
void         fv_test_call_clear        (FvTestCall *call);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FvTestCall, fv_test_call_clear)

/* Exit status 1, nothing on stdout, and one sentence on stderr that holds @part. */
void         fv_test_call_assert_fails (const FvTestCall *call, const char *part);

/* Starts fovea-cli and does not wait for it; its output goes to the test's. */
GSubprocess *fv_test_cli_start         (const char *environment, ...) G_GNUC_NULL_TERMINATED;

/* (transfer full): the path of a new project @name, in a folder of its own with the generated pictures of @size pixels that it holds ("pictures"). */
char        *fv_test_make_project      (const char *name, guint n_train, guint n_val, guint n_test, guint size);

/*
 * (transfer none): the cache folder that fovea-cli finds from now on, one of the test's own; compiled shaders stay where they are. The calls
 * above see to it themselves.
 */
const char  *fv_test_cache             (void);

/* SHA-256 of a file's bytes, in hexadecimal. */
char        *fv_test_hash              (const char *path);

G_END_DECLS

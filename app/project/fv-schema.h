/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <sqlite3.h>

G_BEGIN_DECLS

/*
 * The tables of project.db and how an older store becomes a newer one. Used by fv-project*.c alone (and their tests).
 *
 * Step i of a list brings schema i to schema i + 1; the store's own number is SQLite's user_version.
 */

/* The steps that this program knows, as many as FV_PROJECT_SCHEMA. */
extern const char *const fv_schema_steps[];

/*
 * Runs the steps that the store lacks, all of them in one transaction. A store that holds something already is first
 * copied to "PATH.before-schema-N" (N = n_steps). path is the file that db has open. Errors: FV_PROJECT_ERROR_TOO_NEW,
 * FV_PROJECT_ERROR_STORE; the store is then as it was.
 */
gboolean fv_schema_bring_forward (sqlite3 *db, const char *path, const char *const *steps, guint n_steps,
                                  GError **error);

/* user_version, or -1 with error. */
int fv_schema_get_version (sqlite3 *db, const char *path, GError **error);

/* Runs statements that give no rows. On failure: FV_PROJECT_ERROR_STORE as of fv_schema_fail(). */
gboolean fv_schema_run (sqlite3 *db, const char *path, const char *sql, GError **error);

/* Sets FV_PROJECT_ERROR_STORE with a sentence on what SQLite said last about the file at path. Returns FALSE. */
gboolean fv_schema_fail (sqlite3 *db, const char *path, GError **error);

G_END_DECLS

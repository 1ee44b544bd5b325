/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * The projects that were open last, newest first, kept in GSettings. Where the schema is not installed (a program run from its build folder
 * without GSETTINGS_SCHEMA_DIR) they are forgotten at the end. Main thread only.
 */

/* (nullable) (transfer none): the program's settings, NULL where the schema is not installed. */
GSettings *fv_settings_get (void);

/* (transfer full): absolute paths of folders that are there. */
GStrv fv_recent_projects_get (void);
void fv_recent_projects_add (const char *path);
void fv_recent_projects_remove (const char *path);

G_END_DECLS

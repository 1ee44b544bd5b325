/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/fv-run-start.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* `fovea-cli train PROJECT ...` as the launcher and the estimate put it together, and what its stderr says. */

/* (transfer full): the program, train, the project. Errors: FV_CHILD_ERROR_NOT_FOUND. */
GStrvBuilder *fv_run_command_new (const char *project_path, GError **error);
/* Weights and recipe: every key that is not at its default, in digits that give back the same bits. */
void fv_run_command_add_start (GStrvBuilder *arguments, const FvRunStart *start);
/* @device (nullable) */
void fv_run_command_add_device (GStrvBuilder *arguments, const char *device);

/* (transfer full) (nullable): the end of what was written to @fd. */
char *fv_run_command_read_messages (int fd);
/* (transfer full): why a child that has ended did not do what it should: the last sentence of its stderr, @messages (nullable). */
GError *fv_run_command_make_error (GSubprocess *process, const char *messages);

G_END_DECLS

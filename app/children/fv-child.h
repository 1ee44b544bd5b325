/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * Children of the window: fovea-cli does whatever needs Vulkan or takes long, so that a driver that hangs takes a child down and never the window.
 *
 *   g_autofree char *cli = fv_child_find_cli ();
 *   g_autoptr (GSubprocessLauncher) launcher = fv_child_launcher_new (G_SUBPROCESS_FLAGS_STDERR_PIPE);
 *   process = g_subprocess_launcher_spawn (launcher, &error, cli, "train", project, NULL);
 */

#define FV_CHILD_ERROR (fv_child_error_quark ())
GQuark fv_child_error_quark (void);

typedef enum
{
  FV_CHILD_ERROR_NOT_FOUND, /* there is no fovea-cli */
  FV_CHILD_ERROR_START,     /* it could not be started, or ends as soon as it is */
  FV_CHILD_ERROR_DIED,      /* it ended while it worked on a request, twice */
  FV_CHILD_ERROR_REQUEST,   /* it says why a request can't be done; the message is its sentence */
} FvChildError;

/*
 * (transfer full) (nullable): the absolute path of fovea-cli: $FOVEA_CLI, else beside the running program, else where a build folder has it
 * (../app/cli), else where it is installed, else in PATH. NULL: it is nowhere.
 */
char *fv_child_find_cli (void);

/*
 * (transfer full): with what every child needs: the environment without what belongs to the window alone, its input empty, all files closed but those
 * that the caller gives it.
 */
GSubprocessLauncher *fv_child_launcher_new (GSubprocessFlags flags);

/* (transfer full): "fovea-cli: The disk is full." or the like as a sentence without the program's name; @line is a line of a child's stderr. */
char *fv_child_sentence (const char *line);

G_END_DECLS

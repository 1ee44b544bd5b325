/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "compute/device/fv-device.h"

G_BEGIN_DECLS

/*
 * What every subcommand of fovea-cli shares: options, the one path of errors, JSON, progress, interruption.
 *
 *   static int
 *   run (FvCli *cli, int argc, char **argv)
 *   {
 *     g_autofree char *subset = NULL;
 *     const GOptionEntry entries[] = { { "subset", 0, 0, G_OPTION_ARG_STRING, &subset, "Only this subset", "NAME" }, { NULL } };
 *     g_autoptr (GError) error = NULL;
 *     int status;
 *     if (!fv_cli_parse (cli, &argc, &argv, entries, 1, 1, &status))
 *       return status;                                // --help, --version, wrong usage
 *     ... argv[1] is the first positional argument ...
 *     if (!do_it (argv[1], fv_cli_get_cancellable (cli), &error))
 *       return fv_cli_fail (cli, error);              // 1, or 130 when it was interrupted
 *     return FV_CLI_DONE;
 *   }
 *   const FvCliCommand fv_cli_stats = { "stats", "Count what a project holds", "PROJECT", run };
 */

typedef struct _FvCli FvCli;

typedef struct {
  const char *name;
  const char *summary;         /* one line, no full stop */
  const char *usage;           /* the positional arguments: "PROJECT SOURCE" */
  int (*run) (FvCli *cli, int argc, char **argv);   /* argv[0] is the command's name; returns an exit status */
  gboolean uses_device;        /* takes --device */
} FvCliCommand;

/* The table in fv-cli-commands.c; ends with a row whose name is NULL. */
extern const FvCliCommand *const fv_cli_commands[];

enum {
  FV_CLI_DONE = 0,
  FV_CLI_FAILED = 1,
  FV_CLI_WRONG_USAGE = 2,
  FV_CLI_INTERRUPTED = 130,
};

/*
 * Runs a subcommand from main(): blocked signals are watched, what stays of a progress bar is wiped. Returns the exit
 * status.
 */
int           fv_cli_run           (const FvCliCommand *command, int argc, char **argv);
/* Blocks the signals that end a program politely. Before the first thread is made. */
void          fv_cli_block_signals (void);

/*
 * Parses the options of @entries and the common ones (--json, --help, --version and, for a command that uses a
 * device, --device). Afterwards argv[1] .. argv[argc - 1] are the positional arguments, of which there must be @min
 * to @max (G_MAXINT = any number). FALSE: the command returns *status at once; what had to be said was said. The
 * arrays belong to @cli.
 */
gboolean      fv_cli_parse         (FvCli *cli, int *argc, char ***argv, const GOptionEntry *entries, int min, int max, int *status);
gboolean      fv_cli_wants_json    (FvCli *cli);
/* (nullable): what --device said. */
const char   *fv_cli_get_device    (FvCli *cli);

/*
 * One sentence on stderr. Returns FV_CLI_FAILED, or FV_CLI_INTERRUPTED where @error is G_IO_ERROR_CANCELLED. @error
 * (transfer none).
 */
int           fv_cli_fail          (FvCli *cli, const GError *error);
/* One sentence on stderr and where help is found. Returns FV_CLI_WRONG_USAGE. */
int           fv_cli_wrong_usage   (FvCli *cli, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* A remark for the person, a line on stderr. Any thread. */
void          fv_cli_note          (FvCli *cli, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* A line of the result on stdout for people; nothing with --json. In both, control characters are shown as \uNNNN. Any thread. */
void          fv_cli_say           (FvCli *cli, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* With --json: the result, once. @builder holds a finished object. Says nothing otherwise. */
void          fv_cli_print_json    (FvCli *cli, JsonBuilder *builder);

/* Members of an object being built. A number that is not finite becomes null. */
void          fv_cli_json_number   (JsonBuilder *builder, const char *name, double value);
void          fv_cli_json_int      (JsonBuilder *builder, const char *name, gint64 value);
/* @value (nullable) */
void          fv_cli_json_string   (JsonBuilder *builder, const char *name, const char *value);
void          fv_cli_json_bool     (JsonBuilder *builder, const char *name, gboolean value);

/*
 * Progress on stderr: a bar on a terminal, else a line now and then. @fraction is 0..1; 1 ends the bar. Call it as
 * often as convenient, from any thread: what comes too soon after the last one is dropped.
 */
void          fv_cli_progress      (FvCli *cli, double fraction, const char *format, ...) G_GNUC_PRINTF (3, 4);

/*
 * (transfer none): cancelled by the first SIGINT or SIGTERM; a second one ends the process. A command that never asks
 * for it is ended by the first one, with FV_CLI_INTERRUPTED.
 */
GCancellable *fv_cli_get_cancellable (FvCli *cli);

/*
 * Opens the device that --device, else FOVEA_DEVICE names, else the best one; with the validation layer where
 * FOVEA_VALIDATION is set. @subgroup_size 0 = as the driver likes; else the one that a run's plan recorded: call it
 * before any other use of Vulkan, because a CPU driver takes that size from the environment when it is loaded. It runs
 * the kernels that were found to be the fastest on it (fv-kernels.h).
 * Errors: FV_DEVICE_ERROR.
 */
FvDevice     *fv_cli_open_device   (FvCli *cli, guint subgroup_size, GError **error);

G_END_DECLS

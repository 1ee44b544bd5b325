/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/cli/fv-cli.h"

G_BEGIN_DECLS

struct _FvCli {
  const FvCliCommand *command;
  char **args;                  /* what is left of the command line after parsing */
  char *device;
  gboolean json;
  gboolean printed_json;
  gboolean stderr_is_terminal;
  GCancellable *cancellable;
  GMutex lock;                  /* of all below and of both outputs */
  gboolean bar_is_shown;
  gboolean line_was_printed;
  gint64 progress_time;         /* when progress was last shown, monotonic microseconds; 0 = never asked */
};

/* Wipes the bar, where one stands on the terminal. */
void fv_cli_progress_clear (FvCli *cli);
void fv_cli_print_version  (void);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/fv-cli.h"

/* A row a subcommand, in the order of a person's work; each is defined in fv-cli-<name>.c. */

extern const FvCliCommand fv_cli_devices;

const FvCliCommand *const fv_cli_commands[] = {
  &fv_cli_devices,
  NULL,
};

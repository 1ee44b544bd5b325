/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/fv-cli.h"

/* A row a subcommand, in the order of a person's work; each is defined in fv-cli-<name>.c. */

extern const FvCliCommand fv_cli_bench;
extern const FvCliCommand fv_cli_check;
extern const FvCliCommand fv_cli_dataset_export;
extern const FvCliCommand fv_cli_detect;
extern const FvCliCommand fv_cli_devices;
extern const FvCliCommand fv_cli_import;
extern const FvCliCommand fv_cli_init;
extern const FvCliCommand fv_cli_parity;
extern const FvCliCommand fv_cli_repair;
extern const FvCliCommand fv_cli_serve;
extern const FvCliCommand fv_cli_split;
extern const FvCliCommand fv_cli_stats;
extern const FvCliCommand fv_cli_sample;
extern const FvCliCommand fv_cli_train;
extern const FvCliCommand fv_cli_val;
extern const FvCliCommand fv_cli_weights;
extern const FvCliCommand fv_cli_window;

const FvCliCommand *const fv_cli_commands[] = {
  &fv_cli_devices,
  &fv_cli_sample,
  &fv_cli_init,
  &fv_cli_import,
  &fv_cli_stats,
  &fv_cli_check,
  &fv_cli_repair,
  &fv_cli_window,
  &fv_cli_split,
  &fv_cli_dataset_export,
  &fv_cli_train,
  &fv_cli_val,
  &fv_cli_detect,
  &fv_cli_weights,
  &fv_cli_bench,
  &fv_cli_parity,
  &fv_cli_serve,
  NULL,
};

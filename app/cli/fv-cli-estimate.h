/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/cli/fv-cli.h"
#include "app/project/fv-dataset.h"
#include "app/training/fv-recipe.h"

G_BEGIN_DECLS

/*
 * `train --dry-run`: prints what a run of a network of @variant would need. @micro_batch: of a plan
 * that is repeated, or 0. @measure: times a few steps first. Returns an exit status.
 */
int fv_cli_estimate (FvCli *cli, FvDevice *device, FvDataset *dataset, const FvRecipe *recipe, char variant,
                     guint micro_batch, gboolean measure);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/cli/fv-cli.h"
#include "app/dataset/fv-coco-figures.h"
#include "app/training/fv-advice.h"
#include "app/training/fv-anchors.h"

G_BEGIN_DECLS

/* What 'fovea-cli stats' found. */
typedef struct
{
  const FvStatistics *statistics;
  const FvContent *content;     /* (nullable) */
  const GPtrArray *comparisons; /* of FvComparison */
  const GPtrArray *advice;      /* of FvAdvice */
  FvAnchors anchors;            /* those of YOLOv5's weights */
  FvAnchorFit fit;
  gboolean evolved; /* whether the two below are there */
  FvAnchors evolved_anchors;
  FvAnchorFit evolved_fit;
} FvCliStats;

/* Whether more boxes can be learned with the evolved anchors; v7.0 takes them only then. */
gboolean fv_cli_stats_is_better (const FvCliStats *stats);
void fv_cli_stats_print_json (FvCli *cli, const FvCliStats *stats);

G_END_DECLS

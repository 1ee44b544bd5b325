/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/project/fv-dataset.h"

G_BEGIN_DECLS

/*
 * How representative validation is of what is trained on: how far apart train and val are in one respect. 0 = alike,
 * 1 = nothing in common. For numbers the statistic of Kolmogorov and Smirnov (the largest difference between the shares
 * that lie below any value), for sources half the sum of the differences of their shares (total variation).
 */
typedef struct
{
  const char *id;   /* "size", "aspect", "brightness", "source" or "time" */
  double distance;  /* 0..1 */
  double chance;    /* what 95 of 100 random divisions of these pictures stay within */
  gboolean differs; /* more than chance explains, and enough to matter: more than 0.1 */
} FvSplitDistance;

/*
 * (transfer full), of FvSplitDistance; those of which nothing is known are left out, all where train or val is empty.
 * size: the root of a box's share of its picture. aspect: width by height of boxes. source: the picture's folder.
 * @brightness (nullable): of each picture, NAN where not known.
 */
GArray *fv_split_distances (const FvDataset *dataset, const float *brightness);

G_END_DECLS

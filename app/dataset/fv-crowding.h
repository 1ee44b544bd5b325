/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/project/fv-dataset.h"

G_BEGIN_DECLS

/* From this overlap on (intersection over union), detection takes two boxes of one class for one: its --iou. */
#define FV_CROWDING_OVERLAP 0.45

/* Boxes of one picture in each other's way. */
typedef struct
{
  guint touching;    /* share some area with another box of any class */
  guint overlapping; /* share more than FV_CROWDING_OVERLAP with another box of their class */
} FvCrowding;

/*
 * @boxes: of FvBox. Along x each box is compared with those that begin before it ends, at most some hundreds of them,
 * so that a hundred thousand boxes in one picture take a second and not an hour.
 */
void fv_crowding_count (const GArray *boxes, FvCrowding *crowding);

G_END_DECLS

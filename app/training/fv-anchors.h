/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/project/fv-dataset.h"
#include "compute/nets/fv-yolov5.h"

G_BEGIN_DECLS

/*
 * How well anchors fit the boxes to learn, and anchors that fit better, as YOLOv5 v7.0 finds them
 * (utils/autoanchor.py).
 *
 *   g_autoptr (GArray) boxes = fv_anchors_collect (dataset, &(FvSubset){ FV_SUBSET_TRAIN }, 640);
 *   FvAnchors anchors;
 *   FvAnchorFit fit;
 *   fv_anchors_get_coco (&anchors);
 *   fv_anchors_fit (boxes, &anchors, FV_ANCHORS_THRESHOLD, &fit);
 *   if (fit.best_possible_recall <= FV_ANCHORS_GOOD)
 *     fv_anchors_evolve (boxes, &(FvAnchorParams){ .imgsz = 640 }, &anchors);
 *
 * Everything is deterministic. Any thread.
 */

#define FV_ANCHORS_N (FV_YOLOV5_N_HEADS * FV_YOLOV5_N_ANCHORS)
/* A box is learned by an anchor whose sides are less than so many times larger or smaller: the recipe's anchor_t. */
#define FV_ANCHORS_THRESHOLD 4.0
/* v7.0 leaves anchors alone whose best possible recall is above that. */
#define FV_ANCHORS_GOOD 0.98

typedef struct
{
  float width, height; /* pixels of the network's input */
} FvAnchorSize;

typedef struct
{
  FvAnchorSize sizes[FV_ANCHORS_N];
} FvAnchors;

typedef struct
{
  double best_possible_recall; /* share of the boxes that some anchor may learn */
  double anchors_per_box;      /* how many anchors may learn a box, on average */
} FvAnchorFit;

typedef struct
{
  guint imgsz;       /* of the boxes, pixels */
  double threshold;  /* 0 = FV_ANCHORS_THRESHOLD */
  guint generations; /* 0 = 1,000, as v7.0 */
  guint64 seed;
} FvAnchorParams;

/* The anchors of YOLOv5's own weights. */
void fv_anchors_get_coco (FvAnchors *anchors);

/*
 * (transfer full): of FvAnchorSize, the boxes of a subset (NULL: of all) when the longer sides of their pictures are
 * @imgsz. v7.0 draws scales of 0.9 to 1.1 here for its check; nothing is drawn here.
 */
GArray *fv_anchors_collect (const FvDataset *dataset, const FvSubset *subset, guint imgsz);

/* Both numbers are NAN where there are no boxes. */
void fv_anchors_fit (const GArray *boxes, const FvAnchors *anchors, double threshold, FvAnchorFit *fit);

/*
 * Anchors from k-means over the boxes of at least 2 pixels, divided by their standard deviations, the best of 30
 * starts; then improved by 1,000 generations of random changes. By rising area. Where there are more than some ten
 * thousand boxes, as many drawn from them stand for all. It takes a second or two. FALSE where there are fewer boxes
 * than anchors: @anchors stays.
 */
gboolean fv_anchors_evolve (const GArray *boxes, const FvAnchorParams *params, FvAnchors *anchors);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/evaluation/fv-detection.h"

G_BEGIN_DECLS

/* Which detections of one picture are right, at each of ten IoU thresholds. */

#define FV_N_IOUS 10 /* 0.50, 0.55, ... 0.95 */

/*
 * v7.0's process_batch(): among the pairs of one class with IoU >= threshold each detection keeps the true box that it covers best, and each
 * true box the first such detection. A detection whose best box was taken gets no other. Each threshold on its own.
 *
 * @detections must come by falling confidence (NMS order). Crowds are left out. @correct: [n_detections], bit t = right at the t-th threshold.
 */
void fv_match_v7 (const FvDetection *detections, guint n_detections, const FvTruth *truths, guint n_truths,
                  guint16 *correct);

typedef enum
{
  FV_COCO_ALL,
  FV_COCO_SMALL,  /* area <= 32^2 pixels */
  FV_COCO_MEDIUM, /* 32^2 <= area <= 96^2 */
  FV_COCO_LARGE,  /* 96^2 <= area */
  FV_N_COCO_AREAS,
} FvCocoArea;

#define FV_COCO_MAX_DETECTIONS 100 /* that count of one class in one picture */

/* A detection as COCO's result files have it: pixels, double. */
typedef struct
{
  double x, y, width, height;
  double score;
  guint class_id;
} FvCocoDetection;

/* A detection that counts, and how. Bit area * FV_N_IOUS + threshold. */
typedef struct
{
  double score;
  guint64 matched; /* found a true box */
  guint64 ignored; /* counts neither as right nor as wrong there */
  guint class_id;
  guint rank; /* among those of its class in its picture, by falling score; 0 .. FV_COCO_MAX_DETECTIONS - 1 */
} FvCocoMatch;

/*
 * pycocotools' evaluateImg() for every class, area and threshold of one picture: in order of falling score each detection takes the best true box
 * that is free, real ones before those to be ignored (crowds, other sizes). What is left beyond FV_COCO_MAX_DETECTIONS of a class isn't counted.
 *
 * Appends to @matches (element-type FvCocoMatch) the detections class by class, and adds to @n_truths[class][area] the boxes that are to be
 * found. Every class_id must be below @n_classes.
 */
void fv_match_coco (const FvCocoDetection *detections, guint n_detections, const FvTruth *truths, guint n_truths_in,
                    guint n_classes, GArray *matches, guint (*n_truths)[FV_N_COCO_AREAS]);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/evaluation/fv-matching.h"

G_BEGIN_DECLS

/* From the matches of all pictures to the numbers. */

/* A detection of any picture as fv_match_v7() judged it. */
typedef struct
{
  float confidence;
  guint class_id;
  guint16 correct;
} FvV7Match;

#define FV_V7_CURVE_POINTS 1000

/* One class in v7.0's ap_per_class(). A class without true boxes has no numbers: all of it is 0. */
typedef struct
{
  guint n_truths, n_detections;
  double ap[FV_N_IOUS];
  double ap_mean;           /* of ap: "mAP50-95" of the class */
  double precision, recall; /* at the confidence where the mean F1 of all classes is greatest */
} FvV7Class;

/* Means over the classes that have true boxes; 0 without any. */
typedef struct
{
  double precision, recall, map50, map;
  double confidence; /* where precision and recall were read, 0..1 */
} FvV7Summary;

/*
 * v7.0's ap_per_class(): precision envelope, linear between the points, trapezoids over 101 recalls. @matches in the order in which the pictures
 * came (equal confidences keep it); sorted here. @classes: [n_classes], n_truths filled by the caller, the rest here.
 */
void fv_ap_v7 (FvV7Match *matches, guint n_matches, FvV7Class *classes, guint n_classes, FvV7Summary *summary);

/* COCO's twelve numbers, in pycocotools' order. -1 where there is nothing to find. */
typedef struct
{
  double ap, ap50, ap75, ap_small, ap_medium, ap_large;
  double ar1, ar10, ar100, ar_small, ar_medium, ar_large;
} FvCocoSummary;

/* One class in COCO's definition; -1 without true boxes. */
typedef struct
{
  double ap, ap50;
} FvCocoClass;

/*
 * pycocotools' accumulate() and summarize(). @matches: what fv_match_coco() appended, pictures in the order that pycocotools goes through them
 * (by rising id; equal scores keep it); sorted here. @n_truths: [n_classes][areas], as fv_match_coco() counted. @classes: [n_classes], nullable.
 */
void fv_ap_coco (FvCocoMatch *matches, guint n_matches, const guint (*n_truths)[FV_N_COCO_AREAS], guint n_classes,
                 FvCocoClass *classes, FvCocoSummary *summary);

G_END_DECLS

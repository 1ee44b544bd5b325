/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/evaluation/fv-average-precision.h"

G_BEGIN_DECLS

/*
 * A detector's numbers over many pictures, by YOLOv5 v7.0's definition and by COCO's:
 *
 *   g_autoptr (FvEvaluator) evaluator = fv_evaluator_new (n_classes);
 *   for each picture:
 *     fv_evaluator_add (evaluator, detections, n_detections, truths, n_truths);
 *   g_autoptr (FvEvaluation) evaluation = fv_evaluator_finish (evaluator);
 *
 * Not thread-safe. The order of the pictures matters only to detections of exactly the same confidence.
 */

typedef struct
{
  guint n_pictures;  /* with a true box of the class */
  guint n_instances; /* true boxes */
  guint n_detections;
  double precision, recall, ap50, ap; /* v7.0's; 0 without true boxes */
  double ap_by_iou[FV_N_IOUS];
  double coco_ap, coco_ap50; /* -1 without true boxes */
} FvClassEvaluation;

typedef struct
{
  guint n_pictures, n_instances, n_detections;
  double precision, recall, map50, map; /* v7.0's; 0 without any true box */
  double confidence;                    /* where precision and recall were read */
  FvCocoSummary coco;
  guint n_classes;
  FvClassEvaluation *classes; /* [n_classes] */
} FvEvaluation;

void fv_evaluation_free (FvEvaluation *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvEvaluation, fv_evaluation_free)

typedef struct _FvEvaluator FvEvaluator;

FvEvaluator *fv_evaluator_new (guint n_classes);
void fv_evaluator_free (FvEvaluator *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvEvaluator, fv_evaluator_free)

/*
 * One picture: boxes in its own pixels, detections by falling confidence as fv_nms() gives them. Both may be empty (then the pointer may be NULL).
 * Every class_id must be below n_classes.
 */
void fv_evaluator_add (FvEvaluator *self, const FvDetection *detections, guint n_detections, const FvTruth *truths,
                       guint n_truths);

/* (transfer full): the numbers of what was added so far. */
FvEvaluation *fv_evaluator_finish (FvEvaluator *self);

G_END_DECLS

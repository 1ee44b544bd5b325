/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/evaluation/fv-evaluator.h"

#include <string.h>

struct _FvEvaluator
{
  guint n_classes, n_pictures;
  GArray *v7;                           /* of FvV7Match */
  GArray *coco;                         /* of FvCocoMatch */
  guint *n_instances, *n_pictures_with; /* [n_classes] */
  guint (*n_coco_truths)[FV_N_COCO_AREAS];
};

void
fv_evaluation_free (FvEvaluation *self)
{
  if (!self)
    return;
  g_free (self->classes);
  g_free (self);
}

FvEvaluator *
fv_evaluator_new (guint n_classes)
{
  FvEvaluator *self = g_new0 (FvEvaluator, 1);
  self->n_classes = n_classes;
  self->v7 = g_array_new (FALSE, FALSE, sizeof (FvV7Match));
  self->coco = g_array_new (FALSE, FALSE, sizeof (FvCocoMatch));
  self->n_instances = g_new0 (guint, n_classes);
  self->n_pictures_with = g_new0 (guint, n_classes);
  self->n_coco_truths = g_malloc0_n (n_classes, sizeof *self->n_coco_truths);
  return self;
}

void
fv_evaluator_free (FvEvaluator *self)
{
  if (!self)
    return;
  g_array_unref (self->v7);
  g_array_unref (self->coco);
  g_free (self->n_instances);
  g_free (self->n_pictures_with);
  g_free (self->n_coco_truths);
  g_free (self);
}

void
fv_evaluator_add (FvEvaluator *self, const FvDetection *detections, guint n_detections, const FvTruth *truths,
                  guint n_truths)
{
  for (guint i = 0; i < n_detections; i++)
    g_return_if_fail (detections[i].class_id < self->n_classes);
  for (guint i = 0; i < n_truths; i++)
    g_return_if_fail (truths[i].class_id < self->n_classes);

  self->n_pictures++;
  g_autofree gboolean *seen = g_new0 (gboolean, self->n_classes);
  for (guint i = 0; i < n_truths; i++)
    {
      const guint c = truths[i].class_id;
      if (truths[i].crowd)
        continue;
      self->n_instances[c]++;
      self->n_pictures_with[c] += !seen[c];
      seen[c] = TRUE;
    }

  g_autofree guint16 *correct = g_new (guint16, n_detections);
  g_autofree FvCocoDetection *coco = g_new (FvCocoDetection, n_detections);
  fv_match_v7 (detections, n_detections, truths, n_truths, correct);
  for (guint i = 0; i < n_detections; i++)
    {
      const FvDetection *d = &detections[i];
      const FvV7Match match = { d->confidence, d->class_id, correct[i] };
      g_array_append_val (self->v7, match);
      coco[i] = (FvCocoDetection){ .x = d->x1,
                                   .y = d->y1,
                                   .width = (double)d->x2 - d->x1,
                                   .height = (double)d->y2 - d->y1,
                                   .score = d->confidence,
                                   .class_id = d->class_id };
    }
  fv_match_coco (coco, n_detections, truths, n_truths, self->n_classes, self->coco, self->n_coco_truths);
}

FvEvaluation *
fv_evaluator_finish (FvEvaluator *self)
{
  FvEvaluation *evaluation = g_new0 (FvEvaluation, 1);
  g_autofree FvV7Class *v7_classes = g_new0 (FvV7Class, self->n_classes);
  g_autofree FvCocoClass *coco_classes = g_new0 (FvCocoClass, self->n_classes);
  FvV7Summary summary;

  for (guint c = 0; c < self->n_classes; c++)
    v7_classes[c].n_truths = self->n_instances[c];
  fv_ap_v7 ((FvV7Match *)(void *)self->v7->data, self->v7->len, v7_classes, self->n_classes, &summary);
  fv_ap_coco ((FvCocoMatch *)(void *)self->coco->data, self->coco->len,
              (const guint (*)[FV_N_COCO_AREAS])self->n_coco_truths, self->n_classes, coco_classes, &evaluation->coco);

  evaluation->n_pictures = self->n_pictures;
  evaluation->n_detections = self->v7->len;
  evaluation->precision = summary.precision;
  evaluation->recall = summary.recall;
  evaluation->map50 = summary.map50;
  evaluation->map = summary.map;
  evaluation->confidence = summary.confidence;
  evaluation->n_classes = self->n_classes;
  evaluation->classes = g_new0 (FvClassEvaluation, self->n_classes);
  for (guint c = 0; c < self->n_classes; c++)
    {
      FvClassEvaluation *class = &evaluation->classes[c];
      evaluation->n_instances += self->n_instances[c];
      class->n_pictures = self->n_pictures_with[c];
      class->n_instances = self->n_instances[c];
      class->n_detections = v7_classes[c].n_detections;
      class->precision = v7_classes[c].precision;
      class->recall = v7_classes[c].recall;
      class->ap50 = v7_classes[c].ap[0];
      class->ap = v7_classes[c].ap_mean;
      memcpy (class->ap_by_iou, v7_classes[c].ap, sizeof class->ap_by_iou);
      class->coco_ap = coco_classes[c].ap;
      class->coco_ap50 = coco_classes[c].ap50;
    }
  return evaluation;
}

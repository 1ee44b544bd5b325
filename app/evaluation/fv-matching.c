/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/evaluation/fv-matching.h"

#include <math.h>

/* torch.linspace (0.5, 0.95, 10), which counts from the nearer end. */
static float
v7_threshold (guint i)
{
  const float step = (0.95f - 0.5f) / (FV_N_IOUS - 1);
  return i < FV_N_IOUS / 2 ? 0.5f + step * i : 0.95f - step * (FV_N_IOUS - 1 - i);
}

/* v7.0's box_iou() in fp32, its epsilon included. */
static float
v7_iou (const FvTruth *truth, const FvDetection *detection)
{
  const float x1 = truth->x1, y1 = truth->y1, x2 = truth->x2, y2 = truth->y2;
  const float width = MAX (0.f, MIN (x2, detection->x2) - MAX (x1, detection->x1));
  const float height = MAX (0.f, MIN (y2, detection->y2) - MAX (y1, detection->y1));
  const float both = width * height;
  const float truth_area = (x2 - x1) * (y2 - y1);
  const float area = (detection->x2 - detection->x1) * (detection->y2 - detection->y1);
  return both / (truth_area + area - both + 1e-7f);
}

void
fv_match_v7 (const FvDetection *detections, guint n_detections, const FvTruth *truths, guint n_truths, guint16 *correct)
{
  g_autofree guint16 *taken = g_new0 (guint16, n_truths);
  for (guint d = 0; d < n_detections; d++)
    {
      /* The best box is the same at every threshold that it reaches. Of equal ones v7.0 takes the last. */
      float best_iou = 0;
      guint best = n_truths;
      for (guint t = 0; t < n_truths; t++)
        {
          if (truths[t].class_id != detections[d].class_id || truths[t].crowd)
            continue;
          const float iou = v7_iou (&truths[t], &detections[d]);
          if (iou >= best_iou)
            {
              best_iou = iou;
              best = t;
            }
        }
      correct[d] = 0;
      if (best == n_truths)
        continue;
      for (guint i = 0; i < FV_N_IOUS; i++)
        if (best_iou >= v7_threshold (i))
          correct[d] |= 1 << i;
      correct[d] &= ~taken[best];
      taken[best] |= correct[d];
    }
}

static const double area_ranges[FV_N_COCO_AREAS][2] = {
  [FV_COCO_ALL] = { 0, 1e10 },
  [FV_COCO_SMALL] = { 0, 32 * 32 },
  [FV_COCO_MEDIUM] = { 32 * 32, 96 * 96 },
  [FV_COCO_LARGE] = { 96 * 96, 1e10 },
};

/* numpy.linspace (0.5, 0.95, 10). */
static double
coco_threshold (guint i)
{
  return i == FV_N_IOUS - 1 ? 0.95 : i * ((0.95 - 0.5) / (FV_N_IOUS - 1)) + 0.5;
}

static double
truth_area (const FvTruth *truth)
{
  return truth->area > 0 ? truth->area : (truth->x2 - truth->x1) * (truth->y2 - truth->y1);
}

/* maskApi's bbIou(): a crowd's IoU is the share of the detection that lies in it. */
static double
coco_iou (const FvCocoDetection *d, const FvTruth *t)
{
  const double t_width = t->x2 - t->x1, t_height = t->y2 - t->y1;
  const double width = fmin (d->width + d->x, t_width + t->x1) - fmax (d->x, t->x1);
  if (!(width > 0))
    return 0;
  const double height = fmin (d->height + d->y, t_height + t->y1) - fmax (d->y, t->y1);
  if (!(height > 0))
    return 0;
  const double both = width * height, area = d->width * d->height;
  return both / (t->crowd ? area : area + t_width * t_height - both);
}

static int
by_falling_score (const void *a, const void *b, void *detections)
{
  const FvCocoDetection *all = detections;
  const guint i = *(const guint *)a, j = *(const guint *)b;
  if (all[i].score != all[j].score)
    return all[i].score > all[j].score ? -1 : 1;
  return i < j ? -1 : 1;
}

/*
 * One class, area and threshold. @order lists the true boxes, those that count first. @ious: [n_detections][n_truths], by the boxes' own index.
 */
static void
match_greedily (FvCocoMatch *matches, guint n_detections, const FvTruth *const *truths, const guint *order,
                guint n_real, guint n_truths, const double *ious, double threshold, guint64 bit, gboolean *taken)
{
  for (guint t = 0; t < n_truths; t++)
    taken[t] = FALSE;
  for (guint d = 0; d < n_detections; d++)
    {
      double best_iou = MIN (threshold, 1 - 1e-10);
      guint best = n_truths;
      for (guint k = 0; k < n_truths; k++)
        {
          const guint t = order[k];
          if (taken[t] && !truths[t]->crowd)
            continue;
          if (best < n_real && k >= n_real)
            break;
          if (ious[d * n_truths + t] < best_iou)
            continue;
          best_iou = ious[d * n_truths + t];
          best = k;
        }
      if (best == n_truths)
        continue;
      taken[order[best]] = TRUE;
      matches[d].matched |= bit;
      if (best >= n_real)
        matches[d].ignored |= bit;
    }
}

/* All areas and thresholds of one class. @detections by falling score. */
static void
match_class (const FvCocoDetection *const *detections, guint n_detections, const FvTruth *const *truths, guint n_truths,
             FvCocoMatch *matches, guint n_to_find[FV_N_COCO_AREAS])
{
  g_autofree double *ious = g_new (double, (gsize)n_detections *n_truths);
  g_autofree guint *order = g_new (guint, n_truths);
  g_autofree gboolean *taken = g_new (gboolean, n_truths);
  for (guint d = 0; d < n_detections; d++)
    for (guint t = 0; t < n_truths; t++)
      ious[d * n_truths + t] = coco_iou (detections[d], truths[t]);

  for (guint a = 0; a < FV_N_COCO_AREAS; a++)
    {
      guint n_real = 0, n_ordered = 0;
      for (gboolean pass = FALSE; pass <= TRUE; pass++)
        for (guint t = 0; t < n_truths; t++)
          {
            const double area = truth_area (truths[t]);
            const gboolean ignored = truths[t]->crowd || area < area_ranges[a][0] || area > area_ranges[a][1];
            if (ignored != pass)
              continue;
            order[n_ordered++] = t;
            n_real += !ignored;
          }
      n_to_find[a] += n_real;

      for (guint i = 0; i < FV_N_IOUS; i++)
        match_greedily (matches, n_detections, truths, order, n_real, n_truths, ious, coco_threshold (i),
                        G_GUINT64_CONSTANT (1) << (a * FV_N_IOUS + i), taken);

      /* What found nothing is wrong only where its own size is asked for. */
      const guint64 bits = ((G_GUINT64_CONSTANT (1) << FV_N_IOUS) - 1) << (a * FV_N_IOUS);
      for (guint d = 0; d < n_detections; d++)
        {
          const double area = detections[d]->width * detections[d]->height;
          if (area < area_ranges[a][0] || area > area_ranges[a][1])
            matches[d].ignored |= bits & ~matches[d].matched;
        }
    }
}

void
fv_match_coco (const FvCocoDetection *detections, guint n_detections, const FvTruth *truths, guint n_truths_in,
               guint n_classes, GArray *matches, guint (*n_truths)[FV_N_COCO_AREAS])
{
  g_autofree guint *order = g_new (guint, n_detections);
  for (guint d = 0; d < n_detections; d++)
    order[d] = d;
  g_qsort_with_data (order, n_detections, sizeof *order, by_falling_score, (void *)detections);

  g_autofree gboolean *present = g_new0 (gboolean, n_classes);
  for (guint d = 0; d < n_detections; d++)
    present[detections[d].class_id] = TRUE;
  for (guint t = 0; t < n_truths_in; t++)
    present[truths[t].class_id] = TRUE;

  g_autofree const FvTruth **own_truths = g_new (const FvTruth *, n_truths_in);
  for (guint c = 0; c < n_classes; c++)
    {
      if (!present[c])
        continue;
      const FvCocoDetection *own[FV_COCO_MAX_DETECTIONS];
      guint n_own = 0, n_own_truths = 0;
      for (guint d = 0; d < n_detections && n_own < FV_COCO_MAX_DETECTIONS; d++)
        if (detections[order[d]].class_id == c)
          own[n_own++] = &detections[order[d]];
      for (guint t = 0; t < n_truths_in; t++)
        if (truths[t].class_id == c)
          own_truths[n_own_truths++] = &truths[t];

      const guint first = matches->len;
      for (guint d = 0; d < n_own; d++)
        {
          const FvCocoMatch match = { .score = own[d]->score, .class_id = c, .rank = d };
          g_array_append_val (matches, match);
        }
      FvCocoMatch *own_matches = n_own ? &g_array_index (matches, FvCocoMatch, first) : NULL;
      match_class (own, n_own, own_truths, n_own_truths, own_matches, n_truths[c]);
    }
}

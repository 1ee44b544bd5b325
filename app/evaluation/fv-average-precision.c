/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/evaluation/fv-average-precision.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define N_RECALLS 101

/* numpy.linspace (0, 1, n)[i]. */
static inline double
unit_point (guint i, guint n)
{
  return i == n - 1 ? 1 : i * (1.0 / (n - 1));
}

/* A stable sort by class, then falling score, whatever the record is: the index decides last. */
typedef struct
{
  double score;
  guint class_id, index;
} SortKey;

static int
compare_keys (const void *a, const void *b)
{
  const SortKey *i = a, *j = b;
  if (i->class_id != j->class_id)
    return i->class_id < j->class_id ? -1 : 1;
  if (i->score != j->score)
    return i->score > j->score ? -1 : 1;
  return i->index < j->index ? -1 : 1;
}

/* Puts records into the order of the keys. */
static void
reorder (void *records, gsize size, SortKey *keys, guint n)
{
  if (!n)
    return;
  qsort (keys, n, sizeof *keys, compare_keys);
  g_autofree char *copy = g_memdup2 (records, size * n);
  for (guint i = 0; i < n; i++)
    memcpy ((char *)records + size * i, copy + size * keys[i].index, size);
}

/* numpy.interp: @x rising, the last of equal ones counts. @hint: where the last search ended, for searches of rising @at. */
static double
interpolate (double at, const double *x, const double *y, guint n, double left, guint *hint)
{
  if (at < x[0])
    return left;
  guint j = *hint;
  while (j + 1 < n && x[j + 1] <= at)
    j++;
  *hint = j;
  if (j == n - 1 || x[j] == at)
    return y[j];
  return (y[j + 1] - y[j]) / (x[j + 1] - x[j]) * (at - x[j]) + y[j];
}

/* v7.0's compute_ap(). @recall and @precision have n + 2 points, sentinels included; the precision becomes its envelope. */
static double
area_under_curve (const double *recall, double *precision, guint n_points)
{
  for (guint i = n_points - 1; i > 0; i--)
    precision[i - 1] = MAX (precision[i - 1], precision[i]);
  double area = 0, last = 0;
  guint hint = 0;
  for (guint i = 0; i < N_RECALLS; i++)
    {
      const double value = interpolate (unit_point (i, N_RECALLS), recall, precision, n_points, precision[0], &hint);
      if (i)
        area += (unit_point (i, N_RECALLS) - unit_point (i - 1, N_RECALLS)) * (value + last) / 2;
      last = value;
    }
  return area;
}

/* Precision and recall of one class at 1,000 confidences, numpy.linspace (0, 1, 1000). */
typedef struct
{
  double precision[FV_V7_CURVE_POINTS], recall[FV_V7_CURVE_POINTS];
} Curve;

static void
fill_curve (Curve *curve, const FvV7Match *matches, guint n, const double *recall, const double *precision)
{
  g_autofree double *x = g_new (double, n);
  for (guint i = 0; i < n; i++)
    x[i] = -(double)matches[i].confidence;
  guint hint_r = 0, hint_p = 0;
  for (guint i = FV_V7_CURVE_POINTS; i-- > 0;)
    {
      const double at = -unit_point (i, FV_V7_CURVE_POINTS);
      curve->recall[i] = interpolate (at, x, recall, n, 0, &hint_r);
      curve->precision[i] = interpolate (at, x, precision, n, 1, &hint_p);
    }
}

static void
measure_class (FvV7Class *class, Curve *curve, const FvV7Match *matches, guint n)
{
  /* Points 1 .. n are the detections; 0 and n + 1 the sentinels. */
  g_autofree double *recall = g_new (double, n + 2);
  g_autofree double *precision = g_new (double, n + 2);
  class->ap_mean = 0;
  for (guint t = 0; t < FV_N_IOUS; t++)
    {
      guint right = 0;
      for (guint i = 0; i < n; i++)
        {
          right += (matches[i].correct >> t) & 1;
          recall[i + 1] = right / (class->n_truths + 1e-16);
          precision[i + 1] = (double)right / (i + 1);
        }
      if (t == 0)
        fill_curve (curve, matches, n, recall + 1, precision + 1);
      recall[0] = 0;
      recall[n + 1] = 1;
      precision[0] = 1;
      precision[n + 1] = 0;
      class->ap[t] = area_under_curve (recall, precision, n + 2);
      class->ap_mean += class->ap[t] / FV_N_IOUS;
    }
}

/* Index of the greatest mean F1 after v7.0's smooth (.., 0.1): a box filter of 101 points, the ends repeated. */
static guint
find_best_point (const double *f1)
{
  const int half = 50;
  guint best = 0;
  double best_value = -1;
  for (int i = 0; i < FV_V7_CURVE_POINTS; i++)
    {
      double sum = 0;
      for (int k = i - half; k <= i + half; k++)
        sum += f1[CLAMP (k, 0, FV_V7_CURVE_POINTS - 1)] * (1.0 / (2 * half + 1));
      if (sum > best_value)
        {
          best_value = sum;
          best = i;
        }
    }
  return best;
}

void
fv_ap_v7 (FvV7Match *matches, guint n_matches, FvV7Class *classes, guint n_classes, FvV7Summary *summary)
{
  g_autofree SortKey *keys = g_new (SortKey, n_matches);
  for (guint i = 0; i < n_matches; i++)
    keys[i] = (SortKey){ matches[i].confidence, matches[i].class_id, i };
  reorder (matches, sizeof *matches, keys, n_matches);

  *summary = (FvV7Summary){ 0 };
  g_autofree Curve *curves = g_new0 (Curve, n_classes);
  g_autofree double *f1 = g_new0 (double, FV_V7_CURVE_POINTS);
  guint n_counted = 0, first = 0;
  for (guint c = 0; c < n_classes; c++)
    {
      FvV7Class *class = &classes[c];
      guint n = 0;
      while (first + n < n_matches && matches[first + n].class_id == c)
        n++;
      *class = (FvV7Class){ .n_truths = class->n_truths, .n_detections = n };
      if (class->n_truths)
        {
          n_counted++;
          if (n)
            measure_class (class, &curves[c], matches + first, n);
          for (guint i = 0; i < FV_V7_CURVE_POINTS; i++)
            {
              const double p = curves[c].precision[i], r = curves[c].recall[i];
              f1[i] += 2 * p * r / (p + r + 1e-16);
            }
        }
      first += n;
    }
  if (!n_counted)
    return;

  for (guint i = 0; i < FV_V7_CURVE_POINTS; i++)
    f1[i] /= n_counted;
  const guint best = find_best_point (f1);
  for (guint c = 0; c < n_classes; c++)
    {
      if (!classes[c].n_truths)
        continue;
      classes[c].precision = curves[c].precision[best];
      classes[c].recall = curves[c].recall[best];
      summary->precision += classes[c].precision / n_counted;
      summary->recall += classes[c].recall / n_counted;
      summary->map50 += classes[c].ap[0] / n_counted;
      summary->map += classes[c].ap_mean / n_counted;
    }
  summary->confidence = unit_point (best, FV_V7_CURVE_POINTS);
}

/* Sum and number of the values that exist. */
typedef struct
{
  double sum;
  guint n;
} Mean;

static void
mean_add (Mean *mean, double value)
{
  mean->sum += value;
  mean->n++;
}

static double
mean_get (const Mean *mean)
{
  return mean->n ? mean->sum / mean->n : -1;
}

/* One class, area and threshold. @bit: of the area and the threshold. Gives the mean of 101 precisions and the recall reached. */
static double
coco_curve (const FvCocoMatch *matches, guint n, guint max_rank, guint64 bit, guint n_truths, double *recall_reached)
{
  g_autofree double *recall = g_new (double, n);
  g_autofree double *precision = g_new (double, n);
  guint n_points = 0;
  double right = 0, wrong = 0;
  for (guint i = 0; i < n; i++)
    {
      if (matches[i].rank >= max_rank)
        continue;
      if (!(matches[i].ignored & bit))
        {
          if (matches[i].matched & bit)
            right++;
          else
            wrong++;
        }
      recall[n_points] = right / n_truths;
      precision[n_points++] = right / (wrong + right + DBL_EPSILON);
    }
  *recall_reached = n_points ? recall[n_points - 1] : 0;
  for (guint i = n_points; i-- > 1;)
    precision[i - 1] = MAX (precision[i - 1], precision[i]);
  double sum = 0;
  for (guint i = 0, at = 0; i < N_RECALLS; i++)
    {
      while (at < n_points && recall[at] < unit_point (i, N_RECALLS))
        at++;
      if (at == n_points)
        break;
      sum += precision[at];
    }
  return sum / N_RECALLS;
}

void
fv_ap_coco (FvCocoMatch *matches, guint n_matches, const guint (*n_truths)[FV_N_COCO_AREAS], guint n_classes,
            FvCocoClass *classes, FvCocoSummary *summary)
{
  g_autofree SortKey *keys = g_new (SortKey, n_matches);
  for (guint i = 0; i < n_matches; i++)
    keys[i] = (SortKey){ matches[i].score, matches[i].class_id, i };
  reorder (matches, sizeof *matches, keys, n_matches);

  Mean ap[FV_N_COCO_AREAS] = { 0 }, ar[FV_N_COCO_AREAS] = { 0 }, ap50 = { 0 }, ap75 = { 0 }, ar1 = { 0 }, ar10 = { 0 };
  guint first = 0;
  for (guint c = 0; c < n_classes; c++)
    {
      guint n = 0;
      while (first + n < n_matches && matches[first + n].class_id == c)
        n++;
      Mean class_ap = { 0 }, class_ap50 = { 0 };
      for (guint a = 0; a < FV_N_COCO_AREAS; a++)
        {
          if (!n_truths[c][a])
            continue;
          for (guint t = 0; t < FV_N_IOUS; t++)
            {
              const guint64 bit = G_GUINT64_CONSTANT (1) << (a * FV_N_IOUS + t);
              double recall;
              const double precision
                  = coco_curve (matches + first, n, FV_COCO_MAX_DETECTIONS, bit, n_truths[c][a], &recall);
              mean_add (&ap[a], precision);
              mean_add (&ar[a], recall);
              if (a != FV_COCO_ALL)
                continue;
              mean_add (&class_ap, precision);
              if (t == 0)
                {
                  mean_add (&ap50, precision);
                  mean_add (&class_ap50, precision);
                }
              if (t == 5)
                mean_add (&ap75, precision);
              coco_curve (matches + first, n, 1, bit, n_truths[c][a], &recall);
              mean_add (&ar1, recall);
              coco_curve (matches + first, n, 10, bit, n_truths[c][a], &recall);
              mean_add (&ar10, recall);
            }
        }
      if (classes)
        classes[c] = (FvCocoClass){ mean_get (&class_ap), mean_get (&class_ap50) };
      first += n;
    }
  *summary = (FvCocoSummary){
    .ap = mean_get (&ap[FV_COCO_ALL]),
    .ap50 = mean_get (&ap50),
    .ap75 = mean_get (&ap75),
    .ap_small = mean_get (&ap[FV_COCO_SMALL]),
    .ap_medium = mean_get (&ap[FV_COCO_MEDIUM]),
    .ap_large = mean_get (&ap[FV_COCO_LARGE]),
    .ar1 = mean_get (&ar1),
    .ar10 = mean_get (&ar10),
    .ar100 = mean_get (&ar[FV_COCO_ALL]),
    .ar_small = mean_get (&ar[FV_COCO_SMALL]),
    .ar_medium = mean_get (&ar[FV_COCO_MEDIUM]),
    .ar_large = mean_get (&ar[FV_COCO_LARGE]),
  };
}

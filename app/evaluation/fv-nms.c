/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/evaluation/fv-nms.h"

#include <math.h>
#include <string.h>

/* v7.0 keeps classes apart by moving the boxes of class c by c * 7680 pixels. Classes are kept in lists of their own here, but the
 * offset is added all the same: it takes bits from the coordinates, and IoUs near the threshold depend on them. */
#define CLASS_OFFSET 7680.f

typedef struct
{
  float confidence;
  guint32 row, class_id;
} Candidate;

typedef struct
{
  float x1, y1, x2, y2, area;
  guint next; /* kept box of the same class, or NONE */
} Kept;

#define NONE G_MAXUINT

/* Confidences are positive, so their bits sort as they do; falling order is the rising order of the complement. */
static inline guint32
sort_key (const Candidate *candidate)
{
  guint32 bits;
  memcpy (&bits, &candidate->confidence, sizeof bits);
  return ~bits;
}

/* Stable, by falling confidence: three passes of 11 bits. */
static void
sort_candidates (GArray *candidates)
{
  if (!candidates->len)
    return;
  g_autofree Candidate *other = g_new (Candidate, candidates->len);
  Candidate *from = (Candidate *)(void *)candidates->data, *to = other;
  for (guint shift = 0; shift < 32; shift += 11)
    {
      guint places[2048] = { 0 };
      for (guint i = 0; i < candidates->len; i++)
        places[(sort_key (&from[i]) >> shift) & 2047]++;
      for (guint i = 0, sum = 0; i < G_N_ELEMENTS (places); i++)
        {
          guint count = places[i];
          places[i] = sum;
          sum += count;
        }
      for (guint i = 0; i < candidates->len; i++)
        to[places[(sort_key (&from[i]) >> shift) & 2047]++] = from[i];
      Candidate *swap = from;
      from = to;
      to = swap;
    }
  /* An odd number of passes ends in the other array. */
  memcpy (candidates->data, from, candidates->len * sizeof (Candidate));
}

static GArray *
collect (const float *rows, guint n_rows, guint n_classes, float conf, gboolean multi_label, const guint *class_map)
{
  GArray *candidates = g_array_new (FALSE, FALSE, sizeof (Candidate));
  const guint length = 5 + n_classes;
  for (guint i = 0; i < n_rows; i++)
    {
      const float *row = rows + (gsize)i * length;
      const float objectness = row[4];
      if (!(objectness > conf))
        continue;
      if (!isfinite (row[0]) || !isfinite (row[1]) || !isfinite (row[2]) || !isfinite (row[3]))
        continue;
      if (multi_label)
        {
          for (guint c = 0; c < n_classes; c++)
            {
              const Candidate candidate = { row[5 + c] * objectness, i, c };
              if (candidate.confidence > conf && (!class_map || class_map[c] != FV_NMS_NO_CLASS))
                g_array_append_val (candidates, candidate);
            }
        }
      else
        {
          Candidate best = { row[5] * objectness, i, 0 };
          for (guint c = 1; c < n_classes; c++)
            if (row[5 + c] * objectness > best.confidence)
              best = (Candidate){ row[5 + c] * objectness, i, c };
          if (best.confidence > conf && (!class_map || class_map[best.class_id] != FV_NMS_NO_CLASS))
            g_array_append_val (candidates, best);
        }
    }
  return candidates;
}

/* As torchvision.ops.nms: fp32 but for the comparison. */
static inline gboolean
overlaps (const Kept *a, const Kept *b, double iou)
{
  const float width = MAX (0.f, MIN (a->x2, b->x2) - MAX (a->x1, b->x1));
  const float height = MAX (0.f, MIN (a->y2, b->y2) - MAX (a->y1, b->y1));
  const float both = width * height;
  return both / (a->area + b->area - both) > iou;
}

GArray *
fv_nms (const float *rows, guint n_rows, guint n_classes, const FvNmsParams *params)
{
  g_return_val_if_fail (n_classes > 0, NULL);
  const float conf = params->conf > 0 ? params->conf : 0.25;
  const double iou = params->iou > 0 ? params->iou : 0.45;
  const guint max_det = params->max_det ? params->max_det : 1000;
  const guint max_nms = params->max_nms ? params->max_nms : 30000;

  g_autoptr (GArray) candidates
      = collect (rows, n_rows, n_classes, conf, params->multi_label && n_classes > 1, params->class_map);
  sort_candidates (candidates);
  const guint n = MIN (candidates->len, max_nms);

  g_autofree guint *first = g_new (guint, n_classes);
  for (guint c = 0; c < n_classes; c++)
    first[c] = NONE;
  g_autofree Kept *kept = g_new (Kept, MIN (n, max_det));
  GArray *detections = g_array_new (FALSE, FALSE, sizeof (FvDetection));
  for (guint i = 0; i < n && detections->len < max_det; i++)
    {
      const Candidate *candidate = &g_array_index (candidates, Candidate, i);
      const float *row = rows + (gsize)candidate->row * (5 + n_classes);
      const float half_width = row[2] / 2, half_height = row[3] / 2;
      const FvDetection found
          = { row[0] - half_width,   row[1] - half_height,
              row[0] + half_width,   row[1] + half_height,
              candidate->confidence, params->class_map ? params->class_map[candidate->class_id] : candidate->class_id };
      const float offset = candidate->class_id * CLASS_OFFSET;
      Kept box = { found.x1 + offset, found.y1 + offset, found.x2 + offset, found.y2 + offset, 0, NONE };
      box.area = (box.x2 - box.x1) * (box.y2 - box.y1);

      guint *link = &first[candidate->class_id];
      while (*link != NONE && !overlaps (&kept[*link], &box, iou))
        link = &kept[*link].next;
      if (*link != NONE)
        continue;
      *link = detections->len;
      kept[detections->len] = box;
      g_array_append_val (detections, found);
    }
  return detections;
}

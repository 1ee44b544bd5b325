/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/reference/fv-reference-loss.h"

#include <math.h>

typedef struct
{
  guint image, anchor, class_id;
  int gx, gy;
  double box[4]; /* x and y from the cell's corner, w, h; in cells */
} Match;

static const double balance[FV_YOLOV5_N_HEADS] = { 4.0, 1.0, 0.4 };

static double
sigmoid (double x)
{
  return 1 / (1 + exp (-x));
}

static double
bce (double x, double y, double positive_weight, double gamma)
{
  const double p = sigmoid (x);
  const double log_p = x < 0 ? x - log1p (exp (x)) : -log1p (exp (-x));
  const double log_q = x < 0 ? -log1p (exp (x)) : -x - log1p (exp (-x));
  const double loss = -(positive_weight * y * log_p + (1 - y) * log_q);

  if (gamma == 0)
    return loss;
  return loss * pow (1 - (y * p + (1 - y) * (1 - p)), gamma) * (y * 0.25 + (1 - y) * 0.75);
}

static double
bce_slope (double x, double y, double positive_weight, double gamma)
{
  const double h = 1e-5;

  return (bce (x + h, y, positive_weight, gamma) - bce (x - h, y, positive_weight, gamma)) / (2 * h);
}

/* @alpha < 0: computed; it is returned in @used_alpha. */
static double
complete_iou (const double logits[4], const double anchor[2], const double target[4], double alpha, double *used_alpha)
{
  const double eps = 1e-7;
  const double x = 2 * sigmoid (logits[0]) - 0.5, y = 2 * sigmoid (logits[1]) - 0.5;
  const double w = pow (2 * sigmoid (logits[2]), 2) * anchor[0], h = pow (2 * sigmoid (logits[3]), 2) * anchor[1];
  const double left = x - w / 2, right = x + w / 2, top = y - h / 2, bottom = y + h / 2;
  const double left2 = target[0] - target[2] / 2, right2 = target[0] + target[2] / 2;
  const double top2 = target[1] - target[3] / 2, bottom2 = target[1] + target[3] / 2;
  const double inter
      = fmax (fmin (right, right2) - fmax (left, left2), 0) * fmax (fmin (bottom, bottom2) - fmax (top, top2), 0);
  const double iou = inter / (w * h + target[2] * target[3] - inter + eps);
  const double cw = fmax (right, right2) - fmin (left, left2), ch = fmax (bottom, bottom2) - fmin (top, top2);
  const double rho2 = pow (target[0] - x, 2) + pow (target[1] - y, 2);
  const double v = 4 / (G_PI * G_PI) * pow (atan (target[2] / target[3]) - atan (w / h), 2);

  if (alpha < 0)
    alpha = v / (v - iou + 1 + eps);
  if (used_alpha != NULL)
    *used_alpha = alpha;
  return iou - (rho2 / (cw * cw + ch * ch + eps) + v * alpha);
}

/* build_targets for one layer. Which cells a target goes to is decided in single precision, as PyTorch does. */
static GArray *
build_targets (const FvReferenceLossArgs *args, guint layer)
{
  static const float offsets[5][2] = { { 0, 0 }, { 0.5f, 0 }, { 0, 0.5f }, { -0.5f, 0 }, { 0, -0.5f } };
  const int nx = args->width / fv_yolov5_strides[layer], ny = args->height / fv_yolov5_strides[layer];
  GArray *matches = g_array_new (FALSE, FALSE, sizeof (Match));

  for (guint offset = 0; offset < 5; offset++)
    for (guint a = 0; a < FV_YOLOV5_N_ANCHORS; a++)
      for (guint t = 0; t < args->n_targets; t++)
        {
          const float *target = args->targets + t * 6;
          const float aw = args->config->anchors[layer][a][0] / fv_yolov5_strides[layer];
          const float ah = args->config->anchors[layer][a][1] / fv_yolov5_strides[layer];
          const float x = target[2] * nx, y = target[3] * ny, w = target[4] * nx, h = target[5] * ny;
          const float ix = nx - x, iy = ny - y;
          const float rw = w / aw, rh = h / ah;
          const gboolean goes[5] = { TRUE, x - floorf (x) < 0.5f && x > 1, y - floorf (y) < 0.5f && y > 1,
                                     ix - floorf (ix) < 0.5f && ix > 1, iy - floorf (iy) < 0.5f && iy > 1 };
          Match match = { .image = target[0], .anchor = a, .class_id = target[1] };

          if (!(fmaxf (fmaxf (rw, 1 / rw), fmaxf (rh, 1 / rh)) < args->params->anchor_t) || !goes[offset])
            continue;
          match.gx = CLAMP ((int)(x - offsets[offset][0]), 0, nx - 1);
          match.gy = CLAMP ((int)(y - offsets[offset][1]), 0, ny - 1);
          match.box[0] = (double)x - match.gx;
          match.box[1] = (double)y - match.gy;
          match.box[2] = w;
          match.box[3] = h;
          g_array_append_val (matches, match);
        }
  return matches;
}

/* Where the values of a match's box begin, counted in boxes. */
static gsize
match_box (const FvReferenceLossArgs *args, guint layer, const Match *match)
{
  const guint nx = args->width / fv_yolov5_strides[layer], ny = args->height / fv_yolov5_strides[layer];

  return (((gsize)match->image * ny + match->gy) * nx + match->gx) * FV_YOLOV5_N_ANCHORS + match->anchor;
}

/* 1 - CIoU of one match, and its gradient. */
static double
box_loss (const FvReferenceLossArgs *args, guint layer, guint i, const Match *match, double scale,
          FvReferenceLoss *loss)
{
  const guint length = 5 + args->config->n_classes;
  const gsize box = match_box (args, layer, match);
  const double *x = args->heads[layer] + box * length;
  const float *sides = args->config->anchors[layer][match->anchor];
  const double anchor[2] = { (double)sides[0] / fv_yolov5_strides[layer], (double)sides[1] / fv_yolov5_strides[layer] };
  const double held = args->held != NULL ? g_array_index (args->held->alphas[layer], double, i) : -1;
  double logits[4] = { x[0], x[1], x[2], x[3] }, alpha;
  const double ciou = complete_iou (logits, anchor, match->box, held, &alpha);

  g_array_append_val (loss->alphas[layer], alpha);
  loss->objectness[layer][box] = fmax (loss->objectness[layer][box], ciou);
  for (guint k = 0; args->held == NULL && k < 4; k++)
    {
      const double h = 1e-6;
      double high, low;

      logits[k] = x[k] + h;
      high = complete_iou (logits, anchor, match->box, alpha, NULL);
      logits[k] = x[k] - h;
      low = complete_iou (logits, anchor, match->box, alpha, NULL);
      logits[k] = x[k];
      loss->gradients[layer][box * length + k] -= (high - low) / (2 * h) * scale;
    }
  return 1 - ciou;
}

/* The sum over classes of one match, and its gradient. */
static double
class_loss (const FvReferenceLossArgs *args, guint layer, const Match *match, double scale, FvReferenceLoss *loss)
{
  const FvLossParams *params = args->params;
  const guint length = 5 + args->config->n_classes;
  const gsize first = match_box (args, layer, match) * length + 5;
  double sum = 0;

  for (guint k = 0; k < args->config->n_classes; k++)
    {
      const double x = args->heads[layer][first + k];
      const double y = k == match->class_id ? 1 - 0.5 * params->label_smoothing : 0.5 * params->label_smoothing;

      sum += bce (x, y, params->cls_pw, params->fl_gamma);
      if (args->held == NULL)
        loss->gradients[layer][first + k] += bce_slope (x, y, params->cls_pw, params->fl_gamma) * scale;
    }
  return sum;
}

static void
layer_loss (const FvReferenceLossArgs *args, guint layer, FvReferenceLoss *loss)
{
  const FvLossParams *params = args->params;
  const guint nc = args->config->n_classes, length = 5 + nc;
  const guint nx = args->width / fv_yolov5_strides[layer], ny = args->height / fv_yolov5_strides[layer];
  const gsize n_boxes = (gsize)args->n * ny * nx * FV_YOLOV5_N_ANCHORS;
  g_autoptr (GArray) matches = build_targets (args, layer);
  const double box_scale = params->box / MAX (matches->len, 1), cls_scale = params->cls / MAX (matches->len, 1) / nc;
  const double obj_scale = params->obj * balance[layer] / n_boxes;

  loss->n_matches[layer] = matches->len;
  loss->gradients[layer] = g_new0 (double, n_boxes *length);
  loss->objectness[layer] = g_new0 (double, n_boxes);
  loss->alphas[layer] = g_array_new (FALSE, FALSE, sizeof (double));
  for (guint i = 0; i < matches->len; i++)
    {
      const Match *match = &g_array_index (matches, Match, i);

      loss->box += box_scale * box_loss (args, layer, i, match, box_scale * args->n, loss);
      if (nc > 1)
        loss->cls += cls_scale * class_loss (args, layer, match, cls_scale * args->n, loss);
    }
  for (gsize box = 0; box < n_boxes; box++)
    {
      const double x = args->heads[layer][box * length + 4];
      const double y = (args->held != NULL ? args->held : loss)->objectness[layer][box];

      loss->obj += obj_scale * bce (x, y, params->obj_pw, params->fl_gamma);
      if (args->held == NULL)
        loss->gradients[layer][box * length + 4]
            = obj_scale * args->n * bce_slope (x, y, params->obj_pw, params->fl_gamma);
    }
}

void
fv_reference_loss (const FvReferenceLossArgs *args, FvReferenceLoss *loss)
{
  *loss = (FvReferenceLoss){ 0 };
  for (guint layer = 0; layer < FV_YOLOV5_N_HEADS; layer++)
    layer_loss (args, layer, loss);
}

void
fv_reference_loss_clear (FvReferenceLoss *loss)
{
  for (guint layer = 0; layer < FV_YOLOV5_N_HEADS; layer++)
    {
      g_clear_pointer (&loss->gradients[layer], g_free);
      g_clear_pointer (&loss->objectness[layer], g_free);
      g_clear_pointer (&loss->alphas[layer], g_array_unref);
    }
}

double
fv_reference_decode (const FvYolov5Config *config, guint head, guint anchor, guint x, guint y, guint k, double logit)
{
  const double p = sigmoid (logit);

  if (k < 2)
    return (2 * p - 0.5 + (k == 0 ? x : y)) * fv_yolov5_strides[head];
  if (k < 4)
    return pow (2 * p, 2) * config->anchors[head][anchor][k - 2];
  return p;
}

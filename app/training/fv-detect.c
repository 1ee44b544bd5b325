/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-detect.h"

GArray *
fv_detect_picture (FvPredictor *predictor, FvPicture *picture, guint imgsz, const FvNmsParams *nms, GError **error)
{
  const guint side = (imgsz + 31) / 32 * 32;
  FvLetterbox box;
  fv_letterbox_init (&box, picture->width, picture->height, side, side, FV_LETTERBOX_AUTO | FV_LETTERBOX_SCALE_UP);
  g_autoptr (FvPicture) inner = fv_letterbox_resize (&box, picture, error);
  if (!inner)
    return NULL;

  FvAugmentSample sample;
  fv_letterbox_sample (&box, 0, &sample);
  const FvPixels pixels = { inner->rgb, inner->width, inner->height, inner->stride };
  const FvBatch batch
      = { .n = 1, .width = box.width, .height = box.height, .samples = &sample, .pictures = &pixels, .n_pictures = 1 };
  FvPrediction prediction;
  if (!fv_predictor_run (predictor, &batch, &prediction, error))
    return NULL;

  GArray *detections = fv_nms (prediction.rows, prediction.n_rows, prediction.row_length - 5, nms);
  for (guint i = 0; i < detections->len; i++)
    {
      FvDetection *d = &g_array_index (detections, FvDetection, i);
      float xyxy[] = { d->x1, d->y1, d->x2, d->y2 };
      fv_letterbox_unmap (&box, xyxy);
      d->x1 = xyxy[0];
      d->y1 = xyxy[1];
      d->x2 = xyxy[2];
      d->y2 = xyxy[3];
    }
  return detections;
}

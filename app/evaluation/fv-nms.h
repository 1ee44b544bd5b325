/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/evaluation/fv-detection.h"

G_BEGIN_DECLS

#define FV_NMS_NO_CLASS G_MAXUINT

/* Zero is the default of each field, as v7.0's detect.py has it. */
typedef struct
{
  double conf;          /* 0 = 0.25; least objectness, and least objectness * class, both exclusive */
  double iou;           /* 0 = 0.45; a box whose IoU with a better one of its class is greater goes */
  gboolean multi_label; /* each class above conf makes a detection of its own (validation); else the best class alone */
  guint max_det;        /* 0 = 1000; most detections of a picture */
  guint max_nms;        /* 0 = 30000; most candidates, the most confident, that suppression looks at */
  /* (nullable): [n_classes]: what each class is reported as, FV_NMS_NO_CLASS = not at all (v7.0's --classes). NULL: as it is. */
  const guint *class_map;
} FvNmsParams;

/*
 * v7.0's non_max_suppression() of one picture, without its time limit. @rows: [n_rows][5 + n_classes] = cx, cy, w, h in pixels of the
 * network's input, objectness, classes (0..1, not multiplied), as FvPrediction.rows has them.
 *
 * (transfer full) (element-type FvDetection): by falling confidence, pixels of the network's input, not clipped. Equal confidences keep the
 * order of the rows. A box with a coordinate that is not finite is none. Any thread.
 */
GArray *fv_nms (const float *rows, guint n_rows, guint n_classes, const FvNmsParams *params);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A box that a network found. Pixels; of the network's input or of the original picture, as the function says. */
typedef struct
{
  float x1, y1, x2, y2;
  float confidence; /* 0..1: objectness times class */
  guint class_id;
} FvDetection;

/* A box that is there. Pixels of the original picture. */
typedef struct
{
  double x1, y1, x2, y2;
  double area; /* for COCO's size classes: 0 = width * height, else e.g. the area of the object's mask */
  guint class_id;
  gboolean crowd; /* COCO only: marks a group; finding it is neither right nor wrong. v7.0's numbers leave it out */
} FvTruth;

G_END_DECLS

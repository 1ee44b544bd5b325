/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/augment/fv-augment-policy.h"
#include "app/dataset/fv-letterbox.h"
#include "app/project/fv-dataset.h"
#include "compute/ops/fv-augment.h"

G_BEGIN_DECLS

/*
 * What happens to one training sample: which pictures, where, and where their boxes go. YOLOv5 v7.0's load_mosaic,
 * random_perspective, letterbox, mixup, augment_hsv and flips; no pixel is touched here.
 */

#define FV_AUGMENT_MAX_SOURCES (FV_AUGMENT_MAX_LAYERS * FV_AUGMENT_MAX_TILES)

/* A picture as it goes in. */
typedef struct {
  guint original_width, original_height; /* what the boxes refer to */
  guint width, height;                   /* as loaded: the longer side is imgsz */
  const FvBox *boxes;
  guint n_boxes;
  gboolean missing;                      /* it can't be decoded: stays grey, boxes are left out */
} FvAugmentSource;

/* Fills @source for the @item-th picture that may be drawn. */
typedef void (*FvAugmentSourceFunc) (guint item, FvAugmentSource *source, gpointer user_data);

typedef struct {
  guint imgsz;                    /* side of the network's input, pixels */
  guint64 seed;
  guint epoch;
  guint position;                 /* of the sample in the epoch's order */
  guint item;                     /* the sample's own picture */
  guint n_items;                  /* pictures to draw the others from: 0 .. n_items - 1 */
} FvAugmentParams;

typedef struct {
  float class_id, cx, cy, w, h;   /* 0..1 of the network's input */
} FvTarget;

typedef struct {
  FvAugmentSample sample;         /* tiles point at sources: index into @items */
  guint items[FV_AUGMENT_MAX_SOURCES];
  guint n_items;
  guint inner_width, inner_height; /* size in which the only source of a sample without mosaic is wanted, 0 = as loaded */
  GArray *targets;                /* (element-type FvTarget): cleared, then filled */
} FvAugmented;

void fv_augment_sample (const FvAugmentPolicy *policy, const FvAugmentParams *params, FvAugmentSourceFunc get_source,
                        gpointer user_data, FvAugmented *out);

/* Without augmentation: boxes of the original picture through its letterbox, appended to @targets (element-type FvTarget). */
void fv_augment_plain_targets (const FvLetterbox *letterbox, const FvBox *boxes, guint n_boxes, GArray *targets);

G_END_DECLS

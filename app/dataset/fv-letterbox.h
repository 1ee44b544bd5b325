/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/dataset/fv-picture.h"
#include "compute/ops/fv-augment.h"

G_BEGIN_DECLS

/*
 * v7.0's letterbox: a picture made to fit the network's input and centred on grey, and the way back of boxes.
 *
 * Detecting: the picture in its own size goes straight in.
 *   fv_letterbox_init (&box, picture->width, picture->height, 640, 640, FV_LETTERBOX_AUTO | FV_LETTERBOX_SCALE_UP);
 *   inner = fv_letterbox_resize (&box, picture, &error);   // what the tile of the sample points to
 *   fv_letterbox_sample (&box, 0, &sample);
 * Validating: the picture was loaded with max_side = imgsz, which fv_letterbox_init_loaded() takes into account.
 */

typedef enum {
  FV_LETTERBOX_AUTO = 1 << 0,     /* not the whole shape: the padding modulo 32 only */
  FV_LETTERBOX_SCALE_UP = 1 << 1, /* may enlarge */
} FvLetterboxFlags;

typedef struct {
  guint width, height;            /* of the network's input, pixels */
  guint inner_width, inner_height; /* the picture within it */
  gint left, top;                 /* where it lies */
  guint original_width, original_height; /* what boxes are carried back to */
  double scale_x, scale_y;        /* original pixels -> input pixels: x * scale_x + pad_x */
  double pad_x, pad_y;            /* padding before rounding to whole pixels, as v7.0 counts it */
  double gain;                    /* what v7.0 divides by on the way back, in both directions */
} FvLetterbox;

/* For a picture of @width x @height and an input of at most @shape_width x @shape_height. */
void     fv_letterbox_init        (FvLetterbox *self, guint width, guint height, guint shape_width, guint shape_height,
                                   FvLetterboxFlags flags);
/* For a picture that fv_picture_load() has resized from its original size; what v7.0's data loader does. */
void     fv_letterbox_init_loaded (FvLetterbox *self, guint original_width, guint original_height, guint loaded_width,
                                   guint loaded_height, guint shape_width, guint shape_height, FvLetterboxFlags flags);

/* (transfer full): @picture at the inner size; a new reference where it has that size already. */
FvPicture *fv_letterbox_resize    (const FvLetterbox *self, FvPicture *picture, GError **error);
/* One tile on grey, nothing moved: @picture is the index in the batch of the picture at its inner size. */
void     fv_letterbox_sample      (const FvLetterbox *self, guint picture, FvAugmentSample *sample);

/* xyxy in input pixels to pixels of the original picture, clipped to it (scale_boxes). */
void     fv_letterbox_unmap       (const FvLetterbox *self, float xyxy[4]);
/* xyxy in original pixels to input pixels. */
void     fv_letterbox_map         (const FvLetterbox *self, const double xyxy[4], double mapped[4]);

/*
 * The input shape of a rectangular validation batch, from the least and greatest height / width in it: v7.0's
 * ceil (shape * imgsz / 32 + pad) * 32 with pad 0.5 in training and val.
 */
void     fv_letterbox_rect_shape  (double min_aspect, double max_aspect, guint imgsz, double pad, guint *width,
                                   guint *height);

G_END_DECLS

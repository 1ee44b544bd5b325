/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What may happen to a training picture, under YOLOv5's names. All zero: only letterboxed. */
typedef struct {
  double hsv_h, hsv_s, hsv_v;     /* 0..1: gains are 1 + U(-1, 1) * value */
  double degrees;                 /* 0..180: rotation U(-degrees, degrees) */
  double translate;               /* 0..0.9: shift U(-translate, translate) of the input's side */
  double scale;                   /* 0..0.9: U(1 - scale, 1 + scale) */
  double shear;                   /* degrees, 0..45 */
  double perspective;             /* 0..0.001 */
  double flipud, fliplr;          /* probabilities */
  double mosaic;                  /* probability of four pictures in one */
  double mixup;                   /* probability, of mosaics, of being blended with another mosaic */
} FvAugmentPolicy;

/* YOLOv5 v7.0's hyp.scratch-low. */
#define FV_AUGMENT_POLICY_SCRATCH_LOW                                                                                    \
  { .hsv_h = 0.015, .hsv_s = 0.7, .hsv_v = 0.4, .translate = 0.1, .scale = 0.5, .fliplr = 0.5, .mosaic = 1.0 }

/* A key of the policy: its name in recipes, and the range in which it makes sense. */
typedef struct {
  const char *name;
  gsize offset;                   /* of the double in FvAugmentPolicy */
  double minimum, maximum;
  double scratch_low;
} FvAugmentKey;

/* All keys, ending with a NULL name. */
const FvAugmentKey *fv_augment_policy_keys  (void);
/* The member called @name, or NULL. */
double             *fv_augment_policy_value (FvAugmentPolicy *self, const char *name);

G_END_DECLS

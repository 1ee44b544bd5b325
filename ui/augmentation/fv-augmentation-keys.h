/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/augment/fv-augment-policy.h"

G_BEGIN_DECLS

/*
 * The keys of the augmentation policy as a person thinks of them: grouped, named, in percent and degrees. No widget: any thread.
 *
 *   for (guint i = 0; i < FV_AUGMENTATION_N_KEYS; i++)
 *     add_slider (_(fv_augmentation_keys[i].title), ...);
 */

typedef enum
{
  FV_AUGMENTATION_POSITION,
  FV_AUGMENTATION_COLOUR,
  FV_AUGMENTATION_MIXING,
} FvAugmentationGroup;
#define FV_AUGMENTATION_N_GROUPS 3

typedef enum
{
  FV_AUGMENTATION_DEGREES,  /* to either side */
  FV_AUGMENTATION_CHANGE,   /* to either side, percent */
  FV_AUGMENTATION_SHARE,    /* of the pictures, percent */
  FV_AUGMENTATION_STRENGTH, /* percent of the largest */
} FvAugmentationUnit;

typedef struct
{
  const char *name;  /* the key, as in recipes */
  FvAugmentationGroup group;
  FvAugmentationUnit unit;
  guint digits;      /* after the point */
  const char *title; /* not translated yet, as is the next */
  const char *text;  /* what it does, and when it hurts: a sentence or two */
} FvAugmentationKey;

#define FV_AUGMENTATION_N_KEYS 12
/* Group by group. */
extern const FvAugmentationKey fv_augmentation_keys[FV_AUGMENTATION_N_KEYS];

/* (transfer none): translated. */
const char *fv_augmentation_group_title (FvAugmentationGroup group);
const char *fv_augmentation_group_text (FvAugmentationGroup group);

/* Between the policy's value and what is shown, degrees or percent; both are rounded to the key's digits. */
double fv_augmentation_to_shown (const FvAugmentationKey *key, double value);
double fv_augmentation_from_shown (const FvAugmentationKey *key, double shown);
/* Of the slider: from 0 to the policy's limit, in what is shown. */
double fv_augmentation_get_maximum (const FvAugmentationKey *key);
/* One press of an arrow key. */
double fv_augmentation_get_step (const FvAugmentationKey *key);
/* The value of YOLOv5's scratch-low, in what is shown. */
double fv_augmentation_get_default (const FvAugmentationKey *key);
/* (transfer full): "±10°", "50 %", "Off"; @shown in what is shown. */
char *fv_augmentation_format (const FvAugmentationKey *key, double shown);

double fv_augmentation_get (const FvAugmentationKey *key, const FvAugmentPolicy *policy);
void fv_augmentation_set (const FvAugmentationKey *key, FvAugmentPolicy *policy, double value);

G_END_DECLS

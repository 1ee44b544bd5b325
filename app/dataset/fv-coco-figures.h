/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/dataset/fv-content.h"
#include "app/dataset/fv-statistics.h"

G_BEGIN_DECLS

/*
 * COCO's published figures, beside those of a dataset: trained weights come from COCO, so what differs from it is what
 * fine-tuning has to learn.
 *
 *   g_autoptr (GPtrArray) comparisons = fv_coco_compare (statistics, NULL);
 *   for (guint i = 0; i < comparisons->len; i++)
 *     {
 *       const FvComparison *comparison = g_ptr_array_index (comparisons, i);
 *       ...
 *     }
 */

/* Of train2017, boxes without crowds. */
#define FV_COCO_IMAGES 118287
#define FV_COCO_BACKGROUNDS 1021
#define FV_COCO_BOXES 849949
#define FV_COCO_N_CLASSES 80
/* Mean colour, 0..1; brightness is its luma, as FvMeasure has it. */
#define FV_COCO_RED 0.47026115
#define FV_COCO_GREEN 0.44719302
#define FV_COCO_BLUE 0.40789654
#define FV_COCO_BRIGHTNESS (0.299 * FV_COCO_RED + 0.587 * FV_COCO_GREEN + 0.114 * FV_COCO_BLUE)
/* The middle one of the boxes' scales; see FvStatistics.scale. */
#define FV_COCO_SCALE 0.106

typedef struct
{
  const char *name;
  guint boxes; /* in train2017, without crowds */
} FvCocoClass;

/* (transfer none): COCO's FV_COCO_N_CLASSES classes, in its order. */
const FvCocoClass *fv_coco_get_classes (void);
/* (nullable) (transfer none): the class of that name, whatever its letters' case; '_' and '-' count as a space. */
const FvCocoClass *fv_coco_find_class (const char *name);

typedef enum
{
  FV_COMPARISON_COUNT, /* a whole number */
  FV_COMPARISON_RATIO, /* any number */
  FV_COMPARISON_SHARE, /* 0..1 */
} FvComparisonKind;

typedef struct
{
  const char *id; /* stable, for programs: "boxes-per-image" */
  FvComparisonKind kind;
  const char *title;  /* for the person, translated: "Boxes in a picture" */
  double here, coco;  /* here: NAN where the dataset has none */
  char *difference;   /* for the person, translated: "2.1 times COCO's" */
  const char *source; /* where COCO's figure was published */
} FvComparison;

/* (transfer full): of FvComparison, what is published and no more. @content (nullable): of the same pictures. */
GPtrArray *fv_coco_compare (const FvStatistics *statistics, const FvContent *content);
/* (transfer full): the difference in words. */
char *fv_coco_describe_difference (FvComparisonKind kind, double here, double coco);

G_END_DECLS

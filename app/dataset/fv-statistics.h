/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/dataset/fv-spread.h"
#include "app/project/fv-dataset.h"

G_BEGIN_DECLS

/*
 * What a dataset holds, counted in one pass; a second for a million boxes.
 *
 *   g_autoptr (FvStatistics) statistics = fv_statistics_new (dataset, &(FvStatisticsParams){ .imgsz = 960 });
 *
 * What to make of it is said by fv-coco-figures.h (beside COCO) and fv-advice.h (before training).
 */

/* YOLOv5's input size, where none is given. */
#define FV_STATISTICS_IMGSZ 640
/* Rows and columns of the map of where boxes lie. */
#define FV_HEAT_SIDE 16

typedef struct
{
  const FvSubset *subset; /* NULL counts all pictures */
  guint imgsz;            /* pixels of the longer side in training; 0 = FV_STATISTICS_IMGSZ */
} FvStatisticsParams;

typedef struct
{
  char *name;
  guint images; /* pictures with at least one box of the class */
  guint64 boxes;
} FvClassStatistics;

/* By the area of the box, COCO's limits: small below 32², large above 96² pixels. */
typedef struct
{
  guint64 small, medium, large;
} FvSizeCounts;

typedef struct
{
  guint images, backgrounds; /* backgrounds: pictures without a box */
  guint64 boxes, ignored;    /* ignored: regions where nothing is taught or counted */
  guint n_in_subset[FV_N_SUBSETS];
  guint repeated;  /* pictures whose content is there more than once, all but one of each */
  GArray *classes; /* of FvClassStatistics, in the dataset's order */

  /* Balance of the boxes over the classes. */
  double entropy;  /* bits; NAN without boxes */
  double evenness; /* entropy by the most that so many classes can have, 0..1; 1 of one class; NAN without boxes */
  double ratio;    /* boxes of the commonest class to those of the rarest that has any; NAN without boxes */

  /* In one picture; backgrounds count as 0. */
  FvSpread boxes_in_image;
  double classes_in_image; /* mean, of the pictures with boxes; NAN without */
  guint single_class;      /* pictures with boxes of just one class */

  /* Boxes. */
  guint imgsz;
  FvSizeCounts sizes;                       /* pixels of the picture */
  FvSizeCounts sizes_at_imgsz;              /* pixels when its longer side is imgsz */
  FvSpread scale;                           /* square root of the box's share of the picture's area */
  FvSpread narrow;                          /* the shorter side, pixels when the picture's longer side is imgsz */
  FvSpread aspect;                          /* width by height */
  guint64 tall, wide;                       /* more than three times as high as wide, and the other way round */
  guint64 heat[FV_HEAT_SIDE][FV_HEAT_SIDE]; /* centres of boxes, [row from the top][column from the left] */
  guint64 central;                          /* centres in the middle half of width and height */
  guint64 touching, overlapping;            /* see fv-crowding.h */

  /* Pictures. */
  FvSpread width, height, picture_aspect; /* pixels; width by height */
  guint n_sizes;                          /* different sizes */
  guint common_width, common_height;      /* of the most pictures; the larger one where it is a draw */
  guint common_images;                    /* how many they are */
  guint tiny;                             /* pictures with a side below 10 pixels */
} FvStatistics;

/* params: NULL for all pictures at FV_STATISTICS_IMGSZ. */
FvStatistics *fv_statistics_new (const FvDataset *dataset, const FvStatisticsParams *params);
void fv_statistics_free (FvStatistics *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvStatistics, fv_statistics_free)

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/project/fv-dataset.h"

G_BEGIN_DECLS

/*
 * What a dataset holds, and what is worth knowing about it before training.
 *
 * Sizes are those of COCO (by the area of the box in pixels of the picture): small below 32², large above 96². The
 * yardsticks of the advice are YOLOv5's own ("Tips for best training results"): 1,500 pictures and 10,000 boxes a
 * class, up to 10 % backgrounds.
 */

typedef struct
{
  char *name;
  guint images; /* pictures with at least one box of the class */
  guint64 boxes;
} FvClassStatistics;

typedef struct
{
  const char *id; /* stable, for programs: "few-images" */
  char *text;     /* sentences for the person */
} FvAdvice;

typedef struct
{
  guint images, backgrounds; /* backgrounds: pictures without a box */
  guint64 boxes;
  guint n_in_subset[FV_N_SUBSETS];
  guint64 small, medium, large;
  guint repeated;  /* pictures whose content is there more than once, all but one of each */
  GArray *classes; /* of FvClassStatistics, in the dataset's order */
  GArray *advice;  /* of FvAdvice, the weightiest first */
} FvStatistics;

/* subset: NULL counts all pictures. */
FvStatistics *fv_statistics_new (const FvDataset *dataset, const FvSubset *subset);
void fv_statistics_free (FvStatistics *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvStatistics, fv_statistics_free)

G_END_DECLS

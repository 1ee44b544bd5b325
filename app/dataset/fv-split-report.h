/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/dataset/fv-split-distance.h"
#include "app/dataset/fv-split.h"

G_BEGIN_DECLS

/* How good a split is: what each subset has of each class, how representative val is of train, and what is wrong. */

typedef struct
{
  const char *name; /* the dataset's */
  guint pictures[FV_N_SUBSETS];
  guint64 boxes[FV_N_SUBSETS];
} FvSplitClass;

/*
 * leak, near-leak: pictures of val or test are like others in another subset. no-train, no-val. class-missing: a subset has no box
 * of a class. size: a subset has far more or fewer pictures than it should. unknown: pictures without key, time or
 * place. differs: val is not like train in one respect.
 */
typedef struct
{
  const char *id;
  char *text; /* a sentence or two: what is wrong, its figures, what to do */
} FvSplitWarning;

typedef struct
{
  guint n_pictures[FV_N_SUBSETS];
  guint leaks;             /* as FvSplitResult's */
  guint near_leaks;        /* pictures of val and test with a near-duplicate, of other content, in another subset */
  GArray *classes;         /* of FvSplitClass, in the dataset's order */
  double share_difference; /* see fv_split_share_difference() */
  guint share_class;
  GArray *distances; /* of FvSplitDistance */
  GArray *warnings;  /* of FvSplitWarning */
} FvSplitReport;

typedef struct
{
  const FvSplitResult *result; /* (nullable): of making the split; without it the dataset is judged as it is */
  const guint *near;           /* (nullable): as FvSplitParams' */
  const float *brightness;     /* (nullable): as of fv_split_distances() */
} FvSplitReportParams;

/* The dataset must outlive it. */
FvSplitReport *fv_split_report_new (const FvDataset *dataset, const FvSplitReportParams *params);
void fv_split_report_free (FvSplitReport *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvSplitReport, fv_split_report_free)

/* (transfer full): what so many leaks (FvSplitResult's, more than none) mean, in a sentence or two. */
char *fv_split_describe_leaks (guint leaks);

/*
 * The largest difference, over all classes, between a class's share of the boxes of train and its share of those of val,
 * 0..1; @class_id (optional) says of which class. 0 where one of both has no box.
 */
double fv_split_share_difference (const FvDataset *dataset, guint *class_id);

G_END_DECLS

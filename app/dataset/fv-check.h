/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/dataset/fv-measures.h"

G_BEGIN_DECLS

/*
 * What may be wrong with a dataset: labels, pictures and subsets that somebody should look at.
 *
 *   g_autoptr (FvMeasures) measures = fv_measure_pictures (dataset, &(FvMeasureParams){ 0 }, &error);
 *   g_autoptr (GPtrArray) findings = fv_check (dataset, measures);
 *   for (guint i = 0; i < findings->len; i++)
 *     {
 *       const FvFinding *finding = g_ptr_array_index (findings, i);
 *       ...
 *     }
 *
 * The same data give the same findings with the same ids, in the same order. n log n in pictures and in the boxes of a picture.
 */

typedef enum
{
  FV_REPAIR_NONE,       /* a person must decide */
  FV_REPAIR_DELETE_BOX, /* the box goes */
  FV_REPAIR_MOVE,       /* the picture goes into another subset */
} FvRepair;

typedef struct
{
  char *id;         /* "repeated-box-1f0c6a2b9d": the kind and a hash of what it is about */
  const char *kind; /* "repeated-box"; fv_check_kinds has all */
  guint item;       /* the picture's number in the dataset, G_MAXUINT where it concerns no single one */
  int box;          /* among the picture's boxes, -1 where it concerns the whole picture */
  char *text;       /* a sentence or two: what, its figure, why it matters */
  char *repair;     /* (nullable): a sentence, what fv_check_repair() would do; NULL where a person must decide */
  FvRepair action;
  FvSubset subset; /* of FV_REPAIR_MOVE */
} FvFinding;

/* The kinds of findings, NULL-terminated, in the order in which they are listed. */
extern const char *const fv_check_kinds[];

void fv_finding_free (FvFinding *self);

/* (transfer full) (element-type FvFinding): @measures (nullable): what can be told without looking at pixels. */
GPtrArray *fv_check (const FvDataset *dataset, const FvMeasures *measures);

/*
 * (transfer full) (element-type FvItem): copies of the pictures that repairing these findings changes, as they are afterwards, for
 * fv_project_change(). Those without a repair change nothing.
 */
GPtrArray *fv_check_repair (const FvDataset *dataset, const GPtrArray *findings);

G_END_DECLS

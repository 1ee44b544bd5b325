/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/project/fv-dataset.h"

G_BEGIN_DECLS

/*
 * Which pictures to train on, which to validate and which to test with.
 *
 * Stratified: every subset gets its share of each class's boxes, and of the backgrounds, as nearly as whole pictures
 * allow. K. Sechidis, G. Tsoumakas, I. Vlahavas: On the Stratification of Multi-Label Data, ECML PKDD 2011, with the
 * number of pictures of each subset fixed; then pictures trade places as long as that evens things out. Pictures with
 * the same content stay together.
 * The result depends on the seed and on hashes and boxes of the pictures alone, not on their order or names.
 */

typedef struct
{
  double val;  /* share of the pictures, 0..1; 0 = the size rule: 0.2 below 1,000 pictures, else 0.1 */
  double test; /* share of the pictures, 0..1 */
  guint64 seed;
  gboolean keep; /* pictures that have a subset keep it; shares are of the others */
} FvSplitParams;

typedef struct
{
  guint n_pictures[FV_N_SUBSETS];
  guint leaks; /* pictures of val and test whose content is in another subset, too */
} FvSplitResult;

/* Sets the subset of every item. val + test must be below 1. result (optional) counts the whole dataset afterwards. */
void fv_split_dataset (FvDataset *dataset, const FvSplitParams *params, FvSplitResult *result);

/* Counts a dataset as it is split now. */
void fv_split_count (const FvDataset *dataset, FvSplitResult *result);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/project/fv-dataset.h"

G_BEGIN_DECLS

/*
 * How many labels are wrong, by looking at a few: a random sample of pictures, and what the errors in it say of all.
 *
 *   g_autoptr (GArray) sample = fv_review_sample (dataset, 100, seed);
 *   ... somebody looks at them and finds 7 pictures with a wrong box ...
 *   FvRate rate = fv_review_rate (7, 100);   // 0.07, from 0.034 to 0.137
 */

/* (transfer full) (element-type guint): @n different items of the dataset (all where it has fewer), ascending; the same for the same seed and data. */
GArray *fv_review_sample (const FvDataset *dataset, guint n, guint64 seed);

typedef struct
{
  double rate, low, high; /* 0..1; low and high: the interval that holds the true rate in 95 of 100 samples */
} FvRate;

/* E. B. Wilson: Probable Inference, the Law of Succession, and Statistical Inference, JASA 1927. @n > 0, @errors <= @n. */
FvRate fv_review_rate (guint errors, guint n);

G_END_DECLS

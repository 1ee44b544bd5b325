/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/dataset/fv-measures.h"
#include "app/dataset/fv-spread.h"

G_BEGIN_DECLS

/* What pictures look like, all of them together; see fv-measures.h for what each number is. */
typedef struct
{
  guint measured; /* pictures that could be read */
  FvSpread brightness, contrast, saturation, sharpness;
  double red, green, blue; /* mean colour, each picture counting as much; NAN where nothing was measured */
  guint near_duplicates;   /* pictures that look like another one of another content, all but one of each group */
} FvContent;

/* @measures are of @dataset. subset: NULL takes all pictures. A second for 100,000. */
void fv_content_take (FvContent *self, const FvDataset *dataset, const FvMeasures *measures, const FvSubset *subset);

G_END_DECLS

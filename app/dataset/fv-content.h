/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/dataset/fv-spread.h"

G_BEGIN_DECLS

/* What pictures look like, all of them together. 0..1 but for the sharpness. */
typedef struct
{
  guint measured; /* pictures that could be read */
  FvSpread brightness, contrast, saturation, sharpness;
  double red, green, blue; /* mean colour; NAN where nothing was measured */
} FvContent;

G_END_DECLS

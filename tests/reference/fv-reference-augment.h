/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/ops/fv-augment.h"

G_BEGIN_DECLS

/* What augment.comp computes, pixel by pixel in double precision and OpenCV's tables: @out is [height][width][3], levels of 0..255. */
void fv_reference_augment (const FvAugmentSample *sample, const FvPixels *pictures, guint height, guint width, guint8 *out);

G_END_DECLS

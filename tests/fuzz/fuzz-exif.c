/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The TIFF block that EXIF embeds. */
#include "app/dataset/fv-picture-private.h"
#include "tests/fuzz/fv-fuzz.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  guint orientation = fv_exif_orientation (data, size);

  g_assert_true (orientation >= 1 && orientation <= 8);
  return 0;
}

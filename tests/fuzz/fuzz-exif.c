/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The TIFF block that EXIF embeds. */
#include <math.h>

#include "app/dataset/fv-picture-private.h"
#include "tests/fuzz/fv-fuzz.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  FvPictureInfo info = { .time = FV_TIME_UNKNOWN, .latitude = NAN, .longitude = NAN };

  fv_exif_read (data, size, &info);
  g_assert_true (info.orientation >= 1 && info.orientation <= 8);
  g_assert_true (isnan (info.latitude) || (info.latitude >= -90 && info.latitude <= 90));
  g_assert_true (isnan (info.longitude) || (info.longitude >= -180 && info.longitude <= 180));
  g_assert_true (isnan (info.latitude) == isnan (info.longitude));
  return 0;
}

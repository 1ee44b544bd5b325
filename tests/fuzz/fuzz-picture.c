/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The header of a picture, and the whole of a small one. A target a format, since no mutation makes a PNG of a JPEG. */
#include "app/dataset/fv-picture.h"
#include "tests/fuzz/fv-fuzz.h"

#define MAX_PIXELS (256 * 256)

static void
decode (const guint8 *data, gsize size, const FvPictureInfo *info, guint max_side)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvPicture) picture = fv_picture_load_bytes (data, size, "fuzz", NULL, max_side, FV_RESIZE_AREA, &error);

  fv_fuzz_either (picture != NULL, error);
  if (picture == NULL)
    return;
  g_assert_cmpuint (picture->original_width, ==, info->width);
  g_assert_cmpuint (picture->original_height, ==, info->height);
  g_assert_cmpuint (max_side > 0 ? max_side : MAX (info->width, info->height), >=,
                    MAX (picture->width, picture->height));
}

/* Another page than the first, through a window. */
static void
decode_page (const guint8 *data, gsize size)
{
  const FvPictureReading reading = { 1, 1000, 60000 };
  g_autoptr (GError) error = NULL;
  g_autoptr (FvPicture) picture = fv_picture_load_bytes (data, size, "fuzz", &reading, 16, FV_RESIZE_AREA, &error);

  fv_fuzz_either (picture != NULL, error);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  FvPictureInfo info;
  gboolean ok = fv_picture_probe (fv_fuzz_file (data, size, NULL), &info, &error);

  fv_fuzz_either (ok, error);
  if (!ok)
    return 0;
  g_assert_true (info.width > 0 && info.width <= FV_PICTURE_MAX_SIDE && info.orientation >= 1 && info.orientation <= 8);
  g_assert_true (info.height > 0 && info.height <= FV_PICTURE_MAX_SIDE);
  if (info.width * info.height > MAX_PIXELS)
    return 0;
  decode (data, size, &info, 0);
  decode (data, size, &info, 16);
  if (info.pages > 1)
    decode_page (data, size);
  return 0;
}

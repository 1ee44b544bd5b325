/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/app/dataset/fv-test-jpeg.h"

#include <string.h>
#include <turbojpeg.h>

#include "tests/fv-test-data.h"

const char *
fv_test_jpeg (const char *folder, const char *name, guint width, guint height, guint shade, guint orientation)
{
  g_autofree guint8 *pixels = g_malloc (width * height);
  memset (pixels, (int)shade, width * height);
  tjhandle handle = tjInitCompress ();
  guint8 *jpeg = NULL;
  unsigned long size = 0;
  g_assert_cmpint (
      tjCompress2 (handle, pixels, (int)width, 0, (int)height, TJPF_GRAY, &jpeg, &size, TJSAMP_GRAY, 90, 0), ==, 0);

  /* Behind the start of the picture: APP1 with one little-endian TIFF entry, 0x0112, a SHORT. */
  const guint8 exif[] = { 0xff,
                          0xe1,
                          0,
                          34,
                          'E',
                          'x',
                          'i',
                          'f',
                          0,
                          0,
                          'I',
                          'I',
                          42,
                          0,
                          8,
                          0,
                          0,
                          0,
                          1,
                          0,
                          0x12,
                          0x01,
                          0x03,
                          0x00,
                          1,
                          0,
                          0,
                          0,
                          (guint8)orientation,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0 };
  g_autoptr (GByteArray) file = g_byte_array_new ();
  g_byte_array_append (file, jpeg, 2);
  if (orientation > 0)
    g_byte_array_append (file, exif, sizeof exif);
  g_byte_array_append (file, jpeg + 2, (guint)size - 2);
  tjFree (jpeg);
  tjDestroy (handle);
  return fv_test_write_data (folder, name, file->data, file->len);
}

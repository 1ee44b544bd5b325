/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/app/dataset/fv-test-jpeg.h"

#include <math.h>
#include <string.h>
#include <turbojpeg.h>

#include "tests/fv-test-data.h"

/* A little-endian TIFF block being written. */

static void
put16 (GByteArray *tiff, guint value)
{
  const guint8 bytes[2] = { (guint8)value, (guint8)(value >> 8) };
  g_byte_array_append (tiff, bytes, sizeof bytes);
}

static void
put32 (GByteArray *tiff, guint32 value)
{
  put16 (tiff, value & 0xffff);
  put16 (tiff, value >> 16);
}

/* An entry of a directory; @value is the value itself or where it stands. */
static void
put_entry (GByteArray *tiff, guint tag, guint type, guint32 count, guint32 value)
{
  put16 (tiff, tag);
  put16 (tiff, type);
  put32 (tiff, count);
  put32 (tiff, value);
}

static void
put_header (GByteArray *tiff)
{
  g_byte_array_append (tiff, (const guint8 *)"II", 2);
  put16 (tiff, 42);
  put32 (tiff, 8);
}

static void
put_degrees (GByteArray *tiff, double degrees)
{
  const double value = fabs (degrees);
  put32 (tiff, (guint32)value);
  put32 (tiff, 1);
  put32 (tiff, (guint32)lround ((value - floor (value)) * 60e6));
  put32 (tiff, 1000000);
  put32 (tiff, 0);
  put32 (tiff, 1);
}

/* A JPEG of one shade with @tiff (nullable) as its EXIF. */
static const char *
write_jpeg (const char *folder, const char *name, guint width, guint height, guint shade, const GByteArray *tiff)
{
  g_autofree guint8 *pixels = g_malloc (width * height);
  memset (pixels, (int)shade, width * height);
  tjhandle handle = tjInitCompress ();
  guint8 *jpeg = NULL;
  unsigned long size = 0;
  g_assert_cmpint (
      tjCompress2 (handle, pixels, (int)width, 0, (int)height, TJPF_GRAY, &jpeg, &size, TJSAMP_GRAY, 90, 0), ==, 0);

  g_autoptr (GByteArray) file = g_byte_array_new ();
  g_byte_array_append (file, jpeg, 2);
  if (tiff != NULL)
    {
      /* APP1, whose length counts itself. */
      const guint length = 2 + 6 + tiff->len;
      const guint8 head[] = { 0xff, 0xe1, (guint8)(length >> 8), (guint8)length, 'E', 'x', 'i', 'f', 0, 0 };
      g_byte_array_append (file, head, sizeof head);
      g_byte_array_append (file, tiff->data, tiff->len);
    }
  g_byte_array_append (file, jpeg + 2, (guint)size - 2);
  tjFree (jpeg);
  tjDestroy (handle);
  return fv_test_write_data (folder, name, file->data, file->len);
}

const char *
fv_test_jpeg (const char *folder, const char *name, guint width, guint height, guint shade, guint orientation)
{
  g_autoptr (GByteArray) tiff = g_byte_array_new ();
  put_header (tiff);
  put16 (tiff, 1);
  put_entry (tiff, 0x0112, 3, 1, orientation);
  put32 (tiff, 0);
  return write_jpeg (folder, name, width, height, shade, orientation > 0 ? tiff : NULL);
}

const char *
fv_test_jpeg_taken (const char *folder, const char *name, guint width, guint height, guint shade, const char *time,
                    const char *offset, double latitude, double longitude)
{
  enum
  {
    MAIN = 8,
    CAMERA = MAIN + 2 + 2 * 12 + 4,
    GPS = CAMERA + 2 + 2 * 12 + 4,
    TIME = GPS + 2 + 4 * 12 + 4,
    OFFSET = TIME + 20,
    LATITUDE = OFFSET + 8,
    LONGITUDE = LATITUDE + 24,
  };
  const gboolean placed = !isnan (latitude);
  g_autofree char *when = g_strdup_printf ("%-19.19s", time != NULL ? time : "");
  g_autofree char *east = g_strdup_printf ("%-6.6s", offset != NULL ? offset : "");
  g_autoptr (GByteArray) tiff = g_byte_array_new ();
  put_header (tiff);
  put16 (tiff, 2);
  put_entry (tiff, 0x8769, 4, 1, CAMERA);
  put_entry (tiff, placed ? 0x8825 : 0x8826, 4, 1, GPS);
  put32 (tiff, 0);
  put16 (tiff, 2);
  put_entry (tiff, 0x9003, 2, 20, TIME);
  put_entry (tiff, offset != NULL ? 0x9011 : 0x9012, 2, 7, OFFSET);
  put32 (tiff, 0);
  put16 (tiff, 4);
  put_entry (tiff, 1, 2, 2, placed && latitude < 0 ? 'S' : 'N');
  put_entry (tiff, 2, 5, 3, LATITUDE);
  put_entry (tiff, 3, 2, 2, placed && longitude < 0 ? 'W' : 'E');
  put_entry (tiff, 4, 5, 3, LONGITUDE);
  put32 (tiff, 0);
  g_byte_array_append (tiff, (const guint8 *)when, 20);
  g_byte_array_append (tiff, (const guint8 *)east, 7);
  g_byte_array_append (tiff, (const guint8 *)"", 1);
  put_degrees (tiff, placed ? latitude : 0);
  put_degrees (tiff, placed ? longitude : 0);
  g_assert_cmpuint (tiff->len, ==, LONGITUDE + 24);
  return write_jpeg (folder, name, width, height, shade, tiff);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/faults/input/fv-large-picture.h"

#include "tests/fv-test-data.h"

#include <stdio.h>
#include <png.h>
#include <sys/mman.h>
#include <turbojpeg.h>

const char *
fv_large_png (const char *folder, const char *name, guint width, guint height, guint bits)
{
  const char *path = fv_test_write (folder, name, NULL);
  FILE *file = fopen (path, "wb");
  g_autofree guint8 *row = g_malloc0 (width);
  png_structp png = png_create_write_struct (PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
  png_infop info = png_create_info_struct (png);

  g_assert_nonnull (file);
  if (setjmp (png_jmpbuf (png)))
    g_assert_not_reached ();
  png_init_io (png, file);
  png_set_IHDR (png, info, width, height, (int)bits, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_BASE,
                PNG_FILTER_TYPE_BASE);
  png_set_compression_level (png, 1);
  png_set_filter (png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE);
  png_write_info (png, info);
  for (guint y = 0; y < height; y++)
    png_write_row (png, row);
  png_write_end (png, info);
  png_destroy_write_struct (&png, &info);
  fclose (file);
  return path;
}

const char *
fv_large_jpeg (const char *folder, const char *name, guint width, guint height, gboolean progressive)
{
  const gsize n = (gsize)width * height;
  /* Never written to, so that they are all one page of zeros; Meson has malloc() write to what it gives. */
  guint8 *pixels = mmap (NULL, n, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  tjhandle tj = tjInitCompress ();
  guint8 *data = NULL;
  unsigned long size = 0;
  const char *path;

  g_assert_true (pixels != MAP_FAILED);
  g_assert_cmpint (tjCompress2 (tj, pixels, (int)width, 0, (int)height, TJPF_GRAY, &data, &size, TJSAMP_GRAY, 80,
                                progressive ? TJFLAG_PROGRESSIVE : 0),
                   ==, 0);
  path = fv_test_write_data (folder, name, data, size);
  tjFree (data);
  tjDestroy (tj);
  munmap (pixels, n);
  return path;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures larger than any memory, and such as only just are not. */
#include "app/dataset/fv-picture.h"
#include "tests/app/dataset/test-import.h"
#include "tests/faults/input/fv-bounded.h"
#include "tests/faults/input/fv-large-picture.h"

/* Thumbnails, training and detection all come here; what probe says is what import says. */
static void
assert_too_large (const char *path, const char *size)
{
  static const guint sides[] = { 0, 96, 640 };
  FvPictureInfo info;

  for (guint i = 0; i <= G_N_ELEMENTS (sides); i++)
    {
      g_autoptr (GError) error = NULL;

      if (i == G_N_ELEMENTS (sides))
        g_assert_false (fv_picture_probe (path, &info, &error));
      else
        g_assert_null (fv_picture_load (path, NULL, sides[i], FV_RESIZE_AREA, &error));
      g_assert_error (error, FV_PICTURE_ERROR, FV_PICTURE_ERROR_SIZE);
      g_assert_nonnull (strstr (error->message, path));
      g_assert_nonnull (strstr (error->message, size));
      g_assert_nonnull (strstr (error->message, "500 million in all. Cut it into tiles."));
    }
}

static void
put32 (guint8 *to, guint32 value)
{
  value = GUINT32_TO_BE (value);
  memcpy (to, &value, 4);
}

/* Some bytes that claim billions of pixels. */
static void
test_header (void)
{
  guint8 png[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR____----\1\0\0\0\0....\0\0\0\0IEND\xae\x42\x60\x82";
  g_autofree char *jpeg = NULL;
  gsize size;
  char *frame;

  if (!fv_bounded_begin ())
    return;
  put32 (png + 16, 50000);
  put32 (png + 20, 50000);
  assert_too_large (fv_test_write_data (fv_test_folder (), "a.png", png, sizeof png - 1), "50000 x 50000");
  put32 (png + 16, 1u << 31);
  put32 (png + 20, G_MAXUINT32);
  assert_too_large (fv_test_write_data (fv_test_folder (), "b.png", png, sizeof png - 1), "2147483648 x 4294967295");

  g_assert_true (g_file_get_contents (fv_test_jpeg (fv_test_folder (), "a.jpg", 8, 8, 9, 0), &jpeg, &size, NULL));
  frame = memmem (jpeg, size, "\xff\xc0", 2);
  g_assert_nonnull (frame);
  memcpy (frame + 5, "\xc3\x50\xc3\x50", 4);
  assert_too_large (fv_test_write_data (fv_test_folder (), "b.jpg", jpeg, size), "50000 x 50000");
  fv_bounded_end (64);
}

/* A whole one is left out of an import, with a row that says why; the others come in. */
static void
test_import (void)
{
  const char *folder;

  if (!fv_bounded_begin ())
    return;
  folder = fv_test_folder ();
  fv_large_png (folder, "images/large.png", 50000, 50000, 1);
  fv_test_jpeg (folder, "images/small.jpg", 64, 48, 100, 0);
  fv_test_write (folder, "labels/large.txt", "0 0.5 0.5 0.1 0.1\n");
  fv_test_write (folder, "labels/small.txt", "0 0.5 0.5 0.1 0.1\n");
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpuint (report->dataset->items->len, ==, 1);
  fv_test_assert_row (report->rejected, "large.png", 0, "50000 x 50000 pixels are too many");
  fv_test_assert_row (report->rejected, "large.png", 0, "Cut it into tiles.");
  fv_bounded_end (128);
}

/* A JPEG of 500 million pixels is accepted, and decoded at an eighth where it is wanted small. */
static void
test_scaled (void)
{
  g_autoptr (GError) error = NULL;
  const char *path;
  FvPictureInfo info;

  if (!fv_bounded_begin ())
    return;
  path = fv_large_jpeg (fv_test_folder (), "large.jpg", 25000, 20000, FALSE);
  g_assert_true (fv_picture_probe (path, &info, &error));
  g_assert_no_error (error);
  g_autoptr (FvPicture) picture = fv_picture_load (path, NULL, 640, FV_RESIZE_AREA, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (picture->width, ==, 640);
  g_assert_cmpuint (picture->original_width, ==, 25000);
  fv_bounded_end (128);
}

/* A PNG has no fractions to decode, but never more than the rows wanted are in memory beside the picture. */
static void
test_rows (void)
{
  g_autoptr (GError) error = NULL;
  const char *path;

  if (!fv_bounded_begin ())
    return;
  path = fv_large_png (fv_test_folder (), "large.png", 10000, 8000, 8);
  g_autoptr (FvPicture) picture = fv_picture_load (path, NULL, 0, FV_RESIZE_AREA, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (picture->width, ==, 10000);
  /* 229 MiB are the picture itself. */
  fv_bounded_end (229 + 64);
}

static gpointer
load_small (gpointer path)
{
  return fv_picture_load (path, NULL, 64, FV_RESIZE_AREA, NULL);
}

/* Threads that decode large pictures wait for one another. */
static void
test_threads (void)
{
  GThread *threads[4];
  const char *path;

  if (!fv_bounded_begin ())
    return;
  path = fv_large_png (fv_test_folder (), "large.png", 10000, 8000, 8);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new (NULL, load_small, (gpointer)path);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      g_autoptr (FvPicture) picture = g_thread_join (threads[i]);

      g_assert_cmpuint (picture->width, ==, 64);
    }
  fv_bounded_end (229 + 64);
}

/* No memory for a picture is a sentence. */
static void
test_no_memory (void)
{
  g_autoptr (GError) error = NULL;

  if (FV_TEST_SANITIZED)
    {
      g_test_skip ("a sanitizer has the memory");
      return;
    }
  if (!fv_bounded_begin ())
    return;
  g_assert_null (fv_picture_new (50000, 50000, &error));
  g_assert_error (error, FV_PICTURE_ERROR, FV_PICTURE_ERROR_SIZE);
  g_assert_cmpstr (error->message, ==, "no memory for a picture of 50000 x 50000 pixels.");
  fv_bounded_end (64);
}

/* A file of nothing but what stands before a picture is not read to its end piece by piece. */
static void
test_long_beginnings (void)
{
  static const guint8 png[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\1\0\0\0\0....";
  const guint n = 1 << 24;
  g_autofree guint8 *bytes = NULL;
  g_autoptr (GError) error = NULL;
  FvPictureInfo info;

  if (!fv_bounded_begin ())
    return;
  bytes = g_malloc0 (n);
  memcpy (bytes, png, sizeof png - 1);
  g_assert_false (fv_picture_probe (fv_test_write_data (fv_test_folder (), "a.png", bytes, n), &info, &error));
  g_assert_error (error, FV_PICTURE_ERROR, FV_PICTURE_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "too many pieces"));
  g_clear_error (&error);
  memset (bytes, 0xff, n);
  bytes[1] = 0xd8;
  g_assert_false (fv_picture_probe (fv_test_write_data (fv_test_folder (), "a.jpg", bytes, n), &info, &error));
  g_assert_error (error, FV_PICTURE_ERROR, FV_PICTURE_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "too much before the picture"));
  fv_bounded_end (128);
}

/* A thousand scans over a picture that is almost nothing as a file. */
static void
test_scans (void)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *jpeg = NULL;
  gsize size, scan_size;
  char *scan;

  g_assert_true (g_file_get_contents (fv_large_jpeg (fv_test_folder (), "a.jpg", 64, 64, TRUE), &jpeg, &size, NULL));
  /* From the last scan's tables on, without the end marker. */
  scan = g_strrstr_len (jpeg, (gssize)size, "\xff\xda");
  for (char *at = jpeg; (at = memmem (at, jpeg + size - at, "\xff\xda", 2)) != NULL; at++)
    scan = at;
  g_assert_nonnull (scan);
  scan_size = jpeg + size - 2 - scan;
  g_byte_array_append (bytes, (guint8 *)jpeg, size - 2);
  for (guint i = 0; i < 1000; i++)
    g_byte_array_append (bytes, (guint8 *)scan, scan_size);
  g_byte_array_append (bytes, (const guint8 *)"\xff\xd9", 2);
  g_assert_null (fv_picture_load_bytes (bytes->data, bytes->len, "a.jpg", NULL, 0, FV_RESIZE_AREA, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, FV_PICTURE_ERROR, FV_PICTURE_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "scans"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/faults/input/pictures/header", test_header);
  g_test_add_func ("/faults/input/pictures/import", test_import);
  g_test_add_func ("/faults/input/pictures/scaled", test_scaled);
  g_test_add_func ("/faults/input/pictures/rows", test_rows);
  g_test_add_func ("/faults/input/pictures/threads", test_threads);
  g_test_add_func ("/faults/input/pictures/no-memory", test_no_memory);
  g_test_add_func ("/faults/input/pictures/long-beginnings", test_long_beginnings);
  g_test_add_func ("/faults/input/pictures/scans", test_scans);
  return g_test_run ();
}

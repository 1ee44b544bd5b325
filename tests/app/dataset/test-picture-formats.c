/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TIFF, WebP and BMP, and windows over 16 bits; all files made here. */
#include "app/dataset/fv-picture.h"
#include "app/project/fv-project-window.h"
#include "tests/app/dataset/test-import.h"

#include <png.h>
#include <string.h>
#include <tiffio.h>
#include <webp/encode.h>

#define WIDTH 20
#define HEIGHT 12

typedef struct
{
  guint16 bits, kind, samples, planes, compression, orientation;
  gboolean tiled;
} Kind;

/* What channel c of a pixel is, in 16 bits. */
static guint16
value_at (guint page, guint x, guint y, guint c)
{
  return (guint16)(1000 * page + 700 * x + 1300 * y + 5000 * c);
}

static void
write_page (TIFF *tiff, guint page, const Kind *kind)
{
  guint8 row[32 * 32 * 3 * 2];
  TIFFSetField (tiff, TIFFTAG_IMAGEWIDTH, WIDTH + page);
  TIFFSetField (tiff, TIFFTAG_IMAGELENGTH, HEIGHT);
  TIFFSetField (tiff, TIFFTAG_BITSPERSAMPLE, kind->bits);
  TIFFSetField (tiff, TIFFTAG_SAMPLESPERPIXEL, kind->samples);
  TIFFSetField (tiff, TIFFTAG_PHOTOMETRIC, kind->kind);
  TIFFSetField (tiff, TIFFTAG_PLANARCONFIG, kind->planes);
  TIFFSetField (tiff, TIFFTAG_COMPRESSION, kind->compression);
  TIFFSetField (tiff, TIFFTAG_ORIENTATION, kind->orientation);
  TIFFSetField (tiff, TIFFTAG_DATETIME, "2024:05:31 14:03:59");
  if (kind->tiled)
    {
      TIFFSetField (tiff, TIFFTAG_TILEWIDTH, 16);
      TIFFSetField (tiff, TIFFTAG_TILELENGTH, 16);
    }
  else
    TIFFSetField (tiff, TIFFTAG_ROWSPERSTRIP, 5);
  const gboolean planar = kind->planes == PLANARCONFIG_SEPARATE;
  const guint side = kind->tiled ? 16 : 1, across = kind->tiled ? 16 : WIDTH + page;
  for (guint plane = 0; plane < (planar ? kind->samples : 1); plane++)
    for (guint y = 0; y < HEIGHT; y += side)
      for (guint x = 0; x < WIDTH + page; x += across)
        {
          guint n = 0;
          for (guint i = 0; i < side; i++)
            for (guint k = 0; k < across; k++)
              for (guint c = 0; c < (planar ? 1 : kind->samples); c++)
                {
                  guint16 value = value_at (page, x + k, y + i, planar ? plane : c);
                  if (kind->kind == PHOTOMETRIC_MINISWHITE)
                    value = 65535 - value;
                  if (kind->bits == 16)
                    ((guint16 *)row)[n++] = value;
                  else
                    row[n++] = value >> 8;
                }
          if (kind->tiled)
            g_assert_cmpint (TIFFWriteTile (tiff, row, x, y, 0, plane), >, 0);
          else
            g_assert_cmpint (TIFFWriteScanline (tiff, row, y, plane), ==, 1);
        }
  g_assert_true (TIFFWriteDirectory (tiff));
}

static const char *
write_tiff (const char *name, guint n_pages, const Kind *kind)
{
  const char *path = fv_test_write (fv_test_folder (), name, NULL);
  TIFF *tiff = TIFFOpen (path, "w");
  g_assert_nonnull (tiff);
  for (guint page = 0; page < n_pages; page++)
    write_page (tiff, page, kind);
  TIFFClose (tiff);
  return path;
}

static FvPicture *
load (const char *path, const FvPictureReading *reading)
{
  g_autoptr (GError) error = NULL;
  FvPicture *picture = fv_picture_load (path, reading, 0, FV_RESIZE_LINEAR, &error);
  g_assert_no_error (error);
  return picture;
}

static void
assert_values (const FvPicture *picture, guint page, guint n_colours, int low, int high)
{
  g_assert_cmpuint (picture->width, ==, WIDTH + page);
  g_assert_cmpuint (picture->height, ==, HEIGHT);
  for (guint y = 0; y < HEIGHT; y++)
    for (guint x = 0; x < picture->width; x++)
      for (guint c = 0; c < 3; c++)
        {
          const int value = value_at (page, x, y, n_colours == 3 ? c : 0);
          const int shown
              = high > low ? CLAMP (((value - low) * 255 + (high - low) / 2) / (high - low), 0, 255) : value >> 8;
          g_assert_cmpint (picture->rgb[y * picture->stride + 3 * x + c], ==, shown);
        }
}

static void
test_tiff (void)
{
  static const Kind kinds[] = {
    { 8, PHOTOMETRIC_MINISBLACK, 1, PLANARCONFIG_CONTIG, COMPRESSION_NONE, 1, FALSE },
    { 8, PHOTOMETRIC_RGB, 3, PLANARCONFIG_CONTIG, COMPRESSION_LZW, 1, FALSE },
    { 8, PHOTOMETRIC_RGB, 3, PLANARCONFIG_CONTIG, COMPRESSION_NONE, 1, TRUE },
    { 16, PHOTOMETRIC_MINISBLACK, 1, PLANARCONFIG_CONTIG, COMPRESSION_NONE, 1, FALSE },
    { 16, PHOTOMETRIC_MINISWHITE, 1, PLANARCONFIG_CONTIG, COMPRESSION_LZW, 1, FALSE },
    { 16, PHOTOMETRIC_RGB, 3, PLANARCONFIG_CONTIG, COMPRESSION_LZW, 1, FALSE },
    { 16, PHOTOMETRIC_RGB, 3, PLANARCONFIG_SEPARATE, COMPRESSION_NONE, 1, FALSE },
    { 16, PHOTOMETRIC_RGB, 3, PLANARCONFIG_CONTIG, COMPRESSION_LZW, 1, TRUE },
    { 16, PHOTOMETRIC_RGB, 3, PLANARCONFIG_SEPARATE, COMPRESSION_NONE, 1, TRUE },
  };
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    for (guint page = 0; page < 3; page++)
      {
        g_autoptr (GError) error = NULL;
        const char *path = write_tiff ("a.tif", 3, &kinds[i]);
        FvPictureInfo info;
        g_assert_true (fv_picture_probe_page (path, page, &info, &error));
        g_assert_cmpuint (info.format, ==, FV_PICTURE_TIFF);
        g_assert_cmpuint (info.bits, ==, kinds[i].bits);
        g_assert_cmpuint (info.pages, ==, page == 0 ? 3 : page + 1);
        g_assert_cmpuint (info.width, ==, WIDTH + page);
        g_assert_cmpint (info.time, ==, 1717164239);
        g_autoptr (FvPicture) plain = load (path, &(FvPictureReading){ page, 0, 0 });
        g_autoptr (FvPicture) windowed = load (path, &(FvPictureReading){ page, 3000, 20000 });
        assert_values (plain, page, kinds[i].samples, 0, 0);
        assert_values (windowed, page, kinds[i].samples, 3000, kinds[i].bits == 16 ? 20000 : 0);
      }
}

static void
test_tiff_turned (void)
{
  const Kind kind = { 16, PHOTOMETRIC_MINISBLACK, 1, PLANARCONFIG_CONTIG, COMPRESSION_NONE, 6, FALSE };
  const char *path = write_tiff ("turned.tif", 1, &kind);
  g_autoptr (FvPicture) picture = load (path, NULL);
  g_assert_cmpuint (picture->width, ==, HEIGHT);
  g_assert_cmpuint (picture->height, ==, WIDTH);
  g_assert_cmpuint (picture->rgb[0], ==, value_at (0, 0, HEIGHT - 1, 0) >> 8);
}

static void
test_tiff_faults (void)
{
  const Kind kind = { 16, PHOTOMETRIC_RGB, 3, PLANARCONFIG_CONTIG, COMPRESSION_LZW, 1, FALSE };
  const char *path = write_tiff ("good.tif", 2, &kind);
  g_autoptr (GError) no_page = NULL;
  g_autofree char *data = NULL;
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  gsize size;
  FvPictureInfo info;
  g_assert_false (fv_picture_probe_page (path, 2, &info, &no_page));
  g_assert_error (no_page, FV_PICTURE_ERROR, FV_PICTURE_ERROR_FORMAT);
  g_assert_true (g_file_get_contents (path, &data, &size, NULL));
  for (guint round = 0; round < 2000; round++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree guint8 *bytes = g_memdup2 (data, size);
      const guint n = g_rand_int_range (rand, 1, 8);
      for (guint i = 0; i < n; i++)
        bytes[g_rand_int_range (rand, 0, (int)size)] = (guint8)g_rand_int (rand);
      const gsize kept = round % 4 == 0 ? g_rand_int_range (rand, 0, (int)size) : size;
      g_autoptr (FvPicture) picture = fv_picture_load_bytes (
          bytes, kept, "mutant", &(FvPictureReading){ round % 2, 0, 0 }, 32, FV_RESIZE_AREA, &error);
      g_assert_true ((picture == NULL) == (error != NULL));
    }
}

/* 8-bit RGBA, alpha 255 or as it is. */
static void
make_rgba (guint8 rgba[HEIGHT * WIDTH * 4], gboolean transparent)
{
  for (guint y = 0; y < HEIGHT; y++)
    for (guint x = 0; x < WIDTH; x++)
      {
        guint8 *at = rgba + (y * WIDTH + x) * 4;
        for (guint c = 0; c < 3; c++)
          at[c] = (guint8)(value_at (0, x, y, c) >> 8);
        at[3] = transparent && x < WIDTH / 2 ? 0 : 255;
      }
}

static void
test_webp (void)
{
  guint8 rgba[HEIGHT * WIDTH * 4], *data = NULL;
  for (guint transparent = 0; transparent < 2; transparent++)
    {
      g_autoptr (GError) error = NULL;
      FvPictureInfo info;
      make_rgba (rgba, transparent);
      const gsize size = WebPEncodeLosslessRGBA (rgba, WIDTH, HEIGHT, WIDTH * 4, &data);
      const char *path = fv_test_write_data (fv_test_folder (), "a.webp", data, size);
      g_assert_true (fv_picture_probe (path, &info, &error));
      g_assert_cmpuint (info.format, ==, FV_PICTURE_WEBP);
      g_assert_cmpuint (info.width, ==, WIDTH);
      g_assert_cmpuint (info.height, ==, HEIGHT);
      g_autoptr (FvPicture) picture = load (path, NULL);
      for (guint y = 0; y < HEIGHT; y++)
        for (guint x = 0; x < WIDTH; x++)
          for (guint c = 0; c < 3; c++)
            g_assert_cmpuint (picture->rgb[y * picture->stride + 3 * x + c], ==,
                              transparent && x < WIDTH / 2 ? 255 : value_at (0, x, y, c) >> 8);
      for (gsize cut = 12; cut < size; cut += 5)
        {
          g_autoptr (GError) truncated = NULL;
          g_assert_null (fv_picture_load_bytes (data, cut, "cut", NULL, 0, FV_RESIZE_AREA, &truncated));
          g_assert_error (truncated, FV_PICTURE_ERROR, FV_PICTURE_ERROR_TRUNCATED);
        }
      WebPFree (data);
    }
  make_rgba (rgba, FALSE);
  const gsize size = WebPEncodeRGBA (rgba, WIDTH, HEIGHT, WIDTH * 4, 95, &data);
  g_autoptr (FvPicture) lossy = load (fv_test_write_data (fv_test_folder (), "b.webp", data, size), NULL);
  g_assert_cmpint (ABS (lossy->rgb[0] - (value_at (0, 0, 0, 0) >> 8)), <, 30);
  WebPFree (data);
}

static void
put32 (guint8 *at, guint32 value)
{
  for (guint i = 0; i < 4; i++)
    at[i] = (guint8)(value >> 8 * i);
}

/* Of 8, 24 or 32 bits. */
static GByteArray *
make_bmp (guint bits, gboolean top_down)
{
  const guint colours = bits == 8 ? 256 : 0, stride = (WIDTH * bits / 8 + 3) / 4 * 4, start = 54 + 4 * colours;
  GByteArray *bmp = g_byte_array_new ();
  g_byte_array_set_size (bmp, start + stride * HEIGHT);
  memset (bmp->data, 0, bmp->len);
  memcpy (bmp->data, "BM", 2);
  put32 (bmp->data + 2, bmp->len);
  put32 (bmp->data + 10, start);
  put32 (bmp->data + 14, 40);
  put32 (bmp->data + 18, WIDTH);
  put32 (bmp->data + 22, top_down ? (guint32)-HEIGHT : HEIGHT);
  bmp->data[26] = 1;
  bmp->data[28] = (guint8)bits;
  for (guint i = 0; i < colours; i++)
    put32 (bmp->data + 54 + 4 * i, i | i << 8 | i << 16);
  for (guint y = 0; y < HEIGHT; y++)
    for (guint x = 0; x < WIDTH; x++)
      for (guint c = 0; c < MIN (bits / 8, 3); c++)
        bmp->data[start + (top_down ? y : HEIGHT - 1 - y) * stride + x * bits / 8 + c]
            = (guint8)(value_at (0, x, y, bits == 8 ? 0 : 2 - c) >> 8);
  return bmp;
}

static void
test_bmp (void)
{
  static const guint bits[] = { 8, 24, 32 };
  for (guint i = 0; i < 6; i++)
    {
      g_autoptr (GByteArray) bmp = make_bmp (bits[i / 2], i % 2);
      const char *path = fv_test_write_data (fv_test_folder (), "a.bmp", bmp->data, bmp->len);
      g_autoptr (FvPicture) picture = load (path, NULL);
      assert_values (picture, 0, bits[i / 2] == 8 ? 1 : 3, 0, 0);
      for (guint cut = 2; cut < bmp->len; cut += 7)
        {
          g_autoptr (GError) error = NULL;
          g_assert_null (fv_picture_load_bytes (bmp->data, cut, "cut", NULL, 0, FV_RESIZE_AREA, &error));
          g_assert_nonnull (error);
        }
      bmp->data[30] = 1; /* run lengths */
      g_autoptr (GError) packed = NULL;
      g_assert_null (fv_picture_load_bytes (bmp->data, bmp->len, "packed", NULL, 0, FV_RESIZE_AREA, &packed));
      g_assert_nonnull (strstr (packed->message, "PNG"));
    }
}

static void
test_png_window (void)
{
  static guint16 samples[HEIGHT * WIDTH];
  static guint64 counts[65536];
  g_autoptr (GError) error = NULL;
  for (guint i = 0; i < HEIGHT * WIDTH; i++)
    samples[i] = value_at (0, i % WIDTH, i / WIDTH, 0);
  const char *path = fv_test_write (fv_test_folder (), "deep.png", NULL);
  FILE *file = fopen (path, "wb");
  png_structp png = png_create_write_struct (PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
  png_infop info = png_create_info_struct (png);
  png_init_io (png, file);
  png_set_IHDR (png, info, WIDTH, HEIGHT, 16, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                PNG_FILTER_TYPE_DEFAULT);
  png_write_info (png, info);
  png_set_swap (png);
  for (guint y = 0; y < HEIGHT; y++)
    png_write_row (png, (png_const_bytep)(samples + y * WIDTH));
  png_write_end (png, info);
  png_destroy_write_struct (&png, &info);
  fclose (file);

  FvPictureInfo probed;
  g_assert_true (fv_picture_probe (path, &probed, &error));
  g_assert_cmpuint (probed.bits, ==, 16);
  g_autoptr (FvPicture) plain = load (path, NULL);
  g_autoptr (FvPicture) windowed = load (path, &(FvPictureReading){ 0, 3000, 20000 });
  assert_values (plain, 0, 1, 0, 0);
  assert_values (windowed, 0, 1, 3000, 20000);
  g_assert_true (fv_picture_count_values (path, 0, counts, &error));
  g_assert_cmpuint (counts[value_at (0, 0, 0, 0)], ==, 3);
}

/* Each page is a picture, the same through the store; one window is for all, and later ones get the same. */
static void
test_import_pages (void)
{
  static const Kind deep = { 16, PHOTOMETRIC_MINISBLACK, 1, PLANARCONFIG_CONTIG, COMPRESSION_NONE, 1, FALSE };
  g_autoptr (GError) error = NULL;
  g_autoptr (FvProject) project = fv_test_project ();
  for (guint copy = 0; copy < 2; copy++)
    {
      const char *path = write_tiff (copy ? "b.tif" : "a.tif", 3, &deep);
      g_autofree char *folder = g_path_get_dirname (path);
      g_autoptr (FvImportReport) report = fv_import (project, folder, &(FvImportParams){ .copy = copy == 1 }, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (report->format, ==, "pictures");
      g_assert_cmpuint (report->dataset->items->len, ==, 3);
    }
  guint16 low, high;
  guint n;
  g_assert_true (fv_project_get_window (project, &low, &high, &error));
  /* Values from 0 to 2000 + 700 * 21 + 1300 * 11. */
  g_assert_cmpuint (low, <, 1000);
  g_assert_cmpuint (high, >, 29000);
  g_assert_cmpuint (high, <=, 31000);
  g_autoptr (FvDataset) dataset = fv_project_load_dataset (project, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (dataset->items->len, ==, 6);
  for (guint i = 0; i < 6; i++)
    {
      const FvItem *item = fv_dataset_get (dataset, i);
      g_autofree char *name = g_strdup_printf (i % 3 == 0 ? "%c.tif" : "%c.tif#%u", i < 3 ? 'a' : 'b', i % 3 + 1);
      g_assert_cmpstr (item->name, ==, name);
      g_assert_cmpuint (item->reading.page, ==, i % 3);
      g_assert_cmpuint (item->reading.low, ==, low);
      g_assert_cmpuint (item->reading.high, ==, high);
      g_autoptr (FvPicture) picture = load (item->path, &item->reading);
      assert_values (picture, i % 3, 1, low, high);
    }
  g_assert_true (fv_project_set_window (project, 3000, 20000, &n, &error));
  g_assert_cmpuint (n, ==, 6);
  g_assert_true (fv_project_get_window (project, &low, &high, &error));
  g_assert_cmpuint (low, ==, 3000);
  g_assert_cmpuint (high, ==, 20000);
}

/* Labels can't be of several pages. */
static void
test_labelled_pages (void)
{
  static const Kind plain = { 8, PHOTOMETRIC_MINISBLACK, 1, PLANARCONFIG_CONTIG, COMPRESSION_NONE, 1, FALSE };
  const char *path = write_tiff ("a.tif", 2, &plain);
  g_autofree char *folder = g_path_get_dirname (path);
  fv_test_write (folder, "a.txt", "0 0.5 0.5 0.5 0.5\n");
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpstr (report->format, ==, "yolo");
  g_assert_cmpuint (report->dataset->items->len, ==, 1);
  fv_test_assert_row (report->rejected, "a.tif", 0, "2 pages");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dataset/picture-formats/tiff", test_tiff);
  g_test_add_func ("/dataset/picture-formats/tiff-turned", test_tiff_turned);
  g_test_add_func ("/dataset/picture-formats/tiff-faults", test_tiff_faults);
  g_test_add_func ("/dataset/picture-formats/webp", test_webp);
  g_test_add_func ("/dataset/picture-formats/bmp", test_bmp);
  g_test_add_func ("/dataset/picture-formats/png-window", test_png_window);
  g_test_add_func ("/dataset/picture-formats/import-pages", test_import_pages);
  g_test_add_func ("/dataset/picture-formats/labelled-pages", test_labelled_pages);
  return g_test_run ();
}

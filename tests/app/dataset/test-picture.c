/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decoding pictures, good and bad ones, all made here. */
#include "app/dataset/fv-picture.h"
#include "tests/app/dataset/fv-test-jpeg.h"
#include "tests/fv-test-data.h"

#include <math.h>
#include <png.h>
#include <string.h>
#include <turbojpeg.h>

#define WIDTH 48
#define HEIGHT 32

typedef enum
{
  RED,
  GREEN,
  BLUE,
  WHITE,
} Colour;

static const guint8 colours[4][3] = { { 255, 0, 0 }, { 0, 255, 0 }, { 0, 0, 255 }, { 255, 255, 255 } };

/* Four quarters: red, green / blue, white. */
static void
quarters (guint8 rgb[HEIGHT * WIDTH * 3])
{
  for (guint y = 0; y < HEIGHT; y++)
    for (guint x = 0; x < WIDTH; x++)
      memcpy (rgb + (y * WIDTH + x) * 3, colours[2 * (y >= HEIGHT / 2) + (x >= WIDTH / 2)], 3);
}

static GByteArray *
make_jpeg (const guint8 *pixels, int width, int height, int format)
{
  tjhandle tj = tjInitCompress ();
  guint8 *data = NULL;
  unsigned long size = 0;
  int status = tjCompress2 (tj, pixels, width, 0, height, format, &data, &size,
                            format == TJPF_GRAY ? TJSAMP_GRAY : TJSAMP_444, 95, 0);
  g_assert_cmpint (status, ==, 0);
  GByteArray *jpeg = g_byte_array_new ();
  g_byte_array_append (jpeg, data, size);
  tjFree (data);
  tjDestroy (tj);
  return jpeg;
}

static GByteArray *
make_quarters (void)
{
  static guint8 rgb[HEIGHT * WIDTH * 3];
  quarters (rgb);
  return make_jpeg (rgb, WIDTH, HEIGHT, TJPF_RGB);
}

/* Puts @bytes into @array at @offset. */
static void
insert (GByteArray *array, guint offset, const guint8 *bytes, guint n)
{
  guint rest = array->len - offset;
  g_byte_array_set_size (array, array->len + n);
  memmove (array->data + offset + n, array->data + offset, rest);
  memcpy (array->data + offset, bytes, n);
}

/* An APP1 segment after SOI whose only entry is the orientation. */
static void
add_exif (GByteArray *jpeg, guint orientation, gboolean big_endian)
{
  guint8 little[] = { 0xff, 0xe1, 0,    34, 'E', 'x', 'i', 'f', 0, 0, 'I',         'I', 42, 0, 8, 0, 0, 0,
                      1,    0,    0x12, 1,  3,   0,   1,   0,   0, 0, orientation, 0,   0,  0, 0, 0, 0, 0 };
  guint8 big[] = { 0xff, 0xe1, 0, 34,   'E', 'x', 'i', 'f', 0, 0, 'M', 'M',         0, 42, 0, 0, 0, 8,
                   0,    1,    1, 0x12, 0,   3,   0,   0,   0, 1, 0,   orientation, 0, 0,  0, 0, 0, 0 };
  insert (jpeg, 2, big_endian ? big : little, sizeof little);
}

static FvPicture *
load (GByteArray *file)
{
  g_autoptr (GError) error = NULL;
  FvPicture *picture = fv_picture_load_bytes (file->data, file->len, "test", NULL, 0, FV_RESIZE_LINEAR, &error);
  g_assert_no_error (error);
  return picture;
}

static void
assert_colour (const FvPicture *picture, guint x, guint y, const guint8 *colour)
{
  for (guint c = 0; c < 3; c++)
    g_assert_cmpint (ABS (picture->rgb[y * picture->stride + 3 * x + c] - colour[c]), <=, 3);
}

static void
test_orientations (void)
{
  /* Upright corners: top left, top right, bottom left, bottom right. */
  static const Colour corners[9][4] = {
    { RED, GREEN, BLUE, WHITE }, { RED, GREEN, BLUE, WHITE }, { GREEN, RED, WHITE, BLUE },
    { WHITE, BLUE, GREEN, RED }, { BLUE, WHITE, RED, GREEN }, { RED, BLUE, GREEN, WHITE },
    { BLUE, RED, WHITE, GREEN }, { WHITE, GREEN, BLUE, RED }, { GREEN, WHITE, RED, BLUE },
  };
  for (guint orientation = 0; orientation <= 9; orientation++)
    for (guint big = 0; big < 2; big++)
      {
        g_autoptr (GError) error = NULL;
        g_autoptr (GByteArray) jpeg = make_quarters ();
        add_exif (jpeg, orientation, big);
        g_autoptr (FvPicture) picture = load (jpeg);
        guint known = orientation > 8 ? 0 : orientation;
        guint width = known >= 5 ? HEIGHT : WIDTH, height = known >= 5 ? WIDTH : HEIGHT;
        g_assert_cmpuint (picture->width, ==, width);
        g_assert_cmpuint (picture->height, ==, height);
        for (guint corner = 0; corner < 4; corner++)
          assert_colour (picture, corner % 2 ? width - 4 : 3, corner / 2 ? height - 4 : 3,
                         colours[corners[known][corner]]);

        const char *path = fv_test_write_data (fv_test_folder (), "turned.jpg", jpeg->data, jpeg->len);
        FvPictureInfo info;
        g_assert_true (fv_picture_probe (path, &info, &error));
        g_assert_no_error (error);
        g_assert_cmpuint (info.width, ==, width);
        g_assert_cmpuint (info.height, ==, height);
        g_assert_cmpuint (info.orientation, ==, MAX (known, 1));
      }
}

static void
test_cmyk (void)
{
  /* As Adobe stores it, 255 = no ink: red, green, blue, white, and half black. */
  static const guint8 inks[5][4] = {
    { 255, 0, 0, 255 }, { 0, 255, 0, 255 }, { 0, 0, 255, 255 }, { 255, 255, 255, 255 }, { 255, 255, 255, 128 },
  };
  static const guint8 grey[3] = { 128, 128, 128 };
  for (guint i = 0; i < 5; i++)
    {
      guint8 pixels[16 * 16 * 4];
      for (guint p = 0; p < 256; p++)
        memcpy (pixels + 4 * p, inks[i], 4);
      g_autoptr (GByteArray) jpeg = make_jpeg (pixels, 16, 16, TJPF_CMYK);
      g_autoptr (FvPicture) picture = load (jpeg);
      assert_colour (picture, 8, 8, i < 4 ? colours[i] : grey);
    }
}

static void
test_grey (void)
{
  guint8 pixels[20 * 10];
  memset (pixels, 77, sizeof pixels);
  g_autoptr (GByteArray) jpeg = make_jpeg (pixels, 20, 10, TJPF_GRAY);
  g_autoptr (FvPicture) picture = load (jpeg);
  assert_colour (picture, 10, 5, (const guint8[3]){ 77, 77, 77 });
}

static void
on_write (png_structp png, png_bytep data, size_t size)
{
  g_byte_array_append (png_get_io_ptr (png), data, size);
}

static void
on_flush (png_structp png)
{
}

/* @rows: HEIGHT rows of samples as PNG has them. */
static GByteArray *
make_png (const guint8 *samples, gsize row_bytes, int depth, int type, int interlace, gboolean palette_alpha)
{
  GByteArray *file = g_byte_array_new ();
  png_structp png = png_create_write_struct (PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
  png_infop info = png_create_info_struct (png);
  png_bytep rows[HEIGHT];
  for (guint y = 0; y < HEIGHT; y++)
    rows[y] = (png_bytep)samples + y * row_bytes;
  png_set_write_fn (png, file, on_write, on_flush);
  png_set_IHDR (png, info, WIDTH, HEIGHT, depth, type, interlace, PNG_COMPRESSION_TYPE_DEFAULT,
                PNG_FILTER_TYPE_DEFAULT);
  if (type == PNG_COLOR_TYPE_PALETTE)
    {
      png_color palette[4];
      memcpy (palette, colours, sizeof palette);
      png_set_PLTE (png, info, palette, 4);
      if (palette_alpha)
        png_set_tRNS (png, info, (png_byte[4]){ 255, 255, 0, 255 }, 4, NULL);
    }
  png_set_gAMA_fixed (png, info, 100000); /* must not matter */
  png_write_info (png, info);
  png_write_image (png, rows);
  png_write_end (png, info);
  png_destroy_write_struct (&png, &info);
  return file;
}

static void
test_png_16 (void)
{
  static guint16 samples[HEIGHT][WIDTH][3];
  for (guint y = 0; y < HEIGHT; y++)
    for (guint x = 0; x < WIDTH; x++)
      for (guint c = 0; c < 3; c++)
        samples[y][x][c] = GUINT16_TO_BE (x * 1300 + y * 77 + c * 999);
  for (int interlace = 0; interlace < 2; interlace++)
    {
      g_autoptr (GByteArray) file
          = make_png ((guint8 *)samples, sizeof samples[0], 16, PNG_COLOR_TYPE_RGB, interlace, FALSE);
      g_autoptr (FvPicture) picture = load (file);
      for (guint y = 0; y < HEIGHT; y++)
        for (guint x = 0; x < WIDTH; x++)
          for (guint c = 0; c < 3; c++)
            g_assert_cmpuint (picture->rgb[y * picture->stride + 3 * x + c], ==, (x * 1300 + y * 77 + c * 999) >> 8);
    }
}

static void
test_png_palette (void)
{
  static guint8 indices[HEIGHT][WIDTH / 4]; /* two bits each */
  for (guint y = 0; y < HEIGHT; y++)
    for (guint x = 0; x < WIDTH / 4; x++)
      indices[y][x] = (2 * (y >= HEIGHT / 2) + (x >= WIDTH / 8)) * 0x55;
  for (guint alpha = 0; alpha < 2; alpha++)
    {
      g_autoptr (GByteArray) file
          = make_png ((guint8 *)indices, sizeof indices[0], 2, PNG_COLOR_TYPE_PALETTE, PNG_INTERLACE_NONE, alpha);
      g_autoptr (FvPicture) picture = load (file);
      assert_colour (picture, 0, 0, colours[RED]);
      assert_colour (picture, WIDTH - 1, 0, colours[GREEN]);
      assert_colour (picture, 0, HEIGHT - 1, alpha ? colours[WHITE] : colours[BLUE]);
    }
}

static void
test_png_alpha (void)
{
  static guint8 samples[HEIGHT][WIDTH][4];
  for (guint y = 0; y < HEIGHT; y++)
    for (guint x = 0; x < WIDTH; x++)
      samples[y][x][0] = 200, samples[y][x][3] = 5 * x;
  g_autoptr (GByteArray) file = make_png ((guint8 *)samples, sizeof samples[0], 8, PNG_COLOR_TYPE_RGBA, 0, FALSE);
  g_autoptr (FvPicture) picture = load (file);
  for (guint x = 0; x < WIDTH; x++)
    {
      g_assert_cmpint (ABS (picture->rgb[3 * x] - (int)(255 - 55 * 5 * x / 255.0 + 0.5)), <=, 1);
      g_assert_cmpint (ABS (picture->rgb[3 * x + 1] - (int)(255 - 5 * x)), <=, 1);
    }
}

/* Probing and loading must both fail, each with a sentence that names the file. */
static void
assert_refused (const guint8 *data, gsize size, FvPictureError code)
{
  g_autoptr (GError) probe_error = NULL, load_error = NULL;
  FvPictureInfo info;
  const char *path = fv_test_write_data (fv_test_folder (), "bad.picture", data, size);
  g_assert_false (fv_picture_probe (path, &info, &probe_error));
  g_assert_error (probe_error, FV_PICTURE_ERROR, (int)code);
  g_assert_nonnull (strstr (probe_error->message, path));
  g_assert_null (fv_picture_load (path, NULL, 0, FV_RESIZE_LINEAR, &load_error));
  g_assert_error (load_error, FV_PICTURE_ERROR, (int)code);
  g_assert_nonnull (strstr (load_error->message, path));
}

static void
test_truncated (void)
{
  static guint8 samples[HEIGHT][WIDTH][3];
  g_autoptr (GByteArray) jpeg = make_quarters ();
  g_autoptr (GByteArray) png = make_png ((guint8 *)samples, sizeof samples[0], 8, PNG_COLOR_TYPE_RGB, 0, FALSE);
  add_exif (jpeg, 6, FALSE);
  for (guint size = 2; size < jpeg->len; size += 7)
    assert_refused (jpeg->data, size, FV_PICTURE_ERROR_TRUNCATED);
  assert_refused (jpeg->data, jpeg->len - 1, FV_PICTURE_ERROR_TRUNCATED);
  assert_refused (jpeg->data, jpeg->len - 2, FV_PICTURE_ERROR_TRUNCATED);
  for (guint size = 8; size < png->len; size += 5)
    assert_refused (png->data, size, FV_PICTURE_ERROR_TRUNCATED);
  assert_refused ((const guint8 *)"", 0, FV_PICTURE_ERROR_FORMAT);
  assert_refused ((const guint8 *)"GIF89a..", 8, FV_PICTURE_ERROR_FORMAT);
}

/* Half of the data gone, but an end marker there: only decoding can tell. */
static void
test_hollow (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GByteArray) jpeg = make_quarters ();
  g_byte_array_set_size (jpeg, jpeg->len - 60);
  g_byte_array_append (jpeg, (const guint8 *)"\xff\xd9", 2);
  g_assert_null (fv_picture_load_bytes (jpeg->data, jpeg->len, "test", NULL, 0, FV_RESIZE_LINEAR, &error));
  g_assert_error (error, FV_PICTURE_ERROR, FV_PICTURE_ERROR_FORMAT);
}

/* Cameras append things after the picture. */
static void
test_trailing (void)
{
  g_autoptr (GByteArray) jpeg = make_quarters ();
  g_autofree guint8 *zeros = g_malloc0 (100000);
  g_byte_array_append (jpeg, zeros, 100000);
  g_autoptr (FvPicture) picture = load (jpeg);
  g_assert_cmpuint (picture->width, ==, WIDTH);
}

static void
test_huge (void)
{
  g_autoptr (GByteArray) jpeg = make_quarters ();
  guint8 png[]
      = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13, 'I', 'H', 'D', 'R', 0,   1,   0, 0, 0, 1, 0,
          0,    8,   2,   0,   0,    0,    0,    0,    0, 0, 0, 0,  0,   0,   'I', 'E', 'N', 'D', 0, 0, 0, 0 };
  guint frame = 0;
  for (guint i = 0; i + 1 < jpeg->len && frame == 0; i++)
    if (jpeg->data[i] == 0xff && jpeg->data[i + 1] == 0xc0)
      frame = i;
  memcpy (jpeg->data + frame + 5, "\xea\x60\x00\x10", 4); /* 16 x 60,000 */
  assert_refused (jpeg->data, jpeg->len, FV_PICTURE_ERROR_SIZE);
  memcpy (jpeg->data + frame + 5, "\x61\xa8\x61\xa8", 4); /* 25,000 x 25,000: 625 million */
  assert_refused (jpeg->data, jpeg->len, FV_PICTURE_ERROR_SIZE);
  assert_refused (png, sizeof png, FV_PICTURE_ERROR_SIZE);
}

static void
test_unreadable (void)
{
  g_autoptr (GError) missing = NULL, folder = NULL;
  FvPictureInfo info;
  g_assert_false (fv_picture_probe ("/nowhere/at/all.jpg", &info, &missing));
  g_assert_error (missing, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_null (fv_picture_load (fv_test_folder (), NULL, 0, FV_RESIZE_LINEAR, &folder));
  g_assert_nonnull (folder);
}

/* Whatever bytes change, the answer is a picture or an error. */
static void
test_mutations (void)
{
  static guint8 samples[HEIGHT][WIDTH][4];
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  for (gsize i = 0; i < sizeof samples; i++)
    ((guint8 *)samples)[i] = g_rand_int (rand);
  g_autoptr (GByteArray) jpeg = make_quarters ();
  g_autoptr (GByteArray) png = make_png ((guint8 *)samples, sizeof samples[0], 8, PNG_COLOR_TYPE_RGBA, 1, FALSE);
  add_exif (jpeg, 6, TRUE);
  for (guint round = 0; round < 1000; round++)
    {
      g_autoptr (GError) error = NULL;
      GByteArray *file = round % 2 ? jpeg : png;
      g_autofree guint8 *bytes = g_memdup2 (file->data, file->len);
      guint n = g_rand_int_range (rand, 1, 8), end = round % 4 < 2 ? MIN (file->len, 120) : file->len;
      for (guint i = 0; i < n; i++)
        bytes[g_rand_int_range (rand, 0, end)] = g_rand_int (rand);
      g_autoptr (FvPicture) picture
          = fv_picture_load_bytes (bytes, file->len, "mutant", NULL, 32, FV_RESIZE_AREA, &error);
      g_assert_true ((picture == NULL) == (error != NULL));
    }
}

/* A large JPEG is decoded at a fraction, and looks the same. */
static void
test_scaled (void)
{
  const guint side = 1600;
  g_autofree guint8 *rgb = g_malloc (side * side * 3);
  for (guint y = 0; y < side; y++)
    for (guint x = 0; x < side; x++)
      memcpy (rgb + (y * side + x) * 3, ((guint8[3]){ x * 255 / side, y * 255 / side, 128 }), 3);
  g_autoptr (GError) error = NULL;
  g_autoptr (GByteArray) jpeg = make_jpeg (rgb, side, side, TJPF_RGB);
  g_autoptr (FvPicture) picture
      = fv_picture_load_bytes (jpeg->data, jpeg->len, "test", NULL, 160, FV_RESIZE_AREA, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (picture->width, ==, 160);
  g_assert_cmpuint (picture->height, ==, 160);
  g_assert_cmpuint (picture->original_width, ==, side);
  for (guint i = 0; i < 160; i++)
    assert_colour (picture, i, 159 - i,
                   (guint8[3]){ (i * 10 + 5) * 255 / side, ((159 - i) * 10 + 5) * 255 / side, 128 });
}

/* Time and place as a camera writes them. */
static void
test_taken (void)
{
  const struct
  {
    const char *time, *offset;
    double latitude, longitude;
    const char *expected; /* UTC */
  } cases[] = {
    { "2024:05:31 14:03:59", NULL, 52.5163, 13.3777, "2024-05-31T14:03:59Z" },
    { "2024:05:31 14:03:59", "+02:00", -33.8568, 151.2153, "2024-05-31T12:03:59Z" },
    { "2024:12:31 23:30:00", "-03:30", -22.9519, -43.2105, "2025-01-01T03:00:00Z" },
    { "    :  :     :  :  ", NULL, NAN, NAN, NULL },
    { "2024:02:30 00:00:00", NULL, 0, 0, NULL },
    { "2024:05:31 14:03:59", "+99:00", 91, 0, "2024-05-31T14:03:59Z" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GDateTime) expected
          = cases[i].expected != NULL ? g_date_time_new_from_iso8601 (cases[i].expected, NULL) : NULL;
      const char *path = fv_test_jpeg_taken (fv_test_folder (), "taken.jpg", 32, 16, 128, cases[i].time,
                                             cases[i].offset, cases[i].latitude, cases[i].longitude);
      const gboolean placed = i < 3;
      FvPictureInfo info;
      g_assert_true (fv_picture_probe (path, &info, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (info.orientation, ==, 1);
      g_assert_cmpint (info.time, ==, expected != NULL ? g_date_time_to_unix (expected) : FV_TIME_UNKNOWN);
      g_assert_cmpint (isnan (info.latitude), ==, !placed);
      if (placed)
        {
          g_assert_cmpfloat_with_epsilon (info.latitude, cases[i].latitude, 1e-6);
          g_assert_cmpfloat_with_epsilon (info.longitude, cases[i].longitude, 1e-6);
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/picture/orientations", test_orientations);
  g_test_add_func ("/picture/cmyk", test_cmyk);
  g_test_add_func ("/picture/grey", test_grey);
  g_test_add_func ("/picture/png/16-bit", test_png_16);
  g_test_add_func ("/picture/png/palette", test_png_palette);
  g_test_add_func ("/picture/png/alpha", test_png_alpha);
  g_test_add_func ("/picture/truncated", test_truncated);
  g_test_add_func ("/picture/hollow", test_hollow);
  g_test_add_func ("/picture/trailing", test_trailing);
  g_test_add_func ("/picture/huge", test_huge);
  g_test_add_func ("/picture/unreadable", test_unreadable);
  g_test_add_func ("/picture/mutations", test_mutations);
  g_test_add_func ("/picture/scaled", test_scaled);
  g_test_add_func ("/picture/taken", test_taken);
  return g_test_run ();
}

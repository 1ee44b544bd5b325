/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each allocation whose size a file tells fails once: loading gives nothing and a sentence about memory. */
#include "app/dataset/fv-picture.h"
#include "app/exchange/fv-torch-file.h"
#include "app/exchange/fv-weights.h"
#include "tests/app/exchange/fv-test-torch.h"
#include "tests/faults/store/fv-failing-memory.h"

#include <png.h>
#include <string.h>
#include <turbojpeg.h>

typedef gboolean (*Load) (GBytes *bytes, guint option, GError **error);

/* @least: allocations that there must be. */
static void
fail_each (Load load, GBytes *bytes, guint option, guint least)
{
  guint n_calls;

  fv_failing_memory_start (0, FALSE);
  g_assert_true (load (bytes, option, NULL));
  n_calls = fv_failing_memory_stop ();
  g_assert_cmpuint (n_calls, >=, least);
  for (guint n = 1; n <= n_calls; n++)
    {
      g_autoptr (GError) error = NULL;
      gboolean ok;

      fv_failing_memory_start (n, FALSE);
      ok = load (bytes, option, &error);
      fv_failing_memory_stop ();
      g_test_message ("%u: %s", n, error != NULL ? error->message : "loaded");
      g_assert_false (ok);
      g_assert_nonnull (error);
      g_assert_nonnull (strstr (error->message, "memory"));
    }
}

static gboolean
load_torch (GBytes *bytes, guint option, GError **error)
{
  g_autoptr (FvTorchFile) file = fv_torch_file_new (bytes, "the file", error);

  return file != NULL;
}

/* The pickle, a storage, and a tensor that is turned and so copied. */
static void
test_torch (void)
{
  static const float values[12];
  g_autoptr (FvTestTorch) t = fv_test_torch_new ();
  g_autoptr (GBytes) bytes = NULL;

  fv_test_torch_add_entry (t, "archive/data/0", values, sizeof values);
  fv_test_torch_begin_dict (t);
  fv_test_torch_tensor (t, "turned", "FloatStorage", "0", 12, 0, 2, (const int[]){ 4, 3 }, (const int[]){ 1, 4 });
  fv_test_torch_end_dict (t);
  bytes = fv_test_torch_finish (t);
  fail_each (load_torch, bytes, 0, 3);
}

static gboolean
load_weights (GBytes *bytes, guint option, GError **error)
{
  g_autoptr (FvWeights) weights = fv_weights_parse (bytes, "the file", error);

  return weights != NULL;
}

/* A whole YOLOv5n of zeros, one storage for all of its tensors. */
static void
test_weights (void)
{
  const guint n_values = 1 << 20;
  g_autofree float *values = g_new0 (float, n_values);
  g_autoptr (FvTestTorch) t = fv_test_torch_new ();
  FvYolov5Config config;
  g_autoptr (FvLayout) layout = NULL;
  g_autoptr (GBytes) bytes = NULL;

  fv_yolov5_config_init (&config, 'n', 80);
  layout = fv_yolov5_layout_new (&config);
  fv_test_torch_add_entry (t, "archive/data/0", values, n_values * sizeof (float));
  fv_test_torch_begin_dict (t);
  for (guint i = 0; i < fv_layout_get_n_params (layout); i++)
    {
      const FvParam *param = fv_layout_get_param (layout, i);
      int dims[8], strides[8], stride = 1;

      for (guint d = param->n_dims; d-- > 0; stride *= dims[d])
        {
          dims[d] = (int)param->dims[d];
          strides[d] = stride;
        }
      fv_test_torch_tensor (t, param->name, "FloatStorage", "0", n_values, 0, param->n_dims, dims, strides);
    }
  fv_test_torch_end_dict (t);
  bytes = fv_test_torch_finish (t);
  /* The pickle, the storage, and the values of each tensor. */
  fail_each (load_weights, bytes, 0, 2 + fv_layout_get_n_params (layout));
}

static gboolean
load_picture (GBytes *bytes, guint max_side, GError **error)
{
  g_autoptr (FvPicture) picture = fv_picture_load_bytes (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "a",
                                                         NULL, max_side, FV_RESIZE_AREA, error);

  return picture != NULL;
}

/* EXIF that says orientation 6, as a segment of a JPEG. */
static const guint8 turned[] = "\xff\xe1\0\x22"
                               "Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0";

static void
test_jpeg (void)
{
  static const guint8 pixels[64 * 48 * 4];
  static const int formats[] = { TJPF_RGB, TJPF_CMYK };

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    {
      g_autoptr (GByteArray) jpeg = g_byte_array_new ();
      tjhandle tj = tjInitCompress ();
      guint8 *data = NULL;
      unsigned long size = 0;

      g_assert_cmpint (tjCompress2 (tj, pixels, 64, 0, 48, formats[i], &data, &size, TJSAMP_444, 80, 0), ==, 0);
      g_byte_array_append (jpeg, data, 2);
      g_byte_array_append (jpeg, turned, sizeof turned - 1);
      g_byte_array_append (jpeg, data + 2, size - 2);
      tjFree (data);
      tjDestroy (tj);
      g_autoptr (GBytes) bytes = g_bytes_new (jpeg->data, jpeg->len);
      /* As stored (and CMYK before it), upright, smaller. */
      fail_each (load_picture, bytes, 0, 2 + i);
      fail_each (load_picture, bytes, 40, 3 + i);
    }
}

static void
append (png_structp png, png_bytep data, size_t size)
{
  g_byte_array_append (png_get_io_ptr (png), data, size);
}

static void
test_png (void)
{
  for (guint interlaced = 0; interlaced < 2; interlaced++)
    {
      static guint8 pixels[48 * 64];
      g_autoptr (GByteArray) file = g_byte_array_new ();
      png_structp png = png_create_write_struct (PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
      png_infop info = png_create_info_struct (png);
      png_bytep rows[48];

      for (guint y = 0; y < 48; y++)
        rows[y] = pixels + 64 * y;
      png_set_write_fn (png, file, append, NULL);
      png_set_IHDR (png, info, 64, 48, 8, PNG_COLOR_TYPE_GRAY, interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                    PNG_COMPRESSION_TYPE_BASE, PNG_FILTER_TYPE_BASE);
      png_write_info (png, info);
      png_write_image (png, rows);
      png_write_end (png, info);
      png_destroy_write_struct (&png, &info);
      g_autoptr (GBytes) bytes = g_bytes_new (file->data, file->len);
      /* The picture, a row or all of them and where they are, smaller. */
      fail_each (load_picture, bytes, 40, 3 + interlaced);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/faults/input/memory/torch", test_torch);
  g_test_add_func ("/faults/input/memory/weights", test_weights);
  g_test_add_func ("/faults/input/memory/jpeg", test_jpeg);
  g_test_add_func ("/faults/input/memory/png", test_png);
  return g_test_run ();
}

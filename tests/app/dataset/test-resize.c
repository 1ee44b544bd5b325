/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Resizing against OpenCV 4.6's results, and the letterbox against v7.0's geometry and network inputs. */
#include "app/dataset/fv-letterbox.h"
#include "app/dataset/fv-picture-pool.h"
#include "app/exchange/fv-tensor-file.h"
#include "tests/fv-test-data.h"
#include "tests/reference/fv-reference-augment.h"

#include <math.h>

/* Bytes that a formula gives, so that OpenCV's answer to them fits into a hash: FNV-1a of the resized rows. */
static FvPicture *
formula (guint width, guint height)
{
  FvPicture *picture = fv_picture_new (width, height, NULL);
  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x++)
      for (guint c = 0; c < 3; c++)
        picture->rgb[y * picture->stride + 3 * x + c] = x * 37 + y * 101 + c * 59 + x * y % 97 * 3;
  return picture;
}

static guint32
hash (const FvPicture *picture)
{
  guint32 value = 2166136261u;
  for (guint y = 0; y < picture->height; y++)
    for (guint i = 0; i < 3 * picture->width; i++)
      value = (value ^ picture->rgb[y * picture->stride + i]) * 16777619u;
  return value;
}

static void
test_opencv (void)
{
  static const struct
  {
    guint from_width, from_height;
    FvResize how;
    guint width, height;
    guint32 hash;
  } cases[] = {
    { 61, 47, FV_RESIZE_LINEAR, 30, 23, 0x96c2c999 },  { 61, 47, FV_RESIZE_LINEAR, 40, 31, 0x8d847342 },
    { 61, 47, FV_RESIZE_LINEAR, 122, 94, 0x1acb3873 }, { 61, 47, FV_RESIZE_LINEAR, 100, 20, 0x56332746 },
    { 61, 47, FV_RESIZE_LINEAR, 17, 90, 0x698ffadb },  { 61, 47, FV_RESIZE_AREA, 30, 23, 0x5323a65e },
    { 61, 47, FV_RESIZE_AREA, 20, 15, 0x5d5964f3 },    { 61, 47, FV_RESIZE_AREA, 40, 31, 0x1359efac },
    { 61, 47, FV_RESIZE_AREA, 59, 46, 0x00b6a19e },    { 61, 47, FV_RESIZE_AREA, 61, 10, 0xad978cfe },
    { 61, 47, FV_RESIZE_AREA, 7, 47, 0xd0ac49aa },     { 60, 46, FV_RESIZE_LINEAR, 30, 23, 0xc507f9d6 },
    { 60, 46, FV_RESIZE_AREA, 30, 23, 0xc507f9d6 },    { 60, 46, FV_RESIZE_AREA, 20, 23, 0x679394f8 },
    { 60, 46, FV_RESIZE_AREA, 10, 2, 0x7c30708f },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (FvPicture) from = formula (cases[i].from_width, cases[i].from_height);
      g_autoptr (FvPicture) to = fv_picture_resize (from, cases[i].width, cases[i].height, cases[i].how, NULL);
      g_test_message ("case %u", i);
      g_assert_cmphex (hash (to), ==, cases[i].hash);
    }
}

static void
test_fit (void)
{
  static const guint cases[][5] = {
    /* width, height, imgsz -> width, height */
    { 810, 1080, 640, 480, 640 }, { 1280, 720, 640, 640, 360 }, { 640, 480, 320, 320, 240 },
    { 500, 333, 640, 640, 426 },  { 3000, 1, 640, 640, 1 },     { 640, 640, 640, 640, 640 },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint width, height;
      fv_picture_fit (cases[i][0], cases[i][1], cases[i][2], &width, &height);
      g_assert_cmpuint (width, ==, cases[i][3]);
      g_assert_cmpuint (height, ==, cases[i][4]);
    }
}

static void
test_geometry (void)
{
  static const struct
  {
    guint width, height, shape;
    FvLetterboxFlags flags;
    guint in_width, in_height, inner_width, inner_height;
    gint left, top;
  } cases[] = {
    { 810, 1080, 640, FV_LETTERBOX_AUTO | FV_LETTERBOX_SCALE_UP, 480, 640, 480, 640, 0, 0 },
    { 1280, 720, 640, FV_LETTERBOX_AUTO | FV_LETTERBOX_SCALE_UP, 640, 384, 640, 360, 0, 12 },
    { 640, 425, 640, 0, 640, 640, 640, 425, 0, 107 }, /* 215 rows of padding: 107 above, 108 below */
    { 100, 60, 640, 0, 640, 640, 100, 60, 270, 290 },
    { 100, 60, 640, FV_LETTERBOX_SCALE_UP, 640, 640, 640, 384, 0, 128 },
    { 3000, 2, 640, FV_LETTERBOX_AUTO, 640, 32, 640, 1, 0, 15 },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      FvLetterbox box;
      fv_letterbox_init (&box, cases[i].width, cases[i].height, cases[i].shape, cases[i].shape, cases[i].flags);
      g_test_message ("case %u", i);
      g_assert_cmpuint (box.width, ==, cases[i].in_width);
      g_assert_cmpuint (box.height, ==, cases[i].in_height);
      g_assert_cmpuint (box.inner_width, ==, cases[i].inner_width);
      g_assert_cmpuint (box.inner_height, ==, cases[i].inner_height);
      g_assert_cmpint (box.left, ==, cases[i].left);
      g_assert_cmpint (box.top, ==, cases[i].top);
      if (box.inner_height > 10)
        {
          double mapped[4],
              there[4] = { 0.1 * cases[i].width, 0.2 * cases[i].height, 0.7 * cases[i].width, 0.9 * cases[i].height };
          fv_letterbox_map (&box, there, mapped);
          float back[4] = { mapped[0], mapped[1], mapped[2], mapped[3] };
          fv_letterbox_unmap (&box, back);
          for (guint k = 0; k < 4; k++)
            g_assert_cmpfloat_with_epsilon (back[k], there[k], 2);
          float outside[4] = { -50, -50, 5000, 5000 };
          fv_letterbox_unmap (&box, outside);
          g_assert_cmpfloat (outside[0], ==, 0);
          g_assert_cmpfloat (outside[3], ==, cases[i].height);
        }
    }
}

static void
test_rect_shapes (void)
{
  guint width, height;
  fv_letterbox_rect_shape (1, 1, 640, 0.5, &width, &height);
  g_assert_cmpuint (width, ==, 672);
  g_assert_cmpuint (height, ==, 672);
  fv_letterbox_rect_shape (0.5, 0.75, 640, 0.5, &width, &height);
  g_assert_cmpuint (width, ==, 672);
  g_assert_cmpuint (height, ==, 512);
  fv_letterbox_rect_shape (1.25, 1.6, 640, 0.5, &width, &height);
  g_assert_cmpuint (width, ==, 544);
  g_assert_cmpuint (height, ==, 672);
}

/* A picture letterboxed for detection, compared with what v7.0 fed to its network. */
static void
compare_input (const char *picture_file, const char *tensor_file)
{
  g_autoptr (GError) error = NULL;
  const char *picture_path = fv_test_data (picture_file),
             *tensor_path = picture_path ? fv_test_data (tensor_file) : NULL;
  if (tensor_path == NULL)
    return;
  g_autoptr (FvPicture) picture = fv_picture_load (picture_path, NULL, 0, FV_RESIZE_LINEAR, &error);
  g_assert_no_error (error);
  g_autoptr (FvTensorFile) file = fv_tensor_file_open (tensor_path, &error);
  g_assert_no_error (error);
  const FvTensorView *input = fv_tensor_file_lookup (file, "input_u8");

  FvLetterbox box;
  FvAugmentSample sample;
  fv_letterbox_init (&box, picture->width, picture->height, 640, 640, FV_LETTERBOX_AUTO | FV_LETTERBOX_SCALE_UP);
  g_assert_cmpint (input->dims[input->n_dims - 2], ==, box.height);
  g_assert_cmpint (input->dims[input->n_dims - 1], ==, box.width);
  g_autoptr (FvPicture) inner = fv_letterbox_resize (&box, picture, &error);
  g_assert_no_error (error);
  fv_letterbox_sample (&box, 0, &sample);
  FvPixels pixels = { inner->rgb, inner->width, inner->height, inner->stride };
  g_autofree guint8 *rgb = g_malloc (box.width * box.height * 3);
  fv_reference_augment (&sample, &pixels, box.height, box.width, rgb);

  const guint8 *expected = input->data;
  gsize n = (gsize)box.width * box.height;
  double sum = 0;
  for (gsize i = 0; i < n; i++)
    for (guint c = 0; c < 3; c++)
      sum += abs (rgb[3 * i + c] - expected[c * n + i]);
  g_test_message ("mean difference %.4f levels", sum / n / 3);
  g_assert_cmpfloat (sum / n / 3, <, 0.1); /* another version of the JPEG decoder may round otherwise */
}

static void
test_bus (void)
{
  compare_input ("images/bus.jpg", "reference/forward_bus.safetensors");
}

static void
test_zidane (void)
{
  compare_input ("images/zidane.jpg", "reference/input_zidane.safetensors");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/resize/opencv", test_opencv);
  g_test_add_func ("/resize/fit", test_fit);
  g_test_add_func ("/letterbox/geometry", test_geometry);
  g_test_add_func ("/letterbox/rect", test_rect_shapes);
  g_test_add_func ("/letterbox/bus", test_bus);
  g_test_add_func ("/letterbox/zidane", test_zidane);
  return g_test_run ();
}

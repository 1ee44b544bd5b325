/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-estimate.h"
#include "compute/device/fv-device-private.h"
#include "tests/app/training/fv-test-runs.h"

#include <string.h>

/* A device with memory enough, but not in one piece, as many have: activations are made again, and then a batch goes through it in parts. Nothing is put on it. */

static void
init_estimate (FvEstimate *needs, FvDevice *device, FvDataset *dataset, guint micro_batch)
{
  g_autoptr (GError) error = NULL;
  FvYolov5Config config;
  FvRecipe recipe;

  fv_test_runs_init_recipe (&recipe, 1);
  recipe.batch = 8;
  recipe.imgsz = 192;
  fv_yolov5_config_init (&config, 'n', 3);
  g_assert_true (fv_estimate_init (needs, device, dataset, &recipe, &config, micro_batch, &error));
  g_assert_no_error (error);
}

static void
test_piece (void)
{
  g_autoptr (FvDevice) device = fv_device_open (&(FvDeviceParams){ 0 }, NULL);
  g_autoptr (FvDataset) dataset = fv_test_runs_make_dataset (8, 3);
  g_autoptr (GError) error = NULL;
  g_autofree char *piece = NULL;
  const guint64 unlimited = fv_device_get_largest_buffer_bytes (device);
  FvEstimate whole, tight, parts, half;
  FvRecipe recipe;

  fv_test_runs_init_recipe (&recipe, 1);
  init_estimate (&whole, device, dataset, 0);
  g_assert_true (whole.fits);
  g_assert_cmpuint (whole.micro_batch, ==, 8);
  g_assert_cmpuint (whole.aim_bytes, ==, 0);

  /* With what can be made again, as little as there can be. */
  device->largest_buffer_bytes = 1;
  init_estimate (&tight, device, dataset, 8);
  init_estimate (&half, device, dataset, 4);
  device->largest_buffer_bytes = unlimited;
  g_assert_cmpuint (tight.largest_bytes, <, whole.largest_bytes);
  g_assert_cmpuint (half.largest_bytes, <, tight.largest_bytes);
  device->largest_buffer_bytes = whole.largest_bytes - 1;
  init_estimate (&parts, device, dataset, 0);
  g_assert_true (parts.fits);
  g_assert_cmpuint (parts.micro_batch, ==, 8);
  g_assert_cmpuint (parts.aim_bytes, >, 0);
  g_assert_cmpuint (parts.largest_bytes, >, tight.largest_bytes);

  device->largest_buffer_bytes = half.largest_bytes;
  init_estimate (&parts, device, dataset, 0);
  g_assert_true (parts.fits);
  g_assert_cmpuint (parts.micro_batch, ==, 4);

  /* What is asked for all the same doesn't fit, and says why. */
  init_estimate (&whole, device, dataset, 8);
  g_assert_false (fv_estimate_check (&whole, device, &recipe, &error));
  g_assert_error (error, FV_DEVICE_ERROR, FV_DEVICE_ERROR_OUT_OF_MEMORY);
  piece = g_format_size_full (whole.largest_bytes, G_FORMAT_SIZE_IEC_UNITS);
  g_assert_nonnull (strstr (error->message, piece));
  g_assert_cmpuint (whole.device_bytes, <, whole.device_free_bytes);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/faults/device/piece", test_piece);
  return g_test_run ();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/device/fv-buffer.h"

#include <string.h>

static void
test_enumerate (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) devices = fv_device_enumerate (&error);

  g_assert_no_error (error);
  g_assert_cmpuint (devices->len, >, 0);
  for (guint i = 0; i < devices->len; i++)
    {
      const FvDeviceInfo *info = devices->pdata[i];

      g_assert_cmpuint (info->index, ==, i);
      g_assert_true (info->usable == (info->reason == NULL));
    }
}

static void
test_selector (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) devices = fv_device_enumerate (&error);
  const FvDeviceInfo *first = devices->pdata[0];
  g_autofree char *part = g_ascii_strup (first->name, 6);
  g_autoptr (FvDevice) by_name = NULL, none = NULL;

  by_name = fv_device_open (&(FvDeviceParams){ .selector = part }, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (fv_device_get_info (by_name)->name, ==, first->name);
  none = fv_device_open (&(FvDeviceParams){ .selector = "no such device" }, &error);
  g_assert_null (none);
  g_assert_error (error, FV_DEVICE_ERROR, FV_DEVICE_ERROR_NONE_FOUND);
  g_assert_nonnull (strstr (error->message, "no such device"));
}

/* What is counted goes up and down with buffers, and is zero at the start of each. */
static void
test_buffers (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDevice) device = fv_device_open (&(FvDeviceParams){ 0 }, &error);
  guint64 before, peak;
  guint8 bytes[100], back[100];

  g_assert_no_error (error);
  before = fv_device_get_allocated_bytes (device);
  for (FvMemory memory = FV_MEMORY_DEVICE; memory <= FV_MEMORY_READBACK; memory++)
    {
      g_autoptr (FvBuffer) buffer = fv_buffer_new (device, memory, 1 << 20, "test", &error);

      g_assert_no_error (error);
      g_assert_cmpuint (fv_device_get_allocated_bytes (device), ==, before + (1 << 20));
      fv_buffer_download (buffer, 4096, back, sizeof back, &error);
      memset (bytes, 0, sizeof bytes);
      g_assert_cmpmem (back, sizeof back, bytes, sizeof bytes);
      for (guint i = 0; i < sizeof bytes; i++)
        bytes[i] = i + memory;
      g_assert_true (fv_buffer_upload (buffer, 4096, bytes, sizeof bytes, &error));
      g_assert_true (fv_buffer_download (buffer, 4096, back, sizeof back, &error));
      g_assert_cmpmem (back, sizeof back, bytes, sizeof bytes);
    }
  peak = fv_device_get_peak_bytes (device);
  g_assert_cmpuint (fv_device_get_allocated_bytes (device), ==, before);
  g_assert_cmpuint (peak, ==, before + (1 << 20));
}

/* The message names what was wanted, what there is, and what to change. */
static void
test_out_of_memory (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDevice) device = fv_device_open (&(FvDeviceParams){ 0 }, &error);
  g_autoptr (FvBuffer) buffer = NULL;

  g_assert_no_error (error);
  if (g_getenv ("FOVEA_VALIDATION") != NULL)
    {
      g_test_skip ("asking for too much is a validation error");
      return;
    }
  buffer = fv_buffer_new (device, FV_MEMORY_DEVICE, 1ull << 46, "far too much", &error);
  g_assert_null (buffer);
  g_assert_error (error, FV_DEVICE_ERROR, FV_DEVICE_ERROR_OUT_OF_MEMORY);
  g_assert_nonnull (strstr (error->message, "far too much"));
  g_assert_nonnull (strstr (error->message, "smaller batch"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/device/enumerate", test_enumerate);
  g_test_add_func ("/device/selector", test_selector);
  g_test_add_func ("/device/buffers", test_buffers);
  g_test_add_func ("/device/out-of-memory", test_out_of_memory);
  return g_test_run ();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/faults/device/fv-fault-check.h"

#include "compute/device/fv-buffer.h"

/* Opening a device, and looking for devices: each call fails once, and once with all after it. */

static const FvVulkanFault faults[] = {
  { .calls = FV_CALLS_ALL, .result = VK_ERROR_OUT_OF_HOST_MEMORY },
  { .calls = FV_CALLS_ALL, .result = VK_ERROR_OUT_OF_DEVICE_MEMORY, .lasting = TRUE },
  { .calls = FV_CALL_CreateInstance | FV_CALL_EnumeratePhysicalDevices | FV_CALL_CreateDevice,
    .result = VK_ERROR_INITIALIZATION_FAILED },
};

static void
assert_nothing_left (void)
{
  g_autofree char *live = fv_failing_vulkan_get_live ();

  g_assert_cmpstr (live, ==, "");
}

static gboolean
open_device (GError **error)
{
  g_autoptr (FvDevice) device = fv_device_open (&(FvDeviceParams){ 0 }, error);

  return device != NULL;
}

static gboolean
look_for_devices (GError **error)
{
  g_autoptr (GPtrArray) devices = fv_device_enumerate (error);

  return devices != NULL && devices->len > 0;
}

/* The number of calls that it takes. */
static guint
fail_each (gboolean (*operation) (GError **error), FvVulkanFault fault)
{
  for (guint n = 1;; n++)
    {
      g_autoptr (GError) error = NULL;
      const char *failed;
      gboolean ok;

      fault.nth = n;
      fv_failing_vulkan_arm (&fault);
      ok = operation (&error);
      failed = fv_failing_vulkan_disarm ();
      assert_nothing_left ();
      g_test_message ("%u: %s: %s", n, failed != NULL ? failed : "nothing fails", ok ? "well" : error->message);
      if (ok)
        g_assert_no_error (error);
      else
        fv_fault_check_error (error, fault.result);
      if (failed == NULL)
        {
          g_assert_true (ok);
          return n - 1;
        }
      g_assert_true (!ok || fv_fault_has_detour (failed, fault.result));
    }
}

static void
test_each (gconstpointer data)
{
  gboolean (*operation) (GError * *error) = data;

  for (guint card = 0; card < 2; card++)
    {
      fv_failing_vulkan_set_card (card);
      for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
        g_assert_cmpuint (fail_each (operation, faults[i]), >=, 3);
    }
  fv_failing_vulkan_set_card (FALSE);
}

/* Without a driver there are no devices, which is no failure, but none can be opened. */
static void
test_no_driver (void)
{
  const FvVulkanFault fault = { .calls = FV_CALL_CreateInstance, .nth = 1, .result = VK_ERROR_INCOMPATIBLE_DRIVER };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) devices = NULL;
  g_autoptr (FvDevice) device = NULL;

  fv_failing_vulkan_arm (&fault);
  devices = fv_device_enumerate (&error);
  g_assert_no_error (error);
  g_assert_cmpuint (devices->len, ==, 0);
  fv_failing_vulkan_arm (&fault);
  device = fv_device_open (&(FvDeviceParams){ 0 }, &error);
  g_assert_null (device);
  g_assert_error (error, FV_DEVICE_ERROR, FV_DEVICE_ERROR_NONE_FOUND);
  fv_failing_vulkan_disarm ();
  assert_nothing_left ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  fv_failing_vulkan_install ();
  g_test_add_data_func ("/faults/device/open", open_device, test_each);
  g_test_add_data_func ("/faults/device/enumerate", look_for_devices, test_each);
  g_test_add_func ("/faults/device/no-driver", test_no_driver);
  return g_test_run ();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/faults/device/fv-fault-check.h"

#include <string.h>

static gboolean
is_out_of_memory (VkResult result)
{
  return result == VK_ERROR_OUT_OF_DEVICE_MEMORY || result == VK_ERROR_OUT_OF_HOST_MEMORY;
}

void
fv_fault_check_error (const GError *error, VkResult result)
{
  const FvDeviceError code = is_out_of_memory (result)        ? FV_DEVICE_ERROR_OUT_OF_MEMORY
                             : result == VK_ERROR_DEVICE_LOST ? FV_DEVICE_ERROR_LOST
                                                              : FV_DEVICE_ERROR_FAILED;

  g_assert_error (error, FV_DEVICE_ERROR, (int)code);
  g_assert_true (g_unichar_isupper (g_utf8_get_char (error->message)));
  g_assert_true (g_str_has_suffix (error->message, "."));
  g_assert_null (strstr (error->message, "(null)"));
  /* What to do. */
  if (code == FV_DEVICE_ERROR_OUT_OF_MEMORY)
    g_assert_true (strstr (error->message, "smaller batch") != NULL
                   || strstr (error->message, "End other programs") != NULL);
  if (code == FV_DEVICE_ERROR_LOST)
    g_assert_nonnull (strstr (error->message, "last checkpoint"));
}

gboolean
fv_fault_has_detour (const char *call, VkResult result)
{
  /* What an extension would tell is guessed; of two kinds of memory one has some left; an idle device has ended all its work; who asks how
   * far the work is asks again, times are left out, and a device that is closed has nothing to wait for. */
  static const char *const calls[]
      = { "EnumerateDeviceExtensionProperties", "GetSemaphoreCounterValue", "GetQueryPoolResults", "DeviceWaitIdle" };
  static const char *const memory_calls[] = { "AllocateMemory", "WaitSemaphores" };

  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    if (g_str_equal (call, calls[i]))
      return result != VK_ERROR_DEVICE_LOST;
  for (guint i = 0; i < G_N_ELEMENTS (memory_calls); i++)
    if (g_str_equal (call, memory_calls[i]))
      return is_out_of_memory (result);
  return FALSE;
}

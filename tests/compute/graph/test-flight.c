/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a step asks of the driver: two batches in flight, nothing made or allocated, and no waiting for the batch in hand. */
#include "compute/device/fv-device-private.h"
#include "tests/compute/graph/fv-test-training.h"

#include <string.h>

static FvVulkan driver;
static guint64 submitted; /* the timeline's value when all is done */
/* The calls: S submits, w waits for what is not the last that was submitted, W waits for that, A makes or allocates something. */
static GString *calls;

static VKAPI_ATTR VkResult VKAPI_CALL
watched_QueueSubmit2 (VkQueue queue, guint32 n, const VkSubmitInfo2 *infos, VkFence fence)
{
  g_string_append_c (calls, 'S');
  submitted = infos[n - 1].pSignalSemaphoreInfos[0].value;
  return driver.QueueSubmit2 (queue, n, infos, fence);
}

static VKAPI_ATTR VkResult VKAPI_CALL
watched_WaitSemaphores (VkDevice device, const VkSemaphoreWaitInfo *info, guint64 timeout)
{
  g_string_append_c (calls, info->pValues[0] < submitted ? 'w' : 'W');
  return driver.WaitSemaphores (device, info, timeout);
}

static VKAPI_ATTR VkResult VKAPI_CALL
watched_DeviceWaitIdle (VkDevice device)
{
  g_string_append_c (calls, 'W');
  return driver.DeviceWaitIdle (device);
}

static VKAPI_ATTR VkResult VKAPI_CALL
watched_AllocateMemory (VkDevice device, const VkMemoryAllocateInfo *info, const VkAllocationCallbacks *callbacks,
                        VkDeviceMemory *memory)
{
  g_string_append_c (calls, 'A');
  return driver.AllocateMemory (device, info, callbacks, memory);
}

static VKAPI_ATTR VkResult VKAPI_CALL
watched_AllocateCommandBuffers (VkDevice device, const VkCommandBufferAllocateInfo *info, VkCommandBuffer *commands)
{
  g_string_append_c (calls, 'A');
  return driver.AllocateCommandBuffers (device, info, commands);
}

static VKAPI_ATTR VkResult VKAPI_CALL
watched_CreateComputePipelines (VkDevice device, VkPipelineCache cache, guint32 n,
                                const VkComputePipelineCreateInfo *infos, const VkAllocationCallbacks *callbacks,
                                VkPipeline *pipelines)
{
  /* In threads. */
  static GMutex mutex;

  g_mutex_lock (&mutex);
  g_string_append_c (calls, 'A');
  g_mutex_unlock (&mutex);
  return driver.CreateComputePipelines (device, cache, n, infos, callbacks, pipelines);
}

static void
test_steps (void)
{
  const FvTestTraining training = { .n_steps = 7 };
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDevice) device = fv_device_open (&(FvDeviceParams){ 0 }, &error);
  g_autoptr (GByteArray) bits = NULL;

  g_assert_no_error (error);
  calls = g_string_new (NULL);
  driver = fv_vulkan;
  fv_vulkan.QueueSubmit2 = watched_QueueSubmit2;
  fv_vulkan.WaitSemaphores = watched_WaitSemaphores;
  fv_vulkan.DeviceWaitIdle = watched_DeviceWaitIdle;
  fv_vulkan.AllocateMemory = watched_AllocateMemory;
  fv_vulkan.AllocateCommandBuffers = watched_AllocateCommandBuffers;
  fv_vulkan.CreateComputePipelines = watched_CreateComputePipelines;
  bits = fv_test_train (device, &training, &error);
  fv_vulkan = driver;
  g_assert_no_error (error);
  g_test_message ("%s", calls->str);
  /* Five steps of two batches and an update: each submission waits for what was two before it. */
  g_assert_nonnull (strstr (calls->str, "wSwSwSwSwSwSwSwSwSwSwSwSwSwSwS"));
  g_string_free (calls, TRUE);
}

int
main (int argc, char **argv)
{
  fv_device_prepare_environment ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/flight/steps", test_steps);
  return g_test_run ();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A device that looks as graphics cards do: memory of its own that the host can't write to, and a queue for copies. Batches go through that queue,
 * and what a training comes to is the same to the bit. Behind it all is the one queue and the one memory of the device that there is.
 */
#include "compute/device/fv-device-private.h"
#include "tests/compute/graph/fv-test-training.h"

#include <string.h>

#define TRANSFER_FAMILY 1

static FvVulkan driver;
static VkQueue the_queue;
/* Stands for the transfer queue. */
static int other;
#define OTHER_QUEUE ((VkQueue)&other)
static guint n_transfers, n_waiting, n_shared;
static guint64 signalled;

static VKAPI_ATTR void VKAPI_CALL
card_GetPhysicalDeviceQueueFamilyProperties (VkPhysicalDevice physical, guint32 *n, VkQueueFamilyProperties *families)
{
  const guint32 room = *n;

  *n = 1;
  if (families != NULL)
    driver.GetPhysicalDeviceQueueFamilyProperties (physical, n, families);
  if (families != NULL && room > TRANSFER_FAMILY)
    families[TRANSFER_FAMILY] = (VkQueueFamilyProperties){ .queueFlags = VK_QUEUE_TRANSFER_BIT, .queueCount = 1 };
  *n = TRANSFER_FAMILY + 1;
}

static VKAPI_ATTR void VKAPI_CALL
card_GetPhysicalDeviceMemoryProperties (VkPhysicalDevice physical, VkPhysicalDeviceMemoryProperties *memory)
{
  driver.GetPhysicalDeviceMemoryProperties (physical, memory);
  memory->memoryTypeCount = 2;
  memory->memoryTypes[0].propertyFlags = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
  memory->memoryTypes[1]
      = (VkMemoryType){ .propertyFlags = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT
                                         | VK_MEMORY_PROPERTY_HOST_CACHED_BIT };
}

static VKAPI_ATTR void VKAPI_CALL
card_GetBufferMemoryRequirements (VkDevice device, VkBuffer buffer, VkMemoryRequirements *requirements)
{
  driver.GetBufferMemoryRequirements (device, buffer, requirements);
  requirements->memoryTypeBits = 3;
}

static VKAPI_ATTR VkResult VKAPI_CALL
card_AllocateMemory (VkDevice device, const VkMemoryAllocateInfo *info, const VkAllocationCallbacks *callbacks,
                     VkDeviceMemory *memory)
{
  VkMemoryAllocateInfo real = *info;

  real.memoryTypeIndex = 0;
  return driver.AllocateMemory (device, &real, callbacks, memory);
}

static VKAPI_ATTR VkResult VKAPI_CALL
card_CreateDevice (VkPhysicalDevice physical, const VkDeviceCreateInfo *info, const VkAllocationCallbacks *callbacks,
                   VkDevice *device)
{
  VkDeviceCreateInfo real = *info;

  g_assert_cmpuint (info->queueCreateInfoCount, ==, 2);
  g_assert_cmpuint (info->pQueueCreateInfos[1].queueFamilyIndex, ==, TRANSFER_FAMILY);
  real.queueCreateInfoCount = 1;
  return driver.CreateDevice (physical, &real, callbacks, device);
}

static VKAPI_ATTR void VKAPI_CALL
card_GetDeviceQueue (VkDevice device, guint32 family, guint32 index, VkQueue *queue)
{
  if (family == TRANSFER_FAMILY)
    {
      *queue = OTHER_QUEUE;
      return;
    }
  driver.GetDeviceQueue (device, family, index, queue);
  the_queue = *queue;
}

static VKAPI_ATTR VkResult VKAPI_CALL
card_CreateCommandPool (VkDevice device, const VkCommandPoolCreateInfo *info, const VkAllocationCallbacks *callbacks,
                        VkCommandPool *pool)
{
  VkCommandPoolCreateInfo real = *info;

  real.queueFamilyIndex = 0;
  return driver.CreateCommandPool (device, &real, callbacks, pool);
}

static VKAPI_ATTR VkResult VKAPI_CALL
card_CreateBuffer (VkDevice device, const VkBufferCreateInfo *info, const VkAllocationCallbacks *callbacks,
                   VkBuffer *buffer)
{
  VkBufferCreateInfo real = *info;

  n_shared += info->sharingMode == VK_SHARING_MODE_CONCURRENT && info->queueFamilyIndexCount == 2
              && info->pQueueFamilyIndices[0] == 0 && info->pQueueFamilyIndices[1] == TRANSFER_FAMILY;
  real.sharingMode = VK_SHARING_MODE_EXCLUSIVE;
  real.queueFamilyIndexCount = 0;
  return driver.CreateBuffer (device, &real, callbacks, buffer);
}

static VKAPI_ATTR VkResult VKAPI_CALL
card_QueueSubmit2 (VkQueue queue, guint32 n, const VkSubmitInfo2 *infos, VkFence fence)
{
  if (queue == OTHER_QUEUE)
    {
      n_transfers++;
      signalled = infos[0].pSignalSemaphoreInfos[0].value;
      g_assert_cmpuint (infos[0].waitSemaphoreInfoCount, ==, 0);
    }
  else if (signalled > 0)
    {
      g_assert_cmpuint (infos[0].waitSemaphoreInfoCount, ==, 1);
      g_assert_cmpuint (infos[0].pWaitSemaphoreInfos[0].value, ==, signalled);
      n_waiting++;
    }
  return driver.QueueSubmit2 (the_queue, n, infos, fence);
}

static void
show_card (void)
{
  driver = fv_vulkan;
  fv_vulkan.GetPhysicalDeviceQueueFamilyProperties = card_GetPhysicalDeviceQueueFamilyProperties;
  fv_vulkan.GetPhysicalDeviceMemoryProperties = card_GetPhysicalDeviceMemoryProperties;
  fv_vulkan.GetBufferMemoryRequirements = card_GetBufferMemoryRequirements;
  fv_vulkan.AllocateMemory = card_AllocateMemory;
  fv_vulkan.CreateDevice = card_CreateDevice;
  fv_vulkan.GetDeviceQueue = card_GetDeviceQueue;
  fv_vulkan.CreateCommandPool = card_CreateCommandPool;
  fv_vulkan.CreateBuffer = card_CreateBuffer;
  fv_vulkan.QueueSubmit2 = card_QueueSubmit2;
}

/* (transfer full): the bits of a training, then of a validation. */
static GByteArray *
run (void)
{
  const FvTestTraining training = { .n_steps = 3 };
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDevice) device = fv_device_open (&(FvDeviceParams){ 0 }, &error);
  g_autoptr (GByteArray) rows = NULL;
  GByteArray *bits;

  g_assert_no_error (error);
  bits = fv_test_train (device, &training, &error);
  g_assert_no_error (error);
  rows = fv_test_predict (device, &error);
  g_assert_no_error (error);
  g_byte_array_append (bits, rows->data, rows->len);
  return bits;
}

static void
test_card (void)
{
  g_autoptr (GByteArray) expected = run ();
  g_autoptr (GByteArray) bits = NULL;

  show_card ();
  bits = run ();
  fv_vulkan = driver;
  g_assert_cmpmem (bits->data, bits->len, expected->data, expected->len);
  /* Five batches and one of validation; each of the two slots has a buffer, and so has validation. */
  g_assert_cmpuint (n_transfers, ==, 6);
  g_assert_cmpuint (n_shared, ==, 3);
  g_assert_cmpuint (n_waiting, >=, 6);
}

int
main (int argc, char **argv)
{
  fv_device_prepare_environment ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/transfer/card", test_card);
  return g_test_run ();
}

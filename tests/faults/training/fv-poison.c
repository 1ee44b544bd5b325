/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/faults/training/fv-poison.h"

#include "tests/compute/fv-full-barrier.h"

#define NOT_A_NUMBER 0x7fc00000u

typedef struct
{
  VkBuffer buffer;
  VkDeviceSize size;
} Made;

static FvVulkan driver;
static VkDevice device;
static VkQueue queue;
static guint32 family;
static GArray *made; /* of Made, in the order of being made */

static VKAPI_ATTR void VKAPI_CALL
noting_GetDeviceQueue (VkDevice self, uint32_t queue_family, uint32_t index, VkQueue *out)
{
  driver.GetDeviceQueue (self, queue_family, index, out);
  device = self;
  family = queue_family;
  queue = *out;
}

static VKAPI_ATTR VkResult VKAPI_CALL
noting_CreateBuffer (VkDevice self, const VkBufferCreateInfo *info, const VkAllocationCallbacks *callbacks,
                     VkBuffer *buffer)
{
  const VkResult result = driver.CreateBuffer (self, info, callbacks, buffer);

  if (result == VK_SUCCESS)
    g_array_append_val (made, ((Made){ *buffer, info->size }));
  return result;
}

void
fv_poison_install (void)
{
  driver = fv_vulkan;
  made = g_array_new (FALSE, FALSE, sizeof (Made));
  fv_vulkan.GetDeviceQueue = noting_GetDeviceQueue;
  fv_vulkan.CreateBuffer = noting_CreateBuffer;
}

static const Made *
get_made (guint index)
{
  return &g_array_index (made, Made, index);
}

/*
 * A model makes four buffers at once: weights, statistics, EMA and EMA's statistics. Its trainer's gradients and momentum are the next
 * two of the weights' size.
 */
static const Made *
find_buffer (FvModelBuffer buffer, guint n_classes)
{
  FvYolov5Config config;
  g_autoptr (FvLayout) layout = NULL;
  VkDeviceSize parameters, statistics;
  guint first;

  fv_yolov5_config_init (&config, 'n', n_classes);
  layout = fv_yolov5_layout_new (&config);
  parameters = fv_layout_get_parameter_floats (layout) * sizeof (float);
  statistics = fv_layout_get_statistics_floats (layout) * sizeof (float);
  g_assert_cmpuint (made->len, >=, 4);
  for (first = made->len - 4; get_made (first + 1)->size != statistics || get_made (first + 3)->size != statistics;
       first--)
    g_assert_cmpuint (first, >, 0);
  if (buffer == FV_BUFFER_WEIGHTS || buffer == FV_BUFFER_EMA)
    return get_made (buffer == FV_BUFFER_WEIGHTS ? first : first + 2);
  for (guint i = first + 4, rank = buffer == FV_BUFFER_GRADIENTS ? 0 : 1; i < made->len; i++)
    if (get_made (i)->size == parameters && rank-- == 0)
      return get_made (i);
  g_assert_not_reached ();
}

static void
record_fill (VkCommandBuffer commands, const Made *target)
{
  fv_test_put_full_barrier (&driver, commands);
  driver.CmdFillBuffer (commands, target->buffer, 0, 4, NOT_A_NUMBER);
  driver.CmdFillBuffer (commands, target->buffer, target->size - 4, 4, NOT_A_NUMBER);
  fv_test_put_full_barrier (&driver, commands);
}

void
fv_poison (FvModelBuffer buffer, guint n_classes)
{
  const VkCommandPoolCreateInfo pool_info
      = { .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO, .queueFamilyIndex = family };
  const VkCommandBufferBeginInfo begin
      = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO, .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT };
  VkCommandBufferAllocateInfo info
      = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO, .commandBufferCount = 1 };
  VkCommandBufferSubmitInfo commands = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_SUBMIT_INFO };
  const VkSubmitInfo2 submit
      = { .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO_2, .commandBufferInfoCount = 1, .pCommandBufferInfos = &commands };

  g_assert_cmpint (driver.CreateCommandPool (device, &pool_info, NULL, &info.commandPool), ==, VK_SUCCESS);
  g_assert_cmpint (driver.AllocateCommandBuffers (device, &info, &commands.commandBuffer), ==, VK_SUCCESS);
  g_assert_cmpint (driver.BeginCommandBuffer (commands.commandBuffer, &begin), ==, VK_SUCCESS);
  record_fill (commands.commandBuffer, find_buffer (buffer, n_classes));
  g_assert_cmpint (driver.EndCommandBuffer (commands.commandBuffer), ==, VK_SUCCESS);
  g_assert_cmpint (driver.QueueSubmit2 (queue, 1, &submit, VK_NULL_HANDLE), ==, VK_SUCCESS);
  g_assert_cmpint (driver.DeviceWaitIdle (device), ==, VK_SUCCESS);
  driver.DestroyCommandPool (device, info.commandPool, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/device/fv-transfer.h"

#include "compute/device/fv-device-private.h"

/* The queue that copies beside the one that computes, with a timeline of its own. */

gboolean
fv_device_can_transfer (FvDevice *self)
{
  return self->transfer_queue != VK_NULL_HANDLE;
}

static gboolean
wait_for (FvDevice *device, guint64 ticket, GError **error)
{
  const VkSemaphoreWaitInfo info = {
    .sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
    .semaphoreCount = 1,
    .pSemaphores = &device->transfers,
    .pValues = &ticket,
  };

  return fv_device_check (device, fv_vulkan.WaitSemaphores (device->device, &info, G_MAXUINT64), "finish its work",
                          error);
}

static gboolean
submit (FvDevice *device, FvTransfer *self, GError **error)
{
  const VkSemaphoreSubmitInfo signal = {
    .sType = VK_STRUCTURE_TYPE_SEMAPHORE_SUBMIT_INFO,
    .semaphore = device->transfers,
    .value = device->last_transfer + 1,
    .stageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT,
  };
  const VkCommandBufferSubmitInfo buffer
      = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_SUBMIT_INFO, .commandBuffer = self->commands };
  const VkSubmitInfo2 info = {
    .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO_2,
    .commandBufferInfoCount = 1,
    .pCommandBufferInfos = &buffer,
    .signalSemaphoreInfoCount = 1,
    .pSignalSemaphoreInfos = &signal,
  };

  if (!fv_device_check (device, fv_vulkan.QueueSubmit2 (device->transfer_queue, 1, &info, VK_NULL_HANDLE), "start work",
                        error))
    return FALSE;
  self->ticket = ++device->last_transfer;
  return TRUE;
}

gboolean
fv_transfer_start (FvTransfer *self, const FvBuffer *from, const FvBuffer *to, VkDeviceSize size, GError **error)
{
  FvDevice *device = from->device;
  const VkCommandBufferAllocateInfo allocate_info = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
    .commandPool = device->transfer_pool,
    .commandBufferCount = 1,
  };
  const VkCommandBufferBeginInfo begin_info = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
    .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
  };

  if (self->commands == VK_NULL_HANDLE
      && !fv_device_check (device, fv_vulkan.AllocateCommandBuffers (device->device, &allocate_info, &self->commands),
                           "make a command buffer", error))
    {
      self->commands = VK_NULL_HANDLE;
      return FALSE;
    }
  if (!fv_device_check (device, fv_vulkan.BeginCommandBuffer (self->commands, &begin_info), "record commands", error))
    return FALSE;
  fv_vulkan.CmdCopyBuffer (self->commands, from->buffer, to->buffer, 1, &(VkBufferCopy){ .size = size });
  return fv_device_check (device, fv_vulkan.EndCommandBuffer (self->commands), "record commands", error)
         && submit (device, self, error);
}

gboolean
fv_transfer_wait (FvTransfer *self, FvDevice *device, GError **error)
{
  return self->ticket == 0 || wait_for (device, self->ticket, error);
}

void
fv_transfer_clear (FvTransfer *self, FvDevice *device)
{
  if (self->commands == VK_NULL_HANDLE)
    return;
  if (!device->lost)
    fv_transfer_wait (self, device, NULL);
  fv_vulkan.FreeCommandBuffers (device->device, device->transfer_pool, 1, &self->commands);
  *self = (FvTransfer){ 0 };
}

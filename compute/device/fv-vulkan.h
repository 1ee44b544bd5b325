/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <vulkan/vulkan.h>

/*
 * Every Vulkan call of Fovea goes through this table, so that tests can put functions of their own in between: calls that fail, that are
 * counted, that are written down. It starts as the loader's functions; nothing but tests changes it, while no device is open or no other
 * thread calls.
 */

#define FV_VULKAN_CALLS(X) \
  X (AllocateCommandBuffers) X (AllocateMemory) X (BeginCommandBuffer) X (BindBufferMemory) \
  X (CmdBindPipeline) X (CmdCopyBuffer) X (CmdDispatch) X (CmdDispatchBase) X (CmdFillBuffer) X (CmdPipelineBarrier2) \
  X (CmdPushConstants) X (CmdResetQueryPool) X (CmdWriteTimestamp2) X (CreateBuffer) X (CreateCommandPool) \
  X (CreateComputePipelines) X (CreateDevice) X (CreateInstance) X (CreatePipelineCache) \
  X (CreatePipelineLayout) X (CreateQueryPool) X (CreateSemaphore) X (CreateShaderModule) X (DestroyBuffer) \
  X (DestroyCommandPool) X (DestroyDevice) X (DestroyInstance) X (DestroyPipeline) X (DestroyPipelineCache) \
  X (DestroyPipelineLayout) X (DestroyQueryPool) X (DestroySemaphore) X (DestroyShaderModule) \
  X (DeviceWaitIdle) X (EndCommandBuffer) X (EnumerateDeviceExtensionProperties) \
  X (EnumerateInstanceLayerProperties) X (EnumeratePhysicalDevices) X (FreeCommandBuffers) X (FreeMemory) \
  X (GetBufferDeviceAddress) X (GetBufferMemoryRequirements) X (GetDeviceQueue) X (GetInstanceProcAddr) \
  X (GetPhysicalDeviceFeatures2) X (GetPhysicalDeviceMemoryProperties) X (GetPhysicalDeviceMemoryProperties2) \
  X (GetPhysicalDeviceProperties) X (GetPhysicalDeviceProperties2) X (GetPhysicalDeviceQueueFamilyProperties) \
  X (GetQueryPoolResults) X (GetSemaphoreCounterValue) X (MapMemory) X (QueueSubmit2) X (WaitSemaphores)

#define FV_VULKAN_MEMBER(name) PFN_vk##name name;

typedef struct {
  FV_VULKAN_CALLS (FV_VULKAN_MEMBER)
} FvVulkan;

extern FvVulkan fv_vulkan;

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/device/fv-vulkan.h"

#include <glib.h>

G_BEGIN_DECLS

/*
 * Vulkan that fails where it is told to, and counts what was made and not destroyed:
 *
 *   fv_failing_vulkan_install ();     // in main(), before any device is opened
 *   fv_failing_vulkan_arm (&(FvVulkanFault) { .calls = FV_CALLS_ALL, .nth = 7, .result = VK_ERROR_OUT_OF_DEVICE_MEMORY });
 *   ok = do_it (&error);
 *   failed = fv_failing_vulkan_disarm ();
 *
 * A call that fails does not reach the driver. For one device at a time. Pipelines are really made once a device and then handed out again,
 * since making one takes tens of milliseconds.
 */

/* Those that may fail for want of memory, or because the device is lost, while all else is right. */
#define FV_FAILING_CALLS(X) \
  X (AllocateCommandBuffers) X (AllocateMemory) X (BeginCommandBuffer) X (BindBufferMemory) X (CreateBuffer) \
  X (CreateCommandPool) X (CreateComputePipelines) X (CreateDevice) X (CreateInstance) X (CreatePipelineCache) \
  X (CreatePipelineLayout) X (CreateQueryPool) X (CreateSemaphore) X (CreateShaderModule) X (DeviceWaitIdle) \
  X (EndCommandBuffer) X (EnumerateDeviceExtensionProperties) \
  X (EnumeratePhysicalDevices) X (GetQueryPoolResults) X (GetSemaphoreCounterValue) X (MapMemory) X (QueueSubmit2) \
  X (WaitSemaphores)

#define FV_FAILING_INDEX(name) FV_CALL_INDEX_##name,
#define FV_FAILING_BIT(name)   FV_CALL_##name = 1u << FV_CALL_INDEX_##name,

enum { FV_FAILING_CALLS (FV_FAILING_INDEX) FV_N_CALLS };

typedef enum { FV_FAILING_CALLS (FV_FAILING_BIT) } FvVulkanCalls;

#define FV_CALLS_ALL ((1u << FV_N_CALLS) - 1)
/* Those that may say that the device is lost; all of them do from then on, until it is destroyed or fv_failing_vulkan_disarm(). */
#define FV_CALLS_LOSING \
  (FV_CALL_QueueSubmit2 | FV_CALL_WaitSemaphores | FV_CALL_GetSemaphoreCounterValue | FV_CALL_GetQueryPoolResults | \
   FV_CALL_DeviceWaitIdle)

typedef struct {
  guint calls;         /* FvVulkanCalls: those that are counted */
  guint nth;           /* from 1: the one that fails; 0 = none, they are only counted */
  gboolean lasting;    /* and all after it */
  VkResult result;     /* what it returns */
} FvVulkanFault;

void        fv_failing_vulkan_install  (void);
void        fv_failing_vulkan_arm      (const FvVulkanFault *fault);
/* (nullable): the name of the call that failed first since it was armed; NULL = there were fewer. */
const char *fv_failing_vulkan_disarm   (void);
/* Calls that were counted since it was armed, and the name of one of them, from 1. */
guint       fv_failing_vulkan_count    (void);
const char *fv_failing_vulkan_get_call (guint nth);

/* (transfer full): what is there, "3 buffers, 3 pieces of memory"; "" where nothing is. */
char       *fv_failing_vulkan_get_live (void);
/* Bytes of device memory that are there. */
guint64     fv_failing_vulkan_get_bytes (void);

/* From now on memory looks as on a graphics card: of the device alone, a little that both see, and the computer's. Before a device is opened. */
void        fv_failing_vulkan_set_card (gboolean card);
/* What VK_EXT_memory_budget says is free, where a device asks; G_MAXUINT64 = what the driver says. */
void        fv_failing_vulkan_set_free_bytes (guint64 bytes);

G_END_DECLS

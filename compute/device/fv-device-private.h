/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/device/fv-buffer.h"
#include "compute/device/fv-vulkan.h"

G_BEGIN_DECLS

struct _FvDevice
{
  gatomicrefcount refs;
  FvDeviceInfo *info;
  FvDeviceLimits limits;
  gboolean subgroup_size_control;  /* a kernel may require the size */
  gboolean pipeline_timestamps;
  double timestamp_seconds;        /* seconds of one tick */

  VkInstance instance;
  VkDebugUtilsMessengerEXT messenger;
  VkPhysicalDevice physical;
  VkDevice device;
  VkQueue queue;
  guint32 queue_family;
  VkQueue transfer_queue;          /* null where there is none beside the other */
  guint32 transfer_family;
  VkCommandPool transfer_pool;
  VkPhysicalDeviceMemoryProperties memory;
  VkPipelineLayout pipeline_layout;
  VkPipelineCache pipeline_cache;
  VkCommandPool command_pool;
  PFN_vkSetDebugUtilsObjectNameEXT set_name;

  VkSemaphore timeline;
  guint64 last_ticket;             /* last value that a submission signals */
  VkSemaphore transfers;           /* the transfer queue's timeline */
  guint64 last_transfer;
  gboolean lost;
  double submission_seconds;       /* longest estimated time of one submission; 0: no bound */
  double slowness;                 /* how many times longer than by the rates of its kind things take, at least 1 */

  GHashTable *pipelines;           /* key string -> VkPipeline */
  gpointer choices;                /* see fv_device_set_choices() */
  GDestroyNotify free_choices;
  GPtrArray *fresh;                /* of FvFreshPipeline */
  gboolean compiles_late;          /* the driver compiles a pipeline at its first dispatch, see fv_device_compile_pipelines() */
  FvBuffer *pages;                 /* zero page, then dump page */
  guint64 allocated_bytes, peak_bytes;
  guint64 largest_buffer_bytes;
  gboolean memory_budget;          /* the driver knows what other programs use */
};

#define FV_PAGE_BYTES 65536

/* FALSE and @error when @result is an error; notes a lost device. @what completes "could not ...". */
gboolean fv_device_check (FvDevice *self, VkResult result, const char *what, GError **error);
void     fv_device_name_object (FvDevice *self, VkObjectType type, guint64 handle, const char *name);
/*
 * Submits @commands one after the other, each a submission of its own to the device: all of them or, with an error, none. @ticket receives the
 * value of the timeline that the last one signals.
 */
gboolean fv_device_submit (FvDevice *self, const VkCommandBuffer *commands, guint n, guint64 *ticket, GError **error);

/* One pipeline as it is looked up. */
typedef struct {
  const char *kernel;
  const guint32 *spec;
  guint n_spec;
  guint subgroup_size;
} FvPipelineKey;

/* One that was made since fv_device_compile_pipelines(). */
typedef struct {
  FvPipelineKey key;               /* its numbers are @spec */
  double seconds;                  /* that making it took */
  guint32 spec[];
} FvFreshPipeline;

/* Makes those of @keys that are missing, on as many threads as there are processors. */
gboolean   fv_device_make_pipelines (FvDevice *self, const FvPipelineKey *keys, guint n_keys, GError **error);
/* VK_NULL_HANDLE when fv_device_make_pipelines() has not made it. */
VkPipeline fv_device_get_pipeline (FvDevice *self, const FvPipelineKey *key);

G_END_DECLS

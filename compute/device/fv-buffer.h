/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/device/fv-device.h"

G_BEGIN_DECLS

/* Device memory, reached by shaders through its address. */

typedef enum {
  FV_MEMORY_DEVICE,    /* fastest for shaders; mapped only where that costs nothing */
  FV_MEMORY_UPLOAD,    /* mapped, written by the host, read by shaders */
  FV_MEMORY_READBACK,  /* mapped and cached, written by shaders, read by the host */
  FV_MEMORY_COPIED,    /* as FV_MEMORY_DEVICE; what transfers write, see fv-transfer.h */
} FvMemory;

typedef struct {
  FvDevice *device;
  VkBuffer buffer;
  VkDeviceMemory memory;
  VkDeviceAddress address;
  VkDeviceSize size;
  void *map;           /* NULL where not mapped */
  gboolean is_local;   /* the device's own memory */
  char *name;
} FvBuffer;

/* A piece of device memory as dispatches read and write it. */
typedef struct {
  VkDeviceAddress address;
  VkDeviceSize size;   /* bytes */
} FvRange;

/* Zeroed. FV_MEMORY_DEVICE and FV_MEMORY_COPIED come in words of 4 bytes. @name appears in debuggers and in the message of an out-of-memory error. */
FvBuffer *fv_buffer_new      (FvDevice *device, FvMemory memory, VkDeviceSize size, const char *name, GError **error);
void      fv_buffer_free     (FvBuffer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvBuffer, fv_buffer_free)

/* Copies through staging memory where the buffer is not mapped; waits for the device. Offsets and sizes in bytes. */
gboolean  fv_buffer_upload   (FvBuffer *self, VkDeviceSize offset, const void *data, VkDeviceSize size, GError **error);
gboolean  fv_buffer_download (FvBuffer *self, VkDeviceSize offset, void *data, VkDeviceSize size, GError **error);
FvRange   fv_buffer_range    (const FvBuffer *self, VkDeviceSize offset, VkDeviceSize size);

G_END_DECLS

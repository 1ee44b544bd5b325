/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/device/fv-device-private.h"
#include "compute/graph/fv-recorder.h"

#include <string.h>

/* In order of preference. */
static const VkMemoryPropertyFlags preferences[][2] = {
  [FV_MEMORY_DEVICE] = {
    VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT,
    0,
  },
  [FV_MEMORY_COPIED] = {
    VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT,
    0,
  },
  [FV_MEMORY_UPLOAD] = {
    VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT | VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
    VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
  },
  [FV_MEMORY_READBACK] = {
    VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT | VK_MEMORY_PROPERTY_HOST_CACHED_BIT,
    VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
  },
};

/* The first type that has all of @flags, or G_MAXUINT32. */
static guint32
find_memory_type (FvDevice *device, VkMemoryPropertyFlags flags, guint32 allowed)
{
  for (guint32 i = 0; i < device->memory.memoryTypeCount; i++)
    if ((allowed & (1u << i)) && (device->memory.memoryTypes[i].propertyFlags & flags) == flags)
      return i;
  return G_MAXUINT32;
}

static void
set_out_of_memory (FvDevice *device, const char *name, VkDeviceSize size, GError **error)
{
  g_autofree char *needed = g_format_size_full (size, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *largest = g_format_size_full (device->largest_buffer_bytes, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *used = g_format_size_full (device->allocated_bytes, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *available = g_format_size_full (fv_device_get_available_bytes (device), G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *total = g_format_size_full (device->info->memory_bytes, G_FORMAT_SIZE_IEC_UNITS);

  if (size > device->largest_buffer_bytes)
    g_set_error (error, FV_DEVICE_ERROR, FV_DEVICE_ERROR_OUT_OF_MEMORY,
                 "The device “%s” gives at most %s in one piece, and %s were needed for “%s”. Choose a smaller batch, "
                 "smaller pictures or a smaller model.",
                 device->info->name, largest, needed, name);
  else
    g_set_error (error, FV_DEVICE_ERROR, FV_DEVICE_ERROR_OUT_OF_MEMORY,
                 "The device “%s” has too little memory: %s more were needed for “%s”, and %s of its %s are said to be "
                 "free (Fovea holds %s). Choose a smaller batch, smaller pictures or a smaller model, or end other "
                 "programs that use the device.",
                 device->info->name, needed, name, available, total, used);
}

static gboolean
is_out_of_memory (VkResult result)
{
  return result == VK_ERROR_OUT_OF_DEVICE_MEMORY || result == VK_ERROR_OUT_OF_HOST_MEMORY;
}

/* Memory for the buffer, from the first kind that has some left: what is both local and mapped is often scarce. */
static VkResult
allocate (FvBuffer *self, FvMemory memory, VkMemoryPropertyFlags *properties)
{
  FvDevice *device = self->device;
  const VkMemoryAllocateFlagsInfo flags = {
    .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO,
    .flags = VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT,
  };
  VkMemoryAllocateInfo info = { .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, .pNext = &flags };
  VkMemoryRequirements requirements;
  VkResult result = VK_ERROR_OUT_OF_DEVICE_MEMORY;

  fv_vulkan.GetBufferMemoryRequirements (device->device, self->buffer, &requirements);
  info.allocationSize = requirements.size;
  for (guint i = 0; i < G_N_ELEMENTS (preferences[memory]) && is_out_of_memory (result); i++)
    {
      info.memoryTypeIndex = find_memory_type (device, preferences[memory][i], requirements.memoryTypeBits);
      if (info.memoryTypeIndex == G_MAXUINT32)
        continue;
      /* Not twice. */
      requirements.memoryTypeBits &= ~(1u << info.memoryTypeIndex);
      *properties = device->memory.memoryTypes[info.memoryTypeIndex].propertyFlags;
      result = fv_vulkan.AllocateMemory (device->device, &info, NULL, &self->memory);
    }
  return result;
}

static gboolean
fill_with_zeros (FvBuffer *self, GError **error)
{
  g_autoptr (FvRecorder) recorder = NULL;
  g_autoptr (FvRecording) recording = NULL;
  guint64 ticket;

  if (self->map != NULL)
    {
      memset (self->map, 0, self->size);
      return TRUE;
    }
  recorder = fv_recorder_new (self->device);
  fv_recorder_fill (recorder, self, 0, self->size, 0);
  recording = fv_recorder_finish (&recorder, FALSE, error);
  return recording != NULL && fv_recording_submit (recording, &ticket, error)
         && fv_device_wait (self->device, ticket, error);
}

FvBuffer *
fv_buffer_new (FvDevice *device, FvMemory memory, VkDeviceSize size, const char *name, GError **error)
{
  const VkMemoryPropertyFlags mappable = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  g_autoptr (FvBuffer) self = g_new0 (FvBuffer, 1);
  const guint32 families[] = { device->queue_family, device->transfer_family };
  const gboolean concurrent = memory == FV_MEMORY_COPIED && device->transfer_queue != VK_NULL_HANDLE;
  const VkBufferCreateInfo buffer_info = {
    .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
    .size = MAX (size, 4),
    .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT
             | VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT,
    .sharingMode = concurrent ? VK_SHARING_MODE_CONCURRENT : VK_SHARING_MODE_EXCLUSIVE,
    .queueFamilyIndexCount = concurrent ? G_N_ELEMENTS (families) : 0,
    .pQueueFamilyIndices = families,
  };
  VkMemoryPropertyFlags properties = 0;
  VkResult result;

  g_return_val_if_fail ((memory != FV_MEMORY_DEVICE && memory != FV_MEMORY_COPIED) || size % 4 == 0, NULL);
  self->device = fv_device_ref (device);
  self->size = buffer_info.size;
  self->name = g_strdup (name);
  /* More must not even be asked for. */
  result = size > device->largest_buffer_bytes
               ? VK_ERROR_OUT_OF_DEVICE_MEMORY
               : fv_vulkan.CreateBuffer (device->device, &buffer_info, NULL, &self->buffer);
  if (result == VK_SUCCESS)
    result = allocate (self, memory, &properties);
  if (is_out_of_memory (result))
    {
      set_out_of_memory (device, name, size, error);
      return NULL;
    }
  if (!fv_device_check (device, result, "allocate memory", error)
      || !fv_device_check (device, fv_vulkan.BindBufferMemory (device->device, self->buffer, self->memory, 0),
                           "bind memory", error))
    return NULL;
  self->is_local = (properties & VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT) != 0;
  if ((properties & mappable) == mappable
      && !fv_device_check (device, fv_vulkan.MapMemory (device->device, self->memory, 0, VK_WHOLE_SIZE, 0, &self->map),
                           "map memory", error))
    return NULL;
  self->address = fv_vulkan.GetBufferDeviceAddress (
      device->device,
      &(VkBufferDeviceAddressInfo){ .sType = VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO, .buffer = self->buffer });
  fv_device_name_object (device, VK_OBJECT_TYPE_BUFFER, (guint64)self->buffer, name);
  device->allocated_bytes += self->size;
  device->peak_bytes = MAX (device->peak_bytes, device->allocated_bytes);
  if (!fill_with_zeros (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
fv_buffer_free (FvBuffer *self)
{
  FvDevice *device;

  if (self == NULL)
    return;
  device = self->device;
  /* What has an address has been counted. */
  if (self->address != 0)
    device->allocated_bytes -= self->size;
  if (self->buffer != VK_NULL_HANDLE)
    fv_vulkan.DestroyBuffer (device->device, self->buffer, NULL);
  if (self->memory != VK_NULL_HANDLE)
    fv_vulkan.FreeMemory (device->device, self->memory, NULL);
  g_free (self->name);
  g_free (self);
  fv_device_unref (device);
}

static gboolean
transfer (FvBuffer *self, VkDeviceSize offset, void *host, VkDeviceSize size, gboolean upload, GError **error)
{
  g_autoptr (FvBuffer) staging = NULL;
  g_autoptr (FvRecorder) recorder = NULL;
  g_autoptr (FvRecording) recording = NULL;
  guint64 ticket;

  g_return_val_if_fail (offset + size <= self->size, FALSE);
  if (!fv_device_wait (self->device, self->device->last_ticket, error))
    return FALSE;
  if (self->map != NULL)
    {
      if (upload)
        memcpy ((char *)self->map + offset, host, size);
      else
        memcpy (host, (char *)self->map + offset, size);
      return TRUE;
    }
  staging = fv_buffer_new (self->device, upload ? FV_MEMORY_UPLOAD : FV_MEMORY_READBACK, size, "staging", error);
  if (staging == NULL)
    return FALSE;
  recorder = fv_recorder_new (self->device);
  if (upload)
    {
      memcpy (staging->map, host, size);
      fv_recorder_copy (recorder, staging, 0, self, offset, size);
    }
  else
    fv_recorder_copy (recorder, self, offset, staging, 0, size);
  recording = fv_recorder_finish (&recorder, FALSE, error);
  if (recording == NULL || !fv_recording_submit (recording, &ticket, error)
      || !fv_device_wait (self->device, ticket, error))
    return FALSE;
  if (!upload)
    memcpy (host, staging->map, size);
  return TRUE;
}

gboolean
fv_buffer_upload (FvBuffer *self, VkDeviceSize offset, const void *data, VkDeviceSize size, GError **error)
{
  return transfer (self, offset, (void *)data, size, TRUE, error);
}

gboolean
fv_buffer_download (FvBuffer *self, VkDeviceSize offset, void *data, VkDeviceSize size, GError **error)
{
  return transfer (self, offset, data, size, FALSE, error);
}

FvRange
fv_buffer_range (const FvBuffer *self, VkDeviceSize offset, VkDeviceSize size)
{
  g_return_val_if_fail (offset + size <= self->size, ((FvRange){ 0, 0 }));
  return (FvRange){ self->address + offset, size };
}

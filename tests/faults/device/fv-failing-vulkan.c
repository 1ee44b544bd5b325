/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/faults/device/fv-failing-vulkan.h"

#include <string.h>

typedef enum
{
  KIND_INSTANCE,
  KIND_DEVICE,
  KIND_BUFFER,
  KIND_MEMORY,
  KIND_SHADER_MODULE,
  KIND_PIPELINE,
  KIND_PIPELINE_LAYOUT,
  KIND_PIPELINE_CACHE,
  KIND_COMMAND_POOL,
  KIND_COMMAND_BUFFER,
  KIND_QUERY_POOL,
  KIND_SEMAPHORE,
  N_KINDS,
} Kind;

static const char *const kind_names[N_KINDS] = {
  "instances",        "devices",         "buffers",       "pieces of memory", "shader modules", "pipelines",
  "pipeline layouts", "pipeline caches", "command pools", "command buffers",  "query pools",    "semaphores",
};

#define CALL_NAME(name) #name,
static const char *const call_names[] = { FV_FAILING_CALLS (CALL_NAME) };

/* One device at a time, but several threads. */
static GMutex mutex;
static FvVulkan driver;
static FvVulkanFault fault;
static GArray *counted; /* of guint: indices of the calls since it was armed */
static const char *first_failed;
static gboolean lost;
static gboolean card;
static guint64 free_bytes = G_MAXUINT64;
static VkDevice device;
static GHashTable *live[N_KINDS]; /* handle -> size of memory */
static GHashTable *checksums;     /* shader module -> checksum of its code */
static GHashTable *kept;          /* description -> pipeline */

/* Faults */

static VkResult
count_call (guint index)
{
  const guint call = 1u << index;
  VkResult result = VK_SUCCESS;

  g_mutex_lock (&mutex);
  if (fault.calls & call)
    {
      g_array_append_val (counted, index);
      if (fault.nth > 0 && (counted->len == fault.nth || (fault.lasting && counted->len > fault.nth)))
        result = fault.result;
    }
  if (lost && (call & FV_CALLS_LOSING))
    result = VK_ERROR_DEVICE_LOST;
  lost = lost || result == VK_ERROR_DEVICE_LOST;
  /* Nothing runs on a lost device, and what nobody can wait for must not be freed while it runs. */
  if (result != VK_SUCCESS && (lost || fault.lasting) && device != VK_NULL_HANDLE)
    driver.DeviceWaitIdle (device);
  if (result != VK_SUCCESS && first_failed == NULL)
    first_failed = call_names[index];
  g_mutex_unlock (&mutex);
  return result;
}

void
fv_failing_vulkan_arm (const FvVulkanFault *what)
{
  g_mutex_lock (&mutex);
  fault = *what;
  g_array_set_size (counted, 0);
  first_failed = NULL;
  g_mutex_unlock (&mutex);
}

const char *
fv_failing_vulkan_disarm (void)
{
  const char *failed;

  g_mutex_lock (&mutex);
  failed = first_failed;
  fault = (FvVulkanFault){ 0 };
  lost = FALSE;
  g_mutex_unlock (&mutex);
  return failed;
}

guint
fv_failing_vulkan_count (void)
{
  guint n;

  g_mutex_lock (&mutex);
  n = counted->len;
  g_mutex_unlock (&mutex);
  return n;
}

const char *
fv_failing_vulkan_get_call (guint nth)
{
  const char *name;

  g_mutex_lock (&mutex);
  name = call_names[g_array_index (counted, guint, nth - 1)];
  g_mutex_unlock (&mutex);
  return name;
}

/* What is there */

static void
note_made (Kind kind, gpointer handle, guint64 size)
{
  g_mutex_lock (&mutex);
  g_assert_false (g_hash_table_contains (live[kind], handle));
  g_hash_table_insert (live[kind], handle, GSIZE_TO_POINTER (size));
  g_mutex_unlock (&mutex);
}

/* FALSE: there is nothing to destroy. */
static gboolean
note_gone (Kind kind, gpointer handle)
{
  if (handle == NULL)
    return FALSE;
  g_mutex_lock (&mutex);
  g_assert_true (g_hash_table_remove (live[kind], handle));
  g_mutex_unlock (&mutex);
  return TRUE;
}

char *
fv_failing_vulkan_get_live (void)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_mutex_lock (&mutex);
  for (Kind kind = 0; kind < N_KINDS; kind++)
    if (g_hash_table_size (live[kind]) > 0)
      g_string_append_printf (text, "%s%u %s", text->len > 0 ? ", " : "", g_hash_table_size (live[kind]),
                              kind_names[kind]);
  g_mutex_unlock (&mutex);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

guint64
fv_failing_vulkan_get_bytes (void)
{
  GHashTableIter iter;
  gpointer size;
  guint64 bytes = 0;

  g_mutex_lock (&mutex);
  g_hash_table_iter_init (&iter, live[KIND_MEMORY]);
  while (g_hash_table_iter_next (&iter, NULL, &size))
    bytes += GPOINTER_TO_SIZE (size);
  g_mutex_unlock (&mutex);
  return bytes;
}

/* Calls that only fail */

#define FAILING(name, parameters, arguments)                                                                           \
  static VKAPI_ATTR VkResult VKAPI_CALL failing_##name parameters                                                      \
  {                                                                                                                    \
    const VkResult result = count_call (FV_CALL_INDEX_##name);                                                         \
                                                                                                                       \
    return result != VK_SUCCESS ? result : driver.name arguments;                                                      \
  }

#define FAILING_CALLS(X)                                                                                               \
  X (BeginCommandBuffer, (VkCommandBuffer commands, const VkCommandBufferBeginInfo *info), (commands, info))           \
  X (EndCommandBuffer, (VkCommandBuffer commands), (commands))                                                         \
  X (BindBufferMemory, (VkDevice self, VkBuffer buffer, VkDeviceMemory memory, VkDeviceSize offset),                   \
     (self, buffer, memory, offset))                                                                                   \
  X (DeviceWaitIdle, (VkDevice self), (self))                                                                          \
  X (EnumerateDeviceExtensionProperties,                                                                               \
     (VkPhysicalDevice physical, const char *layer, uint32_t *n, VkExtensionProperties *list),                         \
     (physical, layer, n, list))                                                                                       \
  X (EnumeratePhysicalDevices, (VkInstance instance, uint32_t * n, VkPhysicalDevice * list), (instance, n, list))      \
  X (GetQueryPoolResults,                                                                                              \
     (VkDevice self, VkQueryPool pool, uint32_t first, uint32_t n, size_t size, void *data, VkDeviceSize stride,       \
      VkQueryResultFlags flags),                                                                                       \
     (self, pool, first, n, size, data, stride, flags))                                                                \
  X (GetSemaphoreCounterValue, (VkDevice self, VkSemaphore semaphore, uint64_t * value), (self, semaphore, value))     \
  X (MapMemory,                                                                                                        \
     (VkDevice self, VkDeviceMemory memory, VkDeviceSize offset, VkDeviceSize size, VkMemoryMapFlags flags,            \
      void **map),                                                                                                     \
     (self, memory, offset, size, flags, map))                                                                         \
  X (QueueSubmit2, (VkQueue queue, uint32_t n, const VkSubmitInfo2 *infos, VkFence fence), (queue, n, infos, fence))   \
  X (WaitSemaphores, (VkDevice self, const VkSemaphoreWaitInfo *info, uint64_t timeout), (self, info, timeout))

FAILING_CALLS (FAILING)

/* Calls that make something */

#define CREATING(name, kind, owner, info_type, handle_type)                                                            \
  static VKAPI_ATTR VkResult VKAPI_CALL failing_##name (owner parent, const info_type *info,                           \
                                                        const VkAllocationCallbacks *callbacks, handle_type *made)     \
  {                                                                                                                    \
    VkResult result = count_call (FV_CALL_INDEX_##name);                                                               \
                                                                                                                       \
    if (result == VK_SUCCESS)                                                                                          \
      result = driver.name (parent, info, callbacks, made);                                                            \
    if (result == VK_SUCCESS)                                                                                          \
      note_made (kind, *made, 0);                                                                                      \
    return result;                                                                                                     \
  }

#define DESTROYING(name, kind, handle_type)                                                                            \
  static VKAPI_ATTR void VKAPI_CALL failing_##name (VkDevice self, handle_type handle,                                 \
                                                    const VkAllocationCallbacks *callbacks)                            \
  {                                                                                                                    \
    if (note_gone (kind, handle))                                                                                      \
      driver.name (self, handle, callbacks);                                                                           \
  }

#define CREATING_CALLS(X)                                                                                              \
  X (CreateBuffer, KIND_BUFFER, VkDevice, VkBufferCreateInfo, VkBuffer)                                                \
  X (CreateCommandPool, KIND_COMMAND_POOL, VkDevice, VkCommandPoolCreateInfo, VkCommandPool)                           \
  X (CreatePipelineCache, KIND_PIPELINE_CACHE, VkDevice, VkPipelineCacheCreateInfo, VkPipelineCache)                   \
  X (CreatePipelineLayout, KIND_PIPELINE_LAYOUT, VkDevice, VkPipelineLayoutCreateInfo, VkPipelineLayout)               \
  X (CreateQueryPool, KIND_QUERY_POOL, VkDevice, VkQueryPoolCreateInfo, VkQueryPool)                                   \
  X (CreateSemaphore, KIND_SEMAPHORE, VkDevice, VkSemaphoreCreateInfo, VkSemaphore)

#define DESTROYING_CALLS(X)                                                                                            \
  X (DestroyBuffer, KIND_BUFFER, VkBuffer)                                                                             \
  X (DestroyCommandPool, KIND_COMMAND_POOL, VkCommandPool)                                                             \
  X (DestroyPipelineCache, KIND_PIPELINE_CACHE, VkPipelineCache)                                                       \
  X (DestroyPipelineLayout, KIND_PIPELINE_LAYOUT, VkPipelineLayout)                                                    \
  X (DestroyQueryPool, KIND_QUERY_POOL, VkQueryPool)                                                                   \
  X (DestroySemaphore, KIND_SEMAPHORE, VkSemaphore)                                                                    \
  X (FreeMemory, KIND_MEMORY, VkDeviceMemory)

CREATING_CALLS (CREATING)
DESTROYING_CALLS (DESTROYING)

static VKAPI_ATTR VkResult VKAPI_CALL
failing_CreateInstance (const VkInstanceCreateInfo *info, const VkAllocationCallbacks *callbacks, VkInstance *made)
{
  VkResult result = count_call (FV_CALL_INDEX_CreateInstance);

  if (result == VK_SUCCESS)
    result = driver.CreateInstance (info, callbacks, made);
  if (result == VK_SUCCESS)
    note_made (KIND_INSTANCE, *made, 0);
  return result;
}

static VKAPI_ATTR void VKAPI_CALL
failing_DestroyInstance (VkInstance handle, const VkAllocationCallbacks *callbacks)
{
  if (note_gone (KIND_INSTANCE, handle))
    driver.DestroyInstance (handle, callbacks);
}

static VKAPI_ATTR VkResult VKAPI_CALL
failing_CreateDevice (VkPhysicalDevice physical, const VkDeviceCreateInfo *info, const VkAllocationCallbacks *callbacks,
                      VkDevice *made)
{
  VkResult result = count_call (FV_CALL_INDEX_CreateDevice);

  if (result == VK_SUCCESS)
    result = driver.CreateDevice (physical, info, callbacks, made);
  if (result == VK_SUCCESS)
    {
      note_made (KIND_DEVICE, *made, 0);
      device = *made;
    }
  return result;
}

static VKAPI_ATTR void VKAPI_CALL
failing_DestroyDevice (VkDevice handle, const VkAllocationCallbacks *callbacks)
{
  GHashTableIter iter;
  gpointer pipeline;

  if (!note_gone (KIND_DEVICE, handle))
    return;
  g_hash_table_iter_init (&iter, kept);
  while (g_hash_table_iter_next (&iter, NULL, &pipeline))
    driver.DestroyPipeline (handle, pipeline, NULL);
  g_hash_table_remove_all (kept);
  driver.DestroyDevice (handle, callbacks);
  device = VK_NULL_HANDLE;
  lost = FALSE;
}

static VKAPI_ATTR VkResult VKAPI_CALL
failing_AllocateCommandBuffers (VkDevice self, const VkCommandBufferAllocateInfo *info, VkCommandBuffer *made)
{
  VkResult result = count_call (FV_CALL_INDEX_AllocateCommandBuffers);

  if (result == VK_SUCCESS)
    result = driver.AllocateCommandBuffers (self, info, made);
  for (guint i = 0; result == VK_SUCCESS && i < info->commandBufferCount; i++)
    note_made (KIND_COMMAND_BUFFER, made[i], 0);
  return result;
}

static VKAPI_ATTR void VKAPI_CALL
failing_FreeCommandBuffers (VkDevice self, VkCommandPool pool, uint32_t n, const VkCommandBuffer *handles)
{
  for (guint i = 0; i < n; i++)
    note_gone (KIND_COMMAND_BUFFER, handles[i]);
  driver.FreeCommandBuffers (self, pool, n, handles);
}

/* Pipelines */

static VKAPI_ATTR VkResult VKAPI_CALL
failing_CreateShaderModule (VkDevice self, const VkShaderModuleCreateInfo *info, const VkAllocationCallbacks *callbacks,
                            VkShaderModule *made)
{
  VkResult result = count_call (FV_CALL_INDEX_CreateShaderModule);

  if (result == VK_SUCCESS)
    result = driver.CreateShaderModule (self, info, callbacks, made);
  if (result != VK_SUCCESS)
    return result;
  note_made (KIND_SHADER_MODULE, *made, 0);
  g_mutex_lock (&mutex);
  g_hash_table_insert (checksums, *made,
                       g_compute_checksum_for_data (G_CHECKSUM_MD5, (const guchar *)info->pCode, info->codeSize));
  g_mutex_unlock (&mutex);
  return result;
}

static VKAPI_ATTR void VKAPI_CALL
failing_DestroyShaderModule (VkDevice self, VkShaderModule handle, const VkAllocationCallbacks *callbacks)
{
  if (!note_gone (KIND_SHADER_MODULE, handle))
    return;
  g_mutex_lock (&mutex);
  g_hash_table_remove (checksums, handle);
  g_mutex_unlock (&mutex);
  driver.DestroyShaderModule (self, handle, callbacks);
}

/* (transfer full): the same for pipelines that can stand for each other. */
static char *
describe_pipeline (const VkComputePipelineCreateInfo *info)
{
  const VkPipelineShaderStageRequiredSubgroupSizeCreateInfo *subgroup = info->stage.pNext;
  const VkSpecializationInfo *spec = info->stage.pSpecializationInfo;
  g_autofree char *numbers = g_compute_checksum_for_data (G_CHECKSUM_MD5, spec->pData, spec->dataSize);
  char *text;

  g_mutex_lock (&mutex);
  text = g_strdup_printf ("%s %s %u", (const char *)g_hash_table_lookup (checksums, info->stage.module), numbers,
                          subgroup != NULL ? subgroup->requiredSubgroupSize : 0);
  g_mutex_unlock (&mutex);
  return text;
}

static VKAPI_ATTR VkResult VKAPI_CALL
failing_CreateComputePipelines (VkDevice self, VkPipelineCache cache, uint32_t n,
                                const VkComputePipelineCreateInfo *infos, const VkAllocationCallbacks *callbacks,
                                VkPipeline *made)
{
  g_autofree char *text = NULL;
  VkResult result = count_call (FV_CALL_INDEX_CreateComputePipelines);

  *made = VK_NULL_HANDLE;
  if (result != VK_SUCCESS)
    return result;
  g_assert_cmpuint (n, ==, 1);
  text = describe_pipeline (infos);
  g_mutex_lock (&mutex);
  *made = g_hash_table_lookup (kept, text);
  g_mutex_unlock (&mutex);
  if (*made == VK_NULL_HANDLE)
    {
      result = driver.CreateComputePipelines (self, cache, n, infos, callbacks, made);
      if (result != VK_SUCCESS)
        return result;
      g_mutex_lock (&mutex);
      g_hash_table_insert (kept, g_steal_pointer (&text), *made);
      g_mutex_unlock (&mutex);
    }
  note_made (KIND_PIPELINE, *made, 0);
  return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL
failing_DestroyPipeline (VkDevice self, VkPipeline handle, const VkAllocationCallbacks *callbacks)
{
  note_gone (KIND_PIPELINE, handle);
}

/* Memory */

enum
{
  CARD_DEVICE,
  CARD_BOTH,
  CARD_HOST,
  N_CARD_TYPES,
};

void
fv_failing_vulkan_set_card (gboolean on)
{
  card = on;
}

void
fv_failing_vulkan_set_free_bytes (guint64 bytes)
{
  free_bytes = bytes;
}

/* What the driver has is one kind of memory that everybody sees, as lavapipe's. */
static void
show_card (VkPhysicalDeviceMemoryProperties *memory)
{
  const VkMemoryPropertyFlags visible = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  const VkDeviceSize size = memory->memoryHeaps[0].size;

  g_assert_cmpuint (memory->memoryTypes[0].propertyFlags & visible, ==, visible);
  *memory = (VkPhysicalDeviceMemoryProperties){
    .memoryTypeCount = N_CARD_TYPES,
    .memoryTypes = {
      [CARD_DEVICE] = { VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0 },
      [CARD_BOTH] = { VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT | visible, 1 },
      [CARD_HOST] = { visible | VK_MEMORY_PROPERTY_HOST_CACHED_BIT, 2 },
    },
    .memoryHeapCount = 3,
    .memoryHeaps = { { size, VK_MEMORY_HEAP_DEVICE_LOCAL_BIT }, { 256 << 20, VK_MEMORY_HEAP_DEVICE_LOCAL_BIT }, { size, 0 } },
  };
}

static VKAPI_ATTR void VKAPI_CALL
failing_GetPhysicalDeviceMemoryProperties (VkPhysicalDevice physical, VkPhysicalDeviceMemoryProperties *memory)
{
  driver.GetPhysicalDeviceMemoryProperties (physical, memory);
  if (card)
    show_card (memory);
}

static VKAPI_ATTR void VKAPI_CALL
failing_GetPhysicalDeviceMemoryProperties2 (VkPhysicalDevice physical, VkPhysicalDeviceMemoryProperties2 *memory)
{
  VkPhysicalDeviceMemoryBudgetPropertiesEXT *budget = memory->pNext;

  driver.GetPhysicalDeviceMemoryProperties2 (physical, memory);
  if (card)
    show_card (&memory->memoryProperties);
  if (free_bytes == G_MAXUINT64 || budget == NULL)
    return;
  budget->heapUsage[0] = fv_failing_vulkan_get_bytes ();
  budget->heapBudget[0] = budget->heapUsage[0] + free_bytes;
}

static VKAPI_ATTR void VKAPI_CALL
failing_GetBufferMemoryRequirements (VkDevice self, VkBuffer buffer, VkMemoryRequirements *requirements)
{
  driver.GetBufferMemoryRequirements (self, buffer, requirements);
  if (card)
    requirements->memoryTypeBits = (1u << N_CARD_TYPES) - 1;
}

static VKAPI_ATTR VkResult VKAPI_CALL
failing_AllocateMemory (VkDevice self, const VkMemoryAllocateInfo *info, const VkAllocationCallbacks *callbacks,
                        VkDeviceMemory *made)
{
  VkMemoryAllocateInfo real = *info;
  VkResult result = count_call (FV_CALL_INDEX_AllocateMemory);

  if (card)
    real.memoryTypeIndex = 0;
  if (result == VK_SUCCESS)
    result = driver.AllocateMemory (self, &real, callbacks, made);
  if (result == VK_SUCCESS)
    note_made (KIND_MEMORY, *made, info->allocationSize);
  return result;
}

void
fv_failing_vulkan_install (void)
{
#define INSTALL(name, ...) fv_vulkan.name = failing_##name;
  driver = fv_vulkan;
  for (Kind kind = 0; kind < N_KINDS; kind++)
    live[kind] = g_hash_table_new (NULL, NULL);
  counted = g_array_new (FALSE, FALSE, sizeof (guint));
  checksums = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  kept = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  FV_FAILING_CALLS (INSTALL)
  DESTROYING_CALLS (INSTALL)
  INSTALL (DestroyDevice)
  INSTALL (DestroyInstance)
  INSTALL (DestroyPipeline)
  INSTALL (DestroyShaderModule)
  INSTALL (FreeCommandBuffers)
  INSTALL (GetBufferMemoryRequirements)
  INSTALL (GetPhysicalDeviceMemoryProperties)
  INSTALL (GetPhysicalDeviceMemoryProperties2)
#undef INSTALL
}

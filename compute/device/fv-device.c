/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/device/fv-device-private.h"
#include "compute/device/fv-matrix.h"
#include "compute/graph/fv-recorder.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_SUBMISSION_SECONDS 0.2

G_DEFINE_QUARK (fv_device_error, fv_device_error)

void
fv_device_info_free (FvDeviceInfo *info)
{
  if (info == NULL)
    return;
  g_free (info->name);
  g_free (info->type);
  g_free (info->driver);
  g_free (info->api_version);
  g_free (info->reason);
  g_free (info);
}

gboolean
fv_device_check (FvDevice *self, VkResult result, const char *what, GError **error)
{
  if (result >= 0)
    return TRUE;
  switch (result)
    {
    case VK_ERROR_DEVICE_LOST:
      /* What was under way may touch memory that is about to be freed; on a lost device nobody waits long. */
      if (!self->lost && self->device != VK_NULL_HANDLE)
        fv_vulkan.DeviceWaitIdle (self->device);
      self->lost = TRUE;
      g_set_error (error, FV_DEVICE_ERROR, FV_DEVICE_ERROR_LOST,
                   "The device “%s” was lost (the driver reset it) while Fovea tried to %s. Start again; "
                   "a run goes on from its last checkpoint.",
                   self->info->name, what);
      break;
    case VK_ERROR_OUT_OF_HOST_MEMORY:
    case VK_ERROR_OUT_OF_DEVICE_MEMORY:
      g_set_error (
          error, FV_DEVICE_ERROR, FV_DEVICE_ERROR_OUT_OF_MEMORY,
          "The device “%s” has no memory left to %s. Try a smaller batch, smaller pictures or a smaller model.",
          self->info->name, what);
      break;
    default:
      g_set_error (error, FV_DEVICE_ERROR, FV_DEVICE_ERROR_FAILED, "The device “%s” could not %s (Vulkan error %d).",
                   self->info->name, what, result);
    }
  return FALSE;
}

/* Instance */

static VKAPI_ATTR VkBool32 VKAPI_CALL
on_validation_message (VkDebugUtilsMessageSeverityFlagBitsEXT severity, VkDebugUtilsMessageTypeFlagsEXT types,
                       const VkDebugUtilsMessengerCallbackDataEXT *data, void *user_data)
{
  g_warning ("Vulkan validation: %s", data->pMessage);
  return VK_FALSE;
}

static gboolean
has_layer (const char *name)
{
  guint32 n = 0;
  g_autofree VkLayerProperties *layers = NULL;

  fv_vulkan.EnumerateInstanceLayerProperties (&n, NULL);
  layers = g_new0 (VkLayerProperties, n + 1);
  fv_vulkan.EnumerateInstanceLayerProperties (&n, layers);
  for (guint32 i = 0; i < n; i++)
    if (strcmp (layers[i].layerName, name) == 0)
      return TRUE;
  return FALSE;
}

/* Where there is no device yet that could be named. */
static gboolean
check_search (VkResult result, GError **error)
{
  switch (result)
    {
    case VK_SUCCESS:
    case VK_INCOMPLETE:
      return TRUE;
    case VK_ERROR_OUT_OF_HOST_MEMORY:
    case VK_ERROR_OUT_OF_DEVICE_MEMORY:
      g_set_error (error, FV_DEVICE_ERROR, FV_DEVICE_ERROR_OUT_OF_MEMORY,
                   "There is no memory left to look for Vulkan devices. End other programs and try again.");
      return FALSE;
    case VK_ERROR_INCOMPATIBLE_DRIVER:
      g_set_error (error, FV_DEVICE_ERROR, FV_DEVICE_ERROR_NONE_FOUND,
                   "No Vulkan driver was found. Install the driver of your graphics card, or Mesa's software driver "
                   "(on Debian: mesa-vulkan-drivers).");
      return FALSE;
    default:
      g_set_error (error, FV_DEVICE_ERROR, FV_DEVICE_ERROR_FAILED,
                   "A Vulkan driver is there, but could not start (Vulkan error %d). Install it anew or update it.",
                   result);
      return FALSE;
    }
}

static VkInstance
create_instance (gboolean validation, VkDebugUtilsMessengerEXT *messenger, GError **error)
{
  static const char *const layer = "VK_LAYER_KHRONOS_validation";
  static const char *const debug_utils = VK_EXT_DEBUG_UTILS_EXTENSION_NAME;
  const VkValidationFeatureEnableEXT synchronization = VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT;
  VkValidationFeaturesEXT features = {
    .sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT,
    .enabledValidationFeatureCount = 1,
    .pEnabledValidationFeatures = &synchronization,
  };
  VkApplicationInfo application = {
    .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
    .pApplicationName = "Fovea",
    .pEngineName = "Fovea",
    .apiVersion = VK_API_VERSION_1_3,
  };
  VkInstanceCreateInfo info = { .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &application };
  VkInstance instance = VK_NULL_HANDLE;
  VkResult result;

  if (validation)
    {
      if (!has_layer (layer))
        {
          g_set_error (error, FV_DEVICE_ERROR, FV_DEVICE_ERROR_FAILED,
                       "The Vulkan validation layer is not installed (package vulkan-validationlayers).");
          return VK_NULL_HANDLE;
        }
      info.pNext = &features;
      info.enabledLayerCount = 1;
      info.ppEnabledLayerNames = &layer;
      info.enabledExtensionCount = 1;
      info.ppEnabledExtensionNames = &debug_utils;
    }
  result = fv_vulkan.CreateInstance (&info, NULL, &instance);
  if (!check_search (result, error))
    return VK_NULL_HANDLE;
  if (validation)
    {
      PFN_vkCreateDebugUtilsMessengerEXT create = (PFN_vkCreateDebugUtilsMessengerEXT)fv_vulkan.GetInstanceProcAddr (
          instance, "vkCreateDebugUtilsMessengerEXT");
      VkDebugUtilsMessengerCreateInfoEXT messenger_info = {
        .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
        .messageSeverity
        = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
        .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT,
        .pfnUserCallback = on_validation_message,
      };

      if (create != NULL)
        create (instance, &messenger_info, NULL, messenger);
    }
  return instance;
}

static void
destroy_instance (VkInstance instance, VkDebugUtilsMessengerEXT messenger)
{
  if (messenger != VK_NULL_HANDLE)
    {
      PFN_vkDestroyDebugUtilsMessengerEXT destroy = (PFN_vkDestroyDebugUtilsMessengerEXT)fv_vulkan.GetInstanceProcAddr (
          instance, "vkDestroyDebugUtilsMessengerEXT");
      destroy (instance, messenger, NULL);
    }
  if (instance != VK_NULL_HANDLE)
    fv_vulkan.DestroyInstance (instance, NULL);
}

/* Physical devices */

static const char *
type_name (VkPhysicalDeviceType type)
{
  switch (type)
    {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
      return "discrete";
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
      return "integrated";
    case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
      return "virtual";
    case VK_PHYSICAL_DEVICE_TYPE_CPU:
      return "cpu";
    default:
      return "other";
    }
}

/* Greater is better: a graphics card before what is built in, anything before the processor. */
static int
type_rank (const FvDeviceInfo *info)
{
  static const char *const order[] = { "cpu", "other", "virtual", "integrated", "discrete" };

  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    if (strcmp (order[i], info->type) == 0)
      return i;
  return -1;
}

static gboolean
has_extension (VkPhysicalDevice physical, const char *name)
{
  guint32 n = 0;
  g_autofree VkExtensionProperties *extensions = NULL;

  fv_vulkan.EnumerateDeviceExtensionProperties (physical, NULL, &n, NULL);
  extensions = g_new0 (VkExtensionProperties, n + 1);
  fv_vulkan.EnumerateDeviceExtensionProperties (physical, NULL, &n, extensions);
  for (guint32 i = 0; i < n; i++)
    if (strcmp (extensions[i].extensionName, name) == 0)
      return TRUE;
  return FALSE;
}

static guint32
find_compute_family (VkPhysicalDevice physical, guint32 *timestamp_bits)
{
  guint32 n = 0;
  g_autofree VkQueueFamilyProperties *families = NULL;

  fv_vulkan.GetPhysicalDeviceQueueFamilyProperties (physical, &n, NULL);
  families = g_new0 (VkQueueFamilyProperties, n + 1);
  fv_vulkan.GetPhysicalDeviceQueueFamilyProperties (physical, &n, families);
  for (guint32 i = 0; i < n; i++)
    if (families[i].queueFlags & VK_QUEUE_COMPUTE_BIT)
      {
        *timestamp_bits = families[i].timestampValidBits;
        return i;
      }
  return G_MAXUINT32;
}

/* One that does nothing but copy, or G_MAXUINT32. */
static guint32
find_transfer_family (VkPhysicalDevice physical)
{
  const VkQueueFlags others = VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT;
  guint32 n = 0;
  g_autofree VkQueueFamilyProperties *families = NULL;

  fv_vulkan.GetPhysicalDeviceQueueFamilyProperties (physical, &n, NULL);
  families = g_new0 (VkQueueFamilyProperties, n + 1);
  fv_vulkan.GetPhysicalDeviceQueueFamilyProperties (physical, &n, families);
  for (guint32 i = 0; i < n; i++)
    if ((families[i].queueFlags & VK_QUEUE_TRANSFER_BIT) && !(families[i].queueFlags & others))
      return i;
  return G_MAXUINT32;
}

/* The largest device-local heap, or G_MAXUINT32. */
static guint32
find_local_heap (const VkPhysicalDeviceMemoryProperties *memory)
{
  guint32 best = G_MAXUINT32;

  for (guint32 i = 0; i < memory->memoryHeapCount; i++)
    if ((memory->memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT)
        && (best == G_MAXUINT32 || memory->memoryHeaps[i].size > memory->memoryHeaps[best].size))
      best = i;
  return best;
}

static FvDeviceInfo *
describe (VkPhysicalDevice physical, guint index)
{
  VkPhysicalDeviceVulkan11Features features11 = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES };
  VkPhysicalDeviceVulkan13Features features13
      = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES, .pNext = &features11 };
  VkPhysicalDeviceVulkan12Features features12
      = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES, .pNext = &features13 };
  VkPhysicalDeviceFeatures2 features = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &features12 };
  VkPhysicalDeviceSubgroupProperties subgroup = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES };
  VkPhysicalDeviceIDProperties id
      = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES, .pNext = &subgroup };
  VkPhysicalDeviceDriverProperties driver
      = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES, .pNext = &id };
  VkPhysicalDeviceProperties2 properties = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2 };
  VkPhysicalDeviceMemoryProperties memory;
  FvDeviceInfo *info = g_new0 (FvDeviceInfo, 1);
  guint32 timestamp_bits = 0;
  guint32 api, heap;

  fv_vulkan.GetPhysicalDeviceProperties (physical, &properties.properties);
  api = properties.properties.apiVersion;
  info->index = index;
  info->name = g_strdup (properties.properties.deviceName);
  info->type = g_strdup (type_name (properties.properties.deviceType));
  info->api_version = g_strdup_printf ("%u.%u.%u", VK_API_VERSION_MAJOR (api), VK_API_VERSION_MINOR (api),
                                       VK_API_VERSION_PATCH (api));
  fv_vulkan.GetPhysicalDeviceMemoryProperties (physical, &memory);
  heap = find_local_heap (&memory);
  info->memory_bytes = heap == G_MAXUINT32 ? 0 : memory.memoryHeaps[heap].size;
  if (api < VK_API_VERSION_1_3)
    {
      info->driver = g_strdup ("");
      info->reason = g_strdup_printf ("its driver offers Vulkan %s; Fovea needs 1.3", info->api_version);
      return info;
    }
  properties.pNext = &driver;
  fv_vulkan.GetPhysicalDeviceProperties2 (physical, &properties);
  fv_vulkan.GetPhysicalDeviceFeatures2 (physical, &features);
  info->driver = g_strdup_printf ("%s %s", driver.driverName, driver.driverInfo);
  for (guint i = 0; i < VK_UUID_SIZE; i++)
    g_snprintf (info->uuid + 2 * i, 3, "%02x", id.deviceUUID[i]);
  info->subgroup_size = subgroup.subgroupSize;
  info->fp16 = features12.shaderFloat16 && features11.storageBuffer16BitAccess;
  info->cooperative_matrix = has_extension (physical, "VK_KHR_cooperative_matrix");
  if (!features12.bufferDeviceAddress || !features12.timelineSemaphore || !features12.scalarBlockLayout
      || !features13.synchronization2 || !features.features.shaderInt64)
    info->reason = g_strdup ("it lacks buffer addresses, timeline semaphores, scalar layout or 64-bit integers");
  else if (find_compute_family (physical, &timestamp_bits) == G_MAXUINT32)
    info->reason = g_strdup ("it has no compute queue");
  info->usable = info->reason == NULL;
  return info;
}

/* Both arrays are in the driver's order. NULL and @error when they can't be had. */
static GPtrArray *
list_devices (VkInstance instance, VkPhysicalDevice **physicals, GError **error)
{
  GPtrArray *infos;
  guint32 n = 0;

  if (!check_search (fv_vulkan.EnumeratePhysicalDevices (instance, &n, NULL), error))
    return NULL;
  *physicals = g_new0 (VkPhysicalDevice, n + 1);
  if (n > 0 && !check_search (fv_vulkan.EnumeratePhysicalDevices (instance, &n, *physicals), error))
    return NULL;
  infos = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_device_info_free);
  for (guint32 i = 0; i < n; i++)
    g_ptr_array_add (infos, describe ((*physicals)[i], i));
  return infos;
}

GPtrArray *
fv_device_enumerate (GError **error)
{
  g_autofree VkPhysicalDevice *physicals = NULL;
  g_autoptr (GError) failure = NULL;
  VkInstance instance = create_instance (FALSE, NULL, &failure);
  GPtrArray *infos;

  if (instance == VK_NULL_HANDLE)
    {
      if (g_error_matches (failure, FV_DEVICE_ERROR, FV_DEVICE_ERROR_NONE_FOUND))
        return g_ptr_array_new_with_free_func ((GDestroyNotify)fv_device_info_free);
      g_propagate_error (error, g_steal_pointer (&failure));
      return NULL;
    }
  infos = list_devices (instance, &physicals, error);
  fv_vulkan.DestroyInstance (instance, NULL);
  return infos;
}

/* The index of the device that @selector means, or -1. */
static int
select_device (GPtrArray *infos, const char *selector, GError **error)
{
  char *end = NULL;
  int best = -1;
  guint64 index;

  if (infos->len == 0)
    {
      g_set_error (error, FV_DEVICE_ERROR, FV_DEVICE_ERROR_NONE_FOUND,
                   "No Vulkan device was found. Install the driver of your graphics card, or Mesa's software driver "
                   "(on Debian: mesa-vulkan-drivers).");
      return -1;
    }
  if (selector == NULL || *selector == '\0')
    {
      for (guint i = 0; i < infos->len; i++)
        {
          const FvDeviceInfo *info = infos->pdata[i];

          if (info->usable && (best < 0 || type_rank (info) > type_rank (infos->pdata[best])))
            best = i;
        }
      if (best < 0)
        {
          const FvDeviceInfo *first = infos->pdata[0];
          g_set_error (error, FV_DEVICE_ERROR, FV_DEVICE_ERROR_NONE_FOUND,
                       "No usable Vulkan device was found: “%s” can't be used because %s.", first->name, first->reason);
        }
      return best;
    }
  index = g_ascii_strtoull (selector, &end, 10);
  for (guint i = 0; i < infos->len && best < 0; i++)
    {
      const FvDeviceInfo *info = infos->pdata[i];
      g_autofree char *name = g_utf8_casefold (info->name, -1);
      g_autofree char *part = g_utf8_casefold (selector, -1);

      if (*end == '\0' ? index == i : strstr (name, part) != NULL)
        best = i;
    }
  if (best < 0)
    g_set_error (error, FV_DEVICE_ERROR, FV_DEVICE_ERROR_NONE_FOUND,
                 "No Vulkan device is called “%s”; “fovea-cli devices” lists them.", selector);
  else if (!((FvDeviceInfo *)infos->pdata[best])->usable)
    {
      const FvDeviceInfo *info = infos->pdata[best];
      g_set_error (error, FV_DEVICE_ERROR, FV_DEVICE_ERROR_NONE_FOUND, "The device “%s” can't be used: %s.", info->name,
                   info->reason);
      best = -1;
    }
  return best;
}

/* Logical device */

static void
read_properties (FvDevice *self, guint wanted_subgroup_size)
{
  VkPhysicalDeviceMaintenance4Properties sizes
      = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_4_PROPERTIES };
  VkPhysicalDeviceSubgroupSizeControlProperties control
      = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES, .pNext = &sizes };
  VkPhysicalDeviceProperties2 properties
      = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &control };

  fv_vulkan.GetPhysicalDeviceProperties2 (self->physical, &properties);
  self->limits.subgroup_size = self->info->subgroup_size;
  if (wanted_subgroup_size >= control.minSubgroupSize && wanted_subgroup_size <= control.maxSubgroupSize)
    self->limits.subgroup_size = wanted_subgroup_size;
  if (!(control.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT))
    self->subgroup_size_control = FALSE;
  /* Matrices are those of full subgroups of the usual size. */
  if (!self->subgroup_size_control || self->limits.subgroup_size != self->info->subgroup_size)
    self->limits.matrix_m = self->limits.matrix_n = self->limits.matrix_k = 0;
  self->limits.shared_bytes = properties.properties.limits.maxComputeSharedMemorySize;
  self->limits.threads = MIN (properties.properties.limits.maxComputeWorkGroupInvocations,
                              properties.properties.limits.maxComputeWorkGroupSize[0]);
  self->largest_buffer_bytes = sizes.maxBufferSize;
  self->timestamp_seconds = properties.properties.limits.timestampPeriod * 1e-9;
}

static gboolean
create_device (FvDevice *self, GError **error)
{
  VkPhysicalDeviceVulkan11Features features11
      = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES, .storageBuffer16BitAccess = self->info->fp16 };
  VkPhysicalDeviceVulkan13Features offered13 = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES };
  VkPhysicalDeviceFeatures2 offered = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &offered13 };
  VkPhysicalDeviceVulkan13Features features13 = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES,
    .pNext = &features11,
    .synchronization2 = VK_TRUE,
    .maintenance4 = VK_TRUE, /* SPIR-V 1.6 has LocalSizeId; every 1.3 device offers it */
  };
  VkPhysicalDeviceVulkan12Features features12 = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
    .pNext = &features13,
    .bufferDeviceAddress = VK_TRUE,
    .timelineSemaphore = VK_TRUE,
    .scalarBlockLayout = VK_TRUE,
  };
  VkPhysicalDeviceFeatures2 features = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
    .pNext = &features12,
    .features.shaderInt64 = VK_TRUE,
  };
  const VkPhysicalDeviceCooperativeMatrixFeaturesKHR matrices
      = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR,
          .pNext = &features12,
          .cooperativeMatrix = VK_TRUE };
  static const char *const matrix_extension = VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME;
  const float priority = 1;
  VkDeviceQueueCreateInfo queue_infos[2];
  VkDeviceCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
    .pNext = &features,
    .pQueueCreateInfos = queue_infos,
  };
  guint32 timestamp_bits = 0;

  fv_vulkan.GetPhysicalDeviceFeatures2 (self->physical, &offered);
  self->subgroup_size_control = offered13.subgroupSizeControl && offered13.computeFullSubgroups;
  features13.subgroupSizeControl = self->subgroup_size_control;
  features13.computeFullSubgroups = self->subgroup_size_control;
  if (self->info->cooperative_matrix
      && fv_matrix_find (self->instance, self->physical, &self->limits.matrix_m, &self->limits.matrix_n,
                         &self->limits.matrix_k))
    {
      features12.shaderFloat16 = VK_TRUE;
      features12.vulkanMemoryModel = VK_TRUE;
      features.pNext = (void *)&matrices;
      info.enabledExtensionCount = 1;
      info.ppEnabledExtensionNames = &matrix_extension;
    }
  self->queue_family = find_compute_family (self->physical, &timestamp_bits);
  self->pipeline_timestamps = timestamp_bits > 0;
  self->transfer_family = find_transfer_family (self->physical);
  for (guint i = 0; i < G_N_ELEMENTS (queue_infos); i++)
    queue_infos[i] = (VkDeviceQueueCreateInfo){
      .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
      .queueFamilyIndex = i == 0 ? self->queue_family : self->transfer_family,
      .queueCount = 1,
      .pQueuePriorities = &priority,
    };
  info.queueCreateInfoCount = self->transfer_family != G_MAXUINT32 ? 2 : 1;
  if (!fv_device_check (self, fv_vulkan.CreateDevice (self->physical, &info, NULL, &self->device), "open a queue",
                        error))
    return FALSE;
  fv_vulkan.GetDeviceQueue (self->device, self->queue_family, 0, &self->queue);
  if (self->transfer_family != G_MAXUINT32)
    fv_vulkan.GetDeviceQueue (self->device, self->transfer_family, 0, &self->transfer_queue);
  fv_vulkan.GetPhysicalDeviceMemoryProperties (self->physical, &self->memory);
  self->memory_budget = has_extension (self->physical, VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
  return TRUE;
}

static gboolean
create_objects (FvDevice *self, GError **error)
{
  const VkPushConstantRange push = { .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT, .size = FV_MAX_PUSH };
  const VkPipelineLayoutCreateInfo layout_info = {
    .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
    .pushConstantRangeCount = 1,
    .pPushConstantRanges = &push,
  };
  const VkPipelineCacheCreateInfo cache_info = { .sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO };
  const VkCommandPoolCreateInfo pool_info = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
    .queueFamilyIndex = self->queue_family,
  };
  const VkCommandPoolCreateInfo transfer_pool_info = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
    .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
    .queueFamilyIndex = self->transfer_family,
  };
  const VkSemaphoreTypeCreateInfo type_info
      = { .sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO, .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE };
  const VkSemaphoreCreateInfo semaphore_info
      = { .sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, .pNext = &type_info };

  if (!fv_device_check (self, fv_vulkan.CreatePipelineLayout (self->device, &layout_info, NULL, &self->pipeline_layout),
                        "make a pipeline layout", error)
      || !fv_device_check (self, fv_vulkan.CreatePipelineCache (self->device, &cache_info, NULL, &self->pipeline_cache),
                           "make a pipeline cache", error)
      || !fv_device_check (self, fv_vulkan.CreateCommandPool (self->device, &pool_info, NULL, &self->command_pool),
                           "make a command pool", error)
      || !fv_device_check (self, fv_vulkan.CreateSemaphore (self->device, &semaphore_info, NULL, &self->timeline),
                           "make a semaphore", error))
    return FALSE;
  if (self->transfer_queue != VK_NULL_HANDLE
      && (!fv_device_check (self,
                            fv_vulkan.CreateCommandPool (self->device, &transfer_pool_info, NULL, &self->transfer_pool),
                            "make a command pool", error)
          || !fv_device_check (self, fv_vulkan.CreateSemaphore (self->device, &semaphore_info, NULL, &self->transfers),
                               "make a semaphore", error)))
    return FALSE;
  self->pages = fv_buffer_new (self, FV_MEMORY_DEVICE, 2 * FV_PAGE_BYTES, "zero and dump page", error);
  if (self->pages == NULL)
    return FALSE;
  /* The pages must not keep their device alive. */
  g_atomic_ref_count_dec (&self->refs);
  return TRUE;
}

/* A device that may show a desktop gets pauses to do so. */
static void
choose_submission_seconds (FvDevice *self, double wanted)
{
  const char *text = g_getenv ("FOVEA_SUBMISSION_MS");

  self->slowness = 1;
  if (wanted > 0)
    self->submission_seconds = wanted;
  else if (text != NULL)
    self->submission_seconds = MAX (0, g_ascii_strtod (text, NULL) / 1000);
  else
    self->submission_seconds = g_str_equal (self->info->type, "cpu") ? 0 : DEFAULT_SUBMISSION_SECONDS;
}

FvDevice *
fv_device_open (const FvDeviceParams *params, GError **error)
{
  const char *selector = params->selector != NULL ? params->selector : g_getenv ("FOVEA_DEVICE");
  gboolean validation = params->validation || g_getenv ("FOVEA_VALIDATION") != NULL;
  g_autofree VkPhysicalDevice *physicals = NULL;
  g_autoptr (GPtrArray) infos = NULL;
  g_autoptr (FvDevice) self = g_new0 (FvDevice, 1);
  int index;

  g_atomic_ref_count_init (&self->refs);
  self->pipelines = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->fresh = g_ptr_array_new_with_free_func (g_free);
  self->instance = create_instance (validation, &self->messenger, error);
  if (self->instance == VK_NULL_HANDLE)
    return NULL;
  infos = list_devices (self->instance, &physicals, error);
  if (infos == NULL)
    return NULL;
  index = select_device (infos, selector, error);
  if (index < 0)
    return NULL;
  self->physical = physicals[index];
  self->info = g_ptr_array_steal_index (infos, index);
  self->compiles_late = g_str_equal (self->info->type, "cpu");
  if (validation)
    self->set_name = (PFN_vkSetDebugUtilsObjectNameEXT)fv_vulkan.GetInstanceProcAddr (self->instance,
                                                                                      "vkSetDebugUtilsObjectNameEXT");
  if (!create_device (self, error))
    return NULL;
  read_properties (self, params->subgroup_size);
  choose_submission_seconds (self, params->submission_seconds);
  if (!create_objects (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

FvDevice *
fv_device_ref (FvDevice *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
fv_device_unref (FvDevice *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;
  if (self->device != VK_NULL_HANDLE)
    {
      GHashTableIter iter;
      gpointer pipeline;

      fv_vulkan.DeviceWaitIdle (self->device);
      if (self->pages != NULL)
        {
          /* Give back the reference that create_objects() took away. */
          g_atomic_ref_count_init (&self->refs);
          g_atomic_ref_count_inc (&self->refs);
          fv_buffer_free (self->pages);
        }
      g_hash_table_iter_init (&iter, self->pipelines);
      while (g_hash_table_iter_next (&iter, NULL, &pipeline))
        fv_vulkan.DestroyPipeline (self->device, (VkPipeline)pipeline, NULL);
      if (self->transfer_queue != VK_NULL_HANDLE)
        {
          fv_vulkan.DestroySemaphore (self->device, self->transfers, NULL);
          fv_vulkan.DestroyCommandPool (self->device, self->transfer_pool, NULL);
        }
      fv_vulkan.DestroySemaphore (self->device, self->timeline, NULL);
      fv_vulkan.DestroyCommandPool (self->device, self->command_pool, NULL);
      fv_vulkan.DestroyPipelineCache (self->device, self->pipeline_cache, NULL);
      fv_vulkan.DestroyPipelineLayout (self->device, self->pipeline_layout, NULL);
      fv_vulkan.DestroyDevice (self->device, NULL);
    }
  destroy_instance (self->instance, self->messenger);
  g_hash_table_unref (self->pipelines);
  fv_device_set_choices (self, NULL, NULL);
  g_ptr_array_unref (self->fresh);
  fv_device_info_free (self->info);
  g_free (self);
}

const FvDeviceInfo *
fv_device_get_info (FvDevice *self)
{
  return self->info;
}

guint
fv_device_get_subgroup_size (FvDevice *self)
{
  return self->limits.subgroup_size;
}

const FvDeviceLimits *
fv_device_get_limits (FvDevice *self)
{
  return &self->limits;
}

gboolean
fv_device_is_lost (FvDevice *self)
{
  return self->lost;
}

guint64
fv_device_get_allocated_bytes (FvDevice *self)
{
  return self->allocated_bytes;
}

guint64
fv_device_get_peak_bytes (FvDevice *self)
{
  return self->peak_bytes;
}

guint64
fv_device_get_available_bytes (FvDevice *self)
{
  VkPhysicalDeviceMemoryBudgetPropertiesEXT budget
      = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT };
  VkPhysicalDeviceMemoryProperties2 properties
      = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2, .pNext = &budget };
  const guint32 heap = find_local_heap (&self->memory);
  guint64 limit = self->info->memory_bytes;
  guint64 used = self->allocated_bytes;

  if (self->memory_budget && heap != G_MAXUINT32)
    {
      fv_vulkan.GetPhysicalDeviceMemoryProperties2 (self->physical, &properties);
      limit = budget.heapBudget[heap];
      used = budget.heapUsage[heap];
    }
  return limit > used ? limit - used : 0;
}

guint64
fv_device_get_largest_buffer_bytes (FvDevice *self)
{
  return self->largest_buffer_bytes;
}

void
fv_device_set_choices (FvDevice *self, gpointer choices, GDestroyNotify free)
{
  if (self->choices != NULL)
    self->free_choices (self->choices);
  self->choices = choices;
  self->free_choices = free;
}

gpointer
fv_device_get_choices (FvDevice *self)
{
  return self->choices;
}

VkDeviceAddress
fv_device_get_zero_page (FvDevice *self)
{
  return self->pages->address;
}

VkDeviceAddress
fv_device_get_dump_page (FvDevice *self)
{
  return self->pages->address + FV_PAGE_BYTES;
}

void
fv_device_name_object (FvDevice *self, VkObjectType type, guint64 handle, const char *name)
{
  const VkDebugUtilsObjectNameInfoEXT info = {
    .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT,
    .objectType = type,
    .objectHandle = handle,
    .pObjectName = name,
  };

  if (self->set_name != NULL)
    self->set_name (self->device, &info);
}

/* Submission: one queue, one timeline; and what fv-transfer.h has started is waited for */

gboolean
fv_device_submit (FvDevice *self, const VkCommandBuffer *commands, guint n, guint64 *ticket, GError **error)
{
  g_autofree VkSemaphoreSubmitInfo *signals = g_new (VkSemaphoreSubmitInfo, n);
  g_autofree VkCommandBufferSubmitInfo *buffers = g_new (VkCommandBufferSubmitInfo, n);
  g_autofree VkSubmitInfo2 *infos = g_new (VkSubmitInfo2, n);
  const VkSemaphoreSubmitInfo transfers = {
    .sType = VK_STRUCTURE_TYPE_SEMAPHORE_SUBMIT_INFO,
    .semaphore = self->transfers,
    .value = self->last_transfer,
    .stageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT,
  };

  for (guint i = 0; i < n; i++)
    {
      signals[i] = (VkSemaphoreSubmitInfo){
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_SUBMIT_INFO,
        .semaphore = self->timeline,
        .value = self->last_ticket + 1 + i,
        .stageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT,
      };
      buffers[i] = (VkCommandBufferSubmitInfo){ .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_SUBMIT_INFO,
                                                .commandBuffer = commands[i] };
      infos[i] = (VkSubmitInfo2){
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO_2,
        .commandBufferInfoCount = 1,
        .pCommandBufferInfos = &buffers[i],
        .signalSemaphoreInfoCount = 1,
        .pSignalSemaphoreInfos = &signals[i],
      };
    }
  if (self->last_transfer > 0)
    {
      infos[0].waitSemaphoreInfoCount = 1;
      infos[0].pWaitSemaphoreInfos = &transfers;
    }
  /* One call, so that it is all of them or none. */
  if (!fv_device_check (self, fv_vulkan.QueueSubmit2 (self->queue, n, infos, VK_NULL_HANDLE), "start work", error))
    return FALSE;
  self->last_ticket += n;
  *ticket = self->last_ticket;
  return TRUE;
}

gboolean
fv_device_wait (FvDevice *self, guint64 ticket, GError **error)
{
  const VkSemaphoreWaitInfo info = {
    .sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
    .semaphoreCount = 1,
    .pSemaphores = &self->timeline,
    .pValues = &ticket,
  };

  VkResult result = fv_vulkan.WaitSemaphores (self->device, &info, G_MAXUINT64);

  /* What runs must not be touched: where this way of waiting finds no memory, another may. */
  if (result == VK_ERROR_OUT_OF_HOST_MEMORY || result == VK_ERROR_OUT_OF_DEVICE_MEMORY)
    result = fv_vulkan.DeviceWaitIdle (self->device);
  return fv_device_check (self, result, "finish its work", error);
}

gboolean
fv_device_is_done (FvDevice *self, guint64 ticket)
{
  guint64 value = 0;

  return fv_device_check (self, fv_vulkan.GetSemaphoreCounterValue (self->device, self->timeline, &value),
                          "tell how far it is", NULL)
         && value >= ticket;
}

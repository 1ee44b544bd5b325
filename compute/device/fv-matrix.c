/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/device/fv-matrix.h"

gboolean
fv_matrix_find (VkInstance instance, VkPhysicalDevice physical, guint *m, guint *n, guint *k)
{
  const PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR get
      = (PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR)fv_vulkan.GetInstanceProcAddr (
          instance, "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR");
  VkPhysicalDeviceVulkan12Features features12 = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES };
  VkPhysicalDeviceCooperativeMatrixFeaturesKHR matrices
      = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR, .pNext = &features12 };
  VkPhysicalDeviceFeatures2 features = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &matrices };
  g_autofree VkCooperativeMatrixPropertiesKHR *shapes = NULL;
  guint32 n_shapes = 0;

  *m = *n = *k = 0;
  fv_vulkan.GetPhysicalDeviceFeatures2 (physical, &features);
  if (get == NULL || !matrices.cooperativeMatrix || !features12.shaderFloat16 || !features12.vulkanMemoryModel
      || get (physical, &n_shapes, NULL) != VK_SUCCESS)
    return FALSE;
  shapes = g_new0 (VkCooperativeMatrixPropertiesKHR, n_shapes + 1);
  for (guint i = 0; i < n_shapes; i++)
    shapes[i].sType = VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR;
  if (get (physical, &n_shapes, shapes) < 0)
    return FALSE;
  for (guint i = 0; i < n_shapes; i++)
    {
      const VkCooperativeMatrixPropertiesKHR *shape = &shapes[i];

      /* Channels come in sixteens. */
      if (shape->AType == VK_COMPONENT_TYPE_FLOAT16_KHR && shape->BType == VK_COMPONENT_TYPE_FLOAT16_KHR
          && shape->CType == VK_COMPONENT_TYPE_FLOAT32_KHR && shape->ResultType == VK_COMPONENT_TYPE_FLOAT32_KHR
          && shape->scope == VK_SCOPE_SUBGROUP_KHR && 16 % shape->NSize == 0 && 16 % shape->KSize == 0
          && 32 % shape->MSize == 0 && shape->MSize * shape->NSize * shape->KSize > *m * *n * *k)
        {
          *m = shape->MSize;
          *n = shape->NSize;
          *k = shape->KSize;
        }
    }
  return *m != 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/device/fv-vulkan.h"

#include <glib.h>

G_BEGIN_DECLS

#ifndef VK_KHR_cooperative_matrix
/* Of Vulkan's headers from 1.3.255 on; Debian 12's are older. */
#define VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME "VK_KHR_cooperative_matrix"
#define VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR ((VkStructureType)1000506000)
#define VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR ((VkStructureType)1000506001)
typedef enum { VK_COMPONENT_TYPE_FLOAT16_KHR = 0, VK_COMPONENT_TYPE_FLOAT32_KHR = 1 } VkComponentTypeKHR;
typedef enum { VK_SCOPE_SUBGROUP_KHR = 3 } VkScopeKHR;

typedef struct {
  VkStructureType sType;
  void *pNext;
  VkBool32 cooperativeMatrix, cooperativeMatrixRobustBufferAccess;
} VkPhysicalDeviceCooperativeMatrixFeaturesKHR;

typedef struct {
  VkStructureType sType;
  void *pNext;
  uint32_t MSize, NSize, KSize;
  VkComponentTypeKHR AType, BType, CType, ResultType;
  VkBool32 saturatingAccumulation;
  VkScopeKHR scope;
} VkCooperativeMatrixPropertiesKHR;

typedef VkResult (VKAPI_PTR *PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR) (VkPhysicalDevice physical, uint32_t *n,
                                                                                   VkCooperativeMatrixPropertiesKHR *properties);
#endif

/*
 * The size of the largest cooperative matrices (M by K times K by N) of a device that has VK_KHR_cooperative_matrix, for products of fp16 that a
 * subgroup sums in fp32; N and K divide 16. FALSE and zeros where there are none.
 */
gboolean fv_matrix_find (VkInstance instance, VkPhysicalDevice physical, guint *m, guint *n, guint *k);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/device/fv-vulkan.h"

#define LOADERS_FUNCTION(name) .name = vk##name,

FvVulkan fv_vulkan = { FV_VULKAN_CALLS (LOADERS_FUNCTION) };

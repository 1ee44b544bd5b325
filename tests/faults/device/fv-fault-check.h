/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/device/fv-device.h"
#include "tests/faults/device/fv-failing-vulkan.h"

G_BEGIN_DECLS

/* That @error is what a person should be told when a call returns @result: the right code, and sentences that are complete. */
void     fv_fault_check_error (const GError *error, VkResult result);
/* Whether an operation may be right though @call failed with @result: there is another way to do the same. */
gboolean fv_fault_has_detour  (const char *call, VkResult result);

G_END_DECLS

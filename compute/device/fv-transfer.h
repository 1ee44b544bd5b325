/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/device/fv-buffer.h"

G_BEGIN_DECLS

/*
 * A copy from the host's memory to the device's own by the queue that graphics cards have for it, while their other one computes. What is
 * submitted to the device after it was started waits for it.
 *
 *   if (!buffer->is_local && fv_device_can_transfer (device))
 *     fv_transfer_start (&transfer, buffer, copied, size, &error);
 */
typedef struct {
  VkCommandBuffer commands;
  guint64 ticket;          /* 0: never started */
} FvTransfer;

gboolean fv_device_can_transfer (FvDevice *device);
/*
 * The first @size bytes. @to is of FV_MEMORY_COPIED; nothing that was submitted may still read it, and the last transfer has been waited for.
 * Errors: FV_DEVICE_ERROR.
 */
gboolean fv_transfer_start      (FvTransfer *self, const FvBuffer *from, const FvBuffer *to, VkDeviceSize size, GError **error);
gboolean fv_transfer_wait       (FvTransfer *self, FvDevice *device, GError **error);
/* Waits. */
void     fv_transfer_clear      (FvTransfer *self, FvDevice *device);

G_END_DECLS

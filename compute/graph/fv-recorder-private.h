/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/device/fv-vulkan.h"
#include "compute/graph/fv-recorder.h"

G_BEGIN_DECLS

/*
 * For tests, NULL otherwise: told of every command just before it is put into @commands, with what it declares to read and write. @declared is
 * the same pointer for the pieces of a command that was cut, and valid until the recording is made.
 */
typedef void (*FvRecorderObserver) (VkCommandBuffer commands, const FvDispatch *declared);

extern FvRecorderObserver fv_recorder_observer;

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/device/fv-vulkan.h"
#include "compute/graph/fv-recorder.h"

G_BEGIN_DECLS

/*
 * For tests, NULL otherwise: told of every command, or piece of one that was cut, just before it is put into @commands: what it declares to read
 * and write (the same pointer for all pieces of a command), and how many seconds it is expected to take.
 */
typedef void (*FvRecorderObserver) (VkCommandBuffer commands, const FvDispatch *declared, double seconds);

extern FvRecorderObserver fv_recorder_observer;

G_END_DECLS

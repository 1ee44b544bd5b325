/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/fv-recipe.h"
#include "compute/nets/fv-half-check.h"

G_BEGIN_DECLS

/*
 * Mixed precision: activations in fp16, for half the memory and, on graphics cards, less time. Automatic is fp16 where a graphics card has it;
 * on a processor it would only take longer.
 */

/* Whether a run with @recipe would have mixed precision there, should the check pass. */
gboolean fv_precision_is_half  (const FvRecipe *recipe, FvDevice *device);
/* (transfer full): says why a run trains in fp32 after all. @check (nullable): that it failed; NULL: the device can't. */
char    *fv_precision_describe (const FvHalfCheck *check, FvDevice *device);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-precision.h"

#include <glib/gi18n-lib.h>

gboolean
fv_precision_is_half (const FvRecipe *recipe, FvDevice *device)
{
  const FvDeviceInfo *info = fv_device_get_info (device);

  if (recipe->precision != FV_PRECISION_AUTO)
    return recipe->precision == FV_PRECISION_FP16 && info->fp16;
  return info->fp16 && !g_str_equal (info->type, "cpu");
}

char *
fv_precision_describe (const FvHalfCheck *check, FvDevice *device)
{
  const char *name = fv_device_get_info (device)->name;

  if (!check)
    return g_strdup_printf (_ ("The device “%s” has no 16-bit numbers: the run trains with 32 bits."), name);
  return g_strdup_printf (_ ("With 16-bit numbers the device “%s” is too far from the results of 32 bits (losses %.2g, "
                             "gradients %.2g): the run trains with 32 bits."),
                          name, check->losses, check->gradients);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-micro-batch.h"

guint
fv_micro_batch_count (guint n, guint limit)
{
  guint fewest = (n + limit - 1) / limit;

  for (guint parts = fewest; parts <= MIN (fewest + fewest / 2, n); parts++)
    if (n % parts == 0)
      return parts;
  return fewest;
}

guint
fv_micro_batch_part (guint n, guint parts, guint i)
{
  return n / parts + (i < n % parts);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/fv-recipe.h"
#include "compute/device/fv-device.h"

G_BEGIN_DECLS

/*
 * How long training takes on this machine, from runs and measurements before: a small JSON file in the person's cache folder. It may be
 * deleted at any time, and what is damaged or foreign in it is passed over.
 *
 *   FvRateKey key;
 *   fv_rate_key_init (&key, device, 'n', &recipe);
 *   if (fv_rates_lookup (path, &key, &rate)) ...
 */

/* What the times depend on most. Strings are the device's. */
typedef struct
{
  const char *device, *driver;
  guint subgroup_size;
  char variant;
  guint freeze, imgsz, batch;
} FvRateKey;

/* Seconds; NaN = not known. */
typedef struct
{
  double train;  /* of a picture in training; always known */
  double update; /* of an update of the weights; NaN: that is in train */
  double val;    /* of a picture in a validation */
  double save;   /* of an epoch beside both: weights and checkpoint */
} FvRate;

void fv_rate_key_init (FvRateKey *key, FvDevice *device, char variant, const FvRecipe *recipe);

/* (transfer full): where the file lies for this person. */
char *fv_rates_path (void);

/*
 * The rate that was kept for the nearest picture size and batch of the same device, driver and variant, put on @key's size by the number
 * of pixels. FALSE: there is none.
 */
gboolean fv_rates_lookup (const char *path, const FvRateKey *key, FvRate *rate);
/* The same for a rate at hand that was taken at pictures of another size. */
void fv_rate_scale (FvRate *rate, guint from_imgsz, guint to_imgsz);
/* Keeps @rate in place of an earlier one of the same key. Atomic; the folder is made. Errors: G_FILE_ERROR. */
gboolean fv_rates_store (const char *path, const FvRateKey *key, const FvRate *rate, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/fv-cli-estimate.h"

#include "app/training/fv-estimate.h"

static void
print_estimate (FvCli *cli, FvDevice *device, const FvEstimate *estimate, const FvRecipe *recipe, char variant,
                gboolean measured)
{
  g_autoptr (JsonBuilder) b = json_builder_new ();
  g_autofree char *needed = g_format_size_full (estimate->device_bytes, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *total = g_format_size_full (estimate->device_memory_bytes, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *left = g_format_size_full (estimate->device_free_bytes, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *parts = fv_estimate_describe_parts (estimate, recipe);
  const char *name = fv_device_get_info (device)->name;
  const char model[] = { variant, '\0' };

  json_builder_begin_object (b);
  fv_cli_json_int (b, "images", estimate->images);
  fv_cli_json_int (b, "val_images", estimate->val_images);
  fv_cli_json_int (b, "steps_per_epoch", estimate->steps_per_epoch);
  fv_cli_json_string (b, "model", model);
  fv_cli_json_string (b, "device", name);
  fv_cli_json_int (b, "micro_batch", estimate->micro_batch);
  fv_cli_json_int (b, "device_bytes", (gint64)estimate->device_bytes);
  fv_cli_json_int (b, "device_memory_bytes", (gint64)estimate->device_memory_bytes);
  fv_cli_json_int (b, "device_free_bytes", (gint64)estimate->device_free_bytes);
  fv_cli_json_bool (b, "fits", estimate->fits);
  fv_cli_json_number (b, "seconds_per_epoch", estimate->seconds_per_epoch);
  fv_cli_json_number (b, "seconds", estimate->seconds);
  fv_cli_json_bool (b, "measured", measured);
  json_builder_end_object (b);
  fv_cli_print_json (cli, b);

  fv_cli_say (cli, "%u training pictures in %u batches, %u pictures to validate on.", estimate->images,
              estimate->steps_per_epoch, estimate->val_images);
  fv_cli_say (cli,
              estimate->fits ? "%s of memory are needed; “%s” has %s left of %s."
                             : "%s of memory are needed, even one picture at a time, but “%s” has only %s left of %s.",
              needed, name, left, total);
  if (estimate->fits && !fv_estimate_is_whole (estimate, recipe))
    fv_cli_say (cli, "%s", parts);
  if (estimate->seconds == estimate->seconds)
    fv_cli_say (cli, "About %.0f s in all, %.1f s an epoch.", estimate->seconds, estimate->seconds_per_epoch);
  else
    fv_cli_say (cli, "How long it takes is not known; --measure finds out.");
}

int
fv_cli_estimate (FvCli *cli, FvDevice *device, FvDataset *dataset, const FvRecipe *recipe, char variant,
                 guint micro_batch, gboolean measure)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *rates = fv_rates_path ();
  FvYolov5Config config;
  FvEstimate estimate;
  gboolean known;
  FvRateKey key;
  FvRate rate;

  fv_yolov5_config_init (&config, variant, dataset->n_classes);
  if (!fv_estimate_init (&estimate, device, dataset, recipe, &config, micro_batch, &error))
    return fv_cli_fail (cli, error);
  if (measure)
    {
      known = fv_measure (device, dataset, recipe, &config, rates, fv_cli_get_cancellable (cli), &rate, &error);
      /* Where even a small batch has no room, the rest is worth knowing. */
      if (!known && !g_error_matches (error, FV_DEVICE_ERROR, FV_DEVICE_ERROR_OUT_OF_MEMORY))
        return fv_cli_fail (cli, error);
      if (!known)
        fv_cli_note (cli, "%s", error->message);
    }
  else
    {
      fv_rate_key_init (&key, device, variant, recipe);
      key.batch = estimate.micro_batch;
      known = fv_rates_lookup (rates, &key, &rate);
    }
  if (known)
    fv_estimate_set_rate (&estimate, recipe, &rate);
  print_estimate (cli, device, &estimate, recipe, variant, measure && known);
  return FV_CLI_DONE;
}

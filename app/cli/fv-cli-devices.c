/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/fv-cli.h"

#include "app/training/fv-kernels.h"

static void
add_device (JsonBuilder *builder, const FvDeviceInfo *info)
{
  json_builder_begin_object (builder);
  fv_cli_json_int (builder, "index", info->index);
  fv_cli_json_string (builder, "name", info->name);
  fv_cli_json_string (builder, "type", info->type);
  fv_cli_json_string (builder, "driver", info->driver);
  fv_cli_json_string (builder, "api_version", info->api_version);
  fv_cli_json_int (builder, "memory_bytes", info->memory_bytes);
  fv_cli_json_int (builder, "subgroup_size", info->subgroup_size);
  fv_cli_json_bool (builder, "fp16", info->fp16);
  fv_cli_json_bool (builder, "cooperative_matrix", info->cooperative_matrix);
  fv_cli_json_bool (builder, "usable", info->usable);
  fv_cli_json_string (builder, "reason", info->reason);
  json_builder_end_object (builder);
}

/* "forward 64 → 128, 3 x 3, stride 2, 12800 pixels" */
static char *
describe (const FvConvKey *key)
{
  static const char *const directions[] = { "forward", "backward data", "backward weights" };

  return g_strdup_printf ("%s %u → %u, %u x %u, stride %u, %" G_GUINT64_FORMAT " pixels%s", directions[key->direction],
                          key->in_channels, key->out_channels, key->kernel, key->kernel, key->stride, key->pixels,
                          key->half ? ", fp16" : "");
}

/* What was chosen, and why: the times of all that was tried. */
static void
say_choice (FvCli *cli, const FvConvChoice *choice)
{
  guint n;
  const FvConvVariant *variants = fv_conv_get_variants (choice->key.direction, &n);
  g_autofree char *key = describe (&choice->key);

  fv_cli_say (cli, "   %s", key);
  for (guint i = 0; i < choice->n_timings; i++)
    {
      g_autofree char *name = fv_conv_variant_get_name (&variants[choice->timings[i].variant]);

      fv_cli_say (cli, "   %c %-32s %9.3f ms", choice->timings[i].variant == choice->variant ? '*' : ' ', name,
                  1e3 * choice->timings[i].seconds);
    }
}

/* Of every device that there is something of, also of earlier drivers and versions. */
static void
add_kernels (FvCli *cli, JsonBuilder *builder)
{
  g_autofree char *path = fv_kernels_path ();
  JsonArray *devices = fv_kernels_read (path);
  JsonNode *node = json_node_init_array (json_node_alloc (), devices);

  for (guint i = 0; i < json_array_get_length (devices); i++)
    {
      JsonObject *device = json_array_get_object_element (devices, i);
      const char *name = json_object_get_string_member_with_default (device, "device", "?");
      const char *driver = json_object_get_string_member_with_default (device, "driver", "?");
      g_autoptr (FvConvChoices) choices = fv_kernels_from_json (json_object_get_member (device, "choices"));

      if (fv_conv_choices_get_n (choices) > 0)
        fv_cli_say (cli, "%s, %s", name, driver);
      for (guint k = 0; k < fv_conv_choices_get_n (choices); k++)
        say_choice (cli, fv_conv_choices_get (choices, k));
    }
  json_builder_set_member_name (builder, "kernels");
  json_builder_add_value (builder, node);
  json_array_unref (devices);
}

static int
run (FvCli *cli, int argc, char **argv)
{
  g_autoptr (GPtrArray) devices = NULL;
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (GError) error = NULL;
  gboolean kernels = FALSE;
  int status;
  const GOptionEntry entries[] = {
    { "kernels", 0, 0, G_OPTION_ARG_NONE, &kernels, "Also list which kernels were found to be the fastest, and why",
      NULL },
    { NULL },
  };

  if (!fv_cli_parse (cli, &argc, &argv, entries, 0, 0, &status))
    return status;
  devices = fv_device_enumerate (&error);
  if (!devices)
    return fv_cli_fail (cli, error);

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "devices");
  json_builder_begin_array (builder);
  for (guint i = 0; i < devices->len; i++)
    {
      const FvDeviceInfo *info = g_ptr_array_index (devices, i);
      g_autofree char *memory = g_format_size_full (info->memory_bytes, G_FORMAT_SIZE_IEC_UNITS);

      add_device (builder, info);
      fv_cli_say (cli, "%u  %s (%s)", info->index, info->name, info->type);
      fv_cli_say (cli, "   %s, Vulkan %s, %s, subgroups of %u%s%s", info->driver, info->api_version, memory,
                  info->subgroup_size, info->fp16 ? ", fp16" : "",
                  info->cooperative_matrix ? ", cooperative matrices" : "");
      if (!info->usable)
        fv_cli_say (cli, "   can't be used: %s", info->reason);
    }
  json_builder_end_array (builder);
  if (kernels)
    add_kernels (cli, builder);
  json_builder_end_object (builder);
  if (devices->len == 0)
    fv_cli_say (cli, "There is no Vulkan device. Install the driver of the graphics card, or Mesa's software driver "
                     "(Debian's package mesa-vulkan-drivers).");
  fv_cli_print_json (cli, builder);
  return FV_CLI_DONE;
}

const FvCliCommand fv_cli_devices = { "devices", "List the Vulkan devices and what they can do", NULL, run };

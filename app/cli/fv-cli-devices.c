/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/fv-cli.h"

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

static int
run (FvCli *cli, int argc, char **argv)
{
  g_autoptr (GPtrArray) devices = NULL;
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (GError) error = NULL;
  int status;

  if (!fv_cli_parse (cli, &argc, &argv, NULL, 0, 0, &status))
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
  json_builder_end_object (builder);
  if (devices->len == 0)
    fv_cli_say (cli, "There is no Vulkan device. Install the driver of the graphics card, or Mesa's software driver "
                     "(Debian's package mesa-vulkan-drivers).");
  fv_cli_print_json (cli, builder);
  return FV_CLI_DONE;
}

const FvCliCommand fv_cli_devices = { "devices", "List the Vulkan devices and what they can do", NULL, run };

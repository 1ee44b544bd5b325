/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/fv-cli.h"

#include "app/exchange/fv-weights.h"

static int
compare_keys (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(const char *const *)a, *(const char *const *)b);
}

/* What the file tells of its training: whatever isn't said by another key. */
static void
add_trained (FvCli *cli, JsonBuilder *builder, const FvWeights *weights)
{
  static const char *const elsewhere[] = { "format", "architecture", "model", "classes", "anchors", "strides", NULL };
  guint n;
  g_autofree char **keys = (char **)g_hash_table_get_keys_as_array (weights->metadata, &n);

  if (n > 0)
    qsort (keys, n, sizeof *keys, compare_keys);
  json_builder_set_member_name (builder, "trained");
  json_builder_begin_object (builder);
  for (guint i = 0; i < n; i++)
    {
      const char *value = g_hash_table_lookup (weights->metadata, keys[i]);

      if (g_strv_contains (elsewhere, keys[i]))
        continue;
      fv_cli_json_string (builder, keys[i], value);
      fv_cli_say (cli, "  %s: %s", keys[i], value);
    }
  json_builder_end_object (builder);
}

static void
add_network (JsonBuilder *builder, const FvWeights *weights)
{
  const char model[] = { weights->config.variant, '\0' };

  fv_cli_json_string (builder, "architecture", "yolov5");
  fv_cli_json_string (builder, "model", model);
  json_builder_set_member_name (builder, "classes");
  json_builder_begin_array (builder);
  for (guint i = 0; weights->class_names[i] != NULL; i++)
    json_builder_add_string_value (builder, weights->class_names[i]);
  json_builder_end_array (builder);
  fv_cli_json_int (builder, "parameters", weights->n_parameters);
  fv_cli_json_int (builder, "tensors", weights->n_tensors);
  fv_cli_json_int (builder, "input_size", weights->imgsz);
  json_builder_set_member_name (builder, "anchors");
  json_builder_begin_array (builder);
  for (guint head = 0; head < FV_YOLOV5_N_HEADS; head++)
    {
      json_builder_begin_array (builder);
      for (guint i = 0; i < 2 * FV_YOLOV5_N_ANCHORS; i++)
        json_builder_add_double_value (builder, weights->config.anchors[head][i / 2][i % 2]);
      json_builder_end_array (builder);
    }
  json_builder_end_array (builder);
}

static int
run (FvCli *cli, int argc, char **argv)
{
  g_autoptr (FvWeights) weights = NULL;
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *classes = NULL;
  int status;

  if (!fv_cli_parse (cli, &argc, &argv, NULL, 1, 1, &status))
    return status;
  weights = fv_weights_load (argv[1], &error);
  if (weights == NULL)
    return fv_cli_fail (cli, error);

  classes = g_strjoinv (", ", weights->class_names);
  fv_cli_say (cli, "YOLOv5%c with %u classes: %" G_GUINT64_FORMAT " parameters in %u tensors", weights->config.variant,
              weights->config.n_classes, weights->n_parameters, weights->n_tensors);
  fv_cli_say (cli, "  classes: %s", classes);
  json_builder_begin_object (builder);
  add_network (builder, weights);
  add_trained (cli, builder, weights);
  json_builder_end_object (builder);
  fv_cli_print_json (cli, builder);
  return FV_CLI_DONE;
}

const FvCliCommand fv_cli_weights = { "weights", "Say what a weight file holds, or why it can't be used", "FILE", run };

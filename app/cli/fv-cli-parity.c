/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/fv-cli.h"

#include "app/cli/fv-parity.h"

extern const FvCliCommand fv_cli_parity;

static void
on_progress (const char *file, guint done, guint total, gpointer user_data)
{
  fv_cli_progress (user_data, (double)done / total, "Comparing %s", file);
}

static void
print_json (FvCli *cli, const FvParity *parity)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "cases");
  json_builder_begin_array (builder);
  for (guint i = 0; i < parity->cases->len; i++)
    {
      const FvParityCase *c = &g_array_index (parity->cases, FvParityCase, i);

      json_builder_begin_object (builder);
      fv_cli_json_string (builder, "file", c->file);
      fv_cli_json_string (builder, "quantity", c->quantity);
      fv_cli_json_number (builder, "error", c->error);
      fv_cli_json_number (builder, "tolerance", c->tolerance);
      fv_cli_json_bool (builder, "ok", c->ok);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "left_out");
  json_builder_begin_array (builder);
  for (guint i = 0; i < parity->left_out->len; i++)
    json_builder_add_string_value (builder, parity->left_out->pdata[i]);
  json_builder_end_array (builder);
  fv_cli_json_int (builder, "failed", parity->n_failed);
  json_builder_end_object (builder);
  fv_cli_print_json (cli, builder);
}

/* A line a file: how many are within their tolerance, and the one nearest to it; then those that aren't. */
static void
say_file (FvCli *cli, const FvParityCase *cases, guint n)
{
  const FvParityCase *nearest = &cases[0];
  guint n_ok = 0;

  for (guint i = 0; i < n; i++)
    {
      n_ok += cases[i].ok;
      if (cases[i].error * nearest->tolerance > nearest->error * cases[i].tolerance)
        nearest = &cases[i];
    }
  fv_cli_say (cli, "%s: %u of %u within tolerance; nearest to it: %s, %.2g of %.2g", cases[0].file, n_ok, n,
              nearest->quantity, nearest->error, nearest->tolerance);
  for (guint i = 0; i < n; i++)
    if (!cases[i].ok)
      fv_cli_say (cli, "  FAILED %s: %.3g, allowed is %.3g", cases[i].quantity, cases[i].error, cases[i].tolerance);
}

static void
say (FvCli *cli, const FvParity *parity)
{
  const FvParityCase *cases = (const FvParityCase *)parity->cases->data;

  for (guint first = 0, i = 1; i <= parity->cases->len; i++)
    if (i == parity->cases->len || !g_str_equal (cases[i].file, cases[first].file))
      {
        say_file (cli, cases + first, i - first);
        first = i;
      }
  for (guint i = 0; i < parity->left_out->len; i++)
    fv_cli_say (cli, "%s", (const char *)parity->left_out->pdata[i]);
  fv_cli_say (cli, "%u comparisons, %u failed", parity->cases->len, parity->n_failed);
}

static int
run (FvCli *cli, int argc, char **argv)
{
  g_autofree char *weights_path = NULL;
  g_autofree char *precision = NULL;
  gboolean recompute = FALSE;
  const GOptionEntry entries[] = {
    { "weights", 0, 0, G_OPTION_ARG_FILENAME, &weights_path, "Weights of the references (DIR/../weights/yolov5n.pt)",
      "FILE" },
    { "precision", 0, 0, G_OPTION_ARG_STRING, &precision, "fp32 (default) or fp16: mixed, with wider tolerances",
      "PRECISION" },
    { "recompute", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &recompute, "Train as where memory is short", NULL },
    { NULL },
  };
  g_autoptr (FvWeights) weights = NULL;
  g_autoptr (FvDevice) device = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (FvParity) parity = { .progress = on_progress, .user_data = cli };
  int status;

  if (!fv_cli_parse (cli, &argc, &argv, entries, 1, 1, &status))
    return status;
  if (precision != NULL && !g_str_equal (precision, "fp32") && !g_str_equal (precision, "fp16"))
    return fv_cli_wrong_usage (cli, "The precision is fp32 or fp16.");
  if (weights_path == NULL)
    weights_path = g_build_filename (argv[1], "..", "weights", "yolov5n.pt", NULL);
  weights = fv_weights_load (weights_path, &error);
  if (weights == NULL)
    return fv_cli_fail (cli, error);
  device = fv_cli_open_device (cli, 0, &error);
  if (device == NULL)
    return fv_cli_fail (cli, error);
  parity.device = device;
  parity.weights = weights;
  parity.folder = argv[1];
  parity.recompute = recompute;
  parity.half = g_strcmp0 (precision, "fp16") == 0;
  if (!fv_parity_run (&parity, fv_cli_get_cancellable (cli), &error))
    return fv_cli_fail (cli, error);
  fv_cli_progress (cli, 1, "Compared all");
  print_json (cli, &parity);
  say (cli, &parity);
  if (parity.cases->len > 0)
    return parity.n_failed > 0 ? FV_CLI_FAILED : FV_CLI_DONE;
  error = g_error_new (G_FILE_ERROR, G_FILE_ERROR_NOENT,
                       "%s holds no reference: forward_*, loss_*, backward_* or steps*.safetensors.", argv[1]);
  return fv_cli_fail (cli, error);
}

const FvCliCommand fv_cli_parity
    = { "parity", "Compare this device with reference values of YOLOv5", "DIR", run, .uses_device = TRUE };

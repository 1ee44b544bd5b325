/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/fv-cli.h"
#include "app/dataset/fv-sample-pictures.h"

static int
run (FvCli *cli, int argc, char **argv)
{
  int train = 240, val = 60, size = 160, seed = 0;
  const GOptionEntry entries[] = {
    { "train", 0, 0, G_OPTION_ARG_INT, &train, "Pictures to learn from (240)", "N" },
    { "val", 0, 0, G_OPTION_ARG_INT, &val, "Pictures to be measured on (60)", "N" },
    { "size", 0, 0, G_OPTION_ARG_INT, &size, "Width and height in pixels (160)", "N" },
    { "seed", 0, 0, G_OPTION_ARG_INT, &seed, "Another seed, other pictures (0)", "N" },
    { NULL },
  };
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (GError) error = NULL;
  FvSampleParams params;
  int status;

  if (!fv_cli_parse (cli, &argc, &argv, entries, 1, 1, &status))
    return status;
  if (train < 1 || val < 1 || train > 1000000 || val > 1000000)
    return fv_cli_wrong_usage (cli, "There must be 1 to 1000000 pictures of either kind.");
  if (size < 32 || size > 4096)
    return fv_cli_wrong_usage (cli, "The size must be 32 to 4096 pixels.");
  params = (FvSampleParams){ .n_train = train, .n_val = val, .size = size, .seed = seed };
  if (!fv_sample_pictures_write (argv[1], &params, fv_cli_get_cancellable (cli), &error))
    return fv_cli_fail (cli, error);

  json_builder_begin_object (builder);
  fv_cli_json_string (builder, "folder", argv[1]);
  fv_cli_json_int (builder, "train", train);
  fv_cli_json_int (builder, "val", val);
  json_builder_end_object (builder);
  fv_cli_print_json (cli, builder);
  fv_cli_say (cli, "%d pictures to learn from and %d to be measured on are in %s.", train, val, argv[1]);
  return FV_CLI_DONE;
}

const FvCliCommand fv_cli_sample
    = { "sample", "Draw labelled sample pictures, to try Fovea without any of your own", "FOLDER", run };

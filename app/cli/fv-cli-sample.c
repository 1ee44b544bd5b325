/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/fv-cli.h"
#include "app/dataset/fv-sample-pictures.h"

static int
run (FvCli *cli, int argc, char **argv)
{
  int train = 400, val = 60, test = 60, size = 160, seed = 0;
  const GOptionEntry entries[] = {
    { "train", 0, 0, G_OPTION_ARG_INT, &train, "Pictures to learn from (400)", "N" },
    { "val", 0, 0, G_OPTION_ARG_INT, &val, "Pictures to choose the best epoch by (60)", "N" },
    { "test", 0, 0, G_OPTION_ARG_INT, &test, "Pictures to measure the result on (60)", "N" },
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
  if (MIN (MIN (train, val), test) < 1 || MAX (MAX (train, val), test) > 1000000)
    return fv_cli_wrong_usage (cli, "There must be 1 to 1000000 pictures of each kind.");
  if (size < 32 || size > 4096)
    return fv_cli_wrong_usage (cli, "The size must be 32 to 4096 pixels.");
  params = (FvSampleParams){ .n_train = train, .n_val = val, .n_test = test, .size = size, .seed = seed };
  if (!fv_sample_pictures_write (argv[1], &params, fv_cli_get_cancellable (cli), &error))
    return fv_cli_fail (cli, error);

  json_builder_begin_object (builder);
  fv_cli_json_string (builder, "folder", argv[1]);
  fv_cli_json_int (builder, "train", train);
  fv_cli_json_int (builder, "val", val);
  fv_cli_json_int (builder, "test", test);
  json_builder_end_object (builder);
  fv_cli_print_json (cli, builder);
  fv_cli_say (cli, "%d labelled pictures are in %s.", train + val + test, argv[1]);
  return FV_CLI_DONE;
}

const FvCliCommand fv_cli_sample
    = { "sample", "Draw labelled sample pictures, to try Fovea without any of your own", "FOLDER", run };

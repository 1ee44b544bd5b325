/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/fv-cli.h"
#include "app/project/fv-project.h"

extern const FvCliCommand fv_cli_init;

static int
run (FvCli *cli, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  int status;
  if (!fv_cli_parse (cli, &argc, &argv, NULL, 1, 1, &status))
    return status;

  g_autoptr (FvProject) project = fv_project_create (argv[1], &error);
  if (!project)
    return fv_cli_fail (cli, error);
  if (fv_project_get_notice (project))
    fv_cli_note (cli, "fovea-cli: %s", fv_project_get_notice (project));
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  fv_cli_json_string (builder, "project", fv_project_get_path (project));
  json_builder_end_object (builder);
  fv_cli_print_json (cli, builder);
  fv_cli_say (cli, "Made the project %s. Next: fovea-cli import", fv_project_get_path (project));
  return FV_CLI_DONE;
}

const FvCliCommand fv_cli_init = {
  .name = "init",
  .summary = "Make an empty project",
  .usage = "PROJECT",
  .run = run,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/fv-cli.h"
#include "app/dataset/fv-window.h"
#include "app/project/fv-project-window.h"

extern const FvCliCommand fv_cli_window;

static int
answer (FvCli *cli, guint16 low, guint16 high, guint n)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  fv_cli_json_int (builder, "low", low);
  fv_cli_json_int (builder, "high", high);
  fv_cli_json_int (builder, "images", n);
  json_builder_end_object (builder);
  fv_cli_print_json (cli, builder);
  if (n == 0)
    fv_cli_say (cli, "No picture of the project has more than 8 bits a channel.");
  else
    fv_cli_say (cli, "Of %u pictures with 16 bits a channel, %u is shown black and %u white.", n, low, high);
  return FV_CLI_DONE;
}

/* (transfer container): the pictures that have a window. */
static GPtrArray *
find_deep (const FvDataset *dataset)
{
  GPtrArray *deep = g_ptr_array_new ();
  for (guint i = 0; i < dataset->items->len; i++)
    if (fv_dataset_get (dataset, i)->reading.high > 0)
      g_ptr_array_add (deep, fv_dataset_get (dataset, i));
  return deep;
}

static int
window (FvCli *cli, const char *path, gint64 low, gint64 high, gboolean automatic)
{
  g_autoptr (GError) error = NULL;
  const gboolean change = automatic || low >= 0;
  guint16 from = (guint16)MAX (low, 0), to = (guint16)MAX (high, 0);
  guint n;
  g_autoptr (FvProject) project = fv_project_open (path, change ? FV_PROJECT_EDIT : FV_PROJECT_READ, &error);
  g_autoptr (FvDataset) dataset = project ? fv_project_load_dataset (project, &error) : NULL;
  if (!dataset)
    return fv_cli_fail (cli, error);
  g_autoptr (GPtrArray) deep = find_deep (dataset);
  n = deep->len;
  if (n == 0)
    return answer (cli, 0, 0, 0);
  if (automatic && !fv_window_find (deep, &from, &to))
    {
      g_set_error (&error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_NOT_FOUND,
                   "None of the %u pictures with 16 bits a channel can be read. Nothing was changed.", n);
      return fv_cli_fail (cli, error);
    }
  if (change ? !fv_project_set_window (project, from, to, &n, &error)
             : !fv_project_get_window (project, &from, &to, &error))
    return fv_cli_fail (cli, error);
  return answer (cli, from, to, n);
}

static int
run (FvCli *cli, int argc, char **argv)
{
  gint64 low = -1, high = -1;
  gboolean automatic = FALSE;
  const GOptionEntry entries[] = {
    { "low", 0, 0, G_OPTION_ARG_INT64, &low, "The value of 0 to 65535 that is shown black", "N" },
    { "high", 0, 0, G_OPTION_ARG_INT64, &high, "The value that is shown white", "N" },
    { "auto", 0, 0, G_OPTION_ARG_NONE, &automatic, "Choose both by what the pictures hold", NULL },
    { NULL },
  };
  int status;
  if (!fv_cli_parse (cli, &argc, &argv, entries, 1, 1, &status))
    return status;
  const gboolean given = low >= 0 || high >= 0;
  if (given && (automatic || low < 0 || high > G_MAXUINT16 || low >= high))
    return fv_cli_wrong_usage (cli, "Give both --low and --high, 0 to 65535, the first below the second; or --auto.");
  return window (cli, argv[1], low, high, automatic);
}

const FvCliCommand fv_cli_window = {
  .name = "window",
  .summary = "See or change what is black and white in 16-bit pictures",
  .usage = "PROJECT",
  .run = run,
};

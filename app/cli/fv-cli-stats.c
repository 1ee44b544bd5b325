/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/fv-cli.h"
#include "app/dataset/fv-statistics.h"
#include "app/project/fv-project.h"

extern const FvCliCommand fv_cli_stats;

static double
boxes_per_image (const FvStatistics *statistics)
{
  return statistics->images > 0 ? (double)statistics->boxes / statistics->images : 0;
}

static void
print_json (FvCli *cli, const FvStatistics *statistics)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  fv_cli_json_int (builder, "images", statistics->images);
  fv_cli_json_int (builder, "boxes", (gint64)statistics->boxes);
  fv_cli_json_int (builder, "backgrounds", statistics->backgrounds);
  json_builder_set_member_name (builder, "classes");
  json_builder_begin_array (builder);
  for (guint i = 0; i < statistics->classes->len; i++)
    {
      const FvClassStatistics *class = &g_array_index (statistics->classes, FvClassStatistics, i);
      json_builder_begin_object (builder);
      fv_cli_json_string (builder, "name", class->name);
      fv_cli_json_int (builder, "images", class->images);
      fv_cli_json_int (builder, "boxes", (gint64) class->boxes);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  fv_cli_json_number (builder, "boxes_per_image", boxes_per_image (statistics));
  json_builder_set_member_name (builder, "sizes");
  json_builder_begin_object (builder);
  fv_cli_json_int (builder, "small", (gint64)statistics->small);
  fv_cli_json_int (builder, "medium", (gint64)statistics->medium);
  fv_cli_json_int (builder, "large", (gint64)statistics->large);
  json_builder_end_object (builder);
  json_builder_set_member_name (builder, "subsets");
  json_builder_begin_object (builder);
  for (guint i = 0; i < FV_N_SUBSETS; i++)
    if (statistics->n_in_subset[i] > 0)
      fv_cli_json_int (builder, fv_subset_to_string ((FvSubset)i), statistics->n_in_subset[i]);
  json_builder_end_object (builder);
  json_builder_set_member_name (builder, "advice");
  json_builder_begin_array (builder);
  for (guint i = 0; i < statistics->advice->len; i++)
    {
      const FvAdvice *advice = &g_array_index (statistics->advice, FvAdvice, i);
      json_builder_begin_object (builder);
      fv_cli_json_string (builder, "id", advice->id);
      fv_cli_json_string (builder, "text", advice->text);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  fv_cli_print_json (cli, builder);
}

static void
say (FvCli *cli, const FvStatistics *statistics)
{
  fv_cli_say (cli, "%-24s %10s %10s", "Class", "Images", "Boxes");
  fv_cli_say (cli, "%-24s %10u %10" G_GUINT64_FORMAT, "all", statistics->images, statistics->boxes);
  for (guint i = 0; i < statistics->classes->len; i++)
    {
      const FvClassStatistics *class = &g_array_index (statistics->classes, FvClassStatistics, i);
      fv_cli_say (cli, "%-24s %10u %10" G_GUINT64_FORMAT, class->name, class->images, class->boxes);
    }
  fv_cli_say (cli,
              "%.2f boxes a picture; %u pictures without boxes; %" G_GUINT64_FORMAT " small (below 32 x 32 pixels), "
              "%" G_GUINT64_FORMAT " medium, %" G_GUINT64_FORMAT " large (above 96 x 96)",
              boxes_per_image (statistics), statistics->backgrounds, statistics->small, statistics->medium,
              statistics->large);
  for (guint i = 0; i < FV_N_SUBSETS; i++)
    if (statistics->n_in_subset[i] > 0)
      fv_cli_say (cli, "Subset %s: %u pictures", fv_subset_to_string ((FvSubset)i), statistics->n_in_subset[i]);
  for (guint i = 0; i < statistics->advice->len; i++)
    fv_cli_say (cli, "Advice: %s", g_array_index (statistics->advice, FvAdvice, i).text);
}

static int
run (FvCli *cli, int argc, char **argv)
{
  g_autofree char *name = NULL;
  const GOptionEntry entries[] = {
    { "subset", 0, 0, G_OPTION_ARG_STRING, &name, "Only train, val, test, or none (not in any)", "SUBSET" },
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  FvSubset subset;
  int status;
  if (!fv_cli_parse (cli, &argc, &argv, entries, 1, 1, &status))
    return status;
  if (name && !fv_subset_parse (name, &subset))
    return fv_cli_wrong_usage (cli, "There is no subset “%s”: give train, val, test or none.", name);

  g_autoptr (FvProject) project = fv_project_open (argv[1], FV_PROJECT_READ, &error);
  g_autoptr (FvDataset) dataset = project ? fv_project_load_dataset (project, &error) : NULL;
  if (!dataset)
    return fv_cli_fail (cli, error);
  g_autoptr (FvStatistics) statistics = fv_statistics_new (dataset, name ? &subset : NULL);
  print_json (cli, statistics);
  say (cli, statistics);
  return FV_CLI_DONE;
}

const FvCliCommand fv_cli_stats = {
  .name = "stats",
  .summary = "Count what a project holds, and advise on it",
  .usage = "PROJECT",
  .run = run,
};

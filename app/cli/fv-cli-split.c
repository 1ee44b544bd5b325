/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "app/cli/fv-cli.h"
#include "app/dataset/fv-split.h"
#include "app/project/fv-project.h"

extern const FvCliCommand fv_cli_split;

/* counts[class][subset] of boxes: (transfer full) */
static guint64 (*count_boxes (const FvDataset *dataset))[FV_N_SUBSETS]
{
  guint64 (*counts)[FV_N_SUBSETS] = g_malloc0_n (dataset->n_classes + 1, sizeof *counts);
  for (guint i = 0; i < dataset->items->len; i++)
    {
      const FvItem *item = fv_dataset_get (dataset, i);
      for (guint k = 0; k < item->boxes->len; k++)
        counts[g_array_index (item->boxes, FvBox, k).class_id][item->subset]++;
    }
  return counts;
}

static void
print_result (FvCli *cli, const FvDataset *dataset, const FvSplitResult *result)
{
  guint64 (*counts)[FV_N_SUBSETS] = count_boxes (dataset);
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  for (guint subset = FV_SUBSET_TRAIN; subset < FV_N_SUBSETS; subset++)
    fv_cli_json_int (builder, fv_subset_to_string ((FvSubset)subset), result->n_pictures[subset]);
  fv_cli_say (cli, "%-24s %10s %10s %10s", "", "train", "val", "test");
  fv_cli_say (cli, "%-24s %10u %10u %10u", "pictures", result->n_pictures[FV_SUBSET_TRAIN],
              result->n_pictures[FV_SUBSET_VAL], result->n_pictures[FV_SUBSET_TEST]);
  json_builder_set_member_name (builder, "classes");
  json_builder_begin_array (builder);
  for (guint c = 0; c < dataset->n_classes; c++)
    {
      json_builder_begin_object (builder);
      fv_cli_json_string (builder, "name", dataset->class_names[c]);
      for (guint subset = FV_SUBSET_TRAIN; subset < FV_N_SUBSETS; subset++)
        fv_cli_json_int (builder, fv_subset_to_string ((FvSubset)subset), (gint64)counts[c][subset]);
      json_builder_end_object (builder);
      fv_cli_say (cli, "%-24s %10" G_GUINT64_FORMAT " %10" G_GUINT64_FORMAT " %10" G_GUINT64_FORMAT,
                  dataset->class_names[c], counts[c][FV_SUBSET_TRAIN], counts[c][FV_SUBSET_VAL],
                  counts[c][FV_SUBSET_TEST]);
    }
  json_builder_end_array (builder);
  fv_cli_json_int (builder, "leaks", result->leaks);
  json_builder_end_object (builder);
  fv_cli_print_json (cli, builder);
  g_free (counts);
}

/* A share below 1; FALSE for any other text. */
static gboolean
parse_share (const char *text, double *share)
{
  char *end;
  *share = g_ascii_strtod (text, &end);
  return end != text && *end == '\0' && *share >= 0 && *share < 1;
}

static int
split (FvCli *cli, const char *path, const FvSplitParams *params)
{
  g_autoptr (GError) error = NULL;
  FvSplitResult result;
  g_autoptr (FvProject) project = fv_project_open (path, FV_PROJECT_EDIT, &error);
  g_autoptr (FvDataset) dataset = project ? fv_project_load_dataset (project, &error) : NULL;
  if (!dataset)
    return fv_cli_fail (cli, error);
  if (dataset->items->len == 0)
    {
      g_set_error (&error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_NOT_FOUND,
                   "The project %s has no pictures to split: `fovea-cli import` brings them in.", path);
      return fv_cli_fail (cli, error);
    }
  fv_split_dataset (dataset, params, &result, NULL);
  if (!fv_project_save_subsets (project, dataset, &error))
    return fv_cli_fail (cli, error);
  print_result (cli, dataset, &result);
  return FV_CLI_DONE;
}

static int
run (FvCli *cli, int argc, char **argv)
{
  static const char *const later[] = { "group", "time", "place", "folds", NULL };
  g_autofree char *method = NULL, *val = NULL, *test = NULL;
  gint64 seed = 0;
  const GOptionEntry entries[] = {
    { "method", 0, 0, G_OPTION_ARG_STRING, &method, "stratified (the default): each class divided alike", "METHOD" },
    { "val", 0, 0, G_OPTION_ARG_STRING, &val, "Share for validation; auto: 0.2 below 1,000 pictures, else 0.1",
      "SHARE" },
    { "test", 0, 0, G_OPTION_ARG_STRING, &test, "Share for a final test (0)", "SHARE" },
    { "seed", 0, 0, G_OPTION_ARG_INT64, &seed, "Another seed, another split (0)", "N" },
    { NULL },
  };
  FvSplitParams params = { 0 };
  int status;
  if (!fv_cli_parse (cli, &argc, &argv, entries, 1, 1, &status))
    return status;
  if (method && g_strv_contains (later, method))
    return fv_cli_wrong_usage (cli, "Splitting by “%s” is not built yet: give stratified.", method);
  if (method && strcmp (method, "stratified") != 0)
    return fv_cli_wrong_usage (cli, "There is no method “%s”: give stratified.", method);
  if (val && strcmp (val, "auto") != 0 && (!parse_share (val, &params.val) || params.val <= 0))
    return fv_cli_wrong_usage (cli, "“%s” is no share for --val: give auto or a number between 0 and 1.", val);
  if (test && !parse_share (test, &params.test))
    return fv_cli_wrong_usage (cli, "“%s” is no share for --test: give a number from 0 up to below 1.", test);
  /* "auto" is at most a fifth. */
  if ((params.val > 0 ? params.val : 0.2) + params.test >= 1)
    return fv_cli_wrong_usage (cli, "--val and --test leave nothing to train on.");
  if (seed < 0)
    return fv_cli_wrong_usage (cli, "--seed must not be negative.");
  params.seed = (guint64)seed;
  return split (cli, argv[1], &params);
}

const FvCliCommand fv_cli_split = {
  .name = "split",
  .summary = "Divide a project's pictures into train, val and test",
  .usage = "PROJECT",
  .run = run,
};

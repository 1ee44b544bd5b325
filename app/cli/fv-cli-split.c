/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "app/cli/fv-cli.h"
#include "app/dataset/fv-duplicates.h"
#include "app/dataset/fv-measures.h"
#include "app/dataset/fv-split-keys.h"
#include "app/dataset/fv-split-report.h"
#include "app/project/fv-project-splits.h"

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
put_report (FvCli *cli, JsonBuilder *builder, const FvSplitReport *report)
{
  json_builder_set_member_name (builder, "distances");
  json_builder_begin_array (builder);
  for (guint i = 0; i < report->distances->len; i++)
    {
      const FvSplitDistance *distance = &g_array_index (report->distances, FvSplitDistance, i);
      json_builder_begin_object (builder);
      fv_cli_json_string (builder, "id", distance->id);
      fv_cli_json_number (builder, "distance", distance->distance);
      fv_cli_json_number (builder, "chance", distance->chance);
      json_builder_end_object (builder);
      fv_cli_say (cli, "train and val differ in %-10s %.3f (chance: up to %.3f)", distance->id, distance->distance,
                  distance->chance);
    }
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "warnings");
  json_builder_begin_array (builder);
  for (guint i = 0; i < report->warnings->len; i++)
    {
      const FvSplitWarning *warning = &g_array_index (report->warnings, FvSplitWarning, i);
      json_builder_begin_object (builder);
      fv_cli_json_string (builder, "id", warning->id);
      fv_cli_json_string (builder, "text", warning->text);
      json_builder_end_object (builder);
      fv_cli_note (cli, "fovea-cli: %s", warning->text);
    }
  json_builder_end_array (builder);
}

static void
print_result (FvCli *cli, const FvDataset *dataset, const FvSplitResult *result, const FvSplitReport *report,
              guint number)
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
  fv_cli_json_int (builder, "near_leaks", report->near_leaks);
  fv_cli_json_int (builder, "groups", result->n_groups);
  g_autofree char *hash = fv_split_hash (dataset);
  fv_cli_json_int (builder, "number", number);
  fv_cli_json_string (builder, "hash", hash);
  fv_cli_say (cli, "This is split %u of the project (%.12s…).", number, hash);
  put_report (cli, builder, report);
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

static void
on_progress (double fraction, gpointer user_data)
{
  fv_cli_progress (user_data, fraction, "Looking for near-duplicates: %3.0f %%", fraction * 100);
}

/* (transfer full): how the split was made, as its version keeps it. */
static char *
describe (const FvSplitParams *params, const char *by)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  fv_cli_json_string (builder, "method", fv_split_method_to_string (params->method));
  fv_cli_json_string (builder, "by", by);
  fv_cli_json_number (builder, "val", params->val);
  fv_cli_json_number (builder, "test", params->test);
  fv_cli_json_int (builder, "seed", (gint64)params->seed);
  fv_cli_json_int (builder, "folds", params->folds);
  fv_cli_json_int (builder, "fold", params->fold);
  json_builder_end_object (builder);
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  return json_to_string (root, FALSE);
}

/* (transfer full): near-duplicates as a number a picture, and how bright each is. */
static guint *
look (FvCli *cli, const FvDataset *dataset, float **brightness, GError **error)
{
  const FvMeasureParams params
      = { .progress = on_progress, .user_data = cli, .cancellable = fv_cli_get_cancellable (cli) };
  g_autoptr (FvMeasures) measures = fv_measure_pictures (dataset, &params, error);
  if (!measures)
    return NULL;
  *brightness = g_new (float, dataset->items->len + 1);
  for (guint i = 0; i < dataset->items->len; i++)
    (*brightness)[i] = measures->all[i].readable ? measures->all[i].brightness : NAN;
  return fv_duplicates_find (dataset, measures);
}

static int
list (FvCli *cli, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvProject) project = fv_project_open (path, FV_PROJECT_READ, &error);
  g_autoptr (FvDataset) dataset = project ? fv_project_load_dataset (project, &error) : NULL;
  g_autoptr (GArray) versions = dataset ? fv_project_list_splits (project, &error) : NULL;
  if (!versions)
    return fv_cli_fail (cli, error);
  g_autofree char *hash = fv_split_hash (dataset);
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  fv_cli_json_string (builder, "hash", hash);
  json_builder_set_member_name (builder, "splits");
  json_builder_begin_array (builder);
  for (guint i = 0; i < versions->len; i++)
    {
      const FvSplitVersion *version = &g_array_index (versions, FvSplitVersion, i);
      const gboolean in_force = strcmp (version->hash, hash) == 0;
      json_builder_begin_object (builder);
      fv_cli_json_int (builder, "number", version->number);
      fv_cli_json_string (builder, "time", version->time);
      fv_cli_json_string (builder, "parameters", version->parameters);
      fv_cli_json_string (builder, "hash", version->hash);
      fv_cli_json_bool (builder, "in_force", in_force);
      json_builder_end_object (builder);
      fv_cli_say (cli, "%u  %s  %.12s…%s  %s", version->number, version->time, version->hash,
                  in_force ? " (in force)" : "", version->parameters);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  fv_cli_print_json (cli, builder);
  if (versions->len == 0)
    fv_cli_say (cli, "No split was made yet; the subsets are those that the data brought.");
  return FV_CLI_DONE;
}

/* Back to a version, or to another fold of it. */
static int
use (FvCli *cli, const char *path, guint wanted, guint fold)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) folds = NULL;
  g_autofree float *brightness = NULL;
  FvSplitResult result = { 0 };
  guint number;
  g_autoptr (FvProject) project = fv_project_open (path, FV_PROJECT_EDIT, &error);
  g_autoptr (FvDataset) dataset = project ? fv_project_load_dataset (project, &error) : NULL;
  if (!dataset || !fv_project_load_split (project, wanted, dataset, &folds, &error))
    return fv_cli_fail (cli, error);
  if (fold > 0)
    fv_split_choose_fold (dataset, folds, fold);
  g_autofree guint *near = look (cli, dataset, &brightness, &error);
  if (!near)
    return fv_cli_fail (cli, error);
  fv_split_count (dataset, &result);
  if (fold > 0 && result.n_pictures[FV_SUBSET_VAL] == 0)
    {
      g_set_error (&error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_NOT_FOUND,
                   "Split %u has no fold %u. Nothing was changed.", wanted, fold);
      return fv_cli_fail (cli, error);
    }
  g_autofree char *parameters = g_strdup_printf ("{\"of\":%u,\"fold\":%u}", wanted, fold);
  if (!fv_project_save_split (project, dataset, folds, parameters, &number, &error))
    return fv_cli_fail (cli, error);
  g_autoptr (FvSplitReport) report = fv_split_report_new (
      dataset, &(FvSplitReportParams){ .result = &result, .near = near, .brightness = brightness });
  print_result (cli, dataset, &result, report, number);
  return FV_CLI_DONE;
}

static int
split (FvCli *cli, const char *path, const FvSplitParams *given, const char *by)
{
  g_autoptr (GError) error = NULL;
  g_auto (FvSplitResult) result = { 0 };
  FvSplitParams params = *given;
  guint number;
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
  g_autoptr (GPtrArray) keys = by ? fv_split_keys_new (dataset, by, &error) : NULL;
  if (by && !keys)
    return fv_cli_fail (cli, error);
  g_autofree float *brightness = NULL;
  g_autofree guint *near = look (cli, dataset, &brightness, &error);
  if (!near)
    return fv_cli_fail (cli, error);
  params.near = near;
  params.keys = keys;
  g_autofree char *parameters = describe (&params, by);
  if (!fv_split_dataset (dataset, &params, &result, &error)
      || !fv_project_save_split (project, dataset, result.folds, parameters, &number, &error))
    return fv_cli_fail (cli, error);
  g_autoptr (FvSplitReport) report = fv_split_report_new (
      dataset, &(FvSplitReportParams){ .result = &result, .near = near, .brightness = brightness });
  print_result (cli, dataset, &result, report, number);
  return FV_CLI_DONE;
}

static int
run (FvCli *cli, int argc, char **argv)
{
  g_autofree char *method = NULL, *val = NULL, *test = NULL, *by = NULL;
  gint64 seed = 0;
  int folds = 0, fold = 0, wanted = 0;
  gboolean list_them = FALSE;
  const GOptionEntry entries[] = {
    { "method", 0, 0, G_OPTION_ARG_STRING, &method,
      "stratified (the default): each class divided alike; group, time or place; folds: stratified, 5 parts",
      "METHOD" },
    { "by", 0, 0, G_OPTION_ARG_STRING, &by, "What group, time or place go by: folder, name:PATTERN or FILE.csv:COLUMN",
      "WHAT" },
    { "folds", 0, 0, G_OPTION_ARG_INT, &folds, "So many equal parts instead of a share for validation, with any method",
      "K" },
    { "fold", 0, 0, G_OPTION_ARG_INT, &fold, "Which of them validates (1)", "N" },
    { "list", 0, 0, G_OPTION_ARG_NONE, &list_them, "Only list the splits that were made", NULL },
    { "use", 0, 0, G_OPTION_ARG_INT, &wanted, "Go back to this one of them, or with --fold to another fold of it",
      "NUMBER" },
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
  if (list_them)
    return list (cli, argv[1]);
  if (wanted != 0)
    return wanted > 0 && fold >= 0 ? use (cli, argv[1], (guint)wanted, (guint)fold)
                                   : fv_cli_wrong_usage (cli, "--use and --fold take numbers from 1 on.");
  if (method && strcmp (method, "folds") == 0)
    folds = folds ? folds : 5;
  else if (method && !fv_split_method_parse (method, &params.method))
    return fv_cli_wrong_usage (cli, "There is no method “%s”: give stratified, group, time, place or folds.", method);
  if (by && params.method == FV_SPLIT_STRATIFIED)
    return fv_cli_wrong_usage (cli, "--by belongs to --method group, time or place.");
  if (folds != 0 && (folds < 2 || folds > FV_SPLIT_MAX_FOLDS))
    return fv_cli_wrong_usage (cli, "--folds takes 2 to %d.", FV_SPLIT_MAX_FOLDS);
  if (fold < 0 || fold > folds)
    return fv_cli_wrong_usage (cli, "--fold takes 1 to as many as --folds says.");
  params.folds = (guint)folds;
  params.fold = (guint)fold;
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
  return split (cli, argv[1], &params, by);
}

const FvCliCommand fv_cli_split = {
  .name = "split",
  .summary = "Divide a project's pictures into train, val and test",
  .usage = "PROJECT",
  .run = run,
};

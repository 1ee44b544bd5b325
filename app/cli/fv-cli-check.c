/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "app/cli/fv-cli-problems.h"
#include "app/cli/fv-cli.h"
#include "app/dataset/fv-check.h"
#include "app/dataset/fv-review.h"
#include "app/project/fv-project.h"

extern const FvCliCommand fv_cli_check;

/* So many findings of a kind are shown to a person; --json gives all. */
#define MAX_SHOWN 20

typedef struct
{
  gint64 sample, errors, of, seed;
} Options;

static void
on_progress (double fraction, gpointer user_data)
{
  fv_cli_progress (user_data, fraction, "Looking at pictures: %3.0f %%", fraction * 100);
}

/* Findings */

static void
put_box (JsonBuilder *builder, const FvDataset *dataset, const FvFinding *finding)
{
  json_builder_set_member_name (builder, "box");
  if (finding->box < 0)
    {
      json_builder_add_null_value (builder);
      return;
    }
  const FvBox *box = &g_array_index (fv_dataset_get (dataset, finding->item)->boxes, FvBox, finding->box);
  json_builder_begin_object (builder);
  fv_cli_json_int (builder, "index", finding->box);
  fv_cli_json_string (builder, "class", dataset->class_names[box->class_id]);
  fv_cli_json_number (builder, "x1", box->x1);
  fv_cli_json_number (builder, "y1", box->y1);
  fv_cli_json_number (builder, "x2", box->x2);
  fv_cli_json_number (builder, "y2", box->y2);
  json_builder_end_object (builder);
}

static void
put_findings (JsonBuilder *builder, const FvDataset *dataset, const GPtrArray *findings)
{
  json_builder_set_member_name (builder, "findings");
  json_builder_begin_array (builder);
  for (guint i = 0; i < findings->len; i++)
    {
      const FvFinding *finding = g_ptr_array_index (findings, i);
      json_builder_begin_object (builder);
      fv_cli_json_string (builder, "id", finding->id);
      fv_cli_json_string (builder, "kind", finding->kind);
      fv_cli_json_string (builder, "image",
                          finding->item != G_MAXUINT ? fv_dataset_get (dataset, finding->item)->name : NULL);
      put_box (builder, dataset, finding);
      fv_cli_json_string (builder, "text", finding->text);
      fv_cli_json_string (builder, "repair", finding->repair);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

static void
say_finding (FvCli *cli, const FvDataset *dataset, const FvFinding *finding)
{
  fv_cli_say (cli, "%s  %s", finding->id,
              finding->item != G_MAXUINT ? fv_dataset_get (dataset, finding->item)->name : "");
  fv_cli_say (cli, "    %s", finding->text);
  if (finding->repair != NULL)
    fv_cli_say (cli, "    Repair: %s", finding->repair);
}

static void
say_findings (FvCli *cli, const FvDataset *dataset, const GPtrArray *findings)
{
  guint n_of_kind = 0;
  for (guint i = 0; i < findings->len; i++)
    {
      const FvFinding *finding = g_ptr_array_index (findings, i);
      const FvFinding *next = i + 1 < findings->len ? g_ptr_array_index (findings, i + 1) : NULL;
      n_of_kind++;
      if (n_of_kind <= MAX_SHOWN)
        say_finding (cli, dataset, finding);
      if (next != NULL && strcmp (next->kind, finding->kind) == 0)
        continue;
      if (n_of_kind > MAX_SHOWN)
        fv_cli_say (cli, "and %u more of the kind %s; --json lists all.", n_of_kind - MAX_SHOWN, finding->kind);
      n_of_kind = 0;
    }
}

static guint
count_repairs (const GPtrArray *findings)
{
  guint n = 0;
  for (guint i = 0; i < findings->len; i++)
    n += ((const FvFinding *)findings->pdata[i])->action != FV_REPAIR_NONE;
  return n;
}

static int
check (FvCli *cli, FvProject *project, const FvDataset *dataset)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) repaired = NULL, rejected = NULL;
  const FvMeasureParams params
      = { .progress = on_progress, .user_data = cli, .cancellable = fv_cli_get_cancellable (cli) };
  g_autoptr (FvMeasures) measures = fv_measure_pictures (dataset, &params, &error);
  if (!measures || !fv_project_load_problems (project, &repaired, &rejected, &error))
    return fv_cli_fail (cli, error);
  g_autoptr (GPtrArray) findings = fv_check (dataset, measures);
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  put_findings (builder, dataset, findings);
  json_builder_set_member_name (builder, "imported");
  json_builder_begin_object (builder);
  fv_cli_json_problems (builder, "repaired", repaired);
  fv_cli_json_problems (builder, "rejected", rejected);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  fv_cli_print_json (cli, builder);

  say_findings (cli, dataset, findings);
  fv_cli_say (cli, "%u findings in %u pictures; 'fovea-cli repair' can mend %u of them.", findings->len,
              dataset->items->len, count_repairs (findings));
  if (repaired->len + rejected->len > 0)
    fv_cli_say (cli, "Importing repaired %u labels and left out %u: --json lists them.", repaired->len, rejected->len);
  return FV_CLI_DONE;
}

/* Review */

static int
sample (FvCli *cli, const FvDataset *dataset, const Options *options)
{
  g_autoptr (GArray) items = fv_review_sample (dataset, (guint)options->sample, (guint64)options->seed);
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "sample");
  json_builder_begin_array (builder);
  for (guint i = 0; i < items->len; i++)
    {
      const FvItem *item = fv_dataset_get (dataset, g_array_index (items, guint, i));
      json_builder_begin_object (builder);
      fv_cli_json_string (builder, "image", item->name);
      fv_cli_json_int (builder, "boxes", item->boxes->len);
      json_builder_end_object (builder);
      fv_cli_say (cli, "%s (%u boxes)", item->name, item->boxes->len);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  fv_cli_print_json (cli, builder);
  fv_cli_say (cli,
              "Look at these, count the pictures with a wrong or missing box, and call 'fovea-cli check --errors COUNT "
              "--of %u'.",
              items->len);
  return FV_CLI_DONE;
}

static int
rate (FvCli *cli, const Options *options)
{
  const FvRate found = fv_review_rate ((guint)options->errors, (guint)options->of);
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  fv_cli_json_number (builder, "rate", found.rate);
  fv_cli_json_number (builder, "low", found.low);
  fv_cli_json_number (builder, "high", found.high);
  json_builder_end_object (builder);
  fv_cli_print_json (cli, builder);
  fv_cli_say (
      cli, "%.1f %% of the pictures looked at are wrong; of all, between %.1f %% and %.1f %% (with 95 %% confidence).",
      found.rate * 100, found.low * 100, found.high * 100);
  return FV_CLI_DONE;
}

static int
run (FvCli *cli, int argc, char **argv)
{
  Options options = { .sample = 0, .errors = -1, .of = 0, .seed = 0 };
  const GOptionEntry entries[] = {
    { "sample", 0, 0, G_OPTION_ARG_INT64, &options.sample, "Only name so many random pictures, to look at", "N" },
    { "seed", 0, 0, G_OPTION_ARG_INT64, &options.seed, "Another seed, another sample (0)", "N" },
    { "errors", 0, 0, G_OPTION_ARG_INT64, &options.errors, "Only say what so many wrong pictures in a sample mean",
      "N" },
    { "of", 0, 0, G_OPTION_ARG_INT64, &options.of, "How many pictures the sample had", "N" },
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  int status;
  if (!fv_cli_parse (cli, &argc, &argv, entries, 1, 1, &status))
    return status;
  if (options.sample < 0 || options.sample > G_MAXINT || options.seed < 0)
    return fv_cli_wrong_usage (cli, "--sample and --seed must not be negative.");
  if (options.errors >= 0 && (options.of <= 0 || options.of > G_MAXINT || options.errors > options.of))
    return fv_cli_wrong_usage (cli, "--errors takes --of, the size of the sample, and can't be more than that.");

  g_autoptr (FvProject) project = fv_project_open (argv[1], FV_PROJECT_READ, &error);
  g_autoptr (FvDataset) dataset = project ? fv_project_load_dataset (project, &error) : NULL;
  if (!dataset)
    return fv_cli_fail (cli, error);
  return options.errors >= 0  ? rate (cli, &options)
         : options.sample > 0 ? sample (cli, dataset, &options)
                              : check (cli, project, dataset);
}

const FvCliCommand fv_cli_check = {
  .name = "check",
  .summary = "Find labels, pictures and subsets that somebody should look at",
  .usage = "PROJECT",
  .run = run,
};

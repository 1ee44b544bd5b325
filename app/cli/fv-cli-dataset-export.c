/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "app/cli/fv-cli.h"
#include "app/dataset/fv-export.h"
#include "app/project/fv-project.h"

extern const FvCliCommand fv_cli_dataset_export;

typedef struct
{
  char *format, *output, *subset;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->format);
  g_free (options->output);
  g_free (options->subset);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static void
on_progress (double fraction, const char *what, gpointer user_data)
{
  fv_cli_progress (user_data, fraction, "Exporting: %3.0f %% of the %s", fraction * 100, what);
}

static void
print_json (FvCli *cli, const Options *options, const FvExportReport *report)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  fv_cli_json_string (builder, "format", options->format);
  fv_cli_json_string (builder, "output", options->output);
  fv_cli_json_int (builder, "images", report->images);
  fv_cli_json_int (builder, "boxes", (gint64)report->boxes);
  fv_cli_json_int (builder, "files", report->files);
  json_builder_set_member_name (builder, "subsets");
  json_builder_begin_object (builder);
  for (guint i = 0; i < FV_N_SUBSETS; i++)
    if (report->n_in_subset[i] > 0)
      fv_cli_json_int (builder, fv_subset_to_string ((FvSubset)i), report->n_in_subset[i]);
  json_builder_end_object (builder);
  fv_cli_json_int (builder, "converted", report->converted);
  fv_cli_json_int (builder, "ignored", (gint64)report->ignored);
  fv_cli_json_int (builder, "ignored_left_out", (gint64)report->ignored_left_out);
  json_builder_end_object (builder);
  fv_cli_print_json (cli, builder);
}

static void
say (FvCli *cli, const Options *options, const FvExportReport *report)
{
  fv_cli_say (cli, "%u pictures with %" G_GUINT64_FORMAT " boxes are in %s (%s, %u files).", report->images,
              report->boxes, options->output, options->format, report->files);
  if (report->converted > 0)
    fv_cli_say (cli, "%u pictures were written as PNG: pages of files, and 16 bits as their window shows them.",
                report->converted);
  if (report->ignored_left_out > 0)
    fv_cli_note (cli,
                 "fovea-cli: %" G_GUINT64_FORMAT " regions to be ignored stayed out, since the format can't hold them; "
                 "who trains on this learns that nothing is there. COCO holds them.",
                 report->ignored_left_out);
  if (strcmp (options->format, "yolo") == 0 && report->n_in_subset[FV_SUBSET_NONE] > 0
      && report->n_in_subset[FV_SUBSET_NONE] < report->images)
    fv_cli_note (cli,
                 "fovea-cli: %u pictures are in no subset; they lie in images/none, which data.yaml can't name. "
                 "`fovea-cli split` divides the project's pictures.",
                 report->n_in_subset[FV_SUBSET_NONE]);
}

static int export(FvCli *cli, const char *path, const Options *options)
{
  g_autoptr (GError) error = NULL;
  FvExportReport report;
  FvExportParams params = { .format = options->format,
                            .output = options->output,
                            .progress = on_progress,
                            .user_data = cli,
                            .cancellable = fv_cli_get_cancellable (cli) };
  if (options->subset && (!fv_subset_parse (options->subset, &params.subset) || params.subset == FV_SUBSET_NONE))
    return fv_cli_wrong_usage (cli, "There is no subset “%s”: give train, val or test.", options->subset);
  g_autoptr (FvProject) project = fv_project_open (path, FV_PROJECT_READ, &error);
  g_autoptr (FvDataset) dataset = project ? fv_project_load_dataset (project, &error) : NULL;
  if (!dataset || !fv_export_dataset (dataset, &params, &report, &error))
    return fv_cli_fail (cli, error);
  print_json (cli, options, &report);
  say (cli, options, &report);
  return FV_CLI_DONE;
}

static int
run (FvCli *cli, int argc, char **argv)
{
  g_auto (Options) options = { 0 };
  g_autofree char *known = g_strjoinv (", ", (char **)fv_export_formats);
  const GOptionEntry entries[] = {
    { "format", 0, 0, G_OPTION_ARG_STRING, &options.format, known, "FORMAT" },
    { "output", 0, 0, G_OPTION_ARG_FILENAME, &options.output, "The folder to be made; nothing is overwritten", "DIR" },
    { "subset", 0, 0, G_OPTION_ARG_STRING, &options.subset, "Only train, val or test", "SUBSET" },
    { NULL },
  };
  int status;
  if (!fv_cli_parse (cli, &argc, &argv, entries, 1, 1, &status))
    return status;
  if (!options.format || !options.output)
    return fv_cli_wrong_usage (cli, "Give --format and --output.");
  if (!g_strv_contains (fv_export_formats, options.format))
    return fv_cli_wrong_usage (cli, "The format “%s” can't be written: give one of %s.", options.format, known);
  return export(cli, argv[1], &options);
}

const FvCliCommand fv_cli_dataset_export = {
  .name = "dataset-export",
  .summary = "Write a project's pictures and labels for other programs",
  .usage = "PROJECT",
  .run = run,
};

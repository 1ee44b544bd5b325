/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "app/cli/fv-cli-problems.h"
#include "app/cli/fv-cli.h"
#include "app/dataset/fv-import.h"

extern const FvCliCommand fv_cli_import;

/* So many rows of a kind are shown to a person; --json gives all, and the project keeps all. */
#define MAX_SHOWN 40

typedef struct
{
  char *format, *images, *subset;
  char **classes;
  double fps;
  gboolean copy, dry_run;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->format);
  g_free (options->images);
  g_free (options->subset);
  g_strfreev (options->classes);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static void
on_progress (double fraction, const char *what, gpointer user_data)
{
  fv_cli_progress (user_data, fraction, "Importing: %3.0f %% of the %s", fraction * 100, what);
}

static void
print_json (FvCli *cli, const FvImportReport *report)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  fv_cli_json_string (builder, "format", report->format);
  fv_cli_json_int (builder, "images", report->dataset->items->len);
  fv_cli_json_int (builder, "boxes", (gint64)fv_dataset_count_boxes (report->dataset));
  fv_cli_json_int (builder, "backgrounds", report->backgrounds);
  json_builder_set_member_name (builder, "classes");
  json_builder_begin_array (builder);
  for (guint i = 0; i < report->dataset->n_classes; i++)
    json_builder_add_string_value (builder, report->dataset->class_names[i]);
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "subsets");
  json_builder_begin_object (builder);
  for (guint i = 0; i < FV_N_SUBSETS; i++)
    if (report->n_in_subset[i] > 0)
      fv_cli_json_int (builder, fv_subset_to_string ((FvSubset)i), report->n_in_subset[i]);
  json_builder_end_object (builder);
  fv_cli_json_problems (builder, "repaired", report->repaired);
  fv_cli_json_problems (builder, "rejected", report->rejected);
  json_builder_end_object (builder);
  fv_cli_print_json (cli, builder);
}

static void
say_problems (FvCli *cli, const char *title, const GPtrArray *problems)
{
  if (problems->len == 0)
    return;
  fv_cli_say (cli, "%s (%u):", title, problems->len);
  for (guint i = 0; i < problems->len && i < MAX_SHOWN; i++)
    {
      const FvProblem *problem = g_ptr_array_index (problems, i);
      if (problem->line > 0)
        fv_cli_say (cli, "  %s, line %u: %s", problem->file, problem->line, problem->reason);
      else
        fv_cli_say (cli, "  %s: %s", problem->file, problem->reason);
    }
  if (problems->len > MAX_SHOWN)
    fv_cli_say (cli, "  and %u more; --json lists all.", problems->len - MAX_SHOWN);
}

static void
say (FvCli *cli, const FvImportReport *report, gboolean dry_run)
{
  say_problems (cli, "Repaired", report->repaired);
  say_problems (cli, "Rejected", report->rejected);
  if (report->why)
    fv_cli_say (cli, "Format: %s, since %s", report->format, report->why);
  fv_cli_say (cli, "%s %u pictures (%u without boxes) with %" G_GUINT64_FORMAT " boxes of %u classes",
              dry_run ? "Would import" : "Imported", report->dataset->items->len, report->backgrounds,
              fv_dataset_count_boxes (report->dataset), report->dataset->n_classes);
  g_autoptr (GString) subsets = g_string_new (NULL);
  for (guint i = 0; i < FV_N_SUBSETS; i++)
    if (report->n_in_subset[i] > 0)
      g_string_append_printf (subsets, "%s%s %u", subsets->len > 0 ? ", " : "", fv_subset_to_string ((FvSubset)i),
                              report->n_in_subset[i]);
  fv_cli_say (cli, "Subsets: %s%s", subsets->str,
              report->split ? " (the data brought none, so pictures were divided by class)" : "");
}

static int
import (FvCli *cli, char **argv, const Options *options)
{
  g_autoptr (GError) error = NULL;
  FvImportParams params = { .images = options->images,
                            .classes = (const char *const *)options->classes,
                            .fps = options->fps,
                            .copy = options->copy,
                            .dry_run = options->dry_run,
                            .progress = on_progress,
                            .user_data = cli,
                            .cancellable = fv_cli_get_cancellable (cli) };
  if (options->format && strcmp (options->format, "auto") != 0)
    {
      if (!g_strv_contains (fv_import_formats (), options->format))
        {
          g_autofree char *known = g_strjoinv (", ", (char **)fv_import_formats ());
          return fv_cli_wrong_usage (cli, "The format “%s” can't be read: give auto or one of %s.", options->format,
                                     known);
        }
      params.format = options->format;
    }
  if (options->subset && strcmp (options->subset, "auto") != 0)
    {
      if (!fv_subset_parse (options->subset, &params.subset) || params.subset == FV_SUBSET_NONE)
        return fv_cli_wrong_usage (cli, "There is no subset “%s”: give auto, train, val or test.", options->subset);
      params.force_subset = TRUE;
    }

  if (!(options->fps >= 0 && options->fps <= 1000))
    return fv_cli_wrong_usage (cli, "--fps takes a number of frames a second, such as 0.5.");

  FvProjectMode mode = options->dry_run ? FV_PROJECT_READ : FV_PROJECT_EDIT;
  g_autoptr (FvProject) project = fv_project_open (argv[1], mode, &error);
  if (!project)
    return fv_cli_fail (cli, error);
  if (fv_project_get_notice (project))
    fv_cli_note (cli, "fovea-cli: %s", fv_project_get_notice (project));
  g_autoptr (FvImportReport) report = fv_import (project, argv[2], &params, &error);
  if (!report)
    return fv_cli_fail (cli, error);
  print_json (cli, report);
  say (cli, report, options->dry_run);
  if (report->n_in_subset[FV_SUBSET_VAL] == 0)
    fv_cli_note (cli, "fovea-cli: No picture of this import is for validation; `fovea-cli split` divides the project's "
                      "pictures anew.");
  return FV_CLI_DONE;
}

static int
run (FvCli *cli, int argc, char **argv)
{
  g_auto (Options) options = { 0 };
  g_autofree char *known = g_strjoinv (", ", (char **)fv_import_formats ());
  g_autofree char *formats = g_strdup_printf ("auto (by content), or %s", known);
  const GOptionEntry entries[] = {
    { "format", 0, 0, G_OPTION_ARG_STRING, &options.format, formats, "FORMAT" },
    { "images", 0, 0, G_OPTION_ARG_FILENAME, &options.images, "Where the pictures are, if apart from the labels",
      "DIR" },
    { "subset", 0, 0, G_OPTION_ARG_STRING, &options.subset, "auto (as the data say), or all into train, val or test",
      "SUBSET" },
    { "class", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.classes,
      "Rename or merge a class; OLD= leaves its boxes out (may be repeated)", "OLD=NEW" },
    { "fps", 0, 0, G_OPTION_ARG_DOUBLE, &options.fps,
      "Frames a second to take of videos (1, or those that labels of CVAT's speak of)", "N" },
    { "copy", 0, 0, G_OPTION_ARG_NONE, &options.copy, "Copy the pictures into the project", NULL },
    { "dry-run", 0, 0, G_OPTION_ARG_NONE, &options.dry_run, "Only report what would be imported", NULL },
    { NULL },
  };
  int status;
  if (!fv_cli_parse (cli, &argc, &argv, entries, 2, 2, &status))
    return status;
  return import (cli, argv, &options);
}

const FvCliCommand fv_cli_import = {
  .name = "import",
  .summary = "Bring pictures and labels into a project",
  .usage = "PROJECT SOURCE",
  .run = run,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "app/cli/fv-cli.h"
#include "app/dataset/fv-check.h"
#include "app/project/fv-project-changes.h"

extern const FvCliCommand fv_cli_repair;

static void
on_progress (double fraction, gpointer user_data)
{
  fv_cli_progress (user_data, fraction, "Looking at pictures: %3.0f %%", fraction * 100);
}

static int
finish (FvCli *cli, guint repaired, const char *text)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  fv_cli_json_int (builder, "repaired", repaired);
  fv_cli_json_string (builder, "text", text);
  json_builder_end_object (builder);
  fv_cli_print_json (cli, builder);
  fv_cli_say (cli, "%s", text);
  return FV_CLI_DONE;
}

/* --undo and --redo: *repaired of the answer counts the pictures. */
static int
step (FvCli *cli, FvProject *project, gboolean undo)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *what = NULL;
  guint n;
  if (!(undo ? fv_project_undo : fv_project_redo) (project, &n, &what, &error))
    return fv_cli_fail (cli, error);
  g_autofree char *text
      = what == NULL ? g_strdup (undo ? "There is nothing to undo." : "There is nothing to redo.")
                     : g_strdup_printf (undo ? "Undone in %u pictures: %s" : "Done again in %u pictures: %s", n, what);
  return finish (cli, n, text);
}

/* (transfer container): the findings of these ids; NULL, with @missing set, where one is not there or can't be repaired. */
static GPtrArray *
choose (const GPtrArray *findings, char **ids, const char **missing, gboolean *there)
{
  g_autoptr (GHashTable) by_id = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) chosen = g_ptr_array_new ();
  for (guint i = 0; i < findings->len; i++)
    g_hash_table_insert (by_id, ((FvFinding *)findings->pdata[i])->id, findings->pdata[i]);
  for (guint i = 0; ids[i] != NULL; i++)
    {
      FvFinding *finding = g_hash_table_lookup (by_id, ids[i]);
      *missing = ids[i];
      *there = finding != NULL;
      if (finding == NULL || finding->action == FV_REPAIR_NONE)
        return NULL;
      if (!g_ptr_array_find (chosen, finding, NULL))
        g_ptr_array_add (chosen, finding);
    }
  return g_steal_pointer (&chosen);
}

static int
repair (FvCli *cli, FvProject *project, char **ids)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDataset) dataset = fv_project_load_dataset (project, &error);
  const FvMeasureParams params
      = { .progress = on_progress, .user_data = cli, .cancellable = fv_cli_get_cancellable (cli) };
  g_autoptr (FvMeasures) measures = dataset ? fv_measure_pictures (dataset, &params, &error) : NULL;
  if (!measures)
    return fv_cli_fail (cli, error);
  g_autoptr (GPtrArray) findings = fv_check (dataset, measures);
  const char *missing = NULL;
  gboolean there = FALSE;
  g_autoptr (GPtrArray) chosen = choose (findings, ids, &missing, &there);
  if (!chosen)
    {
      g_set_error (
          &error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_NOT_FOUND,
          there ? "The finding “%s” has no repair: somebody has to look at it. Nothing was changed."
                : "There is no finding “%s”: it may be repaired already. “fovea-cli check” lists them. Nothing was "
                  "changed.",
          missing);
      return fv_cli_fail (cli, error);
    }
  g_autoptr (GPtrArray) items = fv_check_repair (dataset, chosen);
  g_autofree char *what = chosen->len == 1 ? g_strdup (((FvFinding *)chosen->pdata[0])->repair)
                                           : g_strdup_printf ("%u findings were repaired.", chosen->len);
  if (!fv_project_change (project, items, what, &error))
    return fv_cli_fail (cli, error);
  g_autofree char *text
      = g_strdup_printf ("Repaired %u findings in %u pictures; --undo takes that back.", chosen->len, items->len);
  return finish (cli, chosen->len, text);
}

static int
run (FvCli *cli, int argc, char **argv)
{
  g_auto (GStrv) ids = NULL;
  gboolean undo = FALSE, redo = FALSE;
  const GOptionEntry entries[] = {
    { "finding", 0, 0, G_OPTION_ARG_STRING_ARRAY, &ids,
      "Repair this finding of “fovea-cli check”; again for another one", "ID" },
    { "undo", 0, 0, G_OPTION_ARG_NONE, &undo, "Take the latest repair back", NULL },
    { "redo", 0, 0, G_OPTION_ARG_NONE, &redo, "Do again what was undone last", NULL },
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  int status;
  if (!fv_cli_parse (cli, &argc, &argv, entries, 1, 1, &status))
    return status;
  if ((ids != NULL) + undo + redo != 1)
    return fv_cli_wrong_usage (cli, "Give one of --finding, --undo and --redo.");
  g_autoptr (FvProject) project = fv_project_open (argv[1], FV_PROJECT_EDIT, &error);
  if (!project)
    return fv_cli_fail (cli, error);
  return ids != NULL ? repair (cli, project, ids) : step (cli, project, undo);
}

const FvCliCommand fv_cli_repair = {
  .name = "repair",
  .summary = "Mend what check found, undo and redo",
  .usage = "PROJECT",
  .run = run,
};

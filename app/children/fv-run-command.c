/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/children/fv-run-command.h"

#include "app/children/fv-child.h"
#include "app/training/fv-json.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of a child's stderr that is looked at. */
#define TAIL 8192

GStrvBuilder *
fv_run_command_new (const char *project_path, GError **error)
{
  g_autofree char *cli = fv_child_find_cli ();
  g_autofree char *project = g_canonicalize_filename (project_path, NULL);
  GStrvBuilder *arguments;

  if (!cli)
    {
      g_set_error_literal (error, FV_CHILD_ERROR, FV_CHILD_ERROR_NOT_FOUND,
                           _ ("The program fovea-cli, which trains, is not installed."));
      return NULL;
    }
  arguments = g_strv_builder_new ();
  g_strv_builder_add_many (arguments, cli, "train", project, NULL);
  return arguments;
}

static void
add_recipe (GStrvBuilder *arguments, const FvRecipe *recipe)
{
  g_autoptr (JsonNode) node = fv_recipe_to_json (recipe);
  g_autoptr (JsonNode) initial_node = NULL;
  JsonObject *object = json_node_get_object (node);
  FvRecipe initial;
  guint n;
  const FvRecipeKey *keys = fv_recipe_get_keys (&n);

  fv_recipe_init (&initial);
  initial_node = fv_recipe_to_json (&initial);
  for (guint i = 0; i < n; i++)
    {
      JsonNode *value = json_object_get_member (object, keys[i].name);
      g_autofree char *text = NULL;
      g_autofree char *pair = NULL;

      if (json_node_equal (value, json_object_get_member (json_node_get_object (initial_node), keys[i].name)))
        continue;
      text = json_node_get_value_type (value) == G_TYPE_STRING ? g_strdup (json_node_get_string (value))
                                                               : fv_json_print (value, FALSE);
      pair = g_strdup_printf ("%s=%s", keys[i].name, text);
      g_strv_builder_add_many (arguments, "--set", pair, NULL);
    }
}

void
fv_run_command_add_start (GStrvBuilder *arguments, const FvRunStart *start)
{
  const char variant[] = { start->variant ? start->variant : 'n', '\0' };
  g_autofree char *run = g_strdup_printf ("%u", start->run);

  switch (start->kind)
    {
    case FV_RUN_FROM_FILE:
      g_strv_builder_add_many (arguments, "--weights", start->weights, NULL);
      break;
    case FV_RUN_FROM_RUN:
      g_strv_builder_add_many (arguments, "--run-weights", run, NULL);
      break;
    case FV_RUN_FROM_UNKNOWN:
    case FV_RUN_FROM_SCRATCH:
      g_strv_builder_add_many (arguments, "--scratch", "--model", variant, NULL);
      break;
    }
  if (start->recipe)
    add_recipe (arguments, start->recipe);
  fv_run_command_add_device (arguments, start->device);
}

void
fv_run_command_add_device (GStrvBuilder *arguments, const char *device)
{
  if (device)
    g_strv_builder_add_many (arguments, "--device", device, NULL);
}

char *
fv_run_command_read_messages (int fd)
{
  struct stat info;
  char *text;
  gssize n;

  if (fd < 0 || fstat (fd, &info) != 0)
    return NULL;
  text = g_malloc (TAIL + 1);
  n = pread (fd, text, TAIL, MAX (info.st_size - TAIL, 0));
  text[MAX (n, 0)] = '\0';
  return text;
}

/* (transfer full) (nullable): the last line that holds anything. */
static char *
find_sentence (const char *messages)
{
  g_auto (GStrv) lines = g_strsplit (messages ? messages : "", "\n", -1);

  for (guint i = g_strv_length (lines); i > 0; i--)
    if (*g_strstrip (lines[i - 1]))
      return fv_child_sentence (lines[i - 1]);
  return NULL;
}

GError *
fv_run_command_make_error (GSubprocess *process, const char *messages)
{
  g_autofree char *sentence = find_sentence (messages);

  if (g_subprocess_get_if_signaled (process))
    return g_error_new (FV_CHILD_ERROR, FV_CHILD_ERROR_DIED,
                        /* Translators: %s is the system's name for a signal, such as “Killed”. */
                        _ ("The program that trains was ended by the system (%s)."),
                        g_strsignal (g_subprocess_get_term_sig (process)));
  if (!sentence)
    return g_error_new_literal (FV_CHILD_ERROR, FV_CHILD_ERROR_START,
                                _ ("The program that trains ended without saying why."));
  return g_error_new_literal (FV_CHILD_ERROR, FV_CHILD_ERROR_REQUEST, sentence);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/document/fv-document-settings.h"

#include "app/exchange/fv-file.h"
#include "app/training/fv-json.h"

#include <string.h>

#define SETTINGS_FILE "settings.json"

static const char *const kinds[] = {
  [FV_RUN_FROM_UNKNOWN] = "scratch",
  [FV_RUN_FROM_SCRATCH] = "scratch",
  [FV_RUN_FROM_FILE] = "file",
  [FV_RUN_FROM_RUN] = "run",
};

void
fv_document_start_clear (FvDocumentStart *start)
{
  g_clear_pointer (&start->weights, g_free);
  *start = (FvDocumentStart){ FV_RUN_FROM_SCRATCH, 'n', NULL, 0 };
}

void
fv_document_start_copy (const FvDocumentStart *from, FvDocumentStart *to)
{
  char *weights = g_strdup (from->weights);
  g_free (to->weights);
  *to = *from;
  to->weights = weights;
}

void
fv_document_settings_init (FvDocumentSettings *self)
{
  fv_recipe_init (&self->recipe);
  self->start = (FvDocumentStart){ FV_RUN_FROM_SCRATCH, 'n', NULL, 0 };
  self->chosen = FALSE;
}

void
fv_document_settings_clear (FvDocumentSettings *self)
{
  fv_document_start_clear (&self->start);
}

FvDocumentSettings *
fv_document_settings_copy (const FvDocumentSettings *self)
{
  FvDocumentSettings *copy = g_memdup2 (self, sizeof *self);
  copy->start.weights = g_strdup (self->start.weights);
  return copy;
}

void
fv_document_settings_free (FvDocumentSettings *self)
{
  fv_document_settings_clear (self);
  g_free (self);
}

/* Members, whatever type they turn out to have: NULL where it is another. */

static JsonNode *
get_value (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? node : NULL;
}

static const char *
get_string (JsonObject *object, const char *name)
{
  JsonNode *node = get_value (object, name);
  return node != NULL ? json_node_get_string (node) : NULL;
}

static void
read_start (FvDocumentStart *start, JsonObject *object)
{
  const char *kind = get_string (object, "kind");
  const char *model = get_string (object, "model");
  const char *weights = get_string (object, "weights");
  JsonNode *number = get_value (object, "run");
  const gint64 run = number != NULL ? json_node_get_int (number) : 0;
  if (model != NULL && strlen (model) == 1 && strchr ("nsmlx", *model) != NULL)
    start->variant = *model;
  if (g_strcmp0 (kind, "file") == 0 && weights != NULL)
    {
      start->kind = FV_RUN_FROM_FILE;
      start->weights = g_strdup (weights);
    }
  else if (g_strcmp0 (kind, "run") == 0 && run > 0 && run <= G_MAXINT)
    {
      start->kind = FV_RUN_FROM_RUN;
      start->run = run;
    }
}

gboolean
fv_document_settings_load (FvDocumentSettings *self, const char *project, GError **error)
{
  g_autofree char *path = g_build_filename (project, SETTINGS_FILE, NULL);
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  g_autoptr (JsonObject) root = fv_json_load_object (path, error);
  if (root == NULL)
    return FALSE;
  JsonNode *recipe = json_object_get_member (root, "recipe");
  if (recipe != NULL && JSON_NODE_HOLDS_OBJECT (recipe)
      && !fv_recipe_apply_json (&self->recipe, json_node_get_object (recipe), error))
    {
      g_prefix_error (error, "%s: ", path);
      fv_recipe_init (&self->recipe);
      return FALSE;
    }
  JsonNode *start = json_object_get_member (root, "start");
  if (start != NULL && JSON_NODE_HOLDS_OBJECT (start))
    read_start (&self->start, json_node_get_object (start));
  self->chosen = TRUE;
  return TRUE;
}

gboolean
fv_document_settings_save (const FvDocumentSettings *self, const char *project, GError **error)
{
  const char model[2] = { self->start.variant, 0 };
  g_autofree char *path = g_build_filename (project, SETTINGS_FILE, NULL);
  g_autoptr (JsonNode) root = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  JsonObject *start = json_object_new ();
  json_object_set_string_member (start, "kind", kinds[self->start.kind]);
  json_object_set_string_member (start, "model", model);
  if (self->start.kind == FV_RUN_FROM_FILE)
    json_object_set_string_member (start, "weights", self->start.weights);
  if (self->start.kind == FV_RUN_FROM_RUN)
    json_object_set_int_member (start, "run", self->start.run);
  json_object_set_member (object, "recipe", fv_recipe_to_json (&self->recipe));
  json_object_set_object_member (object, "start", start);
  json_node_take_object (root, object);
  g_autofree char *text = fv_json_print (root, TRUE);
  return fv_file_replace (path, text, strlen (text), error);
}

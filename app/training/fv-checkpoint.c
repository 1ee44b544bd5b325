/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-checkpoint.h"

#include "app/exchange/fv-tensor-file.h"
#include "app/training/fv-json.h"

#include <glib/gi18n-lib.h>
#include <string.h>

G_DEFINE_QUARK (fv_checkpoint_error, fv_checkpoint_error)

#define FORMAT "fovea-checkpoint-1"

struct _FvCheckpoint
{
  char *path;
  FvTensorFile *file;
  FvYolov5Config config;
  char **class_names;
  FvProgress progress;
};

static char *
model_to_text (const FvYolov5Config *config, char **class_names)
{
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), NULL);
  JsonObject *object = json_object_new ();
  JsonArray *anchors = json_array_new ();
  JsonArray *classes = json_array_new ();
  const char variant[] = { config->variant, '\0' };

  json_object_set_string_member (object, "variant", variant);
  for (guint i = 0; i < G_N_ELEMENTS (config->anchors) * FV_YOLOV5_N_ANCHORS * 2; i++)
    json_array_add_double_element (anchors, (double)((const float *)config->anchors)[i]);
  json_object_set_array_member (object, "anchors", anchors);
  for (guint i = 0; i < config->n_classes; i++)
    json_array_add_string_element (classes, class_names[i]);
  json_object_set_array_member (object, "classes", classes);
  json_node_take_object (node, object);
  return fv_json_print (node, FALSE);
}

static gboolean
read_model (JsonObject *object, FvYolov5Config *config, char ***class_names)
{
  const char *variant = json_object_get_string_member_with_default (object, "variant", "");
  JsonNode *anchors = json_object_get_member (object, "anchors");
  JsonNode *classes = json_object_get_member (object, "classes");
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  guint n_classes;

  if (strlen (variant) != 1 || !strchr ("nsmlx", variant[0]) || !anchors || !JSON_NODE_HOLDS_ARRAY (anchors) || !classes
      || !JSON_NODE_HOLDS_ARRAY (classes))
    return FALSE;
  n_classes = json_array_get_length (json_node_get_array (classes));
  if (n_classes == 0
      || json_array_get_length (json_node_get_array (anchors)) != FV_YOLOV5_N_HEADS * FV_YOLOV5_N_ANCHORS * 2)
    return FALSE;

  fv_yolov5_config_init (config, variant[0], n_classes);
  for (guint i = 0; i < FV_YOLOV5_N_HEADS * FV_YOLOV5_N_ANCHORS * 2; i++)
    ((float *)config->anchors)[i] = (float)json_array_get_double_element (json_node_get_array (anchors), i);
  for (guint i = 0; i < n_classes; i++)
    {
      const char *name = json_node_get_string (json_array_get_element (json_node_get_array (classes), i));

      if (!name)
        return FALSE;
      g_strv_builder_add (names, name);
    }
  *class_names = g_strv_builder_end (names);
  return TRUE;
}

gboolean
fv_checkpoint_save (const char *path, FvModel *model, char **class_names, const char *recipe_hash,
                    const FvProgress *progress, GError **error)
{
  g_autofree char *model_text = model_to_text (fv_model_get_config (model), class_names);
  g_autoptr (JsonNode) progress_node = fv_progress_to_json (progress);
  g_autofree char *progress_text = fv_json_print (progress_node, FALSE);
  const FvMetadataEntry metadata[] = {
    { "format", FORMAT },
    { "model", model_text },
    { "progress", progress_text },
    { "recipe_hash", recipe_hash },
  };
  FvTensorView views[FV_N_BUFFERS];
  g_autoptr (GPtrArray) buffers = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < FV_N_BUFFERS; i++)
    {
      gsize size = fv_model_get_size (model, i);
      float *data;

      if (size == 0)
        continue;
      data = g_try_new (float, size);
      if (!data)
        {
          g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOMEM,
                       _ ("Not enough memory for the checkpoint %s: %zu bytes are needed."), path,
                       size * sizeof (float));
          return FALSE;
        }
      views[buffers->len] = (FvTensorView){
        .name = fv_model_buffer_name (i),
        .dtype = FV_DTYPE_F32,
        .n_dims = 1,
        .dims = { (gint64)size },
        .data = data,
        .n_bytes = size * sizeof (float),
      };
      g_ptr_array_add (buffers, data);
      if (!fv_model_download (model, i, data, error))
        return FALSE;
    }
  return fv_safetensors_write (path, views, buffers->len, metadata, G_N_ELEMENTS (metadata), error);
}

static JsonObject *
parse_object (const char *text)
{
  g_autoptr (JsonNode) node = text ? json_from_string (text, NULL) : NULL;

  return node && JSON_NODE_HOLDS_OBJECT (node) ? json_object_ref (json_node_get_object (node)) : NULL;
}

FvCheckpoint *
fv_checkpoint_open (const char *path, GError **error)
{
  g_autoptr (FvCheckpoint) self = g_new0 (FvCheckpoint, 1);
  g_autoptr (JsonObject) model = NULL;
  g_autoptr (JsonObject) progress = NULL;
  const char *format;

  self->path = g_strdup (path);
  fv_progress_init (&self->progress);
  self->file = fv_tensor_file_open (path, error);
  if (!self->file)
    return NULL;
  format = fv_tensor_file_get_metadata (self->file, "format");
  model = parse_object (fv_tensor_file_get_metadata (self->file, "model"));
  progress = parse_object (fv_tensor_file_get_metadata (self->file, "progress"));
  if (g_strcmp0 (format, FORMAT) != 0 || !model || !progress || !fv_checkpoint_get_recipe_hash (self)
      || !read_model (model, &self->config, &self->class_names) || !fv_progress_read_json (&self->progress, progress))
    {
      g_set_error (error, FV_CHECKPOINT_ERROR, FV_CHECKPOINT_ERROR_INVALID,
                   _ ("%s is not a checkpoint that this version of Fovea can go on from."), path);
      return NULL;
    }
  return g_steal_pointer (&self);
}

void
fv_checkpoint_free (FvCheckpoint *self)
{
  if (!self)
    return;
  g_clear_pointer (&self->file, fv_tensor_file_free);
  g_strfreev (self->class_names);
  fv_progress_clear (&self->progress);
  g_free (self->path);
  g_free (self);
}

const FvYolov5Config *
fv_checkpoint_get_config (const FvCheckpoint *self)
{
  return &self->config;
}

char **
fv_checkpoint_get_class_names (const FvCheckpoint *self)
{
  return self->class_names;
}

const char *
fv_checkpoint_get_recipe_hash (const FvCheckpoint *self)
{
  return fv_tensor_file_get_metadata (self->file, "recipe_hash");
}

const FvProgress *
fv_checkpoint_get_progress (const FvCheckpoint *self)
{
  return &self->progress;
}

gboolean
fv_checkpoint_has (const FvCheckpoint *self, FvModelBuffer buffer)
{
  return fv_tensor_file_lookup (self->file, fv_model_buffer_name (buffer)) != NULL;
}

gboolean
fv_checkpoint_restore (FvCheckpoint *self, FvModel *model, FvProgress *progress, GError **error)
{
  for (guint i = 0; i < FV_N_BUFFERS; i++)
    {
      const char *name = fv_model_buffer_name (i);
      gsize size = fv_model_get_size (model, i);
      const FvTensorView *view = fv_tensor_file_lookup (self->file, name);
      g_autofree float *data = NULL;

      if (size == 0 && !view)
        continue;
      if (!view || view->dtype != FV_DTYPE_F32 || fv_tensor_view_n_values (view) != size)
        {
          g_set_error (error, FV_CHECKPOINT_ERROR, FV_CHECKPOINT_ERROR_MISMATCH,
                       _ ("%s doesn't belong to this run: its “%s” are of another network or optimizer."), self->path,
                       name);
          return FALSE;
        }
      /* Views of a file need not be aligned. */
      data = g_memdup2 (view->data, view->n_bytes);
      if (!fv_model_upload (model, i, data, error))
        return FALSE;
    }
  fv_progress_copy (&self->progress, progress);
  return TRUE;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-checkpoint.h"

#include "app/exchange/fv-tensor-file.h"
#include "app/training/fv-json.h"

#include <math.h>
#include <string.h>

G_DEFINE_QUARK (fv - checkpoint - error - quark, fv_checkpoint_error)

#define FORMAT "fovea-checkpoint-1"

struct _FvCheckpoint
{
  char *path;
  FvTensorFile *file;
  FvYolov5Config config;
  char **class_names;
  FvProgress progress;
};

void
fv_progress_init (FvProgress *self)
{
  *self = (FvProgress){ .last_update = -1, .best_epoch = -1 };
  self->history = g_array_new (FALSE, TRUE, sizeof (FvEpochRecord));
}

void
fv_progress_clear (FvProgress *self)
{
  g_clear_pointer (&self->finished, g_free);
  g_clear_pointer (&self->history, g_array_unref);
}

static void
copy_progress (const FvProgress *from, FvProgress *to)
{
  fv_progress_clear (to);
  *to = *from;
  to->finished = g_strdup (from->finished);
  to->history = g_array_copy (from->history);
}

const FvEpochRecord *
fv_progress_get_best (const FvProgress *self)
{
  for (guint i = 0; i < self->history->len; i++)
    {
      const FvEpochRecord *record = &g_array_index (self->history, FvEpochRecord, i);

      if ((gint64)record->epoch == self->best_epoch)
        return record;
    }
  return NULL;
}

static JsonArray *
doubles_to_json (const double *values, guint n)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < n; i++)
    json_array_add_double_element (array, values[i]);
  return array;
}

/* One row of the history: epoch, train[3], and where it was validated val[3], precision, recall, map50, map. */
static JsonArray *
record_to_json (const FvEpochRecord *record)
{
  const double validation[] = { record->val[0], record->val[1], record->val[2], record->precision,
                                record->recall, record->map50,  record->map };
  JsonArray *row = json_array_new ();

  json_array_add_int_element (row, record->epoch);
  for (guint i = 0; i < 3; i++)
    json_array_add_double_element (row, record->train[i]);
  for (guint i = 0; record->validated && i < G_N_ELEMENTS (validation); i++)
    json_array_add_double_element (row, validation[i]);
  return row;
}

static char *
progress_to_text (const FvProgress *self)
{
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), NULL);
  JsonObject *object = json_object_new ();
  JsonArray *history = json_array_new ();

  json_object_set_int_member (object, "epoch", self->epoch);
  json_object_set_int_member (object, "step", self->step);
  json_object_set_int_member (object, "last_update", self->last_update);
  json_object_set_int_member (object, "updates", (gint64)self->updates);
  json_object_set_array_member (object, "loss_sums", doubles_to_json (self->loss_sums, 3));
  json_object_set_double_member (object, "best_fitness", self->best_fitness);
  json_object_set_int_member (object, "best_epoch", self->best_epoch);
  json_object_set_int_member (object, "pictures", (gint64)self->pictures);
  json_object_set_double_member (object, "train_seconds", self->train_seconds);
  json_object_set_double_member (object, "seconds", self->seconds);
  if (self->finished)
    json_object_set_string_member (object, "finished", self->finished);
  for (guint i = 0; i < self->history->len; i++)
    json_array_add_array_element (history, record_to_json (&g_array_index (self->history, FvEpochRecord, i)));
  json_object_set_array_member (object, "history", history);
  json_node_take_object (node, object);
  return fv_json_print (node, FALSE);
}

static gboolean
read_record (JsonArray *row, FvEpochRecord *record)
{
  guint n = json_array_get_length (row);
  double values[11] = { 0 };

  if (n != 4 && n != G_N_ELEMENTS (values))
    return FALSE;
  for (guint i = 0; i < n; i++)
    /* A null stands for a number that was not finite. */
    values[i] = json_array_get_null_element (row, i) ? NAN : json_array_get_double_element (row, i);
  *record = (FvEpochRecord){
    .epoch = (guint)values[0],
    .train = { values[1], values[2], values[3] },
    .validated = n > 4,
    .val = { values[4], values[5], values[6] },
    .precision = values[7],
    .recall = values[8],
    .map50 = values[9],
    .map = values[10],
  };
  return TRUE;
}

static gboolean
read_progress (JsonObject *object, FvProgress *self)
{
  static const char *const integers[] = { "epoch", "step", "last_update", "updates", "best_epoch", "pictures" };
  static const char *const doubles[] = { "best_fitness", "train_seconds", "seconds" };
  JsonNode *sums = json_object_get_member (object, "loss_sums");
  JsonNode *history = json_object_get_member (object, "history");
  JsonArray *array;

  for (guint i = 0; i < G_N_ELEMENTS (integers); i++)
    if (!json_object_has_member (object, integers[i]))
      return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (doubles); i++)
    if (!json_object_has_member (object, doubles[i]))
      return FALSE;
  if (!sums || !JSON_NODE_HOLDS_ARRAY (sums) || json_array_get_length (json_node_get_array (sums)) != 3 || !history
      || !JSON_NODE_HOLDS_ARRAY (history))
    return FALSE;

  self->epoch = (guint)json_object_get_int_member (object, "epoch");
  self->step = (guint)json_object_get_int_member (object, "step");
  self->last_update = json_object_get_int_member (object, "last_update");
  self->updates = (guint64)json_object_get_int_member (object, "updates");
  self->best_epoch = json_object_get_int_member (object, "best_epoch");
  self->pictures = (guint64)json_object_get_int_member (object, "pictures");
  self->best_fitness = json_object_get_double_member (object, "best_fitness");
  self->train_seconds = json_object_get_double_member (object, "train_seconds");
  self->seconds = json_object_get_double_member (object, "seconds");
  self->finished = g_strdup (json_object_get_string_member_with_default (object, "finished", NULL));
  for (guint i = 0; i < 3; i++)
    self->loss_sums[i] = json_array_get_double_element (json_node_get_array (sums), i);

  array = json_node_get_array (history);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *row = json_array_get_element (array, i);
      FvEpochRecord record;

      if (!JSON_NODE_HOLDS_ARRAY (row) || !read_record (json_node_get_array (row), &record))
        return FALSE;
      g_array_append_val (self->history, record);
    }
  return TRUE;
}

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
  g_autofree char *progress_text = progress_to_text (progress);
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
                       "Not enough memory for the checkpoint %s: %" G_GSIZE_FORMAT " bytes are needed.", path,
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
      || !read_model (model, &self->config, &self->class_names) || !read_progress (progress, &self->progress))
    {
      g_set_error (error, FV_CHECKPOINT_ERROR, FV_CHECKPOINT_ERROR_INVALID,
                   "%s is not a checkpoint that this version of Fovea can go on from.", path);
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
                       "%s doesn't belong to this run: its “%s” are of another network or optimizer.", self->path,
                       name);
          return FALSE;
        }
      /* Views of a file need not be aligned. */
      data = g_memdup2 (view->data, view->n_bytes);
      if (!fv_model_upload (model, i, data, error))
        return FALSE;
    }
  copy_progress (&self->progress, progress);
  return TRUE;
}

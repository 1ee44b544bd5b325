/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/exchange/fv-weights.h"

#include "app/exchange/fv-file.h"
#include "app/exchange/fv-json.h"
#include "app/exchange/fv-torch-archive.h"
#include "app/exchange/fv-torch-file.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#define ANCHORS_NAME "model.24.anchors"
#define HEAD_LAYER 24
#define MAX_CLASSES 4096

/* What both formats come down to before the check. */
typedef struct
{
  const char *name; /* of the file */
  const FvTensorView *views;
  guint n_views;
  GHashTable *by_name; /* name to view */
} Source;

#define FAIL(code, ...) (g_set_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_##code, __VA_ARGS__), FALSE)

/* The check */

/* Channels of the first convolution tell the variant: 64 times its width. */
static char
find_variant (const Source *source)
{
  static const struct
  {
    guint channels;
    char variant;
  } stems[] = { { 16, 'n' }, { 32, 's' }, { 48, 'm' }, { 64, 'l' }, { 80, 'x' } };
  const FvTensorView *stem = g_hash_table_lookup (source->by_name, "model.0.conv.weight");

  for (guint i = 0; stem != NULL && stem->n_dims == 4 && i < G_N_ELEMENTS (stems); i++)
    if (stem->dims[0] == stems[i].channels)
      return stems[i].variant;
  return '\0';
}

/* From the head's biases, 3 * (5 + classes); 80 where it has none, which the comparison then finds. */
static guint
find_n_classes (const Source *source)
{
  const FvTensorView *bias = g_hash_table_lookup (source->by_name, "model.24.m.0.bias");
  gint64 n = bias != NULL && bias->n_dims == 1 && bias->dims[0] % FV_YOLOV5_N_ANCHORS == 0
                 ? bias->dims[0] / FV_YOLOV5_N_ANCHORS - 5
                 : 0;

  return n >= 1 && n <= MAX_CLASSES ? n : 80;
}

static gboolean
same_shape (const FvParam *param, const FvTensorView *view)
{
  if (view->n_dims != param->n_dims)
    return FALSE;
  for (guint i = 0; i < param->n_dims; i++)
    if (view->dims[i] != param->dims[i])
      return FALSE;
  return TRUE;
}

/* Tensors of v7.0's state_dict (anchor_grid: of earlier versions) that a layout leaves out. */
static gboolean
is_beside_layout (const char *name)
{
  return strcmp (name, ANCHORS_NAME) == 0 || strcmp (name, "model.24.anchor_grid") == 0
         || g_str_has_suffix (name, ".num_batches_tracked");
}

/* Number of the top-level module, G_MAXUINT where the name has none. */
static guint
layer_of (const char *name)
{
  guint64 layer;
  g_auto (GStrv) parts = g_strsplit (name, ".", 3);

  if (g_strv_length (parts) < 2 || strcmp (parts[0], "model") != 0
      || !g_ascii_string_to_unsigned (parts[1], 10, 0, G_MAXUINT - 1, &layer, NULL))
    return G_MAXUINT;
  return layer;
}

/* (nullable): the first tensor, by layer, that the file has and the network doesn't. */
static const FvTensorView *
find_foreign (const Source *source, const FvLayout *layout)
{
  const FvTensorView *first = NULL;

  for (guint i = 0; i < source->n_views; i++)
    {
      const FvTensorView *view = &source->views[i];

      if (fv_layout_lookup (layout, view->name) != NULL || is_beside_layout (view->name))
        continue;
      if (first == NULL || layer_of (view->name) < layer_of (first->name))
        first = view;
    }
  return first;
}

/* Refuses with the first layer that differs, in the order of the network. */
static gboolean
check_architecture (const Source *source, const FvLayout *layout, char variant, GError **error)
{
  const FvTensorView *foreign = find_foreign (source, layout);
  g_autofree char *network = variant != '\0' ? g_strdup_printf ("YOLOv5%c", variant) : g_strdup ("YOLOv5");

  for (guint i = 0; i < fv_layout_get_n_params (layout); i++)
    {
      const FvParam *param = fv_layout_get_param (layout, i);
      const FvTensorView *view = g_hash_table_lookup (source->by_name, param->name);
      FvTensorView wanted = { .n_dims = param->n_dims };
      g_autofree char *wanted_shape = NULL;
      g_autofree char *shape = NULL;

      /* A foreign tensor of the same layer is named only where all that belongs there is right. */
      if (foreign != NULL && layer_of (foreign->name) < param->layer)
        break;
      if (view != NULL && same_shape (param, view))
        continue;
      for (guint d = 0; d < param->n_dims; d++)
        wanted.dims[d] = param->dims[d];
      wanted_shape = fv_tensor_view_shape (&wanted);
      if (variant == '\0')
        {
          g_free (wanted_shape);
          wanted_shape = g_strdup ("16, 32, 48, 64 or 80 x3x6x6");
        }
      shape = view != NULL ? fv_tensor_view_shape (view) : g_strdup ("missing");
      return FAIL (ARCHITECTURE, _ ("%s is not a YOLOv5 (n, s, m, l or x, v6.0 to v7.0): %s is %s, %s expects %s"),
                   source->name, param->name, shape, network, wanted_shape);
    }
  if (foreign != NULL)
    return FAIL (ARCHITECTURE, _ ("%s is not a YOLOv5 (n, s, m, l or x, v6.0 to v7.0): %s has no place in %s"),
                 source->name, foreign->name, network);
  return TRUE;
}

/* The contents */

static gboolean
read_values (FvWeights *self, const Source *source, const FvLayout *layout, GError **error)
{
  for (guint i = 0; i < fv_layout_get_n_params (layout); i++)
    {
      const FvParam *param = fv_layout_get_param (layout, i);
      gsize n = fv_param_get_n_values (param);
      g_autofree float *values = g_try_new (float, n);

      if (values == NULL)
        return FAIL (FORMAT, _ ("%s: there is not enough memory for the %zu values of %s"), source->name, n,
                     param->name);
      if (!fv_tensor_view_to_f32 (g_hash_table_lookup (source->by_name, param->name), values, error))
        return FALSE;
      for (gsize j = 0; j < n; j++)
        if (!isfinite (values[j]))
          return FAIL (FORMAT, _ ("%s can't be used: %s holds a value that is not a finite number"), source->name,
                       param->name);
      if (!fv_param_is_statistic (param))
        self->n_parameters += n;
      g_hash_table_insert (self->tensors, g_strdup (param->name), g_steal_pointer (&values));
    }
  return TRUE;
}

/* The file's anchors are in cells of their head; COCO's stay where it has none. */
static gboolean
read_anchors (FvWeights *self, const Source *source, GError **error)
{
  const FvTensorView *view = g_hash_table_lookup (source->by_name, ANCHORS_NAME);
  float *anchors = &self->config.anchors[0][0][0];

  if (view == NULL)
    return TRUE;
  if (view->n_dims != 3 || view->dims[0] != FV_YOLOV5_N_HEADS || view->dims[1] != FV_YOLOV5_N_ANCHORS
      || view->dims[2] != 2)
    {
      g_autofree char *shape = fv_tensor_view_shape (view);

      return FAIL (ARCHITECTURE,
                   _ ("%s is not a YOLOv5 (n, s, m, l or x, v6.0 to v7.0): %s is %s, YOLOv5 expects 3x3x2"),
                   source->name, ANCHORS_NAME, shape);
    }
  if (!fv_tensor_view_to_f32 (view, anchors, error))
    return FALSE;
  for (guint i = 0; i < FV_YOLOV5_N_HEADS * FV_YOLOV5_N_ANCHORS * 2; i++)
    {
      anchors[i] *= fv_yolov5_strides[i / (FV_YOLOV5_N_ANCHORS * 2)];
      if (!(anchors[i] > 0 && isfinite (anchors[i])))
        return FAIL (FORMAT, _ ("%s can't be used: one of its anchors is not a positive size"), source->name);
    }
  return TRUE;
}

/* Takes as many of @names as there are classes; "class 7" where the file doesn't say. */
static void
set_class_names (FvWeights *self, char **names)
{
  guint n = self->config.n_classes;
  guint n_names = names != NULL ? g_strv_length (names) : 0;

  self->class_names = g_new0 (char *, n + 1);
  for (guint i = 0; i < n; i++)
    self->class_names[i] = i < n_names ? g_strdup (names[i]) : g_strdup_printf ("class %u", i);
}

static gboolean
read_network (FvWeights *self, const FvTensorView *views, guint n_views, const char *name, GError **error)
{
  g_autoptr (GHashTable) by_name = g_hash_table_new (g_str_hash, g_str_equal);
  Source source = { .name = name, .views = views, .n_views = n_views, .by_name = by_name };
  g_autoptr (FvLayout) layout = NULL;
  char variant;

  for (guint i = 0; i < n_views; i++)
    g_hash_table_insert (by_name, (char *)views[i].name, (gpointer)&views[i]);
  variant = find_variant (&source);
  fv_yolov5_config_init (&self->config, variant != '\0' ? variant : 'n', find_n_classes (&source));
  layout = fv_yolov5_layout_new (&self->config);
  self->n_tensors = n_views;
  return check_architecture (&source, layout, variant, error) && read_anchors (self, &source, error)
         && read_values (self, &source, layout, error);
}

/* A list of names as Fovea's own metadata has it; NULL where it is anything else. */
static char **
parse_class_names (const char *text)
{
  g_autoptr (JsonNode) node = text != NULL ? fv_json_parse (text, strlen (text), 1, NULL) : NULL;
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  JsonArray *array;

  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    return NULL;
  array = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *element = json_array_get_element (array, i);

      if (json_node_get_value_type (element) != G_TYPE_STRING)
        return NULL;
      g_ptr_array_add (names, json_node_dup_string (element));
    }
  g_ptr_array_add (names, NULL);
  return (char **)g_ptr_array_steal (names, NULL);
}

static gboolean
read_safetensors (FvWeights *self, GBytes *bytes, const char *name, GError **error)
{
  g_autoptr (FvTensorFile) file = fv_tensor_file_new (bytes, name, error);
  g_auto (GStrv) names = NULL;
  const char *imgsz;
  guint64 number;
  GHashTableIter iter;
  gpointer key, value;

  if (file == NULL
      || !read_network (self, fv_tensor_file_get_n (file) > 0 ? fv_tensor_file_get (file, 0) : NULL,
                        fv_tensor_file_get_n (file), name, error))
    return FALSE;
  names = parse_class_names (fv_tensor_file_get_metadata (file, "classes"));
  set_class_names (self, names);
  imgsz = fv_tensor_file_get_metadata (file, "input_size");
  if (imgsz != NULL && g_ascii_string_to_unsigned (imgsz, 10, 0, 65536, &number, NULL))
    self->imgsz = number;
  g_hash_table_iter_init (&iter, fv_tensor_file_get_all_metadata (file));
  while (g_hash_table_iter_next (&iter, &key, &value))
    g_hash_table_insert (self->metadata, g_strdup (key), g_strdup (value));
  return TRUE;
}

static gboolean
read_torch (FvWeights *self, GBytes *bytes, const char *name, GError **error)
{
  g_autoptr (FvTorchFile) file = fv_torch_file_new (bytes, name, error);

  if (file == NULL || !read_network (self, (const FvTensorView *)file->views->data, file->views->len, name, error))
    return FALSE;
  set_class_names (self, file->class_names);
  self->imgsz = file->imgsz;
  g_hash_table_unref (self->metadata);
  self->metadata = g_hash_table_ref (file->metadata);
  return TRUE;
}

FvWeights *
fv_weights_parse (GBytes *bytes, const char *name, GError **error)
{
  g_autoptr (FvWeights) self = g_new0 (FvWeights, 1);
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  self->metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->tensors = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  if (fv_torch_archive_is_zip (bytes))
    return read_torch (self, bytes, name, error) ? g_steal_pointer (&self) : NULL;
  if (size > 8 && data[8] == '{')
    return read_safetensors (self, bytes, name, error) ? g_steal_pointer (&self) : NULL;
  g_set_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT,
               size > 2 && data[0] == 0x80 && data[1] == 2
                   ? _ ("%s was saved by a PyTorch older than 1.6: load it and save it again with a newer one")
                   : _ ("%s is neither a PyTorch weight file (.pt) nor a safetensors file"),
               name);
  return NULL;
}

FvWeights *
fv_weights_load (const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = fv_file_map (path, error);

  return bytes != NULL ? fv_weights_parse (bytes, path, error) : NULL;
}

void
fv_weights_free (FvWeights *self)
{
  if (self == NULL)
    return;
  g_strfreev (self->class_names);
  g_hash_table_unref (self->metadata);
  g_hash_table_unref (self->tensors);
  g_free (self);
}

const float *
fv_weights_lookup (const FvWeights *self, const char *name)
{
  return g_hash_table_lookup (self->tensors, name);
}

gboolean
fv_weights_apply (const FvWeights *self, const FvYolov5Config *config, const FvLayout *layout, guint64 seed,
                  float *parameters, float *statistics, guint *n_transferred, guint *n_total, GError **error)
{
  gboolean new_head = config->n_classes != self->config.n_classes;
  guint transferred = 1, total = 1; /* the anchors, as v7.0 counts them */

  if (config->variant != self->config.variant)
    return FAIL (ARCHITECTURE,
                 _ ("The weights are of YOLOv5%c, the network to be filled is YOLOv5%c; choose --model %c or other "
                    "weights"),
                 self->config.variant, config->variant, self->config.variant);
  memset (parameters, 0, fv_layout_get_parameter_floats (layout) * sizeof (float));
  memset (statistics, 0, fv_layout_get_statistics_floats (layout) * sizeof (float));
  if (new_head)
    fv_yolov5_init (config, layout, seed, HEAD_LAYER, TRUE, parameters, statistics);
  for (guint i = 0; i < fv_layout_get_n_params (layout); i++)
    {
      const FvParam *param = fv_layout_get_param (layout, i);
      float *flat = fv_param_is_statistic (param) ? statistics : parameters;
      /* num_batches_tracked comes with each running variance. */
      guint n = param->kind == FV_PARAM_RUNNING_VAR ? 2 : 1;

      total += n;
      if (new_head && param->layer >= HEAD_LAYER)
        continue;
      transferred += n;
      fv_param_pack (param, fv_weights_lookup (self, param->name), flat + param->offset);
    }
  if (n_transferred != NULL)
    *n_transferred = transferred;
  if (n_total != NULL)
    *n_total = total;
  return TRUE;
}

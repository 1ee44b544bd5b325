/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/exchange/fv-weights.h"

#include <json-glib/json-glib.h>
#include <string.h>

static char *
class_names_to_json (char **names, guint n)
{
  g_autoptr (JsonNode) node = json_node_init_array (json_node_alloc (), json_array_new ());
  JsonArray *array = json_node_get_array (node);

  for (guint i = 0; i < n; i++)
    json_array_add_string_element (array, names[i]);
  json_array_unref (array);
  return json_to_string (node, FALSE);
}

/* A row for each head, as in v7.0's model files: [[10,13,16,30,33,23],...] */
static char *
anchors_to_json (const FvYolov5Config *config)
{
  g_autoptr (GString) text = g_string_new ("[");
  const float *anchors = &config->anchors[0][0][0];
  const guint n = 2 * FV_YOLOV5_N_ANCHORS;

  for (guint i = 0; i < FV_YOLOV5_N_HEADS * n; i++)
    {
      char number[G_ASCII_DTOSTR_BUF_SIZE];

      g_string_append_printf (text, "%s%s%s%s", i > 0 ? "," : "", i % n == 0 ? "[" : "",
                              g_ascii_formatd (number, sizeof number, "%.9g", anchors[i]), i % n == n - 1 ? "]" : "");
    }
  g_string_append_c (text, ']');
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
add_view (GArray *views, const char *name, FvDtype dtype, guint n_dims, const gint64 *dims, const void *data,
          gsize n_bytes)
{
  FvTensorView view = { .name = name, .dtype = dtype, .n_dims = n_dims, .data = data, .n_bytes = n_bytes };

  for (guint i = 0; i < n_dims; i++)
    view.dims[i] = dims[i];
  g_array_append_val (views, view);
}

gboolean
fv_weights_save (const char *path, const FvYolov5Config *config, char **class_names, guint imgsz,
                 const FvLayout *layout, const float *parameters, const float *statistics, const FvMetadataEntry *extra,
                 guint n_extra, GError **error)
{
  static const gint64 no_batches = 0;
  static const gint64 anchor_dims[3] = { FV_YOLOV5_N_HEADS, FV_YOLOV5_N_ANCHORS, 2 };
  g_autofree char *classes = class_names_to_json (class_names, config->n_classes);
  g_autofree char *anchors = anchors_to_json (config);
  g_autofree char *input_size = g_strdup_printf ("%u", imgsz);
  const char model[] = { config->variant, '\0' };
  const FvMetadataEntry own[] = {
    { "format", "pt" }, /* the order of dimensions: PyTorch's */
    { "architecture", "yolov5" },
    { "model", model },
    { "classes", classes },
    { "anchors", anchors },
    { "strides", "[8,16,32]" },
    { "input_size", input_size },
    { "preprocessing", "{\"channels\":\"RGB\",\"range\":[0,1],\"resize\":\"letterbox\",\"padding\":114}" },
  };
  g_autoptr (GArray) metadata = g_array_new (FALSE, FALSE, sizeof (FvMetadataEntry));
  g_autoptr (GArray) views = g_array_new (FALSE, FALSE, sizeof (FvTensorView));
  g_autoptr (GPtrArray) owned = g_ptr_array_new_with_free_func (g_free);
  float cells[FV_YOLOV5_N_HEADS][FV_YOLOV5_N_ANCHORS][2];

  g_array_append_vals (metadata, own, G_N_ELEMENTS (own));
  if (n_extra > 0)
    g_array_append_vals (metadata, extra, n_extra);

  for (guint i = 0; i < fv_layout_get_n_params (layout); i++)
    {
      const FvParam *param = fv_layout_get_param (layout, i);
      const float *flat = (fv_param_is_statistic (param) ? statistics : parameters) + param->offset;
      gsize n = fv_param_get_n_values (param);
      float *values = g_new (float, n);
      gint64 dims[4];

      for (guint d = 0; d < param->n_dims; d++)
        dims[d] = param->dims[d];
      fv_param_unpack (param, flat, values);
      g_ptr_array_add (owned, values);
      add_view (views, param->name, FV_DTYPE_F32, param->n_dims, dims, values, n * sizeof *values);
      if (param->kind == FV_PARAM_RUNNING_VAR)
        {
          int prefix = strlen (param->name) - strlen ("running_var");
          char *name = g_strdup_printf ("%.*snum_batches_tracked", prefix, param->name);

          g_ptr_array_add (owned, name);
          add_view (views, name, FV_DTYPE_I64, 0, NULL, &no_batches, sizeof no_batches);
        }
    }
  for (guint h = 0; h < FV_YOLOV5_N_HEADS; h++)
    for (guint a = 0; a < FV_YOLOV5_N_ANCHORS; a++)
      for (guint side = 0; side < 2; side++)
        cells[h][a][side] = config->anchors[h][a][side] / fv_yolov5_strides[h];
  add_view (views, "model.24.anchors", FV_DTYPE_F32, 3, anchor_dims, cells, sizeof cells);

  return fv_safetensors_write (path, (const FvTensorView *)views->data, views->len,
                               (const FvMetadataEntry *)metadata->data, metadata->len, error);
}

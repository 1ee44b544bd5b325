/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/exchange/fv-tensor-file.h"

#include "app/exchange/fv-file.h"
#include "app/exchange/fv-json.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

/* Far above any real header (yolov5x: 70 kB); a JSON tree takes some fifty times its text. */
#define MAX_HEADER_BYTES (4 * 1024 * 1024)
/* A header is an object of objects of arrays. */
#define MAX_HEADER_DEPTH 4
#define MAX_TENSORS 65536

static const struct
{
  const char *name;
  guint8 size;
} dtypes[FV_N_DTYPES] = {
  [FV_DTYPE_F32] = { "F32", 4 },   [FV_DTYPE_F16] = { "F16", 2 }, [FV_DTYPE_BF16] = { "BF16", 2 },
  [FV_DTYPE_F64] = { "F64", 8 },   [FV_DTYPE_U8] = { "U8", 1 },   [FV_DTYPE_I8] = { "I8", 1 },
  [FV_DTYPE_I16] = { "I16", 2 },   [FV_DTYPE_I32] = { "I32", 4 }, [FV_DTYPE_I64] = { "I64", 8 },
  [FV_DTYPE_BOOL] = { "BOOL", 1 },
};

const char *
fv_dtype_name (FvDtype dtype)
{
  g_return_val_if_fail (dtype < FV_N_DTYPES, "?");
  return dtypes[dtype].name;
}

gsize
fv_dtype_size (FvDtype dtype)
{
  g_return_val_if_fail (dtype < FV_N_DTYPES, 0);
  return dtypes[dtype].size;
}

/* Number of values and bytes of a shape, or FALSE where that doesn't fit 63 bits. */
static gboolean
measure (const FvTensorView *view, guint64 *n_values, guint64 *n_bytes)
{
  guint64 n = 1;

  for (guint i = 0; i < view->n_dims; i++)
    if (view->dims[i] < 0 || !g_uint64_checked_mul (&n, n, view->dims[i]))
      return FALSE;
  *n_values = n;
  return g_uint64_checked_mul (n_bytes, n, fv_dtype_size (view->dtype)) && *n_bytes <= G_MAXINT64;
}

guint64
fv_tensor_view_n_values (const FvTensorView *view)
{
  guint64 n_values, n_bytes;

  return measure (view, &n_values, &n_bytes) ? n_values : 0;
}

char *
fv_tensor_view_shape (const FvTensorView *view)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (view->n_dims == 0)
    return g_strdup (_ ("a single value"));
  for (guint i = 0; i < view->n_dims; i++)
    g_string_append_printf (text, "%s%" G_GINT64_FORMAT, i > 0 ? "x" : "", view->dims[i]);
  return g_strdup (text->str);
}

static float
float_from_bits (guint32 bits)
{
  float value;

  memcpy (&value, &bits, sizeof value);
  return value;
}

static float
half_to_float (guint16 half)
{
  guint32 sign = (guint32)(half & 0x8000) << 16;
  guint32 exponent = (half >> 10) & 31;
  guint32 mantissa = half & 0x3ff;

  if (exponent == 0) /* zero and subnormals: mantissa * 2^-24, exact */
    return float_from_bits (sign) + (sign ? -1.0f : 1.0f) * (float)mantissa * 0x1p-24f;
  if (exponent == 31)
    return float_from_bits (sign | 0x7f800000 | mantissa << 13);
  return float_from_bits (sign | (exponent + 112) << 23 | mantissa << 13);
}

#define CONVERT(Type, expression)                                                                                      \
  for (guint64 i = 0; i < n_values; i++)                                                                               \
    {                                                                                                                  \
      Type value;                                                                                                      \
      memcpy (&value, in + i * sizeof value, sizeof value);                                                            \
      out[i] = (expression);                                                                                           \
    }                                                                                                                  \
  break

gboolean
fv_tensor_view_to_f32 (const FvTensorView *view, float *out, GError **error)
{
  const guint8 *in = view->data;
  guint64 n_values, n_bytes;

  if (!measure (view, &n_values, &n_bytes) || n_bytes != view->n_bytes)
    {
      g_set_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT,
                   _ ("Tensor %s has %zu bytes, which don't fit its shape"), view->name, view->n_bytes);
      return FALSE;
    }
  switch (view->dtype)
    {
    case FV_DTYPE_F32:
      if (n_bytes > 0)
        memcpy (out, in, n_bytes);
      break;
    case FV_DTYPE_F16:
      CONVERT (guint16, half_to_float (value));
    case FV_DTYPE_BF16:
      CONVERT (guint16, float_from_bits ((guint32)value << 16));
    case FV_DTYPE_F64:
      CONVERT (double, (float)value);
    case FV_DTYPE_U8:
      CONVERT (guint8, value);
    case FV_DTYPE_BOOL:
      CONVERT (guint8, value != 0);
    case FV_DTYPE_I8:
      CONVERT (gint8, value);
    case FV_DTYPE_I16:
      CONVERT (gint16, value);
    case FV_DTYPE_I32:
      CONVERT (gint32, (float)value);
    case FV_DTYPE_I64:
      CONVERT (gint64, (float)value);
    case FV_N_DTYPES:
    default:
      g_return_val_if_reached (FALSE);
    }
  return TRUE;
}

/* Reading */

struct _FvTensorFile
{
  GBytes *bytes;
  JsonNode *header;    /* owns the names */
  GArray *views;       /* FvTensorView, by offset */
  GHashTable *by_name; /* name to index + 1 */
  GHashTable *metadata;
};

#define FAIL(...) (g_set_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT, __VA_ARGS__), FALSE)

static gboolean
read_integers (JsonNode *node, guint max, gint64 *out, guint *n)
{
  JsonArray *array;

  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    return FALSE;
  array = json_node_get_array (node);
  *n = json_array_get_length (array);
  if (*n > max)
    return FALSE;
  for (guint i = 0; i < *n; i++)
    {
      JsonNode *element = json_array_get_element (array, i);

      if (json_node_get_value_type (element) != G_TYPE_INT64 || json_node_get_int (element) < 0)
        return FALSE;
      out[i] = json_node_get_int (element);
    }
  return TRUE;
}

static gboolean
read_tensor (FvTensorFile *self, const char *key, JsonNode *node, const char *name, const guint8 *data, gsize data_size,
             GError **error)
{
  FvTensorView view = { .name = key };
  const char *dtype;
  JsonObject *object;
  gint64 offsets[2];
  guint n_offsets;
  guint64 n_values, n_bytes;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return FAIL (_ ("%s is damaged: the header's entry \"%s\" is not an object"), name, key);
  object = json_node_get_object (node);
  node = json_object_get_member (object, "dtype");
  dtype = node != NULL && json_node_get_value_type (node) == G_TYPE_STRING ? json_node_get_string (node) : "none";
  while (view.dtype < FV_N_DTYPES && strcmp (dtypes[view.dtype].name, dtype) != 0)
    view.dtype++;
  if (view.dtype == FV_N_DTYPES)
    return FAIL (_ ("%s: tensor \"%s\" is of type \"%s\", which Fovea doesn't know"), name, key, dtype);
  if (!read_integers (json_object_get_member (object, "shape"), FV_TENSOR_MAX_DIMS, view.dims, &view.n_dims)
      || !measure (&view, &n_values, &n_bytes))
    return FAIL (_ ("%s is damaged: the shape of tensor \"%s\" is not a list of at most %d sizes"), name, key,
                 FV_TENSOR_MAX_DIMS);
  if (!read_integers (json_object_get_member (object, "data_offsets"), 2, offsets, &n_offsets) || n_offsets != 2
      || offsets[0] > offsets[1] || (guint64)offsets[1] > data_size)
    return FAIL (_ ("%s is damaged or cut short: tensor \"%s\" lies outside the file's %zu bytes of data"), name, key,
                 data_size);
  if (n_bytes != (guint64)(offsets[1] - offsets[0]))
    return FAIL (_ ("%s is damaged: tensor \"%s\" has %" PRId64 " bytes where its shape needs %" PRIu64), name, key,
                 offsets[1] - offsets[0], n_bytes);
  view.data = data + offsets[0];
  view.n_bytes = n_bytes;
  g_array_append_val (self->views, view);
  return TRUE;
}

static gboolean
read_metadata (FvTensorFile *self, JsonNode *node, const char *name, GError **error)
{
  JsonObjectIter iter;
  const char *key;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return FAIL (_ ("%s is damaged: its metadata is not an object"), name);
  json_object_iter_init (&iter, json_node_get_object (node));
  while (json_object_iter_next (&iter, &key, &node))
    {
      if (json_node_get_value_type (node) != G_TYPE_STRING)
        return FAIL (_ ("%s is damaged: its metadata \"%s\" is not text"), name, key);
      g_hash_table_insert (self->metadata, (char *)key, (char *)json_node_get_string (node));
    }
  return TRUE;
}

static int
compare_by_data (gconstpointer a, gconstpointer b)
{
  const FvTensorView *left = a, *right = b;

  if (left->data != right->data)
    return (const guint8 *)left->data < (const guint8 *)right->data ? -1 : 1;
  /* An empty tensor stands before the one that starts at the same byte. */
  if (left->n_bytes != right->n_bytes)
    return left->n_bytes < right->n_bytes ? -1 : 1;
  return strcmp (left->name, right->name);
}

/* The format allows neither overlaps nor holes; this also finds a name that the header gives twice. */
static gboolean
check_coverage (FvTensorFile *self, const guint8 *data, gsize data_size, const char *name, GError **error)
{
  const guint8 *end = data;

  g_array_sort (self->views, compare_by_data);
  for (guint i = 0; i < self->views->len; i++)
    {
      const FvTensorView *view = &g_array_index (self->views, FvTensorView, i);

      if (view->data != end)
        return FAIL (_ ("%s is damaged: tensor \"%s\" does not start where the one before it ends"), name, view->name);
      end += view->n_bytes;
      g_hash_table_insert (self->by_name, (char *)view->name, GUINT_TO_POINTER (i + 1));
    }
  if (end != data + data_size)
    return FAIL (_ ("%s is damaged: %zu bytes at its end belong to no tensor"), name, (gsize)(data + data_size - end));
  return TRUE;
}

static gboolean
parse (FvTensorFile *self, const char *name, GError **error)
{
  g_autoptr (GError) json_error = NULL;
  gsize size;
  const guint8 *file = g_bytes_get_data (self->bytes, &size);
  guint64 header_size;
  JsonObjectIter iter;
  JsonNode *node;
  JsonObject *root;
  const char *key;

  if (size < 8)
    return FAIL (_ ("%s is not a safetensors file: it has only %zu bytes"), name, size);
  memcpy (&header_size, file, 8);
  header_size = GUINT64_FROM_LE (header_size);
  if (size == 8 || file[8] != '{')
    return FAIL (_ ("%s is not a safetensors file"), name);
  if (header_size > size - 8)
    return FAIL (_ ("%s is damaged or cut short: its header should have %" PRIu64 " bytes, the file has %zu"), name,
                 header_size, size);
  if (header_size > MAX_HEADER_BYTES)
    return FAIL (_ ("%s is not a weight file: its header has %" PRIu64 " bytes"), name, header_size);
  self->header = fv_json_parse ((const char *)file + 8, header_size, MAX_HEADER_DEPTH, &json_error);
  if (self->header == NULL)
    return FAIL (_ ("%s is damaged: its header can't be read, %s"), name, json_error->message);
  if (!JSON_NODE_HOLDS_OBJECT (self->header))
    return FAIL (_ ("%s is damaged: its header is not a JSON object"), name);
  root = json_node_get_object (self->header);
  if (json_object_get_size (root) > MAX_TENSORS)
    return FAIL (_ ("%s is not a weight file: it has %u tensors"), name, json_object_get_size (root));

  json_object_iter_init (&iter, root);
  while (json_object_iter_next (&iter, &key, &node))
    {
      if (strcmp (key, "__metadata__") == 0)
        {
          if (!read_metadata (self, node, name, error))
            return FALSE;
        }
      else if (!read_tensor (self, key, node, name, file + 8 + header_size, size - 8 - header_size, error))
        return FALSE;
    }
  return check_coverage (self, file + 8 + header_size, size - 8 - header_size, name, error);
}

FvTensorFile *
fv_tensor_file_new (GBytes *bytes, const char *name, GError **error)
{
  g_autoptr (FvTensorFile) self = g_new0 (FvTensorFile, 1);

  self->bytes = g_bytes_ref (bytes);
  self->views = g_array_new (FALSE, FALSE, sizeof (FvTensorView));
  self->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  self->metadata = g_hash_table_new (g_str_hash, g_str_equal);
  return parse (self, name, error) ? g_steal_pointer (&self) : NULL;
}

FvTensorFile *
fv_tensor_file_open (const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = fv_file_map (path, error);

  return bytes != NULL ? fv_tensor_file_new (bytes, path, error) : NULL;
}

void
fv_tensor_file_free (FvTensorFile *self)
{
  if (self == NULL)
    return;
  g_bytes_unref (self->bytes);
  g_array_unref (self->views);
  g_hash_table_unref (self->by_name);
  g_hash_table_unref (self->metadata);
  g_clear_pointer (&self->header, json_node_unref);
  g_free (self);
}

guint
fv_tensor_file_get_n (const FvTensorFile *self)
{
  return self->views->len;
}

const FvTensorView *
fv_tensor_file_get (const FvTensorFile *self, guint index)
{
  g_return_val_if_fail (index < self->views->len, NULL);
  return &g_array_index (self->views, FvTensorView, index);
}

const FvTensorView *
fv_tensor_file_lookup (const FvTensorFile *self, const char *name)
{
  guint index = GPOINTER_TO_UINT (g_hash_table_lookup (self->by_name, name));

  return index > 0 ? fv_tensor_file_get (self, index - 1) : NULL;
}

const char *
fv_tensor_file_get_metadata (const FvTensorFile *self, const char *key)
{
  return g_hash_table_lookup (self->metadata, key);
}

GHashTable *
fv_tensor_file_get_all_metadata (const FvTensorFile *self)
{
  return self->metadata;
}

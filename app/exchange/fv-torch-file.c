/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/exchange/fv-torch-file.h"

#include "app/exchange/fv-pickle.h"
#include "app/exchange/fv-torch-archive.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

/* Bounds that no YOLOv5 comes near (yolov5x: 669 tensors, 350 MB in fp32), so that a hostile file can't take the memory. */
#define MAX_TENSORS 8192
#define MAX_MODULES 8192
#define MAX_MODULE_DEPTH 16
#define MAX_MEMBERS (4 * 1024 * 1024)
#define MAX_CLASSES 4096
#define MAX_BYTES (G_GUINT64_CONSTANT (1) << 30)
/* Of tensors that show numbers of their storage more than once: a few bytes of a file could ask for as much memory as they like. */
#define MAX_REPEATED_BYTES (16u << 20)

/* What the pickles of YOLOv5's models, checkpoints and state_dicts name. */
static const char *const allowed_globals[] = {
  "torch._utils._rebuild_tensor_v2",
  "torch._utils._rebuild_parameter",
  "torch.HalfStorage",
  "torch.BFloat16Storage",
  "torch.FloatStorage",
  "torch.DoubleStorage",
  "torch.ByteStorage",
  "torch.CharStorage",
  "torch.ShortStorage",
  "torch.IntStorage",
  "torch.LongStorage",
  "torch.BoolStorage",
  "torch.Size",
  "torch.device",
  "torch.nn.modules.*",
  "models.yolo.*",
  "models.common.*",
  "models.experimental.*",
  "collections.OrderedDict",
  "__builtin__.set",
  "builtins.set",
  /* A checkpoint from the middle of a training keeps its fitness as a NumPy number. */
  "numpy.core.multiarray.scalar",
  "numpy.core.multiarray._reconstruct",
  "numpy._core.multiarray.scalar",
  "numpy._core.multiarray._reconstruct",
  "numpy.ndarray",
  "numpy.dtype",
  "_codecs.encode",
  NULL,
};

static const struct
{
  const char *global;
  FvDtype dtype;
} storage_types[] = {
  { "torch.HalfStorage", FV_DTYPE_F16 },  { "torch.BFloat16Storage", FV_DTYPE_BF16 },
  { "torch.FloatStorage", FV_DTYPE_F32 }, { "torch.DoubleStorage", FV_DTYPE_F64 },
  { "torch.ByteStorage", FV_DTYPE_U8 },   { "torch.CharStorage", FV_DTYPE_I8 },
  { "torch.ShortStorage", FV_DTYPE_I16 }, { "torch.IntStorage", FV_DTYPE_I32 },
  { "torch.LongStorage", FV_DTYPE_I64 },  { "torch.BoolStorage", FV_DTYPE_BOOL },
};

/* A tensor as the pickle describes it: a strided window into a storage. */
typedef struct
{
  FvTensorView view; /* data not yet */
  const char *key;   /* of the storage */
  gint64 storage_length;
  gint64 offset;
  gint64 strides[FV_TENSOR_MAX_DIMS];
} Window;

typedef struct
{
  const char *name;
  GArray *windows;  /* Window */
  GPtrArray *names; /* under the views */
  guint n_modules;
  guint64 n_members; /* looked at: a file may give the same dict to thousands of modules */
  guint64 n_bytes, n_repeated_bytes;
  GError **error;
} Walk;

#define FAIL(...) (g_set_error (walk->error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT, __VA_ARGS__), FALSE)

static gboolean
read_storage (const FvPickleValue *value, Window *window)
{
  const FvPickleValue *id = value != NULL && value->type == FV_PICKLE_PERSISTENT ? value->args : NULL;
  const FvPickleValue *type = fv_pickle_element (id, 1);

  window->key = fv_pickle_text (fv_pickle_element (id, 2));
  if (g_strcmp0 (fv_pickle_text (fv_pickle_element (id, 0)), "storage") != 0 || window->key == NULL || type == NULL
      || type->type != FV_PICKLE_GLOBAL || !fv_pickle_integer (fv_pickle_element (id, 4), &window->storage_length)
      || window->storage_length < 0 || (guint64)window->storage_length > MAX_BYTES)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (storage_types); i++)
    if (strcmp (storage_types[i].global, type->text) == 0)
      {
        window->view.dtype = storage_types[i].dtype;
        return TRUE;
      }
  return FALSE;
}

static gboolean
read_sizes (const FvPickleValue *value, guint n, gint64 *out)
{
  for (guint i = 0; i < n; i++)
    if (!fv_pickle_integer (fv_pickle_element (value, i), &out[i]) || out[i] < 0 || (guint64)out[i] > MAX_BYTES)
      return FALSE;
  return fv_pickle_length (value) == n;
}

/* Whether the window stays within its storage. Sizes and strides are at most 2^30 each, so that nothing overflows. */
static gboolean
fits (Window *window)
{
  guint64 n_values = 1, last = window->offset;

  for (guint i = 0; i < window->view.n_dims; i++)
    {
      n_values *= window->view.dims[i];
      if (n_values > MAX_BYTES)
        return FALSE;
      if (window->view.dims[i] > 0)
        last += (guint64)(window->view.dims[i] - 1) * window->strides[i];
    }
  window->view.n_bytes = n_values * fv_dtype_size (window->view.dtype);
  return n_values == 0 || last < (guint64)window->storage_length;
}

static gboolean
is_tensor (const FvPickleValue *value)
{
  return fv_pickle_made_by (value, "torch._utils._rebuild_parameter")
         || fv_pickle_made_by (value, "torch._utils._rebuild_tensor_v2");
}

/* Takes @name. */
static gboolean
add_tensor (Walk *walk, const FvPickleValue *value, char *name)
{
  Window window = { .view.name = name };
  const FvPickleValue *args;

  g_ptr_array_add (walk->names, name);
  if (walk->windows->len >= MAX_TENSORS)
    return FAIL (_ ("%s is not a YOLOv5 weight file: it has more than %d tensors"), walk->name, MAX_TENSORS);
  if (fv_pickle_made_by (value, "torch._utils._rebuild_parameter"))
    value = fv_pickle_element (value->args, 0);
  if (!fv_pickle_made_by (value, "torch._utils._rebuild_tensor_v2"))
    return FAIL (_ ("%s: %s is not a tensor that Fovea can read"), walk->name, name);
  args = value->args;
  window.view.n_dims = fv_pickle_length (fv_pickle_element (args, 2));
  if (window.view.n_dims > FV_TENSOR_MAX_DIMS || !read_storage (fv_pickle_element (args, 0), &window)
      || !fv_pickle_integer (fv_pickle_element (args, 1), &window.offset) || window.offset < 0
      || (guint64)window.offset > MAX_BYTES
      || !read_sizes (fv_pickle_element (args, 2), window.view.n_dims, window.view.dims)
      || !read_sizes (fv_pickle_element (args, 3), window.view.n_dims, window.strides))
    return FAIL (_ ("%s: tensor %s is not described as PyTorch does"), walk->name, name);
  if (!fits (&window))
    return FAIL (_ ("%s is damaged: tensor %s lies outside its storage"), walk->name, name);
  walk->n_bytes += window.view.n_bytes;
  if (fv_tensor_view_n_values (&window.view) > (guint64)window.storage_length)
    walk->n_repeated_bytes += window.view.n_bytes;
  if (walk->n_repeated_bytes > MAX_REPEATED_BYTES)
    return FAIL (_ ("%s is not a YOLOv5 weight file: tensor %s repeats the numbers of its storage"), walk->name, name);
  if (walk->n_bytes > MAX_BYTES)
    return FAIL (_ ("%s is not a YOLOv5 weight file: its tensors have more than %" PRIu64 " MiB"), walk->name,
                 MAX_BYTES >> 20);
  g_array_append_val (walk->windows, window);
  return TRUE;
}

/* The tensors of one dict, names prefixed. Modules keep None where they have no bias. */
static gboolean
walk_dict (Walk *walk, const FvPickleValue *dict, const char *prefix)
{
  walk->n_members += fv_pickle_length (dict);
  if (walk->n_members > MAX_MEMBERS)
    return FAIL (_ ("%s is not a YOLOv5 weight file: its modules have too many members"), walk->name);
  for (guint i = 0; i < fv_pickle_length (dict); i++)
    {
      const char *key = fv_pickle_text (fv_pickle_key (dict, i));
      const FvPickleValue *value = fv_pickle_value (dict, i);

      if (key == NULL || !is_tensor (value))
        continue;
      if (!add_tensor (walk, value, g_strconcat (prefix, key, NULL)))
        return FALSE;
    }
  return TRUE;
}

/* As torch.nn.Module.state_dict(): parameters, buffers, then the modules inside. */
static gboolean
walk_module (Walk *walk, const FvPickleValue *module, const char *prefix, guint depth)
{
  const FvPickleValue *modules = fv_pickle_attribute (module, "_modules");

  walk->n_members += 3 * fv_pickle_length (module->state) + fv_pickle_length (modules);
  if (depth > MAX_MODULE_DEPTH || ++walk->n_modules > MAX_MODULES || walk->n_members > MAX_MEMBERS)
    return FAIL (_ ("%s is not a YOLOv5 weight file: its modules are nested too deeply or too many"), walk->name);
  if (!walk_dict (walk, fv_pickle_attribute (module, "_parameters"), prefix)
      || !walk_dict (walk, fv_pickle_attribute (module, "_buffers"), prefix))
    return FALSE;
  for (guint i = 0; i < fv_pickle_length (modules); i++)
    {
      const char *key = fv_pickle_text (fv_pickle_key (modules, i));
      g_autofree char *inner = g_strdup_printf ("%s%s.", prefix, key != NULL ? key : "?");

      if (strlen (inner) > 200)
        return FAIL (_ ("%s is not a YOLOv5 weight file: a module's name is too long"), walk->name);
      if (!walk_module (walk, fv_pickle_value (modules, i), inner, depth + 1))
        return FALSE;
    }
  return TRUE;
}

static gboolean
is_module (const FvPickleValue *value)
{
  return fv_pickle_attribute (value, "_modules") != NULL;
}

static gboolean
is_state_dict (const FvPickleValue *value)
{
  return is_tensor (fv_pickle_value (value, 0));
}

/* What of a checkpoint is the network. v7.0 prefers the averaged weights, too. */
static const FvPickleValue *
find_network (const FvPickleValue *root)
{
  static const char *const keys[] = { "ema", "model", "state_dict" };

  if (is_module (root) || is_state_dict (root))
    return root;
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      const FvPickleValue *value = fv_pickle_lookup (root, keys[i]);

      if (is_module (value) || is_state_dict (value))
        return value;
    }
  return NULL;
}

/* v7.0 writes a dict from number to name, earlier versions a list. */
static char **
read_class_names (const FvPickleValue *names)
{
  g_autoptr (GPtrArray) out = g_ptr_array_new_with_free_func (g_free);
  guint n = fv_pickle_length (names);

  if (n == 0 || n > MAX_CLASSES)
    return NULL;
  for (guint i = 0; i < n; i++)
    {
      const char *text = fv_pickle_text (fv_pickle_element (names, i));

      for (guint j = 0; text == NULL && j < n; j++)
        {
          gint64 key;

          if (fv_pickle_integer (fv_pickle_key (names, (i + j) % n), &key) && key == i)
            text = fv_pickle_text (fv_pickle_value (names, (i + j) % n));
        }
      if (text == NULL)
        return NULL;
      g_ptr_array_add (out, g_strdup (text));
    }
  g_ptr_array_add (out, NULL);
  return (char **)g_ptr_array_steal (out, NULL);
}

static void
read_checkpoint (FvTorchFile *self, const FvPickleValue *root, const FvPickleValue *network)
{
  const FvPickleValue *options = fv_pickle_lookup (root, "opt");
  gint64 number;

  self->class_names = read_class_names (fv_pickle_attribute (network, "names"));
  if (fv_pickle_integer (fv_pickle_lookup (options, "imgsz"), &number) && number > 0 && number <= 65536)
    self->imgsz = number;
  /* -1 once a training is finished. */
  if (fv_pickle_integer (fv_pickle_lookup (root, "epoch"), &number) && number >= 0)
    g_hash_table_insert (self->metadata, g_strdup ("epoch"), g_strdup_printf ("%" G_GINT64_FORMAT, number));
  if (fv_pickle_text (fv_pickle_lookup (root, "date")) != NULL)
    g_hash_table_insert (self->metadata, g_strdup ("date"),
                         g_strdup (fv_pickle_text (fv_pickle_lookup (root, "date"))));
}

/* Copies the window's values, last dimension fastest. */
static void
gather (const Window *window, const guint8 *storage, guint8 *out)
{
  gsize size = fv_dtype_size (window->view.dtype);
  guint64 n = fv_tensor_view_n_values (&window->view);
  gint64 index[FV_TENSOR_MAX_DIMS] = { 0 };
  guint64 at = window->offset;

  for (guint64 i = 0; i < n; i++)
    {
      memcpy (out + i * size, storage + at * size, size);
      for (guint d = window->view.n_dims; d-- > 0;)
        {
          at += window->strides[d];
          if (++index[d] < window->view.dims[d])
            break;
          at -= (guint64)window->view.dims[d] * window->strides[d];
          index[d] = 0;
        }
    }
}

static gboolean
is_contiguous (const Window *window)
{
  gint64 stride = 1;

  if (window->view.n_bytes == 0)
    return TRUE;
  for (guint d = window->view.n_dims; d-- > 0;)
    {
      if (window->view.dims[d] != 1 && window->strides[d] != stride)
        return FALSE;
      stride *= window->view.dims[d];
    }
  return TRUE;
}

/* Every storage once, however many tensors share it. */
static GHashTable *
list_storages (Walk *walk)
{
  g_autoptr (GHashTable) sizes = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  guint64 total = 0;

  for (guint i = 0; i < walk->windows->len; i++)
    {
      const Window *window = &g_array_index (walk->windows, Window, i);
      gsize size = window->storage_length * fv_dtype_size (window->view.dtype);
      gsize *known = g_hash_table_lookup (sizes, window->key);

      if (known == NULL)
        {
          total += size;
          g_hash_table_insert (sizes, (char *)window->key, g_memdup2 (&size, sizeof size));
        }
      if ((known != NULL && *known != size) || total > MAX_BYTES)
        {
          g_set_error (walk->error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT,
                       _ ("%s is damaged: the storage of tensor %s is described twice or too large"), walk->name,
                       window->view.name);
          return NULL;
        }
    }
  return g_steal_pointer (&sizes);
}

static gboolean
read_views (FvTorchFile *self, Walk *walk, GBytes *bytes)
{
  g_autoptr (GHashTable) sizes = list_storages (walk);
  g_autoptr (GHashTable) storages
      = sizes != NULL ? fv_torch_archive_read (bytes, sizes, walk->name, walk->error) : NULL;

  if (storages == NULL)
    return FALSE;
  for (guint i = 0; i < walk->windows->len; i++)
    {
      const Window *window = &g_array_index (walk->windows, Window, i);
      FvTensorView view = window->view;
      GBytes *storage = g_hash_table_lookup (storages, window->key);
      const guint8 *data = g_bytes_get_data (storage, NULL);

      if (is_contiguous (window))
        {
          g_ptr_array_add (self->storages, g_bytes_ref (storage));
          view.data = view.n_bytes > 0 ? data + window->offset * fv_dtype_size (view.dtype) : NULL;
        }
      else
        {
          guint8 *copy = g_try_malloc (view.n_bytes);

          if (copy == NULL)
            return FAIL (_ ("%s: there is not enough memory for the %zu bytes of tensor %s"), walk->name, view.n_bytes,
                         view.name);
          gather (window, data, copy);
          g_ptr_array_add (self->storages, g_bytes_new_take (copy, view.n_bytes));
          view.data = copy;
        }
      g_array_append_val (self->views, view);
    }
  return TRUE;
}

FvTorchFile *
fv_torch_file_new (GBytes *bytes, const char *name, GError **error)
{
  g_autoptr (FvTorchFile) self = g_new0 (FvTorchFile, 1);
  g_autoptr (GBytes) pickled = fv_torch_archive_read_pickle (bytes, name, error);
  g_autoptr (FvPickle) pickle = NULL;
  g_autoptr (GArray) windows = g_array_new (FALSE, FALSE, sizeof (Window));
  Walk walk = { .name = name, .windows = windows, .error = error };
  const FvPickleValue *root, *network;

  self->views = g_array_new (FALSE, FALSE, sizeof (FvTensorView));
  self->metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->storages = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  self->names = g_ptr_array_new_with_free_func (g_free);
  walk.names = self->names;

  if (pickled == NULL)
    return NULL;
  pickle = fv_pickle_parse (g_bytes_get_data (pickled, NULL), g_bytes_get_size (pickled), allowed_globals, name, error);
  if (pickle == NULL)
    return NULL;
  root = fv_pickle_get_root (pickle);
  network = find_network (root);
  if (network == NULL)
    {
      g_set_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT,
                   _ ("%s is a PyTorch file, but holds neither a YOLOv5 model nor a state_dict"), name);
      return NULL;
    }
  if (is_module (network) ? !walk_module (&walk, network, "", 0) : !walk_dict (&walk, network, ""))
    return NULL;
  if (!read_views (self, &walk, bytes))
    return NULL;
  read_checkpoint (self, root, network);
  return g_steal_pointer (&self);
}

void
fv_torch_file_free (FvTorchFile *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->views);
  g_strfreev (self->class_names);
  g_hash_table_unref (self->metadata);
  g_ptr_array_unref (self->storages);
  g_ptr_array_unref (self->names);
  g_free (self);
}

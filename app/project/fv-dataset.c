/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/project/fv-dataset.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "app/exchange/fv-file.h"
#include "app/exchange/fv-json.h"

#define SNAPSHOT_FORMAT "fovea-dataset"
#define SNAPSHOT_VERSION 1
/* The root, items, an item, its boxes, a box. */
#define MAX_DEPTH 5

G_DEFINE_QUARK (fv_dataset_error, fv_dataset_error)
G_DEFINE_BOXED_TYPE (FvDataset, fv_dataset, fv_dataset_ref, fv_dataset_unref)

static const char *const subset_names[FV_N_SUBSETS] = { "none", "train", "val", "test" };

const char *
fv_subset_to_string (FvSubset subset)
{
  g_return_val_if_fail ((guint)subset < FV_N_SUBSETS, "none");
  return subset_names[subset];
}

gboolean
fv_subset_parse (const char *text, FvSubset *subset)
{
  for (guint i = 0; i < FV_N_SUBSETS; i++)
    if (g_strcmp0 (text, subset_names[i]) == 0)
      {
        *subset = (FvSubset)i;
        return TRUE;
      }
  return FALSE;
}

FvItem *
fv_item_new (void)
{
  FvItem *item = g_new0 (FvItem, 1);
  item->orientation = 1;
  item->boxes = g_array_new (FALSE, FALSE, sizeof (FvBox));
  return item;
}

FvItem *
fv_item_copy (const FvItem *item)
{
  FvItem *copy = g_memdup2 (item, sizeof *item);
  copy->path = g_strdup (item->path);
  copy->name = g_strdup (item->name);
  copy->hash = g_strdup (item->hash);
  copy->boxes = g_array_copy (item->boxes);
  return copy;
}

void
fv_item_free (FvItem *item)
{
  if (item == NULL)
    return;
  g_free (item->path);
  g_free (item->name);
  g_free (item->hash);
  g_array_unref (item->boxes);
  g_free (item);
}

FvDataset *
fv_dataset_new (const char *const *class_names)
{
  FvDataset *self = g_new0 (FvDataset, 1);
  g_atomic_ref_count_init (&self->references);
  self->items = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_item_free);
  self->class_names = class_names != NULL ? g_strdupv ((char **)class_names) : g_new0 (char *, 1);
  self->n_classes = g_strv_length (self->class_names);
  return self;
}

FvDataset *
fv_dataset_ref (FvDataset *self)
{
  g_atomic_ref_count_inc (&self->references);
  return self;
}

void
fv_dataset_unref (FvDataset *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->references))
    return;
  g_ptr_array_unref (self->items);
  g_strfreev (self->class_names);
  g_free (self);
}

void
fv_dataset_add (FvDataset *self, FvItem *item)
{
  g_ptr_array_add (self->items, item);
}

static int
compare_items (gconstpointer a, gconstpointer b)
{
  const FvItem *first = *(FvItem *const *)a, *second = *(FvItem *const *)b;
  int by_name = g_strcmp0 (first->name, second->name);
  return by_name != 0 ? by_name : g_strcmp0 (first->path, second->path);
}

void
fv_dataset_sort (FvDataset *self)
{
  g_ptr_array_sort (self->items, compare_items);
}

GArray *
fv_dataset_subset (const FvDataset *self, FvSubset subset)
{
  GArray *indices = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint i = 0; i < self->items->len; i++)
    if (fv_dataset_get (self, i)->subset == subset)
      g_array_append_val (indices, i);
  return indices;
}

guint64
fv_dataset_count_boxes (const FvDataset *self)
{
  guint64 n = 0;
  for (guint i = 0; i < self->items->len; i++)
    n += fv_dataset_get (self, i)->boxes->len;
  return n;
}

/* Writing: text built item by item, so that a large dataset never stands in memory as a tree. */

static void
append_string (GString *out, const char *text)
{
  g_string_append_c (out, '"');
  for (const char *p = text != NULL ? text : ""; *p != '\0'; p++)
    {
      if (*p == '"' || *p == '\\')
        g_string_append_c (out, '\\');
      if ((guchar)*p < 0x20)
        g_string_append_printf (out, "\\u%04x", (guchar)*p);
      else
        g_string_append_c (out, *p);
    }
  g_string_append_c (out, '"');
}

static void
append_number (GString *out, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  g_ascii_dtostr (text, sizeof text, value);
  g_string_append (out, text);
}

static void
append_item (GString *out, const FvItem *item)
{
  g_string_append_printf (out, "{\"id\": %" G_GINT64_FORMAT ", \"path\": ", item->id);
  append_string (out, item->path);
  g_string_append (out, ", \"name\": ");
  append_string (out, item->name);
  g_string_append (out, ", \"hash\": ");
  append_string (out, item->hash);
  g_string_append_printf (out, ", \"width\": %u, \"height\": %u, \"orientation\": %u, \"subset\": \"%s\", \"boxes\": [",
                          item->width, item->height, item->orientation, fv_subset_to_string (item->subset));
  for (guint i = 0; i < item->boxes->len; i++)
    {
      const FvBox *box = &g_array_index (item->boxes, FvBox, i);
      const double sides[4] = { box->x1, box->y1, box->x2, box->y2 };
      g_string_append_printf (out, "%s[%u", i > 0 ? ", " : "", box->class_id);
      for (guint k = 0; k < 4; k++)
        {
          g_string_append (out, ", ");
          append_number (out, sides[k]);
        }
      g_string_append_c (out, ']');
    }
  g_string_append (out, "]}");
}

gboolean
fv_dataset_save (const FvDataset *self, const char *path, GError **error)
{
  g_autoptr (FvFileWriter) writer = fv_file_writer_open (path, error);
  if (writer == NULL)
    return FALSE;
  g_autoptr (GString) out = g_string_new (NULL);
  g_string_append_printf (out, "{\"format\": \"%s\", \"version\": %d,\n\"classes\": [", SNAPSHOT_FORMAT,
                          SNAPSHOT_VERSION);
  for (guint i = 0; i < self->n_classes; i++)
    {
      g_string_append (out, i > 0 ? ", " : "");
      append_string (out, self->class_names[i]);
    }
  g_string_append (out, "],\n\"items\": [");
  for (guint i = 0; i < self->items->len; i++)
    {
      g_string_append (out, i > 0 ? ",\n" : "\n");
      append_item (out, fv_dataset_get (self, i));
      if (!fv_file_writer_write (writer, out->str, out->len, error))
        return FALSE;
      g_string_truncate (out, 0);
    }
  g_string_append (out, "\n]}\n");
  return fv_file_writer_write (writer, out->str, out->len, error) && fv_file_writer_commit (writer, error);
}

/* Reading: every member is checked before json-glib is asked for it, since it only warns about a wrong type. */

static JsonNode *
get_member (JsonObject *object, const char *name, GType type)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;
  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != type)
    return NULL;
  return node;
}

static const char *
get_string (JsonObject *object, const char *name)
{
  JsonNode *node = get_member (object, name, G_TYPE_STRING);
  return node != NULL ? json_node_get_string (node) : NULL;
}

/* -1 where the member is absent, no integer or negative. */
static gint64
get_count (JsonObject *object, const char *name)
{
  JsonNode *node = get_member (object, name, G_TYPE_INT64);
  return node != NULL ? MAX (json_node_get_int (node), -1) : -1;
}

static JsonArray *
get_array (JsonObject *object, const char *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;
  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static gboolean
read_box (JsonNode *node, guint n_classes, const FvItem *item, FvBox *box)
{
  if (!JSON_NODE_HOLDS_ARRAY (node) || json_array_get_length (json_node_get_array (node)) != 5)
    return FALSE;
  double values[5];
  for (guint i = 0; i < 5; i++)
    {
      JsonNode *value = json_array_get_element (json_node_get_array (node), i);
      if (!JSON_NODE_HOLDS_VALUE (value)
          || (json_node_get_value_type (value) != G_TYPE_INT64 && json_node_get_value_type (value) != G_TYPE_DOUBLE))
        return FALSE;
      values[i] = json_node_get_double (value);
    }
  if (!(values[0] >= 0 && values[0] < n_classes && values[0] == floor (values[0])))
    return FALSE;
  *box = (FvBox){ (guint)values[0], values[1], values[2], values[3], values[4] };
  return box->x1 >= 0 && box->x1 < box->x2 && box->x2 <= item->width && box->y1 >= 0 && box->y1 < box->y2
         && box->y2 <= item->height;
}

/* NULL where the node is no item; *what then names the member at fault. */
static FvItem *
read_item (JsonNode *node, guint n_classes, const char **what)
{
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  g_autoptr (FvItem) item = fv_item_new ();
  JsonArray *boxes = get_array (object, "boxes");
  gint64 width = get_count (object, "width"), height = get_count (object, "height");
  gint64 orientation = get_count (object, "orientation");
  item->id = get_count (object, "id");
  item->path = g_strdup (get_string (object, "path"));
  item->name = g_strdup (get_string (object, "name"));
  item->hash = g_strdup (get_string (object, "hash"));
  *what = item->id < 0                                                      ? "id"
          : item->path == NULL || !g_path_is_absolute (item->path)          ? "path"
          : item->name == NULL                                              ? "name"
          : item->hash == NULL                                              ? "hash"
          : width < 1 || width > G_MAXINT                                   ? "width"
          : height < 1 || height > G_MAXINT                                 ? "height"
          : orientation < 1 || orientation > 8                              ? "orientation"
          : !fv_subset_parse (get_string (object, "subset"), &item->subset) ? "subset"
          : boxes == NULL                                                   ? "boxes"
                                                                            : NULL;
  if (*what != NULL)
    return NULL;
  item->width = (guint)width;
  item->height = (guint)height;
  item->orientation = (guint)orientation;
  for (guint i = 0; i < json_array_get_length (boxes); i++)
    {
      FvBox box;
      if (!read_box (json_array_get_element (boxes, i), n_classes, item, &box))
        {
          *what = "boxes";
          return NULL;
        }
      g_array_append_val (item->boxes, box);
    }
  return g_steal_pointer (&item);
}

static gboolean invalid (const char *path, GError **error, const char *format, ...) G_GNUC_PRINTF (3, 4);

static gboolean
invalid (const char *path, GError **error, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *reason = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, FV_DATASET_ERROR, FV_DATASET_ERROR_INVALID, _ ("'%s' is no snapshot of a dataset: %s."), path,
               reason);
  return FALSE;
}

static gboolean
read_items (FvDataset *self, JsonArray *items, const char *path, GError **error)
{
  for (guint i = 0; i < json_array_get_length (items); i++)
    {
      const char *what = NULL;
      FvItem *item = read_item (json_array_get_element (items, i), self->n_classes, &what);
      if (item == NULL)
        return invalid (path, error, _ ("'%s' of item %u is missing or out of range"), what, i);
      fv_dataset_add (self, item);
    }
  return TRUE;
}

FvDataset *
fv_dataset_load (const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = fv_file_map (path, error);
  g_autoptr (GError) local = NULL;
  if (bytes == NULL)
    return NULL;
  g_autoptr (JsonNode) root
      = fv_json_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), MAX_DEPTH, &local);
  if (root == NULL)
    {
      invalid (path, error, "%s", local->message);
      return NULL;
    }
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  if (g_strcmp0 (get_string (object, "format"), SNAPSHOT_FORMAT) != 0)
    {
      invalid (path, error, "'format' is not \"%s\"", SNAPSHOT_FORMAT);
      return NULL;
    }
  gint64 version = get_count (object, "version");
  if (version != SNAPSHOT_VERSION)
    {
      invalid (path, error, _ ("its version is %" PRId64 " and this program reads version %d"), version,
               SNAPSHOT_VERSION);
      return NULL;
    }

  JsonArray *classes = get_array (object, "classes"), *items = get_array (object, "items");
  if (classes == NULL || items == NULL)
    {
      invalid (path, error, _ ("'%s' is missing"), classes == NULL ? "classes" : "items");
      return NULL;
    }
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  for (guint i = 0; i < json_array_get_length (classes); i++)
    {
      JsonNode *node = json_array_get_element (classes, i);
      if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
        {
          invalid (path, error, _ ("class %u has no name"), i);
          return NULL;
        }
      g_strv_builder_add (names, json_node_get_string (node));
    }
  g_auto (GStrv) class_names = g_strv_builder_end (names);
  g_autoptr (FvDataset) self = fv_dataset_new ((const char *const *)class_names);
  return read_items (self, items, path, error) ? g_steal_pointer (&self) : NULL;
}

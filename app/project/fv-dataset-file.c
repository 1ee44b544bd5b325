/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>

#include "app/exchange/fv-file.h"
#include "app/exchange/fv-json-stream.h"
#include "app/project/fv-dataset.h"

/* The snapshot of a dataset, written and read item by item, so that a large one never stands in memory as a tree. */

#define SNAPSHOT_FORMAT "fovea-dataset"
#define SNAPSHOT_VERSION 2
/* An item, its boxes, a box. */
#define MAX_DEPTH 3

/* Writing */

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
append_boxes (GString *out, const char *name, const GArray *boxes)
{
  g_string_append_printf (out, ", \"%s\": [", name);
  for (guint i = 0; i < boxes->len; i++)
    {
      const FvBox *box = &g_array_index (boxes, FvBox, i);
      const double sides[4] = { box->x1, box->y1, box->x2, box->y2 };
      g_string_append_printf (out, "%s[%u", i > 0 ? ", " : "", box->class_id);
      for (guint k = 0; k < 4; k++)
        {
          g_string_append (out, ", ");
          append_number (out, sides[k]);
        }
      g_string_append_c (out, ']');
    }
  g_string_append_c (out, ']');
}

/* What is not known, or as usual, is not written. */
static void
append_item (GString *out, const FvItem *item)
{
  g_string_append_printf (out, "{\"id\": %" G_GINT64_FORMAT ", \"path\": ", item->id);
  append_string (out, item->path);
  g_string_append (out, ", \"name\": ");
  append_string (out, item->name);
  g_string_append (out, ", \"hash\": ");
  append_string (out, item->hash);
  g_string_append_printf (out, ", \"width\": %u, \"height\": %u, \"orientation\": %u, \"subset\": \"%s\"", item->width,
                          item->height, item->orientation, fv_subset_to_string (item->subset));
  append_boxes (out, "boxes", item->boxes);
  if (item->ignored->len > 0)
    append_boxes (out, "ignored", item->ignored);
  if (item->time != FV_TIME_UNKNOWN)
    g_string_append_printf (out, ", \"time\": %" G_GINT64_FORMAT, item->time);
  if (!isnan (item->latitude) && !isnan (item->longitude))
    {
      g_string_append (out, ", \"place\": [");
      append_number (out, item->latitude);
      g_string_append (out, ", ");
      append_number (out, item->longitude);
      g_string_append_c (out, ']');
    }
  if (item->reading.page > 0)
    g_string_append_printf (out, ", \"page\": %u", item->reading.page);
  if (item->reading.high > 0)
    g_string_append_printf (out, ", \"window\": [%u, %u]", item->reading.low, item->reading.high);
  g_string_append_c (out, '}');
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

/* The numbers of a list of n; FALSE for anything else. */
static gboolean
read_numbers (JsonNode *node, guint n, double *values)
{
  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node) || json_array_get_length (json_node_get_array (node)) != n)
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      JsonNode *value = json_array_get_element (json_node_get_array (node), i);
      if (!JSON_NODE_HOLDS_VALUE (value)
          || (json_node_get_value_type (value) != G_TYPE_INT64 && json_node_get_value_type (value) != G_TYPE_DOUBLE))
        return FALSE;
      values[i] = json_node_get_double (value);
    }
  return TRUE;
}

static gboolean
read_boxes (JsonArray *array, guint n_classes, const FvItem *item, GArray *boxes)
{
  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      double values[5];
      if (!read_numbers (json_array_get_element (array, i), 5, values)
          || !(values[0] >= 0 && values[0] < n_classes && values[0] == floor (values[0])))
        return FALSE;
      const FvBox box = { (guint)values[0], values[1], values[2], values[3], values[4] };
      if (!(box.x1 >= 0 && box.x1 < box.x2 && box.x2 <= item->width && box.y1 >= 0 && box.y1 < box.y2
            && box.y2 <= item->height))
        return FALSE;
      g_array_append_val (boxes, box);
    }
  return TRUE;
}

/* Members that need not be there. (nullable): the name of the one at fault. */
static const char *
read_known (JsonObject *object, FvItem *item)
{
  double place[2], window[2];
  if (json_object_has_member (object, "time"))
    {
      JsonNode *node = get_member (object, "time", G_TYPE_INT64);
      if (node == NULL)
        return "time";
      item->time = json_node_get_int (node);
    }
  if (json_object_has_member (object, "place"))
    {
      if (!read_numbers (json_object_get_member (object, "place"), 2, place))
        return "place";
      item->latitude = place[0];
      item->longitude = place[1];
    }
  if (json_object_has_member (object, "page"))
    {
      const gint64 page = get_count (object, "page");
      if (page < 0 || page > G_MAXINT)
        return "page";
      item->reading.page = (guint)page;
    }
  if (json_object_has_member (object, "window"))
    {
      if (!read_numbers (json_object_get_member (object, "window"), 2, window)
          || !(window[0] >= 0 && window[0] < window[1] && window[1] <= G_MAXUINT16))
        return "window";
      item->reading.low = (guint16)window[0];
      item->reading.high = (guint16)window[1];
    }
  return NULL;
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
  *what = !read_boxes (boxes, n_classes, item, item->boxes)                             ? "boxes"
          : !read_boxes (get_array (object, "ignored"), n_classes, item, item->ignored) ? "ignored"
                                                                                        : read_known (object, item);
  if (*what != NULL)
    return NULL;
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

/* The members that come before the items: format, version, classes. */
typedef struct
{
  gboolean is_snapshot, is_version, has_classes;
  GStrvBuilder *class_names;
} Head;

static gboolean
read_head (Head *head, const FvJsonPart *part, JsonNode *node, const char *path, GError **error)
{
  const GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;
  if (g_str_equal (part->member, "format"))
    {
      head->is_snapshot = type == G_TYPE_STRING && g_str_equal (json_node_get_string (node), SNAPSHOT_FORMAT);
      return head->is_snapshot || invalid (path, error, "'format' is not \"%s\"", SNAPSHOT_FORMAT);
    }
  if (g_str_equal (part->member, "version"))
    {
      const gint64 version = type == G_TYPE_INT64 ? json_node_get_int (node) : -1;
      head->is_version = version >= 1 && version <= SNAPSHOT_VERSION;
      return head->is_version
             || invalid (path, error, _ ("its version is %" PRId64 " and this program reads version %d"), version,
                         SNAPSHOT_VERSION);
    }
  if (g_str_equal (part->member, "classes"))
    head->has_classes = part->is_element || JSON_NODE_HOLDS_ARRAY (node);
  if (g_str_equal (part->member, "classes") && part->is_element)
    {
      if (type != G_TYPE_STRING)
        return invalid (path, error, _ ("class %u has no name"), part->index);
      g_strv_builder_add (head->class_names, json_node_get_string (node));
    }
  return TRUE;
}

/* *dataset is made with the first item: what comes before must be whole then. */
static gboolean
begin_items (FvDataset **dataset, Head *head, const char *path, GError **error)
{
  if (*dataset != NULL)
    return TRUE;
  if (!head->is_snapshot)
    return invalid (path, error, "'format' is not \"%s\"", SNAPSHOT_FORMAT);
  if (!head->is_version)
    return invalid (path, error, _ ("its version is %" PRId64 " and this program reads version %d"), (gint64)-1,
                    SNAPSHOT_VERSION);
  if (!head->has_classes)
    return invalid (path, error, _ ("'%s' is missing"), "classes");
  g_auto (GStrv) names = g_strv_builder_end (head->class_names);
  *dataset = fv_dataset_new ((const char *const *)names);
  return TRUE;
}

static gboolean
read_part (FvDataset **dataset, Head *head, const FvJsonPart *part, JsonNode *node, const char *path, GError **error)
{
  const char *what = NULL;
  if (part->member == NULL)
    return invalid (path, error, "'format' is not \"%s\"", SNAPSHOT_FORMAT);
  if (!g_str_equal (part->member, "items"))
    return read_head (head, part, node, path, error);
  if (!begin_items (dataset, head, path, error))
    return FALSE;
  if (!part->is_element)
    return JSON_NODE_HOLDS_ARRAY (node) || invalid (path, error, _ ("'%s' is missing"), "items");
  FvItem *item = read_item (node, (*dataset)->n_classes, &what);
  if (item == NULL)
    return invalid (path, error, _ ("'%s' of item %u is missing or out of range"), what, part->index);
  fv_dataset_add (*dataset, item);
  return TRUE;
}

FvDataset *
fv_dataset_load (const char *path, GError **error)
{
  g_autoptr (GStrvBuilder) class_names = g_strv_builder_new ();
  g_autoptr (FvJsonStream) stream = fv_json_stream_open (path, MAX_DEPTH, error);
  g_autoptr (FvDataset) dataset = NULL;
  g_autoptr (GError) local = NULL;
  Head head = { .class_names = class_names };
  FvJsonPart part;
  if (stream == NULL)
    return NULL;
  while (fv_json_stream_next (stream, &part, &local))
    {
      g_autoptr (JsonNode) node = fv_json_stream_parse (stream, &part, &local);
      if (node == NULL)
        break;
      if (!read_part (&dataset, &head, &part, node, path, error))
        return NULL;
    }
  if (local != NULL)
    {
      invalid (path, error, "%s", local->message);
      return NULL;
    }
  if (dataset == NULL)
    {
      if (begin_items (&dataset, &head, path, error))
        invalid (path, error, _ ("'%s' is missing"), "items");
      return NULL;
    }
  return g_steal_pointer (&dataset);
}

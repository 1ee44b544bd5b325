/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of the server's protocol, read; nothing in them is believed before it is checked. */
#include "app/children/fv-serve-protocol.h"

#include "app/children/fv-child.h"
#include "app/exchange/fv-json.h"

#include <math.h>

#define MAX_DEPTH 8
#define BOX_NUMBERS 5       /* class, x1, y1, x2, y2 */
#define DETECTION_NUMBERS 6 /* class, confidence, x1, y1, x2, y2 */

static gboolean
refuse (const char *name, const char *what, GError **error)
{
  g_set_error (error, FV_CHILD_ERROR, FV_CHILD_ERROR_REQUEST, "“%s” must be %s.", name, what);
  return FALSE;
}

/* A number of @object between @min and @max; where it is missing, *value stays. */
static gboolean
get_number (JsonObject *object, const char *name, double min, double max, double *value, GError **error)
{
  JsonNode *node = json_object_get_member (object, name);
  GType type = node && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;
  double number;

  if (!node)
    return TRUE;
  number = type == G_TYPE_INT64 || type == G_TYPE_DOUBLE ? json_node_get_double (node) : NAN;
  if (!(number >= min && number <= max))
    {
      g_autofree char *range = g_strdup_printf ("a number from %g to %g", min, max);

      return refuse (name, range, error);
    }
  *value = number;
  return TRUE;
}

static gboolean
get_uint (JsonObject *object, const char *name, double max, guint *value, GError **error)
{
  double number = *value;

  if (!get_number (object, name, 0, max, &number, error))
    return FALSE;
  if (number != floor (number))
    return refuse (name, "a whole number", error);
  *value = (guint)number;
  return TRUE;
}

/* (transfer none) (nullable): NULL where it is missing or no text. */
static const char *
get_string (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING
             ? json_node_get_string (node)
             : NULL;
}

static char *
get_path (JsonObject *object, const char *name, GError **error)
{
  const char *uri = get_string (object, name);
  char *path = uri ? g_filename_from_uri (uri, NULL, NULL) : NULL;

  if (!path)
    refuse (name, "the URI of a file", error);
  return path;
}

static JsonArray *
get_array (JsonObject *object, const char *name, GError **error)
{
  JsonNode *node = json_object_get_member (object, name);

  if (!node || !JSON_NODE_HOLDS_ARRAY (node))
    {
      refuse (name, "a list", error);
      return NULL;
    }
  return json_node_get_array (node);
}

static gboolean
is_true (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_BOOLEAN
         && json_node_get_boolean (node);
}

static JsonNode *
parse_line (const char *line, gsize length, guint64 *id, GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (JsonNode) node = fv_json_parse (line, length, MAX_DEPTH, &reason);
  double number = 0;

  *id = 0;
  if (!node || !JSON_NODE_HOLDS_OBJECT (node))
    {
      g_set_error (error, FV_CHILD_ERROR, FV_CHILD_ERROR_REQUEST, "That line is not understood: %s.",
                   reason ? reason->message : "it is no object");
      return NULL;
    }
  if (!get_number (json_node_get_object (node), "id", 0, 9007199254740992.0, &number, error))
    return NULL;
  *id = (guint64)number;
  return g_steal_pointer (&node);
}

static gboolean
get_recipe (JsonObject *object, FvRecipe *recipe, GError **error)
{
  JsonNode *node = json_object_get_member (object, "recipe");

  fv_recipe_init (recipe);
  if (!node)
    return TRUE;
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return refuse ("recipe", "an object", error);
  return fv_recipe_apply_json (recipe, json_node_get_object (node), error);
}

static gboolean
get_preview_request (JsonObject *object, FvServeRequest *request, GError **error)
{
  FvPreviewRequest *preview = &request->preview;
  double serial = 0;

  preview->project = request->paths[0] = get_path (object, "project", error);
  preview->recipe = &request->recipe;
  preview->count = 1;
  preview->floats = g_strcmp0 (get_string (object, "format"), "float") == 0;
  if (!preview->project || !get_recipe (object, &request->recipe, error)
      || !get_number (object, "serial", 0, 9007199254740992.0, &serial, error)
      || !get_uint (object, "epoch", G_MAXUINT, &preview->epoch, error)
      || !get_uint (object, "sample", G_MAXUINT, &preview->sample, error)
      || !get_uint (object, "count", FV_SERVE_MAX_SAMPLES, &preview->count, error))
    return FALSE;
  preview->serial = (guint64)serial;
  preview->count = MAX (preview->count, 1);
  return TRUE;
}

static gboolean
get_detect_request (JsonObject *object, FvServeRequest *request, GError **error)
{
  FvDetectRequest *detect = &request->detect;

  detect->imgsz = 640;
  detect->conf = 0.25;
  detect->iou = 0.45;
  detect->weights = request->paths[0] = get_path (object, "weights", error);
  if (!detect->weights)
    return FALSE;
  detect->file = request->paths[1] = get_path (object, "file", error);
  if (!detect->file || !get_uint (object, "imgsz", 8192, &detect->imgsz, error)
      || !get_number (object, "conf", 1e-6, 1, &detect->conf, error)
      || !get_number (object, "iou", 1e-6, 1, &detect->iou, error))
    return FALSE;
  return detect->imgsz >= 32 || refuse ("imgsz", "32 or more", error);
}

FvServeRequest *
fv_serve_parse_request (const char *line, gsize length, guint64 *id, GError **error)
{
  g_autoptr (JsonNode) node = parse_line (line, length, id, error);
  g_autoptr (FvServeRequest) request = g_new0 (FvServeRequest, 1);
  JsonObject *object = node ? json_node_get_object (node) : NULL;
  const char *kind = object ? get_string (object, "kind") : NULL;

  if (!object)
    return NULL;
  request->id = *id;
  for (request->kind = 0; request->kind < FV_SERVE_N_KINDS; request->kind++)
    if (g_strcmp0 (kind, fv_serve_kind_name (request->kind)) == 0)
      return (request->kind == FV_SERVE_PREVIEW ? get_preview_request : get_detect_request) (object, request, error)
                 ? g_steal_pointer (&request)
                 : NULL;
  refuse ("kind", "“preview” or “detect”", error);
  return NULL;
}

/* @n numbers, the first a class, as put_numbers() wrote them. */
static gboolean
read_numbers (JsonArray *list, guint index, double *numbers, guint n, GError **error)
{
  JsonNode *node = json_array_get_element (list, index);
  JsonArray *array = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  if (!array || json_array_get_length (array) != n)
    return refuse ("boxes", "lists of numbers", error);
  for (guint i = 0; i < n; i++)
    {
      JsonNode *element = json_array_get_element (array, i);

      if (!JSON_NODE_HOLDS_VALUE (element) || json_node_get_value_type (element) == G_TYPE_STRING)
        return refuse ("boxes", "lists of numbers", error);
      numbers[i] = json_node_get_double (element);
    }
  return numbers[0] >= 0 && numbers[0] <= G_MAXUINT ? TRUE : refuse ("boxes", "of a class", error);
}

static gboolean
read_sample (JsonObject *object, FvPreviewSample *sample, GError **error)
{
  JsonArray *boxes = get_array (object, "boxes", error);

  if (!boxes || !get_uint (object, "item", G_MAXUINT, &sample->item, error))
    return FALSE;
  sample->name = g_strdup (get_string (object, "name"));
  for (guint i = 0; i < json_array_get_length (boxes); i++)
    {
      double numbers[BOX_NUMBERS];
      FvBox box;

      if (!read_numbers (boxes, i, numbers, BOX_NUMBERS, error))
        return FALSE;
      box = (FvBox){ (guint)numbers[0], numbers[1], numbers[2], numbers[3], numbers[4] };
      g_array_append_val (sample->boxes, box);
    }
  return TRUE;
}

static FvPreviewReply *
read_preview (JsonObject *object, GError **error)
{
  JsonArray *samples = get_array (object, "samples", error);
  g_autoptr (FvPreviewReply) reply = samples ? fv_preview_reply_new (json_array_get_length (samples)) : NULL;

  if (!reply || !get_uint (object, "width", 65536, &reply->width, error)
      || !get_uint (object, "height", 65536, &reply->height, error)
      || !get_uint (object, "pictures", G_MAXUINT, &reply->pictures, error))
    return NULL;
  reply->problem = g_strdup (get_string (object, "problem"));
  for (guint i = 0; i < reply->n; i++)
    {
      JsonNode *node = json_array_get_element (samples, i);

      if (!JSON_NODE_HOLDS_OBJECT (node))
        {
          refuse ("samples", "a list of objects", error);
          return NULL;
        }
      if (!read_sample (json_node_get_object (node), &reply->samples[i], error))
        return NULL;
    }
  return g_steal_pointer (&reply);
}

static FvDetectReply *
read_detect (JsonObject *object, GError **error)
{
  g_autoptr (FvDetectReply) reply = fv_detect_reply_new ();
  JsonArray *detections = get_array (object, "detections", error);
  JsonArray *classes = detections ? get_array (object, "classes", error) : NULL;
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  if (!classes || !get_uint (object, "width", G_MAXUINT, &reply->width, error)
      || !get_uint (object, "height", G_MAXUINT, &reply->height, error)
      || !get_number (object, "seconds", 0, G_MAXDOUBLE, &reply->seconds, error))
    return NULL;
  for (guint i = 0; i < json_array_get_length (classes); i++)
    {
      JsonNode *name = json_array_get_element (classes, i);

      if (!JSON_NODE_HOLDS_VALUE (name) || json_node_get_value_type (name) != G_TYPE_STRING)
        {
          refuse ("classes", "a list of names", error);
          return NULL;
        }
      g_strv_builder_add (names, json_node_get_string (name));
    }
  reply->class_names = g_strv_builder_end (names);
  for (guint i = 0; i < json_array_get_length (detections); i++)
    {
      double v[DETECTION_NUMBERS];
      FvDetection d;

      if (!read_numbers (detections, i, v, DETECTION_NUMBERS, error))
        return NULL;
      d = (FvDetection){ (float)v[2], (float)v[3], (float)v[4], (float)v[5], (float)v[1], (guint)v[0] };
      if (d.class_id >= json_array_get_length (classes))
        {
          refuse ("detections", "of one of the classes", error);
          return NULL;
        }
      g_array_append_val (reply->detections, d);
    }
  return g_steal_pointer (&reply);
}

FvServeReply *
fv_serve_parse_reply (const char *line, gsize length, GError **error)
{
  g_autoptr (FvServeReply) reply = g_new0 (FvServeReply, 1);
  g_autoptr (JsonNode) node = parse_line (line, length, &reply->id, error);
  JsonObject *object = node ? json_node_get_object (node) : NULL;
  const char *kind = object ? get_string (object, "kind") : NULL;
  double bytes = 0;

  if (!object || !get_number (object, "bytes", 0, G_MAXUINT32, &bytes, error))
    return NULL;
  reply->bytes = (gsize)bytes;
  reply->error = g_strdup (get_string (object, "error"));
  if (reply->error)
    reply->kind = FV_SERVE_REPLY_ERROR;
  else if (is_true (object, "ready"))
    reply->kind = FV_SERVE_REPLY_READY;
  else if (is_true (object, "superseded"))
    reply->kind = FV_SERVE_REPLY_SUPERSEDED;
  else if (g_strcmp0 (kind, fv_serve_kind_name (FV_SERVE_PREVIEW)) == 0)
    {
      reply->kind = FV_SERVE_REPLY_PREVIEW;
      reply->preview = read_preview (object, error);
      return reply->preview ? g_steal_pointer (&reply) : NULL;
    }
  else if (g_strcmp0 (kind, fv_serve_kind_name (FV_SERVE_DETECT)) == 0)
    {
      reply->kind = FV_SERVE_REPLY_DETECT;
      reply->detect = read_detect (object, error);
      return reply->detect ? g_steal_pointer (&reply) : NULL;
    }
  else
    {
      refuse ("kind", "that of a reply", error);
      return NULL;
    }
  return g_steal_pointer (&reply);
}

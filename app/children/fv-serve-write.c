/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of the server's protocol, written. */
#include "app/children/fv-serve-protocol.h"

static void
put_int (JsonBuilder *builder, const char *name, gint64 value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, value);
}

static void
put_double (JsonBuilder *builder, const char *name, double value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_double_value (builder, value);
}

/* @text (nullable): then nothing is put. */
static void
put_string (JsonBuilder *builder, const char *name, const char *text)
{
  g_autofree char *valid = text ? g_utf8_make_valid (text, -1) : NULL;

  if (!valid)
    return;
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, valid);
}

static void
put_true (JsonBuilder *builder, const char *name)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_boolean_value (builder, TRUE);
}

static void
put_path (JsonBuilder *builder, const char *name, const char *path)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  g_autofree char *uri = g_filename_to_uri (absolute, NULL, NULL);

  put_string (builder, name, uri);
}

static void
put_numbers (JsonBuilder *builder, guint class_id, const double *numbers, guint n)
{
  json_builder_begin_array (builder);
  json_builder_add_int_value (builder, class_id);
  for (guint i = 0; i < n; i++)
    json_builder_add_double_value (builder, numbers[i]);
  json_builder_end_array (builder);
}

static JsonBuilder *
begin_line (guint64 id)
{
  JsonBuilder *builder = json_builder_new ();

  json_builder_begin_object (builder);
  put_int (builder, "id", (gint64)id);
  return builder;
}

/* Takes the builder. */
static char *
end_line (JsonBuilder *builder)
{
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  g_autoptr (JsonNode) root = NULL;
  GString *line = g_string_new (NULL);

  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  g_object_unref (builder);
  json_generator_set_root (generator, root);
  json_generator_to_gstring (generator, line);
  g_string_append_c (line, '\n');
  return g_string_free (line, FALSE);
}

static void
put_preview_request (JsonBuilder *builder, const FvPreviewRequest *request)
{
  put_path (builder, "project", request->project);
  put_int (builder, "serial", (gint64)request->serial);
  if (request->recipe)
    {
      json_builder_set_member_name (builder, "recipe");
      json_builder_add_value (builder, fv_recipe_to_json (request->recipe));
    }
  put_int (builder, "epoch", request->epoch);
  put_int (builder, "sample", request->sample);
  put_int (builder, "count", request->count > 0 ? request->count : 1);
  put_string (builder, "format", request->floats ? "float" : "rgb");
}

static void
put_detect_request (JsonBuilder *builder, const FvDetectRequest *request)
{
  put_path (builder, "weights", request->weights);
  put_path (builder, "file", request->file);
  put_int (builder, "imgsz", request->imgsz > 0 ? request->imgsz : 640);
  put_double (builder, "conf", request->conf > 0 ? request->conf : 0.25);
  put_double (builder, "iou", request->iou > 0 ? request->iou : 0.45);
}

char *
fv_serve_print_request (guint64 id, FvServeKind kind, gconstpointer request)
{
  JsonBuilder *builder = begin_line (id);

  put_string (builder, "kind", fv_serve_kind_name (kind));
  if (kind == FV_SERVE_PREVIEW)
    put_preview_request (builder, request);
  else
    put_detect_request (builder, request);
  return end_line (builder);
}

char *
fv_serve_print_ready (void)
{
  JsonBuilder *builder = begin_line (0);

  put_true (builder, "ready");
  return end_line (builder);
}

char *
fv_serve_print_superseded (guint64 id)
{
  JsonBuilder *builder = begin_line (id);

  put_true (builder, "superseded");
  return end_line (builder);
}

char *
fv_serve_print_error (guint64 id, const char *message)
{
  JsonBuilder *builder = begin_line (id);

  put_string (builder, "error", message);
  return end_line (builder);
}

char *
fv_serve_print_preview (guint64 id, const FvPreviewReply *reply, gsize bytes)
{
  JsonBuilder *builder = begin_line (id);

  put_string (builder, "kind", fv_serve_kind_name (FV_SERVE_PREVIEW));
  put_int (builder, "width", reply->width);
  put_int (builder, "height", reply->height);
  put_int (builder, "pictures", reply->pictures);
  put_string (builder, "problem", reply->problem);
  json_builder_set_member_name (builder, "samples");
  json_builder_begin_array (builder);
  for (guint i = 0; i < reply->n; i++)
    {
      const FvPreviewSample *sample = &reply->samples[i];

      json_builder_begin_object (builder);
      put_int (builder, "item", sample->item);
      put_string (builder, "name", sample->name);
      json_builder_set_member_name (builder, "boxes");
      json_builder_begin_array (builder);
      for (guint k = 0; k < sample->boxes->len; k++)
        {
          const FvBox *box = &g_array_index (sample->boxes, FvBox, k);

          put_numbers (builder, box->class_id, (const double[]){ box->x1, box->y1, box->x2, box->y2 }, 4);
        }
      json_builder_end_array (builder);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  put_int (builder, "bytes", (gint64)bytes);
  return end_line (builder);
}

char *
fv_serve_print_detect (guint64 id, const FvDetectReply *reply)
{
  JsonBuilder *builder = begin_line (id);

  put_string (builder, "kind", fv_serve_kind_name (FV_SERVE_DETECT));
  put_int (builder, "width", reply->width);
  put_int (builder, "height", reply->height);
  json_builder_set_member_name (builder, "detections");
  json_builder_begin_array (builder);
  for (guint i = 0; i < reply->detections->len; i++)
    {
      const FvDetection *d = &g_array_index (reply->detections, FvDetection, i);

      put_numbers (builder, d->class_id, (const double[]){ d->confidence, d->x1, d->y1, d->x2, d->y2 }, 5);
    }
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "classes");
  json_builder_begin_array (builder);
  for (char **name = reply->class_names; name && *name; name++)
    {
      g_autofree char *valid = g_utf8_make_valid (*name, -1);

      json_builder_add_string_value (builder, valid);
    }
  json_builder_end_array (builder);
  put_double (builder, "seconds", reply->seconds);
  put_int (builder, "bytes", 0);
  return end_line (builder);
}

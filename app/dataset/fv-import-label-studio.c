/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "app/dataset/fv-label-json.h"

/*
 * Label Studio's JSON: a list of tasks, each a picture with what people marked on it, in the long form or the short one
 * (JSON-MIN). Coordinates are per cent of the upright picture; a box that is turned goes around its upper left corner. Of
 * several people's annotations of one picture one is taken.
 */

/* A task while it is read. */
typedef struct
{
  FvImportJob *job;
  FvImportEntry *entry;
  const char *path;
  guint line;
  char *id;
} Task;

/* Regions */

/* "rectanglelabels", "labels", ...: the list of the region's classes. */
static JsonArray *
labels_of (JsonObject *value)
{
  g_autoptr (GList) names = json_object_get_members (value);
  for (GList *name = names; name != NULL; name = name->next)
    {
      JsonArray *list = g_str_has_suffix (name->data, "labels") ? fv_label_json_array (value, name->data) : NULL;
      if (list != NULL && json_array_get_length (list) > 0)
        return list;
    }
  return NULL;
}

static gboolean
get_numbers (JsonObject *object, const char *const names[4], double values[4])
{
  for (guint i = 0; i < 4; i++)
    if (!fv_label_json_number (object, names[i], &values[i]))
      return FALSE;
  return TRUE;
}

typedef enum
{
  NOWHERE,      /* a choice, a text: what says nothing about a place */
  NO_AREA,      /* a point, a brush, a track in a video */
  NO_NUMBERS,   /* points that aren't */
  SIZE_UNKNOWN, /* turned, but the picture's size isn't said */
  STRAIGHT,
  TURNED,
} Shape;

/* The upright box around a rectangle or an ellipse, in per cent, turned in pixels of the picture. */
static Shape
box_of_sides (JsonObject *region, JsonObject *value, FvStagedBox *box)
{
  static const char *const of_rectangle[] = { "x", "y", "width", "height" };
  static const char *const of_ellipse[] = { "x", "y", "radiusX", "radiusY" };
  const gboolean ellipse = json_object_has_member (value, "radiusX");
  double sides[4], angle = 0, across, down;
  if (!get_numbers (value, ellipse ? of_ellipse : of_rectangle, sides))
    return NO_AREA;
  *box = (FvStagedBox){ .x1 = sides[0], .y1 = sides[1], .x2 = sides[0] + sides[2], .y2 = sides[1] + sides[3] };
  if (ellipse)
    {
      box->x1 -= sides[2];
      box->y1 -= sides[3];
    }
  if (!fv_label_json_number (value, "rotation", &angle) || angle == 0)
    return STRAIGHT;
  if (!fv_label_json_number (region, "original_width", &across)
      || !fv_label_json_number (region, "original_height", &down) || !(across >= 1 && down >= 1))
    return SIZE_UNKNOWN;

  const double cosine = cos (angle * G_PI / 180), sine = sin (angle * G_PI / 180);
  const double right[2] = { sides[2] * across * cosine, sides[2] * across * sine };
  const double below[2] = { -sides[3] * down * sine, sides[3] * down * cosine };
  if (ellipse)
    {
      const double half[2] = { hypot (right[0], below[0]) / across, hypot (right[1], below[1]) / down };
      *box = (FvStagedBox){
        .x1 = sides[0] - half[0], .y1 = sides[1] - half[1], .x2 = sides[0] + half[0], .y2 = sides[1] + half[1]
      };
      return TURNED;
    }
  box->x1 = sides[0] + (MIN (right[0], 0) + MIN (below[0], 0)) / across;
  box->x2 = sides[0] + (MAX (right[0], 0) + MAX (below[0], 0)) / across;
  box->y1 = sides[1] + (MIN (right[1], 0) + MIN (below[1], 0)) / down;
  box->y2 = sides[1] + (MAX (right[1], 0) + MAX (below[1], 0)) / down;
  return TURNED;
}

static Shape
shape_of (JsonObject *region, JsonObject *value, FvStagedBox *box)
{
  JsonArray *points = fv_label_json_array (value, "points");
  if (points != NULL)
    return fv_label_json_points (points, box) ? STRAIGHT : NO_NUMBERS;
  if (json_object_has_member (value, "x"))
    return box_of_sides (region, value, box);
  return json_object_has_member (value, "rle") || json_object_has_member (value, "vertices")
                 || json_object_has_member (value, "sequence")
             ? NO_AREA
             : NOWHERE;
}

/* Whether it is a box; where not, a row says why. */
static gboolean
check_shape (const Task *task, JsonObject *region, Shape shape)
{
  double turned;
  const char *reason = NULL;
  if (shape == NO_AREA)
    reason = _ ("The region of task %s is a point, a brush or a track and so no box. Draw a rectangle or a polygon, or "
                "delete it.");
  else if (shape == NO_NUMBERS)
    reason = _ ("The region of task %s has no points [x, y] in numbers. Draw it again, or delete it.");
  else if (shape == SIZE_UNKNOWN)
    reason = _ ("The region of task %s is turned, but the picture's size isn't said (original_width, original_height). "
                "Export the data again.");
  else if (fv_label_json_number (region, "image_rotation", &turned) && turned != 0)
    reason
        = _ ("The region of task %s was drawn on a picture that was turned in Label Studio. Turn it back and draw the "
             "region again.");
  if (reason != NULL)
    fv_problem_add (task->job->rejected, task->path, task->line, reason, task->id);
  else if (shape == TURNED)
    fv_problem_add (task->job->repaired, task->path, task->line,
                    _ ("A box of task %s is turned; the upright box around it was taken."), task->id);
  return reason == NULL;
}

/* @labelled: ids of the regions whose class another element says. */
static void
read_region (const Task *task, JsonObject *region, GHashTable *labelled)
{
  JsonObject *value = fv_label_json_object (region, "value");
  if (value == NULL)
    value = region;
  g_autofree char *id = fv_label_json_id (region, "id");
  JsonArray *labels = labels_of (value);
  FvStagedBox box = { 0 };
  const Shape shape = shape_of (region, value, &box);
  if (shape == NOWHERE || (labels == NULL && id != NULL && g_hash_table_contains (labelled, id))
      || !check_shape (task, region, shape))
    return;
  box = (FvStagedBox){
    .line = task->line, .relative = TRUE, .x1 = box.x1 / 100, .y1 = box.y1 / 100, .x2 = box.x2 / 100, .y2 = box.y2 / 100
  };
  for (guint i = 0; i < (labels != NULL ? json_array_get_length (labels) : 1); i++)
    {
      JsonNode *node = labels != NULL ? json_array_get_element (labels, i) : NULL;
      const gboolean is_text
          = node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING;
      const char *name = is_text ? json_node_get_string (node) : NULL;
      if (!fv_label_json_check_class (task->job->rejected, task->path, task->line, name))
        continue;
      box.class_id = fv_import_job_class (task->job, name);
      fv_import_entry_stage (task->entry, &box);
    }
}

static void
read_regions (const Task *task, JsonArray *regions)
{
  g_autoptr (GHashTable) labelled = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint pass = 0; pass < 2; pass++)
    for (guint i = 0; i < json_array_get_length (regions); i++)
      {
        JsonNode *node = json_array_get_element (regions, i);
        JsonObject *region = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
        JsonObject *value = region != NULL ? fv_label_json_object (region, "value") : NULL;
        char *id;
        if (region != NULL && pass == 1)
          read_region (task, region, labelled);
        else if (value != NULL && labels_of (value) != NULL && (id = fv_label_json_id (region, "id")) != NULL)
          g_hash_table_add (labelled, id);
      }
}

/* Tasks */

static gboolean
is_skipped (JsonObject *annotation)
{
  return fv_label_json_flag (annotation, "was_cancelled") || fv_label_json_flag (annotation, "skipped");
}

static const char *
time_of (JsonObject *annotation)
{
  const char *updated = fv_label_json_text (annotation, "updated_at");
  const char *created = fv_label_json_text (annotation, "created_at");
  return updated != NULL ? updated : created != NULL ? created : "";
}

/* What somebody declared as the truth, else the newest; NULL where the task isn't annotated. */
static JsonObject *
choose_annotation (JsonArray *annotations, guint *n)
{
  JsonObject *chosen = NULL;
  *n = 0;
  for (guint i = 0; i < json_array_get_length (annotations); i++)
    {
      JsonNode *node = json_array_get_element (annotations, i);
      JsonObject *one = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
      if (one == NULL || fv_label_json_array (one, "result") == NULL || is_skipped (one))
        continue;
      const gboolean truth = fv_label_json_flag (one, "ground_truth");
      const gboolean before = chosen != NULL && fv_label_json_flag (chosen, "ground_truth");
      if (chosen == NULL || (truth && !before) || (truth == before && strcmp (time_of (one), time_of (chosen)) >= 0))
        chosen = one;
      (*n)++;
    }
  return chosen;
}

/* The path in what names the picture: "/data/upload/1/a.jpg", "/data/local-files/?d=b/a.jpg", "s3://bucket/a.jpg". */
static char *
path_of_address (const char *address)
{
  const char *local = strstr (address, "?d=");
  g_autofree char *path = g_strdup (local != NULL ? local + 3 : address);
  if (local == NULL && strstr (path, "://") != NULL)
    path[strcspn (path, "?#")] = '\0';
  char *plain = g_uri_unescape_string (path, NULL);
  if (plain == NULL || !g_utf8_validate (plain, -1, NULL))
    {
      g_free (plain);
      plain = g_strdup (path);
    }
  return plain;
}

/* (transfer full) (nullable): the first text of the task's data that names a picture. */
static char *
picture_of_data (JsonObject *data)
{
  g_autoptr (GList) names = json_object_get_members (data);
  for (GList *name = names; name != NULL; name = name->next)
    {
      const char *text = fv_label_json_text (data, name->data);
      g_autofree char *path = text != NULL ? path_of_address (text) : NULL;
      g_autofree char *last = path != NULL ? g_path_get_basename (path) : NULL;
      if (last != NULL && fv_name_is_picture (last))
        return g_steal_pointer (&path);
    }
  /* Some addresses have no ending. */
  const char *image = fv_label_json_text (data, "image");
  return image != NULL ? path_of_address (image) : NULL;
}

/* Label Studio puts "1a2b3c4d-" before the names of what is uploaded: (nullable), behind it. */
static const char *
without_prefix (const char *path)
{
  const char *slash = strrchr (path, '/'), *name = slash != NULL ? slash + 1 : path;
  for (guint i = 0; i < 8; i++)
    if (!g_ascii_isxdigit (name[i]))
      return NULL;
  return name[8] == '-' && name[9] != '\0' ? name + 9 : NULL;
}

static FvImportEntry *
find_entry (const Task *task, const FvPictureFinder *finder, JsonObject *data)
{
  g_autofree char *name = picture_of_data (data);
  if (name == NULL)
    {
      fv_problem_add (task->job->rejected, task->path, task->line,
                      _ ("Task %s names no picture, so its regions stay out."), task->id);
      return NULL;
    }
  return fv_label_json_entry (task->job, finder, task->path, task->line, name, without_prefix (name));
}

/* The long form: data, and annotations (completions in old versions). */
static void
read_long (Task *task, const FvPictureFinder *finder, JsonObject *object, JsonObject *data)
{
  JsonArray *annotations = fv_label_json_array (object, "annotations");
  guint n = 0;
  if (annotations == NULL)
    annotations = fv_label_json_array (object, "completions");
  JsonObject *chosen = annotations != NULL ? choose_annotation (annotations, &n) : NULL;
  if (chosen == NULL)
    {
      fv_problem_add (task->job->rejected, task->path, task->line,
                      _ ("Nobody has annotated task %s, or it was skipped. Its picture stays out, since it would teach "
                         "that there is nothing on it."),
                      task->id);
      return;
    }
  task->entry = find_entry (task, finder, data);
  if (task->entry == NULL)
    return;
  if (n > 1)
    fv_problem_add (task->job->repaired, task->path, task->line,
                    fv_label_json_flag (chosen, "ground_truth")
                        ? _ ("Task %s was annotated %u times; what is marked as ground truth was taken.")
                        : _ ("Task %s was annotated %u times; the newest annotation was taken."),
                    task->id, n);
  read_regions (task, fv_label_json_array (chosen, "result"));
}

/* The short form: the data's names beside lists of regions. */
static void
read_short (Task *task, const FvPictureFinder *finder, JsonObject *object)
{
  g_autoptr (GList) values = json_object_get_values (object);
  task->entry = find_entry (task, finder, object);
  for (GList *value = values; task->entry != NULL && value != NULL; value = value->next)
    if (JSON_NODE_HOLDS_ARRAY (value->data))
      read_regions (task, json_node_get_array (value->data));
}

static gboolean
read_file (FvImportJob *job, const FvPictureFinder *finder, const char *path, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (FvJsonStream) stream = fv_json_stream_open (path, FV_LABEL_JSON_DEPTH, error);
  FvJsonPart part;
  if (stream == NULL)
    return FALSE;
  for (guint n = 1; fv_json_stream_next (stream, &part, &local); n++)
    {
      g_autoptr (GError) fault = NULL;
      g_autoptr (JsonNode) node = fv_json_stream_parse (stream, &part, &fault);
      if (!fv_label_json_go_on (job, stream, n, 0, 1, error))
        return FALSE;
      if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
        {
          if (fault == NULL)
            g_set_error_literal (&fault, FV_IMPORT_ERROR, FV_IMPORT_ERROR_SOURCE, _ ("it is no object"));
          fv_label_json_report (job->rejected, path, part.line, fault);
          continue;
        }
      JsonObject *object = json_node_get_object (node), *data = fv_label_json_object (object, "data");
      g_autofree char *id = fv_label_json_id (object, "id");
      Task task = { job, NULL, path, part.line, id != NULL ? id : (char *)"?" };
      if (data != NULL)
        read_long (&task, finder, object, data);
      else
        read_short (&task, finder, object);
    }
  return local == NULL || fv_label_json_fail (local, error);
}

static gboolean
list (FvImportJob *job, GError **error)
{
  g_autoptr (FvPictureFinder) finder = fv_picture_finder_new (job->source, job->params->images);
  job->root = g_strdup (fv_picture_finder_root (finder));
  if (!fv_label_json_read_all (job, finder, FV_LABEL_JSON_LABEL_STUDIO, "Label Studio's JSON", read_file, error))
    return FALSE;
  fv_picture_finder_report_rest (finder, job);
  return TRUE;
}

static gboolean
detect (const FvImportSource *source, char **why)
{
  return fv_label_json_detect (source, FV_LABEL_JSON_LABEL_STUDIO, "Label Studio's JSON", why);
}

const FvImporter fv_importer_label_studio = { "label-studio", "Label Studio's JSON", detect, list, NULL };

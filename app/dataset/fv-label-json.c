/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-label-json.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "app/dataset/fv-class-name.h"

/* Elements that are looked at before a file is of no kind. */
#define MAX_LOOKED_AT 100
/* And their bytes. */
#define MAX_BYTES_LOOKED_AT ((gsize)16 << 20)
/* Files of a folder, likewise. */
#define MAX_FILES 200
/* Parts between two looks at whether the import was cancelled. */
#define CHECK_EVERY 1000

static gboolean
has (JsonObject *object, const char *name)
{
  return json_object_has_member (object, name) && !json_object_get_null_member (object, name);
}

/* What an element of COCO's annotations tells; OTHER where it is only the label of a whole picture. */
static FvLabelJsonKind
kind_of_annotation (JsonObject *object)
{
  if (has (object, "segments_info"))
    return FV_LABEL_JSON_COCO_PANOPTIC;
  if (has (object, "caption"))
    return FV_LABEL_JSON_COCO_CAPTIONS;
  return has (object, "bbox") || has (object, "segmentation") ? FV_LABEL_JSON_COCO : FV_LABEL_JSON_OTHER;
}

/* What the list of a picture in Label Studio's short form holds. */
static gboolean
is_short_result (JsonNode *node)
{
  if (!JSON_NODE_HOLDS_ARRAY (node) || json_array_get_length (json_node_get_array (node)) == 0)
    return FALSE;
  JsonNode *first = json_array_get_element (json_node_get_array (node), 0);
  return JSON_NODE_HOLDS_OBJECT (first) && has (json_node_get_object (first), "original_width");
}

/* What an element of a list that is the whole file tells. */
static FvLabelJsonKind
kind_of_element (JsonObject *object)
{
  if (fv_label_json_object (object, "data") != NULL
      && (has (object, "annotations") || has (object, "completions") || has (object, "predictions")))
    return FV_LABEL_JSON_LABEL_STUDIO;
  if ((fv_label_json_text (object, "image") != NULL || fv_label_json_text (object, "imagefilename") != NULL)
      && (fv_label_json_array (object, "annotations") != NULL || fv_label_json_array (object, "annotation") != NULL))
    return FV_LABEL_JSON_CREATE_ML;
  if (has (object, "image_id") && has (object, "score"))
    return FV_LABEL_JSON_COCO_RESULTS;
  g_autoptr (GList) values = json_object_get_values (object);
  for (GList *value = values; value != NULL; value = value->next)
    if (is_short_result (value->data))
      return FV_LABEL_JSON_LABEL_STUDIO;
  return FV_LABEL_JSON_OTHER;
}

typedef struct
{
  gboolean images; /* listed, or spoken of */
  gboolean annotations, categories;
  guint n_looked_at;
  gsize n_bytes;
} Seen;

/* What a part tells, OTHER where more is to be seen. */
static FvLabelJsonKind
kind_of_part (FvJsonStream *stream, const FvJsonPart *part, Seen *seen)
{
  static const char *const telling[] = { "segments_info", "caption", "bbox", "segmentation", "image_id", NULL };
  if (part->member == NULL)
    {
      g_autoptr (JsonNode) node = fv_json_stream_parse (stream, part, NULL);
      seen->n_looked_at++;
      seen->n_bytes += part->size;
      return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? kind_of_element (json_node_get_object (node))
                                                           : FV_LABEL_JSON_OTHER;
    }
  if (strcmp (part->member, "shapes") == 0)
    return FV_LABEL_JSON_LABELME;
  if (strcmp (part->member, "images") == 0)
    seen->images = TRUE;
  else if (strcmp (part->member, "categories") == 0)
    seen->categories |= part->is_element;
  else if (strcmp (part->member, "annotations") == 0)
    {
      seen->annotations = TRUE;
      if (!part->is_element)
        return FV_LABEL_JSON_OTHER;
      g_autoptr (JsonObject) object = fv_json_stream_parse_members (stream, part, telling, NULL);
      seen->n_looked_at++;
      seen->n_bytes += part->size;
      seen->images |= object != NULL && has (object, "image_id");
      return object != NULL ? kind_of_annotation (object) : FV_LABEL_JSON_OTHER;
    }
  return FV_LABEL_JSON_OTHER;
}

FvLabelJsonKind
fv_label_json_kind (const char *path, char **fault)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvJsonStream) stream = fv_json_stream_open (path, FV_LABEL_JSON_DEPTH, &error);
  g_autofree char *name = g_path_get_basename (path);
  FvLabelJsonKind kind = FV_LABEL_JSON_OTHER;
  Seen seen = { 0 };
  FvJsonPart part;
  while (stream != NULL && kind == FV_LABEL_JSON_OTHER && seen.n_looked_at < MAX_LOOKED_AT
         && seen.n_bytes < MAX_BYTES_LOOKED_AT && fv_json_stream_next (stream, &part, &error))
    kind = kind_of_part (stream, &part, &seen);
  if (error != NULL && fault != NULL)
    *fault = g_strdup (error->message);
  if (kind == FV_LABEL_JSON_COCO && g_str_has_prefix (name, "stuff"))
    return FV_LABEL_JSON_COCO_STUFF;
  if (kind != FV_LABEL_JSON_OTHER || error != NULL)
    return kind;
  if (seen.n_looked_at > 0)
    return seen.annotations && seen.images ? FV_LABEL_JSON_COCO_LABELS : FV_LABEL_JSON_OTHER;
  if (!seen.images)
    return FV_LABEL_JSON_OTHER;
  return seen.annotations && seen.categories ? FV_LABEL_JSON_COCO : FV_LABEL_JSON_COCO_IMAGE_INFO;
}

const char *
fv_label_json_refusal (FvLabelJsonKind kind)
{
  switch (kind)
    {
    case FV_LABEL_JSON_COCO_CAPTIONS:
      return _ ("It is COCO JSON of captions, sentences about whole pictures, and so has no boxes. Import the file of "
                "the same pictures whose name begins with 'instances'.");
    case FV_LABEL_JSON_COCO_PANOPTIC:
      return _ ("It is COCO JSON of panoptic segmentation, areas painted in PNG files, and so has no boxes of single "
                "things. Import the file of the same pictures whose name begins with 'instances'.");
    case FV_LABEL_JSON_COCO_STUFF:
      return _ (
          "It is COCO JSON of stuff, areas such as sky and grass, and so has no boxes of single things. Import the "
          "file of the same pictures whose name begins with 'instances'.");
    case FV_LABEL_JSON_COCO_LABELS:
      return _ ("It is COCO JSON of labels for whole pictures and so has no boxes. Export the data with boxes.");
    case FV_LABEL_JSON_COCO_IMAGE_INFO:
      return _ (
          "It is COCO JSON that lists pictures without annotations. Import the file that has them; pictures without "
          "labels come in as backgrounds.");
    case FV_LABEL_JSON_COCO_RESULTS:
      return _ ("It is COCO JSON of what a network has found, not of what people have marked, and names no files of "
                "pictures. Import the file with the annotations.");
    default:
      return NULL;
    }
}

gboolean
fv_label_json_detect (const FvImportSource *source, FvLabelJsonKind kind, const char *title, char **why)
{
  const char *path;
  guint n = 0;
  for (guint i = 0; n < MAX_FILES && (path = fv_import_source_next (source, &i, fv_name_is_json)) != NULL; n++)
    {
      g_autofree char *fault = NULL;
      const FvLabelJsonKind found = fv_label_json_kind (path, &fault);
      if (found == kind)
        {
          g_free (*why);
          *why = g_strdup_printf (_ ("'%s' is %s"), path, title);
          return TRUE;
        }
      /* COCO speaks for what is no JSON. */
      if (kind == FV_LABEL_JSON_COCO && *why == NULL)
        *why = g_steal_pointer (&fault);
    }
  return FALSE;
}

char *
fv_label_json_source_refusal (const FvImportSource *source)
{
  const char *path;
  guint n = 0;
  for (guint i = 0; n < MAX_FILES && (path = fv_import_source_next (source, &i, fv_name_is_json)) != NULL; n++)
    {
      const char *refusal = fv_label_json_refusal (fv_label_json_kind (path, NULL));
      if (refusal != NULL)
        return g_strdup_printf ("'%s': %s", path, refusal);
    }
  return NULL;
}

gboolean
fv_label_json_read_all (FvImportJob *job, const FvPictureFinder *finder, FvLabelJsonKind kind, const char *title,
                        gboolean (*read_file) (FvImportJob *job, const FvPictureFinder *finder, const char *path,
                                               GError **error),
                        GError **error)
{
  const char *path;
  guint n_read = 0;
  for (guint i = 0; (path = fv_import_source_next (job->source, &i, fv_name_is_json)) != NULL;)
    {
      g_autofree char *fault = NULL;
      const FvLabelJsonKind found = fv_label_json_kind (path, &fault);
      if (found == kind && !read_file (job, finder, path, error))
        return FALSE;
      n_read += found == kind;
      if (found != kind && (fv_label_json_refusal (found) != NULL || fault != NULL))
        fv_problem_add (job->rejected, path, 0, "%s", fault != NULL ? fault : fv_label_json_refusal (found));
    }
  if (n_read > 0)
    return TRUE;
  const FvProblem *first = job->rejected->len > 0 ? g_ptr_array_index (job->rejected, 0) : NULL;
  if (first == NULL)
    g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_FORMAT, _ ("No .json file in '%s' is %s."), job->source->path,
                 title);
  /* What is no JSON names its file itself. */
  else if (g_str_has_prefix (first->reason, first->file))
    g_set_error_literal (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_FORMAT, first->reason);
  else
    g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_FORMAT, "'%s': %s", first->file, first->reason);
  return FALSE;
}

FvImportEntry *
fv_label_json_entry (FvImportJob *job, const FvPictureFinder *finder, const char *path, guint line, const char *name,
                     const char *other_name)
{
  const FvSubset subset = fv_subset_of_label_file (job->source, path);
  g_autofree char *reason = NULL, *other_reason = NULL;
  const char *picture = fv_picture_finder_find (finder, path, name, subset, &reason), *relative = name;
  if (picture == NULL && other_name != NULL)
    picture = fv_picture_finder_find (finder, path, other_name, subset, &other_reason);
  if (picture == NULL)
    {
      fv_problem_add (job->rejected, path, line, "%s", reason);
      return NULL;
    }
  FvImportEntry *entry = fv_import_job_find (job, picture);
  if (entry == NULL)
    {
      fv_path_is_below (picture, fv_picture_finder_root (finder), &relative);
      return fv_import_job_add (job, picture, g_strdup (path),
                                subset != FV_SUBSET_NONE ? subset : fv_subset_of_path (relative), path, line);
    }
  if (strcmp (entry->label, path) == 0)
    return entry;
  fv_problem_add (job->rejected, path, line,
                  _ ("The picture '%s' has its labels from '%s' already, and those of this file stay out. Put them "
                     "into one file."),
                  picture, entry->label);
  return NULL;
}

gboolean
fv_label_json_go_on (FvImportJob *job, const FvJsonStream *stream, guint n_parts, double done, double share,
                     GError **error)
{
  const FvImportParams *params = job->params;
  if (n_parts % CHECK_EVERY != 0)
    return TRUE;
  if (params->progress != NULL)
    params->progress (done + share * fv_json_stream_get_progress (stream), _ ("labels read"), params->user_data);
  return !g_cancellable_set_error_if_cancelled (params->cancellable, error);
}

gboolean
fv_label_json_fail (const GError *fault, GError **error)
{
  g_set_error (
      error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_SOURCE,
      _ ("%s Nothing was imported, since what comes behind would be missing. Get the file anew, or correct it."),
      fault->message);
  return FALSE;
}

void
fv_label_json_report (GPtrArray *rejected, const char *file, guint line, const GError *fault)
{
  fv_problem_add (rejected, file, line, _ ("What begins there can't be read (%s). Correct it, or delete it."),
                  fault->message);
}

/* Values */

static JsonNode *
value_of (JsonObject *object, const char *name, GType type)
{
  JsonNode *node = json_object_get_member (object, name);
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == type ? node : NULL;
}

const char *
fv_label_json_text (JsonObject *object, const char *name)
{
  JsonNode *node = value_of (object, name, G_TYPE_STRING);
  return node != NULL ? json_node_get_string (node) : NULL;
}

JsonObject *
fv_label_json_object (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);
  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

JsonArray *
fv_label_json_array (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);
  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static gboolean
get_number (JsonNode *node, double *value)
{
  const GType type = node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;
  if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
    return FALSE;
  *value = json_node_get_double (node);
  return TRUE;
}

gboolean
fv_label_json_number (JsonObject *object, const char *name, double *value)
{
  return get_number (json_object_get_member (object, name), value);
}

guint
fv_label_json_size (JsonNode *node)
{
  double value;
  return get_number (node, &value) && value >= 1 && value <= G_MAXINT ? (guint)value : 0;
}

gboolean
fv_label_json_flag (JsonObject *object, const char *name)
{
  const char *text = fv_label_json_text (object, name);
  JsonNode *truth = value_of (object, name, G_TYPE_BOOLEAN);
  double value;
  if (text != NULL)
    return g_ascii_strcasecmp (text, "true") == 0 || strcmp (text, "1") == 0;
  if (truth != NULL)
    return json_node_get_boolean (truth);
  return fv_label_json_number (object, name, &value) && value != 0;
}

char *
fv_label_json_id (JsonObject *object, const char *name)
{
  const char *text = fv_label_json_text (object, name);
  JsonNode *whole = value_of (object, name, G_TYPE_INT64);
  double value;
  if (text != NULL)
    return g_strdup (text);
  if (whole != NULL)
    return g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (whole));
  return fv_label_json_number (object, name, &value) && isfinite (value) && fabs (value) < 1e15
             ? g_strdup_printf ("%.0f", value)
             : NULL;
}

gboolean
fv_label_json_numbers (JsonArray *array, double *values, guint n)
{
  if (json_array_get_length (array) != n)
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (!get_number (json_array_get_element (array, i), &values[i]))
      return FALSE;
  return TRUE;
}

gboolean
fv_label_json_points (JsonArray *points, FvStagedBox *box)
{
  box->x1 = box->y1 = INFINITY;
  box->x2 = box->y2 = -INFINITY;
  for (guint i = 0; i < json_array_get_length (points); i++)
    {
      JsonNode *point = json_array_get_element (points, i);
      double place[2];
      if (!JSON_NODE_HOLDS_ARRAY (point) || !fv_label_json_numbers (json_node_get_array (point), place, 2))
        return FALSE;
      box->x1 = MIN (box->x1, place[0]);
      box->y1 = MIN (box->y1, place[1]);
      box->x2 = MAX (box->x2, place[0]);
      box->y2 = MAX (box->y2, place[1]);
    }
  return json_array_get_length (points) > 0;
}

gboolean
fv_label_json_check_class (GPtrArray *rejected, const char *file, guint line, const char *class_name)
{
  if (class_name != NULL && fv_class_name_is_usable (class_name))
    return TRUE;
  fv_problem_add (rejected, file, line,
                  class_name == NULL || class_name[0] == '\0'
                      ? _ ("The box has no class. Give it one, or delete it.")
                      : _ ("The class of the box can't be used as a name: it is too long or has control characters."));
  return FALSE;
}

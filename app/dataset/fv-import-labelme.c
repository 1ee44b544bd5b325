/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "app/dataset/fv-label-json.h"

/*
 * LabelMe JSON: a file for each picture, beside it or naming it (imagePath), with shapes in pixels. A box goes around
 * what has an area; what LabelMe's own examples call __ignore__ is a region to be ignored. A copy of the picture in the file
 * (imageData) is passed over.
 */

/* Of one file. */
#define MAX_CLASSES 1000

/* Label files */

/* Around the center and a point of the rim. */
static gboolean
box_of_circle (JsonArray *points, FvStagedBox *box)
{
  double places[2][2];
  for (guint i = 0; i < 2; i++)
    {
      JsonNode *point = json_array_get_length (points) == 2 ? json_array_get_element (points, i) : NULL;
      if (point == NULL || !JSON_NODE_HOLDS_ARRAY (point)
          || !fv_label_json_numbers (json_node_get_array (point), places[i], 2))
        return FALSE;
    }
  const double radius = hypot (places[1][0] - places[0][0], places[1][1] - places[0][1]);
  box->x1 = places[0][0] - radius;
  box->y1 = places[0][1] - radius;
  box->x2 = places[0][0] + radius;
  box->y2 = places[0][1] + radius;
  return TRUE;
}

static void
read_shape (FvImportEntry *entry, guint line, JsonObject *object)
{
  static const char *const without_area[] = { "point", "points", "line", "linestrip", NULL };
  static const char *const turned[] = { "rotation", "oriented_rectangle", NULL };
  static const char *const known[]
      = { "rectangle", "polygon", "circle", "mask", "rotation", "oriented_rectangle", NULL };
  const char *label = fv_label_json_text (object, "label"), *type = fv_label_json_text (object, "shape_type");
  JsonArray *points = fv_label_json_array (object, "points");
  FvStagedBox box = { .line = line, .ignored = g_strcmp0 (label, "__ignore__") == 0 };
  if (!fv_label_json_check_class (entry->rejected, entry->label, line, label))
    return;
  if (type == NULL)
    type = "polygon";
  if (g_strv_contains (without_area, type))
    fv_problem_add (entry->rejected, entry->label, line,
                    _ ("The shape is a line or a point and so no box. Draw a rectangle or a polygon, or delete it."));
  else if (!g_strv_contains (known, type))
    fv_problem_add (entry->rejected, entry->label, line,
                    _ ("The shape is of a kind that isn't known ('%s'). Draw a rectangle or a polygon, or delete it."),
                    type);
  else if (points == NULL
           || !(strcmp (type, "circle") == 0 ? box_of_circle (points, &box) : fv_label_json_points (points, &box)))
    fv_problem_add (entry->rejected, entry->label, line,
                    _ ("The shape has no points [x, y] in numbers. Draw it again, or delete it."));
  else if (entry->class_names->len >= MAX_CLASSES)
    fv_problem_add (entry->rejected, entry->label, line,
                    _ ("The file has %d classes already, and no more are taken. Give the shape one of them."),
                    MAX_CLASSES);
  else
    {
      if (g_strv_contains (turned, type))
        fv_problem_add (entry->repaired, entry->label, line,
                        _ ("The rectangle is turned; the upright box around it was taken."));
      if (!box.ignored)
        box.class_id = fv_import_entry_class (entry, label);
      fv_import_entry_stage (entry, &box);
    }
}

static gboolean
read_parts (FvImportEntry *entry, FvJsonStream *stream, gboolean *has_shapes, GError **error)
{
  static const char *const of_shape[] = { "label", "points", "shape_type", NULL };
  FvJsonPart part;
  while (fv_json_stream_next (stream, &part, error))
    {
      const gboolean is_width = g_strcmp0 (part.member, "imageWidth") == 0;
      *has_shapes |= g_strcmp0 (part.member, "shapes") == 0;
      if (is_width || g_strcmp0 (part.member, "imageHeight") == 0)
        {
          g_autoptr (JsonNode) node = fv_json_stream_parse (stream, &part, NULL);
          const guint size = fv_label_json_size (node);
          *(is_width ? &entry->stated_width : &entry->stated_height) = size;
          entry->stated_line = part.line;
        }
      else if (part.is_element && g_strcmp0 (part.member, "shapes") == 0)
        {
          g_autoptr (GError) fault = NULL;
          g_autoptr (JsonObject) object = fv_json_stream_parse_members (stream, &part, of_shape, &fault);
          if (object == NULL)
            fv_label_json_report (entry->rejected, entry->label, part.line, fault);
          else
            read_shape (entry, part.line, object);
        }
    }
  return *error == NULL;
}

static void
read_labels (const FvImportJob *job, FvImportEntry *entry)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvJsonStream) stream = fv_json_stream_open (entry->label, FV_LABEL_JSON_DEPTH, &error);
  gboolean has_shapes = FALSE;
  if (stream == NULL || !read_parts (entry, stream, &has_shapes, &error) || !has_shapes)
    {
      /* Without its boxes the picture would teach that there is nothing on it. */
      fv_problem_add (entry->rejected, entry->label, 0, _ ("%s Its picture '%s' stays out until then."),
                      error != NULL ? error->message
                                    : _ ("The file has no 'shapes' and so isn't LabelMe's. Correct it, or "
                                         "delete it."),
                      entry->picture);
      entry->unusable = TRUE;
    }
  else if (entry->staged != NULL)
    fv_import_entry_place (entry);
}

/* From pictures and files to entries */

/* The picture that the file itself names. */
static const char *
picture_by_content (const FvPictureFinder *finder, const char *path, FvSubset subset, char **reason)
{
  g_autoptr (FvJsonStream) stream = fv_json_stream_open (path, FV_LABEL_JSON_DEPTH, NULL);
  FvJsonPart part;
  while (stream != NULL && fv_json_stream_next (stream, &part, NULL))
    if (g_strcmp0 (part.member, "imagePath") == 0)
      {
        g_autoptr (JsonNode) node = fv_json_stream_parse (stream, &part, NULL);
        if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
          break;
        return fv_picture_finder_find (finder, path, json_node_get_string (node), subset, reason);
      }
  *reason
      = g_strdup (_ ("The file has no picture of its own name, and names none (imagePath), so its boxes stay out."));
  return NULL;
}

/* picture → label file, with rows for files without one. */
static GHashTable *
match (FvImportJob *job, const FvPictureFinder *finder)
{
  g_autoptr (GHashTable) by_key = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GHashTable *labels = g_hash_table_new (g_str_hash, g_str_equal);
  const GPtrArray *pictures = fv_picture_finder_pictures (finder);
  const char *path;
  for (guint i = 0; i < pictures->len; i++)
    g_hash_table_insert (by_key, fv_path_without_ending (g_ptr_array_index (pictures, i)),
                         g_ptr_array_index (pictures, i));
  for (guint i = 0; (path = fv_import_source_next (job->source, &i, fv_name_is_json)) != NULL;)
    {
      g_autofree char *key = fv_path_without_ending (path), *reason = NULL;
      const char *picture = g_hash_table_lookup (by_key, key);
      if (picture == NULL && fv_label_json_kind (path, NULL) != FV_LABEL_JSON_LABELME)
        continue;
      if (picture == NULL)
        picture = picture_by_content (finder, path, fv_subset_of_label_file (job->source, path), &reason);
      if (picture == NULL)
        fv_problem_add (job->rejected, path, 0, "%s", reason);
      else if (g_hash_table_contains (labels, picture))
        fv_problem_add (job->rejected, path, 0, _ ("The picture '%s' has the annotation '%s' already. Delete one."),
                        picture, (const char *)g_hash_table_lookup (labels, picture));
      else
        g_hash_table_insert (labels, (gpointer)picture, (gpointer)path);
    }
  return labels;
}

static gboolean
list (FvImportJob *job, GError **error)
{
  g_autoptr (FvPictureFinder) finder = fv_picture_finder_new (job->source, job->params->images);
  g_autoptr (GHashTable) labels = match (job, finder);
  const GPtrArray *pictures = fv_picture_finder_pictures (finder);
  job->root = g_strdup (fv_picture_finder_root (finder));
  for (guint i = 0; i < pictures->len; i++)
    {
      const char *picture = g_ptr_array_index (pictures, i), *relative = picture;
      const char *label = g_hash_table_lookup (labels, picture);
      /* A single file speaks of its picture alone. */
      if (label == NULL && !job->source->is_folder)
        continue;
      fv_path_is_below (picture, job->root, &relative);
      fv_import_job_add (job, picture, g_strdup (label), fv_subset_of_path (relative), picture, 0);
    }
  if (job->entries->len > 0 || job->rejected->len > 0)
    return TRUE;
  g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_FORMAT, _ ("No .json file in '%s' is %s."), job->source->path,
               "LabelMe JSON");
  return FALSE;
}

static gboolean
detect (const FvImportSource *source, char **why)
{
  return fv_label_json_detect (source, FV_LABEL_JSON_LABELME, "LabelMe JSON", why);
}

const FvImporter fv_importer_labelme = { "labelme", "LabelMe JSON", detect, list, read_labels };

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "app/dataset/fv-label-json.h"

/*
 * COCO JSON: one file for all pictures of a subset, in COCO's own folders (annotations, images), in Roboflow's (a file
 * beside the pictures of each subset), or alone with its pictures named. Boxes are [x, y, width, height] in pixels; where
 * there is none, the one around the segmentation. Crowds are regions to be ignored.
 */

/* What one file says, while it is read. */
typedef struct
{
  FvImportJob *job;
  const FvPictureFinder *finder;
  FvJsonStream *stream;
  const char *path;
  GHashTable *categories; /* id → char *, "" where the category can't be used */
  GHashTable *parents;    /* names that other categories name as the one above them */
  GHashTable *above_all;  /* names that have nothing above them */
  GPtrArray *names;       /* of categories, as they stand: into categories */
  GHashTable *classes;    /* id → number of the class + 1 */
  GHashTable *images;     /* id → FvImportEntry, NULL where the picture stays out */
} Reading;

static const char *
text_of (JsonObject *object, const char *name)
{
  const char *text = fv_label_json_text (object, name);
  return text != NULL ? text : "";
}

static void
read_category (Reading *self, JsonObject *object, guint line)
{
  g_autofree char *id = fv_label_json_id (object, "id");
  const char *name = fv_label_json_text (object, "name"), *above = text_of (object, "supercategory");
  if (id == NULL)
    {
      fv_problem_add (self->job->rejected, self->path, line,
                      _ ("The category has no id, so no box can be of it. Add it, or delete the category."));
      return;
    }
  if (g_hash_table_contains (self->categories, id))
    {
      fv_problem_add (self->job->rejected, self->path, line,
                      _ ("There is a category with the id %s already; this one stays out. Give it another id."), id);
      return;
    }
  if (!fv_label_json_check_class (self->job->rejected, self->path, line, name))
    {
      g_hash_table_insert (self->categories, g_steal_pointer (&id), g_strdup (""));
      return;
    }
  char *kept = g_strdup (name);
  g_hash_table_insert (self->categories, g_steal_pointer (&id), kept);
  g_ptr_array_add (self->names, kept);
  if (above[0] == '\0' || strcmp (above, "none") == 0)
    g_hash_table_add (self->above_all, g_strdup (name));
  else if (strcmp (above, name) != 0)
    g_hash_table_add (self->parents, g_strdup (above));
}

static void
read_image (Reading *self, JsonObject *object, guint line)
{
  g_autofree char *id = fv_label_json_id (object, "id");
  const char *name = fv_label_json_text (object, "file_name");
  FvImportEntry *entry;
  if (id == NULL || name == NULL)
    {
      fv_problem_add (self->job->rejected, self->path, line,
                      _ ("The picture has no id or no file_name, so its labels stay out. Add it, or delete the "
                         "picture."));
      return;
    }
  if (g_hash_table_contains (self->images, id))
    {
      fv_problem_add (self->job->rejected, self->path, line,
                      _ ("There is a picture with the id %s already; '%s' stays out. Give it another id."), id, name);
      return;
    }
  entry = fv_label_json_entry (self->job, self->finder, self->path, line, name, NULL);
  if (entry != NULL && entry->stated_line == 0)
    {
      entry->stated_width = fv_label_json_size (json_object_get_member (object, "width"));
      entry->stated_height = fv_label_json_size (json_object_get_member (object, "height"));
      entry->stated_line = line;
    }
  g_hash_table_insert (self->images, g_steal_pointer (&id), entry);
}

/* The box around polygons [[x, y, x, y, ...], ...]. */
static gboolean
box_of_polygons (JsonArray *polygons, FvStagedBox *box)
{
  g_autoptr (JsonArray) points = json_array_new ();
  for (guint i = 0; i < json_array_get_length (polygons); i++)
    {
      JsonNode *node = json_array_get_element (polygons, i);
      if (!JSON_NODE_HOLDS_ARRAY (node))
        return FALSE;
      JsonArray *polygon = json_node_get_array (node);
      for (guint k = 0; k + 1 < json_array_get_length (polygon); k += 2)
        {
          JsonArray *point = json_array_new ();
          json_array_add_element (point, json_array_dup_element (polygon, k));
          json_array_add_element (point, json_array_dup_element (polygon, k + 1));
          json_array_add_array_element (points, point);
        }
    }
  return fv_label_json_points (points, box);
}

static gboolean
take_box (Reading *self, const FvJsonPart *part, JsonObject *object, FvStagedBox *box)
{
  static const char *const names[] = { "segmentation", NULL };
  JsonArray *sides = fv_label_json_array (object, "bbox");
  double values[4];
  if (sides != NULL && fv_label_json_numbers (sides, values, 4))
    {
      box->x1 = values[0];
      box->y1 = values[1];
      box->x2 = values[0] + values[2];
      box->y2 = values[1] + values[3];
      return TRUE;
    }
  if (sides != NULL && json_array_get_length (sides) > 0)
    {
      fv_problem_add (self->job->rejected, self->path, box->line,
                      _ ("The box is not [x, y, width, height] in numbers. Correct it, or delete the annotation."));
      return FALSE;
    }
  g_autoptr (JsonObject) shape = fv_json_stream_parse_members (self->stream, part, names, NULL);
  JsonArray *polygons = shape != NULL ? fv_label_json_array (shape, "segmentation") : NULL;
  if (polygons != NULL && box_of_polygons (polygons, box))
    return TRUE;
  fv_problem_add (self->job->rejected, self->path, box->line,
                  _ ("The annotation has no box and no polygon that one could be drawn around. Add a box, or delete "
                     "the annotation."));
  return FALSE;
}

static void
read_annotation (Reading *self, JsonObject *object, const FvJsonPart *part)
{
  g_autofree char *image = fv_label_json_id (object, "image_id"), *category = fv_label_json_id (object, "category_id");
  FvStagedBox box = { .line = part->line, .ignored = fv_label_json_flag (object, "iscrowd") };
  gpointer entry, number;
  if (image == NULL || !g_hash_table_lookup_extended (self->images, image, NULL, &entry))
    {
      fv_problem_add (self->job->rejected, self->path, part->line,
                      _ ("The annotation is of a picture that the file doesn't list (image_id %s). Add the picture, "
                         "or delete the annotation."),
                      image != NULL ? image : _ ("missing"));
      return;
    }
  if (category == NULL || !g_hash_table_lookup_extended (self->classes, category, NULL, &number))
    {
      fv_problem_add (self->job->rejected, self->path, part->line,
                      _ ("The annotation is of a category that the file doesn't list (category_id %s). Add the "
                         "category, or delete the annotation."),
                      category != NULL ? category : _ ("missing"));
      return;
    }
  /* Rows say already that this picture stays out. */
  if (entry == NULL || !take_box (self, part, object, &box))
    return;
  if (number == NULL)
    {
      /* Of a category that is only above others, it seemed, or of one that can't be used. */
      const char *name = g_hash_table_lookup (self->categories, category);
      if (!fv_label_json_check_class (self->job->rejected, self->path, part->line, name))
        return;
      number = GUINT_TO_POINTER (fv_import_job_class (self->job, name) + 1);
      g_hash_table_insert (self->classes, g_steal_pointer (&category), number);
    }
  box.class_id = GPOINTER_TO_UINT (number) - 1;
  fv_import_entry_stage (entry, &box);
}

/*
 * Classes in the order of the file. Roboflow writes one more than there are, the project's name, above all others; such a
 * one becomes a class only where a box is of it.
 */
static void
make_classes (Reading *self)
{
  g_autoptr (GHashTable) made = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < self->names->len; i++)
    {
      const char *name = g_ptr_array_index (self->names, i);
      if (g_hash_table_contains (self->above_all, name) && g_hash_table_contains (self->parents, name))
        continue;
      g_hash_table_insert (made, (gpointer)name, GUINT_TO_POINTER (fv_import_job_class (self->job, name) + 1));
    }
  GHashTableIter iter;
  gpointer id, name;
  g_hash_table_iter_init (&iter, self->categories);
  while (g_hash_table_iter_next (&iter, &id, &name))
    g_hash_table_insert (self->classes, g_strdup (id), g_hash_table_lookup (made, name));
}

/* Elements of the lists of @annotations, or of the two others. FALSE with a row where the file ends in a fault. */
static gboolean
read_elements (Reading *self, gboolean annotations, GError **error)
{
  static const char *const of_annotation[] = { "image_id", "category_id", "bbox", "iscrowd", NULL };
  static const char *const of_others[] = { "id", "name", "supercategory", "file_name", "width", "height", NULL };
  g_autoptr (GError) local = NULL;
  FvJsonPart part;
  for (guint n = 1; fv_json_stream_next (self->stream, &part, &local); n++)
    {
      const gboolean is_annotation = g_strcmp0 (part.member, "annotations") == 0;
      const gboolean is_image = g_strcmp0 (part.member, "images") == 0;
      const gboolean is_category = g_strcmp0 (part.member, "categories") == 0;
      g_autoptr (GError) fault = NULL;
      if (!fv_label_json_go_on (self->job, self->stream, n, annotations ? 0.5 : 0, 0.5, error))
        return FALSE;
      if (!part.is_element || !(annotations ? is_annotation : is_image || is_category))
        continue;
      g_autoptr (JsonObject) object
          = fv_json_stream_parse_members (self->stream, &part, annotations ? of_annotation : of_others, &fault);
      if (object == NULL)
        fv_label_json_report (self->job->rejected, self->path, part.line, fault);
      else if (is_annotation)
        read_annotation (self, object, &part);
      else if (is_image)
        read_image (self, object, part.line);
      else
        read_category (self, object, part.line);
    }
  return local == NULL || fv_label_json_fail (local, error);
}

static void
reading_clear (Reading *self)
{
  g_clear_pointer (&self->stream, fv_json_stream_free);
  g_hash_table_unref (self->categories);
  g_hash_table_unref (self->parents);
  g_hash_table_unref (self->above_all);
  g_hash_table_unref (self->classes);
  g_hash_table_unref (self->images);
  g_ptr_array_unref (self->names);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reading, reading_clear)

/* Whether the folder has the same boxes in a file of instances, as COCO's own has. */
static gboolean
has_instances (const FvImportSource *source, const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path), *name = g_path_get_basename (path);
  if (!source->is_folder || !g_str_has_prefix (name, "person_keypoints"))
    return FALSE;
  g_autofree char *other = g_strconcat (folder, "/instances", name + strlen ("person_keypoints"), NULL);
  return g_file_test (other, G_FILE_TEST_EXISTS);
}

static gboolean
read_file (FvImportJob *job, const FvPictureFinder *finder, const char *path, GError **error)
{
  if (has_instances (job->source, path))
    {
      fv_problem_add (job->repaired, path, 0,
                      _ ("The boxes of this file are those of the file whose name begins with 'instances' instead of "
                         "'person_keypoints'; they are taken once."));
      return TRUE;
    }
  g_auto (Reading) self = {
    .job = job,
    .finder = finder,
    .path = path,
    .categories = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free),
    .parents = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
    .above_all = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
    .names = g_ptr_array_new (),
    .classes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
    .images = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
  };
  self.stream = fv_json_stream_open (path, FV_LABEL_JSON_DEPTH, error);
  if (self.stream == NULL || !read_elements (&self, FALSE, error))
    return FALSE;
  make_classes (&self);
  fv_json_stream_rewind (self.stream);
  return read_elements (&self, TRUE, error);
}

static gboolean
list (FvImportJob *job, GError **error)
{
  g_autoptr (FvPictureFinder) finder = fv_picture_finder_new (job->source, job->params->images);
  job->root = g_strdup (fv_picture_finder_root (finder));
  if (!fv_label_json_read_all (job, finder, FV_LABEL_JSON_COCO, "COCO JSON", read_file, error))
    return FALSE;
  fv_picture_finder_report_rest (finder, job);
  return TRUE;
}

static gboolean
detect (const FvImportSource *source, char **why)
{
  return fv_label_json_detect (source, FV_LABEL_JSON_COCO, "COCO JSON", why);
}

const FvImporter fv_importer_coco = { "coco", "COCO JSON", detect, list, NULL };

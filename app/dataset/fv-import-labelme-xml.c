/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "app/dataset/fv-class-name.h"
#include "app/dataset/fv-importer.h"
#include "app/dataset/fv-picture-finder.h"
#include "app/dataset/fv-xml.h"

/*
 * XML of the LabelMe web tool (http://labelme.csail.mit.edu), which CVAT writes as "LabelMe 3.0": a file for each picture, in
 * Annotations/FOLDER beside Images/FOLDER, or beside the pictures. An object has an outline (<polygon>) or a mask with its box
 * (<segm>); what comes in is the box around it. Objects that were deleted are no objects. Pictures in the folders Masks and
 * Scribbles are parts of labels.
 */

/* Whether the annotation has something of LabelMe's and nothing of Pascal VOC's. */
static gboolean
is_labelme (const FvXmlDocument *document)
{
  const xmlNode *root = xmlDocGetRootElement ((xmlDoc *)document);
  if (strcmp ((const char *)root->name, "annotation") != 0)
    return FALSE;
  const xmlNode *object = fv_xml_child (root, "object");
  if (object == NULL)
    {
      const xmlNode *source = fv_xml_child (root, "source");
      return fv_xml_child (root, "imagesize") != NULL || fv_xml_child (source, "sourceAnnotation") != NULL;
    }
  return fv_xml_child (object, "bndbox") == NULL
         && (fv_xml_child (object, "polygon") != NULL || fv_xml_child (object, "segm") != NULL);
}

/* The box around the points of an outline; FALSE where one is no number or there are none. */
static gboolean
read_polygon (const xmlNode *polygon, FvBox *box)
{
  const xmlNode *point = fv_xml_child (polygon, "pt");
  box->x1 = box->y1 = INFINITY;
  box->x2 = box->y2 = -INFINITY;
  for (; point != NULL; point = fv_xml_next (point, "pt"))
    {
      double x, y;
      if (!fv_xml_child_number (point, "x", &x) || !fv_xml_child_number (point, "y", &y))
        return FALSE;
      box->x1 = MIN (box->x1, x);
      box->x2 = MAX (box->x2, x);
      box->y1 = MIN (box->y1, y);
      box->y2 = MAX (box->y2, y);
    }
  return box->x1 <= box->x2;
}

static void
read_object (FvImportEntry *entry, const xmlNode *object, gboolean stored)
{
  const guint line = (guint)MAX (xmlGetLineNo (object), 0);
  const xmlNode *polygon = fv_xml_child (object, "polygon");
  const xmlNode *segment = fv_xml_child (fv_xml_child (object, "segm"), "box");
  g_autofree char *deleted = fv_xml_child_text (object, "deleted");
  g_autofree char *name = fv_xml_child_text (object, "name");
  FvBox box = { 0 };
  if (g_strcmp0 (deleted, "1") == 0)
    return;
  if (name == NULL || !fv_class_name_is_usable (name))
    fv_problem_add (entry->rejected, entry->label, line,
                    _ ("The object has no name (<name>), or one that can't be the name of a class. Correct it or "
                       "delete the object."));
  else if (polygon == NULL && segment == NULL)
    fv_problem_add (entry->rejected, entry->label, line,
                    _ ("The object has no outline (<polygon>) and no mask with a box (<segm>). Draw it or delete the "
                       "object."));
  else if (polygon != NULL
               ? !read_polygon (polygon, &box)
               : !fv_xml_child_number (segment, "xmin", &box.x1) || !fv_xml_child_number (segment, "ymin", &box.y1)
                     || !fv_xml_child_number (segment, "xmax", &box.x2)
                     || !fv_xml_child_number (segment, "ymax", &box.y2))
    fv_problem_add (entry->rejected, entry->label, line,
                    _ ("A coordinate of the object is absent or no number. Draw it again or delete the object."));
  else
    {
      box.class_id = fv_import_entry_class (entry, name);
      fv_import_entry_add_box (entry, line, stored ? fv_import_turn_upright (box, &entry->info) : box);
    }
}

static void
read_labels (const FvImportJob *job, FvImportEntry *entry)
{
  g_autofree char *reason = NULL;
  guint line;
  g_autoptr (FvXmlDocument) document = fv_xml_load (entry->label, &reason, &line);
  const xmlNode *root = document != NULL ? xmlDocGetRootElement (document) : NULL;
  if (root != NULL && strcmp ((const char *)root->name, "annotation") != 0)
    reason = g_strdup_printf (_ ("This XML is no annotation of LabelMe's: it begins with <%s>, not <annotation>. Move "
                                 "it elsewhere, or export it again."),
                              (const char *)root->name);
  if (reason != NULL)
    {
      /* Without its boxes the picture would teach that there is nothing on it. */
      fv_problem_add (entry->rejected, entry->label, line, _ ("%s Its picture '%s' stays out until then."), reason,
                      entry->picture);
      entry->unusable = TRUE;
      return;
    }
  const xmlNode *size = fv_xml_child (root, "imagesize");
  const gboolean stored
      = fv_import_entry_counts_stored (entry, fv_xml_child_size (size, "ncols"), fv_xml_child_size (size, "nrows"),
                                       size != NULL ? (guint)MAX (xmlGetLineNo (size), 0) : 0);
  for (xmlNode *at = fv_xml_child (root, "object"); at != NULL; at = fv_xml_next (at, "object"))
    read_object (entry, at, stored);
}

/* Pictures */

static gboolean
is_part_of_labels (const char *relative)
{
  static const char *const folders[] = { "Masks/", "Scribbles/" };
  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      const char *at = strstr (relative, folders[i]);
      if (at != NULL && (at == relative || at[-1] == '/'))
        return TRUE;
    }
  return FALSE;
}

/* "sub/a" of "sub/a.xml" below Annotations, Images or the source itself: what a picture and its annotation have in common. */
static char *
key_of (const char *relative)
{
  static const char *const folders[] = { "Annotations/", "Images/" };
  g_autofree char *stem = fv_path_without_ending (relative);
  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      char *at = strstr (stem, folders[i]);
      if (at != NULL && (at == stem || at[-1] == '/'))
        {
          *at = '\0';
          return g_strconcat (stem, at + strlen (folders[i]), NULL);
        }
    }
  return g_steal_pointer (&stem);
}

/* The picture that the annotation itself names. */
static const char *
picture_by_content (const FvPictureFinder *finder, const char *xml)
{
  g_autofree char *reason = NULL;
  guint line;
  g_autoptr (FvXmlDocument) document = fv_xml_load (xml, &reason, &line);
  const xmlNode *root = document != NULL ? xmlDocGetRootElement (document) : NULL;
  g_autofree char *name = fv_xml_child_text (root, "filename");
  g_autofree char *folder = fv_xml_child_text (root, "folder");
  if (name == NULL)
    return NULL;
  g_autofree char *inside = folder != NULL ? g_build_filename (folder, name, NULL) : g_strdup (name);
  g_autofree char *unused = NULL;
  return fv_picture_finder_find (finder, xml, inside, FV_SUBSET_NONE, &unused);
}

static gboolean
list (FvImportJob *job, GError **error)
{
  const FvImportSource *source = job->source;
  g_autoptr (FvPictureFinder) finder = fv_picture_finder_new (source, job->params->images);
  g_autoptr (GHashTable) keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) labels = g_hash_table_new (g_str_hash, g_str_equal);
  job->root = g_strdup (fv_picture_finder_root (finder));
  g_autoptr (GPtrArray) pictures = fv_scan_folder (job->root, fv_name_is_picture, job->rejected);
  const char *relative, *xml;
  for (guint i = 0; i < pictures->len; i++)
    {
      const char *picture = g_ptr_array_index (pictures, i);
      if (fv_path_is_below (picture, job->root, &relative) && !is_part_of_labels (relative))
        g_hash_table_insert (keys, key_of (relative), (gpointer)picture);
    }
  const char *around = source->is_folder ? source->path : job->root;
  for (guint i = 0; (xml = fv_import_source_next (source, &i, fv_name_is_xml)) != NULL;)
    {
      g_autofree char *key = fv_path_is_below (xml, around, &relative) ? key_of (relative) : NULL;
      const char *picture = key != NULL ? g_hash_table_lookup (keys, key) : NULL;
      if (picture == NULL)
        picture = picture_by_content (finder, xml);
      if (picture == NULL)
        fv_problem_add (job->rejected, xml, 0,
                        _ ("There is no picture for this annotation, so its boxes stay out. Put the picture where the "
                           "others are, or delete the file."));
      else if (g_hash_table_contains (labels, picture))
        fv_problem_add (job->rejected, xml, 0, _ ("The picture '%s' has the annotation '%s' already. Delete one."),
                        picture, (const char *)g_hash_table_lookup (labels, picture));
      else
        g_hash_table_insert (labels, (gpointer)picture, (gpointer)xml);
    }
  for (guint i = 0; i < pictures->len; i++)
    {
      const char *picture = g_ptr_array_index (pictures, i), *label = g_hash_table_lookup (labels, picture);
      if (fv_path_is_below (picture, job->root, &relative) && (label != NULL || !is_part_of_labels (relative)))
        fv_import_job_add (job, picture, g_strdup (label), fv_subset_of_path (relative), picture, 0);
    }
  return TRUE;
}

static gboolean
detect (const FvImportSource *source, char **why)
{
  const char *xml;
  for (guint i = 0, n = 0; n < 20 && (xml = fv_import_source_next (source, &i, fv_name_is_xml)) != NULL; n++)
    {
      g_autofree char *reason = NULL;
      guint line;
      g_autoptr (FvXmlDocument) document = fv_xml_load (xml, &reason, &line);
      if (document == NULL || !is_labelme (document))
        continue;
      *why = g_strdup_printf (_ ("'%s' is an annotation of the LabelMe web tool"), xml);
      return TRUE;
    }
  return FALSE;
}

const FvImporter fv_importer_labelme_xml = { "labelme-xml", "LabelMe XML", detect, list, read_labels };

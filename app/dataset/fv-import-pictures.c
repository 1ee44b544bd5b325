/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "app/dataset/fv-csv.h"
#include "app/dataset/fv-label-json.h"
#include "app/dataset/fv-xml.h"

/* Pictures without labels: to be labelled, or backgrounds. And what holds labels, but no boxes: known by name and refused. */

/* Pictures */

static gboolean
list (FvImportJob *job, GError **error)
{
  const FvImportSource *source = job->source;
  job->root = job->params->images != NULL ? g_canonicalize_filename (job->params->images, NULL)
              : source->is_folder         ? g_strdup (source->path)
                                          : g_path_get_dirname (source->path);
  if (source->is_folder || job->params->images != NULL)
    fv_import_job_add_rest (job);
  else
    fv_import_job_add (job, source->path, NULL, FV_SUBSET_NONE, source->path, 0);
  return TRUE;
}

/* Whether a file says something about the folder, not about what is on the pictures. */
static gboolean
is_note (const char *path)
{
  static const char *const words[] = { "readme", "license", "licence", "copying", "notes", "thumbs.db", "desktop.ini" };
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *lower = g_ascii_strdown (name, -1);
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_has_prefix (lower, words[i]))
      return TRUE;
  return FALSE;
}

/* Only where there is nothing else: with labels that aren't known, pictures would teach that there is nothing on them. */
static gboolean
detect (const FvImportSource *source, char **why)
{
  guint n_pictures = 0;
  for (guint i = 0; i < source->files->len; i++)
    {
      const char *path = g_ptr_array_index (source->files, i), *slash = strrchr (path, '/');
      if (fv_name_is_picture (slash != NULL ? slash + 1 : path))
        n_pictures++;
      else if (!is_note (path))
        return FALSE;
    }
  g_autofree char *refusal = fv_import_refusal (source);
  if (n_pictures == 0 || refusal != NULL)
    return FALSE;
  *why = g_strdup (_ ("it holds pictures and nothing else"));
  return TRUE;
}

const FvImporter fv_importer_pictures = { "pictures", "Pictures without labels", detect, list, NULL };

/* Refusals */

static gboolean
is_turned_boxes (const char *path)
{
  return strstr (path, "/labelTxt/") != NULL && g_str_has_suffix (path, ".txt");
}

static gboolean
is_tfrecord (const char *path)
{
  return g_str_has_suffix (path, ".tfrecord") || g_str_has_suffix (path, ".tfrecords");
}

static gboolean
is_kitti_raw (const char *path)
{
  g_autofree char *root = g_str_has_suffix (path, "/tracklet_labels.xml") ? fv_xml_root_name (path, NULL) : NULL;
  return g_strcmp0 (root, "boost_serialization") == 0;
}

static gboolean
is_kitti_segmentation (const char *path)
{
  static const char *const folders[] = { "/instance/", "/semantic/", "/semantic_rgb/" };
  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      const char *at = strstr (path, folders[i]);
      if (at == NULL)
        continue;
      g_autofree char *above = g_strndup (path, (gsize)(at - path));
      g_autofree char *pictures = g_build_filename (above, "image_2", NULL);
      return g_file_test (pictures, G_FILE_TEST_IS_DIR);
    }
  return FALSE;
}

/* The first row of a table; NULL where it is none. */
static FvCsv *
open_table (const char *path)
{
  g_autoptr (FvCsv) csv = fv_name_is_csv (path) ? fv_csv_open (path, NULL) : NULL;
  return csv != NULL && fv_csv_next (csv, NULL) ? g_steal_pointer (&csv) : NULL;
}

/* filename, and a column of 0 and 1 for each class. */
static gboolean
is_multi_class (const char *path)
{
  g_autoptr (FvCsv) csv = open_table (path);
  if (csv == NULL || fv_csv_find (csv, (const char *const[]){ "filename", NULL }) != 0 || !fv_csv_next (csv, NULL)
      || fv_csv_get_n_fields (csv) < 2)
    return FALSE;
  for (int i = 1; i < (int)fv_csv_get_n_fields (csv); i++)
    if (strcmp (fv_csv_get_field (csv, i), "0") != 0 && strcmp (fv_csv_get_field (csv, i), "1") != 0)
      return FALSE;
  return TRUE;
}

static gboolean
is_via (const char *path)
{
  g_autoptr (FvCsv) csv = open_table (path);
  return csv != NULL && fv_csv_find (csv, (const char *const[]){ "region_shape_attributes", NULL }) >= 0;
}

static gboolean
is_picture_labels (const char *path)
{
  g_autoptr (FvCsv) csv = open_table (path);
  return csv != NULL && fv_csv_find (csv, (const char *const[]){ "ImageID", NULL }) >= 0
         && fv_csv_find (csv, (const char *const[]){ "LabelName", NULL }) >= 0
         && fv_csv_find (csv, (const char *const[]){ "XMin", NULL }) < 0;
}

static const struct
{
  gboolean (*is_one) (const char *path);
  const char *text; /* with the path */
} refusals[] = {
  { is_turned_boxes,
    N_ ("'%s' has turned boxes (YOLO OBB, DOTA), which can't be read: Fovea finds upright ones. Export "
        "the dataset as YOLO, COCO JSON or Pascal VOC.") },
  { is_tfrecord,
    N_ ("'%s' is a TFRecord of TensorFlow's, which can't be read. Export the dataset as YOLO, COCO JSON or "
        "Pascal VOC.") },
  { is_kitti_raw, N_ ("'%s' has KITTI's raw tracks, boxes in space and not on pictures, which can't be read. Use "
                      "KITTI's object detection (label_2).") },
  { is_kitti_segmentation, N_ ("'%s' belongs to KITTI's segmentation: areas and no boxes. Use KITTI's object detection "
                               "(label_2).") },
  { is_multi_class, N_ ("'%s' says which classes are on a picture, but not where (multi-class CSV). Draw boxes, or "
                        "export a dataset for object detection.") },
  { is_picture_labels, N_ ("'%s' says which classes are on a picture, but not where (Open Images' image labels). Use "
                           "its boxes (…-annotations-bbox.csv).") },
  { is_via, N_ ("'%s' is a table of the VGG Image Annotator, which can't be read. Export the project there as COCO "
                "JSON.") },
};

char *
fv_import_refusal (const FvImportSource *source)
{
  for (guint k = 0; k < G_N_ELEMENTS (refusals); k++)
    for (guint i = 0; i < source->files->len; i++)
      if (refusals[k].is_one (g_ptr_array_index (source->files, i)))
        return g_strdup_printf (_ (refusals[k].text), (const char *)g_ptr_array_index (source->files, i));
  return fv_label_json_source_refusal (source);
}

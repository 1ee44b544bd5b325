/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "app/dataset/fv-class-name.h"
#include "app/dataset/fv-importer.h"

/*
 * KITTI's object detection (readme.txt of its object development kit): a .txt file for each picture, in label_2 beside image_2
 * (or in labels beside images, as NVIDIA's tools have it), a line for each object with 15 values: type, truncated, occluded,
 * alpha, left, top, right, bottom (pixels from 0 as they stand), and seven of three dimensions. "DontCare" is a region where
 * nothing was labelled: an ignored one, for each class. A sixteenth value is a detector's score: no label.
 */

#define N_VALUES 15
/* KITTI has 8. With very many, regions for each would fill the memory. */
#define MAX_REGION_CLASSES 100

typedef struct
{
  FvImportEntry *entry;
  FvStagedBox box;
} Region;

/* Fields of a line, at most n of them; the number that there are. */
static guint
split_fields (char *text, char **fields, guint n)
{
  guint found = 0;
  for (char *rest = text;;)
    {
      rest += strspn (rest, " \t\r");
      if (*rest == '\0')
        return found;
      if (found < n)
        fields[found] = rest;
      found++;
      rest += strcspn (rest, " \t\r");
      if (*rest != '\0')
        *rest++ = '\0';
    }
}

static gboolean
parse_number (const char *text, double *value)
{
  char *end;
  *value = g_ascii_strtod (text, &end);
  return end != text && *end == '\0';
}

/* The box of a line goes to its entry; the region of "DontCare" to regions, until all classes are known. */
static void
read_line (FvImportJob *job, FvImportEntry *entry, guint line, char *text, GArray *regions)
{
  static const char *const names[] = { "left", "top", "right", "bottom" };
  char *fields[N_VALUES];
  double sides[4];
  const guint n = split_fields (text, fields, N_VALUES);
  if (n == 0)
    return;
  if (n != N_VALUES)
    {
      fv_problem_add (entry->rejected, entry->label, line,
                      n == N_VALUES + 1
                          ? _ ("The line has %u values; a label has 15. A sixteenth is a detector's score. Correct or "
                               "delete the line.")
                          : _ ("The line has %u values; a label has 15: type, truncated, occluded, alpha, left, top, "
                               "right, bottom and seven more. Correct or delete the line."),
                      n);
      return;
    }
  for (guint i = 0; i < 4; i++)
    if (!parse_number (fields[4 + i], &sides[i]))
      {
        fv_problem_add (entry->rejected, entry->label, line,
                        _ ("The side '%s', '%.40s', is not a number. Correct or delete the line."), names[i],
                        fields[4 + i]);
        return;
      }
  if (!fv_class_name_is_usable (fields[0]))
    {
      fv_problem_add (entry->rejected, entry->label, line,
                      _ ("The type of the object can't be the name of a class. Correct or delete the line."));
      return;
    }
  FvStagedBox box = { .line = line, .x1 = sides[0], .y1 = sides[1], .x2 = sides[2], .y2 = sides[3] };
  if (g_ascii_strcasecmp (fields[0], "DontCare") == 0)
    {
      const Region region = { entry, box };
      g_array_append_val (regions, region);
      return;
    }
  box.class_id = fv_import_job_class (job, fields[0]);
  fv_import_entry_stage (entry, &box);
}

static void
read_labels (FvImportJob *job, FvImportEntry *entry, GArray *regions)
{
  gsize size;
  g_autofree char *reason = NULL;
  g_autofree char *text = fv_import_read_text (entry->label, &size, &reason);
  if (text != NULL && !g_utf8_validate (text, -1, NULL))
    reason = g_strdup (_ ("The text is not valid UTF-8. Save the file as UTF-8."));
  if (reason != NULL)
    {
      /* Without its boxes the picture would teach that there is nothing on it. */
      fv_problem_add (entry->rejected, entry->label, 0, _ ("%s Its picture '%s' stays out until then."), reason,
                      entry->picture);
      entry->unusable = TRUE;
      return;
    }
  guint number = 0;
  char *line;
  for (char *rest = text; (line = strsep (&rest, "\n")) != NULL;)
    read_line (job, entry, ++number, line, regions);
}

/* Ignored regions are of a class; these are of all. */
static void
stage_regions (const FvImportJob *job, const GArray *regions)
{
  for (guint i = 0; i < regions->len; i++)
    {
      const Region *region = &g_array_index (regions, Region, i);
      FvStagedBox box = region->box;
      box.ignored = TRUE;
      for (box.class_id = 0; box.class_id < MIN (job->classes->len, MAX_REGION_CLASSES); box.class_id++)
        fv_import_entry_stage (region->entry, &box);
    }
}

/* Files */

static const struct
{
  const char *labels, *pictures;
} folders[] = { { "label_2", "image_2" }, { "label_02", "image_02" }, { "labels", "images" }, { "label", "image" } };

/* The start of the part of path that is name, the last one; NULL where there is none. */
static const char *
find_part (const char *path, const char *name)
{
  g_autofree char *part = g_strconcat ("/", name, "/", NULL);
  const char *at = g_strrstr (path, part);
  return at != NULL ? at + 1 : NULL;
}

/* Where the pictures of a label file lie, its ending left out: (transfer full). */
static char *
stem_of_picture (const char *label)
{
  g_autofree char *stem = fv_path_without_ending (label);
  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      const char *part = find_part (stem, folders[i].labels);
      if (part != NULL)
        {
          g_autofree char *before = g_strndup (stem, (gsize)(part - stem));
          return g_strconcat (before, folders[i].pictures, part + strlen (folders[i].labels), NULL);
        }
    }
  return g_steal_pointer (&stem);
}

/* What names of a split may stand in: what lies behind the folder of pictures, since KITTI's own "training" is no split. */
static FvSubset
subset_of_picture (const char *path, const char *root)
{
  const char *relative = path;
  fv_path_is_below (path, root, &relative);
  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      const char *part = find_part (path, folders[i].pictures);
      if (part != NULL && part >= relative)
        return fv_subset_of_path (part + strlen (folders[i].pictures) + 1);
    }
  return fv_subset_of_path (relative);
}

/* Whether the first line that is not empty has the form of a label. */
static gboolean
looks_like_labels (const char *file)
{
  gsize size;
  g_autofree char *reason = NULL;
  g_autofree char *text = fv_import_read_text (file, &size, &reason);
  char *fields[N_VALUES];
  double value;
  if (text == NULL)
    return FALSE;
  char *line = text + strspn (text, " \t\r\n");
  line[strcspn (line, "\n")] = '\0';
  const guint n = split_fields (line, fields, N_VALUES);
  if ((n != N_VALUES && n != N_VALUES + 1) || parse_number (fields[0], &value))
    return FALSE;
  for (guint i = 1; i < N_VALUES; i++)
    if (!parse_number (fields[i], &value))
      return FALSE;
  return TRUE;
}

/* Whether a .txt file is one of labels, by where it lies: the first ones looked into said that this is KITTI. */
static gboolean
is_label_file (const char *path)
{
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *stem = stem_of_picture (path);
  g_autofree char *plain = fv_path_without_ending (path);
  return strcmp (stem, plain) != 0 || (find_part (path, "calib") == NULL && looks_like_labels (path));
}

static gboolean
list (FvImportJob *job, GError **error)
{
  const FvImportSource *source = job->source;
  const char *images = job->params->images, *label;
  g_autoptr (GHashTable) by_stem = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GArray) regions = g_array_new (FALSE, FALSE, sizeof (Region));
  g_autoptr (GHashTable) labelled = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (!source->is_folder)
    {
      g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_SOURCE,
                   _ ("'%s' is a file. Name the folder that holds label_2 and image_2."), source->path);
      return FALSE;
    }
  job->root = images != NULL ? g_canonicalize_filename (images, NULL) : g_strdup (source->path);
  g_autoptr (GPtrArray) pictures = fv_scan_folder (job->root, fv_name_is_picture, job->rejected);
  for (guint i = 0; i < pictures->len; i++)
    {
      const char *picture = g_ptr_array_index (pictures, i);
      g_autofree char *stem = fv_path_without_ending (picture);
      g_hash_table_insert (by_stem, images != NULL ? g_path_get_basename (stem) : g_steal_pointer (&stem),
                           (gpointer)picture);
    }
  for (guint i = 0; (label = fv_import_source_next (source, &i, fv_name_is_text)) != NULL;)
    {
      if (!is_label_file (label))
        continue;
      g_autofree char *stem = stem_of_picture (label);
      g_autofree char *name = g_path_get_basename (stem);
      const char *picture = g_hash_table_lookup (by_stem, images != NULL ? name : stem);
      if (picture == NULL)
        {
          fv_problem_add (job->rejected, label, 0,
                          _ ("There is no picture for this label file, so its boxes stay out. Put the picture where "
                             "the others are, or delete the file."));
          continue;
        }
      FvImportEntry *entry
          = fv_import_job_add (job, picture, g_strdup (label), subset_of_picture (picture, job->root), label, 0);
      if (entry != NULL)
        read_labels (job, entry, regions);
      g_hash_table_add (labelled, g_path_get_dirname (picture));
    }
  stage_regions (job, regions);
  /* Without a label file a picture is a background where others of its folder have one; else nobody has labelled it. */
  for (guint i = 0; i < pictures->len; i++)
    {
      const char *picture = g_ptr_array_index (pictures, i);
      g_autofree char *folder = g_path_get_dirname (picture);
      if (g_hash_table_contains (labelled, folder) && fv_import_job_find (job, picture) == NULL)
        fv_import_job_add (job, picture, NULL, subset_of_picture (picture, job->root), picture, 0);
    }
  return TRUE;
}

static gboolean
detect (const FvImportSource *source, char **why)
{
  const char *file;
  for (guint i = 0, n = 0; source->is_folder && n < 20 && (file = fv_import_source_next (source, &i, fv_name_is_text));)
    if (find_part (file, "calib") == NULL && ++n > 0 && looks_like_labels (file))
      {
        *why = g_strdup_printf (_ ("'%s' has lines of 15 values as KITTI has them"), file);
        return TRUE;
      }
  return FALSE;
}

const FvImporter fv_importer_kitti = { "kitti", "KITTI", detect, list, NULL };

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "app/dataset/fv-importer.h"
#include "app/dataset/fv-yolo-config.h"

/*
 * YOLO: a .txt file for each picture, a line for each box: class, centre x, centre y, width, height, the latter four in
 * 0..1 of the upright picture (as YOLOv5 v7.0 has it, which applies EXIF's orientation before it looks at labels). A
 * line with a class and at least three corners is a polygon and becomes the box around it.
 */

/* A coordinate may be this far out of 0..1 and is then cut; beyond, it is a mistake and not an inaccuracy. */
#define TOLERANCE 1e-3
/* Where the data name no classes, a number beyond this is a slip. */
#define MAX_UNNAMED_CLASS 9999
/* A class and 10,000 corners. */
#define MAX_FIELDS 20001

/* Lines of a label file */

static gboolean
parse_number (const char *text, double *value)
{
  char *end;
  *value = g_ascii_strtod (text, &end);
  return end != text && *end == '\0';
}

/* FALSE, with a row, where the field is no class of this dataset. */
static gboolean
parse_class (const FvImportJob *job, FvImportEntry *entry, guint line, const char *text, guint *class_id)
{
  guint n_classes = job->class_names != NULL ? g_strv_length (job->class_names) : MAX_UNNAMED_CLASS + 1;
  double value;
  if (!parse_number (text, &value) || !isfinite (value) || value != floor (value))
    fv_problem_add (entry->rejected, entry->label, line,
                    _ ("The class '%.40s' is not a whole number. Correct or delete the line."), text);
  else if (value < 0)
    fv_problem_add (entry->rejected, entry->label, line,
                    _ ("The class %.0f is negative; classes count from 0. Correct or delete the line."), value);
  else if (value >= n_classes)
    fv_problem_add (entry->rejected, entry->label, line,
                    _ ("The class %.0f is out of range: there are %u classes, 0 to %u. Correct the line, or name that "
                       "class in the dataset's description."),
                    value, n_classes, n_classes - 1);
  else
    {
      *class_id = (guint)value;
      return TRUE;
    }
  return FALSE;
}

/* The coordinates of a line, each within 0..1; FALSE, with a row, where one is not. */
static gboolean
parse_coordinates (FvImportEntry *entry, guint line, char **fields, guint n, double *values)
{
  static const char *const names[] = { N_ ("centre x"), N_ ("centre y"), N_ ("width"), N_ ("height") };
  double excess = 0;
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *corner = g_strdup_printf (_ ("%s of corner %u"), i % 2 == 0 ? "x" : "y", i / 2 + 1);
      const char *name = n == 4 ? _ (names[i]) : corner;
      if (!parse_number (fields[i], &values[i]))
        {
          fv_problem_add (entry->rejected, entry->label, line,
                          _ ("The %s, '%.40s', is not a number. Correct or delete the line."), name, fields[i]);
          return FALSE;
        }
      if (!isfinite (values[i]))
        {
          fv_problem_add (entry->rejected, entry->label, line,
                          _ ("The %s is '%.40s', not a finite number. Correct or delete the line."), name, fields[i]);
          return FALSE;
        }
      double cut = CLAMP (values[i], 0, 1);
      if (fabs (values[i] - cut) > TOLERANCE)
        {
          fv_problem_add (
              entry->rejected, entry->label, line,
              _ ("The %s is %g, but must lie between 0 and 1 (a share of the picture, not pixels). Correct or "
                 "delete the line."),
              name, values[i]);
          return FALSE;
        }
      excess = MAX (excess, fabs (values[i] - cut));
      values[i] = cut;
    }
  if (excess > 0)
    fv_problem_add (entry->repaired, entry->label, line, _ ("A coordinate lies %g outside 0 to 1; it was cut."),
                    excess);
  return TRUE;
}

/* Up to MAX_FIELDS, and one more where there are more. */
static GPtrArray *
split_fields (char *text)
{
  GPtrArray *fields = g_ptr_array_new ();
  char *rest = text;
  while (fields->len <= MAX_FIELDS)
    {
      rest += strspn (rest, " \t\r\v\f");
      if (*rest == '\0')
        break;
      g_ptr_array_add (fields, rest);
      rest += strcspn (rest, " \t\r\v\f");
      if (*rest != '\0')
        *rest++ = '\0';
    }
  return fields;
}

static void
read_line (const FvImportJob *job, FvImportEntry *entry, guint line, char *text)
{
  g_autoptr (GPtrArray) fields = split_fields (text);
  if (fields->len == 0)
    return;
  if (fields->len > MAX_FIELDS)
    {
      fv_problem_add (entry->rejected, entry->label, line,
                      _ ("The line has more than %d values, but a polygon at most %d corners. Simplify the polygon or "
                         "delete the line."),
                      MAX_FIELDS, (MAX_FIELDS - 1) / 2);
      return;
    }
  if (job->n_keypoint_values > 0 && fields->len == 5 + job->n_keypoint_values)
    g_ptr_array_set_size (fields, 5);
  gboolean polygon = fields->len >= 7 && fields->len % 2 == 1;
  if (fields->len != 5 && !polygon)
    {
      fv_problem_add (
          entry->rejected, entry->label, line,
          fields->len == 6
              ? _ ("The line has 6 values; a box has 5: class, centre x, centre y, width, height (a polygon: class "
                   "and at least 3 corners). A sixth value is often a detector's confidence. Correct or delete the "
                   "line.")
              : ngettext ("The line has %u value; a box has 5: class, centre x, centre y, width, height (a polygon: "
                          "class and at least 3 corners). Correct or delete the line.",
                          "The line has %u values; a box has 5: class, centre x, centre y, width, height (a polygon: "
                          "class and at least 3 corners). Correct or delete the line.",
                          fields->len),
          fields->len);
      return;
    }

  FvBox box;
  const guint n = fields->len - 1;
  g_autofree double *values = g_new (double, n);
  if (!parse_class (job, entry, line, fields->pdata[0], &box.class_id)
      || !parse_coordinates (entry, line, (char **)fields->pdata + 1, n, values))
    return;
  const double width = entry->info.width, height = entry->info.height;
  if (polygon)
    {
      box.x1 = box.x2 = values[0];
      box.y1 = box.y2 = values[1];
      for (guint i = 2; i < n; i += 2)
        {
          box.x1 = MIN (box.x1, values[i]);
          box.x2 = MAX (box.x2, values[i]);
          box.y1 = MIN (box.y1, values[i + 1]);
          box.y2 = MAX (box.y2, values[i + 1]);
        }
    }
  else
    {
      box.x1 = values[0] - values[2] / 2;
      box.x2 = values[0] + values[2] / 2;
      box.y1 = values[1] - values[3] / 2;
      box.y2 = values[1] + values[3] / 2;
    }
  fv_import_entry_add_box (entry, line,
                           (FvBox){ box.class_id, box.x1 * width, box.y1 * height, box.x2 * width, box.y2 * height });
}

static void
read_labels (const FvImportJob *job, FvImportEntry *entry)
{
  gsize size;
  g_autofree char *reason = NULL;
  g_autofree char *text = fv_import_read_text (entry->label, &size, &reason);
  if (text == NULL)
    {
      /* Without its boxes the picture would teach that there is nothing on it. */
      fv_problem_add (entry->rejected, entry->label, 0, _ ("%s Its picture '%s' stays out until then."), reason,
                      entry->picture);
      entry->unusable = TRUE;
      return;
    }
  guint line = 0;
  for (char *start = text, *next; start != NULL; start = next)
    {
      next = strchr (start, '\n');
      if (next != NULL)
        *next++ = '\0';
      read_line (job, entry, ++line, start);
    }
}

/* Pictures and their label files */

/* As v7.0: the last part "images" of the path becomes "labels"; then what other tools have. */
static const char *const label_folders_of[][2] = {
  { "/images/", "/labels/" },      { "/Images/", "/Labels/" },      { "/Images/", "/labels/" },
  { "/Images/", "/Annotations/" }, { "/images/", "/annotations/" },
};

/* NULL where the path has no such part. */
static char *
label_path_by_images (const char *picture, guint way)
{
  g_autofree char *stem = fv_path_without_ending (picture);
  char *part = g_strrstr (stem, label_folders_of[way][0]);
  if (part == NULL)
    return NULL;
  *part = '\0';
  return g_strconcat (stem, label_folders_of[way][1], part + strlen (label_folders_of[way][0]), ".txt", NULL);
}

/* The label file of a picture, or NULL where there is none. */
static char *
find_label (const char *picture)
{
  for (guint i = 0; i < G_N_ELEMENTS (label_folders_of); i++)
    {
      g_autofree char *by_images = label_path_by_images (picture, i);
      if (by_images != NULL && g_file_test (by_images, G_FILE_TEST_EXISTS))
        return g_steal_pointer (&by_images);
    }
  g_autofree char *stem = fv_path_without_ending (picture);
  g_autofree char *beside = g_strconcat (stem, ".txt", NULL);
  return g_file_test (beside, G_FILE_TEST_EXISTS) ? g_steal_pointer (&beside) : NULL;
}

/* Whether the first line that is not empty has the form of a label. */
static gboolean
looks_like_labels (const char *file)
{
  gsize size;
  g_autofree char *reason = NULL;
  g_autofree char *text = fv_import_read_text (file, &size, &reason);
  if (text == NULL)
    return FALSE;
  char *line = text + strspn (text, " \t\r\n");
  line[strcspn (line, "\n")] = '\0';
  g_autoptr (GPtrArray) fields = split_fields (line);
  double value;
  for (guint i = 0; i < fields->len; i++)
    if (!parse_number (fields->pdata[i], &value))
      return FALSE;
  return fields->len >= 5;
}

static void
add_folder (FvImportJob *job, const char *folder, FvSubset subset, gboolean subset_by_path)
{
  g_autoptr (GPtrArray) pictures = fv_scan_folder (folder, fv_name_is_picture, job->rejected);
  for (guint i = 0; i < pictures->len; i++)
    {
      const char *picture = g_ptr_array_index (pictures, i), *relative = picture;
      fv_path_is_below (picture, job->root, &relative);
      fv_import_job_add (job, picture, find_label (picture), subset_by_path ? fv_subset_of_path (relative) : subset,
                         picture, 0);
    }
}

/* Whether a .txt file without a picture is a label file that has lost it, and not a list or a note. */
static gboolean
is_lost_label (const char *file)
{
  static const char *const others[] = { "classes.txt", "readme.txt", "notes.txt", "train.txt", "val.txt", "test.txt" };
  g_autofree char *name = g_path_get_basename (file);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    if (g_ascii_strcasecmp (name, others[i]) == 0)
      return FALSE;
  return strstr (file, "/labels/") != NULL || looks_like_labels (file);
}

/* Rows for the label files below folder that no picture has asked for. */
static void
report_lost_labels (FvImportJob *job, const char *folder, GHashTable *used)
{
  g_autoptr (GPtrArray) files = fv_scan_folder (folder, fv_name_is_text, NULL);
  for (guint i = 0; i < files->len; i++)
    {
      const char *file = g_ptr_array_index (files, i);
      if (!g_hash_table_contains (used, file) && is_lost_label (file) && g_hash_table_add (used, g_strdup (file)))
        fv_problem_add (job->rejected, file, 0,
                        _ ("There is no picture for this label file, so its boxes stay out. Put the picture where the "
                           "others are, or delete the file."));
    }
}

static void
report_lost_labels_of (FvImportJob *job, GPtrArray *folders)
{
  g_autoptr (GHashTable) used = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < job->entries->len; i++)
    {
      const FvImportEntry *entry = g_ptr_array_index (job->entries, i);
      if (entry->label != NULL)
        g_hash_table_add (used, g_strdup (entry->label));
    }
  for (guint i = 0; i < folders->len; i++)
    report_lost_labels (job, g_ptr_array_index (folders, i), used);
}

/* A .txt file with a picture a line. */
static void
add_list (FvImportJob *job, const char *list, FvSubset subset)
{
  gsize size;
  g_autofree char *reason = NULL;
  g_autofree char *text = fv_import_read_text (list, &size, &reason);
  if (text == NULL)
    {
      fv_problem_add (job->rejected, list, 0, _ ("%s Its pictures stay out."), reason);
      return;
    }
  g_autofree char *beside = g_path_get_dirname (list);
  g_autofree char *above = g_path_get_dirname (beside);
  const char *const folders[] = { beside, job->root, above, NULL };
  guint number = 0;
  char *line;
  for (char *rest = text; (line = strsep (&rest, "\n")) != NULL;)
    {
      const char *name = g_strstrip (line);
      number++;
      if (name[0] == '\0')
        continue;
      g_autofree char *picture = g_utf8_validate (name, -1, NULL) ? fv_yolo_resolve (folders, name) : NULL;
      if (picture != NULL)
        fv_import_job_add (job, picture, find_label (picture), subset, list, number);
      else
        {
          g_autofree char *shown = g_filename_display_name (name);
          fv_problem_add (job->rejected, list, number,
                          _ ("The picture '%s' is not there. Put it there, or take it off the list."), shown);
        }
    }
}

/* The folders where labels of the pictures below folder may lie. */
static void
add_label_folders (GPtrArray *folders, const char *folder)
{
  g_autofree char *inside = g_build_filename (folder, "x", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (label_folders_of); i++)
    {
      g_autofree char *label = label_path_by_images (inside, i);
      g_autofree char *labels = label != NULL ? g_path_get_dirname (label) : NULL;
      if (labels == NULL || !g_file_test (labels, G_FILE_TEST_IS_DIR))
        continue;
      g_ptr_array_add (folders, g_steal_pointer (&labels));
      break;
    }
  g_ptr_array_add (folders, g_strdup (folder));
}

static gboolean
list_by_config (FvImportJob *job, const char *file, GError **error)
{
  g_autoptr (FvYoloConfig) config = fv_yolo_config_read (file, job->repaired, job->rejected, error);
  g_autoptr (GPtrArray) label_folders = g_ptr_array_new_with_free_func (g_free);
  if (config == NULL)
    return FALSE;
  if (config->sources->len == 0)
    {
      const FvProblem *first = job->rejected->len > 0 ? g_ptr_array_index (job->rejected, 0) : NULL;
      g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_FORMAT, _ ("%s names no pictures that are there. %s"), file,
                   first != NULL ? first->reason : _ ("Its keys 'train', 'val' and 'test' say where they are."));
      return FALSE;
    }
  g_free (job->root);
  job->root = g_strdup (config->base);
  job->class_names = g_strdupv (config->class_names);
  job->n_keypoint_values = config->n_keypoint_values;
  for (guint i = 0; i < config->sources->len; i++)
    {
      const FvYoloSource *source = g_ptr_array_index (config->sources, i);
      if (g_file_test (source->path, G_FILE_TEST_IS_DIR))
        {
          add_folder (job, source->path, source->subset, FALSE);
          add_label_folders (label_folders, source->path);
        }
      else
        add_list (job, source->path, source->subset);
    }
  report_lost_labels_of (job, label_folders);
  return TRUE;
}

/* Class names that lie beside the labels, where there is no description. */
static GStrv
find_names (FvImportJob *job)
{
  static const char *const places[] = { "classes.txt",        "obj.names",
                                        "labels/classes.txt", "predefined_classes.txt",
                                        "../classes.txt",     "data/obj.names" };
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autofree char *file = g_canonicalize_filename (places[i], job->root);
      g_autofree char *reason = NULL;
      GStrv names = g_file_test (file, G_FILE_TEST_IS_REGULAR) ? fv_yolo_read_names (file, &reason) : NULL;
      if (names != NULL)
        return names;
      if (reason != NULL)
        fv_problem_add (job->rejected, file, 0, _ ("%s The names of the classes may be in it."), reason);
    }
  return NULL;
}

/* Pictures in one folder, labels in another, named alike. */
static void
list_apart (FvImportJob *job, const char *labels)
{
  g_free (job->root);
  job->root = g_canonicalize_filename (job->params->images, NULL);
  g_autoptr (GPtrArray) pictures = fv_scan_folder (job->root, fv_name_is_picture, job->rejected);
  g_autoptr (GPtrArray) folders = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < pictures->len; i++)
    {
      const char *picture = g_ptr_array_index (pictures, i), *relative = picture;
      fv_path_is_below (picture, job->root, &relative);
      g_autofree char *stem = fv_path_without_ending (relative);
      g_autofree char *name = g_strconcat (stem, ".txt", NULL);
      g_autofree char *deeper = g_build_filename ("labels", name, NULL);
      g_autofree char *base = g_path_get_basename (name);
      const char *const ways[] = { name, deeper, base };
      char *label = NULL;
      for (guint k = 0; label == NULL && k < G_N_ELEMENTS (ways); k++)
        {
          g_autofree char *path = g_build_filename (labels, ways[k], NULL);
          if (g_file_test (path, G_FILE_TEST_EXISTS))
            label = g_steal_pointer (&path);
        }
      fv_import_job_add (job, picture, label, fv_subset_of_path (relative), picture, 0);
    }
  g_ptr_array_add (folders, g_strdup (labels));
  report_lost_labels_of (job, folders);
}

/* The description in a folder: data.yaml, else the first .yaml that is one, else the first .data. */
static char *
find_config (const char *folder)
{
  static const char *const endings[] = { ".yaml", ".yml", ".data" };
  g_autofree char *usual = g_build_filename (folder, "data.yaml", NULL);
  if (g_file_test (usual, G_FILE_TEST_IS_REGULAR))
    return g_steal_pointer (&usual);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  char *best = NULL;
  const char *name;
  guint best_ending = G_N_ELEMENTS (endings);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    for (guint i = 0; i < G_N_ELEMENTS (endings); i++)
      {
        g_autofree char *file = g_build_filename (folder, name, NULL);
        if (name[0] == '.' || !g_str_has_suffix (name, endings[i]) || i > best_ending
            || (i == best_ending && strcmp (file, best) > 0) || (i < 2 && !fv_yolo_config_is_one (file)))
          continue;
        g_free (best);
        best = g_steal_pointer (&file);
        best_ending = i;
      }
  return best;
}

static gboolean
is_config (const char *file)
{
  return g_str_has_suffix (file, ".yaml") || g_str_has_suffix (file, ".yml") || g_str_has_suffix (file, ".data");
}

static gboolean
list_all (FvImportJob *job, GError **error)
{
  gboolean folder = job->source->is_folder;
  g_autofree char *config = folder ? find_config (job->source->path) : NULL;
  job->root = folder ? g_strdup (job->source->path) : g_path_get_dirname (job->source->path);
  if (job->params->images != NULL)
    {
      g_autofree char *labels = g_strdup (job->root);
      if (config != NULL || is_config (job->source->path))
        {
          g_autoptr (FvYoloConfig) read
              = fv_yolo_config_read (config != NULL ? config : job->source->path, job->repaired, job->rejected, error);
          if (read == NULL)
            return FALSE;
          job->class_names = g_strdupv (read->class_names);
          job->n_keypoint_values = read->n_keypoint_values;
        }
      else
        job->class_names = find_names (job);
      list_apart (job, labels);
      return TRUE;
    }
  if (config != NULL || is_config (job->source->path))
    return list_by_config (job, config != NULL ? config : job->source->path, error);

  job->class_names = find_names (job);
  if (folder)
    {
      g_autoptr (GPtrArray) label_folders = g_ptr_array_new_with_free_func (g_free);
      add_folder (job, job->source->path, FV_SUBSET_NONE, TRUE);
      add_label_folders (label_folders, job->source->path);
      report_lost_labels_of (job, label_folders);
    }
  else
    add_list (job, job->source->path, fv_subset_of_path (job->source->path));
  return TRUE;
}

static gboolean
list (FvImportJob *job, GError **error)
{
  if (!list_all (job, error))
    return FALSE;
  for (guint i = 0; i < job->entries->len; i++)
    if (((const FvImportEntry *)g_ptr_array_index (job->entries, i))->label != NULL)
      return TRUE;
  /* Without labels of its own it may be a relative of the format. */
  g_autofree char *refusal = fv_import_refusal (job->source);
  if (refusal != NULL)
    g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_FORMAT, "%s", refusal);
  return refusal == NULL;
}

static gboolean
detect (const FvImportSource *source, char **why)
{
  if (!source->is_folder)
    {
      if (is_config (source->path) || fv_name_is_text (source->path))
        *why = g_strdup (_ ("it is a description or list of YOLO's"));
      return is_config (source->path) || fv_name_is_text (source->path);
    }
  g_autofree char *config = find_config (source->path);
  if (config != NULL)
    {
      g_autofree char *name = g_path_get_basename (config);
      *why = g_strdup_printf (_ ("it holds %s"), name);
      return TRUE;
    }
  const char *file;
  for (guint i = 0; (file = fv_import_source_next (source, &i, fv_name_is_picture)) != NULL;)
    {
      g_autofree char *label = find_label (file);
      if (label != NULL)
        {
          *why = g_strdup_printf (_ ("'%s' has the label file '%s'"), file, label);
          return TRUE;
        }
    }
  for (guint i = 0; (file = fv_import_source_next (source, &i, fv_name_is_text)) != NULL;)
    if (looks_like_labels (file))
      {
        *why = g_strdup_printf (_ ("'%s' has lines of labels"), file);
        return TRUE;
      }
  return FALSE;
}

const FvImporter fv_importer_yolo = { "yolo", "YOLO", detect, list, read_labels };

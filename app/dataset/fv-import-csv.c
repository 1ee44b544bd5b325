/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "app/dataset/fv-class-name.h"
#include "app/dataset/fv-csv.h"
#include "app/dataset/fv-importer.h"
#include "app/dataset/fv-picture-finder.h"

/*
 * Tables with a row for each box. Open Images (https://storage.googleapis.com/openimages/web/download_v7.html): pictures by
 * ImageID, classes by LabelName with their names in class-descriptions*.csv, sides as shares of the picture; what IsGroupOf
 * says is a region to be ignored. VoTT: image, xmin, ymin, xmax, ymax, label. Any other that names its columns, or has the
 * six of keras-retinanet without naming them: path, x1, y1, x2, y2, class. A row with a picture alone is a background.
 */

/* Rows, for whether the import was cancelled. */
#define CHECK_EVERY 1000

typedef enum
{
  KIND_NONE,
  KIND_OPEN_IMAGES,
  KIND_VOTT,
  KIND_PLAIN,
} Kind;

typedef struct
{
  int picture, class_name, subset, ignored;
  int sides[4];      /* x1, y1, and x2, y2 or width and height */
  int width, height; /* of the picture */
  gboolean sized;    /* sides: width and height of the box */
  gboolean no_names; /* the first row is one of values */
} Columns;

typedef struct
{
  FvImportJob *job;
  const FvPictureFinder *finder;
  Kind kind;
  const char *file;
  FvSubset subset; /* that the file's path says */
  FvCsv *csv;
  Columns columns;
  GHashTable *entries;      /* what a row calls a picture → its entry; NULL where it stays out */
  GHashTable *descriptions; /* of Open Images: LabelName → name */
  double largest;           /* of all coordinates so far */
  gboolean fractions;
  guint n_absent, n_absent_boxes; /* pictures of Open Images that are not here */
} Table;

/* Columns */

static gboolean
find_sides (const FvCsv *csv, Columns *columns)
{
  static const char *const x1[] = { "xmin", "x_min", "x1", "left", "xtl", "bbox_xmin", NULL };
  static const char *const y1[] = { "ymin", "y_min", "y1", "top", "ytl", "bbox_ymin", NULL };
  static const char *const x2[] = { "xmax", "x_max", "x2", "right", "xbr", "bbox_xmax", NULL };
  static const char *const y2[] = { "ymax", "y_max", "y2", "bottom", "ybr", "bbox_ymax", NULL };
  static const char *const x[] = { "bbox_x", "x", "xmin", "x_min", "x1", "left", NULL };
  static const char *const y[] = { "bbox_y", "y", "ymin", "y_min", "y1", "top", NULL };
  static const char *const w[] = { "bbox_width", "bbox_w", "box_width", "w", "width", NULL };
  static const char *const h[] = { "bbox_height", "bbox_h", "box_height", "h", "height", NULL };
  const char *const *const corners[] = { x1, y1, x2, y2 }, *const *const sized[] = { x, y, w, h };
  gboolean found = TRUE;
  for (guint i = 0; i < 4; i++)
    found &= (columns->sides[i] = fv_csv_find (csv, corners[i])) >= 0;
  if (found)
    return TRUE;
  found = TRUE;
  for (guint i = 0; i < 4; i++)
    found &= (columns->sides[i] = fv_csv_find (csv, sized[i])) >= 0;
  columns->sized = TRUE;
  return found;
}

static gboolean
has_no_names (const FvCsv *csv)
{
  const char *path = fv_csv_get_field (csv, 0), *slash = strrchr (path, '/');
  double value;
  if (fv_csv_get_n_fields (csv) != 6 || !fv_name_is_picture (slash != NULL ? slash + 1 : path))
    return FALSE;
  for (int i = 1; i < 5; i++)
    if (fv_csv_get_field (csv, i)[0] != '\0' && !fv_csv_get_number (csv, i, &value))
      return FALSE;
  return TRUE;
}

/* What the table is by its first row. */
static Kind
find_columns (const FvCsv *csv, Columns *columns)
{
  static const char *const pictures[]
      = { "filename", "file_name", "file",     "image",   "image_name", "image_path", "imagepath", "img",
          "img_path", "path",      "filepath", "picture", "file_path",  "image_id",   "imageid",   NULL };
  static const char *const classes[]
      = { "class",         "label",    "class_name", "classname", "label_name", "labelname",
          "category_name", "category", "name",       "class_id",  NULL };
  static const char *const subsets[] = { "subset", "split", "set", NULL };
  static const char *const ignored[] = { "ignored", "iscrowd", "is_crowd", "isgroupof", "is_group_of", NULL };
  static const char *const vott[] = { "image", "xmin", "ymin", "xmax", "ymax", "label" };
  *columns = (Columns){ .subset = -1, .ignored = -1, .width = -1, .height = -1 };
  if (has_no_names (csv))
    {
      columns->no_names = TRUE;
      columns->class_name = 5;
      for (int i = 0; i < 4; i++)
        columns->sides[i] = i + 1;
      return KIND_PLAIN;
    }
  columns->picture = fv_csv_find (csv, pictures);
  columns->class_name = fv_csv_find (csv, classes);
  if (columns->picture < 0 || columns->class_name < 0 || !find_sides (csv, columns))
    return KIND_NONE;
  columns->subset = fv_csv_find (csv, subsets);
  columns->ignored = fv_csv_find (csv, ignored);
  columns->width = fv_csv_find (csv, (const char *const[]){ "image_width", "img_width", "width", NULL });
  columns->height = fv_csv_find (csv, (const char *const[]){ "image_height", "img_height", "height", NULL });
  if (columns->width == columns->sides[2] || columns->height == columns->sides[3])
    columns->width = columns->height = -1;
  if (fv_csv_find (csv, (const char *const[]){ "ImageID", NULL }) >= 0
      && fv_csv_find (csv, (const char *const[]){ "LabelName", NULL }) >= 0 && !columns->sized)
    return KIND_OPEN_IMAGES;
  for (guint i = 0; i < G_N_ELEMENTS (vott); i++)
    if (fv_csv_get_n_fields (csv) != G_N_ELEMENTS (vott) || strcmp (fv_csv_get_field (csv, (int)i), vott[i]) != 0)
      return KIND_PLAIN;
  return KIND_VOTT;
}

static Kind
kind_of_file (const char *path)
{
  Columns columns;
  g_autoptr (FvCsv) csv = fv_csv_open (path, NULL);
  return csv != NULL && fv_csv_next (csv, NULL) ? find_columns (csv, &columns) : KIND_NONE;
}

/* Rows */

static FvImportEntry *
make_entry (Table *self, const char *name, FvSubset subset)
{
  const guint line = fv_csv_get_line (self->csv);
  g_autofree char *reason = NULL;
  const char *picture = NULL;
  if (self->kind == KIND_OPEN_IMAGES)
    {
      static const char *const endings[] = { ".jpg", ".jpeg", ".png" };
      for (guint i = 0; picture == NULL && i < G_N_ELEMENTS (endings); i++)
        {
          g_autofree char *with_ending = g_strconcat (name, endings[i], NULL);
          g_clear_pointer (&reason, g_free);
          picture = fv_picture_finder_find (self->finder, self->file, with_ending, subset, &reason);
        }
      self->n_absent += picture == NULL;
    }
  else if ((picture = fv_picture_finder_find (self->finder, self->file, name, subset, &reason)) == NULL)
    fv_problem_add (self->job->rejected, self->file, line, "%s", reason);
  if (picture == NULL)
    return NULL;
  FvImportEntry *before = fv_import_job_find (self->job, picture);
  if (before != NULL && strcmp (before->label, self->file) == 0)
    return before;
  const char *relative = picture;
  fv_path_is_below (picture, fv_picture_finder_root (self->finder), &relative);
  return fv_import_job_add (self->job, picture, g_strdup (self->file),
                            subset != FV_SUBSET_NONE ? subset : fv_subset_of_path (relative), self->file, line);
}

static FvImportEntry *
entry_of_row (Table *self)
{
  const char *name = fv_csv_get_field (self->csv, self->columns.picture);
  FvSubset subset = self->subset;
  gpointer known;
  if (g_hash_table_lookup_extended (self->entries, name, NULL, &known))
    return known;
  if (self->columns.subset >= 0)
    {
      g_autofree char *folder = g_strconcat (fv_csv_get_field (self->csv, self->columns.subset), "/", NULL);
      subset = fv_subset_of_path (folder);
    }
  FvImportEntry *entry = make_entry (self, name, subset);
  double width, height;
  g_hash_table_insert (self->entries, g_strdup (name), entry);
  if (entry != NULL && fv_csv_get_number (self->csv, self->columns.width, &width)
      && fv_csv_get_number (self->csv, self->columns.height, &height) && width >= 1 && height >= 1 && width <= G_MAXINT
      && height <= G_MAXINT)
    {
      entry->stated_width = (guint)width;
      entry->stated_height = (guint)height;
      entry->stated_line = fv_csv_get_line (self->csv);
    }
  return entry;
}

/* What no side says, the row says of the picture: it is a background. */
static gboolean
is_background (const Table *self)
{
  for (guint i = 0; i < 4; i++)
    if (fv_csv_get_field (self->csv, self->columns.sides[i])[0] != '\0')
      return FALSE;
  return TRUE;
}

static void
read_row (Table *self)
{
  const guint line = fv_csv_get_line (self->csv);
  const char *label = fv_csv_get_field (self->csv, self->columns.class_name);
  double v[4], ignored = 0;
  if (fv_csv_get_field (self->csv, self->columns.picture)[0] == '\0')
    {
      fv_problem_add (self->job->rejected, self->file, line,
                      _ ("The row names no picture. Correct or delete the row."));
      return;
    }
  FvImportEntry *entry = entry_of_row (self);
  if (entry == NULL)
    {
      self->n_absent_boxes++;
      return;
    }
  if (is_background (self))
    return;
  for (guint i = 0; i < 4; i++)
    if (!fv_csv_get_number (self->csv, self->columns.sides[i], &v[i]))
      {
        fv_problem_add (entry->rejected, self->file, line,
                        _ ("The value '%.40s' in column %d is not a number. Correct or delete the row."),
                        fv_csv_get_field (self->csv, self->columns.sides[i]), self->columns.sides[i] + 1);
        return;
      }
  if (self->descriptions != NULL)
    {
      const char *name = g_hash_table_lookup (self->descriptions, label);
      label = name != NULL ? name : label;
    }
  if (!fv_class_name_is_usable (label))
    {
      fv_problem_add (entry->rejected, self->file, line,
                      _ ("The row has no class, or one whose name can't be used. Correct or delete the row."));
      return;
    }
  if (self->columns.sized)
    {
      v[2] += v[0];
      v[3] += v[1];
    }
  for (guint i = 0; i < 4; i++)
    {
      self->largest = MAX (self->largest, v[i]);
      self->fractions |= v[i] != floor (v[i]);
    }
  fv_csv_get_number (self->csv, self->columns.ignored, &ignored);
  const FvStagedBox box = { .class_id = fv_import_job_class (self->job, label),
                            .line = line,
                            .relative = self->kind == KIND_OPEN_IMAGES,
                            .ignored = ignored == 1,
                            .x1 = v[0],
                            .y1 = v[1],
                            .x2 = v[2],
                            .y2 = v[3] };
  fv_import_entry_stage (entry, &box);
}

/* Files */

static gboolean
read_file (Table *self, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (FvCsv) csv = fv_csv_open (self->file, &local);
  self->csv = csv;
  self->subset = fv_subset_of_label_file (self->job->source, self->file);
  g_hash_table_remove_all (self->entries);
  if (csv != NULL && fv_csv_next (csv, &local))
    {
      find_columns (csv, &self->columns);
      if (self->columns.no_names)
        read_row (self);
      for (guint n = 1; fv_csv_next (csv, &local); n++)
        {
          if (n % CHECK_EVERY == 0 && g_cancellable_set_error_if_cancelled (self->job->params->cancellable, &local))
            break;
          read_row (self);
        }
    }
  self->csv = NULL;
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* Open Images' names of classes: "/m/011k07","Tortoise". */
static gboolean
read_descriptions (Table *self, GError **error)
{
  const char *file;
  self->descriptions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; (file = fv_import_source_next (self->job->source, &i, fv_name_is_csv)) != NULL;)
    {
      g_autofree char *name = g_path_get_basename (file);
      g_autoptr (GError) local = NULL;
      g_autoptr (FvCsv) csv = strstr (name, "class-descriptions") != NULL ? fv_csv_open (file, &local) : NULL;
      while (csv != NULL && local == NULL && fv_csv_next (csv, &local))
        if (fv_csv_get_n_fields (csv) == 2)
          g_hash_table_insert (self->descriptions, g_strdup (fv_csv_get_field (csv, 0)),
                               g_strdup (fv_csv_get_field (csv, 1)));
      if (local != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
    }
  return TRUE;
}

/* Where no coordinate of a plain table is beyond 1, they are no pixels. */
static void
find_shares (const Table *self)
{
  if (self->kind == KIND_OPEN_IMAGES || !self->fractions || self->largest > 1)
    return;
  fv_problem_add (self->job->repaired, self->job->source->path, 0,
                  _ ("All coordinates lie between 0 and 1, so they were taken as shares of the picture, not as "
                     "pixels. Look at the boxes."));
  for (guint i = 0; i < self->job->entries->len; i++)
    {
      FvImportEntry *entry = g_ptr_array_index (self->job->entries, i);
      for (guint k = 0; entry->staged != NULL && k < entry->staged->len; k++)
        g_array_index (entry->staged, FvStagedBox, k).relative = TRUE;
    }
}

static gboolean
list (FvImportJob *job, Kind kind, GError **error)
{
  g_autoptr (FvPictureFinder) finder = fv_picture_finder_new (job->source, job->params->images);
  g_autoptr (GHashTable) entries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Table self = { .job = job, .finder = finder, .kind = kind, .entries = entries };
  const char *file;
  guint n_files = 0;
  gboolean done = kind != KIND_OPEN_IMAGES || read_descriptions (&self, error);
  job->root = g_strdup (fv_picture_finder_root (finder));
  for (guint i = 0; done && (file = fv_import_source_next (job->source, &i, fv_name_is_csv)) != NULL;)
    {
      const Kind found = kind_of_file (file);
      /* A plain table may look like one of the others', not the other way. */
      if (found == KIND_NONE || (found != kind && kind != KIND_PLAIN))
        continue;
      self.file = file;
      self.n_absent = self.n_absent_boxes = 0;
      n_files++;
      done = read_file (&self, error);
      if (kind == KIND_OPEN_IMAGES && self.n_absent > 0)
        fv_problem_add (job->rejected, file, 0,
                        _ ("Of the pictures that the table names, %u are not here, so their %u boxes stay out. Nothing "
                           "needs to be done if only a part of Open Images was fetched."),
                        self.n_absent, self.n_absent_boxes);
    }
  g_clear_pointer (&self.descriptions, g_hash_table_unref);
  if (done && n_files == 0)
    {
      g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_FORMAT,
                   _ ("There is no table of boxes in '%s': a .csv file whose first row names the columns, such as "
                      "filename, class, xmin, ymin, xmax, ymax."),
                   job->source->path);
      return FALSE;
    }
  if (!done)
    return FALSE;
  find_shares (&self);
  fv_import_job_add_rest (job);
  return TRUE;
}

static gboolean
list_open_images (FvImportJob *job, GError **error)
{
  return list (job, KIND_OPEN_IMAGES, error);
}

static gboolean
list_vott (FvImportJob *job, GError **error)
{
  return list (job, KIND_VOTT, error);
}

static gboolean
list_plain (FvImportJob *job, GError **error)
{
  return list (job, KIND_PLAIN, error);
}

static const char *
find_file (const FvImportSource *source, Kind kind)
{
  const char *file;
  for (guint i = 0, n = 0; n < 100 && (file = fv_import_source_next (source, &i, fv_name_is_csv)) != NULL; n++)
    if (kind_of_file (file) == kind)
      return file;
  return NULL;
}

static gboolean
detect_open_images (const FvImportSource *source, char **why)
{
  const char *file = find_file (source, KIND_OPEN_IMAGES);
  if (file != NULL)
    *why = g_strdup_printf (_ ("'%s' has the columns of Open Images"), file);
  return file != NULL;
}

static gboolean
detect_vott (const FvImportSource *source, char **why)
{
  const char *file = find_file (source, KIND_VOTT);
  if (file != NULL)
    *why = g_strdup_printf (_ ("'%s' has the columns of VoTT"), file);
  return file != NULL;
}

static gboolean
detect_plain (const FvImportSource *source, char **why)
{
  const char *file = find_file (source, KIND_PLAIN);
  if (file != NULL)
    *why = g_strdup_printf (_ ("'%s' is a table with a row for each box"), file);
  return file != NULL;
}

const FvImporter fv_importer_open_images
    = { "open-images", "Open Images CSV", detect_open_images, list_open_images, NULL };
const FvImporter fv_importer_vott_csv = { "vott", "VoTT CSV", detect_vott, list_vott, NULL };
const FvImporter fv_importer_csv = { "csv", "CSV", detect_plain, list_plain, NULL };

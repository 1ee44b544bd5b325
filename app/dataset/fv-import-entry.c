/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "app/dataset/fv-importer.h"

/* Pictures on their way in: their boxes, with the checks that all formats share, and the rows of the report. */

/* What the text of a coordinate may be off by its rounding, in pixels: no reason for a row of the report. */
#define ROUNDING 0.1
/* Rows about one file, or about the import itself: a file of wrong lines would fill the memory with reasons that nobody reads. */
#define MAX_ROWS 100000
/* Of one picture; the densest crowds that are labelled have 20,000. */
#define MAX_BOXES 100000

void
fv_problem_add (GPtrArray *rows, const char *file, guint line, const char *format, ...)
{
  va_list arguments;
  if (rows->len > MAX_ROWS)
    return;
  if (rows->len == MAX_ROWS)
    format = _ ("There is more to say than is listed. Correct what is listed and import again.");
  va_start (arguments, format);
  g_ptr_array_add (rows, fv_problem_new (file, line, g_strdup_vprintf (format, arguments)));
  va_end (arguments);
}

GPtrArray *
fv_problems_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify)fv_problem_free);
}

/* Of all bits: g_double_hash() is the whole number in it, and boxes within a pixel would all be one. */
guint
fv_import_box_hash (gconstpointer key)
{
  const FvBox *box = key;
  const double sides[4] = { box->x1, box->y1, box->x2, box->y2 };
  guint64 bits[4], hash = box->class_id;
  memcpy (bits, sides, sizeof bits);
  for (guint i = 0; i < 4; i++)
    {
      hash = (hash ^ bits[i]) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
      hash ^= hash >> 32;
    }
  return (guint)hash;
}

gboolean
fv_import_box_equal (gconstpointer a, gconstpointer b)
{
  const FvBox *first = a, *second = b;
  return first->class_id == second->class_id && first->x1 == second->x1 && first->y1 == second->y1
         && first->x2 == second->x2 && first->y2 == second->y2;
}

void
fv_import_entry_free (FvImportEntry *entry)
{
  g_free (entry->picture);
  g_free (entry->label);
  g_free (entry->hash);
  g_array_unref (entry->boxes);
  g_array_unref (entry->ignored);
  g_clear_pointer (&entry->staged, g_array_unref);
  g_ptr_array_unref (entry->class_names);
  g_clear_pointer (&entry->seen, g_hash_table_unref);
  g_ptr_array_unref (entry->repaired);
  g_ptr_array_unref (entry->rejected);
  g_free (entry);
}

FvImportEntry *
fv_import_job_add (FvImportJob *job, const char *picture, char *label, FvSubset subset, const char *file, guint line)
{
  const FvImportEntry *before = g_hash_table_lookup (job->pictures, picture);
  if (before != NULL)
    {
      if (before->subset == subset)
        fv_problem_add (job->repaired, file, line, _ ("The picture '%s' is named twice; it is taken once."), picture);
      else
        fv_problem_add (job->repaired, file, line,
                        _ ("The picture '%s' is in '%s' and in '%s'; it stays in the first, since a picture that is "
                           "trained on can't be used for validation or test."),
                        picture, fv_subset_to_string (before->subset), fv_subset_to_string (subset));
      g_free (label);
      return NULL;
    }
  FvImportEntry *entry = g_new0 (FvImportEntry, 1);
  entry->picture = g_strdup (picture);
  entry->label = label;
  entry->subset = subset;
  entry->boxes = g_array_new (FALSE, FALSE, sizeof (FvBox));
  entry->ignored = g_array_new (FALSE, FALSE, sizeof (FvBox));
  entry->time = FV_TIME_UNKNOWN;
  entry->latitude = entry->longitude = NAN;
  entry->class_names = g_ptr_array_new_with_free_func (g_free);
  entry->repaired = fv_problems_new ();
  entry->rejected = fv_problems_new ();
  g_ptr_array_add (job->entries, entry);
  g_hash_table_insert (job->pictures, entry->picture, entry);
  return entry;
}

FvImportEntry *
fv_import_job_find (const FvImportJob *job, const char *picture)
{
  return g_hash_table_lookup (job->pictures, picture);
}

void
fv_import_job_add_rest (FvImportJob *job)
{
  g_autoptr (GPtrArray) pictures = fv_scan_folder (job->root, fv_name_is_picture, job->rejected);
  for (guint i = 0; i < pictures->len; i++)
    {
      const char *picture = g_ptr_array_index (pictures, i), *relative = picture;
      fv_path_is_below (picture, job->root, &relative);
      if (fv_import_job_find (job, picture) == NULL)
        fv_import_job_add (job, picture, NULL, fv_subset_of_path (relative), picture, 0);
    }
}

guint
fv_import_job_class (FvImportJob *job, const char *name)
{
  const guint known = GPOINTER_TO_UINT (g_hash_table_lookup (job->class_ids, name));
  if (known > 0)
    return known - 1;
  g_ptr_array_add (job->classes, g_strdup (name));
  g_hash_table_insert (job->class_ids, g_strdup (name), GUINT_TO_POINTER (job->classes->len));
  return job->classes->len - 1;
}

guint
fv_import_entry_class (FvImportEntry *entry, const char *name)
{
  for (guint i = 0; i < entry->class_names->len; i++)
    if (strcmp (g_ptr_array_index (entry->class_names, i), name) == 0)
      return i;
  g_ptr_array_add (entry->class_names, g_strdup (name));
  return entry->class_names->len - 1;
}

void
fv_import_entry_stage (FvImportEntry *entry, const FvStagedBox *box)
{
  if (entry->staged == NULL)
    entry->staged = g_array_new (FALSE, FALSE, sizeof (FvStagedBox));
  g_array_append_val (entry->staged, *box);
}

/* The box cut to its picture, in *cut, and how far it hung over, in pixels; FALSE, with a row, where it is none. */
static gboolean
cut_box (FvImportEntry *entry, guint line, FvBox box, FvBox *cut, double *excess)
{
  const double width = entry->info.width, height = entry->info.height;
  if (!isfinite (box.x1) || !isfinite (box.y1) || !isfinite (box.x2) || !isfinite (box.y2))
    {
      fv_problem_add (entry->rejected, entry->label, line,
                      _ ("A coordinate is not a finite number. Draw the box again or delete it."));
      return FALSE;
    }
  if (!(box.x2 > box.x1 && box.y2 > box.y1))
    {
      fv_problem_add (entry->rejected, entry->label, line,
                      _ ("The box has no area (%g x %g pixels). Draw it again or delete it."), box.x2 - box.x1,
                      box.y2 - box.y1);
      return FALSE;
    }
  if (box.x1 >= width || box.y1 >= height || box.x2 <= 0 || box.y2 <= 0)
    {
      fv_problem_add (entry->rejected, entry->label, line,
                      _ ("The box lies outside its picture (%g, %g to %g, %g of %g x %g pixels). Draw it again or "
                         "delete it."),
                      box.x1, box.y1, box.x2, box.y2, width, height);
      return FALSE;
    }
  *cut = (FvBox){ box.class_id, MAX (box.x1, 0), MAX (box.y1, 0), MIN (box.x2, width), MIN (box.y2, height) };
  *excess = MAX (MAX (cut->x1 - box.x1, cut->y1 - box.y1), MAX (box.x2 - cut->x2, box.y2 - cut->y2));
  return TRUE;
}

void
fv_import_entry_add_box (FvImportEntry *entry, guint line, FvBox box)
{
  FvBox cut;
  double excess;
  if (!cut_box (entry, line, box, &cut, &excess))
    return;
  if (entry->boxes->len >= MAX_BOXES)
    {
      fv_problem_add (
          entry->rejected, entry->label, line,
          _ ("The picture has %u boxes already, and no more are taken. Delete some, or cut the picture into "
             "tiles."),
          entry->boxes->len);
      return;
    }

  if (entry->seen == NULL)
    entry->seen = g_hash_table_new_full (fv_import_box_hash, fv_import_box_equal, g_free, NULL);
  if (!g_hash_table_add (entry->seen, g_memdup2 (&cut, sizeof cut)))
    {
      fv_problem_add (entry->repaired, entry->label, line,
                      _ ("The box is there already, with the same class and place; it is taken once."));
      return;
    }
  if (excess > ROUNDING)
    fv_problem_add (entry->repaired, entry->label, line,
                    _ ("The box reaches %.1f pixels beyond its picture; it was cut at the edge."), excess);
  g_array_append_val (entry->boxes, cut);
}

void
fv_import_entry_add_ignored (FvImportEntry *entry, guint line, FvBox box)
{
  FvBox cut;
  double excess;
  if (cut_box (entry, line, box, &cut, &excess) && entry->ignored->len < MAX_BOXES)
    g_array_append_val (entry->ignored, cut);
}

/* From pixels of the picture as it is stored to those of the upright one; orientations 5 to 8 turn it by a quarter. */
FvBox
fv_import_turn_upright (FvBox box, const FvPictureInfo *info)
{
  const double stored_width = info->height, stored_height = info->width;
  FvBox turned = { box.class_id, box.y1, box.x1, box.y2, box.x2 };
  if (info->orientation == 6 || info->orientation == 7)
    {
      turned.x1 = stored_height - box.y2;
      turned.x2 = stored_height - box.y1;
    }
  if (info->orientation == 7 || info->orientation == 8)
    {
      turned.y1 = stored_width - box.x2;
      turned.y2 = stored_width - box.x1;
    }
  return turned;
}

gboolean
fv_import_entry_counts_stored (FvImportEntry *entry, guint width, guint height, guint line)
{
  const FvPictureInfo *info = &entry->info;
  if (width == 0 || height == 0 || (width == info->width && height == info->height))
    return FALSE;
  if (info->orientation >= 5 && width == info->height && height == info->width)
    {
      fv_problem_add (
          entry->repaired, entry->label, line,
          _ ("The boxes were drawn on the picture as stored (%u x %u), which EXIF turns; they were turned along."),
          width, height);
      return TRUE;
    }
  fv_problem_add (
      entry->repaired, entry->label, line,
      _ ("The file says that the picture has %u x %u pixels, but it has %u x %u. The boxes were taken as they "
         "stand; look at them."),
      width, height, info->width, info->height);
  return FALSE;
}

/* Whether it is the region before, for another class, and that one was refused: there is a row about it. */
static gboolean
is_refused_again (const FvImportEntry *entry, guint i, guint n_ignored_before)
{
  const FvStagedBox *now = &g_array_index (entry->staged, FvStagedBox, i), *last = i > 0 ? now - 1 : NULL;
  return last != NULL && now->ignored && last->ignored && now->line == last->line && now->x1 == last->x1
         && now->y1 == last->y1 && now->x2 == last->x2 && now->y2 == last->y2
         && entry->ignored->len == n_ignored_before;
}

/* Staged boxes become boxes, now that the size of the picture is known. */
void
fv_import_entry_place (FvImportEntry *entry)
{
  const double width = entry->info.width, height = entry->info.height;
  guint n_ignored = 0; /* before the last region */
  const gboolean stored
      = fv_import_entry_counts_stored (entry, entry->stated_width, entry->stated_height, entry->stated_line);
  for (guint i = 0; i < entry->staged->len; i++)
    {
      const FvStagedBox *staged = &g_array_index (entry->staged, FvStagedBox, i);
      FvBox box = { staged->class_id, staged->x1, staged->y1, staged->x2, staged->y2 };
      if (staged->relative)
        box = (FvBox){ box.class_id, box.x1 * width, box.y1 * height, box.x2 * width, box.y2 * height };
      else if (stored)
        box = fv_import_turn_upright (box, &entry->info);
      if (staged->ignored)
        {
          if (is_refused_again (entry, i, n_ignored))
            continue;
          n_ignored = entry->ignored->len;
          fv_import_entry_add_ignored (entry, staged->line, box);
        }
      else
        fv_import_entry_add_box (entry, staged->line, box);
    }
  g_clear_pointer (&entry->staged, g_array_unref);
}

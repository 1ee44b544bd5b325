/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>
#include <libxml/parser.h>
#include <string.h>

#include "app/dataset/fv-importer.h"
#include "app/dataset/fv-voc-file.h"

/*
 * Pascal VOC: an XML file for each picture. Either the original's folders (Annotations, JPEGImages, and ImageSets/Main
 * with a list for each subset), one or several such sets below the source; or XML files beside the pictures.
 * Coordinates are pixels as they stand: whether a tool counted from 0 or from 1 can't be told from its files.
 * Objects marked as difficult are objects.
 */

#define MAX_SET_DEPTH 3

/* Label files */

static void
read_labels (const FvImportJob *job, FvImportEntry *entry)
{
  g_autofree char *reason = NULL;
  guint line;
  g_autoptr (FvVocFile) file = fv_voc_file_read (entry->label, &reason, &line);
  if (file == NULL)
    {
      /* Without its boxes the picture would teach that there is nothing on it. */
      fv_problem_add (entry->rejected, entry->label, line, _ ("%s Its picture '%s' stays out until then."), reason,
                      entry->picture);
      entry->unusable = TRUE;
      return;
    }
  gboolean stored = fv_import_entry_counts_stored (entry, file->width, file->height, file->size_line);
  for (guint i = 0; i < file->objects->len; i++)
    {
      const FvVocObject *object = g_ptr_array_index (file->objects, i);
      if (object->fault != NULL)
        {
          fv_problem_add (entry->rejected, entry->label, object->line, "%s", object->fault);
          continue;
        }
      FvBox box = { fv_import_entry_class (entry, object->name), object->x1, object->y1, object->x2, object->y2 };
      fv_import_entry_add_box (entry, object->line, stored ? fv_import_turn_upright (box, &entry->info) : box);
    }
}

/* The sets below a source */

typedef struct
{
  char *base;        /* what ImageSets lies in */
  char *annotations; /* folder of the XML files */
  char *pictures;    /* folder of the pictures */
  gboolean bare;     /* XML beside pictures: no lists, subsets by folder */
} VocSet;

static void
set_free (VocSet *set)
{
  g_free (set->base);
  g_free (set->annotations);
  g_free (set->pictures);
  g_free (set);
}

static gboolean
is_folder (const char *path)
{
  return g_file_test (path, G_FILE_TEST_IS_DIR);
}

/* Appends the folders of the original's form at or below folder, in order of their names. */
static void
find_sets (const char *folder, guint depth, GPtrArray *sets)
{
  g_autofree char *annotations = g_build_filename (folder, "Annotations", NULL);
  if (is_folder (annotations))
    {
      static const char *const names[] = { "JPEGImages", "images", "Images" };
      VocSet *set = g_new0 (VocSet, 1);
      set->base = g_strdup (folder);
      set->annotations = g_steal_pointer (&annotations);
      for (guint i = 0; set->pictures == NULL && i < G_N_ELEMENTS (names); i++)
        {
          g_autofree char *pictures = g_build_filename (folder, names[i], NULL);
          if (is_folder (pictures))
            set->pictures = g_steal_pointer (&pictures);
        }
      if (set->pictures == NULL)
        set->pictures = g_strdup (set->annotations);
      g_ptr_array_add (sets, set);
      return;
    }
  g_autoptr (GDir) dir = depth < MAX_SET_DEPTH ? g_dir_open (folder, 0, NULL) : NULL;
  g_autoptr (GPtrArray) below = g_ptr_array_new_with_free_func (g_free);
  const char *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      if (name[0] != '.' && is_folder (path))
        g_ptr_array_add (below, g_steal_pointer (&path));
    }
  g_ptr_array_sort_with_data (below, (GCompareDataFunc)(void (*) (void))g_strcmp0, NULL);
  for (guint i = 0; i < below->len; i++)
    find_sets (g_ptr_array_index (below, i), depth + 1, sets);
}

static GPtrArray *
sets_of (const char *source)
{
  GPtrArray *sets = g_ptr_array_new_with_free_func ((GDestroyNotify)set_free);
  if (is_folder (source))
    find_sets (source, 0, sets);
  return sets;
}

/* "sub/a" of "FOLDER/sub/a.xml": what an annotation, its picture and a line of a list have in common. */
static char *
key_of (const char *path, const char *folder)
{
  const char *relative = path;
  fv_path_is_below (path, folder, &relative);
  return fv_path_without_ending (relative);
}

/* Lists of subsets */

typedef struct
{
  FvSubset subset;
  char *list;
  guint line;
  gboolean used;
} ListEntry;

static void
list_entry_free (ListEntry *entry)
{
  g_free (entry->list);
  g_free (entry);
}

/* Reads a list into key → ListEntry. FALSE where there is no such list. */
static gboolean
read_list (FvImportJob *job, const char *base, const char *name, FvSubset subset, GHashTable *lists)
{
  static const char *const places[] = { "ImageSets/Main", "ImageSets" };
  g_autofree char *file = NULL;
  for (guint i = 0; file == NULL && i < G_N_ELEMENTS (places); i++)
    {
      g_autofree char *path = g_strdup_printf ("%s/%s/%s.txt", base, places[i], name);
      if (g_file_test (path, G_FILE_TEST_EXISTS))
        file = g_steal_pointer (&path);
    }
  if (file == NULL)
    return FALSE;

  gsize size;
  g_autofree char *reason = NULL;
  g_autofree char *text = fv_import_read_text (file, &size, &reason);
  if (text == NULL)
    {
      fv_problem_add (job->rejected, file, 0, _ ("%s Its pictures go into no subset."), reason);
      return TRUE;
    }
  guint number = 0;
  char *key;
  for (char *rest = text; (key = strsep (&rest, "\n")) != NULL;)
    {
      number++;
      g_strstrip (key);
      /* Some lists of the original have "1" or "-1" behind the name. */
      gsize end = strlen (key);
      if (g_str_has_suffix (key, " 1") || g_str_has_suffix (key, " -1"))
        end = (gsize)(strrchr (key, ' ') - key);
      key[end] = '\0';
      g_strchomp (key);
      if (key[0] == '\0')
        continue;
      if (!g_utf8_validate (key, -1, NULL))
        {
          fv_problem_add (job->rejected, file, number, _ ("The name is not valid UTF-8. Save the list as UTF-8."));
          continue;
        }
      const ListEntry *before = g_hash_table_lookup (lists, key);
      if (before != NULL)
        {
          fv_problem_add (
              job->repaired, file, number,
              _ ("'%s' is in '%s' already (line %u); it stays there, since a picture that is trained on can't "
                 "be used for validation or test."),
              key, before->list, before->line);
          continue;
        }
      ListEntry *entry = g_new0 (ListEntry, 1);
      *entry = (ListEntry){ subset, g_strdup (file), number, FALSE };
      g_hash_table_insert (lists, g_strdup (key), entry);
    }
  return TRUE;
}

static GHashTable *
read_lists (FvImportJob *job, const char *base)
{
  GHashTable *lists = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)list_entry_free);
  gboolean train = read_list (job, base, "train", FV_SUBSET_TRAIN, lists);
  gboolean val = read_list (job, base, "val", FV_SUBSET_VAL, lists);
  read_list (job, base, "test", FV_SUBSET_TEST, lists);
  /* What is for training and validation together is still to be split. */
  if (!train && !val)
    read_list (job, base, "trainval", FV_SUBSET_NONE, lists);
  return lists;
}

static int
compare_list_entries (gconstpointer a, gconstpointer b)
{
  const ListEntry *first = *(ListEntry *const *)a, *second = *(ListEntry *const *)b;
  int by_list = strcmp (first->list, second->list);
  return by_list != 0 ? by_list : (int)first->line - (int)second->line;
}

static void
report_unused (FvImportJob *job, GHashTable *lists)
{
  g_autoptr (GPtrArray) unused = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer value;
  g_hash_table_iter_init (&iter, lists);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (!((ListEntry *)value)->used)
      g_ptr_array_add (unused, value);
  g_ptr_array_sort (unused, compare_list_entries);
  for (guint i = 0; i < unused->len; i++)
    {
      const ListEntry *entry = g_ptr_array_index (unused, i);
      fv_problem_add (job->rejected, entry->list, entry->line,
                      _ ("There is no picture of this name. Put it where the others are, or take it off the list."));
    }
}

/* From a set to pictures with their label files */

static FvSubset
subset_of (const VocSet *set, GHashTable *lists, const char *key)
{
  if (set->bare)
    return fv_subset_of_path (key);
  g_autofree char *base = g_path_get_basename (key);
  ListEntry *entry = g_hash_table_lookup (lists, key);
  if (entry == NULL)
    entry = g_hash_table_lookup (lists, base);
  if (entry == NULL)
    return FV_SUBSET_NONE;
  entry->used = TRUE;
  return entry->subset;
}

/* The picture that the XML itself names, where none has the XML's own name. */
static const char *
picture_by_content (const VocSet *set, const char *xml, GHashTable *pictures)
{
  g_autofree char *reason = NULL;
  guint line;
  g_autoptr (FvVocFile) file = fv_voc_file_read (xml, &reason, &line);
  if (file == NULL || file->filename == NULL || !g_utf8_validate (file->filename, -1, NULL))
    return NULL;
  g_autofree char *key = key_of (xml, set->annotations);
  g_autofree char *folder = g_path_get_dirname (key);
  g_autofree char *stem = fv_path_without_ending (file->filename);
  g_autofree char *beside = strcmp (folder, ".") == 0 ? g_strdup (stem) : g_build_filename (folder, stem, NULL);
  return g_hash_table_lookup (pictures, beside);
}

static void
add_set (FvImportJob *job, const VocSet *set)
{
  g_autoptr (GPtrArray) found = fv_scan_folder (set->pictures, fv_name_is_picture, job->rejected);
  g_autoptr (GPtrArray) files = fv_scan_folder (set->annotations, fv_name_is_xml, set->bare ? NULL : job->rejected);
  g_autoptr (GHashTable) pictures = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) labels = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, NULL);
  g_autoptr (GHashTable) lists = set->bare ? NULL : read_lists (job, set->base);

  for (guint i = 0; i < found->len; i++)
    {
      char *picture = g_ptr_array_index (found, i), *key = key_of (picture, set->pictures);
      const char *same = g_hash_table_lookup (pictures, key);
      if (same != NULL)
        {
          fv_problem_add (
              job->rejected, picture, 0,
              _ ("'%s' has the same name up to the ending, so it is not clear which one the annotation means. "
                 "Rename or delete one."),
              same);
          g_free (key);
        }
      else
        g_hash_table_insert (pictures, key, picture);
    }
  for (guint i = 0; i < files->len; i++)
    {
      const char *xml = g_ptr_array_index (files, i);
      g_autofree char *key = key_of (xml, set->annotations);
      const char *picture = g_hash_table_lookup (pictures, key);
      if (picture == NULL)
        picture = picture_by_content (set, xml, pictures);
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
  for (guint i = 0; i < found->len; i++)
    {
      const char *picture = g_ptr_array_index (found, i);
      g_autofree char *key = key_of (picture, set->pictures);
      if (g_hash_table_lookup (pictures, key) == picture)
        fv_import_job_add (job, picture, g_strdup (g_hash_table_lookup (labels, picture)), subset_of (set, lists, key),
                           picture, 0);
    }
  if (lists != NULL)
    report_unused (job, lists);
}

static gboolean
list (FvImportJob *job, GError **error)
{
  xmlInitParser ();
  if (!is_folder (job->source->path))
    {
      g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_SOURCE,
                   _ ("'%s' is a file. Name the folder that holds Annotations, or the XML files with their pictures."),
                   job->source->path);
      return FALSE;
    }
  job->root = g_strdup (job->source->path);
  g_autoptr (GPtrArray) sets = sets_of (job->source->path);
  if (sets->len == 0)
    {
      VocSet *set = g_new0 (VocSet, 1);
      *set = (VocSet){ g_strdup (job->source->path), g_strdup (job->source->path), g_strdup (job->source->path), TRUE };
      g_ptr_array_add (sets, set);
    }
  for (guint i = 0; i < sets->len; i++)
    {
      VocSet *set = g_ptr_array_index (sets, i);
      if (job->params->images != NULL)
        {
          g_free (set->pictures);
          set->pictures = g_canonicalize_filename (job->params->images, NULL);
        }
      add_set (job, set);
    }
  return TRUE;
}

static gboolean
is_annotation (const char *xml, char **reason)
{
  guint line;
  g_autoptr (FvVocFile) file = fv_voc_file_read (xml, reason, &line);
  return file != NULL;
}

static gboolean
detect (const FvImportSource *source, char **why)
{
  xmlInitParser ();
  g_autoptr (GPtrArray) sets = sets_of (source->path);
  const char *folder = sets->len > 0 ? ((VocSet *)g_ptr_array_index (sets, 0))->annotations : source->path, *xml;
  for (guint i = 0; source->is_folder && (xml = fv_import_source_next (source, &i, fv_name_is_xml)) != NULL;)
    {
      const char *relative;
      if (!fv_path_is_below (xml, folder, &relative))
        continue;
      g_autofree char *reason = NULL;
      const gboolean found = is_annotation (xml, &reason);
      if (found || *why == NULL)
        {
          g_free (*why);
          *why = found ? g_strdup_printf (_ ("'%s' is an annotation of Pascal VOC"), xml)
                       : g_strdup_printf ("%s: %s", xml, reason);
        }
      if (found)
        return TRUE;
    }
  return FALSE;
}

const FvImporter fv_importer_voc = { "voc", "Pascal VOC", detect, list, read_labels };

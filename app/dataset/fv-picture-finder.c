/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-picture-finder.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Pictures of one name; where more have it, a name without folders says nothing. */
#define MAX_ALIKE 64
/* Bytes of a name; no file system has longer paths. */
#define MAX_NAME 4096

struct _FvPictureFinder
{
  char *root;
  GPtrArray *scanned;  /* (nullable): what pictures points into */
  GPtrArray *pictures; /* of const char *, bytewise sorted */
  GHashTable *paths;   /* of them, whole */
  GHashTable *by_name; /* "a.jpg" → GArray of guint, numbers of pictures */
  GHashTable *by_tail; /* "train/a.jpg" → likewise */
};

/* Behind the slash before the last @n parts of @path; the whole where it has no more. */
static const char *
last_parts (const char *path, guint n)
{
  const char *at = path + strlen (path);
  while (at > path && (at[-1] != '/' || --n > 0))
    at--;
  return at;
}

static void
note (GHashTable *table, const char *key, guint number)
{
  GArray *numbers = g_hash_table_lookup (table, key);
  if (numbers == NULL)
    {
      numbers = g_array_new (FALSE, FALSE, sizeof (guint));
      g_hash_table_insert (table, (gpointer)key, numbers);
    }
  g_array_append_val (numbers, number);
}

/* Where the pictures of a single file of labels lie. */
static char *
folder_around (const char *path)
{
  char *folder = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (folder);
  if (g_ascii_strcasecmp (name, "annotations") == 0)
    {
      char *above = g_path_get_dirname (folder);
      g_free (folder);
      folder = above;
    }
  return folder;
}

FvPictureFinder *
fv_picture_finder_new (const FvImportSource *source, const char *images)
{
  FvPictureFinder *self = g_new0 (FvPictureFinder, 1);
  if (images != NULL)
    self->root = g_canonicalize_filename (images, NULL);
  else
    self->root = source->is_folder ? g_strdup (source->path) : folder_around (source->path);
  self->pictures = g_ptr_array_new ();
  self->paths = g_hash_table_new (g_str_hash, g_str_equal);
  self->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_array_unref);
  self->by_tail = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_array_unref);
  if (images != NULL || !source->is_folder)
    {
      self->scanned = fv_scan_folder (self->root, fv_name_is_picture, NULL);
      g_ptr_array_extend (self->pictures, self->scanned, NULL, NULL);
    }
  else
    {
      const char *path;
      for (guint i = 0; (path = fv_import_source_next (source, &i, fv_name_is_picture)) != NULL;)
        g_ptr_array_add (self->pictures, (gpointer)path);
    }
  for (guint i = 0; i < self->pictures->len; i++)
    {
      const char *path = g_ptr_array_index (self->pictures, i);
      g_hash_table_add (self->paths, (gpointer)path);
      note (self->by_name, last_parts (path, 1), i);
      note (self->by_tail, last_parts (path, 2), i);
    }
  return self;
}

void
fv_picture_finder_free (FvPictureFinder *self)
{
  if (self == NULL)
    return;
  g_free (self->root);
  g_clear_pointer (&self->scanned, g_ptr_array_unref);
  g_ptr_array_unref (self->pictures);
  g_hash_table_unref (self->paths);
  g_hash_table_unref (self->by_name);
  g_hash_table_unref (self->by_tail);
  g_free (self);
}

const char *
fv_picture_finder_root (const FvPictureFinder *self)
{
  return self->root;
}

const GPtrArray *
fv_picture_finder_pictures (const FvPictureFinder *self)
{
  return self->pictures;
}

/* With slashes, and without what only says where the whole lay: "C:", "./", a first slash. */
static char *
clean_name (const char *name)
{
  g_autofree char *slashed = g_strdelimit (g_strdup (name), "\\", '/');
  const char *at = slashed;
  if (g_ascii_isalpha (at[0]) && at[1] == ':' && at[2] == '/')
    at += 2;
  while (at[0] == '/' || (at[0] == '.' && at[1] == '/') || (at[0] == '.' && at[1] == '.' && at[2] == '/'))
    at += at[0] == '/' ? 1 : at[1] == '/' ? 2 : 3;
  return g_strdup (at);
}

/* A picture that lies where the name says, seen from the label file. */
static const char *
find_beside (const FvPictureFinder *self, const char *label, const char *name)
{
  g_autofree char *folder = g_path_get_dirname (label);
  g_autofree char *above = g_path_get_dirname (folder);
  g_autofree char *below = g_build_filename (folder, "images", NULL);
  g_autofree char *images = g_build_filename (above, "images", NULL);
  const char *const places[] = { folder, below, above, images, self->root };
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autofree char *path = g_build_filename (places[i], name, NULL);
      const char *found = g_hash_table_lookup (self->paths, path);
      if (found != NULL)
        return found;
    }
  return NULL;
}

/* Of the pictures that are called so, the only one whose path ends with @name, or the only one of them in folders of @subset. */
static const char *
choose (const FvPictureFinder *self, const GArray *numbers, const char *name, FvSubset subset, guint *n_found)
{
  const char *first = NULL, *of_subset = NULL;
  guint n_of_subset = 0;
  *n_found = 0;
  for (guint i = 0; i < numbers->len; i++)
    {
      const char *path = g_ptr_array_index (self->pictures, g_array_index (numbers, guint, i));
      const gsize length = strlen (path), tail = strlen (name);
      const char *relative = path;
      if (length <= tail || strcmp (path + length - tail, name) != 0 || path[length - tail - 1] != '/')
        continue;
      if ((*n_found)++ == 0)
        first = path;
      fv_path_is_below (path, self->root, &relative);
      if (subset != FV_SUBSET_NONE && fv_subset_of_path (relative) == subset && n_of_subset++ == 0)
        of_subset = path;
    }
  if (*n_found == 1)
    return first;
  return n_of_subset == 1 ? of_subset : NULL;
}

const char *
fv_picture_finder_find (const FvPictureFinder *self, const char *label, const char *name, FvSubset subset,
                        char **reason)
{
  if (strlen (name) > MAX_NAME)
    {
      *reason = g_strdup (_ ("The name of a picture is too long, so its labels stay out."));
      return NULL;
    }
  g_autofree char *cleaned = clean_name (name);
  const char *found = cleaned[0] != '\0' ? find_beside (self, label, cleaned) : NULL, *alone = last_parts (cleaned, 1);
  guint n_found = 0;
  if (found != NULL)
    return found;
  if (alone != cleaned)
    {
      const GArray *numbers = g_hash_table_lookup (self->by_tail, last_parts (cleaned, 2));
      /* As many of its folders as the computer at hand has, too. */
      for (const char *tail = cleaned; numbers != NULL && found == NULL && n_found == 0 && tail != alone;)
        {
          found = choose (self, numbers, tail, subset, &n_found);
          tail = strchr (tail, '/') + 1;
        }
    }
  if (found == NULL && n_found == 0)
    {
      const GArray *numbers = alone[0] != '\0' ? g_hash_table_lookup (self->by_name, alone) : NULL;
      if (numbers != NULL && numbers->len > MAX_ALIKE)
        n_found = numbers->len;
      else if (numbers != NULL)
        found = choose (self, numbers, alone, subset, &n_found);
    }
  if (found == NULL)
    *reason = n_found > 1
                  ? g_strdup_printf (_ ("Of the pictures, %u are called '%s', so it is not clear which one is meant. "
                                        "Rename them, or give the folder with the name."),
                                     n_found, alone)
                  : g_strdup_printf (_ ("There is no picture '%s' in '%s', so its labels stay out. Put it there, or "
                                        "name the folder of the pictures (--images)."),
                                     name, self->root);
  return found;
}

void
fv_picture_finder_report_rest (const FvPictureFinder *self, FvImportJob *job)
{
  guint n = 0;
  for (guint i = 0; i < self->pictures->len; i++)
    n += fv_import_job_find (job, g_ptr_array_index (self->pictures, i)) == NULL;
  if (n > 0)
    fv_problem_add (job->rejected, self->root, 0,
                    ngettext ("%u picture is named by no file of labels and stays out. Where nothing is to be found on "
                              "it, import it as a picture without labels.",
                              "%u pictures are named by no file of labels and stay out. Where nothing is to be found "
                              "on them, import them as pictures without labels.",
                              n),
                    n);
}

FvSubset
fv_subset_of_label_file (const FvImportSource *source, const char *path)
{
  const char *relative;
  g_autofree char *name = g_path_get_basename (path);
  if (fv_path_is_below (path, source->path, &relative))
    {
      const FvSubset subset = fv_subset_of_path (relative);
      if (subset != FV_SUBSET_NONE)
        return subset;
    }
  /* The words of the name, taken for folders. */
  g_strdelimit (name, "_-. ", '/');
  return fv_subset_of_path (name);
}

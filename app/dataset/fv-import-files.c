/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/dataset/fv-importer.h"

/* No label file of a person's is larger; what is would only fill the memory. */
#define MAX_TEXT (64 << 20)
#define MAX_DEPTH 40

/* What fd holds, with a NUL behind it. */
static char *
read_whole (int fd, gsize *size, char **reason)
{
  struct stat status;
  if (fstat (fd, &status) != 0)
    {
      *reason = g_strdup_printf (_ ("The file can't be read: %s."), g_strerror (errno));
      return NULL;
    }
  if (!S_ISREG (status.st_mode) || status.st_size > MAX_TEXT)
    {
      *reason = g_strdup (S_ISREG (status.st_mode) ? _ ("The file is larger than 64 MiB and so can't be a label file.")
                                                   : _ ("This is not a file."));
      return NULL;
    }
  const gsize stated = (gsize)status.st_size;
  g_autofree char *text = g_try_malloc (stated + 1);
  if (text == NULL)
    {
      *reason = g_strdup (_ ("There is not enough memory to read the file. Close other programs and import again."));
      return NULL;
    }
  ssize_t n;
  *size = 0;
  while ((n = read (fd, text + *size, stated + 1 - *size)) > 0 || (n < 0 && errno == EINTR))
    if (n > 0 && (*size += (gsize)n) > stated)
      {
        *reason = g_strdup (_ ("The file grew while it was read. Import again once it is written."));
        return NULL;
      }
  if (n < 0)
    {
      *reason = g_strdup_printf (_ ("The file can't be read: %s."), g_strerror (errno));
      return NULL;
    }
  text[*size] = '\0';
  return g_steal_pointer (&text);
}

char *
fv_import_read_text (const char *path, gsize *size, char **reason)
{
  /* Without waiting: what a pipe waits for may never come. */
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0)
    {
      *reason = g_strdup_printf (_ ("The file can't be read: %s."), g_strerror (errno));
      return NULL;
    }
  g_autofree char *text = read_whole (fd, size, reason);
  close (fd);
  if (text == NULL)
    return NULL;
  if (memchr (text, '\0', *size) != NULL)
    {
      *reason = g_strdup (_ ("The file is not text. Save it as plain text (UTF-8)."));
      return NULL;
    }
  if (g_str_has_prefix (text, "\xef\xbb\xbf"))
    {
      memmove (text, text + 3, *size - 2);
      *size -= 3;
    }
  return g_steal_pointer (&text);
}

static gboolean
has_ending (const char *name, const char *const *endings)
{
  const char *dot = strrchr (name, '.');
  if (dot == NULL || name[0] == '.')
    return FALSE;
  for (guint i = 0; endings[i] != NULL; i++)
    if (g_ascii_strcasecmp (dot + 1, endings[i]) == 0)
      return TRUE;
  return FALSE;
}

gboolean
fv_name_is_picture (const char *name)
{
  static const char *const endings[]
      = { "jpg", "jpeg", "png", "bmp", "dng", "gif", "heic", "jp2", "mpo", "pfm", "tif", "tiff", "webp", NULL };
  return has_ending (name, endings);
}

gboolean
fv_name_is_text (const char *name)
{
  static const char *const endings[] = { "txt", NULL };
  return has_ending (name, endings);
}

gboolean
fv_name_is_xml (const char *name)
{
  static const char *const endings[] = { "xml", NULL };
  return has_ending (name, endings);
}

gboolean
fv_name_is_json (const char *name)
{
  static const char *const endings[] = { "json", NULL };
  return has_ending (name, endings);
}

gboolean
fv_name_is_csv (const char *name)
{
  static const char *const endings[] = { "csv", NULL };
  return has_ending (name, endings);
}

const char *
fv_import_source_next (const FvImportSource *source, guint *index, gboolean (*filter) (const char *name))
{
  while (*index < source->files->len)
    {
      const char *path = g_ptr_array_index (source->files, (*index)++);
      const char *slash = strrchr (path, '/');
      if (filter (slash != NULL ? slash + 1 : path))
        return path;
    }
  return NULL;
}

typedef struct
{
  FvNameFilter filter;         /* (nullable) */
  GPtrArray *found, *rejected; /* rejected: (nullable) */
  GHashTable *seen;            /* of folders listed so far: what the file system knows them by → path */
  GPtrArray *links;            /* to folders; they wait until all real folders are listed */
} Scan;

static void G_GNUC_PRINTF (3, 4) leave_out (const Scan *scan, const char *path, const char *format, ...)
{
  if (scan->rejected == NULL)
    return;
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *reason = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_autofree char *shown = g_filename_display_name (path);
  fv_problem_add (scan->rejected, shown, 0, "%s", reason);
}

static void scan_folder (Scan *scan, const char *folder, guint depth);

static void
scan_entry (Scan *scan, char *path /* (transfer full) */, const char *name, guint depth)
{
  g_autofree char *entry = path;
  struct stat status;
  const int problem = stat (path, &status) != 0 ? errno : 0;
  if (problem == 0 && S_ISDIR (status.st_mode))
    {
      if (g_file_test (path, G_FILE_TEST_IS_SYMLINK))
        g_ptr_array_add (scan->links, g_steal_pointer (&entry));
      else
        scan_folder (scan, path, depth + 1);
    }
  else if (scan->filter != NULL && !scan->filter (name))
    {
      /* Unless it is a link that leads nowhere it may be a folder with pictures. */
      if (problem != 0 && problem != ENOENT && problem != ELOOP)
        leave_out (scan, path, _ ("What this is can't be told: %s. It stays out."), g_strerror (problem));
    }
  else if (!g_utf8_validate (path, -1, NULL))
    leave_out (scan, path, _ ("The name is not valid UTF-8. Rename the file."));
  else
    g_ptr_array_add (scan->found, g_steal_pointer (&entry));
}

static void
scan_folder (Scan *scan, const char *folder, guint depth)
{
  struct stat status;
  g_autoptr (GDir) dir = NULL;
  if (stat (folder, &status) != 0 || (dir = g_dir_open (folder, 0, NULL)) == NULL)
    {
      leave_out (scan, folder, _ ("The folder can't be read: %s. Make it readable and import again."),
                 g_strerror (errno));
      return;
    }
  g_autofree char *identity = g_strdup_printf ("%ju %ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
  const char *before = g_hash_table_lookup (scan->seen, identity);
  if (before != NULL)
    {
      leave_out (scan, folder, _ ("The link leads to '%s', which is taken once, where it lies."), before);
      return;
    }
  if (depth > MAX_DEPTH)
    {
      leave_out (
          scan, folder,
          _ ("The folder lies more than %d folders deep, so it and what is in it stay out. Move it up and import "
             "again."),
          MAX_DEPTH);
      return;
    }
  g_hash_table_insert (scan->seen, g_steal_pointer (&identity), g_filename_display_name (folder));
  const char *name;
  while ((name = g_dir_read_name (dir)) != NULL)
    if (name[0] != '.')
      scan_entry (scan, g_build_filename (folder, name, NULL), name, depth);
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

GPtrArray *
fv_scan_folder (const char *folder, FvNameFilter filter, GPtrArray *rejected)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  GPtrArray *found = g_ptr_array_new_with_free_func (g_free);
  Scan scan = { filter, found, rejected, seen, g_ptr_array_new_with_free_func (g_free) };
  scan_folder (&scan, folder, 0);
  while (scan.links->len > 0)
    {
      g_autoptr (GPtrArray) links = g_steal_pointer (&scan.links);
      scan.links = g_ptr_array_new_with_free_func (g_free);
      g_ptr_array_sort (links, compare_paths);
      for (guint i = 0; i < links->len; i++)
        scan_folder (&scan, g_ptr_array_index (links, i), 0);
    }
  g_ptr_array_unref (scan.links);
  g_ptr_array_sort (found, compare_paths);
  return found;
}

FvSubset
fv_subset_of_path (const char *path)
{
  static const struct
  {
    const char *name;
    FvSubset subset;
  } words[] = { { "train", FV_SUBSET_TRAIN }, { "training", FV_SUBSET_TRAIN }, { "val", FV_SUBSET_VAL },
                { "valid", FV_SUBSET_VAL },   { "validation", FV_SUBSET_VAL }, { "test", FV_SUBSET_TEST },
                { "testing", FV_SUBSET_TEST } };
  g_auto (GStrv) parts = g_strsplit (path, "/", -1);
  for (guint i = 0; parts[i] != NULL && parts[i + 1] != NULL; i++)
    for (guint k = 0; k < G_N_ELEMENTS (words); k++)
      {
        gsize length = strlen (words[k].name);
        /* "train2017" is the training data of 2017. */
        if (g_ascii_strncasecmp (parts[i], words[k].name, length) == 0
            && strspn (parts[i] + length, "0123456789") == strlen (parts[i] + length))
          return words[k].subset;
      }
  return FV_SUBSET_NONE;
}

char *
fv_path_without_ending (const char *path)
{
  const char *slash = strrchr (path, '/'), *dot = strrchr (path, '.');
  return dot != NULL && dot > (slash != NULL ? slash + 1 : path) ? g_strndup (path, (gsize)(dot - path))
                                                                 : g_strdup (path);
}

gboolean
fv_path_is_below (const char *path, const char *folder, const char **relative)
{
  gsize length = strlen (folder);
  while (length > 0 && folder[length - 1] == '/')
    length--;
  if (strncmp (path, folder, length) != 0 || path[length] != '/')
    return FALSE;
  *relative = path + length + 1;
  return TRUE;
}

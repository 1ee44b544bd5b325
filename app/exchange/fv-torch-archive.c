/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/exchange/fv-torch-archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

/* As in fv-pickle.c, which says so for itself. */
#define MAX_PICKLE_BYTES (32 * 1024 * 1024)

typedef struct archive FvArchive;

static void
fv_archive_free (FvArchive *archive)
{
  archive_read_free (archive);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvArchive, fv_archive_free)

#define FAIL(...) (g_set_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT, __VA_ARGS__), NULL)

gboolean
fv_torch_archive_is_zip (GBytes *bytes)
{
  return g_bytes_get_size (bytes) >= 4 && memcmp (g_bytes_get_data (bytes, NULL), "PK\3\4", 4) == 0;
}

static FvArchive *
open_archive (GBytes *bytes, const char *name, GError **error)
{
  g_autoptr (FvArchive) archive = archive_read_new ();

  archive_read_support_format_zip_seekable (archive);
  if (!fv_torch_archive_is_zip (bytes))
    return FAIL (_ ("%s is not a PyTorch weight file"), name);
  if (archive_read_open_memory (archive, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)) != ARCHIVE_OK)
    return FAIL (_ ("%s is damaged or cut short: its list of contents can't be read (%s)"), name,
                 archive_error_string (archive));
  return g_steal_pointer (&archive);
}

/* FALSE at the end, and with @error set where the list is broken. */
static gboolean
next_entry (FvArchive *archive, struct archive_entry **entry, const char **path, const char *name, GError **error)
{
  int status = archive_read_next_header (archive, entry);

  if (status == ARCHIVE_EOF)
    return FALSE;
  if (status < ARCHIVE_WARN)
    {
      g_set_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT,
                   _ ("%s is damaged or cut short: its list of contents can't be read (%s)"), name,
                   archive_error_string (archive));
      return FALSE;
    }
  *path = archive_entry_pathname (*entry);
  if (*path == NULL)
    *path = "";
  return TRUE;
}

/* The whole entry, which must have exactly @size bytes; its checksum is compared, too. */
static GBytes *
read_entry (FvArchive *archive, const char *path, gsize size, const char *name, GError **error)
{
  g_autofree guint8 *data = g_try_malloc (MAX (size, 1));
  gsize n = 0;
  guint8 beyond;
  la_ssize_t got = 0;

  if (data == NULL)
    return FAIL (_ ("%s: there is not enough memory for its %zu bytes of %s"), name, size, path);
  while (n < size && (got = archive_read_data (archive, data + n, size - n)) > 0)
    n += got;
  if (got >= 0 && n == size)
    got = archive_read_data (archive, &beyond, 1);
  if (got < 0)
    return FAIL (_ ("%s is damaged: %s can't be read (%s)"), name, path, archive_error_string (archive));
  if (n != size || got != 0)
    return FAIL (_ ("%s is damaged: %s should have %zu bytes"), name, path, size);
  return g_bytes_new_take (g_steal_pointer (&data), size);
}

GBytes *
fv_torch_archive_read_pickle (GBytes *bytes, const char *name, GError **error)
{
  g_autoptr (FvArchive) archive = open_archive (bytes, name, error);
  g_autoptr (GError) broken = NULL;
  struct archive_entry *entry;
  const char *path;

  if (archive == NULL)
    return NULL;
  while (next_entry (archive, &entry, &path, name, &broken))
    {
      if (!g_str_has_suffix (path, "/data.pkl"))
        continue;
      if (archive_entry_size (entry) <= 0 || archive_entry_size (entry) > MAX_PICKLE_BYTES)
        return FAIL (_ ("%s is not a weight file: its pickle has %" PRId64 " bytes"), name,
                     (gint64)archive_entry_size (entry));
      return read_entry (archive, path, archive_entry_size (entry), name, error);
    }
  if (broken != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&broken));
      return NULL;
    }
  return FAIL (_ ("%s is a zip file, but not one that PyTorch wrote: it has no data.pkl"), name);
}

GHashTable *
fv_torch_archive_read (GBytes *bytes, GHashTable *sizes, const char *name, GError **error)
{
  g_autoptr (FvArchive) archive = open_archive (bytes, name, error);
  g_autoptr (GHashTable) out = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
  g_autoptr (GError) broken = NULL;
  struct archive_entry *entry;
  const char *path;
  GHashTableIter iter;
  gpointer key;

  if (archive == NULL)
    return NULL;
  while (next_entry (archive, &entry, &path, name, &broken))
    {
      const char *slash = strrchr (path, '/');
      const gsize *size;
      GBytes *storage;

      if (slash == NULL || slash - path < 5 || strncmp (slash - 5, "/data", 5) != 0)
        continue;
      size = g_hash_table_lookup (sizes, slash + 1);
      if (size == NULL || g_hash_table_contains (out, slash + 1))
        continue;
      if (archive_entry_size (entry) != (gint64)*size)
        return FAIL (_ ("%s is damaged: %s has %" PRId64 " bytes where its tensor needs %zu"), name, path,
                     (gint64)archive_entry_size (entry), *size);
      storage = read_entry (archive, path, *size, name, error);
      if (storage == NULL)
        return NULL;
      g_hash_table_insert (out, g_strdup (slash + 1), storage);
    }
  if (broken != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&broken));
      return NULL;
    }
  g_hash_table_iter_init (&iter, sizes);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    if (!g_hash_table_contains (out, key))
      return FAIL (_ ("%s is damaged or cut short: its storage data/%s is missing"), name, (const char *)key);
  return g_steal_pointer (&out);
}

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

#define FAIL(...) (fail (error, __VA_ARGS__), NULL)

/* As g_set_error(), but UTF-8 whatever an entry is called. */
static void fail (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
fail (GError **error, const char *format, ...)
{
  g_autofree char *message = NULL;
  g_autofree char *valid = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  valid = g_utf8_make_valid (message, -1);
  g_set_error_literal (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT, valid);
}

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

/* Nothing is unpacked, so no name leads anywhere; but a file with such a one was not made by torch.save(). */
static gboolean
leads_out (const char *path)
{
  g_auto (GStrv) parts = g_strsplit (path, "/", -1);

  return path[0] == '/' || g_strv_contains ((const char *const *)parts, "..");
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
      fail (error, _ ("%s is damaged or cut short: its list of contents can't be read (%s)"), name,
            archive_error_string (archive));
      return FALSE;
    }
  *path = archive_entry_pathname (*entry);
  if (*path == NULL)
    *path = "";
  if (leads_out (*path))
    {
      fail (error, _ ("%s is not a PyTorch weight file: the name of its entry %s leads out of it"), name, *path);
      return FALSE;
    }
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
  g_autoptr (GBytes) pickle = NULL;
  g_autoptr (GError) broken = NULL;
  struct archive_entry *entry;
  const char *path;

  if (archive == NULL)
    return NULL;
  while (next_entry (archive, &entry, &path, name, &broken))
    {
      if (!g_str_has_suffix (path, "/data.pkl"))
        continue;
      /* Which of two counts differs from reader to reader: what one showed as harmless another would run. */
      if (pickle != NULL)
        return FAIL (_ ("%s is not a PyTorch weight file: it has more than one data.pkl"), name);
      if (archive_entry_size (entry) <= 0 || archive_entry_size (entry) > MAX_PICKLE_BYTES)
        return FAIL (_ ("%s is not a weight file: its pickle has %" PRId64 " bytes"), name,
                     (gint64)archive_entry_size (entry));
      pickle = read_entry (archive, path, archive_entry_size (entry), name, error);
      if (pickle == NULL)
        return NULL;
    }
  if (broken != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&broken));
      return NULL;
    }
  if (pickle == NULL)
    return FAIL (_ ("%s is a zip file, but not one that PyTorch wrote: it has no data.pkl"), name);
  return g_steal_pointer (&pickle);
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
      if (size == NULL)
        continue;
      if (g_hash_table_contains (out, slash + 1))
        return FAIL (_ ("%s is damaged: it has the entry %s twice"), name, path);
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

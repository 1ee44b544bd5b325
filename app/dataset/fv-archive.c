/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "app/dataset/fv-importer.h"

#define BLOCK (1 << 18)
#define MAX_FILES 2000000
#define MAX_DEPTH 40
/* Pictures hardly shrink and labels to a tenth; what grows a thousandfold was made to fill disks. */
#define MAX_RATIO 200
#define FREE_OF_RATIO (64 << 20)

typedef struct archive FvArchive;

static void
fv_archive_free (FvArchive *archive)
{
  archive_read_free (archive);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvArchive, fv_archive_free)

typedef struct
{
  const char *path, *folder;
  GPtrArray *rejected;
  FvArchiveProgress progress;
  gpointer user_data;
  GCancellable *cancellable;
  guint64 size;          /* of the archive */
  guint64 written, most; /* bytes */
  guint n_files;
} Unpacking;

gboolean
fv_archive_is_one (const char *path)
{
  static const struct
  {
    guint offset, size;
    const char *bytes;
  } magics[] = { { 0, 4, "PK\3\4" },
                 { 0, 4, "PK\5\6" },
                 { 0, 3, "\x1f\x8b\x08" },
                 { 0, 6,
                   "\xfd"
                   "7zXZ\0" },
                 { 0, 4, "\x28\xb5\x2f\xfd" },
                 { 0, 3, "BZh" },
                 { 257, 5, "ustar" } };
  char head[512] = { 0 };
  const int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0)
    return FALSE;
  const ssize_t n = read (fd, head, sizeof head);
  close (fd);
  for (guint i = 0; i < G_N_ELEMENTS (magics); i++)
    if (n >= (ssize_t)(magics[i].offset + magics[i].size)
        && memcmp (head + magics[i].offset, magics[i].bytes, magics[i].size) == 0)
      return TRUE;
  return FALSE;
}

/* As g_set_error(), but UTF-8 whatever libarchive says. */
static gboolean G_GNUC_PRINTF (2, 3) fail (GError **error, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_autofree char *valid = g_utf8_make_valid (message, -1);
  g_set_error_literal (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_UNPACK, valid);
  return FALSE;
}

static gboolean
fail_reading (const Unpacking *self, FvArchive *archive, GError **error)
{
  const char *reason = archive_error_string (archive);
  return fail (error,
               _ ("The archive '%s' can't be unpacked: %s. Get it anew, or unpack it yourself and import the folder."),
               self->path, reason != NULL ? reason : _ ("it is damaged"));
}

/*
 * The path below the folder that an entry may have, with slashes; NULL where it is to stay out, with a reason where that is to be
 * said.
 */
static char *
safe_name (const char *name, const char **reason)
{
  g_autofree char *slashed = g_strdelimit (g_strdup (name), "\\", '/');
  g_auto (GStrv) parts = g_strsplit (slashed, "/", -1);
  g_autoptr (GString) safe = g_string_new (NULL);
  guint depth = 0;
  *reason = NULL;
  if (slashed[0] == '/' || (g_ascii_isalpha (slashed[0]) && slashed[1] == ':'))
    {
      *reason = _ ("Its path is an absolute one. It stays out.");
      return NULL;
    }
  for (guint i = 0; parts[i] != NULL; i++)
    {
      if (strcmp (parts[i], "..") == 0)
        {
          *reason = _ ("Its path leads out of the archive. It stays out.");
          return NULL;
        }
      if (parts[i][0] == '\0' || strcmp (parts[i], ".") == 0)
        continue;
      if (parts[i][0] == '.' || strcmp (parts[i], "__MACOSX") == 0)
        return NULL;
      if (++depth > MAX_DEPTH || strlen (parts[i]) > 255)
        {
          *reason = _ ("Its path is too long. It stays out.");
          return NULL;
        }
      g_string_append_printf (safe, "%s%s", safe->len > 0 ? "/" : "", parts[i]);
    }
  return safe->len > 0 ? g_string_free (g_steal_pointer (&safe), FALSE) : NULL;
}

static gboolean
write_block (int fd, const char *data, gsize size, gint64 offset)
{
  while (size > 0)
    {
      const ssize_t n = pwrite (fd, data, size, offset);
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return FALSE;
      data += n;
      offset += n;
      size -= (gsize)n;
    }
  return TRUE;
}

static gboolean
write_content (Unpacking *self, FvArchive *archive, int fd, const char *to, GError **error)
{
  const void *data;
  size_t size;
  la_int64_t offset;
  guint64 end = 0;
  int result;
  while ((result = archive_read_data_block (archive, &data, &size, &offset)) == ARCHIVE_OK)
    {
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
      if (offset < 0 || (guint64)offset > self->most || size > self->most
          || self->written + (guint64)offset + size > self->most)
        return fail (
            error,
            _ ("The archive '%s' holds more than there is room for, or than an archive of its size can honestly "
               "hold (%.0f MB). Nothing was imported; free some space, or unpack it yourself and import the "
               "folder."),
            self->path, (double)self->most / 1e6);
      if (!write_block (fd, data, size, offset))
        return fail (error, _ ("'%s' can't be written: %s. Nothing was imported; free some space."), to,
                     g_strerror (errno));
      end = MAX (end, (guint64)offset + size);
      if (self->progress != NULL && self->size > 0)
        self->progress (MIN (1, (double)archive_filter_bytes (archive, -1) / (double)self->size), self->user_data);
    }
  self->written += end;
  return result == ARCHIVE_EOF || fail_reading (self, archive, error);
}

static gboolean
unpack_file (Unpacking *self, FvArchive *archive, struct archive_entry *entry, const char *name, const char *shown,
             GError **error)
{
  g_autofree char *to = g_build_filename (self->folder, name, NULL), *parent = g_path_get_dirname (to);
  int fd = -1;
  if (g_mkdir_with_parents (parent, 0777) == 0)
    fd = open (to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (fd < 0 && (errno == EEXIST || errno == EISDIR || errno == ENOTDIR))
    {
      fv_problem_add (self->rejected, shown, 0, _ ("The archive holds this name twice; the first is taken."));
      return TRUE;
    }
  if (fd < 0)
    return fail (error, _ ("'%s' can't be written: %s. Nothing was imported; free some space."), to,
                 g_strerror (errno));
  const gboolean done = write_content (self, archive, fd, to, error);
  /* Videos that don't say when they were taken were taken when their file was written. */
  if (done && archive_entry_mtime_is_set (entry))
    futimens (fd, (const struct timespec[]){ { .tv_nsec = UTIME_OMIT },
                                             { archive_entry_mtime (entry), archive_entry_mtime_nsec (entry) } });
  if (close (fd) != 0 && done)
    return fail (error, _ ("'%s' can't be written: %s. Nothing was imported; free some space."), to,
                 g_strerror (errno));
  return done;
}

static gboolean
unpack_entry (Unpacking *self, FvArchive *archive, struct archive_entry *entry, GError **error)
{
  const char *name = archive_entry_pathname_utf8 (entry), *reason;
  if (name == NULL)
    name = archive_entry_pathname (entry);
  if (name == NULL || archive_entry_filetype (entry) == AE_IFDIR)
    return TRUE;
  g_autofree char *valid = g_utf8_make_valid (name, -1), *shown = g_build_filename (self->path, valid, NULL);
  if (!g_utf8_validate (name, -1, NULL))
    {
      fv_problem_add (self->rejected, shown, 0, _ ("The name is not valid UTF-8. Rename the file."));
      return TRUE;
    }
  g_autofree char *safe = safe_name (name, &reason);
  if (safe != NULL
      && (archive_entry_filetype (entry) != AE_IFREG || archive_entry_hardlink (entry) != NULL
          || archive_entry_symlink (entry) != NULL))
    {
      fv_problem_add (self->rejected, shown, 0, _ ("This is a link or a device, no file. It stays out."));
      return TRUE;
    }
  if (safe == NULL)
    {
      if (reason != NULL)
        fv_problem_add (self->rejected, shown, 0, "%s", reason);
      return TRUE;
    }
  if (++self->n_files > MAX_FILES)
    return fail (error, _ ("The archive '%s' holds more than %d files. Nothing was imported; import it in parts."),
                 self->path, MAX_FILES);
  return unpack_file (self, archive, entry, safe, shown, error);
}

static FvArchive *
open_archive (const char *path)
{
  FvArchive *archive = archive_read_new ();
  archive_read_support_format_zip (archive);
  archive_read_support_format_tar (archive);
  archive_read_support_filter_gzip (archive);
  archive_read_support_filter_bzip2 (archive);
  archive_read_support_filter_xz (archive);
  archive_read_support_filter_zstd (archive);
  archive_read_open_filename (archive, path, BLOCK);
  return archive;
}

gboolean
fv_archive_unpack (const char *path, const char *folder, GPtrArray *rejected, FvArchiveProgress progress,
                   gpointer user_data, GCancellable *cancellable, GError **error)
{
  Unpacking self = { path, folder, rejected, progress, user_data, cancellable, 0, 0, 0, 0 };
  GStatBuf status;
  struct statvfs disk;
  if (g_stat (path, &status) == 0)
    self.size = (guint64)status.st_size;
  self.most = MIN (self.size, G_MAXUINT64 / 2 / MAX_RATIO) * MAX_RATIO + FREE_OF_RATIO;
  if (statvfs (folder, &disk) == 0)
    self.most = MIN (self.most, (guint64)disk.f_bavail * disk.f_frsize);

  g_autoptr (FvArchive) archive = open_archive (path);
  struct archive_entry *entry;
  int result;
  /* Without a format that it knows, an archive says so here. */
  while ((result = archive_read_next_header (archive, &entry)) == ARCHIVE_OK || result == ARCHIVE_WARN)
    if (g_cancellable_set_error_if_cancelled (cancellable, error) || !unpack_entry (&self, archive, entry, error))
      return FALSE;
  return result == ARCHIVE_EOF || fail_reading (&self, archive, error);
}

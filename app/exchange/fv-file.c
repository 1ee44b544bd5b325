/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/exchange/fv-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Several small writes (a header, then tensors) become one call to the system. */
#define BUFFER_SIZE (256 * 1024)

struct _FvFileWriter
{
  char *path;
  char *folder;
  char *part;
  int fd;
  gsize n_buffered;
  guint8 buffer[BUFFER_SIZE];
};

void
fv_file_set_error (GError **error, const char *path, int saved_errno)
{
  const char *format = _ ("Can't write %s: %s");
  GFileError code = g_file_error_from_errno (saved_errno);

  if (saved_errno == ENOSPC || saved_errno == EDQUOT)
    {
      format = _ ("Can't write %s: %s. Free some space and try again; nothing already saved was changed");
      code = G_FILE_ERROR_NOSPC;
    }
  else if (saved_errno == EROFS || saved_errno == EACCES || saved_errno == EPERM)
    format = _ ("Can't write %s: %s. Allow writing there or take another place; nothing already saved was changed");
  else if (saved_errno == EIO)
    format = _ ("Can't write %s: %s. The disk may be failing: save what is on it elsewhere; nothing already saved was "
                "changed");
  else if (saved_errno == EFBIG)
    format
        = _ ("Can't write %s: %s for this file system or the limit of this session; nothing already saved was changed");
  g_set_error (error, G_FILE_ERROR, (int)code, format, path, g_strerror (saved_errno));
}

static gboolean
fail (const char *path, int saved_errno, GError **error)
{
  fv_file_set_error (error, path, saved_errno);
  return FALSE;
}

int
fv_file_open (const char *path, int flags, int mode)
{
  int fd = open (path, flags, (mode_t)mode);
  struct stat info;

  if (fd < 0 && errno == ELOOP && (flags & O_NOFOLLOW) != 0 && lstat (path, &info) == 0 && S_ISREG (info.st_mode))
    fd = open (path, flags & ~O_NOFOLLOW, (mode_t)mode);
  return fd;
}

/* Opens and locks the part file. The loop: another writer may have renamed it away between open and lock. */
static int
open_part (const char *part, const char *path, GError **error)
{
  for (;;)
    {
      struct stat mine, there;
      int fd = fv_file_open (part, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);

      if (fd < 0)
        {
          fail (path, errno, error);
          return -1;
        }
      /* File systems without locks (some network shares) go on without. */
      if (flock (fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
        {
          g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_AGAIN,
                       _ ("Can't write %s: another program is writing it just now"), path);
          close (fd);
          return -1;
        }
      if (fstat (fd, &mine) == 0 && stat (part, &there) == 0 && mine.st_ino == there.st_ino
          && mine.st_dev == there.st_dev)
        return fd;
      close (fd);
    }
}

FvFileWriter *
fv_file_writer_open (const char *path, GError **error)
{
  g_autofree char *name = NULL;
  FvFileWriter *self;
  struct stat old;

  g_return_val_if_fail (path != NULL, NULL);

  if (stat (path, &old) == 0 && S_ISDIR (old.st_mode))
    {
      fail (path, EISDIR, error);
      return NULL;
    }
  self = g_new (FvFileWriter, 1);
  self->path = g_strdup (path);
  self->folder = g_path_get_dirname (path);
  name = g_path_get_basename (path);
  self->part = g_strdup_printf ("%s/.%s.part", self->folder, name);
  self->n_buffered = 0;
  self->fd = open_part (self->part, path, error);
  if (self->fd < 0)
    {
      fv_file_writer_free (self);
      return NULL;
    }
  if (ftruncate (self->fd, 0) < 0)
    {
      fail (path, errno, error);
      fv_file_writer_free (self);
      return NULL;
    }
  if (stat (path, &old) == 0)
    fchmod (self->fd, old.st_mode & 0777);
  return self;
}

static gboolean
write_all (FvFileWriter *self, const guint8 *data, gsize size, GError **error)
{
  while (size > 0)
    {
      ssize_t n = write (self->fd, data, MIN (size, 1 << 30));

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return fail (self->path, n < 0 ? errno : EIO, error);
      data += n;
      size -= n;
    }
  return TRUE;
}

static gboolean
flush_buffer (FvFileWriter *self, GError **error)
{
  gsize n = self->n_buffered;

  self->n_buffered = 0;
  return write_all (self, self->buffer, n, error);
}

gboolean
fv_file_writer_write (FvFileWriter *self, const void *data, gsize size, GError **error)
{
  g_return_val_if_fail (self != NULL && self->fd >= 0, FALSE);

  if (size > BUFFER_SIZE - self->n_buffered && !flush_buffer (self, error))
    return FALSE;
  if (size > BUFFER_SIZE)
    return write_all (self, data, size, error);
  if (size > 0)
    memcpy (self->buffer + self->n_buffered, data, size);
  self->n_buffered += size;
  return TRUE;
}

gboolean
fv_file_flush_folder (const char *folder)
{
  int fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean ok = fd < 0 || fsync (fd) == 0 || (errno != EIO && errno != ENOSPC && errno != EDQUOT);
  int saved = errno;

  if (fd >= 0)
    close (fd);
  errno = saved;
  return ok;
}

gboolean
fv_file_writer_commit (FvFileWriter *self, GError **error)
{
  g_return_val_if_fail (self != NULL && self->fd >= 0, FALSE);

  if (!flush_buffer (self, error))
    return FALSE;
  if (fsync (self->fd) < 0 || g_rename (self->part, self->path) < 0)
    return fail (self->path, errno, error);
  /* The lock goes with the descriptor, after the rename. */
  close (self->fd);
  self->fd = -1;
  if (fv_file_flush_folder (self->folder))
    return TRUE;
  g_set_error (error, G_FILE_ERROR, (int)g_file_error_from_errno (errno),
               _ ("%s was written, but its place in the folder can't be made sure of: %s. Check the disk"), self->path,
               g_strerror (errno));
  return FALSE;
}

void
fv_file_writer_free (FvFileWriter *self)
{
  if (self == NULL)
    return;
  if (self->fd >= 0)
    {
      unlink (self->part);
      close (self->fd);
    }
  g_free (self->path);
  g_free (self->folder);
  g_free (self->part);
  g_free (self);
}

gboolean
fv_file_replace (const char *path, const void *data, gsize size, GError **error)
{
  g_autoptr (FvFileWriter) writer = fv_file_writer_open (path, error);

  return writer != NULL && fv_file_writer_write (writer, data, size, error) && fv_file_writer_commit (writer, error);
}

GBytes *
fv_file_map (const char *path, GError **error)
{
  g_autoptr (GMappedFile) mapped = NULL;
  struct stat info;
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  int problem = fd < 0 || fstat (fd, &info) < 0 ? errno : S_ISDIR (info.st_mode) ? EISDIR : 0;

  if (problem == 0)
    mapped = g_mapped_file_new_from_fd (fd, FALSE, NULL);
  if (fd >= 0)
    close (fd);
  if (mapped != NULL)
    return g_mapped_file_get_bytes (mapped);
  if (problem != 0)
    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (problem), _ ("Can't read %s: %s"), path,
                 g_strerror (problem));
  else
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED, _ ("Can't read %s: it is not an ordinary file"), path);
  return NULL;
}

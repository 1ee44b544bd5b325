/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/project/fv-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/*
 * A lock of the open file description (not of the process): closing another descriptor of the same file does not lose
 * it, two of one process exclude each other, and asking who holds it takes nothing.
 *
 * Some file systems know no locks. The document portal is one: what a sandbox sees of the folders that it was given. There
 * a file in the person's cache is locked in place of the one at the path, which all in the same sandbox share.
 */

G_DEFINE_QUARK (fv_lock_error, fv_lock_error)

struct _FvLock
{
  int fd;
  int stand_in; /* -1 where fd itself is locked */
};

static struct flock
whole_file (void)
{
  return (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
}

static gboolean
is_unsupported (int code)
{
  return code == ENOSYS || code == EOPNOTSUPP || code == ENOLCK;
}

/* The file that is locked for one that can't be; -1 with errno. */
static int
open_stand_in (const char *path, int flags)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  g_autofree char *documents = g_build_filename (g_get_user_runtime_dir (), "doc/", NULL);
  /* The portal's folders are mounted at two places. */
  const char *prefix = g_str_has_prefix (absolute, documents)             ? documents
                       : g_str_has_prefix (absolute, "/run/flatpak/doc/") ? "/run/flatpak/doc/"
                                                                          : "";
  g_autofree char *name = g_compute_checksum_for_string (G_CHECKSUM_SHA256, absolute + strlen (prefix), -1);
  g_autofree char *folder = g_build_filename (g_get_user_cache_dir (), "fovea", "locks", NULL);
  g_autofree char *file = g_build_filename (folder, name, NULL);
  if ((flags & O_CREAT) != 0 && g_mkdir_with_parents (folder, 0700) != 0)
    return -1;
  return open (file, flags, 0600);
}

gboolean
fv_lock_is_supported (const char *path)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  struct flock lock = whole_file ();
  gboolean unsupported = fd >= 0 && fcntl (fd, F_OFD_GETLK, &lock) != 0 && is_unsupported (errno);
  if (fd >= 0)
    close (fd);
  return !unsupported;
}

/* "fovea-cli (process 4711 on lab3)" as the holder wrote it, or "another program". */
static char *
read_holder (int fd)
{
  char text[512];
  ssize_t n = pread (fd, text, sizeof text - 1, 0);
  text[MAX (n, 0)] = '\0';
  char *line_end = strchr (text, '\n');
  if (line_end == NULL || !g_utf8_validate (text, -1, NULL))
    return g_strdup ("another program");
  *line_end = '\0';
  return g_strdup (text);
}

static gboolean
write_holder (int fd)
{
  g_autofree char *text = g_strdup_printf ("%s (process %d on %s)\n", g_get_prgname () ? g_get_prgname () : "a program",
                                           (int)getpid (), g_get_host_name ());
  gsize size = strlen (text), done = 0;
  if (ftruncate (fd, 0) != 0)
    return FALSE;
  while (done < size)
    {
      ssize_t n = pwrite (fd, text + done, size - done, (off_t)done);
      if (n < 0 && errno != EINTR)
        return FALSE;
      done += (gsize)MAX (n, 0);
    }
  return TRUE;
}

FvLock *
fv_lock_take (const char *path, GError **error)
{
  int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0)
    {
      g_set_error (
          error, FV_LOCK_ERROR, FV_LOCK_ERROR_FAILED,
          _ ("The lock '%s' can't be made: %s. Make its folder writable for you, or copy it to a place that is."), path,
          g_strerror (errno));
      return NULL;
    }

  struct flock lock = whole_file ();
  int stand_in = -1;
  gboolean locked = fcntl (fd, F_OFD_SETLK, &lock) == 0;
  if (!locked && is_unsupported (errno))
    {
      stand_in = open_stand_in (path, O_RDWR | O_CREAT | O_CLOEXEC);
      locked = stand_in >= 0 && fcntl (stand_in, F_OFD_SETLK, &lock) == 0;
    }
  if (!locked)
    {
      int why = errno;
      g_autofree char *holder = read_holder (fd);
      if (why == EAGAIN || why == EACCES)
        g_set_error (error, FV_LOCK_ERROR, FV_LOCK_ERROR_HELD,
                     _ ("'%s' is held by %s: wait until that has finished, or end it."), path, holder);
      else
        g_set_error (error, FV_LOCK_ERROR, FV_LOCK_ERROR_FAILED,
                     _ ("'%s' can't be locked: %s. Keep it on a file system with locks."), path, g_strerror (why));
      if (stand_in >= 0)
        close (stand_in);
      close (fd);
      return NULL;
    }

  if (!write_holder (fd))
    {
      g_set_error (error, FV_LOCK_ERROR, FV_LOCK_ERROR_FAILED,
                   _ ("The lock '%s' can't be written: %s. Free some space if the disk is full."), path,
                   g_strerror (errno));
      if (stand_in >= 0)
        close (stand_in);
      close (fd);
      return NULL;
    }
  FvLock *self = g_new (FvLock, 1);
  *self = (FvLock){ fd, stand_in };
  return self;
}

void
fv_lock_release (FvLock *self)
{
  if (self == NULL)
    return;
  /* Empty while free, so that nobody is ever named who has gone; where this fails, the name is only stale. */
  if (ftruncate (self->fd, 0) != 0)
    g_debug ("a lock keeps its holder's name: %s", g_strerror (errno));
  if (self->stand_in >= 0)
    close (self->stand_in);
  close (self->fd);
  g_free (self);
}

gboolean
fv_lock_is_held (const char *path, char **holder)
{
  if (holder != NULL)
    *holder = NULL;
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return FALSE;
  struct flock lock = whole_file ();
  gboolean known = fcntl (fd, F_OFD_GETLK, &lock) == 0;
  if (!known && is_unsupported (errno))
    {
      int stand_in = open_stand_in (path, O_RDONLY | O_CLOEXEC);
      known = stand_in >= 0 && fcntl (stand_in, F_OFD_GETLK, &lock) == 0;
      if (stand_in >= 0)
        close (stand_in);
    }
  gboolean held = known && lock.l_type != F_UNLCK;
  if (held && holder != NULL)
    *holder = read_holder (fd);
  close (fd);
  return held;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/faults/files/fv-failing-files.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static struct
{
  int active; /* atomic */
  GMutex mutex;
  char folder[PATH_MAX];
  FvFailingFilesParams params;
  guint n;
  GString *journal;
} disk;

/* What becomes of a call. */
typedef enum
{
  GOES_THROUGH,
  IS_HALVED,
  FAILS,
} Fate;

void
fv_failing_files_start (const FvFailingFilesParams *params)
{
  g_assert (realpath (params->folder, disk.folder));
  disk.params = *params;
  if (disk.params.calls == 0)
    disk.params.calls = (FvFileCalls)(FV_FILE_CALL_REMOVE - 1);
  disk.n = 0;
  if (!disk.journal)
    disk.journal = g_string_new (NULL);
  g_string_truncate (disk.journal, 0);
  g_atomic_int_set (&disk.active, TRUE);
}

guint
fv_failing_files_stop (void)
{
  g_atomic_int_set (&disk.active, FALSE);
  return disk.n;
}

const char *
fv_failing_files_journal (void)
{
  return disk.journal->str;
}

/* (nullable): the rest of @path within the folder, "." for itself. */
static const char *
within_folder (const char *path)
{
  gsize length = strlen (disk.folder);

  if (strncmp (path, disk.folder, length) != 0 || (path[length] != '/' && path[length] != '\0'))
    return NULL;
  path += length;
  while (*path == '/')
    path++;
  return *path ? path : ".";
}

/* The fate of a call that concerns @path, and @other where it has two. */
static Fate
judge (FvFileCalls call, const char *name, const char *path, const char *other)
{
  Fate fate = GOES_THROUGH;
  const char *place, *second = NULL;
  const FvFailingFilesParams *params = &disk.params;

  if (!g_atomic_int_get (&disk.active) || (params->calls & call) == 0)
    return GOES_THROUGH;
  place = within_folder (path);
  if (!place)
    return GOES_THROUGH;
  if (other)
    second = within_folder (other);

  g_mutex_lock (&disk.mutex);
  disk.n++;
  if (params->half && disk.n == params->nth)
    fate = call == FV_FILE_CALL_WRITE ? IS_HALVED : GOES_THROUGH;
  else if (params->nth > 0 && params->code != 0)
    {
      guint first = params->nth + (params->half ? 1 : 0);

      fate = disk.n == first || (params->stays && disk.n > first) ? FAILS : GOES_THROUGH;
    }
  g_string_append_printf (disk.journal, "%s %s%s%s%s\n", name, place, second ? " " : "", second ? second : "",
                          fate == FAILS ? " !" : "");
  g_mutex_unlock (&disk.mutex);
  if (fate == FAILS)
    errno = params->code;
  return fate;
}

static Fate
judge_descriptor (FvFileCalls call, const char *name, int fd)
{
  char link[64], path[PATH_MAX];
  ssize_t length;

  if (!g_atomic_int_get (&disk.active))
    return GOES_THROUGH;
  snprintf (link, sizeof link, "/proc/self/fd/%d", fd);
  length = readlink (link, path, sizeof path - 1);
  if (length < 0)
    return GOES_THROUGH;
  path[length] = '\0';
  return judge (call, name, path, NULL);
}

/* Paths that start at a descriptor's folder are not followed: nobody here writes by them. */
static Fate
judge_at (FvFileCalls call, const char *name, int folder, const char *path)
{
  return folder == AT_FDCWD || *path == '/' ? judge (call, name, path, NULL) : GOES_THROUGH;
}

static gboolean
is_for_writing (int flags)
{
  return (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)) != 0;
}

static gboolean
has_mode (int flags)
{
  return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

/* The functions go by names of their own here, since headers may define those of libc as macros or by other symbols. */
#define INTERPOSE(type, name, symbol, parameters)                                                                      \
  type name parameters __asm__(symbol);                                                                                \
  type name parameters

/* Calls the function of that symbol that would have been called without this file. */
#define NEXT(type, symbol, parameters, arguments)                                                                      \
  ({                                                                                                                   \
    static gpointer next;                                                                                              \
    if (!g_atomic_pointer_get (&next))                                                                                 \
      g_atomic_pointer_set (&next, dlsym (RTLD_NEXT, symbol));                                                         \
    ((type (*) parameters)g_atomic_pointer_get (&next)) arguments;                                                     \
  })

#define INTERPOSE_OPEN(name, symbol)                                                                                   \
  INTERPOSE (int, name, symbol, (const char *path, int flags, ...))                                                    \
  {                                                                                                                    \
    va_list rest;                                                                                                      \
    mode_t mode;                                                                                                       \
                                                                                                                       \
    va_start (rest, flags);                                                                                            \
    mode = has_mode (flags) ? va_arg (rest, mode_t) : 0;                                                               \
    va_end (rest);                                                                                                     \
    if (is_for_writing (flags) && judge (FV_FILE_CALL_MAKE, "open", path, NULL) == FAILS)                              \
      return -1;                                                                                                       \
    return NEXT (int, symbol, (const char *, int, ...), (path, flags, mode));                                          \
  }

#define INTERPOSE_OPENAT(name, symbol)                                                                                 \
  INTERPOSE (int, name, symbol, (int folder, const char *path, int flags, ...))                                        \
  {                                                                                                                    \
    va_list rest;                                                                                                      \
    mode_t mode;                                                                                                       \
                                                                                                                       \
    va_start (rest, flags);                                                                                            \
    mode = has_mode (flags) ? va_arg (rest, mode_t) : 0;                                                               \
    va_end (rest);                                                                                                     \
    if (is_for_writing (flags) && judge_at (FV_FILE_CALL_MAKE, "open", folder, path) == FAILS)                         \
      return -1;                                                                                                       \
    return NEXT (int, symbol, (int, const char *, int, ...), (folder, path, flags, mode));                             \
  }

#define INTERPOSE_CREAT(name, symbol)                                                                                  \
  INTERPOSE (int, name, symbol, (const char *path, mode_t mode))                                                       \
  {                                                                                                                    \
    if (judge (FV_FILE_CALL_MAKE, "open", path, NULL) == FAILS)                                                        \
      return -1;                                                                                                       \
    return NEXT (int, symbol, (const char *, mode_t), (path, mode));                                                   \
  }

#define INTERPOSE_PWRITE(name, symbol)                                                                                 \
  INTERPOSE (ssize_t, name, symbol, (int fd, const void *data, size_t size, off64_t offset))                           \
  {                                                                                                                    \
    Fate fate = judge_descriptor (FV_FILE_CALL_WRITE, "write", fd);                                                    \
                                                                                                                       \
    if (fate == FAILS)                                                                                                 \
      return -1;                                                                                                       \
    return NEXT (ssize_t, symbol, (int, const void *, size_t, off64_t),                                                \
                 (fd, data, fate == IS_HALVED ? (size + 1) / 2 : size, offset));                                       \
  }

#define INTERPOSE_PWRITEV(name, symbol)                                                                                \
  INTERPOSE (ssize_t, name, symbol, (int fd, const struct iovec *pieces, int n, off64_t offset))                       \
  {                                                                                                                    \
    Fate fate = judge_descriptor (FV_FILE_CALL_WRITE, "write", fd);                                                    \
                                                                                                                       \
    if (fate == FAILS)                                                                                                 \
      return -1;                                                                                                       \
    return NEXT (ssize_t, symbol, (int, const struct iovec *, int, off64_t),                                           \
                 (fd, pieces, fate == IS_HALVED ? (n + 1) / 2 : n, offset));                                           \
  }

#define INTERPOSE_FLUSH(name, symbol)                                                                                  \
  INTERPOSE (int, name, symbol, (int fd))                                                                              \
  {                                                                                                                    \
    if (judge_descriptor (FV_FILE_CALL_FLUSH, "flush", fd) == FAILS)                                                   \
      return -1;                                                                                                       \
    return NEXT (int, symbol, (int), (fd));                                                                            \
  }

#define INTERPOSE_FTRUNCATE(name, symbol)                                                                              \
  INTERPOSE (int, name, symbol, (int fd, off64_t size))                                                                \
  {                                                                                                                    \
    if (judge_descriptor (FV_FILE_CALL_SIZE, "size", fd) == FAILS)                                                     \
      return -1;                                                                                                       \
    return NEXT (int, symbol, (int, off64_t), (fd, size));                                                             \
  }

#define INTERPOSE_FALLOCATE(name, symbol)                                                                              \
  INTERPOSE (int, name, symbol, (int fd, int mode, off64_t offset, off64_t size))                                      \
  {                                                                                                                    \
    if (judge_descriptor (FV_FILE_CALL_SIZE, "size", fd) == FAILS)                                                     \
      return -1;                                                                                                       \
    return NEXT (int, symbol, (int, int, off64_t, off64_t), (fd, mode, offset, size));                                 \
  }

/* Gives its error back, rather than in errno. */
#define INTERPOSE_POSIX_FALLOCATE(name, symbol)                                                                        \
  INTERPOSE (int, name, symbol, (int fd, off64_t offset, off64_t size))                                                \
  {                                                                                                                    \
    if (judge_descriptor (FV_FILE_CALL_SIZE, "size", fd) == FAILS)                                                     \
      return errno;                                                                                                    \
    return NEXT (int, symbol, (int, off64_t, off64_t), (fd, offset, size));                                            \
  }

INTERPOSE_OPEN (call_open, "open")
INTERPOSE_OPEN (call_open64, "open64")
INTERPOSE_OPENAT (call_openat, "openat")
INTERPOSE_OPENAT (call_openat64, "openat64")
INTERPOSE_CREAT (call_creat, "creat")
INTERPOSE_CREAT (call_creat64, "creat64")
INTERPOSE_PWRITE (call_pwrite, "pwrite")
INTERPOSE_PWRITE (call_pwrite64, "pwrite64")
INTERPOSE_PWRITEV (call_pwritev, "pwritev")
INTERPOSE_PWRITEV (call_pwritev64, "pwritev64")
INTERPOSE_FLUSH (call_fsync, "fsync")
INTERPOSE_FLUSH (call_fdatasync, "fdatasync")
INTERPOSE_FTRUNCATE (call_ftruncate, "ftruncate")
INTERPOSE_FTRUNCATE (call_ftruncate64, "ftruncate64")
INTERPOSE_FALLOCATE (call_fallocate, "fallocate")
INTERPOSE_FALLOCATE (call_fallocate64, "fallocate64")
INTERPOSE_POSIX_FALLOCATE (call_posix_fallocate, "posix_fallocate")
INTERPOSE_POSIX_FALLOCATE (call_posix_fallocate64, "posix_fallocate64")

INTERPOSE (ssize_t, call_write, "write", (int fd, const void *data, size_t size))
{
  Fate fate = judge_descriptor (FV_FILE_CALL_WRITE, "write", fd);

  if (fate == FAILS)
    return -1;
  return NEXT (ssize_t, "write", (int, const void *, size_t), (fd, data, fate == IS_HALVED ? (size + 1) / 2 : size));
}

INTERPOSE (ssize_t, call_writev, "writev", (int fd, const struct iovec *pieces, int n))
{
  Fate fate = judge_descriptor (FV_FILE_CALL_WRITE, "write", fd);

  if (fate == FAILS)
    return -1;
  return NEXT (ssize_t, "writev", (int, const struct iovec *, int), (fd, pieces, fate == IS_HALVED ? (n + 1) / 2 : n));
}

INTERPOSE (int, call_mkdir, "mkdir", (const char *path, mode_t mode))
{
  if (judge (FV_FILE_CALL_MAKE, "mkdir", path, NULL) == FAILS)
    return -1;
  return NEXT (int, "mkdir", (const char *, mode_t), (path, mode));
}

INTERPOSE (int, call_mkdirat, "mkdirat", (int folder, const char *path, mode_t mode))
{
  if (judge_at (FV_FILE_CALL_MAKE, "mkdir", folder, path) == FAILS)
    return -1;
  return NEXT (int, "mkdirat", (int, const char *, mode_t), (folder, path, mode));
}

INTERPOSE (int, call_rename, "rename", (const char *from, const char *to))
{
  if (judge (FV_FILE_CALL_RENAME, "rename", from, to) == FAILS)
    return -1;
  return NEXT (int, "rename", (const char *, const char *), (from, to));
}

INTERPOSE (int, call_renameat, "renameat", (int from_folder, const char *from, int to_folder, const char *to))
{
  if (judge_at (FV_FILE_CALL_RENAME, "rename", from_folder, from) == FAILS)
    return -1;
  return NEXT (int, "renameat", (int, const char *, int, const char *), (from_folder, from, to_folder, to));
}

INTERPOSE (int, call_unlink, "unlink", (const char *path))
{
  if (judge (FV_FILE_CALL_REMOVE, "remove", path, NULL) == FAILS)
    return -1;
  return NEXT (int, "unlink", (const char *), (path));
}

INTERPOSE (int, call_unlinkat, "unlinkat", (int folder, const char *path, int flags))
{
  if (judge_at (FV_FILE_CALL_REMOVE, "remove", folder, path) == FAILS)
    return -1;
  return NEXT (int, "unlinkat", (int, const char *, int), (folder, path, flags));
}

INTERPOSE (int, call_rmdir, "rmdir", (const char *path))
{
  if (judge (FV_FILE_CALL_REMOVE, "remove", path, NULL) == FAILS)
    return -1;
  return NEXT (int, "rmdir", (const char *), (path));
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "app/project/fv-lock.h"
#include "tests/faults/store/fv-store-example.h"
#include "tests/fv-test-data.h"

/* Below this folder (NULL = nowhere) everything is on a file system that is mounted for reading only. */
static const char *folder, *writable; /* and the ending of a file that is none of it */

static gboolean
is_refused (const char *path)
{
  if (folder == NULL || !g_str_has_prefix (path, folder) || (writable != NULL && g_str_has_suffix (path, writable)))
    return FALSE;
  errno = EROFS;
  return TRUE;
}

int open64 (const char *path, int flags, ...);
int access (const char *path, int mode);

/* In place of the C library's, for SQLite and GLib, too. */

int
open64 (const char *path, int flags, ...)
{
  va_list arguments;
  va_start (arguments, flags);
  const int mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg (arguments, int) : 0;
  va_end (arguments);
  const gboolean writes = (flags & O_ACCMODE) != O_RDONLY || ((flags & O_CREAT) != 0 && access (path, F_OK) != 0);
  return writes && is_refused (path) ? -1 : (int)syscall (SYS_openat, AT_FDCWD, path, flags, mode);
}

int
access (const char *path, int mode)
{
  return (mode & W_OK) != 0 && is_refused (path) ? -1 : (int)syscall (SYS_faccessat, AT_FDCWD, path, mode);
}

static void
test_closed (void)
{
  g_autoptr (GError) error = NULL;
  const char *path = fv_example_project ();
  g_autofree char *before = fv_example_read (path);
  folder = path;
  g_autoptr (FvProject) project = fv_project_open (path, FV_PROJECT_READ, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (fv_project_get_notice (project), "open for reading only."));
  g_autofree char *content = fv_example_content (project);
  g_assert_cmpstr (content, ==, before);
  g_assert_null (fv_project_open (path, FV_PROJECT_EDIT, &error));
  g_assert_error (error, FV_LOCK_ERROR, FV_LOCK_ERROR_FAILED);
  fv_example_assert_sentence (error, path, "Read-only file system. Make its folder writable");
  folder = NULL;
}

/* What is in the log alone can't be seen, which is said; it is there again where something can be written. */
static void
test_with_log (void)
{
  g_autoptr (GError) error = NULL;
  const char *path = fv_example_killed ();
  g_autofree char *log = g_build_filename (path, "project.db-wal", NULL);
  folder = path;
  FvProject *project = fv_project_open (path, FV_PROJECT_READ, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (fv_project_get_notice (project), log));
  fv_project_free (project);
  folder = NULL;
  g_autofree char *content = fv_example_read (path);
  g_assert_nonnull (strstr (content, " test:"));
}

/* The lock can be had, since its file may be written; nothing beside it can. */
static void
test_lock_alone (void)
{
  g_autoptr (GError) error = NULL;
  const char *path = fv_example_project ();
  folder = path;
  writable = "editing.lock";
  g_assert_null (fv_project_open (path, FV_PROJECT_EDIT, &error));
  g_assert_error (error, FV_PROJECT_ERROR, FV_PROJECT_ERROR_READ_ONLY);
  fv_example_assert_sentence (error, path, "Make the folder writable");
  folder = writable = NULL;
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/faults/store/read-only/closed", test_closed);
  g_test_add_func ("/faults/store/read-only/with-log", test_with_log);
  g_test_add_func ("/faults/store/read-only/lock-alone", test_lock_alone);
  return g_test_run ();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "app/project/fv-lock.h"
#include "app/project/fv-project.h"
#include "tests/fv-test-data.h"

/* A file system without locks, as the document portal is in a sandbox: below this folder nothing can be locked. */
static const char *folder;
/* As the portal says it, and network file systems. */
static const int codes[] = { ENOSYS, ENOLCK, EOPNOTSUPP };
static int code;

static int
control (int fd, int command, va_list arguments)
{
  void *argument = va_arg (arguments, void *);
  g_autofree char *link = g_strdup_printf ("/proc/self/fd/%d", fd);
  char path[4096];
  gssize n = -1;
  switch (command)
    {
    case F_SETLK:
    case F_SETLKW:
    case F_GETLK:
    case F_OFD_SETLK:
    case F_OFD_SETLKW:
    case F_OFD_GETLK:
      n = readlink (link, path, sizeof path - 1);
      break;
    }
  path[MAX (n, 0)] = '\0';
  if (folder != NULL && g_str_has_prefix (path, folder))
    {
      errno = code;
      return -1;
    }
  return (int)syscall (SYS_fcntl, fd, command, argument);
}

int fcntl64 (int fd, int command, ...);

/* In place of the C library's, for SQLite, too. */
int
fcntl64 (int fd, int command, ...)
{
  va_list arguments;
  va_start (arguments, command);
  int result = control (fd, command, arguments);
  va_end (arguments);
  return result;
}

static void
test_lock (gconstpointer data)
{
  code = *(const int *)data;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (folder, "editing.lock", NULL);
  g_autofree char *holder = NULL;
  FvLock *lock = fv_lock_take (path, &error);
  g_assert_no_error (error);
  g_assert_false (fv_lock_is_supported (path));
  g_assert_true (fv_lock_is_held (path, &holder));
  g_assert_nonnull (strstr (holder, "process"));
  g_assert_null (fv_lock_take (path, &error));
  g_assert_error (error, FV_LOCK_ERROR, FV_LOCK_ERROR_HELD);
  fv_lock_release (lock);
  g_assert_false (fv_lock_is_held (path, NULL));
  g_autoptr (FvLock) again = fv_lock_take (path, NULL);
  g_assert_nonnull (again);
}

/* Another path may have the same name in the cache of another project only by accident. */
static void
test_two_projects (gconstpointer data)
{
  code = *(const int *)data;
  g_autofree char *first = g_build_filename (folder, "a.lock", NULL);
  g_autofree char *second = g_build_filename (folder, "b.lock", NULL);
  g_autoptr (FvLock) a = fv_lock_take (first, NULL);
  g_autoptr (FvLock) b = fv_lock_take (second, NULL);
  g_assert_nonnull (a);
  g_assert_nonnull (b);
}

static void
test_project (gconstpointer data)
{
  code = *(const int *)data;
  g_autoptr (GError) error = NULL;
  g_autofree char *name = g_strdup_printf ("project %d", code);
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *stale = g_build_filename (path, "project.db.lock", NULL);

  FvProject *project = fv_project_create (path, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (fv_project_get_notice (project), "knows no locks"));
  g_assert_null (fv_project_open (path, FV_PROJECT_EDIT, &error));
  g_assert_error (error, FV_LOCK_ERROR, FV_LOCK_ERROR_HELD);
  g_clear_error (&error);
  FvProject *reader = fv_project_open (path, FV_PROJECT_READ, &error);
  g_assert_no_error (error);
  fv_project_free (reader);
  fv_project_free (project);
  g_assert_false (g_file_test (stale, G_FILE_TEST_EXISTS));

  /* What a killed program left of SQLite's lock is cleared away by the next that edits. */
  const struct timespec long_ago[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };
  g_assert_cmpint (g_mkdir (stale, 0777), ==, 0);
  g_assert_cmpint (utimensat (AT_FDCWD, stale, long_ago, 0), ==, 0);
  project = fv_project_open (path, FV_PROJECT_EDIT, &error);
  g_assert_no_error (error);
  fv_project_free (project);
  g_assert_false (g_file_test (stale, G_FILE_TEST_EXISTS));
}

static const struct
{
  const char *name;
  GTestDataFunc test;
} tests[] = { { "lock", test_lock }, { "two-projects", test_two_projects }, { "project", test_project } };

int
main (int argc, char **argv)
{
  fv_test_isolate ();
  g_test_init (&argc, &argv, NULL);
  folder = fv_test_folder ();
  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    for (guint k = 0; k < G_N_ELEMENTS (tests); k++)
      {
        g_autofree char *name = g_strdup_printf ("/project/no-locks/%s/%s", g_strerror (codes[i]), tests[k].name);
        g_test_add_data_func (name, &codes[i], tests[k].test);
      }
  return g_test_run ();
}

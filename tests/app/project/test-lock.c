/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/project/fv-lock.h"
#include "app/project/fv-project.h"
#include "tests/fv-test-data.h"

static void
test_one_process (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fv_test_folder (), "a.lock", NULL);
  g_assert_false (fv_lock_is_held (path, NULL));
  FvLock *lock = fv_lock_take (path, &error);
  g_assert_no_error (error);
  g_assert_null (fv_lock_take (path, &error));
  g_assert_error (error, FV_LOCK_ERROR, FV_LOCK_ERROR_HELD);
  g_clear_error (&error);
  g_autofree char *holder = NULL;
  g_assert_true (fv_lock_is_held (path, &holder));
  g_autofree char *process = g_strdup_printf ("(process %d on %s)", getpid (), g_get_host_name ());
  g_assert_nonnull (strstr (holder, process));
  g_assert_nonnull (strstr (holder, g_get_prgname ()));

  /* Neither a look at it nor a failed attempt may have lost it. */
  g_assert_null (fv_lock_take (path, NULL));
  fv_lock_release (lock);
  g_assert_false (fv_lock_is_held (path, NULL));
  g_autoptr (FvLock) again = fv_lock_take (path, &error);
  g_assert_no_error (error);
}

static void
test_impossible (void)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (fv_lock_take ("/nowhere/a.lock", &error));
  g_assert_error (error, FV_LOCK_ERROR, FV_LOCK_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "/nowhere/a.lock"));
}

/* Another process that edits the project until it is killed. Returns its id once it holds the lock. */
static pid_t
start_editor (const char *project)
{
  int ready[2];
  g_assert_cmpint (pipe (ready), ==, 0);
  pid_t child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    {
      g_set_prgname ("the-other-editor");
      FvProject *held = fv_project_open (project, FV_PROJECT_EDIT, NULL);
      char byte = held != NULL ? 'y' : 'n';
      if (write (ready[1], &byte, 1) == 1)
        pause ();
      _exit (0);
    }
  char byte = 0;
  close (ready[1]);
  g_assert_cmpint (read (ready[0], &byte, 1), ==, 1);
  g_assert_cmpint (byte, ==, 'y');
  close (ready[0]);
  return child;
}

static void
test_second_process (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fv_test_folder (), "project", NULL);
  FvProject *project = fv_project_create (path, &error);
  g_assert_no_error (error);
  fv_project_free (project);

  pid_t child = start_editor (path);
  g_assert_null (fv_project_open (path, FV_PROJECT_EDIT, &error));
  g_assert_error (error, FV_LOCK_ERROR, FV_LOCK_ERROR_HELD);
  g_autofree char *process = g_strdup_printf ("the-other-editor (process %d on", child);
  g_assert_nonnull (strstr (error->message, process));
  g_assert_nonnull (strstr (error->message, path));
  g_clear_error (&error);

  /* Reading needs no lock. */
  g_autoptr (FvProject) reader = fv_project_open (path, FV_PROJECT_READ, &error);
  g_assert_no_error (error);
  g_autoptr (FvDataset) dataset = fv_project_load_dataset (reader, &error);
  g_assert_no_error (error);

  /* A holder that is killed holds nothing any more. */
  kill (child, SIGKILL);
  waitpid (child, NULL, 0);
  g_autoptr (FvProject) editor = fv_project_open (path, FV_PROJECT_EDIT, &error);
  g_assert_no_error (error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/project/lock/one-process", test_one_process);
  g_test_add_func ("/project/lock/impossible", test_impossible);
  g_test_add_func ("/project/lock/second-process", test_second_process);
  return g_test_run ();
}

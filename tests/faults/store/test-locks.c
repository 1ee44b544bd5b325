/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <gio/gio.h>
#include <string.h>
#include <unistd.h>

#include "app/project/fv-lock.h"
#include "app/project/fv-project-splits.h"
#include "tests/fv-test-cli.h"
#include "tests/fv-test-data.h"

/* A window (this process holds the project as one does) and terminals (real ones of fovea-cli) on one project. */

#define PATIENCE_SECONDS 100

static const char *project, *pictures;

static void
make_project (void)
{
  g_autofree char *path = fv_test_make_project ("project", 4, 2, 1, 64);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *drawn = g_build_filename (folder, "pictures", NULL);

  project = g_intern_string (path);
  pictures = g_intern_string (drawn);
}

static char *
run_file (int run, const char *name)
{
  return g_strdup_printf ("%s/runs/%d/%s", project, run, name);
}

static FvProject *
open_window (void)
{
  g_autoptr (GError) error = NULL;
  FvProject *window = fv_project_open (project, FV_PROJECT_EDIT, &error);
  g_assert_no_error (error);
  return window;
}

/* Whoever would edit is refused, and told who has it. */
static void
test_editors (void)
{
  g_autofree char *holder = g_strdup_printf ("%s (process %d on ", g_get_prgname (), (int)getpid ());
  g_autoptr (FvProject) window = open_window ();
  g_auto (FvTestCall) import = fv_test_cli (NULL, "import", project, pictures, "--json", NULL);
  fv_test_call_assert_fails (&import, holder);
  g_auto (FvTestCall) split = fv_test_cli (NULL, "split", project, "--json", NULL);
  fv_test_call_assert_fails (&split, holder);
  g_auto (FvTestCall) init = fv_test_cli (NULL, "init", project, "--json", NULL);
  fv_test_call_assert_fails (&init, holder);
  g_clear_pointer (&window, fv_project_free);

  /* As soon as it is closed it is the next one's turn. */
  g_auto (FvTestCall) again = fv_test_cli (NULL, "split", project, "--seed", "3", "--json", NULL);
  g_assert_cmpint (again.status, ==, 0);
}

/* Whoever reads works on, and neither takes the lock nor changes the store. */
static void
test_readers (void)
{
  g_autofree char *store = g_build_filename (project, "project.db", NULL);
  g_autofree char *best = run_file (1, "best.safetensors");
  g_autofree char *some = g_build_filename (pictures, "images", "test", NULL);
  g_autoptr (FvProject) window = open_window ();
  g_autofree char *before = fv_test_hash (store);
  g_auto (FvTestCall) stats = fv_test_cli (NULL, "stats", project, "--json", NULL);
  g_assert_cmpint (stats.status, ==, 0);
  g_auto (FvTestCall) look = fv_test_cli (NULL, "import", project, pictures, "--dry-run", "--json", NULL);
  g_assert_cmpint (look.status, ==, 0);
  g_auto (FvTestCall) train = fv_test_cli (NULL, "train", project, "--scratch", "--imgsz", "64", "--batch", "4",
                                           "--epochs", "1", "--run", "1", "--json", NULL);
  g_assert_cmpint (train.status, ==, 0);
  g_auto (FvTestCall) val = fv_test_cli (NULL, "val", project, "--weights", best, "--imgsz", "64", "--json", NULL);
  g_assert_cmpint (val.status, ==, 0);
  g_auto (FvTestCall) detect = fv_test_cli (NULL, "detect", "--weights", best, some, "--imgsz", "64", "--json", NULL);
  g_assert_cmpint (detect.status, ==, 0);
  g_autofree char *after = fv_test_hash (store);
  g_assert_cmpstr (after, ==, before);

  /* The window has it still, and can save. */
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDataset) dataset = fv_project_load_dataset (window, &error);
  g_assert_no_error (error);
  fv_project_save_split (window, dataset, NULL, "{}", NULL, &error);
  g_assert_no_error (error);
}

/* A run has a lock of its own: a second trainer of it is refused, whoever edits the project is not. */
static void
test_run (void)
{
  g_autofree char *lock = run_file (2, "lock");
  g_autofree char *holder = NULL;
  g_autoptr (GSubprocess) trainer = fv_test_cli_start (NULL, "train", project, "--scratch", "--imgsz", "64", "--batch",
                                                       "2", "--epochs", "500", "--run", "2", NULL);
  for (int waited = 0; !fv_lock_is_held (lock, &holder) || strstr (holder, "process") == NULL; waited++)
    {
      g_clear_pointer (&holder, g_free);
      g_assert_cmpint (waited, <, PATIENCE_SECONDS * 50);
      g_usleep (20000);
    }
  g_autofree char *process = g_strdup_printf ("(process %s on ", g_subprocess_get_identifier (trainer));
  g_assert_nonnull (strstr (holder, process));

  g_auto (FvTestCall) second = fv_test_cli (NULL, "train", project, "--resume", "2", "--json", NULL);
  fv_test_call_assert_fails (&second, process);
  g_auto (FvTestCall) import = fv_test_cli (NULL, "import", project, pictures, "--json", NULL);
  g_assert_cmpint (import.status, ==, 0);
  g_assert_nonnull (g_subprocess_get_identifier (trainer));

  /* A trainer that is killed holds nothing any more. */
  g_subprocess_force_exit (trainer);
  g_subprocess_wait (trainer, NULL, NULL);
  g_assert_false (fv_lock_is_held (lock, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  make_project ();
  g_test_add_func ("/faults/store/locks/editors", test_editors);
  g_test_add_func ("/faults/store/locks/readers", test_readers);
  g_test_add_func ("/faults/store/locks/run", test_run);
  return g_test_run ();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/dataset/fv-picture.h"
#include "tests/app/dataset/test-import.h"
#include "tests/faults/store/fv-store-example.h"
#include "tests/fv-test-cli.h"

/* Folders and names as nobody would make them, or a file system that is broken. Nothing is lost without a row. */

/* A picture of this name with a label beside it. Written under a short one, since what writes adds to it. */
static void
write_pair (const char *folder, const char *stem, const char *ending, guint shade)
{
  const char *const endings[] = { ending, ".txt" };
  const char *const made[] = { fv_test_jpeg (folder, "made.jpg", 20, 10, shade, 0),
                               fv_test_write (folder, "made.txt", "0 0.5 0.5 0.4 0.4\n") };
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *path = g_strconcat (folder, "/", stem, endings[i], NULL);
      g_assert_cmpint (g_rename (made[i], path), ==, 0);
    }
}

static guint
count_rows (const GPtrArray *rows, const char *text)
{
  guint n = 0;
  for (guint i = 0; i < rows->len; i++)
    {
      const FvProblem *row = g_ptr_array_index (rows, i);
      g_assert_true (g_utf8_validate (row->file, -1, NULL) && g_utf8_validate (row->reason, -1, NULL));
      n += strstr (row->file, text) != NULL || strstr (row->reason, text) != NULL;
    }
  return n;
}

#define NAME_50 "01234567890123456789012345678901234567890123456789"

static const char *const odd_names[] = {
  "-rf",          "new\nline",       "tab\tand\rreturn",
  "quotes'\"`\\", "%s%n%d",          "#?&=%20",
  " space ",      "\033[2Jterminal", "日本語",
  "Ελλάδα",       "مرحبا",           "\xe2\x80\xaegpj.exe",                       /* right to left from here on */
  "\xc3\xa9",                                                                     /* é in one, and in two */
  "e\xcc\x81",    "👩\u200d🔬",        NAME_50 NAME_50 NAME_50 NAME_50 NAME_50 "0", /* 255 bytes with its ending */
};

static const char *
write_odd_names (void)
{
  const char *folder = fv_test_folder ();
  for (guint i = 0; i < G_N_ELEMENTS (odd_names); i++)
    write_pair (folder, odd_names[i], ".jpg", 10 + i * 10);
  return folder;
}

static void
test_names (void)
{
  g_autoptr (GError) error = NULL;
  const char *folder = write_odd_names ();
  g_autofree char *path = g_build_filename (fv_test_folder (), "project", NULL);
  g_autofree char *snapshot = g_build_filename (fv_test_folder (), "data.json", NULL);
  g_autoptr (FvProject) project = fv_project_create (path, &error);
  g_assert_no_error (error);
  g_autoptr (FvImportReport) report = fv_import (project, folder, &(FvImportParams){ 0 }, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (report->rejected->len + report->repaired->len, ==, 0);

  /* From the store into a run's snapshot and back every name means the same file. */
  g_autoptr (FvDataset) stored = fv_project_load_dataset (project, &error);
  g_assert_no_error (error);
  fv_dataset_save (stored, snapshot, &error);
  g_assert_no_error (error);
  g_autoptr (FvDataset) dataset = fv_dataset_load (snapshot, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (dataset->items->len, ==, G_N_ELEMENTS (odd_names));
  for (guint i = 0; i < dataset->items->len; i++)
    {
      const FvItem *item = fv_dataset_get (dataset, i);
      g_autofree char *hash = fv_test_hash (item->path);
      g_assert_cmpstr (hash, ==, item->hash);
      g_assert_cmpuint (item->boxes->len, ==, 1);
      FvPictureInfo info;
      fv_picture_probe (item->path, &info, &error);
      g_assert_no_error (error);
    }
}

/* Nothing that a file is called reaches the terminal as more than letters. */
static void
test_names_in_a_terminal (void)
{
  const char *folder = fv_test_folder ();
  g_autofree char *path = g_build_filename (fv_test_folder (), "project", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (odd_names); i++)
    {
      g_autofree char *name = g_strconcat (odd_names[i], ".jpg", NULL);
      if (strlen (name) < 200)
        fv_test_write (folder, name, "no picture");
    }
  write_pair (folder, "good", ".jpg", 20);
  g_auto (FvTestCall) init = fv_test_cli (NULL, "init", path, NULL);
  g_auto (FvTestCall) call = fv_test_cli (NULL, "import", path, folder, NULL);
  g_assert_cmpint (call.status, ==, 0);
  g_assert_nonnull (strstr (call.out, "Rejected (15)"));
  g_assert_nonnull (strstr (call.out, "\\u001b[2Jterminal"));
  g_assert_nonnull (strstr (call.out, "new\\u000aline"));
  g_assert_null (strstr (call.out, "\xe2\x80\xae"));
  for (const char *p = call.out; *p != '\0'; p++)
    g_assert_true ((guchar)*p >= 0x20 || *p == '\n' || *p == '\t');
}

/* What is no UTF-8 can't be kept: each file of it is a row, and can be shown. */
static void
test_no_utf8 (void)
{
  g_autoptr (GError) error = NULL;
  const char *folder = fv_test_folder ();
  g_autofree char *below = g_build_filename (folder, "caf\xe9", NULL);
  g_assert_cmpint (g_mkdir (below, 0700), ==, 0);
  write_pair (folder, "good", ".jpg", 20);
  write_pair (folder, "b\xff\xfe", ".jpg", 30);
  write_pair (below, "one", ".jpg", 40);
  write_pair (below, "two", ".jpg", 50);
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpuint (report->dataset->items->len, ==, 1);
  g_assert_cmpuint (count_rows (report->rejected, "not valid UTF-8"), ==, 3);
  g_assert_cmpuint (report->rejected->len, ==, 3);
  g_assert_cmpuint (count_rows (report->rejected, "caf\xef\xbf\xbd/two.jpg"), ==, 1);

  g_autoptr (FvProject) project = fv_test_project ();
  g_assert_null (fv_import (project, below, &(FvImportParams){ 0 }, &error));
  fv_example_assert_sentence (error, "caf\xef\xbf\xbd", "rename it");
  g_clear_error (&error);
  g_assert_null (fv_project_create (below, &error));
  fv_example_assert_sentence (error, "caf\xef\xbf\xbd", "Rename it");
  g_clear_error (&error);
  g_assert_null (fv_project_open (below, FV_PROJECT_READ, &error));
  fv_example_assert_sentence (error, "caf\xef\xbf\xbd", "Rename it");
}

static void
make_socket (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  g_assert_cmpuint (strlen (path), <, sizeof address.sun_path);
  strcpy (address.sun_path, path);
  int fd = socket (AF_UNIX, SOCK_STREAM, 0);
  g_assert_cmpint (bind (fd, (struct sockaddr *)&address, sizeof address), ==, 0);
  close (fd);
}

/* What is no file, whatever it is called: nothing waits for it, and a row names it. */
static void
test_no_files (void)
{
  static const char *const names[]
      = { "pipe.jpg", "socket.jpg", "nothing.jpg", "itself.jpg", "zeros.jpg", "terminal.jpg" };
  const char *folder = fv_test_folder ();
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_ptr_array_add (paths, g_build_filename (folder, names[i], NULL));
  g_assert_cmpint (mkfifo (paths->pdata[0], 0600), ==, 0);
  make_socket (paths->pdata[1]);
  g_assert_cmpint (symlink ("not-there.jpg", paths->pdata[2]), ==, 0);
  g_assert_cmpint (symlink ("itself.jpg", paths->pdata[3]), ==, 0);
  g_assert_cmpint (symlink ("/dev/zero", paths->pdata[4]), ==, 0);
  g_assert_cmpint (symlink ("/dev/tty", paths->pdata[5]), ==, 0);
  write_pair (folder, "good", ".jpg", 20);
  fv_test_jpeg (folder, "waiting.jpg", 20, 10, 90, 0);
  g_autofree char *label = g_build_filename (folder, "waiting.txt", NULL);
  g_assert_cmpint (mkfifo (label, 0600), ==, 0);
  /* Not as long as it says: as one that is being written. */
  fv_test_jpeg (folder, "growing.jpg", 20, 10, 120, 0);
  g_autofree char *growing = g_build_filename (folder, "growing.txt", NULL);
  g_assert_cmpint (symlink ("/proc/version", growing), ==, 0);

  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpuint (report->dataset->items->len, ==, 1);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_cmpuint (count_rows (report->rejected, names[i]), ==, 1);
  g_assert_cmpuint (count_rows (report->rejected, "waiting.txt"), ==, 1);
  g_assert_cmpuint (count_rows (report->rejected, "The file grew while it was read."), ==, 1);
}

/* Links in circles and by many ways to one folder: each picture comes once, from where it lies, in a moment. */
static void
test_links (void)
{
  const char *folder = fv_test_folder ();
  g_autofree char *deepest = g_build_filename (folder, "30", NULL);
  for (guint level = 1; level <= 30; level++)
    {
      g_autofree char *below = g_strdup_printf ("%s/%u", folder, level);
      g_assert_cmpint (g_mkdir (below, 0700), ==, 0);
      for (guint way = 0; way < 2; way++)
        {
          g_autofree char *target = g_strdup_printf ("../%u", level % 30 + 1);
          g_autofree char *link = g_strdup_printf ("%s/way%u", below, way);
          g_assert_cmpint (symlink (target, link), ==, 0);
        }
    }
  write_pair (deepest, "good", ".jpg", 20);
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpuint (report->dataset->items->len, ==, 1);
  g_assert_cmpstr (fv_dataset_get (report->dataset, 0)->name, ==, "30/good.jpg");
  g_assert_cmpuint (count_rows (report->rejected, "is taken once"), ==, 60);
}

/* Makes folders of this name within each other below a folder, writes a file into the last and calls back. */
static void
with_nested (const char *folder, const char *name, guint n, void (*test) (const char *folder))
{
  g_autofree int *fds = g_new (int, n + 1);
  fds[0] = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (guint i = 0; i < n; i++)
    {
      g_assert_cmpint (mkdirat (fds[i], name, 0700), ==, 0);
      fds[i + 1] = openat (fds[i], name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
  close (openat (fds[n], "deep.jpg", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  test (folder);
  unlinkat (fds[n], "deep.jpg", 0);
  for (guint i = n; i-- > 0;)
    {
      close (fds[i + 1]);
      g_assert_cmpint (unlinkat (fds[i], name, AT_REMOVEDIR), ==, 0);
    }
  close (fds[0]);
}

static void
check_too_deep (const char *folder)
{
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpuint (report->dataset->items->len, ==, 1);
  g_assert_cmpuint (count_rows (report->rejected, "more than 40 folders deep"), ==, 1);
}

static void
check_too_long (const char *folder)
{
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpuint (report->dataset->items->len, ==, 1);
  g_assert_cmpuint (count_rows (report->rejected, "File name too long"), ==, 1);
}

static void
test_deep (void)
{
  const char *folder = fv_test_folder ();
  write_pair (folder, "good", ".jpg", 20);
  with_nested (folder, "d", 45, check_too_deep);
  with_nested (folder, NAME_50 NAME_50 NAME_50 NAME_50, 25, check_too_long);
}

/* Runs fovea-cli import to its end: the greatest memory that it had, bytes. */
static gint64
import_and_measure (const char *project, const char *source)
{
  g_autoptr (GError) error = NULL;
  const char *const argv[] = { g_getenv ("FOVEA_CLI"), "import", project, source, NULL };
  GPid child;
  int status;
  struct rusage usage;
  g_spawn_async (NULL, (char **)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, &child,
                 &error);
  g_assert_no_error (error);
  g_assert_cmpint (wait4 (child, &status, 0, &usage), ==, child);
  g_assert_true (WIFEXITED (status) && WEXITSTATUS (status) == 0);
  return (gint64)usage.ru_maxrss * 1024;
}

static char *
make_project (void)
{
  g_autoptr (GError) error = NULL;
  char *path = g_build_filename (fv_test_folder (), "project", NULL);
  g_autoptr (FvProject) project = fv_project_create (path, &error);
  g_assert_no_error (error);
  return path;
}

/* So much memory may a file take that is refused, its row included, bytes. */
#define BYTES_PER_ENTRY 1500

static void
test_many (void)
{
  const guint n = g_test_slow () ? 200000 : 20000;
  g_autoptr (GError) error = NULL;
  const char *folder = fv_test_folder ();
  write_pair (folder, "good", ".jpg", 20);
  g_autofree char *few = make_project (), *many = make_project ();
  const gint64 least = import_and_measure (few, folder);
  int fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (guint i = 0; i < n; i++)
    {
      char name[20];
      g_snprintf (name, sizeof name, "%06u.jpg", i);
      int file = openat (fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
      g_assert_cmpint (file, >=, 0);
      close (file);
    }
  close (fd);
  const gint64 most = import_and_measure (many, folder);
  g_test_message ("%u files: %.1f MB, %.0f bytes each", n, most / 1e6, (double)(most - least) / n);
  if (!FV_TEST_SANITIZED)
    g_assert_cmpint (most - least, <, (gint64)n * BYTES_PER_ENTRY);

  g_autoptr (FvProject) project = fv_project_open (many, FV_PROJECT_READ, &error);
  g_assert_no_error (error);
  g_autoptr (GPtrArray) rejected = NULL;
  fv_project_load_problems (project, NULL, &rejected, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (rejected->len, ==, n);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* Before there are threads. */
  fv_test_cache ();
  g_test_add_func ("/faults/store/folders/names", test_names);
  g_test_add_func ("/faults/store/folders/names-in-a-terminal", test_names_in_a_terminal);
  g_test_add_func ("/faults/store/folders/no-utf8", test_no_utf8);
  g_test_add_func ("/faults/store/folders/no-files", test_no_files);
  g_test_add_func ("/faults/store/folders/links", test_links);
  g_test_add_func ("/faults/store/folders/deep", test_deep);
  g_test_add_func ("/faults/store/folders/many", test_many);
  return g_test_run ();
}

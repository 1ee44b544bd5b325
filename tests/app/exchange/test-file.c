/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/exchange/fv-file.h"
#include "tests/fv-test-data.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

static void
assert_content (const char *path, const char *wanted)
{
  g_autofree char *text = NULL;
  gsize size;

  g_assert_true (g_file_get_contents (path, &text, &size, NULL));
  g_assert_cmpmem (text, size, wanted, strlen (wanted));
}

/* Number of entries, so that a temporary file left behind is noticed. */
static guint
count_entries (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static void
test_replace (void)
{
  const char *folder = fv_test_folder ();
  g_autofree char *path = g_build_filename (folder, "note", NULL);
  g_autoptr (GError) error = NULL;

  fv_file_replace (path, "one", 3, &error);
  g_assert_no_error (error);
  assert_content (path, "one");
  fv_file_replace (path, "", 0, &error);
  g_assert_no_error (error);
  assert_content (path, "");
  g_assert_cmpuint (count_entries (folder), ==, 1);
}

static void
test_permissions (void)
{
  const char *path = fv_test_write (fv_test_folder (), "note", "old");
  g_autoptr (GError) error = NULL;
  GStatBuf info;

  g_assert_cmpint (g_chmod (path, 0640), ==, 0);
  g_assert_true (fv_file_replace (path, "new", 3, &error));
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0640);
}

static void
test_stream (void)
{
  const char *folder = fv_test_folder ();
  g_autofree char *path = g_build_filename (folder, "big", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (FvFileWriter) writer = fv_file_writer_open (path, &error);
  g_autofree char *wanted = g_malloc0 (3000001);
  g_autofree char *text = NULL;
  gsize at = 0, size;

  g_assert_no_error (error);
  for (gsize i = 0; i < 3000000; i++)
    wanted[i] = 'a' + i % 23;
  /* Pieces below, at and above the size of the buffer. */
  for (gsize piece = 1; at < 3000000; piece = piece * 5 % 700001)
    {
      gsize n = MIN (piece, 3000000 - at);

      g_assert_true (fv_file_writer_write (writer, wanted + at, n, &error));
      at += n;
    }
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_true (fv_file_writer_commit (writer, &error));
  g_assert_true (g_file_get_contents (path, &text, &size, NULL));
  g_assert_cmpmem (text, size, wanted, 3000000);
}

static void
test_dropped (void)
{
  const char *folder = fv_test_folder ();
  const char *path = fv_test_write (folder, "note", "old");
  FvFileWriter *writer = fv_file_writer_open (path, NULL);

  g_assert_true (fv_file_writer_write (writer, "new", 3, NULL));
  fv_file_writer_free (writer);
  assert_content (path, "old");
  g_assert_cmpuint (count_entries (folder), ==, 1);
}

static void
test_left_behind (void)
{
  const char *folder = fv_test_folder ();
  g_autofree char *path = g_build_filename (folder, "note", NULL);

  /* What a killed process leaves. */
  fv_test_write (folder, ".note.part", "half of something longer");
  g_assert_true (fv_file_replace (path, "whole", 5, NULL));
  assert_content (path, "whole");
  g_assert_cmpuint (count_entries (folder), ==, 1);
}

static void
test_two_writers (void)
{
  const char *folder = fv_test_folder ();
  g_autofree char *path = g_build_filename (folder, "note", NULL);
  g_autoptr (FvFileWriter) first = fv_file_writer_open (path, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (first);
  g_assert_null (fv_file_writer_open (path, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_AGAIN);
  g_assert_true (fv_file_writer_write (first, "first", 5, NULL));
  g_assert_true (fv_file_writer_commit (first, NULL));
  assert_content (path, "first");
  g_assert_true (fv_file_replace (path, "second", 6, NULL));
  assert_content (path, "second");
}

static void
test_no_folder (void)
{
  g_autofree char *path = g_build_filename (fv_test_folder (), "missing", "note", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (fv_file_replace (path, "x", 1, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_nonnull (strstr (error->message, path));
}

static void
test_is_folder (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (fv_file_replace (fv_test_folder (), "x", 1, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_ISDIR);
}

/* A limit on the size of files stands for the full disk: the same path through the code, without a file system of its own. */
static void
test_no_space (void)
{
  const char *folder = fv_test_folder ();
  const char *path = fv_test_write (folder, "note", "old and whole");
  g_autofree char *data = g_malloc0 (2 * 1024 * 1024);
  g_autoptr (GError) error = NULL;
  struct rlimit limit, small;

  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  small = limit;
  small.rlim_cur = 1024 * 1024;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &small), ==, 0);
  fv_file_replace (path, data, 2 * 1024 * 1024, &error);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);

  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "nothing already saved was changed"));
  assert_content (path, "old and whole");
  g_assert_cmpuint (count_entries (folder), ==, 1);
}

static void
test_map (void)
{
  const char *folder = fv_test_folder ();
  g_autofree char *missing = g_build_filename (folder, "missing", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = fv_file_map (fv_test_write (folder, "note", "text"), &error);
  g_autoptr (GBytes) empty = fv_file_map (fv_test_write (folder, "empty", ""), NULL);

  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "text", 4);
  g_assert_cmpuint (g_bytes_get_size (empty), ==, 0);
  g_assert_null (fv_file_map (missing, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_nonnull (strstr (error->message, missing));
  g_clear_error (&error);
  g_assert_null (fv_file_map (folder, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_ISDIR);
  g_clear_error (&error);
  g_assert_null (fv_file_map ("/dev/null", &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/exchange/file/replace", test_replace);
  g_test_add_func ("/exchange/file/permissions", test_permissions);
  g_test_add_func ("/exchange/file/stream", test_stream);
  g_test_add_func ("/exchange/file/dropped", test_dropped);
  g_test_add_func ("/exchange/file/left-behind", test_left_behind);
  g_test_add_func ("/exchange/file/two-writers", test_two_writers);
  g_test_add_func ("/exchange/file/no-folder", test_no_folder);
  g_test_add_func ("/exchange/file/is-folder", test_is_folder);
  g_test_add_func ("/exchange/file/no-space", test_no_space);
  g_test_add_func ("/exchange/file/map", test_map);
  return g_test_run ();
}

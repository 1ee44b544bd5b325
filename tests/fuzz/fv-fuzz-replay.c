/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files of a corpus through their target, without libFuzzer: each is a test. */
#include "tests/fuzz/fv-fuzz.h"

static void
test_file (gconstpointer path)
{
  g_autofree char *bytes = NULL;
  g_autofree guint8 *data = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;

  g_file_get_contents (path, &bytes, &size, &error);
  g_assert_no_error (error);
  /* Without the NUL behind the end, so that a sanitizer sees who reads it. */
  data = g_memdup2 (bytes, size);
  LLVMFuzzerTestOneInput (data, size);
}

int
main (int argc, char **argv)
{
  g_autoptr (GDir) folder = NULL;
  g_autoptr (GError) error = NULL;
  const char *name;

  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  folder = g_dir_open (argv[1], 0, &error);
  g_assert_no_error (error);
  while ((name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *test = g_strconcat ("/fuzz/", name, NULL);

      g_test_add_data_func_full (test, g_build_filename (argv[1], name, NULL), test_file, g_free);
    }
  return g_test_run ();
}

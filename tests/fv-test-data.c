/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fv-test-data.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

static GPtrArray *folders;

const char *
fv_test_source (const char *relative)
{
  g_autofree char *path = g_build_filename (FV_SOURCE_ROOT, relative, NULL);
  return g_intern_string (path);
}

const char *
fv_test_data (const char *relative)
{
  const char *root = g_getenv ("FOVEA_TEST_DATA");
  g_autofree char *path = root && *root ? g_build_filename (root, relative, NULL)
                                        : g_build_filename (FV_SOURCE_ROOT, "..", "shared", "data", relative, NULL);
  if (g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_autofree char *canonical = g_canonicalize_filename (path, NULL);
      return g_intern_string (canonical);
    }
  if (g_strcmp0 (g_getenv ("FOVEA_REQUIRE_DATA"), "1") == 0)
    g_test_fail_printf ("the test data lacks %s", relative);
  else
    g_test_skip_printf ("no test data: %s is not there (see FOVEA_TEST_DATA)", relative);
  return NULL;
}

void
fv_test_remove (const char *folder)
{
  if (g_file_test (folder, G_FILE_TEST_IS_DIR) && !g_file_test (folder, G_FILE_TEST_IS_SYMLINK))
    {
      g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
      const char *name;
      while (dir && (name = g_dir_read_name (dir)))
        {
          g_autofree char *path = g_build_filename (folder, name, NULL);
          fv_test_remove (path);
        }
    }
  g_remove (folder);
}

static void
remove_folders (void)
{
  for (guint i = 0; i < folders->len; i++)
    fv_test_remove (g_ptr_array_index (folders, i));
  g_ptr_array_unref (folders);
}

const char *
fv_test_folder (void)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("fovea-test-XXXXXX", &error);
  g_assert_no_error (error);
  if (!folders)
    {
      folders = g_ptr_array_new_with_free_func (g_free);
      atexit (remove_folders);
    }
  g_ptr_array_add (folders, folder);
  return folder;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

char *
fv_test_list (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  while (dir && (name = g_dir_read_name (dir)))
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  g_ptr_array_add (names, NULL);
  return g_strjoinv (" ", (char **)names->pdata);
}

const char *
fv_test_write_data (const char *folder, const char *name, const void *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);
  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  /* Not G_FILE_SET_CONTENTS_NONE: in GLib 2.74 it leaves the end of a longer file that was there before. */
  g_file_set_contents_full (path, size ? data : "", size, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error);
  g_assert_no_error (error);
  return g_intern_string (path);
}

const char *
fv_test_write (const char *folder, const char *name, const char *text)
{
  return fv_test_write_data (folder, name, text, text ? strlen (text) : 0);
}

void
fv_test_isolate (void)
{
  static const char *const names[] = { "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_setenv (names[i], fv_test_folder (), TRUE);
}

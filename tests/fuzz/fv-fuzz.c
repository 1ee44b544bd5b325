/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/fv-fuzz.h"

#include "tests/fv-test-data.h"

#include <sys/mman.h>
#include <unistd.h>

const char *
fv_fuzz_file (const guint8 *data, gsize size, const char *ending)
{
  static int fd = -1;
  static char *path;
  static GHashTable *links; /* ending to path */
  const char *link;

  if (fd < 0)
    {
      fd = memfd_create ("fuzz", MFD_CLOEXEC);
      path = g_strdup_printf ("/proc/self/fd/%d", fd);
      links = g_hash_table_new (g_str_hash, g_str_equal);
    }
  g_assert_true (fd >= 0 && ftruncate (fd, 0) == 0);
  g_assert_cmpint (pwrite (fd, data, size, 0), ==, size);
  if (ending == NULL)
    return path;
  link = g_hash_table_lookup (links, ending);
  if (link == NULL)
    {
      char *made = g_strdup_printf ("%s/file%s", fv_test_folder (), ending);

      g_assert_cmpint (symlink (path, made), ==, 0);
      g_hash_table_insert (links, g_strdup (ending), made);
      link = made;
    }
  return link;
}

void
fv_fuzz_either (gboolean answer, const GError *error)
{
  g_assert_true (answer == (error == NULL));
  if (error != NULL)
    g_assert_true (error->message[0] != '\0' && g_utf8_validate (error->message, -1, NULL));
}

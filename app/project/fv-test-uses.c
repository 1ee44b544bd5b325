/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/project/fv-test-uses.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "app/exchange/fv-file.h"

guint
fv_test_uses_count (const char *project_path)
{
  g_autofree char *path = g_build_filename (project_path, FV_TEST_USES, NULL);
  g_autofree char *text = NULL;
  gsize size = 0;
  guint n = 0;
  if (!g_file_get_contents (path, &text, &size, NULL))
    return 0;
  for (gsize i = 0; i < size; i++)
    n += text[i] == '\n';
  return n;
}

gboolean
fv_test_uses_add (const char *project_path, JsonNode *use, GError **error)
{
  g_autofree char *path = g_build_filename (project_path, FV_TEST_USES, NULL);
  g_autofree char *text = json_to_string (use, FALSE);
  g_autofree char *line = g_strconcat (text, "\n", NULL);
  const int fd = open (path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  const gssize size = (gssize)strlen (line);

  gboolean done = fd >= 0 && write (fd, line, (gsize)size) == size && fsync (fd) == 0;
  if (!done)
    fv_file_set_error (error, path, errno != 0 ? errno : EIO);
  if (fd >= 0)
    close (fd);
  return done;
}

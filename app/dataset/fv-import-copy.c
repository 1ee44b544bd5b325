/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "app/dataset/fv-import-private.h"

/* Pictures on their way into the project's own folder. */

char *
fv_import_copy_folder (const FvProject *project, const char *root)
{
  g_autofree char *name = g_path_get_basename (root);
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, root, -1);
  hash[8] = '\0';
  g_autofree char *folder = g_strconcat (name, "-", hash, NULL);
  return g_build_filename (fv_project_get_path (project), "pictures", folder, NULL);
}

static gboolean
copy_picture (const char *from, const char *to, GCancellable *cancellable, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (to);
  g_autofree char *part = g_strconcat (to, ".part", NULL);
  g_autoptr (GFile) source = g_file_new_for_path (from);
  g_autoptr (GFile) target = g_file_new_for_path (part);
  g_autoptr (GError) local = NULL;
  if (g_mkdir_with_parents (folder, 0777) == 0
      && g_file_copy (source, target, G_FILE_COPY_OVERWRITE | G_FILE_COPY_TARGET_DEFAULT_PERMS, cancellable, NULL, NULL,
                      &local)
      && g_rename (part, to) == 0)
    return TRUE;
  int saved_errno = errno;
  g_unlink (part);
  if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_propagate_error (error, g_steal_pointer (&local));
  else
    g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_COPY,
                 _ ("The picture '%s' can't be copied to '%s': %s. Nothing was imported; free some space or import "
                    "without copying."),
                 from, to, local != NULL ? local->message : g_strerror (saved_errno));
  return FALSE;
}

gboolean
fv_import_flush (const char *folder, GError **error)
{
  int fd = open (folder, O_RDONLY | O_CLOEXEC);
  gboolean done = fd >= 0 && syncfs (fd) == 0;
  if (!done)
    g_set_error (
        error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_COPY,
        _ ("The pictures copied to '%s' can't be brought to the disk: %s. Nothing was imported; import without "
           "copying, or look after the disk."),
        folder, g_strerror (errno));
  if (fd >= 0)
    close (fd);
  return done;
}

gboolean
fv_import_copy (const FvImportJob *job, FvDataset *dataset, const char *folder, GError **error)
{
  g_autoptr (GPtrArray) made = g_ptr_array_new_with_free_func (g_free);
  gboolean done = TRUE;
  for (guint i = 0; done && i < dataset->items->len; i++)
    {
      FvItem *item = fv_dataset_get (dataset, i);
      g_autofree char *file = fv_item_get_file_name (item);
      char *to = g_build_filename (folder, file, NULL);
      gboolean there = g_file_test (to, G_FILE_TEST_EXISTS);
      /* A page behind the first came with that. */
      done = item->reading.page > 0 || copy_picture (item->path, to, job->params->cancellable, error);
      if (done && !there)
        g_ptr_array_add (made, g_strdup (to));
      g_free (item->path);
      item->path = to;
      fv_import_job_progress (job, (i + 1.0) / dataset->items->len, _ ("pictures copied"));
    }
  done = done && fv_import_flush (folder, error);
  for (guint i = 0; !done && i < made->len; i++)
    g_unlink (g_ptr_array_index (made, i));
  return done;
}

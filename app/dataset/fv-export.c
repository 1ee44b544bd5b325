/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-export.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <png.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/dataset/fv-exporter.h"
#include "app/dataset/fv-picture.h"
#include "app/exchange/fv-file.h"

#define MAX_WORKERS 8

G_DEFINE_QUARK (fv_export_error, fv_export_error)

static const FvExporter *const exporters[]
    = { &fv_exporter_yolo, &fv_exporter_coco,     &fv_exporter_voc, &fv_exporter_labelme,
        &fv_exporter_cvat, &fv_exporter_createml, &fv_exporter_csv };

const char *const fv_export_formats[] = { "yolo", "coco", "voc", "labelme", "cvat", "createml", "csv", NULL };

/* What is to be exported */

static void
export_clear (FvExport *export)
{
  g_free (export->folder);
  g_clear_pointer (&export->pictures, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FvExport, export_clear)

/* Paths of files of which several pages are pictures of the dataset: a copy of the file would be all of them. */
static GHashTable *
find_shared_files (const FvDataset *dataset)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  GHashTable *shared = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < dataset->items->len; i++)
    {
      char *path = fv_dataset_get (dataset, i)->path;
      if (g_hash_table_contains (seen, path))
        g_hash_table_add (shared, path);
      g_hash_table_add (seen, path);
    }
  return shared;
}

static void
choose_pictures (FvExport *export, const FvExportParams *params, FvExportReport *report)
{
  g_autoptr (GHashTable) shared = find_shared_files (export->dataset);
  for (guint i = 0; i < export->dataset->items->len; i++)
    {
      const FvItem *item = fv_dataset_get (export->dataset, i);
      const FvPictureReading *reading = &item->reading;
      if (params->subset != FV_SUBSET_NONE && item->subset != params->subset)
        continue;
      FvExportPicture *picture = g_new0 (FvExportPicture, 1);
      picture->item = item;
      picture->as_png
          = reading->page > 0 || reading->low > 0 || reading->high > 0 || g_hash_table_contains (shared, item->path);
      g_ptr_array_add (export->pictures, picture);
      export->n_in_subset[item->subset]++;
      report->boxes += item->boxes->len;
      report->ignored += item->ignored->len;
      report->converted += picture->as_png;
    }
  report->images = export->pictures->len;
  memcpy (report->n_in_subset, export->n_in_subset, sizeof report->n_in_subset);
}

/* Pictures, in threads */

static gboolean
write_png (const FvExportPicture *picture, const char *to, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (FvPicture) decoded
      = fv_picture_load (picture->item->path, &picture->item->reading, 0, FV_RESIZE_LINEAR, &local);
  if (decoded == NULL)
    {
      g_set_error (error, FV_EXPORT_ERROR, FV_EXPORT_ERROR_PICTURE,
                   _ ("%s Nothing was exported; put the picture back as it was, or import its folder anew."),
                   local->message);
      return FALSE;
    }
  png_image png = { .version = PNG_IMAGE_VERSION,
                    .width = decoded->width,
                    .height = decoded->height,
                    .format = PNG_FORMAT_RGB,
                    .flags = PNG_IMAGE_FLAG_FAST };
  if (png_image_write_to_file (&png, to, 0, decoded->rgb, (png_int_32)decoded->stride, NULL) != 0)
    return TRUE;
  return fv_export_set_write_error (to, png.message, error);
}

static gboolean
copy_picture (const FvExportPicture *picture, const char *to, GCancellable *cancellable, GError **error)
{
  g_autoptr (GFile) source = g_file_new_for_path (picture->item->path);
  g_autoptr (GFile) target = g_file_new_for_path (to);
  g_autoptr (GError) local = NULL;
  if (g_file_copy (source, target, G_FILE_COPY_TARGET_DEFAULT_PERMS, cancellable, NULL, NULL, &local))
    return TRUE;
  if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_propagate_error (error, g_steal_pointer (&local));
  else if (g_access (picture->item->path, R_OK) != 0)
    g_set_error (error, FV_EXPORT_ERROR, FV_EXPORT_ERROR_PICTURE,
                 _ ("The picture '%s' can't be read: %s. Nothing was exported; put it back where it was imported from, "
                    "or import its folder anew."),
                 picture->item->path, g_strerror (errno));
  else
    fv_export_set_write_error (to, local->message, error);
  return FALSE;
}

typedef struct
{
  const FvExport *export;
  GAsyncQueue *done;
  GMutex lock;
  GError *error; /* (nullable): the first */
} Writing;

static void
write_picture (gpointer data, gpointer user_data)
{
  const FvExportPicture *picture = data;
  Writing *writing = user_data;
  GCancellable *cancellable = writing->export->cancellable;
  g_autofree char *to = g_build_filename (writing->export->folder, picture->path, NULL);
  g_autoptr (GError) error = NULL;

  g_mutex_lock (&writing->lock);
  const gboolean failed = writing->error != NULL;
  g_mutex_unlock (&writing->lock);
  if (!failed && !g_cancellable_set_error_if_cancelled (cancellable, &error)
      && fv_export_make_folders (writing->export, picture->path, &error))
    {
      if (picture->as_png)
        write_png (picture, to, &error);
      else
        copy_picture (picture, to, cancellable, &error);
    }
  g_mutex_lock (&writing->lock);
  if (error != NULL && writing->error == NULL)
    writing->error = g_steal_pointer (&error);
  g_mutex_unlock (&writing->lock);
  g_async_queue_push (writing->done, data);
}

static gboolean
write_pictures (const FvExport *export, const FvExportParams *params, GError **error)
{
  g_autoptr (GAsyncQueue) done = g_async_queue_new ();
  Writing writing = { .export = export, .done = done };
  const int n_workers = MIN ((int)g_get_num_processors (), MAX_WORKERS);
  GThreadPool *pool = g_thread_pool_new (write_picture, &writing, n_workers, FALSE, error);
  if (pool == NULL)
    return FALSE;
  g_mutex_init (&writing.lock);
  for (guint i = 0; i < export->pictures->len; i++)
    g_thread_pool_push (pool, g_ptr_array_index (export->pictures, i), NULL);
  for (guint i = 0; i < export->pictures->len; i++)
    {
      g_async_queue_pop (done);
      if (params->progress != NULL)
        params->progress ((i + 1.0) / export->pictures->len, _ ("pictures written"), params->user_data);
    }
  g_thread_pool_free (pool, FALSE, TRUE);
  g_mutex_clear (&writing.lock);
  if (writing.error == NULL)
    return TRUE;
  g_propagate_error (error, writing.error);
  return FALSE;
}

/* A folder that is there whole or not at all */

static int
remove_one (const char *path, const struct stat *status, int kind, struct FTW *where)
{
  return remove (path);
}

/* Nothing, or an empty folder, may be where the export is to be. */
static gboolean
check_output (const char *output, GError **error)
{
  struct stat status;
  g_autofree char *shown = g_filename_display_name (output);
  if (lstat (output, &status) != 0)
    return errno == ENOENT ? TRUE : fv_export_set_write_error (output, g_strerror (errno), error);
  if (!S_ISDIR (status.st_mode))
    {
      g_set_error (error, FV_EXPORT_ERROR, FV_EXPORT_ERROR_EXISTS,
                   _ ("'%s' is there and is no folder. Name another place; nothing is overwritten."), shown);
      return FALSE;
    }
  g_autoptr (GDir) dir = g_dir_open (output, 0, NULL);
  if (dir != NULL && g_dir_read_name (dir) == NULL)
    return TRUE;
  g_set_error (error, FV_EXPORT_ERROR, FV_EXPORT_ERROR_EXISTS,
               _ ("The folder '%s' is not empty. Name another one, or empty it; nothing is overwritten."), shown);
  return FALSE;
}

/* (transfer full): a new folder beside @output, hidden, to be filled. */
static char *
make_part (const char *output, GError **error)
{
  g_autofree char *above = g_path_get_dirname (output), *name = g_path_get_basename (output);
  g_autofree char *part = g_strdup_printf ("%s/.%.100s.part-XXXXXX", above, name);
  if (g_mkdir_with_parents (above, 0777) == 0 && g_mkdtemp_full (part, 0777) != NULL)
    return g_steal_pointer (&part);
  fv_export_set_write_error (output, g_strerror (errno), error);
  return NULL;
}

/* All of it is on the disk before it gets its name; one flush of the file system serves for all files. */
static gboolean
finish (const char *part, const char *output, GError **error)
{
  g_autofree char *above = g_path_get_dirname (output);
  const int fd = open (part, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const gboolean done = fd >= 0 && syncfs (fd) == 0 && rename (part, output) == 0;
  const int saved_errno = errno;
  if (fd >= 0)
    close (fd);
  if (!done)
    return fv_export_set_write_error (output, g_strerror (saved_errno), error);
  fv_file_flush_folder (above);
  return TRUE;
}

gboolean
fv_export_dataset (const FvDataset *dataset, const FvExportParams *params, FvExportReport *report, GError **error)
{
  const FvExporter *exporter = NULL;
  g_autofree char *output = g_canonicalize_filename (params->output, NULL);
  g_auto (FvExport) export = { .dataset = dataset, .cancellable = params->cancellable };

  *report = (FvExportReport){ 0 };
  for (guint i = 0; i < G_N_ELEMENTS (exporters); i++)
    if (strcmp (params->format, exporters[i]->name) == 0)
      exporter = exporters[i];
  if (exporter == NULL)
    {
      g_autofree char *known = g_strjoinv (", ", (char **)fv_export_formats);
      g_set_error (error, FV_EXPORT_ERROR, FV_EXPORT_ERROR_FORMAT,
                   _ ("The format '%s' can't be written; those that can are %s."), params->format, known);
      return FALSE;
    }
  export.pictures = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_export_picture_free);
  choose_pictures (&export, params, report);
  if (report->images == 0)
    {
      g_set_error (error, FV_EXPORT_ERROR, FV_EXPORT_ERROR_EMPTY, "%s",
                   params->subset == FV_SUBSET_NONE ? _ ("There are no pictures to export. Import some first.")
                                                    : _ ("The subset has no pictures to export. Choose another."));
      return FALSE;
    }
  if (!exporter->holds_ignored)
    {
      report->ignored_left_out = report->ignored;
      report->ignored = 0;
    }
  fv_export_name_pictures (&export, exporter);
  if (!check_output (output, error) || (export.folder = make_part (output, error)) == NULL)
    return FALSE;
  const gboolean done = exporter->write (&export, error) && write_pictures (&export, params, error)
                        && finish (export.folder, output, error);
  if (!done)
    nftw (export.folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
  report->files = export.n_files + report->images;
  return done;
}

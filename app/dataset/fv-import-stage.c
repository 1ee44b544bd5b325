/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/dataset/fv-archive.h"
#include "app/dataset/fv-import-private.h"
#include "app/dataset/fv-video.h"
#include "app/dataset/fv-xml.h"

/* Archives and videos are taken apart before an import looks at them. */

/* CVAT says at the beginning which frames of the video it shows. */
#define HEAD_BYTES (64 << 10)

struct _FvImportStage
{
  char *source; /* what was taken apart */
  char *made;   /* the folder that is the import's, whole */
  char *folder; /* made, or the only folder in it */
  gboolean is_new, dry_run;
};

typedef struct
{
  const FvImportJob *job;
  const char *what;
  double begin, share; /* of the whole */
} Progress;

static void
on_progress (double fraction, gpointer user_data)
{
  const Progress *self = user_data;
  fv_import_job_progress (self->job, self->begin + fraction * self->share, self->what);
}

static gboolean
fail (GError **error, const char *path)
{
  g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_UNPACK,
               _ ("'%s' can't be written: %s. Nothing was imported; free some space."), path, g_strerror (errno));
  return FALSE;
}

/* Removes a folder of ours with all that is in it; links are removed, not followed. */
static void
remove_all (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      if (!g_file_test (path, G_FILE_TEST_IS_SYMLINK) && g_file_test (path, G_FILE_TEST_IS_DIR))
        remove_all (path);
      else
        g_unlink (path);
    }
  g_rmdir (folder);
}

static gboolean
is_video (const char *path)
{
  g_autofree char *name = g_path_get_basename (path);
  return fv_name_is_video (name);
}

static guint
count_videos (const FvImportSource *source)
{
  guint n = 0;
  for (guint i = 0; i < source->files->len; i++)
    n += is_video (g_ptr_array_index (source->files, i));
  return n;
}

/* Where the source goes to in the project. */
static char *
project_folder (const FvProject *project, const FvImportJob *job)
{
  const FvImportSource *source = job->source;
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree char *base = g_path_get_basename (source->path);
  g_autofree char *name = source->is_folder ? g_strdup (base) : fv_path_without_ending (base);
  /* "cells.tar.gz" */
  if (g_str_has_suffix (name, ".tar"))
    name[strlen (name) - strlen (".tar")] = '\0';
  g_autofree char *fps = g_strdup_printf ("%g", job->params->fps);
  g_checksum_update (checksum, (const guchar *)fps, -1);
  for (guint i = 0; i < source->files->len; i++)
    {
      const char *path = g_ptr_array_index (source->files, i);
      GStatBuf status = { 0 };
      g_stat (path, &status);
      g_autofree char *line
          = g_strdup_printf ("\n%s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT ".%09ld", path, (gint64)status.st_size,
                             (gint64)status.st_mtim.tv_sec, (long)status.st_mtim.tv_nsec);
      g_checksum_update (checksum, (const guchar *)line, -1);
    }
  g_autofree char *folder = g_strdup_printf ("%s-%.8s", name, g_checksum_get_string (checksum));
  return g_build_filename (fv_project_get_path (project), "pictures", folder, NULL);
}

/* The number behind a word of CVAT's, or otherwise. */
static guint64
number_behind (const char *text, const char *word, guint64 otherwise)
{
  const char *at = strstr (text, word);
  return at != NULL && g_ascii_isdigit (at[strlen (word)]) ? g_ascii_strtoull (at + strlen (word), NULL, 10)
                                                           : otherwise;
}

/* The frames that labels of CVAT's beside the videos speak of. */
static gboolean
find_cvat_frames (const GPtrArray *files, FvVideoFrames *frames)
{
  for (guint i = 0; i < files->len; i++)
    {
      const char *path = g_ptr_array_index (files, i);
      g_autofree char *root = fv_name_is_xml (path) ? fv_xml_root_name (path, NULL) : NULL;
      if (g_strcmp0 (root, "annotations") != 0)
        continue;
      g_autofree char *text = g_malloc0 (HEAD_BYTES + 1);
      FILE *file = g_fopen (path, "re");
      if (file == NULL)
        continue;
      const gsize n = fread (text, 1, HEAD_BYTES, file);
      fclose (file);
      if (n == 0 || strstr (text, "<mode>interpolation</mode>") == NULL)
        continue;
      frames->first = number_behind (text, "<start_frame>", 0);
      frames->last = number_behind (text, "<stop_frame>", G_MAXUINT64 - 1);
      frames->step = MAX (1, number_behind (text, "<frame_filter>step=", 1));
      return TRUE;
    }
  return FALSE;
}

/* videos: their paths; the frames of DIR/a.mp4 go to FOLDER/DIR/a. */
static gboolean
extract_all (const FvImportJob *job, const GPtrArray *files, const char *root, const char *folder, double begin,
             GError **error)
{
  FvVideoFrames frames = { .fps = job->params->fps > 0 ? job->params->fps : 1 };
  g_autoptr (GPtrArray) videos = g_ptr_array_new ();
  for (guint i = 0; i < files->len; i++)
    if (is_video (g_ptr_array_index (files, i)))
      g_ptr_array_add (videos, g_ptr_array_index (files, i));
  if (videos->len > 0 && job->params->fps <= 0)
    find_cvat_frames (files, &frames);
  for (guint i = 0; i < videos->len; i++)
    {
      const char *path = g_ptr_array_index (videos, i), *relative = path;
      if (!fv_path_is_below (path, root, &relative))
        relative = strrchr (path, '/') + 1;
      g_autofree char *inside = g_build_filename (folder, relative, NULL), *to = fv_path_without_ending (inside);
      const Progress progress = { job, _ ("videos"), begin + i * (1 - begin) / videos->len, (1 - begin) / videos->len };
      guint n_frames;
      if (g_file_test (to, G_FILE_TEST_EXISTS))
        {
          g_free (to);
          to = g_strconcat (inside, ".frames", NULL);
        }
      if (!fv_video_extract (path, to, &frames, &n_frames, on_progress, (gpointer)&progress, job->params->cancellable,
                             error))
        return FALSE;
    }
  return TRUE;
}

/* The other files of a folder with videos: links in a dry run. */
static gboolean
lay_beside (const FvImportJob *job, const char *folder, GError **error)
{
  const GPtrArray *files = job->source->files;
  for (guint i = 0; i < files->len; i++)
    {
      const char *path = g_ptr_array_index (files, i), *relative;
      if (is_video (path) || !fv_path_is_below (path, job->source->path, &relative))
        continue;
      g_autofree char *to = g_build_filename (folder, relative, NULL), *parent = g_path_get_dirname (to);
      g_autoptr (GFile) from = g_file_new_for_path (path), target = g_file_new_for_path (to);
      g_autoptr (GError) local = NULL;
      if (g_mkdir_with_parents (parent, 0777) != 0)
        return fail (error, to);
      if (job->params->dry_run ? symlink (path, to) != 0
                               : !g_file_copy (from, target, G_FILE_COPY_TARGET_DEFAULT_PERMS, job->params->cancellable,
                                               NULL, NULL, &local))
        {
          if (g_cancellable_set_error_if_cancelled (job->params->cancellable, error))
            return FALSE;
          g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_UNPACK,
                       _ ("'%s' can't be written: %s. Nothing was imported; free some space."), to,
                       local != NULL ? local->message : g_strerror (errno));
          return FALSE;
        }
      fv_import_job_progress (job, (i + 1.0) / files->len / 2, _ ("files copied"));
    }
  return TRUE;
}

/* An archive's videos are frames like all others; the videos themselves don't stay. */
static gboolean
unpack (FvImportJob *job, const char *folder, GError **error)
{
  const Progress progress = { job, _ ("archive unpacked"), 0, 0.5 };
  if (!fv_archive_unpack (job->source->path, folder, job->rejected, on_progress, (gpointer)&progress,
                          job->params->cancellable, error))
    return FALSE;
  g_autoptr (GPtrArray) files = fv_scan_folder (folder, NULL, NULL);
  if (!extract_all (job, files, folder, folder, 0.5, error))
    return FALSE;
  for (guint i = 0; i < files->len; i++)
    if (is_video (g_ptr_array_index (files, i)))
      g_unlink (g_ptr_array_index (files, i));
  return TRUE;
}

static gboolean
fill (FvImportJob *job, const char *folder, GError **error)
{
  const FvImportSource *source = job->source;
  if (!source->is_folder && !is_video (source->path))
    return unpack (job, folder, error);
  g_autofree char *parent = g_path_get_dirname (source->path);
  return lay_beside (job, folder, error)
         && extract_all (job, source->files, source->is_folder ? source->path : parent, folder,
                         source->is_folder ? 0.5 : 0, error);
}

/* Archives mostly hold one folder that holds all. */
static char *
only_folder (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name = dir != NULL ? g_dir_read_name (dir) : NULL;
  g_autofree char *path = name != NULL ? g_build_filename (folder, name, NULL) : NULL;
  return path != NULL && g_dir_read_name (dir) == NULL && g_file_test (path, G_FILE_TEST_IS_DIR)
             ? g_steal_pointer (&path)
             : g_strdup (folder);
}

/* A folder of its own in the cache. */
static char *
make_cache_folder (GError **error)
{
  g_autofree char *path = g_build_filename (g_get_user_cache_dir (), "fovea", "import-XXXXXX", NULL);
  g_autofree char *parent = g_path_get_dirname (path);
  if (g_mkdir_with_parents (parent, 0700) == 0 && g_mkdtemp (path) != NULL)
    return g_steal_pointer (&path);
  fail (error, path);
  return NULL;
}

gboolean
fv_import_stage_new (const FvProject *project, FvImportJob *job, FvImportStage **stage, GError **error)
{
  const FvImportSource *source = job->source;
  *stage = NULL;
  if (source->is_folder ? count_videos (source) == 0 : !is_video (source->path) && !fv_archive_is_one (source->path))
    return TRUE;
  g_autoptr (FvImportStage) self = g_new0 (FvImportStage, 1);
  self->source = g_strdup (source->path);
  self->dry_run = job->params->dry_run;
  self->made = self->dry_run ? make_cache_folder (error) : project_folder (project, job);
  if (self->made == NULL)
    return FALSE;
  self->is_new = self->dry_run || !g_file_test (self->made, G_FILE_TEST_EXISTS);
  if (self->dry_run)
    {
      if (!fill (job, self->made, error))
        return FALSE;
    }
  else if (self->is_new)
    {
      g_autofree char *part = g_strconcat (self->made, ".part", NULL);
      remove_all (part);
      gboolean done = g_mkdir_with_parents (part, 0777) == 0 || fail (error, part);
      done = done && fill (job, part, error) && fv_import_flush (part, error);
      if (done && g_rename (part, self->made) != 0)
        done = fail (error, self->made);
      if (!done)
        {
          remove_all (part);
          return FALSE;
        }
    }
  self->folder = only_folder (self->made);
  *stage = g_steal_pointer (&self);
  return TRUE;
}

const char *
fv_import_stage_get_folder (const FvImportStage *self)
{
  return self->folder;
}

void
fv_import_stage_rename (const FvImportStage *self, GPtrArray *rows)
{
  const char *relative;
  for (guint i = 0; self->dry_run && i < rows->len; i++)
    {
      FvProblem *row = g_ptr_array_index (rows, i);
      if (!fv_path_is_below (row->file, self->made, &relative))
        continue;
      char *known = g_build_filename (self->source, relative, NULL);
      g_free (row->file);
      row->file = known;
    }
}

void
fv_import_stage_rename_text (const FvImportStage *self, char **text)
{
  GString *known = g_string_new (*text);
  g_string_replace (known, self->made, self->source, 0);
  g_free (*text);
  *text = g_string_free (known, FALSE);
}

void
fv_import_stage_keep (FvImportStage *self)
{
  self->is_new = FALSE;
}

void
fv_import_stage_free (FvImportStage *self)
{
  if (self == NULL)
    return;
  if (self->is_new && self->made != NULL)
    remove_all (self->made);
  g_free (self->source);
  g_free (self->made);
  g_free (self->folder);
  g_free (self);
}

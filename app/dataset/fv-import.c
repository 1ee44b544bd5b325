/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-import.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "app/dataset/fv-class-map.h"
#include "app/dataset/fv-import-private.h"
#include "app/dataset/fv-importer.h"

#define MAX_WORKERS 8

G_DEFINE_QUARK (fv_import_error, fv_import_error)

/* Reading pictures and labels in threads */

/* SHA-256 of the content: (transfer full), or NULL with *why. */
static char *
hash_file (const char *path, char **why)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    {
      *why = g_strdup (g_strerror (errno));
      return NULL;
    }
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree guint8 *buffer = g_malloc (1 << 18);
  ssize_t n;
  while ((n = read (fd, buffer, 1 << 18)) > 0 || (n < 0 && errno == EINTR))
    if (n > 0)
      g_checksum_update (checksum, buffer, n);
  if (n < 0)
    *why = g_strdup (g_strerror (errno));
  close (fd);
  return n < 0 ? NULL : g_strdup (g_checksum_get_string (checksum));
}

typedef struct
{
  FvImportJob *job;
  const FvImporter *importer;
  GAsyncQueue *done;
} Reading;

static void
read_entry (gpointer data, gpointer user_data)
{
  FvImportEntry *entry = data;
  const Reading *reading = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *why = NULL;

  if (g_cancellable_is_cancelled (reading->job->params->cancellable))
    entry->unusable = TRUE;
  else if (!fv_picture_probe (entry->picture, &entry->info, &error))
    {
      fv_problem_add (entry->rejected, entry->picture, 0,
                      entry->label != NULL ? _ ("%s Its labels stay out with it.") : "%s", error->message);
      entry->unusable = TRUE;
    }
  else if ((entry->hash = hash_file (entry->picture, &why)) == NULL)
    {
      fv_problem_add (entry->rejected, entry->picture, 0,
                      entry->label != NULL ? _ ("The picture can't be read: %s. Its labels stay out with it.")
                                           : _ ("The picture can't be read: %s."),
                      why);
      entry->unusable = TRUE;
    }
  else if (entry->staged != NULL)
    fv_import_entry_place (entry);
  else if (entry->label != NULL && reading->importer->read_labels != NULL)
    reading->importer->read_labels (reading->job, entry);
  g_clear_pointer (&entry->seen, g_hash_table_unref);
  g_async_queue_push (reading->done, entry);
}

void
fv_import_job_progress (const FvImportJob *job, double fraction, const char *what)
{
  if (job->params->progress != NULL)
    job->params->progress (fraction, what, job->params->user_data);
}

static gboolean
read_entries (FvImportJob *job, const FvImporter *importer, GError **error)
{
  g_autoptr (GAsyncQueue) done = g_async_queue_new ();
  Reading reading = { job, importer, done };
  int n_workers = MIN ((int)g_get_num_processors (), MAX_WORKERS);
  GThreadPool *pool = g_thread_pool_new (read_entry, &reading, n_workers, FALSE, error);
  if (pool == NULL)
    return FALSE;
  for (guint i = 0; i < job->entries->len; i++)
    g_thread_pool_push (pool, g_ptr_array_index (job->entries, i), NULL);
  for (guint i = 0; i < job->entries->len; i++)
    {
      g_async_queue_pop (done);
      fv_import_job_progress (job, (i + 1.0) / job->entries->len, _ ("pictures read"));
    }
  g_thread_pool_free (pool, FALSE, TRUE);
  return !g_cancellable_set_error_if_cancelled (job->params->cancellable, error);
}

/* From entries to a dataset */

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

/* The classes of all entries that name their own, by name, so that no order of files matters. */
static GStrv
collect_class_names (const FvImportJob *job)
{
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  guint n_unnamed = 0;
  for (guint i = 0; i < job->entries->len; i++)
    {
      const FvImportEntry *entry = g_ptr_array_index (job->entries, i);
      for (guint k = 0; k < entry->class_names->len; k++)
        g_hash_table_add (names, g_ptr_array_index (entry->class_names, k));
      for (guint k = 0; entry->class_names->len == 0 && k < entry->boxes->len; k++)
        n_unnamed = MAX (n_unnamed, g_array_index (entry->boxes, FvBox, k).class_id + 1);
    }
  GPtrArray *list = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer name;
  g_hash_table_iter_init (&iter, names);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_ptr_array_add (list, g_strdup (name));
  g_ptr_array_sort (list, compare_names);
  for (guint i = 0; i < n_unnamed; i++)
    g_ptr_array_add (list, g_strdup_printf ("class%u", i));
  g_ptr_array_add (list, NULL);
  return (GStrv)g_ptr_array_free (list, FALSE);
}

/* A folder that holds all pictures: the importer's own, or what it and the pictures elsewhere have in common. */
static void
widen_root (FvImportJob *job)
{
  for (guint i = 0; i < job->entries->len; i++)
    {
      const FvImportEntry *entry = g_ptr_array_index (job->entries, i);
      const char *relative;
      while (!fv_path_is_below (entry->picture, job->root, &relative))
        {
          char *parent = g_path_get_dirname (job->root);
          g_free (job->root);
          job->root = parent;
        }
    }
}

static FvItem *
make_item (const FvImportJob *job, const FvImportEntry *entry, GHashTable *class_ids)
{
  const char *relative = NULL;
  fv_path_is_below (entry->picture, job->root, &relative);
  FvItem *item = fv_item_new ();
  item->path = g_strdup (entry->picture);
  item->name = g_strdup (relative);
  item->hash = g_strdup (entry->hash);
  item->width = entry->info.width;
  item->height = entry->info.height;
  item->orientation = entry->info.orientation;
  item->subset = job->params->force_subset ? job->params->subset : entry->subset;
  item->time = entry->time != FV_TIME_UNKNOWN ? entry->time : entry->info.time;
  item->latitude = isnan (entry->latitude) ? entry->info.latitude : entry->latitude;
  item->longitude = isnan (entry->longitude) ? entry->info.longitude : entry->longitude;
  g_array_append_vals (item->ignored, entry->ignored->data, entry->ignored->len);
  for (guint k = 0; k < entry->boxes->len; k++)
    {
      FvBox box = g_array_index (entry->boxes, FvBox, k);
      if (entry->class_names->len > 0)
        box.class_id
            = GPOINTER_TO_UINT (g_hash_table_lookup (class_ids, g_ptr_array_index (entry->class_names, box.class_id)));
      g_array_append_val (item->boxes, box);
    }
  return item;
}

static int
compare_entries (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(FvImportEntry *const *)a)->picture, (*(FvImportEntry *const *)b)->picture);
}

static void
move_rows (GPtrArray *to, GPtrArray *from)
{
  g_ptr_array_extend_and_steal (to, g_steal_pointer (&from));
}

static gboolean
make_report (FvImportJob *job, FvImportReport *report, GError **error)
{
  g_ptr_array_sort (job->entries, compare_entries);
  widen_root (job);
  if (job->class_names == NULL && job->classes->len > 0)
    {
      g_ptr_array_add (job->classes, NULL);
      job->class_names = g_strdupv ((char **)job->classes->pdata);
    }
  if (job->class_names == NULL)
    job->class_names = collect_class_names (job);
  g_autoptr (GHashTable) class_ids = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; job->class_names[i] != NULL; i++)
    g_hash_table_insert (class_ids, job->class_names[i], GUINT_TO_POINTER (i));

  report->dataset = fv_dataset_new ((const char *const *)job->class_names);
  report->repaired = g_ptr_array_ref (job->repaired);
  report->rejected = g_ptr_array_ref (job->rejected);
  for (guint i = 0; i < job->entries->len; i++)
    {
      FvImportEntry *entry = g_ptr_array_index (job->entries, i);
      move_rows (report->repaired, g_ptr_array_ref (entry->repaired));
      move_rows (report->rejected, g_ptr_array_ref (entry->rejected));
      if (entry->unusable)
        continue;
      FvItem *item = make_item (job, entry, class_ids);
      fv_dataset_add (report->dataset, item);
      if (entry->info.bits > 8)
        g_ptr_array_add (job->deep, item);
      fv_import_add_pages (job, report->dataset, item, entry);
    }
  fv_dataset_sort (report->dataset);
  if (report->dataset->items->len > 0)
    return TRUE;

  if (report->rejected->len > 0)
    {
      const FvProblem *first = g_ptr_array_index (report->rejected, 0);
      g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_SOURCE,
                   ngettext ("Nothing in '%s' can be used (%u problem): %s: %s",
                             "Nothing in '%s' can be used (%u problems). The first: %s: %s", report->rejected->len),
                   job->source->path, report->rejected->len, first->file, first->reason);
    }
  else
    g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_SOURCE, _ ("There are no pictures in '%s'."),
                 job->source->path);
  return FALSE;
}

static gboolean
brings_subsets (const FvDataset *dataset)
{
  for (guint i = 0; i < dataset->items->len; i++)
    if (fv_dataset_get (dataset, i)->subset != FV_SUBSET_NONE)
      return TRUE;
  return FALSE;
}

static gboolean
store (FvProject *project, FvImportJob *job, const char *source, FvImportStage *stage, FvImportReport *report,
       GError **error)
{
  g_autofree char *folder = job->params->copy && stage == NULL ? fv_import_copy_folder (project, job->root) : NULL;
  if (folder != NULL && !fv_import_copy (job, report->dataset, folder, error))
    return FALSE;
  const FvImportRecord record = { .source = source,
                                  .format = report->format,
                                  .root = folder != NULL ? folder : job->root,
                                  .copied = folder != NULL || stage != NULL,
                                  .class_names = (const char *const *)report->dataset->class_names,
                                  .items = report->dataset->items,
                                  .repaired = report->repaired,
                                  .rejected = report->rejected };
  if (!fv_project_add_import (project, &record, error))
    return FALSE;
  if (stage != NULL)
    fv_import_stage_keep (stage);
  return TRUE;
}

/* The whole */

static void
import_source_free (FvImportSource *self)
{
  g_free (self->path);
  g_ptr_array_unref (self->files);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvImportSource, import_source_free)

static FvImportSource *
import_source_new (const char *path)
{
  FvImportSource *self = g_new0 (FvImportSource, 1);
  self->path = g_canonicalize_filename (path, NULL);
  self->files = g_ptr_array_new_with_free_func (g_free);
  return self;
}

static void
import_source_list (FvImportSource *self)
{
  self->is_folder = g_file_test (self->path, G_FILE_TEST_IS_DIR);
  g_ptr_array_unref (self->files);
  if (self->is_folder)
    {
      self->files = fv_scan_folder (self->path, NULL, NULL);
      return;
    }
  self->files = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (self->files, g_strdup (self->path));
}

static void
job_clear (FvImportJob *job)
{
  g_clear_pointer (&job->classes, g_ptr_array_unref);
  g_clear_pointer (&job->class_ids, g_hash_table_unref);
  g_clear_pointer (&job->deep, g_ptr_array_unref);
  g_free (job->root);
  g_clear_pointer (&job->pictures, g_hash_table_unref);
  g_clear_pointer (&job->entries, g_ptr_array_unref);
  g_strfreev (job->class_names);
  g_clear_pointer (&job->repaired, g_ptr_array_unref);
  g_clear_pointer (&job->rejected, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FvImportJob, job_clear)

/* From what is listed to a report; to the store where it is no dry run. source: as the person named it. */
static gboolean
import_listed (FvProject *project, FvImportJob *job, const char *source, FvImportStage *stage, FvImportReport *report,
               GError **error)
{
  const FvImportParams *params = job->params;
  const FvImporter *importer = fv_import_choose (job->source, params->format, &report->why, error);
  if (importer == NULL || !importer->list (job, error) || !read_entries (job, importer, error)
      || !make_report (job, report, error)
      || (params->classes != NULL
          && !fv_class_map_apply (params->classes, report->dataset, source, report->repaired, report->rejected, error)))
    return FALSE;
  report->format = g_strdup (importer->name);
  if (!fv_import_choose_window (project, job, error))
    return FALSE;
  if (!brings_subsets (report->dataset) && !params->force_subset)
    {
      if (!fv_import_split (project, report->dataset, params, error))
        return FALSE;
      report->split = TRUE;
    }
  for (guint i = 0; i < report->dataset->items->len; i++)
    {
      const FvItem *item = fv_dataset_get (report->dataset, i);
      report->backgrounds += item->boxes->len == 0;
      report->n_in_subset[item->subset]++;
    }
  if (stage != NULL)
    {
      fv_import_stage_rename (stage, report->repaired);
      fv_import_stage_rename (stage, report->rejected);
    }
  return params->dry_run || store (project, job, source, stage, report, error);
}

FvImportReport *
fv_import (FvProject *project, const char *source, const FvImportParams *params, GError **error)
{
  g_autoptr (FvImportReport) report = g_new0 (FvImportReport, 1);
  g_auto (FvImportJob) job = { .params = params };
  g_autoptr (FvImportSource) from = import_source_new (source), inside = NULL;
  g_autoptr (FvImportStage) stage = NULL;
  g_autoptr (GError) local = NULL;
  job.source = from;
  job.classes = g_ptr_array_new_with_free_func (g_free);
  job.deep = g_ptr_array_new ();
  job.class_ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  job.entries = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_import_entry_free);
  job.pictures = g_hash_table_new (g_str_hash, g_str_equal);
  job.repaired = fv_problems_new ();
  job.rejected = fv_problems_new ();

  if (!g_utf8_validate (from->path, -1, NULL) || g_access (from->path, R_OK) != 0)
    {
      g_autofree char *shown = g_filename_display_name (from->path);
      g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_SOURCE, _ ("'%s' can't be read: %s."), shown,
                   g_access (from->path, R_OK) != 0 ? g_strerror (errno)
                                                    : _ ("its name is not valid UTF-8, rename it"));
      return NULL;
    }
  import_source_list (from);
  if (!fv_import_stage_new (project, &job, &stage, error))
    return NULL;
  if (stage != NULL)
    {
      inside = import_source_new (fv_import_stage_get_folder (stage));
      import_source_list (inside);
      job.source = inside;
    }
  if (import_listed (project, &job, from->path, stage, report, &local))
    return g_steal_pointer (&report);
  if (stage != NULL)
    fv_import_stage_rename_text (stage, &local->message);
  g_propagate_error (error, g_steal_pointer (&local));
  return NULL;
}

void
fv_import_report_free (FvImportReport *report)
{
  if (report == NULL)
    return;
  g_free (report->format);
  g_free (report->why);
  fv_dataset_unref (report->dataset);
  g_clear_pointer (&report->repaired, g_ptr_array_unref);
  g_clear_pointer (&report->rejected, g_ptr_array_unref);
  g_free (report);
}

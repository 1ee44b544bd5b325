/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/document/fv-document-open.h"

#include "app/dataset/fv-sample-pictures.h"
#include "app/project/fv-lock.h"

#include <glib/gi18n-lib.h>

typedef enum
{
  OPEN,
  CREATE,
  SAMPLE,
} Purpose;

/* What a thread found out; the document itself is made in the main thread. */
typedef struct
{
  Purpose purpose;
  char *path;
  FvProject *project;
  FvDataset *dataset;
  gboolean read_only, fresh_sample;
  char *notice;
} Opening;

static void
opening_free (gpointer data)
{
  Opening *self = data;
  g_clear_pointer (&self->dataset, fv_dataset_unref);
  g_clear_pointer (&self->project, fv_project_free);
  g_free (self->path);
  g_free (self->notice);
  g_free (self);
}

/* So long an import that was cancelled is waited for, in steps, milliseconds. */
#define UNWINDING_PATIENCE 10000
#define UNWINDING_STEP 20

/* What this program itself is about to let go is waited for. */
static FvProject *
open_for_editing (const char *path, GError **error)
{
  int patience = fv_document_is_unwinding (path) ? UNWINDING_PATIENCE : 0;
  for (;;)
    {
      g_autoptr (GError) refused = NULL;
      FvProject *project = fv_project_open (path, FV_PROJECT_EDIT, &refused);
      if (project != NULL)
        return project;
      if (patience <= 0 || !g_error_matches (refused, FV_LOCK_ERROR, FV_LOCK_ERROR_HELD))
        {
          g_propagate_error (error, g_steal_pointer (&refused));
          return NULL;
        }
      patience -= UNWINDING_STEP;
      g_usleep (UNWINDING_STEP * 1000);
    }
}

/* Who can't change a project may look at it, and is told why no more. */
static gboolean
open_project (Opening *self, GError **error)
{
  g_autoptr (GError) refused = NULL;
  self->project = open_for_editing (self->path, &refused);
  if (refused != NULL && refused->domain != FV_LOCK_ERROR
      && !g_error_matches (refused, FV_PROJECT_ERROR, FV_PROJECT_ERROR_READ_ONLY))
    {
      g_propagate_error (error, g_steal_pointer (&refused));
      return FALSE;
    }
  if (refused != NULL)
    {
      self->read_only = TRUE;
      self->project = fv_project_open (self->path, FV_PROJECT_READ, error);
      const char *why = self->project != NULL ? fv_project_get_notice (self->project) : NULL;
      self->notice = g_strdup_printf (_ ("Open for reading only. %s"), why != NULL ? why : refused->message);
    }
  return self->project != NULL;
}

/* Draws the pictures where an earlier try did not come to its end, and imports them. */
static gboolean
make_sample (Opening *self, GCancellable *cancellable, GError **error)
{
  g_autofree char *store = g_build_filename (self->path, "project.db", NULL);
  g_autofree char *pictures = g_build_filename (self->path, "pictures", NULL);
  if (g_file_test (store, G_FILE_TEST_EXISTS))
    {
      if (!open_project (self, error))
        return FALSE;
      g_autoptr (FvDataset) dataset = fv_project_load_dataset (self->project, error);
      if (dataset == NULL)
        return FALSE;
      if (dataset->items->len > 0 || self->read_only)
        return TRUE;
    }
  else
    self->project = fv_project_create (self->path, error);
  if (self->project == NULL || !fv_sample_pictures_write (pictures, &(FvSampleParams){ .seed = 1 }, cancellable, error))
    return FALSE;
  FvImportReport *report = fv_import (self->project, pictures, &(FvImportParams){ .cancellable = cancellable }, error);
  if (report == NULL)
    return FALSE;
  fv_import_report_free (report);
  self->fresh_sample = TRUE;
  return TRUE;
}

static void
open_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Opening *self = data;
  GError *error = NULL;
  gboolean done;
  if (self->purpose == SAMPLE)
    done = make_sample (self, cancellable, &error);
  else if (self->purpose == CREATE)
    done = (self->project = fv_project_create (self->path, &error)) != NULL;
  else
    done = open_project (self, &error);
  if (done)
    self->dataset = fv_project_load_dataset (self->project, &error);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static void
start (Purpose purpose, char *path /* (transfer full) */, GCancellable *cancellable, GAsyncReadyCallback callback,
       gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Opening *opening = g_new0 (Opening, 1);
  opening->purpose = purpose;
  opening->path = path;
  g_task_set_source_tag (task, fv_document_open_async);
  g_task_set_task_data (task, opening, opening_free);
  g_task_run_in_thread (task, open_thread);
}

void
fv_document_open_async (const char *path, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  start (OPEN, g_strdup (path), cancellable, callback, user_data);
}

void
fv_document_create_async (const char *path, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  start (CREATE, g_strdup (path), cancellable, callback, user_data);
}

void
fv_document_create_sample_async (GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  start (SAMPLE, g_build_filename (g_get_user_data_dir (), "fovea", _ ("Sample Pictures"), NULL), cancellable, callback,
         user_data);
}

/* Few and easy pictures: small, an update after every batch, and no mosaic; good within two minutes without a graphics card. */
static void
suggest_for_sample (FvDocument *document)
{
  FvRecipe recipe = *fv_document_get_recipe (document);
  recipe.imgsz = 96;
  recipe.batch = 8;
  recipe.epochs = 10;
  recipe.nbs = 8;
  recipe.optimizer = FV_OPTIMIZER_ADAMW;
  recipe.lr0 = 0.002;
  recipe.warmup_epochs = 1;
  recipe.ema_tau = 100;
  recipe.cls = 4;
  recipe.augment.mosaic = 0;
  fv_document_set_recipe (document, &recipe);
}

FvDocument *
fv_document_open_finish (GAsyncResult *result, GError **error)
{
  GTask *task = G_TASK (result);
  Opening *opening = g_task_get_task_data (task);
  if (!g_task_propagate_boolean (task, error))
    return NULL;
  FvDocument *document
      = fv_document_new_opened (g_steal_pointer (&opening->project), g_steal_pointer (&opening->dataset),
                                opening->read_only, g_steal_pointer (&opening->notice));
  if (opening->fresh_sample)
    suggest_for_sample (document);
  return document;
}

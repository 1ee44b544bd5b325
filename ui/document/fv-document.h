/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/children/fv-serve-client.h"
#include "app/dataset/fv-import.h"
#include "app/project/fv-project.h"
#include "app/training/fv-recipe.h"
#include "app/training/fv-run-list.h"
#include "app/training/fv-run-start.h"

G_BEGIN_DECLS

/*
 * The project that a window has open. Everything slow runs in a thread of its own; what is asked of it in between is answered from memory.
 *
 *   fv_document_open_async (path, cancellable, opened, self);
 *   ...
 *   FvDocument *document = fv_document_open_finish (result, &error);
 *   g_signal_connect (document, "notify::dataset", G_CALLBACK (show_pictures), self);
 *
 * Properties, all of which notify:
 *   path, title           the folder, absolute, and its name
 *   read-only             another program has the project open for editing, or its folder can't be written to; notice says so
 *   notice                a sentence for the person, or NULL
 *   dataset               FvDataset, never changed once handed out: another one comes after each change
 *   recipe-serial         counts changes of the recipe and the starting point
 *   busy                  an import goes on
 *   try-weights           the weight file that Try It uses, or NULL: the newest run's best
 *
 * Main thread only. Errors of the calls: FV_PROJECT_ERROR, FV_LOCK_ERROR, FV_IMPORT_ERROR, G_IO_ERROR.
 */

#define FV_TYPE_DOCUMENT (fv_document_get_type ())
G_DECLARE_FINAL_TYPE (FvDocument, fv_document, FV, DOCUMENT, GObject)

/* Where a new run's weights come from; an FvRunStart that owns its text. */
typedef struct
{
  FvRunStartKind kind;
  char variant;  /* 'n', 's', 'm', 'l', 'x': FV_RUN_FROM_SCRATCH */
  char *weights; /* absolute: FV_RUN_FROM_FILE */
  guint run;     /* FV_RUN_FROM_RUN */
} FvDocumentStart;

void fv_document_start_clear (FvDocumentStart *start);
void fv_document_start_copy (const FvDocumentStart *from, FvDocumentStart *to);

/* fraction is 0..1 of the whole; text (transfer none) says what is being done. In the main thread. */
typedef void (*FvDocumentProgress) (double fraction, const char *text, gpointer user_data);

/* Opens for editing or, where another program does so already, for reading only. */
void fv_document_open_async (const char *path, GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data);
FvDocument *fv_document_open_finish (GAsyncResult *result, GError **error);
/* Makes a new project in a folder that is absent or empty. Finished with fv_document_open_finish(). */
void fv_document_create_async (const char *path, GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer user_data);
/*
 * The project with sample pictures in the person's data folder: opened where it is there already, else drawn, imported and given
 * settings that train within minutes. Finished with fv_document_open_finish().
 */
void fv_document_create_sample_async (GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);

const char *fv_document_get_path (FvDocument *self);
const char *fv_document_get_title (FvDocument *self);
gboolean fv_document_get_read_only (FvDocument *self);
/* (nullable) */
const char *fv_document_get_notice (FvDocument *self);
gboolean fv_document_get_busy (FvDocument *self);
/* (transfer none): may be without items, never NULL */
FvDataset *fv_document_get_dataset (FvDocument *self);
/* Counts the datasets: another number means another dataset. */
guint fv_document_get_dataset_serial (FvDocument *self);

/* The settings of the next run, kept in the project's settings.json. A read-only document keeps them in memory only. */
const FvRecipe *fv_document_get_recipe (FvDocument *self);
void fv_document_set_recipe (FvDocument *self, const FvRecipe *recipe);
const FvDocumentStart *fv_document_get_start (FvDocument *self);
void fv_document_set_start (FvDocument *self, const FvDocumentStart *start);
/* Whether the person has chosen settings in this project before; without, pages may suggest some from the data. */
gboolean fv_document_has_settings (FvDocument *self);
/* A recipe that suits the data, as long as the person has chosen none: it is not kept, and other data may bring another. */
void fv_document_suggest_recipe (FvDocument *self, const FvRecipe *recipe);

/* (nullable): an absolute path. Not kept. */
const char *fv_document_get_try_weights (FvDocument *self);
void fv_document_set_try_weights (FvDocument *self, const char *path);

/*
 * Imports pictures and labels. source: a folder or a data description; copy: into the project. Where the data bring no subsets, a
 * stratified split is made. Only one at a time.
 */
void fv_document_import_async (FvDocument *self, const char *source, gboolean copy, FvDocumentProgress progress,
                               gpointer progress_data, GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer user_data);
/* (transfer full) */
FvImportReport *fv_document_import_finish (FvDocument *self, GAsyncResult *result, GError **error);

/* The reports of every import. */
void fv_document_load_problems_async (FvDocument *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                                      gpointer user_data);
/* Arrays of FvProblem, (transfer container), each optional. */
gboolean fv_document_load_problems_finish (FvDocument *self, GAsyncResult *result, GPtrArray **repaired,
                                           GPtrArray **rejected, GError **error);

/* The child that makes previews and detects: (transfer none). */
FvServeClient *fv_document_get_serve (FvDocument *self);
/* The project's runs, newest first: (transfer none). */
FvRunList *fv_document_get_runs (FvDocument *self);

G_END_DECLS

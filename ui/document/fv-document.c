/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/document/fv-document.h"

#include "ui/document/fv-document-open.h"
#include "ui/document/fv-document-settings.h"

#include <glib/gi18n-lib.h>

#define SAVE_DELAY_MS 500

struct _FvDocument
{
  GObject parent_instance;
  GThread *thread; /* of the main loop; compared only */
  char *path, *title, *notice, *try_weights;
  gboolean read_only, busy;
  FvProject *project;
  GMutex mutex; /* one thread at a time uses the project */
  FvDataset *dataset;
  guint dataset_serial, recipe_serial;
  FvDocumentSettings settings;
  guint save_source;
  GMutex saving;
  guint saved_serial; /* of the recipe that is on the disk; under saving */
  FvServeClient *serve;
  FvRunList *runs;
};

G_DEFINE_FINAL_TYPE (FvDocument, fv_document, G_TYPE_OBJECT)

enum
{
  PROP_PATH = 1,
  PROP_TITLE,
  PROP_READ_ONLY,
  PROP_NOTICE,
  PROP_BUSY,
  PROP_DATASET,
  PROP_RECIPE_SERIAL,
  PROP_TRY_WEIGHTS,
  N_PROPERTIES,
};
static GParamSpec *properties[N_PROPERTIES];

/* Settings. */

/* In any thread: one at a time, and no older ones over newer ones. */
static gboolean
write_settings (FvDocument *self, const FvDocumentSettings *settings, guint serial, GError **error)
{
  gboolean done = TRUE;
  g_mutex_lock (&self->saving);
  if (serial > self->saved_serial)
    {
      done = fv_document_settings_save (settings, self->path, error);
      self->saved_serial = serial;
    }
  g_mutex_unlock (&self->saving);
  return done;
}

/* Writes what is not written yet. */
static gboolean
save_settings (FvDocument *self, GError **error)
{
  if (self->save_source == 0)
    return TRUE;
  g_clear_handle_id (&self->save_source, g_source_remove);
  return write_settings (self, &self->settings, self->recipe_serial, error);
}

typedef struct
{
  FvDocument *document;
  FvDocumentSettings *settings;
  guint serial;
} Saving;

static void
saving_free (gpointer data)
{
  Saving *saving = data;
  g_object_unref (saving->document);
  fv_document_settings_free (saving->settings);
  g_free (saving);
}

static void
save_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Saving *saving = data;
  g_autoptr (GError) error = NULL;
  if (!write_settings (saving->document, saving->settings, saving->serial, &error))
    g_message ("The settings could not be kept: %s", error->message);
  g_task_return_boolean (task, TRUE);
}

/* A disk that a run writes to as well may take its time. */
static gboolean
save_soon_cb (gpointer data)
{
  FvDocument *self = data;
  g_autoptr (GTask) task = g_task_new (NULL, NULL, NULL, NULL);
  const Saving saving = { g_object_ref (self), fv_document_settings_copy (&self->settings), self->recipe_serial };
  self->save_source = 0;
  g_task_set_source_tag (task, save_soon_cb);
  g_task_set_task_data (task, g_memdup2 (&saving, sizeof saving), saving_free);
  g_task_run_in_thread (task, save_thread);
  return G_SOURCE_REMOVE;
}

static void
settings_changed (FvDocument *self)
{
  self->settings.chosen = TRUE;
  self->recipe_serial++;
  if (!self->read_only && self->save_source == 0)
    self->save_source = g_timeout_add (SAVE_DELAY_MS, save_soon_cb, self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RECIPE_SERIAL]);
}

const FvRecipe *
fv_document_get_recipe (FvDocument *self)
{
  return &self->settings.recipe;
}

void
fv_document_set_recipe (FvDocument *self, const FvRecipe *recipe)
{
  self->settings.recipe = *recipe;
  settings_changed (self);
}

const FvDocumentStart *
fv_document_get_start (FvDocument *self)
{
  return &self->settings.start;
}

void
fv_document_set_start (FvDocument *self, const FvDocumentStart *start)
{
  fv_document_start_copy (start, &self->settings.start);
  settings_changed (self);
}

gboolean
fv_document_has_settings (FvDocument *self)
{
  return self->settings.chosen;
}

void
fv_document_suggest_recipe (FvDocument *self, const FvRecipe *recipe)
{
  if (self->settings.chosen)
    return;
  self->settings.recipe = *recipe;
  self->recipe_serial++;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RECIPE_SERIAL]);
}

/* What a project is. */

const char *
fv_document_get_path (FvDocument *self)
{
  return self->path;
}

const char *
fv_document_get_title (FvDocument *self)
{
  return self->title;
}

gboolean
fv_document_get_read_only (FvDocument *self)
{
  return self->read_only;
}

const char *
fv_document_get_notice (FvDocument *self)
{
  return self->notice;
}

gboolean
fv_document_get_busy (FvDocument *self)
{
  return self->busy;
}

FvDataset *
fv_document_get_dataset (FvDocument *self)
{
  return self->dataset;
}

guint
fv_document_get_dataset_serial (FvDocument *self)
{
  return self->dataset_serial;
}

FvServeClient *
fv_document_get_serve (FvDocument *self)
{
  if (self->serve == NULL)
    self->serve = fv_serve_client_new (NULL);
  return self->serve;
}

FvRunList *
fv_document_get_runs (FvDocument *self)
{
  if (self->runs == NULL)
    self->runs = fv_run_list_new (self->path);
  return self->runs;
}

const char *
fv_document_get_try_weights (FvDocument *self)
{
  return self->try_weights;
}

void
fv_document_set_try_weights (FvDocument *self, const char *path)
{
  if (g_strcmp0 (path, self->try_weights) == 0)
    return;
  g_free (self->try_weights);
  self->try_weights = g_strdup (path);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TRY_WEIGHTS]);
}

static void
set_busy (FvDocument *self, gboolean busy)
{
  if (self->busy == busy)
    return;
  self->busy = busy;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_BUSY]);
}

FvDocument *
fv_document_new_opened (FvProject *project, FvDataset *dataset, gboolean read_only, char *notice)
{
  g_autoptr (GError) error = NULL;
  FvDocument *self = g_object_new (FV_TYPE_DOCUMENT, NULL);
  self->project = project;
  self->dataset = dataset;
  self->dataset_serial = 1;
  self->path = g_strdup (fv_project_get_path (project));
  self->title = g_path_get_basename (self->path);
  self->read_only = read_only;
  self->notice = notice;
  if (!fv_document_settings_load (&self->settings, self->path, &error) && self->notice == NULL)
    self->notice = g_strdup_printf (_ ("The settings of this project could not be read. %s"), error->message);
  return self;
}

/* Import. */

typedef struct
{
  char *source;
  gboolean copy, started;
  FvDocumentProgress progress;
  gpointer progress_data;
  FvImportReport *report;
  FvDataset *dataset;
} Import;

static void
import_free (gpointer data)
{
  Import *self = data;
  g_free (self->source);
  g_clear_pointer (&self->report, fv_import_report_free);
  g_clear_pointer (&self->dataset, fv_dataset_unref);
  g_free (self);
}

typedef struct
{
  GTask *task;
  double fraction;
  char *text;
} ProgressNote;

static gboolean
tell_progress_cb (gpointer data)
{
  ProgressNote *note = data;
  Import *import = g_task_get_task_data (note->task);
  if (!g_task_get_completed (note->task))
    import->progress (note->fraction, note->text, import->progress_data);
  g_object_unref (note->task);
  g_free (note->text);
  g_free (note);
  return G_SOURCE_REMOVE;
}

/* In the importing thread. */
static void
on_progress (double fraction, const char *what, gpointer user_data)
{
  GTask *task = user_data;
  const Import *import = g_task_get_task_data (task);
  if (import->progress == NULL)
    return;
  ProgressNote note = { g_object_ref (task), fraction, g_strdup (what) };
  g_main_context_invoke (g_task_get_context (task), tell_progress_cb, g_memdup2 (&note, sizeof note));
}

/* Imports that go on: a project's path → its GCancellable. */
static GMutex imports_mutex;
static GHashTable *imports;

static void
note_import (const char *path, GCancellable *cancellable)
{
  g_mutex_lock (&imports_mutex);
  if (imports == NULL)
    imports = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  if (cancellable != NULL)
    g_hash_table_insert (imports, g_strdup (path), g_object_ref (cancellable));
  else
    g_hash_table_remove (imports, path);
  g_mutex_unlock (&imports_mutex);
}

gboolean
fv_document_is_unwinding (const char *path)
{
  g_autofree char *canonical = g_canonicalize_filename (path, NULL);
  g_mutex_lock (&imports_mutex);
  GCancellable *cancellable = imports != NULL ? g_hash_table_lookup (imports, canonical) : NULL;
  const gboolean cancelled = g_cancellable_is_cancelled (cancellable);
  g_mutex_unlock (&imports_mutex);
  return cancelled;
}

static void
import_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  FvDocument *self = source;
  Import *import = data;
  GError *error = NULL;
  const FvImportParams params = {
    .copy = import->copy,
    .progress = on_progress,
    .user_data = task,
    .cancellable = cancellable,
  };
  g_mutex_lock (&self->mutex);
  import->report = fv_import (self->project, import->source, &params, &error);
  if (import->report != NULL)
    import->dataset = fv_project_load_dataset (self->project, &error);
  g_mutex_unlock (&self->mutex);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

void
fv_document_import_async (FvDocument *self, const char *source, gboolean copy, FvDocumentProgress progress,
                          gpointer progress_data, GCancellable *cancellable, GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  const Import import = {
    .source = g_strdup (source),
    .copy = copy,
    .progress = progress,
    .progress_data = progress_data,
  };
  g_task_set_source_tag (task, fv_document_import_async);
  g_task_set_task_data (task, g_memdup2 (&import, sizeof import), import_free);
  /* What came in stays in, whether or not the person has asked to stop a moment too late. */
  g_task_set_check_cancellable (task, FALSE);
  if (self->read_only || self->busy)
    {
      g_task_return_new_error (task, G_IO_ERROR, self->busy ? G_IO_ERROR_BUSY : G_IO_ERROR_READ_ONLY, "%s",
                               self->busy ? _ ("Another import is still going on.")
                                          : _ ("The project is open for reading only."));
      return;
    }
  ((Import *)g_task_get_task_data (task))->started = TRUE;
  set_busy (self, TRUE);
  if (cancellable != NULL)
    note_import (self->path, cancellable);
  g_task_run_in_thread (task, import_thread);
}

FvImportReport *
fv_document_import_finish (FvDocument *self, GAsyncResult *result, GError **error)
{
  GTask *task = G_TASK (result);
  Import *import = g_task_get_task_data (task);
  if (import->started)
    {
      note_import (self->path, NULL);
      set_busy (self, FALSE);
    }
  if (!g_task_propagate_boolean (task, error))
    return NULL;
  g_clear_pointer (&self->dataset, fv_dataset_unref);
  self->dataset = g_steal_pointer (&import->dataset);
  self->dataset_serial++;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_DATASET]);
  return g_steal_pointer (&import->report);
}

/* The reports. */

typedef struct
{
  GPtrArray *repaired, *rejected;
} Problems;

static void
problems_free (gpointer data)
{
  Problems *self = data;
  g_clear_pointer (&self->repaired, g_ptr_array_unref);
  g_clear_pointer (&self->rejected, g_ptr_array_unref);
  g_free (self);
}

static void
problems_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  FvDocument *self = source;
  GError *error = NULL;
  Problems *problems = g_new0 (Problems, 1);
  g_mutex_lock (&self->mutex);
  const gboolean done = fv_project_load_problems (self->project, &problems->repaired, &problems->rejected, &error);
  g_mutex_unlock (&self->mutex);
  if (done)
    {
      g_task_return_pointer (task, problems, problems_free);
      return;
    }
  problems_free (problems);
  g_task_return_error (task, error);
}

void
fv_document_load_problems_async (FvDocument *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, fv_document_load_problems_async);
  g_task_run_in_thread (task, problems_thread);
}

gboolean
fv_document_load_problems_finish (FvDocument *self, GAsyncResult *result, GPtrArray **repaired, GPtrArray **rejected,
                                  GError **error)
{
  Problems *problems = g_task_propagate_pointer (G_TASK (result), error);
  if (problems == NULL)
    return FALSE;
  if (repaired != NULL)
    *repaired = g_steal_pointer (&problems->repaired);
  if (rejected != NULL)
    *rejected = g_steal_pointer (&problems->rejected);
  problems_free (problems);
  return TRUE;
}

/* The object. */

static void
fv_document_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  FvDocument *self = FV_DOCUMENT (object);
  switch (id)
    {
    case PROP_PATH:
      g_value_set_string (value, self->path);
      break;
    case PROP_TITLE:
      g_value_set_string (value, self->title);
      break;
    case PROP_READ_ONLY:
      g_value_set_boolean (value, self->read_only);
      break;
    case PROP_NOTICE:
      g_value_set_string (value, self->notice);
      break;
    case PROP_BUSY:
      g_value_set_boolean (value, self->busy);
      break;
    case PROP_DATASET:
      g_value_set_boxed (value, self->dataset);
      break;
    case PROP_RECIPE_SERIAL:
      g_value_set_uint (value, self->recipe_serial);
      break;
    case PROP_TRY_WEIGHTS:
      g_value_set_string (value, self->try_weights);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static gboolean
let_go_cb (gpointer data)
{
  g_object_unref (data);
  return G_SOURCE_REMOVE;
}

static void
fv_document_dispose (GObject *object)
{
  /* A thread that worked for it may be the last to let go; timers and children are the main loop's. */
  if (g_thread_self () != FV_DOCUMENT (object)->thread)
    {
      g_idle_add_full (G_PRIORITY_DEFAULT, let_go_cb, g_object_ref (object), NULL);
      return;
    }
  G_OBJECT_CLASS (fv_document_parent_class)->dispose (object);
}

static void
fv_document_finalize (GObject *object)
{
  FvDocument *self = FV_DOCUMENT (object);
  g_autoptr (GError) error = NULL;
  if (!save_settings (self, &error))
    g_message ("The settings could not be kept: %s", error->message);
  g_clear_object (&self->serve);
  g_clear_object (&self->runs);
  fv_document_settings_clear (&self->settings);
  g_clear_pointer (&self->dataset, fv_dataset_unref);
  g_clear_pointer (&self->project, fv_project_free);
  g_mutex_clear (&self->mutex);
  g_mutex_clear (&self->saving);
  g_free (self->path);
  g_free (self->title);
  g_free (self->notice);
  g_free (self->try_weights);
  G_OBJECT_CLASS (fv_document_parent_class)->finalize (object);
}

static void
fv_document_class_init (FvDocumentClass *klass)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;
  G_OBJECT_CLASS (klass)->get_property = fv_document_get_property;
  G_OBJECT_CLASS (klass)->dispose = fv_document_dispose;
  G_OBJECT_CLASS (klass)->finalize = fv_document_finalize;
  properties[PROP_PATH] = g_param_spec_string ("path", NULL, NULL, NULL, flags);
  properties[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, flags);
  properties[PROP_READ_ONLY] = g_param_spec_boolean ("read-only", NULL, NULL, FALSE, flags);
  properties[PROP_NOTICE] = g_param_spec_string ("notice", NULL, NULL, NULL, flags);
  properties[PROP_BUSY] = g_param_spec_boolean ("busy", NULL, NULL, FALSE, flags);
  properties[PROP_DATASET] = g_param_spec_boxed ("dataset", NULL, NULL, FV_TYPE_DATASET, flags);
  properties[PROP_RECIPE_SERIAL] = g_param_spec_uint ("recipe-serial", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_TRY_WEIGHTS] = g_param_spec_string ("try-weights", NULL, NULL, NULL, flags);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPERTIES, properties);
}

static void
fv_document_init (FvDocument *self)
{
  self->thread = g_thread_self ();
  g_mutex_init (&self->mutex);
  g_mutex_init (&self->saving);
  fv_document_settings_init (&self->settings);
}

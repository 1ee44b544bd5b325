/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/pictures/fv-picture-loader.h"

/* A picture remembered. */
typedef struct
{
  char *key;
  FvPicture *picture;
} Kept;

/* A picture asked for. */
typedef struct
{
  char *key, *path;
  FvPictureReading reading;
  guint max_side;
  GPtrArray *waiting; /* of GTask, whose data is the rank's */
} Request;

struct _FvPictureLoader
{
  GObject parent_instance;
  gsize max_bytes, bytes;
  guint n_threads, n_running;
  FvPictureLoaderRank rank;
  GQueue kept;          /* of Kept, the last used first */
  GHashTable *by_key;   /* of links of kept */
  GPtrArray *pending;   /* of Request, the oldest first */
  GHashTable *requests; /* by key: pending and running, not owned */
};

G_DEFINE_FINAL_TYPE (FvPictureLoader, fv_picture_loader, G_TYPE_OBJECT)

static void dispatch (FvPictureLoader *self);

static void
kept_free (Kept *kept)
{
  g_free (kept->key);
  fv_picture_unref (kept->picture);
  g_free (kept);
}

static void
request_free (gpointer data)
{
  Request *request = data;
  g_free (request->key);
  g_free (request->path);
  g_ptr_array_unref (request->waiting);
  g_free (request);
}

/* (transfer full) */
static char *
key_of (const char *path, const FvPictureReading *reading, const char *hash)
{
  const char *content = hash != NULL ? hash : path;
  return reading != NULL ? g_strdup_printf ("%u %u %u %s", reading->page, reading->low, reading->high, content)
                         : g_strdup_printf ("0 0 0 %s", content);
}

/* What is remembered. */

static void
drop_last (FvPictureLoader *self)
{
  Kept *kept = g_queue_pop_tail (&self->kept);
  self->bytes -= fv_picture_get_bytes (kept->picture);
  g_hash_table_remove (self->by_key, kept->key);
  kept_free (kept);
}

static void
keep (FvPictureLoader *self, const char *key, FvPicture *picture)
{
  if (g_hash_table_contains (self->by_key, key))
    return;
  const Kept kept = { g_strdup (key), fv_picture_ref (picture) };
  g_queue_push_head (&self->kept, g_memdup2 (&kept, sizeof kept));
  g_hash_table_insert (self->by_key, kept.key, self->kept.head);
  self->bytes += fv_picture_get_bytes (picture);
  while (self->bytes > self->max_bytes && self->kept.length > 1)
    drop_last (self);
}

FvPicture *
fv_picture_loader_lookup (FvPictureLoader *self, const char *path, const FvPictureReading *reading, const char *hash)
{
  g_autofree char *key = key_of (path, reading, hash);
  GList *link = g_hash_table_lookup (self->by_key, key);
  if (link == NULL)
    return NULL;
  g_queue_unlink (&self->kept, link);
  g_queue_push_head_link (&self->kept, link);
  return ((Kept *)link->data)->picture;
}

void
fv_picture_loader_forget (FvPictureLoader *self)
{
  while (self->kept.length > 0)
    drop_last (self);
}

gsize
fv_picture_loader_get_bytes (FvPictureLoader *self)
{
  return self->bytes;
}

/* Work. */

static void
decode_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Request *request = data;
  GError *error = NULL;
  FvPicture *picture = fv_picture_load (request->path, &request->reading, request->max_side, FV_RESIZE_AREA, &error);
  if (picture != NULL)
    g_task_return_pointer (task, picture, (GDestroyNotify)fv_picture_unref);
  else
    g_task_return_error (task, error);
}

static void
on_decoded (GObject *source, GAsyncResult *result, gpointer data)
{
  FvPictureLoader *self = FV_PICTURE_LOADER (source);
  g_autoptr (GError) error = NULL;
  g_autoptr (FvPicture) picture = g_task_propagate_pointer (G_TASK (result), &error);
  Request *request = g_task_get_task_data (G_TASK (result));
  g_autoptr (GPtrArray) waiting = g_ptr_array_ref (request->waiting);
  g_hash_table_remove (self->requests, request->key);
  self->n_running--;
  if (picture != NULL)
    keep (self, request->key, picture);
  for (guint i = 0; i < waiting->len; i++)
    {
      GTask *task = g_ptr_array_index (waiting, i);
      if (g_task_return_error_if_cancelled (task))
        continue;
      if (picture != NULL)
        g_task_return_pointer (task, fv_picture_ref (picture), (GDestroyNotify)fv_picture_unref);
      else
        g_task_return_error (task, g_error_copy (error));
    }
  dispatch (self);
}

/* Answers those who no longer want it; FALSE where nobody is left. */
static gboolean
is_wanted (Request *request)
{
  for (guint i = request->waiting->len; i-- > 0;)
    {
      g_autoptr (GTask) task = g_object_ref (g_ptr_array_index (request->waiting, i));
      if (!g_cancellable_is_cancelled (g_task_get_cancellable (task)))
        continue;
      g_ptr_array_remove_index (request->waiting, i);
      g_task_return_error_if_cancelled (task);
    }
  return request->waiting->len > 0;
}

/* That of the most urgent of those who wait for it. */
static double
rank_of (FvPictureLoader *self, const Request *request)
{
  double best = G_MAXDOUBLE;
  for (guint i = 0; self->rank != NULL && i < request->waiting->len; i++)
    {
      gpointer data = g_task_get_task_data (g_ptr_array_index (request->waiting, i));
      if (data != NULL)
        best = MIN (best, self->rank (data));
    }
  return best;
}

/* The most urgent of those that are still wanted: (transfer full), or NULL. */
static Request *
take_next (FvPictureLoader *self)
{
  double best_rank = 0;
  int best = -1;
  for (guint i = 0; i < self->pending->len;)
    {
      Request *request = g_ptr_array_index (self->pending, i);
      if (!is_wanted (request))
        {
          g_hash_table_remove (self->requests, request->key);
          g_ptr_array_remove_index (self->pending, i);
          continue;
        }
      const double rank = rank_of (self, request);
      if (best < 0 || rank < best_rank)
        {
          best = (int)i;
          best_rank = rank;
        }
      i++;
    }
  return best < 0 ? NULL : g_ptr_array_steal_index (self->pending, (guint)best);
}

static void
dispatch (FvPictureLoader *self)
{
  Request *request;
  while (self->n_running < self->n_threads && (request = take_next (self)) != NULL)
    {
      g_autoptr (GTask) work = g_task_new (self, NULL, on_decoded, NULL);
      g_task_set_task_data (work, request, request_free);
      self->n_running++;
      g_task_run_in_thread (work, decode_thread);
    }
}

/* In an idle moment, so that all that is asked for in one layout is there to choose from. */
static gboolean
dispatch_cb (gpointer data)
{
  dispatch (FV_PICTURE_LOADER (data));
  return G_SOURCE_REMOVE;
}

void
fv_picture_loader_load_async (FvPictureLoader *self, const char *path, const FvPictureReading *reading,
                              const char *hash, guint max_side, gpointer rank_data, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autofree char *key = key_of (path, reading, hash);
  FvPicture *kept = fv_picture_loader_lookup (self, path, reading, hash);
  g_task_set_source_tag (task, fv_picture_loader_load_async);
  g_task_set_task_data (task, rank_data, NULL);
  if (kept != NULL)
    {
      g_task_return_pointer (task, fv_picture_ref (kept), (GDestroyNotify)fv_picture_unref);
      return;
    }
  Request *request = g_hash_table_lookup (self->requests, key);
  if (request == NULL)
    {
      request = g_new0 (Request, 1);
      request->key = g_strdup (key);
      request->path = g_strdup (path);
      if (reading != NULL)
        request->reading = *reading;
      request->max_side = max_side;
      request->waiting = g_ptr_array_new_with_free_func (g_object_unref);
      g_hash_table_insert (self->requests, request->key, request);
      g_ptr_array_add (self->pending, request);
      g_idle_add_full (G_PRIORITY_DEFAULT_IDLE - 10, dispatch_cb, g_object_ref (self), g_object_unref);
    }
  g_ptr_array_add (request->waiting, g_steal_pointer (&task));
}

FvPicture *
fv_picture_loader_load_finish (FvPictureLoader *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
fv_picture_loader_set_rank (FvPictureLoader *self, FvPictureLoaderRank rank)
{
  self->rank = rank;
}

guint
fv_picture_loader_get_n_requests (FvPictureLoader *self)
{
  return g_hash_table_size (self->requests);
}

static void
fv_picture_loader_finalize (GObject *object)
{
  FvPictureLoader *self = FV_PICTURE_LOADER (object);
  fv_picture_loader_forget (self);
  g_hash_table_unref (self->by_key);
  g_hash_table_unref (self->requests);
  g_ptr_array_unref (self->pending);
  G_OBJECT_CLASS (fv_picture_loader_parent_class)->finalize (object);
}

static void
fv_picture_loader_class_init (FvPictureLoaderClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fv_picture_loader_finalize;
}

static void
fv_picture_loader_init (FvPictureLoader *self)
{
  g_queue_init (&self->kept);
  self->by_key = g_hash_table_new (g_str_hash, g_str_equal);
  self->requests = g_hash_table_new (g_str_hash, g_str_equal);
  self->pending = g_ptr_array_new_with_free_func (request_free);
}

FvPictureLoader *
fv_picture_loader_new (gsize max_bytes, guint n_threads)
{
  FvPictureLoader *self = g_object_new (FV_TYPE_PICTURE_LOADER, NULL);
  self->max_bytes = max_bytes;
  self->n_threads = n_threads;
  return self;
}

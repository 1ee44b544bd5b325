/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-picture-pool.h"

typedef struct
{
  char *key;
  FvPicture *picture; /* NULL while a thread decodes it */
  GList link;         /* in the queue of recent ones, once decoded */
} Entry;

struct _FvPicturePool
{
  GMutex mutex;
  GCond decoded;       /* some entry is no longer being decoded */
  GHashTable *entries; /* by key */
  GQueue recent;       /* of Entry, the last used first */
  gsize max_bytes;
  FvPicturePoolStats stats;
};

static void
entry_free (gpointer data)
{
  Entry *self = data;
  g_free (self->key);
  g_clear_pointer (&self->picture, fv_picture_unref);
  g_free (self);
}

FvPicturePool *
fv_picture_pool_new (gsize max_bytes)
{
  FvPicturePool *self = g_new0 (FvPicturePool, 1);
  g_mutex_init (&self->mutex);
  g_cond_init (&self->decoded);
  self->entries = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, entry_free);
  g_queue_init (&self->recent);
  self->max_bytes = max_bytes;
  return self;
}

void
fv_picture_pool_free (FvPicturePool *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->entries);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->decoded);
  g_free (self);
}

static FvPicture *
load (const char *path, const FvPictureReading *reading, guint max_side, FvResize how, FvPicturePoolStats *spent,
      GError **error)
{
  gsize size;
  gint64 start = g_get_monotonic_time ();
  g_autofree guint8 *data = fv_picture_read_file (path, &size, error);
  gint64 read = g_get_monotonic_time ();
  FvPicture *picture = data != NULL ? fv_picture_load_bytes (data, size, path, reading, max_side, how, error) : NULL;
  spent->disk_seconds = (read - start) / 1e6;
  spent->decode_seconds = (g_get_monotonic_time () - read) / 1e6;
  return picture;
}

/* Drops the oldest until the rest fits. Whoever still uses a dropped picture has a reference of its own. */
static void
shrink (FvPicturePool *self)
{
  while (self->stats.bytes > self->max_bytes && self->recent.tail != NULL)
    {
      Entry *oldest = self->recent.tail->data;
      g_queue_unlink (&self->recent, &oldest->link);
      self->stats.bytes -= fv_picture_get_bytes (oldest->picture);
      g_hash_table_remove (self->entries, oldest->key);
    }
}

static char *
make_key (const char *path, const FvPictureReading *reading, guint max_side, FvResize how)
{
  static const FvPictureReading whole = { 0 };
  if (reading == NULL)
    reading = &whole;
  return g_strdup_printf ("%u %d %u %u %u %s", max_side, how, reading->page, reading->low, reading->high, path);
}

FvPicture *
fv_picture_pool_get (FvPicturePool *self, const char *path, const FvPictureReading *reading, guint max_side,
                     FvResize how, GError **error)
{
  g_autofree char *key = make_key (path, reading, max_side, how);
  g_mutex_lock (&self->mutex);
  Entry *entry = g_hash_table_lookup (self->entries, key);
  while (entry != NULL && entry->picture == NULL)
    {
      g_cond_wait (&self->decoded, &self->mutex);
      entry = g_hash_table_lookup (self->entries, key);
    }
  if (entry != NULL)
    {
      self->stats.hits++;
      g_queue_unlink (&self->recent, &entry->link);
      g_queue_push_head_link (&self->recent, &entry->link);
      FvPicture *picture = fv_picture_ref (entry->picture);
      g_mutex_unlock (&self->mutex);
      return picture;
    }
  self->stats.misses++;
  entry = g_new0 (Entry, 1);
  entry->key = g_steal_pointer (&key);
  entry->link.data = entry;
  g_hash_table_insert (self->entries, entry->key, entry);
  g_mutex_unlock (&self->mutex);

  FvPicturePoolStats spent = { 0 };
  FvPicture *picture = load (path, reading, max_side, how, &spent, error);

  g_mutex_lock (&self->mutex);
  self->stats.disk_seconds += spent.disk_seconds;
  self->stats.decode_seconds += spent.decode_seconds;
  if (picture != NULL)
    {
      entry->picture = fv_picture_ref (picture);
      g_queue_push_head_link (&self->recent, &entry->link);
      self->stats.bytes += fv_picture_get_bytes (picture);
      shrink (self);
      self->stats.peak_bytes = MAX (self->stats.peak_bytes, self->stats.bytes);
    }
  else
    g_hash_table_remove (self->entries, entry->key);
  g_cond_broadcast (&self->decoded);
  g_mutex_unlock (&self->mutex);
  return picture;
}

void
fv_picture_pool_stats (FvPicturePool *self, FvPicturePoolStats *stats)
{
  g_mutex_lock (&self->mutex);
  *stats = self->stats;
  g_mutex_unlock (&self->mutex);
}

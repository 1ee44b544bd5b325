/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-run-list.h"

#include "app/project/fv-lock.h"
#include "app/training/fv-run-monitor-private.h"
#include "app/training/fv-run.h"

#include <glib/gstdio.h>

#define ACTIVE_MS 300
#define IDLE_MS 1000

/* A run that was announced is kept for so long before its folder must have been seen. */
#define EXPECT (10 * G_USEC_PER_SEC)

struct _FvRunList
{
  GObject parent_instance;

  char *project_path;
  GPtrArray *monitors;  /* of FvRunMonitor, by falling number */
  GHashTable *expected; /* number -> monotonic time of gint64 until when it need not be there */
  guint timer;
  guint interval; /* of the timer */
  gboolean looking, again;
  gboolean looked; /* at least once */
  gboolean loading;
};

enum
{
  PROP_ITEM_TYPE = 1,
  PROP_N_ITEMS,
  PROP_LOADING,
  N_PROPERTIES,
};

static GParamSpec *properties[N_PROPERTIES];
static guint run_changed_signal;

static void fv_run_list_model_init (GListModelInterface *interface);

G_DEFINE_FINAL_TYPE_WITH_CODE (FvRunList, fv_run_list, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, fv_run_list_model_init))

/* Looking, in a thread. */

static gint64
get_time (const GStatBuf *info)
{
  return (gint64)info->st_mtim.tv_sec * G_USEC_PER_SEC + info->st_mtim.tv_nsec / 1000;
}

static gboolean
has_file (const char *project, guint number, const char *name, GStatBuf *info)
{
  g_autofree char *path = fv_run_path (project, number, name);

  return g_stat (path, info) == 0;
}

static void
sight (const char *project, guint number, FvRunSighting *seen)
{
  g_autofree char *lock = fv_run_path (project, number, FV_RUN_LOCK);
  GStatBuf info;

  *seen = (FvRunSighting){ .number = number, .events_size = -1 };
  seen->held = fv_lock_is_held (lock, NULL);
  if (g_stat (lock, &info) == 0)
    seen->lock_time = get_time (&info);
  if (has_file (project, number, NULL, &info))
    seen->folder_time = get_time (&info);
  if (has_file (project, number, FV_RUN_EVENTS, &info))
    {
      seen->events_size = info.st_size;
      seen->events_id = info.st_ino;
    }
  seen->has_checkpoint = has_file (project, number, FV_RUN_CHECKPOINT, &info);
  seen->has_best = has_file (project, number, FV_RUN_BEST, &info);
  seen->has_last = has_file (project, number, FV_RUN_LAST, &info);
}

static int
by_falling_number (gconstpointer a, gconstpointer b)
{
  guint left = ((const FvRunSighting *)a)->number, right = ((const FvRunSighting *)b)->number;

  return left > right ? -1 : left < right;
}

static void
look_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const char *project = data;
  g_autofree char *runs = g_build_filename (project, "runs", NULL);
  g_autoptr (GDir) dir = g_dir_open (runs, 0, NULL);
  GArray *sightings = g_array_new (FALSE, FALSE, sizeof (FvRunSighting));
  const char *name;

  while (dir && (name = g_dir_read_name (dir)))
    {
      g_autofree char *folder = g_build_filename (runs, name, NULL);
      FvRunSighting seen;
      guint64 number;

      /* "07" is no run of ours. */
      if (name[0] == '0' || !g_ascii_string_to_unsigned (name, 10, 1, G_MAXINT, &number, NULL)
          || !g_file_test (folder, G_FILE_TEST_IS_DIR))
        continue;
      sight (project, (guint)number, &seen);
      g_array_append_val (sightings, seen);
    }
  g_array_sort (sightings, by_falling_number);
  g_task_return_pointer (task, sightings, (GDestroyNotify)g_array_unref);
}

/* Taking in what was seen. */

static void
update_loading (FvRunList *self)
{
  gboolean loading = !self->looked;

  for (guint i = 0; i < self->monitors->len; i++)
    loading = loading || fv_run_monitor_get_loading (self->monitors->pdata[i]);
  if (loading == self->loading)
    return;
  self->loading = loading;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOADING]);
}

static gboolean on_timer (gpointer data);

/* The pace goes by whether anything moves. */
static void
update_timer (FvRunList *self)
{
  guint interval = fv_run_list_get_active (self) ? ACTIVE_MS : IDLE_MS;

  if (self->timer != 0 && self->interval == interval)
    return;
  g_clear_handle_id (&self->timer, g_source_remove);
  self->interval = interval;
  self->timer = g_timeout_add (interval, on_timer, self);
}

static void
on_run_changed (FvRunMonitor *monitor, FvRunList *self)
{
  update_loading (self);
  update_timer (self);
  g_signal_emit (self, run_changed_signal, 0, monitor);
}

static guint
find_place (FvRunList *self, guint number)
{
  guint i = 0;

  while (i < self->monitors->len && fv_run_monitor_get_number (self->monitors->pdata[i]) > number)
    i++;
  return i;
}

static FvRunMonitor *
add_run (FvRunList *self, guint number)
{
  FvRunMonitor *monitor = fv_run_monitor_new (self->project_path, number);
  guint place = find_place (self, number);

  g_signal_connect_object (monitor, "changed", G_CALLBACK (on_run_changed), self, 0);
  g_ptr_array_insert (self->monitors, (gint)place, monitor);
  g_list_model_items_changed (G_LIST_MODEL (self), place, 0, 1);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_ITEMS]);
  return monitor;
}

static void
remove_run (FvRunList *self, guint place)
{
  g_signal_handlers_disconnect_by_data (self->monitors->pdata[place], self);
  g_ptr_array_remove_index (self->monitors, place);
  g_list_model_items_changed (G_LIST_MODEL (self), place, 1, 0);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_ITEMS]);
}

static gboolean
is_expected (FvRunList *self, guint number)
{
  const gint64 *until = g_hash_table_lookup (self->expected, GUINT_TO_POINTER (number));

  return until && g_get_monotonic_time () < *until;
}

static gboolean
was_seen (const GArray *sightings, guint number)
{
  for (guint i = 0; i < sightings->len; i++)
    if (g_array_index (sightings, FvRunSighting, i).number == number)
      return TRUE;
  return FALSE;
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (FvRunList) self = user_data;
  g_autoptr (GArray) sightings = g_task_propagate_pointer (G_TASK (result), NULL);

  self->looking = FALSE;
  /* Disposed of meanwhile. */
  if (self->interval == 0)
    return;
  for (guint i = self->monitors->len; i > 0; i--)
    {
      guint number = fv_run_monitor_get_number (self->monitors->pdata[i - 1]);

      if (!was_seen (sightings, number) && !is_expected (self, number))
        remove_run (self, i - 1);
    }
  for (guint i = 0; i < sightings->len; i++)
    {
      const FvRunSighting *seen = &g_array_index (sightings, FvRunSighting, i);
      FvRunMonitor *monitor = fv_run_list_lookup (self, seen->number);

      g_hash_table_remove (self->expected, GUINT_TO_POINTER (seen->number));
      fv_run_monitor_observe (monitor ? monitor : add_run (self, seen->number), seen);
    }
  self->looked = TRUE;
  update_loading (self);
  update_timer (self);
  if (self->again)
    fv_run_list_refresh (self);
}

void
fv_run_list_refresh (FvRunList *self)
{
  g_autoptr (GTask) task = NULL;

  self->again = self->looking;
  if (self->looking)
    return;
  self->looking = TRUE;
  /* Not as the task's source: the thread may be the last to let go of that, while the timer runs in the main loop. */
  task = g_task_new (NULL, NULL, on_looked, g_object_ref (self));
  g_task_set_task_data (task, g_strdup (self->project_path), g_free);
  g_task_run_in_thread (task, look_in_thread);
}

static gboolean
on_timer (gpointer data)
{
  FvRunList *self = data;

  if (!self->looking)
    fv_run_list_refresh (self);
  return G_SOURCE_CONTINUE;
}

/* The object. */

static GType
get_item_type (GListModel *model)
{
  return FV_TYPE_RUN_MONITOR;
}

static guint
get_n_items (GListModel *model)
{
  return FV_RUN_LIST (model)->monitors->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  FvRunList *self = FV_RUN_LIST (model);

  return position < self->monitors->len ? g_object_ref (self->monitors->pdata[position]) : NULL;
}

static void
fv_run_list_model_init (GListModelInterface *interface)
{
  interface->get_item_type = get_item_type;
  interface->get_n_items = get_n_items;
  interface->get_item = get_item;
}

static void
fv_run_list_dispose (GObject *object)
{
  FvRunList *self = FV_RUN_LIST (object);

  self->interval = 0;
  g_clear_handle_id (&self->timer, g_source_remove);
  G_OBJECT_CLASS (fv_run_list_parent_class)->dispose (object);
}

static void
fv_run_list_finalize (GObject *object)
{
  FvRunList *self = FV_RUN_LIST (object);

  g_ptr_array_unref (self->monitors);
  g_hash_table_unref (self->expected);
  g_free (self->project_path);
  G_OBJECT_CLASS (fv_run_list_parent_class)->finalize (object);
}

static void
fv_run_list_get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  FvRunList *self = FV_RUN_LIST (object);

  switch (id)
    {
    case PROP_ITEM_TYPE:
      g_value_set_gtype (value, FV_TYPE_RUN_MONITOR);
      break;
    case PROP_N_ITEMS:
      g_value_set_uint (value, self->monitors->len);
      break;
    case PROP_LOADING:
      g_value_set_boolean (value, self->loading);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
    }
}

static void
fv_run_list_class_init (FvRunListClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);

  object_class->dispose = fv_run_list_dispose;
  object_class->finalize = fv_run_list_finalize;
  object_class->get_property = fv_run_list_get_property;
  properties[PROP_ITEM_TYPE]
      = g_param_spec_gtype ("item-type", NULL, NULL, FV_TYPE_RUN_MONITOR, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  properties[PROP_N_ITEMS]
      = g_param_spec_uint ("n-items", NULL, NULL, 0, G_MAXUINT, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  properties[PROP_LOADING]
      = g_param_spec_boolean ("loading", NULL, NULL, TRUE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
  run_changed_signal = g_signal_new ("run-changed", G_TYPE_FROM_CLASS (class), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                     G_TYPE_NONE, 1, FV_TYPE_RUN_MONITOR);
}

static void
fv_run_list_init (FvRunList *self)
{
  self->monitors = g_ptr_array_new_with_free_func (g_object_unref);
  self->expected = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->loading = TRUE;
}

FvRunList *
fv_run_list_new (const char *project_path)
{
  FvRunList *self = g_object_new (FV_TYPE_RUN_LIST, NULL);

  self->project_path = g_strdup (project_path);
  update_timer (self);
  fv_run_list_refresh (self);
  return self;
}

const char *
fv_run_list_get_project_path (FvRunList *self)
{
  return self->project_path;
}

gboolean
fv_run_list_get_loading (FvRunList *self)
{
  return self->loading;
}

FvRunMonitor *
fv_run_list_lookup (FvRunList *self, guint number)
{
  guint place = find_place (self, number);

  if (place < self->monitors->len && fv_run_monitor_get_number (self->monitors->pdata[place]) == number)
    return self->monitors->pdata[place];
  return NULL;
}

FvRunMonitor *
fv_run_list_get_active (FvRunList *self)
{
  for (guint i = 0; i < self->monitors->len; i++)
    if (fv_run_state_is_active (fv_run_monitor_get_state (self->monitors->pdata[i]))
        && !fv_run_monitor_get_loading (self->monitors->pdata[i]))
      return self->monitors->pdata[i];
  return NULL;
}

FvRunMonitor *
fv_run_list_expect (FvRunList *self, guint number)
{
  FvRunMonitor *monitor = fv_run_list_lookup (self, number);
  gint64 until = g_get_monotonic_time () + EXPECT;

  if (!monitor)
    {
      g_hash_table_insert (self->expected, GUINT_TO_POINTER (number), g_memdup2 (&until, sizeof until));
      monitor = add_run (self, number);
    }
  fv_run_list_refresh (self);
  return monitor;
}

void
fv_run_list_expect_stop (FvRunList *self, guint number)
{
  FvRunMonitor *monitor = fv_run_list_lookup (self, number);

  if (monitor)
    fv_run_monitor_expect_stop (monitor);
  fv_run_list_refresh (self);
}

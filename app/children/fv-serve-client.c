/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/children/fv-serve-client.h"

#include "app/children/fv-serve-child.h"

#include <glib/gi18n-lib.h>

#define PATIENCE_S 180          /* after which a child that does not answer is ended */
#define MAX_QUICK_DEATHS 4      /* one after the other, without an answer between them */
#define FIRST_DELAY_MS 100      /* before the second of them is followed by another start; doubles */
#define RETRY_US G_USEC_PER_SEC /* after a failure, before a request tries again */

/* A request and who waits for it. */
typedef struct
{
  guint64 id;
  char *line;
  GTask *task; /* NULL: nobody any more */
  GSource *cancellation;
  gboolean again; /* sent twice */
} Request;

/* Of each kind one request is with the child and one, the newest, waits here. */
typedef struct
{
  Request *sent, *waiting;
} Slot;

struct _FvServeClient
{
  GObject parent_instance;
  char *device;
  FvServeClientState state;
  char *message;
  FvServeChild *child;
  guint64 last_id;
  Slot slots[FV_SERVE_N_KINDS];
  gboolean answered; /* the child has done something */
  guint quick_deaths;
  gint64 failed;           /* when, monotonic */
  guint restart, watchdog; /* sources */
};

G_DEFINE_FINAL_TYPE (FvServeClient, fv_serve_client, G_TYPE_OBJECT)
G_DEFINE_ENUM_TYPE (FvServeClientState, fv_serve_client_state, G_DEFINE_ENUM_VALUE (FV_SERVE_CLIENT_IDLE, "idle"),
                    G_DEFINE_ENUM_VALUE (FV_SERVE_CLIENT_STARTING, "starting"),
                    G_DEFINE_ENUM_VALUE (FV_SERVE_CLIENT_READY, "ready"),
                    G_DEFINE_ENUM_VALUE (FV_SERVE_CLIENT_RESTARTING, "restarting"),
                    G_DEFINE_ENUM_VALUE (FV_SERVE_CLIENT_FAILED, "failed"))

enum
{
  PROP_STATE = 1,
  PROP_MESSAGE,
  N_PROPS
};
static GParamSpec *properties[N_PROPS];

static void start_child (FvServeClient *self);

/* Requests */

/* (transfer full) (nullable): who waits for it, whom it has nothing to say any more. */
static GTask *
take_task (Request *request)
{
  if (request->cancellation)
    g_source_destroy (request->cancellation);
  g_clear_pointer (&request->cancellation, g_source_unref);
  return g_steal_pointer (&request->task);
}

static void
request_free (Request *request)
{
  g_autoptr (GTask) task = take_task (request);

  g_free (request->line);
  g_free (request);
}

/* Answers with an error; takes the request. @error (transfer full). */
static void
fail_request (Request *request, GError *error)
{
  g_autoptr (GTask) task = take_task (request);

  request_free (request);
  if (task)
    g_task_return_error (task, error);
  else
    g_error_free (error);
}

static void
supersede (Request *request)
{
  fail_request (request,
                g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "A newer request took the place of this one."));
}

/* Everything that waits, when nothing comes any more. */
static void
fail_all (FvServeClient *self, GQuark domain, int code, const char *message)
{
  for (guint i = 0; i < FV_SERVE_N_KINDS; i++)
    {
      Request *sent = g_steal_pointer (&self->slots[i].sent), *waiting = g_steal_pointer (&self->slots[i].waiting);

      if (sent)
        fail_request (sent, g_error_new_literal (domain, code, message));
      if (waiting)
        fail_request (waiting, g_error_new_literal (domain, code, message));
    }
}

/* State */

static void
set_state (FvServeClient *self, FvServeClientState state, const char *message)
{
  gboolean other_message = g_strcmp0 (self->message, message) != 0, other_state = self->state != state;

  self->state = state;
  if (other_message)
    {
      g_free (self->message);
      self->message = g_strdup (message);
    }
  if (other_message)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MESSAGE]);
  if (other_state)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

static void
give_up (FvServeClient *self, int code, const char *message)
{
  g_autofree char *sentence = g_strdup (message);

  g_object_ref (self);
  self->failed = g_get_monotonic_time ();
  self->quick_deaths = 0;
  set_state (self, FV_SERVE_CLIENT_FAILED, sentence);
  fail_all (self, FV_CHILD_ERROR, code, sentence);
  g_object_unref (self);
}

static gboolean
on_patience_lost (gpointer data)
{
  FvServeClient *self = data;

  self->watchdog = 0;
  if (self->child)
    fv_serve_child_kill (self->child);
  return G_SOURCE_REMOVE;
}

/* The time counts from the last sign of life. */
static void
watch (FvServeClient *self)
{
  gboolean at_work = self->state != FV_SERVE_CLIENT_READY;

  for (guint i = 0; i < FV_SERVE_N_KINDS; i++)
    at_work = at_work || self->slots[i].sent;
  g_clear_handle_id (&self->watchdog, g_source_remove);
  if (at_work)
    self->watchdog = g_timeout_add_seconds (PATIENCE_S, on_patience_lost, self);
}

/* The newest of each kind goes out once the one before it is answered. */
static void
send_waiting (FvServeClient *self)
{
  if (self->state != FV_SERVE_CLIENT_READY)
    return;
  for (guint i = 0; i < FV_SERVE_N_KINDS; i++)
    {
      Slot *slot = &self->slots[i];

      if (slot->sent || !slot->waiting)
        continue;
      slot->sent = g_steal_pointer (&slot->waiting);
      fv_serve_child_send (self->child, slot->sent->line);
    }
  watch (self);
}

/* The child */

static void
on_ready (FvServeClient *self)
{
  set_state (self, FV_SERVE_CLIENT_READY, NULL);
  /* What the last one had in hand. */
  for (guint i = 0; i < FV_SERVE_N_KINDS; i++)
    if (self->slots[i].sent)
      fv_serve_child_send (self->child, self->slots[i].sent->line);
  send_waiting (self);
}

static Request *
take_sent (FvServeClient *self, guint64 id)
{
  for (guint i = 0; i < FV_SERVE_N_KINDS; i++)
    if (self->slots[i].sent && self->slots[i].sent->id == id)
      return g_steal_pointer (&self->slots[i].sent);
  return NULL;
}

static void
return_reply (GTask *task, const FvServeReply *reply)
{
  switch (reply->kind)
    {
    case FV_SERVE_REPLY_PREVIEW:
      g_task_return_pointer (task, fv_preview_reply_ref (reply->preview), (GDestroyNotify)fv_preview_reply_unref);
      break;
    case FV_SERVE_REPLY_DETECT:
      g_task_return_pointer (task, fv_detect_reply_ref (reply->detect), (GDestroyNotify)fv_detect_reply_unref);
      break;
    case FV_SERVE_REPLY_ERROR:
      g_task_return_new_error (task, FV_CHILD_ERROR, FV_CHILD_ERROR_REQUEST, "%s", reply->error);
      break;
    default:
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "A newer request took the place of this one.");
      break;
    }
}

static void
on_reply (FvServeReply *reply, gpointer user_data)
{
  g_autoptr (FvServeClient) self = g_object_ref (user_data);
  g_autoptr (GTask) task = NULL;
  Request *request;

  if (reply->kind == FV_SERVE_REPLY_READY)
    {
      on_ready (self);
      return;
    }
  request = take_sent (self, reply->id);
  if (!request)
    return;
  self->answered = TRUE;
  self->quick_deaths = 0;
  task = take_task (request);
  request_free (request);
  /* Before the callback, which may ask for something itself. */
  send_waiting (self);
  if (task)
    return_reply (task, reply);
}

/* What was in hand is sent to the next child, but not a third time. */
static void
keep_for_next (FvServeClient *self, const char *sentence)
{
  for (guint i = 0; i < FV_SERVE_N_KINDS; i++)
    {
      Slot *slot = &self->slots[i];
      Request *request = slot->sent;

      if (!request)
        continue;
      if (!request->task || slot->waiting || request->again)
        slot->sent = NULL;
      if (!request->task)
        request_free (request);
      else if (slot->waiting)
        supersede (request);
      else if (request->again)
        fail_request (request,
                      g_error_new (FV_CHILD_ERROR, FV_CHILD_ERROR_DIED,
                                   _ ("The helper program ended twice while it worked on this: %s"), sentence));
      else
        request->again = TRUE;
    }
}

static gboolean
on_restart (gpointer data)
{
  FvServeClient *self = data;

  self->restart = 0;
  start_child (self);
  return G_SOURCE_REMOVE;
}

static void
on_ended (const char *sentence, gpointer user_data)
{
  g_autoptr (FvServeClient) self = g_object_ref (user_data);
  const gboolean was_ready = self->state == FV_SERVE_CLIENT_READY;

  g_clear_pointer (&self->child, fv_serve_child_stop);
  g_clear_handle_id (&self->watchdog, g_source_remove);
  self->quick_deaths = self->answered ? 1 : self->quick_deaths + 1;
  self->answered = FALSE;
  if (self->quick_deaths >= MAX_QUICK_DEATHS)
    {
      give_up (self, FV_CHILD_ERROR_START, sentence);
      return;
    }
  /* The first time at once: whoever drags a slider should not notice. */
  self->restart
      = g_timeout_add (self->quick_deaths > 1 ? FIRST_DELAY_MS << (self->quick_deaths - 2) : 0, on_restart, self);
  set_state (self, FV_SERVE_CLIENT_RESTARTING, NULL);
  /* A child that never listened has seen no request. */
  if (was_ready)
    keep_for_next (self, sentence);
}

static void
start_child (FvServeClient *self)
{
  static const FvServeChildEvents events = { on_reply, on_ended };
  g_autoptr (GError) error = NULL;

  self->child = fv_serve_child_start (self->device, &events, self, &error);
  if (self->child)
    watch (self);
  else
    give_up (self, error->code, error->message);
}

/* Asking */

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  g_autoptr (GTask) task = g_object_ref (data);
  FvServeClient *self = g_task_get_source_object (task);

  for (guint i = 0; i < FV_SERVE_N_KINDS; i++)
    {
      Slot *slot = &self->slots[i];
      Request *request = slot->sent && slot->sent->task == task ? slot->sent : slot->waiting;

      if (!request || request->task != task)
        continue;
      g_object_unref (take_task (request));
      /* Where the child has it, its answer is not wanted any more. */
      if (request == slot->waiting)
        g_clear_pointer (&slot->waiting, request_free);
    }
  g_task_return_error_if_cancelled (task);
  return G_SOURCE_REMOVE;
}

/* (transfer full) task. */
static void
ask (FvServeClient *self, FvServeKind kind, gconstpointer what, GTask *task)
{
  g_autoptr (GTask) owned = task;
  GCancellable *cancellable = g_task_get_cancellable (task);
  Slot *slot = &self->slots[kind];
  Request *older = slot->waiting, *newest;

  if (g_task_return_error_if_cancelled (task))
    return;
  if (self->state == FV_SERVE_CLIENT_FAILED && g_get_monotonic_time () - self->failed < RETRY_US)
    {
      g_task_return_new_error (task, FV_CHILD_ERROR, FV_CHILD_ERROR_START, "%s", self->message);
      return;
    }
  newest = g_new0 (Request, 1);
  newest->id = ++self->last_id;
  newest->line = fv_serve_print_request (newest->id, kind, what);
  newest->task = g_steal_pointer (&owned);
  if (cancellable)
    {
      newest->cancellation = g_cancellable_source_new (cancellable);
      g_source_set_callback (newest->cancellation, G_SOURCE_FUNC (on_cancelled), task, NULL);
      g_source_attach (newest->cancellation, g_task_get_context (task));
    }
  slot->waiting = newest;
  if (older)
    supersede (older);
  if (self->state == FV_SERVE_CLIENT_IDLE || self->state == FV_SERVE_CLIENT_FAILED)
    {
      set_state (self, FV_SERVE_CLIENT_STARTING, NULL);
      start_child (self);
    }
  send_waiting (self);
}

void
fv_serve_client_preview_async (FvServeClient *self, const FvPreviewRequest *request, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;

  g_return_if_fail (FV_IS_SERVE_CLIENT (self));
  g_return_if_fail (request->project != NULL);
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, fv_serve_client_preview_async);
  ask (self, FV_SERVE_PREVIEW, request, task);
}

FvPreviewReply *
fv_serve_client_preview_finish (FvServeClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
fv_serve_client_detect_async (FvServeClient *self, const FvDetectRequest *request, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;

  g_return_if_fail (FV_IS_SERVE_CLIENT (self));
  g_return_if_fail (request->weights != NULL && request->file != NULL);
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, fv_serve_client_detect_async);
  ask (self, FV_SERVE_DETECT, request, task);
}

FvDetectReply *
fv_serve_client_detect_finish (FvServeClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* The object */

FvServeClient *
fv_serve_client_new (const char *device)
{
  FvServeClient *self = g_object_new (FV_TYPE_SERVE_CLIENT, NULL);

  self->device = g_strdup (device);
  return self;
}

FvServeClientState
fv_serve_client_get_state (FvServeClient *self)
{
  g_return_val_if_fail (FV_IS_SERVE_CLIENT (self), FV_SERVE_CLIENT_IDLE);
  return self->state;
}

const char *
fv_serve_client_get_message (FvServeClient *self)
{
  g_return_val_if_fail (FV_IS_SERVE_CLIENT (self), NULL);
  return self->message;
}

int
fv_serve_client_get_pid (FvServeClient *self)
{
  g_return_val_if_fail (FV_IS_SERVE_CLIENT (self), 0);
  return self->child ? fv_serve_child_get_pid (self->child) : 0;
}

static void
fv_serve_client_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  FvServeClient *self = FV_SERVE_CLIENT (object);

  switch (id)
    {
    case PROP_STATE:
      g_value_set_enum (value, (gint)self->state);
      break;
    case PROP_MESSAGE:
      g_value_set_string (value, self->message);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

/* Nobody waits here: each who does holds a reference. */
static void
fv_serve_client_dispose (GObject *object)
{
  FvServeClient *self = FV_SERVE_CLIENT (object);

  g_clear_pointer (&self->child, fv_serve_child_stop);
  g_clear_handle_id (&self->restart, g_source_remove);
  g_clear_handle_id (&self->watchdog, g_source_remove);
  for (guint i = 0; i < FV_SERVE_N_KINDS; i++)
    {
      g_clear_pointer (&self->slots[i].sent, request_free);
      g_clear_pointer (&self->slots[i].waiting, request_free);
    }
  G_OBJECT_CLASS (fv_serve_client_parent_class)->dispose (object);
}

static void
fv_serve_client_finalize (GObject *object)
{
  FvServeClient *self = FV_SERVE_CLIENT (object);

  g_free (self->device);
  g_free (self->message);
  G_OBJECT_CLASS (fv_serve_client_parent_class)->finalize (object);
}

static void
fv_serve_client_class_init (FvServeClientClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = fv_serve_client_get_property;
  object_class->dispose = fv_serve_client_dispose;
  object_class->finalize = fv_serve_client_finalize;
  properties[PROP_STATE]
      = g_param_spec_enum ("state", NULL, NULL, FV_TYPE_SERVE_CLIENT_STATE, FV_SERVE_CLIENT_IDLE, flags);
  properties[PROP_MESSAGE] = g_param_spec_string ("message", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
fv_serve_client_init (FvServeClient *self)
{
}

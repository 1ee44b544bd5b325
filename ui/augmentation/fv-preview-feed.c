/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/augmentation/fv-preview-feed.h"

/* What is owed to the wish, in this order. */
typedef enum
{
  NOTHING,
  DRAFT,
  SAMPLES, /* of training, once the slider rests */
} Owed;

struct _FvPreviewFeed
{
  GObject parent_instance;
  FvServeClient *client;
  FvPreviewRequest wish; /* project and recipe point to the next two */
  char *project;
  FvRecipe recipe;

  Owed owed;
  guint next;           /* SAMPLES: which of them */
  guint serial;         /* counts the wishes */
  GCancellable *flight; /* of the request under way, NULL without one */
  guint patience, rest; /* sources */
  gboolean late;
  char *message;
};

G_DEFINE_FINAL_TYPE (FvPreviewFeed, fv_preview_feed, G_TYPE_OBJECT)

enum
{
  PROP_LATE = 1,
  PROP_MESSAGE,
  N_PROPS,
};
static GParamSpec *properties[N_PROPS];
static guint samples_signal;

static void send (FvPreviewFeed *self);

static void
set_late (FvPreviewFeed *self, gboolean late)
{
  g_clear_handle_id (&self->patience, g_source_remove);
  if (self->late == late)
    return;
  self->late = late;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LATE]);
}

static void
set_message (FvPreviewFeed *self, const char *message)
{
  if (g_strcmp0 (self->message, message) == 0)
    return;
  g_free (self->message);
  self->message = g_strdup (message);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MESSAGE]);
}

static gboolean
lose_patience_cb (gpointer data)
{
  FvPreviewFeed *self = data;
  self->patience = 0;
  set_late (self, TRUE);
  return G_SOURCE_REMOVE;
}

static void
wait_for_samples (FvPreviewFeed *self)
{
  if (self->patience == 0 && !self->late)
    self->patience = g_timeout_add (FV_PREVIEW_FEED_PATIENCE_MS, lose_patience_cb, self);
}

static gboolean
rested_cb (gpointer data)
{
  FvPreviewFeed *self = data;
  self->rest = 0;
  self->owed = SAMPLES;
  self->next = 0;
  send (self);
  return G_SOURCE_REMOVE;
}

gboolean
fv_preview_feed_make_draft (const FvRecipe *recipe, FvRecipe *draft)
{
  *draft = *recipe;
  if (recipe->imgsz <= FV_PREVIEW_FEED_SIDE)
    return FALSE;
  draft->imgsz = FV_PREVIEW_FEED_SIDE;
  /* Its matrix has pixels in the denominator. Beyond what a recipe may have, the draft tilts less than the sample will. */
  draft->augment.perspective = MIN (recipe->augment.perspective * recipe->imgsz / FV_PREVIEW_FEED_SIDE,
                                    fv_recipe_lookup_key ("perspective")->max);
  return TRUE;
}

/* A request and its sender, which may be gone or want something else when it is answered. */
typedef struct
{
  FvPreviewFeed *feed;
  GCancellable *flight;
  guint first, serial;
  gboolean is_draft;
} Sent;

static void
take_samples (FvPreviewFeed *self, FvPreviewReply *reply, const Sent *sent)
{
  if (sent->is_draft)
    {
      set_late (self, FALSE);
      /* The next one is under way. */
      if (sent->serial != self->serial)
        wait_for_samples (self);
    }
  set_message (self, NULL);
  /* A sample for where the slider was is worth less than the draft that shows. */
  if (sent->is_draft || sent->serial == self->serial)
    g_signal_emit (self, samples_signal, 0, reply, sent->first);
}

static void
fail (FvPreviewFeed *self, const GError *error)
{
  self->owed = NOTHING;
  g_clear_handle_id (&self->rest, g_source_remove);
  set_late (self, FALSE);
  set_message (self, error->message);
}

static void
on_preview (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Sent *sent = data;
  g_autoptr (FvPreviewFeed) self = sent->feed;
  g_autoptr (GCancellable) flight = sent->flight;
  g_autoptr (GError) error = NULL;
  g_autoptr (FvPreviewReply) reply = fv_serve_client_preview_finish (FV_SERVE_CLIENT (source), result, &error);
  if (self->flight != flight)
    return;
  g_clear_object (&self->flight);
  /* A newer wish may do better than the one that failed. */
  if (reply == NULL && sent->serial == self->serial && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      fail (self, error);
      return;
    }
  /* The next one first: the child works while the window draws. */
  send (self);
  if (reply != NULL)
    take_samples (self, reply, sent);
}

/* Asks for what is owed, unless an answer is waited for. */
static void
send (FvPreviewFeed *self)
{
  FvPreviewRequest request = self->wish;
  FvRecipe draft;
  if (self->flight != NULL || self->owed == NOTHING)
    return;
  const Sent sent = {
    .feed = g_object_ref (self),
    .flight = g_cancellable_new (),
    .first = self->owed == SAMPLES ? self->next : 0,
    .serial = self->serial,
    .is_draft = self->owed == DRAFT,
  };
  if (self->owed == DRAFT)
    {
      self->owed = NOTHING;
      if (fv_preview_feed_make_draft (&self->recipe, &draft))
        {
          request.recipe = &draft;
          g_clear_handle_id (&self->rest, g_source_remove);
          self->rest = g_timeout_add (FV_PREVIEW_FEED_REST_MS, rested_cb, self);
        }
    }
  else
    {
      request.sample += self->next;
      request.count = 1;
      if (++self->next >= self->wish.count)
        self->owed = NOTHING;
    }
  self->flight = g_object_ref (sent.flight);
  fv_serve_client_preview_async (self->client, &request, self->flight, on_preview, g_memdup2 (&sent, sizeof sent));
}

void
fv_preview_feed_want (FvPreviewFeed *self, FvServeClient *client, const FvPreviewRequest *wish)
{
  g_return_if_fail (FV_IS_PREVIEW_FEED (self) && wish->project != NULL && wish->recipe != NULL);
  char *project = g_strdup (wish->project);
  g_set_object (&self->client, client);
  g_free (self->project);
  self->project = project;
  self->recipe = *wish->recipe;
  self->wish = *wish;
  self->wish.project = self->project;
  self->wish.recipe = &self->recipe;
  self->owed = DRAFT;
  self->serial++;
  g_clear_handle_id (&self->rest, g_source_remove);
  wait_for_samples (self);
  send (self);
}

void
fv_preview_feed_stop (FvPreviewFeed *self)
{
  self->owed = NOTHING;
  g_clear_handle_id (&self->rest, g_source_remove);
  if (self->flight != NULL)
    {
      g_autoptr (GCancellable) flight = g_steal_pointer (&self->flight);
      g_cancellable_cancel (flight);
    }
  set_late (self, FALSE);
  set_message (self, NULL);
}

void
fv_preview_feed_retry (FvPreviewFeed *self)
{
  if (self->client == NULL)
    return;
  self->owed = DRAFT;
  self->serial++;
  set_message (self, NULL);
  wait_for_samples (self);
  send (self);
}

gboolean
fv_preview_feed_get_late (FvPreviewFeed *self)
{
  return self->late;
}

const char *
fv_preview_feed_get_message (FvPreviewFeed *self)
{
  return self->message;
}

static void
fv_preview_feed_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  FvPreviewFeed *self = FV_PREVIEW_FEED (object);
  if (id == PROP_LATE)
    g_value_set_boolean (value, self->late);
  else if (id == PROP_MESSAGE)
    g_value_set_string (value, self->message);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
fv_preview_feed_dispose (GObject *object)
{
  FvPreviewFeed *self = FV_PREVIEW_FEED (object);
  g_clear_handle_id (&self->patience, g_source_remove);
  g_clear_handle_id (&self->rest, g_source_remove);
  g_clear_object (&self->client);
  G_OBJECT_CLASS (fv_preview_feed_parent_class)->dispose (object);
}

static void
fv_preview_feed_finalize (GObject *object)
{
  FvPreviewFeed *self = FV_PREVIEW_FEED (object);
  g_free (self->project);
  g_free (self->message);
  G_OBJECT_CLASS (fv_preview_feed_parent_class)->finalize (object);
}

static void
fv_preview_feed_class_init (FvPreviewFeedClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;
  object_class->get_property = fv_preview_feed_get_property;
  object_class->dispose = fv_preview_feed_dispose;
  object_class->finalize = fv_preview_feed_finalize;
  properties[PROP_LATE] = g_param_spec_boolean ("late", NULL, NULL, FALSE, flags);
  properties[PROP_MESSAGE] = g_param_spec_string ("message", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  samples_signal = g_signal_new ("samples", FV_TYPE_PREVIEW_FEED, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                 2, FV_TYPE_PREVIEW_REPLY, G_TYPE_UINT);
}

static void
fv_preview_feed_init (FvPreviewFeed *self)
{
}

FvPreviewFeed *
fv_preview_feed_new (void)
{
  return g_object_new (FV_TYPE_PREVIEW_FEED, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/augmentation/fv-preview-feed.h"

#include "tests/fv-test-cli.h"
#include "tests/fv-test-data.h"

#include <signal.h>
#include <unistd.h>

#define PATIENCE_SECONDS 60

static const char *project;
static char *cli_link; /* what FOVEA_CLI says */

static void
make_project (void)
{
  g_autofree char *path = fv_test_make_project ("project", 6, 2, 2, 96);

  project = g_intern_string (path);
}

static void
set_cli (const char *program)
{
  unlink (cli_link);
  g_assert_cmpint (symlink (program, cli_link), ==, 0);
}

typedef struct
{
  FvServeClient *client;
  FvPreviewFeed *feed;
  FvRecipe recipe;
  GPtrArray *replies; /* of FvPreviewReply */
  GArray *firsts;     /* of guint */
} Fixture;

static void
on_samples (Fixture *self, FvPreviewReply *reply, guint first)
{
  g_ptr_array_add (self->replies, fv_preview_reply_ref (reply));
  g_array_append_val (self->firsts, first);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->client = fv_serve_client_new (NULL);
  self->feed = fv_preview_feed_new ();
  self->replies = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_preview_reply_unref);
  self->firsts = g_array_new (FALSE, FALSE, sizeof (guint));
  fv_recipe_init (&self->recipe);
  self->recipe.imgsz = 96;
  g_signal_connect_swapped (self->feed, "samples", G_CALLBACK (on_samples), self);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  fv_preview_feed_stop (self->feed);
  g_object_unref (self->feed);
  g_object_unref (self->client);
  g_ptr_array_unref (self->replies);
  g_array_unref (self->firsts);
}

static void
want (Fixture *self, guint count)
{
  const FvPreviewRequest wish
      = { .project = project, .serial = 1, .recipe = &self->recipe, .sample = 1, .count = count };
  fv_preview_feed_want (self->feed, self->client, &wish);
}

static gboolean
wake_cb (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

#define until(condition)                                                                                               \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    const gint64 end_ = g_get_monotonic_time () + PATIENCE_SECONDS * G_USEC_PER_SEC;                                   \
    while (!(condition))                                                                                               \
      {                                                                                                                \
        g_assert_cmpint (g_get_monotonic_time (), <, end_);                                                            \
        g_main_context_iteration (NULL, TRUE);                                                                         \
      }                                                                                                                \
  }                                                                                                                    \
  G_STMT_END

/* Lets the loop run for that long. */
static void
pass (double seconds)
{
  const gint64 end = g_get_monotonic_time () + (gint64)(seconds * G_USEC_PER_SEC);
  while (g_get_monotonic_time () < end)
    g_main_context_iteration (NULL, TRUE);
}

static FvPreviewReply *
last (Fixture *self)
{
  return self->replies->pdata[self->replies->len - 1];
}

static void
take_reply (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  *(FvPreviewReply **)data = fv_serve_client_preview_finish (FV_SERVE_CLIENT (source), result, &error);
  g_assert_no_error (error);
}

/* Of many wishes some are seen, in order, and the last one is. */
static void
test_latest (Fixture *self, gconstpointer data)
{
  g_autoptr (FvPreviewReply) expected = NULL;
  for (guint i = 0; i < 50; i++)
    {
      self->recipe.augment.degrees = i;
      want (self, 2);
    }
  until (self->replies->len > 0);
  pass (0.5);
  g_assert_cmpuint (self->replies->len, <=, 3);
  g_assert_cmpuint (last (self)->n, ==, 2);
  g_assert_cmpuint (last (self)->width, ==, 96);
  g_assert_cmpuint (last (self)->pictures, ==, 6);
  g_assert_false (fv_preview_feed_get_late (self->feed));
  g_assert_null (fv_preview_feed_get_message (self->feed));

  const FvPreviewRequest request
      = { .project = project, .serial = 1, .recipe = &self->recipe, .sample = 1, .count = 2 };
  fv_serve_client_preview_async (self->client, &request, NULL, take_reply, &expected);
  until (expected != NULL);
  for (guint i = 0; i < 2; i++)
    g_assert_true (g_bytes_equal (expected->samples[i].rgb, last (self)->samples[i].rgb));
}

/* Larger samples come as a draft first, and as they are once the wishes rest. */
static void
test_draft (Fixture *self, gconstpointer data)
{
  g_autoptr (FvPreviewReply) expected = NULL;
  FvRecipe draft;
  self->recipe.imgsz = 640;
  self->recipe.augment.perspective = 0.0002;
  g_assert_true (fv_preview_feed_make_draft (&self->recipe, &draft));
  g_assert_cmpint (draft.imgsz, ==, FV_PREVIEW_FEED_SIDE);
  g_assert_cmpfloat_with_epsilon (draft.augment.perspective, 0.0004, 1e-12);
  draft.augment.perspective = self->recipe.augment.perspective;
  draft.imgsz = self->recipe.imgsz;
  g_assert_cmpmem (&draft, sizeof draft, &self->recipe, sizeof draft);
  /* Nothing that a recipe may not have. */
  self->recipe.augment.perspective = 0.001;
  fv_preview_feed_make_draft (&self->recipe, &draft);
  g_assert_cmpfloat (draft.augment.perspective, ==, 0.001);

  self->recipe.augment.perspective = 0;
  self->recipe.imgsz = 352;
  want (self, 2);
  until (self->replies->len == 3);
  pass (FV_PREVIEW_FEED_REST_MS * 2e-3);
  g_assert_cmpuint (self->replies->len, ==, 3);
  for (guint i = 0; i < 3; i++)
    {
      const FvPreviewReply *reply = self->replies->pdata[i];
      g_assert_cmpuint (reply->width, ==, i == 0 ? FV_PREVIEW_FEED_SIDE : 352);
      g_assert_cmpuint (reply->n, ==, i == 0 ? 2 : 1);
      g_assert_cmpuint (g_array_index (self->firsts, guint, i), ==, i == 0 ? 0 : i - 1);
    }
  const FvPreviewRequest request
      = { .project = project, .serial = 1, .recipe = &self->recipe, .sample = 2, .count = 1 };
  fv_serve_client_preview_async (self->client, &request, NULL, take_reply, &expected);
  until (expected != NULL);
  g_assert_true (g_bytes_equal (expected->samples[0].rgb, last (self)->samples[0].rgb));

  /* A wish in between: the draft of the newer one, and no sample of the older one after it. */
  g_ptr_array_set_size (self->replies, 0);
  want (self, 2);
  until (self->replies->len == 2);
  self->recipe.augment.degrees = 45;
  want (self, 2);
  until (self->replies->len == 5);
  g_assert_cmpuint (((FvPreviewReply *)self->replies->pdata[2])->width, ==, FV_PREVIEW_FEED_SIDE);
}

/* A child that is gone makes it late at the most. */
static void
test_killed (Fixture *self, gconstpointer data)
{
  want (self, 1);
  until (self->replies->len == 1);
  for (guint i = 0; i < 3; i++)
    {
      const int pid = fv_serve_client_get_pid (self->client);
      const guint before = self->replies->len;
      g_assert_cmpint (pid, >, 0);
      g_assert_cmpint (kill (pid, SIGKILL), ==, 0);
      self->recipe.augment.degrees = 10 * (i + 1);
      want (self, 1);
      until (self->replies->len > before);
      g_assert_null (fv_preview_feed_get_message (self->feed));
      g_assert_false (fv_preview_feed_get_late (self->feed));
    }
}

/* Where there is no child: a sentence, after which it can be asked again. */
static void
test_failure (Fixture *self, gconstpointer data)
{
  const char *cli = data;
  set_cli ("/bin/false");
  want (self, 1);
  g_assert_false (fv_preview_feed_get_late (self->feed));
  until (fv_preview_feed_get_message (self->feed) != NULL);
  g_assert_false (fv_preview_feed_get_late (self->feed));
  set_cli (cli);
  pass (1.1);
  fv_preview_feed_retry (self->feed);
  until (self->replies->len == 1);
  g_assert_null (fv_preview_feed_get_message (self->feed));

  /* A request that can't be done is answered with why. */
  const FvPreviewRequest wish = { .project = "/nowhere", .serial = 1, .recipe = &self->recipe, .count = 1 };
  fv_preview_feed_want (self->feed, self->client, &wish);
  until (fv_preview_feed_get_message (self->feed) != NULL);
  /* And what is stopped has nothing more to say. */
  fv_preview_feed_stop (self->feed);
  g_assert_null (fv_preview_feed_get_message (self->feed));
  want (self, 1);
  fv_preview_feed_stop (self->feed);
  pass (0.3);
  g_assert_cmpuint (self->replies->len, ==, 1);
}

/* A child that takes its time. */
static void
test_late (Fixture *self, gconstpointer data)
{
  want (self, 1);
  until (self->replies->len == 1);
  kill (fv_serve_client_get_pid (self->client), SIGSTOP);
  want (self, 1);
  pass (FV_PREVIEW_FEED_PATIENCE_MS * 0.5e-3);
  g_assert_false (fv_preview_feed_get_late (self->feed));
  until (fv_preview_feed_get_late (self->feed));
  kill (fv_serve_client_get_pid (self->client), SIGCONT);
  until (self->replies->len == 2);
  g_assert_false (fv_preview_feed_get_late (self->feed));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_autofree char *cli = g_strdup (g_getenv ("FOVEA_CLI"));
  cli_link = g_build_filename (fv_test_folder (), "fovea-cli", NULL);
  set_cli (cli);
  g_setenv ("FOVEA_CLI", cli_link, TRUE);
  /* So that time passes for whoever waits. */
  g_timeout_add (20, wake_cb, NULL);
  make_project ();
  g_test_add ("/ui/augmentation/feed/latest", Fixture, NULL, set_up, test_latest, tear_down);
  g_test_add ("/ui/augmentation/feed/draft", Fixture, NULL, set_up, test_draft, tear_down);
  g_test_add ("/ui/augmentation/feed/killed", Fixture, NULL, set_up, test_killed, tear_down);
  g_test_add ("/ui/augmentation/feed/failure", Fixture, cli, set_up, test_failure, tear_down);
  g_test_add ("/ui/augmentation/feed/late", Fixture, NULL, set_up, test_late, tear_down);
  const int status = g_test_run ();
  g_free (cli_link);
  return status;
}

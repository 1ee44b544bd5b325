/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-sample-pictures.h"
#include "tests/fv-test-data.h"
#include "ui/pictures/fv-picture-loader.h"

#define N_PICTURES 6
#define SIZE 96

static char *paths[N_PICTURES];

/* One request and what came of it. */
typedef struct
{
  FvPicture *picture;
  GError *error;
  double rank;
  guint order; /* from 1: when it was answered */
} Asked;

static guint n_answered;

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  Asked *asked = data;
  asked->picture = fv_picture_loader_load_finish (FV_PICTURE_LOADER (source), result, &asked->error);
  asked->order = ++n_answered;
}

static void
asked_clear (Asked *asked)
{
  g_clear_pointer (&asked->picture, fv_picture_unref);
  g_clear_error (&asked->error);
}

static void
wait_for (guint n)
{
  const gint64 end = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;
  while (n_answered < n && g_get_monotonic_time () < end)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (n_answered, ==, n);
}

static double
get_rank (gpointer data)
{
  return ((Asked *)data)->rank;
}

static void
test_remembers (void)
{
  g_autoptr (FvPictureLoader) loader = fv_picture_loader_new (64 << 20, 2);
  Asked first = { 0 }, second = { 0 };
  n_answered = 0;
  g_assert_null (fv_picture_loader_lookup (loader, paths[0], NULL, NULL));
  fv_picture_loader_load_async (loader, paths[0], NULL, NULL, 48, NULL, NULL, on_loaded, &first);
  /* The same picture is decoded once for both. */
  fv_picture_loader_load_async (loader, paths[0], NULL, NULL, 48, NULL, NULL, on_loaded, &second);
  g_assert_cmpuint (fv_picture_loader_get_n_requests (loader), ==, 1);
  wait_for (2);
  g_assert_no_error (first.error);
  g_assert_cmpuint (first.picture->width, ==, 48);
  g_assert_cmpuint (first.picture->original_width, ==, SIZE);
  g_assert_true (second.picture == first.picture);
  g_assert_true (fv_picture_loader_lookup (loader, paths[0], NULL, NULL) == first.picture);
  g_assert_cmpuint (fv_picture_loader_get_bytes (loader), ==, fv_picture_get_bytes (first.picture));
  /* Another content is another picture. */
  g_assert_null (fv_picture_loader_lookup (loader, paths[0], NULL, "another"));
  fv_picture_loader_forget (loader);
  g_assert_null (fv_picture_loader_lookup (loader, paths[0], NULL, NULL));
  g_assert_cmpuint (fv_picture_loader_get_bytes (loader), ==, 0);
  asked_clear (&first);
  asked_clear (&second);
}

static void
test_forgets_the_oldest (void)
{
  const gsize bytes = SIZE * SIZE * 3;
  g_autoptr (FvPictureLoader) loader = fv_picture_loader_new (3 * bytes, 1);
  Asked asked[N_PICTURES] = { 0 };
  n_answered = 0;
  for (guint i = 0; i < 3; i++)
    fv_picture_loader_load_async (loader, paths[i], NULL, NULL, 0, NULL, NULL, on_loaded, &asked[i]);
  wait_for (3);
  /* Looked at again, so it is not the oldest any more. */
  g_assert_nonnull (fv_picture_loader_lookup (loader, paths[0], NULL, NULL));
  fv_picture_loader_load_async (loader, paths[3], NULL, NULL, 0, NULL, NULL, on_loaded, &asked[3]);
  wait_for (4);
  g_assert_nonnull (fv_picture_loader_lookup (loader, paths[0], NULL, NULL));
  g_assert_null (fv_picture_loader_lookup (loader, paths[1], NULL, NULL));
  g_assert_nonnull (fv_picture_loader_lookup (loader, paths[2], NULL, NULL));
  g_assert_nonnull (fv_picture_loader_lookup (loader, paths[3], NULL, NULL));
  g_assert_cmpuint (fv_picture_loader_get_bytes (loader), <=, 3 * bytes);
  for (guint i = 0; i < N_PICTURES; i++)
    asked_clear (&asked[i]);
}

static void
test_most_urgent_first (void)
{
  g_autoptr (FvPictureLoader) loader = fv_picture_loader_new (64 << 20, 1);
  const double ranks[N_PICTURES] = { 500, 0, 400, 100, 300, 200 };
  Asked asked[N_PICTURES] = { 0 };
  n_answered = 0;
  fv_picture_loader_set_rank (loader, get_rank);
  for (guint i = 0; i < N_PICTURES; i++)
    {
      asked[i].rank = ranks[i];
      fv_picture_loader_load_async (loader, paths[i], NULL, NULL, 0, &asked[i], NULL, on_loaded, &asked[i]);
    }
  wait_for (N_PICTURES);
  for (guint i = 0; i < N_PICTURES; i++)
    {
      g_assert_cmpuint (asked[i].order, ==, 1 + (guint)(ranks[i] / 100));
      asked_clear (&asked[i]);
    }
}

static void
test_dropped (void)
{
  g_autoptr (FvPictureLoader) loader = fv_picture_loader_new (64 << 20, 1);
  g_autoptr (GCancellable) away = g_cancellable_new ();
  Asked asked[4] = { 0 };
  n_answered = 0;
  fv_picture_loader_load_async (loader, paths[0], NULL, NULL, 0, NULL, NULL, on_loaded, &asked[0]);
  fv_picture_loader_load_async (loader, paths[1], NULL, NULL, 0, NULL, away, on_loaded, &asked[1]);
  /* One of two who wait for the same picture goes: the other gets it. */
  fv_picture_loader_load_async (loader, paths[2], NULL, NULL, 0, NULL, away, on_loaded, &asked[2]);
  fv_picture_loader_load_async (loader, paths[2], NULL, NULL, 0, NULL, NULL, on_loaded, &asked[3]);
  g_cancellable_cancel (away);
  wait_for (4);
  g_assert_nonnull (asked[0].picture);
  g_assert_error (asked[1].error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_error (asked[2].error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_nonnull (asked[3].picture);
  g_assert_null (fv_picture_loader_lookup (loader, paths[1], NULL, NULL));
  g_assert_cmpuint (fv_picture_loader_get_n_requests (loader), ==, 0);
  for (guint i = 0; i < 4; i++)
    asked_clear (&asked[i]);
}

static void
test_unreadable (void)
{
  g_autoptr (FvPictureLoader) loader = fv_picture_loader_new (64 << 20, 1);
  const char *path = fv_test_write (fv_test_folder (), "broken.jpg", "this is no picture");
  Asked asked = { 0 };
  n_answered = 0;
  fv_picture_loader_load_async (loader, path, NULL, NULL, 0, NULL, NULL, on_loaded, &asked);
  wait_for (1);
  g_assert_error (asked.error, FV_PICTURE_ERROR, FV_PICTURE_ERROR_FORMAT);
  g_assert_nonnull (strstr (asked.error->message, "broken.jpg"));
  asked_clear (&asked);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_test_init (&argc, &argv, NULL);
  const char *folder = fv_test_folder ();
  fv_sample_pictures_write (folder, &(FvSampleParams){ .n_train = N_PICTURES, .n_val = 1, .n_test = 1, .size = SIZE },
                            NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < N_PICTURES; i++)
    {
      g_autofree char *name = g_strdup_printf ("%04u.jpg", i);
      paths[i] = g_build_filename (folder, "images", "train", name, NULL);
    }
  g_test_add_func ("/ui/pictures/loader/remembers", test_remembers);
  g_test_add_func ("/ui/pictures/loader/forgets-the-oldest", test_forgets_the_oldest);
  g_test_add_func ("/ui/pictures/loader/most-urgent-first", test_most_urgent_first);
  g_test_add_func ("/ui/pictures/loader/dropped", test_dropped);
  g_test_add_func ("/ui/pictures/loader/unreadable", test_unreadable);
  const int status = g_test_run ();
  for (guint i = 0; i < N_PICTURES; i++)
    g_free (paths[i]);
  return status;
}

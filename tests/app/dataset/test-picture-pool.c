/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-picture-pool.h"
#include "tests/fv-test-data.h"

#include <turbojpeg.h>

#define SIDE 64
#define N_FILES 8

static const char *paths[N_FILES];

static void
make_files (void)
{
  const char *folder = fv_test_folder ();
  for (guint i = 0; i < N_FILES; i++)
    {
      guint8 grey[SIDE * SIDE], *data = NULL;
      unsigned long size = 0;
      g_autofree char *name = g_strdup_printf ("%u.jpg", i);
      tjhandle tj = tjInitCompress ();
      for (guint p = 0; p < sizeof grey; p++)
        grey[p] = 20 * i;
      g_assert_cmpint (tjCompress2 (tj, grey, SIDE, 0, SIDE, TJPF_GRAY, &data, &size, TJSAMP_GRAY, 90, 0), ==, 0);
      paths[i] = fv_test_write_data (folder, name, data, size);
      tjFree (data);
      tjDestroy (tj);
    }
}

static void
test_least_recent (void)
{
  const gsize bytes = SIDE * SIDE * 3;
  g_autoptr (FvPicturePool) pool = fv_picture_pool_new (2 * bytes);
  static const guint asked[] = { 0, 1, 0, 2, 0, 1 }; /* 2 pushes out 1, not 0 */
  FvPicturePoolStats stats;
  for (guint i = 0; i < G_N_ELEMENTS (asked); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (FvPicture) picture = fv_picture_pool_get (pool, paths[asked[i]], NULL, 0, FV_RESIZE_LINEAR, &error);
      g_assert_no_error (error);
      g_assert_cmpint (ABS (picture->rgb[0] - (int)(20 * asked[i])), <=, 1);
    }
  fv_picture_pool_stats (pool, &stats);
  g_assert_cmpuint (stats.misses, ==, 4);
  g_assert_cmpuint (stats.hits, ==, 2);
  g_assert_cmpuint (stats.bytes, ==, 2 * bytes);
  g_assert_cmpuint (stats.peak_bytes, <=, 2 * bytes);
}

static void
test_failure (void)
{
  g_autoptr (FvPicturePool) pool = fv_picture_pool_new (1 << 20);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_null (fv_picture_pool_get (pool, "/nowhere.jpg", NULL, 0, FV_RESIZE_LINEAR, &error));
      g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    }
}

static gpointer
ask (gpointer pool)
{
  for (guint round = 0; round < 50; round++)
    for (guint i = 0; i < N_FILES; i++)
      {
        g_autoptr (FvPicture) picture = fv_picture_pool_get (pool, paths[i], NULL, 32, FV_RESIZE_AREA, NULL);
        g_assert_nonnull (picture);
        g_assert_cmpint (ABS (picture->rgb[0] - (int)(20 * i)), <=, 1);
      }
  return NULL;
}

/* Each picture is decoded once although four threads want it at the same time; then with constant eviction. */
static void
test_threads (void)
{
  for (guint small = 0; small < 2; small++)
    {
      g_autoptr (FvPicturePool) pool = fv_picture_pool_new (small ? 3 * 32 * 32 * 3 : 1 << 20);
      GThread *threads[4];
      FvPicturePoolStats stats;
      for (guint i = 0; i < 4; i++)
        threads[i] = g_thread_new ("ask", ask, pool);
      for (guint i = 0; i < 4; i++)
        g_thread_join (threads[i]);
      fv_picture_pool_stats (pool, &stats);
      g_assert_cmpuint (stats.hits + stats.misses, ==, 4 * 50 * N_FILES);
      if (!small)
        g_assert_cmpuint (stats.misses, ==, N_FILES);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  make_files ();
  g_test_add_func ("/picture-pool/least-recent", test_least_recent);
  g_test_add_func ("/picture-pool/failure", test_failure);
  g_test_add_func ("/picture-pool/threads", test_threads);
  return g_test_run ();
}

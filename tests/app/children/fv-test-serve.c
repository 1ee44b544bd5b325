/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/app/children/fv-test-serve.h"

#include "app/dataset/fv-sample-pictures.h"
#include "tests/fv-test-cli.h"
#include "tests/fv-test-data.h"

void
fv_test_serve_import (const char *project, guint n_train, guint size)
{
  const char *pictures = fv_test_folder ();
  g_autoptr (GError) error = NULL;
  const FvSampleParams params = { .n_train = n_train, .n_val = 2, .n_test = 1, .size = size };

  fv_sample_pictures_write (pictures, &params, NULL, &error);
  g_assert_no_error (error);
  g_auto (FvTestCall) call = fv_test_cli (NULL, "import", project, pictures, "--json", NULL);
  g_assert_cmpint (call.status, ==, 0);
}

const char *
fv_test_serve_project (guint n_train, guint size)
{
  g_autofree char *path = g_build_filename (fv_test_folder (), "A project, %C3 ä", NULL);
  const char *project = g_intern_string (path);

  g_auto (FvTestCall) call = fv_test_cli (NULL, "init", project, NULL);
  g_assert_cmpint (call.status, ==, 0);
  fv_test_serve_import (project, n_train, size);
  return project;
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **answer = user_data;

  *answer = g_object_ref (result);
}

static GAsyncResult *
wait_for (GAsyncResult **answer)
{
  while (!*answer)
    g_main_context_iteration (NULL, TRUE);
  return *answer;
}

FvPreviewReply *
fv_test_serve_preview (FvServeClient *client, const FvPreviewRequest *request, GError **error)
{
  g_autoptr (GAsyncResult) answer = NULL;

  fv_serve_client_preview_async (client, request, NULL, on_answer, &answer);
  return fv_serve_client_preview_finish (client, wait_for (&answer), error);
}

FvDetectReply *
fv_test_serve_detect (FvServeClient *client, const FvDetectRequest *request, GError **error)
{
  g_autoptr (GAsyncResult) answer = NULL;

  fv_serve_client_detect_async (client, request, NULL, on_answer, &answer);
  return fv_serve_client_detect_finish (client, wait_for (&answer), error);
}

void
fv_test_serve_assert_boxes (const GArray *boxes, const GArray *expected)
{
  g_assert_cmpuint (boxes->len, ==, expected->len);
  for (guint i = 0; i < boxes->len; i++)
    {
      const FvBox *a = &g_array_index (boxes, FvBox, i), *b = &g_array_index (expected, FvBox, i);

      g_assert_cmpuint (a->class_id, ==, b->class_id);
      g_assert_cmpfloat (a->x1, ==, b->x1);
      g_assert_cmpfloat (a->y1, ==, b->y1);
      g_assert_cmpfloat (a->x2, ==, b->x2);
      g_assert_cmpfloat (a->y2, ==, b->y2);
    }
}

void
fv_test_serve_wait_state (FvServeClient *client, FvServeClientState state)
{
  const gint64 start = g_get_monotonic_time ();

  while (fv_serve_client_get_state (client) != state)
    {
      if (!g_main_context_iteration (NULL, FALSE))
        g_usleep (1000);
      g_assert_cmpint (g_get_monotonic_time () - start, <, 10 * G_USEC_PER_SEC);
    }
}

void
fv_test_serve_strong_recipe (FvRecipe *recipe)
{
  fv_recipe_init (recipe);
  recipe->imgsz = 64;
  recipe->seed = 7;
  recipe->augment = (FvAugmentPolicy){
    .hsv_h = 0.4,
    .hsv_s = 0.7,
    .hsv_v = 0.5,
    .degrees = 40,
    .translate = 0.2,
    .scale = 0.5,
    .shear = 10,
    .perspective = 0.0005,
    .flipud = 0.5,
    .fliplr = 0.5,
    .mosaic = 0.7,
    .mixup = 0.5,
  };
}

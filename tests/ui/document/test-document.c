/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fv-test-data.h"
#include "ui/document/fv-document.h"
#include "ui/document/fv-recent-projects.h"

#include "app/dataset/fv-sample-pictures.h"

#include <glib/gstdio.h>

/* Runs the main loop until the call has finished. */
static void
take_result (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **)data = g_object_ref (result);
}

static GAsyncResult *
wait_for (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return *result;
}

static FvDocument *
open_document (const char *path, gboolean create, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  if (create)
    fv_document_create_async (path, NULL, take_result, &result);
  else
    fv_document_open_async (path, NULL, take_result, &result);
  return fv_document_open_finish (wait_for (&result), error);
}

static char *
write_pictures (const char *folder, guint n)
{
  g_autoptr (GError) error = NULL;
  char *pictures = g_build_filename (folder, "pictures", NULL);
  fv_sample_pictures_write (pictures, &(FvSampleParams){ .n_train = n, .n_val = 2, .n_test = 2, .size = 64 }, NULL,
                            &error);
  g_assert_no_error (error);
  return pictures;
}

static void
count_call (GObject *object, GParamSpec *pspec, guint *n)
{
  ++*n;
}

typedef struct
{
  guint n;
  double last;
} ProgressSeen;

static void
on_progress (double fraction, const char *text, gpointer data)
{
  ProgressSeen *seen = data;
  g_assert_cmpfloat (fraction, >=, seen->last);
  g_assert_cmpfloat (fraction, <=, 1);
  g_assert_nonnull (text);
  seen->last = fraction;
  seen->n++;
}

static void
test_import (void)
{
  g_autoptr (GError) error = NULL;
  const char *folder = fv_test_folder ();
  g_autofree char *pictures = write_pictures (folder, 6);
  g_autofree char *path = g_build_filename (folder, "project", NULL);
  g_autoptr (FvDocument) document = open_document (path, TRUE, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (fv_document_get_title (document), ==, "project");
  g_assert_false (fv_document_get_read_only (document));
  g_assert_cmpuint (fv_document_get_dataset (document)->items->len, ==, 0);
  fv_test_write (pictures, "labels/train/0001.txt", "0 0.5 0.5 0.2 0.2\nnot a label\n");

  guint datasets = 0, busy = 0;
  ProgressSeen seen = { 0 };
  g_signal_connect (document, "notify::dataset", G_CALLBACK (count_call), &datasets);
  g_signal_connect (document, "notify::busy", G_CALLBACK (count_call), &busy);
  g_autoptr (GAsyncResult) result = NULL, second = NULL, problems = NULL;
  fv_document_import_async (document, pictures, FALSE, on_progress, &seen, NULL, take_result, &result);
  g_assert_true (fv_document_get_busy (document));
  fv_document_import_async (document, pictures, FALSE, NULL, NULL, NULL, take_result, &second);
  g_assert_null (fv_document_import_finish (document, wait_for (&second), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_clear_error (&error);
  g_assert_true (fv_document_get_busy (document));

  g_autoptr (FvDataset) before = fv_dataset_ref (fv_document_get_dataset (document));
  FvImportReport *report = fv_document_import_finish (document, wait_for (&result), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (report->rejected->len, ==, 1);
  fv_import_report_free (report);
  g_assert_false (fv_document_get_busy (document));
  g_assert_cmpuint (busy, ==, 2);
  g_assert_cmpuint (datasets, ==, 1);
  g_assert_cmpuint (seen.n, >, 0);
  g_assert_cmpuint (fv_document_get_dataset (document)->items->len, ==, 10);
  g_assert_cmpuint (before->items->len, ==, 0);

  g_autoptr (GPtrArray) rejected = NULL;
  fv_document_load_problems_async (document, NULL, take_result, &problems);
  g_assert_true (fv_document_load_problems_finish (document, wait_for (&problems), NULL, &rejected, &error));
  g_assert_cmpuint (rejected->len, ==, 1);
  g_assert_cmpuint (((FvProblem *)g_ptr_array_index (rejected, 0))->line, ==, 2);
}

/* Whoever stops an import finds the project as it was. */
static void
test_cancel (void)
{
  g_autoptr (GError) error = NULL;
  const char *folder = fv_test_folder ();
  g_autofree char *pictures = write_pictures (folder, 4);
  g_autofree char *path = g_build_filename (folder, "project", NULL);
  g_autoptr (FvDocument) document = open_document (path, TRUE, &error);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_cancellable_cancel (cancellable);
  fv_document_import_async (document, pictures, FALSE, NULL, NULL, cancellable, take_result, &result);
  g_assert_null (fv_document_import_finish (document, wait_for (&result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (fv_document_get_busy (document));
  g_assert_cmpuint (fv_document_get_dataset (document)->items->len, ==, 0);
}

/* A project that is left while its import ends and opened again at once: nobody else has it. */
static void
test_cancel_and_reopen (void)
{
  g_autoptr (GError) error = NULL;
  const char *folder = fv_test_folder ();
  g_autofree char *pictures = write_pictures (folder, 150);
  g_autofree char *path = g_build_filename (folder, "project", NULL);
  FvDocument *document = open_document (path, TRUE, &error);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GAsyncResult *result = NULL;
  fv_document_import_async (document, pictures, TRUE, NULL, NULL, cancellable, take_result, &result);
  g_object_unref (document);
  g_cancellable_cancel (cancellable);
  g_autoptr (GAsyncResult) opened = NULL;
  fv_document_open_async (path, NULL, take_result, &opened);
  g_assert_null (fv_document_import_finish (document, wait_for (&result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  /* That result was the last to hold it. */
  g_assert_null (opened);
  g_object_unref (result);
  g_autoptr (FvDocument) again = fv_document_open_finish (wait_for (&opened), &error);
  g_assert_no_error (error);
  g_assert_false (fv_document_get_read_only (again));
}

static void
test_settings (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fv_test_folder (), "project", NULL);
  FvDocument *document = open_document (path, TRUE, &error);
  g_assert_no_error (error);
  g_assert_false (fv_document_has_settings (document));
  g_assert_cmpint (fv_document_get_start (document)->kind, ==, FV_RUN_FROM_SCRATCH);

  guint changes = 0;
  g_signal_connect (document, "notify::recipe-serial", G_CALLBACK (count_call), &changes);
  FvRecipe recipe = *fv_document_get_recipe (document);
  recipe.epochs = 7;
  recipe.augment.degrees = 12.5;
  fv_document_set_recipe (document, &recipe);
  fv_document_set_start (document, &(FvDocumentStart){ FV_RUN_FROM_FILE, 's', (char *)"/a/b.pt", 0 });
  g_assert_cmpuint (changes, ==, 2);
  g_object_unref (document);

  document = open_document (path, FALSE, &error);
  g_assert_no_error (error);
  g_assert_true (fv_document_has_settings (document));
  g_assert_cmpint (fv_document_get_recipe (document)->epochs, ==, 7);
  g_assert_cmpfloat (fv_document_get_recipe (document)->augment.degrees, ==, 12.5);
  g_assert_cmpint (fv_document_get_start (document)->kind, ==, FV_RUN_FROM_FILE);
  g_assert_cmpstr (fv_document_get_start (document)->weights, ==, "/a/b.pt");
  g_object_unref (document);

  /* A file that is none is said to be so, and the project opens nevertheless. */
  fv_test_write (path, "settings.json", "{ \"recipe\": { \"lr0\": \"much\" } }");
  document = open_document (path, FALSE, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (fv_document_get_notice (document), "settings.json"));
  g_assert_cmpint (fv_document_get_recipe (document)->epochs, ==, 100);
  g_object_unref (document);
}

/* Nor does one whose values are of other types than ours. */
static void
test_odd_settings (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fv_test_folder (), "project", NULL);
  g_object_unref (open_document (path, TRUE, &error));
  g_assert_no_error (error);
  fv_test_write (path, "settings.json", "{\"start\": {\"kind\": 3, \"model\": null, \"weights\": [], \"run\": \"2\"}}");
  g_autoptr (FvDocument) document = open_document (path, FALSE, &error);
  g_assert_no_error (error);
  g_assert_null (fv_document_get_notice (document));
  g_assert_cmpint (fv_document_get_start (document)->kind, ==, FV_RUN_FROM_SCRATCH);
  g_assert_cmpint (fv_document_get_start (document)->variant, ==, 'n');
}

static void
note_thread (gpointer data, GObject *where_the_object_was)
{
  *(GThread **)data = g_thread_self ();
}

static gpointer
let_go (gpointer document)
{
  g_object_unref (document);
  return NULL;
}

/* A thread that worked for a document may keep it longer than everybody else; its timers and children belong to the main loop. */
static void
test_let_go_in_a_thread (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fv_test_folder (), "project", NULL);
  g_autofree char *settings = g_build_filename (path, "settings.json", NULL);
  FvDocument *document = open_document (path, TRUE, &error);
  GThread *gone = NULL;
  g_assert_no_error (error);
  fv_document_get_runs (document);
  fv_document_get_serve (document);
  fv_document_set_recipe (document, fv_document_get_recipe (document));
  g_object_weak_ref (G_OBJECT (document), note_thread, &gone);
  g_thread_join (g_thread_new ("last", let_go, document));
  g_assert_null (gone);
  while (gone == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (gone == g_thread_self ());
  g_assert_true (g_file_test (settings, G_FILE_TEST_EXISTS));
}

/* Who comes second may look. */
static void
test_read_only (void)
{
  g_autoptr (GError) error = NULL;
  const char *folder = fv_test_folder ();
  g_autofree char *pictures = write_pictures (folder, 2);
  g_autofree char *path = g_build_filename (folder, "project", NULL);
  g_autoptr (FvDocument) first = open_document (path, TRUE, &error);
  g_autoptr (FvDocument) second = open_document (path, FALSE, &error);
  g_assert_no_error (error);
  g_assert_true (fv_document_get_read_only (second));
  g_assert_nonnull (fv_document_get_notice (second));

  g_autoptr (GAsyncResult) result = NULL;
  fv_document_import_async (second, pictures, FALSE, NULL, NULL, NULL, take_result, &result);
  g_assert_null (fv_document_import_finish (second, wait_for (&result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_READ_ONLY);
  g_clear_error (&error);

  fv_document_set_recipe (second, fv_document_get_recipe (second));
  g_clear_object (&second);
  g_autofree char *settings = g_build_filename (path, "settings.json", NULL);
  g_assert_false (g_file_test (settings, G_FILE_TEST_EXISTS));
}

/* As on a disk that can't be written to, where not even the lock can be made. */
static void
test_no_lock (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fv_test_folder (), "project", NULL);
  g_autofree char *lock = g_build_filename (path, "editing.lock", NULL);
  g_autoptr (FvDocument) made = open_document (path, TRUE, &error);
  g_assert_no_error (error);
  g_clear_object (&made);
  g_assert_cmpint (g_unlink (lock), ==, 0);
  g_assert_cmpint (g_mkdir (lock, 0700), ==, 0);
  g_autoptr (FvDocument) document = open_document (path, FALSE, &error);
  g_assert_no_error (error);
  g_assert_true (fv_document_get_read_only (document));
  g_assert_nonnull (strstr (fv_document_get_notice (document), lock));
}

static void
test_absent (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fv_test_folder (), "nothing", NULL);
  g_assert_null (open_document (path, FALSE, &error));
  g_assert_nonnull (strstr (error->message, path));
}

static void
test_sample (void)
{
  g_autoptr (GError) error = NULL;
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GAsyncResult) result = NULL;
      fv_document_create_sample_async (NULL, take_result, &result);
      g_autoptr (FvDocument) document = fv_document_open_finish (wait_for (&result), &error);
      g_assert_no_error (error);
      g_assert_cmpuint (fv_document_get_dataset (document)->items->len, ==, 520);
      g_assert_cmpint (fv_document_get_recipe (document)->imgsz, ==, 96);
      g_assert_true (g_str_has_prefix (fv_document_get_path (document), g_get_user_data_dir ()));
    }
}

static void
test_recent (void)
{
  g_autoptr (GError) error = NULL;
  const char *folder = fv_test_folder ();
  g_autofree char *one = g_build_filename (folder, "one", NULL);
  g_autofree char *two = g_build_filename (folder, "two", NULL);
  g_autofree char *gone = g_build_filename (folder, "gone", NULL);
  g_object_unref (open_document (one, TRUE, &error));
  g_object_unref (open_document (two, TRUE, &error));
  fv_recent_projects_add (one);
  fv_recent_projects_add (gone);
  fv_recent_projects_add (two);
  fv_recent_projects_add (one);
  fv_recent_projects_add (two);
  g_auto (GStrv) paths = fv_recent_projects_get ();
  g_assert_cmpuint (g_strv_length (paths), ==, 2);
  g_assert_cmpstr (paths[0], ==, two);
  g_assert_cmpstr (paths[1], ==, one);
  fv_recent_projects_remove (two);
  g_auto (GStrv) left = fv_recent_projects_get ();
  g_assert_cmpuint (g_strv_length (left), ==, 1);
  g_assert_cmpstr (left[0], ==, one);
}

int
main (int argc, char **argv)
{
  /* Neither the person's settings nor their data. */
  g_setenv ("GSETTINGS_BACKEND", "memory", TRUE);
  fv_test_isolate ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/document/import", test_import);
  g_test_add_func ("/document/cancel", test_cancel);
  g_test_add_func ("/document/cancel-and-reopen", test_cancel_and_reopen);
  g_test_add_func ("/document/settings", test_settings);
  g_test_add_func ("/document/odd-settings", test_odd_settings);
  g_test_add_func ("/document/let-go-in-a-thread", test_let_go_in_a_thread);
  g_test_add_func ("/document/read-only", test_read_only);
  g_test_add_func ("/document/no-lock", test_no_lock);
  g_test_add_func ("/document/absent", test_absent);
  g_test_add_func ("/document/sample", test_sample);
  g_test_add_func ("/document/recent", test_recent);
  return g_test_run ();
}

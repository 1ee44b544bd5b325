/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-sample-pictures.h"
#include "app/project/fv-lock.h"
#include "tests/fv-test-data.h"
#include "tests/ui/widgets/fv-test-widget.h"
#include "ui/pictures/fv-pictures-page.h"
#include "ui/widgets/fv-dialogs.h"
#include "ui/window/fv-application.h"
#include "ui/window/fv-window.h"

static FvApplication *application;

static void
take_result (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **)data = g_object_ref (result);
}

/* (transfer none): the folder of a project with pictures. */
static const char *
make_project (guint n_pictures)
{
  const char *project = fv_test_folder ();
  g_autoptr (GError) error = NULL;
  g_autoptr (FvProject) made = fv_project_create (project, &error);
  g_assert_no_error (error);
  if (n_pictures == 0)
    return project;
  const char *pictures = fv_test_folder ();
  fv_sample_pictures_write (pictures, &(FvSampleParams){ .n_train = n_pictures, .n_val = 1, .n_test = 1, .size = 64 },
                            NULL, &error);
  g_assert_no_error (error);
  g_autoptr (FvImportReport) report = fv_import (made, pictures, &(FvImportParams){ 0 }, &error);
  g_assert_no_error (error);
  return project;
}

/* Windows of the program, without its dialogs. */
static guint
count_windows (void)
{
  guint n = 0;
  for (GList *l = gtk_application_get_windows (GTK_APPLICATION (application)); l != NULL; l = l->next)
    n += FV_IS_WINDOW (l->data);
  return n;
}

static FvWindow *
find_window (const char *project)
{
  for (GList *l = gtk_application_get_windows (GTK_APPLICATION (application)); l != NULL; l = l->next)
    if (FV_IS_WINDOW (l->data) && fv_window_get_document (l->data) != NULL
        && g_str_equal (fv_document_get_path (fv_window_get_document (l->data)), project))
      return l->data;
  return NULL;
}

static FvWindow *
make_window (void)
{
  FvWindow *window = fv_window_new (ADW_APPLICATION (application));
  gtk_window_present (GTK_WINDOW (window));
  return window;
}

/* Returns when it is gone, and all that waited for it. */
static void
destroy (FvWindow *window)
{
  gpointer pointer = window;
  g_object_add_weak_pointer (G_OBJECT (window), &pointer);
  gtk_window_destroy (GTK_WINDOW (window));
  fv_test_wait_until (pointer == NULL);
}

static gboolean
is_locked (const char *project)
{
  g_autofree char *lock = g_build_filename (project, "editing.lock", NULL);
  return fv_lock_is_held (lock, NULL);
}

/* What is opened when its window closes is shown nowhere, and kept from nobody. */
static void
test_closed_while_opening (void)
{
  const char *project = make_project (4);
  FvWindow *other = make_window (), *window = make_window ();
  fv_window_open_path (window, project);
  destroy (window);
  /* The thread that opened it may let go a moment later. */
  fv_test_wait_until (!is_locked (project));
  fv_window_open_path (other, project);
  fv_test_wait_until (find_window (project) == other);
  g_assert_true (is_locked (project));
  destroy (other);
  /* A child that is being started has the lock, too, until it is another program. */
  fv_test_wait_until (!is_locked (project));
}

/* Each project that the program is started with gets a window, and only one. */
static void
test_several_projects (void)
{
  const char *one = make_project (0), *two = make_project (0);
  g_autoptr (GFile) first = g_file_new_for_path (one);
  g_autoptr (GFile) second = g_file_new_build_filename (two, "project.db", NULL);
  GFile *files[] = { first, second, first };
  g_application_open (G_APPLICATION (application), files, G_N_ELEMENTS (files), "");
  fv_test_wait_until (find_window (one) != NULL && find_window (two) != NULL);
  g_assert_cmpuint (count_windows (), ==, 2);
  g_assert_true (find_window (one) != find_window (two));

  /* From a window as well. */
  FvWindow *third = make_window ();
  fv_window_open_path (third, one);
  fv_test_wait (50);
  g_assert_null (fv_window_get_document (third));
  g_assert_true (fv_window_is_free (third));
  g_application_open (G_APPLICATION (application), files, 1, "");
  g_assert_cmpuint (count_windows (), ==, 3);
  g_assert_false (fv_document_get_read_only (fv_window_get_document (find_window (one))));
  destroy (third);
  destroy (find_window (one));
  destroy (find_window (two));
}

static void
test_quit (void)
{
  FvWindow *window = make_window ();
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "Something.");
  fv_dialog_tell_error (GTK_WIDGET (window), "Of No Interest", error);
  gtk_widget_activate_action (GTK_WIDGET (window), "win.new-project", NULL);
  gtk_widget_activate_action (GTK_WIDGET (window), "win.show-help-overlay", NULL);
  fv_test_wait (100);
  /* The window that the others belong to comes first in the list of what is closed. */
  gtk_window_present (GTK_WINDOW (window));
  fv_test_wait (100);
  make_window ();
  g_action_group_activate_action (G_ACTION_GROUP (application), "quit", NULL);
  fv_test_wait_until (gtk_application_get_windows (GTK_APPLICATION (application)) == NULL);
}

/* Whoever asked hears of it when the question goes with its window. */
static void
test_question_gone (void)
{
  const FvDialogResponse responses[] = { { "no", "_No" }, { "yes", "_Yes", .suggested = TRUE }, { NULL } };
  FvWindow *window = make_window ();
  g_autoptr (GAsyncResult) result = NULL;
  fv_dialog_ask_async (GTK_WIDGET (window), "Really?", "It is asked.", responses, take_result, &result);
  fv_test_wait (50);
  destroy (window);
  fv_test_wait_until (result != NULL);
  g_autofree char *answer = fv_dialog_ask_finish (result);
  g_assert_cmpstr (answer, ==, "no");
}

static void
import (FvWindow *window, const char *folder)
{
  FvPicturesPage *page
      = FV_PICTURES_PAGE (gtk_widget_get_template_child (GTK_WIDGET (window), FV_TYPE_WINDOW, "pictures"));
  GSList *files = g_slist_prepend (NULL, g_file_new_for_path (folder));
  g_assert_true (fv_pictures_page_drop (page, files));
  g_slist_free_full (files, g_object_unref);
}

/* The import is stopped with its window, and nothing of it stays. */
static void
test_closed_during_import (void)
{
  const char *project = make_project (0), *pictures = fv_test_folder ();
  g_autoptr (GError) error = NULL;
  FvWindow *other = make_window (), *window = make_window ();
  /* So many that the import takes longer than a window needs to go. */
  fv_sample_pictures_write (pictures, &(FvSampleParams){ .n_train = 900, .n_val = 1, .n_test = 1, .size = 64 }, NULL,
                            &error);
  g_assert_no_error (error);
  fv_window_open_path (window, project);
  fv_test_wait_until (find_window (project) == window);
  import (window, pictures);
  destroy (window);
  fv_test_wait_until (!is_locked (project));
  g_autoptr (FvProject) after = fv_project_open (project, FV_PROJECT_READ, &error);
  g_assert_no_error (error);
  g_autoptr (FvDataset) dataset = fv_project_load_dataset (after, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (dataset->items->len, ==, 0);
  destroy (other);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  gtk_test_init (&argc, &argv, NULL);
  application = fv_application_new ();
  g_application_register (G_APPLICATION (application), NULL, &error);
  g_assert_no_error (error);
  g_test_add_func ("/ui/window/closed-while-opening", test_closed_while_opening);
  g_test_add_func ("/ui/window/several-projects", test_several_projects);
  g_test_add_func ("/ui/window/quit", test_quit);
  g_test_add_func ("/ui/window/question-gone", test_question_gone);
  g_test_add_func ("/ui/window/closed-during-import", test_closed_during_import);
  const int status = g_test_run ();
  g_object_unref (application);
  return status;
}
